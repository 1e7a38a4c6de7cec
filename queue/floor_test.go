package queue

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"hotline/queue/queuetest"
)

// calledForHelp: a1 talks with c1 and asked for help.
func calledForHelp(d *desk) {
	agentStates()[AgentTalking](d)
	d.must(second(d.SOS(context.Background(), d.req(), "a1", "s", "c1")))
}

func (d *desk) assign(call CallID, to AgentID) Call {
	d.t.Helper()
	c, err := d.Assign(context.Background(), d.req(), call, to, "boss")
	d.must(err)
	return c
}

// TestAssign: the caller goes to that agent as soon as free, before others, whatever the skills; a more urgent one still goes first.
func TestAssign(t *testing.T) {
	ctx := context.Background()
	rdb := queuetest.Open(t)
	t.Run("before others, whatever the skills", func(t *testing.T) {
		d := newDesk(t, rdb, Config{})
		d.signIn("a1", nil)
		d.caller("c0", TierNormal, nil)
		d.caller("c1", TierFollowUp, nil)
		d.pass(time.Minute)
		d.caller("c2", TierNormal, Skills{"youth": 5})
		d.assign("c2", "a1")
		if a := d.ready("a1"); a.Call != "c2" {
			t.Errorf("offered %q", a.Call)
		}
	})
	for _, tier := range []Tier{TierRed, TierReturning} {
		t.Run("behind "+string(tier), func(t *testing.T) {
			d := newDesk(t, rdb, Config{})
			d.signIn("a1", nil)
			d.caller("c1", TierNormal, nil)
			d.assign("c1", "a1")
			d.pass(time.Minute)
			d.caller("c2", tier, nil)
			if a := d.ready("a1"); a.Call != "c2" {
				t.Errorf("offered %q", a.Call)
			}
		})
	}
	t.Run("waits for a busy agent, for a bounded time", func(t *testing.T) {
		d := newDesk(t, rdb, Config{Patience: 3 * time.Minute})
		agentStates()[AgentTalking](d)
		d.caller("c2", TierNormal, nil)
		if c := d.assign("c2", "a1"); c.Only != "a1" || !c.AssignedUntil.Equal(d.time().Add(3*time.Minute)) {
			t.Errorf("%+v", c)
		}
		d.available("a2", nil)
		if c := d.call("c2"); c.State != CallWaiting {
			t.Fatalf("%+v", c)
		}
		d.pass(3 * time.Minute)
		d.sweep()
		if c := d.call("c2"); c.Agent != "a2" || c.Assigned != "a1" {
			t.Errorf("not open to everybody: %+v", c)
		}
		d.must(d.Decline(ctx, d.req(), d.call("c2").Offer, "a2", "s"))
		d.must(d.End(ctx, d.req(), "c1", EndAnswered))
		d.pass(time.Minute)
		d.sweep()
		if a := d.agent("a1"); a.Call != "c2" {
			t.Errorf("the assignment outlasts the patience: %+v", a)
		}
	})
	t.Run("a red caller stays open to everybody", func(t *testing.T) {
		d := newDesk(t, rdb, Config{})
		agentStates()[AgentTalking](d)
		d.caller("c2", TierRed, nil)
		d.assign("c2", "a1")
		if a := d.available("a2", nil); a.Call != "c2" {
			t.Errorf("%+v", a)
		}
	})
	t.Run("raised while assigned: open to everybody", func(t *testing.T) {
		d := newDesk(t, rdb, Config{})
		agentStates()[AgentTalking](d)
		d.caller("c2", TierNormal, nil)
		d.assign("c2", "a1")
		d.available("a2", nil)
		d.must(second(d.Raise(ctx, d.req(), "c2", TierRed, true)))
		if a := d.agent("a2"); a.Call != "c2" {
			t.Errorf("%+v", a)
		}
	})
	leaves := map[string]func(d *desk) error{
		"signs out":  func(d *desk) error { return d.SignOut(ctx, d.req(), "a1", "s") },
		"not ready":  func(d *desk) error { return second(d.NotReady(ctx, d.req(), "a1", "s", "meal")) },
		"taken back": func(d *desk) error { return second(d.Assign(ctx, d.req(), "c2", "", "boss")) },
	}
	for name, leave := range leaves {
		t.Run("the place stays: "+name, func(t *testing.T) {
			d := newDesk(t, rdb, Config{})
			agentStates()[AgentWrapUp](d)
			d.caller("c2", TierNormal, nil)
			d.pass(time.Second)
			d.caller("c3", TierNormal, nil)
			d.assign("c2", "a1")
			d.must(leave(d))
			if s := d.snapshot(); s.Calls[0].ID != "c2" || (s.Calls[0].Assigned != "") != (name == "not ready") || s.Calls[0].Only != "" {
				t.Errorf("%+v", s.Calls)
			}
			if a := d.available("a2", nil); a.Call != "c2" {
				t.Errorf("%+v", a)
			}
		})
	}
	t.Run("refused", func(t *testing.T) {
		d := newDesk(t, rdb, Config{})
		besideTalk(d)
		d.greeted("c2", TierNormal, nil)
		for want, got := range map[error]error{
			ErrWrongState: second(d.Assign(ctx, d.req(), "c1", "a2", "boss")), ErrNoAgent: second(d.Assign(ctx, d.req(), "c2", "a9", "boss")),
			ErrNoCall: second(d.Assign(ctx, d.req(), "c9", "a2", "boss")),
		} {
			if !errors.Is(got, want) {
				t.Errorf("%v, want %v", got, want)
			}
		}
	})
}

// TestMoveUp: to the head of the tier, never before a more urgent caller.
func TestMoveUp(t *testing.T) {
	ctx := context.Background()
	d := newDesk(t, queuetest.Open(t), Config{})
	d.caller("old", TierNormal, nil)
	d.pass(12 * time.Minute)
	d.caller("red", TierRed, nil)
	d.caller("follow", TierFollowUp, nil) // behind old, who waits for 12 min, and before everybody else
	d.pass(time.Second)
	d.caller("second", TierNormal, nil)
	d.pass(time.Second)
	d.caller("last", TierNormal, nil)
	order := func() (ids []CallID) {
		for _, c := range d.snapshot().Calls {
			ids = append(ids, c.ID)
		}
		return ids
	}
	for _, step := range []struct {
		who  CallID
		want string
	}{
		{"last", "[red old follow last second]"}, {"last", "[red old follow last second]"}, {"old", "[red old follow last second]"},
		{"follow", "[red old follow last second]"}, {"red", "[red old follow last second]"}, {"second", "[red old follow second last]"},
	} {
		d.must(second(d.MoveUp(ctx, d.req(), step.who, "boss")))
		if got := fmt.Sprint(order()); got != step.want {
			t.Errorf("%s moved up: %s, want %s", step.who, got, step.want)
		}
	}
	d.must(d.End(ctx, d.req(), "follow", EndAbandoned))
	d.must(second(d.MoveUp(ctx, d.req(), "last", "boss")))
	if got := fmt.Sprint(order()); got != "[red last old second]" {
		t.Error(got)
	}
	d.greeted("new", TierNormal, nil)
	if err := second(d.MoveUp(ctx, d.req(), "new", "boss")); !errors.Is(err, ErrWrongState) {
		t.Error(err)
	}
}

func TestForce(t *testing.T) {
	ctx := context.Background()
	rdb := queuetest.Open(t)
	const ok = "ok"
	tests := map[AgentState]map[AgentState][2]string{ // by state, then what is forced: the answer, and the reason afterwards
		AgentOffline:   {AgentAvailable: {ErrNoAgent.Error(), ""}, AgentNotReady: {ErrNoAgent.Error(), ""}},
		AgentNotReady:  {AgentAvailable: {ok, ""}, AgentNotReady: {ok, ReasonSignedIn}},
		AgentAvailable: {AgentAvailable: {ok, ""}, AgentNotReady: {ok, ReasonForced}},
		AgentReserved:  {AgentAvailable: {ErrAgentBusy.Error(), ""}, AgentNotReady: {ErrAgentBusy.Error(), ""}},
		AgentTalking:   {AgentAvailable: {ErrAgentBusy.Error(), ""}, AgentNotReady: {ErrAgentBusy.Error(), ""}},
		AgentWrapUp:    {AgentAvailable: {ok, ""}, AgentNotReady: {ok, ReasonForced}},
	}
	for state, prepare := range agentStates() {
		for to, want := range tests[state] {
			t.Run(string(state)+" to "+string(to), func(t *testing.T) {
				d := newDesk(t, rdb, Config{})
				prepare(d)
				got := word(second(d.Force(ctx, d.req(), "a1", to, "boss")))
				queuetest.Check(t, rdb, "site")
				if a := d.agent("a1"); got != want[0] || a.Reason != want[1] || got == ok && a.State != to {
					t.Errorf("%s, %+v", got, a)
				}
			})
		}
	}
	t.Run("an empty chair", func(t *testing.T) {
		d := newDesk(t, rdb, Config{})
		d.available("a1", nil)
		d.must(d.Away(ctx, d.req(), "a1", "s"))
		if err := second(d.Force(ctx, d.req(), "a1", AgentAvailable, "boss")); !errors.Is(err, ErrWrongState) {
			t.Error(err)
		}
	})
	if err := second(newDesk(t, rdb, Config{}).Force(ctx, "r", "a1", AgentTalking, "boss")); !errors.Is(err, ErrInvalid) {
		t.Error(err)
	}
}

// TestSOS: a call for help outlasts the call, the session, a loss of Redis, and signing out; only EndSOS ends it.
func TestSOS(t *testing.T) {
	ctx := context.Background()
	rdb := queuetest.Open(t)
	d := newDesk(t, rdb, Config{})
	calledForHelp(d)
	asked := d.time()
	d.pass(time.Second)
	d.must(second(d.SOS(ctx, d.req(), "a1", "s", "c1")))
	still := func(when string, acked bool) {
		t.Helper()
		if s := d.agent("a1").SOS; s == nil || !s.At.Equal(asked) || s.Call != "c1" || (s.AckBy == "boss") != acked {
			t.Fatalf("%s: %+v", when, s)
		}
	}
	still("asked twice", false)
	d.must(second(d.AckSOS(ctx, d.req(), "a1", "boss")))
	d.must(second(d.AckSOS(ctx, d.req(), "a1", "other")))
	still("acknowledged twice", true)
	d.must(d.End(ctx, d.req(), "c1", EndAnswered))
	still("after the call", true)
	row := d.agent("a1")
	if err := queuetest.Empty(ctx, rdb); err != nil {
		t.Fatal(err)
	}
	d.must(d.RestoreAgent(ctx, d.req(), row))
	still("after a loss", true)
	d.must(d.SignOut(ctx, d.req(), "a1", "s"))
	still("signed out", true)
	for name, err := range map[string]error{
		"ready": second(d.Ready(ctx, d.req(), "a1", "")), "sos": second(d.SOS(ctx, d.req(), "a1", "", "")),
		"assist": second(d.Assist(ctx, d.req(), "c1", "a1")), "force": second(d.Force(ctx, d.req(), "a1", AgentAvailable, "boss")),
	} {
		if !errors.Is(err, ErrNoAgent) {
			t.Errorf("%s of who signed out: %v", name, err)
		}
	}
	row = d.agent("a1")
	if row.State != AgentOffline || row.Session != "" || row.Console != "" {
		t.Errorf("%+v", row)
	}
	if err := queuetest.Empty(ctx, rdb); err != nil {
		t.Fatal(err)
	}
	d.must(d.RestoreAgent(ctx, d.req(), row))
	still("signed out, and after a loss", true)
	d.signIn("a1", nil)
	still("signed in again", true)
	d.pass(time.Second)
	asked = d.time()
	d.must(second(d.SOS(ctx, d.req(), "a1", "s", "c1")))
	still("asked anew", false)
	d.must(d.SignOut(ctx, d.req(), "a1", "s"))
	after := d.snapshot().After
	d.must(second(d.EndSOS(ctx, d.req(), "a1", "boss")))
	if got := fmt.Sprint(d.happened(after)); got != "[agent_gone a1 offline]" {
		t.Error(got)
	}
	if err := second(d.AckSOS(ctx, d.req(), "a1", "boss")); !errors.Is(err, ErrNoAgent) {
		t.Error(err)
	}
	d.signIn("a1", nil)
	if err := second(d.AckSOS(ctx, d.req(), "a1", "boss")); !errors.Is(err, ErrWrongState) {
		t.Error(err)
	}
	if err := second(d.SOS(ctx, d.req(), "a1", "old", "")); !errors.Is(err, ErrFenced) {
		t.Error(err)
	}
}

// TestExtendWrapUp: never longer than the most, from the beginning of the wrap-up.
func TestExtendWrapUp(t *testing.T) {
	ctx := context.Background()
	d := newDesk(t, queuetest.Open(t), Config{WrapUp: time.Minute, WrapMost: 4 * time.Minute})
	agentStates()[AgentWrapUp](d)
	began := d.time()
	for _, want := range []time.Duration{3 * time.Minute, 4 * time.Minute, 4 * time.Minute} {
		a, err := d.ExtendWrapUp(ctx, d.req(), "a1", "s", 2*time.Minute)
		d.must(err)
		if !a.Until.Equal(began.Add(want)) {
			t.Errorf("until %v, want %s", a.Until.Sub(began), want)
		}
	}
	d.pass(4 * time.Minute)
	d.sweep()
	for want, got := range map[error]error{
		ErrWrongState: second(d.ExtendWrapUp(ctx, d.req(), "a1", "s", time.Minute)), ErrFenced: second(d.ExtendWrapUp(ctx, d.req(), "a1", "old", time.Minute)),
		ErrNoAgent: second(d.ExtendWrapUp(ctx, d.req(), "a9", "s", time.Minute)), ErrInvalid: second(d.ExtendWrapUp(ctx, d.req(), "a1", "s", 0)),
	} {
		if !errors.Is(got, want) {
			t.Errorf("%v, want %v", got, want)
		}
	}
}

// TestSetWrapUp: a site's setting counts from the next wrap-up on, and outlasts another policy.
func TestSetWrapUp(t *testing.T) {
	ctx := context.Background()
	d := newDesk(t, queuetest.Open(t), Config{WrapUp: time.Minute})
	lasts := func(want time.Duration) {
		t.Helper()
		agentStates()[AgentWrapUp](d)
		if a := d.agent("a1"); !a.Until.Equal(d.time().Add(want)) {
			t.Errorf("lasts %s, want %s", a.Until.Sub(d.time()), want)
		}
		d.must(d.SignOut(ctx, d.req(), "a1", "s"))
	}
	lasts(time.Minute)
	d.must(d.SetWrapUp(5*time.Minute, 0))
	lasts(5 * time.Minute)
	d.must(d.Configure(Config{WrapUp: 2 * time.Minute}))
	lasts(5 * time.Minute)
	if err := d.SetWrapUp(5*time.Minute, time.Minute); !errors.Is(err, ErrInvalid) {
		t.Error(err)
	}
	lasts(5 * time.Minute)
	d.must(d.SetWrapUp(0, 0))
	lasts(2 * time.Minute)
}
