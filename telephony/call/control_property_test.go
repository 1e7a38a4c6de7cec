package call

import (
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"
)

// threeWorld is what Asterisk would have made of the commands, with the third party.
type threeWorld struct {
	world
	ringing map[int]bool // attempts for third parties that were dialled and not ended
	up      map[int]bool // of them, those that were answered
	sits    map[int]Place
	dialled int          // the newest
	tag     string       // as it was saved last
	due     Event        // what the world answers next
	open    bool         // the index was told that the agent vanished, and not that anybody has the caller
	spoken  bool         // something was said while the caller talks with somebody
	words   []PauseTaken // what the recording that runs said of pauses
}

func (w *threeWorld) apply(c Call, cmds []Command) {
	w.world.apply(c, cmds)
	w.spoken = false
	for _, cmd := range cmds {
		switch cmd := cmd.(type) {
		case StartRecording, StopRecording:
			w.words = nil // another recording has said nothing
		case Save:
			w.tag = c.Encode("controller-1", 1)
		case DialOutside:
			w.ringing[cmd.N], w.dialled = true, cmd.N
		case DropOut:
			delete(w.ringing, cmd.N)
			delete(w.up, cmd.N)
			delete(w.sits, cmd.N)
		case JoinOutside:
			if w.up[cmd.N] {
				w.sits[cmd.N] = c.OutsidePlace()
			}
		case JoinOut:
			w.place = Place{Out: string(c.ID)}
			if w.up[cmd.N] {
				w.sits[cmd.N] = w.place
			}
		case WatchOutside:
			if !w.ringing[cmd.N] {
				w.due = OutGone{N: cmd.N}
			} else if w.up[cmd.N] {
				w.due = OutAnswered{N: cmd.N}
			}
		case Open:
			w.open = true
		case Reclaim:
			w.open = w.open && c.State != Talking
		case Play, Announce:
			w.spoken = w.spoken || w.place.Out != ""
		}
	}
}

// said tells whether the recording that runs said that of a pause.
func (w *threeWorld) said(since, over, until time.Time) bool {
	return slices.ContainsFunc(w.words, func(e PauseTaken) bool { return e.Since.Equal(since) && e.Over.Equal(over) && !e.Until.Before(until) })
}

// wrong says which law the event broke.
func (w *threeWorld) wrong(was, c Call, cmds []Command) string {
	n, in := c.Third.N, c.Third.State == PartyIn
	over := c.State.Final() || c.leaving()
	switch {
	case w.answered && !over && w.place != c.Bridge():
		return "the caller is not where the call is"
	case c.onHold() && c.AtRisk() && !over:
		return "a caller at risk is on hold"
	case c.away() && c.AtRisk() && !over && !c.Unanswered && (!w.open || c.Lost != c.Agent):
		return "a caller at risk waits for one agent alone"
	case len(w.ringing) > 1:
		return "two third parties"
	case c.State.Final() && len(w.ringing) > 0:
		return "a third party is left alone by the end of the call"
	case (len(w.ringing) > 0) != c.Third.alive() && w.due == nil:
		return "the call and Asterisk disagree on whether there is a third party"
	case in && !over && w.due == nil && w.sits[n] != c.OutsidePlace():
		return "the third party is not where it belongs"
	case in && !over && c.OutsidePlace().Line != "" && !(c.State == Held && c.Third.Apart):
		return "a third party waits for nobody"
	case in && !over && c.OutsidePlace().Leg != "" && c.OutsidePlace().Leg != c.Leg:
		return "the third party is with no agent"
	case w.place.Out != "" && !over && !in:
		return "the caller is alone in the bridge of the two"
	case w.spoken && !over:
		return "talked into a talk"
	case !over && (c.Taped() != "") != (len(w.recording) == 1 && w.recording[c.Taped()]):
		return "the recordings do not fit the talk"
	case c.Paused() && (over && c.State.Final() || !c.attended() || c.Pause.By != c.Agent || c.AtRisk() && !c.Pause.AtRisk):
		return "what the agent wished to leave out is left out for another, or in danger"
	case c.PauseTaken() && !w.said(c.Pause.Since, time.Time{}, c.Pause.Taken):
		return "paused, but the recording did not say so"
	case was.Pause != (Pause{}) && c.Pause == (Pause{}) && !over && c.attended() && (was.Paused() || !w.said(was.Pause.Since, was.Pause.Over, time.Time{})):
		return "recorded again, but the recording did not say so"
	case over && c.State.Final() && len(w.recording) > 0:
		return "recordings are open"
	case len(w.tag) > maxTag:
		return "the tag is too long"
	case c.Third.N > was.Third.N && c.Third.N <= max(was.Out.N, was.Third.N):
		return "an attempt has the name of an earlier one"
	}
	for _, cmd := range cmds {
		switch cmd := cmd.(type) {
		case Requeue:
			if was.AtRisk() || was.Third.alive() || cmd.From != was.Agent {
				return "gave a caller away who must not be"
			}
		case Transfer:
			if cmd.From != was.Agent || cmd.To == cmd.From {
				return "gave a call away that is another's"
			}
		case Hangup:
			if was.EndedBy == "" && c.EndedBy == "" {
				return "hung up on the caller"
			}
		}
	}
	return ""
}

// TestNobodyIsLeftAlone drives talks with holds, transfers, takeovers, releases and third parties by random events, deaths of the controller among them, and
// checks after each: the caller is in a bridge that makes sound, and is not on hold when at risk; a third party is with the agent, or with the caller, or
// on hold audio for an agent who may come back; every attempt ends; one recording runs while there is a talk, and none else.
//
// CALL_SEED=n runs one seed again.
func TestNobodyIsLeftAlone(t *testing.T) {
	first, last := uint64(1), uint64(20000)
	if s := os.Getenv("CALL_SEED"); s != "" {
		n, err := strconv.ParseUint(s, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		first, last = n, n
	}
	met := map[string]int{}
	for seed := first; seed <= last; seed++ {
		if !threeLife(t, seed, met) {
			t.Fatalf("run it again with CALL_SEED=%d", seed)
		}
	}
	for _, what := range []string{"three", "together", "apart", "on hold", "left", "moved", "adopted", "paused", "recorded again"} {
		if first != last && met[what] < 500 {
			t.Errorf("%s: met %d times only", what, met[what])
		}
	}
}

func threeLife(t *testing.T, seed uint64, met map[string]int) bool {
	rnd := rand.New(rand.NewPCG(seed, 4))
	w := &threeWorld{world: world{recording: map[string]bool{}}, ringing: map[int]bool{}, up: map[int]bool{}, sits: map[int]Place{}}
	c, clock := fresh(), start
	for _, e := range []Event{
		Claimed{At: At{clock}}, PromptDone{At: At{clock}}, Queued{At{clock}, Row{State: Talking, Agent: "a1", Leg: "l1", Since: clock}},
	} {
		var cmds []Command
		c, cmds = Next(c, e)
		w.apply(c, cmds)
	}
	for range 80 {
		clock = clock.Add(time.Duration(1+rnd.IntN(4000)) * time.Millisecond)
		e := anyControl(rnd, At{clock}, c, w)
		if _, again := e.(Adopted); again {
			tag, err := DecodeTag(w.tag)
			if err != nil {
				t.Errorf("seed %d: %v", seed, err)
				return false
			}
			if tag.State.Final() {
				continue
			}
			c = tag.Restore()
			met["adopted"]++
		}
		w.happens(e)
		switch e := e.(type) {
		case Found:
			if !c.State.Final() {
				w.place = e.Place
			}
		case PauseTaken:
			if e.Leg == c.Taped() {
				w.words = append(w.words, e)
			}
		case OutAnswered:
			w.up[e.N] = true
		case OutGone:
			delete(w.ringing, e.N)
			delete(w.up, e.N)
			delete(w.sits, e.N)
		case OutsideFailed:
			delete(w.ringing, e.N) // it never was
		case OutsideFound:
			if w.up[e.N] {
				w.sits[e.N] = e.Place
			}
		}
		was := c
		var cmds []Command
		c, cmds = Next(c, e)
		w.apply(c, cmds)
		if fault := w.wrong(was, c, cmds); fault != "" {
			t.Errorf("seed %d: after %#v, from %s to %s with %s: %s\n%+v", seed, e, was.State, c.State, tellsAll(cmds), fault, c.Third)
			return false
		}
		meets(met, was, c)
	}
	return true
}

// meets counts what the seeds came by.
func meets(met map[string]int, was, c Call) {
	if c.Third.State == PartyIn && c.State == Talking {
		met["three"]++
	}
	if c.together() {
		met["together"]++
	}
	if c.Third.Apart && c.Third.State == PartyIn {
		met["apart"]++
	}
	if c.PauseTaken() && !was.PauseTaken() {
		met["paused"]++
	}
	if c.Pause == (Pause{}) && was.Pause != (Pause{}) && c.attended() {
		met["recorded again"]++
	}
	if c.onHold() {
		met["on hold"]++
	}
	if c.State == Overflowed && was.State == Talking {
		met["left"]++
	}
	if c.State == Talking && was.State == Talking && c.Agent != was.Agent {
		met["moved"]++
	}
}

func anyControl(rnd *rand.Rand, at At, c Call, w *threeWorld) Event {
	if due := w.due; due != nil {
		w.due = nil
		switch e := due.(type) {
		case OutGone:
			e.At = at
			return e
		case OutAnswered:
			e.At = at
			return e
		}
	}
	agent := c.Agent
	if rnd.IntN(8) == 0 {
		agent = []string{"a1", "a2"}[rnd.IntN(2)]
	}
	by := Wish{At: at, By: agent}
	other, leg := []string{"a1", "a2", "s1"}[rnd.IntN(3)], []string{"l1", "l2", "l3", ""}[rnd.IntN(4)]
	n := c.Third.N
	switch rnd.IntN(31) {
	case 28, 29, 30:
		word := PauseTaken{At: at, Leg: c.Taped(), Since: c.Pause.Since, Until: c.Pause.Until, Over: c.Pause.Over}
		switch rnd.IntN(6) {
		case 0:
			word.Leg = leg
		case 1:
			word.Since = word.Since.Add(-time.Second) // of the pause before
		case 2:
			word.Over = time.Time{} // from before it was over
		}
		return word
	case 25, 26:
		return PauseWanted{by, "personal", time.Duration(1+rnd.IntN(60)) * time.Second, rnd.IntN(4) == 0}
	case 27:
		return []Event{RecordWanted{by}, PauseDue{at}}[rnd.IntN(2)]
	case 24:
		return RiskWanted{by, []Level{LevelLow, LevelHigh, LevelHigh}[rnd.IntN(3)], rnd.IntN(3) == 0}
	case 0, 1:
		return HoldWanted{by}
	case 2:
		return ResumeWanted{by}
	case 3:
		return TakeWanted{Wish{At: at, By: other}, leg}
	case 4:
		return TransferWanted{by, other, leg}
	case 5:
		return ReleaseWanted{by, []string{"", other}[rnd.IntN(2)]}
	case 6:
		return DigitsWanted{by, rnd.IntN(2) == 0, "1#"}
	case 7, 8:
		return OutsideWanted{Wish: by, Contact: "p1"}
	case 9:
		if w.ringing[n] && !w.up[n] && rnd.IntN(2) == 0 {
			return OutsideFailed{at, n, WhyNotAllowed}
		}
		return []Event{OutsideDropWanted{by}, OutsideShown{at, n}}[rnd.IntN(2)]
	case 10:
		return OutsideLeaveWanted{by}
	case 11, 12, 13:
		if w.ringing[n] {
			return OutAnswered{at, n}
		}
	case 14:
		if w.ringing[n] {
			return OutGone{at, n, []int{16, 17, 21, 38, 0}[rnd.IntN(5)]}
		}
	case 15:
		if w.up[n] {
			return []Event{OutsideFound{at, n, Place{}}, OutsideFound{at, n, w.sits[n]}, OutFound{at, n}}[rnd.IntN(3)]
		}
	case 16:
		return Reassigned{at, Row{State: Talking, Agent: other, Leg: leg, Since: at.Time}}
	case 17:
		return []Event{LegLost{at, c.Leg}, LegReady{at, c.Agent, leg + "x"}}[rnd.IntN(2)]
	case 18:
		if w.tag != "" && !c.leaving() && !c.State.Final() {
			return Adopted{At: at, Place: w.place}
		}
	}
	if w.up[n] && rnd.IntN(20) == 0 {
		return JoinOutFailed{at, n}
	}
	e := anything(rnd, at, c)
	for ends(e) && rnd.IntN(6) > 0 {
		e = anything(rnd, at, c)
	}
	return e
}

// ends says that an event ends most lives, which would be short with them.
func ends(e Event) bool {
	switch e.(type) {
	case CallerGone, Leaving, LeftStasis, Unservable, StasisEnded, HangupWanted:
		return true
	}
	return false
}
