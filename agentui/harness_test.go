package agentui

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/http/cookiejar"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/gorilla/websocket"
	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"

	"hotline/agentui/protocol"
	"hotline/agentui/users"
	"hotline/queue"
	"hotline/queue/queuetest"
	"hotline/storage"
	"hotline/storage/storagetest"
)

const patience = 10 * time.Second // for events that must come; tests wait for events, never for time

func TestMain(m *testing.M) {
	code := m.Run()
	if code == 0 {
		// scs.New starts the cleaner of a store in memory that we replace; the library has no safe way to end it.
		cleaner := goleak.IgnoreTopFunction("github.com/alexedwards/scs/v2/memstore.(*MemStore).startCleanup")
		if err := goleak.Find(cleaner); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	os.Exit(code)
}

// site is a console with a real Redis, a real SQLite file and a gateway made for tests.
type site struct {
	t       *testing.T
	redis   *queuetest.Server
	queue   *queue.Queue
	db      *storage.DB
	users   *users.Store
	audit   *auditLog
	library *library
	gateway *fakeGateway
	metrics *prometheus.Registry
	logs    *lockedBuffer
	server  *Server
	base    string
	stop    context.CancelFunc
	stopped chan error
	cfg     Config
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func newSite(t *testing.T, adjust func(*Config)) *site {
	t.Helper()
	s := &site{t: t, redis: queuetest.Start(t), audit: &auditLog{}, library: newLibrary(), gateway: newFakeGateway(), logs: &lockedBuffer{}}
	s.db = storagetest.Open(t, storagetest.SQLiteURL(t))
	var err error
	if s.users, err = users.Open(t.Context(), s.db); err != nil {
		t.Fatal(err)
	}
	for _, u := range []users.User{
		{Username: "agent1", Name: "咨询员一", Role: users.Agent, Locale: "zh-CN"},
		{Username: "agent2", Name: "咨询员二", Role: users.Agent, Locale: "en"},
		{Username: "supervisor1", Name: "督导一", Role: users.Supervisor},
		{Username: "admin1", Name: "管理员一", Role: users.Administrator},
	} {
		if _, err := s.users.Create(t.Context(), u, passwordOf(u.Username)); err != nil {
			t.Fatal(err)
		}
	}
	s.cfg = Config{ID: "console-1", Lines: map[queue.LineID]map[string]string{"12355": {"zh-CN": "青少年热线", "en": "Youth line"}}}
	if adjust != nil {
		adjust(&s.cfg)
	}
	if s.queue, err = queue.New(s.redis.Client(t), queue.Config{Ring: s.cfg.Ring}); err != nil {
		t.Fatal(err)
	}
	s.start("127.0.0.1:0")
	t.Cleanup(func() {
		if s.stop != nil {
			s.halt()
		}
	})
	return s
}

func passwordOf(username string) string { return "password of " + username }

// start runs a console process on addr.
func (s *site) start(addr string) {
	s.t.Helper()
	s.metrics = prometheus.NewRegistry()
	server, err := New(s.cfg, Deps{
		Log: slog.New(slog.NewTextHandler(s.logs, &slog.HandlerOptions{Level: slog.LevelDebug})), Queue: s.queue, Users: s.users, Audit: s.audit,
		Recordings: s.library, Gateways: map[string]Gateway{"gateway-1": s.gateway}, Metrics: s.metrics,
		Assets: fstest.MapFS{
			"index.html":                {Data: []byte("<!doctype html><title>console</title>")},
			"assets/app-0123abcd.js":    {Data: []byte("plain")},
			"assets/app-0123abcd.js.br": {Data: []byte("brotli")},
			"assets/app-0123abcd.js.gz": {Data: []byte("gzip")},
		},
		Checks: map[string]func(context.Context) error{"database": s.db.Ping},
	})
	if err != nil {
		s.t.Fatal(err)
	}
	l, err := net.Listen("tcp", addr)
	if err != nil {
		s.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	s.server, s.base, s.stop, s.stopped = server, "http://"+l.Addr().String(), cancel, make(chan error, 1)
	stopped := s.stopped
	go func() {
		sweeps := time.NewTicker(20 * time.Millisecond) // a controller's work
		defer sweeps.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-sweeps.C:
				_, _ = s.queue.Sweep(ctx) // Redis may be away
			}
		}
	}()
	go func() { stopped <- server.Serve(ctx, l) }()
	s.until("the console is ready", func() bool {
		resp, err := http.Get(s.base + "/readyz")
		if err != nil {
			return false
		}
		defer func() { _ = resp.Body.Close() }()
		http.DefaultClient.CloseIdleConnections()
		return resp.StatusCode == http.StatusOK
	})
}

// halt drains the console.
func (s *site) halt() {
	s.t.Helper()
	s.stop()
	select {
	case err := <-s.stopped:
		if err != nil {
			s.t.Errorf("the console ended with %v", err)
		}
	case <-time.After(patience):
		s.t.Error("the console did not end")
	}
	s.stop = nil
}

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

func (s *site) agent(id string) queue.Agent {
	s.t.Helper()
	snap, err := s.queue.Snapshot(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	for _, a := range snap.Agents {
		if string(a.ID) == id {
			return a
		}
	}
	return queue.Agent{State: queue.AgentOffline}
}

// call lets a caller arrive and wait, as a controller does.
func (s *site) call(tier queue.Tier) queue.CallID {
	s.t.Helper()
	id := queue.CallID(newID())
	c := queue.Call{ID: id, Line: "12355", Node: "node-1", Owner: "controller-1", Tier: tier, Arrived: time.Now(), History: 2}
	if err := s.queue.Arrive(s.t.Context(), queue.RequestID(newID()), c); err != nil {
		s.t.Fatal(err)
	}
	if _, err := s.queue.Enqueue(s.t.Context(), queue.RequestID(newID()), id, false); err != nil {
		s.t.Fatal(err)
	}
	return id
}

func (s *site) endCall(id queue.CallID, how queue.Ending) {
	s.t.Helper()
	if err := s.queue.End(s.t.Context(), queue.RequestID(newID()), id, how); err != nil {
		s.t.Fatal(err)
	}
}

// person is a browser profile: cookies and HTTP.
type person struct {
	s    *site
	http *http.Client
	me   protocol.Me
}

func (s *site) newPerson() *person {
	jar, err := cookiejar.New(nil)
	if err != nil {
		s.t.Fatal(err)
	}
	transport := &http.Transport{}
	s.t.Cleanup(transport.CloseIdleConnections)
	return &person{s: s, http: &http.Client{Jar: jar, Transport: transport, Timeout: patience}}
}

func (s *site) login(username string) *person {
	s.t.Helper()
	p := s.newPerson()
	status, body := p.post("/api/login", protocol.Login{Username: username, Password: passwordOf(username)})
	if status != http.StatusOK {
		s.t.Fatalf("login of %s: %d %s", username, status, body)
	}
	if err := json.Unmarshal([]byte(body), &p.me); err != nil {
		s.t.Fatal(err)
	}
	return p
}

func (p *person) post(path string, body any) (int, string) {
	p.s.t.Helper()
	b, err := json.Marshal(body)
	if err != nil {
		p.s.t.Fatal(err)
	}
	return p.do(http.MethodPost, path, strings.NewReader(string(b)), http.Header{"Content-Type": {"application/json"}})
}

func (p *person) get(path string) (int, string) {
	p.s.t.Helper()
	return p.do(http.MethodGet, path, nil, nil)
}

func (p *person) do(method, path string, body io.Reader, header http.Header) (int, string) {
	p.s.t.Helper()
	resp := p.raw(method, path, body, header)
	defer func() { _ = resp.Body.Close() }()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		p.s.t.Fatal(err)
	}
	return resp.StatusCode, string(b)
}

func (p *person) raw(method, path string, body io.Reader, header http.Header) *http.Response {
	p.s.t.Helper()
	req, err := http.NewRequestWithContext(p.s.t.Context(), method, p.s.base+path, body)
	if err != nil {
		p.s.t.Fatal(err)
	}
	maps.Copy(req.Header, header)
	if host := req.Header.Get("Host"); host != "" {
		req.Host = host
	}
	resp, err := p.http.Do(req)
	if err != nil {
		p.s.t.Fatal(err)
	}
	return resp
}

// page is one open websocket, and what the app in it would know: every message is applied as the web app applies it.
type page struct {
	p      *person
	ws     *websocket.Conn
	lastID int64

	mu      sync.Mutex
	changed *sync.Cond
	answers map[int64]answer
	self    protocol.Self
	calls   map[string]protocol.Call
	agents  map[string]protocol.Agent
	seq     int64
	snaps   int
	changes int
	notices []string
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
func (p *person) open() *page {
	p.s.t.Helper()
	ws, _, err := p.dial()
	if err != nil {
		p.s.t.Fatal(err)
	}
	g := &page{p: p, ws: ws, answers: map[int64]answer{}}
	g.changed = sync.NewCond(&g.mu)
	over := make(chan struct{})
	go func() { defer close(over); g.read() }()
	p.s.t.Cleanup(func() { _ = ws.Close(); <-over })
	return g
}

// enter opens a websocket, says hello and waits for the snapshot.
func (p *person) enter(leg string) *page {
	p.s.t.Helper()
	g := p.open()
	if a := g.ask("hello", map[string]any{"takeover": false, "leg": leg}); a.Code != "" {
		p.s.t.Fatalf("hello: %s", a.Code)
	}
	g.until("the snapshot", func() bool { return g.snaps == 1 })
	return g
}

func (g *page) read() {
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

func (g *page) apply(b []byte) {
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
		g.self, g.seq = s.Self, 0
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
	case "change":
		var c protocol.Change
		fail(json.Unmarshal(b, &c))
		if c.Seq != g.seq+1 {
			g.fault = fmt.Sprintf("change %d after %d", c.Seq, g.seq)
		}
		g.seq = c.Seq
		g.changes++
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
func (g *page) until(what string, ok func() bool) {
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

func (g *page) state(want queue.AgentState) {
	g.p.s.t.Helper()
	g.until("state "+string(want), func() bool { return g.self.State == string(want) })
}

func (g *page) send(frame string) {
	g.p.s.t.Helper()
	if err := g.ws.WriteMessage(websocket.TextMessage, []byte(frame)); err != nil {
		g.p.s.t.Fatal(err)
	}
}

// ask sends a request and waits for its answer.
func (g *page) ask(typ string, fields map[string]any) answer {
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
func (g *page) must(typ string, fields map[string]any) answer {
	g.p.s.t.Helper()
	a := g.ask(typ, fields)
	if a.Type != "ack" {
		g.p.s.t.Fatalf("%s: %s\n%s", typ, a.Code, g.p.s.logs)
	}
	return a
}

func (g *page) snap() protocol.Self {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.self
}

// headset makes a leg and lets it become ready.
func (g *page) headset() string {
	g.p.s.t.Helper()
	leg := g.makeLeg()
	g.p.s.gateway.connect(leg, "node-1")
	g.until("media ready", func() bool { return g.self.Media == protocol.MediaReady })
	return leg
}

func (g *page) makeLeg() string {
	g.p.s.t.Helper()
	var made protocol.LegResult
	if err := json.Unmarshal(g.must("leg", map[string]any{"offer": "v=0"}).Result, &made); err != nil || made.Answer == "" {
		g.p.s.t.Fatalf("leg: %+v, %v", made, err)
	}
	return made.Leg
}

// available brings the person to work.
func (g *page) available() string {
	g.p.s.t.Helper()
	leg := g.headset()
	g.must("ready", nil)
	g.state(queue.AgentAvailable)
	return leg
}

// wantClosed waits for the end of the websocket and compares its code.
func (g *page) wantClosed(code int) {
	g.p.s.t.Helper()
	g.until("the end of the websocket", func() bool { return g.closed != nil })
	g.mu.Lock()
	defer g.mu.Unlock()
	var closed *websocket.CloseError
	if !errors.As(g.closed, &closed) || closed.Code != code {
		g.p.s.t.Errorf("closed with %v, want %d", g.closed, code)
	}
}
