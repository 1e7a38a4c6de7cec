package agentui

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"hotline/agentui/broadcast"
	"hotline/agentui/protocol"
)

func TestBroadcasts(t *testing.T) {
	s := newSite(t, nil)
	boss, one, two := s.login("supervisor1"), s.login("agent1"), s.login("agent2")
	first := one.enter("")
	if first.broadcasts == nil {
		t.Error("a snapshot without a list of broadcasts")
	}
	for _, odd := range []protocol.WriteBroadcast{{Text: "", Minutes: 10}, {Text: strings.Repeat("字", 501), Minutes: 10}, {Text: "x", Minutes: 0}, {Text: "x", Minutes: 10081}} {
		if status, _ := boss.post("/api/broadcasts", odd); status != 400 {
			t.Errorf("%d minutes of %d bytes: %d", odd.Minutes, len(odd.Text), status)
		}
	}
	if n := len(s.audit.of(broadcast.ActionBroadcastWrite)); n != 0 {
		t.Errorf("%d rows of what was never told", n)
	}
	status, text := boss.post("/api/broadcasts", protocol.WriteBroadcast{Text: " 今晚专线改号 ", Urgent: true, Minutes: 60})
	made := decoded[protocol.BroadcastRow](t, status, text)
	if made.Text != "今晚专线改号" || made.ByName != "督导一" || made.ExpiresAt-made.At != 3600_000 {
		t.Errorf("%+v", made)
	}
	if e := s.audit.of(broadcast.ActionBroadcastWrite); len(e) != 1 || !strings.Contains(e[0].Reason, "专线改号") {
		t.Errorf("audit %+v", e)
	}
	first.until("the page shows it", func() bool {
		return len(first.broadcasts) == 1 && first.broadcasts[0].Urgent && first.broadcasts[0].ByName == "督导一"
	})
	late := two.enter("")
	if len(late.broadcasts) != 1 {
		t.Error("who comes later is not told")
	}
	if status, text := one.post("/api/broadcasts/"+made.Broadcast.Broadcast+"/read", struct{}{}); status != 200 {
		t.Fatalf("%d %s", status, text)
	}
	first.until("it is read", func() bool { return len(first.broadcasts) == 0 })
	// The same person on another machine, and after a refresh, is not asked again.
	if again := s.login("agent1"); again != nil {
		if g := again.open(); g.ask("hello", map[string]any{"takeover": true, "leg": ""}).Code == "" {
			g.until("the snapshot", func() bool { return g.snaps == 1 })
			if len(g.broadcasts) != 0 {
				t.Error("asked again")
			}
		}
	}
	status, text = boss.get("/api/broadcasts")
	list := decoded[protocol.BroadcastList](t, status, text)
	if len(list.Broadcasts) != 1 || len(list.Broadcasts[0].Reads) != 1 || list.Broadcasts[0].Reads[0].Name != "咨询员一" {
		t.Errorf("%s", text)
	}
	if status, _ := boss.post("/api/broadcasts/"+made.Broadcast.Broadcast+"/end", struct{}{}); status != 200 {
		t.Errorf("taking it back: %d", status)
	}
	late.until("it is taken back", func() bool { return len(late.broadcasts) == 0 })
	// Another console of the site wrote it.
	if _, err := s.told.Write(t.Context(), time.Now(), boss.me.User, "elsewhere", false, time.Hour); err != nil {
		t.Fatal(err)
	}
	late.until("what another console wrote", func() bool { return len(late.broadcasts) == 1 && !late.broadcasts[0].Urgent })
	for _, path := range []string{"/api/broadcasts/" + newID() + "/read", "/api/broadcasts/" + newID() + "/end", "/api/broadcasts/x/end"} {
		if status, _ := boss.post(path, struct{}{}); status != 404 {
			t.Errorf("%s: %d", path, status)
		}
	}
	for path, body := range map[string]any{"/api/broadcasts": protocol.WriteBroadcast{Text: "x", Minutes: 1}, "/api/broadcasts/" + made.Broadcast.Broadcast + "/end": struct{}{}} {
		if status, _ := one.post(path, body); status != 403 {
			t.Errorf("%s by an agent: %d", path, status)
		}
	}
	if status, _ := one.get("/api/broadcasts"); status != 403 {
		t.Errorf("the list for an agent: %d", status)
	}
}

// A list that did not change is not told again; an empty one is told as empty and not as nothing.
func TestOutboxTellsBroadcasts(t *testing.T) {
	o := newOutbox(10, 10, func() {})
	o.tellBroadcasts([]protocol.Broadcast{{Broadcast: "a"}})
	o.snapshot(protocol.NewSnapshot(1, protocol.Self{}, nil))
	frames, _, err := o.take(time.Now())
	if err != nil || len(frames) != 1 || !strings.Contains(string(frames[0]), `"broadcast":"a"`) {
		t.Fatalf("%s, %v", frames, err)
	}
	o.tellBroadcasts([]protocol.Broadcast{{Broadcast: "a"}})
	if frames, _, _ := o.take(time.Now()); len(frames) != 0 {
		t.Errorf("told again: %s", frames)
	}
	o.tellBroadcasts((&Server{}).unread([]broadcast.Message{}, "u-1"))
	frames, _, _ = o.take(time.Now())
	var c map[string]json.RawMessage
	if len(frames) != 1 || json.Unmarshal(frames[0], &c) != nil || string(c["broadcasts"]) != "[]" {
		t.Errorf("%s", frames)
	}
	o.cover(true)
	o.snapshot(protocol.NewSnapshot(1, protocol.Self{}, nil))
	o.tellBroadcasts([]protocol.Broadcast{{Broadcast: "covered"}})
	frames, _, _ = o.take(time.Now())
	if len(frames) != 2 || strings.Contains(string(frames[1]), "covered") {
		t.Errorf("a covered page: %s", frames)
	}
	o.cover(false)
	o.snapshot(protocol.NewSnapshot(1, protocol.Self{}, nil))
	frames, _, _ = o.take(time.Now())
	if len(frames) != 2 || !strings.Contains(string(frames[1]), `"broadcast":"covered"`) {
		t.Errorf("the page again: %s", frames)
	}
}
