package call

import "time"

// Calls that we place: a waiting caller is also tried at another site or a partner's line (overflow), and a caller who was promised a
// callback is dialled once a counsellor has taken it. And the other end of the first: a call that another site passes on to us.

// Overflowed is the state of a caller who talks with somebody elsewhere, through us.
const Overflowed State = "overflowed"

// HoldDialling is why a callback is held: the counsellor hears it ring.
const HoldDialling = "dialling"

// The outcomes of calls that we placed or that were passed on to us.
const (
	PassedOn   Outcome = "overflowed"  // was answered elsewhere
	NotReached Outcome = "not_reached" // a callback that nobody took
	Withdrawn  Outcome = "withdrawn"   // passed on to us, and answered elsewhere before anybody here did
)

// Attempt is the newest call that we placed for a call.
type Attempt struct {
	N    int    // counts a call's attempts from 1; 0: none was made
	To   string // of an overflow: the partner; of a callback: the leg that hears it ring
	Live bool   // it rings, or the caller talks through it
}

type (
	// OverflowDue says that the line's plan wants the caller tried elsewhere as well.
	OverflowDue struct {
		At
		To string // partner
	}
	// Relayed begins a call that another site passed on to us: its channel is ours and is not answered before a counsellor accepted.
	Relayed struct {
		At
		Hops string // by which sites it came, comma between
		Tier Tier
		Plan Plan
	}
	// CallbackDue begins a callback: a call without a channel.
	CallbackDue struct {
		At
		Task string
		Tier Tier
		Plan Plan
	}
	// OutAnswered says that a person answered an attempt. Who finds that out knows whether a machine may answer there.
	OutAnswered struct {
		At
		N int
	}
	// OutFound says that an attempt is still there: it rings, or was not ended. After a gap in what was heard of it.
	OutFound struct {
		At
		N int
	}
	// OutGone says that an attempt is over, and why.
	OutGone struct {
		At
		N     int
		Cause int // Q.850; 0 when unknown
	}
	// ClaimLost says that somebody else may carry out this callback.
	ClaimLost struct{ At }
	// Draining says that this controller ends with its last call: a callback that is not being dialled is for another one.
	Draining struct{ At }
	// JoinOutFailed says that the caller could not be brought together with who answered.
	JoinOutFailed struct {
		At
		N int
	}
)

type (
	// Dial begins an attempt: To's line, or for a callback the caller's telephone.
	Dial struct {
		N  int
		To string
	}
	// DropOut ends an attempt, and takes down the bridge of it. Served: because somebody here answered. Spare: unless the telephone was picked up by
	// now, of which OutAnswered tells: who answered is not hung up on.
	DropOut struct {
		N             int
		Served, Spare bool
	}
	// WatchOut finds out what became of an attempt that an earlier controller began. OutAnswered, OutFound or OutGone follows.
	WatchOut struct {
		N  int
		To string
	}
	// JoinOut brings the caller and who answered the attempt together in a bridge of their own.
	JoinOut struct{ N int }
	// Unlist takes the call out of the index: it is served elsewhere.
	Unlist struct{}
	// StartRinging lets the counsellor hear that an attempt rings; StopRinging ends that.
	StartRinging struct{ Leg string }
	StopRinging  struct{ Leg string }
)

func (Dial) command()         {}
func (DropOut) command()      {}
func (WatchOut) command()     {}
func (JoinOut) command()      {}
func (Unlist) command()       {}
func (StartRinging) command() {}
func (StopRinging) command()  {}

// outbound decides what concerns calls that we place. ok: it did.
func outbound(c Call, e Event) (next Call, cmds []Command, ok bool) {
	now := e.when()
	switch e := e.(type) {
	case OverflowDue:
		c, cmds = overflowDue(c, e.To)
	case Relayed:
		c.Hops, c.Tier, c.Plan = e.Hops, e.Tier, e.Plan
		c, cmds = unheard(c, now)
	case CallbackDue:
		c.Task, c.Tier, c.Plan = e.Task, e.Tier, e.Plan
		c, cmds = unheard(c, now)
	case OutFound:
		c, cmds = outFound(c, e.N)
	case OutAnswered:
		c, cmds = outAnswered(c, e.N, now)
	case OutGone:
		c, cmds = outGone(c, e, now)
	case JoinOutFailed:
		if c.State == Overflowed && e.N == c.Out.N {
			c, cmds = comeBack(c, now)
			cmds = append(cmds, DropOut{N: e.N})
		}
	default:
		switch {
		case c.State == Overflowed:
			return elsewhere(c, e, now)
		case c.Unanswered:
			return unanswered(c, e, now)
		}
		return c, nil, false
	}
	return c, cmds, true
}

// tidy ends what an event left without a purpose, whichever part of the machine decided: an attempt for a caller who is served or gone, ringing
// for nobody. Nothing audible is sent to a channel that was not answered.
func tidy(was Call, e Event, c Call, cmds []Command) (Call, []Command) {
	if was.Unanswered && c.Unanswered {
		cmds = mute(cmds)
	}
	if _, adopted := e.(Adopted); adopted && c.Out.Live && c.State != Talking {
		return c, append(cmds, WatchOut{c.Out.N, c.Out.To})
	}
	if !c.Out.Live || wanted(c) {
		return c, cmds
	}
	c.Out.Live = false
	drop := DropOut{N: c.Out.N, Served: c.State == Talking}
	if c.Task != "" {
		drop.Spare = c.Unanswered && !c.State.Final()
		return c, append([]Command{StopRinging{c.Out.To}, drop}, cmds...)
	}
	// Before Close, after everything that the caller hears.
	for i, cmd := range cmds {
		if _, last := cmd.(Close); last {
			return c, append(append(append([]Command{}, cmds[:i]...), drop), cmds[i:]...)
		}
	}
	return c, append(cmds, drop)
}

// wanted says that somebody still wants the attempt to be answered, or talks through it.
func wanted(c Call) bool {
	if c.Task != "" {
		return c.State == Held && c.Hold == HoldDialling
	}
	return c.State == Waiting || c.State == Offered || c.State == Overflowed
}

// mute leaves out what an unanswered channel must not be told.
func mute(cmds []Command) []Command {
	var rest []Command
	for _, cmd := range cmds {
		switch cmd.(type) {
		case Play, StopPlay, Announce, EnterHold, Settle, ArmAnnounce, DisarmAnnounce, Estimate:
		default:
			rest = append(rest, cmd)
		}
	}
	return rest
}

// overflowDue: one attempt at a time. The caller keeps the place and the hold audio.
func overflowDue(c Call, to string) (Call, []Command) {
	if c.State != Waiting && c.State != Offered || c.Out.Live || c.Task != "" || c.Callback != "" || c.leaving() || c.Third.alive() || to == "" {
		return c, nil
	}
	c.Out = Attempt{N: c.attempts() + 1, To: to, Live: true}
	return c, []Command{Save{}, Dial{c.Out.N, to}}
}

// outFound: an attempt that should not be there is ended; Dial and DropOut may have missed each other in a fault.
func outFound(c Call, n int) (Call, []Command) {
	if c.Out.N == n && (c.Out.Live || c.Task != "" && !c.Unanswered) {
		return c, nil
	}
	return c, []Command{DropOut{N: n, Spare: c.Task != "" && c.Unanswered}}
}

func outAnswered(c Call, n int, now time.Time) (Call, []Command) {
	switch {
	case c.Task != "" && c.Unanswered && !c.leaving():
		return pickedUp(c, n, now)
	case c.Task != "" && n == c.Out.N && !c.leaving():
		return c, nil // told twice
	case n != c.Out.N || !c.Out.Live || c.leaving():
		c.Out.Live = c.Out.Live && n != c.Out.N
		return c, []Command{DropOut{N: n}} // too late: somebody here was quicker, or the caller is on the way out
	case c.State != Waiting && c.State != Offered:
		return c, nil // told twice
	}
	cmds := []Command{StopPlay{}}
	if c.Unanswered {
		cmds = []Command{Answer{}}
	}
	c = to(c, Overflowed, now)
	c.Offer, c.Pending, c.Unanswered, c.Joined = "", false, false, now
	if c.Passed.IsZero() {
		c.Passed = now
	}
	c, stays := stayed(c)
	return c, append(append(cmds, JoinOut{n}, Save{}, Unlist{}, DisarmAnnounce{}), stays...)
}

// outGone: before the answer the plan goes on; after it, who hung up there has ended the call, and a fault must not.
func outGone(c Call, e OutGone, now time.Time) (Call, []Command) {
	if e.N != c.Out.N || !c.Out.Live {
		return c, nil
	}
	c.Out.Live = false
	switch {
	case c.Task != "":
		return notReached(c, e.Cause, now)
	case c.State != Overflowed:
		return c, []Command{Save{}}
	case c.leaving():
		return c, nil // the caller's own end is on the way
	case e.Cause == normalClearing || e.Cause == normalUnspecified:
		c.EndedBy, c.Cause = ByAgent, e.Cause
		return c, []Command{Hangup{}}
	}
	c, cmds := comeBack(c, now)
	return c, append(cmds, DropOut{N: e.N})
}

// normalUnspecified is the Q.850 cause that some networks give for a call that ended on purpose.
const normalUnspecified = 31

// comeBack puts a caller whose talk elsewhere broke to the head of the queue here.
func comeBack(c Call, now time.Time) (Call, []Command) {
	c = pause(c, now)
	c.Out.Live = false
	c, cmds := enqueue(c, now, true)
	return c, append([]Command{EnterHold{}, Play{PromptReconnecting}}, cmds...)
}

// elsewhere is a caller who talks through us at another place. ok false: it is as with any other caller.
func elsewhere(c Call, e Event, now time.Time) (Call, []Command, bool) {
	switch e := e.(type) {
	case Adopted:
		switch {
		case e.Place.Out == string(c.ID):
			return c, []Command{Save{}}, true
		case c.Third.State == PartyIn:
			return c, []Command{Settle{}, Save{}}, true
		}
		c, cmds := comeBack(c, now)
		return c, append(cmds, DropOut{N: c.Out.N}), true
	case Recognized:
		c.Known = e.Known
		return c, nil, true
	case IndexLost, Digit:
		return c, nil, true // the index need not know; keys are for whom the caller talks with
	}
	return c, nil, false
}
