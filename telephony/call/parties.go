package call

import (
	"slices"
	"time"
)

// People beside a call: a colleague whom its agent asks in (consult), and supervisors who listen (monitor), speak to the agent alone (whisper) or to
// everybody (barge). The caller's channel stays where it is for all of them, except that the caller is on hold while the agent consults somebody, unless
// the caller is at risk: then who was asked in is heard by the agent alone.

// Role is how somebody takes part; the names are the queue's.
type Role string

// The roles.
const (
	Consult Role = "consult"
	Monitor Role = "monitor"
	Whisper Role = "whisper"
	Barge   Role = "barge"
)

// PartyState is how far somebody's part has come.
type PartyState string

// The states. A party that failed is shown for a while and then is none.
const (
	PartyInvited PartyState = "invited" // it rings at that person's console
	PartyJoining PartyState = "joining" // wants to take part; not connected yet, or not at the moment
	PartyIn      PartyState = "in"
	PartyFailed  PartyState = "failed"
)

// Why a party failed.
const (
	WhyBusy        = "busy"
	WhyNoAnswer    = "no_answer"
	WhyDeclined    = "declined"
	WhyUnreachable = "unreachable"
	WhyGone        = "gone"
)

// Party is a person who takes part in a call beside its agent, or is to.
type Party struct {
	Agent string // who
	Role  Role
	State PartyState
	By    string    // who asked for it
	Since time.Time // of State
	Note  string    // id of what was written for them; "": nothing
	Why   string    // failed
	Leg   string    // by which leg they took part last; "": they never did
}

// active says that the person's console is in the call's hands.
func (p Party) active() bool { return p.State == PartyJoining || p.State == PartyIn }

// Means is how a party's audio is connected.
type Means string

// The means. Spy and Coach leave everybody's channel where it is.
const (
	Spy   Means = "spy"   // hears what the agent hears and says
	Coach Means = "coach" // the same, and the agent alone hears them
	Lend  Means = "lend"  // their channel is in the agent's bridge
)

// Means is how the party's audio is to be connected: nobody whom the caller does not know speaks into a talk at risk, and no such caller is left on hold
// for a consultation.
func (c Call) Means(p Party) Means {
	switch {
	case p.Role == Monitor:
		return Spy
	case p.Role == Whisper || p.Role == Consult && c.AtRisk():
		return Coach
	}
	return Lend
}

// AtRisk says that the caller is never put on hold by anybody's wish.
func (c Call) AtRisk() bool { return c.Danger || c.Tier == Red }

// Bounds of parties.
const (
	inviteFor  = 30 * time.Second // how long it rings
	joinWithin = 5 * time.Second  // the audio of who wants to take part
	backWithin = 20 * time.Second // the audio of who took part and lost it
	failedFor  = 10 * time.Second // how long a failure is shown
	maxParties = 6                // beside one call: the channel's tag must hold them
)

type (
	// Invited is the wish of the call's agent to consult somebody.
	Invited struct {
		Wish
		Agent string // whom
		Note  string // id of what was written for them
	}
	// InviteAnswered is that person's answer.
	InviteAnswered struct {
		Wish
		Yes bool
	}
	// InviteCancelled takes the wish back.
	InviteCancelled struct {
		Wish
		Agent string
	}
	// JoinWanted is the wish of somebody, who may, to take part, or to take part in another role.
	JoinWanted struct {
		Wish
		Role Role
	}
	// LeaveWanted ends somebody's part: by their own wish, or by the agent's who consulted them.
	LeaveWanted struct {
		Wish
		Agent string // whose; "": their own
	}
	// PartyHere says that who is consulted has a leg that can be used and belongs to this call: the caller can be put on hold.
	PartyHere struct {
		At
		Agent string
	}
	// PartyReady says that a party's audio is connected by these means, on that leg.
	PartyReady struct {
		At
		Agent, Leg string
		Means      Means
	}
	// PartyLost says that a party cannot take part (any more).
	PartyLost struct {
		At
		Agent, Why string
	}
	// PartiesDue says that it is time to look whose time is over.
	PartiesDue struct{ At }
)

type (
	// ArrangeParties connects the audio of the parties as the call now says, and takes down what nobody needs. It is carried out beside the call, and
	// PartyHere, PartyReady or PartyLost follow.
	ArrangeParties struct{}
	// BringHome takes what a party hears and says down, before what follows: their leg's channel goes back to its own bridge, in which nothing else stays.
	BringHome struct{ Agent string }
	// Engage tells the index that somebody takes part, so that no calls are offered to them; PartyLost follows if that cannot be. Again: it was told before
	// and may have forgotten. Disengage ends it.
	Engage struct {
		Agent string
		Again bool
	}
	Disengage struct{ Agent string }
	// ArmParties starts the time to the next PartiesDue, in place of the one before.
	ArmParties struct{ After time.Duration }
)

func (ArrangeParties) command() {}
func (BringHome) command()      {}
func (Engage) command()         {}
func (Disengage) command()      {}
func (ArmParties) command()     {}

// party is that person's, if there is one.
func (c Call) party(agent string) (Party, bool) {
	if i := c.find(agent); i >= 0 {
		return c.Parties[i], true
	}
	return Party{}, false
}

func (c Call) find(agent string) int {
	return slices.IndexFunc(c.Parties, func(p Party) bool { return p.Agent == agent })
}

// Consultant is whom the agent consults with the caller on hold, as far as that has come.
func (c Call) Consultant() (Party, bool) {
	for _, p := range c.Parties {
		if p.Role == Consult && p.active() {
			return p, true
		}
	}
	return Party{}, false
}

// with puts the party in the place of that person's, or at the end. The list is never changed in place: calls are values.
func (c Call) with(p Party) Call {
	c.Parties = slices.Clone(c.Parties)
	if i := c.find(p.Agent); i >= 0 {
		c.Parties[i] = p
	} else {
		c.Parties = append(c.Parties, p)
	}
	return c
}

func (c Call) without(agent string) Call {
	c.Parties = slices.DeleteFunc(slices.Clone(c.Parties), func(p Party) bool { return p.Agent == agent })
	if len(c.Parties) == 0 {
		c.Parties = nil
	}
	return c
}

// AwaitsHold says that the party can talk with the agent only when the caller is on hold, and the caller is not.
func (c Call) AwaitsHold(p Party) bool {
	return p.Role == Consult && c.Means(p) == Lend && (c.State != Held || c.Hold != HoldByAgent)
}

// attended says that the call has an agent beside whom somebody can take part.
func (c Call) attended() bool { return c.Agent != "" && (c.State == Talking || c.State == Held) }

// beside decides what concerns parties alone. ok: it did.
func beside(c Call, e Event) (next Call, ok bool) {
	now := e.when()
	switch e := e.(type) {
	case Invited:
		return invited(c, e, now), true
	case InviteAnswered:
		return inviteAnswered(c, e, now), true
	case InviteCancelled:
		if p, is := c.party(e.Agent); is && e.By == c.Agent && p.State == PartyInvited {
			c = c.without(e.Agent)
		}
		return c, true
	case JoinWanted:
		return joinWanted(c, e, now), true
	case LeaveWanted:
		return left(c, e), true
	case PartyHere:
		return c, true // see consultation
	case PartyReady:
		if p, is := c.party(e.Agent); is && p.active() && c.Means(p) == e.Means && !c.AwaitsHold(p) {
			if p.State != PartyIn {
				p.State, p.Since = PartyIn, now
			}
			p.Leg = e.Leg
			c = c.with(p)
		}
		return c, true
	case PartyLost:
		if p, is := c.party(e.Agent); is && p.active() {
			c = c.with(failed(p, e.Why, now))
		}
		return c, true
	case PartiesDue:
		return overdue(c, now), true
	}
	return c, false
}

func left(c Call, e LeaveWanted) Call {
	who := e.Agent
	if who == "" {
		who = e.By
	}
	p, is := c.party(who)
	if is && p.active() && (e.By == who || e.By == c.Agent && p.Role == Consult) {
		return c.without(who)
	}
	return c
}

func failed(p Party, why string, now time.Time) Party {
	p.State, p.Why, p.Since = PartyFailed, why, now
	return p
}

// invited: one consultation at a time, of somebody who takes no other part.
func invited(c Call, e Invited, now time.Time) Call {
	p, is := c.party(e.Agent)
	if e.By != c.Agent || !c.attended() || e.Agent == "" || e.Agent == c.Agent || c.Unanswered || c.leaving() ||
		is && p.State != PartyFailed || !is && len(c.Parties) >= maxParties ||
		slices.ContainsFunc(c.Parties, func(p Party) bool { return p.Role == Consult && p.State != PartyFailed }) {
		return c
	}
	return c.with(Party{Agent: e.Agent, Role: Consult, State: PartyInvited, By: e.By, Since: now, Note: e.Note})
}

func inviteAnswered(c Call, e InviteAnswered, now time.Time) Call {
	p, is := c.party(e.By)
	switch {
	case !is || p.State != PartyInvited:
		return c
	case !e.Yes:
		return c.with(failed(p, WhyDeclined, now))
	}
	p.State, p.Since = PartyJoining, now
	return c.with(p)
}

// joinWanted: another role keeps the connection that there is until the new one is made. Who is invited and joins by themselves has come.
func joinWanted(c Call, e JoinWanted, now time.Time) Call {
	p, is := c.party(e.By)
	if !c.attended() || e.By == "" || e.By == c.Agent || c.leaving() || !is && len(c.Parties) >= maxParties ||
		e.Role != Monitor && e.Role != Whisper && e.Role != Barge {
		return c
	}
	switch {
	case is && p.active() && p.Role == e.Role:
		return c
	case is && p.active():
		p.Role, p.By = e.Role, e.By
	default:
		p = Party{Agent: e.By, Role: e.Role, State: PartyJoining, By: e.By, Since: now}
	}
	return c.with(p)
}

// until is when a party's time is over in its present state; zero: it has no such time.
func (c Call) until(p Party) time.Time {
	switch p.State {
	case PartyInvited:
		return p.Since.Add(inviteFor)
	case PartyJoining:
		if p.Leg != "" {
			return p.Since.Add(backWithin)
		}
		return p.Since.Add(joinWithin)
	case PartyFailed:
		return p.Since.Add(failedFor)
	}
	return time.Time{}
}

func overdue(c Call, now time.Time) Call {
	for _, p := range c.Parties {
		if t := c.until(p); t.IsZero() || now.Before(t) {
			continue
		}
		switch {
		case p.State == PartyInvited:
			c = c.with(failed(p, WhyNoAnswer, now))
		case p.State == PartyFailed:
			c = c.without(p.Agent)
		case p.Leg != "":
			c = c.with(failed(p, WhyGone, now))
		default:
			c = c.with(failed(p, WhyUnreachable, now))
		}
	}
	return c
}
