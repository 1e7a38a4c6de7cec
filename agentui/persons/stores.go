// Package persons is how the console keeps what is known of the people who call: files, records of their calls, safety plans, reports of minors, and who may
// see a number (casework/files, records, reports, reveals).
package persons

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"hotline/casework"
	"hotline/casework/files"
	"hotline/casework/forms"
	"hotline/casework/records"
	"hotline/casework/reports"
	"hotline/casework/reveals"
	"hotline/storage"
)

// Stores are what the console stands on for people: their files, the records of their calls, what is reported of minors, and who may see a number.
type Stores struct {
	Files   personStore
	Records recordStore
	Reports reportStore
	Reveals revealStore
	Forms   formBook
	// Life tells what else happened to a person; nil: nothing is known of it.
	Life personLife
}

// Incident is an incident as a person's page shows it.
type Incident struct {
	ID, Level, State, Outcome string
	Opened, Closed            time.Time
}

// FollowUp is a call that is owed to a person, or was.
type FollowUp struct {
	ID, Rule, State, Outcome string
	Due, Ended               time.Time
}

type personLife interface {
	// Incidents are those of a person, by the files that stand for them, newest first.
	Incidents(ctx context.Context, parts []string) ([]Incident, error)
	// FollowUps are those of a person, by the file that stands for them.
	FollowUps(ctx context.Context, file string) ([]FollowUp, error)
	// Levels are what was said last of some calls.
	Levels(ctx context.Context, calls []string) (map[string]string, error)
}

type personStore interface {
	Get(ctx context.Context, file string) (files.File, error)
	Part(ctx context.Context, file string) (files.File, error)
	Parts(ctx context.Context, file string) ([]string, error)
	ByCode(ctx context.Context, code string) (files.File, error)
	ByPhrase(ctx context.Context, phrase, by string) (files.File, error)
	HasPhrase(ctx context.Context, file string) (bool, error)
	SetPhrase(ctx context.Context, file, phrase, by string, also ...func(context.Context, *storage.Tx) error) error
	ClearPhrase(ctx context.Context, file, by string) error
	SetProfile(ctx context.Context, file string, p files.Profile, by string, also ...func(context.Context, *storage.Tx) error) (files.File, error)
	Ensure(ctx context.Context, call, by string) (files.File, error)
	OnLine(ctx context.Context, call string) (files.File, files.Role, bool, error)
	OfCall(ctx context.Context, call string) (files.File, bool, error)
	OfRefs(ctx context.Context, refs []string) ([]files.File, error)
	Returning(ctx context.Context, call string) (files.File, bool, error)
	Link(ctx context.Context, call, file string, role files.Role, by string) (files.File, error)
	NewPerson(ctx context.Context, call, by string) (files.File, error)
	Links(ctx context.Context, call string) ([]files.Link, error)
	Calls(ctx context.Context, file string, limit int) ([]files.Link, error)
	ThirdParty(ctx context.Context, call, file, by string) (files.File, error)
	NoThirdParty(ctx context.Context, call, by string) error
	AtHighRisk(ctx context.Context, limit int) ([]files.File, error)
	History(ctx context.Context, file string, limit int) ([]files.Act, error)
	Act(ctx context.Context, id string) (files.Act, error)
	Together(ctx context.Context, a, b string) ([]string, error)
	Merge(ctx context.Context, file, into, by, reason string) (files.Act, error)
	Split(ctx context.Context, file string, calls []string, by, reason string) (files.File, files.Act, error)
	Move(ctx context.Context, file string, calls []string, to, by, reason string) (files.Act, error)
	Undo(ctx context.Context, act, by string) (files.Act, error)
}

type recordStore interface {
	Save(ctx context.Context, r records.Record) (records.Record, error)
	Of(ctx context.Context, call string) ([]records.Record, error)
	History(ctx context.Context, call, form string) ([]records.Record, error)
	Heads(ctx context.Context, calls []string) ([]records.Head, error)
	Keep(ctx context.Context, d records.Draft) error
	Drop(ctx context.Context, call, form, author string) error
	Drafts(ctx context.Context, call, author string) ([]records.Draft, error)
	Unfinished(ctx context.Context, author string, limit int) ([]records.Draft, error)
	KeepOfFile(ctx context.Context, d records.FileDraft) error
	NotErased(ctx context.Context, tx *storage.Tx, file string) error
	SavedOfFile(ctx context.Context, tx *storage.Tx, parts []string, kind records.DraftKind, author string) error
	DropOfFile(ctx context.Context, parts []string, kind records.DraftKind, author string) error
	DraftsOfFile(ctx context.Context, parts []string, author string) ([]records.FileDraft, error)
	UnfinishedOfFiles(ctx context.Context, author string, limit int) ([]records.FileDraft, error)
	Safety(ctx context.Context, parts []string) (records.SafetyVersion, error)
	SafetyHistory(ctx context.Context, parts []string) ([]records.SafetyVersion, error)
	SaveSafety(ctx context.Context, parts []string, base int64, plan records.Safety, call, author string) (records.SafetyVersion, error)
	RestoreSafety(ctx context.Context, parts []string, base, version int64, author string) (records.SafetyVersion, error)
}

type reportStore interface {
	Ask(ctx context.Context, m reports.Minor) (reports.Report, error)
	Suspect(ctx context.Context, m reports.Minor, what string) (reports.Report, error)
	NoSign(ctx context.Context, id, why, by string) (reports.Report, error)
	Propose(ctx context.Context, id string, o reports.Outcome, why, by string) (reports.Report, error)
	Confirm(ctx context.Context, id, why, by string) (reports.Report, error)
	Refuse(ctx context.Context, id, why, by string) (reports.Report, error)
	SetGuardian(ctx context.Context, id string, g reports.Guardian, why, by string) (reports.Report, error)
	Get(ctx context.Context, id string) (reports.Report, error)
	Acts(ctx context.Context, id string) ([]reports.Act, error)
	Unclosed(ctx context.Context, limit int) ([]reports.Report, error)
	OfCall(ctx context.Context, call string) ([]reports.Report, error)
	OfFiles(ctx context.Context, parts []string) ([]reports.Report, error)
	Courses(ctx context.Context, since time.Time, limit int) ([]reports.Course, error)
	Waiting(ctx context.Context) (open, overdue int, err error)
}

type revealStore interface {
	Ask(ctx context.Context, call, reason, by string) (reveals.Reveal, error)
	Now(ctx context.Context, call, reason, by string) (reveals.Reveal, error)
	Approve(ctx context.Context, id, by string) (reveals.Reveal, error)
	Refuse(ctx context.Context, id, why, by string) (reveals.Reveal, error)
	Review(ctx context.Context, id string, justified bool, words, by string) (reveals.Reveal, error)
	Look(ctx context.Context, id, by string) (reveals.Reveal, error)
	Get(ctx context.Context, id string) (reveals.Reveal, error)
	List(ctx context.Context, of string) ([]reveals.Reveal, error)
	Waiting(ctx context.Context) (int, error)
}

type formBook interface {
	Now(ctx context.Context) (forms.Forms, int, error)
	At(ctx context.Context, n int, id string) (forms.Form, error)
	Fit(ctx context.Context, n int, id string, answers json.RawMessage) error
}

// Kept tells who was erased, and what is on hold; retention.Keeping.
type Kept interface {
	records.Stones
	files.Holds
}

// Open opens all of it in one database, bringing the tables to their newest form. rules say until when minors are asked about. kept may be nil: nobody is
// erased, and nothing is on hold.
func Open(ctx context.Context, db *storage.DB, keys *casework.Keys, book *forms.Store, rules reports.Rules, kept Kept) (s Stores, err error) {
	var errs [4]error
	s.Forms = book
	people, err := files.Open(ctx, db, keys)
	if errs[0] = err; err == nil {
		s.Files = people.Heeding(kept)
	}
	s.Records, errs[1] = records.Open(ctx, db, keys, book, kept)
	s.Reports, errs[2] = reports.New(ctx, db, keys, rules)
	s.Reveals, errs[3] = reveals.New(ctx, db, keys)
	return s, errors.Join(errs[:]...)
}

// Missing tells whether one was not opened.
func (s Stores) Missing() bool {
	return s.Files == nil || s.Records == nil || s.Reports == nil || s.Reveals == nil || s.Forms == nil
}
