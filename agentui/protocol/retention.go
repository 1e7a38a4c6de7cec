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
	Found  int    `json:"found"` // rows that held something
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
