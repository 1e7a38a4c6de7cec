package load

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"time"

	"hotline/test/robots"
)

// Members are counsellors' SIP telephones, which answer every call at once: what app_queue has for counsellors. They tell the same events as
// robots do. A member speaks only to callers who speak.
type Members struct {
	sip     *net.UDPConn
	local   netip.AddrPort
	rtp     *speakers
	watch   func(robots.Event)
	confirm func(caller uint64, member int, at time.Time)

	mu     sync.Mutex
	speak  bool
	byID   map[string]*memberCall
	byPort [1 << 16]*memberCall

	wg sync.WaitGroup
}

type memberCall struct {
	member    int
	caller    uint64
	port      uint16
	speech    *stream
	ok        []byte // our 200
	retry     *time.Timer
	confirmed bool
	joined    bool
}

// NewMembers opens the telephones. confirm is told of each call whose answer the other side has acknowledged; watch of what robots tell.
func NewMembers(watch func(robots.Event), confirm func(caller uint64, member int, at time.Time)) (*Members, error) {
	m := &Members{watch: watch, confirm: confirm, byID: map[string]*memberCall{}}
	var err error
	if m.sip, m.local, err = socket(); err != nil {
		return nil, err
	}
	if m.rtp, err = newSpeakers(m.hear); err != nil {
		return nil, errors.Join(err, m.sip.Close())
	}
	m.wg.Go(m.listen)
	return m, nil
}

// Addr is where member n is called: "sip:m<n>@" and this.
func (m *Members) Addr() string { return m.local.String() }

// Speak says whether members speak in the calls to come.
func (m *Members) Speak(on bool) {
	m.mu.Lock()
	m.speak = on
	m.mu.Unlock()
}

// Idle tells whether no telephone is in a call.
func (m *Members) Idle() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.byID) == 0
}

// Close gives the sockets back.
func (m *Members) Close() {
	_ = m.sip.Close()
	m.rtp.close()
	m.wg.Wait()
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, c := range m.byID {
		c.retry.Stop()
	}
}

func (m *Members) listen() {
	buf := make([]byte, 64<<10)
	for {
		n, from, err := m.sip.ReadFromUDPAddrPort(buf)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			continue
		}
		at := time.Now()
		in, ok := parse(append([]byte(nil), buf[:n]...))
		if !ok || in.status != 0 {
			continue
		}
		switch in.method {
		case "INVITE":
			m.invited(in, from, at)
		case "ACK":
			m.acknowledged(in, at)
		case "BYE":
			m.send(answer(in, "200 OK", "", "", ""), from)
			m.over(in, at)
		default:
			m.send(answer(in, "200 OK", "m", "", ""), from)
		}
	}
}

func (m *Members) send(data []byte, to netip.AddrPort) { _, _ = m.sip.WriteToUDPAddrPort(data, to) }

func (m *Members) invited(in message, from netip.AddrPort, at time.Time) {
	m.mu.Lock()
	if old := m.byID[in.callID]; old != nil { // sent again, or a change of the media that we take as it is
		m.mu.Unlock()
		m.send(answer(in, "200 OK", "m", "sip:m@"+m.Addr(), describe(m.rtp.port)), from)
		return
	}
	user, _, _ := strings.Cut(strings.TrimPrefix(in.uri, "sip:"), "@")
	member, err := strconv.Atoi(strings.TrimPrefix(user, "m"))
	port, hasMedia := mediaPort(in.body)
	if err != nil || !hasMedia {
		m.mu.Unlock()
		m.send(answer(in, "404 Not Found", "m", "", ""), from)
		return
	}
	number, _ := NumberOf(userOf(in.from))
	c := &memberCall{member: member, caller: number, port: port}
	c.ok = answer(in, "200 OK", "m", fmt.Sprintf("sip:m%d@%s", member, m.Addr()), describe(m.rtp.port))
	c.retry = time.AfterFunc(firstRetry, func() { m.repeat(in.callID, from, 1) })
	if m.speak {
		c.speech = newStream(port, AgentSpeech(member), uint32(member)+1, false)
	}
	m.byID[in.callID], m.byPort[port] = c, c
	m.mu.Unlock()
	m.watch(robots.Event{Robot: member, Kind: robots.Offered, At: at})
	m.send(c.ok, from)
}

// repeat sends the 200 until its ACK comes.
func (m *Members) repeat(id string, to netip.AddrPort, n int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	c := m.byID[id]
	if c == nil || c.confirmed || n == tries {
		return
	}
	m.send(c.ok, to)
	c.retry = time.AfterFunc(firstRetry<<n, func() { m.repeat(id, to, n+1) })
}

func (m *Members) acknowledged(in message, at time.Time) {
	m.mu.Lock()
	c := m.byID[in.callID]
	if c == nil || c.confirmed {
		m.mu.Unlock()
		return
	}
	c.confirmed = true
	c.retry.Stop()
	one := c.speech
	m.mu.Unlock()
	if one != nil {
		m.rtp.add(one)
	}
	m.confirm(c.caller, c.member, at)
}

func (m *Members) over(in message, at time.Time) {
	m.mu.Lock()
	c := m.byID[in.callID]
	if c == nil {
		m.mu.Unlock()
		return
	}
	delete(m.byID, in.callID)
	if m.byPort[c.port] == c {
		m.byPort[c.port] = nil
	}
	c.retry.Stop()
	one := c.speech
	m.mu.Unlock()
	if one != nil {
		m.rtp.remove(one)
	}
	m.watch(robots.Event{Robot: c.member, Kind: robots.Over, At: at})
	m.watch(robots.Event{Robot: c.member, Kind: robots.Free, At: at})
}

func (m *Members) hear(from uint16, payload []byte, at time.Time) {
	number, ok := find(payload, callerMagic)
	if !ok {
		return
	}
	m.mu.Lock()
	c := m.byPort[from]
	first := c != nil && !c.joined
	if first {
		c.joined = true
	}
	m.mu.Unlock()
	if first {
		m.watch(robots.Event{Robot: c.member, Kind: robots.Joined, At: at, Mark: number})
	}
}
