package agentui

import (
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"hotline/agentui/protocol"
	"hotline/agentui/settings"
	"hotline/agentui/tapes"
	"hotline/agentui/users"
	"hotline/casework"
	"hotline/casework/assessments"
	"hotline/storage"
)

func TestRecordingsAreFound(t *testing.T) {
	s := newSite(t, nil)
	p, one := s.login("supervisor1"), s.login("agent1")
	base := time.UnixMilli(1700000000000)
	for i := range 5 {
		s.library.put(newID(), base.Add(time.Duration(i+1)*time.Hour), one.me.User)
	}
	list := func(p *person, query string) protocol.Recordings {
		t.Helper()
		status, body := p.get("/api/recordings?" + query)
		return decoded[protocol.Recordings](t, status, body)
	}
	all := list(p, "")
	if len(all.Recordings) != 6 || all.Next != "" || all.Own {
		t.Fatalf("%+v", all)
	}
	if r := all.Recordings[0]; len(r.Agents) != 1 || r.Agents[0].Name == "" || r.LineName != "青少年热线" || r.DurationMs != 91000 || !r.Complete || r.Class != "ordinary" || r.Kind != "call" {
		t.Errorf("%+v", r)
	}
	var seen []string
	for next := "x"; next != ""; {
		page := list(p, "limit=2&before="+strings.TrimPrefix(next, "x"))
		for _, r := range page.Recordings {
			seen = append(seen, r.Recording)
		}
		next = page.Next
	}
	if len(seen) != 6 || seen[5] != shelfCall {
		t.Errorf("by pages: %v", seen)
	}
	if got := list(p, "agent="+one.me.User); len(got.Recordings) != 5 {
		t.Errorf("of a person: %d", len(got.Recordings))
	}
	if got := list(p, "to=1700000000001"); len(got.Recordings) != 1 {
		t.Errorf("by date: %d", len(got.Recordings))
	}
	s.rise(seen[0], one.me.User, "high")
	s.rise(seen[1], one.me.User, "low")
	if err := casework.NewLedger(s.db).Open(t.Context(), casework.CallRecord{ID: seen[1], Line: "12355", Tier: "normal", Arrived: base, Queued: base}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.retention.Put(t.Context(), storage.OfCall, seen[1], p.me.User, "法院来函"); err != nil {
		t.Fatal(err)
	}
	for query, want := range map[string]string{"level=high": seen[0], "class=hold": seen[1], "level=low": seen[1]} {
		if got := list(p, query); len(got.Recordings) != 1 || got.Recordings[0].Recording != want {
			t.Errorf("%s: %+v", query, got.Recordings)
		}
	}
	for _, query := range []string{"limit=0", "limit=201", "limit=x", "before=-1", "before=x", "from=-1", "class=x", "level=x", "before=1700000000000.x"} {
		if status, _ := p.get("/api/recordings?" + query); status != 400 {
			t.Errorf("%s: %d", query, status)
		}
	}
}

// A counsellor hears calls of their own, and those only where the site says so.
func TestOwnRecordings(t *testing.T) {
	s := newSite(t, nil)
	one := s.login("agent1")
	own, reason := newID(), protocol.Access{Reason: "复习自己的通话"}
	s.library.put(own, time.UnixMilli(1700000100000), one.me.User)
	if status, body := one.get("/api/recordings"); status != 200 || !strings.Contains(body, `"recordings":[]`) {
		t.Errorf("%d %s", status, body)
	}
	if status, _ := one.post("/api/recordings/"+own+"/access", reason); status != 403 {
		t.Errorf("before the site allows it: %d", status)
	}
	doc := settings.First(settings.Defaults{})
	doc.Recording.Own = true
	if _, err := s.settings.Save(t.Context(), 0, doc, "admin", ""); err != nil {
		t.Fatal(err)
	}
	s.until("the setting is known", func() bool { return s.server.settings.get().Doc.Recording.Own })
	status, body := one.get("/api/recordings")
	if got := decoded[protocol.Recordings](t, status, body); len(got.Recordings) != 1 || got.Recordings[0].Recording != own || !got.Own {
		t.Errorf("%+v", got)
	}
	if status, _ := one.post("/api/recordings/"+own+"/access", reason); status != 200 {
		t.Errorf("an own call: %d", status)
	}
	if status, _ := one.post("/api/recordings/"+shelfCall+"/access", reason); status != 403 {
		t.Errorf("another's call: %d", status)
	}
}

func TestListening(t *testing.T) {
	s := newSite(t, nil)
	p := s.login("supervisor1")
	for reason, want := range map[string]int{"": 400, "ab": 400, "  a  ": 400, strings.Repeat("长", 501): 400, strings.Repeat("长", 500): 200} {
		if status, _ := p.post("/api/recordings/"+shelfCall+"/access", protocol.Access{Reason: reason}); status != want {
			t.Errorf("reason of %d bytes: %d", len(reason), status)
		}
	}
	for _, other := range []string{"x", "..%2f..%2fetc", newID()} {
		if status, _ := p.post("/api/recordings/"+other+"/access", protocol.Access{Reason: "督导复核"}); status != 404 {
			t.Errorf("recording %q: %d", other, status)
		}
	}
	before := len(s.audit.of(tapes.ActionRecordingAccess))
	g := s.grant(p, shelfCall)
	if e := s.audit.of(tapes.ActionRecordingAccess); len(e) != before+1 || e[before].Reason != "督导复核" || e[before].Object != shelfCall || string(e[before].Actor) != p.me.User {
		t.Errorf("access in the audit trail: %+v", e)
	}
	status, body := p.get("/api/recordings/" + shelfCall + "?grant=" + g.Grant)
	tape := decoded[protocol.Tape](t, status, body)
	if len(tape.Parts) != 1 || len(tape.Marks) != 2 || tape.Marks[1].FromMs != 30_000 || tape.Marks[1].Code != "high" || !tape.Exports || tape.Recording.DurationMs != 91_000 {
		t.Errorf("%+v", tape)
	}
	if status, body := p.get("/api/recordings/" + shelfCall + "/peaks?grant=" + g.Grant); status != 200 || len(body) != 2*10*91 {
		t.Errorf("peaks: %d, %d bytes", status, len(body))
	}
	if len(s.audit.of(tapes.ActionRecordingRead)) != 0 {
		t.Error("reading was written before anything was read")
	}
	for _, path := range []string{"", "/peaks", "/audio"} {
		for name, url := range map[string]string{
			"no grant": "/api/recordings/" + shelfCall + path, "a bent grant": "/api/recordings/" + shelfCall + path + "?grant=" + g.Grant[:len(g.Grant)-2] + "AA",
		} {
			if status, _ := p.get(url); status != 403 {
				t.Errorf("%s%s: %d", name, path, status)
			}
		}
		if status, _ := s.login("supervisor1").get("/api/recordings/" + shelfCall + path + "?grant=" + g.Grant); status != 403 {
			t.Errorf("the grant in another sign-in%s: %d", path, status)
		}
	}
	s.library.change(shelfCall, func(r *tapes.Recording) { r.Erased = true })
	if status, body := p.post("/api/recordings/"+shelfCall+"/access", protocol.Access{Reason: "督导复核"}); status != 410 || !strings.Contains(body, "recording_erased") {
		t.Errorf("erased: %d %s", status, body)
	}
}

// What leaves the server is in the audit trail, wherever a player begins to read; what it reads on is not said again.
func TestWhatIsReadIsWritten(t *testing.T) {
	s := newSite(t, nil)
	p := s.login("supervisor1")
	g := s.grant(p, shelfCall)
	read := func(from, to string, want int) string {
		t.Helper()
		resp := p.raw("GET", g.URL, nil, http.Header{"Range": {"bytes=" + from + "-" + to}})
		b, _ := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if resp.StatusCode != want || want == 206 && (resp.Header.Get("Cache-Control") != "no-store" || resp.Header.Get("Content-Type") != "audio/wav") {
			t.Errorf("%s-%s: %d %v", from, to, resp.StatusCode, resp.Header)
		}
		return string(b)
	}
	if b := read("4", "7", 206); b != "data" {
		t.Errorf("%q", b)
	}
	read("8", "100000", 206)
	read("100001", "200000", 206)
	read("1000044", "1100000", 206)
	read("1100001", "1200000", 206)
	read("50000", "60000", 206)
	read("2000044", "2000100", 206)
	read("9000000", "", 416)
	var at []string
	for _, e := range s.audit.of(tapes.ActionRecordingRead) {
		at = append(at, e.Reason)
	}
	if !slices.Equal(at, []string{"00:00:00", "00:00:31", "00:01:02", "00:04:41"}) {
		t.Errorf("read from %v", at)
	}
	s.audit.mu.Lock()
	s.audit.fail = errNoMedia
	s.audit.mu.Unlock()
	if body := read("2500000", "2500100", 503); decoded[protocol.HTTPError](t, 200, body).Error != protocol.Unavailable {
		t.Errorf("not an error's words, and no audit row: %q", body)
	}
	if status, _ := p.get(s.grantless(g)); status != 403 {
		t.Errorf("%d", status)
	}
}

func (s *site) grantless(g protocol.Grant) string {
	return strings.Replace(g.URL, g.Grant, "x", 1)
}

func TestPlayingAndSeekingAreWritten(t *testing.T) {
	s := newSite(t, nil)
	p := s.login("supervisor1")
	g := s.grant(p, shelfCall)
	path := "/api/recordings/" + shelfCall + "/acts"
	status, _ := p.post(path, protocol.TapeActs{Grant: g.Grant, Acts: []protocol.TapeAct{
		{Act: "play"}, {Act: "seek", FromMs: 12_400, ToMs: 80_000}, {Act: "pause", FromMs: 91_200, ToMs: 91_200},
	}})
	if e := s.audit.of(tapes.ActionRecordingSeek); status != 200 || len(e) != 1 || e[0].Reason != "00:00:12 -> 00:01:20" || e[0].Object != shelfCall {
		t.Errorf("%d %+v", status, e)
	}
	if len(s.audit.of(tapes.ActionRecordingPlay)) != 1 || len(s.audit.of(tapes.ActionRecordingPause)) != 1 {
		t.Error("play or pause is missing")
	}
	for name, acts := range map[string][]protocol.TapeAct{
		"none": {}, "of another kind": {{Act: "rewind"}}, "before": {{Act: "play", FromMs: -1}}, "beyond": {{Act: "seek", ToMs: 93_000}}, "too many": make([]protocol.TapeAct, 51),
	} {
		if status, _ := p.post(path, protocol.TapeActs{Grant: g.Grant, Acts: acts}); status != 400 {
			t.Errorf("%s: %d", name, status)
		}
	}
	if status, _ := p.post(path, protocol.TapeActs{Grant: "x", Acts: []protocol.TapeAct{{Act: "play"}}}); status != 403 {
		t.Errorf("without a grant: %d", status)
	}
}

func TestCommentsOfARecording(t *testing.T) {
	s := newSite(t, nil)
	p, other := s.login("supervisor1"), s.another("supervisor2", users.Supervisor)
	g, h := s.grant(p, shelfCall), s.grant(other, shelfCall)
	path := "/api/recordings/" + shelfCall + "/comments"
	status, body := p.post(path, protocol.WriteTapeComment{Grant: g.Grant, AtMs: 31_000, Text: " 这里应先询问计划 "})
	said := decoded[protocol.TapeComments](t, status, body)
	if len(said.Comments) != 1 || said.Comments[0].Text != "这里应先询问计划" || !said.Comments[0].Mine || said.Comments[0].AtMs != 31_000 {
		t.Fatalf("%+v", said)
	}
	if e := s.audit.of(tapes.ActionRecordingComment); len(e) != 1 || strings.Contains(e[0].Reason, "计划") {
		t.Errorf("the words are in the audit trail: %+v", e)
	}
	for name, c := range map[string]protocol.WriteTapeComment{
		"nothing": {Grant: g.Grant}, "too long": {Grant: g.Grant, Text: strings.Repeat("字", 1001)}, "beyond": {Grant: g.Grant, AtMs: 93_000, Text: "x"}, "before": {Grant: g.Grant, AtMs: -1, Text: "x"},
	} {
		if status, _ := p.post(path, c); status != 400 {
			t.Errorf("%s: %d", name, status)
		}
	}
	away := path + "/" + said.Comments[0].Comment + "/withdraw"
	if status, _ := other.post(away, protocol.WithdrawTapeComment{Grant: h.Grant}); status != 403 {
		t.Errorf("withdrawn by another: %d", status)
	}
	status, body = p.post(away, protocol.WithdrawTapeComment{Grant: g.Grant})
	if said := decoded[protocol.TapeComments](t, status, body); len(said.Comments) != 0 {
		t.Errorf("%+v", said)
	}
}

// another makes one more person and signs them in.
func (s *site) another(username string, role users.Role) *person {
	s.t.Helper()
	if _, err := s.users.Create(s.t.Context(), users.User{Username: username, Name: username, Role: role, Locale: "zh-CN"}, passwordOf(username)); err != nil {
		s.t.Fatal(err)
	}
	return s.login(username)
}

func (s *site) rise(call, by, level string) {
	s.t.Helper()
	if err := s.risk.Kept.Rise(s.t.Context(), assessments.Change{ID: assessments.NewID(), Call: call, At: time.Now(), By: by, Level: level}); err != nil {
		s.t.Fatal(err)
	}
}

// grant asks for access to a recording.
func (s *site) grant(p *person, id string) (g protocol.Grant) {
	s.t.Helper()
	status, body := p.post("/api/recordings/"+id+"/access", protocol.Access{Reason: "督导复核"})
	if err := json.Unmarshal([]byte(body), &g); status != 200 || err != nil {
		s.t.Fatalf("access: %d %s", status, body)
	}
	if left := time.Until(time.UnixMilli(g.ExpiresAt)); left < 13*time.Minute-2*time.Second || left > 13*time.Minute+2*time.Second+2*shelfLength-3*time.Minute {
		s.t.Errorf("access for %s", left)
	}
	return g
}
