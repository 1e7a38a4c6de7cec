// Package decisions is how a supervisor reads why a call was offered to whom (casework/decisions).
package decisions

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/oklog/ulid/v2"

	"hotline/agentui/page"
	"hotline/agentui/protocol"
	"hotline/casework/decisions"
	"hotline/queue"
)

// ActionDecisionView is in the audit trail for each look.
const ActionDecisionView = "decision.view"

// Store is what the console asks of the decisions; *decisions.Store is one.
type Store interface {
	Of(ctx context.Context, call string) ([]decisions.Decision, error)
}

var _ Store = (*decisions.Store)(nil)

// Pages are those of decisions.
type Pages struct {
	*page.Clerk
	Store  Store
	Person func(id string) string // the name of a person
}

// Endpoints are what can be asked of decisions.
func (p *Pages) Endpoints() []page.Endpoint {
	return []page.Endpoint{{Pattern: "GET /api/decisions", Access: page.Supervisor, Serve: p.listDecisions}}
}

// listDecisions answers why a call was offered to whom. Looking is written down: it shows who works how.
func (p *Pages) listDecisions(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	call := r.URL.Query().Get("call")
	if _, err := ulid.ParseStrict(call); err != nil {
		p.Fail(w, http.StatusBadRequest, protocol.BadRequest, nil)
		return
	}
	out := protocol.Decisions{Call: call, Decisions: []protocol.Decision{}}
	done := p.Answered(w, r, p.Audited(r, v, ActionDecisionView, "call:"+call, "", func(ctx context.Context) error {
		all, err := p.Store.Of(ctx, call)
		if err != nil {
			return err
		}
		for _, d := range all {
			shown, err := p.decision(d)
			if err != nil {
				return err
			}
			out.Decisions = append(out.Decisions, shown)
		}
		return nil
	}))
	if done {
		p.Reply(w, http.StatusOK, out)
	}
}

func (p *Pages) decision(d decisions.Decision) (protocol.Decision, error) {
	var q queue.Decision
	if err := json.Unmarshal(d.Body, &q); err != nil {
		return protocol.Decision{}, fmt.Errorf("decision %s: %w", d.Offer, err)
	}
	out := protocol.Decision{
		Offer: d.Offer, At: protocol.Millis(d.At), Agent: d.Agent, AgentName: p.Person(d.Agent), Rule: string(q.Rule), Tier: string(q.Tier),
		Needs: protocol.Levels(q.Needs), Groups: q.Groups, Fitting: q.Fitting, Waiting: q.Waiting,
		Candidates: []protocol.Candidate{}, Others: []protocol.Rival{},
	}
	for _, a := range q.Agents {
		out.Candidates = append(out.Candidates, protocol.Candidate{
			Agent: string(a.ID), AgentName: p.Person(string(a.ID)), Group: a.Group, Reds: a.Reds, IdleSince: protocol.Millis(a.Idle), HeldUntil: protocol.Millis(a.Held),
			Skills: protocol.Levels(a.Skills.WithoutGuards()),
		})
	}
	for _, o := range q.Others {
		rival := protocol.Rival{
			Call: string(o.ID), Tier: string(o.Tier), AheadMs: int64(q.Key.Sub(o.Key) / time.Millisecond), Needs: protocol.Levels(o.Needs), Groups: o.Groups, Fits: o.Fits,
		}
		if o.Only != "" {
			rival.Only, rival.OnlyName = string(o.Only), p.Person(string(o.Only))
		}
		out.Others = append(out.Others, rival)
	}
	return out, nil
}
