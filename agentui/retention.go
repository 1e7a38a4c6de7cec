package agentui

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/oklog/ulid/v2"

	"hotline/agentui/page"
	"hotline/agentui/protocol"
	"hotline/casework/retention"
	"hotline/queue"
	"hotline/storage"
)

// Actions of the audit trail about what is kept and erased.
const (
	ActionRetentionView = "retention.view"
	ActionHoldPut       = "hold.put"
	ActionHoldLift      = "hold.lift" // the first wish and the second
	ActionEraseAsk      = "erase.ask"
	ActionEraseGrant    = "erase.grant"
	ActionEraseRefuse   = "erase.refuse"
	ActionErasePass     = "erase.pass"
)

// retainer is what the console asks of retention.
type retainer interface {
	Standings(ctx context.Context, calls []string) (map[string]retention.Standing, error)
	Due(ctx context.Context, rules retention.Rules, limit int) (retention.Plan, error)
	Pass(ctx context.Context, rules retention.Rules) (retention.Passed, error)
	Put(ctx context.Context, kind storage.Subject, object, by, reason string) (retention.Hold, error)
	Lift(ctx context.Context, id, by string) (retention.Hold, error)
	Holds(ctx context.Context, since time.Time, limit int) ([]retention.Hold, error)
	Ask(ctx context.Context, kind storage.Subject, object, by, reason string) (retention.Request, error)
	Grant(ctx context.Context, id, by string) (retention.Request, error)
	Refuse(ctx context.Context, id, by string) (retention.Request, error)
	Requests(ctx context.Context, limit int) ([]retention.Request, error)
	Stones(ctx context.Context, limit int) ([]retention.Stone, error)
	Code(ctx context.Context, file string) string
	File(ctx context.Context, code string) (string, error)
}

func (s *Server) retentionEndpoints() []page.Endpoint {
	return []page.Endpoint{
		{Pattern: "GET /api/retention", Access: page.Leading, Serve: s.showRetention},
		{Pattern: "POST /api/retention/pass", Access: page.Administrator, Serve: s.passRetention, Fresh: true},
		{Pattern: "POST /api/retention/holds", Access: page.Leading, Serve: s.putHold},
		{Pattern: "POST /api/retention/holds/{id}/lift", Access: page.Leading, Serve: s.liftHold},
		{Pattern: "POST /api/retention/requests", Access: page.Leading, Serve: s.askErasure},
		{Pattern: "POST /api/retention/requests/{id}/grant", Access: page.Leading, Serve: s.grantErasure, Fresh: true},
		{Pattern: "POST /api/retention/requests/{id}/refuse", Access: page.Leading, Serve: s.refuseErasure},
	}
}

// mostDue bounds how many contacts are judged for one look, so that a page comes within a second or two; More says that there are others.
const mostDue = 1000

func (s *Server) contactRules(ctx context.Context) (retention.Rules, error) {
	v, err := s.deps.Settings.Current(ctx)
	ordinary, high := v.Doc.ContactsKept()
	return retention.Rules{Ordinary: ordinary, HighRisk: high, Automatic: v.Doc.Retention.Automatic}, err
}

func (s *Server) showRetention(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	var out protocol.Retention
	done := s.keeps(w, r, v, ActionRetentionView, "", "", func(ctx context.Context) (err error) {
		out, err = s.retention(ctx, v)
		return err
	})
	if done {
		s.clerk.Reply(w, http.StatusOK, out)
	}
}

// replyRetention shows what there is after an act.
func (s *Server) replyRetention(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	out, err := s.retention(r.Context(), v)
	if s.kept(w, r, err) {
		s.clerk.Reply(w, http.StatusOK, out)
	}
}

func (s *Server) retention(ctx context.Context, v *page.Visitor) (out protocol.Retention, err error) {
	rules, err := s.contactRules(ctx)
	if err != nil {
		return out, err
	}
	plan, err := s.deps.Retention.Due(ctx, rules, mostDue)
	if err != nil {
		return out, err
	}
	holds, err := s.deps.Retention.Holds(ctx, time.Now().AddDate(0, -1, 0), listMost)
	if err != nil {
		return out, err
	}
	requests, err := s.deps.Retention.Requests(ctx, listMost)
	if err != nil {
		return out, err
	}
	stones, err := s.deps.Retention.Stones(ctx, listMost)
	if err != nil {
		return out, err
	}
	out = protocol.Retention{
		Ordinary: int(rules.Ordinary.Hours() / 24), HighRisk: int(rules.HighRisk.Hours() / 24), Automatic: rules.Automatic, More: plan.More,
		Due: dueOf(plan), Holds: []protocol.RetentionHold{}, Requests: []protocol.ErasureRequest{}, Stones: []protocol.ErasureStone{},
	}
	for _, h := range holds {
		out.Holds = append(out.Holds, protocol.RetentionHold{
			Hold: h.ID, Kind: string(h.Kind), Object: s.shownObject(ctx, h.Kind, h.Object), At: protocol.Millis(h.At), ByName: s.nameOf(h.By), Reason: h.Reason,
			LiftAsked: s.nameOf(h.LiftAsked), Mine: h.LiftAsked == string(v.User.ID), LiftedAt: protocol.Millis(h.Lifted),
		})
	}
	for _, q := range requests {
		out.Requests = append(out.Requests, protocol.ErasureRequest{
			Request: q.ID, Kind: string(q.Kind), Object: s.shownObject(ctx, q.Kind, q.Object), State: string(q.State), At: protocol.Millis(q.At), ByName: s.nameOf(q.By),
			Mine: q.By == string(v.User.ID), Reason: q.Reason, DecidedAt: protocol.Millis(q.Decided), DecidedBy: s.nameOf(q.DecidedBy),
		})
	}
	for _, st := range stones {
		kind, id, _ := strings.Cut(st.Object, ":")
		out.Stones = append(out.Stones, protocol.ErasureStone{
			Kind: kind, Object: s.shownObject(ctx, storage.Subject(kind), id), Class: string(st.Class), Asked: strings.HasPrefix(st.Why, "request:"), At: protocol.Millis(st.At), Found: st.Found,
		})
	}
	return out, nil
}

// nameOf is the name of a person of the house; "" stays "".
func (s *Server) nameOf(user string) string {
	if user == "" {
		return ""
	}
	return s.directory.name(queue.AgentID(user))
}

// shownObject is a call's id, or the code by which people know a file.
func (s *Server) shownObject(ctx context.Context, kind storage.Subject, id string) string {
	if kind == storage.OfFile {
		return s.deps.Retention.Code(ctx, id)
	}
	return id
}

func dueOf(p retention.Plan) []protocol.RetentionDue {
	out := []protocol.RetentionDue{{Class: string(retention.Ordinary)}, {Class: string(retention.HighRisk)}}
	for _, c := range p.Contacts {
		d := &out[0]
		if c.Class == retention.HighRisk {
			d = &out[1]
		}
		switch {
		case c.Held:
			d.Held++
		case c.Live:
			d.Live++
		default:
			d.Due++
		}
		if at := protocol.Millis(c.Ended); d.Oldest == 0 || at < d.Oldest {
			d.Oldest = at
		}
	}
	return out
}

func (s *Server) passRetention(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	var made retention.Passed
	done := s.keeps(w, r, v, ActionErasePass, "", "", func(ctx context.Context) error {
		rules, err := s.contactRules(ctx)
		if err != nil {
			return err
		}
		made, err = s.deps.Retention.Pass(ctx, rules)
		return err
	})
	if done {
		s.clerk.Reply(w, http.StatusOK, protocol.ErasurePass{Erased: made.Erased, Held: made.Held, Live: made.Live, Requests: made.Requests, More: made.More})
	}
}

func (s *Server) putHold(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	s.keepOrErase(w, r, v, ActionHoldPut, func(ctx context.Context, kind storage.Subject, object, reason string) error {
		_, err := s.deps.Retention.Put(ctx, kind, object, string(v.User.ID), reason)
		return err
	})
}

func (s *Server) askErasure(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	s.keepOrErase(w, r, v, ActionEraseAsk, func(ctx context.Context, kind storage.Subject, object, reason string) error {
		_, err := s.deps.Retention.Ask(ctx, kind, object, string(v.User.ID), reason)
		return err
	})
}

func (s *Server) keepOrErase(w http.ResponseWriter, r *http.Request, v *page.Visitor, action string, do func(ctx context.Context, kind storage.Subject, object, reason string) error) {
	var body protocol.KeepOrErase
	if !s.clerk.Read(w, r, &body) {
		return
	}
	reason, ok := s.clerk.Reason(w, body.Reason)
	if !ok {
		return
	}
	kind, object := storage.Subject(body.Kind), strings.TrimSpace(body.Object)
	switch kind {
	case storage.OfCall:
		if _, err := ulid.ParseStrict(object); err != nil {
			s.clerk.Fail(w, http.StatusNotFound, protocol.NotFound, nil)
			return
		}
	case storage.OfFile:
		id, err := s.deps.Retention.File(r.Context(), object)
		if !s.kept(w, r, err) {
			return
		}
		object = id
	default:
		s.clerk.Fail(w, http.StatusBadRequest, protocol.BadRequest, nil)
		return
	}
	if s.keeps(w, r, v, action, string(kind)+":"+object, reason, func(ctx context.Context) error { return do(ctx, kind, object, reason) }) {
		s.replyRetention(w, r, v)
	}
}

func (s *Server) liftHold(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	s.decideKept(w, r, v, ActionHoldLift, func(ctx context.Context, id string) error {
		_, err := s.deps.Retention.Lift(ctx, id, string(v.User.ID))
		return err
	})
}

func (s *Server) grantErasure(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	s.decideKept(w, r, v, ActionEraseGrant, func(ctx context.Context, id string) error {
		_, err := s.deps.Retention.Grant(ctx, id, string(v.User.ID))
		return err
	})
}

func (s *Server) refuseErasure(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	s.decideKept(w, r, v, ActionEraseRefuse, func(ctx context.Context, id string) error {
		_, err := s.deps.Retention.Refuse(ctx, id, string(v.User.ID))
		return err
	})
}

func (s *Server) decideKept(w http.ResponseWriter, r *http.Request, v *page.Visitor, action string, do func(ctx context.Context, id string) error) {
	id, ok := s.clerk.ID(w, r)
	if !ok {
		return
	}
	if s.keeps(w, r, v, action, id, "", func(ctx context.Context) error { return do(ctx, id) }) {
		s.replyRetention(w, r, v)
	}
}

// keeps is audited with the answers of this page.
func (s *Server) keeps(w http.ResponseWriter, r *http.Request, v *page.Visitor, action, object, reason string, do func(ctx context.Context) error) bool {
	return s.kept(w, r, s.clerk.Audited(r, v, action, object, reason, do))
}

func (s *Server) kept(w http.ResponseWriter, r *http.Request, err error) bool {
	for _, known := range []struct {
		err    error
		status int
		code   protocol.Code
	}{
		{retention.ErrNotFound, http.StatusNotFound, protocol.NotFound},
		{retention.ErrHeld, http.StatusConflict, protocol.OnHold},
		{retention.ErrLive, http.StatusConflict, protocol.StillOpen},
		{retention.ErrSamePerson, http.StatusForbidden, protocol.SamePerson},
		{retention.ErrState, http.StatusConflict, protocol.AlreadyClosed},
		{retention.ErrReason, http.StatusBadRequest, protocol.BadReason},
	} {
		if errors.Is(err, known.err) {
			s.clerk.Fail(w, known.status, known.code, nil)
			return false
		}
	}
	return s.answered(w, r, err)
}
