package call

import (
	"math/rand/v2"
	"os"
	"reflect"
	"slices"
	"strconv"
	"testing"
	"time"
)

// world is what would have come of the commands: where the caller is, whether the channel was answered, what plays, what was promised.
type world struct {
	answered  bool
	place     Place
	recording map[string]bool
	says      Prompt    // what was said last
	store     []Command // promises and withdrawals on their way, in order
	promised  bool      // a promise is durable
	armed     bool      // the next announcement will come
	told      Outlook
}

func (w *world) apply(c Call, cmds []Command) {
	for _, cmd := range cmds {
		switch cmd := cmd.(type) {
		case Answer:
			w.answered = true
		case EnterHold:
			w.place = Place{Line: c.HoldPlace()}
		case Settle:
			w.place = c.Bridge()
		case Join:
			w.place = Place{Leg: cmd.Leg}
		case Degrade:
			w.place = Place{}
		case StartRecording:
			w.recording[cmd.Leg] = true
		case StopRecording:
			delete(w.recording, cmd.Leg)
		case Play:
			w.says = cmd.Prompt
		case Promise, Withdraw:
			w.store = append(w.store, cmd)
		case ArmAnnounce:
			w.armed = true
		}
	}
	for len(w.store) > 0 && w.store[0] == (Withdraw{}) {
		w.promised, w.store = false, w.store[1:]
	}
}

// answer is the store's to the first promise that waits for one, or nothing.
func (w *world) answer(at At, ok bool) Event {
	if len(w.store) == 0 {
		return nil
	}
	ask := w.store[0].(Promise).Ask
	w.promised, w.store = w.promised || ok, w.store[1:]
	return Promised{at, ask, ok}
}

// happens is what an event means for the world, before the call hears of it.
func (w *world) happens(e Event) {
	switch e := e.(type) {
	case LeftBridge:
		if e.Place == w.place {
			w.place = Place{} // whatever we make of it
		}
	case AnnounceDue:
		w.armed = false
	}
}

// wrong says which law the commands of an event broke; was is the call before it.
func (w *world) wrong(was, c Call, e Event, cmds []Command) string {
	for _, cmd := range cmds {
		switch cmd := cmd.(type) {
		case Hangup:
			_, asked := e.(HangupWanted)
			done, heard := e.(PromptDone)
			goodbye := heard && done.ID != "" && !done.Failed && w.promised && w.says == PromptCallbackPromised
			if !asked && was.EndedBy == "" && !goodbye {
				return "hung up on the caller"
			}
		case Announce:
			if c.State != Waiting || c.leaving() {
				return "talked to a caller who is " + string(c.State)
			}
			if red := c.Danger || c.Tier == Red; red != (len(cmd.Parts) == 1 && cmd.Parts[0] == PromptStayWithUs) {
				return "said the wrong thing to a caller of tier " + string(c.Tier)
			}
			if est, ok := e.(Estimated); ok {
				if w.told.Position > 0 && est.Outlook.Position > w.told.Position && !slices.Contains(cmd.Parts, PromptUrgentFirst) {
					return "sent the caller back without a word"
				}
				if est.Outlook.Position > 0 {
					w.told.Position = est.Outlook.Position
				}
			}
		case Promise:
			if was.Danger || was.Tier == Red {
				return "sent a caller in danger away"
			}
		}
	}
	waits := c.State == Waiting || c.State == Offered
	switch {
	case waits && c.Plan.Announce > 0 && !w.armed && !c.leaving():
		return "forgot to tell a waiting caller how it goes on"
	case c.State == Talking && w.promised && len(w.store) == 0:
		return "left a promise to a caller who is served"
	case c.State == Ended && c.Outcome() == CalledBack && !w.promised:
		return "told a caller of a promise that there is not"
	}
	return ""
}

// TestNeverSilent drives calls with random events, most of them out of place, and checks the laws after each: an answered caller whom we
// still have is in a bridge that makes sound; a fault never hangs up; an ended call leaves no recording open.
//
// CALL_SEED=n runs one seed again.
func TestNeverSilent(t *testing.T) {
	first, last := uint64(1), uint64(20000)
	if s := os.Getenv("CALL_SEED"); s != "" {
		n, err := strconv.ParseUint(s, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		first, last = n, n
	}
	for seed := first; seed <= last; seed++ {
		if !life(t, seed) {
			t.Fatalf("run it again with CALL_SEED=%d", seed)
		}
	}
}

func life(t *testing.T, seed uint64) bool {
	rnd := rand.New(rand.NewPCG(seed, 1))
	c, w, clock := fresh(), &world{recording: map[string]bool{}}, start
	plan := Plan{
		Menu: rnd.IntN(2) == 0, Callback: rnd.IntN(2) == 0, CallbackFirst: rnd.IntN(4) == 0, Closed: rnd.IntN(4) == 0,
		Announce: time.Duration(rnd.IntN(2)) * 30 * time.Second,
	}
	c, cmds := Next(c, Claimed{At{clock}, plan})
	w.apply(c, cmds)
	for range 60 {
		clock = clock.Add(time.Duration(rnd.IntN(9000)) * time.Millisecond)
		e := anything(rnd, At{clock}, c)
		if p, ok := e.(Promised); ok {
			if e = w.answer(p.At, p.Ok); e == nil {
				continue
			}
		}
		var next Call
		next, cmds = Next(c, e)
		w.happens(e)
		if found, ok := e.(Found); ok && !c.State.Final() {
			w.place = found.Place
		}
		w.apply(next, cmds)
		if fault := w.wrong(c, next, e, cmds); fault != "" {
			t.Errorf("seed %d: %T %s", seed, e, fault)
			return false
		}
		if c.State.Final() && (!reflect.DeepEqual(next, c) || len(cmds) > 0) {
			t.Errorf("seed %d: %T moved a final call", seed, e)
			return false
		}
		c = next
		if w.answered && !c.State.Final() && !c.Leaving && c.EndedBy == "" && w.place != c.Bridge() {
			t.Errorf("seed %d: after %T the call is %s but the caller is in %+v", seed, e, c.State, w.place)
			return false
		}
		if c.State.Final() && len(w.recording) > 0 {
			t.Errorf("seed %d: after %T recordings are open: %v", seed, e, w.recording)
			return false
		}
		if (c.State == Talking) != (c.Leg != "" && !c.Joined.IsZero()) {
			t.Errorf("seed %d: %s with leg %q", seed, c.State, c.Leg)
			return false
		}
	}
	return true
}

func anything(rnd *rand.Rand, at At, c Call) Event {
	agent := []string{"a1", "a2"}[rnd.IntN(2)]
	leg := []string{"l1", "l2", "l3"}[rnd.IntN(3)]
	places := []Place{{Line: c.HoldPlace()}, {Leg: leg}, {Leg: c.Leg}, {}}
	r := Row{State: []State{Waiting, Offered, Talking, Held}[rnd.IntN(4)], Since: at.Time.Add(-time.Duration(rnd.IntN(20)) * time.Second)}
	if r.State == Talking || r.State == Held {
		r.Agent = agent
		if rnd.IntN(2) == 0 {
			r.Leg = leg
		}
	}
	switch rnd.IntN(23) {
	case 22:
		w := Wish{At: at, By: agent}
		return RiskWanted{w, []Level{LevelNone, LevelLow, LevelModerate, LevelHigh}[rnd.IntN(4)], rnd.IntN(3) == 0}
	case 16:
		return Recognized{At: at, Tier: []Tier{"", Returning, Normal}[rnd.IntN(3)], Known: Known{Blocked: rnd.IntN(4) == 0, Preferred: agent}}
	case 17:
		return []Event{Chosen{at, []string{"en", "zh-CN"}[rnd.IntN(2)], rnd.IntN(2) == 0}, ChoiceExpired{at}, TermsChanged{at, rnd.IntN(2) == 0}}[rnd.IntN(3)]
	case 18:
		return AnnounceDue{at}
	case 19:
		return Estimated{at, Outlook{Position: rnd.IntN(30), Known: rnd.IntN(3) > 0, Low: time.Minute, High: time.Duration(1+rnd.IntN(90)) * time.Minute}}
	case 20:
		return CallbackWanted{at}
	case 21:
		return Promised{At: at, Ok: rnd.IntN(4) > 0}
	case 0, 1:
		return PromptDone{At: at, ID: []string{"", "p"}[rnd.IntN(2)], Failed: rnd.IntN(8) == 0}
	case 2:
		return Digit{at, []string{"0", "1"}[rnd.IntN(2)]}
	case 3, 4:
		return Queued{at, r}
	case 5, 6:
		return Indexed{at, r}
	case 7:
		return LegReady{at, agent, leg}
	case 8:
		return LegLost{at, leg}
	case 9:
		return JoinFailed{at, leg}
	case 10:
		return LeftBridge{at, places[rnd.IntN(4)]}
	case 11:
		return ReturnExpired{at}
	case 12:
		return IndexLost{at}
	case 13:
		return Found{At: at, Place: places[rnd.IntN(4)], Gap: rnd.IntN(2) == 0}
	case 14:
		return []Event{HangupWanted{at, agent}, Leaving{at, 16}, Unservable{at}, LeftStasis{at}, StasisEnded{at}, PlaceExpired{at}}[rnd.IntN(6)]
	default:
		if rnd.IntN(4) > 0 {
			return PromptDone{At: at}
		}
		return CallerGone{at}
	}
}
