package telephony

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"hotline/audio"
	"hotline/queue"
	"hotline/telephony/ari"
	"hotline/telephony/ari/asterisktest"
	"hotline/telephony/call"
	"hotline/telephony/phone"
)

// process is a controller process among several, on the scene's Asterisk.
type process struct {
	*Fleet
	kill func() error // ends it without a goodbye to anybody, and tells what Run returned
}

// presenceIn tests: short, so that a death is noticed soon.
const presenceIn = 900 * time.Millisecond

func (s *scene) process(owner string, edits ...func(*FleetConfig)) *process {
	s.t.Helper()
	q, _ := s.index()
	cfg := FleetConfig{Owner: owner, Nodes: []string{"node-1"}, Lines: []Line{s.line("12355")}, Presence: presenceIn}
	cfg.Make = func(owner, node string, lines []Line, bonds Bonds) (*Controller, func(), error) {
		log := testLog(s.t).With("process", cfg.Owner, "owner", owner)
		client, err := ari.New(ari.Config{URL: s.node.ARI, User: asterisktest.User, Password: asterisktest.Password, App: App(owner)}, log, nil)
		if err != nil {
			return nil, nil, err
		}
		c, err := New(Config{ID: owner, Node: node, Lines: lines, Bonds: bonds, Lease: presenceIn, ReturnWait: 5 * time.Second},
			client, q, s.books, []Gateway{s.gateway}, log, prometheus.NewRegistry(), nil)
		return c, client.Close, err
	}
	for _, edit := range edits {
		edit(&cfg)
	}
	f, err := NewFleet(cfg, q, testLog(s.t), prometheus.NewRegistry())
	must(s.t, err)
	ctx, cancel := context.WithCancel(context.Background())
	ran := make(chan error, 1)
	go func() { ran <- f.Run(ctx) }()
	p := &process{Fleet: f, kill: sync.OnceValue(func() error {
		cancel()
		return <-ran
	})}
	s.t.Cleanup(func() { _ = p.kill() })
	s.until(owner+" claims calls", func() bool { return f.Ready() == nil })
	return p
}

// calls of this process, those of dead peers included.
func (p *process) calls() int { return p.share.load() }

// TestPeerTakesOver: a controller dies with a talk, two who wait, one who gives up unseen, and a wish that it did not hear. A peer has all of it within
// seconds; nothing of it is heard. The dead one's next life has it back.
func TestPeerTakesOver(t *testing.T) { // not beside others: it measures
	s := newScene(t)
	first := s.process("controller-1")
	talking, talk, b := s.talk("a1")
	second, secondID := s.waiting()
	third, thirdID := s.waiting()
	gaveUp, gaveUpID := s.waiting()
	peer := s.process("controller-2")
	time.Sleep(2 * presenceIn) // long enough to judge others

	from := time.Now()
	must(t, first.kill())
	must(t, gaveUp.Hangup(t.Context()))
	s.until("the peer has the three, and who gave up is forgotten", func() bool {
		rows := s.rows()
		return peer.calls() == 3 && len(rows) == 3 && rows[gaveUpID].ID == "" && rows[talk].State == queue.CallTalking
	})
	t.Logf("taken over after %v, with a presence of %v", time.Since(from).Round(time.Millisecond), presenceIn)
	if !peer.Serves("controller-1", "node-1") || !peer.Serves("controller-2", "node-1") || peer.Serves("controller-1", "node-2") {
		t.Error("the peer does not say for whom it acts")
	}
	s.hears(talking, counsellorHz)
	b.hears(t, callerHz)
	s.undisturbedTalk(talking, b, from)
	for _, c := range []*phone.Call{second, third} {
		if err := undisturbed(c, from, time.Now().Add(-100*time.Millisecond), 500*time.Millisecond, asterisktest.HoldHz); err != nil {
			t.Errorf("a caller who waits: %v", err)
		}
	}
	if begun, running := s.tapes.state(); len(begun) != 1 || running != 1 {
		t.Errorf("recordings %v begun, %d run; want the one that the first life began", begun, running)
	}
	fresh, _ := s.waiting() // new calls are the peer's own
	if n := peer.calls(); n != 4 {
		t.Errorf("the peer has %d calls", n)
	}
	s.hangsUp("a1", talk) // wishes reach who acts for the dead one
	s.gone(talking)
	s.until("the next is offered", func() bool { return s.rows()[secondID].State == queue.CallOffered })

	back := time.Now()
	again := s.process("controller-1")
	s.until("its next life has the calls back", func() bool { return again.calls() == 2 && peer.calls() == 1 })
	t.Logf("given back after %v", time.Since(back).Round(time.Millisecond))
	s.until("the peer has nothing to do with it any more", func() bool { return !peer.Serves("controller-1", "node-1") })
	if got := s.accepts("a1"); got != secondID {
		t.Errorf("accepted %s, want %s", got, secondID)
	}
	s.hears(second, counsellorHz)
	s.hangsUp("a1", secondID)
	s.gone(second)
	s.until("order is kept", func() bool { return s.rows()[thirdID].State == queue.CallOffered })
	must(t, fresh.Hangup(t.Context()))
	if n := testutil.ToFloat64(peer.count); n != 1 {
		t.Errorf("the peer took over %v times", n)
	}
	s.onceEach(talk, secondID)
}

// undisturbedTalk fails when the counsellor's voice had a gap.
func (s *scene) undisturbedTalk(c *phone.Call, b *browser, from time.Time) {
	s.t.Helper()
	to := time.Now()
	time.Sleep(100 * time.Millisecond) // what was on its way must be heard before it is judged
	gaps := audio.Gaps(c.Heard(), from, to, 60*time.Millisecond, audio.HasTone(counsellorHz, 0.8))
	if gaps = audio.Beyond(gaps, b.stalled(), 60*time.Millisecond); len(gaps) > 0 {
		s.t.Errorf("the talk was disturbed: %v", gaps)
	}
}

// onceEach fails when a call was not ended exactly once.
func (s *scene) onceEach(ids ...call.ID) {
	s.t.Helper()
	s.books.mu.Lock()
	defer s.books.mu.Unlock()
	for _, id := range ids {
		if c := s.books.closed[id]; c.EndedBy != call.ByAgent {
			s.t.Errorf("call %s: ended by %q", id, c.EndedBy)
		}
	}
}

// TestOnlyOnePeerTakesOver, and the next one when it dies, too.
func TestOnlyOnePeerTakesOver(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	first := s.process("controller-1")
	c, _ := s.waiting()
	peers := []*process{s.process("controller-2"), s.process("controller-3")}
	time.Sleep(2 * presenceIn)
	must(t, first.kill())
	s.until("one has the call", func() bool { return peers[0].calls()+peers[1].calls() == 1 })
	heir, other := peers[0], peers[1]
	if other.calls() == 1 {
		heir, other = other, heir
	}
	must(t, heir.kill())
	s.until("the other has it", func() bool { return other.calls() == 1 && other.Serves("controller-1", "node-1") })
	s.hears(c, asterisktest.HoldHz)
}

// TestSilenceOfRedisIsNoDeath: without a witness nobody is taken for dead, and everybody has all the time again when it is back.
func TestSilenceOfRedisIsNoDeath(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	one, two := s.process("controller-1"), s.process("controller-2")
	c, _ := s.waiting()
	time.Sleep(2 * presenceIn)
	s.redis.Kill()
	time.Sleep(2 * presenceIn)
	s.redis.Restart(t)
	s.until("both are heard of again", func() bool {
		s.hears(c, asterisktest.HoldHz)
		return one.heardLately() && two.heardLately()
	})
	time.Sleep(2 * presenceIn)
	if n := testutil.ToFloat64(one.count) + testutil.ToFloat64(two.count); n != 0 {
		t.Errorf("taken over %v times", n)
	}
	if n := one.calls() + two.calls(); n != 1 {
		t.Errorf("%d calls", n)
	}
}

func (p *process) heardLately() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return time.Since(p.heard) < presenceIn/2
}

// TestDepartureIsNoDeath: a controller that drained is not taken over, and what it left in Asterisk is nobody's.
func TestDepartureIsNoDeath(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	first, peer := s.process("controller-1"), s.process("controller-2")
	<-first.Drain()
	must(t, first.kill())
	time.Sleep(3 * presenceIn)
	if n := testutil.ToFloat64(peer.count); n != 0 {
		t.Errorf("taken over %v times", n)
	}
	peer.claimed("controller-1")
	peer.mu.Lock()
	defer peer.mu.Unlock()
	if peer.unclaimed["controller-1"].IsZero() {
		t.Error("the peer thinks that somebody answers for it")
	}
}

// TestThingsOfNobodyAreTakenAway, but not from under a caller.
func TestThingsOfNobodyAreTakenAway(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	gone := names{"controller-9"}
	other := s.client("hotline-controller-9")
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- other.Run(ctx) }()
	s.until("its application is there", func() bool { ok, err := other.Connected(t.Context(), "hotline-controller-9"); return ok && err == nil })
	must(t, other.CreateHold(t.Context(), gone.hold("12355"), "12355", "hold"))
	must(t, other.CreateBridge(t.Context(), gone.leg("L1"), "mixing", "a9"))
	r := s.start(func(c *Config) { c.Bonds.claimed = func(owner string) bool { return owner != "controller-9" } })
	c, _ := s.waiting()
	b, err := other.Bridges(t.Context())
	must(t, err)
	if len(b) == 0 {
		t.Fatal("no bridges")
	}
	r.do(func() { r.resyncSoon(false) })
	s.until("its things are gone", func() bool {
		bridges, err := other.Bridges(t.Context())
		if err != nil {
			return false
		}
		for _, b := range bridges {
			if ownerOf(b.ID) == "controller-9" {
				return false
			}
		}
		return true
	})
	s.hears(c, asterisktest.HoldHz)
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// TestWokenSelfActsOnNothing: a controller that slept sends nothing before it is known whose the calls are, and nothing at all when a peer has them.
func TestWokenSelfActsOnNothing(t *testing.T) {
	var mu sync.Mutex
	var sent []string
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		if r.Method != http.MethodGet {
			sent = append(sent, r.Method+" "+r.URL.Path)
		}
		w.WriteHeader(http.StatusNoContent)
	}))
	defer srv.Close()
	c := newIdle(t, srv.URL)
	c.fence.ttl = presenceIn
	superseded := true
	c.fence.confirm = func(context.Context) error {
		if superseded {
			return ErrSuperseded
		}
		return nil
	}
	c.fence.queue = answering{}
	c.ctx = c.fence.acting(t.Context(), itself)
	a := newTestActor(c, call.Talking)

	c.fence.mu.Lock()
	c.fence.tick = time.Now().Add(-time.Minute) // asleep
	c.fence.mu.Unlock()
	act := func() {
		var tasks sync.WaitGroup
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		defer cancel()
		for _, f := range []func(ctx context.Context){
			func(ctx context.Context) { _ = c.ari.Hangup(c.fence.acting(ctx, a.id), "channel-1", "normal") },
			func(ctx context.Context) { _, _ = c.ari.Claim(c.fence.acting(ctx, itself), "channel-2") },
			func(ctx context.Context) {
				_ = again(c.fence.acting(ctx, a.id), 0, func(context.Context) (bool, error) {
					mu.Lock()
					defer mu.Unlock()
					sent = append(sent, "a lane")
					return true, nil
				})
			},
		} {
			tasks.Go(func() { f(ctx) })
		}
		tasks.Wait()
	}
	act()
	c.fence.renew(t.Context()) // Redis answers, but somebody else is the owner now
	act()
	if len(sent) != 0 {
		t.Fatalf("a controller that has no say in it any more sent %v", sent)
	}
	superseded = false
	c.fence.renew(t.Context())
	act()
	if len(sent) != 3 {
		t.Errorf("a controller that only slept sent %v", sent)
	}
}

// answering is a Redis in which all leases are as they were.
type answering struct{ leases }

func (answering) Renew(context.Context, []queue.Lease, time.Duration) ([]queue.CallID, error) {
	return nil, nil
}

// witness is a Redis as a fleet sees it, without one.
type witness struct {
	peers []queue.Peer
	err   error
	taken []string
}

func (w *witness) Attend(context.Context, queue.Peer, time.Duration, bool) ([]queue.Peer, error) {
	return w.peers, w.err
}

func (w *witness) Adopt(_ context.Context, dead, _ queue.Peer) error {
	w.taken = append(w.taken, dead.Owner+"/"+dead.Life)
	return queue.ErrFenced
}

func (w *witness) Depart(context.Context, queue.Peer) error { return nil }

// TestWhoIsTakenForDead, told by what Redis says and for how long it has said so.
func TestWhoIsTakenForDead(t *testing.T) {
	const presence = 3 * time.Second
	dead := queue.Peer{Owner: "controller-1", Life: "l1", Over: true}
	for name, tt := range map[string]struct {
		steady time.Duration
		peer   queue.Peer
		done   string
		want   int
	}{
		"over":                            {presence, dead, "", 1},
		"over, but Redis was away lately": {presence / 2, dead, "", 0},
		"alive":                           {presence, queue.Peer{Owner: "controller-1", Life: "l1"}, "", 0},
		"taken over by another":           {presence, queue.Peer{Owner: "controller-1", Life: "l1", Over: true, By: "controller-3"}, "", 0},
		"this life was given back once":   {presence, dead, "l1", 0},
		"its next life":                   {presence, dead, "l0", 1},
	} {
		t.Run(name, func(t *testing.T) {
			c := newIdle(t, "http://127.0.0.1:9/ari")
			w := &witness{peers: []queue.Peer{tt.peer}}
			f, err := newFleet(FleetConfig{Owner: "controller-2", Nodes: []string{"node-1"}, Presence: presence, Make: func(string, string, []Line, Bonds) (*Controller, func(), error) {
				return c, func() {}, nil
			}}, w, slog.New(slog.DiscardHandler), prometheus.NewRegistry())
			must(t, err)
			must(t, f.attend(t.Context()))
			f.steady = f.heard.Add(-tt.steady)
			if tt.done != "" {
				f.done["controller-1"] = tt.done
			}
			f.inherit(t.Context())
			if len(w.taken) != tt.want {
				t.Errorf("taken over: %v", w.taken)
			}
			w.err = queue.ErrFenced
			if err := f.attend(t.Context()); !errors.Is(err, ErrSuperseded) {
				t.Errorf("%v", err)
			}
		})
	}
}
