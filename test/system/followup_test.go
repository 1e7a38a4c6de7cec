package system_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"hotline/telephony/phone"
	"hotline/test/browser"
	"hotline/test/stage"
)

// followedUp: in a call at risk the counsellor plans what comes after it; when the time has come a colleague takes it, sees what to say, calls from it, and
// says what came of it. The telephone at home shows the line's neutral number.
func followedUp(t *testing.T, on *stage.Stage) {
	s := playOn(t, on)
	g := gallery{t: t, dir: os.Getenv("HOTLINE_SCREENS")}
	from := newNumber()
	h := atHome(t, on, func(in *phone.Incoming) bool { return in.Number == from })
	first := s.ready(0)
	c := s.dialFrom(from, "12355")
	c.awaitTone(2*time.Second, stage.ToneGreeting)
	must(t, c.SendDTMF("0"), first.AwaitOffer(10*time.Second), first.Accept())
	c.awaitTone(3*time.Second, toneFirst)
	call := s.awaitCalls(3*time.Second, "talking")[0].ID

	must(t, first.Click("call-after-open"), first.AwaitShown(5*time.Second, "wish-form"))
	g.show(first.Page, "30-call-after", "wish-save", "call-hangup")
	must(t, first.Click("consent-given"), first.Type("wish-words", "只说是图书馆的还书提醒"), first.Click("wish-save"), first.AwaitShown(5*time.Second, "wish-said"),
		first.Click("plan-series"), first.AwaitShown(5*time.Second, "call-followups"))
	g.show(first.Page, "31-call-planned", "plan-series", "call-hangup")
	// By the screen the earliest is tomorrow; the same request makes one that is due in a moment.
	v := s.visit("agent")
	due := time.Now().Add(2 * time.Second)
	status, body := v.post("/api/calls/"+call+"/followups", map[string]any{"request": "soon", "series": false, "due_at": due.UnixMilli()})
	var made struct {
		FollowUps []struct{ FollowUp string } `json:"followups"`
	}
	if status != http.StatusOK || json.Unmarshal(body, &made) != nil || len(made.FollowUps) != 1 {
		t.Fatalf("planned: %d %s", status, body)
	}
	if g.dir != "" {
		referral(s, g, first)
	}
	must(t, first.Click("call-hangup"))
	c.awaitEnd(2 * time.Second)

	second := s.ready(1)
	must(t, second.Turn("tasks"), second.Click("work-followups"), second.AwaitShown(5*time.Second, "followups"), second.Click("followups-team"))
	row := fmt.Sprintf(`[data-testid="followup"][data-followup="%s"]`, made.FollowUps[0].FollowUp)
	must(t, second.Await(10*time.Second, fmt.Sprintf(`document.querySelector(%q)?.dataset.group === "now"`, row)))
	g.show(second.Page, "32-followups", "set-not-ready")
	must(t, press(second, row+` [data-testid="followup-open"]`), second.AwaitShown(5*time.Second, "followup-ring"))
	must(t, second.Await(5*time.Second, `document.querySelector('[data-testid="followup-words"]').innerText.includes('图书馆')`))
	g.show(second.Page, "33-followup-ready", "followup-ring", "followup-words")
	must(t, press(second, `[data-testid="followup-ring"]`), second.AwaitOffer(10*time.Second), press(second, `[data-testid="offer-accept"]`))
	if in := h.rung(t, 10*time.Second); in.Number != from || in.From != "12355" {
		t.Error("another telephone was called, or it shows another number")
	}
	called := s.answered(h)
	called.awaitTone(3*time.Second, toneSecond)
	must(t, second.AwaitAttribute(5*time.Second, "call", "data-state", "talking"), second.AwaitHeard(3*time.Second, toneCaller))
	must(t, second.Click("call-hangup"))
	called.awaitEnd(2 * time.Second)
	must(t, second.Await(5*time.Second, fmt.Sprintf(`document.querySelector(%q)?.dataset.state === "talked"`, row)), second.AwaitShown(5*time.Second, "followup-done"))
	must(t, second.Type("followup-note", "睡眠好转，下周复诊"))
	g.show(second.Page, "34-followup-talked", "followup-done")
	must(t, second.Click("followup-done"), second.Await(5*time.Second, fmt.Sprintf(`document.querySelector(%q) === null`, row)))

	status, body = s.visit("supervisor").get("/api/followups/" + made.FollowUps[0].FollowUp)
	if status != http.StatusOK || !strings.Contains(string(body), `"state":"done"`) || !strings.Contains(string(body), `"why":"reached"`) || strings.Contains(string(body), from) {
		t.Errorf("it says %d %s", status, body)
	}
	if g.dir != "" {
		o := s.signIn("administrator", 0, toneSupervisor)
		must(t, o.Turn("services"), o.AwaitShown(5*time.Second, "services-check"))
		g.show(o.Page, "38-services", "services-check")
		boss := s.signIn("supervisor", 0, toneSupervisor)
		must(t, boss.Turn("tasks"), boss.Click("work-shiftover"), boss.AwaitShown(5*time.Second, "shiftover"), press(boss, `[data-testid="shift-give"]`))
		g.show(boss.Page, "37-shiftover", "shift-offer")
		must(t, boss.Click("work-referrals"), boss.AwaitShown(5*time.Second, "referral-open"), press(boss, `[data-testid="referral-open"]`), boss.AwaitShown(5*time.Second, "referral-tell"))
		g.show(boss.Page, "36-referrals", "tell-save")
	}
}

// referral sends the person of a call on, for pictures.
func referral(s *scene, g gallery, d *browser.Desk) {
	s.t.Helper()
	admin := s.visit("administrator")
	service := func(id, name, level, kind, region string) map[string]any {
		open := []map[string]any{{"days": []int{1, 2, 3, 4, 5}, "from": "08:00", "to": "17:00"}}
		return map[string]any{
			"id": id, "level": level, "kind": kind, "names": map[string]string{"zh-CN": name}, "region": region, "address": "天目山路 305 号", "phone": "0571-85029595",
			"open": open, "note": "急诊全天；初诊带身份证", "closed": false,
		}
	}
	doc := map[string]any{"services": []any{
		service("a", "市第七人民医院", "city", "psychiatry", "杭州市"), service("b", "西湖区心理服务站", "county", "counselling", "杭州市西湖区"),
		service("c", "翠苑社区社工站", "community", "social", "杭州市西湖区翠苑街道"),
	}}
	raw, err := json.Marshal(map[string]any{"base": 0, "note": "", "doc": doc})
	must(s.t, err)
	req, err := http.NewRequestWithContext(s.t.Context(), http.MethodPut, s.Demo.Console+"/api/admin/services", strings.NewReader(string(raw)))
	must(s.t, err)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Origin", s.Demo.Console)
	if status, body := admin.do(req); status != http.StatusOK {
		s.t.Fatalf("directory: %d %s", status, body)
	}
	must(s.t, d.Click("after-refer"), d.AwaitShown(5*time.Second, "service-find"))
	must(s.t, d.Await(5*time.Second, `document.querySelectorAll('[data-testid="service"]').length === 3`))
	must(s.t, press(d, `[data-service="a"] [data-testid="service-choose"]`), d.AwaitShown(5*time.Second, "call-referrals"))
	g.show(d.Page, "35-call-referrals", "service-find", "call-hangup")
}
