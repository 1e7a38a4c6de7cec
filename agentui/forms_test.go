package agentui

import (
	"encoding/json"
	"strings"
	"testing"

	"hotline/agentui/protocol"
)

func TestForms(t *testing.T) {
	s := newSite(t, nil)
	p, admin := s.login("agent1"), s.login("admin1")
	now := read[protocol.Forms](t, p, "/api/forms")
	if now.Version != 1 || len(now.Forms) != 10 || now.Forms[0].ID != "screener" || string(now.Forms[6].Scoring) != "null" {
		t.Fatalf("%d: %d forms", now.Version, len(now.Forms))
	}
	now.Forms[0].Names = map[string]string{"zh-CN": "六问"}
	doc, _ := json.Marshal(map[string]any{"forms": now.Forms[:1]})
	if status, _ := p.put("/api/admin/forms", protocol.SaveDocument{Base: 1, Doc: doc}); status != 403 {
		t.Errorf("by an agent: %d", status)
	}
	if status, body := admin.put("/api/admin/forms", protocol.SaveDocument{Base: 1, Note: "只留筛查", Doc: doc}); status != 200 {
		t.Fatalf("%d %s", status, body)
	}
	if now := read[protocol.Forms](t, p, "/api/forms"); now.Version != 2 || len(now.Forms) != 1 || now.Forms[0].Names["zh-CN"] != "六问" {
		t.Errorf("%+v", now)
	}
	if f := read[protocol.FormOfVersion](t, p, "/api/forms/phq9?version=1"); f.Form.Names["en"] != "PHQ-9 depression" {
		t.Errorf("%+v", f)
	}
	for path, want := range map[string]int{"/api/forms/phq9?version=2": 404, "/api/forms/phq9": 400} {
		if status, _ := p.get(path); status != want {
			t.Errorf("%s: %d", path, status)
		}
	}
	spoiled := strings.Replace(string(doc), `"kind":"findings"`, `"kind":"guess"`, 1)
	if status, body := admin.put("/api/admin/forms", protocol.SaveDocument{Base: 2, Doc: json.RawMessage(spoiled)}); status != 400 || !strings.Contains(body, "bad_schema") {
		t.Errorf("a rule of nonsense: %d %s", status, body)
	}
}
