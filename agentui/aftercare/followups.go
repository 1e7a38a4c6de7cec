package aftercare

import (
	"context"
	"net/http"
	"strings"
	"time"

	"hotline/agentui/page"
	"hotline/agentui/part"
	"hotline/agentui/protocol"
	"hotline/casework/followups"
)

const followUpsShown = 300

func (p *Pages) listFollowUps(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	ctx, store := r.Context(), p.FollowUps
	if err := store.CatchUp(ctx); err != nil { // what came of calls a moment ago
		p.Log.Warn("results of calls to people were not taken in; the worker does it", "error", err)
	}
	all, err := store.Open(ctx, followUpsShown)
	if !p.after(w, r, err) {
		return
	}
	out := protocol.FollowUps{FollowUps: []protocol.FollowUp{}, NoTrunk: p.NoTrunk}
	for _, f := range all {
		out.FollowUps = append(out.FollowUps, p.followUp(ctx, f, v.User.Locale))
	}
	p.Reply(w, http.StatusOK, out)
}

// afterAudit is audited with the answers of what comes after a call.
func (p *Pages) afterAudit(w http.ResponseWriter, r *http.Request, v *page.Visitor, action, object, reason string, do func(ctx context.Context) error) bool {
	return p.after(w, r, p.Audited(r, v, action, object, reason, do))
}

func (p *Pages) followUp(ctx context.Context, f followups.FollowUp, locale string) protocol.FollowUp {
	out := protocol.FollowUp{
		FollowUp: f.ID, Rule: f.Rule, Level: f.Level, State: string(f.State), Person: p.code(ctx, f.File), Call: f.Call, Line: f.Line,
		LineName: p.Line(f.Line, locale), Owner: f.Owner, OwnerName: p.Person(f.Owner), PlannedAt: protocol.Millis(f.Planned),
		DueAt: protocol.Millis(f.Due), RingAt: protocol.Millis(f.Ring), LateAt: protocol.Millis(f.Late), Tries: f.Tries, Last: f.Last, LastAt: protocol.Millis(f.LastTry), Task: f.Task,
		Why: string(f.Why), ClosedAt: protocol.Millis(f.Closed), ClosedBy: p.Doer(f.By),
	}
	if f.Ref != "" {
		if c, err := p.Contacts.Caller(ctx, f.Call); err == nil {
			out.Number = c.Masked
		}
	}
	return out
}

func (p *Pages) wish(w followups.Wish) protocol.Wish {
	out := protocol.Wish{
		Wish: w.ID, At: protocol.Millis(w.At), ByName: p.Doer(w.By), Consent: string(w.Consent), Times: []protocol.Window{}, HasNumber: w.Number != "", Words: w.Words,
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

func (p *Pages) showFollowUp(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	id, ok := p.ID(w, r)
	if !ok {
		return
	}
	out := protocol.FollowUpDetail{Events: []protocol.FollowUpEvent{}}
	done := p.afterAudit(w, r, v, ActionFollowUpView, "followup:"+id, "", func(ctx context.Context) error {
		store := p.FollowUps
		f, err := store.Get(ctx, id)
		if err != nil {
			return err
		}
		reach, err := store.ReachOf(ctx, f)
		if err != nil {
			return err
		}
		out.FollowUp = p.followUp(ctx, f, v.User.Locale)
		out.Reach = protocol.Reach{
			Number: reach.Number, Own: reach.Own, Usable: reach.Usable, Now: reach.Now, NextAt: protocol.Millis(reach.Next), Until: protocol.Millis(reach.Until),
			Shown: p.Shown(f.Line), Wish: p.wish(reach.Wish),
		}
		out.Reach.Wish.HasNumber = reach.Own
		events, err := store.Events(ctx, id)
		for _, e := range events {
			one := protocol.FollowUpEvent{
				At: protocol.Millis(e.At), Who: e.Who, Name: p.Doer(e.Who), What: e.What, Arg: e.Arg, DueAt: protocol.Millis(e.Due), Reason: e.Note,
			}
			if e.What == "assigned" {
				one.Arg = p.Doer(e.Arg)
			}
			out.Events = append(out.Events, one)
		}
		return err
	})
	if done {
		p.Reply(w, http.StatusOK, out)
	}
}

// changeFollowUp audits a change of one follow-up, makes it and answers with what it became.
func (p *Pages) changeFollowUp(w http.ResponseWriter, r *http.Request, v *page.Visitor, action, reason string, do func(ctx context.Context, id string) (followups.FollowUp, error)) {
	id := r.PathValue("id")
	var out protocol.FollowUp
	done := p.afterAudit(w, r, v, action, "followup:"+id, reason, func(ctx context.Context) error {
		f, err := do(ctx, id)
		if err == nil {
			out = p.followUp(ctx, f, v.User.Locale)
		}
		return err
	})
	if done {
		p.Reply(w, http.StatusOK, out)
	}
}

func (p *Pages) callFollowUp(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	if _, ok := p.ID(w, r); !ok {
		return
	}
	if p.NoTrunk {
		p.Fail(w, http.StatusConflict, protocol.NoTrunk, nil)
		return
	}
	p.changeFollowUp(w, r, v, ActionFollowUpCall, "", func(ctx context.Context, id string) (followups.FollowUp, error) {
		return p.FollowUps.Call(ctx, id, string(v.User.ID))
	})
}

func (p *Pages) moveFollowUp(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	var body protocol.MoveFollowUp
	if _, ok := p.ID(w, r); !ok || !p.Read(w, r, &body) {
		return
	}
	reason, ok := p.Reason(w, body.Reason)
	if !ok {
		return
	}
	p.changeFollowUp(w, r, v, ActionFollowUpMove, reason, func(ctx context.Context, id string) (followups.FollowUp, error) {
		return p.FollowUps.Move(ctx, id, string(v.User.ID), time.UnixMilli(body.DueAt), reason)
	})
}

// assignFollowUp lets everybody take what is due, and supervisors give it to others.
func (p *Pages) assignFollowUp(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	var body protocol.AssignFollowUp
	if _, ok := p.ID(w, r); !ok || !p.Read(w, r, &body) || !p.takes(w, v, body.To) {
		return
	}
	p.changeFollowUp(w, r, v, ActionFollowUpAssign, "", func(ctx context.Context, id string) (followups.FollowUp, error) {
		return p.FollowUps.Assign(ctx, id, string(v.User.ID), body.To)
	})
}

func (p *Pages) finishFollowUp(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	var body protocol.FinishFollowUp
	if _, ok := p.ID(w, r); !ok || !p.Read(w, r, &body) {
		return
	}
	note := strings.TrimSpace(body.Note)
	if body.Why != string(followups.Reached) || note != "" {
		var ok bool
		if note, ok = p.Reason(w, body.Note); !ok {
			return
		}
	}
	p.changeFollowUp(w, r, v, ActionFollowUpFinish, body.Why, func(ctx context.Context, id string) (followups.FollowUp, error) {
		return p.FollowUps.Finish(ctx, id, string(v.User.ID), followups.Why(body.Why), note)
	})
}

func (p *Pages) saveFollowUpWish(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	id, ok := p.ID(w, r)
	if !ok {
		return
	}
	f, err := p.FollowUps.Get(r.Context(), id)
	if p.after(w, r, err) {
		p.saveWish(w, r, v, "followup:"+id, f.Who())
	}
}

func (p *Pages) saveCallWish(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	call, ok := p.ID(w, r)
	if !ok || !p.Takes(w, r, v, call, part.Serving, part.Served, part.Past) {
		return
	}
	who, _, _, err := p.person(r.Context(), call)
	if p.after(w, r, err) {
		p.saveWish(w, r, v, "call:"+call, who)
	}
}

func (p *Pages) saveWish(w http.ResponseWriter, r *http.Request, v *page.Visitor, object string, who followups.Who) {
	var body protocol.SaveWish
	if !p.Read(w, r, &body) {
		return
	}
	wish := followups.Wish{By: string(v.User.ID), Consent: followups.Consent(body.Consent), Number: strings.TrimSpace(body.Number), Words: body.Words}
	for _, t := range body.Times {
		wish.Times = append(wish.Times, followups.Window{Days: t.Days, From: t.From, To: t.To})
	}
	var out protocol.Wish
	done := p.afterAudit(w, r, v, ActionWishSave, object, body.Consent, func(ctx context.Context) error {
		saved, err := p.FollowUps.SaveWish(ctx, who, body.Base, wish)
		out = p.wish(saved)
		return err
	})
	if done {
		p.Reply(w, http.StatusOK, out)
	}
}

func (p *Pages) callFollowUps(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	call, ok := p.ID(w, r)
	if !ok || !p.Takes(w, r, v, call, part.Offered, part.Serving, part.Served, part.Past) {
		return
	}
	out := protocol.CallFollowUps{FollowUps: []protocol.FollowUp{}}
	done := p.afterAudit(w, r, v, ActionFollowUpView, "call:"+call, "", func(ctx context.Context) error {
		who, _, masked, err := p.person(ctx, call)
		if err != nil {
			return err
		}
		out.Number = masked
		wish, err := p.FollowUps.WishOf(ctx, who)
		if err != nil {
			return err
		}
		out.Wish = p.wish(wish)
		all, err := p.FollowUps.Of(ctx, who)
		for _, f := range all {
			out.FollowUps = append(out.FollowUps, p.followUp(ctx, f, v.User.Locale))
		}
		return err
	})
	if done {
		p.Reply(w, http.StatusOK, out)
	}
}

// planFollowUp plans one follow-up of a call's person, or the series that the rules make after a call at high risk.
func (p *Pages) planFollowUp(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	call, ok := p.ID(w, r)
	var body protocol.PlanFollowUp
	if !ok || !p.Read(w, r, &body) || !p.Takes(w, r, v, call, part.Serving, part.Served, part.Past) {
		return
	}
	out := protocol.FollowUps{FollowUps: []protocol.FollowUp{}, NoTrunk: p.NoTrunk}
	done := p.afterAudit(w, r, v, ActionFollowUpPlan, "call:"+call, "", func(ctx context.Context) error {
		who, line, _, err := p.person(ctx, call)
		if err != nil {
			return err
		}
		ref := ""
		if len(who.Refs) > 0 {
			ref = who.Refs[0]
		}
		store, by := p.FollowUps, string(v.User.ID)
		var made []followups.FollowUp
		if body.Series {
			made, err = store.Plan(ctx, followups.Plan{Source: "call:" + call, File: who.File, Call: call, Ref: ref, Level: "high", At: time.Now(), Line: line, By: by})
		} else {
			var one followups.FollowUp
			one, err = store.PlanOne(ctx, followups.One{Request: body.Request, File: who.File, Call: call, Ref: ref, Line: line, Level: p.levelOf(ctx, call), Due: time.UnixMilli(body.DueAt), By: by})
			made = []followups.FollowUp{one}
		}
		if err != nil {
			return err
		}
		for _, f := range made {
			out.FollowUps = append(out.FollowUps, p.followUp(ctx, f, v.User.Locale))
		}
		return nil
	})
	if done {
		p.Reply(w, http.StatusOK, out)
	}
}
