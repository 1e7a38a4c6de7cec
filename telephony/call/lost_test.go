package call

import (
	"slices"
	"testing"
)

const lostL1 = "EnterHold Save Mark Play:reconnecting StopRecording:l1 ArmReturn Open:a1"

// vanished are stories of a talk of a1 by l1 with a caller at risk, that began at 9.
var vanished = map[string][]step{
	"the agent is back: in the talk at once, whatever the index says": {
		{LegLost{at(20), "l1"}, Held, lostL1},
		{Indexed{at(20), indexRow(Waiting, "", "", 20)}, Held, ""},
		{LegReady{at(22), "a1", "l2"}, Talking, "StopPlay Join:l2 StartRecording:l2 Save DisarmReturn Mark Reclaim:a1"},
		{Indexed{at(22), indexRow(Waiting, "", "", 21)}, Talking, ""},
		{Reassigned{at(23), indexRow(Talking, "a1", "l2", 23)}, Talking, "Save"},
		{Indexed{at(24), indexRow(Talking, "a1", "l2", 23)}, Talking, ""},
	},
	"the next agent was quicker": {
		{LegLost{at(20), "l1"}, Held, lostL1},
		{Indexed{at(21), indexRow(Talking, "a2", "l3", 21)}, Talking, "DisarmReturn Save StopPlay Join:l3 StartRecording:l3 Save DisarmReturn Mark"},
		{LegReady{at(22), "a1", "l2"}, Talking, ""},
	},
	"both at once: whom the index names": {
		{LegLost{at(20), "l1"}, Held, lostL1},
		{LegReady{at(22), "a1", "l2"}, Talking, "StopPlay Join:l2 StartRecording:l2 Save DisarmReturn Mark Reclaim:a1"},
		{Reassigned{at(23), indexRow(Talking, "a2", "l3", 22)}, Talking, "StopRecording:l2 StopPlay Join:l3 StartRecording:l3 Save DisarmReturn Mark"},
	},
	"who leads takes the caller": {
		{LegLost{at(20), "l1"}, Held, lostL1},
		{TakeWanted{by("s1", 21), ""}, Held, ""},
		{TakeWanted{by("s1", 22), "l9"}, Held, "Reclaim:s1"},
		{Reassigned{at(23), indexRow(Talking, "s1", "l9", 23)}, Talking, "StopPlay Join:l9 StartRecording:l9 Save DisarmReturn Mark"},
	},
	"long after: the agent still gets the caller at once, and so does who leads": {
		{LegLost{at(20), "l1"}, Held, lostL1},
		{ReturnExpired{at(40)}, Waiting, "Save Enqueue"},
		{Queued{at(40), indexRow(Waiting, "", "", 40)}, Waiting, ""},
		{TakeWanted{by("s1", 50), "l9"}, Waiting, "Reclaim:s1"},
		{LegReady{at(60), "a1", "l2"}, Waiting, "Reclaim:a1"},
		{Indexed{at(61), indexRow(Talking, "a1", "l2", 61)}, Talking, "StopPlay Join:l2 StartRecording:l2 Save DisarmReturn Mark Reclaim:a1"},
		{Indexed{at(62), indexRow(Talking, "a1", "l2", 62)}, Talking, "Save"},
	},
	"lost again before the index has answered": {
		{LegLost{at(20), "l1"}, Held, lostL1},
		{LegReady{at(22), "a1", "l2"}, Talking, "StopPlay Join:l2 StartRecording:l2 Save DisarmReturn Mark Reclaim:a1"},
		{LegLost{at(23), "l2"}, Held, "EnterHold Save Mark Play:reconnecting StopRecording:l2 ArmReturn Open:a1"},
		{Reassigned{at(23), indexRow(Talking, "a1", "", 23)}, Held, ""},
	},
	"the index loses its memory": {
		{LegLost{at(20), "l1"}, Held, lostL1},
		{IndexLost{at(21)}, Held, "Restore Open:a1"},
	},
}

func TestAgentVanishes(t *testing.T) {
	for name, steps := range vanished {
		t.Run(name, func(t *testing.T) {
			c := talk(t, Red)
			for i, s := range steps {
				var cmds []Command
				c, cmds = Next(c, s.event)
				if got := tellsAll(cmds); c.State != s.state || got != s.does {
					t.Fatalf("step %d, %#v: %s with %q, want %s with %q", i, s.event, c.State, got, s.state, s.does)
				}
			}
		})
	}
	t.Run("who is not at risk waits for the agent as before", func(t *testing.T) {
		c, cmds := Next(talk(t, Normal), LegLost{at(20), "l1"})
		if got, want := tellsAll(cmds), "EnterHold Save Mark Play:reconnecting StopRecording:l1 ArmReturn"; got != want {
			t.Errorf("%s, want %s", got, want)
		}
		_, cmds = Next(c, RiskWanted{by("s1", 22), LevelHigh, false})
		if got, want := tellsAll(cmds), "Save Assess Open:a1"; got != want {
			t.Errorf("said meanwhile: %s, want %s", got, want)
		}
	})
	t.Run("the next life of the controller goes on with it", func(t *testing.T) {
		c, _ := Next(talk(t, Red), LegLost{at(20), "l1"})
		tag, err := DecodeTag(c.Encode("controller-1", 1))
		if err != nil {
			t.Fatal(err)
		}
		c, cmds := Next(tag.Restore(), Adopted{At: at(25), Place: Place{Line: "12355"}})
		if !slices.Contains(cmds, Command(Open{"a1"})) || c.Lost != "a1" {
			t.Errorf("%s, %+v", tellsAll(cmds), c)
		}
		c, _ = Next(c, LegReady{at(26), "a1", "l2"})
		tag, err = DecodeTag(c.Encode("controller-1", 1))
		if err != nil {
			t.Fatal(err)
		}
		if _, cmds = Next(tag.Restore(), Adopted{At: at(27), Place: Place{Leg: "l2"}}); !slices.Contains(cmds, Command(Reclaim{"a1"})) {
			t.Errorf("back in the talk: %s", tellsAll(cmds))
		}
	})
}

// TestBackAfterTheCutOff: no greeting stands between who was cut off while at risk and the agent who is kept.
func TestBackAfterTheCutOff(t *testing.T) {
	c, _ := Next(fresh(), Claimed{At: at(0)})
	known := Known{History: 3, Preferred: "a1", PreferUntil: at(60).Time, Again: "c0"}
	c, cmds := Next(c, Recognized{At: at(0), Tier: Red, Known: known})
	if got, want := tellsAll(cmds), "StopPlay Save Raise Require Save Enqueue Play:reconnecting"; c.State != Waiting || got != want {
		t.Errorf("%s with %s, want %s", c.State, got, want)
	}
	if _, cmds = Next(c, Recognized{At: at(1), Tier: Red, Known: known}); len(cmds) > 0 {
		t.Errorf("heard again: %s", tellsAll(cmds))
	}
	tag, err := DecodeTag(c.Encode("controller-1", 1))
	if err != nil || tag.Restore().Known.Again != "c0" {
		t.Errorf("%v, %+v", err, tag)
	}
}

// TestCutOff: the agent is kept for who was cut off, and for nobody else.
func TestCutOff(t *testing.T) {
	for name, tt := range map[string]struct {
		tier Tier
		then []Event
		kept bool
	}{
		"the caller hangs up":     {Red, []Event{Leaving{at(20), 16}}, true},
		"the line breaks":         {Red, nil, true},
		"the agent ends the talk": {Red, []Event{HangupWanted{at(20), "a1"}}, false},
		"not at risk":             {Normal, nil, false},
		"said to be at risk":      {Normal, []Event{RiskWanted{by("a1", 20), LevelHigh, false}}, true},
		"not at risk any more":    {Red, []Event{RiskWanted{by("a1", 20), LevelLow, true}}, false},
		"the agent had vanished":  {Red, []Event{LegLost{at(20), "l1"}}, false},
	} {
		t.Run(name, func(t *testing.T) {
			c := talk(t, tt.tier)
			for _, e := range tt.then {
				c, _ = Next(c, e)
			}
			_, cmds := Next(c, CallerGone{at(30)})
			if kept := slices.Contains(cmds, Command(Keep{"a1"})); kept != tt.kept {
				t.Errorf("kept %v: %s", kept, tellsAll(cmds))
			}
		})
	}
}
