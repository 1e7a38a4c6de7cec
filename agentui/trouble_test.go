package agentui

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"hotline/agentui/protocol"
	"hotline/queue"
	"hotline/test/ports"
)

const toldWithin = time.Second // of a fault

func (g *view) wantTrouble(want ...protocol.Trouble) {
	g.p.s.t.Helper()
	g.until("trouble as wanted", func() bool { return g.trouble != nil && slices.Equal(g.trouble, want) })
}

// inTime complains when a fault was told too late; the race detector and a busy machine get as much again.
func (s *site) inTime(since time.Time) {
	s.t.Helper()
	if took := time.Since(since); took > 2*toldWithin {
		s.t.Errorf("told after %s", took)
	}
}

func TestRedisIsAwayAndTheWishIsKept(t *testing.T) {
	s := newSite(t, nil)
	p := s.login("agent1")
	g, b, admin := p.enter(""), s.login("supervisor1").enter(""), s.login("admin1").enter("")
	g.headset()
	for _, each := range []*view{g, b, admin} {
		each.wantTrouble()
	}
	gone := time.Now()
	s.redis.Kill()
	for _, each := range []*view{g, b, admin} {
		each.wantTrouble(protocol.TroubleQueue)
	}
	s.inTime(gone)
	g.must("ready", nil) // Available is no dead button
	g.until("the wish", func() bool { return g.self.WantsReady && g.self.State == "not_ready" })
	g.must("not_ready", map[string]any{"reason": "break"}) // and can be taken back
	g.until("no wish", func() bool { return !g.self.WantsReady })
	if a := g.ask("not_ready", map[string]any{"reason": "break"}); a.Code != "unavailable" {
		t.Errorf("what cannot be done: %+v", a)
	}
	g.must("ready", nil)
	g.until("the wish again", func() bool { return g.self.WantsReady })
	s.redis.Restart(t)
	g.until("available by itself", func() bool { return g.self.State == "available" && !g.self.WantsReady })
	for _, each := range []*view{g, b, admin} {
		each.wantTrouble()
	}
	s.call(queue.TierNormal)
	g.until("an offer", func() bool { return g.self.Offer != nil })
}

func TestWhoComesWhileRedisIsAwayLearnsItAndIsAvailableAfterwards(t *testing.T) {
	s := newSite(t, nil)
	p := s.login("agent1")
	s.redis.Kill()
	g := p.enter("")
	if self := g.snap(); self.State != "offline" {
		t.Errorf("self %+v", self)
	}
	g.wantTrouble(protocol.TroubleQueue)
	g.must("ready", nil)
	g.headset()
	g.until("the wish", func() bool { return g.self.WantsReady && g.self.State == "offline" })
	s.redis.Restart(t)
	g.state(queue.AgentAvailable)
	g.wantTrouble()
}

func TestARedisThatHangsIsTroubleThoughTheDeskWaitsForIt(t *testing.T) {
	s := newSite(t, nil)
	g := s.login("agent1").enter("")
	g.headset()
	hung := time.Now()
	s.redis.Pause()
	g.lastID++
	g.send(`{"type":"not_ready","id":1000,"reason":"break"}`) // the desk is busy with it for as long as a request may take
	g.wantTrouble(protocol.TroubleQueue)
	s.inTime(hung)
	g.must("ready", nil)
	s.redis.Resume()
	g.wantTrouble()
	g.state(queue.AgentAvailable)
}

func TestARedisThatRefusesChangesIsTrouble(t *testing.T) {
	s := newSite(t, nil)
	g := s.login("agent1").enter("")
	g.headset()
	rdb := s.redisClient()
	set := func(replicas string) {
		if err := rdb.ConfigSet(t.Context(), "min-replicas-to-write", replicas).Err(); err != nil {
			t.Fatal(err)
		}
	}
	set("1") // a replica is missing: it answers, reads and pings as ever
	g.wantTrouble(protocol.TroubleQueue)
	g.must("ready", nil)
	g.until("the wish", func() bool { return g.self.WantsReady })
	set("0")
	g.wantTrouble()
	g.state(queue.AgentAvailable)
}

// refusing is a queue that takes everything but sign-ins.
type refusing struct {
	*queue.Queue
	refuse atomic.Bool
}

func (r *refusing) SignIn(ctx context.Context, req queue.RequestID, a queue.Agent) (queue.Agent, error) {
	if r.refuse.Load() {
		return queue.Agent{}, errors.New("refused by the test")
	}
	return r.Queue.SignIn(ctx, req, a)
}

func TestAPersonWhomTheQueueRefusesLearnsIt(t *testing.T) {
	s := newSite(t, nil)
	s.halt()
	q := &refusing{Queue: s.queue}
	q.refuse.Store(true)
	s.index = q
	s.start(ports.Address(t))
	g, b := s.login("agent1").enter(""), s.login("supervisor1").enter("")
	g.wantTrouble(protocol.TroubleQueue)
	g.headset()
	g.must("ready", nil)
	b.wantTrouble() // nobody else's trouble
	q.refuse.Store(false)
	g.wantTrouble()
	g.state(queue.AgentAvailable)
}

func TestNoGatewayIsTroubleForThoseWhoTakeCalls(t *testing.T) {
	s := newSite(t, nil)
	g, b, admin := s.login("agent1").enter(""), s.login("supervisor1").enter(""), s.login("admin1").enter("")
	g.available()
	gone := time.Now()
	s.gateway.leave()
	for _, each := range []*view{g, b} {
		each.wantTrouble(protocol.TroubleGateway)
	}
	s.inTime(gone)
	g.until("the wish", func() bool { return g.self.WantsReady && g.self.State == "not_ready" })
	if a := g.ask("leg", map[string]any{"offer": "v=0"}); a.Code != "no_gateway" {
		t.Errorf("a leg: %+v", a)
	}
	s.redis.Kill()
	g.wantTrouble(protocol.TroubleQueue, protocol.TroubleGateway)
	admin.wantTrouble(protocol.TroubleQueue)
	s.gateway.back()
	g.wantTrouble(protocol.TroubleQueue)
	g.headset()
	s.redis.Restart(t)
	g.wantTrouble()
	admin.wantTrouble()
	g.state(queue.AgentAvailable)
}

func TestAConsoleWithoutAGatewaySaysSoFromTheFirstSnapshotOnWhenItHasWaitedForIt(t *testing.T) {
	s := newSite(t, nil)
	s.gateway.leave()
	s.halt()
	s.start(ports.Address(t))
	g := s.login("agent1").enter("")
	g.wantTrouble(protocol.TroubleGateway)
	if h := s.login("agent2").enter(""); !slices.Equal(h.trouble, []protocol.Trouble{protocol.TroubleGateway}) {
		t.Errorf("first snapshot: %v", h.trouble)
	}
	s.gateway.back()
	g.wantTrouble()
}

func TestTroubleInTheOutbox(t *testing.T) {
	o := newOutbox(100, 100, func() {})
	take := func() (all []string) {
		frames, _, err := o.take(time.UnixMilli(1700000000000))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range frames {
			all = append(all, string(f))
		}
		return all
	}
	both := []protocol.Trouble{protocol.TroubleQueue, protocol.TroubleGateway}
	o.tellTrouble(both)
	if frames := take(); len(frames) != 0 {
		t.Fatalf("before the first snapshot: %s", frames)
	}
	o.snapshot(protocol.NewSnapshot(1, protocol.Self{}, nil))
	if frames := take(); len(frames) != 1 || !strings.Contains(frames[0], `"trouble":["queue","gateway"]`) {
		t.Fatalf("snapshot: %s", frames)
	}
	o.tellTrouble(both)
	o.tellRefused(true)
	if frames := take(); len(frames) != 0 {
		t.Errorf("nothing new: %s", frames)
	}
	o.tellTrouble(both[1:]) // the person is refused still
	if frames := take(); len(frames) != 0 {
		t.Errorf("nothing new for this person: %s", frames)
	}
	o.tellTrouble(nil)
	o.tellRefused(false)
	frames := take()
	var c struct {
		Trouble []protocol.Trouble
		Seq     int64
	}
	if len(frames) != 1 || json.Unmarshal([]byte(frames[0]), &c) != nil || c.Trouble == nil || len(c.Trouble) != 0 || c.Seq != 1 {
		t.Errorf("all is well: %s", frames)
	}
	o.change(func(p *pending) { p.self = &protocol.Self{} })
	if frames := take(); len(frames) != 1 || strings.Contains(frames[0], "trouble") {
		t.Errorf("a change of other things: %s", frames)
	}
}
