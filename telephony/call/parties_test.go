package call

import (
	"encoding/json"
	"testing"
	"time"
)

// talk is a call of agent a1 on leg l1.
func talk(t *testing.T, tier Tier) Call {
	t.Helper()
	c := fresh()
	c.Tier = tier
	for _, e := range []Event{Claimed{At: at(0)}, PromptDone{At: at(9)}, Queued{at(9), indexRow(Talking, "a1", "l1", 9)}} {
		c, _ = Next(c, e)
	}
	if c.State != Talking {
		t.Fatalf("the call is %s", c.State)
	}
	return c
}

func by(agent string, sec int) Wish { return Wish{At: at(sec), By: agent} }

type besideStep struct {
	event Event
	party PartyState // of a2; "": there is none
	state State
	does  string
}

func TestPeopleBeside(t *testing.T) {
	for name, tt := range map[string]struct {
		tier  Tier
		steps []besideStep
	}{
		"a consultation and back": {Normal, []besideStep{
			{Invited{Wish: by("a1", 10), Agent: "a2", Note: "n1"}, PartyInvited, Talking, "Save ArmParties"},
			{InviteAnswered{by("a2", 14), true}, PartyJoining, Talking, "Engage ArrangeParties Save ArmParties"},
			{PartyHere{at(14), "a2"}, PartyJoining, Held, "EnterHold Save Mark ArrangeParties"},
			{PartyReady{at(15), "a2", "l2", Lend}, PartyIn, Held, "Save"},
			{LegReady{at(16), "a1", "l1"}, PartyIn, Held, "ArrangeParties"},
			{LeaveWanted{by("a1", 60), "a2"}, "", Talking, "BringHome StopPlay Join:l1 Save DisarmReturn Mark Disengage ArrangeParties"},
		}},
		"nobody answers": {Normal, []besideStep{
			{Invited{Wish: by("a1", 10), Agent: "a2"}, PartyInvited, Talking, "Save ArmParties"},
			{PartiesDue{at(20)}, PartyInvited, Talking, ""},
			{PartiesDue{at(40)}, PartyFailed, Talking, "Save ArmParties"},
			{PartiesDue{at(50)}, "", Talking, "Save"},
		}},
		"the call becomes dangerous while its agent consults": {Normal, []besideStep{
			{Invited{Wish: by("a1", 10), Agent: "a2"}, PartyInvited, Talking, "Save ArmParties"},
			{InviteAnswered{by("a2", 14), true}, PartyJoining, Talking, "Engage ArrangeParties Save ArmParties"},
			{PartyHere{at(14), "a2"}, PartyJoining, Held, "EnterHold Save Mark ArrangeParties"},
			{PartyReady{at(15), "a2", "l2", Lend}, PartyIn, Held, "Save"},
			{Digit{at(30), DangerKey}, PartyIn, Talking, "BringHome StopPlay Join:l1 Save DisarmReturn Mark Save Raise ArrangeParties"},
			{PartyReady{at(31), "a2", "l2", Coach}, PartyIn, Talking, ""},
		}},
		"a call at risk stays with its agent": {Red, []besideStep{
			{Invited{Wish: by("a1", 10), Agent: "a2"}, PartyInvited, Talking, "Save ArmParties"},
			{InviteAnswered{by("a2", 14), true}, PartyJoining, Talking, "Engage ArrangeParties Save ArmParties"},
			{PartyHere{at(14), "a2"}, PartyJoining, Talking, "ArrangeParties"},
			{PartyReady{at(15), "a2", "l2", Coach}, PartyIn, Talking, "Save"},
		}},
		"who is consulted is gone": {Normal, []besideStep{
			{Invited{Wish: by("a1", 10), Agent: "a2"}, PartyInvited, Talking, "Save ArmParties"},
			{InviteAnswered{by("a2", 14), true}, PartyJoining, Talking, "Engage ArrangeParties Save ArmParties"},
			{PartyHere{at(14), "a2"}, PartyJoining, Held, "EnterHold Save Mark ArrangeParties"},
			{PartyReady{at(15), "a2", "l2", Lend}, PartyIn, Held, "Save"},
			{LegLost{at(20), "l2"}, PartyFailed, Talking, "BringHome StopPlay Join:l1 Save DisarmReturn Mark Disengage ArrangeParties ArmParties"},
		}},
		"a supervisor listens, whispers, speaks and takes the call": {Normal, []besideStep{
			{JoinWanted{by("a2", 10), Monitor}, PartyJoining, Talking, "Engage ArrangeParties Save ArmParties"},
			{PartyReady{at(11), "a2", "l2", Spy}, PartyIn, Talking, "Save"},
			{JoinWanted{by("a2", 20), Whisper}, PartyIn, Talking, "ArrangeParties Save"},
			{JoinWanted{by("a2", 30), Barge}, PartyIn, Talking, "ArrangeParties Save"},
			{LegLost{at(40), "l1"}, PartyIn, Held, "EnterHold Save Mark Play:reconnecting StopRecording:l1 ArmReturn ArrangeParties"},
			{LegReady{at(42), "a1", "l3"}, PartyIn, Talking, "StopPlay Join:l3 StartRecording:l3 Save DisarmReturn Mark ArrangeParties"},
			{LegLost{at(50), "l2"}, PartyJoining, Talking, "ArrangeParties Save ArmParties"},
			{LegReady{at(53), "a2", "l4"}, PartyJoining, Talking, "ArrangeParties"},
			{PartyReady{at(53), "a2", "l4", Lend}, PartyIn, Talking, "Save"},
		}},
		"a supervisor does not come back": {Normal, []besideStep{
			{JoinWanted{by("a2", 10), Monitor}, PartyJoining, Talking, "Engage ArrangeParties Save ArmParties"},
			{PartyReady{at(11), "a2", "l2", Spy}, PartyIn, Talking, "Save"},
			{LegLost{at(50), "l2"}, PartyJoining, Talking, "ArrangeParties Save ArmParties"},
			{PartiesDue{at(70)}, PartyFailed, Talking, "Disengage ArrangeParties Save ArmParties"},
		}},
		"busy elsewhere": {Normal, []besideStep{
			{JoinWanted{by("a2", 10), Monitor}, PartyJoining, Talking, "Engage ArrangeParties Save ArmParties"},
			{PartyLost{at(10), "a2", WhyBusy}, PartyFailed, Talking, "Disengage ArrangeParties Save ArmParties"},
			{JoinWanted{by("a2", 15), Monitor}, PartyJoining, Talking, "Engage ArrangeParties Save ArmParties"},
		}},
		"the end of the call": {Normal, []besideStep{
			{JoinWanted{by("a2", 10), Barge}, PartyJoining, Talking, "Engage ArrangeParties Save ArmParties"},
			{PartyReady{at(11), "a2", "l2", Lend}, PartyIn, Talking, "Save"},
			{CallerGone{at(30)}, "", Ended, "StopRecording:l1 DisarmReturn ArrangeParties Close"},
		}},
		"wishes of those who have none": {Normal, []besideStep{
			{Invited{Wish: by("a3", 10), Agent: "a2"}, "", Talking, ""},
			{Invited{Wish: by("a1", 10), Agent: "a1"}, "", Talking, ""},
			{JoinWanted{by("a1", 10), Monitor}, "", Talking, ""},
			{JoinWanted{by("a2", 10), Consult}, "", Talking, ""},
			{JoinWanted{by("a2", 10), Monitor}, PartyJoining, Talking, "Engage ArrangeParties Save ArmParties"},
			{LeaveWanted{by("a1", 10), "a2"}, PartyJoining, Talking, ""},
			{LeaveWanted{by("a3", 10), "a2"}, PartyJoining, Talking, ""},
			{LeaveWanted{by("a2", 10), ""}, "", Talking, "Disengage ArrangeParties Save"},
		}},
		"the index keeps somebody of whom nothing is known here": {Normal, []besideStep{
			{LeaveWanted{by("a1", 10), ""}, "", Talking, ""},
			{LeaveWanted{by("a1", 10), "a2"}, "", Talking, ""},
			{LeaveWanted{by("a2", 10), ""}, "", Talking, "Disengage"},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			c := talk(t, tt.tier)
			for i, s := range tt.steps {
				var cmds []Command
				c, cmds = Next(c, s.event)
				p, _ := c.party("a2")
				if p.State != s.party || c.State != s.state || says(cmds) != s.does {
					t.Fatalf("step %d, %T: %s, party %q; does %q\nwant %s, party %q; does %q", i, s.event, c.State, p.State, says(cmds), s.state, s.party, s.does)
				}
			}
		})
	}
}

// TestTakenOver: who takes the call over is its agent and nothing beside; the others go on beside the new one, but for whom the agent before consulted.
func TestTakenOver(t *testing.T) {
	c := talk(t, Normal)
	for _, e := range []Event{
		JoinWanted{by("s1", 10), Barge}, PartyReady{at(11), "s1", "l-s1", Lend}, JoinWanted{by("s2", 12), Monitor}, PartyReady{at(12), "s2", "l-s2", Spy},
		Invited{Wish: by("a1", 13), Agent: "a2"},
	} {
		c, _ = Next(c, e)
	}
	was := c
	c.Agent, c.Leg = "s1", "l-s1" // as a takeover makes it
	next, cmds := accompany(was, Indexed{At: at(20)}, c, []Command{Join{"l-s1"}, Save{}})
	if got, want := says(cmds), "BringHome Join:l-s1 Save ArrangeParties"; got != want {
		t.Errorf("does %q, want %q", got, want)
	}
	if len(next.Parties) != 1 || next.Parties[0].Agent != "s2" || next.Parties[0].State != PartyIn {
		t.Errorf("parties %+v", next.Parties)
	}
	if len(was.Parties) != 3 {
		t.Error("the call before was changed in place")
	}
}

// TestPartiesInTheTag: an adopted call has the people who were beside it.
func TestPartiesInTheTag(t *testing.T) {
	c := talk(t, Normal)
	c.Parties = []Party{
		{Agent: "s1", Role: Whisper, State: PartyIn, By: "s1", Since: at(20).Time, Leg: "l-s1"},
		{Agent: "a2", Role: Consult, State: PartyInvited, By: "a1", Since: at(21).Time, Note: "n1"},
		{Agent: "a3", Role: Consult, State: PartyFailed, Why: WhyBusy, Since: at(21).Time},
	}
	tag, err := DecodeTag(c.Encode("controller-1", 2))
	if err != nil {
		t.Fatal(err)
	}
	r := tag.Restore()
	if len(r.Parties) != 2 || r.Parties[0] != c.Parties[0] || r.Parties[1] != c.Parties[1] {
		t.Errorf("%+v", r.Parties)
	}
	next, cmds := Next(r, Adopted{At: At{at(30).Time.Add(time.Second)}, Place: Place{Leg: "l1"}})
	if got, want := says(cmds), "Save Restore KeepRecording:l1 Engage ArrangeParties ArmParties"; got != want {
		t.Errorf("does %q, want %q", got, want)
	}
	if len(next.Parties) != 2 {
		t.Errorf("%+v", next.Parties)
	}
}

// TestPartiesInTheJournal: what people wished comes back from a journal as it was.
func TestPartiesInTheJournal(t *testing.T) {
	for _, e := range []Event{
		Invited{Wish{at(1), "5-1", "a1"}, "a2", "n1"}, InviteAnswered{Wish{at(2), "5-2", "a2"}, true}, InviteCancelled{by("a1", 3), "a2"},
		JoinWanted{by("s1", 4), Whisper}, LeaveWanted{by("s1", 5), ""}, PartyHere{at(6), "a2"}, PartyReady{at(7), "a2", "l2", Lend}, PartyLost{at(8), "a2", WhyGone},
		PartiesDue{at(9)},
	} {
		raw, err := json.Marshal(Entry{"c1", e})
		if err != nil {
			t.Fatal(err)
		}
		var got Entry
		if err := json.Unmarshal(raw, &got); err != nil || got.Event != e {
			t.Errorf("%s became %+v (%v)", raw, got.Event, err)
		}
	}
}
