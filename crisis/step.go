package crisis

import (
	"slices"
	"time"
)

// StepName names a step of an incident.
type StepName string

// The steps.
const (
	StepAcknowledge StepName = "acknowledge" // a supervisor answers the alert
	StepJoin        StepName = "join"        // and listens
	StepReach       StepName = "reach"       // who is gone from the line is reached again
	StepSecond      StepName = "second"      // a second person takes the dispatch checklist
	StepFacts       StepName = "facts"       // where, with what, with whom
	StepConsent     StepName = "consent"     // was asked for
	StepMeasures    StepName = "measures"    // the least invasive were tried
	StepAuthorise   StepName = "authorise"   // somebody answers for acting without consent
	StepService     StepName = "service"     // 110, 120 are in the talk
	StepDisclose    StepName = "disclose"    // they know what they need, and it is written down
	StepConfirm     StepName = "confirm"     // somebody is with the person, or there is a named next step
	StepNext        StepName = "next_step"   // the named next step is done
	StepClose       StepName = "close"       // two people close it
	StepReport      StepName = "report"      // the authority has its report
	StepFollowUps   StepName = "follow_ups"  // they are planned
	StepDebrief     StepName = "debrief"     // somebody talked with the counsellor
)

// StepForm is what an alarm rings for when the form about a call is missing for long. It is no step of an incident: nobody but who talked can do it, and
// who answers lets that person go, or helps.
const StepForm StepName = "form"

// StepNames are all steps in the order in which a screen shows them.
func StepNames() []StepName {
	return []StepName{
		StepAcknowledge, StepJoin, StepReach, StepSecond, StepFacts, StepConsent, StepMeasures, StepAuthorise, StepService, StepDisclose, StepConfirm,
		StepNext, StepClose, StepReport, StepFollowUps, StepDebrief,
	}
}

// StepState is where a step stands.
type StepState string

// The states of a step. A late one is still to be done: its deadline passed, and it got another.
const (
	StepWaiting StepState = "waiting" // not its turn, or not needed as things stand
	StepActive  StepState = "active"
	StepLate    StepState = "late"
	StepDone    StepState = "done"
	StepSkipped StepState = "skipped" // a person said why, or it can no longer be done
)

func (s StepState) live() bool { return s == StepActive || s == StepLate }

// Step is one thing that must be done by a time.
type Step struct {
	Name  StepName
	State StepState
	Owner string    // user id of who is to do it; empty: whoever is alerted, or nobody yet
	Due   time.Time // of a live one; a late one's next reminder
	First time.Time // its first deadline: by how much it is late
	Late  int       // how many deadlines passed
	By    string    // who did, or skipped it
	At    time.Time // when
}

// skippable steps may be skipped by a person with a reason; the others are what must not be left out.
func (n StepName) skippable() bool {
	return slices.Contains([]StepName{StepJoin, StepSecond, StepFacts, StepConsent, StepMeasures, StepService, StepDisclose, StepReach, StepDebrief, StepFollowUps}, n)
}

// nudges is how many passed deadlines are only shown and told, before a supervisor must answer for them again.
func (n StepName) nudges() int {
	switch n {
	case StepSecond, StepReach, StepConfirm, StepNext, StepClose:
		return 0
	case StepReport, StepFollowUps, StepDebrief:
		return 1 << 30 // nobody is woken for paper
	}
	return 1
}

// after tells whether the step belongs to the time after the closing.
func (n StepName) after() bool {
	return slices.Contains([]StepName{StepReport, StepFollowUps, StepDebrief, StepNext}, n)
}

// Via is how somebody is alerted, or answered.
type Via string

// The ways.
const (
	ViaConsole Via = "console"
	ViaPhone   Via = "phone"
)

// Rung is one person of the call tree, and how to reach them.
type Rung struct {
	User string
	Via  Via
	Why  string // roster, signed_in, policy, anybody
}

// Why a person is in the call tree.
const (
	WhyRoster   = "roster"
	WhySignedIn = "signed_in"
	WhyPolicy   = "policy"
	WhyAnybody  = "anybody" // a supervisor who is neither on duty nor named
)

// Alarm is the search for a supervisor who answers. It goes through the call tree, and again through it, until somebody does.
type Alarm struct {
	On     bool
	Reason StepName // the step for which it rings: acknowledge at the beginning, later one that is late, or StepForm
	Since  time.Time
	Round  int       // 1 is the first; from the second on, everybody at a console at once
	Tried  []Rung    // in this round, those that ring now among them
	Now    []Rung    // who is alerted at the moment; empty: a pause between two rounds
	Until  time.Time // then the next
	Forms  []Missing // that nobody answered for: they ring now, or when what rings now is answered
}

// Missing is the form about a call that is missing for long.
type Missing struct {
	Call  string
	Owes  string    // user id of who owes it
	Since time.Time // when it was told
}
