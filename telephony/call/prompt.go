package call

import "strconv"

// Prompt names what is said to a caller, in the caller's language. Most are files of deploy/prompts by the same name.
type Prompt string

// What is said whole.
const (
	PromptGreeting       Prompt = "greeting"        // the line's, in its first language or the chosen one
	PromptOtherLanguages Prompt = "other-languages" // the greeting in the languages that were not heard yet
	PromptMenu           Prompt = "menu"            // which key is which language, each said in itself
	PromptClosed         Prompt = "closed"          // the line has not its hours; the numbers that are always there
	PromptReconnecting   Prompt = "reconnecting"    // "please stay on the line"
	PromptDanger         Prompt = "danger"          // the danger key was heard
	PromptBlocked        Prompt = "blocked"         // to a caller who abused the line: others come first, the danger key counts

	PromptTakeCall Prompt = "take-call" // to whoever answers at a partner's line: a caller waits, press the key to take the call

	PromptCallbackOffer      Prompt = "callback-offer"      // press the key to be called back, in your place
	PromptCallbackPromised   Prompt = "callback-promised"   // we call you; goodbye, or press the key again to stay
	PromptCallbackImpossible Prompt = "callback-impossible" // please stay on the line
	PromptCallbackWithdrawn  Prompt = "callback-withdrawn"  // you stay in your place
)

// The parts of announcements. Put one after the other they are sentences in every language.
const (
	PromptNext        Prompt = "next"         // you are the next one
	PromptAhead       Prompt = "ahead"        // before you in line are: (a number of callers follows)
	PromptManyCallers Prompt = "callers-many" // more than MostCallers
	PromptUrgentFirst Prompt = "urgent-first" // somebody in danger had to go first: why the place is further back than it was
	PromptLonger      Prompt = "wait-longer"  // talks take longer than thought: why the time is longer than it was
	PromptWait        Prompt = "wait"         // the wait is about (a time follows)
	PromptWaitShort   Prompt = "wait-short"   // it is a minute or less
	PromptWaitHour    Prompt = "wait-hour"    // it may be more than an hour
	PromptWaitUnknown Prompt = "wait-unknown" // we cannot say how long; a counsellor comes as soon as one is free
	PromptReassurance Prompt = "hold-reassurance"
	PromptStayWithUs  Prompt = "stay-with-us" // to a caller in danger: no figures, somebody is coming
)

// MostCallers is the highest number of callers ahead that is said exactly.
const MostCallers = 20

// CallersAhead is the number of callers ahead, 1 to MostCallers.
func CallersAhead(n int) Prompt { return Prompt("callers-" + strconv.Itoa(n)) }

// Minutes are the times that can be said; between them is rounded.
func Minutes() []int { return []int{1, 2, 3, 5, 10, 15, 20, 30, 45, 60} }

// FromMinutes begins a range ("five to"); ToMinutes is a time, or ends a range ("ten minutes").
func FromMinutes(n int) Prompt { return Prompt("from-" + strconv.Itoa(n)) }

// ToMinutes is a time by itself, or the end of a range.
func ToMinutes(n int) Prompt { return Prompt("minutes-" + strconv.Itoa(n)) }

// Parts are all the parts that announcements are made of.
func Parts() []Prompt {
	parts := []Prompt{
		PromptNext, PromptAhead, PromptManyCallers, PromptUrgentFirst, PromptLonger, PromptWait, PromptWaitShort, PromptWaitHour, PromptWaitUnknown,
		PromptReassurance, PromptStayWithUs, PromptCallbackOffer,
	}
	for n := range MostCallers {
		parts = append(parts, CallersAhead(n+1))
	}
	for _, m := range Minutes() {
		parts = append(parts, FromMinutes(m), ToMinutes(m))
	}
	return parts
}
