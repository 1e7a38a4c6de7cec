package protocol

// Broadcast is a message to every console, as a page shows it until its person has read it.
type Broadcast struct {
	Broadcast string `json:"broadcast"`
	At        int64  `json:"at"`
	ByName    string `json:"by_name"`
	Urgent    bool   `json:"urgent"`
	Text      string `json:"text"`
	ExpiresAt int64  `json:"expires_at"`
}

// BroadcastRow is a message as who leads sees it.
type BroadcastRow struct {
	Broadcast
	EndedAt     int64           `json:"ended_at"` // taken back; 0: not
	EndedByName string          `json:"ended_by_name"`
	Reads       []BroadcastRead `json:"reads"` // in the order of reading, never nil
}

// BroadcastRead says who has read a message.
type BroadcastRead struct {
	User string `json:"user"`
	Name string `json:"name"`
	At   int64  `json:"at"`
}

// BroadcastList is the answer of GET /api/broadcasts, newest first.
type BroadcastList struct {
	Broadcasts []BroadcastRow `json:"broadcasts"`
}

// WriteBroadcast is the body of POST /api/broadcasts.
type WriteBroadcast struct {
	Text    string `json:"text"` // 1 to 500 characters
	Urgent  bool   `json:"urgent"`
	Minutes int    `json:"minutes"` // for which it holds: 1 to 10080
}

// Standing is how a promise of service stands over the last 24 h.
type Standing struct {
	Goal     string  `json:"goal"` // 12345_within, 988_answered, 988_within_15, 988_within_20, 988_stayed, site, line
	Line     string  `json:"line"` // of goal line
	LineName string  `json:"line_name"`
	WithinMs int64   `json:"within_ms"` // 0: the goal has no time
	Share    float64 `json:"share"`     // percent that is promised
	Above    bool    `json:"above"`     // more than that is promised, not just as much
	Health   string  `json:"health"`    // quiet (nobody called), kept, warning, broken
	Good     int     `json:"good"`
	Of       int     `json:"of"`
	Reached  float64 `json:"reached"`   // percent
	Left     int     `json:"left"`      // callers in a row who may be served worse before it breaks
	Needed   int     `json:"needed"`    // callers in a row who must be served well until a broken one is kept
	Ahead    float64 `json:"ahead"`     // percent in an hour, when the next hour is as the last one
	LastLate int     `json:"last_late"` // not served as promised within the last hour
}

// Served is what came of callers.
type Served struct {
	Offered       int   `json:"offered"`
	Answered      int   `json:"answered"`
	Abandoned     int   `json:"abandoned"`
	Short         int   `json:"short"` // left at once; not in offered
	Overflowed    int   `json:"overflowed"`
	Callbacks     int   `json:"callbacks"`
	Degraded      int   `json:"degraded"`
	Waiting       int   `json:"waiting"`
	TalkMs        int64 `json:"talk_ms"`
	AverageWaitMs int64 `json:"average_wait_ms"` // of who was answered
	LongestWaitMs int64 `json:"longest_wait_ms"`
}

// LineServed is Served of one line.
type LineServed struct {
	Line     string `json:"line"`
	LineName string `json:"line_name"`
	Served
}

// Figures is the answer of GET /api/figures.
type Figures struct {
	At        int64        `json:"at"`    // when they were counted
	Since     int64        `json:"since"` // beginning of the 24 h
	ShortMs   int64        `json:"short_ms"`
	Standings []Standing   `json:"standings"`
	Whole     Served       `json:"whole"` // of the 24 h
	Today     Served       `json:"today"` // since midnight of the site
	Lines     []LineServed `json:"lines"` // of the 24 h
}

// Trend is the answer of GET /api/figures/trend.
type Trend struct {
	Line     string       `json:"line"`      // empty: all
	StepMs   int64        `json:"step_ms"`   //
	WithinMs int64        `json:"within_ms"` // what in_time means
	Points   []TrendPoint `json:"points"`    // without holes, oldest first
}

// TrendPoint is one step of a chart.
type TrendPoint struct {
	At        int64 `json:"at"`
	Offered   int   `json:"offered"`
	Answered  int   `json:"answered"`
	InTime    int   `json:"in_time"`
	Abandoned int   `json:"abandoned"`
	Peak      int   `json:"peak"` // most who waited at once, of all lines
	TalkMs    int64 `json:"talk_ms"`
}

// Wall is the answer of GET /api/wall: figures without a number or a name of anybody.
type Wall struct {
	At           int64          `json:"at"`
	Locale       string         `json:"locale"`        // of the site
	Waiting      map[string]int `json:"waiting"`       // by tier, each tier there
	WaitingSince int64          `json:"waiting_since"` // arrival of who waits longest; 0: nobody
	Talking      int            `json:"talking"`
	Agents       map[string]int `json:"agents"` // by state: available, reserved, talking, wrap_up, not_ready
	Today        Served         `json:"today"`
	Standings    []Standing     `json:"standings"` // of the site, not of its lines
	Stale        bool           `json:"stale"`     // figures cannot be counted now
	Trouble      bool           `json:"trouble"`   // the queue is away: the rest is as it was last known
	Emergency    bool           `json:"emergency"`
	Message      string         `json:"message"` // of the emergency, in the language of the site
}

// WallDisplay is one link by which figures are shown without a sign-in.
type WallDisplay struct {
	Display       string `json:"display"`
	Name          string `json:"name"`
	Purpose       string `json:"purpose"` // what it opens: wall, public
	MadeAt        int64  `json:"made_at"`
	ByName        string `json:"by_name"`
	RevokedAt     int64  `json:"revoked_at"`
	RevokedByName string `json:"revoked_by_name"`
	SeenAt        int64  `json:"seen_at"` // to the minute; 0: never
}

// WallDisplays is the answer of GET /api/walls.
type WallDisplays struct {
	Displays []WallDisplay `json:"displays"`
}

// MakeWall is the body of POST /api/walls.
type MakeWall struct {
	Name    string `json:"name"`    // 1 to 60 characters
	Purpose string `json:"purpose"` // what it opens: wall, public
}

// WallMade is its answer: the only time that the secret is told.
type WallMade struct {
	WallDisplay
	Secret string `json:"secret"`
}
