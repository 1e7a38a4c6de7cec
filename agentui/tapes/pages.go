package tapes

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/oklog/ulid/v2"

	"hotline/agentui/page"
	"hotline/agentui/protocol"
	"hotline/agentui/settings"
	"hotline/agentui/users"
	"hotline/casework/comments"
	"hotline/casework/exports"
	"hotline/casework/phonebook"
	"hotline/storage"
)

const audioTimeout = 30 * time.Minute // to listen to a recording over a slow line

// Actions of the audit trail about recordings. What was read is written by what left the server; what was played, by what the person did.
const (
	ActionRecordingList    = "recording.list" // the reason says what was looked for; a row for each page of it
	ActionRecordingAccess  = "recording.access"
	ActionRecordingRead    = "recording.read" // from a second on that this access had not read yet
	ActionRecordingPlay    = "recording.play"
	ActionRecordingPause   = "recording.pause"
	ActionRecordingSeek    = "recording.seek"
	ActionRecordingComment = "recording.comment"
	ActionCommentWithdraw  = "recording.comment_withdraw"
)

// Stores are what recordings and what people write about them are kept in.
type Stores struct {
	Library  Library
	Comments *comments.Store
	Exports  *exports.Store
}

// Open opens what people write about recordings, bringing the tables to their newest form.
func Open(ctx context.Context, db *storage.DB, keys interface {
	Seal(plaintext, context string) ([]byte, error)
	Open(sealed []byte, context string) (string, error)
}, lib Library) (s Stores, err error) {
	s.Library = lib
	var errs [2]error
	s.Comments, errs[0] = comments.Open(ctx, db, keys)
	s.Exports, errs[1] = exports.Open(ctx, db, keys)
	return s, errors.Join(errs[:]...)
}

// Missing tells whether one was not opened.
func (s Stores) Missing() bool { return s.Library == nil || s.Comments == nil || s.Exports == nil }

// Deps are what the pages of recordings stand on.
type Deps struct {
	Stores
	Known    Known
	Reviews  reviewers // *reviews.Store
	Contacts contacts  // *phonebook.Store
	Settings func() settings.Settings
	Names    func(locale string) Names
	Lines    func() []string     // ids of the lines in force
	People   func() []users.User // in no order
	Locale   string              // of the console
	Least    time.Duration       // that the access to a recording lasts
}

type reviewers interface {
	// Blind tells whether several people score a call and must not know of each other.
	Blind(ctx context.Context, call string) (bool, error)
}

type contacts interface {
	Get(ctx context.Context, id string) (phonebook.Entry, error)
}

// Pages give recordings to people.
type Pages struct {
	*page.Clerk
	Deps
	heard *Heard
}

// NewPages makes them.
func NewPages(clerk *page.Clerk, deps Deps) *Pages {
	return &Pages{Clerk: clerk, Deps: deps, heard: NewHeard()}
}

// Endpoints are what can be asked of recordings.
func (p *Pages) Endpoints() []page.Endpoint {
	return []page.Endpoint{
		{Pattern: "GET /api/recordings", Access: page.Serving, Serve: p.listRecordings},
		{Pattern: "POST /api/recordings/{id}/access", Access: page.Serving, Serve: p.accessRecording},
		{Pattern: "GET /api/recordings/{id}", Access: page.Serving, Serve: p.showRecording},
		{Pattern: "GET /api/recordings/{id}/peaks", Access: page.Serving, Serve: p.showPeaks},
		{Pattern: "GET /api/recordings/{id}/audio", Access: page.Serving, Serve: p.playRecording},
		{Pattern: "POST /api/recordings/{id}/acts", Access: page.Serving, Serve: p.tellActs},
		{Pattern: "POST /api/recordings/{id}/comments", Access: page.Serving, Serve: p.writeComment},
		{Pattern: "POST /api/recordings/{id}/comments/{comment}/withdraw", Access: page.Serving, Serve: p.withdrawComment},
		{Pattern: "POST /api/recordings/{id}/exports", Access: page.Supervisor, Serve: p.askExport},
		{Pattern: "GET /api/exports", Access: page.Leading, Serve: p.listExports},
		{Pattern: "POST /api/exports/{id}/grant", Access: page.Leading, Serve: p.grantExport, Fresh: true},
		{Pattern: "POST /api/exports/{id}/refuse", Access: page.Leading, Serve: p.refuseExport},
		{Pattern: "POST /api/exports/{id}/fetch", Access: page.Supervisor, Serve: p.openExport, Fresh: true},
		{Pattern: "GET /api/exports/{id}/file", Access: page.Supervisor, Serve: p.sendExport},
	}
}

// mayListen tells whether a person may hear a recording: who supervises may, a counsellor their own calls where the site allows it.
func (p *Pages) mayListen(v *page.Visitor, r Recording) bool {
	if v.User.Role == users.Supervisor {
		return true
	}
	return p.Settings().Recording.Own && r.Own(string(v.User.ID))
}

// recording finds what a request is about; it has answered when it returns false.
func (p *Pages) recording(w http.ResponseWriter, r *http.Request, v *page.Visitor) (Recording, bool) {
	id := r.PathValue("id")
	if _, err := ulid.ParseStrict(id); err != nil {
		p.Fail(w, http.StatusNotFound, protocol.NotFound, nil)
		return Recording{}, false
	}
	rec, err := p.Library.Get(r.Context(), id)
	if !p.found(w, r, err) {
		return rec, false
	}
	if !p.mayListen(v, rec) {
		p.Fail(w, http.StatusForbidden, protocol.Forbidden, nil)
		return rec, false
	}
	return rec, true
}

// granted finds what a request with a grant is about; it has answered when it returns false.
func (p *Pages) granted(w http.ResponseWriter, r *http.Request, v *page.Visitor, grant string) (Recording, bool) {
	rec, ok := p.recording(w, r, v)
	if ok && !page.ValidGrant(v.Grants, grant, rec.ID, time.Now()) {
		p.Fail(w, http.StatusForbidden, protocol.GrantExpired, nil)
		return rec, false
	}
	return rec, ok
}

// found answers for what is known to go wrong and for the library's errors; true when there was none.
func (p *Pages) found(w http.ResponseWriter, r *http.Request, err error, known ...page.Refusal) bool {
	if errors.Is(err, ErrDamaged) {
		p.Log.Error("a recording cannot be played", "recording", r.PathValue("id"), "error", err)
	}
	return p.Answered(w, r, err, append(known,
		page.Refusal{Err: ErrNotFound, Status: http.StatusNotFound, Code: protocol.NotFound},
		page.Refusal{Err: ErrErased, Status: http.StatusGone, Code: protocol.RecordingErased},
		page.Refusal{Err: ErrDamaged, Status: http.StatusConflict, Code: protocol.RecordingDamaged})...)
}

func (p *Pages) accessRecording(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	rec, ok := p.recording(w, r, v)
	if !ok {
		return
	}
	var body protocol.Access
	if !p.Read(w, r, &body) {
		return
	}
	reason, ok := p.Reason(w, body.Reason)
	if !ok {
		return
	}
	if rec.Erased {
		p.Fail(w, http.StatusGone, protocol.RecordingErased, nil)
		return
	}
	if !p.found(w, r, p.Note(r, v, ActionRecordingAccess, rec.ID, reason)) {
		return
	}
	until := time.Now().Add(GrantLife(p.Least, rec.Length))
	grant := page.NewGrant(v.Grants, rec.ID, until)
	p.Reply(w, http.StatusOK, protocol.Grant{
		Grant: grant, URL: "/api/recordings/" + rec.ID + "/audio?grant=" + url.QueryEscape(grant), ExpiresAt: until.UnixMilli(),
	})
}

// timecode is a moment of a recording as the audit trail has it.
func timecode(d time.Duration) string {
	d = d.Round(time.Second)
	return fmt.Sprintf("%02d:%02d:%02d", int(d.Hours()), int(d.Minutes())%60, int(d.Seconds())%60)
}

// GrantLife is how long a grant holds: what it takes to hear all of a recording slowly and with pauses, and some more.
func GrantLife(least, length time.Duration) time.Duration { return least + 2*length }
