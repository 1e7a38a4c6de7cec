// Package alert is what it means to call a person of the call tree by telephone: whom, what is asked, what was answered; and, pure, what follows from what
// happens. It imports the standard library only.
//
// Somebody must know of a call at high risk, and nobody at a console has said that they do: then people of the call tree are called by telephone. Who is
// called when, and what an answer means, is decided where incidents are kept; here a telephone is called, asked, and what it answered is told, whichever
// process dies meanwhile. See docs/decisions/0023.
package alert

import (
	"context"
	"errors"
	"time"
)

// Calls keeps whom to call. Everything but Claim may be repeated.
type Calls interface {
	// Claim gives alerts that are due to one owner for a time; nobody else gets them until then. One that was Placed is given to nobody any more: a claim
	// that ends without a word has failed.
	Claim(ctx context.Context, owner string, lease time.Duration, most int) ([]Call, error)
	// Extend keeps claims, all at once, and names those that are another's by now, or over: somebody else has accepted, or it came to an end.
	Extend(ctx context.Context, owner string, lease time.Duration, ids ...string) (lost []string, err error)
	// Release gives a claim back: nothing was dialled.
	Release(ctx context.Context, id, owner string) error
	// Number is whom to dial: private. ErrLost, or ErrUncallable when the person has no telephone that may be called.
	Number(ctx context.Context, id, owner string) (string, error)
	// Placed notes, before it is so, that the telephone is being called. ErrLost: do not.
	Placed(ctx context.Context, id, owner string) error
	// Done notes what came of it, durable when it returns. The same again is no error and changes nothing, another result neither; ErrLost when somebody
	// else has accepted.
	Done(ctx context.Context, id, owner string, result Result) error
}

// ErrLost says that an alert is somebody else's, or over.
var ErrLost = errors.New("the alert is somebody else's, or over")

// ErrUncallable says that a person has no telephone, or one that must not be called.
var ErrUncallable = errors.New("the person has no telephone that may be called")

// Call is one person who is to be called about one incident, once.
type Call struct {
	ID       string // of this attempt, a ULID
	Incident string
	User     string // id of the person
	Language string // of the prompts, such as "zh-CN"
}

// Result says what came of an alert.
type Result string

// What can come of an alert.
const (
	Accepted    Result = "accepted"  // the person pressed the key, and knows that it was noted
	Declined    Result = "declined"  // the person pressed the other key, or the red one of the telephone
	NoAnswer    Result = "no_answer" // nobody, or nobody who pressed a key
	Busy        Result = "busy"
	Failed      Result = "failed"      // the network, or something of ours
	Unreachable Result = "unreachable" // no telephone, or one that cannot be called
)

// Keys of who is called.
const (
	AcceptKey  = "1"
	DeclineKey = "2"
)

// Prompt names what is said to who is called. Nothing of it tells of a caller.
type Prompt string

// What is said.
const (
	PromptAsk      Prompt = "ask"      // a call at high risk needs a supervisor; which key accepts, which declines
	PromptAccepted Prompt = "accepted" // it was noted
	PromptDeclined Prompt = "declined" // it was noted; the next person is called
	PromptOver     Prompt = "over"     // somebody else has it by now
)

// ResultOf reads why a telephone that had not answered is not called any more (ITU-T Q.850).
func ResultOf(q850 int) Result {
	switch q850 {
	case 17: // user busy
		return Busy
	case 21: // call rejected
		return Declined
	case 16, 18, 19: // we gave up ringing; no user responding, no answer
		return NoAnswer
	case 1, 2, 3, 20, 22, 27, 28: // unallocated, no route, absent, number changed, out of order, invalid
		return Unreachable
	}
	return Failed
}
