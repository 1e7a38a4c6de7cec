package agentui

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	dto "github.com/prometheus/client_model/go"

	"hotline/agentui/protocol"
	"hotline/queue"
	"hotline/test/ports"
)

// count reads one figure.
func (s *site) count(name, label string) float64 {
	s.t.Helper()
	families, err := s.metrics.Gather()
	if err != nil {
		s.t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() != name {
			continue
		}
		for _, m := range f.GetMetric() {
			if label == "" || hasLabel(m, label) {
				return m.GetCounter().GetValue() + m.GetGauge().GetValue()
			}
		}
	}
	return 0
}

func hasLabel(m *dto.Metric, value string) bool {
	for _, l := range m.GetLabel() {
		if l.GetValue() == value {
			return true
		}
	}
	return false
}

func TestRefusedMessagesAreAnsweredCountedAndAtLastEndTheWebsocket(t *testing.T) {
	s := newSite(t, nil)
	p := s.login("agent1")
	g := p.enter("")
	large := `{"type":"leg","id":50,"offer":"` + strings.Repeat("x", protocol.MaxFrame) + `"}`
	for i, c := range []struct {
		code  string
		frame string
		id    int64
	}{
		{"malformed", `{`, 0},
		{"malformed", `{"type":"ready"}`, 0},
		{"malformed", `{"type":"ready","id":40,"x":1}`, 40},
		{"unknown_type", `{"type":"reboot","id":41}`, 41},
		{"too_large", large, 0},
		{"malformed", `{"type":"hello","id":42,"takeover":true,"leg":""}`, 42},
		{"bad_reason", `{"type":"not_ready","id":43,"reason":"holiday"}`, 43},
	} {
		before := s.count("hotline_console_websocket_refused_total", c.code)
		g.send(c.frame)
		g.until(c.frame[:min(len(c.frame), 60)], func() bool {
			if c.id == 0 {
				return len(g.errors) > 0 && g.errors[len(g.errors)-1].Code == c.code
			}
			return g.answers[c.id].Code == c.code
		})
		g.mu.Lock()
		g.errors = nil
		g.mu.Unlock()
		if after := s.count("hotline_console_websocket_refused_total", c.code); after != before+1 {
			t.Errorf("%d: %s counted %v times", i, c.code, after-before)
		}
	}
	g.must("ready", nil) // still served
	if err := g.ws.WriteMessage(websocket.BinaryMessage, []byte(`{"type":"ready","id":60}`)); err != nil {
		t.Fatal(err)
	}
	g.send(`x`)
	g.send(`x`)
	g.wantClosed(protocol.ClosePolicy)
	if s.count("hotline_console_websocket_closed_total", "policy") != 1 {
		t.Error("the end was not counted")
	}
	h := p.enter("") // and may come back
	if h.snap().State != "not_ready" {
		t.Error("not served again")
	}
}

func TestNothingBeforeHello(t *testing.T) {
	s := newSite(t, nil)
	g := s.login("agent1").open()
	if a := g.ask("ready", nil); a.Code != "hello_first" {
		t.Errorf("before hello: %+v", a)
	}
	if a := g.ask("hello", map[string]any{"takeover": false, "leg": ""}); a.Type != "ack" {
		t.Errorf("hello: %+v", a)
	}
}

func TestAFloodIsRefused(t *testing.T) {
	s := newSite(t, nil)
	g := s.login("agent1").enter("")
	for i := range messageBurst + 200 {
		if g.ws.WriteMessage(websocket.TextMessage, fmt.Appendf(nil, `{"type":"snapshot","id":%d}`, 100+i)) != nil {
			break // closed already
		}
	}
	g.until("the end", func() bool { return g.closed != nil })
	if s.count("hotline_console_websocket_refused_total", "too_many") < refusedLimit {
		t.Error("not counted")
	}
}

func TestAFrameBeyondAllMeasureEndsTheWebsocket(t *testing.T) {
	s := newSite(t, nil)
	g := s.login("agent1").enter("")
	_ = g.ws.WriteMessage(websocket.TextMessage, make([]byte, protocol.MaxFrame+skipLimit+1)) // may fail when the server hangs up first
	g.until("the end", func() bool { return g.closed != nil })
}

func TestTooManyTabs(t *testing.T) {
	s := newSite(t, func(c *Config) { c.TabsPerUser = 2 })
	p := s.login("agent1")
	tabs := []*view{p.open(), p.open(), p.open()}
	last := -1 // whom the server saw last: it counts a tab a moment after the browser has its websocket
	s.until("one too many is closed", func() bool {
		last = slices.IndexFunc(tabs, func(g *view) bool {
			g.mu.Lock()
			defer g.mu.Unlock()
			return g.closed != nil
		})
		return last >= 0
	})
	tabs[last].wantClosed(protocol.CloseTooSlow)
}

// TestASlowReaderHoldsUpNobody lets a supervisor's browser stop reading while callers come and go.
func TestASlowReaderHoldsUpNobody(t *testing.T) {
	s := newSite(t, func(c *Config) { c.OutboxRows = 500 })
	s.halt()
	s.narrow = true
	s.start(ports.Address(t))
	slow := s.login("supervisor1")
	d := websocket.Dialer{
		Jar: slow.http.Jar, ReadBufferSize: 1024,
		NetDial: func(network, addr string) (net.Conn, error) {
			c, err := net.Dial(network, addr)
			if err == nil {
				err = c.(*net.TCPConn).SetReadBuffer(1024)
			}
			return c, err
		},
	}
	ws, _, err := d.DialContext(t.Context(), "ws"+strings.TrimPrefix(s.base, "http")+"/ws", http.Header{"Origin": {s.base}})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = ws.Close() }()
	if err := ws.WriteMessage(websocket.TextMessage, []byte(`{"type":"hello","id":1,"takeover":false,"leg":""}`)); err != nil {
		t.Fatal(err)
	}
	healthy := s.login("admin1").enter("")
	agent := s.login("agent1").enter("")
	// The kernel's buffers take some; then the outbox fills, and the reader is sent away. The others see every change at once.
	var worst time.Duration
	for i := 0; s.count("hotline_console_websocket_closed_total", "too_slow") == 0; i++ {
		if i == 200 {
			t.Fatal("the slow reader was never sent away")
		}
		last := ""
		for j := range 100 {
			last = fmt.Sprintf("01J%023d", i*100+j)
			s.server.board.Apply(queue.Event{Type: queue.EventCall, Call: &queue.Call{
				ID: queue.CallID(last), Line: "12355", State: queue.CallWaiting, Tier: queue.TierNormal, Arrived: time.Now(),
			}})
		}
		healthy.until("the last row", func() bool { return healthy.calls[last].Call == last })
		if i < messageBurst {
			started := time.Now()
			agent.must("mute", map[string]any{"muted": i%2 == 0})
			agent.until("muted", func() bool { return agent.self.Muted == (i%2 == 0) })
			worst = max(worst, time.Since(started))
		}
	}
	s.until("the slow reader is gone", func() bool { return s.tabsOf(slow.me.User) == 0 })
	if worst > time.Second {
		t.Errorf("another person waited %s", worst)
	}
	if back := slow.enter(""); len(back.calls) != len(healthy.calls) {
		t.Errorf("back with %d rows of %d", len(back.calls), len(healthy.calls))
	}
}

func (s *site) tabsOf(user string) (n int) {
	s.server.mu.Lock()
	defer s.server.mu.Unlock()
	for t := range s.server.tabs {
		if string(t.user.ID) == user {
			n++
		}
	}
	return n
}

func TestASignInThatExpiresEndsTheDeskButNeverACall(t *testing.T) {
	s := newSite(t, nil)
	p := s.login("agent1")
	g := p.enter("")
	g.available()
	id := s.call(queue.TierNormal)
	g.until("the offer", func() bool { return g.self.Offer != nil })
	g.must("accept", map[string]any{"offer": g.snap().Offer.Offer})
	g.state(queue.AgentTalking)
	d := s.server.findDesk(queue.AgentID(p.me.User))
	key := s.keyOf(p.me.User)
	if code := s.server.endVisit(t.Context(), d.user.ID, key); code != protocol.InCall {
		t.Errorf("within a call: %q", code)
	}
	if code := s.server.endVisit(t.Context(), d.user.ID, "another sign-in"); code != protocol.InCall && code != "" {
		t.Errorf("another sign-in: %q", code)
	}
	s.endCall(id, queue.EndAnswered)
	g.state(queue.AgentWrapUp)
	if code := s.server.endVisit(t.Context(), d.user.ID, key); code != "" {
		t.Errorf("after the call: %q", code)
	}
	g.wantClosed(protocol.CloseSignedOut)
}

func (s *site) keyOf(user string) string {
	s.server.mu.Lock()
	defer s.server.mu.Unlock()
	for t := range s.server.tabs {
		if string(t.user.ID) == user {
			return t.key
		}
	}
	return ""
}

func TestLogsHoldNothingPrivate(t *testing.T) {
	s := newSite(t, nil)
	p := s.login("agent1")
	g := p.enter("")
	s.gateway.mu.Lock()
	s.gateway.fail = io.ErrUnexpectedEOF
	s.gateway.mu.Unlock()
	g.ask("leg", map[string]any{"offer": "v=0 o=secret-sdp 192.0.2.7"})
	for _, private := range []string{"secret-sdp", "192.0.2.7", "咨询员一", passwordOf("agent1")} {
		if strings.Contains(s.logs.String(), private) {
			t.Errorf("the log holds %q", private)
		}
	}
}
