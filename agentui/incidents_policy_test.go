package agentui

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"hotline/agentui/protocol"
	"hotline/casework"
	minors "hotline/casework/reports"
	"hotline/crisis"
	"hotline/crisis/policy"
	"hotline/crisis/reports"
	"hotline/storage"
)

// openCrisis opens the escalation of a site; tree says whom it alerts.
func openCrisis(ctx context.Context, db *storage.DB, keys *casework.Keys, tree crisis.People) (c Crisis, err error) {
	if c.Policy, err = policy.Open(ctx, db); err != nil {
		return c, err
	}
	if c.Reports, err = reports.Open(ctx, db, keys); err != nil {
		return c, err
	}
	c.Incidents, err = crisis.OpenStore(ctx, db, crisis.Config{Seal: keys, Policies: c.Policy, People: tree})
	return c, err
}

// What a draft of the policy would have made of the last weeks, before it is saved; a draft that is wrong is told so.
func TestPolicyIsRehearsedBeforeItHolds(t *testing.T) {
	s := newSite(t, nil)
	boss, admin := s.login("supervisor1"), s.login("admin1")
	s.tree.set(boss.me.User)
	told := crisis.Trigger{Kind: crisis.TriggerReturning, Call: "01J0000000000000000000000Q", Level: crisis.LevelHigh, By: crisis.BySystem, Source: newID()}
	if _, err := s.crisis.Incidents.Trigger(t.Context(), told); err != nil {
		t.Fatal(err)
	}
	v := read[struct {
		Version int           `json:"version"`
		Doc     crisis.Policy `json:"doc"`
	}](t, admin, "/api/admin/crisis")
	draft := v.Doc
	draft.Opens = slices.Clone(draft.Opens)
	for i := range draft.Opens {
		if draft.Opens[i].Trigger == crisis.TriggerReturning {
			draft.Opens[i].Open = false
		}
	}
	if _, err := s.persons.Reports.Ask(t.Context(), minors.Minor{Call: told.Call, File: newID(), By: boss.me.User}); err != nil {
		t.Fatal(err)
	}
	ask := func(doc crisis.Policy) (int, string) {
		raw, err := json.Marshal(doc)
		if err != nil {
			t.Fatal(err)
		}
		return admin.post("/api/admin/crisis/dry-run", protocol.CheckDocument{Doc: raw})
	}
	status, body := ask(draft)
	var out protocol.PolicyRehearsal
	if err := json.Unmarshal([]byte(body), &out); status != 200 || err != nil || out.Incidents != 1 || len(out.Unopened) != 1 || out.Before.Alerts != 1 || out.Minors != (protocol.PolicyMinors{Tasks: 1}) {
		t.Errorf("%d %s", status, body)
	}
	draft.Deadlines.Acknowledge, draft.Deadlines.MinorReport = 0, 0
	if status, body := ask(draft); status != 400 || !strings.Contains(body, "deadlines.acknowledge") || !strings.Contains(body, "deadlines.minor_report") {
		t.Errorf("a wrong draft: %d %s", status, body)
	}
	if status, _ := boss.post("/api/admin/crisis/dry-run", protocol.CheckDocument{Doc: []byte("{}")}); status != 403 {
		t.Errorf("by who does not administer: %d", status)
	}
}
