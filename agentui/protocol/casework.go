package protocol

// Duties say how much waits for a person, so that a page shows it everywhere and knows when to read the lists again.
type Duties struct {
	Due       int `json:"due"`       // tasks whose time has come
	Red       int `json:"red"`       // of them those of callers at risk
	Open      int `json:"open"`      // tasks that are not closed
	Proposals int `json:"proposals"` // blocks that wait for a supervisor
	Debriefs  int `json:"debriefs"`  // counsellors who wish to talk with a supervisor; 0 for others
	Barred    int `json:"barred"`    // people at work to whom a line's calls do not come, for a requirement lapsed; 0 for who is no supervisor
	Lowerings int `json:"lowerings"` // wishes to lower the level of a call that wait for a second person

	FollowUps     int `json:"followups"`      // whose time has come, one's own and nobody's
	FollowUpsLate int `json:"followups_late"` // overdue, of everybody; 0 for who is no supervisor
	Referrals     int `json:"referrals"`      // of one's own, about which to ask
	Handovers     int `json:"handovers"`      // cases that are offered to one
	HandoversLate int `json:"handovers_late"` // that nobody accepted in time; 0 for who is no supervisor

	Reports int `json:"reports"` // about minors, not closed; 0 but for supervisors
	Overdue int `json:"overdue"` // of them those whose deadline is over
	Reveals int `json:"reveals"` // numbers that somebody asks to see, or saw in an emergency; 0 but for supervisors

	Reviews       int `json:"reviews"`        // talks that one may score; 0 but for supervisors
	ReviewsLate   int `json:"reviews_late"`   // of them those whose time is over
	ReviewsUnread int `json:"reviews_unread"` // of one's own talks, done and not read

	Change int64 `json:"change"` // another number when any task or block is another
}

// Task is a caller who is to be called back.
type Task struct {
	Task         string   `json:"task"`
	Call         string   `json:"call"`  // the caller's own
	Entry        string   `json:"entry"` // the call of ours that carries it out, or did last
	Line         string   `json:"line"`
	LineName     string   `json:"line_name"`
	Reason       string   `json:"reason"` // message, promised, abandoned, abandoned_danger
	Tier         string   `json:"tier"`
	Danger       bool     `json:"danger"`
	State        string   `json:"state"`      // open, working, given_up, done, cancelled
	ArrivedAt    int64    `json:"arrived_at"` // when the caller first called
	DueAt        int64    `json:"due_at"`
	NextAt       int64    `json:"next_at"` // when the machine calls, if it does
	Auto         bool     `json:"auto"`    // the machine calls by itself
	AskedBy      string   `json:"asked_by"`
	AskedByName  string   `json:"asked_by_name"` // who pressed "call now"
	Attempts     int      `json:"attempts"`
	Most         int      `json:"most"`   // attempts after which a person decides
	Number       string   `json:"number"` // masked; empty when there is none
	Callable     bool     `json:"callable"`
	MayVoicemail bool     `json:"may_voicemail"`
	HasMessage   bool     `json:"has_message"` // a voice message was left
	Last         *Attempt `json:"last"`
}

// Attempt is what came of calling somebody back.
type Attempt struct {
	At      int64  `json:"at"`
	Who     string `json:"who"` // user id, or "system"
	WhoName string `json:"who_name"`
	Result  string `json:"result"` // placed, reached, no_answer, busy, failed, wrong_person, refused, given_up
	Q850    int    `json:"q850"`   // 0 when unknown
}

// Tasks is the answer of GET /api/tasks, the most urgent first.
type Tasks struct {
	Tasks   []Task `json:"tasks"`
	NoTrunk bool   `json:"no_trunk"` // nobody can be called back from here
}

// TaskClose is the body of POST /api/tasks/{id}/close.
type TaskClose struct {
	Reason string `json:"reason"` // 3 to 500 characters
	Done   bool   `json:"done"`   // else: not needed any more
}

// TaskResult is the body of POST /api/tasks/{id}/result.
type TaskResult struct {
	Result string `json:"result"` // wrong_person, refused, no_answer
}

// Block is one caller who abuses the line, behind everybody else for a time. It never shows a number.
type Block struct {
	Block         string `json:"block"`
	Call          string `json:"call"` // from which it was proposed
	Line          string `json:"line"`
	LineName      string `json:"line_name"`
	Kind          string `json:"kind"` // harassment, threat, prank, flooding, other
	Reason        string `json:"reason"`
	State         string `json:"state"` // proposed, approved, expired, refused, lifted
	ProposedAt    int64  `json:"proposed_at"`
	By            string `json:"by"`
	ByName        string `json:"by_name"`
	DecidedAt     int64  `json:"decided_at"`
	DecidedByName string `json:"decided_by_name"`
	ExpiresAt     int64  `json:"expires_at"`
	LiftedAt      int64  `json:"lifted_at"`
	LiftedByName  string `json:"lifted_by_name"`
}

// Blocks is the answer of GET /api/blocks: proposals, then those in force, then what is over.
type Blocks struct {
	Blocks []Block `json:"blocks"`
}

// BlockProposal is the body of POST /api/blocks.
type BlockProposal struct {
	Call   string `json:"call"`
	Kind   string `json:"kind"`
	Reason string `json:"reason"` // 3 to 500 characters
}

// BlockApproval is the body of POST /api/blocks/{id}/approve.
type BlockApproval struct {
	Hours int `json:"hours"` // 1 to 720
}

// Why is the body of POST /api/blocks/{id}/refuse and of …/lift.
type Why struct {
	Reason string `json:"reason"` // 3 to 500 characters
}
