package protocol

// FollowUp is one time at which somebody asks after a person.
type FollowUp struct {
	FollowUp  string `json:"followup"`
	Rule      string `json:"rule"`   // of the series, such as 24h; once: chosen by a person
	Level     string `json:"level"`  // of the call from which it follows
	State     string `json:"state"`  // planned, calling, talked, done, ended
	Person    string `json:"person"` // short pseudonym of the file; empty when there is none
	Number    string `json:"number"` // of the caller, masked; empty when there is none
	Call      string `json:"call"`
	Line      string `json:"line"`
	LineName  string `json:"line_name"`
	Owner     string `json:"owner"` // empty: anybody
	OwnerName string `json:"owner_name"`
	PlannedAt int64  `json:"planned_at"` // by the rule
	DueAt     int64  `json:"due_at"`
	RingAt    int64  `json:"ring_at"` // the first time from then on at which the telephone may ring
	LateAt    int64  `json:"late_at"` // when it is overdue
	Tries     int    `json:"tries"`
	Last      string `json:"last"` // what came of the last try; empty: none
	LastAt    int64  `json:"last_at"`
	Task      string `json:"task"` // the callback that calls them, or did last
	Why       string `json:"why"`  // how it came to its end; empty: it is open
	ClosedAt  int64  `json:"closed_at"`
	ClosedBy  string `json:"closed_by_name"`
}

// FollowUps is the answer of GET /api/followups: what is open, by due time.
type FollowUps struct {
	FollowUps []FollowUp `json:"followups"`
	NoTrunk   bool       `json:"no_trunk"` // nobody can be called from here
}

// Window is a time of the week at which it is safe to call: minutes since midnight, over midnight when to is not after from.
type Window struct {
	Days []int `json:"days"` // 1 Monday to 7 Sunday; none: every day
	From int   `json:"from"`
	To   int   `json:"to"`
}

// Wish is what a person said of being called. The number itself is never told.
type Wish struct {
	Wish      string   `json:"wish"` // of this version; empty: nobody asked
	At        int64    `json:"at"`
	ByName    string   `json:"by_name"`
	Consent   string   `json:"consent"` // given, refused, not_asked
	Times     []Window `json:"times"`   // none: in the line's hours
	HasNumber bool     `json:"has_number"`
	Words     string   `json:"words"` // what to say, and what not, when somebody else answers
}

// SaveWish is the body of PUT /api/followups/{id}/wish and of PUT /api/calls/{id}/wish.
type SaveWish struct {
	Base    string   `json:"base"` // the version that was seen
	Consent string   `json:"consent"`
	Times   []Window `json:"times"`
	Number  string   `json:"number"` // another one than the caller's; "=": as it is; empty: none
	Words   string   `json:"words"`
}

// Reach says how a person would be called, before anybody presses.
type Reach struct {
	Number string `json:"number"` // masked; empty when there is none
	Own    bool   `json:"own"`    // not the caller's, but one that was said to be safe
	Usable bool   `json:"usable"`
	Now    bool   `json:"now"`      // the telephone may ring
	NextAt int64  `json:"next_at"`  // when it may; 0: never, by what is written down
	Until  int64  `json:"until_at"` // until when, with now
	Shown  string `json:"shown"`    // the number that their telephone shows; empty: none
	Wish   Wish   `json:"wish"`
}

// FollowUpEvent is one thing that happened to a follow-up.
type FollowUpEvent struct {
	At     int64  `json:"at"`
	Who    string `json:"who"` // user id, or "system"
	Name   string `json:"name"`
	What   string `json:"what"` // planned, moved, assigned, called, result, wish, overdue, climbed, settled, shifted, restarted, closed
	Arg    string `json:"arg"`  // a result, how it ended, the name of whom it was given to
	DueAt  int64  `json:"due_at"`
	Reason string `json:"reason"`
}

// FollowUpDetail is the answer of GET /api/followups/{id}.
type FollowUpDetail struct {
	FollowUp FollowUp        `json:"followup"`
	Reach    Reach           `json:"reach"`
	Events   []FollowUpEvent `json:"events"`
}

// CallFollowUps is the answer of GET /api/calls/{id}/followups: those of the person whom the call is about.
type CallFollowUps struct {
	FollowUps []FollowUp `json:"followups"`
	Wish      Wish       `json:"wish"`
	Number    string     `json:"number"` // of the caller, masked
}

// PlanFollowUp is the body of POST /api/calls/{id}/followups.
type PlanFollowUp struct {
	Request string `json:"request"` // chosen by the page: the same one again is the same follow-up
	Series  bool   `json:"series"`  // all by the rules; else one at due_at
	DueAt   int64  `json:"due_at"`
}

// MoveFollowUp is the body of POST /api/followups/{id}/move.
type MoveFollowUp struct {
	DueAt  int64  `json:"due_at"`
	Reason string `json:"reason"` // 3 to 500 characters
}

// AssignFollowUp is the body of POST /api/followups/{id}/assign.
type AssignFollowUp struct {
	To string `json:"to"` // user id; empty: anybody
}

// FinishFollowUp is the body of POST /api/followups/{id}/finish.
type FinishFollowUp struct {
	Why  string `json:"why"`  // reached, called_in, refused, not_reached, in_care, deceased, not_needed
	Note string `json:"note"` // 3 to 500 characters; may be empty with reached
}

// Service is one to whom a person can be sent on.
type Service struct {
	Service string            `json:"service"`
	Level   string            `json:"level"`
	Kind    string            `json:"kind"`
	Names   map[string]string `json:"names"`
	Region  string            `json:"region"`
	Address string            `json:"address"`
	Phone   string            `json:"phone"`
	Hours   string            `json:"hours"` // as it is written in tables; empty: not known
	Open    string            `json:"open"`  // yes, no, unknown
	Note    string            `json:"note"`
}

// Services is the answer of GET /api/services, those that fit best first.
type Services struct {
	Services []Service `json:"services"`
	More     int       `json:"more"` // that fit, too
}

// Referral is a person who was sent on to a service.
type Referral struct {
	Referral string           `json:"referral"`
	Call     string           `json:"call"`
	Person   string           `json:"person"` // short pseudonym of the file
	Service  string           `json:"service"`
	Name     string           `json:"name"`  // what it was called then
	State    string           `json:"state"` // sent, accepted, attended, declined, unknown
	Owner    string           `json:"owner"`
	OwnName  string           `json:"owner_name"`
	SentAt   int64            `json:"sent_at"`
	RemindAt int64            `json:"remind_at"` // when to ask what came of it; 0: never
	Reports  []ReferralReport `json:"reports"`   // in lists: none
}

// ReferralReport says what became of a referral, as somebody told it.
type ReferralReport struct {
	State  string `json:"state"` // or asked: nothing was heard
	OnAt   int64  `json:"on_at"` // when it was so
	How    string `json:"how"`   // person, service, family, letter, other
	Said   string `json:"said"`  // who said so
	At     int64  `json:"at"`
	ByName string `json:"by_name"`
	Note   string `json:"note"`
}

// Referrals is the answer of GET /api/referrals and of GET /api/calls/{id}/referrals.
type Referrals struct {
	Referrals []Referral `json:"referrals"`
}

// SendReferral is the body of POST /api/calls/{id}/referrals.
type SendReferral struct {
	Request string `json:"request"`
	Service string `json:"service"`
	Note    string `json:"note"`
}

// TellReferral is the body of POST /api/referrals/{id}/tell.
type TellReferral struct {
	State string `json:"state"`
	OnAt  int64  `json:"on_at"`
	How   string `json:"how"`
	Said  string `json:"said"`
	Note  string `json:"note"`
}

// ShiftCase is an open case at high risk, of somebody.
type ShiftCase struct {
	Kind      string      `json:"kind"` // incident, followup, callback
	Case      string      `json:"case"`
	Owner     string      `json:"owner"`
	OwnerName string      `json:"owner_name"`
	Here      bool        `json:"here"` // the owner is at a console
	Call      string      `json:"call"`
	Line      string      `json:"line"`
	LineName  string      `json:"line_name"`
	What      string      `json:"what"` // the part in an incident, the rule of a follow-up, the reason of a callback
	SinceAt   int64       `json:"since_at"`
	DueAt     int64       `json:"due_at"` // 0: not known
	Offer     *ShiftOffer `json:"offer"`  // on its way to somebody
}

// ShiftOffer is a case on its way from one person to another.
type ShiftOffer struct {
	Offer     string `json:"offer"`
	Giver     string `json:"giver"`
	GiverName string `json:"giver_name"`
	Taker     string `json:"taker"`
	TakerName string `json:"taker_name"`
	Note      string `json:"note"`
	State     string `json:"state"` // offered, accepted, declined, withdrawn
	At        int64  `json:"at"`
	Climbed   bool   `json:"climbed"` // nobody accepted it in time
	DecidedAt int64  `json:"decided_at"`
	Reason    string `json:"reason"` // why it was declined
}

// ShiftPerson is somebody who can take cases.
type ShiftPerson struct {
	User string `json:"user"`
	Name string `json:"name"`
	Role string `json:"role"`
	Here bool   `json:"here"`
}

// ShiftCases is the answer of GET /api/shift/cases: one's own cases and those offered to one; to a supervisor all.
type ShiftCases struct {
	Cases  []ShiftCase   `json:"cases"`
	People []ShiftPerson `json:"people"` // who is here first
	Recent []ShiftOffer  `json:"recent"` // of one's own that were decided within a day, newest first
}

// OfferCase is the body of POST /api/shift/cases.
type OfferCase struct {
	Kind string `json:"kind"`
	Case string `json:"case"`
	To   string `json:"to"`
	Note string `json:"note"`
}
