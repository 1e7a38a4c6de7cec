package agentui

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"hotline/agentui/protocol"
	pages "hotline/agentui/reviews"
	"hotline/casework"
	"hotline/casework/reviews"
)

// TestAReviewFromTheTalkToTheAnswer: asked for, scored by two who do not see each other's marks, read and answered by the counsellor, who sees nothing
// before; each act in the trail.
func TestAReviewFromTheTalkToTheAnswer(t *testing.T) {
	s := newSite(t, nil)
	agent, other, boss, admin := s.login("agent1"), s.login("agent2"), s.login("supervisor1"), s.login("admin1")
	store, ledger := s.server.deps.Staff.Reviews, casework.NewLedger(s.db)
	call, now := newID(), time.Now()
	for _, err := range []error{
		ledger.Open(t.Context(), casework.CallRecord{ID: call, Line: "12355", Agent: agent.me.User, Arrived: now.Add(-time.Hour), Talked: now.Add(-time.Hour)}),
		ledger.Close(t.Context(), call, casework.Closing{EndedAt: now, Outcome: casework.Answered, Shares: []casework.Share{{Agent: agent.me.User, Talk: 15 * time.Minute}}}),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	status, text := boss.post("/api/reviews", map[string]any{"call": call, "agent": "", "wanted": 2})
	made := decoded[protocol.ReviewDetail](t, status, text)
	at := "/api/reviews/" + made.Review.Review
	if made.Review.AgentName != "咨询员一" || made.Review.LineName != "青少年热线" || made.Review.Why != "asked" || !made.MayScore || len(made.Sheet.Sections) != 4 {
		t.Errorf("%+v", made)
	}
	for _, who := range []*person{agent, other} {
		if status, _ := who.get(at); status != http.StatusNotFound {
			t.Errorf("before it is done: %d", status)
		}
		if status, _ := who.post(at+"/take", map[string]any{}); status != http.StatusForbidden {
			t.Errorf("a counsellor scores: %d", status)
		}
	}
	leads := boss.enter("")
	leads.until("a badge for who may score", func() bool { return leads.duties.Reviews == 1 && leads.duties.ReviewsLate == 0 })
	status, text = boss.post(at+"/take", map[string]any{})
	if got := decoded[protocol.ReviewDetail](t, status, text); got.Version != 1 || len(got.Review.Scoring) != 1 || len(got.Scores) != 1 {
		t.Errorf("%+v", got)
	}
	marks := map[string]any{}
	for _, sec := range made.Sheet.Sections {
		for _, it := range sec.Items {
			marks[it.ID] = map[string]any{"points": 3, "none": false, "moments": []int64{75_000}, "words": ""}
		}
	}
	delete(marks, "pace")
	if status, text := boss.post(at+"/sheet", map[string]any{"marks": marks, "words": "", "final": true}); status != 400 || !strings.Contains(text, `{"item":"pace","code":"missing"}`) {
		t.Errorf("%d %s", status, text)
	}
	if status, _ := boss.post(at+"/sheet", map[string]any{"marks": marks, "words": "", "final": false}); status != http.StatusOK {
		t.Errorf("a draft: %d", status)
	}
	marks["pace"] = map[string]any{"points": 0, "none": false, "moments": []int64{}, "words": "抢话"}
	status, text = boss.post(at+"/sheet", map[string]any{"marks": marks, "words": "很好", "final": true})
	if got := decoded[protocol.ReviewDetail](t, status, text); got.Review.State != "open" || got.Review.Total != -1 || got.Scores[0].Total < 900 {
		t.Errorf("%+v", got)
	}
	// The second sheet, by somebody who is not here.
	if _, err := store.Take(t.Context(), made.Review.Review, admin.me.User); err != nil {
		t.Fatal(err)
	}
	second := reviews.Marks{}
	for _, sec := range made.Sheet.Sections {
		for _, it := range sec.Items {
			second[it.ID] = reviews.Mark{Points: 2}
		}
	}
	if _, err := store.Save(t.Context(), made.Review.Review, admin.me.User, second, "", true); err != nil {
		t.Fatal(err)
	}

	scored := agent.enter("")
	scored.until("a badge for who was scored", func() bool { return scored.duties.ReviewsUnread == 1 && scored.duties.Reviews == 0 })
	leads.until("nothing is left to score", func() bool { return leads.duties.Reviews == 0 })
	status, text = agent.get("/api/reviews/mine")
	if got := decoded[protocol.ReviewTrend](t, status, text); got.Unread != 1 || len(got.Months) != 1 || len(got.Reviews) != 1 || got.Months[0].Total != got.Reviews[0].Total || got.Sections[3].Names["zh-CN"] != "自杀风险评估" {
		t.Errorf("%+v", got)
	}
	status, text = agent.get(at)
	if got := decoded[protocol.ReviewDetail](t, status, text); len(got.Scores) != 2 || got.Scores[0].Marks["pace"].Words != "抢话" || got.MayScore {
		t.Errorf("%+v", got)
	}
	if status, _ := other.get(at); status != http.StatusNotFound {
		t.Errorf("another counsellor: %d", status)
	}
	if status, _ := agent.post(at+"/read", map[string]any{}); status != http.StatusOK {
		t.Error(status)
	}
	scored.until("it was read", func() bool { return scored.duties.ReviewsUnread == 0 })
	status, text = agent.post(at+"/answer", map[string]any{"text": "谢谢，下次注意"})
	if got := decoded[protocol.ReviewDetail](t, status, text); len(got.Replies) != 1 || got.Review.ReadAt == 0 {
		t.Errorf("%+v", got)
	}
	status, text = boss.get("/api/reviews/calibration")
	if got := decoded[protocol.ReviewCalibration](t, status, text); got.Talks != 1 || got.Marks.Alpha == nil || *got.Marks.Near >= 1 || len(got.Reviewers) != 2 {
		t.Errorf("%+v", got)
	}
	for _, path := range []string{"/api/reviews", "/api/reviews?state=done&mine=1", "/api/reviews/trends", "/api/people/" + agent.me.User + "/reviews"} {
		if status, text := boss.get(path); status != http.StatusOK || !strings.Contains(text, "咨询员一") {
			t.Errorf("%s: %d %s", path, status, text)
		}
	}
	if status, _ := admin.get("/api/admin/scoresheet"); status != http.StatusOK {
		t.Error(status)
	}
	if status, _ := admin.get("/api/reviews"); status != http.StatusForbidden {
		t.Errorf("an administrator reads reviews: %d", status)
	}
	for action, n := range map[string]int{pages.ActionReviewAsk: 1, pages.ActionReviewTake: 1, pages.ActionReviewSubmit: 2, pages.ActionReviewView: 1, pages.ActionReviewRead: 1, pages.ActionReviewAnswer: 1, pages.ActionReviewTrend: 1} {
		if e := s.audit.of(action); len(e) != n {
			t.Errorf("%s: %+v", action, e)
		}
	}
}

// TestLooksAtHowPeopleWereScored: a list of what was scored, or of one person, and the calibration are looks at named staff, each in the trail with what was
// looked for; the plain queue is asked for every half a minute and makes no rows.
func TestLooksAtHowPeopleWereScored(t *testing.T) {
	s := newSite(t, nil)
	boss := s.login("supervisor1")
	for _, path := range []string{"/api/reviews?state=open", "/api/reviews?state=open&why=red&mine=1", "/api/reviews?state=dropped"} {
		if status, text := boss.get(path); status != http.StatusOK {
			t.Errorf("%s: %d %s", path, status, text)
		}
	}
	if e := s.audit.of(pages.ActionReviewSearch); len(e) != 0 {
		t.Errorf("%+v", e)
	}
	for _, c := range []struct{ query, reason string }{
		{"state=done&why=red", "state=done why=red"}, {"state=open&agent=u-1", "state=open agent=u-1"}, {"call=c-1", "call=c-1"}, {"", ""},
		{"state=done&mine=1", "state=done reviewer=" + boss.me.User},
	} {
		if status, text := boss.get("/api/reviews?" + c.query); status != http.StatusOK {
			t.Errorf("%s: %d %s", c.query, status, text)
		}
		if e := s.audit.of(pages.ActionReviewSearch); len(e) == 0 || e[len(e)-1].Reason != c.reason || string(e[len(e)-1].Actor) != boss.me.User {
			t.Errorf("%s: %+v", c.query, e)
		}
	}
	if status, text := boss.get("/api/reviews/calibration"); status != http.StatusOK {
		t.Errorf("%d %s", status, text)
	}
	if e := s.audit.of(pages.ActionReviewAgreed); len(e) != 1 {
		t.Errorf("%+v", e)
	}
}

// TestASupervisorHasNoSayInTheirOwnReview: not how many score it, and the number that others want is in the trail.
func TestASupervisorHasNoSayInTheirOwnReview(t *testing.T) {
	s := newSite(t, nil)
	boss, admin := s.login("supervisor1"), s.login("admin1")
	store, ledger := s.server.deps.Staff.Reviews, casework.NewLedger(s.db)
	call, now := newID(), time.Now()
	for _, err := range []error{
		ledger.Open(t.Context(), casework.CallRecord{ID: call, Line: "12355", Agent: boss.me.User, Arrived: now.Add(-time.Hour), Talked: now.Add(-time.Hour)}),
		ledger.Close(t.Context(), call, casework.Closing{EndedAt: now, Outcome: casework.Answered, Shares: []casework.Share{{Agent: boss.me.User, Talk: 15 * time.Minute}}}),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	r, err := store.Ask(t.Context(), call, "", admin.me.User, 1)
	if err != nil {
		t.Fatal(err)
	}
	if status, text := boss.post("/api/reviews/"+r.ID+"/want", map[string]any{"wanted": 5}); status != http.StatusForbidden || !strings.Contains(text, string(protocol.OwnReview)) {
		t.Errorf("%d %s", status, text)
	}
	if row, err := store.Get(t.Context(), r.ID); err != nil || row.Wanted != 1 {
		t.Errorf("%+v, %v", row, err)
	}
	if e := s.audit.of(pages.ActionReviewWant); len(e) != 1 || e[0].Reason != "5" {
		t.Errorf("%+v", e)
	}
}
