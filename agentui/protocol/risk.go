package protocol

import (
	"encoding/json"
	"errors"
)

// Messages from the browser about the danger that a call is in.
const (
	// TypeRisk says how much danger a person sees. More is taken at once; less than high, when a second person says so too.
	TypeRisk Type = "risk"
	// TypeRiskConfirm is that second person.
	TypeRiskConfirm Type = "risk_confirm"
)

// Codes of answers about risk.
const (
	RiskMissing  Code = "risk_missing"  // the wrap-up is not over before it is said whether suicide was asked about; params: call
	ProposalOpen Code = "proposal_open" // another wish to lower the level waits for a second person
	LevelChanged Code = "level_changed" // the level was said anew after the proposal
	BadAnswers   Code = "bad_answers"   // they do not fit the form; params: wrong, each with field and code
)

func riskCodes() []Code { return []Code{RiskMissing, ProposalOpen, LevelChanged, BadAnswers} }

type (
	// Risk is what a person sees. The ack says with which proposal, when a second person must confirm.
	Risk struct {
		OfCall
		Level  string `json:"level"`       // none, low, moderate, high
		Reason string `json:"reason_text"` // at most 500 characters; needed to lower
	}
	// RiskConfirm confirms a proposal.
	RiskConfirm struct {
		Head
		Proposal string `json:"proposal"`
	}
)

func (m Risk) check() error {
	return errors.Join(m.OfCall.check(), oneOf("level", m.Level, "none", "low", "moderate", "high"), reasonText(m.Reason))
}

func (m RiskConfirm) check() error { return identifier("proposal", m.Proposal, false) }

// RiskSaid is the result of an ack to risk, and the answer of POST /api/calls/{id}/risk/level.
type RiskSaid struct {
	Proposal string `json:"proposal"` // empty: the level is said; else it waits for a second person
}

// Forms is the answer of GET /api/forms: the forms in force, as the administrator wrote them.
type Forms struct {
	Version int              `json:"version"` // what a record keeps
	Forms   []ConfiguredForm `json:"forms"`   // never nil
}

// FormOfVersion is the answer of GET /api/forms/{id}?version=.
type FormOfVersion struct {
	Version int            `json:"version"`
	Form    ConfiguredForm `json:"form"`
}

// ConfiguredForm is one form (docs/protocol.md, section 5).
type ConfiguredForm struct {
	ID      string            `json:"id"`
	Kind    string            `json:"kind"` // scale, record, report
	Names   map[string]string `json:"names"`
	Schema  json.RawMessage   `json:"schema"`  // JSON Schema of the answers
	Order   []string          `json:"order"`   // its fields, as they stand on the screen
	Scoring json.RawMessage   `json:"scoring"` // null: it is not scored
}

// CallRisk is the answer of GET /api/calls/{id}/risk: all that was asked and found, each list oldest first and never nil.
type CallRisk struct {
	Call       string         `json:"call"`
	Level      string         `json:"level"` // in force; empty: nobody said one
	Definition int            `json:"definition"`
	Asked      *RiskAsked     `json:"asked"`
	Scales     []RiskScale    `json:"scales"`
	Measures   []RiskMeasure  `json:"measures"`
	Levels     []RiskLevel    `json:"levels"`
	Proposals  []RiskProposal `json:"proposals"`
}

// RiskAsked is whether suicide was asked about.
type RiskAsked struct {
	At     int64  `json:"at"`
	By     string `json:"by"`
	ByName string `json:"by_name"`
	Answer string `json:"answer"` // present, denied, not_possible
	Reason string `json:"reason"` // of not_possible
}

// AskRisk is the body of PUT /api/calls/{id}/risk/asked.
type AskRisk struct {
	Answer string `json:"answer"`
	Reason string `json:"reason"`
}

// RiskScale is a scale that was filled in.
type RiskScale struct {
	At          int64             `json:"at"`
	By          string            `json:"by"`
	ByName      string            `json:"by_name"`
	Form        string            `json:"form"`
	FormVersion int               `json:"form_version"`
	Names       map[string]string `json:"names"` // of the form
	Rule        string            `json:"rule"`
	RuleVersion int               `json:"rule_version"`
	Complete    bool              `json:"complete"`
	Total       *int              `json:"total"` // null: the rule makes no sum
	Band        string            `json:"band"`
	BandNames   map[string]string `json:"band_names"`
	Level       string            `json:"level"` // that the band stands for; empty: none
	Answers     json.RawMessage   `json:"answers"`
}

// FillScale is the body of POST /api/calls/{id}/risk/scales.
type FillScale struct {
	Form    string          `json:"form"`
	Version int             `json:"version"` // of the forms that the page has
	Answers json.RawMessage `json:"answers"`
}

// FilledScale is its answer.
type FilledScale struct {
	Scale RiskScale `json:"scale"`
	// Raised: the level of the call is the scale's now, by the rule. Proposed: the scale says more than the level, and a person is to decide.
	Raised   bool     `json:"raised"`
	Proposed bool     `json:"proposed"`
	Opens    []string `json:"opens"` // forms to be asked next; never nil
}

// RiskMeasure is hope, distress and intent, each 0 to 100, null when it was not asked. It is also the body of POST /api/calls/{id}/risk/measures, without who
// and when.
type RiskMeasure struct {
	At       int64  `json:"at"`
	ByName   string `json:"by_name"`
	Moment   string `json:"moment"` // before, after
	Hope     *int   `json:"hope"`
	Distress *int   `json:"distress"`
	Intent   *int   `json:"intent"`
}

// MeasureRisk is the body of POST /api/calls/{id}/risk/measures.
type MeasureRisk struct {
	Moment   string `json:"moment"`
	Hope     *int   `json:"hope"`
	Distress *int   `json:"distress"`
	Intent   *int   `json:"intent"`
}

// RiskLevel is one level that the call got.
type RiskLevel struct {
	At              int64  `json:"at"`
	By              string `json:"by"`
	ByName          string `json:"by_name"`
	Level           string `json:"level"`
	Was             string `json:"was"`        // empty: nobody had said one
	Definition      int    `json:"definition"` // version of the high-risk definition
	Scale           string `json:"scale"`      // form whose score raised it
	ConfirmedByName string `json:"confirmed_by_name"`
	Reason          string `json:"reason"`
}

// SayLevel is the body of POST /api/calls/{id}/risk/level.
type SayLevel struct {
	Level  string `json:"level"`
	Reason string `json:"reason"`
}

// RiskProposal is a wish to lower a level.
type RiskProposal struct {
	Proposal      string `json:"proposal"`
	Call          string `json:"call"`
	LineName      string `json:"line_name"`
	Live          bool   `json:"live"` // the call goes on
	At            int64  `json:"at"`
	By            string `json:"by"`
	ByName        string `json:"by_name"`
	Was           string `json:"was"`
	Level         string `json:"level"`
	Reason        string `json:"reason"`
	DecidedAt     int64  `json:"decided_at"` // 0: nobody decided yet
	DecidedByName string `json:"decided_by_name"`
	Confirmed     bool   `json:"confirmed"`
	Refusal       string `json:"refusal"`
}

// RiskProposals is the answer of GET /api/risk/proposals: those that wait, oldest first.
type RiskProposals struct {
	Proposals []RiskProposal `json:"proposals"`
}
