package protocol

// IncidentOpen is the body of POST /api/incidents: a person who leads opens one by hand.
type IncidentOpen struct {
	Req   string `json:"req"`   // chosen by the page: asked twice it is done once
	Call  string `json:"call"`  // empty: about no call
	Level string `json:"level"` // low, moderate, high
	Text  string `json:"text"`  // why, 3 to 500 characters
}

// IncidentAct is the body of acts that need no words.
type IncidentAct struct {
	Req string `json:"req"`
}

// IncidentSay is the body of what is said of an incident: a code of the policy's choices, and words.
type IncidentSay struct {
	Req     string `json:"req"`
	Kind    string `json:"kind"`    // of a level, a fact, a consent's answer, a measure, a ground, an outcome, an item, a step
	Outcome string `json:"outcome"` // of a measure; "unknown" of a fact that was asked and is not known; else empty
	Text    string `json:"text"`    // at most 2000 characters
}

// IncidentTell is the body of POST /api/incidents/{id}/disclosures. What is kept is what was shown: when the facts are others by now it is refused with
// packet_changed.
type IncidentTell struct {
	Req     string        `json:"req"`
	Contact string        `json:"contact"` // id in the phonebook
	Packet  []PacketField `json:"packet"`  // what was told, word for word as it was shown
}

// IncidentCallFor is the body of POST /api/incidents/{id}/services: somebody outside was asked, is in the talk, or could not be reached.
type IncidentCallFor struct {
	Req     string `json:"req"`
	Contact string `json:"contact"` // id in the phonebook
	Result  string `json:"result"`  // asked, joined, failed
}

// IncidentArrived is the body of POST /api/incidents/{id}/arrival.
type IncidentArrived struct {
	Req string `json:"req"`
	Who string `json:"who"` // of the responders, 1 to 100 characters
	How string `json:"how"` // how that is known, 1 to 500 characters
}

// IncidentPlan is the body of POST /api/incidents/{id}/next: what is done in the place of a confirmation, by whom, until when.
type IncidentPlan struct {
	Req   string `json:"req"`
	What  string `json:"what"`
	Owner string `json:"owner"` // user
	Until int64  `json:"until"`
}

// IncidentDecide is the body of POST /api/incidents/{id}/closure/decide, by another person than who proposed it.
type IncidentDecide struct {
	Req  string `json:"req"`
	Yes  bool   `json:"yes"`
	Text string `json:"text"` // why not
}

// IncidentReport is the answer of GET /api/incidents/{id}/report: the report to the authority, as the site's policy asks for it.
type IncidentReport struct {
	Incident string            `json:"incident"`
	Names    map[string]string `json:"names"`   // of the form; never nil
	Fields   []ReportField     `json:"fields"`  // never nil
	Answers  map[string]string `json:"answers"` // as filed; never nil
	Report   IncidentDuty      `json:"report"`
}

// ReportField is one field of it.
type ReportField struct {
	ID       string            `json:"id"`
	Names    map[string]string `json:"names"` // never nil
	Required bool              `json:"required"`
	From     string            `json:"from"` // what of the incident it is filled from; empty: by hand
}

// IncidentReportFile is the body of POST /api/incidents/{id}/report.
type IncidentReportFile struct {
	Req     string            `json:"req"`
	Answers map[string]string `json:"answers"`
}

// PolicyRehearsal is the answer of POST /api/admin/crisis/dry-run: what a draft would have made of the last 30 days.
type PolicyRehearsal struct {
	From      int64          `json:"from"`
	To        int64          `json:"to"`
	Incidents int            `json:"incidents"` // that were looked at
	Before    PolicyTally    `json:"before"`
	After     PolicyTally    `json:"after"`
	Opened    []PolicyOpened `json:"opened"`   // triggers that opened nothing and would have; never nil
	Unopened  []string       `json:"unopened"` // incidents that would not have been opened; never nil
	Changed   []PolicyChange `json:"changed"`  // incidents that would have gone another way, newest first; never nil
	Minors    PolicyMinors   `json:"minors"`
	Cut       bool           `json:"cut"` // there were more than could be looked at
}

// PolicyTally counts what a policy asks of people.
type PolicyTally struct {
	Alerts  int `json:"alerts"` // at consoles
	Phones  int `json:"phones"`
	Nudges  int `json:"nudges"`
	Late    int `json:"late"` // steps that were late
	Reports int `json:"reports"`
	Longest int `json:"longest"` // seconds until a supervisor answered, the longest
}

// PolicyMinors counts tasks about minors: all of them, and those that were late, and would have been, to be asked about or to be reported.
type PolicyMinors struct {
	Tasks  int `json:"tasks"`
	Before int `json:"before"`
	After  int `json:"after"`
}

// PolicyOpened is a trigger that would have opened an incident.
type PolicyOpened struct {
	Trigger string `json:"trigger"`
	Level   string `json:"level"`
	At      int64  `json:"at"`
}

// PolicyChange is an incident that would have gone another way.
type PolicyChange struct {
	Incident string          `json:"incident"`
	OpenedAt int64           `json:"opened_at"`
	Before   PolicyTally     `json:"before"`
	After    PolicyTally     `json:"after"`
	Refused  []PolicyRefusal `json:"refused"` // what people did and could not have done; never nil
}

// PolicyRefusal is one such act.
type PolicyRefusal struct {
	Kind    string   `json:"kind"`
	At      int64    `json:"at"`
	Missing []string `json:"missing"` // of a closing; never nil
}

// Codes of HTTP answers about incidents.
const (
	SamePerson     Code = "same_person"     // two people must agree
	ClosureBarred  Code = "closure_barred"  // params: missing
	IncidentClosed Code = "incident_closed" // it is over
	PacketChanged  Code = "packet_changed"  // the facts are others than were shown
)
