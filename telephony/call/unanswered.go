package call

import "time"

// A call whose channel is not answered, or does not exist yet, is heard by nobody: what another site passed on to us, and a callback that was
// not taken yet. It waits, is offered and accepted like any other. Its caller is elsewhere meanwhile: on the hold audio of the other site, or at
// home.

// unheard begins such a call: straight into the queue.
func unheard(c Call, now time.Time) (Call, []Command) {
	if c.Tier == "" {
		c.Tier = Normal
	}
	c.Unanswered = true
	c.Danger = c.Danger || c.Tier == Red && c.Hops != ""
	c = to(c, Waiting, now)
	c.Queued, c.Pending = now, true
	return c, []Command{Save{}, Register{}, Enqueue{}}
}

// unanswered decides for such a call. ok false: it is as with any other.
func unanswered(c Call, e Event, now time.Time) (next Call, cmds []Command, ok bool) {
	switch e := e.(type) {
	case Adopted:
		c, cmds = unansweredAdopted(c, now)
	case Queued:
		if c.State != Waiting && c.State != Offered {
			return c, nil, true
		}
		c.Pending, c.Front = false, e.Row.Front
		c, cmds = placed(c, e.Row, now)
	case Indexed:
		c, cmds = unansweredIndexed(c, e.Row, now)
	case LegReady:
		switch {
		case c.State != Held || e.Agent != c.Agent:
		case !c.Out.Live:
			c, cmds = connect(c, e.Leg, now)
		case e.Leg != c.Out.To: // the counsellor's other browser hears it ring from now on
			cmds = []Command{StopRinging{c.Out.To}, StartRinging{e.Leg}}
			c.Out.To = e.Leg
		}
	case LegLost:
		// The telephone must not be answered to nobody.
		if c.State == Held && c.Out.Live && c.Out.To == e.Leg {
			c, cmds = await(c, now)
		}
	case ReturnExpired:
		if c.State == Held {
			c.Agent, c.Hold = "", ""
			c = to(c, Waiting, now)
			c.Pending = true
			cmds = []Command{Save{}, Enqueue{Front: true}}
		}
	case PlaceExpired, Unservable:
		if _, timer := e.(PlaceExpired); timer && (c.State != Waiting || !c.Pending) {
			return c, nil, true
		}
		if c.Task == "" {
			c, cmds = degrade(c, now) // the dialplan answers 503, and the other site goes on
		} else {
			c, cmds = notReached(c, 0, now)
		}
	case Recognized:
		if c.Task == "" {
			return c, nil, false
		} // what is known of the caller came with the task
	case ClaimLost:
		if c.Task != "" {
			c, cmds = notReached(c, 0, now)
		}
	case Draining:
		if c.Task != "" && !c.Out.Live {
			c, cmds = notReached(c, 0, now)
		}
	case HangupWanted:
		if c.Task == "" || c.State != Held || c.Agent != e.Agent {
			return c, nil, false
		}
		c.EndedBy, c.Cause = ByAgent, normalClearing
		c, cmds = notReached(c, normalClearing, now)
	case CallerGone, StasisEnded, Leaving, LeftStasis:
		if c.Task == "" {
			return c, nil, false
		} // of an attempt that was dropped in the moment of its answer: the call has no channel
	case PromptDone, AnnounceDue, Estimated, ChoiceExpired, Chosen, CallbackWanted, Promised, Digit, JoinFailed:
		return c, nil, true // nobody hears a prompt
	default:
		return c, nil, false
	}
	return c, cmds, true
}

func unansweredAdopted(c Call, now time.Time) (Call, []Command) {
	if c.State == Held {
		if c.Out.Live && c.Task != "" {
			c.Hold = HoldDialling // WatchOut says what became of it
			return c, []Command{Save{}, Restore{}, Mark{}}
		}
		c, cmds := await(c, now)
		return c, append([]Command{Restore{}}, cmds...)
	}
	c = to(c, Waiting, now)
	c.Offer, c.Pending = "", true
	return c, []Command{Save{}, Restore{}, Enqueue{}}
}

func unansweredIndexed(c Call, r Row, now time.Time) (Call, []Command) {
	switch {
	case c.State == Waiting || c.State == Offered:
		if c.Pending || r.Since.Before(c.Indexed) {
			return c, nil
		}
		return placed(c, r, now)
	case c.State == Held && r.Since.After(c.Indexed) && (r.State == Waiting || r.State == Offered || r.Agent != c.Agent):
		// Whose the call is, the index knows better; see disputed. What rings for the one must not ring for the other.
		var first []Command
		if c.Out.Live {
			first = []Command{StopRinging{c.Out.To}, DropOut{N: c.Out.N, Spare: true}}
			c.Out.Live = false
		}
		c = to(c, Waiting, now)
		c.Agent, c.Hold = "", ""
		c, cmds := placed(c, r, now)
		return c, append(append(first, DisarmReturn{}, Save{}), cmds...)
	}
	return c, nil
}

// placed follows the index.
func placed(c Call, r Row, now time.Time) (Call, []Command) {
	switch c, accepted := noted(c, r, now); {
	case !accepted:
		return c, nil
	case r.Leg == "":
		return await(c, now)
	default:
		return connect(c, r.Leg, now)
	}
}

// await keeps the call for an agent whose leg is away.
func await(c Call, now time.Time) (Call, []Command) {
	c = to(c, Held, now)
	c.Hold = HoldAgentAway
	return c, []Command{Save{}, Mark{}, ArmReturn{}}
}

// connect brings who accepted together with the caller: one that was passed on to us is answered now, and joined in the same breath; one to be called
// back is dialled while the counsellor hears it ring.
func connect(c Call, leg string, now time.Time) (Call, []Command) {
	if c.Task == "" {
		c.Unanswered = false
		c.Talked = now
		c, cmds := join(c, leg, now)
		return c, append([]Command{Answer{}}, cmds...)
	}
	c = to(c, Held, now)
	c.Hold, c.Out = HoldDialling, Attempt{N: c.attempts() + 1, To: leg, Live: true}
	return c, []Command{DisarmReturn{}, StartRinging{leg}, Dial{N: c.Out.N}, Mark{}}
}

// pickedUp: the caller answered one of our attempts, and is a caller like any other from now on: with the counsellor who hears it ring, or, when that
// counsellor was lost in this moment, on hold audio until one is there.
func pickedUp(c Call, n int, now time.Time) (Call, []Command) {
	var cmds []Command
	if c.Out.Live && n != c.Out.N { // the one before, which was to be dropped
		cmds = append(cmds, DropOut{N: c.Out.N})
	}
	c.Out.N = n
	if c.Out.Live {
		c, join := reached(c, now)
		return c, append(cmds, join...)
	}
	c.Unanswered = false
	cmds = append(cmds, EnterHold{}, Save{}, Play{PromptReconnecting})
	if c.State == Held {
		return c, append(cmds, ArmReturn{}) // the agent's time begins when somebody waits for it
	}
	return announcing(c, cmds...)
}

// reached: the caller took the callback. From here on it is a call like any other.
func reached(c Call, now time.Time) (Call, []Command) {
	leg := c.Out.To
	c.Unanswered, c.Out.Live, c.Talked = false, false, now
	c, cmds := join(c, leg, now)
	return c, append([]Command{StopRinging{leg}}, cmds...)
}

// notReached ends a callback that nobody took. What comes next is decided by who keeps the promise.
func notReached(c Call, cause int, now time.Time) (Call, []Command) {
	leg, dialling := c.Out.To, c.State == Held && c.Hold == HoldDialling
	if !c.Unanswered {
		return gone(c, now) // it was taken, and is over now
	}
	if c.EndedBy == "" {
		c.EndedBy = ByFault
		if dialling {
			c.EndedBy = ByCaller
		}
	}
	c = to(c, Ended, now)
	c.Ended, c.Cause = now, cause
	if dialling && !c.Out.Live { // tidy stops what is still alive
		return c, []Command{StopRinging{leg}, DisarmReturn{}, Close{}}
	}
	return c, []Command{DisarmReturn{}, Close{}}
}
