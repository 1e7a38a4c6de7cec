package alert

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"testing"
)

func TestNext(t *testing.T) {
	asked := []Event{Due{}, Dialled{}, Up{}}
	for name, c := range map[string]struct {
		events []Event
		want   []Command // of the last event
		phase  Phase
	}{
		"claimed":                             {[]Event{Due{}}, []Command{Place{}}, Placing},
		"rings":                               {[]Event{Due{}, Dialled{}}, nil, Ringing},
		"answered":                            {asked, []Command{Ask{}}, Asking},
		"answered before the dialling's word": {[]Event{Due{}, Up{}, Dialled{}}, nil, Asking},
		"answered twice":                      {append(asked, Up{}), nil, Asking},
		"another's by now":                    {[]Event{Due{}, Undone{}}, []Command{HangUp{}}, Over},
		"no telephone":                        {[]Event{Due{}, Undone{Unreachable}}, []Command{HangUp{}, Note{Unreachable}}, Noting},
		"busy":                                {[]Event{Due{}, Dialled{}, Gone{17}}, []Command{Note{Busy}}, Noting},
		"rejected":                            {[]Event{Due{}, Dialled{}, Gone{21}}, []Command{Note{Declined}}, Noting},
		"not answered":                        {[]Event{Due{}, Dialled{}, Gone{19}}, []Command{Note{NoAnswer}}, Noting},
		"no such number":                      {[]Event{Due{}, Gone{1}, Undone{Failed}}, nil, Noting},
		"somebody else was quicker":           {[]Event{Due{}, Dialled{}, Lost{}}, []Command{HangUp{}}, Over},
		"another key":                         {append(asked, Key{"3"}), nil, Asking},
		"accepted":                            {append(asked, Key{"1"}), []Command{Note{Accepted}}, Noting},
		"pressed twice":                       {append(asked, Key{"1"}, Key{"2"}), nil, Noting},
		"accepted, and told":                  {append(asked, Key{"1"}, Noted{}), []Command{Tell{PromptAccepted}}, Telling},
		"accepted, but too late":              {append(asked, Key{"1"}, Noted{Lost: true}), []Command{Tell{PromptOver}}, Telling},
		"accepted, and never written down":    {append(asked, Key{"1"}, Noted{Ill: true}), []Command{HangUp{}}, Over},
		"declined":                            {append(asked, Key{"2"}, Noted{}), []Command{Tell{PromptDeclined}}, Telling},
		"accepted, and hung up":               {append(asked, Key{"1"}, Gone{16}, Noted{}), []Command{HangUp{}}, Over},
		"hung up while asked":                 {append(asked, Gone{16}), []Command{Note{NoAnswer}}, Noting},
		"a machine":                           {append(asked, Late{}), []Command{HangUp{}, Note{NoAnswer}}, Noting},
		"a machine, noted":                    {append(asked, Late{}, Noted{}), []Command{HangUp{}}, Over},
		"somebody else, while asked":          {append(asked, Lost{}), []Command{Tell{PromptOver}}, Telling},
		"told":                                {append(asked, Key{"1"}, Noted{}, Told{}), []Command{HangUp{}}, Over},
		"told for too long":                   {append(asked, Key{"1"}, Noted{}, Late{}), []Command{HangUp{}}, Over},
		"hung up while told":                  {append(asked, Key{"1"}, Noted{}, Gone{16}), nil, Over},
		"found ringing":                       {[]Event{Found{}}, []Command{Redial{}}, Placing},
		"found, and rings":                    {[]Event{Found{}, Dialled{}}, nil, Ringing},
		"found talking":                       {[]Event{Found{Up: true}}, []Command{Ask{}}, Asking},
		"found ringing, over":                 {[]Event{Found{Lost: true}}, []Command{HangUp{}}, Over},
		"found talking, over":                 {[]Event{Found{Up: true, Lost: true}}, []Command{Tell{PromptOver}}, Telling},
	} {
		t.Run(name, func(t *testing.T) {
			var s State
			var cmds []Command
			for _, e := range c.events {
				s, cmds = Next(s, e)
			}
			if !reflect.DeepEqual(cmds, c.want) || s.Phase != c.phase {
				t.Errorf("%s: %+v", s.Phase, cmds)
			}
		})
	}
}

func TestResultOf(t *testing.T) {
	for cause, want := range map[int]Result{0: Failed, 1: Unreachable, 16: NoAnswer, 17: Busy, 18: NoAnswer, 19: NoAnswer, 20: Unreachable, 21: Declined, 27: Unreachable, 34: Failed, 38: Failed} {
		if got := ResultOf(cause); got != want {
			t.Errorf("%d: %s, want %s", cause, got, want)
		}
	}
}

// TestNothingIsForgotten: whatever happens in whatever order, a telephone is dialled at most once, one result at most is noted, what was accepted is told
// only after it was noted, and who is on the line is asked, told or hung up on.
func TestNothingIsForgotten(t *testing.T) {
	for seed := range uint64(20_000) {
		rnd := rand.New(rand.NewPCG(seed, 1))
		events := []Event{
			Dialled{}, Undone{}, Undone{Failed}, Up{}, Key{"1"}, Key{"2"}, Key{"9"}, Gone{16}, Gone{17}, Lost{}, Late{}, Told{}, Noted{}, Noted{Lost: true}, Noted{Ill: true},
		}
		first := []Event{Due{}, Found{}, Found{Up: true}, Found{Lost: true}, Found{Up: true, Lost: true}}
		var s State
		var dials, notes int
		var noted bool
		trace := ""
		step := func(e Event) {
			trace += fmt.Sprintf("%T%v ", e, e)
			next, cmds := Next(s, e)
			for _, cmd := range cmds {
				switch cmd := cmd.(type) {
				case Place, Redial:
					dials++
				case Note:
					notes++
				case Tell:
					if cmd.Prompt == PromptAccepted && (!noted || s.Result != Accepted) {
						t.Fatalf("told before it was noted: %s", trace)
					}
				}
			}
			if next.Phase == Asking && !next.Up || s.Phase == Over && (next != s || len(cmds) > 0) {
				t.Fatalf("%+v: %s", next, trace)
			}
			s = next
		}
		step(first[rnd.IntN(len(first))])
		for range rnd.IntN(12) {
			e := events[rnd.IntN(len(events))]
			if n, ok := e.(Noted); ok {
				if s.Phase != Noting {
					continue // it follows a Note only
				}
				noted = n == Noted{}
			}
			step(e)
		}
		if dials > 1 || notes > 1 {
			t.Fatalf("%d dialled, %d noted: %s", dials, notes, trace)
		}
	}
}
