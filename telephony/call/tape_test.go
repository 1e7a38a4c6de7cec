package call

import (
	"slices"
	"testing"
	"time"
)

// spanKinds are the names of what happens on the tape.
func spanKinds(c Call) []SpanKind {
	var kinds []SpanKind
	for _, s := range c.Spans() {
		kinds = append(kinds, s.Kind)
	}
	return kinds
}

func TestWhatTheTapeSays(t *testing.T) {
	c := talk(t, Normal)
	for i, s := range []struct {
		event Event
		leg   string
		spans []SpanKind
	}{
		{JoinWanted{by("s1", 10), Monitor}, "l1", []SpanKind{SpanTalk}}, // not connected yet
		{PartyReady{at(11), "s1", "l9", Spy}, "l1", []SpanKind{SpanTalk, "monitor"}},
		{JoinWanted{by("s1", 12), Barge}, "l1", []SpanKind{SpanTalk, "barge"}},
		{LeaveWanted{Wish: by("s1", 13)}, "l1", []SpanKind{SpanTalk}},
		{OutsideWanted{by("a1", 14), "p1", ""}, "l1", []SpanKind{SpanTalk}}, // it rings
		{OutAnswered{at(15), 1}, "l1", []SpanKind{SpanTalk, SpanThird}},
		{HoldWanted{by("a1", 16)}, "l1", []SpanKind{SpanHold, SpanThird}},
		{ResumeWanted{by("a1", 17)}, "l1", []SpanKind{SpanTalk, SpanThird}},
		{OutsideDropWanted{by("a1", 18)}, "l1", []SpanKind{SpanTalk}},
		{Invited{Wish: by("a1", 19), Agent: "a2"}, "l1", []SpanKind{SpanTalk}},
		{InviteAnswered{by("a2", 20), true}, "l1", []SpanKind{SpanTalk}},
		{PartyHere{at(21), "a2"}, "l1", []SpanKind{SpanHold}},
		{PartyReady{at(22), "a2", "l2", Lend}, "l1", []SpanKind{SpanHold, "consult"}},
		{LegLost{at(23), "l1"}, "", nil},
		{LegReady{at(24), "a1", "l3"}, "l3", []SpanKind{SpanTalk}},
		{CallerGone{at(25)}, "", nil},
	} {
		c, _ = Next(c, s.event)
		if c.Taped() != s.leg || !slices.Equal(spanKinds(c), s.spans) {
			t.Fatalf("step %d, %#v: %q with %v, want %q with %v", i, s.event, c.Taped(), spanKinds(c), s.leg, s.spans)
		}
	}
}

// TestElsewhereIsNotOurs: who was left to a third party, or talks at another place, is not recorded here.
func TestElsewhereIsNotOurs(t *testing.T) {
	c := talk(t, Normal)
	c, _ = Next(c, OutsideWanted{by("a1", 10), "p1", ""})
	c, _ = Next(c, OutAnswered{at(11), 1})
	c, cmds := Next(c, OutsideLeaveWanted{by("a1", 12)})
	if c.State != Overflowed || c.Taped() != "" || !slices.Contains(cmds, Command(StopRecording{"l1"})) {
		t.Fatalf("%s, on tape %q, does %q", c.State, c.Taped(), tellsAll(cmds))
	}
}

func TestPause(t *testing.T) {
	minute := func(w Wish) PauseWanted { return PauseWanted{Wish: w, Code: "personal", For: time.Minute} }
	red := func(w Wish) PauseWanted { p := minute(w); p.AtRisk = true; return p }
	for name, s := range map[string]struct {
		tier   Tier
		events []Event
		paused bool
	}{
		"by the agent":                               {Normal, []Event{minute(by("a1", 10))}, true},
		"by nobody else":                             {Normal, []Event{minute(by("s1", 10))}, false},
		"not without a reason":                       {Normal, []Event{PauseWanted{Wish: by("a1", 10), For: time.Minute}}, false},
		"not without an end":                         {Normal, []Event{PauseWanted{Wish: by("a1", 10), Code: "personal"}}, false},
		"not for ever":                               {Normal, []Event{PauseWanted{Wish: by("a1", 10), Code: "personal", For: 2 * time.Hour}}, false},
		"not of a caller at risk":                    {Red, []Event{minute(by("a1", 10))}, false},
		"of a caller at risk where the site lets it": {Red, []Event{red(by("a1", 10))}, true},
		"ends by wish":                               {Normal, []Event{minute(by("a1", 10)), RecordWanted{by("a1", 20)}}, false},
		"not by another's":                           {Normal, []Event{minute(by("a1", 10)), RecordWanted{by("s1", 20)}}, true},
		"ends by itself":                             {Normal, []Event{minute(by("a1", 10)), PauseDue{at(70)}}, false},
		"not before":                                 {Normal, []Event{minute(by("a1", 10)), PauseDue{at(69)}}, true},
		"renewed":                                    {Normal, []Event{minute(by("a1", 10)), minute(by("a1", 60)), PauseDue{at(70)}}, true},
		"ends with the first word of a danger":       {Normal, []Event{minute(by("a1", 10)), RiskWanted{by("s1", 20), LevelHigh, false}}, false},
		"over a hold":                                {Normal, []Event{minute(by("a1", 10)), HoldWanted{by("a1", 20)}, ResumeWanted{by("a1", 30)}}, true},
		"over the loss of the leg":                   {Normal, []Event{minute(by("a1", 10)), LegLost{at(20), "l1"}, LegReady{at(22), "a1", "l2"}}, true},
		"ends when another has the call":             {Normal, []Event{minute(by("a1", 10)), Reassigned{at(20), indexRow(Talking, "a2", "l2", 20)}}, false},
		"ends with the call":                         {Normal, []Event{minute(by("a1", 10)), CallerGone{at(20)}}, false},
	} {
		t.Run(name, func(t *testing.T) {
			c := talk(t, s.tier)
			for _, e := range s.events {
				c, _ = Next(c, e)
			}
			if c.Paused() != s.paused {
				t.Errorf("paused: %t", c.Paused())
			}
		})
	}
}

// TestPauseIsConfirmed: what is told as paused, or as recorded again, is the word of a gateway about the leg that is on the tape.
func TestPauseIsConfirmed(t *testing.T) {
	minute := PauseWanted{Wish: by("a1", 10), Code: "personal", For: time.Minute}
	word := func(sec int, leg string, since, until, over int) PauseTaken {
		e := PauseTaken{At: at(sec), Leg: leg, Since: at(since).Time, Until: at(until).Time}
		if over > 0 {
			e.Over = at(over).Time
		}
		return e
	}
	taken := word(11, "l1", 10, 70, 0)
	lost, back := LegLost{at(20), "l1"}, LegReady{at(22), "a1", "l2"}
	for name, s := range map[string]struct {
		events      []Event
		taken, owed bool
		none        bool // nothing of a pause is left on the call
	}{
		"asked":                              {[]Event{minute}, false, true, false},
		"taken":                              {[]Event{minute, taken}, true, false, false},
		"another leg's word":                 {[]Event{minute, word(11, "l2", 10, 70, 0)}, false, true, false},
		"no leg's word":                      {[]Event{minute, word(11, "", 10, 70, 0)}, false, true, false},
		"the word about another pause":       {[]Event{minute, word(11, "l1", 9, 69, 0)}, false, true, false},
		"prolonged, and not confirmed":       {[]Event{minute, taken, PauseWanted{Wish: by("a1", 30), Code: "personal", For: time.Minute}}, true, true, false},
		"over a hold":                        {[]Event{minute, taken, HoldWanted{by("a1", 20)}}, true, false, false},
		"on the next leg":                    {[]Event{minute, taken, lost, back}, false, true, false},
		"on the same leg, come back":         {[]Event{minute, taken, lost, LegReady{at(22), "a1", "l1"}}, false, true, false},
		"taken on the next leg":              {[]Event{minute, taken, lost, back, word(23, "l2", 10, 70, 0)}, true, false, false},
		"the old leg's word on the next":     {[]Event{minute, lost, back, taken}, false, true, false},
		"over":                               {[]Event{minute, taken, RecordWanted{by("a1", 20)}}, true, true, false},
		"over before it was taken":           {[]Event{minute, RecordWanted{by("a1", 11)}}, false, true, false},
		"over, and a late word":              {[]Event{minute, RecordWanted{by("a1", 11)}, taken}, false, true, false},
		"recorded again":                     {[]Event{minute, taken, RecordWanted{by("a1", 20)}, word(21, "l1", 10, 70, 20)}, false, false, true},
		"over by itself":                     {[]Event{minute, taken, PauseDue{at(70)}}, true, true, false},
		"over by danger":                     {[]Event{minute, taken, RiskWanted{by("s1", 20), LevelHigh, false}}, true, true, false},
		"over, on the next leg":              {[]Event{minute, taken, lost, RecordWanted{by("a1", 21)}, back}, false, true, false},
		"recorded again on the next leg":     {[]Event{minute, taken, lost, RecordWanted{by("a1", 21)}, back, word(23, "l2", 10, 70, 21)}, false, false, true},
		"paused again before it was over":    {[]Event{minute, taken, RecordWanted{by("a1", 20)}, PauseWanted{Wish: by("a1", 25), Code: "personal", For: time.Minute}}, false, true, false},
		"the end's word after another pause": {[]Event{minute, taken, RecordWanted{by("a1", 20)}, PauseWanted{Wish: by("a1", 25), Code: "personal", For: time.Minute}, word(26, "l1", 10, 70, 20)}, false, true, false},
	} {
		t.Run(name, func(t *testing.T) {
			c := talk(t, Normal)
			for _, e := range s.events {
				c, _ = Next(c, e)
			}
			if c.PauseTaken() != s.taken || c.PauseOwed() != s.owed || (c.Pause == Pause{}) != s.none {
				t.Errorf("taken %t, owed %t: %+v", c.PauseTaken(), c.PauseOwed(), c.Pause)
			}
			if tag, err := DecodeTag(c.Encode("controller-1", 1)); err != nil || tag.Restore().Pause != c.Pause {
				t.Errorf("the tag has %+v, %v", tag.Restore().Pause, err)
			}
		})
	}
}

// TestPauseInTheTag: the next life of a controller knows the pause, and when it ends.
func TestPauseInTheTag(t *testing.T) {
	c := talk(t, Normal)
	c, cmds := Next(c, PauseWanted{Wish: by("a1", 10), Code: "personal", For: time.Minute})
	if tellsAll(cmds) != "Save ArmPause" {
		t.Errorf("does %q", tellsAll(cmds))
	}
	tag, err := DecodeTag(c.Encode("controller-1", 1))
	if err != nil {
		t.Fatal(err)
	}
	r, cmds := Next(tag.Restore(), Adopted{At: at(30), Place: Place{Leg: "l1"}})
	if r.Pause != c.Pause || !slices.Contains(cmds, Command(ArmPause{40 * time.Second})) {
		t.Errorf("%+v does %q", r.Pause, tellsAll(cmds))
	}
	r, _ = Next(r, PauseDue{at(70)})
	if r.Paused() {
		t.Error("it does not end")
	}
}

func TestRiskOnTheTape(t *testing.T) {
	for name, s := range map[string]struct {
		call Call
		code string
		who  string
	}{
		"nobody said anything":       {Call{Tier: Normal}, "", ""},
		"a person said low":          {Call{Tier: Normal, Level: LevelLow, LevelBy: "a1"}, "low", "a1"},
		"a person said high":         {Call{Tier: Red, Level: LevelHigh, LevelBy: "a1"}, "high", "a1"},
		"the danger key":             {Call{Tier: Red, Danger: true}, RiskByKey, ""},
		"the key, and a person low":  {Call{Tier: Red, Danger: true, Level: LevelLow, LevelBy: "a1"}, RiskByKey, ""},
		"the key, and a person high": {Call{Tier: Red, Danger: true, Level: LevelHigh, LevelBy: "a1"}, "high", "a1"},
		"known to be in danger":      {Call{Tier: Red}, "high", ""},
	} {
		if code, who := s.call.Risk(); code != s.code || who != s.who {
			t.Errorf("%s: %q by %q", name, code, who)
		}
	}
}
