package agentui

import (
	"context"
	"net/http"
	"slices"

	"hotline/agentui/page"
	"hotline/agentui/protocol"
	"hotline/casework"
	"hotline/queue"
)

func (s *Server) listTasks(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	rows, err := s.deps.Callbacks.Open(r.Context(), listMost)
	if !s.answered(w, r, err) {
		return
	}
	out := protocol.Tasks{Tasks: []protocol.Task{}, NoTrunk: s.cfg.NoTrunk}
	for _, t := range rows {
		out.Tasks = append(out.Tasks, s.task(t, v.User.Locale))
	}
	s.clerk.Reply(w, http.StatusOK, out)
}

// callTask tells of which callback a call is, while it rings, is dialled or talks.
func (s *Server) callTask(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	id, ok := s.clerk.ID(w, r)
	if !ok {
		return
	}
	t, err := s.deps.Callbacks.OfEntry(r.Context(), id)
	if s.answered(w, r, err) {
		s.clerk.Reply(w, http.StatusOK, s.task(t, v.User.Locale))
	}
}

func (s *Server) callNow(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	id, ok := s.clerk.ID(w, r)
	if !ok {
		return
	}
	if s.cfg.NoTrunk { // else the wish would stand there, and nothing would ring
		s.clerk.Fail(w, http.StatusConflict, protocol.NoTrunk, nil)
		return
	}
	done := s.audited(w, r, v, ActionTaskCall, id, "", func(ctx context.Context) error {
		_, err := s.deps.Callbacks.CallNow(ctx, id, string(v.User.ID))
		return err
	})
	if done {
		s.clerk.Reply(w, http.StatusOK, struct{}{})
	}
}

func (s *Server) closeTask(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	id, ok := s.clerk.ID(w, r)
	var body protocol.TaskClose
	if !ok || !s.clerk.Read(w, r, &body) {
		return
	}
	reason, ok := s.clerk.Reason(w, body.Reason)
	if !ok {
		return
	}
	action := ActionTaskCancel
	if body.Done {
		action = ActionTaskDone
	}
	done := s.audited(w, r, v, action, id, reason, func(ctx context.Context) error {
		return s.deps.Callbacks.Close(ctx, id, string(v.User.ID), body.Done)
	})
	if done {
		s.clerk.Reply(w, http.StatusOK, struct{}{})
	}
}

func (s *Server) sayResult(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	id, ok := s.clerk.ID(w, r)
	var body protocol.TaskResult
	if !ok || !s.clerk.Read(w, r, &body) {
		return
	}
	result := casework.Result(body.Result)
	if !slices.Contains([]casework.Result{casework.ResultWrongPerson, casework.ResultRefused, casework.ResultNoAnswer}, result) {
		s.clerk.Fail(w, http.StatusBadRequest, protocol.BadRequest, nil)
		return
	}
	done := s.audited(w, r, v, ActionTaskResult, id, body.Result, func(ctx context.Context) error {
		return s.deps.Callbacks.Say(ctx, id, string(v.User.ID), result)
	})
	if done {
		s.clerk.Reply(w, http.StatusOK, struct{}{})
	}
}

// lineName is the line's name in a language, else in the console's, else its id.
func (s *Server) lineName(id queue.LineID, locale string) string {
	names := s.site.lineNames(id)
	for _, l := range []string{locale, s.cfg.Locale} {
		if name := names[l]; name != "" {
			return name
		}
	}
	return string(id)
}

// task is a task as a browser gets it.
func (s *Server) task(t casework.OpenTask, locale string) protocol.Task {
	out := protocol.Task{
		Task: t.ID, Call: t.Call, Entry: t.Entry, Line: t.Line, LineName: s.lineName(queue.LineID(t.Line), locale), Reason: t.Reason, Tier: t.Tier, Danger: t.Danger,
		State: string(t.State), ArrivedAt: protocol.Millis(t.Place), DueAt: protocol.Millis(t.Due), NextAt: protocol.Millis(t.NextTry), Auto: t.Auto, AskedBy: t.Asked,
		AskedByName: s.directory.name(queue.AgentID(t.Asked)), Attempts: t.Attempts, Most: t.Most, Number: t.Masked, Callable: t.Callable,
		MayVoicemail: t.Voicemail, HasMessage: t.Recording != "",
	}
	if t.Last.Seq > 0 {
		out.Last = &protocol.Attempt{At: protocol.Millis(t.Last.At), Who: t.Last.Who, Result: string(t.Last.Result), Q850: t.Last.Q850}
		if t.Last.Who != "system" {
			out.Last.WhoName = s.directory.name(queue.AgentID(t.Last.Who))
		}
	}
	return out
}
