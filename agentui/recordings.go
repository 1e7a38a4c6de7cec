package agentui

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/oklog/ulid/v2"

	"hotline/agentui/page"
	"hotline/agentui/protocol"
	"hotline/agentui/tapes"
	"hotline/agentui/users"
	"hotline/casework/comments"
	"hotline/casework/exports"
	"hotline/casework/retention"
	"hotline/crisis"
	"hotline/queue"
	"hotline/storage"
)

const (
	recordingsDefault = 50
	recordingsMost    = 200
	peaksPerSecond    = 10
	actsMost          = 50
	searchMost        = 64 // bytes of an id that is looked for
)

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

// Recorded is what the console stands on for recordings.
type Recorded struct {
	Library  tapes.Library
	Comments *comments.Store
	Exports  *exports.Store
}

// OpenRecorded opens what people write about recordings, bringing the tables to their newest form.
func OpenRecorded(ctx context.Context, db *storage.DB, keys interface {
	Seal(plaintext, context string) ([]byte, error)
	Open(sealed []byte, context string) (string, error)
}, lib tapes.Library) (r Recorded, err error) {
	r.Library = lib
	var errs [2]error
	r.Comments, errs[0] = comments.Open(ctx, db, keys)
	r.Exports, errs[1] = exports.Open(ctx, db, keys)
	return r, errors.Join(errs[:]...)
}

func (r Recorded) missing() bool { return r.Library == nil || r.Comments == nil || r.Exports == nil }

func (s *Server) recordingEndpoints() []page.Endpoint {
	return []page.Endpoint{
		{Pattern: "GET /api/recordings", Access: page.Serving, Serve: s.listRecordings},
		{Pattern: "POST /api/recordings/{id}/access", Access: page.Serving, Serve: s.accessRecording},
		{Pattern: "GET /api/recordings/{id}", Access: page.Serving, Serve: s.showRecording},
		{Pattern: "GET /api/recordings/{id}/peaks", Access: page.Serving, Serve: s.showPeaks},
		{Pattern: "GET /api/recordings/{id}/audio", Access: page.Serving, Serve: s.playRecording},
		{Pattern: "POST /api/recordings/{id}/acts", Access: page.Serving, Serve: s.tellActs},
		{Pattern: "POST /api/recordings/{id}/comments", Access: page.Serving, Serve: s.writeComment},
		{Pattern: "POST /api/recordings/{id}/comments/{comment}/withdraw", Access: page.Serving, Serve: s.withdrawComment},
		{Pattern: "POST /api/recordings/{id}/exports", Access: page.Supervisor, Serve: s.askExport},
		{Pattern: "GET /api/exports", Access: page.Leading, Serve: s.listExports},
		{Pattern: "POST /api/exports/{id}/grant", Access: page.Leading, Serve: s.grantExport, Fresh: true},
		{Pattern: "POST /api/exports/{id}/refuse", Access: page.Leading, Serve: s.refuseExport},
		{Pattern: "POST /api/exports/{id}/fetch", Access: page.Supervisor, Serve: s.openExport, Fresh: true},
		{Pattern: "GET /api/exports/{id}/file", Access: page.Supervisor, Serve: s.sendExport},
	}
}

// mayListen tells whether a person may hear a recording: who supervises may, a counsellor their own calls where the site allows it.
func (s *Server) mayListen(v *page.Visitor, r tapes.Recording) bool {
	if v.User.Role == users.Supervisor {
		return true
	}
	return s.settings.get().Doc.Recording.Own && r.Own(string(v.User.ID))
}

// knownCalls is what the site knows of calls besides their sound.
type knownCalls struct{ s *Server }

func (k knownCalls) Levels(ctx context.Context, calls []string) (map[string]string, error) {
	all, err := k.s.deps.Risk.Kept.Levels(ctx, calls)
	out := make(map[string]string, len(calls))
	for _, c := range all {
		if crisis.Level(c.Level).Rank() > crisis.Level(out[c.Call]).Rank() {
			out[c.Call] = c.Level
		}
	}
	return out, err
}

func (k knownCalls) Classes(ctx context.Context, calls []string) (map[string]string, error) {
	all, err := k.s.deps.Retention.Standings(ctx, calls)
	out := make(map[string]string, len(calls))
	for call, st := range all {
		switch {
		case st.Held:
			out[call] = tapes.ClassHold
		case st.Class == retention.HighRisk:
			out[call] = tapes.ClassHighRisk
		default:
			out[call] = tapes.ClassOrdinary
		}
	}
	return out, err
}

func (s *Server) listRecordings(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	q, ok := recordingSearch(r.URL.Query())
	if !ok {
		s.clerk.Fail(w, http.StatusBadRequest, protocol.BadRequest, nil)
		return
	}
	out := protocol.Recordings{Recordings: []protocol.Recording{}, Lines: []protocol.StatisticsLine{}, Agents: []protocol.RecordedBy{}}
	if v.User.Role != users.Supervisor {
		if out.Own = true; !s.settings.get().Doc.Recording.Own {
			s.clerk.Reply(w, http.StatusOK, out)
			return
		}
		q.Agent = string(v.User.ID)
	}
	// Who talked when, and who was in danger, is a look at people although nothing is heard. No page asks for it by itself.
	var rows []tapes.Row
	var next tapes.Place
	if !s.audited(w, r, v, ActionRecordingList, "", q.String(), func(ctx context.Context) (err error) {
		rows, next, err = tapes.Find(ctx, s.deps.Recorded.Library, knownCalls{s}, q)
		return err
	}) {
		return
	}
	out.Next = next.String()
	s.searchable(&out, v)
	for _, row := range rows {
		out.Recordings = append(out.Recordings, tapes.Listed(row, s.names(v.User.Locale)))
	}
	s.clerk.Reply(w, http.StatusOK, out)
}

// searchable says by which lines and people recordings can be looked for.
func (s *Server) searchable(out *protocol.Recordings, v *page.Visitor) {
	for _, l := range s.site.lineIDs() {
		out.Lines = append(out.Lines, protocol.StatisticsLine{Line: l, Name: s.lineName(queue.LineID(l), v.User.Locale)})
	}
	if out.Own {
		return
	}
	for _, u := range s.directory.people() {
		if u.Role.Serves() {
			out.Agents = append(out.Agents, protocol.RecordedBy{Agent: string(u.ID), Name: u.Name})
		}
	}
	slices.SortFunc(out.Agents, func(a, b protocol.RecordedBy) int { return strings.Compare(a.Name, b.Name) })
}

// recordingSearch reads what is looked for from an address.
func recordingSearch(q url.Values) (out tapes.Search, ok bool) {
	out.Line, out.Agent, out.Class, out.Level, out.Limit = q.Get("line"), q.Get("agent"), q.Get("class"), q.Get("level"), recordingsDefault
	var errs []error
	number := func(name string) int64 {
		if q.Get(name) == "" {
			return 0
		}
		n, err := strconv.ParseInt(q.Get(name), 10, 64)
		if err == nil && n < 1 {
			err = strconv.ErrRange
		}
		errs = append(errs, err)
		return n
	}
	if ms := number("from"); ms > 0 {
		out.From = time.UnixMilli(ms)
	}
	if ms := number("to"); ms > 0 {
		out.To = time.UnixMilli(ms)
	}
	if n := number("limit"); n > 0 {
		out.Limit = int(min(n, recordingsMost+1))
	}
	place, err := tapes.ParsePlace(q.Get("before"))
	out.Before = place
	if !plainID(out.Line) || !plainID(out.Agent) {
		return out, false
	}
	known := map[string]bool{"": true, tapes.ClassOrdinary: true, tapes.ClassHighRisk: true, tapes.ClassHold: true}
	level := out.Level == "" || crisis.Level(out.Level).Valid()
	return out, errors.Join(append(errs, err)...) == nil && known[out.Class] && level && out.Limit <= recordingsMost
}

// plainID tells whether what is looked for can be an id: it is written down.
func plainID(id string) bool {
	return len(id) <= searchMost && utf8.ValidString(id) && !strings.ContainsFunc(id, func(r rune) bool { return unicode.IsSpace(r) || !unicode.IsGraphic(r) })
}

// recording finds what a request is about; it has answered when it returns false.
func (s *Server) recording(w http.ResponseWriter, r *http.Request, v *page.Visitor) (tapes.Recording, bool) {
	id := r.PathValue("id")
	if _, err := ulid.ParseStrict(id); err != nil {
		s.clerk.Fail(w, http.StatusNotFound, protocol.NotFound, nil)
		return tapes.Recording{}, false
	}
	rec, err := s.deps.Recorded.Library.Get(r.Context(), id)
	if !s.found(w, r, err) {
		return rec, false
	}
	if !s.mayListen(v, rec) {
		s.clerk.Fail(w, http.StatusForbidden, protocol.Forbidden, nil)
		return rec, false
	}
	return rec, true
}

// granted finds what a request with a grant is about; it has answered when it returns false.
func (s *Server) granted(w http.ResponseWriter, r *http.Request, v *page.Visitor, grant string) (tapes.Recording, bool) {
	rec, ok := s.recording(w, r, v)
	if ok && !tapes.ValidGrant(v.Grants, grant, rec.ID, time.Now()) {
		s.clerk.Fail(w, http.StatusForbidden, protocol.GrantExpired, nil)
		return rec, false
	}
	return rec, ok
}

// found answers for the library's errors; true when there was none.
func (s *Server) found(w http.ResponseWriter, r *http.Request, err error) bool {
	switch {
	case err == nil:
		return true
	case errors.Is(err, tapes.ErrNotFound):
		s.clerk.Fail(w, http.StatusNotFound, protocol.NotFound, nil)
	case errors.Is(err, tapes.ErrErased):
		s.clerk.Fail(w, http.StatusGone, protocol.RecordingErased, nil)
	case errors.Is(err, tapes.ErrDamaged):
		s.log.Error("a recording cannot be played", "recording", r.PathValue("id"), "error", err)
		s.clerk.Fail(w, http.StatusConflict, protocol.RecordingDamaged, nil)
	default:
		s.clerk.Unavailable(w, r, err)
	}
	return false
}

func (s *Server) accessRecording(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	rec, ok := s.recording(w, r, v)
	if !ok {
		return
	}
	var body protocol.Access
	if !s.clerk.Read(w, r, &body) {
		return
	}
	reason, ok := s.clerk.Reason(w, body.Reason)
	if !ok {
		return
	}
	if rec.Erased {
		s.clerk.Fail(w, http.StatusGone, protocol.RecordingErased, nil)
		return
	}
	if !s.audited(w, r, v, ActionRecordingAccess, rec.ID, reason, func(context.Context) error { return nil }) {
		return
	}
	until := time.Now().Add(tapes.GrantLife(s.cfg.GrantLife, rec.Length))
	grant := tapes.NewGrant(v.Grants, rec.ID, until)
	s.clerk.Reply(w, http.StatusOK, protocol.Grant{
		Grant: grant, URL: "/api/recordings/" + rec.ID + "/audio?grant=" + url.QueryEscape(grant), ExpiresAt: until.UnixMilli(),
	})
}

// timecode is a moment of a recording as the audit trail has it.
func timecode(d time.Duration) string {
	d = d.Round(time.Second)
	return fmt.Sprintf("%02d:%02d:%02d", int(d.Hours()), int(d.Minutes())%60, int(d.Seconds())%60)
}
