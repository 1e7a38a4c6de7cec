package phone

import (
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/pion/rtp"

	"hotline/audio"
)

const frameTime = 20 * time.Millisecond

// media is the speech of one call: a sender that is paced by the clock and a receiver that keeps what comes.
type media struct {
	cfg  Config
	conn *net.UDPConn

	mu      sync.Mutex
	remote  netip.AddrPort
	codec   audio.Codec
	events  uint8 // payload type of telephone events; 0: the other side takes none
	source  Source
	played  chan struct{} // of source
	digits  []byte        // telephone events to send
	packets []Packet
	hook    func(Packet)
	pressed []byte
	lastKey uint32 // RTP timestamp of the last key heard: repeats carry the same
	anyKey  bool
	version uint64 // of our session description
	started bool
	over    bool
	stopped chan struct{} // closes with over
	wg      sync.WaitGroup
}

func newMedia(cfg Config) (*media, error) {
	conn, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.ParseIP(cfg.LocalIP)})
	if err != nil {
		return nil, fmt.Errorf("phone: rtp socket: %w", err)
	}
	if err := stampArrivals(conn); err != nil {
		_ = conn.Close()
		return nil, fmt.Errorf("phone: rtp socket: %w", err)
	}
	return &media{cfg: cfg, conn: conn, codec: cfg.Codecs[0], stopped: make(chan struct{})}, nil
}

func (m *media) play(src Source) <-chan struct{} {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.played != nil {
		close(m.played)
	}
	played := make(chan struct{})
	if src == nil || m.over {
		close(played)
		m.source, m.played = nil, nil
		return played
	}
	m.source, m.played = src, played
	return played
}

func (m *media) heard() []Packet {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]Packet(nil), m.packets...)
}

func (m *media) onPacket(f func(Packet)) {
	m.mu.Lock()
	m.hook = f
	m.mu.Unlock()
}

func (m *media) keys() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return string(m.pressed)
}

func (m *media) press(digits string) error {
	for i := range len(digits) {
		if eventOf(digits[i]) < 0 {
			return errors.New("phone: not a key of a telephone")
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.events == 0 {
		return errors.New("phone: the other side takes no telephone events")
	}
	m.digits = append(m.digits, digits...)
	return nil
}

// start begins sending and receiving once the other side's address is known. The caller holds the lock.
func (m *media) start() {
	if m.started || m.over {
		return
	}
	m.started = true
	m.wg.Add(2)
	go m.send()
	go m.receive()
}

// stop ends sending and receiving; what was heard stays.
func (m *media) stop() {
	m.mu.Lock()
	if !m.over {
		m.over = true
		close(m.stopped)
		_ = m.conn.Close()
	}
	m.mu.Unlock()
	m.wg.Wait()
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.played != nil {
		close(m.played)
		m.played, m.source = nil, nil
	}
}

// stream is the state of what we send.
type stream struct {
	seq   uint16
	ts    uint32
	ssrc  uint32
	fresh bool // the next packet begins a talkspurt
	key   keying
}

func (m *media) send() {
	defer m.wg.Done()
	var seed [10]byte
	_, _ = rand.Read(seed[:]) // never fails; RFC 3550 wants unguessable beginnings
	s := stream{
		seq: binary.BigEndian.Uint16(seed[0:]), ts: binary.BigEndian.Uint32(seed[2:]), ssrc: binary.BigEndian.Uint32(seed[6:]),
		fresh: true,
	}
	timer := time.NewTimer(0)
	defer timer.Stop()
	next := time.Now()
	for {
		select {
		case <-timer.C:
		case <-m.stopped:
			return
		}
		m.tick(&s)
		s.ts += audio.FrameSamples
		next = next.Add(frameTime)
		if late := time.Since(next); late > 10*frameTime {
			// The machine slept: a burst of old speech helps nobody. The timestamp shows what is missing.
			missed := late.Truncate(frameTime)
			s.ts += uint32(missed/frameTime) * audio.FrameSamples
			next = next.Add(missed)
		}
		timer.Reset(time.Until(next))
	}
}

// tick sends one packet: a key while one is held down, else 20 ms of sound.
func (m *media) tick(s *stream) {
	frame := make([]int16, audio.FrameSamples)
	m.mu.Lock()
	remote, codec, events := m.remote, m.codec, m.events
	if !s.key.busy() && len(m.digits) > 0 {
		s.key.begin(m.digits[0], s.ts)
		m.digits = m.digits[1:]
	}
	if m.source != nil && !m.source(frame) {
		clear(frame)
		close(m.played)
		m.source, m.played = nil, nil
	}
	m.mu.Unlock()

	if packets := s.key.next(); len(packets) > 0 {
		for i, payload := range packets {
			m.write(s, remote, rtp.Header{
				PayloadType: events, Timestamp: s.key.ts, Marker: i == 0 && s.key.first(),
			}, payload)
		}
		s.fresh = true
		return
	}
	m.write(s, remote, rtp.Header{PayloadType: uint8(codec), Timestamp: s.ts, Marker: s.fresh}, codec.Encode(nil, frame))
	s.fresh = false
}

func (m *media) write(s *stream, to netip.AddrPort, h rtp.Header, payload []byte) {
	h.Version, h.SSRC, h.SequenceNumber = 2, s.ssrc, s.seq
	s.seq++
	data, err := (&rtp.Packet{Header: h, Payload: payload}).Marshal()
	if err != nil {
		return
	}
	// A refused packet (the other side's socket is closed) is no news: the call's end is told by signalling.
	_, _ = m.conn.WriteToUDPAddrPort(data, to)
}

func (m *media) receive() {
	defer m.wg.Done()
	buf, control := make([]byte, 2048), make([]byte, 256)
	for {
		n, nc, _, from, err := m.conn.ReadMsgUDPAddrPort(buf, control)
		at := arrival(control[:max(0, nc)])
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			continue // such as ECONNREFUSED of a packet that we sent
		}
		var p rtp.Packet
		if p.Unmarshal(buf[:n]) != nil || p.Version != 2 {
			continue
		}
		m.take(at, from, &p)
	}
}

// take keeps one packet. Speech from anywhere but the agreed host is not the other side's.
func (m *media) take(at time.Time, from netip.AddrPort, p *rtp.Packet) {
	m.mu.Lock()
	if from.Addr().Unmap() != m.remote.Addr().Unmap() {
		m.mu.Unlock()
		return
	}
	if m.events != 0 && p.PayloadType == m.events {
		m.heardKey(p)
		m.mu.Unlock()
		return
	}
	var codec audio.Codec
	switch p.PayloadType {
	case uint8(audio.PCMA), uint8(audio.PCMU):
		codec = audio.Codec(p.PayloadType)
	default:
		m.mu.Unlock()
		return
	}
	packet := Packet{At: at, Seq: p.SequenceNumber, TS: p.Timestamp, PCM: codec.Decode(nil, p.Payload)}
	if m.cfg.Keep > 0 {
		m.packets = append(m.packets, packet)
		old := 0
		for old < len(m.packets) && at.Sub(m.packets[old].At) > m.cfg.Keep {
			old++
		}
		m.packets = m.packets[old:]
	}
	hook := m.hook
	m.mu.Unlock()
	if hook != nil {
		hook(packet)
	}
}
