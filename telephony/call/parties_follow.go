package call

import (
	"slices"
	"time"
)

// accompany makes the parties follow what an event made of the call: who takes part in a talk that ended does not any more, the audio of the others
// goes where the agent is, and a consultation and the caller's hold begin and end together. Whatever the caller could hear of a party is taken away
// before the caller is moved.
func accompany(was Call, e Event, c Call, cmds []Command) (Call, []Command) {
	if len(was.Parties) == 0 && len(c.Parties) == 0 {
		return c, append(cmds, engagements(was, c, e)...)
	}
	now := e.when()
	if c.State.Final() || !c.attended() {
		c.Parties = nil
	}
	if c.attended() {
		c = succeeded(was, c)
		c = legsOf(c, e, now)
		var more []Command
		c, more = consultation(was, c, e, now)
		cmds = append(cmds, more...)
	}
	cmds = append(homecoming(was, c), cmds...)
	cmds = append(cmds, engagements(was, c, e)...)
	if rearranged(was, c, e) {
		cmds = beforeClose(cmds, ArrangeParties{})
	}
	_, adopted := e.(Adopted)
	changed := !slices.Equal(was.Parties, c.Parties)
	if changed && !c.State.Final() && !slices.Contains(cmds, Command(Save{})) {
		cmds = append(cmds, Save{})
	}
	if next := c.nextDue(); (changed || adopted) && !next.IsZero() {
		cmds = append(cmds, ArmParties{max(next.Sub(now), 0)})
	}
	return c, cmds
}

// engagements tells the index who takes part and who does not any more. The end of a call ends all of that there by itself, and who takes the call over
// is its agent. Who wants to leave and takes no part is told of, too: the index may keep somebody of whom this life of a controller never knew, and they
// would be beside the call until its end.
func engagements(was, c Call, e Event) []Command {
	if c.State.Final() {
		return nil
	}
	anew := false
	switch e.(type) {
	case Adopted, IndexLost:
		anew = true
	}
	anew = anew || was.Lost != "" && c.Lost == "" && c.Agent == was.Lost // the index ended their part when the agent vanished
	var cmds []Command
	for _, p := range was.Parties {
		if q, still := c.party(p.Agent); p.active() && p.Agent != c.Agent && !(still && q.active()) {
			cmds = append(cmds, Disengage{p.Agent})
		}
	}
	if w, is := e.(LeaveWanted); is && (w.Agent == "" || w.Agent == w.By) && w.By != "" && w.By != c.Agent {
		if p, had := was.party(w.By); !had || !p.active() {
			cmds = append(cmds, Disengage{w.By})
		}
	}
	for _, p := range c.Parties {
		if q, had := was.party(p.Agent); p.active() && (anew || !had || !q.active()) {
			cmds = append(cmds, Engage{p.Agent, anew})
		}
	}
	return cmds
}

// succeeded: who took the call over is no party of it, and whom the agent before consulted is not consulted by the new one.
func succeeded(was, c Call) Call {
	if was.Agent == c.Agent {
		return c
	}
	for _, p := range c.Parties {
		if p.Agent == c.Agent || p.Role == Consult {
			c = c.without(p.Agent)
		}
	}
	return c
}

// legsOf takes note of parties whose leg was lost. Supervisors have time to come back; nobody waits on hold for who is consulted.
func legsOf(c Call, e Event, now time.Time) Call {
	lost, is := e.(LegLost)
	if !is {
		return c
	}
	for _, p := range c.Parties {
		switch {
		case p.State != PartyIn || p.Leg != lost.Leg:
		case p.Role == Consult:
			c = c.with(failed(p, WhyGone, now))
		default:
			p.State, p.Since = PartyJoining, now
			c = c.with(p)
		}
	}
	return c
}

// consultation keeps the caller's hold and the consultation together.
func consultation(was, c Call, e Event, now time.Time) (Call, []Command) {
	p, consults := c.Consultant()
	_, did := was.Consultant()
	onHold := c.State == Held && c.Hold == HoldByAgent
	switch {
	case c.leaving():
	case onHold && c.AtRisk() && (consults || did):
		return comeToAgent(c, now) // who is consulted goes on as a voice in the agent's ear
	case consults && c.AtRisk():
	case consults && c.State == Talking && (p.State == PartyIn || was.State == Held && was.Hold == HoldByAgent):
		return c.without(p.Agent), nil // the agent went back to the caller
	case consults && c.State == Held && !onHold:
		return c.with(failed(p, WhyGone, now)), nil // the agent is away; the caller must not find the two talking
	case consults && c.State == Talking:
		if here, is := e.(PartyHere); is && here.Agent == p.Agent {
			return holdByAgent(c, now)
		}
	case did && !consults && onHold:
		return comeToAgent(c, now)
	}
	return c, nil
}

// homecoming takes down what the caller must not find in the bridge to which they go: the legs of others in the agent's, and what a party heard who is the
// agent now. A caller who goes to hold audio does not wait for that.
func homecoming(was, c Call) []Command {
	if !c.attended() || was.State == Talking && c.State == Held {
		return nil
	}
	var cmds []Command
	for _, p := range was.Parties {
		q, still := c.party(p.Agent)
		if p.active() && (p.Agent == c.Agent || was.Means(p) == Lend && !(still && q.active() && c.Means(q) == Lend)) {
			cmds = append(cmds, BringHome{p.Agent})
		}
	}
	return cmds
}

// rearranged says that the audio of parties has to be looked at.
func rearranged(was, c Call, e Event) bool {
	before := slices.ContainsFunc(was.Parties, Party.active)
	after := slices.ContainsFunc(c.Parties, Party.active)
	if !before && !after {
		return false
	}
	if was.State != c.State || was.Agent != c.Agent || was.Leg != c.Leg || was.Hold != c.Hold || was.AtRisk() != c.AtRisk() {
		return true
	}
	switch e := e.(type) {
	case Adopted, IndexLost, PartyHere:
		return true
	case LegReady:
		_, is := c.party(e.Agent)
		return is || e.Agent == c.Agent
	}
	same := func(p, q Party) bool {
		return p.Agent == q.Agent && p.Role == q.Role && p.active() == q.active() && (p.State == q.State || q.State == PartyIn)
	}
	return !slices.EqualFunc(was.Parties, c.Parties, same)
}

// nextDue is when the first party's time is over.
func (c Call) nextDue() time.Time {
	var next time.Time
	for _, p := range c.Parties {
		if t := c.until(p); !t.IsZero() && (next.IsZero() || t.Before(next)) {
			next = t
		}
	}
	return next
}

// beforeClose puts a command at the end, but before the call is forgotten.
func beforeClose(cmds []Command, cmd Command) []Command {
	if i := slices.Index(cmds, Command(Close{})); i >= 0 {
		return slices.Insert(slices.Clone(cmds), i, cmd)
	}
	return append(cmds, cmd)
}
