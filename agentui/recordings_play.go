package agentui

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	"hotline/agentui/page"
	"hotline/agentui/protocol"
	"hotline/agentui/tapes"
	"hotline/agentui/users"
	"hotline/casework/comments"
)

// showRecording tells a player what it shows beside the sound.
func (s *Server) showRecording(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	rec, ok := s.granted(w, r, v, r.URL.Query().Get("grant"))
	if !ok {
		return
	}
	tape, ok := s.openTape(w, r, v, rec)
	if !ok {
		return
	}
	defer func() { _ = tape.Close() }() // only read
	rows, err := tapes.Fill(r.Context(), knownCalls{s}, []tapes.Recording{rec})
	if err != nil {
		s.clerk.Unavailable(w, r, err)
		return
	}
	marks := tape.Marks()
	names := s.names(v.User.Locale)
	names.contacts = s.markedContacts(r.Context(), marks, v.User.Locale)
	out := tapes.Opened(rows[0], marks, names)
	out.Exports = v.User.Role == users.Supervisor
	if out.Comments, out.OwnWords, err = s.commentsFor(r.Context(), v, rec); err != nil {
		s.clerk.Unavailable(w, r, err)
		return
	}
	s.clerk.Reply(w, http.StatusOK, out)
}

// openTape opens a recording for one reader; it has answered when it returns false. Who does not supervise hears what they said and heard themselves:
// a call that changed hands is also another's.
func (s *Server) openTape(w http.ResponseWriter, r *http.Request, v *page.Visitor, rec tapes.Recording) (tapes.Tape, bool) {
	tape, err := s.deps.Recorded.Library.Open(r.Context(), rec.ID)
	if !s.found(w, r, err) {
		return nil, false
	}
	if v.User.Role != users.Supervisor {
		tape = tapes.Own(tape, rec, string(v.User.ID), s.settings.get().Doc.Supervised)
	}
	return tape, true
}

// markedContacts are the names of the outside parties on a recording. One that is gone, or cannot be read now, has none.
func (s *Server) markedContacts(ctx context.Context, marks []tapes.Mark, locale string) map[string]string {
	out := map[string]string{}
	for _, m := range marks {
		if _, known := out[m.Code]; m.Kind != tapes.MarkThird || known {
			continue
		}
		e, err := s.deps.Phonebook.Get(ctx, m.Code)
		if err != nil {
			continue
		}
		out[m.Code] = e.Names[locale]
		if out[m.Code] == "" {
			out[m.Code] = e.Names[s.cfg.Locale]
		}
	}
	return out
}

// commentsFor are the comments of a recording that a person may read. only: their own. That is so for who hears their own call, and for everybody while
// several people score it: what one has written would tell the next what to think.
func (s *Server) commentsFor(ctx context.Context, v *page.Visitor, rec tapes.Recording) (out []protocol.TapeComment, only bool, err error) {
	only = v.User.Role != users.Supervisor
	if !only && rec.Call != "" {
		if only, err = s.deps.Staff.Reviews.Blind(ctx, rec.Call); err != nil {
			return nil, false, err
		}
	}
	said, err := s.deps.Recorded.Comments.Of(ctx, rec.ID)
	if only {
		said = slices.DeleteFunc(said, func(c comments.Comment) bool { return c.By != string(v.User.ID) })
	}
	return tapes.Comments(said, string(v.User.ID), s.names(v.User.Locale)), only, err
}

// lasting is granted for who adds something to a recording: none is added to one that was erased since the leave to listen was given.
func (s *Server) lasting(w http.ResponseWriter, r *http.Request, v *page.Visitor, grant string) (tapes.Recording, bool) {
	rec, ok := s.granted(w, r, v, grant)
	if ok && rec.Erased {
		s.clerk.Fail(w, http.StatusGone, protocol.RecordingErased, nil)
		return rec, false
	}
	return rec, ok
}

// showPeaks sends the outline of both speakers: for each tenth of a second a byte of the left and one of the right side.
func (s *Server) showPeaks(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	rec, ok := s.granted(w, r, v, r.URL.Query().Get("grant"))
	if !ok {
		return
	}
	tape, ok := s.openTape(w, r, v, rec)
	if !ok {
		return
	}
	defer func() { _ = tape.Close() }() // only read
	peaks, err := tape.Peaks(r.Context(), peaksPerSecond)
	if err != nil {
		s.clerk.Unavailable(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Header().Set("Cache-Control", "no-store")
	_, _ = w.Write(peaks) // a browser that left needs no answer
}

// playRecording streams a recording to the sign-in that asked for it, by ranges. Each stretch that its grant has not read yet is in the audit trail before
// the first byte of it leaves.
func (s *Server) playRecording(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	grant := r.URL.Query().Get("grant")
	rec, ok := s.granted(w, r, v, grant)
	if !ok {
		return
	}
	tape, ok := s.openTape(w, r, v, rec)
	if !ok {
		return
	}
	defer func() { _ = tape.Close() }() // only read
	tell := func(second int64) error {
		return s.clerk.Audited(r, v, ActionRecordingRead, rec.ID, timecode(time.Duration(second)*time.Second), func(context.Context) error { return nil })
	}
	// Told before the answer begins, so that it can still be another one.
	if r.Method == http.MethodGet {
		if err := s.heard.Begin(grant, tapes.FirstByte(r.Header.Get("Range")), tell); err != nil {
			s.clerk.Unavailable(w, r, err)
			return
		}
	}
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(audioTimeout)) // not every writer has one; real connections do
	w.Header().Set("Content-Type", "audio/wav")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Content-Disposition", "inline")
	http.ServeContent(w, r, "", time.Time{}, s.heard.Reader(grant, tape, tell))
}

// tellActs takes in what a person did with the player, each into the audit trail.
func (s *Server) tellActs(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	var body protocol.TapeActs
	if !s.clerk.Read(w, r, &body) {
		return
	}
	rec, ok := s.granted(w, r, v, body.Grant)
	if !ok {
		return
	}
	actions := map[string]string{"play": ActionRecordingPlay, "pause": ActionRecordingPause, "seek": ActionRecordingSeek}
	most := rec.Length.Milliseconds() + 1000
	if len(body.Acts) < 1 || len(body.Acts) > actsMost {
		s.clerk.Fail(w, http.StatusBadRequest, protocol.BadRequest, nil)
		return
	}
	for _, a := range body.Acts {
		if actions[a.Act] == "" || min(a.FromMs, a.ToMs) < 0 || max(a.FromMs, a.ToMs) > most {
			s.clerk.Fail(w, http.StatusBadRequest, protocol.BadRequest, nil)
			return
		}
	}
	for _, a := range body.Acts {
		said := timecode(time.Duration(a.FromMs) * time.Millisecond)
		if a.Act == "seek" {
			said += " -> " + timecode(time.Duration(a.ToMs)*time.Millisecond)
		}
		if !s.audited(w, r, v, actions[a.Act], rec.ID, said, func(context.Context) error { return nil }) {
			return
		}
	}
	s.clerk.Reply(w, http.StatusOK, struct{}{})
}

func (s *Server) writeComment(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	var body protocol.WriteTapeComment
	if !s.clerk.Read(w, r, &body) {
		return
	}
	rec, ok := s.lasting(w, r, v, body.Grant)
	if !ok {
		return
	}
	at := time.Duration(body.AtMs) * time.Millisecond
	if at < 0 || at > rec.Length+time.Second {
		s.clerk.Fail(w, http.StatusBadRequest, protocol.BadRequest, nil)
		return
	}
	s.commented(w, r, v, rec, s.clerk.Audited(r, v, ActionRecordingComment, rec.ID, timecode(at), func(ctx context.Context) error {
		_, err := s.deps.Recorded.Comments.Write(ctx, rec.ID, at, string(v.User.ID), body.Text)
		return err
	}))
}

func (s *Server) withdrawComment(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	var body protocol.WithdrawTapeComment
	if !s.clerk.Read(w, r, &body) {
		return
	}
	rec, ok := s.granted(w, r, v, body.Grant)
	if !ok {
		return
	}
	comment := r.PathValue("comment")
	s.commented(w, r, v, rec, s.clerk.Audited(r, v, ActionCommentWithdraw, rec.ID, comment, func(ctx context.Context) error {
		return s.deps.Recorded.Comments.Withdraw(ctx, rec.ID, comment, string(v.User.ID))
	}))
}

// commented answers with the comments as they are now.
func (s *Server) commented(w http.ResponseWriter, r *http.Request, v *page.Visitor, rec tapes.Recording, err error) {
	switch {
	case errors.Is(err, comments.ErrText):
		s.clerk.Fail(w, http.StatusBadRequest, protocol.BadComment, protocol.Params{"most": comments.TextMost})
		return
	case errors.Is(err, comments.ErrTooMany):
		s.clerk.Fail(w, http.StatusConflict, protocol.CommentsFull, protocol.Params{"most": comments.Most})
		return
	case errors.Is(err, comments.ErrNotFound):
		s.clerk.Fail(w, http.StatusNotFound, protocol.NotFound, nil)
		return
	case errors.Is(err, comments.ErrNotYours):
		s.clerk.Fail(w, http.StatusForbidden, protocol.Forbidden, nil)
		return
	case err != nil:
		s.clerk.Unavailable(w, r, err)
		return
	}
	said, _, err := s.commentsFor(r.Context(), v, rec)
	if err != nil {
		s.clerk.Unavailable(w, r, err)
		return
	}
	s.clerk.Reply(w, http.StatusOK, protocol.TapeComments{Comments: said})
}
