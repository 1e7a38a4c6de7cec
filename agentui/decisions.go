package agentui

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

// reasons is what the console asks of the store of decisions.
type reasons interface {
	Of(ctx context.Context, call string) ([]decisions.Decision, error)
}

var _ reasons = (*decisions.Store)(nil)

// listDecisions answers why a call was offered to whom. Looking is written down: it shows who works how.
func (s *Server) listDecisions(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	call := r.URL.Query().Get("call")
	if _, err := ulid.ParseStrict(call); err != nil {
		s.clerk.Fail(w, http.StatusBadRequest, protocol.BadRequest, nil)
		return
	}
	out := protocol.Decisions{Call: call, Decisions: []protocol.Decision{}}
	done := s.audited(w, r, v, ActionDecisionView, "call:"+call, "", func(ctx context.Context) error {
		all, err := s.deps.Decisions.Of(ctx, call)
		if err != nil {
			return err
		}
		for _, d := range all {
			shown, err := s.decision(d)
			if err != nil {
				return err
			}
			out.Decisions = append(out.Decisions, shown)
		}
		return nil
	})
	if done {
		s.clerk.Reply(w, http.StatusOK, out)
	}
}

func (s *Server) decision(d decisions.Decision) (protocol.Decision, error) {
	var q queue.Decision
	if err := json.Unmarshal(d.Body, &q); err != nil {
		return protocol.Decision{}, fmt.Errorf("decision %s: %w", d.Offer, err)
	}
	out := protocol.Decision{
		Offer: d.Offer, At: protocol.Millis(d.At), Agent: d.Agent, AgentName: s.directory.name(queue.AgentID(d.Agent)), Rule: string(q.Rule), Tier: string(q.Tier),
		Needs: allNeeds(q.Needs), Groups: q.Groups, Fitting: q.Fitting, Waiting: q.Waiting,
		Candidates: []protocol.Candidate{}, Others: []protocol.Rival{},
	}
	for _, a := range q.Agents {
		out.Candidates = append(out.Candidates, protocol.Candidate{
			Agent: string(a.ID), AgentName: s.directory.name(a.ID), Group: a.Group, Reds: a.Reds, IdleSince: protocol.Millis(a.Idle), HeldUntil: protocol.Millis(a.Held),
			Skills: skillLevels(a.Skills),
		})
	}
	for _, o := range q.Others {
		rival := protocol.Rival{
			Call: string(o.ID), Tier: string(o.Tier), AheadMs: int64(q.Key.Sub(o.Key) / time.Millisecond), Needs: allNeeds(o.Needs), Groups: o.Groups, Fits: o.Fits,
		}
		if o.Only != "" {
			rival.Only, rival.OnlyName = string(o.Only), s.directory.name(o.Only)
		}
		out.Others = append(out.Others, rival)
	}
	return out, nil
}

// skillLevels is skills for the wire, as people know them, never null.
func skillLevels(s queue.Skills) map[string]int {
	s = s.WithoutGuards()
	if s == nil {
		return map[string]int{}
	}
	return s
}

// allNeeds also names being let in to a line: why nobody else could be offered the call.
func allNeeds(s queue.Skills) map[string]int {
	if s == nil {
		return map[string]int{}
	}
	return s
}
