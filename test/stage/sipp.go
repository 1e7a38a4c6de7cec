package stage

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/pion/rtp"

	"hotline/audio"
)

// Outsider is a telephone of another make: sipp takes one call, and an ear of ours speaks and hears for it, because sipp cannot tell what it hears.
type Outsider struct {
	Ear  *Ear
	cmd  *exec.Cmd
	out  bytes.Buffer
	log  string
	done chan struct{}
	err  error
}

// answering is what sipp does: ring, answer, and stay until the other side hangs up.
const answering = `<?xml version="1.0" encoding="UTF-8"?>
<scenario name="one call">
  <recv request="INVITE" crlf="true"/>
  <send><![CDATA[
SIP/2.0 180 Ringing
[last_Via:]
[last_From:]
[last_To:];tag=[pid]-[call_number]
[last_Call-ID:]
[last_CSeq:]
Contact: <sip:[local_ip]:[local_port]>
Content-Length: 0

]]></send>
  <pause milliseconds="RINGS"/>
  <send retrans="500"><![CDATA[
SIP/2.0 200 OK
[last_Via:]
[last_From:]
[last_To:];tag=[pid]-[call_number]
[last_Call-ID:]
[last_CSeq:]
Contact: <sip:[local_ip]:[local_port]>
Content-Type: application/sdp
Content-Length: [len]

v=0
o=outsider 1 1 IN IP4 127.0.0.1
s=-
c=IN IP4 127.0.0.1
t=0 0
m=audio EAR RTP/AVP 8 101
a=rtpmap:8 PCMA/8000
a=rtpmap:101 telephone-event/8000
a=fmtp:101 0-15
a=ptime:20
]]></send>
  <recv request="ACK" crlf="true"/>
  <recv request="BYE" timeout="120000"/>
  <send><![CDATA[
SIP/2.0 200 OK
[last_Via:]
[last_From:]
[last_To:]
[last_Call-ID:]
[last_CSeq:]
Content-Length: 0

]]></send>
</scenario>
`

// Outsider has sipp take one call at a port of ours, after it rang for a while. It ends with ctx.
func (s *Stage) Outsider(ctx context.Context, dir string, port int, rings time.Duration) (*Outsider, error) {
	ear, err := newEar()
	if err != nil {
		return nil, err
	}
	o := &Outsider{Ear: ear, log: filepath.Join(dir, fmt.Sprintf("sipp-%d.log", ear.port())), done: make(chan struct{})}
	scenario := filepath.Join(dir, fmt.Sprintf("sipp-%d.xml", ear.port()))
	text := strings.NewReplacer("EAR", fmt.Sprint(ear.port()), "RINGS", fmt.Sprint(max(1, rings.Milliseconds()))).Replace(answering)
	if err := os.WriteFile(scenario, []byte(text), 0o600); err != nil {
		ear.Close()
		return nil, err
	}
	o.cmd = exec.CommandContext(ctx, "sipp", "-sf", scenario, "-i", "127.0.0.1", "-p", fmt.Sprint(port), "-m", "1", "-nostdin", "-trace_msg", "-message_file", o.log)
	o.cmd.Dir, o.cmd.Stdout, o.cmd.Stderr = dir, &o.out, &o.out
	if err := o.cmd.Start(); err != nil {
		ear.Close()
		return nil, fmt.Errorf("stage: sipp: %w", err)
	}
	go func() {
		defer close(o.done)
		o.err = o.cmd.Wait()
	}()
	return o, nil
}

// Dialled is the number that was called, empty before.
func (o *Outsider) Dialled() string {
	b, err := os.ReadFile(o.log)
	if err != nil {
		return ""
	}
	_, rest, ok := strings.Cut(string(b), "INVITE sip:")
	number, _, at := strings.Cut(rest, "@")
	if !ok || !at {
		return ""
	}
	return number
}

// TakenBack reports whether the other side has given up while it rang.
func (o *Outsider) TakenBack() bool {
	b, err := os.ReadFile(o.log)
	return err == nil && strings.Contains(string(b), "CANCEL sip:")
}

// AwaitEnd waits until the other side has hung up.
func (o *Outsider) AwaitEnd(within time.Duration) error {
	select {
	case <-o.done:
		if o.err != nil {
			return fmt.Errorf("sipp: %w\n%s", o.err, o.out.String())
		}
		return nil
	case <-time.After(within):
		return fmt.Errorf("the outsider is still on the line after %v", within)
	}
}

// Close ends it, whatever it does.
func (o *Outsider) Close() {
	_ = o.cmd.Process.Kill() // over already, perhaps
	<-o.done
	o.Ear.Close()
}

// Ear is one end of RTP: it hears whoever sends to it, and speaks to them from then on.
type Ear struct {
	conn *net.UDPConn
	done chan struct{}

	mu      sync.Mutex
	remote  netip.AddrPort
	heard   []audio.Packet
	hz      float64 // what is said; 0: nothing
	key     int     // event of the key that is to be pressed (RFC 4733); -1: none
	changed *sync.Cond
}

func newEar() (*Ear, error) {
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return nil, fmt.Errorf("stage: ear: %w", err)
	}
	e := &Ear{conn: conn, done: make(chan struct{}), key: -1}
	e.changed = sync.NewCond(&e.mu)
	go e.listen()
	go e.speak()
	return e, nil
}

func (e *Ear) port() int { return e.conn.LocalAddr().(*net.UDPAddr).Port }

// Close ends it.
func (e *Ear) Close() {
	_ = e.conn.Close()
	<-e.done
}

func (e *Ear) listen() {
	defer close(e.done)
	buf := make([]byte, 2048)
	for {
		n, from, err := e.conn.ReadFromUDPAddrPort(buf)
		if err != nil {
			return
		}
		var p rtp.Packet
		if p.Unmarshal(buf[:n]) != nil || p.PayloadType != 8 {
			continue
		}
		e.mu.Lock()
		e.remote = from
		e.heard = append(e.heard, audio.Packet{At: time.Now(), Seq: p.SequenceNumber, TS: p.Timestamp, PCM: audio.PCMA.Decode(nil, p.Payload)})
		e.mu.Unlock()
		e.changed.Broadcast()
	}
}

const (
	earFrame   = 160 // samples of 20 ms
	eventType  = 101
	keyHeld    = 6 // frames
	keyBits    = 0x0a
	keyEndBits = 0x8a
)

// speak sends a frame every 20 ms to whoever was heard.
func (e *Ear) speak() {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	var seq uint16
	var ts, keyTS uint32
	held, key := 0, 0
	for {
		select {
		case <-e.done:
			return
		case <-tick.C:
		}
		e.mu.Lock()
		remote, hz := e.remote, e.hz
		if held == 0 && e.key >= 0 && remote.IsValid() {
			held, key, keyTS, e.key = 1, e.key, ts, -1
		}
		e.mu.Unlock()
		if !remote.IsValid() {
			continue
		}
		head := rtp.Header{Version: 2, PayloadType: 8, SequenceNumber: seq, Timestamp: ts, SSRC: 0x51bb}
		payload := audio.PCMA.Encode(nil, audio.Sine(audio.Rate, hz, 0.3*min(1, hz), int(ts), earFrame))
		if held > 0 {
			bits := byte(keyBits)
			if held > keyHeld {
				bits = keyEndBits
			}
			long := min(held, keyHeld) * earFrame
			head.PayloadType, head.Timestamp, head.Marker = eventType, keyTS, held == 1
			payload = []byte{byte(key), bits, byte(long >> 8), byte(long)}
			if held++; held > keyHeld+3 {
				held = 0
			}
		}
		if b, err := (&rtp.Packet{Header: head, Payload: payload}).Marshal(); err == nil {
			_, _ = e.conn.WriteToUDPAddrPort(b, remote) // the other side may be gone
		}
		seq, ts = seq+1, ts+earFrame
	}
}

// Say says a tone from now on; 0 is silence.
func (e *Ear) Say(hz float64) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.hz = hz
}

// Press presses one of the keys 0 to 9, as a telephone event (RFC 4733).
func (e *Ear) Press(digit int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.key = digit
}

// Heard is what came so far.
func (e *Ear) Heard() []audio.Packet {
	e.mu.Lock()
	defer e.mu.Unlock()
	return append([]audio.Packet(nil), e.heard...)
}

// AwaitSound waits until what came since then was, for a fifth of a second without a break, what is looked for, and returns when that began.
func (e *Ear) AwaitSound(since time.Time, within time.Duration, found func(audio.Packet) bool) (time.Time, error) {
	stop := time.AfterFunc(within, func() { e.changed.Broadcast() })
	defer stop.Stop()
	deadline := time.Now().Add(within)
	e.mu.Lock()
	defer e.mu.Unlock()
	for at, run := 0, 0; ; e.changed.Wait() {
		for ; at < len(e.heard); at++ {
			if p := e.heard[at]; p.At.Before(since) || !found(p) {
				run = 0
			} else if run++; run == 10 {
				return e.heard[at-9].At, nil
			}
		}
		if !time.Now().Before(deadline) {
			return time.Time{}, fmt.Errorf("not heard within %v; %d packets came", within, len(e.heard))
		}
	}
}
