package agentui

import (
	"net/http"
	"testing"
	"time"

	"github.com/oklog/ulid/v2"

	"hotline/agentui/protocol"
	keeping "hotline/agentui/retention"
	"hotline/casework"
)

// keptCall is a call that ended so long ago.
func (s *site) keptCall(ago time.Duration) string {
	s.t.Helper()
	id, at := ulid.Make().String(), time.Now().Add(-ago)
	sealed, err := s.keys.Seal("13800138000", casework.CallerContext(id))
	if err != nil {
		s.t.Fatal(err)
	}
	ledger := casework.NewLedger(s.db)
	if err := ledger.Open(s.t.Context(), casework.CallRecord{ID: id, Line: "12355", Tier: "normal", Arrived: at, CallerRef: s.keys.CallerRef("13800138000"), CallerSealed: sealed}); err != nil {
		s.t.Fatal(err)
	}
	if err := ledger.Close(s.t.Context(), id, casework.Closing{EndedAt: at, Outcome: casework.Abandoned}); err != nil {
		s.t.Fatal(err)
	}
	return id
}

// TestWhatIsKeptAndGoes: looked at before it goes, kept by one person, let go by two, and all of it in the audit.
func TestWhatIsKeptAndGoes(t *testing.T) {
	s := newSite(t, nil)
	admin, boss, agent := s.login("admin1"), s.login("supervisor1"), s.login("agent1")
	old, young := s.keptCall(4*365*24*time.Hour), s.keptCall(time.Hour)
	due := func(p *person) protocol.Retention {
		t.Helper()
		status, body := p.get("/api/retention")
		return bodyOf[protocol.Retention](t, status, body, http.StatusOK)
	}
	if r := due(boss); r.Ordinary != 1095 || r.HighRisk != 3650 || r.Automatic || r.Due[0].Due != 1 || r.Due[1].Due != 0 {
		t.Fatalf("%+v", r)
	}
	if status, body := agent.get("/api/retention"); status != http.StatusForbidden {
		t.Errorf("a counsellor: %d %s", status, body)
	}
	ask := func(p *person, path string, kind, object string, want int) protocol.Retention {
		t.Helper()
		status, body := p.post(path, protocol.KeepOrErase{Kind: kind, Object: object, Reason: "a court asks"})
		if want != http.StatusOK {
			bodyOf[protocol.HTTPError](t, status, body, want)
			return protocol.Retention{}
		}
		return bodyOf[protocol.Retention](t, status, body, want)
	}
	ask(boss, "/api/retention/holds", "call", ulid.Make().String(), http.StatusNotFound)
	ask(boss, "/api/retention/holds", "file", "no such", http.StatusNotFound)
	ask(boss, "/api/retention/holds", "person", old, http.StatusBadRequest)
	held := ask(boss, "/api/retention/holds", "call", old, http.StatusOK)
	if len(held.Holds) != 1 || held.Holds[0].ByName == "" || held.Due[0].Held != 1 || held.Due[0].Due != 0 {
		t.Fatalf("%+v", held)
	}
	lift := "/api/retention/holds/" + held.Holds[0].Hold + "/lift"
	status, body := boss.post(lift, nil)
	if r := bodyOf[protocol.Retention](t, status, body, http.StatusOK); !r.Holds[0].Mine || r.Holds[0].LiftedAt != 0 {
		t.Errorf("%s", body)
	}
	if status, body := boss.post(lift, nil); status != http.StatusForbidden {
		t.Errorf("lifted by one person: %d %s", status, body)
	}
	status, body = admin.post(lift, nil)
	if r := bodyOf[protocol.Retention](t, status, body, http.StatusOK); r.Holds[0].LiftedAt == 0 || r.Due[0].Due != 1 {
		t.Errorf("%s", body)
	}
	status, body = admin.post("/api/retention/pass", nil)
	if p := bodyOf[protocol.ErasurePass](t, status, body, http.StatusOK); p.Erased != 1 {
		t.Errorf("%s", body)
	}
	wish := ask(boss, "/api/retention/requests", "call", young, http.StatusOK)
	if len(wish.Requests) != 1 || !wish.Requests[0].Mine || wish.Requests[0].State != "asked" {
		t.Fatalf("%+v", wish)
	}
	grant := "/api/retention/requests/" + wish.Requests[0].Request + "/grant"
	if status, body := boss.post(grant, nil); status != http.StatusForbidden {
		t.Errorf("granted by who asked: %d %s", status, body)
	}
	status, body = admin.post(grant, nil)
	r := bodyOf[protocol.Retention](t, status, body, http.StatusOK)
	if r.Requests[0].State != "done" || len(r.Stones) != 2 || !r.Stones[0].Asked || r.Stones[1].Object != old {
		t.Errorf("%s", body)
	}
	for _, action := range []string{keeping.ActionRetentionView, keeping.ActionHoldPut, keeping.ActionHoldLift, keeping.ActionErasePass, keeping.ActionEraseAsk, keeping.ActionEraseGrant} {
		if len(s.audit.of(action)) == 0 {
			t.Errorf("%s is not in the audit", action)
		}
	}
}
