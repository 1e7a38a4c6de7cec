package queue

import (
	"context"
	"errors"
	"testing"
	"time"

	"hotline/queue/queuetest"
)

// besideTalk: a1 talks with c1, and a2 is not ready.
func besideTalk(d *desk) {
	agentStates()[AgentTalking](d)
	d.signIn("a2", nil)
}

// assisting: a2 takes part in it.
func assisting(d *desk) {
	besideTalk(d)
	d.assist("a2")
}

func (d *desk) assist(id AgentID) {
	d.t.Helper()
	_, err := d.Assist(context.Background(), d.req(), "c1", id)
	d.must(err)
}

// TestAssistEnds: whatever ends the part that somebody takes in a call, they become what they were; nobody is offered to them meanwhile.
func TestAssistEnds(t *testing.T) {
	ctx := context.Background()
	rdb := queuetest.Open(t)
	before := map[string]struct {
		prepare func(d *desk)
		state   AgentState
		reason  string
	}{
		"available": {func(d *desk) { d.ready("a2") }, AgentAvailable, ""},
		"not ready": {func(d *desk) { d.must(second(d.NotReady(ctx, d.req(), "a2", "s", "meal"))) }, AgentNotReady, "meal"},
		"vanished": {func(d *desk) {
			d.ready("a2")
			d.must(d.Away(ctx, d.req(), "a2", "s"))
			d.signIn("a2", nil)
		}, AgentNotReady, ReasonConnectionLost},
	}
	ends := map[string]func(d *desk) error{
		"asked to":       func(d *desk) error { return second(d.EndAssist(ctx, d.req(), "c1", "a2")) },
		"end of call":    func(d *desk) error { return d.End(ctx, d.req(), "c1", EndAnswered) },
		"caller waits":   func(d *desk) error { return second(d.Enqueue(ctx, d.req(), "c1", true)) },
		"blind transfer": func(d *desk) error { return second(d.Requeue(ctx, d.req(), "c1", "a1", "")) },
	}
	for was, b := range before {
		for how, end := range ends {
			t.Run(was+"/"+how, func(t *testing.T) {
				d := newDesk(t, rdb, Config{})
				besideTalk(d)
				b.prepare(d)
				d.assist("a2")
				d.assist("a2") // twice is once
				if a := d.agent("a2"); a.State != AgentNotReady || a.Reason != ReasonAssisting || a.Assist != "c1" || a.Before == nil {
					t.Fatalf("%+v", a)
				}
				d.greeted("c2", TierRed, nil)
				for name, err := range map[string]error{
					"ready": second(d.Ready(ctx, d.req(), "a2", "s")), "not ready": second(d.NotReady(ctx, d.req(), "a2", "s", "x")),
					"sign out": d.SignOut(ctx, d.req(), "a2", "s"), "force": second(d.Force(ctx, d.req(), "a2", AgentAvailable, "boss")),
				} {
					if !errors.Is(err, ErrAgentBusy) {
						t.Errorf("%s: %v", name, err)
					}
				}
				d.must(end(d))
				a := d.agent("a2")
				rings := a.State == AgentReserved && b.state == AgentAvailable // offered at once, where somebody waits
				if a.Assist != "" || a.Before != nil || a.Reason != b.reason || a.State != b.state && !rings {
					t.Errorf("%+v, want %s %q", a, b.state, b.reason)
				}
			})
		}
	}
}

// TestAssistOfWhoVanishes: an empty chair is not available afterwards, unless somebody sits down again.
func TestAssistOfWhoVanishes(t *testing.T) {
	ctx := context.Background()
	rdb := queuetest.Open(t)
	for name, back := range map[string]bool{"stays away": false, "comes back in a new session": true} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t, rdb, Config{})
			besideTalk(d)
			d.ready("a2")
			d.assist("a2")
			d.must(d.Away(ctx, d.req(), "a2", "s"))
			if a := d.agent("a2"); a.Assist != "c1" {
				t.Fatalf("%+v", a)
			}
			if back {
				d.must(second(d.SignIn(ctx, d.req(), Agent{ID: "a2", Session: "s2"})))
			}
			d.must(d.End(ctx, d.req(), "c1", EndAnswered))
			if a := d.agent("a2"); (a.State == AgentAvailable) != back || !back && a.Reason != ReasonConnectionLost {
				t.Errorf("%+v", a)
			}
		})
	}
}

func TestAssistDuringWrapUpAndRest(t *testing.T) {
	ctx := context.Background()
	d := newDesk(t, queuetest.Open(t), Config{Exposure: Exposure{Window: time.Hour, Limit: 1, Break: 10 * time.Minute}})
	d.available("a2", nil)
	d.caller("c0", TierRed, nil)
	d.accept("a2")
	d.must(d.End(ctx, d.req(), "c0", EndAnswered))
	until := d.agent("a2").Until
	agentStates()[AgentTalking](d)
	d.assist("a2")
	d.pass(10 * time.Second)
	d.sweep()
	d.must(second(d.EndAssist(ctx, d.req(), "c1", "a2")))
	if a := d.agent("a2"); a.State != AgentWrapUp || !a.Until.Equal(until) {
		t.Errorf("back in wrap-up until %v: %+v", until, a)
	}
	d.assist("a2")
	d.pass(2 * time.Minute)
	d.sweep()
	d.must(second(d.EndAssist(ctx, d.req(), "c1", "a2"))) // the wrap-up is over meanwhile: as at its end
	if a := d.agent("a2"); a.Reason != ReasonBreakAfterRed {
		t.Errorf("no rest: %+v", a)
	}
}

// TestAssistSurvivesALoss: the rows come back in any order; who comes back to a call that is not there becomes what they were.
func TestAssistSurvivesALoss(t *testing.T) {
	ctx := context.Background()
	rdb := queuetest.Open(t)
	prepared := func(t *testing.T) (*desk, Call, Agent) {
		d := newDesk(t, rdb, Config{})
		besideTalk(d)
		d.ready("a2")
		d.assist("a2")
		d.must(second(d.SOS(ctx, d.req(), "a2", "s", "c1")))
		d.must(d.SetParties(ctx, d.req(), "c1", []Party{{Agent: "a2", Role: PartyConsult, State: PartyIn, By: "a1", Since: d.time(), Note: "n1"}}, Pause{}))
		c, a := d.call("c1"), d.agent("a2")
		if err := queuetest.Empty(ctx, rdb); err != nil {
			t.Fatal(err)
		}
		return d, c, a
	}
	for name, callFirst := range map[string]bool{"call first": true, "agent first": false} {
		t.Run(name, func(t *testing.T) {
			d, c, a := prepared(t)
			steps := []func() error{func() error { return d.Restore(ctx, d.req(), c) }, func() error { return d.RestoreAgent(ctx, d.req(), a) }}
			if !callFirst {
				steps[0], steps[1] = steps[1], steps[0]
			}
			for _, step := range steps {
				d.must(step())
				d.pass(time.Second)
			}
			d.pass(time.Minute)
			d.sweep()
			got, row := d.agent("a2"), d.call("c1")
			if got.Assist != "c1" || got.Before == nil || got.Before.State != AgentAvailable || got.SOS == nil || len(row.Parties) != 1 || row.Parties[0] != c.Parties[0] {
				t.Errorf("%+v, %+v", got, row)
			}
		})
	}
	back := map[string]func(d *desk, c Call) error{
		"the call never comes": func(d *desk, _ Call) error { d.pass(11 * time.Second); return second(d.Sweep(ctx)) },
		"it waits again":       func(d *desk, c Call) error { c.State = CallWaiting; return d.Restore(ctx, d.req(), c) },
		"it ended meanwhile":   func(d *desk, _ Call) error { return d.End(ctx, d.req(), "c1", EndAnswered) },
		"it begins anew":       func(d *desk, c Call) error { return d.Arrive(ctx, d.req(), Call{ID: "c1"}) },
	}
	for name, step := range back {
		t.Run(name, func(t *testing.T) {
			d, c, a := prepared(t)
			d.must(d.RestoreAgent(ctx, d.req(), a))
			d.must(step(d, c))
			d.pass(time.Second)
			d.sweep()
			if a := d.agent("a2"); a.Assist != "" || a.State != AgentAvailable && a.State != AgentReserved {
				t.Errorf("%+v", a)
			}
		})
	}
}

// TestTransfer: the call goes to somebody who can have it, or nothing changes.
func TestTransfer(t *testing.T) {
	ctx := context.Background()
	rdb := queuetest.Open(t)
	tests := map[string]struct {
		prepare  func(d *desk)
		from, to AgentID
		want     string
	}{
		"to who assists":        {func(d *desk) { d.assist("a2") }, "a1", "a2", "ok"},
		"to who is not ready":   {func(*desk) {}, "a1", "a2", "ok"},
		"to who is available":   {func(d *desk) { d.ready("a2") }, "a1", "a2", "ok"},
		"while held":            {func(d *desk) { d.must(d.Mark(ctx, d.req(), "c1", CallHeld, HoldByAgent)) }, "a1", "a2", "ok"},
		"a second time":         {func(d *desk) { d.must(second(d.Transfer(ctx, d.req(), "c1", "a1", "a2"))) }, "a1", "a2", "ok"},
		"to nobody":             {func(*desk) {}, "a1", "a9", ErrNoAgent.Error()},
		"to an empty chair":     {func(d *desk) { d.must(d.Away(ctx, d.req(), "a2", "s")) }, "a1", "a2", ErrNoAgent.Error()},
		"to who vanished there": {func(d *desk) { d.assist("a2"); d.must(d.Away(ctx, d.req(), "a2", "s")) }, "a1", "a2", ErrNoAgent.Error()},
		"to who rings":          {func(d *desk) { d.ready("a2"); d.caller("c2", TierNormal, nil) }, "a1", "a2", ErrAgentBusy.Error()},
		"to who talks":          {func(d *desk) { d.ready("a2"); d.caller("c2", TierNormal, nil); d.accept("a2") }, "a1", "a2", ErrAgentBusy.Error()},
		"to who assists another": {func(d *desk) {
			d.available("a3", nil)
			d.caller("c2", TierNormal, nil)
			d.accept("a3")
			d.must(second(d.Assist(ctx, d.req(), "c2", "a2")))
		}, "a1", "a2", ErrAgentBusy.Error()},
		"of another's call":   {func(d *desk) { d.signIn("a3", nil) }, "a3", "a2", ErrWrongState.Error()},
		"of a call that left": {func(d *desk) { d.must(d.End(ctx, d.req(), "c1", EndAnswered)) }, "a1", "a2", ErrNoCall.Error()},
		"of one that waits":   {func(d *desk) { d.must(second(d.Enqueue(ctx, d.req(), "c1", true))) }, "a1", "a2", ErrWrongState.Error()},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t, rdb, Config{Exposure: Exposure{Window: time.Hour, Limit: 2}})
			besideTalk(d)
			tt.prepare(d)
			d.must(ignore(second(d.Raise(ctx, d.req(), "c1", TierRed, false)), ErrNoCall))
			d.pass(time.Second)
			_, err := d.Transfer(ctx, d.req(), "c1", tt.from, tt.to)
			queuetest.Check(t, rdb, "site")
			if got := word(err); got != tt.want {
				t.Fatalf("%s, want %s", got, tt.want)
			}
			if err != nil {
				return
			}
			c, from, to := d.call("c1"), d.agent("a1"), d.agent("a2")
			if c.State != CallTalking || c.Agent != "a2" || c.Hold != "" || from.State != AgentWrapUp || to.State != AgentTalking || to.Call != "c1" || to.Assist != "" || len(to.Reds) != 1 {
				t.Errorf("%+v, from %+v, to %+v", c, from, to)
			}
			d.must(d.End(ctx, d.req(), "c1", EndAnswered))
			if a := d.agent("a2"); a.State != AgentWrapUp {
				t.Errorf("%+v", a)
			}
		})
	}
}

// TestRequeue is the blind transfer.
func TestRequeue(t *testing.T) {
	ctx := context.Background()
	rdb := queuetest.Open(t)
	t.Run("to anyone", func(t *testing.T) {
		d := newDesk(t, rdb, Config{})
		besideTalk(d)
		d.pass(time.Second)
		d.greeted("c2", TierNormal, Skills{"rare": 1})
		d.must(second(d.Enqueue(ctx, d.req(), "c2", false)))
		c, err := d.Requeue(ctx, d.req(), "c1", "a1", "")
		d.must(err)
		if s := d.snapshot(); c.State != CallWaiting || s.Calls[0].ID != "c1" || d.agent("a1").State != AgentWrapUp {
			t.Errorf("%+v", s)
		}
		if a := d.ready("a2"); a.Call != "c1" {
			t.Errorf("the next agent got %q", a.Call)
		}
	})
	t.Run("for one agent, whatever the skills", func(t *testing.T) {
		d := newDesk(t, rdb, Config{})
		d.available("a1", Skills{"crisis": 2})
		d.caller("c1", TierNormal, Skills{"crisis": 1})
		d.accept("a1")
		d.available("a2", nil)
		d.caller("c0", TierNormal, nil)
		d.accept("a2")
		d.available("a3", Skills{"crisis": 2})
		c, err := d.Requeue(ctx, d.req(), "c1", "a1", "a2")
		d.must(err)
		if c.Assigned != "a2" || c.Only != "a2" || c.State != CallWaiting {
			t.Fatalf("a3 is free, a2 was named: %+v", c)
		}
		d.must(d.End(ctx, d.req(), "c0", EndAnswered))
		d.pass(time.Minute)
		d.sweep()
		if a := d.agent("a2"); a.Call != "c1" || d.accept("a2").Assigned != "" {
			t.Errorf("%+v", a)
		}
	})
	t.Run("refused", func(t *testing.T) {
		d := newDesk(t, rdb, Config{})
		besideTalk(d)
		for name, err := range map[string]error{
			"to oneself": second(d.Requeue(ctx, d.req(), "c1", "a1", "a1")), "another's": second(d.Requeue(ctx, d.req(), "c1", "a2", "")),
		} {
			if !errors.Is(err, ErrWrongState) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if _, err := d.Requeue(ctx, d.req(), "c1", "a1", "a9"); !errors.Is(err, ErrNoAgent) {
			t.Errorf("to nobody: %v", err)
		}
		d.must(second(d.Raise(ctx, d.req(), "c1", TierRed, true)))
		if _, err := d.Requeue(ctx, d.req(), "c1", "a1", "a2"); !errors.Is(err, ErrWrongState) {
			t.Errorf("a red call: %v", err)
		}
		if c := d.call("c1"); c.State != CallTalking || c.Agent != "a1" {
			t.Errorf("%+v", c)
		}
	})
}

// TestParties: the list is kept as it is told, tells nobody anything when it is the same, and leaves with the call's last row.
func TestParties(t *testing.T) {
	ctx := context.Background()
	d := newDesk(t, queuetest.Open(t), Config{})
	besideTalk(d)
	list := []Party{
		{Agent: "a2", Role: PartyConsult, State: PartyInvited, By: "a1", Since: d.time(), Note: "note-1"},
		{Role: PartyOutside, State: PartyFailed, By: "a1", Since: d.time(), Contact: "police", Why: WhyBusy},
	}
	d.must(d.SetParties(ctx, d.req(), "c1", list, Pause{}))
	after := d.snapshot().After
	d.must(d.SetParties(ctx, d.req(), "c1", list, Pause{}))
	if got := d.happened(after); len(got) != 0 {
		t.Errorf("told twice: %v", got)
	}
	if c := d.call("c1"); len(c.Parties) != 2 || c.Parties[0] != list[0] || c.Parties[1] != list[1] {
		t.Errorf("%+v", c.Parties)
	}
	d.must(d.SetParties(ctx, d.req(), "c1", nil, Pause{}))
	if c := d.call("c1"); c.Parties != nil {
		t.Errorf("%+v", c.Parties)
	}
	for name, bad := range map[string][]Party{
		"no role": {{Agent: "a2", State: PartyIn}}, "no state": {{Agent: "a2", Role: PartyBarge}}, "nobody": {{Role: PartyBarge, State: PartyIn}},
		"a number": {{Role: PartyOutside, State: PartyIn, Contact: "110 120"}}, "a crowd": make([]Party, 17),
	} {
		if err := d.SetParties(ctx, d.req(), "c1", bad, Pause{}); !errors.Is(err, ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := d.SetParties(ctx, d.req(), "c9", nil, Pause{}); !errors.Is(err, ErrNoCall) {
		t.Error(err)
	}
}

func ignore(err, known error) error {
	if errors.Is(err, known) {
		return nil
	}
	return err
}
