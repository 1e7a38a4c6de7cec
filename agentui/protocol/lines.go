package protocol

import (
	"encoding/json"

	"hotline/queue/lines"
)

// Emergency is whether emergency mode is on, since when, by whom and why.
type Emergency struct {
	On      bool   `json:"on"`
	Since   int64  `json:"since"` // of the last switch; 0: never switched
	By      string `json:"by"`
	ByName  string `json:"by_name"`
	Reason  string `json:"reason"`
	Message string `json:"message"` // what the administrator wants every console to show, in the person's language
}

// SetEmergency is the body of POST /api/emergency.
type SetEmergency struct {
	On     bool   `json:"on"`
	Reason string `json:"reason"` // 3 to 500 characters
}

// EmergencyLog is the answer of GET /api/emergency, newest first.
type EmergencyLog struct {
	Switches []Emergency `json:"switches"`
}

// LinesVersion is one version of the lines.
type LinesVersion struct {
	Version  int           `json:"version"`
	At       int64         `json:"at"`
	By       string        `json:"by"` // user id, "file" or "cli:<user>"
	ByName   string        `json:"by_name"`
	Note     string        `json:"note"`
	Origin   string        `json:"origin"`   // file, saved, restore
	Restored int           `json:"restored"` // which version was restored, else 0
	Policy   *lines.Policy `json:"policy,omitempty"`
}

// Lines is the answer of GET /api/lines: what is in force, and what the site offers to choose from.
type Lines struct {
	Current   LinesVersion `json:"current"`
	Trunks    []string     `json:"trunks"`
	Languages []string     `json:"languages"`
	DangerKey string       `json:"danger_key"`
	Skills    []string     `json:"skills"` // that somebody has or some line asks for
}

// LinesHistory is the answer of GET /api/lines/versions: newest first, without their policies.
type LinesHistory struct {
	Versions []LinesVersion `json:"versions"`
}

// SaveLines is the body of PUT /api/lines.
type SaveLines struct {
	Base   int             `json:"base"` // the version that was changed
	Note   string          `json:"note"` // at most 500 characters
	Policy json.RawMessage `json:"policy"`
}

// RestoreLines is the body of POST /api/lines/versions/{n}/restore.
type RestoreLines struct {
	Base int    `json:"base"`
	Note string `json:"note"`
}
