package agentui

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
func (s *Server) revealNumber(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	call, ok := s.clerk.ID(w, r)
	var body protocol.NumberAsk
	if !ok || !s.clerk.Read(w, r, &body) || !s.parts().Takes(w, r, v, call, part.Offered, part.Serving, part.Served, part.Past) {
		return
	}
	reason, ok := s.clerk.Reason(w, body.Reason)
	if !ok {
		return
	}
	have, err := s.partIn(r.Context(), v.User.ID, call)
	if !s.answered(w, r, err) {
		return
	}
	if caller, err := s.deps.Care.Contacts.Caller(r.Context(), call); err != nil || caller.Withheld {
		s.answered(w, r, cmp.Or(err, casework.ErrNoCaller))
		return
	}
	object := "call:" + call
	if have != part.Serving {
		if ok, err := s.emergencyOf(r.Context(), v, call, body.Emergency); !ok {
			if s.answered(w, r, err) {
				s.clerk.Fail(w, http.StatusForbidden, protocol.SecondPerson, nil)
			}
			return
		}
		one, err := s.deps.Persons.Reveals.Now(r.Context(), call, reason, string(v.User.ID))
		if err == nil {
			one, err = s.deps.Persons.Reveals.Look(r.Context(), one.ID, string(v.User.ID))
		}
		if !s.revealed(w, r, err) {
			return
		}
		object += " reveal:" + one.ID
	}
	s.showNumber(w, r, v, call, object, reason)
}

// emergencyOf tells whether a person may look at once at the number of a call that is not (any more) theirs: they said that life is in danger, the
// caller was at risk, and they talked in the call or are a supervisor.
func (s *Server) emergencyOf(ctx context.Context, v *page.Visitor, call string, said bool) (bool, error) {
	if !said {
		return false, nil
	}
	if v.User.Role != users.Supervisor {
		if served, err := s.served(ctx, v.User.ID, call); err != nil || !served {
			return false, err
		}
	}
	if c, live := s.board.Call(queue.CallID(call)); live && (c.Danger || c.Tier == queue.TierRed) {
		return true, nil
	}
	caller, err := s.deps.Care.Contacts.Caller(ctx, call)
	return err == nil && caller.Call.AtRisk(), err
}

// showNumber answers with a number, after the look is in the audit.
func (s *Server) showNumber(w http.ResponseWriter, r *http.Request, v *page.Visitor, call, object, reason string) {
	var number string
	done := s.audited(w, r, v, ActionNumberReveal, object, reason, func(ctx context.Context) (err error) {
		number, err = s.deps.Care.Contacts.Number(ctx, call)
		return err
	})
	if done {
		s.clerk.Reply(w, http.StatusOK, protocol.RevealedNumber{Number: number, Until: time.Now().Add(revealFor).UnixMilli()})
	}
}

// askNumber asks a supervisor, who must be another, to allow a look.
func (s *Server) askNumber(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	call, ok := s.clerk.ID(w, r)
	var body protocol.NumberAsk
	if !ok || !s.clerk.Read(w, r, &body) || !s.parts().Takes(w, r, v, call, part.Offered, part.Serving, part.Served, part.Past) {
		return
	}
	reason, ok := s.clerk.Reason(w, body.Reason)
	if !ok {
		return
	}
	caller, err := s.deps.Care.Contacts.Caller(r.Context(), call)
	if err == nil && caller.Withheld {
		err = casework.ErrNoCaller // nobody need decide about nothing
	}
	if !s.answered(w, r, err) {
		return
	}
	var out reveals.Reveal
	if s.revealed(w, r, s.clerk.Audited(r, v, ActionRevealAsk, "call:"+call, reason, func(ctx context.Context) (err error) {
		out, err = s.deps.Persons.Reveals.Ask(ctx, call, reason, string(v.User.ID))
		return err
	})) {
		s.clerk.Reply(w, http.StatusOK, s.reveal(out, v))
	}
}

// lookAtNumber gives the number to who asked, while it is allowed. Each look is written down before.
func (s *Server) lookAtNumber(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	id, ok := s.clerk.ID(w, r)
	if !ok {
		return
	}
	one, err := s.deps.Persons.Reveals.Look(r.Context(), id, string(v.User.ID))
	if s.revealed(w, r, err) {
		s.showNumber(w, r, v, one.Call, "call:"+one.Call+" reveal:"+id, one.Reason)
	}
}

func (s *Server) reveal(r reveals.Reveal, v *page.Visitor) protocol.NumberReveal {
	return protocol.NumberReveal{
		Reveal: r.ID, Call: r.Call, AskedAt: protocol.Millis(r.AskedAt), AskedBy: r.AskedBy, AskedByName: s.doer(r.AskedBy), Reason: r.Reason, State: string(r.State),
		DecidedByName: s.doer(r.DecidedBy), Until: protocol.Millis(r.Until), Looks: r.Looks, ReviewedAt: protocol.Millis(r.ReviewedAt), ReviewedByName: s.doer(r.ReviewedBy),
		Justified: r.Justified, Answer: r.Answer, Yours: r.AskedBy == string(v.User.ID),
	}
}

// listReveals shows a supervisor what is to be decided or reviewed, and everybody their own wishes.
func (s *Server) listReveals(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	out := protocol.NumberReveals{Reveals: []protocol.NumberReveal{}}
	if s.audited(w, r, v, ActionRevealList, "", "", func(ctx context.Context) error {
		own, err := s.deps.Persons.Reveals.List(ctx, string(v.User.ID))
		if err != nil {
			return err
		}
		all := own
		if v.User.Role == users.Supervisor {
			waiting, err := s.deps.Persons.Reveals.List(ctx, "")
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
			out.Reveals = append(out.Reveals, s.reveal(one, v))
		}
		return nil
	}) {
		s.clerk.Reply(w, http.StatusOK, out)
	}
}

func (s *Server) approveReveal(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	s.decideReveal(w, r, v, ActionRevealApprove, "", func(ctx context.Context, id string) (reveals.Reveal, error) {
		return s.deps.Persons.Reveals.Approve(ctx, id, string(v.User.ID))
	})
}

func (s *Server) refuseReveal(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	var body protocol.Why
	if !s.clerk.Read(w, r, &body) {
		return
	}
	if reason, ok := s.clerk.Reason(w, body.Reason); ok {
		s.decideReveal(w, r, v, ActionRevealRefuse, reason, func(ctx context.Context, id string) (reveals.Reveal, error) {
			return s.deps.Persons.Reveals.Refuse(ctx, id, reason, string(v.User.ID))
		})
	}
}

func (s *Server) reviewReveal(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	var body protocol.RevealReview
	if !s.clerk.Read(w, r, &body) {
		return
	}
	if reason, ok := s.clerk.Reason(w, body.Reason); ok {
		s.decideReveal(w, r, v, ActionRevealReview, reason, func(ctx context.Context, id string) (reveals.Reveal, error) {
			return s.deps.Persons.Reveals.Review(ctx, id, body.Justified, reason, string(v.User.ID))
		})
	}
}

func (s *Server) decideReveal(w http.ResponseWriter, r *http.Request, v *page.Visitor, action, reason string, do func(context.Context, string) (reveals.Reveal, error)) {
	id, ok := s.clerk.ID(w, r)
	if !ok {
		return
	}
	var out reveals.Reveal
	if s.revealed(w, r, s.clerk.Audited(r, v, action, "reveal:"+id, reason, func(ctx context.Context) (err error) {
		out, err = do(ctx, id)
		return err
	})) {
		s.clerk.Reply(w, http.StatusOK, s.reveal(out, v))
	}
}

// revealed answers what the reveals refuse; true when nothing was refused.
func (s *Server) revealed(w http.ResponseWriter, r *http.Request, err error) bool {
	switch {
	case errors.Is(err, reveals.ErrNotFound):
		s.clerk.Fail(w, http.StatusNotFound, protocol.NotFound, nil)
	case errors.Is(err, reveals.ErrSame):
		s.clerk.Fail(w, http.StatusForbidden, protocol.SamePerson, nil)
	case errors.Is(err, reveals.ErrOver):
		s.clerk.Fail(w, http.StatusConflict, protocol.RevealOver, nil)
	case errors.Is(err, reveals.ErrInvalid):
		s.clerk.Fail(w, http.StatusBadRequest, protocol.BadReason, protocol.Params{"least": page.ReasonLeast, "most": page.ReasonMost})
	default:
		return s.answered(w, r, err)
	}
	return false
}
