package call

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"
)

var start = time.Date(2025, 5, 1, 3, 0, 0, 0, time.UTC)

func at(s int) At { return At{start.Add(time.Duration(s) * time.Second)} }

func fresh() Call {
	return Call{ID: "c1", Line: "12355", State: Arrived, Tier: Normal, Arrived: start}
}

// says writes commands as words, so that a table reads like the story it tells.
func says(cmds []Command) string {
	words := make([]string, 0, len(cmds))
	for _, c := range cmds {
		s := strings.TrimPrefix(fmt.Sprintf("%T", c), "call.")
		switch c := c.(type) {
		case Join:
			s += ":" + c.Leg
		case StartRecording:
			s += ":" + c.Leg
		case KeepRecording:
			s += ":" + c.Leg
		case StopRecording:
			s += ":" + c.Leg
		case Play:
			s += ":" + string(c.Prompt)
		case Announce:
			for i, p := range c.Parts {
				s += string(":,"[min(i, 1)]) + string(p)
			}
		case ArmAnnounce:
			s += fmt.Sprintf(":%v", c.After)
		case Keep:
			s += ":" + c.Agent
		case Open:
			s += ":" + c.Agent
		case Reclaim:
			s += ":" + c.Agent
		case Enqueue:
			if c.Front {
				s += ":front"
			}
		}
		words = append(words, s)
	}
	return strings.Join(words, " ")
}

func indexRow(s State, agent, leg string, sec int) Row {
	return Row{State: s, Agent: agent, Leg: leg, Since: at(sec).Time}
}

type step struct {
	event Event
	state State
	does  string
}

// stories are whole calls: each step an event, the state after it and what was done about it.
var stories = map[string][]step{
	"greeted, queued, offered, answered, hung up by the caller": {
		{Claimed{At: at(0)}, Greeting, "Save Answer EnterHold Play:greeting Register"},
		{PromptDone{At: at(9)}, Waiting, "Save Enqueue Play:other-languages"},
		{Queued{at(9), indexRow(Offered, "", "", 9)}, Offered, ""},
		{Indexed{at(11), indexRow(Talking, "a1", "l1", 11)}, Talking, "StopPlay Join:l1 StartRecording:l1 Save DisarmReturn Mark"},
		{Leaving{at(60), 16}, Talking, ""},
		{LeftBridge{at(60), Place{Leg: "l1"}}, Talking, ""},
		{StasisEnded{at(60)}, Ended, "StopRecording:l1 DisarmReturn Close"},
	},
	"the counsellor hangs up; somebody else's wish does nothing": {
		{Claimed{At: at(0)}, Greeting, "Save Answer EnterHold Play:greeting Register"},
		{PromptDone{At: at(9)}, Waiting, "Save Enqueue Play:other-languages"},
		{Queued{at(9), indexRow(Talking, "a1", "l1", 9)}, Talking, "StopPlay Join:l1 StartRecording:l1 Save DisarmReturn Mark"},
		{HangupWanted{at(20), "a2"}, Talking, ""},
		{HangupWanted{at(20), "a1"}, Talking, "Hangup"},
		{LeftBridge{at(20), Place{Leg: "l1"}}, Talking, ""},
		{CallerGone{at(20)}, Ended, "StopRecording:l1 DisarmReturn Close"},
	},
	"the danger key cuts the greeting short, and the first decision about the caller already knows": {
		{Claimed{At: at(0)}, Greeting, "Save Answer EnterHold Play:greeting Register"},
		{Digit{at(2), "5"}, Greeting, ""},
		{Digit{at(3), "0"}, Waiting, "StopPlay Raise Save Enqueue Play:danger"},
		{Digit{at(4), "0"}, Waiting, ""},
	},
	"the danger key while waiting": {
		{Claimed{At: at(0)}, Greeting, "Save Answer EnterHold Play:greeting Register"},
		{PromptDone{At: at(9)}, Waiting, "Save Enqueue Play:other-languages"},
		{Digit{at(12), "0"}, Waiting, "StopPlay Save Raise Play:danger"},
	},
	"a refresh: hold audio, then the same call on the new leg": {
		{Claimed{At: at(0)}, Greeting, "Save Answer EnterHold Play:greeting Register"},
		{PromptDone{At: at(9)}, Waiting, "Save Enqueue Play:other-languages"},
		{Queued{at(9), indexRow(Talking, "a1", "l1", 9)}, Talking, "StopPlay Join:l1 StartRecording:l1 Save DisarmReturn Mark"},
		{LegLost{at(30), "other"}, Talking, ""},
		{LegLost{at(30), "l1"}, Held, "EnterHold Save Mark Play:reconnecting StopRecording:l1 ArmReturn"},
		{LegReady{at(33), "a2", "l9"}, Held, ""},
		{LegReady{at(33), "a1", "l2"}, Talking, "StopPlay Join:l2 StartRecording:l2 Save DisarmReturn Mark"},
	},
	"the counsellor does not come back: head of the queue, and late news of the old talk is ignored": {
		{Claimed{At: at(0)}, Greeting, "Save Answer EnterHold Play:greeting Register"},
		{PromptDone{At: at(9)}, Waiting, "Save Enqueue Play:other-languages"},
		{Queued{at(9), indexRow(Talking, "a1", "l1", 9)}, Talking, "StopPlay Join:l1 StartRecording:l1 Save DisarmReturn Mark"},
		{LegLost{at(30), "l1"}, Held, "EnterHold Save Mark Play:reconnecting StopRecording:l1 ArmReturn"},
		{ReturnExpired{at(50)}, Waiting, "Save Enqueue:front"},
		{Indexed{at(50), indexRow(Held, "a1", "l1", 30)}, Waiting, ""},
		{Queued{at(51), Row{State: Waiting, Front: at(-100).Time, Since: at(51).Time}}, Waiting, "Save"},
		{Indexed{at(51), indexRow(Held, "a1", "l1", 30)}, Waiting, ""},
		{Indexed{at(52), Row{State: Talking, Agent: "a2", Leg: "l7", Since: at(52).Time, Front: at(-100).Time}}, Talking, "StopPlay Join:l7 StartRecording:l7 Save DisarmReturn Mark"},
	},
	"another tab takes over: the caller follows without a pause": {
		{Claimed{At: at(0)}, Greeting, "Save Answer EnterHold Play:greeting Register"},
		{PromptDone{At: at(9)}, Waiting, "Save Enqueue Play:other-languages"},
		{Queued{at(9), indexRow(Talking, "a1", "l1", 9)}, Talking, "StopPlay Join:l1 StartRecording:l1 Save DisarmReturn Mark"},
		{LegReady{at(20), "a1", "l1"}, Talking, ""},
		{LegReady{at(20), "a1", "l2"}, Talking, "StopPlay Join:l2 StartRecording:l2 Save DisarmReturn Mark StopRecording:l1"},
		{LeftBridge{at(20), Place{Leg: "l1"}}, Talking, ""},
	},
	"accepted while the leg was away": {
		{Claimed{At: at(0)}, Greeting, "Save Answer EnterHold Play:greeting Register"},
		{PromptDone{At: at(9)}, Waiting, "Save Enqueue Play:other-languages"},
		{Queued{at(9), indexRow(Talking, "a1", "", 9)}, Held, "EnterHold StopPlay Save Mark Play:reconnecting ArmReturn"},
	},
	"the join fails": {
		{Claimed{At: at(0)}, Greeting, "Save Answer EnterHold Play:greeting Register"},
		{PromptDone{At: at(9)}, Waiting, "Save Enqueue Play:other-languages"},
		{Queued{at(9), indexRow(Talking, "a1", "l1", 9)}, Talking, "StopPlay Join:l1 StartRecording:l1 Save DisarmReturn Mark"},
		{JoinFailed{at(9), "l1"}, Held, "EnterHold Save Mark Play:reconnecting StopRecording:l1 ArmReturn"},
	},
	"out of the bridge without a hang-up: sound again at once": {
		{Claimed{At: at(0)}, Greeting, "Save Answer EnterHold Play:greeting Register"},
		{LeftBridge{at(1), Place{Line: "12355"}}, Greeting, "Settle"},
		{PromptDone{At: at(9)}, Waiting, "Save Enqueue Play:other-languages"},
		{LeftBridge{at(10), Place{Line: "12355"}}, Waiting, "Settle"},
		{Queued{at(11), indexRow(Talking, "a1", "l1", 11)}, Talking, "StopPlay Join:l1 StartRecording:l1 Save DisarmReturn Mark"},
		{LeftBridge{at(11), Place{Line: "12355"}}, Talking, ""},
		{LeftBridge{at(20), Place{Leg: "l1"}}, Talking, "Settle"},
		{JoinFailed{at(20), "l1"}, Held, "EnterHold Save Mark Play:reconnecting StopRecording:l1 ArmReturn"},
	},
	"asterisk dies with the call": {
		{Claimed{At: at(0)}, Greeting, "Save Answer EnterHold Play:greeting Register"},
		{CallerGone{at(3)}, Ended, "DisarmReturn Close"},
	},
	"an offer comes and goes": {
		{Claimed{At: at(0)}, Greeting, "Save Answer EnterHold Play:greeting Register"},
		{PromptDone{At: at(9)}, Waiting, "Save Enqueue Play:other-languages"},
		{Queued{at(9), indexRow(Waiting, "", "", 9)}, Waiting, ""},
		{Indexed{at(10), indexRow(Offered, "", "", 10)}, Offered, ""},
		{Indexed{at(25), indexRow(Waiting, "", "", 25)}, Waiting, ""},
		{CallerGone{at(30)}, Ended, "DisarmReturn Close"},
	},
	"the index is emptied": {
		{Claimed{At: at(0)}, Greeting, "Save Answer EnterHold Play:greeting Register"},
		{IndexLost{at(1)}, Greeting, "Restore"},
	},
	"we cannot serve: the dialplan does": {
		{Claimed{At: at(0)}, Greeting, "Save Answer EnterHold Play:greeting Register"},
		{PromptDone{At: at(9)}, Waiting, "Save Enqueue Play:other-languages"},
		{Unservable{at(40)}, Degraded, "Save Degrade DisarmReturn Close"},
		{CallerGone{at(60)}, Degraded, ""},
	},
	"the index gives no place: the dialplan serves; once it gave one, the time is of no meaning": {
		{Claimed{At: at(0)}, Greeting, "Save Answer EnterHold Play:greeting Register"},
		{PlaceExpired{at(1)}, Greeting, ""},
		{PromptDone{At: at(9)}, Waiting, "Save Enqueue Play:other-languages"},
		{Queued{at(10), indexRow(Waiting, "", "", 10)}, Waiting, ""},
		{PlaceExpired{at(39)}, Waiting, ""},
		{Queued{at(40), indexRow(Talking, "a1", "", 40)}, Held, "EnterHold StopPlay Save Mark Play:reconnecting ArmReturn"},
		{ReturnExpired{at(60)}, Waiting, "Save Enqueue:front"},
		{PlaceExpired{at(90)}, Degraded, "Save Degrade DisarmReturn Close"},
	},
	"the counsellor's hang-up did not reach Asterisk: it is asked for again": {
		{Claimed{At: at(0)}, Greeting, "Save Answer EnterHold Play:greeting Register"},
		{PromptDone{At: at(9)}, Waiting, "Save Enqueue Play:other-languages"},
		{Queued{at(9), indexRow(Talking, "a1", "l1", 9)}, Talking, "StopPlay Join:l1 StartRecording:l1 Save DisarmReturn Mark"},
		{HangupWanted{at(20), "a1"}, Talking, "Hangup"},
		{Found{At: at(30), Place: Place{Leg: "l1"}}, Talking, "Hangup"},
		{CallerGone{at(30)}, Ended, "StopRecording:l1 DisarmReturn Close"},
	},
	"held for one counsellor, but the index has given the caller to another": {
		{Claimed{At: at(0)}, Greeting, "Save Answer EnterHold Play:greeting Register"},
		{PromptDone{At: at(9)}, Waiting, "Save Enqueue Play:other-languages"},
		{Queued{at(9), indexRow(Talking, "a1", "l1", 9)}, Talking, "StopPlay Join:l1 StartRecording:l1 Save DisarmReturn Mark"},
		{LegLost{at(30), "l1"}, Held, "EnterHold Save Mark Play:reconnecting StopRecording:l1 ArmReturn"},
		{Indexed{at(30), indexRow(Offered, "a1", "", 8)}, Held, ""},
		{Indexed{at(30), indexRow(Held, "a1", "", 30)}, Held, ""},
		{Indexed{at(31), indexRow(Waiting, "", "", 31)}, Waiting, "DisarmReturn Save"},
		{Indexed{at(32), indexRow(Talking, "a2", "l2", 32)}, Talking, "StopPlay Join:l2 StartRecording:l2 Save DisarmReturn Mark"},
	},
	"a new life of the index with a slower clock is believed": {
		{Claimed{At: at(0)}, Greeting, "Save Answer EnterHold Play:greeting Register"},
		{PromptDone{At: at(9)}, Waiting, "Save Enqueue Play:other-languages"},
		{Queued{at(9), indexRow(Waiting, "", "", 9)}, Waiting, ""},
		{IndexLost{at(10)}, Waiting, "Restore"},
		{Indexed{at(11), indexRow(Talking, "a1", "l1", 5)}, Talking, "StopPlay Join:l1 StartRecording:l1 Save DisarmReturn Mark"},
	},
	"the guardian gave the caller to the dialplan": {
		{Claimed{At: at(0)}, Greeting, "Save Answer EnterHold Play:greeting Register"},
		{StasisEnded{at(5)}, Greeting, "Inquire"},
		{LeftStasis{at(5)}, Degraded, "DisarmReturn Close"},
	},
	"a gap swallowed the end of the greeting": {
		{Claimed{At: at(0)}, Greeting, "Save Answer EnterHold Play:greeting Register"},
		{Found{At: at(5), Place: Place{Line: "12355"}}, Greeting, ""},
		{Found{At: at(6), Place: Place{}, Gap: true}, Waiting, "Settle StopPlay Save Enqueue"},
	},
}

func TestStories(t *testing.T) {
	for name, steps := range stories {
		t.Run(name, func(t *testing.T) { tell(t, fresh(), steps) })
	}
}

func tell(t *testing.T, c Call, steps []step) {
	t.Helper()
	for i, s := range steps {
		next, cmds := Next(c, s.event)
		if next.State != s.state || says(cmds) != s.does {
			t.Fatalf("step %d, %T:\n got %s, %q\nwant %s, %q", i+1, s.event, next.State, says(cmds), s.state, s.does)
		}
		c = next
	}
}

func TestAdopted(t *testing.T) {
	talking := fresh()
	talking.State, talking.Agent, talking.Leg, talking.Joined = Talking, "a1", "l1", start
	held := talking
	held.State, held.Leg = Held, ""
	greeting := fresh()
	greeting.State = Greeting
	for _, tt := range []struct {
		name  string
		call  Call
		place Place
		state State
		does  string
	}{
		{"talking, still in the leg", talking, Place{Leg: "l1"}, Talking, "Save Restore KeepRecording:l1"},
		{"talking, but found on hold", talking, Place{Line: "12355"}, Held, "Settle Save Restore Mark Play:reconnecting StopRecording:l1 ArmReturn"},
		{"held", held, Place{Line: "12355"}, Held, "Settle Save Restore Mark Play:reconnecting ArmReturn"},
		{"in the greeting: not heard twice", greeting, Place{Line: "12355"}, Waiting, "Settle Save Restore Enqueue"},
		{"not answered yet", fresh(), Place{}, Greeting, "Save Answer EnterHold Play:greeting Register Restore"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, cmds := Next(tt.call, Adopted{At: at(5), Place: tt.place})
			if got.State != tt.state || says(cmds) != tt.does {
				t.Errorf("got %s, %q; want %s, %q", got.State, says(cmds), tt.state, tt.does)
			}
		})
	}
}

func TestTalkTimeLeavesHoldOut(t *testing.T) {
	c := fresh()
	for _, e := range []Event{
		Claimed{At: at(0)}, PromptDone{At: at(9)}, Queued{at(10), indexRow(Talking, "a1", "l1", 10)}, LegLost{at(20), "l1"},
		LegReady{at(25), "a1", "l2"}, Leaving{at(40), 16}, CallerGone{at(40)},
	} {
		c, _ = Next(c, e)
	}
	if c.Spoken != 25*time.Second || c.Outcome() != Answered || c.EndedBy != ByCaller || c.Cause != 16 {
		t.Errorf("spoken %s, outcome %s, by %s", c.Spoken, c.Outcome(), c.EndedBy)
	}
}

func TestWhoEndedIt(t *testing.T) {
	begun, _ := Next(fresh(), Claimed{At: at(0)})
	talk, _ := Next(begun, PromptDone{At: at(1)})
	talk, _ = Next(talk, Queued{at(2), indexRow(Talking, "a1", "l1", 2)})
	for name, tt := range map[string]struct {
		before Event
		want   By
	}{"the caller": {Leaving{at(3), 16}, ByCaller}, "the agent": {HangupWanted{at(3), "a1"}, ByAgent}, "nobody": {IndexLost{at(3)}, ByFault}} {
		t.Run(name, func(t *testing.T) {
			c, _ := Next(talk, tt.before)
			if c, _ = Next(c, CallerGone{at(4)}); c.EndedBy != tt.want {
				t.Errorf("ended by %s, want %s", c.EndedBy, tt.want)
			}
		})
	}
}

func TestTagRoundTrip(t *testing.T) {
	c := fresh()
	for _, e := range []Event{Claimed{At: at(0)}, Digit{at(1), "0"}, Queued{at(2), Row{State: Talking, Agent: "a1", Leg: "l1", Since: at(2).Time, Front: at(-1).Time}}} {
		c, _ = Next(c, e)
	}
	tag, err := DecodeTag(c.Encode("controller-1", 7))
	if err != nil {
		t.Fatal(err)
	}
	if tag.Owner != "controller-1" || tag.Epoch != 7 {
		t.Errorf("owner %q, epoch %d", tag.Owner, tag.Epoch)
	}
	want := c
	want.Since, want.Offers = time.Time{}, time.Time{} // not carried: known again from the index, or of no further use
	if got := tag.Restore(); !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func TestDecodeTagRefuses(t *testing.T) {
	for name, s := range map[string]string{
		"nothing":         "",
		"not JSON":        "waiting",
		"another version": `{"v":2,"call":"c","line":"l","at":1,"state":"waiting"}`,
		"no arrival":      `{"v":1,"call":"c","line":"l","state":"waiting"}`,
		"unknown state":   `{"v":1,"call":"c","line":"l","at":1,"state":"lost"}`,
		"too long":        `{"v":1,"call":"` + strings.Repeat("c", maxTag) + `"}`,
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := DecodeTag(s); err == nil {
				t.Error("accepted")
			}
		})
	}
}

func FuzzDecodeTag(f *testing.F) {
	f.Add(fresh().Encode("controller-1", 1))
	f.Add(`{"v":1,"call":"c","line":"l","at":1,"state":"held","front_ms":-9223372036854775808}`)
	f.Fuzz(func(t *testing.T, s string) {
		tag, err := DecodeTag(s)
		if err != nil {
			return
		}
		// Whatever was accepted can be served: the machine must take it and put the caller somewhere with sound.
		c, cmds := Next(tag.Restore(), Adopted{At: at(0)})
		if !c.State.Final() && !c.Unanswered && !sounds(cmds) {
			t.Errorf("adopted %s without sound: %s", tag.State, says(cmds))
		}
	})
}

func sounds(cmds []Command) bool {
	for _, c := range cmds {
		switch c.(type) {
		case EnterHold, Settle, Join:
			return true
		}
	}
	return false
}
