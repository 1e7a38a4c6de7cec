package protocol

import (
	"hotline/casework/reviews"
	"hotline/storage/documents"
)

// Codes of answers about reviews of talks.
const (
	OwnReview      Code = "own_review"      // nobody reviews their own talk
	ReviewTaken    Code = "review_taken"    // as many others as were wanted score it already
	ReviewPending  Code = "review_pending"  // it is not done yet
	ReviewReleased Code = "review_released" // the sheet was given back: it is taken again first
	ContactErased  Code = "contact_erased"  // nothing more is said of it
	BadMarks       Code = "bad_marks"       // params: wrong, each with item and code
)

func reviewCodes() []Code {
	return []Code{OwnReview, ReviewTaken, ReviewPending, ReviewReleased, ContactErased, BadMarks}
}

// Review is one talk that is to be reviewed, or was.
type Review struct {
	Review    string         `json:"review"`
	Call      string         `json:"call"` // also its recording
	Agent     string         `json:"agent"`
	AgentName string         `json:"agent_name"`
	Line      string         `json:"line"`
	LineName  string         `json:"line_name"`
	CalledAt  int64          `json:"called_at"`
	TalkMs    int64          `json:"talk_ms"`
	Why       string         `json:"why"` // red, sample, asked
	PickedAt  int64          `json:"picked_at"`
	PickedBy  string         `json:"picked_by_name"` // empty: the program
	DueAt     int64          `json:"due_at"`
	Wanted    int            `json:"wanted"` // score sheets; more than one: a calibration
	State     string         `json:"state"`  // open, done, dropped
	ClosedAt  int64          `json:"closed_at"`
	ClosedBy  string         `json:"closed_by_name"`
	ReadAt    int64          `json:"read_at"` // when the counsellor said that they read it
	Scoring   []ReviewPerson `json:"scoring"` // who has begun
	Final     []ReviewPerson `json:"final"`   // who has handed in
	Total     int            `json:"total"`   // thousandths; -1: not done, or nothing applied
	Missed    int            `json:"missed"`  // critical items
}

// ReviewPerson is somebody who scores.
type ReviewPerson struct {
	User string `json:"user"`
	Name string `json:"name"`
}

// Reviews is the answer of GET /api/reviews: the open ones, those in danger and the most urgent first, then the closed ones of the last 180 days.
type Reviews struct {
	Reviews []Review `json:"reviews"`
	Waiting int      `json:"waiting"`
	Red     int      `json:"red"`
	Late    int      `json:"late"`
}

// ReviewDetail is the answer of GET /api/reviews/{id} and of what is done to one.
type ReviewDetail struct {
	Review   Review        `json:"review"`
	Version  int           `json:"version"` // of the sheet; 0: nobody began, and it is the one in force
	Sheet    reviews.Sheet `json:"sheet"`
	Scores   []ReviewScore `json:"scores"` // those that this person may see
	Replies  []ReviewReply `json:"replies"`
	Reason   string        `json:"reason"`    // why it was dropped
	MayScore bool          `json:"may_score"` // a place is free, or one's own
}

// ReviewScore is one reviewer's sheet.
type ReviewScore struct {
	Reviewer     string                `json:"reviewer"`
	ReviewerName string                `json:"reviewer_name"`
	SavedAt      int64                 `json:"saved_at"`
	FinalAt      int64                 `json:"final_at"` // 0: not handed in
	Total        int                   `json:"total"`    // thousandths; of one that is handed in
	Missed       int                   `json:"missed"`
	Sections     map[string]int        `json:"sections"` // thousandths
	Marks        map[string]ReviewMark `json:"marks"`
	Words        string                `json:"words"`
}

// ReviewMark is what a reviewer says of one item.
type ReviewMark struct {
	Points  int     `json:"points"`  // place in the sheet's levels; -1: not marked yet
	None    bool    `json:"none"`    // it does not apply
	Moments []int64 `json:"moments"` // milliseconds from the beginning of the recording
	Words   string  `json:"words"`
}

// ReviewReply is what somebody said of a review that is done.
type ReviewReply struct {
	Reply  string `json:"reply"`
	By     string `json:"by"`
	ByName string `json:"by_name"`
	At     int64  `json:"at"`
	Words  string `json:"words"` // empty: erased
}

// SaveReview is the body of POST /api/reviews/{id}/sheet.
type SaveReview struct {
	Marks map[string]ReviewMark `json:"marks"`
	Words string                `json:"words"`
	Final bool                  `json:"final"` // hands it in
}

// AskReview is the body of POST /api/reviews.
type AskReview struct {
	Call   string `json:"call"`
	Agent  string `json:"agent"`  // empty: whose part was the longest
	Wanted int    `json:"wanted"` // 1 to 5
}

// WantReview is the body of POST /api/reviews/{id}/want.
type WantReview struct {
	Wanted int `json:"wanted"`
}

// DropReview is the body of POST /api/reviews/{id}/drop.
type DropReview struct {
	Reason string `json:"reason"`
}

// AnswerReview is the body of POST /api/reviews/{id}/answer.
type AnswerReview struct {
	Text string `json:"text"`
}

// ReviewTrend is the answer of GET /api/reviews/mine and GET /api/people/{id}/reviews.
type ReviewTrend struct {
	User     string          `json:"user"`
	Name     string          `json:"name"`
	Months   []ReviewMonth   `json:"months"`   // of the talks, oldest first, of the last 366 days
	Sections []ReviewSection `json:"sections"` // of the sheet in force
	Reviews  []Review        `json:"reviews"`  // that are done, newest first
	Unread   int             `json:"unread"`
}

// ReviewMonth is what reviews came to.
type ReviewMonth struct {
	Month    string         `json:"month"`   // 2026-01; empty: all together
	Reviews  int            `json:"reviews"` // how many
	Total    int            `json:"total"`   // thousandths, the mean
	Least    int            `json:"least"`
	Most     int            `json:"most"`
	Missed   int            `json:"missed"` // reviews in which something critical was missed
	Sections map[string]int `json:"sections"`
}

// ReviewSection is a part of the sheet.
type ReviewSection struct {
	ID    string          `json:"id"`
	Names documents.Words `json:"names"`
}

// ReviewTrends is the answer of GET /api/reviews/trends: every counsellor with a review of a talk of the last days.
type ReviewTrends struct {
	Days     int             `json:"days"`
	Sections []ReviewSection `json:"sections"`
	People   []ReviewedStaff `json:"people"`
}

// ReviewedStaff is one of them.
type ReviewedStaff struct {
	User   string      `json:"user"`
	Name   string      `json:"name"`
	Whole  ReviewMonth `json:"whole"`
	Unread int         `json:"unread"`
}

// ReviewCalibration is the answer of GET /api/reviews/calibration: how far reviewers agreed who scored the same talks without each other.
type ReviewCalibration struct {
	Days      int                `json:"days"`
	Talks     int                `json:"talks"`
	Marks     ReviewAgreement    `json:"marks"`  // of all items
	Totals    ReviewAgreement    `json:"totals"` // in percent
	Items     []ReviewItemAgreed `json:"items"`  // of the sheet in force, in its order
	Reviewers []ReviewerBias     `json:"reviewers"`
}

// ReviewAgreement is one measure; what there is too little for is null.
type ReviewAgreement struct {
	Units int      `json:"units"`
	Pairs int      `json:"pairs"`
	Same  *float64 `json:"same"`
	Near  *float64 `json:"near"`
	Apart *float64 `json:"apart"`
	Alpha *float64 `json:"alpha"`
	ICC   *float64 `json:"icc"`
}

// ReviewItemAgreed is the agreement on one item.
type ReviewItemAgreed struct {
	ID     string          `json:"id"`
	Names  documents.Words `json:"names"`
	Agreed ReviewAgreement `json:"agreed"`
}

// ReviewerBias is how much higher than the others' somebody's totals are, in percent; below 0: stricter.
type ReviewerBias struct {
	Name  string  `json:"name"`
	Talks int     `json:"talks"`
	Mean  float64 `json:"mean"`
}
