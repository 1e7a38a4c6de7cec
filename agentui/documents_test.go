package agentui

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"hotline/agentui/protocol"
	"hotline/agentui/settings"
	"hotline/casework/phonebook"
	"hotline/queue"
	"hotline/storage/documents"
)

func savingDocument(t *testing.T, base int, note string, doc any) protocol.SaveDocument {
	t.Helper()
	raw, err := json.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	return protocol.SaveDocument{Base: base, Note: note, Doc: raw}
}

// TestSettingsReachEveryPage: a page that is open learns the new version, a pause is what the settings say, and an undo is a version.
func TestSettingsReachEveryPage(t *testing.T) {
	s := newSite(t, nil)
	admin, agent := s.login("admin1"), s.login("agent1")
	b := agent.enter("")
	b.until("the settings", func() bool { return b.snaps == 1 && b.settings == 0 })

	status, body := admin.get("/api/admin/settings")
	shown := bodyOf[struct {
		Version int
		Origin  string
		Doc     settings.Settings
	}](t, status, body, http.StatusOK)
	if shown.Version != 0 || shown.Origin != "first" || len(shown.Doc.Reasons) != 5 {
		t.Fatalf("shown %s", body)
	}
	next := shown.Doc
	next.Reasons = append([]settings.Named{{ID: "errand", Names: map[string]string{"zh-CN": "外出"}}}, next.Reasons[1:]...)
	status, body = admin.put("/api/admin/settings", savingDocument(t, 0, " pauses ", next))
	if v := bodyOf[protocol.DocumentVersion](t, status, body, http.StatusOK); v.Version != 1 || v.ByName != "管理员一" || v.Note != "pauses" {
		t.Errorf("saved %s", body)
	}
	b.until("the new settings", func() bool { return b.settings == 1 })
	b.headset()
	b.must("not_ready", map[string]any{"reason": "errand"})
	if code := b.ask("not_ready", map[string]any{"reason": "break"}).Code; code != "bad_reason" {
		t.Errorf("a reason that is gone: %q", code)
	}
	status, body = agent.get("/api/settings")
	if got := bodyOf[protocol.Settings](t, status, body, http.StatusOK); got.Version != 1 || got.Settings.Reasons[0].ID != "errand" {
		t.Errorf("for every page: %s", body)
	}

	status, body = admin.put("/api/admin/settings", savingDocument(t, 0, "", next))
	if stale := bodyOf[protocol.HTTPError](t, status, body, http.StatusConflict); stale.Error != protocol.Stale || stale.Params["by_name"] != "管理员一" {
		t.Errorf("on an old base: %s", body)
	}
	next.Timers = []int{0}
	status, body = admin.put("/api/admin/settings", savingDocument(t, 1, "", next))
	if status != http.StatusBadRequest || !strings.Contains(body, `"timers[0]"`) || !strings.Contains(body, "invalid_document") {
		t.Errorf("a broken one: %d %s", status, body)
	}
	if status, body = admin.put("/api/admin/settings", protocol.SaveDocument{Base: 1, Doc: json.RawMessage(`{"colour":1}`)}); status != http.StatusBadRequest {
		t.Errorf("an unknown field: %d %s", status, body)
	}
	if status, body = admin.post("/api/admin/settings/versions/0/restore", protocol.RestoreDocument{Base: 1, Note: "back"}); status != http.StatusOK {
		t.Errorf("undo: %d %s", status, body)
	}
	b.until("the undo", func() bool { return b.settings == 2 })
	status, body = admin.get("/api/admin/settings/versions")
	if all := bodyOf[protocol.DocumentHistory](t, status, body, http.StatusOK); len(all.Versions) != 3 || all.Versions[0].Origin != "restore" || all.Versions[0].Doc != nil {
		t.Errorf("history %s", body)
	}
	if rows := s.audit.of("settings.save"); len(rows) != 1 || rows[0].Object != "settings:1" || rows[0].Reason != "pauses" {
		t.Errorf("audit %+v", rows)
	}
	if rows := s.audit.of("settings.restore"); len(rows) != 1 || rows[0].Object != "settings:2" {
		t.Errorf("audit %+v", rows)
	}
}

// TestNumbersOfTheCallersRegion: on a call, those that serve where the caller belongs come first.
func TestNumbersOfTheCallersRegion(t *testing.T) {
	s := newSite(t, nil)
	admin, agent, other := s.login("admin1"), s.login("agent1"), s.login("agent2")
	b := agent.enter("")
	b.available()
	call := string(s.ledgerCall(queue.TierNormal)) // from Beijing, by its number
	b.until("the offer", func() bool { return b.self.Offer != nil })
	b.must("accept", map[string]any{"offer": b.self.Offer.Offer})
	b.until("the call", func() bool { return b.self.Call != nil })

	book := read[protocol.Contacts](t, agent, "/api/phonebook").Contacts
	for id, region := range map[string]string{"hz": "杭州", "bj": "11"} {
		book = append(book, phonebook.Entry{ID: id, Kind: phonebook.Ambulance, Names: documents.Words{"zh-CN": id}, Number: "010-120", Regions: phonebook.Regions{region}})
	}
	if status, body := admin.put("/api/admin/phonebook", savingDocument(t, 0, "", phonebook.Book{Entries: book})); status != http.StatusOK {
		t.Fatalf("%d %s", status, body)
	}
	got := read[protocol.Contacts](t, agent, "/api/phonebook?call="+call)
	first, last := got.Contacts[0], got.Contacts[len(got.Contacts)-1]
	if first.ID != "bj" || last.ID != "hz" || got.Near["bj"] != phonebook.NearCity || got.Near["police"] != phonebook.NearNational || got.Near["hz"] != phonebook.NearElsewhere {
		t.Errorf("%+v", got)
	}
	if status, _ := other.get("/api/phonebook?call=" + call); status != http.StatusForbidden {
		t.Errorf("of another's caller: %d", status)
	}
}

func TestNumbersOutside(t *testing.T) {
	s := newSite(t, nil)
	admin, agent, other := s.login("admin1"), s.login("agent1"), s.login("agent2")
	b := agent.enter("")
	id := s.call(queue.TierNormal)
	b.headset()
	b.must("ready", nil)
	b.until("the offer", func() bool { return b.self.Offer != nil })
	b.must("accept", map[string]any{"offer": b.self.Offer.Offer})
	b.until("the call", func() bool { return b.self.Call != nil })

	status, body := agent.get("/api/phonebook")
	all := bodyOf[protocol.Contacts](t, status, body, http.StatusOK)
	if len(all.Contacts) != 3 || all.Contacts[0].Number != "110" {
		t.Fatalf("%s", body)
	}
	book := phonebook.Book{Entries: all.Contacts[:1]}
	if status, body = admin.put("/api/admin/phonebook", savingDocument(t, 0, "", book)); status != http.StatusOK {
		t.Errorf("%d %s", status, body)
	}
	book.Entries[0].Number = "1"
	if status, body = admin.post("/api/admin/phonebook/check", protocol.CheckDocument{Doc: savingDocument(t, 0, "", book).Doc}); status != http.StatusBadRequest || !strings.Contains(body, "not_dialled") {
		t.Errorf("%d %s", status, body)
	}

	path := "/api/calls/" + string(id) + "/contact"
	ask := protocol.AskContact{Number: "138 0013 8000", Label: "母亲", Reason: "来电者请求"}
	status, body = agent.post(path, ask)
	made := bodyOf[protocol.Contact](t, status, body, http.StatusOK)
	if made.Masked != "138******00" || strings.Contains(body, "13800138000") {
		t.Errorf("%s", body)
	}
	if number, err := s.phonebook.NumberFor(t.Context(), string(id), made.Contact); number != "+8613800138000" || err != nil {
		t.Errorf("%q, %v", number, err)
	}
	if status, _ = other.post(path, ask); status != http.StatusForbidden {
		t.Errorf("a call of somebody else: %d", status)
	}
	for what, bad := range map[string]protocol.AskContact{
		"no reason": {Number: ask.Number, Label: "x"}, "no label": {Number: ask.Number, Reason: "reason"}, "110": {Number: "110", Label: "x", Reason: "reason"},
	} {
		if status, body := agent.post(path, bad); status != http.StatusBadRequest {
			t.Errorf("%s: %d %s", what, status, body)
		}
	}
	rows := s.audit.of(ActionContactTyped)
	if len(rows) != 1 || rows[0].Object != "call:"+string(id) || rows[0].Reason != "来电者请求" {
		t.Errorf("audit %+v", rows)
	}
	if strings.Contains(s.logs.String(), "13800138000") {
		t.Error("the number is in the log")
	}
}
