package call

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// tellsAll is says with what the words of the third party and of handing over mean.
func tellsAll(cmds []Command) string {
	var words []string
	for _, cmd := range cmds {
		s := says([]Command{cmd})
		switch cmd := cmd.(type) {
		case DropOut, JoinOut, JoinOutside, WatchOutside, ArmOutside:
			s = strings.TrimPrefix(fmt.Sprintf("%T", cmd), "call.")
		case DialOutside:
			s = fmt.Sprintf("DialOutside:%d:%s", cmd.N, cmd.Contact)
		case Transfer:
			s = "Transfer:" + cmd.From + ">" + cmd.To
		case Requeue:
			s = "Requeue:" + cmd.From + ">" + cmd.To
		case SendDigits:
			s = fmt.Sprintf("SendDigits:%d:%s", cmd.N, cmd.Digits)
		}
		words = append(words, s)
	}
	return strings.Join(words, " ")
}

const joinsL1 = "StopPlay Join:l1 Save DisarmReturn Mark" // from hold: the recording went on

// controlled are stories of a talk of a1 by l1 that began at 2.
var controlled = map[string]struct {
	tier  Tier
	steps []step
}{
	"hold and resume, by the agent alone": {Normal, []step{
		{HoldWanted{by("a2", 10)}, Talking, ""},
		{HoldWanted{by("a1", 10)}, Held, "EnterHold Save Mark"},
		{HoldWanted{by("a1", 11)}, Held, ""},
		{CallbackWanted{at(12)}, Held, ""},
		{Digit{at(12), "5"}, Held, ""},
		{ReturnExpired{at(30)}, Held, ""},
		{LegReady{at(31), "a1", "l1"}, Held, ""},
		{ResumeWanted{by("a2", 40)}, Held, ""},
		{ResumeWanted{by("a1", 40)}, Talking, joinsL1},
		{ResumeWanted{by("a1", 41)}, Talking, ""},
	}},
	"nobody at risk is put on hold": {Red, []step{
		{HoldWanted{by("a1", 10)}, Talking, ""},
		{ReleaseWanted{by("a1", 10), ""}, Talking, ""},
	}},
	"the danger key on hold": {Normal, []step{
		{HoldWanted{by("a1", 10)}, Held, "EnterHold Save Mark"},
		{Digit{at(20), DangerKey}, Talking, joinsL1 + " Save Raise"},
		{HoldWanted{by("a1", 30)}, Talking, ""},
	}},
	"the agent is lost while the caller is on hold": {Normal, []step{
		{HoldWanted{by("a1", 10)}, Held, "EnterHold Save Mark"},
		{LegLost{at(20), "l9"}, Held, ""},
		{LegLost{at(20), "l1"}, Held, "Save Mark Play:reconnecting ArmReturn StopRecording:l1"},
		{LegReady{at(22), "a1", "l3"}, Talking, "StopPlay Join:l3 StartRecording:l3 Save DisarmReturn Mark"},
	}},
	"the agent moves to another browser while the caller is on hold": {Normal, []step{
		{HoldWanted{by("a1", 10)}, Held, "EnterHold Save Mark"},
		{LegReady{at(20), "a1", "l2"}, Held, "Save StopRecording:l1 StartRecording:l2"},
		{LegLost{at(21), "l1"}, Held, ""},
		{ResumeWanted{by("a1", 40)}, Talking, "StopPlay Join:l2 Save DisarmReturn Mark"},
	}},
	"taken over, leg to leg": {Red, []step{
		{TakeWanted{by("a1", 10), "l1"}, Talking, ""},
		{TakeWanted{by("s1", 10), ""}, Talking, ""},
		{TakeWanted{by("s1", 10), "l2"}, Talking, "Transfer:a1>s1"},
		{Indexed{at(11), indexRow(Talking, "s1", "l2", 11)}, Talking, "StopRecording:l1 StopPlay Join:l2 StartRecording:l2 Save DisarmReturn Mark"},
		{Reassigned{at(11), indexRow(Talking, "s1", "l2", 11)}, Talking, ""},
		{HangupWanted{at(12), "a1"}, Talking, ""},
	}},
	"taken over by somebody whose leg was lost in that moment": {Normal, []step{
		{TakeWanted{by("s1", 10), "l2"}, Talking, "Transfer:a1>s1"},
		{Reassigned{at(11), indexRow(Talking, "s1", "", 11)}, Held, "StopRecording:l1 EnterHold Save Mark Play:reconnecting ArmReturn"},
		{LegReady{at(12), "s1", "l3"}, Talking, "StopPlay Join:l3 StartRecording:l3 Save DisarmReturn Mark"},
	}},
	"only who is consulted gets a warm transfer": {Normal, []step{
		{TransferWanted{by("a1", 10), "a2", "l2"}, Talking, ""},
		{Invited{Wish: by("a1", 10), Agent: "a2"}, Talking, "Save ArmParties"},
		{InviteAnswered{by("a2", 11), true}, Talking, "Engage ArrangeParties Save ArmParties"},
		{PartyHere{at(11), "a2"}, Held, "EnterHold Save Mark ArrangeParties"},
		{PartyReady{at(12), "a2", "l2", Lend}, Held, "Save"},
		{TransferWanted{by("a2", 20), "a2", "l2"}, Held, ""},
		{TransferWanted{by("a1", 20), "a2", "l2"}, Held, "Transfer:a1>a2"},
		{Indexed{at(21), indexRow(Talking, "a2", "l2", 21)}, Talking, "BringHome DisarmReturn Save StopPlay Join:l2 StartRecording:l2 Save DisarmReturn Mark ArrangeParties StopRecording:l1"},
	}},
	"released to the queue": {Normal, []step{
		{ReleaseWanted{by("a2", 10), ""}, Talking, ""},
		{ReleaseWanted{by("a1", 10), "a3"}, Talking, "Requeue:a1>a3"},
		{Reassigned{at(11), indexRow(Waiting, "", "", 11)}, Waiting, "StopRecording:l1 EnterHold Save Play:reconnecting DisarmReturn"},
		{Indexed{at(12), indexRow(Talking, "a3", "l3", 12)}, Talking, "StopPlay Join:l3 StartRecording:l3 Save DisarmReturn Mark"},
	}},
	"released by a controller that did not live to hear of it": {Normal, []step{
		{Indexed{at(11), indexRow(Waiting, "", "", 11)}, Waiting, "StopRecording:l1 EnterHold Save Play:reconnecting DisarmReturn"},
	}},
	"what the index said before, or after it lost its memory, moves nobody": {Normal, []step{
		{Indexed{at(11), indexRow(Waiting, "", "", 1)}, Talking, ""},
		{Indexed{at(11), indexRow(Talking, "a9", "l9", 1)}, Talking, ""},
		{IndexLost{at(12)}, Talking, "Restore"},
		{Indexed{at(13), indexRow(Waiting, "", "", 13)}, Talking, ""},
		{Indexed{at(14), indexRow(Talking, "a1", "l1", 14)}, Talking, ""},
		{Indexed{at(15), indexRow(Waiting, "", "", 15)}, Waiting, "StopRecording:l1 EnterHold Save Play:reconnecting DisarmReturn"},
	}},
	"keys": {Normal, []step{
		{DigitsWanted{by("a1", 10), false, "12#"}, Talking, "SendDigits:0:12#"},
		{DigitsWanted{by("a1", 10), true, "1"}, Talking, ""},
		{DigitsWanted{by("a2", 10), false, "1"}, Talking, ""},
		{DigitsWanted{by("a1", 10), false, "1x2"}, Talking, ""},
		{DigitsWanted{by("a1", 10), false, strings.Repeat("1", 33)}, Talking, ""},
		{OutsideWanted{by("a1", 10), "p1", ""}, Talking, "Save DialOutside:1:p1"},
		{OutAnswered{at(12), 1}, Talking, "JoinOutside Save"},
		{DigitsWanted{by("a1", 13), true, "1"}, Talking, "SendDigits:1:1"},
	}},
	"a third party comes, and goes": {Red, []step{
		{OutsideWanted{by("a2", 10), "p1", ""}, Talking, ""},
		{OutsideWanted{by("a1", 10), "p1", ""}, Talking, "Save DialOutside:1:p1"},
		{OutsideWanted{by("a1", 11), "p2", ""}, Talking, ""},
		{OutAnswered{at(12), 1}, Talking, "JoinOutside Save"},
		{OutAnswered{at(12), 1}, Talking, "JoinOutside"},
		{OutsideFound{at(13), 1, Place{Leg: "l1"}}, Talking, ""},
		{OutsideFound{at(13), 1, Place{}}, Talking, "JoinOutside"},
		{OutsideLeaveWanted{by("a1", 14)}, Talking, ""},
		{OutGone{at(20), 1, 16}, Talking, "Save ArmOutside"},
		{OutsideShown{at(30), 1}, Talking, ""},
		{OutsideWanted{by("a1", 31), "p2", ""}, Talking, "Save DialOutside:2:p2"},
		{OutsideDropWanted{by("a1", 32)}, Talking, "DropOut Save"},
		{OutAnswered{at(32), 2}, Talking, "DropOut"},
	}},
	"who helps the agent dials": {Red, []step{
		{OutsideWanted{by("s1", 10), "p1", "a2"}, Talking, ""}, // the call was another's
		{OutsideWanted{by("", 10), "p1", "a1"}, Talking, ""},
		{OutsideWanted{by("s1", 10), "p1", "a1"}, Talking, "Save DialOutside:1:p1"},
		{OutsideDropWanted{by("s2", 11)}, Talking, ""},
		{OutsideDropWanted{by("s1", 11)}, Talking, "DropOut Save"},
		{OutsideWanted{by("s1", 12), "p2", "a1"}, Talking, "Save DialOutside:2:p2"},
		{OutAnswered{at(13), 2}, Talking, "JoinOutside Save"},
		{OutsideDropWanted{by("s1", 14)}, Talking, ""}, // the agent's to say
		{OutsideLeaveWanted{by("s1", 14)}, Talking, ""},
		{OutsideDropWanted{by("a1", 15)}, Talking, "DropOut Save"},
	}},
	"a third party is busy": {Normal, []step{
		{OutsideWanted{by("a1", 10), "p1", ""}, Talking, "Save DialOutside:1:p1"},
		{OutGone{at(12), 1, 17}, Talking, "Save ArmOutside"},
		{OutsideWanted{by("a1", 14), "p1", ""}, Talking, "Save DialOutside:2:p1"},
		{OutsideShown{at(22), 1}, Talking, ""},
		{OutsideFailed{at(23), 2, WhyNotAllowed}, Talking, "Save ArmOutside"},
	}},
	"the caller hangs up with a third party": {Normal, []step{
		{OutsideWanted{by("a1", 10), "p1", ""}, Talking, "Save DialOutside:1:p1"},
		{OutAnswered{at(12), 1}, Talking, "JoinOutside Save"},
		{CallerGone{at(20)}, Ended, "StopRecording:l1 DisarmReturn DropOut Close"},
	}},
	"the agent is lost: caller and third party are together, also in the queue, until there is one": {Red, []step{
		{OutsideWanted{by("a1", 10), "p1", ""}, Talking, "Save DialOutside:1:p1"},
		{OutAnswered{at(12), 1}, Talking, "JoinOutside Save"},
		{LegLost{at(20), "l1"}, Held, "JoinOut Save Mark StopRecording:l1 ArmReturn Open:a1"},
		{LegReady{at(22), "a1", "l2"}, Talking, "StopPlay Join:l2 JoinOutside StartRecording:l2 Save DisarmReturn Mark Reclaim:a1"},
		{LegLost{at(30), "l2"}, Held, "JoinOut Save Mark StopRecording:l2 ArmReturn Open:a1"},
		{ReturnExpired{at(50)}, Waiting, "Save Enqueue"},
		{AnnounceDue{at(51)}, Waiting, "ArmAnnounce:0s"},
		{Queued{at(52), indexRow(Talking, "a2", "l3", 52)}, Talking, "StopPlay Join:l3 JoinOutside StartRecording:l3 Save DisarmReturn Mark"},
		{LegLost{at(60), "l3"}, Held, "JoinOut Save Mark StopRecording:l3 ArmReturn Open:a2"},
		{OutGone{at(61), 1, 16}, Held, "EnterHold Save ArmOutside"},
	}},
	"no place in the queue for too long: the two stay together, and nobody hangs up on a caller at risk": {Red, []step{
		{OutsideWanted{by("a1", 10), "p1", ""}, Talking, "Save DialOutside:1:p1"},
		{OutAnswered{at(12), 1}, Talking, "JoinOutside Save"},
		{LegLost{at(20), "l1"}, Held, "JoinOut Save Mark StopRecording:l1 ArmReturn Open:a1"},
		{ReturnExpired{at(40)}, Waiting, "Save Enqueue"},
		{PlaceExpired{at(70)}, Overflowed, "Settle Save Unlist DisarmReturn DisarmAnnounce"},
		{OutGone{at(90), 1, 16}, Waiting, "EnterHold Play:reconnecting Save Enqueue:front"},
		{PlaceExpired{at(120)}, Degraded, "Save Degrade DisarmReturn Close"},
	}},
	"a third party that was with the agent alone does not meet the caller without": {Normal, []step{
		{OutsideWanted{by("a1", 10), "p1", ""}, Talking, "Save DialOutside:1:p1"},
		{HoldWanted{by("a1", 11)}, Held, "EnterHold Save Mark"},
		{OutAnswered{at(12), 1}, Held, "JoinOutside Save"},
		{LegLost{at(20), "l1"}, Held, "JoinOutside Save Mark Play:reconnecting ArmReturn StopRecording:l1"},
		{LegReady{at(22), "a1", "l2"}, Talking, "StopPlay Join:l2 JoinOutside StartRecording:l2 Save DisarmReturn Mark"},
		{HoldWanted{by("a1", 30)}, Held, "EnterHold Save Mark"},
		{LegLost{at(40), "l2"}, Held, "JoinOutside Save Mark Play:reconnecting ArmReturn StopRecording:l2"},
		{ReturnExpired{at(60)}, Waiting, "Save Enqueue:front DropOut"},
	}},
	"an answer while the agent is away": {Normal, []step{
		{OutsideWanted{by("a1", 10), "p1", ""}, Talking, "Save DialOutside:1:p1"},
		{LegLost{at(11), "l1"}, Held, "EnterHold Save Mark Play:reconnecting StopRecording:l1 ArmReturn"},
		{OutAnswered{at(12), 1}, Held, "JoinOutside Save"},
		{LegReady{at(13), "a1", "l2"}, Talking, "StopPlay Join:l2 JoinOutside StartRecording:l2 Save DisarmReturn Mark"},
	}},
	"a caller at risk meets it at once": {Red, []step{
		{OutsideWanted{by("a1", 10), "p1", ""}, Talking, "Save DialOutside:1:p1"},
		{LegLost{at(11), "l1"}, Held, "EnterHold Save Mark Play:reconnecting StopRecording:l1 ArmReturn Open:a1"},
		{OutAnswered{at(12), 1}, Held, "JoinOut Save"},
	}},
	"the agent leaves them to each other": {Normal, []step{
		{OutsideWanted{by("a1", 10), "p1", ""}, Talking, "Save DialOutside:1:p1"},
		{OutsideLeaveWanted{by("a1", 11)}, Talking, ""},
		{OutAnswered{at(12), 1}, Talking, "JoinOutside Save"},
		{OutsideLeaveWanted{by("a2", 20)}, Talking, ""},
		{OutsideLeaveWanted{by("a1", 20)}, Overflowed, "JoinOut Save Unlist DisarmReturn DisarmAnnounce StopRecording:l1"},
		{LegLost{at(21), "l1"}, Overflowed, ""},
		{Indexed{at(21), indexRow(Talking, "a9", "l9", 21)}, Overflowed, ""},
		{HangupWanted{at(22), "a1"}, Overflowed, ""},
		{OutGone{at(30), 1, 16}, Overflowed, "Hangup"},
		{CallerGone{at(31)}, Ended, "DisarmReturn Close"},
	}},
	"left to each other, and the line there breaks": {Normal, []step{
		{OutsideWanted{by("a1", 10), "p1", ""}, Talking, "Save DialOutside:1:p1"},
		{OutAnswered{at(12), 1}, Talking, "JoinOutside Save"},
		{OutsideLeaveWanted{by("a1", 20)}, Overflowed, "JoinOut Save Unlist DisarmReturn DisarmAnnounce StopRecording:l1"},
		{OutGone{at(30), 1, 38}, Waiting, "EnterHold Play:reconnecting Save Enqueue:front"},
	}},
	"a third party cannot be moved": {Normal, []step{
		{OutsideWanted{by("a1", 10), "p1", ""}, Talking, "Save DialOutside:1:p1"},
		{OutAnswered{at(12), 1}, Talking, "JoinOutside Save"},
		{JoinOutFailed{at(13), 1}, Talking, "Save ArmOutside DropOut"},
	}},
	"nobody is released while a third party is there": {Normal, []step{
		{OutsideWanted{by("a1", 10), "p1", ""}, Talking, "Save DialOutside:1:p1"},
		{ReleaseWanted{by("a1", 11), ""}, Talking, ""},
		{OutAnswered{at(12), 1}, Talking, "JoinOutside Save"},
		{ReleaseWanted{by("a1", 13), ""}, Talking, ""},
		{TakeWanted{by("s1", 20), "l2"}, Talking, "Transfer:a1>s1"},
		{Reassigned{at(21), indexRow(Talking, "s1", "l2", 21)}, Talking, "StopRecording:l1 StopPlay Join:l2 JoinOutside StartRecording:l2 Save DisarmReturn Mark"},
	}},
}

func TestControl(t *testing.T) {
	for name, tt := range controlled {
		t.Run(name, func(t *testing.T) {
			c := talk(t, tt.tier)
			for i, s := range tt.steps {
				var cmds []Command
				c, cmds = Next(c, s.event)
				if c.State != s.state || tellsAll(cmds) != s.does {
					t.Fatalf("step %d, %T: %s, does %q\nwant %s, does %q\n%+v", i, s.event, c.State, tellsAll(cmds), s.state, s.does, c.Third)
				}
			}
		})
	}
}

// TestWishOnce: a stream that is read again does nothing again, also for the next life of a controller.
func TestWishOnce(t *testing.T) {
	c := talk(t, Normal)
	wish := func(id string, sec int) Wish { return Wish{At: at(sec), ID: id, By: "a1"} }
	c, _ = Next(c, OutsideWanted{wish("100-0", 10), "p1", ""})
	c, _ = Next(c, OutGone{at(11), 1, 17})
	tag, err := DecodeTag(c.Encode("controller-1", 1))
	if err != nil {
		t.Fatal(err)
	}
	c = tag.Restore()
	if got, cmds := Next(c, OutsideWanted{wish("100-0", 12), "p1", ""}); len(cmds) > 0 || got.Third.alive() {
		t.Errorf("dialled again: %s", tellsAll(cmds))
	}
	if _, cmds := Next(c, OutsideWanted{wish("100-1", 13), "p1", ""}); tellsAll(cmds) != "Save DialOutside:2:p1" {
		t.Errorf("a new wish does %q", tellsAll(cmds))
	}
}

// TestControlInTheTag: hold by the agent's wish and a third party survive their controller.
func TestControlInTheTag(t *testing.T) {
	restored := func(c Call) Call {
		t.Helper()
		tag, err := DecodeTag(c.Encode("controller-1", 1))
		if err != nil {
			t.Fatal(err)
		}
		return tag.Restore()
	}
	c := talk(t, Normal)
	c, _ = Next(c, OutsideWanted{by("a1", 10), "p1", ""})
	c, _ = Next(c, OutAnswered{at(12), 1})
	r, cmds := Next(restored(c), Adopted{At: at(13), Place: Place{Leg: "l1"}})
	if tellsAll(cmds) != "Save Restore KeepRecording:l1 WatchOutside" || r.Third != c.Third {
		t.Errorf("a talk of three does %q, third %+v", tellsAll(cmds), r.Third)
	}
	c, _ = Next(c, HoldWanted{by("a1", 20)})
	r, cmds = Next(restored(c), Adopted{At: at(21), Place: Place{Line: "12355"}})
	if tellsAll(cmds) != "Settle Save Restore Mark WatchOutside KeepRecording:l1" || !r.onHold() || r.Leg != "l1" {
		t.Errorf("a caller on hold does %q: %s by %q", tellsAll(cmds), r.Hold, r.Leg)
	}
}

// TestShares: a call that changes hands is one call, and says who talked with the caller for how long; hold is nobody's talk.
func TestShares(t *testing.T) {
	c := talk(t, Normal)
	began := int(c.Joined.Sub(start).Seconds())
	for _, e := range []Event{
		HoldWanted{by("a1", began+10)}, ResumeWanted{by("a1", began+15)}, Reassigned{at(began + 20), indexRow(Talking, "a2", "l2", began+20)},
		LegLost{at(began + 50), "l2"}, LegReady{at(began + 55), "a2", "l3"}, Reassigned{at(began + 60), indexRow(Waiting, "", "", began+60)},
		CallerGone{at(began + 90)},
	} {
		c, _ = Next(c, e)
		tag, err := DecodeTag(c.Encode("controller-1", 1))
		if err != nil {
			t.Fatal(err)
		}
		if got := tag.Restore().Shares; !slices.Equal(got, c.Shares) {
			t.Errorf("the tag has %v, not %v", got, c.Shares)
		}
	}
	want := []Share{{"a1", 15 * time.Second}, {"a2", 35 * time.Second}}
	if !slices.Equal(c.Shares, want) || c.Spoken != 50*time.Second || !c.Left {
		t.Errorf("%v of %v, left: %v", c.Shares, c.Spoken, c.Left)
	}
}

// TestManyShares: the tag stays short however often a call changes hands.
func TestManyShares(t *testing.T) {
	c := talk(t, Normal)
	for i := range 40 {
		sec := 100 + 10*i
		c, _ = Next(c, Reassigned{at(sec), indexRow(Talking, fmt.Sprintf("u-01M8AK2QBX8JBNZFSVZ51YTF%02d", i), fmt.Sprintf("l%d", i), sec)})
	}
	if n := len(c.Shares); n != maxShares || c.Spoken != c.Joined.Sub(c.Talked) {
		t.Errorf("%d shares of %v", n, c.Spoken)
	}
	if n := len(c.Encode("controller-1", 1)); n > 1500 {
		t.Errorf("a tag of %d bytes", n)
	}
}
