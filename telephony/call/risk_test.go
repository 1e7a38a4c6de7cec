package call

import (
	"testing"
	"time"
)

// atRisk are stories of what a person says of the danger in a talk of a1 by l1 that began at 2.
var atRisk = map[string]struct {
	tier  Tier
	steps []step
}{
	"said in the talk": {Normal, []step{
		{RiskWanted{by("a1", 10), LevelHigh, false}, Talking, "Save Assess"},
		{RiskWanted{by("s1", 11), LevelHigh, false}, Talking, ""},
		{HoldWanted{by("a1", 12)}, Talking, ""},
		{ReleaseWanted{by("a1", 13), "a2"}, Talking, ""},
		{RiskWanted{by("a1", 14), LevelLow, false}, Talking, ""},
		{RiskWanted{by("a1", 15), LevelModerate, true}, Talking, "Save Assess"},
		{HoldWanted{by("a1", 16)}, Held, "EnterHold Save Mark"},
	}},
	"said on hold": {Normal, []step{
		{HoldWanted{by("a1", 10)}, Held, "EnterHold Save Mark"},
		{RiskWanted{by("s1", 11), LevelModerate, false}, Held, "Save Assess"},
		{RiskWanted{by("s1", 12), LevelHigh, false}, Talking, joinsL1 + " Save Assess"},
	}},
	"less than high changes no urgency": {Normal, []step{
		{RiskWanted{by("a1", 10), LevelModerate, false}, Talking, "Save Assess"},
		{RiskWanted{by("a1", 11), LevelLow, false}, Talking, "Save Assess"},
		{RiskWanted{by("a1", 12), "dreadful", false}, Talking, ""},
		{HoldWanted{by("a1", 13)}, Held, "EnterHold Save Mark"},
	}},
	"who said high before is not asked again by what the ledger knows": {Normal, []step{
		{RiskWanted{by("a1", 10), LevelHigh, false}, Talking, "Save Assess"},
		{Recognized{At: at(11), Tier: Returning}, Talking, ""},
		{HoldWanted{by("a1", 12)}, Talking, ""},
	}},
	"two people also take back what the danger key said": {Red, []step{
		{RiskWanted{by("a1", 10), LevelLow, false}, Talking, "Save Assess"},
		{HoldWanted{by("a1", 11)}, Talking, ""},
		{RiskWanted{by("a1", 12), LevelNone, true}, Talking, "Save Assess"},
		{HoldWanted{by("a1", 13)}, Held, "EnterHold Save Mark"},
	}},
}

func TestRiskInATalk(t *testing.T) {
	for name, story := range atRisk {
		t.Run(name, func(t *testing.T) {
			c := talk(t, story.tier)
			for i, s := range story.steps {
				var cmds []Command
				c, cmds = Next(c, s.event)
				if got := tellsAll(cmds); c.State != s.state || got != s.does {
					t.Fatalf("step %d, %#v: %s with %q, want %s with %q", i, s.event, c.State, got, s.state, s.does)
				}
			}
		})
	}
}

// TestRiskWhileWaiting: nobody at risk is sent away with a promise to be called.
func TestRiskWhileWaiting(t *testing.T) {
	c, _ := Next(fresh(), Claimed{At: at(0), Plan: Plan{Callback: true}})
	for _, e := range []Event{PromptDone{At: at(1)}, Queued{at(2), Row{State: Waiting, Since: at(2).Time}}, CallbackWanted{at(3)}, Promised{at(4), 1, true}} {
		c, _ = Next(c, e)
	}
	if c.Callback != CallbackPromised {
		t.Fatalf("%+v", c)
	}
	c, cmds := Next(c, RiskWanted{by("s1", 5), LevelHigh, false})
	if got, want := tellsAll(cmds), "StopPlay Save Assess Withdraw Play:callback-withdrawn"; got != want || c.Tier != Red || c.Callback != "" {
		t.Errorf("%s, want %s; %+v", got, want, c)
	}
}

// TestRiskOutlivesAController: the tag carries what was said, and the next life tells the index again.
func TestRiskOutlivesAController(t *testing.T) {
	c, _ := Next(talk(t, Normal), RiskWanted{Wish{At: at(10), ID: "5-1", By: "s1"}, LevelHigh, false})
	tag, err := DecodeTag(c.Encode("controller-1", 1))
	if err != nil {
		t.Fatal(err)
	}
	again := tag.Restore()
	if again.Level != LevelHigh || again.LevelBy != "s1" || !again.LevelAt.Equal(at(10).Time.Truncate(time.Millisecond)) || again.Tier != Red {
		t.Errorf("%+v", again)
	}
	again, cmds := Next(again, Adopted{At: at(20), Place: Place{Leg: "l1"}})
	if got, want := tellsAll(cmds), "Save Restore KeepRecording:l1 Assess"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if _, cmds := Next(again, RiskWanted{Wish{At: at(21), ID: "5-1", By: "s1"}, LevelLow, true}); len(cmds) > 0 {
		t.Error("a wish was heeded twice")
	}
}
