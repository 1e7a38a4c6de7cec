package protocol

// Codes about what is kept and erased.
const (
	OnHold    Code = "on_hold"    // a hold stands before it
	StillOpen Code = "still_open" // somebody is to be reached, or something is owed
)

// Retention is the answer of GET /api/retention: what is kept how long, what is due, what stays, what was asked and what went.
type Retention struct {
	Ordinary  int              `json:"ordinary"` // days
	HighRisk  int              `json:"high_risk"`
	Automatic bool             `json:"automatic"`
	Due       []RetentionDue   `json:"due"` // one for each class
	More      bool             `json:"more"`
	Holds     []RetentionHold  `json:"holds"`
	Requests  []ErasureRequest `json:"requests"`
	Stones    []ErasureStone   `json:"stones"` // newest first
}

// RetentionDue is how many contacts of a class were kept long enough.
type RetentionDue struct {
	Class  string `json:"class"` // ordinary, high_risk
	Due    int    `json:"due"`   // that would go
	Held   int    `json:"held"`  // that stay: on hold
	Live   int    `json:"live"`  // that stay: something is open
	Oldest int64  `json:"oldest"`
}

// RetentionHold keeps something.
type RetentionHold struct {
	Hold      string `json:"hold"`
	Kind      string `json:"kind"`   // call, file
	Object    string `json:"object"` // id of the call, code of the file
	At        int64  `json:"at"`
	ByName    string `json:"by_name"`
	Reason    string `json:"reason"`
	LiftAsked string `json:"lift_asked"` // name of who wishes it lifted
	Mine      bool   `json:"mine"`       // that wish is this person's
	LiftedAt  int64  `json:"lifted_at"`
}

// ErasureRequest is a wish to erase before the time.
type ErasureRequest struct {
	Request   string `json:"request"`
	Kind      string `json:"kind"`
	Object    string `json:"object"`
	State     string `json:"state"` // asked, granted, refused, done
	At        int64  `json:"at"`
	ByName    string `json:"by_name"`
	Mine      bool   `json:"mine"`
	Reason    string `json:"reason"`
	DecidedAt int64  `json:"decided_at"`
	DecidedBy string `json:"decided_by"` // name
}

// ErasureStone stands over what was erased.
type ErasureStone struct {
	Kind   string `json:"kind"`
	Object string `json:"object"`
	Class  string `json:"class"`
	Asked  bool   `json:"asked"` // before its time, by a request
	At     int64  `json:"at"`
	ByName string `json:"by_name"` // empty: the program
	Found  int    `json:"found"`   // rows that held something; after which none was found
}

// RetentionPlan is the answer of GET /api/retention/plan: what was kept long enough, one by one, oldest first. Nothing is changed by looking.
type RetentionPlan struct {
	Contacts     []KeptContact   `json:"contacts"`
	More         bool            `json:"more"`     // there are more contacts
	Ordinary     int             `json:"ordinary"` // days that recordings are kept: with their contacts, or shorter
	HighRisk     int             `json:"high_risk"`
	Recordings   []KeptRecording `json:"recordings"`
	MoreRecorded bool            `json:"more_recorded"`
}

// KeptContact is one contact that was kept long enough.
type KeptContact struct {
	Call    string `json:"call"`
	Class   string `json:"class"`
	EndedAt int64  `json:"ended_at"`
	Stays   string `json:"stays"` // why it does not go: hold, open; empty: it goes
}

// KeptRecording is one recording that was kept long enough.
type KeptRecording struct {
	Recording string `json:"recording"` // id of its call, or of a part that lost its call
	Class     string `json:"class"`
	EndedAt   int64  `json:"ended_at"`
	Parts     int    `json:"parts"`
	Bytes     int64  `json:"bytes"`
	Stays     string `json:"stays"`
}

// RecordingStones is the answer of GET /api/retention/recordings: what stands over parts of recordings whose keys were destroyed, newest first.
type RecordingStones struct {
	Stones []RecordingStone `json:"stones"`
}

// RecordingStone stands over one part.
type RecordingStone struct {
	Part    string `json:"part"`
	Call    string `json:"call"`
	Why     string `json:"why"` // contact: with it; retention: its time was over; else what a person wrote
	By      string `json:"by"`
	ByName  string `json:"by_name"`
	At      int64  `json:"at"`
	Head    string `json:"head"`    // of its chain, by which it is proved; empty: of the first format, which had none
	Audited bool   `json:"audited"` // the audit trail has it, too
	GoneAt  int64  `json:"gone_at"` // when its file was taken out of the store; 0: not yet
}

// KeepOrErase is the body of POST /api/retention/holds and of POST /api/retention/requests.
type KeepOrErase struct {
	Kind   string `json:"kind"`
	Object string `json:"object"` // id of a call, or code of a file
	Reason string `json:"reason"` // 3 to 500 characters
}

// ErasurePass is the answer of POST /api/retention/pass.
type ErasurePass struct {
	Erased   int  `json:"erased"`
	Held     int  `json:"held"`
	Live     int  `json:"live"`
	Requests int  `json:"requests"`
	More     bool `json:"more"`
}
