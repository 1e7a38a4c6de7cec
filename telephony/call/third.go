package call

import (
	"slices"
	"time"
)

// A third party is an outside number in the talk: the police, a hospital, a family. It is dialled beside the talk, which goes on; when it answers, its
// channel enters the bridge in which the caller and the agent are. From then on it is never alone without somebody knowing: it is with the agent as long
// as there is one, else with the caller, and ends with the call. See docs/decisions/0013.

// WhyNotAllowed is why a contact that may not be called failed; see the others at Party.
const WhyNotAllowed = "not_allowed"

// Third is the newest outside number that was asked for.
type Third struct {
	N       int        // of its attempt, counted together with those of Out; 0: there never was one
	Contact string     // id in the phonebook, never a number
	By      string     // who asked
	State   PartyState // "": there is none (any more). Invited: it rings
	Since   time.Time
	Why     string // failed
	// Apart: it was with the agent while the caller was on hold, and the agent was lost. The caller may be on hold because of it, and does not meet it
	// without the agent.
	Apart bool
}

func (t Third) alive() bool { return t.State == PartyInvited || t.State == PartyIn }

type (
	// OutsideWanted is the wish to have an outside number in the talk: of its agent, or of who helps that agent in an incident. That they do was checked by
	// the console, which says whose call it was then (Agent); "": the agent's own wish.
	OutsideWanted struct {
		Wish
		Contact, Agent string
	}
	// OutsideDropWanted is the agent's wish to end its part or the attempt, or of who asked for it to end the attempt.
	OutsideDropWanted struct{ Wish }
	// OutsideLeaveWanted is the agent's wish to leave the caller and the third party to each other.
	OutsideLeaveWanted struct{ Wish }
	// OutsideFailed says that an attempt was not made, and why.
	OutsideFailed struct {
		At
		N   int
		Why string
	}
	// OutsideFound says where the channel of a third party is, or that it left its bridge (no place).
	OutsideFound struct {
		At
		N     int
		Place Place
	}
	// OutsideShown says that a failure was shown for long enough.
	OutsideShown struct {
		At
		N int
	}
)

type (
	// DialOutside begins the attempt to reach a contact.
	DialOutside struct {
		N       int
		Contact string
	}
	// WatchOutside finds out what became of an attempt that an earlier controller began. OutAnswered, OutFound or OutGone follows.
	WatchOutside struct{ N int }
	// JoinOutside moves the third party to where it belongs (OutsidePlace), unless it is there.
	JoinOutside struct{ N int }
	// ArmOutside starts the time for which a failure is shown.
	ArmOutside struct{ N int }
)

func (DialOutside) command()  {}
func (WatchOutside) command() {}
func (JoinOutside) command()  {}
func (ArmOutside) command()   {}

// attempts is how many calls were placed for this one.
func (c Call) attempts() int { return max(c.Out.N, c.Third.N) }

// together says that the caller, who has no agent at the moment, is with the third party meanwhile.
func (c Call) together() bool {
	switch c.State {
	case Held, Waiting, Offered:
		return c.Third.State == PartyIn && !c.Third.Apart && !c.onHold()
	}
	return false
}

// OutsidePlace is where the third party's channel is meant to be: with the agent, with the caller, or on hold audio while it waits for the agent.
func (c Call) OutsidePlace() Place {
	switch {
	case c.Third.State != PartyIn || c.State.Final():
		return Place{}
	case c.State == Talking || c.onHold():
		return Place{Leg: c.Leg}
	case c.State == Overflowed || c.together():
		return Place{Out: string(c.ID)}
	}
	return Place{Line: c.HoldPlace()}
}

// With is the attempt whose answer the caller is with, in the bridge of the two.
func (c Call) With() int {
	if c.Third.State == PartyIn {
		return c.Third.N
	}
	return c.Out.N
}

// outside decides what concerns the third party. ok: it did.
func outside(c Call, e Event) (next Call, cmds []Command, ok bool) {
	now, n := e.when(), 0
	switch e := e.(type) {
	case OutsideWanted:
		c, cmds = outsideWanted(c, e, now)
		return c, cmds, true
	case OutsideDropWanted:
		if (e.By == c.Agent || e.By == c.Third.By && c.Third.State == PartyInvited) && c.attended() && c.Third.alive() {
			c, cmds = dropOutside(c)
			cmds = append(cmds, Save{})
		}
		return c, cmds, true
	case OutsideLeaveWanted:
		if e.By == c.Agent && c.State == Talking && c.Third.State == PartyIn && !c.AtRisk() && !c.leaving() {
			c, cmds = leaveTo(c, now)
		}
		return c, cmds, true
	case PlaceExpired:
		if c.State == Waiting && c.Pending && c.together() && !c.leaving() {
			c, cmds = leaveTo(c, now) // there is no agent to be had, and the dialplan would part the two
			return c, cmds, true
		}
	case OutsideFailed:
		n = e.N
	case OutsideFound:
		n = e.N
	case OutsideShown:
		n = e.N
	case OutAnswered:
		n = e.N
	case OutFound:
		n = e.N
	case OutGone:
		n = e.N
	case JoinOutFailed:
		n = e.N
	}
	if n == 0 || n != c.Third.N {
		return c, nil, false
	}
	c, cmds = outsideNews(c, e, now)
	return c, cmds, true
}

// outsideWanted: one at a time. A caller at risk is not put on hold for it, nor is anybody else.
func outsideWanted(c Call, e OutsideWanted, now time.Time) (Call, []Command) {
	own := e.By == c.Agent || e.By != "" && e.Agent == c.Agent
	if !own || !c.attended() || c.Unanswered || c.leaving() || c.Third.alive() || e.Contact == "" {
		return c, nil
	}
	c.Third = Third{N: c.attempts() + 1, Contact: e.Contact, By: e.By, State: PartyInvited, Since: now}
	return c, []Command{Save{}, DialOutside{c.Third.N, e.Contact}}
}

// outsideNews is what Asterisk tells of it. Where it goes, and where the caller goes then, is settled by escort.
func outsideNews(c Call, e Event, now time.Time) (Call, []Command) {
	t := &c.Third
	switch e := e.(type) {
	case OutAnswered:
		switch {
		case t.State == PartyIn:
			return c, []Command{JoinOutside{t.N}} // told twice, or by the next controller, who does not know where it is
		case t.State != PartyInvited || c.leaving():
			return dropOutside(c)
		}
		// Who answers while the agent is away meets a caller at risk, for whom any help is better than none, and waits for the agent otherwise.
		t.State, t.Since, t.Apart = PartyIn, now, !c.AtRisk() && c.State == Held && !c.onHold()
		return c, []Command{Save{}}
	case OutsideFound:
		if t.State == PartyIn && e.Place != c.OutsidePlace() && !c.leaving() {
			return c, []Command{JoinOutside{t.N}}
		}
	case OutFound:
		if !t.alive() {
			return c, []Command{DropOut{N: t.N}}
		}
	case OutsideFailed:
		return failOutside(c, e.Why, now)
	case OutGone:
		why := reason(e.Cause)
		if t.State == PartyIn {
			why = WhyGone
		}
		if c.State == Overflowed && t.State == PartyIn {
			return leftAlone(c, e.Cause, now)
		}
		return failOutside(c, why, now)
	case JoinOutFailed:
		if !t.alive() {
			return c, nil
		}
		if c.State == Overflowed {
			c, cmds := leftAlone(c, 0, now)
			return c, append(cmds, DropOut{N: e.N})
		}
		c, cmds := failOutside(c, WhyUnreachable, now)
		return c, append(cmds, DropOut{N: e.N})
	case OutsideShown:
		if t.State == PartyFailed {
			t.State = ""
		}
	}
	return c, nil
}

// reason is why an attempt ended that nobody answered, by its Q.850 cause.
func reason(cause int) string {
	switch cause {
	case userBusy:
		return WhyBusy
	case noUserResponding, noAnswer, normalClearing, normalUnspecified, 0:
		return WhyNoAnswer
	case callRejected:
		return WhyDeclined
	}
	return WhyUnreachable
}

// Q.850 causes of attempts that were not answered.
const (
	userBusy         = 17
	noUserResponding = 18
	noAnswer         = 19
	callRejected     = 21
)

// failOutside: the failure is shown for a while. The talk goes on.
func failOutside(c Call, why string, now time.Time) (Call, []Command) {
	if !c.Third.alive() {
		return c, nil
	}
	c.Third.State, c.Third.Since, c.Third.Why, c.Third.Apart = PartyFailed, now, why, false
	return c, []Command{Save{}, ArmOutside{c.Third.N}}
}

// dropOutside ends the third party's part, or the attempt.
func dropOutside(c Call) (Call, []Command) {
	c.Third.State, c.Third.Apart = "", false
	return c, []Command{DropOut{N: c.Third.N}}
}

// leaveTo leaves the caller and the third party to each other, in a bridge of their own: from here on it is like a caller who was passed on.
func leaveTo(c Call, now time.Time) (Call, []Command) {
	var cmds []Command
	if c.State == Talking {
		cmds = []Command{StopRecording{c.Leg}}
	}
	move := Command(JoinOut{c.Third.N})
	if c.together() {
		move = Settle{} // they are there
	}
	c = to(pause(c, now), Overflowed, now)
	c.Hold, c.Offer, c.Pending = "", "", false
	if c.Passed.IsZero() {
		c.Passed = now
	}
	return c, append([]Command{move, Save{}, Unlist{}, DisarmReturn{}, DisarmAnnounce{}}, cmds...)
}

// leftAlone: who hangs up there has ended the call; a fault must not, and no third party ends the call of a caller at risk.
func leftAlone(c Call, cause int, now time.Time) (Call, []Command) {
	c.Third.State = ""
	if c.leaving() {
		return c, nil
	}
	if (cause == normalClearing || cause == normalUnspecified) && !c.AtRisk() {
		c.EndedBy, c.Cause = ByAgent, cause
		return c, []Command{Hangup{}}
	}
	c.Agent = ""
	return comeBack(c, now)
}

// escort makes the third party follow what an event made of the call, whichever part of the machine decided, and the caller follow the third party.
func escort(was Call, e Event, c Call, cmds []Command) (Call, []Command) {
	if was.Third.State == "" && c.Third.State == "" {
		return c, cmds
	}
	if _, adopted := e.(Adopted); adopted && c.Third.alive() {
		cmds = append(cmds, WatchOutside{c.Third.N})
	}
	switch t := c.Third; {
	case c.State.Final():
		c.Third.State = ""
		if t.alive() {
			cmds = beforeClose(cmds, DropOut{N: t.N})
		}
		return c, cmds
	case c.State == Talking || c.onHold():
		c.Third.Apart = false
	case was.onHold() && t.State == PartyIn && c.State == Held:
		c.Third.Apart = true
	case t.alive() && !c.attended() && (t.State == PartyInvited || t.Apart) && c.State != Overflowed:
		var drop []Command
		c, drop = dropOutside(c) // nobody here waits for it any more
		cmds = append(cmds, drop...)
	}
	if c.leaving() {
		return c, cmds
	}
	return placedBoth(was, c, cmds)
}

// placedBoth moves the caller, if something else did not, and the third party.
func placedBoth(was, c Call, cmds []Command) (Call, []Command) {
	var list []Command
	at, both := -1, false
	for _, cmd := range cmds {
		switch cmd.(type) {
		case EnterHold:
			if c.together() {
				cmd, both = JoinOut{c.Third.N}, true
			}
			at = len(list)
		case Join, Settle:
			at = len(list)
		case JoinOut:
			at, both = len(list), true
		case Play, Announce:
			if c.together() {
				continue // they talk
			}
		}
		list = append(list, cmd)
	}
	if at < 0 && was.Bridge() != c.Bridge() {
		move := Command(EnterHold{})
		if c.together() {
			move, both = JoinOut{c.Third.N}, true
		}
		list, at = slices.Insert(list, 0, move), 0
	}
	if there := c.OutsidePlace(); there != (Place{}) && !both && (there != was.OutsidePlace()) {
		list = slices.Insert(list, at+1, Command(JoinOutside{c.Third.N}))
	}
	return c, list
}
