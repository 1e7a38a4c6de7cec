package agentui

import (
	"context"
	"errors"
	"net/http"

	"hotline/agentui/page"
	"hotline/agentui/part"
	"hotline/agentui/protocol"
	"hotline/agentui/users"
	"hotline/casework"
	"hotline/casework/plans"
	"hotline/queue"
)

const (
	contactsShown = 5
	tasksShown    = 10
	planBody      = 32 << 10
)

// showContext tells what is known of a caller. The offer does not wait for it: the page asks beside.
func (s *Server) showContext(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	call, ok := s.clerk.ID(w, r)
	if !ok || !s.parts().Takes(w, r, v, call, part.Offered, part.Serving, part.Served) {
		return
	}
	var out protocol.CallContext
	done := s.audited(w, r, v, ActionContextView, "call:"+call, "", func(ctx context.Context) (err error) {
		out, err = s.callContext(ctx, v, call)
		return err
	})
	if done {
		s.clerk.Reply(w, http.StatusOK, out)
	}
}

func (s *Server) callContext(ctx context.Context, v *page.Visitor, call string) (protocol.CallContext, error) {
	out := protocol.CallContext{Call: call, Places: map[string]string{}, Contacts: []protocol.EarlierCall{}, Tasks: []protocol.Task{}}
	caller, err := s.deps.Care.Contacts.Caller(ctx, call)
	if err != nil {
		return out, err
	}
	out.Withheld, out.Number, out.Country, out.Relayed = caller.Withheld, caller.Masked, caller.Region, caller.Call.Relayed
	if caller.Withheld {
		return out, nil
	}
	if caller.Places != nil {
		out.Places = caller.Places
	}
	before, err := s.deps.Care.Contacts.Earlier(ctx, caller.Refs, call, contactsShown)
	if err != nil {
		return out, err
	}
	for _, c := range before {
		row := s.contact(c, v)
		out.AtRisk = out.AtRisk || row.AtRisk
		out.Contacts = append(out.Contacts, row)
	}
	open, err := s.deps.Callbacks.OfCaller(ctx, caller.Refs, tasksShown)
	if err != nil {
		return out, err
	}
	for _, t := range open {
		out.Tasks = append(out.Tasks, s.taskPages().Task(t, v.User.Locale))
	}
	plan, err := s.deps.Care.Plans.Of(ctx, caller.Refs)
	out.Plan = s.plan(plan)
	return out, err
}

// contact is an earlier call. Who answered it is told to supervisors; a counsellor learns only whether it was they.
func (s *Server) contact(c casework.CallRecord, v *page.Visitor) protocol.EarlierCall {
	out := protocol.EarlierCall{
		Call: c.ID, At: protocol.Millis(c.Arrived), Line: c.Line, LineName: s.lineName(queue.LineID(c.Line), v.User.Locale), TalkMs: c.Talk.Milliseconds(),
		Outcome: string(c.Outcome), AtRisk: c.AtRisk(), Yours: c.Agent == string(v.User.ID),
	}
	if v.User.Role == users.Supervisor {
		out.AgentName = s.directory.name(queue.AgentID(c.Agent))
	}
	return out
}

func (s *Server) plan(p plans.Plan) protocol.Plan {
	return protocol.Plan{
		Version: p.Version, At: protocol.Millis(p.At), By: p.Author, ByName: s.directory.name(queue.AgentID(p.Author)), Restored: p.Restored, Text: p.Text,
	}
}

// listPlan answers with the versions of the plan of a call's caller.
func (s *Server) listPlan(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	call, ok := s.clerk.ID(w, r)
	if !ok || !s.parts().Takes(w, r, v, call, part.Serving, part.Served) {
		return
	}
	out := protocol.PlanHistory{Versions: []protocol.Plan{}}
	done := s.audited(w, r, v, ActionPlanView, "call:"+call, "", func(ctx context.Context) error {
		caller, err := s.deps.Care.Contacts.Caller(ctx, call)
		if err != nil {
			return err
		}
		all, err := s.deps.Care.Plans.History(ctx, caller.Refs)
		for _, p := range all {
			out.Versions = append(out.Versions, s.plan(p))
		}
		return err
	})
	if done {
		s.clerk.Reply(w, http.StatusOK, out)
	}
}

func (s *Server) savePlan(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	var body protocol.PlanSave
	s.changePlan(w, r, v, &body, func(ctx context.Context, refs []string) (plans.Plan, error) {
		return s.deps.Care.Plans.Save(ctx, refs, body.Base, body.Text, string(v.User.ID))
	})
}

func (s *Server) restorePlan(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	var body protocol.PlanRestore
	s.changePlan(w, r, v, &body, func(ctx context.Context, refs []string) (plans.Plan, error) {
		return s.deps.Care.Plans.Restore(ctx, refs, body.Base, body.Version, string(v.User.ID))
	})
}

func (s *Server) changePlan(w http.ResponseWriter, r *http.Request, v *page.Visitor, body any, change func(context.Context, []string) (plans.Plan, error)) {
	call, ok := s.clerk.ID(w, r)
	if !ok || !s.clerk.Read(w, r, body) || !s.parts().Takes(w, r, v, call, part.Serving, part.Served) {
		return
	}
	caller, err := s.deps.Care.Contacts.Caller(r.Context(), call)
	if !s.answered(w, r, err) {
		return
	}
	var out plans.Plan
	err = s.clerk.Audited(r, v, ActionPlanSave, "call:"+call, "", func(ctx context.Context) (err error) {
		out, err = change(ctx, caller.Refs)
		return err
	})
	switch {
	case errors.Is(err, plans.ErrStale):
		now, err := s.deps.Care.Plans.Of(r.Context(), caller.Refs)
		if !s.answered(w, r, err) {
			return
		}
		s.clerk.Fail(w, http.StatusConflict, protocol.Stale, protocol.Params{"version": now.Version, "at": protocol.Millis(now.At), "by_name": s.directory.name(queue.AgentID(now.Author))})
	case errors.Is(err, plans.ErrNoCaller):
		s.clerk.Fail(w, http.StatusConflict, protocol.NoCaller, nil)
	case errors.Is(err, plans.ErrNotFound):
		s.clerk.Fail(w, http.StatusNotFound, protocol.NotFound, nil)
	case errors.Is(err, plans.ErrInvalid):
		s.clerk.Fail(w, http.StatusBadRequest, protocol.BadRequest, nil)
	case s.answered(w, r, err):
		s.clerk.Reply(w, http.StatusOK, s.plan(out))
	}
}
