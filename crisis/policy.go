package crisis

import (
	"slices"
	"time"

	"hotline/storage/documents"
)

// Policy is how a site answers danger: one document in versions, kept by crisis/policy. An incident lives by the version with which it began.
type Policy struct {
	Deadlines  Deadlines       `json:"deadlines"`
	Tree       Tree            `json:"tree"`
	Opens      []Opening       `json:"opens"`      // one row for each trigger
	HighRisk   Definition      `json:"high_risk"`  // what high means; each record names the version of the policy by which it was judged
	Measures   []Named         `json:"measures"`   // that are tried before somebody is sent, least invasive first
	Closure    ClosureRules    `json:"closure"`    // what must be there before two people close it
	Checklists []Checklist     `json:"checklists"` // of the second person, by region
	Disclosure []Field         `json:"disclosure"` // the packet for services outside: no more than this is shown and given
	Report     ReportForm      `json:"report"`     // to the authority
	FollowUps  []FollowUpRule  `json:"follow_ups"` // after an incident of the highest level
	Names      documents.Words `json:"names"`      // of the policy, as the authority calls it; may be empty
}

// Deadlines are spans in seconds.
type Deadlines struct {
	Acknowledge int `json:"acknowledge"` // for each person at a console
	Phone       int `json:"phone"`       // for each telephone, ringing and prompt included
	Round       int `json:"round"`       // pause before the call tree begins again
	Join        int `json:"join"`
	Reach       int `json:"reach"`
	Second      int `json:"second"`
	Facts       int `json:"facts"`
	Consent     int `json:"consent"`
	Measures    int `json:"measures"`
	Authorise   int `json:"authorise"`
	Service     int `json:"service"`
	Disclose    int `json:"disclose"`
	Confirm     int `json:"confirm"`
	Close       int `json:"close"` // from the confirmation to the proposal, and from there to the second person
	Plan        int `json:"plan"`  // follow-ups
	Report      int `json:"report"`
	Debrief     int `json:"debrief"`
	Again       int `json:"again"`  // until a late step is brought up again
	Remind      int `json:"remind"` // the same for what is owed after the closing
	// Of tasks about minors, which are no incidents: to ask whether there is a sign of harm, from when the task is opened, and to report a suspicion, from
	// when it was said. One that has begun stays what it is when the policy changes.
	MinorAsk    int `json:"minor_ask"`
	MinorReport int `json:"minor_report"`
}

// Tree says who is alerted: supervisors on duty by the roster, then those who are signed in, then Users in order; then the telephones of those on duty and
// of Users.
type Tree struct {
	Users    []string `json:"users"`
	Phones   bool     `json:"phones"`   // telephones ring, too
	Everyone bool     `json:"everyone"` // and at last those of every other supervisor: better a night's sleep than nobody
}

// Opening says whether a trigger opens an incident, and at which level at least.
type Opening struct {
	Trigger TriggerKind `json:"trigger"`
	Level   Level       `json:"level"`    // of what it opens, when nobody said one
	Open    bool        `json:"open"`     // false: it only joins an open one
	AtLeast Level       `json:"at_least"` // a level that was said below this opens nothing
}

// Named is a choice by its id, with its name in each language.
type Named struct {
	ID    string          `json:"id"`
	Names documents.Words `json:"names"`
}

// Definition says what a level means, in words and in criteria that can be ticked.
type Definition struct {
	Text     documents.Words `json:"text"`
	Criteria []Named         `json:"criteria"`
}

// Precondition is one thing that must be there before an incident is closed.
type Precondition string

// The preconditions. The first three and the two people are always asked for, whatever the policy says.
const (
	NeedAcknowledged Precondition = "acknowledged"
	NeedLevel        Precondition = "level_said" // a person said the level
	NeedOutcome      Precondition = "confirmed"  // arrival, or a named next step: for outcomes that the policy marks
	NeedCallOver     Precondition = "call_over"  // the person is not on the line
	NeedLocation     Precondition = "location"   // known, or asked for
	NeedConsent      Precondition = "consent"    // asked for
	NeedMeasures     Precondition = "measures"   // at least one tried
	NeedDisclosed    Precondition = "disclosed"  // to every service that was asked, or skipped with a reason
	NeedAuthorised   Precondition = "authorised" // where a service was asked without consent
	NeedChecklist    Precondition = "checklist"  // every item of the region's
	NeedSafety       Precondition = "level_low"  // for an outcome that needs no confirmation: the level is below high by now, which took two people
	NeedProposal     Precondition = "proposal"   // one person must have proposed it
	NeedFile         Precondition = "file"       // the person has a file
)

// optionalNeeds are those that a policy may ask for in addition.
func optionalNeeds() []Precondition {
	return []Precondition{NeedLocation, NeedConsent, NeedMeasures, NeedDisclosed, NeedChecklist, NeedFile}
}

// OptionalNeeds are the preconditions that a policy may ask for in addition to those that always hold.
func OptionalNeeds() []Precondition { return optionalNeeds() }

// ClosureRules say how an incident may be closed.
type ClosureRules struct {
	Needs    []Precondition `json:"needs"`
	Outcomes []Outcome      `json:"outcomes"`
}

// Outcome is one way in which an incident may end.
type Outcome struct {
	ID    string          `json:"id"`
	Names documents.Words `json:"names"`
	// Confirmed asks for the arrival of somebody, or a named next step. Without it the level must not be high.
	Confirmed bool `json:"confirmed"`
	FollowUp  bool `json:"follow_up"`
}

// Checklist is what the second person sees to. Region is that of the phonebook; empty: everywhere else.
type Checklist struct {
	Region string  `json:"region"`
	Items  []Named `json:"items"`
}

// Field is one line of a packet or a report.
type Field struct {
	ID       string          `json:"id"`
	Names    documents.Words `json:"names"`
	Required bool            `json:"required"`
	// From fills it from the incident: a kind of fact, or one of level, trigger, line, opened, measures, services, arrival, outcome; empty: by hand.
	From string `json:"from"`
}

// ReportForm is the report within a day.
type ReportForm struct {
	Names  documents.Words `json:"names"`
	From   Level           `json:"from"` // from which level on it is owed
	Fields []Field         `json:"fields"`
}

// FollowUpRule is one contact after the incident. After is a span such as "24h", "1w" or "3mo", counted from the closing; months are those of the calendar.
type FollowUpRule struct {
	After string          `json:"after"`
	Names documents.Words `json:"names"`
}

// opening is the rule of a trigger.
func (p Policy) opening(kind TriggerKind) Opening {
	i := slices.IndexFunc(p.Opens, func(o Opening) bool { return o.Trigger == kind })
	if i < 0 {
		return Opening{Trigger: kind}
	}
	return p.Opens[i]
}

// Answer says at which level a trigger is taken, and whether it opens an incident: the level that was said, else that of the policy.
func (p Policy) Answer(t Trigger) (Level, bool) {
	o := p.opening(t.Kind)
	if !t.Level.Valid() {
		return o.Level, o.Open
	}
	return t.Level, o.Open && !o.AtLeast.Over(t.Level)
}

// Outcome is one of the outcomes; false when there is none of that id.
func (p Policy) Outcome(id string) (Outcome, bool) {
	i := slices.IndexFunc(p.Closure.Outcomes, func(o Outcome) bool { return o.ID == id })
	if i < 0 {
		return Outcome{}, false
	}
	return p.Closure.Outcomes[i], true
}

// Checklist is that of a region, or the one for everywhere else.
func (p Policy) Checklist(region string) Checklist {
	for _, want := range []string{region, ""} {
		if i := slices.IndexFunc(p.Checklists, func(c Checklist) bool { return c.Region == want }); i >= 0 {
			return p.Checklists[i]
		}
	}
	return Checklist{}
}

func seconds(n int) time.Duration { return time.Duration(n) * time.Second }

// of is how long a step may take from when it becomes active.
func (d Deadlines) of(step StepName) time.Duration {
	switch step {
	case StepJoin:
		return seconds(d.Join)
	case StepReach:
		return seconds(d.Reach)
	case StepSecond:
		return seconds(d.Second)
	case StepFacts:
		return seconds(d.Facts)
	case StepConsent:
		return seconds(d.Consent)
	case StepMeasures:
		return seconds(d.Measures)
	case StepAuthorise:
		return seconds(d.Authorise)
	case StepService:
		return seconds(d.Service)
	case StepDisclose:
		return seconds(d.Disclose)
	case StepConfirm:
		return seconds(d.Confirm)
	case StepClose:
		return seconds(d.Close)
	case StepFollowUps:
		return seconds(d.Plan)
	case StepReport:
		return seconds(d.Report)
	case StepDebrief:
		return seconds(d.Debrief)
	}
	return seconds(d.Acknowledge)
}
