package agentui

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"sync"
	"time"

	"hotline/agentui/pace"
	"hotline/agentui/page"
	"hotline/agentui/part"
	"hotline/agentui/protocol"
	"hotline/agentui/users"
	"hotline/casework/notes"
	"hotline/queue"
)

const (
	noteBody      = 384 << 10 // a change and the whole text, as JSON
	notePage      = 1000      // changes of one answer
	noteHold      = 25 * time.Second
	noteGrantLife = 2 * time.Hour
	noteRate      = 8 // writes a second of one person: a page sends one or two
	noteBurst     = 40
	noteFollows   = 8 // requests of one person that wait for changes: a page has one
)

// noteLimits bounds how often one person writes, and how many of their requests wait for changes.
type noteLimits struct {
	mu      sync.Mutex
	all     *pace.Limits
	follows map[queue.AgentID]int
}

func newNoteLimits() *noteLimits {
	return &noteLimits{all: pace.New(time.Second/noteRate, noteBurst), follows: map[queue.AgentID]int{}}
}

// follow takes a place for a request that waits; false: there is none left. leave gives it back.
func (l *noteLimits) follow(who queue.AgentID) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.follows[who] >= noteFollows {
		return false
	}
	l.follows[who]++
	return true
}

func (l *noteLimits) leave(who queue.AgentID) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.follows[who]--; l.follows[who] <= 0 {
		delete(l.follows, who)
	}
}

func (l *noteLimits) allow(who queue.AgentID) bool {
	return l.all.Take(string(who), time.Now()) == 0
}

// errReasonNeeded says that a person may read a note only with a reason.
var errReasonNeeded = errors.New("a reason is needed")

// mayNote says whether a person may read the note of a call without a reason, and write it. A supervisor who takes no part in the call, and a
// counsellor to whom it belongs no more, needs a grant, which is given for a reason.
func (s *Server) mayNote(ctx context.Context, v *page.Visitor, call, grant string) (write bool, err error) {
	p, err := s.partIn(ctx, v.User.ID, call)
	switch {
	case err != nil:
		return false, err
	case p == part.Serving || p == part.Served:
		return true, nil
	case page.ValidGrant(v.Grants, grant, noteGrant(call), time.Now()):
		return v.User.Role == users.Supervisor, nil
	case v.User.Role == users.Supervisor || p == part.Past:
		return false, errReasonNeeded
	}
	return false, queue.ErrFenced
}

func noteGrant(call string) string { return "note:" + call }

// openNote answers with all that was written of a call. It is written down who opened it, and why, before anything is shown.
func (s *Server) openNote(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	call, ok := s.clerk.ID(w, r)
	var body protocol.NoteOpen
	if !ok || !s.clerk.Read(w, r, &body) {
		return
	}
	write, err := s.mayNote(r.Context(), v, call, "")
	out := protocol.Note{Call: call, MayWrite: write}
	if errors.Is(err, errReasonNeeded) {
		if body.Reason, ok = s.clerk.Reason(w, body.Reason); !ok {
			return
		}
		out.MayWrite = v.User.Role == users.Supervisor
		out.Grant = page.NewGrant(v.Grants, noteGrant(call), time.Now().Add(noteGrantLife))
	} else if !s.noted(w, r, err) {
		return
	}
	done := s.audited(w, r, v, ActionNoteOpen, "call:"+call, body.Reason, func(ctx context.Context) error {
		text, err := s.deps.Care.Notes.Text(ctx, call)
		if err != nil && !errors.Is(err, notes.ErrNotFound) {
			return err
		}
		out.TextSeq, out.Text, out.TextAt, out.TextBy = text.Seq, text.Text, protocol.Millis(text.At), s.directory.name(queue.AgentID(text.By))
		page, err := s.noteUpdates(ctx, call, protocol.NoteUpdates{Updates: []protocol.NoteUpdate{}}, "")
		out.Seq, out.Updates, out.More = page.Seq, page.Updates, page.More
		return err
	})
	if done {
		s.clerk.Reply(w, http.StatusOK, out)
	}
}

// noted answers what mayNote refused; true when it did not.
func (s *Server) noted(w http.ResponseWriter, r *http.Request, err error) bool {
	switch {
	case err == nil:
		return true
	case errors.Is(err, queue.ErrFenced):
		s.clerk.Fail(w, http.StatusForbidden, protocol.NotYourCall, nil)
	case errors.Is(err, errReasonNeeded):
		s.clerk.Fail(w, http.StatusForbidden, protocol.GrantExpired, nil)
	case errors.Is(err, notes.ErrFull):
		s.clerk.Fail(w, http.StatusConflict, protocol.NoteFull, nil)
	case errors.Is(err, notes.ErrInvalid):
		s.clerk.Fail(w, http.StatusBadRequest, protocol.BadRequest, nil)
	default:
		s.clerk.Unavailable(w, r, err)
	}
	return false
}

// noteUpdates fills a page with the changes after its number.
func (s *Server) noteUpdates(ctx context.Context, call string, out protocol.NoteUpdates, but string) (protocol.NoteUpdates, error) {
	rows, err := s.deps.Care.Notes.Updates(ctx, call, out.Seq, notePage+1)
	if err != nil {
		return out, err
	}
	out.More = len(rows) > notePage
	for _, u := range rows[:min(len(rows), notePage)] {
		out.Seq = u.Seq
		if u.Client != but {
			out.Updates = append(out.Updates, protocol.NoteUpdate{Seq: u.Seq, By: u.Author, ByName: s.directory.name(queue.AgentID(u.Author)), Data: u.Data})
		}
	}
	return out, nil
}

// followNote answers as soon as others than the page that asks (client) wrote after a number, or after a while without.
func (s *Server) followNote(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	call, ok := s.clerk.ID(w, r)
	if !ok {
		return
	}
	q := r.URL.Query()
	after, err := strconv.ParseInt(q.Get("after"), 10, 64)
	if err != nil || after < 0 {
		s.clerk.Fail(w, http.StatusBadRequest, protocol.BadRequest, nil)
		return
	}
	if !s.noteLimits.follow(v.User.ID) {
		s.clerk.Fail(w, http.StatusTooManyRequests, protocol.TooMany, nil)
		return
	}
	defer s.noteLimits.leave(v.User.ID)
	// The server's own limits are for requests that are answered at once.
	limits := http.NewResponseController(w)
	_ = limits.SetReadDeadline(time.Now().Add(2 * noteHold)) // not every writer has one; real connections do
	_ = limits.SetWriteDeadline(time.Now().Add(2 * noteHold))
	ctx, cancel := context.WithTimeout(r.Context(), noteHold)
	defer cancel()
	for {
		// Asked each time: the right may have ended while we waited.
		if _, err := s.mayNote(r.Context(), v, call, q.Get("grant")); !s.noted(w, r, err) {
			return
		}
		page, err := s.noteNews(r.Context(), call, after, q.Get("client"))
		if !s.noted(w, r, err) {
			return
		}
		if len(page.Updates) > 0 || page.More || ctx.Err() != nil || s.notes.ended() {
			s.clerk.Reply(w, http.StatusOK, page)
			return
		}
		after = page.Seq
		s.notes.await(ctx, call, after)
	}
}

// noteNews is a page of changes without those of the page that asks, which has them.
func (s *Server) noteNews(ctx context.Context, call string, after int64, but string) (protocol.NoteUpdates, error) {
	heads, err := s.deps.Care.Notes.Heads(ctx, []string{call})
	out := protocol.NoteUpdates{Seq: after, TextSeq: heads[call].TextSeq, Updates: []protocol.NoteUpdate{}}
	if err != nil || heads[call].Seq <= after {
		return out, err
	}
	return s.noteUpdates(ctx, call, out, but)
}

// writeNote takes one change. When it answers, the change is durable.
func (s *Server) writeNote(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	call, ok := s.clerk.ID(w, r)
	var body protocol.NoteWrite
	if !ok || !s.clerk.Read(w, r, &body) || !s.mayWriteNote(w, r, v, call, body.Grant) {
		return
	}
	u := notes.Update{Client: body.Client, Clock: body.Clock, Author: string(v.User.ID), Data: body.Data}
	s.wroteNote(w, r, call, func() (notes.Head, error) {
		return s.deps.Care.Notes.Append(r.Context(), call, u, body.Text, body.Reflects)
	})
}

// writeNoteText takes the text as of a change: what two people typed at once is in nobody's text until their browsers have put it together.
func (s *Server) writeNoteText(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	call, ok := s.clerk.ID(w, r)
	var body protocol.NoteText
	if !ok || !s.clerk.Read(w, r, &body) || !s.mayWriteNote(w, r, v, call, body.Grant) {
		return
	}
	s.wroteNote(w, r, call, func() (notes.Head, error) {
		return s.deps.Care.Notes.SaveText(r.Context(), call, string(v.User.ID), body.Text, body.Reflects)
	})
}

func (s *Server) mayWriteNote(w http.ResponseWriter, r *http.Request, v *page.Visitor, call, grant string) bool {
	write, err := s.mayNote(r.Context(), v, call, grant)
	if !s.noted(w, r, err) {
		return false
	}
	if !write {
		s.clerk.Fail(w, http.StatusForbidden, protocol.NotYourCall, nil)
		return false
	}
	if !s.noteLimits.allow(v.User.ID) {
		s.clerk.Fail(w, http.StatusTooManyRequests, protocol.TooMany, nil)
		return false
	}
	return true
}

func (s *Server) wroteNote(w http.ResponseWriter, r *http.Request, call string, write func() (notes.Head, error)) {
	head, err := write()
	if !s.noted(w, r, err) {
		return
	}
	s.notes.told(call, head)
	s.clerk.Reply(w, http.StatusOK, protocol.NoteHead{Seq: head.Seq, TextSeq: head.TextSeq})
}
