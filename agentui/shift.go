package agentui

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	"hotline/agentui/page"
	"hotline/agentui/protocol"
	"hotline/agentui/tasks"
	"hotline/casework"
	"hotline/casework/debriefs"
	"hotline/casework/shifts"
	"hotline/queue"
)

const (
	formsOwed    = 7 * 24 * time.Hour // how far back a missing form of a call at risk is shown
	debriefsBack = 7 * 24 * time.Hour
)

// showShift answers with the person's own shift.
func (s *Server) showShift(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	out, err := s.shift(r.Context(), v, time.Now())
	if s.answered(w, r, err) {
		s.clerk.Reply(w, http.StatusOK, out)
	}
}

func (s *Server) shift(ctx context.Context, v *page.Visitor, now time.Time) (protocol.Shift, error) {
	me := string(v.User.ID)
	out := protocol.Shift{
		Now: protocol.Millis(now), Spans: []protocol.ShiftSpan{}, Calls: []protocol.ShiftCall{}, Overdue: []protocol.ShiftCall{}, Tasks: []protocol.Task{},
		Debriefs: []protocol.Debrief{},
	}
	all, err := s.deps.Care.Shifts.Of(ctx, me, now.Add(-formsOwed))
	if err != nil {
		return out, err
	}
	here := shifts.Cut(all, now)
	for i, p := range here {
		out.Spans = append(out.Spans, protocol.ShiftSpan{
			State: p.State, Reason: p.Reason, From: protocol.Millis(p.Since), To: protocol.Millis(shifts.End(here, i, now)), Until: protocol.Millis(p.Until), Call: p.Call,
		})
	}
	if len(here) > 0 {
		out.From = protocol.Millis(here[0].Since)
	}
	if err := s.shiftCalls(ctx, v, all, now, &out); err != nil {
		return out, err
	}
	open, err := s.deps.Callbacks.Open(ctx, tasks.Most)
	if err != nil {
		return out, err
	}
	for _, t := range open {
		if t.Preferred == me || t.Asked == me {
			out.Tasks = append(out.Tasks, s.taskPages().Task(t, v.User.Locale))
		}
	}
	wishes, err := s.deps.Care.Debriefs.Of(ctx, me, now.Add(-debriefsBack))
	for _, d := range wishes {
		out.Debriefs = append(out.Debriefs, s.debrief(d))
	}
	return out, err
}

// shiftCalls lists the calls in which the person talked: those of the shift, and those of before whose form is missing and must not be.
func (s *Server) shiftCalls(ctx context.Context, v *page.Visitor, all []shifts.Span, now time.Time, out *protocol.Shift) error {
	talks := map[string]time.Duration{}
	began := map[string]time.Time{}
	var ids []string
	for i, p := range all {
		if p.State != shifts.Talking || p.Call == "" {
			continue
		}
		if _, had := began[p.Call]; !had {
			began[p.Call] = p.Since
			ids = append(ids, p.Call)
		}
		talks[p.Call] += shifts.End(all, i, now).Sub(p.Since)
	}
	rows, err := s.deps.Care.Contacts.Calls(ctx, ids)
	if err != nil {
		return err
	}
	have, err := s.deps.Care.Dispositions.Have(ctx, ids)
	if err != nil {
		return err
	}
	for _, id := range slices.Backward(ids) {
		rec := rows[id]
		c := protocol.ShiftCall{
			Call: id, At: protocol.Millis(began[id]), Line: rec.Line, LineName: s.lineName(queue.LineID(rec.Line), v.User.Locale), TalkMs: talks[id].Milliseconds(),
			Outcome: string(rec.Outcome), AtRisk: rec.AtRisk(), Missing: !have[id] && talkOver(rec),
		}
		switch {
		case out.From > 0 && c.At >= out.From:
			out.Calls = append(out.Calls, c)
		case c.Missing && c.AtRisk:
			out.Overdue = append(out.Overdue, c)
		}
	}
	return nil
}

func talkOver(rec casework.CallRecord) bool { return !rec.Ended.IsZero() }

func (s *Server) debrief(d debriefs.Debrief) protocol.Debrief {
	return protocol.Debrief{
		Debrief: d.ID, User: d.Agent, Name: s.directory.name(queue.AgentID(d.Agent)), Call: d.Call, At: protocol.Millis(d.At), Words: d.Words,
		DoneAt: protocol.Millis(d.Done), DoneByName: s.directory.name(queue.AgentID(d.DoneBy)),
	}
}

// askDebrief writes down that a person wishes to talk about a call with a supervisor.
func (s *Server) askDebrief(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	var body protocol.DebriefAsk
	if !s.clerk.Read(w, r, &body) {
		return
	}
	object := "user:" + string(v.User.ID)
	if body.Call != "" {
		object = "call:" + body.Call
		served, err := s.served(r.Context(), v.User.ID, body.Call)
		if err != nil {
			s.clerk.Unavailable(w, r, err)
			return
		}
		if !served {
			s.clerk.Fail(w, http.StatusForbidden, protocol.NotYourCall, nil)
			return
		}
	}
	var out debriefs.Debrief
	err := s.clerk.Audited(r, v, ActionDebriefAsk, object, "", func(ctx context.Context) (err error) {
		out, err = s.deps.Care.Debriefs.Ask(ctx, string(v.User.ID), body.Call, body.Words)
		return err
	})
	if errors.Is(err, debriefs.ErrInvalid) {
		s.clerk.Fail(w, http.StatusBadRequest, protocol.BadRequest, nil)
	} else if s.answered(w, r, err) {
		s.clerk.Reply(w, http.StatusOK, s.debrief(out))
	}
}

// listDebriefs answers with who waits for a supervisor, and what was done of late.
func (s *Server) listDebriefs(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	out := protocol.Debriefs{Debriefs: []protocol.Debrief{}}
	done := s.audited(w, r, v, ActionDebriefList, "", "", func(ctx context.Context) error {
		all, err := s.deps.Care.Debriefs.List(ctx, time.Now().Add(-debriefsBack), tasks.Most)
		for _, d := range all {
			out.Debriefs = append(out.Debriefs, s.debrief(d))
		}
		return err
	})
	if done {
		s.clerk.Reply(w, http.StatusOK, out)
	}
}

func (s *Server) doneDebrief(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	id, ok := s.clerk.ID(w, r)
	if !ok || !s.clerk.Read(w, r, &struct{}{}) {
		return
	}
	var out debriefs.Debrief
	err := s.clerk.Audited(r, v, ActionDebriefDone, id, "", func(ctx context.Context) (err error) {
		out, err = s.deps.Care.Debriefs.Done(ctx, id, string(v.User.ID))
		return err
	})
	switch {
	case errors.Is(err, debriefs.ErrNotFound):
		s.clerk.Fail(w, http.StatusNotFound, protocol.NotFound, nil)
	case errors.Is(err, debriefs.ErrOwn):
		s.clerk.Fail(w, http.StatusForbidden, protocol.OwnDebrief, nil)
	case s.answered(w, r, err):
		s.clerk.Reply(w, http.StatusOK, s.debrief(out))
	}
}
