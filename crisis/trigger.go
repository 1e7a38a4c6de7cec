package crisis

import (
	"slices"
	"time"
)

// TriggerKind says what made somebody, or something, think that a person is in danger.
type TriggerKind string

// The triggers.
const (
	TriggerLevel     TriggerKind = "level"            // a person gave a call a level
	TriggerSOS       TriggerKind = "sos"              // a counsellor asked silently for help
	TriggerDanger    TriggerKind = "danger_key"       // the caller pressed the danger key
	TriggerReturning TriggerKind = "returning_file"   // a caller with an open file of high risk
	TriggerAbandoned TriggerKind = "abandoned_danger" // left after a sign of danger, before anybody answered
	TriggerCutOff    TriggerKind = "cut_off"          // the talk of a call at risk broke
	TriggerPerson    TriggerKind = "supervisor"       // a supervisor decided
	TriggerDetector  TriggerKind = "detector"         // a program outside: speech, silence
	TriggerOverdue   TriggerKind = "followup_overdue" // somebody who was to be looked after was not
)

// TriggerKinds are all of them.
func TriggerKinds() []TriggerKind {
	return []TriggerKind{
		TriggerLevel, TriggerSOS, TriggerDanger, TriggerReturning, TriggerAbandoned, TriggerCutOff, TriggerPerson, TriggerDetector, TriggerOverdue,
	}
}

// Valid tells whether k is one of them.
func (k TriggerKind) Valid() bool { return slices.Contains(TriggerKinds(), k) }

// lost tells whether the trigger itself says that the person is not on the line.
func (k TriggerKind) lost() bool {
	return k == TriggerAbandoned || k == TriggerCutOff || k == TriggerOverdue
}

// Who tells, when it is nobody with an account.
const (
	ByCaller = "caller"
	BySystem = "system"
)

// Trigger is what is told to [Store.Trigger], by whoever sees a danger.
type Trigger struct {
	Kind   TriggerKind
	Call   string // empty: no call
	Line   string
	Ref    string // pseudonym of the caller's number; empty when withheld
	File   string
	Level  Level     // what was seen; empty: what the policy says of the kind
	By     string    // user id, ByCaller, BySystem, or the id of a detector
	At     time.Time // zero: now
	Note   string    // private; sealed where it is kept
	Source string    // one source is one trigger, however often it is told; needed
	// Agent is whose call it is; empty when nobody talks with the caller, or it is not known.
	Agent string
}
