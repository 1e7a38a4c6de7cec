package call

import (
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"
)

// outWorld is what Asterisk would have made of the commands, with what we placed.
type outWorld struct {
	world
	ringing map[int]bool // attempts that were dialled and not ended
	up      map[int]bool // of them, those that somebody answered
	spared  map[int]bool // picked up before they could be dropped
	rnd     *rand.Rand
	rings   map[string]bool
	joined  int
}

func (w *outWorld) apply(c Call, cmds []Command) {
	w.world.apply(c, cmds)
	for _, cmd := range cmds {
		switch cmd := cmd.(type) {
		case Dial:
			w.ringing[cmd.N] = true
		case DropOut:
			if cmd.Spare && w.rnd.IntN(2) == 0 {
				w.spared[cmd.N] = true
			}
			delete(w.ringing, cmd.N)
			delete(w.up, cmd.N)
		case JoinOut:
			w.place, w.joined = Place{Out: string(c.ID)}, cmd.N
		case StartRinging:
			w.rings[cmd.Leg] = true
		case StopRinging:
			delete(w.rings, cmd.Leg)
		}
	}
}

// TestNobodyIsCalledToNobody drives callers who are tried elsewhere, calls that were passed on to us, and callbacks with random events, and checks after
// each: an answered caller is in a bridge that makes sound; a caller leaves the queue for another place only when somebody there answered; never
// two attempts alive; none alive for a call that is served or over; no ringing for a counsellor to whom nothing rings; an unanswered channel hears nothing.
//
// CALL_SEED=n runs one seed again.
func TestNobodyIsCalledToNobody(t *testing.T) {
	first, last := uint64(1), uint64(20000)
	if s := os.Getenv("CALL_SEED"); s != "" {
		n, err := strconv.ParseUint(s, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		first, last = n, n
	}
	for seed := first; seed <= last; seed++ {
		if !outLife(t, seed) {
			t.Fatalf("run it again with CALL_SEED=%d", seed)
		}
	}
}

func outLife(t *testing.T, seed uint64) bool {
	rnd := rand.New(rand.NewPCG(seed, 2))
	w := &outWorld{world: world{recording: map[string]bool{}}, ringing: map[int]bool{}, up: map[int]bool{}, rings: map[string]bool{}, spared: map[int]bool{}, rnd: rnd}
	c, clock := fresh(), start
	begin := []Event{Claimed{At: At{clock}}, Relayed{At: At{clock}, Hops: "a"}, CallbackDue{At: At{clock}, Task: "t1"}}[rnd.IntN(3)]
	c, cmds := Next(c, begin)
	w.apply(c, cmds)
	for range 80 {
		clock = clock.Add(time.Duration(rnd.IntN(9000)) * time.Millisecond)
		e := anyOutbound(rnd, At{clock}, c, w)
		if callbackHasNoChannel(c, e) {
			continue
		}
		if left, ok := e.(LeftBridge); ok && left.Place == w.place {
			w.place = Place{}
		}
		if found, ok := e.(Found); ok && !c.State.Final() {
			if c.Unanswered {
				found.Place = Place{} // it can be nowhere else
				e = found
			}
			w.place = found.Place
		}
		was := c
		c, cmds = Next(c, e)
		if answered, ok := e.(OutAnswered); ok && was.Task != "" && was.Unanswered && !c.Unanswered {
			delete(w.ringing, answered.N) // it is the caller's channel now
			w.answered = true
			for _, cmd := range cmds {
				if drop, ok := cmd.(DropOut); ok && drop.N == answered.N {
					t.Errorf("seed %d: who answered is hung up on", seed)
				}
			}
		}
		w.apply(c, cmds)
		if fault := w.judge(was, c, cmds); fault != "" {
			t.Errorf("seed %d: after %T, from %s to %s with %s: %s", seed, e, was.State, c.State, tells(cmds), fault)
			return false
		}
	}
	return true
}

func (w *outWorld) judge(was, c Call, cmds []Command) string {
	alive := len(w.ringing)
	switch {
	case c.State == Overflowed && was.State != Overflowed && !w.up[w.joined]:
		return "let go to where nobody answered"
	case alive > 1:
		return "two attempts are alive"
	case c.State.Final() && alive > 0:
		return "it rings for a call that is over"
	case c.State == Talking && alive > 0:
		return "it rings for a caller who is served"
	case (c.Out.Live && c.Out.N > 0) != (alive > 0) && !(c.State == Overflowed):
		return "the call and Asterisk disagree on what is alive"
	case len(w.rings) > 0 && !(c.State == Held && c.Hold == HoldDialling):
		return "a counsellor hears it ring, and it does not"
	case c.Unanswered && len(w.place.Leg+w.place.Line+w.place.Out) > 0:
		return "an unanswered channel was moved"
	case w.answered && !c.Unanswered && !c.State.Final() && !c.leaving() && w.place != c.Bridge():
		return "the caller is in " + w.place.Leg + w.place.Line + w.place.Out
	case c.State.Final() && len(w.recording) > 0:
		return "recordings are open"
	}
	if c.Unanswered {
		for _, cmd := range cmds {
			switch cmd.(type) {
			case Play, Announce, EnterHold, Settle:
				return "an unanswered channel is spoken to"
			}
		}
	}
	return ""
}

// callbackHasNoChannel: what Asterisk tells of a channel cannot be told of one that does not exist.
func callbackHasNoChannel(c Call, e Event) bool {
	if c.Task == "" || !c.Unanswered {
		return false
	}
	switch e.(type) {
	case LeftBridge, Found:
		return true
	}
	return false
}

func anyOutbound(rnd *rand.Rand, at At, c Call, w *outWorld) Event {
	n := max(1, c.Out.N-rnd.IntN(2))
	switch rnd.IntN(9) {
	case 0, 1:
		return OverflowDue{at, []string{"city", "province"}[rnd.IntN(2)]}
	case 2:
		for n := range w.spared {
			delete(w.spared, n)
			return OutAnswered{at, n}
		}
		if w.ringing[n] {
			w.up[n] = true
			return OutAnswered{at, n}
		}
	case 3:
		if w.ringing[n] {
			delete(w.ringing, n)
			return OutGone{at, n, []int{16, 19, 34, 44, 0}[rnd.IntN(5)]}
		}
	case 4:
		if w.ringing[n] {
			return OutFound{at, n}
		}
	case 5:
		if rnd.IntN(4) == 0 {
			return []Event{JoinOutFailed{at, n}, ClaimLost{at}, Draining{at}}[rnd.IntN(3)]
		}
	}
	e := anything(rnd, at, c)
	if found, ok := e.(Found); ok && c.State == Overflowed && rnd.IntN(2) == 0 {
		found.Place = Place{Out: string(c.ID)}
		return found
	}
	return e
}
