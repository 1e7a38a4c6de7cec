package protocol

import (
	"encoding/json"

	"hotline/agentui/settings"
	"hotline/casework/phonebook"
)

// Codes of HTTP answers about documents, numbers outside, rosters and imports.
const (
	InvalidDocument Code = "invalid_document" // params: faults, each with field, code and params
	BadContact      Code = "bad_contact"      // no number that can be dialled, or no label
	RosterGaps      Code = "roster_gaps"      // hours without a supervisor; params: n, gaps
	BadDays         Code = "bad_days"         // params: most
	BadSkill        Code = "bad_skill"        // no name of a skill, or none that is used
	ImportColumns   Code = "import_columns"   // params: columns, which the file has not
	ImportGone      Code = "import_gone"      // the preview is older than a day, or another person's
	ImportWrong     Code = "import_wrong"     // rows are wrong
	ImportNothing   Code = "import_nothing"   // nothing would change
	ImportTooBig    Code = "import_too_big"
	ImportFormat    Code = "import_format" // neither CSV nor XLSX, or no text that can be read
	ImportEmpty     Code = "import_empty"  // no row below a header
)

func documentCodes() []Code {
	return []Code{InvalidDocument, BadContact, RosterGaps, BadDays, BadSkill, ImportColumns, ImportGone, ImportWrong, ImportNothing, ImportTooBig, ImportFormat, ImportEmpty}
}

// DocumentVersion is one version of a document of the site (settings, phonebook, roster): the answer of GET /api/admin/<name>, of
// GET /api/admin/<name>/versions/{n} and of every change.
type DocumentVersion struct {
	Version  int    `json:"version"` // 0: what holds before anybody saved
	At       int64  `json:"at"`
	By       string `json:"by"` // user id or "cli:<user>"
	ByName   string `json:"by_name"`
	Note     string `json:"note"`
	Origin   string `json:"origin"`        // first, saved, restore, import
	Restored int    `json:"restored"`      // which version was restored; only with the origin restore
	Doc      any    `json:"doc,omitempty"` // not in a list
}

// DocumentHistory is the answer of GET /api/admin/<name>/versions: newest first, without their documents.
type DocumentHistory struct {
	Versions []DocumentVersion `json:"versions"`
}

// SaveDocument is the body of PUT /api/admin/<name>.
type SaveDocument struct {
	Base int             `json:"base"` // the version that was changed
	Note string          `json:"note"` // at most 500 characters
	Doc  json.RawMessage `json:"doc"`
}

// CheckDocument is the body of POST /api/admin/<name>/check, which answers {} or what is wrong.
type CheckDocument struct {
	Doc json.RawMessage `json:"doc"`
}

// RestoreDocument is the body of POST /api/admin/<name>/versions/{n}/restore.
type RestoreDocument struct {
	Base int    `json:"base"`
	Note string `json:"note"`
}

// Settings is the answer of GET /api/settings: what holds for every page.
type Settings struct {
	Version  int               `json:"version"`
	Settings settings.Settings `json:"settings"`
}

// Contacts is the answer of GET /api/phonebook, in the order of the book.
type Contacts struct {
	Contacts []phonebook.Entry         `json:"contacts"`
	Near     map[string]phonebook.Near `json:"near"` // how near each is to the caller, by id; empty when that is not known, or no call was named
}

// AskContact is the body of POST /api/calls/{id}/contact: a number for this call only.
type AskContact struct {
	Number string `json:"number"`
	Label  string `json:"label"`  // whose it is, 1 to 60 characters
	Reason string `json:"reason"` // 3 to 500 characters
}

// Contact is its answer.
type Contact struct {
	Contact string `json:"contact"` // id, for the message outside
	Masked  string `json:"masked"`
	Until   int64  `json:"until"` // when it is erased
}
