package protocol

// Decisions is the answer of GET /api/decisions?call=, oldest first.
type Decisions struct {
	Call      string     `json:"call"`
	Decisions []Decision `json:"decisions"`
}

// Decision is why one offer was made (docs/protocol.md, section 5).
type Decision struct {
	Offer      string         `json:"offer"`
	At         int64          `json:"at"`
	Agent      string         `json:"agent"`
	AgentName  string         `json:"agent_name"`
	Rule       string         `json:"rule"` // returning, preferred, only, group, exposure, longest_idle
	Tier       string         `json:"tier"`
	Needs      map[string]int `json:"needs"`
	Groups     int            `json:"groups"`     // highest group that might be offered; 99: any
	Candidates []Candidate    `json:"candidates"` // the best first, at most 10
	Fitting    int            `json:"fitting"`    // how many there were at least
	Others     []Rival        `json:"others"`     // in the order of service, at most 5
	Waiting    int            `json:"waiting"`    // how many others waited
}

// Candidate is somebody who was available and fitted.
type Candidate struct {
	Agent     string         `json:"agent"`
	AgentName string         `json:"agent_name"`
	Group     int            `json:"group"`
	Reds      int            `json:"reds"` // calls at high risk lately
	IdleSince int64          `json:"idle_since"`
	HeldUntil int64          `json:"held_until"` // for a caller who was cut off; 0: not held
	Skills    map[string]int `json:"skills"`
}

// Rival is a caller who waited at the same moment at the head of another group.
type Rival struct {
	Call     string         `json:"call"`
	Tier     string         `json:"tier"`
	AheadMs  int64          `json:"ahead_ms"` // positive: before the chosen one in order, and nobody free who fitted
	Needs    map[string]int `json:"needs"`
	Groups   int            `json:"groups"`
	Only     string         `json:"only"` // waited for that person alone
	OnlyName string         `json:"only_name"`
	Fits     bool           `json:"fits"` // could have had the same person
}
