package call

// A caller at risk whose agent vanished is not left to wait for that agent's return: hold audio is heard as by anybody who is held, but the index has the
// call open from the first moment, to the next agent and to who leads the shift. The first of these and of the agent who is back gets the caller. The
// agent's return needs no answer of the index, which may be away; whoever was quicker there has the caller in the end.

type (
	// Open tells the index that the agent vanished and that the caller is for whoever comes first.
	Open struct{ Agent string }
	// Reclaim asks the index to give an open call to somebody who can talk now: to the agent who is back, or to who takes it. Reassigned or the
	// index's own news follows.
	Reclaim struct{ Agent string }
	// Keep tells the index, before the end of a call, that its caller was cut off while at risk: the agent is kept for the caller's next call.
	Keep struct{ Agent string }
)

func (Open) command()    {}
func (Reclaim) command() {}
func (Keep) command()    {}

// away says that the caller waits on hold audio for an agent who vanished.
func (c Call) away() bool { return c.State == Held && c.Hold == HoldAgentAway && c.Agent != "" }

// opened follows what an event made of the call, whichever part of the machine decided.
func opened(was Call, e Event, c Call, cmds []Command) (Call, []Command) {
	_, adopted := e.(Adopted)
	_, emptied := e.(IndexLost)
	anew := adopted || emptied
	switch {
	case c.State.Final():
		c.Lost = ""
	case c.away() && c.AtRisk() && !c.Unanswered && !c.leaving():
		if c.Lost != c.Agent || !was.away() || anew {
			c.Lost = c.Agent
			cmds = append(cmds, Open{c.Agent})
		}
	case c.Lost == "":
	case c.State == Talking && c.Agent == c.Lost:
		if was.State != Talking || anew {
			cmds = append(cmds, Reclaim{c.Agent}) // until the index has said so, its word of who waits is old
		}
	case c.attended(), c.State == Overflowed, c.State == Waiting && emptied:
		c.Lost = ""
	case c.State == Waiting || c.State == Offered:
		if r, is := e.(LegReady); is && r.Agent == c.Lost && !c.leaving() {
			cmds = append(cmds, Reclaim{c.Lost})
		}
	}
	return c, cmds
}

// takeOpen: who leads takes the caller whom nobody has.
func takeOpen(c Call, e TakeWanted) (cmds []Command, ok bool) {
	waits := c.away() || c.State == Waiting || c.State == Offered
	if c.Lost == "" || !waits {
		return nil, false
	}
	if e.By == "" || e.Leg == "" || c.leaving() {
		return nil, true
	}
	return []Command{Reclaim{e.By}}, true
}

// cutOff says that a call that ends now ends in the middle of a talk with somebody who is at risk, or was a moment ago, and not by the agent.
func (c Call) cutOff() bool {
	return (c.State == Talking || c.onHold()) && (c.AtRisk() || c.Tier == Returning) && !c.Talked.IsZero() && !c.Unanswered && c.EndedBy != ByAgent
}
