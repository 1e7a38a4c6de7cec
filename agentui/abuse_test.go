package agentui

import (
	"encoding/json"
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

func TestOutboxMergesRows(t *testing.T) {
	overruns := 0
	o := newOutbox(4, 10, func() { overruns++ })
	now := time.UnixMilli(1700000000000)
	call := func(id, state string) {
		o.change(func(p *pending) { p.calls.put(id, protocol.Call{Call: id, State: state}) })
	}
	gone := func(id string) {
		o.change(func(p *pending) { p.calls.remove(id); p.goneCalls.put(id, struct{}{}) })
	}
	call("a", "waiting")
	call("b", "waiting")
	call("a", "talking")
	gone("b")
	o.send(protocol.NewAck(1, nil))
	frames, code, err := o.take(now)
	if err != nil || code != 0 || len(frames) != 2 {
		t.Fatalf("%d frames, code %d, %v", len(frames), code, err)
	}
	var c protocol.Change
	if err := json.Unmarshal(frames[1], &c); err != nil {
		t.Fatal(err)
	}
	if c.Seq != 1 || len(c.Calls) != 1 || c.Calls[0].State != "talking" || len(c.GoneCalls) != 1 || c.GoneCalls[0] != "b" {
		t.Errorf("change %+v", c)
	}
	call("c", "waiting")
	o.snapshot(protocol.NewSnapshot(1, protocol.Self{}, nil))
	call("d", "waiting")
	frames, _, _ = o.take(now)
	if len(frames) != 2 || !strings.Contains(string(frames[0]), `"snapshot"`) || !strings.Contains(string(frames[1]), `"seq":1,`) ||
		strings.Contains(string(frames[1]), `"c"`) {
		t.Errorf("after a snapshot: %s", frames)
	}
	for i := range 1000 { // rows that come and go keep no trace
		call("e", "waiting")
		gone("e")
		if n := len(o.pending.calls.order); n > 100 {
			t.Fatalf("%d ids after %d rounds", n, i)
		}
		o.change(func(p *pending) { p.goneCalls.remove("e") })
	}
	for i := range 11 {
		call(fmt.Sprint("f", i), "waiting")
	}
	if frames, code, _ = o.take(now); code != protocol.CloseTooSlow || len(frames) != 0 {
		t.Errorf("over the bound: %d frames, code %d", len(frames), code)
	}
	full := newOutbox(2, 10, func() { overruns++ })
	for range 3 {
		full.send(protocol.NewAck(1, nil))
	}
	if _, code, _ = full.take(now); code != protocol.CloseTooSlow {
		t.Errorf("too many answers: code %d", code)
	}
	full.close(protocol.CloseDraining)
	if _, code, _ = full.take(now); code != protocol.CloseTooSlow {
		t.Errorf("the first code does not stay: %d", code)
	}
	if overruns != 2 {
		t.Errorf("%d overruns were told", overruns)
	}
}

func TestSupervisorSeesTheBoard(t *testing.T) {
	s := newSite(t, nil)
	boss, p := s.login("supervisor1"), s.login("agent1")
	b := boss.enter("")
	if self := b.snap(); self.State != "offline" || self.Role != "supervisor" {
		t.Errorf("self %+v", self)
	}
	g := p.enter("")
	b.until("the agent", func() bool {
		return b.agents[p.me.User].Name == "咨询员一" && b.agents[p.me.User].Media == protocol.MediaNone
	})
	id := s.call(queue.TierNormal)
	b.until("the caller", func() bool { return b.calls[string(id)].State == "waiting" })
	leg := g.headset()
	g.must("ready", nil) // and the caller who waits rings at once
	b.until("the offer", func() bool {
		return b.calls[string(id)].State == "offered" && b.agents[p.me.User].State == "reserved" && b.agents[p.me.User].Media == protocol.MediaReady
	})
	g.until("the offer", func() bool { return g.self.Offer != nil })
	if _, err := s.queue.Raise(t.Context(), "r", id, queue.TierRed, true); err != nil {
		t.Fatal(err)
	}
	g.until("the offer turns red", func() bool { return g.self.Offer.Tier == "red" })
	g.must("accept", map[string]any{"offer": g.snap().Offer.Offer})
	s.gateway.measure(leg, LegMeasure{MOS: 4.1})
	b.until("talking", func() bool {
		c := b.calls[string(id)]
		return c.State == "talking" && c.AgentName == "咨询员一" && c.Danger && c.Quality != nil && c.Quality.MOS == 4.1
	})
	g.must("mute", map[string]any{"muted": true})
	b.until("muted", func() bool { return b.agents[p.me.User].Muted })
	late := s.login("admin1").enter("")
	if len(late.calls) != 1 || late.calls[string(id)].Agent != p.me.User || len(late.agents) != 1 {
		t.Errorf("an administrator's board: %+v %+v", late.calls, late.agents)
	}
	s.endCall(id, queue.EndAnswered)
	b.until("the caller is gone", func() bool { return len(b.calls) == 0 && b.agents[p.me.User].State == "wrap_up" })
	if status, _ := p.post("/api/logout", nil); status != 409 {
		t.Fatal("signed out without the form of a call at risk")
	}
	if err := s.queue.Filed(t.Context(), "filed", id, queue.AgentID(p.me.User)); err != nil {
		t.Fatal(err)
	}
	s.until("the form is in", func() bool { return s.agent(p.me.User).Owes == "" })
	if status, _ := p.post("/api/logout", nil); status != 204 {
		t.Fatal("logout")
	}
	b.until("the agent is gone", func() bool { return len(b.agents) == 0 })

	// A supervisor answers too, from the first Available on.
	b.available()
	s.call(queue.TierNormal)
	b.until("an offer", func() bool { return b.self.Offer != nil })
	b.must("accept", map[string]any{"offer": b.snap().Offer.Offer})
	b.state(queue.AgentTalking)
	snaps := b.snaps
	b.must("snapshot", nil)
	b.until("a fresh snapshot", func() bool { return b.snaps == snaps+1 && len(b.calls) == 1 })
}

func TestAgentsSeeNobodyElse(t *testing.T) {
	s := newSite(t, nil)
	one := s.login("agent1").enter("")
	two := s.login("agent2").enter("")
	s.call(queue.TierNormal)
	two.headset()
	two.must("ready", nil)
	two.until("the offer", func() bool { return two.self.Offer != nil })
	one.must("mute", map[string]any{"muted": true})
	one.until("its own change", func() bool { return one.self.Muted })
	one.mu.Lock()
	defer one.mu.Unlock()
	if len(one.calls) != 0 || len(one.agents) != 0 || one.self.Offer != nil {
		t.Errorf("agent 1 sees %v %v %v", one.calls, one.agents, one.self.Offer)
	}
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
