package agentui

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"hotline/agentui/page"
	"hotline/casework"
	"hotline/casework/files"
	"hotline/casework/forms"
	"hotline/casework/records"
	"hotline/casework/reports"
	"hotline/casework/reveals"
	"hotline/storage"
)

// Actions of the audit trail about people, and what is kept of them.
const (
	ActionFileView      = "file.view" // with the reason of who takes no part in a call of the person
	ActionFileList      = "file.list"
	ActionFileLink      = "file.link"
	ActionThirdParty    = "file.third_party"
	ActionFileProfile   = "file.profile"
	ActionFilePhrase    = "file.phrase"
	ActionFileSeek      = "file.seek" // by a passphrase; never which
	ActionFileMerge     = "file.merge"
	ActionFileSplit     = "file.split"
	ActionFileUndo      = "file.undo"
	ActionSafetySave    = "safety.save"
	ActionSafetyView    = "safety.view" // its earlier versions
	ActionRecordView    = "record.view"
	ActionRecordSave    = "record.save"
	ActionReportList    = "report.list"
	ActionReportView    = "report.view"
	ActionReportSay     = "report.say" // with what is said
	ActionRevealAsk     = "number.ask"
	ActionRevealList    = "number.list"
	ActionRevealApprove = "number.approve"
	ActionRevealRefuse  = "number.refuse"
	ActionRevealReview  = "number.review"
)

// Persons is what the console stands on for people: their files, the records of their calls, what is reported of minors, and who may see a number.
type Persons struct {
	Files   personStore
	Records recordStore
	Reports reportStore
	Reveals revealStore
	Forms   formBook
	// Life tells what else happened to a person; nil: nothing is known of it.
	Life personLife
}

// PersonIncident is an incident as a person's page shows it.
type PersonIncident struct {
	ID, Level, State, Outcome string
	Opened, Closed            time.Time
}

// PersonFollowUp is a call that is owed to a person, or was.
type PersonFollowUp struct {
	ID, Rule, State, Outcome string
	Due, Ended               time.Time
}

type personLife interface {
	// Incidents are those of a person, by the files that stand for them, newest first.
	Incidents(ctx context.Context, parts []string) ([]PersonIncident, error)
	// FollowUps are those of a person, by the file that stands for them.
	FollowUps(ctx context.Context, file string) ([]PersonFollowUp, error)
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
	SetPhrase(ctx context.Context, file, phrase, by string) error
	ClearPhrase(ctx context.Context, file, by string) error
	SetProfile(ctx context.Context, file string, p files.Profile, by string) (files.File, error)
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

// OpenPersons opens all of it in one database, bringing the tables to their newest form.
func OpenPersons(ctx context.Context, db *storage.DB, keys *casework.Keys, book *forms.Store) (p Persons, err error) {
	var errs [4]error
	p.Forms = book
	p.Files, errs[0] = files.Open(ctx, db, keys)
	p.Records, errs[1] = records.Open(ctx, db, keys, book)
	p.Reports, errs[2] = reports.New(ctx, db, keys, reports.Deadlines{})
	p.Reveals, errs[3] = reveals.New(ctx, db, keys)
	return p, errors.Join(errs[:]...)
}

func (p Persons) missing() bool {
	return p.Files == nil || p.Records == nil || p.Reports == nil || p.Reveals == nil || p.Forms == nil
}

func (s *Server) personEndpoints() []page.Endpoint {
	return []page.Endpoint{
		{Pattern: "GET /api/calls/{id}/people", Access: page.Serving, Serve: s.showPeople},
		{Pattern: "POST /api/calls/{id}/people", Access: page.Serving, Serve: s.linkPerson},
		{Pattern: "POST /api/calls/{id}/third", Access: page.Serving, Serve: s.sayThirdParty},
		{Pattern: "POST /api/calls/{id}/harm", Access: page.Serving, Serve: s.sayHarm},
		{Pattern: "POST /api/files/open", Access: page.Serving, Serve: s.openFile},
		{Pattern: "GET /api/files", Access: page.Supervisor, Serve: s.listFiles},
		{Pattern: "PUT /api/files/{id}/profile", Access: page.Serving, Serve: s.saveProfile},
		{Pattern: "PUT /api/files/{id}/phrase", Access: page.Serving, Serve: s.savePhrase},
		{Pattern: "GET /api/files/{id}/safety", Access: page.Serving, Serve: s.listSafety},
		{Pattern: "PUT /api/files/{id}/safety", Access: page.Serving, Serve: s.saveSafety, Body: safetyBody},
		{Pattern: "POST /api/files/{id}/safety/restore", Access: page.Serving, Serve: s.restoreSafety},
		{Pattern: "GET /api/files/{id}/drafts", Access: page.Serving, Serve: s.listFileDrafts},
		{Pattern: "PUT /api/files/{id}/drafts/{kind}", Access: page.Serving, Serve: s.keepFileDraft, Body: safetyBody},
		{Pattern: "POST /api/files/{id}/merge/preview", Access: page.Supervisor, Serve: s.previewMerge},
		{Pattern: "POST /api/files/{id}/merge", Access: page.Supervisor, Serve: s.mergeFile},
		{Pattern: "POST /api/files/{id}/split", Access: page.Supervisor, Serve: s.splitFile},
		{Pattern: "POST /api/files/acts/{id}/undo", Access: page.Supervisor, Serve: s.undoFileAct},
		{Pattern: "GET /api/calls/{id}/records", Access: page.Serving, Serve: s.listRecords},
		{Pattern: "GET /api/calls/{id}/records/{form}", Access: page.Serving, Serve: s.recordHistory},
		{Pattern: "PUT /api/calls/{id}/records/{form}", Access: page.Serving, Serve: s.saveRecord, Body: recordBody},
		{Pattern: "PUT /api/calls/{id}/records/{form}/draft", Access: page.Serving, Serve: s.keepDraft, Body: recordBody},
		{Pattern: "POST /api/calls/{id}/records/{form}/drop", Access: page.Serving, Serve: s.dropDraft},
		{Pattern: "GET /api/drafts", Access: page.Serving, Serve: s.listDrafts},
		{Pattern: "GET /api/reports", Access: page.Serving, Serve: s.listMinorReports},
		{Pattern: "GET /api/reports/{id}", Access: page.Serving, Serve: s.showMinorReport},
		{Pattern: "POST /api/reports/{id}/{act}", Access: page.Serving, Serve: s.sayMinorReport},
		{Pattern: "POST /api/calls/{id}/number", Access: page.Serving, Serve: s.revealNumber},
		{Pattern: "POST /api/calls/{id}/number/ask", Access: page.Serving, Serve: s.askNumber},
		{Pattern: "GET /api/reveals", Access: page.Serving, Serve: s.listReveals},
		{Pattern: "POST /api/reveals/{id}/look", Access: page.Serving, Serve: s.lookAtNumber},
		{Pattern: "POST /api/reveals/{id}/approve", Access: page.Supervisor, Serve: s.approveReveal},
		{Pattern: "POST /api/reveals/{id}/refuse", Access: page.Supervisor, Serve: s.refuseReveal},
		{Pattern: "POST /api/reveals/{id}/review", Access: page.Supervisor, Serve: s.reviewReveal},
	}
}
