package protocol

// Next is what a sign-in must do before it may do anything else. ME tells it; a request that comes too early is refused with the code of the same
// name and "_needed", or "locked".
type Next string

// What may come next.
const (
	NextNothing  Next = ""
	NextFactor   Next = "second_factor" // POST /api/login/code
	NextEnrol    Next = "enrolment"     // POST /api/account/factor, then …/confirm
	NextPassword Next = "password"      // POST /api/account/password: another person knows this one
	NextUnlock   Next = "unlock"        // POST /api/account/unlock
)

// Code6 is the body of POST /api/login/code, /api/account/factor/confirm, /api/account/factor/remove and /api/account/prove.
type Code6 struct {
	Code string `json:"code"` // six digits, or a recovery code where one is taken
}

// Enrolment is the answer of POST /api/account/factor.
type Enrolment struct {
	Secret string `json:"secret"` // base32, for telephones without a camera
	URL    string `json:"url"`    // otpauth://…
	QR     string `json:"qr"`     // the same as a picture, data:image/png;base64,…
}

// RecoveryCodes are shown once.
type RecoveryCodes struct {
	Codes []string `json:"codes"`
}

// PasswordChange is the body of POST /api/account/password.
type PasswordChange struct {
	Current  string `json:"current"`
	Password string `json:"password"` // 8 to 200 bytes, another than the current one
}

// Unlock is the body of POST /api/account/unlock: the password, or a code of the second factor.
type Unlock struct {
	Password string `json:"password"`
	Code     string `json:"code"`
}

// SignIn is one browser's sign-in.
type SignIn struct {
	ID      string `json:"id"`
	Since   int64  `json:"since"`
	UsedAt  int64  `json:"used_at"` // within half a minute
	Remote  string `json:"remote"`  // address
	Browser string `json:"browser"` // such as "Chrome 131"
	System  string `json:"system"`  // such as "Windows"
	Current bool   `json:"current"` // it is the one that asks
	Locked  bool   `json:"locked"`
}

// SignIns is the answer of GET /api/people/{id}/sign-ins, the one used last first.
type SignIns struct {
	SignIns []SignIn `json:"sign_ins"`
}

// Account is the answer of GET /api/account: what a person may see and change of their own sign-in.
type Account struct {
	SecondFactor bool     `json:"second_factor"` // there is one
	Required     bool     `json:"required"`      // the role must have one
	CodesLeft    int      `json:"codes_left"`    // recovery codes
	SignIns      []SignIn `json:"sign_ins"`
}

// Revoke is the body of POST /api/account/sign-ins/revoke and /api/people/{id}/sign-ins/revoke.
type Revoke struct {
	ID string `json:"id"` // empty: all; of one's own, all but the one that asks
}

// Revoked is its answer.
type Revoked struct {
	Ended  int  `json:"ended"`
	InCall bool `json:"in_call"` // the person talks: is put out when the call ends
}

// Person is one row of the list of people.
type Person struct {
	User         string `json:"user"`
	Username     string `json:"username"`
	Name         string `json:"name"`
	Role         string `json:"role"`
	Locale       string `json:"locale"`
	Disabled     bool   `json:"disabled"`
	Version      int    `json:"version"`
	CreatedAt    int64  `json:"created_at"`
	MustChange   bool   `json:"must_change"` // somebody else knows the password
	SecondFactor bool   `json:"second_factor"`
	LockedUntil  int64  `json:"locked_until"` // 0: nobody's attempts lock the account
}

// People is the answer of GET /api/people, by username.
type People struct {
	People []Person `json:"people"`
}

// NewPerson is the body of POST /api/people.
type NewPerson struct {
	Username string `json:"username"`
	Name     string `json:"name"`
	Role     string `json:"role"`
	Locale   string `json:"locale"`
	Note     string `json:"note"`
}

// GivenPassword is the answer where a password was made: it is shown once and must be changed at the next sign-in.
type GivenPassword struct {
	Person   Person `json:"person"`
	Password string `json:"password"`
}

// SavePerson is the body of PUT /api/people/{id}.
type SavePerson struct {
	Base     int    `json:"base"` // version that was changed
	Name     string `json:"name"`
	Role     string `json:"role"`
	Locale   string `json:"locale"`
	Disabled bool   `json:"disabled"`
	Note     string `json:"note"` // at most 500 characters
}

// PersonVersion is what a person was from one change to the next.
type PersonVersion struct {
	Version  int    `json:"version"`
	At       int64  `json:"at"`
	By       string `json:"by"` // user id, "cli:<user>", or empty for the first start
	ByName   string `json:"by_name"`
	Note     string `json:"note"`
	Restored int    `json:"restored"` // 0: none
	Name     string `json:"name"`
	Role     string `json:"role"`
	Locale   string `json:"locale"`
	Disabled bool   `json:"disabled"`
}

// PersonHistory is the answer of GET /api/people/{id}/history, newest first.
type PersonHistory struct {
	Versions []PersonVersion `json:"versions"`
}

// RestorePerson is the body of POST /api/people/{id}/restore.
type RestorePerson struct {
	Base    int    `json:"base"`
	Version int    `json:"version"`
	Note    string `json:"note"`
}

// Door is a way in that failures have shut, or soon will.
type Door struct {
	User     string `json:"user"` // whose account; empty: a network, at all accounts
	Name     string `json:"name"`
	Origin   string `json:"origin"`   // "strangers", "address:…" or "device"
	Failures int    `json:"failures"` // since the last lock
	LastAt   int64  `json:"last_at"`
	Locks    int    `json:"locks"`
	Until    int64  `json:"until"` // 0 or past: it is open
}

// Doors is the answer of GET /api/doors, the newest first.
type Doors struct {
	Doors []Door `json:"doors"`
}

// OpenDoor is the body of POST /api/doors/open.
type OpenDoor struct {
	Origin string `json:"origin"` // "address:…"
}

// Worker is somebody who takes calls, with what decides which.
type Worker struct {
	User     string         `json:"user"`
	Username string         `json:"username"`
	Name     string         `json:"name"`
	Role     string         `json:"role"`
	Locale   string         `json:"locale"`
	Skills   map[string]int `json:"skills"` // name to level, 1 to 10
	Group    int            `json:"group"`  // 0 to 99
	Disabled bool           `json:"disabled"`
}

// Workers is the answer of GET /api/work, by username.
type Workers struct {
	People []Worker `json:"people"`
}

// SaveWork is the body of PUT /api/people/{id}/work.
type SaveWork struct {
	Skills map[string]int `json:"skills"`
	Group  int            `json:"group"`
}

// AuditRow is one row of the audit trail.
type AuditRow struct {
	Seq        int64  `json:"seq"`
	At         int64  `json:"at"`
	Actor      string `json:"actor"` // user id, "system", "cli:<user>" or "unknown"
	ActorName  string `json:"actor_name"`
	Role       string `json:"role"`
	Action     string `json:"action"`
	Object     string `json:"object"`
	ObjectName string `json:"object_name"` // of a person, else empty
	Reason     string `json:"reason"`
	Remote     string `json:"remote"`
}

// AuditPage is the answer of GET /api/audit, newest first.
type AuditPage struct {
	Rows []AuditRow `json:"rows"`
	More bool       `json:"more"` // there are older ones
}

// Locked tells the browser that its sign-in is covered, or is no more: the server sends no rows meanwhile.
type Locked struct {
	Type Type `json:"type"` // locked
	On   bool `json:"on"`
}

// WorkVersion is which calls a person got from one change to the next.
type WorkVersion struct {
	Version int            `json:"version"`
	At      int64          `json:"at"`
	By      string         `json:"by"`
	ByName  string         `json:"by_name"`
	Skills  map[string]int `json:"skills"`
	Group   int            `json:"group"`
}

// WorkHistory is the answer of GET /api/people/{id}/work, newest first.
type WorkHistory struct {
	Versions []WorkVersion `json:"versions"`
}
