package agentui

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"hotline/agentui/protocol"
	"hotline/agentui/walls"
	"hotline/casework"
	"hotline/queue"
)

// answeredAfter writes a call that a counsellor answered, or that its caller left (answered zero).
func (s *site) answeredAfter(wait time.Duration, answered bool) {
	s.t.Helper()
	l, id, began := casework.NewLedger(s.db), newID(), time.Now().Add(-10*time.Minute)
	c := casework.CallRecord{ID: id, Line: "12355", Tier: "normal", Arrived: began, Queued: began}
	end := casework.Closing{EndedAt: began.Add(wait + time.Minute), Outcome: casework.Answered}
	if answered {
		c.Talked = began.Add(wait)
	} else {
		end = casework.Closing{EndedAt: began.Add(wait), Outcome: casework.Abandoned}
	}
	if err := l.Open(s.t.Context(), c); err != nil {
		s.t.Fatal(err)
	}
	if err := l.Close(s.t.Context(), id, end); err != nil {
		s.t.Fatal(err)
	}
}

func decoded[T any](t *testing.T, status int, text string) (body T) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), &body); status != http.StatusOK || err != nil {
		t.Fatalf("%d %s: %v", status, text, err)
	}
	return body
}

func TestFigures(t *testing.T) {
	s := newSite(t, nil)
	for range 18 {
		s.answeredAfter(3*time.Second, true)
	}
	s.answeredAfter(30*time.Second, true)
	s.answeredAfter(40*time.Second, false)
	boss := s.login("supervisor1")
	status, text := boss.get("/api/figures")
	f := decoded[protocol.Figures](t, status, text)
	if f.Whole.Offered != 20 || f.Whole.Answered != 19 || f.Whole.Abandoned != 1 || len(f.Lines) != 1 || f.Lines[0].LineName != "青少年热线" {
		t.Errorf("%s", text)
	}
	want := map[string]string{"12345_within": "broken", "988_answered": "kept", "988_within_15": "warning", "988_within_20": "broken", "988_stayed": "broken"}
	for _, st := range f.Standings {
		if want[st.Goal] != st.Health {
			t.Errorf("%+v", st)
		}
		delete(want, st.Goal)
	}
	if len(want) > 0 {
		t.Errorf("missing: %v", want)
	}
	for query, most := range map[string]int{"span=day": 289, "span=month": 721, "span=day&line=12355": 289} {
		status, text := boss.get("/api/figures/trend?" + query)
		tr := decoded[protocol.Trend](t, status, text)
		offered, inTime := 0, 0
		for _, p := range tr.Points {
			offered, inTime = offered+p.Offered, inTime+p.InTime
		}
		if offered != 20 || inTime != 18 || len(tr.Points) < most-1 || len(tr.Points) > most+1 || tr.WithinMs != 15000 {
			t.Errorf("%s: %d points, %d offered, %d in time, within %d", query, len(tr.Points), offered, inTime, tr.WithinMs)
		}
	}
	if status, _ := boss.get("/api/figures/trend?span=year"); status != 400 {
		t.Errorf("an odd span: %d", status)
	}
	for user, want := range map[string]int{"agent1": 403, "admin1": 200} {
		if status, _ := s.login(user).get("/api/figures"); status != want {
			t.Errorf("%s: %d", user, status)
		}
	}
}

func TestWall(t *testing.T) {
	s := newSite(t, nil)
	boss := s.login("supervisor1")
	status, text := boss.post("/api/walls", protocol.MakeWall{Name: "大厅东侧", Purpose: "wall"})
	made := decoded[protocol.WallMade](t, status, text)
	if e := s.audit.of(walls.ActionWallMake); len(e) != 1 || string(e[0].Actor) != boss.me.User || e[0].Object != "purpose:wall" {
		t.Errorf("audit %+v", e)
	}
	for _, half := range []protocol.MakeWall{{Name: " ", Purpose: "wall"}, {Name: "大厅"}, {Name: "大厅", Purpose: "all"}} {
		if status, _ := boss.post("/api/walls", half); status != 400 {
			t.Errorf("%+v: %d", half, status)
		}
	}
	s.call(queue.TierRed)
	s.call(queue.TierNormal)
	s.answeredAfter(time.Second, true)
	bearer := func(secret string) (int, string) {
		return s.newPerson().do("GET", "/api/wall", nil, http.Header{"Authorization": {"Bearer " + secret}})
	}
	s.until("the wall shows who waits", func() bool {
		status, text := bearer(made.Secret)
		w := decoded[protocol.Wall](t, status, text)
		return w.Waiting["red"] == 1 && w.Waiting["normal"] == 1 && w.WaitingSince > 0
	})
	_, text = bearer(made.Secret)
	for _, private := range []string{"agent1", "咨询员", "督导", "12355", `"call"`} {
		if strings.Contains(text, private) {
			t.Errorf("%q is on the wall: %s", private, text)
		}
	}
	// The link is good for nothing else, and nothing else is good for the wall.
	for _, path := range []string{"/api/me", "/api/figures", "/api/walls", "/api/recordings", "/ws"} {
		if status, _ := s.newPerson().do("GET", path, nil, http.Header{"Authorization": {"Bearer " + made.Secret}}); status != 401 {
			t.Errorf("%s with a display's link: %d", path, status)
		}
	}
	for _, secret := range []string{"", made.Display, "x"} {
		if status, _ := bearer(secret); status != 401 {
			t.Errorf("the wall with %q: %d", secret, status)
		}
	}
	if status, _ := boss.get("/api/wall"); status != 401 {
		t.Errorf("the wall with a sign-in: %d", status)
	}
	if status, text := boss.post("/api/walls/"+made.Display+"/revoke", struct{}{}); status != 200 {
		t.Fatalf("%d %s", status, text)
	}
	if status, _ := bearer(made.Secret); status != 401 {
		t.Errorf("after it was taken back: %d", status)
	}
	status, text = boss.get("/api/walls")
	list := decoded[protocol.WallDisplays](t, status, text)
	if len(list.Displays) != 1 || list.Displays[0].Purpose != "wall" || list.Displays[0].RevokedByName != "督导一" || list.Displays[0].SeenAt == 0 || strings.Contains(text, made.Secret) {
		t.Errorf("%s", text)
	}
	if status, _ := s.login("agent1").post("/api/walls", protocol.MakeWall{Name: "x", Purpose: "wall"}); status != 403 {
		t.Errorf("by an agent: %d", status)
	}
}
