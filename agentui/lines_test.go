package agentui

import (
	"bytes"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	office "hotline/agentui/lines"
	"hotline/agentui/protocol"
	"hotline/queue"
	"hotline/queue/lines"
)

func (p *person) put(path string, body any) (int, string) {
	p.s.t.Helper()
	b, err := json.Marshal(body)
	if err != nil {
		p.s.t.Fatal(err)
	}
	return p.do(http.MethodPut, path, bytes.NewReader(b), http.Header{"Content-Type": {"application/json"}})
}

func saving(t *testing.T, base int, note string, p lines.Policy) protocol.SaveLines {
	t.Helper()
	doc, err := lines.Encode(p)
	if err != nil {
		t.Fatal(err)
	}
	return protocol.SaveLines{Base: base, Note: note, Policy: doc}
}

func bodyOf[T any](t *testing.T, status int, text string, want int) (out T) {
	t.Helper()
	if status != want {
		t.Fatalf("%d %s, want %d", status, text, want)
	}
	if err := json.Unmarshal([]byte(text), &out); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestAnAdministratorChangesLines(t *testing.T) {
	s := newSite(t, nil)
	admin, p := s.login("admin1"), s.login("agent2")
	b := p.enter("")
	id := s.call(queue.TierNormal)
	b.headset()
	b.must("ready", nil)
	b.until("the offer by its name", func() bool { o := b.self.Offer; return o != nil && o.Call == string(id) && o.LineName == "Youth line" })

	status, body := admin.get("/api/lines")
	shown := bodyOf[protocol.Lines](t, status, body, http.StatusOK)
	if shown.Current.Version != 1 || shown.Current.ByName != "file" || !slices.Equal(shown.Trunks, []string{"province"}) || shown.DangerKey != "0" {
		t.Errorf("shown %s", body)
	}
	next := *shown.Current.Policy
	next.Lines[0].Names = lines.Words{"zh-CN": "新名字", "en": "New name"}
	status, body = admin.put("/api/lines", saving(t, 1, "  a new name ", next))
	saved := bodyOf[protocol.LinesVersion](t, status, body, http.StatusOK)
	if saved.Version != 2 || saved.ByName != "管理员一" || saved.Note != "a new name" || saved.Policy.Lines[0].Names["en"] != "New name" {
		t.Errorf("saved %s", body)
	}
	b.until("the new name, in the ringing offer", func() bool { o := b.self.Offer; return o != nil && o.LineName == "New name" })

	status, body = admin.put("/api/lines", saving(t, 1, "", next))
	stale := bodyOf[protocol.HTTPError](t, status, body, http.StatusConflict)
	if stale.Error != protocol.Stale || stale.Params["version"] != float64(2) || stale.Params["by_name"] != "管理员一" {
		t.Errorf("on an old base: %s", body)
	}
	broken := next
	broken.Lines = slices.Clone(next.Lines)
	broken.Lines[0].Numbers = []string{"1"}
	status, body = admin.put("/api/lines", saving(t, 2, "", broken))
	if status != http.StatusBadRequest || !strings.Contains(body, `"lines[0].numbers[0]"`) || !strings.Contains(body, `"bad_number"`) {
		t.Errorf("a broken one: %d %s", status, body)
	}
	for what, body := range map[string]any{
		"an unknown field": map[string]any{"base": 2, "note": "", "policy": map[string]any{"lines": []any{}, "colour": 1}},
		"no policy":        map[string]any{"base": 2, "note": ""},
		"something else":   []int{1},
	} {
		if status, text := admin.put("/api/lines", body); status != http.StatusBadRequest {
			t.Errorf("%s: %d %s", what, status, text)
		}
	}
	if status, body := admin.put("/api/lines", saving(t, 2, strings.Repeat("x", 501), next)); status != http.StatusBadRequest || !strings.Contains(body, "bad_note") {
		t.Errorf("a long note: %d %s", status, body)
	}

	status, body = admin.post("/api/lines/versions/1/restore", protocol.RestoreLines{Base: 2, Note: "back"})
	back := bodyOf[protocol.LinesVersion](t, status, body, http.StatusOK)
	if back.Version != 3 || back.Restored != 1 || back.Policy.Lines[0].Names["en"] != "Youth line" {
		t.Errorf("restored %s", body)
	}
	status, body = admin.get("/api/lines/versions")
	history := bodyOf[protocol.LinesHistory](t, status, body, http.StatusOK)
	if len(history.Versions) != 3 || history.Versions[0].Version != 3 || history.Versions[0].Policy != nil {
		t.Errorf("history %s", body)
	}
	status, body = admin.get("/api/lines/versions/2")
	if v := bodyOf[protocol.LinesVersion](t, status, body, http.StatusOK); v.Policy.Lines[0].Names["en"] != "New name" {
		t.Errorf("version 2 %s", body)
	}
	for _, path := range []string{"/api/lines/versions/9", "/api/lines/versions/x"} {
		if status, _ := admin.get(path); status != http.StatusNotFound {
			t.Errorf("%s: %d", path, status)
		}
	}
	if rows := s.audit.of(office.ActionLinesSave); len(rows) != 1 || rows[0].Object != "lines:2" || rows[0].Reason != "a new name" || rows[0].Actor != queue.AgentID(admin.me.User) {
		t.Errorf("audit %+v", rows)
	}
	if rows := s.audit.of(office.ActionLinesRestore); len(rows) != 1 || rows[0].Object != "lines:3" {
		t.Errorf("audit %+v", rows)
	}
}

// TestWithoutAuditNothingChanges: what cannot be written down does not happen.
func TestWithoutAuditNothingChanges(t *testing.T) {
	s := newSite(t, nil)
	admin := s.login("admin1")
	s.audit.mu.Lock()
	s.audit.fail = errNoMedia
	s.audit.mu.Unlock()
	if status, _ := admin.put("/api/lines", saving(t, 1, "", youthLine())); status != http.StatusServiceUnavailable {
		t.Errorf("saved: %d", status)
	}
	if status, _ := admin.post("/api/emergency", protocol.SetEmergency{On: true, Reason: "flood"}); status != http.StatusServiceUnavailable {
		t.Errorf("switched: %d", status)
	}
	if v, err := s.lines.Current(t.Context()); err != nil || v.N != 1 {
		t.Errorf("version %d, %v", v.N, err)
	}
	if m, err := s.lines.Emergency(t.Context()); err != nil || m.On {
		t.Errorf("mode %+v, %v", m, err)
	}
}

func TestEmergencyReachesEveryPage(t *testing.T) {
	s := newSite(t, nil)
	words := youthLine()
	words.EmergencyMessage = lines.Words{"zh-CN": "请先稳定情绪", "en": "Stabilise first"}
	if _, err := s.lines.Save(t.Context(), 1, words, "file", ""); err != nil {
		t.Fatal(err)
	}
	boss, admin := s.login("supervisor1"), s.login("admin1")
	agent := s.login("agent2")
	all := []*view{boss.enter(""), admin.enter(""), agent.enter("")}
	for _, b := range all {
		b.until("ordinary times", func() bool { return b.snaps == 1 && !b.emergency.On })
	}
	if status, _ := agent.post("/api/emergency", protocol.SetEmergency{On: true, Reason: "flood"}); status != http.StatusForbidden {
		t.Errorf("an agent switched: %d", status)
	}
	if status, _ := boss.post("/api/emergency", protocol.SetEmergency{On: true, Reason: " x "}); status != http.StatusBadRequest {
		t.Errorf("without a reason: %d", status)
	}
	status, body := boss.post("/api/emergency", protocol.SetEmergency{On: true, Reason: "flood in the valley"})
	on := bodyOf[protocol.Emergency](t, status, body, http.StatusOK)
	if !on.On || on.ByName != "督导一" || on.Reason != "flood in the valley" || on.Since == 0 {
		t.Errorf("switched: %s", body)
	}
	for _, b := range all {
		b.until("the emergency", func() bool {
			return b.emergency.On && b.emergency.ByName == "督导一" && b.emergency.Since == on.Since
		})
	}
	if all[2].emergency.Message != "Stabilise first" || all[0].emergency.Message != "请先稳定情绪" {
		t.Errorf("messages %q and %q", all[2].emergency.Message, all[0].emergency.Message)
	}
	late := s.login("agent1").enter("")
	late.until("the emergency at once", func() bool { return late.emergency.On })

	status, body = admin.post("/api/emergency", protocol.SetEmergency{On: true, Reason: "me too"})
	if again := bodyOf[protocol.Emergency](t, status, body, http.StatusOK); again.ByName != "督导一" {
		t.Errorf("switched on twice: %s", body)
	}
	status, body = admin.post("/api/emergency", protocol.SetEmergency{On: false, Reason: "it is over"})
	bodyOf[protocol.Emergency](t, status, body, http.StatusOK)
	for _, b := range all {
		b.until("the end", func() bool { return !b.emergency.On })
	}
	status, body = boss.get("/api/emergency")
	if log := bodyOf[protocol.EmergencyLog](t, status, body, http.StatusOK); len(log.Switches) != 2 || log.Switches[0].On || log.Switches[1].Reason != "flood in the valley" {
		t.Errorf("log %s", body)
	}
	if on, off := s.audit.of(office.ActionEmergencyOn), s.audit.of(office.ActionEmergencyOff); len(on) != 1 || len(off) != 1 || on[0].Reason != "flood in the valley" {
		t.Errorf("audit %+v %+v", on, off)
	}
}

func TestWhoMayTouchLines(t *testing.T) {
	s := newSite(t, nil)
	for username, codes := range map[string][3]int{"": {401, 401, 401}, "agent1": {403, 403, 403}, "supervisor1": {403, 403, 200}, "admin1": {200, 200, 200}} {
		p := s.newPerson()
		if username != "" {
			p = s.login(username)
		}
		show, _ := p.get("/api/lines")
		versions, _ := p.get("/api/lines/versions")
		log, _ := p.get("/api/emergency")
		if got := [3]int{show, versions, log}; got != codes {
			t.Errorf("%q: %v, want %v", username, got, codes)
		}
	}
}
