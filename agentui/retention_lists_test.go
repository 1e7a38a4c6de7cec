package agentui

import (
	"context"
	"net/http"
	"testing"
	"time"

	"hotline/agentui/protocol"
	keeping "hotline/agentui/retention"
	"hotline/recordings"
)

// erasedTapes are recordings of which nothing is left but what is said of them.
type erasedTapes struct {
	due    []recordings.Due
	stones []recordings.Stone
}

func (e *erasedTapes) Due(_ context.Context, limit int) (recordings.Rules, []recordings.Due, bool, error) {
	return recordings.Rules{Ordinary: recordings.LeastKept, HighRisk: 2 * recordings.LeastKept}, e.due[:min(limit, len(e.due))], len(e.due) > limit, nil
}

func (e *erasedTapes) Stones(context.Context, int) ([]recordings.Stone, error) { return e.stones, nil }

// TestWhatGoesOneByOne: what would go and what went can be looked at before anything does, and each look is in the audit.
func TestWhatGoesOneByOne(t *testing.T) {
	ended, gone := time.UnixMilli(1_600_000_000_000), time.UnixMilli(1_700_000_000_000)
	s := newSite(t, nil)
	*s.tapes = erasedTapes{
		due: []recordings.Due{
			{ID: "c1", Call: "c1", Parts: []string{"p1", "p2"}, Ended: ended, Bytes: 9, Standing: recordings.Standing{HighRisk: true, Held: true}},
			{ID: "p3", Parts: []string{"p3"}, Ended: ended, Bytes: 1, Standing: recordings.Standing{Open: true}},
		},
		stones: []recordings.Stone{{Part: "p9", Call: "c9", Head: "abc", Why: recordings.WhyRetention, By: "system", At: gone, Audited: true, Gone: gone}},
	}
	boss, agent := s.login("supervisor1"), s.login("agent1")
	old := s.keptCall(4 * 365 * 24 * time.Hour)
	for _, path := range []string{"/api/retention/plan", "/api/retention/recordings"} {
		if status, body := agent.get(path); status != http.StatusForbidden {
			t.Errorf("a counsellor: %d %s", status, body)
		}
	}
	status, body := boss.get("/api/retention/plan")
	plan := bodyOf[protocol.RetentionPlan](t, status, body, http.StatusOK)
	if len(plan.Contacts) != 1 || plan.Contacts[0].Call != old || plan.Contacts[0].Stays != "" || plan.Ordinary != 1095 || plan.HighRisk != 2190 {
		t.Errorf("%s", body)
	}
	if r := plan.Recordings; len(r) != 2 || r[0].Stays != "hold" || r[0].Class != "high_risk" || r[0].Parts != 2 || r[1].Stays != "open" || r[1].Recording != "p3" {
		t.Errorf("%s", body)
	}
	status, body = boss.get("/api/retention/recordings")
	st := bodyOf[protocol.RecordingStones](t, status, body, http.StatusOK).Stones
	if len(st) != 1 || st[0].Head != "abc" || !st[0].Audited || st[0].GoneAt != gone.UnixMilli() || st[0].ByName != "" {
		t.Errorf("%s", body)
	}
	looks := map[string]bool{}
	for _, e := range s.audit.of(keeping.ActionRetentionView) {
		looks[e.Object] = true
	}
	if !looks["plan"] || !looks["recordings"] {
		t.Errorf("looked, and not in the audit: %v", looks)
	}
	status, body = boss.get("/api/retention")
	if r := bodyOf[protocol.Retention](t, status, body, http.StatusOK); len(r.Stones) != 0 || r.Due[0].Due != 1 {
		t.Errorf("changed by looking: %s", body)
	}
}
