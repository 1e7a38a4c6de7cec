// Package call is the life of one caller's call as data: Next takes a call and an event and says what the call is now and what is
// to be done. No clock, no I/O, the standard library only, so that a journal of events replays to the same end in a test.
//
// The laws it keeps (docs/architecture.md): from the answer on, the caller is always told to be somewhere that makes sound; a caller is
// in exactly one place; no fault ends a call.
package call

import "time"

// ID names a call: a ULID that follows from the channel on which the call came.
type ID string

// State is where the caller is.
type State string

// The states. Arrived lasts until the answer; Ended and Degraded (handed to the dialplan) are final.
const (
	Arrived  State = "arrived"
	Greeting State = "greeting"
	Waiting  State = "waiting"
	Offered  State = "offered"
	Talking  State = "talking"
	Held     State = "held"
	Degraded State = "degraded"
	Ended    State = "ended"
)

// Final says that nothing follows this state.
func (s State) Final() bool { return s == Degraded || s == Ended }

// Tier is a caller's urgency class; the names are the queue's.
type Tier string

// The tiers that this package itself gives or asks for.
const (
	Red       Tier = "red"
	Returning Tier = "returning" // was cut off while at risk
	Normal    Tier = "normal"
	Nuisance  Tier = "nuisance" // blocked for abuse; the danger key still counts
)

// Why a caller hears hold audio while an agent still owns the call.
const (
	HoldAgentAway = "agent_away"
	HoldByAgent   = "agent" // by the agent's wish
)

// Outcome says what came of a call, as the ledger keeps it.
type Outcome string

// The outcomes a controller can see.
const (
	Answered   Outcome = "answered"
	Abandoned  Outcome = "abandoned"
	HandedOver Outcome = "degraded" // the dialplan goes on; its own record closes the ledger
	CalledBack Outcome = "callback" // a callback was promised, and the caller let go
)

// By says who ended a call.
type By string

// Who can end a call. A fault of ours moves a caller and never ends the call: ByFault is a channel that vanished, because Asterisk died or its
// machine, or while nobody of ours was there to see who hung up.
const (
	ByCaller By = "caller"
	ByAgent  By = "agent"
	ByFault  By = "fault"
)

// Plan is what the line's settings mean for the course of a call. It comes with Claimed and Adopted, so that a journal replays without them.
type Plan struct {
	Menu          bool          // a language can be chosen after the greeting
	Announce      time.Duration // how often a waiting caller is told place and time; 0: never
	Callback      bool          // a key asks for a callback
	CallbackFirst bool          // which is offered in the greeting already
	Closed        bool          // the line has not its hours
}

// Callback is how far a caller's wish to be called back has come.
type Callback string

// The steps of a callback.
const (
	CallbackAsked    Callback = "asked"    // the promise is being written
	CallbackPromised Callback = "promised" // it is durable; the caller is told, and may stay by pressing the key again
)

// Outlook is what the index foretells a waiting caller. Low and High mean something only when Known.
type Outlook struct {
	Position  int // 1 is next; 0 is not known, or, when Known, that an agent is rung
	Known     bool
	Low, High time.Duration
}

// Call is one caller's call.
type Call struct {
	ID      ID
	Line    string
	State   State
	Tier    Tier
	Danger  bool   // the danger key was pressed
	Level   Level  // what a person said last of the danger
	LevelBy string // who
	LevelAt time.Time
	Arrived time.Time // order among the waiting
	Front   time.Time // when set, the order key of a caller who was put back to the head

	Agent string // who serves it; also while Held
	Leg   string // by which leg the caller hears the agent, or will again after a hold by the agent's wish; else empty
	Offer string // the offer that rings
	Hold  string // why Held
	Lost  string // the agent who vanished from a caller at risk: the call is open to whoever comes first, or the index has yet to say that it is not

	Queued  time.Time // first time in the queue
	Offers  time.Time // first offer
	Talked  time.Time // first time with an agent
	Joined  time.Time // of the present stretch of talk; zero when not talking
	Spoken  time.Duration
	Shares  []Share   // of Spoken, by agent, in the order in which they came; never changed in place
	Since   time.Time // of the present state
	Leaving bool      // the channel is being hung up
	Ended   time.Time
	EndedBy By
	Cause   int  // Q.850, of the caller's channel
	Left    bool // while waiting again: a talk had broken, here or elsewhere, and nobody served the caller after it

	// Pending is set while the index has been asked to queue the call and has not answered: what its stream says meanwhile is older than that wish.
	Pending bool

	Parties []Party // who takes part beside the agent, or is to; never changed in place
	Pause   Pause   // of the recording

	Out        Attempt   // the newest call that we placed for this one
	Third      Third     // the newest outside number that the agent wanted in the talk
	Passed     time.Time // first time that somebody elsewhere answered
	Hops       string    // by which sites the call was passed on to us, comma between; "": it came from a caller
	Task       string    // the callback that this call fulfils; "": the caller called us
	Unanswered bool      // the channel is not answered, or there is none yet: nobody hears us

	Plan     Plan
	Step     Step     // of the greeting
	Language string   // chosen by the caller; "": none was
	Audio    bool     // it has hold audio of its own
	Callback Callback // "": not asked for
	Asks     int      // how often one was asked for: an answer to an earlier wish is none
	Known    Known    // by the caller's number
	Told     Outlook  // what was said last of place and time: neither grows without a word why
	Heeded   string   // the newest wish that was carried out, by its place in the stream
	// Indexed is the time of the newest row of the index that was taken note of; older ones are ignored.
	Indexed time.Time
}

// mayBeCalledBack says that the caller can be promised a callback: one in danger is not sent away, and who abuses the line is not called.
func (c Call) mayBeCalledBack() bool {
	return c.Plan.Callback && !c.Danger && c.Tier != Red && c.Tier != Nuisance && !c.Third.alive()
}

// leaving says that the channel is being hung up, by whomever.
func (c Call) leaving() bool { return c.Leaving || c.EndedBy != "" }

// Known is what is known of the caller by the number.
type Known struct {
	Blocked     bool      // a block for abuse is in force
	Preferred   string    // agent
	PreferUntil time.Time // waits for that agent alone until then
	History     int       // earlier contacts
	Again       string    // the caller's call that was cut off while at risk a moment ago
}

// Outcome says what has come of the call so far.
func (c Call) Outcome() Outcome {
	switch {
	case c.State == Degraded:
		return HandedOver
	case !c.Talked.IsZero():
		return Answered
	case !c.Passed.IsZero():
		return PassedOn
	case c.Callback == CallbackPromised:
		return CalledBack
	case c.Task != "":
		return NotReached
	case c.Hops != "":
		return Withdrawn
	default:
		return Abandoned
	}
}

// Bridge says where the caller's channel is meant to be: the bridge of a leg, the holding bridge of the line, the bridge with who answered elsewhere,
// or nowhere of ours.
func (c Call) Bridge() Place {
	if c.Unanswered {
		return Place{}
	}
	switch c.State {
	case Overflowed:
		return Place{Out: string(c.ID)}
	case Talking:
		return Place{Leg: c.Leg}
	case Greeting, Waiting, Offered, Held:
		if c.together() {
			return Place{Out: string(c.ID)}
		}
		return Place{Line: c.HoldPlace()}
	default:
		return Place{}
	}
}

// HoldPlace is where the caller hears hold audio: the line's, or the line's in the chosen language.
func (c Call) HoldPlace() string {
	if c.Audio {
		return HoldPlace(c.Line, c.Language)
	}
	return c.Line
}

// HoldPlace names the place of a line's hold audio in a language.
func HoldPlace(line, language string) string { return line + "~" + language }

// Place is a bridge by what it is for. Exactly one field is set, or none when the caller is not in our hands.
type Place struct {
	Leg  string
	Line string // or the line's place of a language, see HoldPlace
	Out  string // the call whose caller talks with somebody elsewhere
}
