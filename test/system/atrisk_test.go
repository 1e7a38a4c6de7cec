package system_test

import (
	"testing"
	"time"

	"hotline/queue"
	"hotline/test/browser"
	"hotline/test/stage"
)

// TestSomebodyStays: a caller who is said to be at risk keeps somebody, whatever breaks. The level is on the board within a second; the counsellor's browser is
// killed, and a supervisor, who takes no calls at the moment, is rung and has the caller; the caller's line breaks, and the next call of the same number comes
// to the same person past one who waits; nobody ends the wrap-up without the form.
func TestSomebodyStays(t *testing.T) {
	s := play(t)
	o := s.orders()
	boss := s.signIn("supervisor", 0, toneSupervisor)
	must(t, boss.Ready(), boss.NotReady()) // has a headset, and takes no calls
	d := s.ready(0)
	from := newNumber()
	c := s.dialFrom(from, "12355")
	must(t, d.AwaitOffer(10*time.Second), d.Accept())
	c.awaitTone(3*time.Second, toneFirst)
	id := s.awaitCalls(2*time.Second, "talking")[0].ID
	agent := o.await(id, "it has an agent", func(r queue.Call) bool { return r.Agent != "" }).Agent

	said := time.Now()
	o.wish("risk", id, string(agent), "high")
	must(t, boss.Await(2*time.Second, `document.querySelector('[data-call="`+id+`"][data-tier="red"]') !== null`))
	shown := time.Since(said)
	t.Logf("red on the board after %v", shown.Round(time.Millisecond))
	if shown > time.Second {
		t.Errorf("the board shows the level after %v", shown)
	}

	o.wish("hold", id, string(agent), "")
	killed := time.Now()
	d.Close()
	must(t, boss.AwaitOffer(8*time.Second))
	t.Logf("the supervisor is rung after %v", time.Since(killed).Round(time.Millisecond))
	row := o.await(id, "it is open", func(r queue.Call) bool { return r.State == queue.CallOffered })
	if row.LostAt.IsZero() || row.LostBy != agent || row.Level != queue.LevelHigh {
		t.Errorf("the row %+v", row)
	}
	c.awaitTone(3*time.Second, stage.ToneHold)
	must(t, boss.Accept())
	c.awaitTone(3*time.Second, toneSupervisor)

	c.leave()
	must(t, boss.AwaitShown(5*time.Second, "kept"))
	other := s.dial("12355")
	o.awaitWaiting()
	again := s.dialFrom(from, "12355")
	must(t, boss.AwaitOffer(8*time.Second), boss.Accept())
	again.awaitTone(3*time.Second, toneSupervisor)
	if other.over() {
		t.Error("who waited was lost")
	}
	must(t, boss.Click("call-hangup"))
	again.awaitEnd(3 * time.Second)
	must(t, boss.AwaitState(3*time.Second, browser.WrapUp), boss.Click("wrapup-done"))
	must(t, boss.AwaitState(time.Second, browser.WrapUp))
}

// awaitWaiting waits until somebody waits.
func (o orders) awaitWaiting() {
	o.s.t.Helper()
	err := stage.Poll(o.s.t.Context(), 15*time.Second, func() bool {
		snap, err := o.q.Snapshot(o.s.t.Context())
		for _, c := range snap.Calls {
			if err == nil && c.State == queue.CallWaiting {
				return true
			}
		}
		return false
	})
	must(o.s.t, err)
}
