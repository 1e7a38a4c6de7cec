package protocol

// LineStanding is how a person stands to a line for which something is required, where there is anything to say of it.
type LineStanding struct {
	Line     string `json:"line"`
	LineName string `json:"line_name"`
	In       bool   `json:"in"`     // the line's calls may come to the person
	Waived   bool   `json:"waived"` // they come although a requirement lapsed: somebody opened the line for a time
	// Lapsed are the requirements that do not hold, Due those that end soon.
	Lapsed []Requirement `json:"lapsed"`
	Due    []Requirement `json:"due"`
}

// Requirement is one rule, as a person stands to it. Dates are written 2026-03-01 and are those of the site.
type Requirement struct {
	Rule  string `json:"rule"`
	Name  string `json:"name"`
	Until string `json:"until"` // last day on which it holds; empty: it does not hold
	Last  string `json:"last"`  // day of the newest record of its kind; empty: none
}

// TrainingList is the answer of GET /api/training: everybody who takes calls, who needs a look first.
type TrainingList struct {
	Version  int             `json:"version"` // of the requirements
	WarnDays int             `json:"warn_days"`
	People   []TrainedPerson `json:"people"`
}

// TrainedPerson is one of them.
type TrainedPerson struct {
	User        string         `json:"user"`
	Name        string         `json:"name"`
	Role        string         `json:"role"`
	Lines       []LineStanding `json:"lines"`
	YearMinutes int            `json:"year_minutes"` // of training within the last 365 days
	Supervised  string         `json:"supervised"`   // day of the last supervision; empty: none
	Languages   []string       `json:"languages"`    // names
}

// StaffRecords is the answer of GET /api/people/{id}/training and GET /api/training/mine.
type StaffRecords struct {
	User    string         `json:"user"`
	Name    string         `json:"name"`
	Lines   []LineStanding `json:"lines"`
	Records []StaffRecord  `json:"records"` // newest day first, those that are void too
	Topics  []StaffTopic   `json:"topics"`  // that can be recorded
	Today   string         `json:"today"`
}

// StaffTopic is what a training, a qualification or a language can be.
type StaffTopic struct {
	ID   string `json:"id"`
	Kind string `json:"kind"`
	Name string `json:"name"`
}

// StaffRecord is one entry of a person.
type StaffRecord struct {
	Record     string `json:"record"`
	Kind       string `json:"kind"` // training, supervision, qualification, language
	Topic      string `json:"topic"`
	TopicName  string `json:"topic_name"`
	Minutes    int    `json:"minutes"`
	Day        string `json:"day"`
	Expires    string `json:"expires"` // last day of a qualification; empty: it does not end
	Note       string `json:"note"`
	At         int64  `json:"at"`
	ByName     string `json:"by_name"`
	VoidAt     int64  `json:"void_at"` // 0: it counts
	VoidByName string `json:"void_by_name"`
	VoidWhy    string `json:"void_why"`
}

// WriteStaffRecord is the body of POST /api/people/{id}/training.
type WriteStaffRecord struct {
	Kind    string `json:"kind"`
	Topic   string `json:"topic"`
	Minutes int    `json:"minutes"`
	Day     string `json:"day"`
	Expires string `json:"expires"`
	Note    string `json:"note"`
}

// Waivers is the answer of GET /api/training/waivers, newest first.
type Waivers struct {
	Waivers []Waiver `json:"waivers"`
}

// Waiver opens a line, or every line, to people whose requirements lapsed.
type Waiver struct {
	Waiver      string `json:"waiver"`
	Line        string `json:"line"` // empty: every line
	LineName    string `json:"line_name"`
	Reason      string `json:"reason"`
	From        int64  `json:"from"`
	Until       int64  `json:"until"`
	ByName      string `json:"by_name"`
	EndedAt     int64  `json:"ended_at"` // 0: it was not ended before the time
	EndedByName string `json:"ended_by_name"`
	Open        bool   `json:"open"`
}

// Waive is the body of POST /api/training/waivers.
type Waive struct {
	Line   string `json:"line"`
	Hours  int    `json:"hours"` // 1 to 24
	Reason string `json:"reason"`
}

// Codes of answers about training and qualifications.
const (
	NotQualified Code = "not_qualified" // websocket: a requirement of the line lapsed for that person
	BadRecord    Code = "bad_record"    // what is to be recorded cannot be so
	OwnRecord    Code = "own_record"    // nobody records of themselves
	BadSpan      Code = "bad_span"      // a line is opened for 1 to 24 hours
	BadPeriod    Code = "bad_period"    // of statistics: no such step, or more than a hundred periods
	NoRecords    Code = "no_records"    // a figure that opens no records
)

func staffCodes() []Code {
	return []Code{NotQualified, BadRecord, OwnRecord, BadSpan, BadPeriod, NoRecords}
}
