package crisis

import "time"

// EventKind says what happened.
type EventKind string

// The events.
const (
	EventOpened     EventKind = "opened"       // by a trigger
	EventTriggered  EventKind = "triggered"    // a further trigger
	EventLevel      EventKind = "level"        // a person said the level: Level, Other who confirmed a lower one
	EventDue        EventKind = "due"          // a deadline passed
	EventAcked      EventKind = "acknowledged" // Until when, where it was said while the database was away
	EventDeclined   EventKind = "declined"     // who was alerted cannot; the next one is
	EventLead       EventKind = "lead"         // a supervisor took it over by name
	EventJoined     EventKind = "joined"       // the supervisor listens
	EventCall       EventKind = "call"         // a call of the same person is on the line: Call, Other its counsellor
	EventCallEnded  EventKind = "call_ended"
	EventReached    EventKind = "reached" // somebody spoke with the person by other ways
	EventFile       EventKind = "file"    // File, Other the reporter's
	EventSecond     EventKind = "second"
	EventCare       EventKind = "care" // somebody else looks after the person in the counsellor's place
	EventFact       EventKind = "fact"
	EventConsent    EventKind = "consent"
	EventMeasure    EventKind = "measure"
	EventAuthorised EventKind = "authorised"
	EventAsked      EventKind = "service_asked"
	EventService    EventKind = "service_joined"
	EventNoService  EventKind = "service_failed"
	EventDisclosed  EventKind = "disclosed"
	EventChecked    EventKind = "checked"
	EventSkipped    EventKind = "skipped"
	EventNote       EventKind = "note"
	EventArrived    EventKind = "arrival_confirmed"
	EventNextStep   EventKind = "next_step"
	EventNextDone   EventKind = "next_step_done"
	EventProposed   EventKind = "closure_proposed"
	EventRefused    EventKind = "closure_refused"
	EventClosed     EventKind = "closed"
	EventReopened   EventKind = "reopened"
	EventReported   EventKind = "report_filed"
	EventPlanned    EventKind = "follow_ups_planned"
	EventDebriefed  EventKind = "debriefed"
	EventFormKept   EventKind = "form_kept" // the form about a call of it was filled in while it could not be saved, and is here now: Call, Until when it was filled in
	// EventFormLate says that the form about a call of it is missing for long: Call, Other who owes it. Where it names StepForm it rings,
	// when nothing else does any more: the first ones did not.
	EventFormLate EventKind = "form_late"
	EventFormIn   EventKind = "form_in" // and now it is there, or is waited for no more: Call, Other as it was told
)

// Event is one thing that happened, as it is kept. Which fields count depends on the kind.
type Event struct {
	Seq     int
	Kind    EventKind
	At      time.Time
	By      string
	Request string // the same request again is the same event
	Data
	Words
}

// Data is the part of an event that names nobody but people of the house; it may be read without a key.
type Data struct {
	Policy  int         `json:"policy,omitempty"`
	Trigger TriggerKind `json:"trigger,omitempty"`
	Level   Level       `json:"level,omitempty"`
	Call    string      `json:"call,omitempty"`
	OnLine  bool        `json:"on_line,omitempty"`
	Cut     bool        `json:"cut,omitempty"` // the call ended without its counsellor
	Line    string      `json:"line,omitempty"`
	File    string      `json:"file,omitempty"`
	Other   string      `json:"other,omitempty"` // the other person of the event
	Via     Via         `json:"via,omitempty"`
	Step    StepName    `json:"step,omitempty"`
	Code    string      `json:"code,omitempty"`    // the answer, kind, ground or outcome
	Outcome string      `json:"outcome,omitempty"` // of a measure
	Contact string      `json:"contact,omitempty"`
	Known   bool        `json:"known,omitempty"`
	Until   time.Time   `json:"until,omitzero"`
	// Tree is the call tree as it was at that time; Treed says that it was asked for: a tree without anybody is not the same as none.
	Tree  []Rung `json:"tree,omitempty"`
	Treed bool   `json:"treed,omitempty"`
}

// Words is the private part of an event: sealed where it is kept, and empty when it was erased.
type Words struct {
	Text   string            `json:"text,omitempty"`
	Who    string            `json:"who,omitempty"`
	How    string            `json:"how,omitempty"`
	Fields map[string]string `json:"fields,omitempty"`
	Ref    string            `json:"ref,omitempty"` // pseudonym of the number
}

func (w Words) none() bool {
	return w.Text == "" && w.Who == "" && w.How == "" && w.Ref == "" && len(w.Fields) == 0
}

// EffectKind is what follows from an event.
type EffectKind string

// The effects.
const (
	EffectAlert    EffectKind = "alert"     // a person at a console: User, Until, Step why, Round how loud
	EffectNudge    EffectKind = "nudge"     // the same without an answer that is waited for
	EffectPhone    EffectKind = "phone"     // a telephone rings: User, Until
	EffectQuiet    EffectKind = "quiet"     // nobody need answer any more
	EffectFollowUp EffectKind = "follow_up" // plan them
	EffectDebrief  EffectKind = "debrief"   // ask for the counsellor's
)

// Effect is one of them.
type Effect struct {
	Kind  EffectKind
	User  string
	Until time.Time
	Step  StepName
	Round int
}
