package protocol

import "encoding/json"

// ReviewRoster is the body of POST /api/admin/roster/review: a document, saved or not, and the days to look at (local dates; To is not in it).
type ReviewRoster struct {
	Doc  json.RawMessage `json:"doc"`
	From string          `json:"from"`
	To   string          `json:"to"`
}

// RosterReview is its answer.
type RosterReview struct {
	From     int64         `json:"from"`
	To       int64         `json:"to"`
	Days     []int64       `json:"days"` // when each day begins
	Work     []RosterWork  `json:"work"`
	Gaps     []RosterSpan  `json:"gaps"`     // without a supervisor: it cannot be published
	Deserted []RosterSpan  `json:"deserted"` // without a counsellor
	Overlaps []RosterClash `json:"overlaps"`
	Rests    []RosterClash `json:"rests"`
	Unfit    []RosterUnfit `json:"unfit"`
}

// RosterWork is one time of work: a shift, or one of a pattern on a day.
type RosterWork struct {
	ID      string `json:"id"`
	Date    string `json:"date"`
	Pattern bool   `json:"pattern"`
	Person  string `json:"person"`
	Role    string `json:"role"` // counsellor, supervisor
	Line    string `json:"line"`
	Skill   string `json:"skill"`
	Note    string `json:"note"`
	Start   int64  `json:"start"`
	End     int64  `json:"end"`
}

// RosterSpan is a time.
type RosterSpan struct {
	From int64 `json:"from"`
	To   int64 `json:"to"`
}

// RosterClash is a person who is rostered twice at a time (RestMinutes is negative) or with little rest between.
type RosterClash struct {
	Person      string     `json:"person"`
	First       RosterWork `json:"first"`
	Second      RosterWork `json:"second"`
	RestMinutes int        `json:"rest_minutes"`
}

// RosterUnfit is a time of work that does not count.
type RosterUnfit struct {
	ID     string `json:"id"`
	Date   string `json:"date"`
	Person string `json:"person"`
	Why    string `json:"why"` // unknown, disabled, not_supervisor
}

// PublishRoster is the body of POST /api/admin/roster/publish.
type PublishRoster struct {
	Version int    `json:"version"`
	From    string `json:"from"` // local dates; To is not in it
	To      string `json:"to"`
	Note    string `json:"note"`
}

// Publication says that a version holds for days.
type Publication struct {
	N       int    `json:"n"`
	Version int    `json:"version"`
	From    string `json:"from"`
	To      string `json:"to"`
	At      int64  `json:"at"`
	By      string `json:"by"`
	ByName  string `json:"by_name"`
	Note    string `json:"note"`
}

// Publications is the answer of GET /api/admin/roster/publications, newest first.
type Publications struct {
	Publications []Publication `json:"publications"`
}

// RosterPeople is the answer of GET /api/admin/roster/people.
type RosterPeople struct {
	People []RosterPerson `json:"people"`
}

// RosterPerson is somebody who can be on a shift.
type RosterPerson struct {
	User     string `json:"user"`
	Username string `json:"username"`
	Name     string `json:"name"`
	Role     string `json:"role"`
	Disabled bool   `json:"disabled"`
}

// RosterFeed is the answer of POST /api/roster/feed: where a calendar program reads the own shifts. It is told only once.
type RosterFeed struct {
	Path string `json:"path"`
}
