package agentui

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"hotline/agentui/protocol"
	"hotline/queue"
)

// TestFormWhileTheDatabaseIsAway: the browser keeps it sealed, the counsellor goes on, and when the database is back it is in, once, and the incident says that it
// came late.
func TestFormWhileTheDatabaseIsAway(t *testing.T) {
	s := newSite(t, nil)
	p, other := s.login("agent1"), s.login("agent2")
	g, call := s.known(p, queue.TierRed)
	incident := s.endanger(p, queue.CallID(call))
	s.endCall(queue.CallID(call), queue.EndAnswered)
	g.until("the form is due", func() bool { return g.self.FormDue == call })
	keep := func(form int, answers map[string][]string) map[string]any {
		return map[string]any{"call": call, "form": form, "answers": answers}
	}
	whole := denied(0).Answers
	stored := map[string]any{"call": call}
	g.refused("form_keep", protocol.WrongState, keep(0, whole)) // it can be saved
	rename := func(from, to string) {
		t.Helper()
		if _, err := s.db.Exec(t.Context(), `ALTER TABLE `+from+` RENAME TO `+to); err != nil {
			t.Fatal(err)
		}
	}
	rename("dispositions", "away")
	q := other.enter("")
	q.refused("form_keep", protocol.NotYourCall, keep(0, whole))
	g.refused("form_stored", protocol.WrongState, stored)
	g.refused("form_keep", protocol.FormIncomplete, keep(0, map[string][]string{"outcome": {"supported"}}))
	g.refused("form_keep", protocol.FormChanged, keep(7, whole))
	var kept protocol.FormKept
	if err := json.Unmarshal(g.must("form_keep", keep(0, whole)).Result, &kept); err != nil || kept.At == 0 || strings.Contains(kept.Sealed, "denied") {
		t.Fatalf("%+v, %v", kept, err)
	}
	if row, _ := s.server.board.Agent(queue.AgentID(p.me.User)); row.Owes != queue.CallID(call) {
		t.Error("let go before the browser has it")
	}
	g.must("form_stored", stored)
	g.until("the wrap-up may end", func() bool { return g.self.FormDue == "" })
	g.must("wrapup_done", nil)
	g.state(queue.AgentAvailable)
	path, body := "/api/calls/"+call+"/disposition/kept", protocol.KeptForm{Sealed: kept.Sealed}
	if status, text := p.put(path, body); status != 503 {
		t.Errorf("while it is away: %d %s", status, text)
	}
	rename("away", "dispositions")
	if status, text := other.put(path, body); status != 400 || !strings.Contains(text, `"wrong_seal"`) {
		t.Errorf("by somebody else: %d %s", status, text)
	}
	if status, text := p.put(path, protocol.KeptForm{Sealed: kept.Sealed[1:] + strings.Repeat("A", 100<<10)}); status != 400 || !strings.Contains(text, `"wrong_seal"`) {
		t.Errorf("altered: %d %s", status, text)
	}
	f, _ := form(s.server.settings.get())
	unknown := s.left("", time.Time{}) // the books do not say yet who talked in it
	sealed, _, err := s.care.Dispositions.Keep(f, unknown, other.me.User, whole)
	if err != nil {
		t.Fatal(err)
	}
	if status, text := other.put("/api/calls/"+unknown+"/disposition/kept", protocol.KeptForm{Sealed: sealed}); status != 204 {
		t.Errorf("before the books say whose call it was: %d %s", status, text)
	}
	for range 2 {
		if status, text := p.put(path, body); status != 204 {
			t.Errorf("%d %s", status, text)
		}
	}
	if f := read[protocol.Disposition](t, p, "/api/calls/"+call+"/disposition"); f.Answers["suicide"][0] != "denied" {
		t.Errorf("%+v", f)
	}
	late := func(e protocol.IncidentEvent) bool {
		return e.Kind == "form_kept" && e.By == p.me.User && e.Params["until"] != ""
	}
	events := read[protocol.Incident](t, p, "/api/incidents/"+incident).Timeline
	if n := len(slices.DeleteFunc(events, func(e protocol.IncidentEvent) bool { return !late(e) })); n != 1 {
		t.Errorf("said %d times", n)
	}
	s.until("keeping is in the trail", func() bool { return len(s.audit.of(ActionDispositionKeep)) == 1 })
}
