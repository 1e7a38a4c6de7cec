package call

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// full is a line that has everything; hours is one outside of them.
var (
	full  = Plan{Menu: true, Announce: 30 * time.Second, Callback: true}
	hours = Plan{Closed: true, Callback: true}
)

func outlook(position int, low, high time.Duration) Outlook {
	return Outlook{Position: position, Known: high > 0, Low: low, High: high}
}

const (
	greeted = "Save Answer EnterHold Play:greeting Register"
	inLine  = "Save Enqueue ArmAnnounce:15s"
	joined  = "StopPlay Join:l1 StartRecording:l1 Save DisarmReturn Mark"
)

// waits are whole calls of callers who choose, wait and ask for a callback.
var waits = map[string][]step{
	"no key, no choice: a human, after the menu": {
		{Claimed{at(0), full}, Greeting, greeted},
		{PromptDone{At: at(8), ID: "p1"}, Greeting, "Play:menu"},
		{PromptDone{At: at(11), ID: "p2"}, Greeting, "ArmChoice"},
		{PromptDone{At: at(12)}, Greeting, ""},
		{ChoiceExpired{at(14)}, Waiting, inLine + " Play:other-languages"},
		{ChoiceExpired{at(15)}, Waiting, ""},
	},
	"one key chooses the language, at once; the needs are known before the place is asked for": {
		{Claimed{at(0), full}, Greeting, greeted},
		{Chosen{At: at(3), Language: "en"}, Waiting, "StopPlay Require " + inLine + " Play:greeting"},
		{Queued{at(3), indexRow(Waiting, "", "", 3)}, Waiting, ""},
		{Chosen{At: at(4), Language: "en"}, Waiting, ""},
		{Digit{at(5), "0"}, Waiting, "StopPlay Save Raise Play:danger"},
	},
	"hold audio of the language: the caller is moved there, and stays there when a talk breaks": {
		{Claimed{at(0), full}, Greeting, greeted},
		{Chosen{at(3), "en", true}, Waiting, "StopPlay EnterHold Require " + inLine + " Play:greeting"},
		{LeftBridge{at(3), Place{Line: "12355"}}, Waiting, ""},
		{Found{At: at(4), Place: Place{Line: "12355~en"}}, Waiting, ""},
		{LeftBridge{at(5), Place{Line: "12355~en"}}, Waiting, "Settle"},
		{Chosen{at(6), "zh-CN", false}, Waiting, "StopPlay EnterHold Save Require Play:greeting"},
		{Found{At: at(7), Place: Place{Line: "12355"}}, Waiting, ""},
	},
	"the key may also come after the menu, or while waiting": {
		{Claimed{at(0), full}, Greeting, greeted},
		{PromptDone{At: at(8), ID: "p1"}, Greeting, "Play:menu"},
		{PromptDone{At: at(11), ID: "p2"}, Greeting, "ArmChoice"},
		{ChoiceExpired{at(14)}, Waiting, inLine + " Play:other-languages"},
		{Queued{at(14), indexRow(Waiting, "", "", 14)}, Waiting, ""},
		{Chosen{At: at(20), Language: "en"}, Waiting, "StopPlay Save Require Play:greeting"},
	},
	"the danger key ends the menu": {
		{Claimed{at(0), full}, Greeting, greeted},
		{PromptDone{At: at(8), ID: "p1"}, Greeting, "Play:menu"},
		{Digit{at(9), "0"}, Waiting, "StopPlay Raise " + inLine + " Play:danger"},
		{ChoiceExpired{at(14)}, Waiting, ""},
	},
	"place and time, then a place further back and a longer time, each with its reason; nothing while it rings": {
		{Claimed{at(0), full}, Greeting, greeted},
		{Chosen{At: at(3), Language: "zh-CN"}, Waiting, "StopPlay Require " + inLine + " Play:greeting"},
		{Queued{at(3), indexRow(Waiting, "", "", 3)}, Waiting, ""},
		{AnnounceDue{at(18)}, Waiting, "ArmAnnounce:30s Estimate"},
		{Estimated{at(18), outlook(4, 6*time.Minute, 8*time.Minute)}, Waiting, "Save Announce:ahead,callers-3,wait,from-5,minutes-10,hold-reassurance,callback-offer"},
		{AnnounceDue{at(48)}, Waiting, "ArmAnnounce:30s Estimate"},
		{Estimated{at(48), outlook(5, 11*time.Minute, 14*time.Minute)}, Waiting, "Save Announce:urgent-first,ahead,callers-4,wait-longer,wait,from-10,minutes-15,hold-reassurance,callback-offer"},
		{AnnounceDue{at(78)}, Waiting, "ArmAnnounce:30s Estimate"},
		{Indexed{at(78), indexRow(Offered, "", "", 78)}, Offered, ""},
		{Estimated{at(78), outlook(1, 0, time.Minute)}, Offered, ""},
		{AnnounceDue{at(108)}, Offered, "ArmAnnounce:30s"},
		{Indexed{at(109), indexRow(Talking, "a1", "l1", 109)}, Talking, joined},
		{AnnounceDue{at(138)}, Talking, ""},
	},
	"who is in danger hears no figures": {
		{Claimed{at(0), full}, Greeting, greeted},
		{Digit{at(1), "0"}, Waiting, "StopPlay Raise " + inLine + " Play:danger"},
		{AnnounceDue{at(16)}, Waiting, "ArmAnnounce:30s Announce:stay-with-us"},
		{Estimated{at(16), outlook(1, 0, time.Minute)}, Waiting, ""},
		{CallbackWanted{at(20)}, Waiting, "StopPlay Play:callback-impossible"},
	},
	"a callback: durable, told, then goodbye": {
		{Claimed{at(0), full}, Greeting, greeted},
		{Chosen{At: at(3), Language: "en"}, Waiting, "StopPlay Require " + inLine + " Play:greeting"},
		{CallbackWanted{at(20)}, Waiting, "StopPlay Save Promise"},
		{CallbackWanted{at(20)}, Waiting, ""},
		{AnnounceDue{at(20)}, Waiting, "ArmAnnounce:30s"},
		{Promised{at(21), 1, true}, Waiting, "StopPlay Save Play:callback-promised"},
		{Chosen{At: at(22), Language: "zh-CN"}, Waiting, ""},
		{PromptDone{At: at(28), ID: "p3"}, Waiting, "Hangup"},
		{Indexed{at(28), indexRow(Talking, "a1", "l1", 28)}, Waiting, ""},
		{Digit{at(28), "0"}, Waiting, ""},
		{Found{At: at(38), Place: Place{Line: "12355"}}, Waiting, "Hangup"},
		{CallerGone{at(38)}, Ended, "DisarmReturn Close"},
	},
	"the same key again: the caller stays": {
		{Claimed{at(0), full}, Greeting, greeted},
		{CallbackWanted{at(2)}, Waiting, inLine + " StopPlay Save Promise"},
		{Promised{at(3), 1, true}, Waiting, "StopPlay Save Play:callback-promised"},
		{CallbackWanted{at(5)}, Waiting, "StopPlay Save Withdraw Play:callback-withdrawn"},
		{PromptDone{At: at(8), ID: "p3"}, Waiting, ""},
	},
	"a counsellor is there before the caller has gone": {
		{Claimed{at(0), full}, Greeting, greeted},
		{CallbackWanted{at(2)}, Waiting, inLine + " StopPlay Save Promise"},
		{Queued{at(2), indexRow(Offered, "", "", 2)}, Offered, ""},
		{Promised{at(3), 1, true}, Offered, "StopPlay Save Play:callback-promised"},
		{Indexed{at(4), indexRow(Talking, "a1", "l1", 4)}, Talking, joined + " Withdraw"},
	},
	"a promise that comes after the counsellor was taken back behind it, and an answer to an earlier wish is none": {
		{Claimed{at(0), full}, Greeting, greeted},
		{CallbackWanted{at(2)}, Waiting, inLine + " StopPlay Save Promise"},
		{Queued{at(2), indexRow(Talking, "a1", "", 2)}, Held, "EnterHold StopPlay Save Mark Play:reconnecting ArmReturn Withdraw"},
		{ReturnExpired{at(22)}, Waiting, "Save Enqueue:front ArmAnnounce:15s"},
		{CallbackWanted{at(23)}, Waiting, "StopPlay Save Promise"},
		{Promised{at(24), 1, true}, Waiting, ""},
		{Promised{at(25), 2, false}, Waiting, "StopPlay Save Withdraw Play:callback-impossible"},
	},
	"the danger key during the confirmation": {
		{Claimed{at(0), full}, Greeting, greeted},
		{CallbackWanted{at(2)}, Waiting, inLine + " StopPlay Save Promise"},
		{Promised{at(3), 1, true}, Waiting, "StopPlay Save Play:callback-promised"},
		{Digit{at(4), "0"}, Waiting, "StopPlay Save Raise Play:danger Withdraw"},
		{PromptDone{At: at(9), ID: "p4"}, Waiting, ""},
	},
	"no promise in time: told so, and waiting goes on": {
		{Claimed{at(0), full}, Greeting, greeted},
		{CallbackWanted{at(2)}, Waiting, inLine + " StopPlay Save Promise"},
		{Promised{at(5), 1, false}, Waiting, "StopPlay Save Withdraw Play:callback-impossible"},
		{PromptDone{At: at(9), ID: "p4"}, Waiting, ""},
	},
	"a confirmation that was not heard binds nobody": {
		{Claimed{at(0), full}, Greeting, greeted},
		{CallbackWanted{at(2)}, Waiting, inLine + " StopPlay Save Promise"},
		{Promised{at(3), 1, true}, Waiting, "StopPlay Save Play:callback-promised"},
		{PromptDone{At: at(3)}, Waiting, "Save Withdraw"},
		{CallbackWanted{at(20)}, Waiting, "StopPlay Save Promise"},
		{Promised{at(21), 2, true}, Waiting, "StopPlay Save Play:callback-promised"},
		{PromptDone{At: at(21), ID: "p5", Failed: true}, Waiting, "Save Withdraw"},
	},
	"a gap during the confirmation: heard again": {
		{Claimed{at(0), full}, Greeting, greeted},
		{CallbackWanted{at(2)}, Waiting, inLine + " StopPlay Save Promise"},
		{Promised{at(3), 1, true}, Waiting, "StopPlay Save Play:callback-promised"},
		{Found{At: at(6), Place: Place{Line: "12355"}, Gap: true}, Waiting, "StopPlay Play:callback-promised"},
	},
	"a line without a callback key": {
		{Claimed{At: at(0)}, Greeting, greeted},
		{CallbackWanted{at(2)}, Greeting, ""},
		{PromptDone{At: at(9), ID: "p1"}, Waiting, "Save Enqueue Play:other-languages"},
		{CallbackWanted{at(12)}, Waiting, ""},
	},
	"closed: the notice, the offer, and the queue all the same": {
		{Claimed{at(0), hours}, Greeting, greeted},
		{PromptDone{At: at(8), ID: "p1"}, Greeting, "Play:closed"},
		{PromptDone{At: at(20), ID: "p2"}, Greeting, "Play:callback-offer"},
		{PromptDone{At: at(25), ID: "p3"}, Waiting, "Save Enqueue Play:other-languages"},
	},
	"closed: the danger key reaches a human": {
		{Claimed{at(0), hours}, Greeting, greeted},
		{PromptDone{At: at(8), ID: "p1"}, Greeting, "Play:closed"},
		{Digit{at(9), "0"}, Waiting, "StopPlay Raise Save Enqueue Play:danger"},
	},
	"an emergency: the callback is offered first": {
		{Claimed{at(0), Plan{Callback: true, CallbackFirst: true, Closed: true}}, Greeting, greeted},
		{PromptDone{At: at(8), ID: "p1"}, Greeting, "Play:callback-offer"},
		{PromptDone{At: at(13), ID: "p2"}, Greeting, "Play:closed"},
		{PromptDone{At: at(20), ID: "p3"}, Waiting, "Save Enqueue Play:other-languages"},
	},
	"blocked for abuse: last, told so, no callback; the danger key still counts": {
		{Claimed{at(0), Plan{Announce: 30 * time.Second, Callback: true}}, Greeting, greeted},
		{Recognized{At: at(0), Known: Known{Blocked: true, History: 40}}, Greeting, "Save Raise Require"},
		{PromptDone{At: at(8), ID: "p1"}, Waiting, inLine + " Play:blocked"},
		{AnnounceDue{at(23)}, Waiting, "ArmAnnounce:30s Announce:wait-unknown,hold-reassurance"},
		{CallbackWanted{at(24)}, Waiting, "StopPlay Play:callback-impossible"},
		{Digit{at(25), "0"}, Waiting, "StopPlay Save Raise Play:danger"},
		{AnnounceDue{at(53)}, Waiting, "ArmAnnounce:30s Announce:stay-with-us"},
	},
	"an emergency is declared: who waits is offered to everybody, too": {
		{Claimed{At: at(0)}, Greeting, greeted},
		{TermsChanged{At: at(1)}, Greeting, "Require"},
		{PromptDone{At: at(8), ID: "p1"}, Waiting, "Save Enqueue Play:other-languages"},
		{TermsChanged{At: at(9), Urgent: true}, Waiting, ""},
		{TermsChanged{At: at(9)}, Waiting, "Require"},
		{Digit{at(10), "0"}, Waiting, "StopPlay Save Raise Play:danger"},
		{TermsChanged{At: at(11), Urgent: true}, Waiting, "Require"},
	},
	"a block that is known late": {
		{Claimed{At: at(0)}, Greeting, greeted},
		{PromptDone{At: at(8), ID: "p1"}, Waiting, "Save Enqueue Play:other-languages"},
		{Recognized{At: at(9), Known: Known{Blocked: true}}, Waiting, "StopPlay Save Raise Play:blocked Require"},
		{Recognized{At: at(9), Known: Known{Blocked: true}}, Waiting, ""},
	},
	"cut off while at risk, back again: the same counsellor, who is kept once more when it breaks": {
		{Claimed{At: at(0)}, Greeting, greeted},
		{Recognized{At: at(0), Tier: Returning, Known: Known{Preferred: "a1", PreferUntil: at(60).Time, History: 1}}, Greeting, "Save Raise Require"},
		{PromptDone{At: at(8), ID: "p1"}, Waiting, "Save Enqueue Play:other-languages"},
		{Queued{at(8), indexRow(Talking, "a1", "l1", 8)}, Talking, joined},
		{Leaving{at(60), 16}, Talking, ""},
		{CallerGone{at(60)}, Ended, "StopRecording:l1 Keep:a1 DisarmReturn Close"},
	},
	"an agent who ends the talk is not kept": {
		{Claimed{At: at(0)}, Greeting, greeted},
		{Digit{at(1), "0"}, Waiting, "StopPlay Raise Save Enqueue Play:danger"},
		{Queued{at(8), indexRow(Talking, "a1", "l1", 8)}, Talking, joined},
		{HangupWanted{at(60), "a1"}, Talking, "Hangup"},
		{CallerGone{at(60)}, Ended, "StopRecording:l1 DisarmReturn Close"},
	},
	"what the ledger says does not lower what the caller said": {
		{Claimed{At: at(0)}, Greeting, greeted},
		{Digit{at(1), "0"}, Waiting, "StopPlay Raise Save Enqueue Play:danger"},
		{Recognized{At: at(2), Known: Known{Blocked: true}}, Waiting, "Require"},
	},
}

func TestWaits(t *testing.T) {
	for name, steps := range waits {
		t.Run(name, func(t *testing.T) { tell(t, fresh(), steps) })
	}
}

func TestOutcomeOfACallback(t *testing.T) {
	told := []Event{Claimed{at(0), full}, CallbackWanted{at(2)}, Promised{at(3), 1, true}}
	for name, tt := range map[string]struct {
		then []Event
		want Outcome
	}{
		"heard to the end":     {[]Event{PromptDone{At: at(9), ID: "p2"}, CallerGone{at(9)}}, CalledBack},
		"hung up meanwhile":    {[]Event{Leaving{at(5), 16}, CallerGone{at(5)}}, CalledBack},
		"taken back":           {[]Event{CallbackWanted{at(5)}, Leaving{at(9), 16}, CallerGone{at(9)}}, Abandoned},
		"served after all":     {[]Event{Queued{at(5), indexRow(Talking, "a1", "l1", 5)}, CallerGone{at(9)}}, Answered},
		"danger, then no more": {[]Event{Digit{at(5), "0"}, CallerGone{at(9)}}, Abandoned},
	} {
		t.Run(name, func(t *testing.T) {
			c := fresh()
			for _, e := range append(slices.Clone(told), tt.then...) {
				c, _ = Next(c, e)
			}
			if c.State != Ended || c.Outcome() != tt.want || c.EndedBy == ByAgent {
				t.Errorf("%s, %s, ended by %s; want %s", c.State, c.Outcome(), c.EndedBy, tt.want)
			}
		})
	}
}

func TestAdoptedWhileAskingForACallback(t *testing.T) {
	for _, tt := range []struct {
		callback Callback
		does     string
	}{
		{CallbackAsked, "Settle Save Restore Enqueue Promise ArmAnnounce:15s"},
		{CallbackPromised, "Settle Save Restore Enqueue Play:callback-promised ArmAnnounce:15s"},
		{"", "Settle Save Restore Enqueue ArmAnnounce:15s"},
	} {
		c := fresh()
		c.State, c.Callback = Waiting, tt.callback
		if _, cmds := Next(c, Adopted{at(5), Place{Line: "12355"}, full}); says(cmds) != tt.does {
			t.Errorf("%s: got %q, want %q", tt.callback, says(cmds), tt.does)
		}
	}
}

func TestTagCarriesWhatTheCallerChoseAndWasTold(t *testing.T) {
	c := fresh()
	for _, e := range []Event{
		Claimed{at(0), full}, Recognized{At: at(0), Tier: Returning, Known: Known{Preferred: "a1", PreferUntil: at(60).Time, History: 3, Blocked: true}},
		Chosen{at(1), "en", true}, Estimated{at(16), outlook(3, time.Minute, 4*time.Minute)}, CallbackWanted{at(20)}, Promised{at(20), 1, true},
	} {
		c, _ = Next(c, e)
	}
	tag, err := DecodeTag(c.Encode("controller-1", 7))
	if err != nil {
		t.Fatal(err)
	}
	got := tag.Restore()
	want := Call{Language: "en", Audio: true, Callback: CallbackPromised, Known: c.Known, Told: Outlook{Position: 3, High: 5 * time.Minute}}
	if got.Language != want.Language || got.HoldPlace() != "12355~en" || got.Callback != want.Callback || got.Known != want.Known || got.Told != want.Told || got.Tier != Returning {
		t.Errorf("got %+v", got)
	}
}

func TestTimesAreRoundedOutwards(t *testing.T) {
	for _, tt := range []struct {
		low, high time.Duration
		says      string
	}{
		{0, 30 * time.Second, "wait-short"},
		{0, time.Minute, "wait-short"},
		{0, 90 * time.Second, "wait from-1 minutes-2"},
		{2 * time.Minute, 2 * time.Minute, "wait minutes-2"},
		{6 * time.Minute, 7 * time.Minute, "wait from-5 minutes-10"},
		{40 * time.Minute, 59 * time.Minute, "wait from-30 minutes-60"},
		{50 * time.Minute, 61 * time.Minute, "wait-hour"},
		{0, 0, "wait-unknown"},
	} {
		var told Outlook
		var words []string
		for _, p := range wait(&told, outlook(1, tt.low, tt.high)) {
			words = append(words, string(p))
		}
		if got := strings.Join(words, " "); got != tt.says {
			t.Errorf("%s to %s: %q, want %q", tt.low, tt.high, got, tt.says)
		}
	}
}

// TestEveryFigureCanBeSaid: what is composed is made of prompts that exist.
func TestEveryFigureCanBeSaid(t *testing.T) {
	all := Parts()
	for position := range 200 {
		for low := time.Duration(0); low < 2*time.Hour; low += 7 * time.Minute {
			told := Outlook{Position: position % 5, High: 3 * time.Minute}
			o := outlook(position, low, low+low/2)
			for _, p := range append(place(&told, o), wait(&told, o)...) {
				if !slices.Contains(all, p) {
					t.Fatalf("position %d, %s: %s is no prompt", position, low, p)
				}
			}
		}
	}
}
