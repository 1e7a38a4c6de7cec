// Package retention is how the console tells what of contacts is kept and for how long, and takes in holds and wishes to erase (casework/retention).
package retention

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/oklog/ulid/v2"

	"hotline/agentui/page"
	"hotline/agentui/protocol"
	"hotline/agentui/settings"
	"hotline/casework/retention"
	"hotline/storage"
)

const shown = 500 // holds, wishes or stones of one answer

// Actions of the audit trail about what is kept and erased.
const (
	ActionRetentionView = "retention.view" // also "plan", what is due one by one, and "recordings", what stands over those that went
	ActionHoldPut       = "hold.put"
	ActionHoldLift      = "hold.lift" // the first wish and the second
	ActionEraseAsk      = "erase.ask"
	ActionEraseGrant    = "erase.grant"
	ActionEraseRefuse   = "erase.refuse"
	ActionErasePass     = "erase.pass"
)

// Store is what the console asks of retention; *retention.Store is one, with the codes of files.
type Store interface {
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

type rules interface {
	Current(ctx context.Context) (settings.Version, error)
}

// Pages are those of what is kept and erased.
type Pages struct {
	*page.Clerk
	Store    Store
	Tapes    Tapes
	Settings rules                  // *settings.Store
	Person   func(id string) string // the name of a person; "" stays ""
}

// Endpoints are what can be asked of it.
func (p *Pages) Endpoints() []page.Endpoint {
	return []page.Endpoint{
		{Pattern: "GET /api/retention", Access: page.Leading, Serve: p.showRetention},
		{Pattern: "GET /api/retention/plan", Access: page.Leading, Serve: p.showRetentionPlan},
		{Pattern: "GET /api/retention/recordings", Access: page.Leading, Serve: p.listRecordingStones},
		{Pattern: "POST /api/retention/pass", Access: page.Administrator, Serve: p.passRetention, Fresh: true},
		{Pattern: "POST /api/retention/holds", Access: page.Leading, Serve: p.putHold},
		{Pattern: "POST /api/retention/holds/{id}/lift", Access: page.Leading, Serve: p.liftHold},
		{Pattern: "POST /api/retention/requests", Access: page.Leading, Serve: p.askErasure},
		{Pattern: "POST /api/retention/requests/{id}/grant", Access: page.Leading, Serve: p.grantErasure, Fresh: true},
		{Pattern: "POST /api/retention/requests/{id}/refuse", Access: page.Leading, Serve: p.refuseErasure},
	}
}

// mostDue bounds how many contacts are judged for one look, so that a page comes within a second or two; More says that there are others.
const mostDue = 1000

func (p *Pages) contactRules(ctx context.Context) (retention.Rules, error) {
	v, err := p.Settings.Current(ctx)
	ordinary, high := v.Doc.ContactsKept()
	return retention.Rules{Ordinary: ordinary, HighRisk: high, Automatic: v.Doc.Retention.Automatic}, err
}

func (p *Pages) showRetention(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	var out protocol.Retention
	done := p.keeps(w, r, v, ActionRetentionView, "", "", func(ctx context.Context) (err error) {
		out, err = p.retention(ctx, v)
		return err
	})
	if done {
		p.Reply(w, http.StatusOK, out)
	}
}

// replyRetention shows what there is after an act.
func (p *Pages) replyRetention(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	out, err := p.retention(r.Context(), v)
	if p.kept(w, r, err) {
		p.Reply(w, http.StatusOK, out)
	}
}

func (p *Pages) retention(ctx context.Context, v *page.Visitor) (out protocol.Retention, err error) {
	rules, err := p.contactRules(ctx)
	if err != nil {
		return out, err
	}
	plan, err := p.Store.Due(ctx, rules, mostDue)
	if err != nil {
		return out, err
	}
	holds, err := p.Store.Holds(ctx, time.Now().AddDate(0, -1, 0), shown)
	if err != nil {
		return out, err
	}
	requests, err := p.Store.Requests(ctx, shown)
	if err != nil {
		return out, err
	}
	stones, err := p.Store.Stones(ctx, shown)
	if err != nil {
		return out, err
	}
	out = protocol.Retention{
		Ordinary: int(rules.Ordinary.Hours() / 24), HighRisk: int(rules.HighRisk.Hours() / 24), Automatic: rules.Automatic, More: plan.More,
		Due: dueOf(plan), Holds: []protocol.RetentionHold{}, Requests: []protocol.ErasureRequest{}, Stones: []protocol.ErasureStone{},
	}
	for _, h := range holds {
		out.Holds = append(out.Holds, protocol.RetentionHold{
			Hold: h.ID, Kind: string(h.Kind), Object: p.shownObject(ctx, h.Kind, h.Object), At: protocol.Millis(h.At), ByName: p.Person(h.By), Reason: h.Reason,
			LiftAsked: p.Person(h.LiftAsked), Mine: h.LiftAsked == string(v.User.ID), LiftedAt: protocol.Millis(h.Lifted),
		})
	}
	for _, q := range requests {
		out.Requests = append(out.Requests, protocol.ErasureRequest{
			Request: q.ID, Kind: string(q.Kind), Object: p.shownObject(ctx, q.Kind, q.Object), State: string(q.State), At: protocol.Millis(q.At), ByName: p.Person(q.By),
			Mine: q.By == string(v.User.ID), Reason: q.Reason, DecidedAt: protocol.Millis(q.Decided), DecidedBy: p.Person(q.DecidedBy),
		})
	}
	for _, st := range stones {
		kind, id, _ := strings.Cut(st.Object, ":")
		out.Stones = append(out.Stones, protocol.ErasureStone{
			Kind: kind, Object: p.shownObject(ctx, storage.Subject(kind), id), Class: string(st.Class), Asked: strings.HasPrefix(st.Why, "request:"), At: protocol.Millis(st.At),
			ByName: p.personOnly(st.By), Found: st.Found,
		})
	}
	return out, nil
}

// shownObject is a call's id, or the code by which people know a file.
func (p *Pages) shownObject(ctx context.Context, kind storage.Subject, id string) string {
	if kind == storage.OfFile {
		return p.Store.Code(ctx, id)
	}
	return id
}

func dueOf(plan retention.Plan) []protocol.RetentionDue {
	out := []protocol.RetentionDue{{Class: string(retention.Ordinary)}, {Class: string(retention.HighRisk)}}
	for _, c := range plan.Contacts {
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

func (p *Pages) passRetention(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	var made retention.Passed
	done := p.keeps(w, r, v, ActionErasePass, "", "", func(ctx context.Context) error {
		rules, err := p.contactRules(ctx)
		if err != nil {
			return err
		}
		made, err = p.Store.Pass(ctx, rules)
		return err
	})
	if done {
		p.Reply(w, http.StatusOK, protocol.ErasurePass{Erased: made.Erased, Held: made.Held, Live: made.Live, Requests: made.Requests, More: made.More})
	}
}

func (p *Pages) putHold(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	p.keepOrErase(w, r, v, ActionHoldPut, func(ctx context.Context, kind storage.Subject, object, reason string) error {
		_, err := p.Store.Put(ctx, kind, object, string(v.User.ID), reason)
		return err
	})
}

func (p *Pages) askErasure(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	p.keepOrErase(w, r, v, ActionEraseAsk, func(ctx context.Context, kind storage.Subject, object, reason string) error {
		_, err := p.Store.Ask(ctx, kind, object, string(v.User.ID), reason)
		return err
	})
}

func (p *Pages) keepOrErase(w http.ResponseWriter, r *http.Request, v *page.Visitor, action string, do func(ctx context.Context, kind storage.Subject, object, reason string) error) {
	var body protocol.KeepOrErase
	if !p.Read(w, r, &body) {
		return
	}
	reason, ok := p.Reason(w, body.Reason)
	if !ok {
		return
	}
	kind, object := storage.Subject(body.Kind), strings.TrimSpace(body.Object)
	switch kind {
	case storage.OfCall:
		if _, err := ulid.ParseStrict(object); err != nil {
			p.Fail(w, http.StatusNotFound, protocol.NotFound, nil)
			return
		}
	case storage.OfFile:
		id, err := p.Store.File(r.Context(), object)
		if !p.kept(w, r, err) {
			return
		}
		object = id
	default:
		p.Fail(w, http.StatusBadRequest, protocol.BadRequest, nil)
		return
	}
	if p.keeps(w, r, v, action, string(kind)+":"+object, reason, func(ctx context.Context) error { return do(ctx, kind, object, reason) }) {
		p.replyRetention(w, r, v)
	}
}

func (p *Pages) liftHold(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	p.decideKept(w, r, v, ActionHoldLift, func(ctx context.Context, id string) error {
		_, err := p.Store.Lift(ctx, id, string(v.User.ID))
		return err
	})
}

func (p *Pages) grantErasure(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	p.decideKept(w, r, v, ActionEraseGrant, func(ctx context.Context, id string) error {
		_, err := p.Store.Grant(ctx, id, string(v.User.ID))
		return err
	})
}

func (p *Pages) refuseErasure(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	p.decideKept(w, r, v, ActionEraseRefuse, func(ctx context.Context, id string) error {
		_, err := p.Store.Refuse(ctx, id, string(v.User.ID))
		return err
	})
}

func (p *Pages) decideKept(w http.ResponseWriter, r *http.Request, v *page.Visitor, action string, do func(ctx context.Context, id string) error) {
	id, ok := p.ID(w, r)
	if !ok {
		return
	}
	if p.keeps(w, r, v, action, id, "", func(ctx context.Context) error { return do(ctx, id) }) {
		p.replyRetention(w, r, v)
	}
}

// keeps is audited with the answers of this page.
func (p *Pages) keeps(w http.ResponseWriter, r *http.Request, v *page.Visitor, action, object, reason string, do func(ctx context.Context) error) bool {
	return p.kept(w, r, p.Audited(r, v, action, object, reason, do))
}

func (p *Pages) kept(w http.ResponseWriter, r *http.Request, err error) bool {
	return p.Answered(w, r, err,
		page.Refusal{Err: retention.ErrNotFound, Status: http.StatusNotFound, Code: protocol.NotFound},
		page.Refusal{Err: retention.ErrHeld, Status: http.StatusConflict, Code: protocol.OnHold},
		page.Refusal{Err: retention.ErrLive, Status: http.StatusConflict, Code: protocol.StillOpen},
		page.Refusal{Err: retention.ErrSamePerson, Status: http.StatusForbidden, Code: protocol.SamePerson},
		page.Refusal{Err: retention.ErrState, Status: http.StatusConflict, Code: protocol.AlreadyClosed},
		page.Refusal{Err: retention.ErrReason, Status: http.StatusBadRequest, Code: protocol.BadReason})
}
