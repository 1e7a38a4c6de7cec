// Package settings is what an administrator decides for the whole console: templates of notes, timers, wrap-up, colours, the form at the end of a call,
// the reasons of a pause, the names of skills. It is one document in versions; every console notices a new one within a second.
package settings

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"hotline/storage"
	"hotline/storage/documents"
)

// Palette is how the neutral levels of risk are coloured.
type Palette string

// The palettes: high, moderate, low.
const (
	RedYellowBlue  Palette = "red_yellow_blue"
	RedYellowGreen Palette = "red_yellow_green"
)

// Settings is the document.
type Settings struct {
	Templates   []Template  `json:"templates"`   // of notes
	Timers      []int       `json:"timers"`      // minutes of a talk after which the counsellor is quietly told, ascending; empty: never
	WrapUp      WrapUp      `json:"wrap_up"`     // after each call
	Supervised  bool        `json:"supervised"`  // a counsellor sees who listens
	Palette     Palette     `json:"palette"`     // of the levels of risk
	Retention   Retention   `json:"retention"`   // what the worker takes out
	Disposition []Question  `json:"disposition"` // the form at the end of a call; a record names the version of the settings that it was filled in by
	Reasons     []Named     `json:"reasons"`     // of NotReady, in the order of the screen
	Recording   Recording   `json:"recording"`   // what may be left out of it, and who hears it
	Skills      []SkillName `json:"skills"`      // how skills are called on the screen; one without a row is called by its name
}

// Template is a text that a note can begin with.
type Template struct {
	ID    string          `json:"id"`
	Names documents.Words `json:"names"`
	Texts documents.Words `json:"texts"`
}

// WrapUp is the time after a call before the next one is offered.
type WrapUp struct {
	Seconds int `json:"seconds"` // 1 to 900
	Most    int `json:"most"`    // seconds that it can be extended to, counted from its beginning; at least Seconds, at most 3600
}

// Retention is how long what is taken out by the worker is kept, in days.
type Retention struct {
	Decisions int  `json:"decisions"` // why each call was offered to whom; 1 to 730
	Ordinary  int  `json:"ordinary"`  // contacts: numbers, notes, words; 1095 to 36500
	HighRisk  int  `json:"high_risk"` // the same of those in danger; not shorter
	Automatic bool `json:"automatic"` // the worker takes out what is due; else a person does
}

// UnmarshalJSON fills in what an older version of the settings does not say.
func (r *Retention) UnmarshalJSON(b []byte) error {
	type plain Retention
	out := plain{Ordinary: keptOrdinary, HighRisk: keptHighRisk}
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&out); err != nil {
		return err
	}
	*r = Retention(out)
	return nil
}

// How long contacts are kept unless an administrator says otherwise, in days: three and ten years.
const (
	keptOrdinary = 3 * 365
	keptHighRisk = 10 * 365
)

// AskKind is how a question is answered.
type AskKind string

// The kinds of questions.
const (
	AskOne  AskKind = "one"  // one of the choices
	AskMany AskKind = "many" // any of the choices
	AskText AskKind = "text" // in words, at most 500 characters
)

// Question is one field of the form at the end of a call.
type Question struct {
	ID       string          `json:"id"`
	Names    documents.Words `json:"names"`
	Kind     AskKind         `json:"kind"`
	Choices  []Named         `json:"choices"` // not for text
	Required bool            `json:"required"`
	When     *When           `json:"when"` // asked only then; nil: always
}

// When says that a question before this one was answered by a choice.
type When struct {
	Question string `json:"question"`
	Choice   string `json:"choice"`
}

// Named is a choice by its id, with its name in each language.
type Named struct {
	ID    string          `json:"id"`
	Names documents.Words `json:"names"`
}

// SkillName is how a skill is called.
type SkillName struct {
	Skill string          `json:"skill"`
	Names documents.Words `json:"names"`
}

// Version is one state of the settings; 0 is what holds before anybody saved.
type Version = documents.Version[Settings]

// Store keeps the versions.
type Store struct{ *documents.Store[Settings] }

// Defaults is what of the configuration file holds before anybody saved.
type Defaults struct {
	Reasons   []string      // default break, meal, training, meeting, technical
	WrapUp    time.Duration // default 1 min
	Decisions time.Duration // how long decisions are kept; default 30 days
}

// Open brings the table to its newest form and returns the store.
func Open(ctx context.Context, db *storage.DB, d Defaults) (*Store, error) {
	docs, err := documents.Open(ctx, db, documents.Kind[Settings]{Name: "settings", First: func() Settings { return First(d) }, Check: Settings.Validate})
	if err != nil {
		return nil, fmt.Errorf("settings: %w", err)
	}
	return &Store{docs}, nil
}

// DecisionsKept is how long decisions are kept.
func (s Settings) DecisionsKept() time.Duration {
	return time.Duration(s.Retention.Decisions) * 24 * time.Hour
}

// ContactsKept are how long contacts are kept, ordinary ones and those of high risk.
func (s Settings) ContactsKept() (ordinary, highRisk time.Duration) {
	return time.Duration(s.Retention.Ordinary) * 24 * time.Hour, time.Duration(s.Retention.HighRisk) * 24 * time.Hour
}

// Spans are the ordinary and the longest time of wrap-up.
func (w WrapUp) Spans() (ordinary, most time.Duration) {
	return time.Duration(w.Seconds) * time.Second, time.Duration(w.Most) * time.Second
}

// First is what holds before anybody saved.
func First(d Defaults) Settings {
	if len(d.Reasons) == 0 {
		d.Reasons = []string{"break", "meal", "training", "meeting", "technical"}
	}
	wrap := int(cmp.Or(d.WrapUp, time.Minute).Seconds())
	s := Settings{
		Templates: templates(), Timers: []int{30, 50}, WrapUp: WrapUp{Seconds: wrap, Most: max(wrap, 900)}, Supervised: false, Palette: RedYellowBlue,
		Retention: Retention{Decisions: max(1, int(cmp.Or(d.Decisions, 30*24*time.Hour).Hours()/24)), Ordinary: keptOrdinary, HighRisk: keptHighRisk}, Disposition: disposition(), Recording: recording(), Skills: skillNames(),
	}
	known := reasonNames()
	for _, code := range d.Reasons {
		names := known[code]
		if names == nil {
			names = documents.Both(code, code)
		}
		s.Reasons = append(s.Reasons, Named{code, names})
	}
	return s
}

// HasReason tells whether it is a reason of NotReady.
func (s Settings) HasReason(code string) bool {
	return slices.ContainsFunc(s.Reasons, func(r Named) bool { return r.ID == code })
}
