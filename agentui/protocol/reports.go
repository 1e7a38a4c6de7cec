package protocol

// Codes of answers about files, reports and numbers.
const (
	SameFile      Code = "same_file"      // it is that person already
	CallTogether  Code = "call_together"  // both take part in one call: they are two people
	LaterChange   Code = "later_change"   // what was done afterwards is to be undone first
	FileOnHold    Code = "file_on_hold"   // nothing may be taken out of it until two people lift the hold
	WeakPhrase    Code = "weak_phrase"    // too easy to guess
	PhraseTaken   Code = "phrase_taken"   // choose another
	GuardianFirst Code = "guardian_first" // a guardian's consent or the emergency has to be noted
	SecondPerson  Code = "second_person"  // a supervisor who is another has to allow it
	RevealOver    Code = "reveal_over"    // it may not be looked at (any more)
)

// MinorReport is the task to ask whether a minor is harmed, and to report it.
type MinorReport struct {
	Report         string `json:"report"`
	Call           string `json:"call"`
	File           string `json:"file"`
	Code           string `json:"code"`
	Line           string `json:"line"`
	LineName       string `json:"line_name"`
	Child          bool   `json:"child"` // under 14
	OpenedAt       int64  `json:"opened_at"`
	OpenedByName   string `json:"opened_by_name"`
	Harm           string `json:"harm"`  // none, suspected; empty: not asked yet
	State          string `json:"state"` // open, proposed, closed
	DueAt          int64  `json:"due_at"`
	Overdue        bool   `json:"overdue"`
	Outcome        string `json:"outcome"` // none, reported, dismissed; empty: none yet
	ProposedAt     int64  `json:"proposed_at"`
	ProposedBy     string `json:"proposed_by"`
	ProposedByName string `json:"proposed_by_name"`
	ClosedAt       int64  `json:"closed_at"`
	ClosedByName   string `json:"closed_by_name"`
	Guardian       string `json:"guardian"`       // consent, emergency, refused; empty: not noted
	NeedsGuardian  bool   `json:"needs_guardian"` // a child without consent or emergency
}

// MinorReports is the answer of GET /api/reports: those that are not closed, the most urgent first.
type MinorReports struct {
	Reports []MinorReport `json:"reports"`
}

// MinorReportActs is the answer of GET /api/reports/{id}: the task with what was said of it, in order.
type MinorReportActs struct {
	Report MinorReport      `json:"report"`
	Acts   []MinorReportAct `json:"acts"`
}

// MinorReportAct is one thing that was said.
type MinorReportAct struct {
	Kind   string `json:"kind"` // open, harm, propose, confirm, refuse, guardian
	At     int64  `json:"at"`
	ByName string `json:"by_name"`
	What   string `json:"what"` // the harm, the outcome or the guardian's word
	Words  string `json:"words"`
}

// HarmSay is the body of POST /api/calls/{id}/harm.
type HarmSay struct {
	File  string `json:"file"` // of the minor
	Harm  string `json:"harm"` // none, suspected
	Words string `json:"words"`
}

// ReportSay is the body of POST /api/reports/{id}/{act}: what is proposed (outcome), confirmed, refused, or said by a guardian.
type ReportSay struct {
	What  string `json:"what"` // propose: reported, dismissed; guardian: consent, emergency, refused; else empty
	Words string `json:"words"`
}

// NumberAsk is the body of POST /api/calls/{id}/number.
type NumberAsk struct {
	Reason    string `json:"reason"`    // 3 to 500 characters
	Emergency bool   `json:"emergency"` // life is in danger: at once, and another person looks at it afterwards
}

// NumberReveal is a wish to see a caller's number.
type NumberReveal struct {
	Reveal         string `json:"reveal"`
	Call           string `json:"call"`
	AskedAt        int64  `json:"asked_at"`
	AskedBy        string `json:"asked_by"`
	AskedByName    string `json:"asked_by_name"`
	Reason         string `json:"reason"`
	State          string `json:"state"` // asked, approved, refused, emergency
	DecidedByName  string `json:"decided_by_name"`
	Until          int64  `json:"until"` // asked: to be decided; approved, emergency: may be looked at
	Looks          int64  `json:"looks"`
	ReviewedAt     int64  `json:"reviewed_at"` // of an emergency
	ReviewedByName string `json:"reviewed_by_name"`
	Justified      bool   `json:"justified"`
	Answer         string `json:"answer"` // why it was refused, or what the review says
	Yours          bool   `json:"yours"`
}

// NumberReveals is the answer of GET /api/reveals: of a supervisor what is to be decided or reviewed and their own, of others their own.
type NumberReveals struct {
	Reveals []NumberReveal `json:"reveals"`
}

// RevealReview is the body of POST /api/reveals/{id}/review.
type RevealReview struct {
	Justified bool   `json:"justified"`
	Reason    string `json:"reason"`
}
