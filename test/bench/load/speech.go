package load

import (
	"encoding/binary"
	"errors"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"
)

const (
	frameTime    = 20 * time.Millisecond
	frameSamples = 160
	rtpHeader    = 12
	turns        = 4 // within a frame's time, so that not everybody speaks at once
	fineSamples  = frameSamples / turns
)

// Speech in these tests is 20 ms of A-law that begins with eight bytes that say what it is, and eight that say whose. It passes Asterisk and
// our gateway byte for byte, since nothing is transcoded, so it can be known by its content and without arithmetic.
const (
	callerMagic = 0x43a1c5e9d2b78f61
	agentMagic  = 0xa9e3714d5c2f86b3
)

func speech(magic, whose uint64) []byte {
	frame := make([]byte, frameSamples)
	binary.BigEndian.PutUint64(frame, magic)
	binary.BigEndian.PutUint64(frame[8:], whose)
	for i := 16; i < len(frame); i++ {
		frame[i] = 0xd5 ^ byte(i%16) // something other than silence
	}
	return frame
}

func find(payload []byte, magic uint64) (uint64, bool) {
	if len(payload) < 16 || binary.BigEndian.Uint64(payload) != magic {
		return 0, false
	}
	return binary.BigEndian.Uint64(payload[8:]), true
}

// AgentSpeech is what counsellor n says.
func AgentSpeech(n int) []byte { return speech(agentMagic, uint64(n)) }

// CallerSpeech is what the caller of that number says.
func CallerSpeech(number uint64) []byte { return speech(callerMagic, number) }

// CallerIn finds the number of the caller who says this; numbers begin with 1.
func CallerIn(payload []byte) (uint64, bool) { return find(payload, callerMagic) }

// stream is what one party says to one port of Asterisk.
type stream struct {
	to    netip.AddrPort
	frame []byte
	seq   uint16
	ts    uint32
	fine  bool // a packet every 5 ms
}

// newStream is what a party says; fine: in packets of 5 ms.
func newStream(port uint16, payload []byte, ssrc uint32, fine bool) *stream {
	if fine {
		payload = payload[:fineSamples]
	}
	s := &stream{to: netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), port), frame: make([]byte, rtpHeader+len(payload)), fine: fine}
	s.frame[0], s.frame[1] = 0x80, 8
	binary.BigEndian.PutUint32(s.frame[8:], ssrc)
	copy(s.frame[rtpHeader:], payload)
	return s
}

// speakers is a socket through which everybody of one side speaks and hears. Who speaks to whom is known by Asterisk's port.
type speakers struct {
	conn *net.UDPConn
	port uint16
	hear func(from uint16, payload []byte, at time.Time)

	mu     sync.Mutex
	byTurn [turns]map[*stream]struct{}
	next   int
	sent   atomic.Int64

	over chan struct{}
	wg   sync.WaitGroup
}

func newSpeakers(hear func(from uint16, payload []byte, at time.Time)) (*speakers, error) {
	conn, addr, err := socket()
	if err != nil {
		return nil, err
	}
	s := &speakers{conn: conn, port: addr.Port(), hear: hear, over: make(chan struct{})}
	for i := range s.byTurn {
		s.byTurn[i] = map[*stream]struct{}{}
	}
	s.wg.Go(s.speak)
	s.wg.Go(s.listen)
	return s, nil
}

// add begins to speak; the first packet goes at once.
func (s *speakers) add(one *stream) {
	s.say(one)
	s.mu.Lock()
	defer s.mu.Unlock()
	if one.fine {
		for i := range s.byTurn {
			s.byTurn[i][one] = struct{}{}
		}
		return
	}
	s.byTurn[s.next%turns][one] = struct{}{}
	s.next++
}

func (s *speakers) remove(one *stream) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.byTurn {
		delete(s.byTurn[i], one)
	}
}

func (s *speakers) say(one *stream) {
	binary.BigEndian.PutUint16(one.frame[2:], one.seq)
	binary.BigEndian.PutUint32(one.frame[4:], one.ts)
	one.seq++
	one.ts += uint32(len(one.frame) - rtpHeader)
	_, _ = s.conn.WriteToUDPAddrPort(one.frame, one.to) // a closed port is a call that is over
	s.sent.Add(1)
}

// speak is the clock; late, it catches up.
func (s *speakers) speak() {
	tick := time.NewTicker(frameTime / turns)
	defer tick.Stop()
	began, said := time.Now(), 0
	for {
		select {
		case <-s.over:
			return
		case <-tick.C:
		}
		for ; said < int(time.Since(began)/(frameTime/turns)); said++ {
			s.mu.Lock()
			for one := range s.byTurn[said%turns] {
				s.say(one)
			}
			s.mu.Unlock()
		}
	}
}

func (s *speakers) listen() {
	buf := make([]byte, 2048)
	for {
		n, from, err := s.conn.ReadFromUDPAddrPort(buf)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil || n < rtpHeader || buf[0]>>6 != 2 || buf[1]&0x7f != 8 {
			continue // no speech: RTCP, or the refusal of a packet of ours
		}
		s.hear(from.Port(), buf[rtpHeader:n], time.Now())
	}
}

func (s *speakers) close() {
	close(s.over)
	_ = s.conn.Close()
	s.wg.Wait()
}
