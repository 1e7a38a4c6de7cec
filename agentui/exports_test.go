package agentui

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"hotline/agentui/protocol"
	"hotline/agentui/tapes"
	"hotline/agentui/users"
	"hotline/audio"
	"hotline/recordings/watermark"
)

// A copy leaves when two people wish it, once, for who asked, and says whose it is.
func TestACopyNeedsTwoPeople(t *testing.T) {
	s := newSite(t, nil)
	p, admin := s.login("supervisor1"), s.login("admin1")
	g := s.grant(p, shelfCall)
	ask := protocol.AskExport{Grant: g.Grant, FromMs: 10_000, ToMs: 40_000, Reason: "法院调取证据"}
	path := "/api/recordings/" + shelfCall + "/exports"
	for name, bad := range map[string]protocol.AskExport{
		"no reason": {Grant: g.Grant, ToMs: 40_000}, "beyond": {Grant: g.Grant, ToMs: 92_000, Reason: "法院调取"}, "nothing": {Grant: g.Grant, FromMs: 5, ToMs: 6, Reason: "法院调取"},
	} {
		if status, _ := p.post(path, bad); status != 400 {
			t.Errorf("%s: %d", name, status)
		}
	}
	status, body := p.post(path, ask)
	e := decoded[protocol.TapeExport](t, status, body)
	if e.State != "asked" || !e.Mine || e.Reason != ask.Reason || e.ExpiresAt == 0 {
		t.Fatalf("%+v", e)
	}
	of := "/api/exports/" + e.Export
	p.mustPost(of+"/fetch", struct{}{}, 409, "export_over")
	p.mustPost(of+"/grant", protocol.DecideExport{}, 403, "own_export")
	admin.mustPost(of+"/refuse", protocol.DecideExport{}, 400, "bad_reason")
	admin.mustPost(of+"/grant", protocol.DecideExport{}, 200, `"state":"granted"`)
	admin.mustPost(of+"/refuse", protocol.DecideExport{Reason: "不需要"}, 409, "export_over")
	admin.mustPost(of+"/fetch", struct{}{}, 403, "forbidden")
	s.another("supervisor2", users.Supervisor).mustPost(of+"/fetch", struct{}{}, 403, "forbidden")

	status, body = p.post(of+"/fetch", struct{}{})
	file := decoded[protocol.Grant](t, status, body)
	for name, url := range map[string]string{"without a grant": of + "/file", "with that of the player": of + "/file?grant=" + g.Grant} {
		if status, _ := p.get(url); status != 403 {
			t.Errorf("%s: %d", name, status)
		}
	}
	if resp := p.raw("HEAD", file.URL, nil, nil); resp.StatusCode != 405 {
		t.Errorf("HEAD: %d", resp.StatusCode)
	}
	resp := p.raw("GET", file.URL, nil, nil)
	wav, err := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	if err != nil || resp.StatusCode != 200 || int64(len(wav)) != resp.ContentLength || !strings.HasPrefix(resp.Header.Get("Content-Disposition"), "attachment") {
		t.Fatalf("the copy: %d, %d bytes, %v", resp.StatusCode, len(wav), err)
	}
	clip, err := audio.ReadWAV(bytes.NewReader(wav))
	if err != nil || len(clip.Channels[0]) != 30*8000 || !bytes.Contains(wav, []byte("督导一\x00")) || !bytes.Contains(wav, []byte("管理员一\x00")) || !bytes.Contains(wav, []byte(ask.Reason)) {
		t.Errorf("%v: %d samples", err, len(clip.Channels[0]))
	}
	marks, err := s.recorded.Exports.Marks(t.Context())
	if err != nil || len(marks) != 1 || marks[0].ID != e.Export {
		t.Fatalf("%+v, %v", marks, err)
	}
	if score := watermark.Look(clip.Channels).Score(marks[0].Mark); score < watermark.Certain {
		t.Errorf("the mark is not found: %.1f", score)
	}
	if status, _ := p.get(file.URL); status != 409 {
		t.Errorf("a second time: %d", status)
	}
	for action, want := range map[string]int{tapes.ActionExportAsk: 3, tapes.ActionExportGrant: 2, tapes.ActionExportRefuse: 1, tapes.ActionExportFetch: 2} { // also what was refused: it was tried
		if got := s.audit.of(action); len(got) != want {
			t.Errorf("%s: %+v", action, got)
		}
	}
	status, body = admin.get("/api/exports")
	if all := decoded[protocol.TapeExports](t, status, body); len(all.Exports) != 1 || all.Exports[0].State != "fetched" || all.Exports[0].Mine {
		t.Errorf("%+v", all)
	}
	if status, _ := s.login("agent1").get("/api/exports"); status != 403 {
		t.Errorf("%d", status)
	}
}

func TestNoCopyOfWhatWasErased(t *testing.T) {
	s := newSite(t, nil)
	p, admin := s.login("supervisor1"), s.login("admin1")
	g := s.grant(p, shelfCall)
	status, body := p.post("/api/recordings/"+shelfCall+"/exports", protocol.AskExport{Grant: g.Grant, ToMs: 40_000, Reason: "法院调取证据"})
	e := decoded[protocol.TapeExport](t, status, body)
	admin.mustPost("/api/exports/"+e.Export+"/grant", protocol.DecideExport{}, 200, "granted")
	s.library.change(shelfCall, func(r *tapes.Recording) { r.Erased = true })
	p.mustPost("/api/exports/"+e.Export+"/fetch", struct{}{}, 410, "recording_erased")
}
