package call

import "time"

// Next is the call after the event, and what is to be done. An event that does not fit the state changes nothing: events cross on their way.
func Next(c Call, e Event) (Call, []Command) {
	if c.State.Final() {
		return c, nil
	}
	was := c
	c, fresh := heed(c, e)
	if !fresh {
		return c, nil
	}
	next, cmds := first(c, e)
	next, cmds = tidy(was, e, next, cmds)
	cmds = reassessed(next, e, cmds)
	next, cmds = spare(next, cmds, e.when())
	next, cmds = opened(was, e, next, cmds)
	next, cmds = accompany(was, e, next, cmds)
	next, cmds = escort(was, e, next, cmds)
	next, cmds = onTape(was, e, next, cmds)
	return noteWish(was, next, cmds)
}

// first asks the parts of the machine in turn; the first that the event concerns decides.
func first(c Call, e Event) (Call, []Command) {
	if next, ok := beside(c, e); ok {
		return next, nil
	}
	for _, part := range []func(Call, Event) (Call, []Command, bool){control, pausing, outside, outbound} {
		if next, cmds, ok := part(c, e); ok {
			return next, cmds
		}
	}
	return decide(c, e)
}

// decide is Next for what does not concern calls that we place.
func decide(c Call, e Event) (Call, []Command) {
	now := e.when()
	switch e := e.(type) {
	case Claimed:
		c.Plan = e.Plan
		return claimed(c, now)
	case Adopted:
		c.Plan = e.Plan
		return adopted(c, e.Place, now)
	case CallerGone:
		return gone(c, now)
	case StasisEnded:
		if c.leaving() {
			return gone(c, now)
		}
		return c, []Command{Inquire{}}
	case LeftStasis:
		return leftStasis(c, now)
	case Unservable:
		return degrade(c, now)
	case IndexLost:
		c.Indexed, c.Heeded = time.Time{}, "" // another life of the index may have another clock
		return c, []Command{Restore{}}
	case PlaceExpired:
		if c.State != Waiting || !c.Pending {
			return c, nil
		}
		return degrade(c, now)
	case Leaving:
		c.Leaving, c.Cause = true, e.Cause
		return c, nil
	case LeftBridge:
		return leftBridge(c, e.Place)
	case Found:
		return found(c, e, now)
	case HangupWanted:
		return hangup(c, e.Agent)
	case Digit:
		return digit(c, e.Digit, now)
	case Recognized:
		return recognized(c, e, now)
	case RiskWanted:
		return assessed(c, e, now)
	case TermsChanged:
		if c.State == Arrived || c.State == Overflowed {
			return c, nil // the index does not have the call yet, or not any more
		}
		if e.Urgent && c.Tier != Red && c.Tier != Returning {
			return c, nil // told once more when those have been
		}
		return c, []Command{Require{}}
	case Promised:
		return promised(c, e)
	}
	switch c.State {
	case Greeting:
		return greeting(c, e, now)
	case Waiting, Offered:
		return waiting(c, e, now)
	case Talking:
		return talking(c, e, now)
	case Held:
		return held(c, e, now)
	}
	return c, nil
}

// to moves the call to a state.
func to(c Call, s State, now time.Time) Call {
	if c.State != s {
		c.State, c.Since = s, now
	}
	return c
}

// claimed: the tag is saved before the answer, so that from the first sound on the channel itself knows whose it is; the hold audio
// starts before the greeting, so that no fault of the greeting leaves the caller in silence.
func claimed(c Call, now time.Time) (Call, []Command) {
	c = to(c, Greeting, now)
	if c.Tier == "" {
		c.Tier = Normal
	}
	return c, []Command{Save{}, Answer{}, EnterHold{}, Play{PromptGreeting}, Register{}}
}

// adopted: the channel's tag said what the call was; the bridge it sits in says what the caller hears.
func adopted(c Call, p Place, now time.Time) (Call, []Command) {
	switch c.State {
	case Talking, Held:
		if c.onHold() {
			if c, cmds, ok := onHoldBy(c, Adopted{At: At{now}}, now); ok {
				return c, cmds
			}
		}
		if c.State == Talking && p.Leg != "" && p.Leg == c.Leg {
			return c, []Command{Save{}, Restore{}, KeepRecording{c.Leg, c.Agent}}
		}
		c, cmds := hold(c, now, Save{}, Restore{}, Mark{})
		cmds[0] = Settle{}
		return c, cmds
	case Arrived:
		c, cmds := claimed(c, now)
		return c, append(cmds, Restore{})
	default:
		// The greeting is not heard twice, and an offer does not outlive its controller's silence: the index says if it still rings.
		c = to(c, Waiting, now)
		c.Offer, c.Pending = "", true
		return announcing(c, append([]Command{Settle{}, Save{}, Restore{}, Enqueue{}}, reassured(c)...)...)
	}
}

// leftBridge: a caller in no bridge hears nothing at all, so leaving the place where the caller belongs means going there at once. It may also be
// the echo of a request of ours that was made twice, which takes the channel out and in again: Settle looks first. When the place is
// no more, JoinFailed or hold audio follows.
func leftBridge(c Call, p Place) (Call, []Command) {
	if p != c.Bridge() || c.leaving() {
		return c, nil
	}
	return c, []Command{Settle{}}
}

// found: a move may be on its way while the bridges are listed, so being elsewhere is answered by saying again where to be. A prompt whose end
// was lost in a gap must not keep a caller from the queue, nor the next one from being heard. A hang-up that was asked for and that Asterisk did not
// carry out is asked for again.
func found(c Call, e Found, now time.Time) (Call, []Command) {
	if c.EndedBy != "" {
		return c, []Command{Hangup{}}
	}
	var cmds []Command
	if want := c.Bridge(); e.Place != want && want != (Place{}) && !c.Leaving {
		cmds = append(cmds, Settle{})
	}
	if !e.Gap {
		return c, cmds
	}
	switch c.State {
	case Greeting:
		c, more := enqueue(c, now, false)
		return c, append(append(cmds, StopPlay{}), more...)
	case Waiting, Offered:
		return c, append(append(cmds, StopPlay{}), reassured(c)...)
	}
	return c, cmds
}

// enqueue asks the index for a place. Until it answers, what its stream says is older than the wish.
func enqueue(c Call, now time.Time, front bool) (Call, []Command) {
	c = to(c, Waiting, now)
	if c.Queued.IsZero() {
		c.Queued = now
	}
	c.Pending = true
	return announcing(c, Save{}, Enqueue{Front: front})
}

func waiting(c Call, e Event, now time.Time) (Call, []Command) {
	if c.EndedBy != "" {
		return c, nil // the caller was told goodbye
	}
	switch e := e.(type) {
	case Queued:
		c.Pending = false
		if e.Row.Front != c.Front {
			c.Front = e.Row.Front
			c, cmds := row(c, e.Row, now)
			return c, append(cmds, Save{})
		}
		return row(c, e.Row, now)
	case Indexed:
		if c.Pending || e.Row.Since.Before(c.Indexed) {
			return c, nil
		}
		return row(c, e.Row, now)
	case PromptDone:
		return confirmed(c, e)
	case Chosen:
		return chosenLate(c, e)
	case CallbackWanted:
		return callbackWanted(c)
	case AnnounceDue:
		return announceDue(c)
	case Estimated:
		return estimated(c, e.Outlook)
	}
	return c, nil
}

// row follows the index: it decides who is offered and who was accepted.
func row(c Call, r Row, now time.Time) (Call, []Command) {
	c, accepted := noted(c, r, now)
	if !accepted {
		return c, nil
	}
	if c.Talked.IsZero() {
		c.Talked = now
	}
	c, stays := stayed(c)
	var cmds []Command
	if r.Leg == "" {
		c, cmds = hold(c, now, StopPlay{}, Save{}, Mark{})
	} else {
		c, cmds = join(c, r.Leg, now)
	}
	return c, append(cmds, stays...)
}

// noted takes note of what the index says, and of who accepted, if somebody did.
func noted(c Call, r Row, now time.Time) (next Call, accepted bool) {
	c.Indexed = r.Since
	switch r.State {
	case Offered:
		c = to(c, Offered, now)
		c.Offer = r.Offer
		if c.Offers.IsZero() {
			c.Offers = now
		}
	case Waiting:
		c = to(c, Waiting, now)
		c.Offer = ""
	case Talking, Held:
		c.Agent, c.Offer = r.Agent, ""
		return c, true
	}
	return c, false
}

// join moves the caller to the agent.
func join(c Call, leg string, now time.Time) (Call, []Command) {
	c = to(c, Talking, now)
	c.Leg, c.Hold, c.Joined = leg, "", now
	if c.Talked.IsZero() {
		c.Talked = now // a callback that was answered while its agent was away
	}
	return c, []Command{StopPlay{}, Join{leg}, StartRecording{leg, c.Agent}, Save{}, DisarmReturn{}, Mark{}}
}

func talking(c Call, e Event, now time.Time) (Call, []Command) {
	switch e := e.(type) {
	case LegLost:
		if e.Leg == c.Leg {
			return hold(c, now)
		}
	case JoinFailed:
		if e.Leg == c.Leg {
			return hold(c, now)
		}
	case LegReady:
		// The agent moved to another browser: the caller follows without a pause.
		if e.Agent == c.Agent && e.Leg != c.Leg {
			was := c.Leg
			c = pause(c, now)
			c, cmds := join(c, e.Leg, now)
			return c, append(cmds, StopRecording{was})
		}
	case Indexed:
		return given(c, e.Row, now)
	}
	return c, nil
}

// pause ends a stretch of talk.
func pause(c Call, now time.Time) Call {
	if !c.Joined.IsZero() {
		c.Spoken += now.Sub(c.Joined)
		c.Shares = shared(c.Shares, c.Agent, now.Sub(c.Joined))
	}
	c.Joined, c.Leg = time.Time{}, ""
	return c
}

// hold puts a caller who lost the agent on hold audio and gives the agent time to come back. extra are commands of the occasion.
func hold(c Call, now time.Time, extra ...Command) (Call, []Command) {
	was := c.Leg
	c = to(pause(c, now), Held, now)
	c.Hold = HoldAgentAway
	if len(extra) == 0 {
		extra = []Command{Save{}, Mark{}}
	}
	cmds := append([]Command{EnterHold{}}, extra...)
	cmds = append(cmds, Play{PromptReconnecting})
	if was != "" {
		cmds = append(cmds, StopRecording{was})
	}
	return c, append(cmds, ArmReturn{})
}

func held(c Call, e Event, now time.Time) (Call, []Command) {
	if c.onHold() {
		if c, cmds, ok := onHoldBy(c, e, now); ok {
			return c, cmds
		}
	}
	switch e := e.(type) {
	case LegReady:
		if e.Agent == c.Agent {
			return join(c, e.Leg, now)
		}
	case ReturnExpired:
		c.Agent, c.Hold = "", ""
		return enqueue(c, now, c.Lost == "") // open, it has the place at the head, and may be somebody's by now
	case Indexed:
		return disputed(c, e.Row, now)
	}
	return c, nil
}
