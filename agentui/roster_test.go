package agentui

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	ics "github.com/arran4/golang-ical"

	"hotline/agentui/protocol"
	shifts "hotline/agentui/roster"
	"hotline/casework/roster"
)

// awake is a zone in which it is three in the afternoon: no midnight comes while a test runs.
func awake(t *testing.T) *time.Location {
	t.Helper()
	east := 15 - time.Now().UTC().Hour()
	if east > 12 {
		east -= 24
	}
	zone, err := time.LoadLocation(fmt.Sprintf("Etc/GMT%+d", -east)) // POSIX counts to the west
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

// TestARosterIsPublishedAndRead: what leaves hours without a supervisor is refused with the hours; what is published is in the calendar of who works.
func TestARosterIsPublishedAndRead(t *testing.T) {
	s := newSite(t, nil)
	admin, agent := s.login("admin1"), s.login("agent1")
	status, body := admin.get("/api/admin/roster/people")
	people := bodyOf[protocol.RosterPeople](t, status, body, http.StatusOK)
	ids := map[string]string{}
	for _, p := range people.People {
		ids[p.Username] = p.User
	}
	if len(ids) != 3 || ids["supervisor1"] == "" {
		t.Fatalf("%s", body)
	}
	zone := awake(t)
	today := time.Now().In(zone)
	from, to := today.Format(time.DateOnly), today.AddDate(0, 0, 2).Format(time.DateOnly)
	every := []string{"mon", "tue", "wed", "thu", "fri", "sat", "sun"}
	pattern := func(id, person string, role roster.Role, from, to string) roster.Pattern {
		return roster.Pattern{Work: roster.Work{ID: id, Person: person, Role: role, From: from, To: to}, Days: every, Start: "2026-01-01", Except: []string{}}
	}
	doc := roster.First()
	doc.Zone = zone.String()
	doc.Patterns = []roster.Pattern{
		pattern("s", ids["supervisor1"], roster.Supervisor, "00:00", "12:00"), pattern("x", ids["agent2"], roster.Supervisor, "12:00", "00:00"),
		pattern("c", ids["agent1"], roster.Counsellor, "00:00", "00:00"),
	}
	raw := savingDocument(t, 0, "", doc)
	status, body = admin.post("/api/admin/roster/review", protocol.ReviewRoster{Doc: raw.Doc, From: from, To: to})
	found := bodyOf[protocol.RosterReview](t, status, body, http.StatusOK)
	if len(found.Gaps) != 2 || len(found.Unfit) == 0 || found.Unfit[0].Why != "not_supervisor" || len(found.Days) != 2 || found.Days[1]-found.Days[0] != 24*3600*1000 {
		t.Errorf("%s", body)
	}
	if status, body = admin.put("/api/admin/roster", raw); status != http.StatusOK {
		t.Fatalf("%d %s", status, body)
	}
	status, body = admin.post("/api/admin/roster/publish", protocol.PublishRoster{Version: 1, From: from, To: to})
	if refused := bodyOf[protocol.HTTPError](t, status, body, http.StatusConflict); refused.Error != protocol.RosterGaps || refused.Params["n"] != float64(2) {
		t.Errorf("%s", body)
	}
	if len(s.audit.of(shifts.ActionRosterPublish)) != 0 {
		t.Error("a refusal is in the audit as done")
	}
	doc.Patterns[1].Person = ids["supervisor1"]
	if status, body = admin.put("/api/admin/roster", savingDocument(t, 1, "", doc)); status != http.StatusOK {
		t.Fatalf("%d %s", status, body)
	}
	for what, bad := range map[string]protocol.PublishRoster{"yesterday": {Version: 2, From: "2026-01-01", To: to}, "no days": {Version: 2, From: to, To: to}} {
		if status, body = admin.post("/api/admin/roster/publish", bad); status != http.StatusBadRequest || !strings.Contains(body, "bad_days") {
			t.Errorf("%s: %d %s", what, status, body)
		}
	}
	status, body = admin.post("/api/admin/roster/publish", protocol.PublishRoster{Version: 2, From: from, To: to, Note: "two days"})
	if p := bodyOf[protocol.Publication](t, status, body, http.StatusOK); p.N != 1 || p.ByName != "管理员一" {
		t.Errorf("%s", body)
	}
	if rows := s.audit.of(shifts.ActionRosterPublish); len(rows) != 1 || rows[0].Object != "roster:2" || !strings.Contains(rows[0].Reason, "two days") {
		t.Errorf("audit %+v", rows)
	}

	events := func(p *person, path string, want int) {
		t.Helper()
		status, body := p.get(path)
		cal, err := ics.ParseCalendar(strings.NewReader(body))
		if status != http.StatusOK || err != nil || len(cal.Events()) != want {
			t.Errorf("%s: %d, %v, %s", path, status, err, body)
		}
	}
	events(agent, "/api/roster/me.ics", 2)
	events(admin, "/api/admin/roster/all.ics", 6)
	events(admin, "/api/roster/me.ics", 0)
	var feed protocol.RosterFeed
	_, body = agent.post("/api/roster/feed", struct{}{})
	if err := json.Unmarshal([]byte(body), &feed); err != nil {
		t.Fatal(err)
	}
	anybody := s.newPerson()
	events(anybody, feed.Path, 2)
	if status, _ := agent.post("/api/roster/feed/revoke", struct{}{}); status != http.StatusOK {
		t.Errorf("%d", status)
	}
	if status, _ := anybody.get(feed.Path); status != http.StatusNotFound {
		t.Errorf("a revoked address: %d", status)
	}
	if on, err := s.roster.OnDuty(t.Context(), time.Now()); err != nil || len(on) != 2 {
		t.Errorf("%+v, %v", on, err)
	}
}
