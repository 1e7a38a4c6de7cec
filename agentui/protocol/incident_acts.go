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
	Kind    string `json:"kind"`    // of a fact, a consent's answer, a measure, a ground, an outcome
	Outcome string `json:"outcome"` // of a measure, else empty
	Text    string `json:"text"`    // at most 2000 characters
}

// IncidentTell is the body of POST /api/incidents/{id}/disclosures. What is kept is what was shown: when the facts are others by now it is refused as stale.
type IncidentTell struct {
	Req    string   `json:"req"`
	Seq    int64    `json:"seq"`    // of the incident as the page showed it
	To     string   `json:"to"`     // whom it was told, 1 to 100 characters
	Fields []string `json:"fields"` // of the packet, those that were told
}

// IncidentCallFor is the body of POST /api/incidents/{id}/services: somebody outside was asked, or has joined the talk.
type IncidentCallFor struct {
	Req     string `json:"req"`
	Contact string `json:"contact"` // id in the phonebook, or empty with a name
	Name    string `json:"name"`    // at most 60 characters
	Joined  bool   `json:"joined"`
}

// IncidentArrived is the body of POST /api/incidents/{id}/arrival.
type IncidentArrived struct {
	Req  string `json:"req"`
	Who  string `json:"who"`  // of the responders, 1 to 100 characters
	How  string `json:"how"`  // on_line, called_back, responder_called, other
	At   int64  `json:"at"`   // when they were there
	Text string `json:"text"` //
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

// IncidentReport is the answer of GET /api/incidents/{id}/report.
type IncidentReport struct {
	Incident    string              `json:"incident"`
	FormVersion int                 `json:"form_version"`
	Form        any                 `json:"form"`    // as in GET /api/forms; null: none is configured
	Answers     map[string]any      `json:"answers"` // as they were saved, else what the incident already says; never nil
	State       IncidentReportState `json:"state"`
}

// IncidentReportSave is the body of PUT /api/incidents/{id}/report.
type IncidentReportSave struct {
	Req         string         `json:"req"`
	FormVersion int            `json:"form_version"`
	Answers     map[string]any `json:"answers"`
}

// Codes of HTTP answers about incidents.
const (
	SamePerson     Code = "same_person"     // two people must agree
	ClosureBarred  Code = "closure_barred"  // params: missing
	IncidentClosed Code = "incident_closed" // it is over
	PacketChanged  Code = "packet_changed"  // the facts are others than were shown
)
