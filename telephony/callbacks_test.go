package telephony

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"hotline/queue"
	"hotline/telephony/call"
	"hotline/telephony/phone"
)

// promises are callbacks in memory, with one claim at a time.
type promises struct {
	mu     sync.Mutex
	due    []CallbackTask
	owner  map[string]string
	placed map[string]int
	said   []string
	kept   []string // by the newest Extend
	number string
}

func (p *promises) Claim(_ context.Context, owner string, _ time.Duration, most int) ([]CallbackTask, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	var got []CallbackTask
	for len(p.due) > 0 && len(got) < most {
		t := p.due[0]
		p.due = p.due[1:]
		t.Call, p.owner[t.Task] = call.ID(newID()), owner
		got = append(got, t)
	}
	return got, nil
}

func (p *promises) held(task, owner string, f func()) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.owner[task] != owner {
		return ErrClaimLost
	}
	f()
	return nil
}

func (p *promises) Extend(_ context.Context, owner string, _ time.Duration, tasks ...string) (lost []string, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.kept = tasks
	return slices.DeleteFunc(slices.Clone(tasks), func(task string) bool { return p.owner[task] == owner }), nil
}

func (p *promises) Release(_ context.Context, task, owner string) error {
	return p.held(task, owner, func() { p.said = append(p.said, "released") })
}

func (p *promises) Number(_ context.Context, task, owner string) (string, error) {
	return p.number, p.held(task, owner, func() {})
}

func (p *promises) Placed(_ context.Context, task, owner, _ string) error {
	return p.held(task, owner, func() { p.placed[task]++ })
}

func (p *promises) Reached(_ context.Context, task, owner, agent string) error {
	return p.held(task, owner, func() { p.said = append(p.said, "reached by "+agent) })
}

func (p *promises) Failed(_ context.Context, task, owner, _ string, cause int) error {
	return p.held(task, owner, func() { p.said = append(p.said, "failed "+time.Duration(cause).String()) })
}

func (p *promises) GaveUp(_ context.Context, task, owner string) error {
	return p.held(task, owner, func() { p.said = append(p.said, "gave up") })
}

func (p *promises) told() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.said)
}

var errNotAllowed = errors.New("not allowed")

// calling is a controller that calls back, through the endpoint "home".
func (s *scene) calling(p *promises) func(*Config) {
	return func(c *Config) {
		c.Outbound.Callbacks, c.Outbound.RingCaller = p, 3*time.Second
		c.Outbound.Ringing = slices.Repeat([]string{"sound:" + s.node.Sound("prompt")}, 60)
		c.Lines[0].Callback.CallerID = "12355"
		c.Outbound.Dial = func(number string) (string, error) {
			if number != "13800003333" {
				return "", errNotAllowed
			}
			return "PJSIP/" + number + "@home", nil
		}
	}
}

func promised(number string) *promises {
	return &promises{
		owner: map[string]string{}, placed: map[string]int{}, number: number,
		due: []CallbackTask{{Task: "t1", Line: "12355", Place: time.Now().Add(-time.Minute), Tier: queue.TierNormal}},
	}
}

// TestCallback: the counsellor accepts and hears it ring, the telephone shows the neutral number, and both hear each other; it is recorded as any talk.
func TestCallback(t *testing.T) {
	t.Parallel()
	answer := make(chan struct{})
	home := newElsewhere(t, after(answer))
	s := newScene(t, to(way("home", home.Addr())))
	p := promised("13800003333")
	s.start(s.calling(p))
	b := s.sitDown("a1")
	id := s.accepts("a1")
	in := rung(t, home)
	if in.From != "12355" || in.Number != "13800003333" {
		t.Errorf("the telephone shows %q", in.From)
	}
	s.until("the console shows that it rings", func() bool { return s.rows()[id].State == queue.CallHeld && s.rows()[id].Hold == call.HoldDialling })
	b.hears(t, ringHz)
	close(answer)
	c := taken(t, home)
	s.hears(c, counsellorHz)
	b.hears(t, elsewhereHz)
	s.until("it is recorded, and noted", func() bool {
		begun, running := s.tapes.state()
		return len(begun) == 1 && begun[0] == string(id) && running == 1 && slices.Equal(p.told(), []string{"reached by a1"})
	})
	s.hangsUp("a1", id)
	s.gone(c)
	s.until("the ledger has the end", func() bool { return s.books.end(id).Outcome() == call.Answered })
	s.nothingLeft()
}

// TestCallbackNotTaken: busy, silent, not allowed: each ends for the counsellor at once and is said to who keeps the promise.
func TestCallbackNotTaken(t *testing.T) {
	t.Parallel()
	home := newElsewhere(t, func(in *phone.Incoming) bool {
		if in.Number == "13800003333" {
			<-in.Canceled()
		}
		return false
	})
	s := newScene(t, to(way("home", home.Addr())))
	p := promised("13800003333")
	s.start(s.calling(p))
	s.sitDown("a1")
	id := s.accepts("a1")
	rung(t, home)
	s.until("it is noted", func() bool { return slices.Equal(p.told(), []string{"failed 19ns"}) })
	s.until("the call is over", func() bool { return s.rows()[id].ID == "" && s.books.end(id).Outcome() == call.NotReached })

	p.mu.Lock()
	p.number = "10086" // nobody configured that such a number may be called
	p.due = []CallbackTask{{Task: "t2", Line: "12355", Place: time.Now(), Tier: queue.TierNormal}}
	p.mu.Unlock()
	s.ready("a1")
	s.accepts("a1")
	s.until("it is given up", func() bool { return slices.Contains(p.told(), "gave up") })
	if p.placed["t2"] != 0 {
		t.Error("it was dialled")
	}
	s.nothingLeft()
}

// TestCounsellorLetsGoWhileItRings: the telephone stops ringing at once.
func TestCounsellorLetsGoWhileItRings(t *testing.T) {
	t.Parallel()
	home := newElsewhere(t, after(nil))
	s := newScene(t, to(way("home", home.Addr())))
	p := promised("13800003333")
	s.start(s.calling(p), func(c *Config) { c.Outbound.RingCaller = time.Minute })
	b := s.sitDown("a1")
	id := s.accepts("a1")
	in := rung(t, home)
	s.hangsUp("a1", id)
	select {
	case <-in.Canceled():
	case <-time.After(3 * time.Second):
		t.Error("it rings on")
	}
	s.until("it is noted", func() bool { return slices.Equal(p.told(), []string{"failed 16ns"}) })
	_ = b
}

// TestControllerDiesWhileDialling: the telephone rings on, once, and its answer reaches the same counsellor.
func TestControllerDiesWhileDialling(t *testing.T) {
	t.Parallel()
	answer := make(chan struct{})
	home := newElsewhere(t, after(answer))
	s := newScene(t, to(way("home", home.Addr())))
	p := promised("13800003333")
	slow := func(c *Config) { c.Outbound.RingCaller = time.Minute }
	life := s.start(s.calling(p), slow)
	b := s.sitDown("a1")
	s.accepts("a1")
	rung(t, home)
	must(t, life.kill())
	s.start(s.calling(p), slow)
	close(answer)
	c := taken(t, home)
	s.hears(c, counsellorHz)
	b.hears(t, elsewhereHz)
	if p.placed["t1"] != 1 || len(home.rings) != 0 {
		t.Errorf("dialled %d times", p.placed["t1"])
	}
	s.until("it is noted", func() bool { return slices.Equal(p.told(), []string{"reached by a1"}) })
}

// TestClaimsAreKeptTogether, until it is noted what came of them.
func TestClaimsAreKeptTogether(t *testing.T) {
	t.Parallel()
	home := newElsewhere(t, func(*phone.Incoming) bool { return true })
	s := newScene(t, to(way("home", home.Addr())))
	p := promised("13800003333")
	for _, task := range []string{"t2", "t3"} {
		p.due = append(p.due, CallbackTask{Task: task, Line: "12355", Place: time.Now(), Tier: queue.TierNormal})
	}
	s.start(s.calling(p), func(c *Config) { c.Outbound.Claim = 400 * time.Millisecond })
	keeps := func(tasks ...string) func() bool {
		return func() bool {
			p.mu.Lock()
			defer p.mu.Unlock()
			return slices.Equal(p.kept, tasks)
		}
	}
	s.until("all claims are kept", keeps("t1", "t2", "t3"))
	s.sitDown("a1")
	s.accepts("a1")
	c := taken(t, home)
	s.until("that of who was reached is not kept any more", keeps("t2", "t3"))
	s.hears(c, counsellorHz)
}

// TestPickedUpWhileTheCounsellorIsLost: who has picked up by then is not hung up on, but hears hold audio until the counsellor is back.
func TestPickedUpWhileTheCounsellorIsLost(t *testing.T) {
	t.Parallel()
	answer := make(chan struct{})
	home := newElsewhere(t, after(answer))
	s := newScene(t, to(way("home", home.Addr())))
	p := promised("13800003333")
	life := s.start(s.calling(p))
	b := s.sitDown("a1")
	id := s.accepts("a1")
	rung(t, home)
	look := s.client("hotline-look")
	_, ok := onLoop(life.Controller, func() bool { // Asterisk's word of the answer waits behind it
		a := life.calls[id]
		close(answer)
		for up := false; !up && t.Context().Err() == nil; {
			ch, err := look.ChannelGet(t.Context(), outChannel(id, 1))
			up = err == nil && ch.State == stateUp
		}
		for _, l := range life.legs {
			if l.Agent == "a1" {
				a.post(call.LegLost{At: now(), Leg: l.ID})
			}
		}
		return true
	})
	if !ok {
		t.Fatal("the controller ended")
	}
	c := taken(t, home)
	s.hears(c, counsellorHz)
	b.hears(t, elsewhereHz)
	for _, packet := range c.Heard() {
		if holdTone(packet) {
			s.until("it is noted", func() bool { return slices.Equal(p.told(), []string{"reached by a1"}) })
			return
		}
	}
	t.Error("it heard no hold audio, and so was not picked up while the counsellor was away")
}
