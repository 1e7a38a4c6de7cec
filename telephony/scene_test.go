package telephony

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
	"go.uber.org/goleak"

	"hotline/audio"
	"hotline/queue"
	"hotline/queue/queuetest"
	"hotline/telephony/ari"
	"hotline/telephony/ari/asterisktest"
	"hotline/telephony/call"
	"hotline/telephony/phone"
	"hotline/telephony/webrtc"
	"hotline/test/ports"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// What callers hear in a scene, besides the node's own tones and the counsellor.
const (
	callerHz   = 440
	fallbackHz = 1004
)

const secret = "a secret of the test, long enough"

// dialplan: two lines, and a fallback that can be heard.
const dialplan = `exten => 12355,1,StasisBroadcast(500,^hotline-.*,12355:12355)
 same => n,Goto(fallback,s,1)
exten => 12345,1,StasisBroadcast(500,^hotline-.*,12345:12345)
 same => n,Goto(fallback,s,1)
exten => relayed,1,Set(HOTLINE_HOPS=south)
 same => n,Set(HOTLINE_TIER=red)
 same => n,StasisBroadcast(500,^hotline-.*,12355:12355)
 same => n,Hangup(42)
[fallback]
exten => s,1,Answer()
 same => n,Milliwatt()
`

// scene is a whole telephony of real parts: Asterisk, Redis, a gateway, and controllers that come and go.
type scene struct {
	t     *testing.T
	node  *asterisktest.Node
	redis *queuetest.Server
	queue *queue.Queue
	rdb   *redis.Client

	listen  string // of the gateway, the same after a restart
	gateway Gateway
	stopGW  func()
	books   *books
	tapes   *tapes
	reg     *prometheus.Registry // of the last controller's client of Asterisk
}

// books is a ledger in memory.
type books struct {
	mu     sync.Mutex
	closed map[call.ID]call.Call
}

func (b *books) Open(context.Context, Record) (Known, error) { return Known{}, nil }

func (b *books) Close(_ context.Context, r Record) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.closed[r.Call.ID] = r.Call
	return nil
}

func newScene(t *testing.T, edits ...func(*asterisktest.Options)) *scene {
	t.Helper()
	options := asterisktest.Options{Extensions: dialplan}
	for _, edit := range edits {
		edit(&options)
	}
	s := &scene{
		t: t, node: asterisktest.Start(t, options), redis: queuetest.Start(t), listen: ports.Address(t),
		books: &books{closed: map[call.ID]call.Call{}}, tapes: &tapes{},
	}
	s.queue, s.rdb = s.index()
	s.startGateway()
	t.Cleanup(func() { s.stopGW() })
	return s
}

// index is a client of the scene's Redis, as the product makes one.
func (s *scene) index() (*queue.Queue, *redis.Client) {
	rdb := redis.NewClient(&redis.Options{
		Addr: s.redis.Addr, DialTimeout: 500 * time.Millisecond, ReadTimeout: time.Second, WriteTimeout: time.Second, MaxRetryBackoff: 50 * time.Millisecond,
		ContextTimeoutEnabled: true, DialerRetries: 1,
		MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
	})
	s.t.Cleanup(func() { _ = rdb.Close() })
	q, err := queue.New(rdb, queue.Config{Site: "test", WrapUp: 50 * time.Millisecond})
	must(s.t, err)
	return q, rdb
}

func (s *scene) startGateway() {
	s.t.Helper()
	g, err := webrtc.New(webrtc.Config{
		ID: "gateway-1", Listen: s.listen, ICEUDP: "127.0.0.1:0", RTP: "127.0.0.1:0", Secret: secret, SilenceAfter: 600 * time.Millisecond,
	}, s.tapes, slog.New(slog.DiscardHandler), nil)
	must(s.t, err)
	s.listen = g.Addr()
	s.gateway = Gateway{ID: "gateway-1", Client: webrtc.NewClient("http://"+s.listen, secret)}
	ctx, cancel := context.WithCancel(context.Background())
	ran := make(chan error, 1)
	go func() { ran <- g.Run(ctx) }()
	s.stopGW = sync.OnceFunc(func() {
		cancel()
		if err := <-ran; err != nil {
			s.t.Errorf("gateway: %v", err)
		}
	})
}

func (s *scene) client(app string) *ari.Client {
	s.t.Helper()
	s.reg = prometheus.NewRegistry()
	c, err := ari.New(ari.Config{URL: s.node.ARI, User: asterisktest.User, Password: asterisktest.Password, App: app}, slog.New(slog.DiscardHandler), s.reg)
	must(s.t, err)
	s.t.Cleanup(c.Close)
	return c
}

// running is a controller at work.
type running struct {
	*Controller
	kill func() error // ends it without a goodbye to anybody, and tells what Run returned
}

// line greets, and has hold audio.
func (s *scene) line(id string) Line {
	return Line{
		ID: id, HoldClass: "hold", Languages: []string{"zh-CN"},
		Prompts: map[string]map[call.Prompt]string{"zh-CN": {call.PromptGreeting: "sound:" + s.node.Sound("prompt")}},
	}
}

func (s *scene) start(edits ...func(*Config)) *running {
	s.t.Helper()
	cfg := Config{ID: "controller-1", Node: "node-1", ReturnWait: 5 * time.Second, Lines: []Line{s.line("12355")}}
	for _, edit := range edits {
		edit(&cfg)
	}
	q, _ := s.index()
	c, err := New(cfg, s.client(App(cfg.ID)), q, s.books, []Gateway{s.gateway}, testLog(s.t), prometheus.NewRegistry(), nil)
	must(s.t, err)
	ctx, cancel := context.WithCancel(context.Background())
	ran := make(chan error, 1)
	go func() { ran <- c.Run(ctx) }()
	r := &running{Controller: c, kill: sync.OnceValue(func() error {
		cancel()
		return <-ran
	})}
	s.t.Cleanup(func() { _ = r.kill() })
	s.until("the controller claims calls", c.Ready)
	return r
}

// testLog shows a failed test what the parts said.
func testLog(t *testing.T) *slog.Logger {
	w := &lines{}
	t.Cleanup(func() {
		if t.Failed() {
			w.mu.Lock()
			defer w.mu.Unlock()
			t.Logf("%s", w.text)
		}
	})
	return slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

type lines struct {
	mu   sync.Mutex
	text []byte
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text = append(l.text, p...)
	return len(p), nil
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// until asks again and again: for what another process knows and does not tell.
func (s *scene) until(what string, ok func() bool) {
	s.t.Helper()
	for deadline := time.Now().Add(15 * time.Second); !ok(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			s.t.Fatalf("not so: %s", what)
		}
	}
}

// caller dials the line of a scene and says 440 Hz.
func (s *scene) caller() *phone.Call { return s.dials("12355") }

func (s *scene) dials(number string) *phone.Call {
	s.t.Helper()
	c, err := phone.Dial(context.Background(), phone.Config{Server: s.node.SIP, From: "13800001111"}, number)
	must(s.t, err)
	s.t.Cleanup(func() { _ = c.Hangup(context.Background()) })
	c.Play(phone.Tone(callerHz))
	return c
}

// waiting is a caller who hears hold audio and has a place in the queue; the id is the call's.
func (s *scene) waiting() (*phone.Call, call.ID) {
	s.t.Helper()
	known := map[call.ID]bool{}
	for id := range s.rows() {
		known[id] = true
	}
	c, id := s.caller(), call.ID("")
	s.until("the caller has a place", func() bool {
		for i, r := range s.rows() {
			if !known[i] && (r.State == queue.CallWaiting || r.State == queue.CallOffered) {
				id = i
			}
		}
		return id != ""
	})
	s.hears(c, asterisktest.HoldHz)
	return c, id
}

// rows of the index by call; none while Redis is away.
func (s *scene) rows() map[call.ID]queue.Call {
	rows := map[call.ID]queue.Call{}
	if snap, err := s.queue.Snapshot(context.Background()); err == nil {
		for _, r := range snap.Calls {
			rows[call.ID(r.ID)] = r
		}
	}
	return rows
}

// sitDown signs an agent in, with a browser whose leg is attached, ready for callers.
func (s *scene) sitDown(agent string) *browser { return s.sitDownWith(agent, nil) }

func (s *scene) sitDownWith(agent string, skills queue.Skills) *browser {
	s.t.Helper()
	b := openBrowser(s.t, s.gateway.Client, agent)
	_, err := s.queue.SignIn(s.t.Context(), queue.RequestID(newID()), queue.Agent{ID: queue.AgentID(agent), Console: "console-1", Session: agent, Skills: skills})
	must(s.t, err)
	s.ready(agent)
	return b
}

func (s *scene) ready(agent string) {
	s.t.Helper()
	_, err := s.queue.Ready(s.t.Context(), queue.RequestID(newID()), queue.AgentID(agent), agent)
	must(s.t, err)
}

// accepts takes the offer that rings for the agent and returns its call.
func (s *scene) accepts(agent string) call.ID {
	s.t.Helper()
	var o queue.Offer
	s.until("the agent is offered a caller", func() bool {
		snap, err := s.queue.Snapshot(context.Background())
		if err != nil {
			return false
		}
		for _, o = range snap.Offers {
			if o.Agent == queue.AgentID(agent) {
				return true
			}
		}
		return false
	})
	_, err := s.queue.Accept(s.t.Context(), queue.RequestID(newID()), o.ID, queue.AgentID(agent), agent)
	must(s.t, err)
	return call.ID(o.Call)
}

func (s *scene) hangsUp(agent string, id call.ID) {
	s.t.Helper()
	must(s.t, s.queue.Order(s.t.Context(), queue.Command{Req: queue.RequestID(newID()), Verb: "hangup", Call: queue.CallID(id), By: queue.AgentID(agent)}))
}

// talk brings a caller and an agent together and proves it both ways.
func (s *scene) talk(agent string) (*phone.Call, call.ID, *browser) {
	s.t.Helper()
	c, _ := s.waiting()
	b := s.sitDown(agent)
	id := s.accepts(agent)
	s.hears(c, counsellorHz)
	b.hears(s.t, callerHz)
	return c, id, b
}

// hears waits until the caller has heard a tone for 200 ms.
func (s *scene) hears(c *phone.Call, hz float64) {
	s.t.Helper()
	if err := heard(c, hz, 12*time.Second); err != nil {
		s.t.Fatalf("%v Hz: %v", hz, err)
	}
}

func heard(c *phone.Call, hz float64, within time.Duration) error {
	found, run, tone := make(chan struct{}, 1), 0, audio.HasTone(hz, 0.8)
	c.OnPacket(func(p phone.Packet) {
		if !tone(p) {
			run = 0
		} else if run++; run == 10 {
			signal(found)
		}
	})
	defer c.OnPacket(nil)
	select {
	case <-found:
		return nil
	case <-c.Done():
		return errors.New("the call ended before it was heard")
	case <-time.After(within):
		return errors.New("not heard")
	}
}

// undisturbed says what of a caller's hearing was missing between two times.
func undisturbed(c *phone.Call, from, to time.Time, longest time.Duration, hz float64) error {
	if gaps := audio.Gaps(c.Heard(), from, to, longest, audio.HasTone(hz, 0.8)); len(gaps) > 0 {
		return fmt.Errorf("%v Hz was not heard for %v", hz, gaps)
	}
	return nil
}

// gone waits for the end of a caller's call.
func (s *scene) gone(c *phone.Call) {
	s.t.Helper()
	select {
	case <-c.Done():
	case <-time.After(10 * time.Second):
		s.t.Fatal("the call goes on")
	}
}

func signal(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
