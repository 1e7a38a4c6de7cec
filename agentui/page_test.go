package agentui

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"hotline/agentui/protocol"
	"hotline/queue"
)

// until asks again until it is so; for what gives no event.
func (s *site) until(what string, ok func() bool) {
	s.t.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); {
		if ok() {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	s.t.Fatalf("never: %s", what)
}

// view is one open websocket, and what the app in it would know: every message is applied as the web app applies it.
type view struct {
	p      *person
	ws     *websocket.Conn
	lastID int64

	mu      sync.Mutex
	changed *sync.Cond
	answers map[int64]answer
	self    protocol.Self
	calls   map[string]protocol.Call
	agents  map[string]protocol.Agent
	trouble []protocol.Trouble
	duties  protocol.Duties

	emergency protocol.Emergency
	settings  int

	broadcasts []protocol.Broadcast

	seq     int64
	snaps   int
	changes int
	notices []string
	locked  bool
	lost    []protocol.LegLost
	errors  []answer
	closed  error
	fault   string
}

type answer struct {
	Type   string          `json:"type"`
	ID     int64           `json:"id"`
	Code   string          `json:"code"`
	Result json.RawMessage `json:"result"`
}

func (p *person) dial() (*websocket.Conn, *http.Response, error) {
	d := websocket.Dialer{Jar: p.http.Jar, HandshakeTimeout: patience}
	return d.DialContext(p.s.t.Context(), "ws"+strings.TrimPrefix(p.s.base, "http")+"/ws", http.Header{"Origin": {p.s.base}})
}

// open opens a websocket without saying hello.
func (p *person) open() *view {
	p.s.t.Helper()
	ws, _, err := p.dial()
	if err != nil {
		p.s.t.Fatal(err)
	}
	g := &view{p: p, ws: ws, answers: map[int64]answer{}}
	g.changed = sync.NewCond(&g.mu)
	over := make(chan struct{})
	go func() { defer close(over); g.read() }()
	p.s.t.Cleanup(func() { _ = ws.Close(); <-over })
	return g
}

// enter opens a websocket, says hello and waits for the snapshot.
func (p *person) enter(leg string) *view {
	p.s.t.Helper()
	g := p.open()
	if a := g.ask("hello", map[string]any{"takeover": false, "leg": leg}); a.Code != "" {
		p.s.t.Fatalf("hello: %s", a.Code)
	}
	g.until("the snapshot", func() bool { return g.snaps == 1 })
	return g
}

func (g *view) read() {
	for {
		_, b, err := g.ws.ReadMessage()
		g.mu.Lock()
		if err != nil {
			g.closed = err
			g.changed.Broadcast()
			g.mu.Unlock()
			return
		}
		g.apply(b)
		g.changed.Broadcast()
		g.mu.Unlock()
	}
}

func (g *view) apply(b []byte) {
	var head struct{ Type string }
	fail := func(err error) {
		if err != nil {
			g.fault = fmt.Sprintf("%v in %s", err, b)
		}
	}
	fail(json.Unmarshal(b, &head))
	switch head.Type {
	case "ack", "error":
		var a answer
		fail(json.Unmarshal(b, &a))
		if a.ID == 0 {
			g.errors = append(g.errors, a)
			return
		}
		if _, twice := g.answers[a.ID]; twice {
			g.fault = fmt.Sprintf("two answers to %d", a.ID)
		}
		g.answers[a.ID] = a
	case "snapshot":
		var s protocol.Snapshot
		fail(json.Unmarshal(b, &s))
		g.self, g.seq, g.trouble, g.duties, g.emergency, g.settings = s.Self, 0, s.Trouble, s.Duties, s.Emergency, s.Settings
		g.broadcasts = s.Broadcasts
		g.calls, g.agents = map[string]protocol.Call{}, map[string]protocol.Agent{}
		if s.Board != nil {
			for _, c := range append(s.Board.Waiting, s.Board.Talking...) {
				g.calls[c.Call] = c
			}
			for _, a := range s.Board.Agents {
				g.agents[a.User] = a
			}
		}
		g.snaps++
	case "locked":
		var l protocol.Locked
		fail(json.Unmarshal(b, &l))
		g.locked = l.On
	case "change":
		var c protocol.Change
		fail(json.Unmarshal(b, &c))
		if c.Seq != g.seq+1 {
			g.fault = fmt.Sprintf("change %d after %d", c.Seq, g.seq)
		}
		g.seq = c.Seq
		g.changes++
		if c.Trouble != nil {
			g.trouble = c.Trouble
		}
		if c.Duties != nil {
			g.duties = *c.Duties
		}
		if c.Settings != nil {
			g.settings = *c.Settings
		}
		if c.Emergency != nil {
			g.emergency = *c.Emergency
		}
		if c.Broadcasts != nil {
			g.broadcasts = c.Broadcasts
		}
		if c.Self != nil {
			g.self = *c.Self
		}
		for _, row := range c.Calls {
			g.calls[row.Call] = row
		}
		for _, row := range c.Agents {
			g.agents[row.User] = row
		}
		for _, id := range c.GoneCalls {
			delete(g.calls, id)
		}
		for _, id := range c.GoneAgents {
			delete(g.agents, id)
		}
	case "leg_lost":
		var l protocol.LegLost
		fail(json.Unmarshal(b, &l))
		g.lost = append(g.lost, l)
	default:
		g.notices = append(g.notices, head.Type)
	}
}

// until waits for messages until it is so; ok runs with the page's lock held.
func (g *view) until(what string, ok func() bool) {
	g.p.s.t.Helper()
	timer := time.AfterFunc(patience, func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		if g.fault == "" {
			g.fault = "too long"
		}
		g.changed.Broadcast()
	})
	defer timer.Stop()
	g.mu.Lock()
	defer g.mu.Unlock()
	for !ok() {
		if g.fault != "" || g.closed != nil {
			g.p.s.t.Fatalf("never: %s (%s, closed: %v), self %+v\n%s", what, g.fault, g.closed, g.self, g.p.s.logs)
		}
		g.changed.Wait()
	}
}

func (g *view) state(want queue.AgentState) {
	g.p.s.t.Helper()
	g.until("state "+string(want), func() bool { return g.self.State == string(want) })
}

func (g *view) send(frame string) {
	g.p.s.t.Helper()
	if err := g.ws.WriteMessage(websocket.TextMessage, []byte(frame)); err != nil {
		g.p.s.t.Fatal(err)
	}
}

// ask sends a request and waits for its answer.
func (g *view) ask(typ string, fields map[string]any) answer {
	g.p.s.t.Helper()
	g.lastID++
	id := g.lastID
	m := map[string]any{"type": typ, "id": id}
	maps.Copy(m, fields)
	b, err := json.Marshal(m)
	if err != nil {
		g.p.s.t.Fatal(err)
	}
	g.send(string(b))
	g.until("the answer to "+typ, func() bool { _, ok := g.answers[id]; return ok })
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.answers[id]
}

// must asks for what has to be done.
func (g *view) must(typ string, fields map[string]any) answer {
	g.p.s.t.Helper()
	a := g.ask(typ, fields)
	if a.Type != "ack" {
		g.p.s.t.Fatalf("%s: %s\n%s", typ, a.Code, g.p.s.logs)
	}
	return a
}

func (g *view) snap() protocol.Self {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.self
}

// headset makes a leg and lets it become ready.
func (g *view) headset() string {
	g.p.s.t.Helper()
	leg := g.makeLeg()
	g.p.s.gateway.connect(leg, "node-1")
	g.until("media ready", func() bool { return g.self.Media == protocol.MediaReady })
	return leg
}

func (g *view) makeLeg() string {
	g.p.s.t.Helper()
	var made protocol.LegResult
	if err := json.Unmarshal(g.must("leg", map[string]any{"offer": "v=0"}).Result, &made); err != nil || made.Answer == "" {
		g.p.s.t.Fatalf("leg: %+v, %v", made, err)
	}
	return made.Leg
}

// available brings the person to work.
func (g *view) available() string {
	g.p.s.t.Helper()
	leg := g.headset()
	g.must("ready", nil)
	g.state(queue.AgentAvailable)
	return leg
}

// wantClosed waits for the end of the websocket and compares its code.
func (g *view) wantClosed(code int) {
	g.p.s.t.Helper()
	g.until("the end of the websocket", func() bool { return g.closed != nil })
	g.mu.Lock()
	defer g.mu.Unlock()
	var closed *websocket.CloseError
	if !errors.As(g.closed, &closed) || closed.Code != code {
		g.p.s.t.Errorf("closed with %v, want %d", g.closed, code)
	}
}
