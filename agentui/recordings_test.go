package agentui

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"hotline/agentui/protocol"
)

func TestRecordings(t *testing.T) {
	s := newSite(t, nil)
	p := s.login("supervisor1")
	id := s.library.row.ID
	if status, body := p.get("/api/recordings?before=1800000000000&limit=1"); status != 200 || !strings.Contains(body, `"duration_ms":91000,"complete":true`) {
		t.Errorf("list: %d %s", status, body)
	}
	if _, body := p.get("/api/recordings?before=1600000000000"); body != "{\"recordings\":[]}\n" {
		t.Errorf("list before all: %s", body)
	}
	for _, query := range []string{"?limit=0", "?limit=201", "?limit=x", "?before=-1", "?before=x"} {
		if status, _ := p.get("/api/recordings" + query); status != 400 {
			t.Errorf("%s: %d", query, status)
		}
	}
	for reason, want := range map[string]int{"": 400, "ab": 400, "  a  ": 400, strings.Repeat("长", 501): 400, strings.Repeat("长", 500): 200} {
		if status, _ := p.post("/api/recordings/"+id+"/access", protocol.Access{Reason: reason}); status != want {
			t.Errorf("reason of %d bytes: %d", len(reason), status)
		}
	}
	for _, other := range []string{"x", "..%2f..%2fetc", newID()} {
		if status, _ := p.post("/api/recordings/"+other+"/access", protocol.Access{Reason: "督导复核"}); status != 404 {
			t.Errorf("recording %q: %d", other, status)
		}
	}
	before := len(s.audit.of(ActionRecordingAccess))
	var grant protocol.Grant
	s.grant(p, id, &grant)
	if e := s.audit.of(ActionRecordingAccess); len(e) != before+1 || e[before].Reason != "督导复核" || e[before].Object != id || string(e[before].Actor) != p.me.User {
		t.Errorf("access in the audit trail: %+v", e)
	}
	if len(s.audit.of(ActionRecordingPlay)) != 0 {
		t.Error("play was written before anything was played")
	}

	resp := p.raw("GET", grant.URL, nil, http.Header{"Range": {"bytes=4-7"}})
	b, _ := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	if resp.StatusCode != 206 || string(b) != "data" || resp.Header.Get("Content-Range") != "bytes 4-7/8000" ||
		resp.Header.Get("Cache-Control") != "no-store" || resp.Header.Get("Content-Type") != "audio/wav" {
		t.Errorf("range: %d %q %v", resp.StatusCode, b, resp.Header)
	}
	if status, body := p.get(grant.URL); status != 200 || len(body) != 8000 {
		t.Errorf("whole: %d, %d bytes", status, len(body))
	}
	if e := s.audit.of(ActionRecordingPlay); len(e) != 1 || e[0].Object != id {
		t.Errorf("plays in the audit trail: %+v", e)
	}
	for name, url := range map[string]string{
		"no grant": "/api/recordings/" + id + "/audio", "a bent grant": grant.URL[:len(grant.URL)-2] + "AA", "another recording": strings.Replace(grant.URL, id, newID(), 1),
	} {
		if status, _ := p.get(url); status != 403 {
			t.Errorf("%s: %d", name, status)
		}
	}
	if status, _ := s.login("supervisor1").get(grant.URL); status != 403 {
		t.Errorf("the grant in another sign-in: %d", status)
	}

	s.grant(p, id, &grant)
	s.audit.mu.Lock()
	s.audit.fail = errNoMedia
	s.audit.mu.Unlock()
	if status, body := p.get(grant.URL); status != 503 || strings.Contains(body, "RIFF") {
		t.Errorf("speech without an audit row: %d", status)
	}
}

// grant asks for access to a recording.
func (s *site) grant(p *person, id string, into *protocol.Grant) {
	s.t.Helper()
	status, body := p.post("/api/recordings/"+id+"/access", protocol.Access{Reason: "督导复核"})
	if err := json.Unmarshal([]byte(body), into); status != 200 || err != nil {
		s.t.Fatalf("access: %d %s", status, body)
	}
	if left := time.Until(time.UnixMilli(into.ExpiresAt)); left < 9*time.Minute || left > 10*time.Minute {
		s.t.Errorf("access for %s", left)
	}
}

func TestGrantsEnd(t *testing.T) {
	key, now := []byte("key"), time.Now()
	g := newGrant(key, "r", now.Add(time.Minute))
	if !validGrant(key, g, "r", now) || validGrant(key, g, "r", now.Add(time.Minute)) || validGrant(nil, g, "r", now) || validGrant(key, "", "r", now) {
		t.Error("a grant holds for its time and its sign-in only")
	}
	p := newPlayedGrants()
	for i := range grantsKept + 10 {
		if err := p.once(fmt.Sprint(i), func() error { return nil }); err != nil {
			t.Fatal(err)
		}
	}
	if len(p.seen) != grantsKept || slices.Contains(p.order, "0") {
		t.Errorf("%d grants are remembered", len(p.seen))
	}
}
