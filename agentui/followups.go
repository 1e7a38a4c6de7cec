package agentui

import (
	"context"
	"net/http"
	"strings"
	"time"

	"hotline/agentui/page"
	"hotline/agentui/protocol"
	"hotline/casework/followups"
	"hotline/queue"
)

const followUpsShown = 300

func (s *Server) listFollowUps(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	ctx, store := r.Context(), s.deps.Aftercare.FollowUps
	if err := store.CatchUp(ctx); err != nil { // what came of calls a moment ago
		s.log.Warn("results of calls to people were not taken in; the worker does it", "error", err)
	}
	all, err := store.Open(ctx, followUpsShown)
	if !s.after(w, r, err) {
		return
	}
	out := protocol.FollowUps{FollowUps: []protocol.FollowUp{}, NoTrunk: s.cfg.NoTrunk}
	for _, f := range all {
		out.FollowUps = append(out.FollowUps, s.followUp(ctx, f, v.User.Locale))
	}
	s.clerk.Reply(w, http.StatusOK, out)
}

// afterAudit is audited with the answers of what comes after a call.
func (s *Server) afterAudit(w http.ResponseWriter, r *http.Request, v *page.Visitor, action, object, reason string, do func(ctx context.Context) error) bool {
	return s.after(w, r, s.clerk.Audited(r, v, action, object, reason, do))
}

func (s *Server) followUp(ctx context.Context, f followups.FollowUp, locale string) protocol.FollowUp {
	out := protocol.FollowUp{
		FollowUp: f.ID, Rule: f.Rule, Level: f.Level, State: string(f.State), Person: s.code(ctx, f.File), Call: f.Call, Line: f.Line,
		LineName: s.lineName(queue.LineID(f.Line), locale), Owner: f.Owner, OwnerName: s.directory.name(queue.AgentID(f.Owner)), PlannedAt: protocol.Millis(f.Planned),
		DueAt: protocol.Millis(f.Due), RingAt: protocol.Millis(f.Ring), LateAt: protocol.Millis(f.Late), Tries: f.Tries, Last: f.Last, LastAt: protocol.Millis(f.LastTry), Task: f.Task,
		Why: string(f.Why), ClosedAt: protocol.Millis(f.Closed), ClosedBy: s.doer(f.By),
	}
	if f.Ref != "" {
		if c, err := s.deps.Care.Contacts.Caller(ctx, f.Call); err == nil {
			out.Number = c.Masked
		}
	}
	return out
}

func (s *Server) wish(w followups.Wish) protocol.Wish {
	out := protocol.Wish{
		Wish: w.ID, At: protocol.Millis(w.At), ByName: s.doer(w.By), Consent: string(w.Consent), Times: []protocol.Window{}, HasNumber: w.Number != "", Words: w.Words,
	}
	for _, t := range w.Times {
		days := t.Days
		if days == nil {
			days = []int{}
		}
		out.Times = append(out.Times, protocol.Window{Days: days, From: t.From, To: t.To})
	}
	return out
}

func (s *Server) showFollowUp(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	id, ok := s.clerk.ID(w, r)
	if !ok {
		return
	}
	out := protocol.FollowUpDetail{Events: []protocol.FollowUpEvent{}}
	done := s.afterAudit(w, r, v, ActionFollowUpView, "followup:"+id, "", func(ctx context.Context) error {
		store := s.deps.Aftercare.FollowUps
		f, err := store.Get(ctx, id)
		if err != nil {
			return err
		}
		reach, err := store.ReachOf(ctx, f)
		if err != nil {
			return err
		}
		out.FollowUp = s.followUp(ctx, f, v.User.Locale)
		out.Reach = protocol.Reach{
			Number: reach.Number, Own: reach.Own, Usable: reach.Usable, Now: reach.Now, NextAt: protocol.Millis(reach.Next), Until: protocol.Millis(reach.Until),
			Shown: s.site.shown(f.Line), Wish: s.wish(reach.Wish),
		}
		out.Reach.Wish.HasNumber = reach.Own
		events, err := store.Events(ctx, id)
		for _, e := range events {
			one := protocol.FollowUpEvent{
				At: protocol.Millis(e.At), Who: e.Who, Name: s.doer(e.Who), What: e.What, Arg: e.Arg, DueAt: protocol.Millis(e.Due), Reason: e.Note,
			}
			if e.What == "assigned" {
				one.Arg = s.doer(e.Arg)
			}
			out.Events = append(out.Events, one)
		}
		return err
	})
	if done {
		s.clerk.Reply(w, http.StatusOK, out)
	}
}

// changeFollowUp audits a change of one follow-up, makes it and answers with what it became.
func (s *Server) changeFollowUp(w http.ResponseWriter, r *http.Request, v *page.Visitor, action, reason string, do func(ctx context.Context, id string) (followups.FollowUp, error)) {
	id := r.PathValue("id")
	var out protocol.FollowUp
	done := s.afterAudit(w, r, v, action, "followup:"+id, reason, func(ctx context.Context) error {
		f, err := do(ctx, id)
		if err == nil {
			out = s.followUp(ctx, f, v.User.Locale)
		}
		return err
	})
	if done {
		s.clerk.Reply(w, http.StatusOK, out)
	}
}

func (s *Server) callFollowUp(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	if _, ok := s.clerk.ID(w, r); !ok {
		return
	}
	if s.cfg.NoTrunk {
		s.clerk.Fail(w, http.StatusConflict, protocol.NoTrunk, nil)
		return
	}
	s.changeFollowUp(w, r, v, ActionFollowUpCall, "", func(ctx context.Context, id string) (followups.FollowUp, error) {
		return s.deps.Aftercare.FollowUps.Call(ctx, id, string(v.User.ID))
	})
}

func (s *Server) moveFollowUp(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	var body protocol.MoveFollowUp
	if _, ok := s.clerk.ID(w, r); !ok || !s.clerk.Read(w, r, &body) {
		return
	}
	reason, ok := s.clerk.Reason(w, body.Reason)
	if !ok {
		return
	}
	s.changeFollowUp(w, r, v, ActionFollowUpMove, reason, func(ctx context.Context, id string) (followups.FollowUp, error) {
		return s.deps.Aftercare.FollowUps.Move(ctx, id, string(v.User.ID), time.UnixMilli(body.DueAt), reason)
	})
}

// assignFollowUp lets everybody take what is due, and supervisors give it to others.
func (s *Server) assignFollowUp(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	var body protocol.AssignFollowUp
	if _, ok := s.clerk.ID(w, r); !ok || !s.clerk.Read(w, r, &body) || !s.takes(w, v, body.To) {
		return
	}
	s.changeFollowUp(w, r, v, ActionFollowUpAssign, "", func(ctx context.Context, id string) (followups.FollowUp, error) {
		return s.deps.Aftercare.FollowUps.Assign(ctx, id, string(v.User.ID), body.To)
	})
}

func (s *Server) finishFollowUp(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	var body protocol.FinishFollowUp
	if _, ok := s.clerk.ID(w, r); !ok || !s.clerk.Read(w, r, &body) {
		return
	}
	note := strings.TrimSpace(body.Note)
	if body.Why != string(followups.Reached) || note != "" {
		var ok bool
		if note, ok = s.clerk.Reason(w, body.Note); !ok {
			return
		}
	}
	s.changeFollowUp(w, r, v, ActionFollowUpFinish, body.Why, func(ctx context.Context, id string) (followups.FollowUp, error) {
		return s.deps.Aftercare.FollowUps.Finish(ctx, id, string(v.User.ID), followups.Why(body.Why), note)
	})
}

func (s *Server) saveFollowUpWish(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	id, ok := s.clerk.ID(w, r)
	if !ok {
		return
	}
	f, err := s.deps.Aftercare.FollowUps.Get(r.Context(), id)
	if s.after(w, r, err) {
		s.saveWish(w, r, v, "followup:"+id, f.Who())
	}
}

func (s *Server) saveCallWish(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	call, ok := s.clerk.ID(w, r)
	if !ok || !s.takesPart(w, r, v, call, partServing, partServed, partPast) {
		return
	}
	who, _, _, err := s.person(r.Context(), call)
	if s.after(w, r, err) {
		s.saveWish(w, r, v, "call:"+call, who)
	}
}

func (s *Server) saveWish(w http.ResponseWriter, r *http.Request, v *page.Visitor, object string, who followups.Who) {
	var body protocol.SaveWish
	if !s.clerk.Read(w, r, &body) {
		return
	}
	wish := followups.Wish{By: string(v.User.ID), Consent: followups.Consent(body.Consent), Number: strings.TrimSpace(body.Number), Words: body.Words}
	for _, t := range body.Times {
		wish.Times = append(wish.Times, followups.Window{Days: t.Days, From: t.From, To: t.To})
	}
	var out protocol.Wish
	done := s.afterAudit(w, r, v, ActionWishSave, object, body.Consent, func(ctx context.Context) error {
		saved, err := s.deps.Aftercare.FollowUps.SaveWish(ctx, who, body.Base, wish)
		out = s.wish(saved)
		return err
	})
	if done {
		s.clerk.Reply(w, http.StatusOK, out)
	}
}

func (s *Server) callFollowUps(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	call, ok := s.clerk.ID(w, r)
	if !ok || !s.takesPart(w, r, v, call, partOffered, partServing, partServed, partPast) {
		return
	}
	out := protocol.CallFollowUps{FollowUps: []protocol.FollowUp{}}
	done := s.afterAudit(w, r, v, ActionFollowUpView, "call:"+call, "", func(ctx context.Context) error {
		who, _, masked, err := s.person(ctx, call)
		if err != nil {
			return err
		}
		out.Number = masked
		wish, err := s.deps.Aftercare.FollowUps.WishOf(ctx, who)
		if err != nil {
			return err
		}
		out.Wish = s.wish(wish)
		all, err := s.deps.Aftercare.FollowUps.Of(ctx, who)
		for _, f := range all {
			out.FollowUps = append(out.FollowUps, s.followUp(ctx, f, v.User.Locale))
		}
		return err
	})
	if done {
		s.clerk.Reply(w, http.StatusOK, out)
	}
}

// planFollowUp plans one follow-up of a call's person, or the series that the rules make after a call at high risk.
func (s *Server) planFollowUp(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	call, ok := s.clerk.ID(w, r)
	var body protocol.PlanFollowUp
	if !ok || !s.clerk.Read(w, r, &body) || !s.takesPart(w, r, v, call, partServing, partServed, partPast) {
		return
	}
	out := protocol.FollowUps{FollowUps: []protocol.FollowUp{}, NoTrunk: s.cfg.NoTrunk}
	done := s.afterAudit(w, r, v, ActionFollowUpPlan, "call:"+call, "", func(ctx context.Context) error {
		who, line, _, err := s.person(ctx, call)
		if err != nil {
			return err
		}
		ref := ""
		if len(who.Refs) > 0 {
			ref = who.Refs[0]
		}
		store, by := s.deps.Aftercare.FollowUps, string(v.User.ID)
		var made []followups.FollowUp
		if body.Series {
			made, err = store.Plan(ctx, followups.Plan{Source: "call:" + call, File: who.File, Call: call, Ref: ref, Level: "high", At: time.Now(), Line: line, By: by})
		} else {
			var one followups.FollowUp
			one, err = store.PlanOne(ctx, followups.One{Request: body.Request, File: who.File, Call: call, Ref: ref, Line: line, Level: s.levelOf(ctx, call), Due: time.UnixMilli(body.DueAt), By: by})
			made = []followups.FollowUp{one}
		}
		if err != nil {
			return err
		}
		for _, f := range made {
			out.FollowUps = append(out.FollowUps, s.followUp(ctx, f, v.User.Locale))
		}
		return nil
	})
	if done {
		s.clerk.Reply(w, http.StatusOK, out)
	}
}
