package agentui

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"hotline/agentui/protocol"
	"hotline/agentui/training"
	"hotline/casework/qualifications"
	"hotline/casework/reviews"
	"hotline/casework/statistics"
	"hotline/queue"
	"hotline/storage/documents"
)

// staff opens what people's training and the statistics stand on.
func (s *site) staff() Staff {
	s.t.Helper()
	ctx := s.t.Context()
	records, err := qualifications.Open(ctx, s.db)
	if err != nil {
		s.t.Fatal(err)
	}
	docs, err := qualifications.OpenRequirements(ctx, s.db)
	if err != nil {
		s.t.Fatal(err)
	}
	counts, err := statistics.Open(ctx, s.db, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	reviewed, err := reviews.Open(ctx, s.db, s.keys, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	return Staff{Qualifications: records, Requirements: docs, Statistics: counts, Parameters: counts.Params, Reviews: reviewed}
}

// monthly requires supervision of everybody on the youth line.
func monthly() qualifications.Requirements {
	q := qualifications.First()
	q.Rules = []qualifications.Rule{{
		ID: "supervision", Names: documents.Words{"zh-CN": "每月督导", "en": "Monthly supervision"}, Lines: []string{"12355"}, Kind: qualifications.Supervision, Days: 31,
	}}
	return q
}

// TestALapsedRequirementKeepsCallsAway: the way of a requirement: made by the administrator, told on the desk and to the supervisor, enforced where calls
// are offered; opened for a time by the supervisor, mended by a record; and never in the middle of a talk.
func TestALapsedRequirementKeepsCallsAway(t *testing.T) {
	s := newSite(t, nil)
	one, two, boss, admin := s.login("agent1"), s.login("agent2"), s.login("supervisor1"), s.login("admin1")
	a, b, c := one.enter(""), two.enter(""), boss.enter("")
	b.available()
	guard := queue.Guard("12355")
	skills := func(who string) queue.Skills {
		snap, err := s.queue.Snapshot(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range snap.Agents {
			if string(row.ID) == who {
				return row.Skills
			}
		}
		return nil
	}
	if status, text := boss.post("/api/people/"+one.me.User+"/training", map[string]any{
		"kind": "supervision", "topic": "", "minutes": 60, "day": time.Now().In(s.server.site.zone()).Format(time.DateOnly), "expires": "", "note": "",
	}); status != http.StatusOK {
		t.Fatalf("%d %s", status, text)
	}
	talk := s.answers(b, queue.TierNormal) // the second one talks when the requirement comes
	if status, text := admin.put("/api/admin/requirements", map[string]any{"base": 0, "note": "", "doc": monthly()}); status != http.StatusOK {
		t.Fatalf("%d %s", status, text)
	}
	b.until("told that calls do not come", func() bool {
		return len(b.self.Lines) == 1 && !b.self.Lines[0].In && b.self.Lines[0].Lapsed[0].Name == "Monthly supervision"
	})
	s.until("the index knows", func() bool { return skills(one.me.User)[guard] == 1 && skills(two.me.User)[guard] == 0 })
	if now := b.snap(); now.State != "talking" || now.Call == nil || now.Call.Call != string(talk) {
		t.Fatalf("the talk was touched: %+v", now)
	}
	if now := a.snap(); len(now.Lines) != 0 {
		t.Errorf("told who has nothing to be told: %+v", now.Lines)
	}
	c.until("the supervisor is told how many", func() bool { return c.duties.Barred == 1 })
	for _, row := range c.agents {
		for name := range row.Skills {
			if strings.HasPrefix(name, "@") {
				t.Errorf("the board shows %q", name)
			}
		}
	}

	// A call of the line goes to whom it may go only; a supervisor does not overrule it by a name.
	s.endCall(talk, queue.EndAnswered)
	b.until("wrap-up", func() bool { return b.self.State == "wrap_up" })
	two.denies(string(talk))
	b.must("wrapup_done", nil)
	b.until("available", func() bool { return b.self.State == "available" })
	id := s.guardedCall(guard)
	c.until("it waits", func() bool { _, there := c.calls[string(id)]; return there })
	if b.snap().Offer != nil {
		t.Fatal("offered to somebody who is not let in")
	}
	assign := map[string]any{"call": string(id), "user": two.me.User, "reason_text": "夜里没有其他人"}
	c.refused("assign", protocol.NotQualified, assign)

	// Opened for a time.
	if status, text := boss.post("/api/training/waivers", map[string]any{"line": "12355", "hours": 25, "reason": "夜里没有其他人"}); status != 400 || !strings.Contains(text, "bad_span") {
		t.Errorf("%d %s", status, text)
	}
	status, text := boss.post("/api/training/waivers", map[string]any{"line": "12355", "hours": 8, "reason": "夜里没有其他人"})
	w := decoded[protocol.Waiver](t, status, text)
	b.until("the call comes", func() bool { return b.self.Offer != nil && b.self.Offer.Call == string(id) && b.self.Lines[0].Waived })
	if e := s.audit.of(training.ActionLineWaive); len(e) != 1 || e[0].Object != "line:12355" || e[0].Reason == "" {
		t.Errorf("recorded as %+v", e)
	}
	if status, _ := boss.post("/api/training/waivers/"+w.Waiver+"/end", map[string]any{}); status != http.StatusOK {
		t.Error(status)
	}
	s.until("closed again", func() bool { return skills(two.me.User)[guard] == 0 })

	// A record mends it.
	if status, text := boss.post("/api/people/"+two.me.User+"/training", map[string]any{
		"kind": "supervision", "topic": "", "minutes": 60, "day": time.Now().AddDate(0, 0, -10).Format(time.DateOnly), "expires": "", "note": "小组督导",
	}); status != http.StatusOK {
		t.Fatalf("%d %s", status, text)
	}
	b.until("a warning is left", func() bool { return len(b.self.Lines) == 1 && b.self.Lines[0].In && len(b.self.Lines[0].Due) == 1 })
	c.until("nobody is kept away", func() bool { return c.duties.Barred == 0 })
}

// guardedCall is a call of the youth line as a controller enters it when the line is guarded.
func (s *site) guardedCall(guard string) queue.CallID {
	s.t.Helper()
	id := queue.CallID(newID())
	c := queue.Call{ID: id, Line: "12355", Tier: queue.TierNormal, Node: "node-1", Owner: "controller-1", Arrived: time.Now(), Needs: queue.Skills{guard: 1}}
	if err := s.queue.Arrive(s.t.Context(), queue.RequestID(newID()), c); err != nil {
		s.t.Fatal(err)
	}
	if _, err := s.queue.Enqueue(s.t.Context(), queue.RequestID(newID()), id, false); err != nil {
		s.t.Fatal(err)
	}
	return id
}

func TestTrainingRecords(t *testing.T) {
	s := newSite(t, nil)
	one, boss, sec := s.login("agent1"), s.login("supervisor1"), s.login("security1")
	at := "/api/people/" + one.me.User + "/training"
	record := func(kind, topic string, minutes int, day, expires string) map[string]any {
		return map[string]any{"kind": kind, "topic": topic, "minutes": minutes, "day": day, "expires": expires, "note": "线上课程"}
	}
	date := func() string { return time.Now().In(s.server.site.zone()).Format(time.DateOnly) }
	today := date()
	for body, want := range map[*map[string]any]int{
		ptr(record("training", "crisis", 90, today, "")): 200, ptr(record("training", "yoga", 90, today, "")): 400, ptr(record("training", "crisis", 90, "soon", "")): 400,
		ptr(record("qualification", "counsellor", 0, "2024-01-01", "2027-01-01")): 200, ptr(record("language", "english", 0, "2024-01-01", "")): 200,
	} {
		if status, text := sec.post(at, *body); status != want {
			t.Errorf("%v: %d %s", *body, status, text)
		}
	}
	if status, text := boss.post("/api/people/"+boss.me.User+"/training", record("training", "crisis", 90, today, "")); status != 403 || !strings.Contains(text, "own_record") {
		t.Errorf("of oneself: %d %s", status, text)
	}
	status, text := one.get("/api/training/mine")
	mine := decoded[protocol.StaffRecords](t, status, text)
	if len(mine.Records) != 3 || len(mine.Lines) != 0 || mine.Today < today || mine.Today > date() {
		t.Errorf("%+v", mine)
	}
	status, text = boss.get("/api/training")
	list := decoded[protocol.TrainingList](t, status, text)
	for _, p := range list.People {
		if p.User == one.me.User && (p.YearMinutes != 90 || len(p.Languages) != 1 || p.Languages[0] != "英语") {
			t.Errorf("%+v", p)
		}
	}
	if len(list.People) != 3 {
		t.Errorf("%+v", list.People)
	}
	id := ""
	for _, r := range mine.Records {
		if r.Kind == "training" {
			id = r.Record
		}
	}
	if status, text := sec.post("/api/training/"+id+"/void", map[string]any{"reason": "x"}); status != 400 {
		t.Errorf("%d %s", status, text)
	}
	if status, text := sec.post("/api/training/"+id+"/void", map[string]any{"reason": "记错了人"}); status != 200 {
		t.Errorf("%d %s", status, text)
	}
	status, text = boss.get(at)
	if seen := decoded[protocol.StaffRecords](t, status, text); len(seen.Records) != 3 || len(seen.Topics) == 0 {
		t.Errorf("%+v", seen)
	}
	for action, n := range map[string]int{training.ActionTrainingAdd: 3, training.ActionTrainingVoid: 1, training.ActionTrainingView: 1, training.ActionTrainingList: 1} {
		if e := s.audit.of(action); len(e) != n {
			t.Errorf("%s: %d rows", action, len(e))
		}
	}
}

func ptr[T any](v T) *T { return &v }
