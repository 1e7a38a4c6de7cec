package queue

import (
	"context"
	"testing"
	"time"

	"hotline/queue/queuetest"
)

// agentStates puts agent a1 (and call c1, where it has one) into each state.
func agentStates() map[AgentState]func(*desk) {
	return map[AgentState]func(*desk){
		AgentOffline:   func(*desk) {},
		AgentNotReady:  func(d *desk) { d.signIn("a1", nil) },
		AgentAvailable: func(d *desk) { d.available("a1", nil) },
		AgentReserved:  func(d *desk) { d.available("a1", nil); d.caller("c1", TierNormal, nil) },
		AgentTalking:   func(d *desk) { d.available("a1", nil); d.caller("c1", TierNormal, nil); d.accept("a1") },
		AgentWrapUp: func(d *desk) {
			d.available("a1", nil)
			d.caller("c1", TierNormal, nil)
			d.accept("a1")
			d.must(d.End(context.Background(), d.req(), "c1", EndAnswered))
		},
	}
}

// TestAgentChanges is the whole table of what each change does to an agent in each state.
func TestAgentChanges(t *testing.T) {
	ctx := context.Background()
	ops := map[string]func(d *desk, session string) error{
		"ready":    func(d *desk, s string) error { _, err := d.Ready(ctx, d.req(), "a1", s); return err },
		"notready": func(d *desk, s string) error { _, err := d.NotReady(ctx, d.req(), "a1", s, "break"); return err },
		"away":     func(d *desk, s string) error { return d.Away(ctx, d.req(), "a1", s) },
		"signout":  func(d *desk, s string) error { return d.SignOut(ctx, d.req(), "a1", s) },
		"signin": func(d *desk, s string) error {
			_, err := d.SignIn(ctx, d.req(), Agent{ID: "a1", Session: s})
			return err
		},
	}
	type want struct {
		err   string
		state AgentState // "" = gone
		why   string
		call  CallState // of c1
	}
	const ok = "ok"
	busy, none := ErrAgentBusy.Error(), ErrNoAgent.Error()
	tests := map[AgentState]map[string]want{
		AgentOffline: {
			"ready": {none, "", "", ""}, "notready": {none, "", "", ""}, "away": {ok, "", "", ""}, "signout": {ok, "", "", ""},
			"signin": {ok, AgentNotReady, ReasonSignedIn, ""},
		},
		AgentNotReady: {
			"ready": {ok, AgentAvailable, "", ""}, "notready": {ok, AgentNotReady, "break", ""}, "away": {ok, AgentNotReady, ReasonConnectionLost, ""},
			"signout": {ok, "", "", ""}, "signin": {ok, AgentNotReady, ReasonSignedIn, ""},
		},
		AgentAvailable: {
			"ready": {ok, AgentAvailable, "", ""}, "notready": {ok, AgentNotReady, "break", ""}, "away": {ok, AgentNotReady, ReasonConnectionLost, ""},
			"signout": {ok, "", "", ""}, "signin": {ok, AgentAvailable, "", ""},
		},
		AgentReserved: {
			"ready": {busy, AgentReserved, "", CallOffered}, "notready": {busy, AgentReserved, "", CallOffered},
			"away": {ok, AgentNotReady, ReasonConnectionLost, CallWaiting}, "signout": {ok, "", "", CallWaiting}, "signin": {ok, AgentReserved, "", CallOffered},
		},
		AgentTalking: {
			"ready": {busy, AgentTalking, "", CallTalking}, "notready": {busy, AgentTalking, "", CallTalking}, "away": {ok, AgentTalking, "", CallTalking},
			"signout": {busy, AgentTalking, "", CallTalking}, "signin": {ok, AgentTalking, "", CallTalking},
		},
		AgentWrapUp: {
			"ready": {ok, AgentAvailable, "", ""}, "notready": {ok, AgentNotReady, "break", ""}, "away": {ok, AgentWrapUp, "", ""},
			"signout": {ok, "", "", ""}, "signin": {ok, AgentWrapUp, "", ""},
		},
	}
	rdb := queuetest.Open(t)
	for state, prepare := range agentStates() {
		for op, change := range ops {
			t.Run(string(state)+"/"+op, func(t *testing.T) {
				d := newDesk(t, rdb, Config{})
				prepare(d)
				w := tests[state][op]
				got := word(change(d, "s"))
				queuetest.Check(t, rdb, "site")
				a := d.agent("a1")
				if got != w.err || a.State != w.state || a.Reason != w.why || d.call("c1").State != w.call {
					t.Errorf("%s, %+v, call %q; want %+v", got, a, d.call("c1").State, w)
				}
			})
			if op == "signin" || state == AgentOffline {
				continue
			}
			t.Run(string(state)+"/"+op+"/old session", func(t *testing.T) {
				d := newDesk(t, rdb, Config{})
				prepare(d)
				before := queuetest.Check(t, rdb, "site")
				want := map[string]string{"ready": ErrFenced.Error(), "notready": ErrFenced.Error()}[op]
				if want == "" {
					want = ok
				}
				if got := word(change(d, "old")); got != want {
					t.Errorf("%s, want %s", got, want)
				}
				if after := queuetest.Check(t, rdb, "site"); after.Text["seq"] != before.Text["seq"] {
					t.Error("an old session changed the index")
				}
			})
		}
	}
}

// callStates puts call c1 (and agent a1, where it has one) into each state.
func callStates() map[CallState]func(*desk) {
	return map[CallState]func(*desk){
		"":           func(*desk) {},
		CallGreeting: func(d *desk) { d.greeted("c1", TierNormal, nil) },
		CallWaiting:  func(d *desk) { d.caller("c1", TierNormal, nil) },
		CallOffered:  func(d *desk) { d.available("a1", nil); d.caller("c1", TierNormal, nil) },
		CallTalking:  func(d *desk) { d.available("a1", nil); d.caller("c1", TierNormal, nil); d.accept("a1") },
		CallHeld: func(d *desk) {
			d.available("a1", nil)
			d.caller("c1", TierNormal, nil)
			d.accept("a1")
			d.must(d.Mark(context.Background(), d.req(), "c1", CallHeld, "agent_away"))
		},
	}
}

// TestCallChanges is the whole table of what each change does to a call in each state.
func TestCallChanges(t *testing.T) {
	ctx := context.Background()
	ops := map[string]func(d *desk) error{
		"arrive": func(d *desk) error {
			return d.Arrive(ctx, d.req(), Call{ID: "c1", Line: "12356", Owner: "controller-2"})
		},
		"enqueue": func(d *desk) error { _, err := d.Enqueue(ctx, d.req(), "c1", false); return err },
		"front":   func(d *desk) error { _, err := d.Enqueue(ctx, d.req(), "c1", true); return err },
		"raise":   func(d *desk) error { _, err := d.Raise(ctx, d.req(), "c1", TierRed, true); return err },
		"require": func(d *desk) error {
			_, err := d.Require(ctx, d.req(), "c1", Terms{Groups: EveryGroup, History: 7})
			return err
		},
		"mark held":  func(d *desk) error { return d.Mark(ctx, d.req(), "c1", CallHeld, "agent_away") },
		"mark talks": func(d *desk) error { return d.Mark(ctx, d.req(), "c1", CallTalking, "") },
		"end":        func(d *desk) error { return d.End(ctx, d.req(), "c1", EndAbandoned) },
		"restore":    func(d *desk) error { return d.Restore(ctx, d.req(), Call{ID: "c1", State: CallWaiting}) },
	}
	type want struct {
		err   string
		state CallState
		agent AgentState // of a1
	}
	const ok = "ok"
	none, wrong := ErrNoCall.Error(), ErrWrongState.Error()
	tests := map[CallState]map[string]want{
		"": {
			"arrive": {ok, CallGreeting, ""}, "enqueue": {none, "", ""}, "front": {none, "", ""}, "raise": {none, "", ""}, "require": {none, "", ""}, "mark held": {none, "", ""},
			"mark talks": {none, "", ""}, "end": {ok, "", ""}, "restore": {ok, CallWaiting, ""},
		},
		CallGreeting: {
			"arrive": {ok, CallGreeting, ""}, "enqueue": {ok, CallWaiting, ""}, "front": {ok, CallWaiting, ""}, "raise": {ok, CallGreeting, ""}, "require": {ok, CallGreeting, ""},
			"mark held": {wrong, CallGreeting, ""}, "mark talks": {wrong, CallGreeting, ""}, "end": {ok, "", ""}, "restore": {ok, CallGreeting, ""},
		},
		CallWaiting: {
			"arrive": {ok, CallWaiting, ""}, "enqueue": {ok, CallWaiting, ""}, "front": {ok, CallWaiting, ""}, "raise": {ok, CallWaiting, ""}, "require": {ok, CallWaiting, ""},
			"mark held": {wrong, CallWaiting, ""}, "mark talks": {wrong, CallWaiting, ""}, "end": {ok, "", ""}, "restore": {ok, CallWaiting, ""},
		},
		CallOffered: {
			"arrive": {ok, CallOffered, AgentReserved}, "enqueue": {ok, CallOffered, AgentReserved}, "front": {ok, CallOffered, AgentReserved},
			"raise": {ok, CallOffered, AgentReserved}, "require": {ok, CallOffered, AgentReserved}, "mark held": {wrong, CallOffered, AgentReserved}, "mark talks": {wrong, CallOffered, AgentReserved},
			"end": {ok, "", AgentAvailable}, "restore": {ok, CallOffered, AgentReserved},
		},
		CallTalking: {
			"arrive": {ok, CallTalking, AgentTalking}, "enqueue": {wrong, CallTalking, AgentTalking}, "front": {ok, CallWaiting, AgentNotReady},
			"raise": {ok, CallTalking, AgentTalking}, "require": {ok, CallTalking, AgentTalking}, "mark held": {ok, CallHeld, AgentTalking}, "mark talks": {ok, CallTalking, AgentTalking},
			"end": {ok, "", AgentWrapUp}, "restore": {ok, CallTalking, AgentTalking},
		},
		CallHeld: {
			"arrive": {ok, CallHeld, AgentTalking}, "enqueue": {ok, CallWaiting, AgentWrapUp}, "front": {ok, CallWaiting, AgentNotReady},
			"raise": {ok, CallHeld, AgentTalking}, "require": {ok, CallHeld, AgentTalking}, "mark held": {ok, CallHeld, AgentTalking}, "mark talks": {ok, CallTalking, AgentTalking},
			"end": {ok, "", AgentWrapUp}, "restore": {ok, CallHeld, AgentTalking},
		},
	}
	rdb := queuetest.Open(t)
	for state, prepare := range callStates() {
		for op, change := range ops {
			t.Run(string(state)+"/"+op, func(t *testing.T) {
				d := newDesk(t, rdb, Config{})
				prepare(d)
				w := tests[state][op]
				got := word(change(d))
				queuetest.Check(t, rdb, "site")
				c, a := d.call("c1"), d.agent("a1")
				if got != w.err || c.State != w.state || a.State != w.agent {
					t.Errorf("%s, call %+v, agent %+v; want %+v", got, c, a, w)
				}
				if (c.State == CallHeld) != (c.Hold == "agent_away") {
					t.Errorf("hold %q", c.Hold)
				}
				if op == "arrive" && state != "" && (c.Owner != "controller-2" || c.Line != "12355") {
					t.Errorf("taken over: %+v", c)
				}
			})
		}
	}
}

func TestAccept(t *testing.T) {
	ctx := context.Background()
	rdb := queuetest.Open(t)
	tests := []struct {
		name    string
		prepare func(d *desk)
		agent   AgentID
		session string
		want    string
	}{
		{"in time", func(d *desk) { d.pass(14_999 * time.Millisecond) }, "a1", "s", "ok"},
		{"at the end of the ring", func(d *desk) { d.pass(15 * time.Second) }, "a1", "s", ErrOfferGone.Error()},
		{"after the sweep", func(d *desk) { d.pass(15 * time.Second); d.sweep() }, "a1", "s", ErrOfferGone.Error()},
		{"after the caller left", func(d *desk) { d.must(d.End(ctx, d.req(), "c1", EndAbandoned)) }, "a1", "s", ErrOfferGone.Error()},
		{"another's offer", func(*desk) {}, "a2", "s", ErrOfferGone.Error()},
		{"an old session", func(*desk) {}, "a1", "old", ErrFenced.Error()},
		{"nobody", func(*desk) {}, "a3", "s", ErrNoAgent.Error()},
		{"again", func(d *desk) { d.accept("a1") }, "a1", "s", "ok"},
		{"again while held", func(d *desk) { d.accept("a1"); d.must(d.Mark(ctx, d.req(), "c1", CallHeld, "x")) }, "a1", "s", "ok"},
		{"again after the end", func(d *desk) { d.accept("a1"); d.must(d.End(ctx, d.req(), "c1", EndAnswered)) }, "a1", "s", ErrOfferGone.Error()},
		{"again after the caller came back to another", func(d *desk) {
			d.accept("a1")
			_, err := d.Enqueue(ctx, d.req(), "c1", true)
			d.must(err)
			d.ready("a2")
			d.accept("a2")
		}, "a1", "s", ErrOfferGone.Error()},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := newDesk(t, rdb, Config{})
			d.available("a1", nil)
			d.signIn("a2", nil)
			d.caller("c1", TierNormal, nil)
			offer := d.agent("a1").Offer
			tt.prepare(d)
			c, err := d.Accept(ctx, d.req(), offer, tt.agent, tt.session)
			queuetest.Check(t, rdb, "site")
			if got := word(err); got != tt.want {
				t.Errorf("%s, want %s", got, tt.want)
			}
			if err == nil && (c.Agent != "a1" || c.Talked.IsZero() || c.Offer != "") {
				t.Errorf("%+v", c)
			}
		})
	}
}

func TestDeclineKeepsThePlace(t *testing.T) {
	ctx := context.Background()
	d := newDesk(t, queuetest.Open(t), Config{})
	d.available("a1", nil)
	d.caller("c1", TierNormal, nil)
	d.pass(time.Second)
	d.caller("c2", TierNormal, nil)
	d.signIn("a2", nil)
	offer := d.agent("a1").Offer
	if got := word(d.Decline(ctx, d.req(), offer, "a2", "s")); got != ErrOfferGone.Error() {
		t.Errorf("another's offer: %s", got)
	}
	if got := word(d.Decline(ctx, d.req(), offer, "a1", "old")); got != ErrFenced.Error() {
		t.Errorf("an old session: %s", got)
	}
	d.must(d.Decline(ctx, d.req(), offer, "a1", "s"))
	if a := d.agent("a1"); a.State != AgentNotReady || a.Reason != ReasonDeclined {
		t.Errorf("%+v", a)
	}
	if a := d.ready("a2"); a.Call != "c1" {
		t.Errorf("the next agent got %q", a.Call)
	}
	if got := word(d.Decline(ctx, d.req(), offer, "a1", "s")); got != ErrOfferGone.Error() {
		t.Errorf("a second time: %s", got)
	}
}

func TestSweep(t *testing.T) {
	ctx := context.Background()
	rdb := queuetest.Open(t)
	t.Run("a miss: not ready, the caller to the next", func(t *testing.T) {
		d := newDesk(t, rdb, Config{})
		d.available("a1", nil)
		c := d.caller("c1", TierNormal, nil)
		d.pass(time.Millisecond)
		d.available("a2", nil)
		d.pass(15*time.Second - 2*time.Millisecond)
		if n := d.sweep(); n != 0 || d.call("c1").Offer != c.Offer {
			t.Fatalf("swept %d before the ring was over", n)
		}
		d.pass(time.Millisecond)
		if n := d.sweep(); n != 1 {
			t.Fatalf("swept %d", n)
		}
		a, c := d.agent("a1"), d.call("c1")
		if a.State != AgentNotReady || a.Reason != ReasonNoAnswer || c.State != CallOffered || c.Agent != "a2" {
			t.Errorf("%+v, %+v", a, c)
		}
	})
	t.Run("two misses when two are allowed", func(t *testing.T) {
		d := newDesk(t, rdb, Config{MissLimit: 2})
		d.available("a1", nil)
		d.caller("c1", TierNormal, nil)
		d.pass(time.Minute)
		d.sweep()
		if a := d.agent("a1"); a.State != AgentReserved {
			t.Fatalf("%+v", a)
		}
		d.accept("a1") // an answer starts the count anew
		d.must(d.End(ctx, d.req(), "c1", EndAnswered))
		d.pass(time.Minute)
		d.sweep()
		d.caller("c2", TierNormal, nil)
		for _, want := range []AgentState{AgentReserved, AgentNotReady} {
			d.pass(time.Minute)
			d.sweep()
			if a := d.agent("a1"); a.State != want {
				t.Fatalf("%+v, want %s", a, want)
			}
		}
	})
	t.Run("wrap-up ends as available", func(t *testing.T) {
		d := newDesk(t, rdb, Config{})
		agentStates()[AgentWrapUp](d)
		if a := d.agent("a1"); !a.Until.Equal(d.time().Add(time.Minute)) {
			t.Errorf("until %v", a.Until)
		}
		d.pass(time.Minute)
		d.sweep()
		if a := d.agent("a1"); a.State != AgentAvailable || !a.Until.IsZero() {
			t.Errorf("%+v", a)
		}
	})
	for name, back := range map[string]bool{"who came back is available": true, "who stayed away is not ready": false} {
		t.Run("wrap-up of an agent who went away: "+name, func(t *testing.T) {
			d := newDesk(t, rdb, Config{})
			agentStates()[AgentTalking](d)
			d.must(d.Away(ctx, d.req(), "a1", "s"))
			d.must(d.End(ctx, d.req(), "c1", EndAbandoned))
			if back {
				d.signIn("a1", nil)
			}
			d.pass(time.Minute)
			d.sweep()
			if a := d.agent("a1"); (a.State == AgentAvailable) != back {
				t.Errorf("%+v", a)
			}
		})
	}
}
