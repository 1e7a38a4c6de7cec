package tapes

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	"hotline/agentui/page"
	"hotline/agentui/protocol"
	"hotline/agentui/users"
	"hotline/casework/comments"
)

const (
	peaksPerSecond = 10
	actsMost       = 50 // of one report of a player
)

// showRecording tells a player what it shows beside the sound.
func (p *Pages) showRecording(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	rec, tape, ok := p.openTape(w, r, v)
	if !ok {
		return
	}
	defer func() { _ = tape.Close() }() // only read
	rows, err := Fill(r.Context(), p.Known, []Recording{rec})
	if err != nil {
		p.Unavailable(w, r, err)
		return
	}
	marks := tape.Marks()
	out := Opened(rows[0], marks, marked{p.Names(v.User.Locale), p.markedContacts(r.Context(), marks, v.User.Locale)})
	out.Exports = v.User.Role == users.Supervisor
	if out.Comments, out.OwnWords, err = p.commentsFor(r.Context(), v, rec); err != nil {
		p.Unavailable(w, r, err)
		return
	}
	p.Reply(w, http.StatusOK, out)
}

// grantOf is the leave to listen that a player brings with its address.
func grantOf(r *http.Request) string { return r.URL.Query().Get("grant") }

// openTape opens a recording for one reader by the leave in the address; it has answered when it returns false. Who does not supervise hears what they said and heard themselves:
// a call that changed hands is also another's.
func (p *Pages) openTape(w http.ResponseWriter, r *http.Request, v *page.Visitor) (Recording, Tape, bool) {
	rec, ok := p.granted(w, r, v, grantOf(r))
	if !ok {
		return rec, nil, false
	}
	tape, err := p.Library.Open(r.Context(), rec.ID)
	if !p.found(w, r, err) {
		return rec, nil, false
	}
	if v.User.Role != users.Supervisor {
		tape = Own(tape, rec, string(v.User.ID), p.Settings().Supervised)
	}
	return rec, tape, true
}

// markedContacts are the names of the outside parties on a recording. One that is gone, or cannot be read now, has none.
func (p *Pages) markedContacts(ctx context.Context, marks []Mark, locale string) map[string]string {
	out := map[string]string{}
	for _, m := range marks {
		if _, known := out[m.Code]; m.Kind != MarkThird || known {
			continue
		}
		e, err := p.Contacts.Get(ctx, m.Code)
		if err != nil {
			continue
		}
		out[m.Code] = e.Names[locale]
		if out[m.Code] == "" {
			out[m.Code] = e.Names[p.Locale]
		}
	}
	return out
}

// marked are names with those of contacts that were read already.
type marked struct {
	Names
	contacts map[string]string
}

func (m marked) Contact(id string) string {
	if name := m.contacts[id]; name != "" {
		return name
	}
	return m.Names.Contact(id)
}

// commentsFor are the comments of a recording that a person may read. only: their own. That is so for who hears their own call, and for everybody while
// several people score it: what one has written would tell the next what to think.
func (p *Pages) commentsFor(ctx context.Context, v *page.Visitor, rec Recording) (out []protocol.TapeComment, only bool, err error) {
	only = v.User.Role != users.Supervisor
	if !only && rec.Call != "" {
		if only, err = p.Reviews.Blind(ctx, rec.Call); err != nil {
			return nil, false, err
		}
	}
	said, err := p.Comments.Of(ctx, rec.ID)
	if only {
		said = slices.DeleteFunc(said, func(c comments.Comment) bool { return c.By != string(v.User.ID) })
	}
	return Comments(said, string(v.User.ID), p.Names(v.User.Locale)), only, err
}

// lasting is granted for who adds something to a recording: none is added to one that was erased since the leave to listen was given.
func (p *Pages) lasting(w http.ResponseWriter, r *http.Request, v *page.Visitor, grant string) (Recording, bool) {
	rec, ok := p.granted(w, r, v, grant)
	if ok && rec.Erased {
		p.Fail(w, http.StatusGone, protocol.RecordingErased, nil)
		return rec, false
	}
	return rec, ok
}

// showPeaks sends the outline of both speakers: for each tenth of a second a byte of the left and one of the right side.
func (p *Pages) showPeaks(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	_, tape, ok := p.openTape(w, r, v)
	if !ok {
		return
	}
	defer func() { _ = tape.Close() }() // only read
	peaks, err := tape.Peaks(r.Context(), peaksPerSecond)
	if err != nil {
		p.Unavailable(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Header().Set("Cache-Control", "no-store")
	_, _ = w.Write(peaks) // a browser that left needs no answer
}

// playRecording streams a recording to the sign-in that asked for it, by ranges. Each stretch that its grant has not read yet is in the audit trail before
// the first byte of it leaves.
func (p *Pages) playRecording(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	rec, tape, ok := p.openTape(w, r, v)
	if !ok {
		return
	}
	defer func() { _ = tape.Close() }() // only read
	grant := grantOf(r)
	tell := func(second int64) error {
		return p.Note(r, v, ActionRecordingRead, rec.ID, timecode(time.Duration(second)*time.Second))
	}
	// Told before the answer begins, so that it can still be another one.
	if r.Method == http.MethodGet {
		if err := p.heard.Begin(grant, FirstByte(r.Header.Get("Range")), tell); err != nil {
			p.Unavailable(w, r, err)
			return
		}
	}
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(audioTimeout)) // not every writer has one; real connections do
	w.Header().Set("Content-Type", "audio/wav")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Content-Disposition", "inline")
	http.ServeContent(w, r, "", time.Time{}, p.heard.Reader(grant, tape, tell))
}

// tellActs takes in what a person did with the player, each into the audit trail.
func (p *Pages) tellActs(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	var body protocol.TapeActs
	if !p.Read(w, r, &body) {
		return
	}
	rec, ok := p.granted(w, r, v, body.Grant)
	if !ok {
		return
	}
	actions := map[string]string{"play": ActionRecordingPlay, "pause": ActionRecordingPause, "seek": ActionRecordingSeek}
	most := rec.Length.Milliseconds() + 1000
	if len(body.Acts) < 1 || len(body.Acts) > actsMost {
		p.Fail(w, http.StatusBadRequest, protocol.BadRequest, nil)
		return
	}
	for _, a := range body.Acts {
		if actions[a.Act] == "" || min(a.FromMs, a.ToMs) < 0 || max(a.FromMs, a.ToMs) > most {
			p.Fail(w, http.StatusBadRequest, protocol.BadRequest, nil)
			return
		}
	}
	for _, a := range body.Acts {
		said := timecode(time.Duration(a.FromMs) * time.Millisecond)
		if a.Act == "seek" {
			said += " -> " + timecode(time.Duration(a.ToMs)*time.Millisecond)
		}
		if !p.found(w, r, p.Note(r, v, actions[a.Act], rec.ID, said)) {
			return
		}
	}
	p.Reply(w, http.StatusOK, struct{}{})
}

func (p *Pages) writeComment(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	var body protocol.WriteTapeComment
	if !p.Read(w, r, &body) {
		return
	}
	rec, ok := p.lasting(w, r, v, body.Grant)
	if !ok {
		return
	}
	at := time.Duration(body.AtMs) * time.Millisecond
	if at < 0 || at > rec.Length+time.Second {
		p.Fail(w, http.StatusBadRequest, protocol.BadRequest, nil)
		return
	}
	p.commented(w, r, v, rec, p.Audited(r, v, ActionRecordingComment, rec.ID, timecode(at), func(ctx context.Context) error {
		_, err := p.Comments.Write(ctx, rec.ID, at, string(v.User.ID), body.Text)
		return err
	}))
}

func (p *Pages) withdrawComment(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	var body protocol.WithdrawTapeComment
	if !p.Read(w, r, &body) {
		return
	}
	rec, ok := p.granted(w, r, v, body.Grant)
	if !ok {
		return
	}
	comment := r.PathValue("comment")
	p.commented(w, r, v, rec, p.Audited(r, v, ActionCommentWithdraw, rec.ID, comment, func(ctx context.Context) error {
		return p.Comments.Withdraw(ctx, rec.ID, comment, string(v.User.ID))
	}))
}

// commented answers with the comments as they are now.
func (p *Pages) commented(w http.ResponseWriter, r *http.Request, v *page.Visitor, rec Recording, err error) {
	switch {
	case errors.Is(err, comments.ErrText):
		p.Fail(w, http.StatusBadRequest, protocol.BadComment, protocol.Params{"most": comments.TextMost})
		return
	case errors.Is(err, comments.ErrTooMany):
		p.Fail(w, http.StatusConflict, protocol.CommentsFull, protocol.Params{"most": comments.Most})
		return
	case errors.Is(err, comments.ErrNotFound):
		p.Fail(w, http.StatusNotFound, protocol.NotFound, nil)
		return
	case errors.Is(err, comments.ErrNotYours):
		p.Fail(w, http.StatusForbidden, protocol.Forbidden, nil)
		return
	case err != nil:
		p.Unavailable(w, r, err)
		return
	}
	said, _, err := p.commentsFor(r.Context(), v, rec)
	if err != nil {
		p.Unavailable(w, r, err)
		return
	}
	p.Reply(w, http.StatusOK, protocol.TapeComments{Comments: said})
}
