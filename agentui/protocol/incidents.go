package protocol

// TypeIncidentAck says "I have seen it and I come" to an incident's alert.
const TypeIncidentAck Type = "incident_ack"

// IncidentAck is that message.
type IncidentAck struct {
	Head
	Incident string `json:"incident"`
}

func (m IncidentAck) check() error { return identifier("incident", m.Incident, false) }

// IncidentRow is an incident as those see it who have to do with it, on whatever page: nothing of it is private.
type IncidentRow struct {
	Incident string `json:"incident"`
	Untold   bool   `json:"untold"`  // the escalation does not have it, for its database is away: an alarm of the queue alone, which knows only what stands here
	Seq      int64  `json:"seq"`     // of its last event: another number when anything of it is another
	Level    string `json:"level"`   // none, low, moderate, high
	Trigger  string `json:"trigger"` // the kind of the first
	State    string `json:"state"`   // open, closing, closed
	Call     string `json:"call"`    // the newest; empty: none
	Line     string `json:"line"`
	LineName string `json:"line_name"`
	OpenedAt int64  `json:"opened_at"`

	Step      string `json:"step"`       // what comes next; empty: nothing
	DueAt     int64  `json:"due_at"`     // until when, 0 without a deadline
	Owner     string `json:"owner"`      // who is to do it; empty: nobody yet
	OwnerName string `json:"owner_name"` //

	Mine  string         `json:"mine"`  // what the reader is in it: counsellor, supervisor, second; empty: none of them
	Alert *IncidentAlert `json:"alert"` // the reader is asked to acknowledge

	Counsellor     string `json:"counsellor"`
	CounsellorName string `json:"counsellor_name"`
	Supervisor     string `json:"supervisor"` // who acknowledged; empty: nobody yet
	SupervisorName string `json:"supervisor_name"`
	AcknowledgedAt int64  `json:"acknowledged_at"`
	JoinedAt       int64  `json:"joined_at"` // the supervisor listens, or listened
	Second         string `json:"second"`    // who sees to location, services and company while the counsellor talks
	SecondName     string `json:"second_name"`

	WantsSecond bool `json:"wants_second"` // somebody is wanted for the dispatch checklist

	Rings string `json:"rings"` // in SELF: the entry of the phonebook that rings by the reader's wish, who may stop it; empty: none

	Asked []IncidentAsked `json:"asked"` // who is asked to acknowledge at this moment; never nil
	Last  []IncidentNews  `json:"last"`  // what happened last, newest first, at most three; never nil
}

// IncidentAlert asks the reader to acknowledge.
type IncidentAlert struct {
	At    int64  `json:"at"`
	Until int64  `json:"until"` // then the next person is asked, too
	Round int    `json:"round"` // from 1: how often the whole call tree has been gone through
	Step  string `json:"step"`  // for which step: acknowledge, later one that is late
}

// IncidentAsked is somebody who is asked to acknowledge.
type IncidentAsked struct {
	User  string `json:"user"`
	Name  string `json:"name"`
	Way   string `json:"way"`   // console, phone
	Until int64  `json:"until"` //
}

// IncidentNews says that something happened, and nothing of what was said.
type IncidentNews struct {
	Kind   string `json:"kind"` // see IncidentEvent
	At     int64  `json:"at"`
	By     string `json:"by"`
	ByName string `json:"by_name"`
	About  string `json:"about"` // a code or a name that is not private: the kind of a fact, the name of a service
}

// IncidentEvent is one line of the timeline. The browser makes a sentence of it.
type IncidentEvent struct {
	Seq    int64             `json:"seq"`
	At     int64             `json:"at"`
	Kind   string            `json:"kind"`
	By     string            `json:"by"` // a user, "system", or "caller"
	ByName string            `json:"by_name"`
	Params map[string]string `json:"params"` // codes and names that the sentence needs, those that there are; never nil
	Text   string            `json:"text"`   // what a person said, private
	Packet []PacketField     `json:"packet"` // what was told, private; never nil
}

// IncidentTrigger is one reason for the incident.
type IncidentTrigger struct {
	Kind   string `json:"kind"` // level, sos, danger_key, returning_file, abandoned_danger, cut_off, supervisor, detector, followup_overdue
	At     int64  `json:"at"`
	By     string `json:"by"`
	ByName string `json:"by_name"`
	Level  string `json:"level"`
	Call   string `json:"call"`
	Text   string `json:"text"`
}

// IncidentFact is what is known of where the person is, what they have, who is with them and who can be reached.
type IncidentFact struct {
	Kind   string `json:"kind"`  // location, means, company, contacts, person
	Known  bool   `json:"known"` // false: it was asked, and is not known
	Text   string `json:"text"`
	At     int64  `json:"at"`
	ByName string `json:"by_name"`
}

// IncidentConsent is what the person at risk said to help being sent.
type IncidentConsent struct {
	Answer string `json:"answer"` // given, refused, not_possible
	Text   string `json:"text"`
	At     int64  `json:"at"`
	ByName string `json:"by_name"`
}

// IncidentMeasure is a step that was tried, the least invasive first.
type IncidentMeasure struct {
	Kind    string `json:"kind"`
	Outcome string `json:"outcome"` // helped, partly, not, refused
	Text    string `json:"text"`
	At      int64  `json:"at"`
	ByName  string `json:"by_name"`
}

// IncidentAuthorisation says who answers for help without consent, and on which ground.
type IncidentAuthorisation struct {
	Ground string `json:"ground"`
	Text   string `json:"text"`
	At     int64  `json:"at"`
	By     string `json:"by"`
	ByName string `json:"by_name"`
}

// IncidentService is somebody outside who was asked to come or to join the talk.
type IncidentService struct {
	Contact  string `json:"contact"` // id in the phonebook; empty: named by hand
	Name     string `json:"name"`
	AskedAt  int64  `json:"asked_at"`
	ByName   string `json:"by_name"`
	JoinedAt int64  `json:"joined_at"` // 0: not in the talk
	FailedAt int64  `json:"failed_at"` // did not come to the telephone; 0: not so
}

// PacketField is one line of what may be told to responders.
type PacketField struct {
	Field string `json:"field"` // as the policy names it: location, means, ...
	From  string `json:"from"`  // "level" and "trigger": the text is a code, which the page puts in words; else what it is taken from, or empty
	Text  string `json:"text"`
}

// Coded tells whether the text is a code: the page says it in the words of its reader.
func (f PacketField) Coded() bool { return f.From == "level" || f.From == "trigger" }

// IncidentDisclosure is what was told to whom.
type IncidentDisclosure struct {
	Contact string        `json:"contact"` // id in the phonebook
	To      string        `json:"to"`      // its name
	At      int64         `json:"at"`
	By      string        `json:"by"`
	ByName  string        `json:"by_name"`
	Packet  []PacketField `json:"packet"` // never nil
}

// IncidentArrival says that responders reached the person.
type IncidentArrival struct {
	Who    string `json:"who"` // of the responders
	How    string `json:"how"` // how that is known
	At     int64  `json:"at"`
	ByName string `json:"by_name"`
}

// IncidentNext is the named next step in the place of a confirmation.
type IncidentNext struct {
	What      string `json:"what"`
	Owner     string `json:"owner"`
	OwnerName string `json:"owner_name"`
	Until     int64  `json:"until"`
	DoneAt    int64  `json:"done_at"` // 0: still to be done
	At        int64  `json:"at"`
	ByName    string `json:"by_name"`
}

// IncidentClosure is how it ends: one proposes, another confirms.
type IncidentClosure struct {
	Outcome         string `json:"outcome"`
	Text            string `json:"text"`
	ProposedAt      int64  `json:"proposed_at"`
	ProposedBy      string `json:"proposed_by"`
	ProposedByName  string `json:"proposed_by_name"`
	ConfirmedAt     int64  `json:"confirmed_at"` // 0: waits for another
	ConfirmedBy     string `json:"confirmed_by"`
	ConfirmedByName string `json:"confirmed_by_name"`
}

// IncidentStep is one step of the workflow.
type IncidentStep struct {
	Name      string `json:"name"`
	State     string `json:"state"` // waiting, active, done, skipped, late
	Owner     string `json:"owner"`
	OwnerName string `json:"owner_name"`
	DueAt     int64  `json:"due_at"`
	At        int64  `json:"at"` // when it was done
	ByName    string `json:"by_name"`
}

// IncidentDuty is something that is owed because of it, also after its end.
type IncidentDuty struct {
	Owed   bool   `json:"owed"`
	DueAt  int64  `json:"due_at"`
	DoneAt int64  `json:"done_at"` // 0: not yet
	By     string `json:"by"`
	ByName string `json:"by_name"`
}

// IncidentMark is a thing of a list that a person ticked, or a step that a person left out with a reason.
type IncidentMark struct {
	Item   string `json:"item"`
	Text   string `json:"text"`
	At     int64  `json:"at"`
	ByName string `json:"by_name"`
}

// Incident is all of one incident, for who may see it.
type Incident struct {
	IncidentRow
	Triggers      []IncidentTrigger      `json:"triggers"`      // never nil
	Calls         []string               `json:"calls"`         // never nil
	OnLine        bool                   `json:"on_line"`       // the newest call is on the line
	CutOff        bool                   `json:"cut_off"`       // it ended without its counsellor
	File          string                 `json:"file"`          // of the person at risk; empty: none yet
	Reporter      string                 `json:"reporter"`      // file of who called for them; empty: they called themselves
	Facts         []IncidentFact         `json:"facts"`         // the newest of each kind; never nil
	Consent       *IncidentConsent       `json:"consent"`       //
	Measures      []IncidentMeasure      `json:"measures"`      // in the order in which they were tried; never nil
	Authorisation *IncidentAuthorisation `json:"authorisation"` //
	Services      []IncidentService      `json:"services"`      // never nil
	Packet        []PacketField          `json:"packet"`        // what may be told as things are; never nil
	Disclosures   []IncidentDisclosure   `json:"disclosures"`   // never nil
	Arrival       *IncidentArrival       `json:"arrival"`
	Next          *IncidentNext          `json:"next"`
	Closure       *IncidentClosure       `json:"closure"`
	Missing       []string               `json:"missing"` // what stands between it and its end; never nil
	Checked       []IncidentMark         `json:"checked"` // items of the checklist; never nil
	Skipped       []IncidentMark         `json:"skipped"` // steps; never nil
	Notes         []IncidentMark         `json:"notes"`   // never nil
	Report        IncidentDuty           `json:"report"`
	FollowUps     IncidentDuty           `json:"follow_ups"`
	Debrief       IncidentDuty           `json:"debrief"`
	Steps         []IncidentStep         `json:"steps"`    // never nil
	Timeline      []IncidentEvent        `json:"timeline"` // never nil
	Rules         IncidentRules          `json:"rules"`
}

// IncidentRules are the choices that the site's policy gives, in the version by which the incident lives.
type IncidentRules struct {
	Version    int             `json:"version"`
	Regions    []string        `json:"regions"`    // that have a checklist of their own; "" is that for everywhere else; never nil
	Checklist  []NamedChoice   `json:"checklist"`  // items for who has the dispatch; never nil
	Facts      []NamedChoice   `json:"facts"`      // never nil
	Measures   []NamedChoice   `json:"measures"`   // least invasive first; never nil
	Grounds    []NamedChoice   `json:"grounds"`    // of an authorisation; never nil
	Outcomes   []OutcomeChoice `json:"outcomes"`   // of a closure; never nil
	Disclosure []NamedChoice   `json:"disclosure"` // fields of the packet; never nil
}

// NamedChoice is a choice with its words by language.
type NamedChoice struct {
	ID    string            `json:"id"`
	Names map[string]string `json:"names"` // empty: the page has words for it; never nil
}

// IncidentListed is one row of the list.
type IncidentListed struct {
	IncidentRow
	ClosedAt int64        `json:"closed_at"`
	Outcome  string       `json:"outcome"`
	Report   IncidentDuty `json:"report"`
}

// IncidentList is the answer of GET /api/incidents: open ones first, then the newest.
type IncidentList struct {
	Incidents []IncidentListed `json:"incidents"`
	More      bool             `json:"more"`
}

// OutcomeChoice is one way in which it may end.
type OutcomeChoice struct {
	ID        string            `json:"id"`
	Names     map[string]string `json:"names"`     // never nil
	Confirmed bool              `json:"confirmed"` // needs an arrival or a named next step; else the level must be low or none by then
}
