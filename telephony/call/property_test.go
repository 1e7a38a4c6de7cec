package call

import (
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"
)

// world is what Asterisk would have made of the commands: where the caller is, and whether the channel was answered.
type world struct {
	answered  bool
	place     Place
	recording map[string]bool
}

func (w *world) apply(c Call, cmds []Command) {
	for _, cmd := range cmds {
		switch cmd := cmd.(type) {
		case Answer:
			w.answered = true
		case EnterHold:
			w.place = Place{Line: c.Line}
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
		}
	}
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
	c, cmds := Next(c, Claimed{At: At{clock}})
	w.apply(c, cmds)
	for range 60 {
		clock = clock.Add(time.Duration(rnd.IntN(9000)) * time.Millisecond)
		e := anything(rnd, At{clock}, c)
		var next Call
		next, cmds = Next(c, e)
		if left, ok := e.(LeftBridge); ok && left.Place == w.place {
			w.place = Place{} // it happened, whatever we make of it
		}
		if found, ok := e.(Found); ok && !c.State.Final() {
			w.place = found.Place
		}
		w.apply(next, cmds)
		for _, cmd := range cmds {
			if _, ok := cmd.(Hangup); ok {
				if _, asked := e.(HangupWanted); !asked && c.EndedBy != ByAgent {
					t.Errorf("seed %d: %T hung up on the caller", seed, e)
					return false
				}
			}
		}
		if c.State.Final() && (next != c || len(cmds) > 0) {
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
	places := []Place{{Line: c.Line}, {Leg: leg}, {Leg: c.Leg}, {}}
	r := Row{State: []State{Waiting, Offered, Talking, Held}[rnd.IntN(4)], Since: at.Time.Add(-time.Duration(rnd.IntN(20)) * time.Second)}
	if r.State == Talking || r.State == Held {
		r.Agent = agent
		if rnd.IntN(2) == 0 {
			r.Leg = leg
		}
	}
	switch rnd.IntN(16) {
	case 0, 1:
		return PromptDone{At: at}
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
