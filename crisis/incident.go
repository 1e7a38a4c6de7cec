package crisis

import (
	"slices"
	"time"
)

// State is how far an incident is.
type State string

// The states. A closed incident may still owe something: see [Incident.Over].
const (
	StateOpen    State = "open"
	StateClosing State = "closing" // one person proposed to close it; another must agree
	StateClosed  State = "closed"
)

// Incident is what is known of one danger to one person. It is what its events say, folded by [Next]; it is never written by itself.
type Incident struct {
	ID      string // ULID
	Seq     int    // of the last event; from 1
	Policy  int    // version of the policy by which it lives, from its beginning to its end
	State   State
	Level   Level
	Opened  time.Time
	Changed time.Time // at of the last event
	Closed  time.Time // zero: not closed

	Triggers []Told
	Calls    []string // in the order in which they came; the last is the present one
	// OnLine says that the last call is on the line, as far as was told. CutOff: it ended without the counsellor.
	OnLine bool
	CutOff bool
	Line   string
	Region string // by which the checklist was chosen
	Ref    string // pseudonym of the number
	File   string // of the person at risk
	// Reporter is the file of who called about somebody else; then Ref is the reporter's.
	Reporter string

	Counsellor string // who talks, or talked last, with the caller
	Carer      string // who looks after the person since the counsellor handed that over; empty: the counsellor
	Supervisor string // who acknowledged, or took it over by name
	Second     string // who has the dispatch checklist
	AckAt      time.Time
	AckVia     Via
	Joined     time.Time // the supervisor listens, or listened
	Assessed   time.Time // a person said the level

	Facts         map[FactKind]Fact
	Consent       Consent
	Measures      []Measure
	Authorisation *Authorisation
	Services      []Service
	Disclosures   []Disclosure
	Checked       map[string]Said // items of the checklist
	Skipped       map[StepName]Said
	Arrival       *Arrival
	NextStep      *NextStep
	Notes         []Said

	Proposal *Proposal
	Closure  *Closure
	Report   Duty // the report to the authority
	Debrief  Duty // of the counsellor
	Planned  Duty // follow-ups

	Steps []Step // in the order of [StepNames]
	Alarm Alarm
}

// Said is who said something, and when.
type Said struct {
	By   string
	At   time.Time
	Text string // private
}

// Told is one trigger as it was told.
type Told struct {
	Kind  TriggerKind
	Call  string
	Level Level
	Said
}

// Call is the present call; empty when there was none.
func (i Incident) Call() string {
	if len(i.Calls) == 0 {
		return ""
	}
	return i.Calls[len(i.Calls)-1]
}

// Trigger is what opened it.
func (i Incident) Trigger() TriggerKind {
	if len(i.Triggers) == 0 {
		return ""
	}
	return i.Triggers[0].Kind
}

// FactKind is what must be known to bring help to a person.
type FactKind string

// The facts.
const (
	FactLocation FactKind = "location"
	FactMeans    FactKind = "means"
	FactCompany  FactKind = "company"  // who is with the person
	FactContacts FactKind = "contacts" // whom one can reach beside the person
	FactPerson   FactKind = "person"   // name, age, looks: what responders need to find the person
)

// FactKinds are all of them.
func FactKinds() []FactKind {
	return []FactKind{FactLocation, FactMeans, FactCompany, FactContacts, FactPerson}
}

// Fact is what was found out, or that it was asked and is not known.
type Fact struct {
	Known bool
	Said
}

// ConsentAnswer is what came of asking for consent to send help or to tell others.
type ConsentAnswer string

// The answers.
const (
	ConsentGiven       ConsentAnswer = "given"
	ConsentRefused     ConsentAnswer = "refused"
	ConsentNotPossible ConsentAnswer = "not_possible"
)

// Consent is the answer; empty when it was not asked yet.
type Consent struct {
	Answer ConsentAnswer
	Said
}

// MeasureOutcome is what came of a measure.
type MeasureOutcome string

// The outcomes.
const (
	MeasureHelped  MeasureOutcome = "helped"
	MeasurePartly  MeasureOutcome = "partly"
	MeasureNot     MeasureOutcome = "not"
	MeasureRefused MeasureOutcome = "refused"
)

// Measure is one step that was tried before, or instead of, sending somebody. Kind is one of the policy's measures, least invasive first.
type Measure struct {
	Kind    string
	Outcome MeasureOutcome
	Said
}

// Ground is why help is sent or somebody is told.
type Ground string

// The grounds.
const (
	GroundConsent  Ground = "consent"
	GroundAttempt  Ground = "attempt_in_progress"
	GroundImminent Ground = "imminent_danger"
	GroundMinor    Ground = "harm_to_minor"
	GroundOthers   Ground = "danger_to_others"
)

// Grounds are all of them.
func Grounds() []Ground {
	return []Ground{GroundConsent, GroundAttempt, GroundImminent, GroundMinor, GroundOthers}
}

// Authorisation is who allowed it, and on what ground.
type Authorisation struct {
	Ground Ground
	Said
}

// Service is a service outside (110, 120) that was asked for. Contact is its id in the phonebook.
type Service struct {
	Contact string
	Asked   time.Time
	AskedBy string
	Joined  time.Time // the talk of three began, or somebody spoke with them; zero: not yet
	Failed  time.Time // did not come to the telephone; zero: not so
}

// Disclosure is what of the packet was given to whom, word for word as it was shown before.
type Disclosure struct {
	Contact string
	Fields  map[string]string // private: what was given, by field of the policy
	Said
}

// Arrival is the confirmation that somebody is with the person.
type Arrival struct {
	Who string // of the responders, as told; private
	How string // how it was confirmed; private
	Said
}

// NextStep is the named next step where no arrival can be confirmed.
type NextStep struct {
	What  string // private
	Who   string // user id of who sees to it
	Until time.Time
	Done  time.Time // zero: not yet
	Said
}

// Proposal is one person's word that the incident can be closed.
type Proposal struct {
	Outcome string // one of the policy's outcomes
	Said
}

// Closure is how it was closed.
type Closure struct {
	Outcome  string
	Proposed Said
	Agreed   Said
}

// Duty is something that is owed, also after the closing.
type Duty struct {
	Owed bool
	Due  time.Time
	Done time.Time // zero: not yet
	By   string
	// Ref names what came of it, such as the number of a report or the follow-ups.
	Ref string
}

func (d Duty) open() bool { return d.Owed && d.Done.IsZero() }

// service is one that was asked for.
func (i Incident) service(contact string) (Service, bool) {
	n := slices.IndexFunc(i.Services, func(s Service) bool { return s.Contact == contact })
	if n < 0 {
		return Service{}, false
	}
	return i.Services[n], true
}

// Over tells whether nothing is left to do: closed, and nothing owed. An incident that is not over has a step with a deadline.
func (i Incident) Over() bool {
	return i.State == StateClosed && !slices.ContainsFunc(i.Steps, func(s Step) bool { return s.State.live() })
}

// Due is the earliest deadline of its steps; zero when it is over.
func (i Incident) Due() time.Time {
	var due time.Time
	for _, s := range i.Steps {
		if s.State.live() && (due.IsZero() || s.Due.Before(due)) {
			due = s.Due
		}
	}
	return due
}

// Next is the step whose deadline is the earliest; false when it is over.
func (i Incident) Next() (Step, bool) {
	due := i.Due()
	for _, s := range i.Steps {
		if s.State.live() && s.Due.Equal(due) {
			return s, true
		}
	}
	return Step{}, false
}

// Step returns one step; the zero one when there is none of the name.
func (i Incident) Step(name StepName) Step {
	for _, s := range i.Steps {
		if s.Name == name {
			return s
		}
	}
	return Step{Name: name}
}
