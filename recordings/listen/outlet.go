package listen

import (
	"bufio"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// About says which recording is heard. It holds ids only.
type About struct {
	V         int    `json:"v"` // of this form: 1
	Recording string `json:"recording"`
	Call      string `json:"call"`
	Line      string `json:"line"`
	Agent     string `json:"agent"`
	Rate      int    `json:"rate"` // samples a second
	Law       string `json:"law"`  // "alaw"
	StartedMS int64  `json:"started_ms"`
}

// The kinds of messages to the program: one byte, then the length of what follows in two and the place of its first sample in eight, both in network
// order, then the samples.
const (
	kindCounsellor = 'C'
	kindCaller     = 'R'
	kindRest       = '-' // a hold or a pause begins
)

const (
	headerSize = 11
	mostSent   = 320 // samples of a message
	// outletQueue is for how long the program may lag: ten seconds of both voices. What comes then is not heard by it.
	outletQueue  = 1024
	outletDial   = time.Second
	outletWrite  = 2 * time.Second
	outletRetry  = 5 * time.Second
	mostFindings = 1000 // of one recording
	mostAnswer   = 512  // bytes of a line
)

// Address is where a program of the agency's own listens, on this machine: "unix:/path", or a loopback address with a port.
type Address struct{ network, addr string }

// ParseAddress refuses what leads off this machine.
func ParseAddress(s string) (Address, error) {
	if path, ok := strings.CutPrefix(s, "unix:"); ok {
		if !filepath.IsAbs(path) {
			return Address{}, errors.New("listen: a unix socket needs an absolute path")
		}
		return Address{"unix", path}, nil
	}
	host, port, err := net.SplitHostPort(s)
	ip := net.ParseIP(host)
	if err != nil || port == "" || ip == nil || !ip.IsLoopback() {
		return Address{}, errors.New("listen: give unix:/path, or a loopback address with a port: what is said does not leave this machine")
	}
	return Address{"tcp", s}, nil
}

// Outlet hands a recording to a program while it is made. A program that is slow, away or silent costs the recording nothing: it misses what it misses.
type Outlet struct {
	about  About
	to     Address
	tell   func(Finding)
	log    *slog.Logger
	pool   *sync.Pool
	frames chan *sentFrame
	missed atomic.Int64
	end    atomic.Int64 // samples so far
	stop   context.CancelFunc
	over   chan struct{}
}

type sentFrame struct {
	n int
	b [headerSize + mostSent]byte
}

var _ Detector = (*Outlet)(nil)

// NewOutlet begins. tell is called from a goroutine of the outlet's own, at most 1000 times, and not after Close has returned.
func NewOutlet(to Address, about About, tell func(Finding), log *slog.Logger) *Outlet {
	ctx, stop := context.WithCancel(context.Background())
	about.V, about.Rate, about.Law = 1, rate, "alaw"
	o := &Outlet{
		about: about, to: to, tell: tell, log: log.With("call_id", about.Call), pool: &sync.Pool{New: func() any { return new(sentFrame) }},
		frames: make(chan *sentFrame, outletQueue), stop: stop, over: make(chan struct{}),
	}
	go o.run(ctx)
	return o
}

// Hear passes a piece on, or leaves it out.
func (o *Outlet) Hear(side Side, offset int64, alaw []byte) {
	kind := byte(kindCounsellor)
	if side == Caller {
		kind = kindCaller
	}
	for len(alaw) > 0 {
		n := min(len(alaw), mostSent)
		o.send(kind, offset, alaw[:n])
		alaw, offset = alaw[n:], offset+int64(n)
	}
	if offset > o.end.Load() {
		o.end.Store(offset)
	}
}

// Rest tells the program that nothing comes for a while.
func (o *Outlet) Rest() { o.send(kindRest, o.end.Load(), nil) }

func (o *Outlet) send(kind byte, offset int64, alaw []byte) {
	f := o.pool.Get().(*sentFrame) // the pool holds nothing else
	f.b[0] = kind
	binary.BigEndian.PutUint16(f.b[1:], uint16(len(alaw)))
	binary.BigEndian.PutUint64(f.b[3:], uint64(offset))
	f.n = headerSize + copy(f.b[headerSize:], alaw)
	select {
	case o.frames <- f:
	default:
		o.missed.Add(1)
		o.pool.Put(f)
	}
}

// Close ends the connection. What the program has not said by now is not said: nobody waits for it at the end of a talk.
func (o *Outlet) Close(int64) {
	o.stop()
	<-o.over
	if n := o.missed.Load(); n > 0 {
		o.log.Warn("the program that listens missed a part of a recording", "pieces", n)
	}
}

// run connects, and connects again.
func (o *Outlet) run(ctx context.Context) {
	defer close(o.over)
	findings := 0
	for ctx.Err() == nil {
		err := o.serve(ctx, &findings)
		if ctx.Err() != nil {
			return
		}
		o.log.Warn("the program that listens is away", "error", err)
		select {
		case <-ctx.Done():
		case <-time.After(outletRetry):
		}
	}
}

// serve is one connection.
func (o *Outlet) serve(ctx context.Context, findings *int) error {
	d := net.Dialer{Timeout: outletDial}
	conn, err := d.DialContext(ctx, o.to.network, o.to.addr)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })() // a write to who does not read must not hold up the end
	heard := make(chan struct{})
	defer func() { <-heard }()
	defer cancel() // also ends the reader
	go func() {
		defer close(heard)
		defer cancel()
		o.answers(conn, findings)
	}()
	first, err := json.Marshal(o.about)
	if err != nil {
		return err
	}
	if err := write(conn, append(first, '\n')); err != nil {
		return err
	}
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case f := <-o.frames:
			err := write(conn, f.b[:f.n])
			o.pool.Put(f)
			if err != nil {
				return err
			}
		}
	}
}

func write(conn net.Conn, b []byte) error {
	if err := conn.SetWriteDeadline(time.Now().Add(outletWrite)); err != nil {
		return err
	}
	_, err := conn.Write(b)
	return err
}

// answer is a line from the program.
type answer struct {
	FromMS int64  `json:"from_ms"`
	ToMS   int64  `json:"to_ms"`
	Code   string `json:"code"`
}

// answers reads what the program noticed, until it says something that it may not.
func (o *Outlet) answers(conn net.Conn, findings *int) {
	lines := bufio.NewScanner(conn)
	lines.Buffer(make([]byte, mostAnswer), mostAnswer)
	for lines.Scan() {
		f, err := o.read(lines.Bytes())
		if *findings++; err == nil && *findings > mostFindings {
			err = errors.New("more findings than a recording takes")
		}
		if err != nil {
			o.log.Warn("the program that listens says what it may not; it is not heard any more until it connects again", "error", err)
			return
		}
		o.tell(f)
	}
}

func (o *Outlet) read(line []byte) (Finding, error) {
	var a answer
	if err := json.Unmarshal(line, &a); err != nil {
		return Finding{}, errors.New("no finding")
	}
	f := Finding{time.Duration(a.FromMS) * time.Millisecond, time.Duration(a.ToMS) * time.Millisecond, a.Code}
	if a.FromMS < 0 || a.ToMS < a.FromMS || f.To > at(o.end.Load())+time.Second || !validCode(a.Code) {
		return Finding{}, fmt.Errorf("a finding from %d to %d ms that is not in the recording, or whose code is none", a.FromMS, a.ToMS)
	}
	return f, nil
}
