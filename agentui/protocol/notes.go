package protocol

// NoteOpen is the body of POST /api/calls/{id}/note/open.
type NoteOpen struct {
	Reason string `json:"reason"` // 3 to 500 characters of who takes no part in the call; else empty
}

// Note is its answer: all that was written of a call.
type Note struct {
	Call     string       `json:"call"`
	Seq      int64        `json:"seq"`      // of the newest change
	TextSeq  int64        `json:"text_seq"` // the newest change that Text surely has
	Text     string       `json:"text"`
	TextAt   int64        `json:"text_at"` // 0: nothing was written
	TextBy   string       `json:"text_by"` // name
	MayWrite bool         `json:"may_write"`
	Updates  []NoteUpdate `json:"updates"`
	More     bool         `json:"more"`  // ask on, after the last of them
	Grant    string       `json:"grant"` // lets who gave a reason read and write for a time; empty: not needed
}

// NoteUpdate is one change.
type NoteUpdate struct {
	Seq    int64  `json:"seq"`
	By     string `json:"by"`
	ByName string `json:"by_name"`
	Data   []byte `json:"data"` // base64 of a Yjs update, version 1
}

// NoteUpdates is the answer of GET /api/calls/{id}/note/updates.
type NoteUpdates struct {
	Seq     int64        `json:"seq"`
	TextSeq int64        `json:"text_seq"`
	Updates []NoteUpdate `json:"updates"`
	More    bool         `json:"more"`
}

// NoteWrite is the body of POST /api/calls/{id}/note/updates.
type NoteWrite struct {
	Client   string `json:"client"` // names this page
	Clock    int64  `json:"clock"`  // its own numbering from 1: the same twice is the same change
	Data     []byte `json:"data"`
	Text     string `json:"text"`     // what the page shows with this change in it
	Reflects int64  `json:"reflects"` // and with all changes up to this one
	Grant    string `json:"grant"`
}

// NoteText is the body of PUT /api/calls/{id}/note/text.
type NoteText struct {
	Text     string `json:"text"`
	Reflects int64  `json:"reflects"`
	Grant    string `json:"grant"`
}

// NoteHead is the answer to both: durable by then.
type NoteHead struct {
	Seq     int64 `json:"seq"` // of the change that was written
	TextSeq int64 `json:"text_seq"`
}
