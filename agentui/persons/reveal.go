package persons

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"time"

	"hotline/agentui/page"
	"hotline/agentui/part"
	"hotline/agentui/protocol"
	"hotline/agentui/users"
	"hotline/casework"
	"hotline/casework/reveals"
	"hotline/queue"
)

const revealFor = time.Minute

// revealNumber gives the caller's number to one person, for a reason that is written down before: to who talks with the caller; in an emergency also to
// who talked with a caller at risk, and to a supervisor of such a call, whose look another person looks at afterwards. Everybody else asks first.
func (p *Pages) revealNumber(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	call, ok := p.ID(w, r)
	var body protocol.NumberAsk
	if !ok || !p.Read(w, r, &body) || !p.Takes(w, r, v, call, part.Offered, part.Serving, part.Served, part.Past) {
		return
	}
	reason, ok := p.Reason(w, body.Reason)
	if !ok {
		return
	}
	have, err := p.In(r.Context(), v.User.ID, call)
	if !p.Answered(w, r, err) {
		return
	}
	if caller, err := p.Contacts.Caller(r.Context(), call); err != nil || caller.Withheld {
		p.Answered(w, r, cmp.Or(err, casework.ErrNoCaller))
		return
	}
	object := "call:" + call
	if have != part.Serving {
		if ok, err := p.emergencyOf(r.Context(), v, call, body.Emergency); !ok {
			if p.Answered(w, r, err) {
				p.Fail(w, http.StatusForbidden, protocol.SecondPerson, nil)
			}
			return
		}
		one, err := p.Reveals.Now(r.Context(), call, reason, string(v.User.ID))
		if err == nil {
			one, err = p.Reveals.Look(r.Context(), one.ID, string(v.User.ID))
		}
		if !p.revealed(w, r, err) {
			return
		}
		object += " reveal:" + one.ID
	}
	p.showNumber(w, r, v, call, object, reason)
}

// emergencyOf tells whether a person may look at once at the number of a call that is not (any more) theirs: they said that life is in danger, the
// caller was at risk, and they talked in the call or are a supervisor.
func (p *Pages) emergencyOf(ctx context.Context, v *page.Visitor, call string, said bool) (bool, error) {
	if !said {
		return false, nil
	}
	if v.User.Role != users.Supervisor {
		if served, err := p.TookPart(ctx, v.User.ID, call); err != nil || !served {
			return false, err
		}
	}
	if c, live := p.Board.Call(queue.CallID(call)); live && (c.Danger || c.Tier == queue.TierRed) {
		return true, nil
	}
	caller, err := p.Contacts.Caller(ctx, call)
	return err == nil && caller.Call.AtRisk(), err
}

// showNumber answers with a number, after the look is in the audit.
func (p *Pages) showNumber(w http.ResponseWriter, r *http.Request, v *page.Visitor, call, object, reason string) {
	var number string
	done := p.Answered(w, r, p.Audited(r, v, ActionNumberReveal, object, reason, func(ctx context.Context) (err error) {
		number, err = p.Contacts.Number(ctx, call)
		return err
	}))
	if done {
		p.Reply(w, http.StatusOK, protocol.RevealedNumber{Number: number, Until: time.Now().Add(revealFor).UnixMilli()})
	}
}

// askNumber asks a supervisor, who must be another, to allow a look.
func (p *Pages) askNumber(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	call, ok := p.ID(w, r)
	var body protocol.NumberAsk
	if !ok || !p.Read(w, r, &body) || !p.Takes(w, r, v, call, part.Offered, part.Serving, part.Served, part.Past) {
		return
	}
	reason, ok := p.Reason(w, body.Reason)
	if !ok {
		return
	}
	caller, err := p.Contacts.Caller(r.Context(), call)
	if err == nil && caller.Withheld {
		err = casework.ErrNoCaller // nobody need decide about nothing
	}
	if !p.Answered(w, r, err) {
		return
	}
	var out reveals.Reveal
	if p.revealed(w, r, p.Audited(r, v, ActionRevealAsk, "call:"+call, reason, func(ctx context.Context) (err error) {
		out, err = p.Reveals.Ask(ctx, call, reason, string(v.User.ID))
		return err
	})) {
		p.Reply(w, http.StatusOK, p.reveal(out, v))
	}
}

// lookAtNumber gives the number to who asked, while it is allowed. Each look is written down before.
func (p *Pages) lookAtNumber(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	id, ok := p.ID(w, r)
	if !ok {
		return
	}
	one, err := p.Reveals.Look(r.Context(), id, string(v.User.ID))
	if p.revealed(w, r, err) {
		p.showNumber(w, r, v, one.Call, "call:"+one.Call+" reveal:"+id, one.Reason)
	}
}

func (p *Pages) reveal(r reveals.Reveal, v *page.Visitor) protocol.NumberReveal {
	return protocol.NumberReveal{
		Reveal: r.ID, Call: r.Call, AskedAt: protocol.Millis(r.AskedAt), AskedBy: r.AskedBy, AskedByName: p.Doer(r.AskedBy), Reason: r.Reason, State: string(r.State),
		DecidedByName: p.Doer(r.DecidedBy), Until: protocol.Millis(r.Until), Looks: r.Looks, ReviewedAt: protocol.Millis(r.ReviewedAt), ReviewedByName: p.Doer(r.ReviewedBy),
		Justified: r.Justified, Answer: r.Answer, Yours: r.AskedBy == string(v.User.ID),
	}
}

// listReveals shows a supervisor what is to be decided or reviewed, and everybody their own wishes.
func (p *Pages) listReveals(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	out := protocol.NumberReveals{Reveals: []protocol.NumberReveal{}}
	if p.Answered(w, r, p.Audited(r, v, ActionRevealList, "", "", func(ctx context.Context) error {
		own, err := p.Reveals.List(ctx, string(v.User.ID))
		if err != nil {
			return err
		}
		all := own
		if v.User.Role == users.Supervisor {
			waiting, err := p.Reveals.List(ctx, "")
			if err != nil {
				return err
			}
			for _, one := range waiting {
				if one.AskedBy != string(v.User.ID) {
					all = append(all, one)
				}
			}
		}
		for _, one := range all {
			out.Reveals = append(out.Reveals, p.reveal(one, v))
		}
		return nil
	})) {
		p.Reply(w, http.StatusOK, out)
	}
}

func (p *Pages) approveReveal(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	p.decideReveal(w, r, v, ActionRevealApprove, "", func(ctx context.Context, id string) (reveals.Reveal, error) {
		return p.Reveals.Approve(ctx, id, string(v.User.ID))
	})
}

func (p *Pages) refuseReveal(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	var body protocol.Why
	if !p.Read(w, r, &body) {
		return
	}
	if reason, ok := p.Reason(w, body.Reason); ok {
		p.decideReveal(w, r, v, ActionRevealRefuse, reason, func(ctx context.Context, id string) (reveals.Reveal, error) {
			return p.Reveals.Refuse(ctx, id, reason, string(v.User.ID))
		})
	}
}

func (p *Pages) reviewReveal(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	var body protocol.RevealReview
	if !p.Read(w, r, &body) {
		return
	}
	if reason, ok := p.Reason(w, body.Reason); ok {
		p.decideReveal(w, r, v, ActionRevealReview, reason, func(ctx context.Context, id string) (reveals.Reveal, error) {
			return p.Reveals.Review(ctx, id, body.Justified, reason, string(v.User.ID))
		})
	}
}

func (p *Pages) decideReveal(w http.ResponseWriter, r *http.Request, v *page.Visitor, action, reason string, do func(context.Context, string) (reveals.Reveal, error)) {
	id, ok := p.ID(w, r)
	if !ok {
		return
	}
	var out reveals.Reveal
	if p.revealed(w, r, p.Audited(r, v, action, "reveal:"+id, reason, func(ctx context.Context) (err error) {
		out, err = do(ctx, id)
		return err
	})) {
		p.Reply(w, http.StatusOK, p.reveal(out, v))
	}
}

// revealed answers what the reveals refuse; true when nothing was refused.
func (p *Pages) revealed(w http.ResponseWriter, r *http.Request, err error) bool {
	switch {
	case errors.Is(err, reveals.ErrNotFound):
		p.Fail(w, http.StatusNotFound, protocol.NotFound, nil)
	case errors.Is(err, reveals.ErrSame):
		p.Fail(w, http.StatusForbidden, protocol.SamePerson, nil)
	case errors.Is(err, reveals.ErrOver):
		p.Fail(w, http.StatusConflict, protocol.RevealOver, nil)
	case errors.Is(err, reveals.ErrInvalid):
		p.Fail(w, http.StatusBadRequest, protocol.BadReason, protocol.Params{"least": page.ReasonLeast, "most": page.ReasonMost})
	default:
		return p.Answered(w, r, err)
	}
	return false
}
