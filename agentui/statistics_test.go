package agentui

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"hotline/agentui/protocol"
	counting "hotline/agentui/statistics"
	"hotline/casework/statistics"
)

func TestStatistics(t *testing.T) {
	s := newSite(t, nil)
	for range 7 {
		s.answeredAfter(3*time.Second, true)
	}
	s.answeredAfter(40*time.Second, false)
	boss, admin, one := s.login("supervisor1"), s.login("admin1"), s.login("agent1")
	now := time.Now().In(s.server.site.zone()) // the calls are of ten minutes ago, which may be yesterday, and midnight may come meanwhile
	tomorrow, yesterday := now.AddDate(0, 0, 1).Format(time.DateOnly), now.AddDate(0, 0, -1).Format(time.DateOnly)
	query := "from=" + yesterday + "&to=" + tomorrow
	status, text := admin.get("/api/statistics?step=day&" + query)
	a := decoded[protocol.Statistics](t, status, text)
	if len(a.Columns) != 4 || !a.Columns[3].Whole || !a.Columns[2].Open || a.To != tomorrow || len(a.Lines) != 1 {
		t.Fatalf("%+v", a.Columns)
	}
	figures := map[string]protocol.StatisticsFigure{}
	for _, f := range a.Figures {
		figures[f.Figure] = f
		if f.Definition["zh-CN"] == "" || f.Definition["en"] == "" || f.Version < 1 {
			t.Errorf("%s has no definition", f.Figure)
		}
	}
	if v := figures["connected"].Rows[0].Values[3]; v != (protocol.StatisticsValue{N: 7, Of: 8, Known: true}) {
		t.Errorf("connected %+v", v)
	}
	if f := figures["high_risk"]; f.Missing != "not_yet" || len(f.Rows) != 0 {
		t.Errorf("%+v", f)
	}
	status, text = boss.get("/api/statistics?step=line&" + query)
	if a := decoded[protocol.Statistics](t, status, text); len(a.Columns) != 2 || a.Columns[0].Line != "12355" || a.Columns[0].Name != "青少年热线" || !a.Columns[1].Whole {
		t.Errorf("%+v", a.Columns)
	}
	for _, wrong := range []string{"step=hour&" + query, "step=day&from=2020-01-01&to=2026-01-01", "step=day&from=2026-02-01&to=2026-01-01", "step=day&from=x&to=" + tomorrow} {
		if status, text := boss.get("/api/statistics?" + wrong); status != 400 || !strings.Contains(text, "bad_period") {
			t.Errorf("%s: %d %s", wrong, status, text)
		}
	}

	// Behind a figure: ids, and only when the look is on record.
	ask := map[string]any{"figure": "contacts", "part": "", "from": yesterday, "to": tomorrow, "line": ""}
	status, text = boss.post("/api/statistics/records", ask)
	rows := decoded[protocol.StatisticsRecords](t, status, text)
	if len(rows.Records) != 7 || rows.More || rows.Records[0].Kind != "call" || rows.Records[0].LineName != "青少年热线" {
		t.Errorf("%+v", rows)
	}
	if e := s.audit.of(counting.ActionStatisticsRecords); len(e) != 1 || !strings.Contains(e[0].Object, "statistics:contacts") || !strings.Contains(e[0].Object, tomorrow) {
		t.Errorf("recorded as %+v", e)
	}
	s.audit.mu.Lock()
	s.audit.fail = errors.New("the database is away")
	s.audit.mu.Unlock()
	if status, text := boss.post("/api/statistics/records", ask); status != 503 || strings.Contains(text, "records") {
		t.Errorf("without a row of the audit: %d %s", status, text)
	}
	if status, _ := boss.get("/api/statistics/export?format=csv&step=day&" + query); status != 503 {
		t.Errorf("without a row of the audit a file is given: %d", status)
	}
	s.audit.mu.Lock()
	s.audit.fail = nil
	s.audit.mu.Unlock()
	ask["figure"] = "people"
	if status, text := boss.post("/api/statistics/records", ask); status != 400 || !strings.Contains(text, "no_records") {
		t.Errorf("%d %s", status, text)
	}
	for user, want := range map[*person]int{one: 403, admin: 403} {
		if status, _ := user.post("/api/statistics/records", ask); status != want {
			t.Errorf("%s opens records: %d", user.me.Username, status)
		}
	}
	if status, _ := one.get("/api/statistics?step=day&" + query); status != 403 {
		t.Errorf("a counsellor: %d", status)
	}

	// Files.
	status, text = boss.get("/api/statistics/export?format=csv&step=day&" + query)
	if status != http.StatusOK || !strings.Contains(text, "受理人数") || !strings.Contains(text, "尚未统计") || !strings.Contains(text, "接通率") {
		t.Errorf("%d %.200s", status, text)
	}
	if status, text = boss.get("/api/statistics/export?format=xlsx&step=day&" + query); status != http.StatusOK || !strings.HasPrefix(text, "PK") {
		t.Errorf("%d", status)
	}
	if e := s.audit.of(counting.ActionStatisticsExport); len(e) != 2 || !strings.HasPrefix(e[0].Object, "statistics:csv") {
		t.Errorf("recorded as %+v", e)
	}
}

func TestPublicStatistics(t *testing.T) {
	s := newSite(t, nil)
	boss, admin := s.login("supervisor1"), s.login("admin1")
	doc := statistics.FirstParams()
	doc.PublicFrom, doc.Small = time.Now().Year()-1, 2
	if status, text := admin.put("/api/admin/statistics", map[string]any{"base": 0, "note": "", "doc": doc}); status != http.StatusBadRequest || !strings.Contains(text, "out_of_range") {
		t.Errorf("%d %s", status, text)
	}
	doc.Small = 5
	if status, text := admin.put("/api/admin/statistics", map[string]any{"base": 0, "note": "", "doc": doc}); status != http.StatusOK {
		t.Errorf("%d %s", status, text)
	}
	status, text := boss.post("/api/walls", map[string]any{"name": "官网", "purpose": "public"})
	wall := decoded[protocol.WallMade](t, status, text)
	status, text = boss.get("/api/statistics/public")
	seen := decoded[protocol.PublicStatistics](t, status, text)
	if seen.Small != 5 || seen.Step != "quarter" || len(seen.Columns) < 3 || len(seen.Tables) == 0 || len(seen.Missing) == 0 {
		t.Errorf("%s", text)
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.base+"/api/wall/statistics", nil)
	if err != nil {
		t.Fatal(err)
	}
	for secret, want := range map[string]int{wall.Secret: 200, "x": 401} {
		r.Header.Set("Authorization", "Bearer "+secret)
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if resp.StatusCode != want {
			t.Errorf("a display: %d, want %d", resp.StatusCode, want)
		}
	}
}
