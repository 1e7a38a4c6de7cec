package call

import (
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"
)

// besideWorld is what would have come of the commands, with the people beside the call.
type besideWorld struct {
	world
	lent    map[string]bool // whose channel is in the agent's bridge
	engaged map[string]bool // as the index was told
	armed   bool            // PartiesDue will come
}

// apply carries the commands out in their order, and says what the caller heard on the way that nobody wanted heard.
func (w *besideWorld) apply(c Call, cmds []Command) string {
	w.world.apply(c, cmds)
	for _, cmd := range cmds {
		switch cmd := cmd.(type) {
		case ArrangeParties:
			w.arrange(c)
		case BringHome:
			delete(w.lent, cmd.Agent)
		case Engage:
			w.engaged[cmd.Agent] = true
		case Disengage:
			delete(w.engaged, cmd.Agent)
		case ArmParties:
			w.armed = true
		case Join:
			for agent := range w.lent {
				if p, is := c.party(agent); agent == c.Agent || !is || c.Means(p) != Lend || p.Role == Consult {
					return "joined the caller to an agent with whom somebody else still talks"
				}
			}
		}
	}
	delete(w.engaged, c.Agent) // who serves the call takes no part beside it
	return ""
}

func (w *besideWorld) arrange(c Call) {
	clear(w.lent)
	if c.State != Talking && c.Hold != HoldByAgent {
		return
	}
	for _, p := range c.Parties {
		apart := p.Role == Consult && c.State == Talking // waits for the caller to be put on hold
		if p.active() && c.Means(p) == Lend && !apart {
			w.lent[p.Agent] = true
		}
	}
}

func (w *besideWorld) wrong(c Call) string {
	for _, p := range c.Parties {
		switch {
		case p.Agent == c.Agent:
			return "an agent takes part beside themselves"
		case p.State == PartyIn && p.Role == Consult && c.Means(p) == Lend && (c.State != Held || c.Hold != HoldByAgent):
			return "a consultation with the caller in the room"
		case p.active() != w.engaged[p.Agent]:
			return "the index does not know who takes part"
		case p.State != PartyIn && !w.armed:
			return "nobody ends what does not come about"
		}
	}
	for agent := range w.lent {
		if p, is := c.party(agent); c.State == Talking && (!is || !p.active() || c.Means(p) != Lend || p.Role == Consult) {
			return "the caller hears somebody who takes no part"
		}
	}
	for agent := range w.engaged {
		if p, is := c.party(agent); !c.State.Final() && (!is || !p.active()) {
			return "the index keeps somebody who takes no part"
		}
	}
	switch {
	case !c.attended() && len(c.Parties) > 0:
		return "somebody is beside a call that nobody serves"
	case c.State == Held && c.Hold == HoldByAgent && c.AtRisk() && !c.leaving():
		return "a caller at risk is on hold"
	case len(c.Parties) > maxParties:
		return "too many for the tag"
	case len(c.Encode("controller-1", 1)) > maxTag:
		return "the tag is too long"
	}
	return ""
}

// TestNobodyIsHeardUnasked drives talks with people beside them by random events, most of them out of place, and checks after each: who is consulted is
// never heard by the caller; nobody takes part beside themselves or beside a call without an agent; a caller at risk is not put on hold; the index
// knows who takes part. What TestNeverSilent checks of the caller holds, too.
//
// CALL_SEED=n runs one seed again.
func TestNobodyIsHeardUnasked(t *testing.T) {
	first, last := uint64(1), uint64(5000)
	if s := os.Getenv("CALL_SEED"); s != "" {
		n, err := strconv.ParseUint(s, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		first, last = n, n
	}
	consulted := 0
	for seed := first; seed <= last; seed++ {
		ok, did := besideLife(t, seed)
		if !ok {
			t.Fatalf("run it again with CALL_SEED=%d", seed)
		}
		if did {
			consulted++
		}
	}
	if first != last && consulted < 1000 {
		t.Errorf("a consultation came about in %d lives only", consulted)
	}
}

func besideLife(t *testing.T, seed uint64) (ok, consulted bool) {
	rnd := rand.New(rand.NewPCG(seed, 3))
	w := &besideWorld{world: world{recording: map[string]bool{}}, lent: map[string]bool{}, engaged: map[string]bool{}}
	c, clock := fresh(), start
	for _, e := range []Event{
		Claimed{At: At{clock}}, PromptDone{At: At{clock}}, Queued{At{clock}, Row{State: Talking, Agent: "a1", Leg: "l1", Since: clock}},
	} {
		var cmds []Command
		c, cmds = Next(c, e)
		w.apply(c, cmds)
	}
	for range 80 {
		clock = clock.Add(time.Duration(rnd.IntN(4000)) * time.Millisecond)
		e := anyBeside(rnd, At{clock}, c)
		w.happens(e)
		if found, is := e.(Found); is && !c.State.Final() {
			w.place = found.Place
		}
		was := c
		var cmds []Command
		c, cmds = Next(c, e)
		fault := w.apply(c, cmds)
		if fault == "" {
			fault = w.wrong(c)
		}
		if w.answered && !c.State.Final() && !c.Leaving && c.EndedBy == "" && w.place != c.Bridge() {
			fault = "the caller is not where the call is"
		}
		if fault != "" {
			t.Errorf("seed %d: after %#v, from %s to %s with %s: %s\n%+v", seed, e, was.State, c.State, says(cmds), fault, c.Parties)
			return false, false
		}
		if p, is := c.Consultant(); is && p.State == PartyIn {
			consulted = true
		}
	}
	return true, consulted
}

func anyBeside(rnd *rand.Rand, at At, c Call) Event {
	who := []string{"a1", "a2", "s1", "s2"}[rnd.IntN(4)]
	if len(c.Parties) > 0 && rnd.IntN(2) == 0 {
		who = c.Parties[rnd.IntN(len(c.Parties))].Agent
	}
	p, _ := c.party(who)
	by := func(agent string) Wish { return Wish{At: at, By: agent} }
	leg := "l-" + who
	if rnd.IntN(2) == 0 { // what would come next
		switch {
		case p.State == PartyInvited:
			return InviteAnswered{Wish: by(who), Yes: true}
		case p.State == PartyJoining && c.AwaitsHold(p):
			return PartyHere{at, who}
		case p.State == PartyJoining:
			return PartyReady{at, who, leg, c.Means(p)}
		case len(c.Parties) == 0:
			return Invited{Wish: by(c.Agent), Agent: who}
		}
	}
	switch rnd.IntN(16) {
	case 0, 1:
		return Invited{Wish: by(c.Agent), Agent: who}
	case 2, 3:
		return InviteAnswered{Wish: by(who), Yes: rnd.IntN(4) > 0}
	case 4:
		return InviteCancelled{Wish: by(c.Agent), Agent: who}
	case 5, 6:
		return JoinWanted{Wish: by(who), Role: []Role{Monitor, Whisper, Barge}[rnd.IntN(3)]}
	case 7:
		return LeaveWanted{Wish: by([]string{who, c.Agent}[rnd.IntN(2)]), Agent: who}
	case 8:
		return PartyHere{at, who}
	case 9, 10:
		return PartyReady{at, who, leg, []Means{Spy, Coach, Lend, c.Means(p)}[rnd.IntN(4)]}
	case 11:
		return PartyLost{at, who, WhyBusy}
	case 12:
		return PartiesDue{at}
	case 13:
		return []Event{LegLost{at, leg}, LegReady{at, who, leg}, LegLost{at, c.Leg}, LegReady{at, c.Agent, "l1"}, Digit{at, "0"}}[rnd.IntN(5)]
	case 14:
		return Indexed{at, Row{State: Talking, Agent: who, Leg: leg, Since: at.Time}} // taken over
	}
	if rnd.IntN(3) > 0 {
		return LegReady{at, c.Agent, "l1"}
	}
	return anything(rnd, at, c)
}
