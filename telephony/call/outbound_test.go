package call

import (
	"fmt"
	"strings"
	"testing"
)

// tells writes commands as says does, with what belongs to calls that we place.
func tells(cmds []Command) string {
	words := make([]string, 0, len(cmds))
	for _, c := range cmds {
		word := says([]Command{c})
		switch c := c.(type) {
		case Dial:
			word += fmt.Sprintf(":%d%s", c.N, c.To)
		case DropOut:
			word += fmt.Sprintf(":%d", c.N)
			if c.Served {
				word += ":served"
			}
			if c.Spare {
				word += ":spare"
			}
		case WatchOut:
			word += fmt.Sprintf(":%d", c.N)
		case JoinOut:
			word += fmt.Sprintf(":%d", c.N)
		case StartRinging:
			word += ":" + c.Leg
		case StopRinging:
			word += ":" + c.Leg
		}
		words = append(words, word)
	}
	return strings.Join(words, " ")
}

// queued is a call that waits, as any other: greeted and in the queue.
func queued() Call {
	c := fresh()
	c.State, c.Queued, c.Indexed = Waiting, at(9).Time, at(9).Time
	return c
}

func planned(c Call, p Plan) Call { c.Plan = p; return c }

func relayed() Call { c := fresh(); c.Hops = "a"; return c }

var outbounds = map[string]struct {
	call  Call
	steps []step
}{
	"answered elsewhere, and hung up there": {queued(), []step{
		{OverflowDue{at(30), "city"}, Waiting, "Save Dial:1city"},
		{OverflowDue{at(31), "province"}, Waiting, ""},
		{Digit{at(32), "0"}, Waiting, "StopPlay Save Raise Play:danger"},
		{OutAnswered{at(40), 1}, Overflowed, "StopPlay JoinOut:1 Save Unlist DisarmAnnounce"},
		{LeftBridge{at(40), Place{Line: "12355"}}, Overflowed, ""},
		{Indexed{at(41), indexRow(Talking, "a1", "l1", 41)}, Overflowed, ""},
		{IndexLost{at(42)}, Overflowed, ""},
		{TermsChanged{At: at(42)}, Overflowed, ""},
		{Found{At: at(50), Place: Place{Out: "c1"}}, Overflowed, ""},
		{OutGone{at(100), 1, 16}, Overflowed, "Hangup"},
		{LeftBridge{at(100), Place{Out: "c1"}}, Overflowed, ""},
		{CallerGone{at(100)}, Ended, "DisarmReturn Close"},
	}},
	"answered elsewhere while a callback is promised: it is taken back": {planned(queued(), full), []step{
		{OverflowDue{at(30), "city"}, Waiting, "Save Dial:1city"},
		{CallbackWanted{at(31)}, Waiting, "StopPlay Save Promise"},
		{OutAnswered{at(40), 1}, Overflowed, "StopPlay JoinOut:1 Save Unlist DisarmAnnounce Withdraw"},
	}},
	"a counsellor here is quicker: the attempt is dropped, and its late answer does nothing": {queued(), []step{
		{OverflowDue{at(30), "city"}, Waiting, "Save Dial:1city"},
		{Indexed{at(35), indexRow(Offered, "a1", "", 35)}, Offered, ""},
		{Indexed{at(36), indexRow(Talking, "a1", "l1", 36)}, Talking, "StopPlay Join:l1 StartRecording:l1 Save DisarmReturn Mark DropOut:1:served"},
		{OutAnswered{at(36), 1}, Talking, "DropOut:1"},
		{OutGone{at(36), 1, 16}, Talking, ""},
	}},
	"refused there: the caller keeps the place, and may be tried again": {queued(), []step{
		{OverflowDue{at(30), "city"}, Waiting, "Save Dial:1city"},
		{OutGone{at(31), 1, 34}, Waiting, "Save"},
		{OverflowDue{at(60), "province"}, Waiting, "Save Dial:2province"},
		{OutAnswered{at(61), 1}, Waiting, "DropOut:1"},
		{OutAnswered{at(62), 2}, Overflowed, "StopPlay JoinOut:2 Save Unlist DisarmAnnounce"},
	}},
	"the far side vanishes: the head of the queue, with hold audio": {queued(), []step{
		{OverflowDue{at(30), "city"}, Waiting, "Save Dial:1city"},
		{OutAnswered{at(40), 1}, Overflowed, "StopPlay JoinOut:1 Save Unlist DisarmAnnounce"},
		{OutGone{at(50), 1, 44}, Waiting, "EnterHold Play:reconnecting Save Enqueue:front DropOut:1"},
		{Queued{at(50), Row{State: Waiting, Front: at(-1).Time, Since: at(50).Time}}, Waiting, "Save"},
	}},
	"they cannot be brought together": {queued(), []step{
		{OverflowDue{at(30), "city"}, Waiting, "Save Dial:1city"},
		{OutAnswered{at(40), 1}, Overflowed, "StopPlay JoinOut:1 Save Unlist DisarmAnnounce"},
		{JoinOutFailed{at(40), 1}, Waiting, "EnterHold Play:reconnecting Save Enqueue:front DropOut:1"},
	}},
	"the caller gives up while it rings there": {queued(), []step{
		{OverflowDue{at(30), "city"}, Waiting, "Save Dial:1city"},
		{Leaving{at(40), 16}, Waiting, ""},
		{CallerGone{at(40)}, Ended, "DisarmReturn DropOut:1 Close"},
	}},
	"the caller gives up in the moment in which somebody there answers": {queued(), []step{
		{OverflowDue{at(30), "city"}, Waiting, "Save Dial:1city"},
		{Leaving{at(40), 16}, Waiting, ""},
		{OutAnswered{at(40), 1}, Waiting, "DropOut:1"},
		{CallerGone{at(40)}, Ended, "DisarmReturn Close"},
	}},
	"the caller gives up while talking there": {queued(), []step{
		{OverflowDue{at(30), "city"}, Waiting, "Save Dial:1city"},
		{OutAnswered{at(40), 1}, Overflowed, "StopPlay JoinOut:1 Save Unlist DisarmAnnounce"},
		{Leaving{at(60), 16}, Overflowed, ""},
		{OutGone{at(60), 1, 16}, Overflowed, ""},
		{CallerGone{at(60)}, Ended, "DisarmReturn Close"},
	}},
	"the dialplan takes the caller: the attempt must not ring on": {queued(), []step{
		{OverflowDue{at(30), "city"}, Waiting, "Save Dial:1city"},
		{Unservable{at(40)}, Degraded, "Save Degrade DisarmReturn DropOut:1 Close"},
	}},
	"an attempt that nobody remembers is ended": {queued(), []step{
		{OutFound{at(10), 1}, Waiting, "DropOut:1"},
		{OverflowDue{at(30), "city"}, Waiting, "Save Dial:1city"},
		{OutFound{at(40), 1}, Waiting, ""},
	}},
	"passed on to us: answered only when a counsellor accepted": {relayed(), []step{
		{Relayed{At: at(0), Hops: "a", Tier: Red}, Waiting, "Save Register Enqueue"},
		{Recognized{At: at(1), Known: Known{History: 2}}, Waiting, "Require"},
		{Queued{at(1), indexRow(Offered, "a1", "", 1)}, Offered, ""},
		{Found{At: at(2), Place: Place{}}, Offered, ""},
		{Indexed{at(5), indexRow(Talking, "a1", "l1", 5)}, Talking, "Answer StopPlay Join:l1 StartRecording:l1 Save DisarmReturn Mark"},
		{LegLost{at(9), "l1"}, Held, "EnterHold Save Mark Play:reconnecting StopRecording:l1 ArmReturn Open:a1"},
		{CallerGone{at(20)}, Ended, "DisarmReturn Close"},
	}},
	"passed on to us, accepted while the leg was away: nothing is said on the unanswered channel": {relayed(), []step{
		{Relayed{At: at(0), Hops: "a"}, Waiting, "Save Register Enqueue"},
		{Queued{at(1), indexRow(Talking, "a1", "", 1)}, Held, "Save Mark ArmReturn"},
		{LegReady{at(2), "a2", "l2"}, Held, ""},
		{LegReady{at(3), "a1", "l1"}, Talking, "Answer StopPlay Join:l1 StartRecording:l1 Save DisarmReturn Mark"},
	}},
	"passed on to us, and nobody gives it a place": {relayed(), []step{
		{Relayed{At: at(0), Hops: "a"}, Waiting, "Save Register Enqueue"},
		{PlaceExpired{at(30)}, Degraded, "Save Degrade DisarmReturn Close"},
	}},
	"passed on to us, and passed on by us": {relayed(), []step{
		{Relayed{At: at(0), Hops: "a"}, Waiting, "Save Register Enqueue"},
		{Queued{at(1), indexRow(Waiting, "", "", 1)}, Waiting, ""},
		{OverflowDue{at(9), "province"}, Waiting, "Save Dial:1province"},
		{OutAnswered{at(12), 1}, Overflowed, "Answer JoinOut:1 Save Unlist DisarmAnnounce"},
	}},
	"a callback: accepted, dialled, taken, hung up": {fresh(), []step{
		{CallbackDue{At: at(0), Task: "t1", Tier: Red}, Waiting, "Save Register Enqueue"},
		{Queued{at(1), indexRow(Offered, "a1", "", 1)}, Offered, ""},
		{Indexed{at(5), indexRow(Talking, "a1", "l1", 5)}, Held, "DisarmReturn StartRinging:l1 Dial:1 Mark"},
		{Indexed{at(5), indexRow(Held, "a1", "l1", 5)}, Held, ""},
		{OutFound{at(6), 1}, Held, ""},
		{OutAnswered{at(9), 1}, Talking, "StopRinging:l1 StopPlay Join:l1 StartRecording:l1 Save DisarmReturn Mark"},
		{LegLost{at(19), "l1"}, Held, "EnterHold Save Mark Play:reconnecting StopRecording:l1 ArmReturn Open:a1"},
		{LegReady{at(20), "a1", "l2"}, Talking, "StopPlay Join:l2 StartRecording:l2 Save DisarmReturn Mark Reclaim:a1"},
		{CallerGone{at(60)}, Ended, "StopRecording:l2 Keep:a1 DisarmReturn Close"},
	}},
	"a callback that nobody takes": {fresh(), []step{
		{CallbackDue{At: at(0), Task: "t1"}, Waiting, "Save Register Enqueue"},
		{Queued{at(1), indexRow(Talking, "a1", "l1", 1)}, Held, "DisarmReturn StartRinging:l1 Dial:1 Mark"},
		{OutGone{at(30), 1, 19}, Ended, "StopRinging:l1 DisarmReturn Close"},
	}},
	"somebody else may carry the callback out: the telephone must not ring twice": {fresh(), []step{
		{CallbackDue{At: at(0), Task: "t1"}, Waiting, "Save Register Enqueue"},
		{Queued{at(1), indexRow(Talking, "a1", "l1", 1)}, Held, "DisarmReturn StartRinging:l1 Dial:1 Mark"},
		{ClaimLost{at(9)}, Ended, "StopRinging:l1 DropOut:1 DisarmReturn Close"},
	}},
	"the controller drains: a callback that waits is given back": {fresh(), []step{
		{CallbackDue{At: at(0), Task: "t1"}, Waiting, "Save Register Enqueue"},
		{Queued{at(1), indexRow(Offered, "a1", "", 1)}, Offered, ""},
		{Draining{at(2)}, Ended, "DisarmReturn Close"},
	}},
	"the controller drains while it rings: the call is made": {fresh(), []step{
		{CallbackDue{At: at(0), Task: "t1"}, Waiting, "Save Register Enqueue"},
		{Queued{at(1), indexRow(Talking, "a1", "l1", 1)}, Held, "DisarmReturn StartRinging:l1 Dial:1 Mark"},
		{Draining{at(2)}, Held, ""},
	}},
	"the controller drains: whom another site passed on stays": {relayed(), []step{
		{Relayed{At: at(0), Hops: "a"}, Waiting, "Save Register Enqueue"},
		{Draining{at(2)}, Waiting, ""},
	}},
	"the counsellor lets go while it rings": {fresh(), []step{
		{CallbackDue{At: at(0), Task: "t1"}, Waiting, "Save Register Enqueue"},
		{Queued{at(1), indexRow(Talking, "a1", "l1", 1)}, Held, "DisarmReturn StartRinging:l1 Dial:1 Mark"},
		{HangupWanted{at(9), "a2"}, Held, ""},
		{HangupWanted{at(9), "a1"}, Ended, "StopRinging:l1 DropOut:1 DisarmReturn Close"},
	}},
	"the counsellor's browser goes while it rings: nobody is called to nobody": {fresh(), []step{
		{CallbackDue{At: at(0), Task: "t1"}, Waiting, "Save Register Enqueue"},
		{Queued{at(1), indexRow(Talking, "a1", "l1", 1)}, Held, "DisarmReturn StartRinging:l1 Dial:1 Mark"},
		{LegReady{at(2), "a1", "l2"}, Held, "StopRinging:l1 StartRinging:l2"},
		{LegLost{at(3), "l1"}, Held, ""},
		{LegLost{at(4), "l2"}, Held, "StopRinging:l2 DropOut:1:spare Save Mark ArmReturn"},
		{LegReady{at(9), "a1", "l3"}, Held, "DisarmReturn StartRinging:l3 Dial:2 Mark"},
		{LegLost{at(10), "l3"}, Held, "StopRinging:l3 DropOut:2:spare Save Mark ArmReturn"},
		{ReturnExpired{at(30)}, Waiting, "Save Enqueue:front"},
	}},
	"the caller picks up in the moment in which the counsellor is lost: hold audio, and the counsellor comes back": {fresh(), []step{
		{CallbackDue{At: at(0), Task: "t1"}, Waiting, "Save Register Enqueue"},
		{Queued{at(1), indexRow(Talking, "a1", "l1", 1)}, Held, "DisarmReturn StartRinging:l1 Dial:1 Mark"},
		{LegLost{at(4), "l1"}, Held, "StopRinging:l1 DropOut:1:spare Save Mark ArmReturn"},
		{OutAnswered{at(4), 1}, Held, "EnterHold Save Play:reconnecting ArmReturn"},
		{OutAnswered{at(4), 1}, Held, ""},
		{OutFound{at(5), 1}, Held, ""},
		{ClaimLost{at(6)}, Held, ""},
		{LegReady{at(9), "a1", "l2"}, Talking, "StopPlay Join:l2 StartRecording:l2 Save DisarmReturn Mark"},
		{CallerGone{at(60)}, Ended, "StopRecording:l2 DisarmReturn Close"},
	}},
	"the caller picks up, and the counsellor does not come back: the head of the queue": {fresh(), []step{
		{CallbackDue{At: at(0), Task: "t1"}, Waiting, "Save Register Enqueue"},
		{Queued{at(1), indexRow(Talking, "a1", "l1", 1)}, Held, "DisarmReturn StartRinging:l1 Dial:1 Mark"},
		{LegLost{at(4), "l1"}, Held, "StopRinging:l1 DropOut:1:spare Save Mark ArmReturn"},
		{OutAnswered{at(4), 1}, Held, "EnterHold Save Play:reconnecting ArmReturn"},
		{ReturnExpired{at(24)}, Waiting, "Save Enqueue:front"},
		{CallerGone{at(60)}, Ended, "DisarmReturn Close"},
	}},
	"the caller picks up the call before the newest": {fresh(), []step{
		{CallbackDue{At: at(0), Task: "t1"}, Waiting, "Save Register Enqueue"},
		{Queued{at(1), indexRow(Talking, "a1", "l1", 1)}, Held, "DisarmReturn StartRinging:l1 Dial:1 Mark"},
		{LegLost{at(4), "l1"}, Held, "StopRinging:l1 DropOut:1:spare Save Mark ArmReturn"},
		{LegReady{at(4), "a1", "l2"}, Held, "DisarmReturn StartRinging:l2 Dial:2 Mark"},
		{OutAnswered{at(4), 1}, Talking, "DropOut:2 StopRinging:l2 StopPlay Join:l2 StartRecording:l2 Save DisarmReturn Mark"},
		{OutAnswered{at(5), 2}, Talking, "DropOut:2"},
	}},
	"the index gives the callback to another while it rings": {fresh(), []step{
		{CallbackDue{At: at(0), Task: "t1"}, Waiting, "Save Register Enqueue"},
		{Queued{at(1), indexRow(Talking, "a1", "l1", 1)}, Held, "DisarmReturn StartRinging:l1 Dial:1 Mark"},
		{Indexed{at(3), indexRow(Waiting, "", "", 3)}, Waiting, "StopRinging:l1 DropOut:1:spare DisarmReturn Save"},
		{OutAnswered{at(3), 1}, Waiting, "EnterHold Save Play:reconnecting"},
	}},
	"the index is away for a callback: it is tried again later": {fresh(), []step{
		{CallbackDue{At: at(0), Task: "t1"}, Waiting, "Save Register Enqueue"},
		{PlaceExpired{at(30)}, Ended, "DisarmReturn Close"},
	}},
}

func TestCallsThatWePlace(t *testing.T) {
	for name, story := range outbounds {
		t.Run(name, func(t *testing.T) {
			c := story.call
			for i, s := range story.steps {
				next, cmds := Next(c, s.event)
				if next.State != s.state || tells(cmds) != s.does {
					t.Fatalf("step %d, %T:\n got %s, %q\nwant %s, %q", i+1, s.event, next.State, tells(cmds), s.state, s.does)
				}
				c = next
			}
		})
	}
}

func TestOutboundAdopted(t *testing.T) {
	trying := queued()
	trying.Out = Attempt{1, "city", true}
	away := trying
	away.State, away.Passed, away.Joined = Overflowed, at(3).Time, at(3).Time
	held := relayed()
	held.State, held.Agent, held.Unanswered = Held, "a1", true
	dialling := held
	dialling.Hops, dialling.Task, dialling.Out = "", "t1", Attempt{1, "l1", true}
	for _, tt := range []struct {
		name  string
		call  Call
		place Place
		state State
		does  string
	}{
		{"tried elsewhere", trying, Place{Line: "12355"}, Waiting, "Settle Save Restore Enqueue WatchOut:1"},
		{"talks elsewhere", away, Place{Out: "c1"}, Overflowed, "Save WatchOut:1"},
		{"talked elsewhere, but is in no bridge", away, Place{}, Waiting, "EnterHold Play:reconnecting Save Enqueue:front DropOut:1"},
		{"passed on to us, accepted", held, Place{}, Held, "Restore Save Mark ArmReturn"},
		{"a callback rings", dialling, Place{}, Held, "Save Restore Mark WatchOut:1"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, cmds := Next(remembered(t, tt.call), Adopted{At: at(5), Place: tt.place})
			if got.State != tt.state || tells(cmds) != tt.does {
				t.Errorf("got %s, %q; want %s, %q", got.State, tells(cmds), tt.state, tt.does)
			}
		})
	}
}

// remembered is the call as its tag keeps it.
func remembered(t *testing.T, c Call) Call {
	t.Helper()
	tag, err := DecodeTag(c.Encode("controller-1", 1))
	if err != nil {
		t.Fatal(err)
	}
	return tag.Restore()
}

func TestOutboundOutcomes(t *testing.T) {
	for name, want := range map[string]Outcome{
		"answered elsewhere, and hung up there": PassedOn, "the caller gives up while it rings there": Abandoned,
		"a callback: accepted, dialled, taken, hung up": Answered, "a callback that nobody takes": NotReached,
		"the caller picks up in the moment in which the counsellor is lost: hold audio, and the counsellor comes back": Answered,
		"the caller picks up, and the counsellor does not come back: the head of the queue":                            NotReached,
		"the counsellor lets go while it rings":                                                                        NotReached,
		"the caller gives up while talking there":                                                                      PassedOn,
	} {
		c := outbounds[name].call
		for _, s := range outbounds[name].steps {
			c, _ = Next(c, s.event)
		}
		if c.Outcome() != want {
			t.Errorf("%s: %s, want %s", name, c.Outcome(), want)
		}
	}
	c, _ := Next(relayed(), Relayed{At: at(0), Hops: "a"})
	c, _ = Next(c, CallerGone{at(3)})
	if c.Outcome() != Withdrawn {
		t.Errorf("given up by the other site: %s", c.Outcome())
	}
}

// TestLeftAfterABrokenTalk: whose talk broke, here or elsewhere, and who leaves before anybody is there again, was not served.
func TestLeftAfterABrokenTalk(t *testing.T) {
	talks, away := queued(), queued()
	talks.State, talks.Agent, talks.Leg, talks.Talked, talks.Joined = Talking, "a1", "l1", at(10).Time, at(10).Time
	away.State, away.Passed, away.Joined, away.Out = Overflowed, at(10).Time, at(10).Time, Attempt{1, "city", true}
	for name, tt := range map[string]struct {
		call   Call
		events []Event
		left   bool
	}{
		"talking":                           {talks, nil, false},
		"never answered":                    {queued(), nil, false},
		"held for the agent":                {talks, []Event{LegLost{at(20), "l1"}}, true},
		"the agent came back":               {talks, []Event{LegLost{at(20), "l1"}, LegReady{at(21), "a1", "l2"}}, false},
		"the agent did not come back":       {talks, []Event{LegLost{at(20), "l1"}, ReturnExpired{at(40)}}, true},
		"the agent hung up while away":      {talks, []Event{LegLost{at(20), "l1"}, HangupWanted{at(21), "a1"}}, false},
		"talking elsewhere":                 {away, nil, false},
		"the far side vanished":             {away, []Event{OutGone{at(20), 1, 44}}, true},
		"and another here rings":            {away, []Event{OutGone{at(20), 1, 44}, Queued{at(21), indexRow(Offered, "a1", "", 21)}}, true},
		"and another here took the call":    {away, []Event{OutGone{at(20), 1, 44}, Queued{at(21), indexRow(Talking, "a1", "l1", 21)}}, false},
		"a callback was promised meanwhile": {planned(away, full), []Event{OutGone{at(20), 1, 44}, CallbackWanted{at(21)}, Promised{at(22), 1, true}}, false},
	} {
		t.Run(name, func(t *testing.T) {
			c := tt.call
			for _, e := range append(tt.events, Leaving{at(50), 16}, CallerGone{at(50)}) {
				c, _ = Next(c, e)
			}
			if c.State != Ended || c.Left != tt.left {
				t.Errorf("%s, left %v", c.State, c.Left)
			}
		})
	}
}
