package load

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// Outcome is what came of a call, as its caller saw it.
type Outcome string

// The outcomes. The first two are how calls ought to end.
const (
	Answered  Outcome = "answered"  // spoke with a counsellor, then hung up
	Abandoned Outcome = "abandoned" // lost patience
	Refused   Outcome = "refused"   // a SIP status of 300 or above
	Dropped   Outcome = "dropped"   // the other side hung up
	Lost      Outcome = "lost"      // no answer to a request, however often it was sent
)

// Plan is one load.
type Plan struct {
	Rate     float64       // calls a second
	For      time.Duration // how long calls arrive
	Patience time.Duration // from the INVITE to a counsellor
	Hold     time.Duration // with the counsellor
	Speak    bool          // callers send RTP, a packet every 20 ms
	Vary     bool          // holds differ by a quarter up and down, so that calls fall into no step
	Fine     bool          // every 5 ms instead: the first packet after a change then tells more closely when it was
}

// Record is the story of one call.
type Record struct {
	Number   uint64
	CallID   string
	Invited  time.Time
	Answered time.Time // 200 OK
	Served   time.Time // first sign of a counsellor, by whatever way
	Joined   time.Time // the caller's first packet at the counsellor
	Heard    time.Time // the counsellor's first packet at the caller
	Left     time.Time // BYE or CANCEL sent, or the end that the other side made
	Agent    int       // who served; -1 nobody
	Outcome  Outcome
	Status   int // of Refused
}

// Callers places calls through one Asterisk.
type Callers struct {
	server netip.AddrPort
	number string // changed between runs only
	sip    *net.UDPConn
	local  netip.AddrPort
	rtp    *speakers

	last atomic.Uint64 // number of the last caller

	mu     sync.Mutex
	byID   map[string]*caller
	byPort [1 << 16]*caller
	byNum  map[uint64]*caller
	ended  []Record
	quiet  chan struct{} // closed and replaced when a call ends

	wg sync.WaitGroup
}

// NewCallers opens the sockets. server is Asterisk's SIP address (UDP), number what is dialled.
func NewCallers(server, number string) (*Callers, error) {
	to, err := netip.ParseAddrPort(server)
	if err != nil {
		return nil, fmt.Errorf("load: server: %w", err)
	}
	c := &Callers{server: to, number: number, byID: map[string]*caller{}, byNum: map[uint64]*caller{}, quiet: make(chan struct{})}
	if c.sip, c.local, err = socket(); err != nil {
		return nil, err
	}
	if c.rtp, err = newSpeakers(c.hear); err != nil {
		return nil, errors.Join(err, c.sip.Close())
	}
	c.wg.Go(c.listen)
	return c, nil
}

// Dial changes the number that is called.
func (c *Callers) Dial(number string) {
	c.mu.Lock()
	c.number = number
	c.mu.Unlock()
}

// Close gives the sockets back. Calls must have ended.
func (c *Callers) Close() {
	_ = c.sip.Close()
	c.rtp.close()
	c.wg.Wait()
}

// Run lets calls arrive at equal distances, waits for the end of all of them and returns their records.
func (c *Callers) Run(ctx context.Context, p Plan) ([]Record, error) {
	began, total := time.Now(), int(p.Rate*p.For.Seconds())
	timer := time.NewTimer(0)
	defer timer.Stop()
	for n := 0; n < total; {
		select {
		case <-timer.C:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		for due := min(total, int(time.Since(began).Seconds()*p.Rate)+1); n < due; n++ {
			c.place(p)
		}
		timer.Reset(time.Until(began.Add(time.Duration(float64(n) / p.Rate * float64(time.Second)))))
	}
	late := time.NewTimer(p.Patience + p.Hold + endsWithin)
	defer late.Stop()
	for {
		c.mu.Lock()
		left, quiet := slices.Collect(maps.Values(c.byID)), c.quiet
		if len(left) == 0 {
			records := c.ended
			c.ended = nil
			c.mu.Unlock()
			return records, nil
		}
		c.mu.Unlock()
		select {
		case <-quiet:
		case <-late.C:
			for _, one := range left {
				one.finish(Lost, 0)
			}
		case <-ctx.Done():
			return nil, fmt.Errorf("load: %d calls did not end: %w", len(left), ctx.Err())
		}
	}
}

// endsWithin is how long a goodbye may take that has to be said again and again.
const endsWithin = 20 * time.Second

// Served tells that a counsellor has the caller, by the signalling alone.
func (c *Callers) Served(number uint64, agent int, at time.Time) {
	if one := c.byNumber(number); one != nil {
		one.served(agent, at)
	}
}

// Joined tells that a counsellor hears the caller.
func (c *Callers) Joined(number uint64, agent int, at time.Time) {
	if one := c.byNumber(number); one != nil {
		one.mu.Lock()
		if one.record.Joined.IsZero() {
			one.record.Joined = at
		}
		one.mu.Unlock()
		one.served(agent, at)
	}
}

func (c *Callers) byNumber(number uint64) *caller {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.byNum[number]
}

// telephone is the number that a caller calls from; NumberOf reads it.
func telephone(number uint64) string { return fmt.Sprintf("139%08d", number) }

// NumberOf reads a caller's number out of the number that the caller calls from.
func NumberOf(telephone string) (uint64, bool) {
	if len(telephone) != 11 || telephone[:3] != "139" {
		return 0, false
	}
	n, err := strconv.ParseUint(telephone[3:], 10, 64)
	return n, err == nil
}

func (c *Callers) place(p Plan) {
	number := c.last.Add(1)
	if p.Vary { // by the number, so that two runs are alike
		p.Hold += time.Duration((int64(number*7919%101) - 50)) * p.Hold / 200
	}
	one := &caller{all: c, plan: p, number: c.number, record: Record{
		Number: number, CallID: fmt.Sprintf("call-%d@%s", number, c.local), Agent: -1, Invited: time.Now(),
	}}
	c.mu.Lock()
	c.byID[one.record.CallID], c.byNum[number] = one, one
	c.mu.Unlock()
	one.invite()
}

func (c *Callers) over(one *caller, r Record) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.byID, r.CallID)
	delete(c.byNum, r.Number)
	if c.byPort[one.port] == one {
		c.byPort[one.port] = nil
	}
	c.ended = append(c.ended, r)
	close(c.quiet)
	c.quiet = make(chan struct{})
}

func (c *Callers) listen() {
	buf := make([]byte, 64<<10)
	for {
		n, _, err := c.sip.ReadFromUDPAddrPort(buf)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			continue
		}
		m, ok := parse(append([]byte(nil), buf[:n]...))
		if !ok {
			continue
		}
		c.mu.Lock()
		one := c.byID[m.callID]
		c.mu.Unlock()
		switch {
		case m.status != 0 && one != nil:
			one.answered(m)
		case m.status == 0 && m.method != "ACK":
			c.send(answer(m, "200 OK", "", "", "")) // also of a call that has ended here: its BYE came again
			if m.method == "BYE" && one != nil {
				one.goodbye()
			}
		}
	}
}

func (c *Callers) send(data []byte) { _, _ = c.sip.WriteToUDPAddrPort(data, c.server) }

func (c *Callers) hear(from uint16, payload []byte, at time.Time) {
	agent, ok := find(payload, agentMagic)
	if !ok {
		return
	}
	c.mu.Lock()
	one := c.byPort[from]
	c.mu.Unlock()
	if one != nil {
		one.hears(int(agent), at)
	}
}
