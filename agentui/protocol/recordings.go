package protocol

// RecordedBy is one person whose leg was recorded.
type RecordedBy struct {
	Agent string `json:"agent"`
	Name  string `json:"name"`
}

// Recording is one row of the list of recordings: all of a call, however many people and machines recorded it.
type Recording struct {
	Recording  string       `json:"recording"` // the call's id; where no call is known, that of the only part
	Call       string       `json:"call"`      // empty: not known
	Kind       string       `json:"kind"`      // of the first part: call, message, …
	Line       string       `json:"line"`
	LineName   string       `json:"line_name"`
	Agents     []RecordedBy `json:"agents"` // in the order of their parts
	StartedAt  int64        `json:"started_at"`
	DurationMs int64        `json:"duration_ms"` // from the first sample to the last, what lies between parts with it
	Complete   bool         `json:"complete"`    // nothing is missing
	Level      string       `json:"level"`       // the highest that was said in the call; empty: none was said
	Class      string       `json:"class"`       // how long it is kept: ordinary, high_risk, hold
	Erased     bool         `json:"erased"`      // nobody can play it any more
}

// Recordings is the answer of GET /api/recordings, newest first.
type Recordings struct {
	Recordings []Recording `json:"recordings"`
	Next       string      `json:"next"` // what "before" is for the next page; empty: there is none
	Own        bool        `json:"own"`  // the reader sees calls of their own only

	Lines  []StatisticsLine `json:"lines"`  // that can be looked for
	Agents []RecordedBy     `json:"agents"` // likewise; empty for who sees their own
}

// Access is the body of POST /api/recordings/{id}/access.
type Access struct {
	Reason string `json:"reason"` // 3 to 500 characters
}

// Grant is its answer, and that of the fetching of a copy.
type Grant struct {
	Grant     string `json:"grant"` // for everything of this recording, within this sign-in
	URL       string `json:"url"`   // of the sound
	ExpiresAt int64  `json:"expires_at"`
}

// TapePart is one stretch of one person's leg on the time line of a recording.
type TapePart struct {
	Part     string `json:"part"`
	Kind     string `json:"kind"`
	Agent    string `json:"agent"` // empty: a message, or a telephone without a console
	Name     string `json:"name"`
	FromMs   int64  `json:"from_ms"`
	ToMs     int64  `json:"to_ms"`
	Complete bool   `json:"complete"`
}

// TapeMark is a span, or with from = to a point, on the time line.
type TapeMark struct {
	Kind   string `json:"kind"` // talk, hold, consult, monitor, whisper, barge, third, paused, risk, detected, gap
	FromMs int64  `json:"from_ms"`
	ToMs   int64  `json:"to_ms"`
	Who    string `json:"who"`
	Name   string `json:"name"`
	Code   string `json:"code"` // of an outside party: its name in the reader's language; empty: not known any more
}

// TapeComment is what somebody wrote at a moment of a recording.
type TapeComment struct {
	Comment string `json:"comment"`
	AtMs    int64  `json:"at_ms"`
	By      string `json:"by"`
	Name    string `json:"name"`
	MadeAt  int64  `json:"made_at"`
	Text    string `json:"text"`
	Mine    bool   `json:"mine"`
}

// Tape is the answer of GET /api/recordings/{id}: what a player shows beside the sound.
type Tape struct {
	Recording Recording     `json:"recording"`
	Parts     []TapePart    `json:"parts"`
	Marks     []TapeMark    `json:"marks"`
	Comments  []TapeComment `json:"comments"`
	Exports   bool          `json:"exports"`      // the reader may ask for a copy
	OwnWords  bool          `json:"own_comments"` // of comments the reader gets their own only: it is their own call, or several people score it without each other
}

// TapeComments is the answer to a comment written or withdrawn.
type TapeComments struct {
	Comments []TapeComment `json:"comments"`
}

// WriteTapeComment is the body of POST /api/recordings/{id}/comments.
type WriteTapeComment struct {
	Grant string `json:"grant"`
	AtMs  int64  `json:"at_ms"`
	Text  string `json:"text"` // 1 to 1000 characters
}

// WithdrawTapeComment is the body of POST /api/recordings/{id}/comments/{comment}/withdraw.
type WithdrawTapeComment struct {
	Grant string `json:"grant"`
}

// TapeAct is what a person did with the player.
type TapeAct struct {
	Act    string `json:"act"` // play, pause, seek
	FromMs int64  `json:"from_ms"`
	ToMs   int64  `json:"to_ms"` // where a seek went; otherwise as from_ms
}

// TapeActs is the body of POST /api/recordings/{id}/acts.
type TapeActs struct {
	Grant string    `json:"grant"`
	Acts  []TapeAct `json:"acts"` // 1 to 50, as they happened
}

// AskExport is the body of POST /api/recordings/{id}/exports.
type AskExport struct {
	Grant  string `json:"grant"`
	FromMs int64  `json:"from_ms"`
	ToMs   int64  `json:"to_ms"`
	Reason string `json:"reason"` // 3 to 500 characters
}

// DecideExport is the body of granting and refusing.
type DecideExport struct {
	Reason string `json:"reason"` // for refusing 3 to 500 characters
}

// TapeExport is a copy that somebody asked for.
type TapeExport struct {
	Export    string `json:"export"`
	Recording string `json:"recording"`
	FromMs    int64  `json:"from_ms"`
	ToMs      int64  `json:"to_ms"`
	State     string `json:"state"` // asked, granted, refused, fetched, expired
	By        string `json:"by"`
	ByName    string `json:"by_name"`
	AskedAt   int64  `json:"asked_at"`
	Reason    string `json:"reason"` // empty once the recording is erased
	DecidedBy string `json:"decided_by"`
	DecidedAt int64  `json:"decided_at"`
	Why       string `json:"why"`        // it was refused
	ExpiresAt int64  `json:"expires_at"` // 0: it is over
	FetchedAt int64  `json:"fetched_at"`
	Mine      bool   `json:"mine"`
}

// TapeExports is the answer of GET /api/exports, newest first.
type TapeExports struct {
	Exports []TapeExport `json:"exports"`
	Decides bool         `json:"decides"` // the reader may decide about those of others
}

// Codes of recordings, their comments and their copies.
const (
	RecordingErased  Code = "recording_erased"  // its key was destroyed
	RecordingDamaged Code = "recording_damaged" // it is not what was recorded; `hotline recordings verify` says where
	BadComment       Code = "bad_comment"       // params: most
	CommentsFull     Code = "comments_full"     // params: most
	BadStretch       Code = "bad_stretch"       // of a copy: a second at least, within the recording
	OwnExport        Code = "own_export"        // another person than who asked decides
	ExportOver       Code = "export_over"       // decided, fetched, or its time is over
)

func recordingCodes() []Code {
	return []Code{RecordingErased, RecordingDamaged, BadComment, CommentsFull, BadStretch, OwnExport, ExportOver}
}
