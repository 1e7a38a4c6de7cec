package system_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"os"
	"slices"
	"testing"
	"time"

	"hotline/queue/lines"
	"hotline/telephony/phone"
	"hotline/test/browser"
	"hotline/test/stage"
)

// office is somebody who uses the console's HTTP interface without a browser.
type office struct {
	s    *scene
	http http.Client
}

func (s *scene) office(role string) *office {
	s.t.Helper()
	user, err := s.User(role, 0)
	must(s.t, err)
	jar, err := cookiejar.New(nil)
	must(s.t, err)
	o := &office{s, http.Client{Jar: jar, Timeout: 10 * time.Second}}
	o.must("POST", "/api/login", map[string]string{"username": user.Name, "password": user.Password}, nil)
	return o
}

func (o *office) ask(method, path string, body, into any) (int, string) {
	o.s.t.Helper()
	raw, err := json.Marshal(body)
	must(o.s.t, err)
	req, err := http.NewRequestWithContext(context.WithoutCancel(o.s.t.Context()), method, o.s.Demo.Console+path, bytes.NewReader(raw))
	must(o.s.t, err)
	req.Header.Set("Content-Type", "application/json")
	res, err := o.http.Do(req)
	must(o.s.t, err)
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	must(o.s.t, err)
	if into != nil && res.StatusCode == http.StatusOK {
		must(o.s.t, json.Unmarshal(text, into))
	}
	return res.StatusCode, string(text)
}

func (o *office) must(method, path string, body, into any) {
	o.s.t.Helper()
	if status, text := o.ask(method, path, body, into); status/100 != 2 {
		o.s.t.Fatalf("%s %s: %d %s", method, path, status, text)
	}
}

type version struct {
	Version int          `json:"version"`
	Policy  lines.Policy `json:"policy"`
}

func (o *office) lines() version {
	o.s.t.Helper()
	var shown struct {
		Current version `json:"current"`
	}
	o.must("GET", "/api/lines", nil, &shown)
	return shown.Current
}

// change saves the lines as change leaves them, and returns when that was.
func (o *office) change(note string, change func(*lines.Policy)) time.Time {
	o.s.t.Helper()
	now := o.lines()
	change(&now.Policy)
	at := time.Now()
	o.must("PUT", "/api/lines", map[string]any{"base": now.Version, "note": note, "policy": now.Policy}, nil)
	return at
}

// restored puts the lines back when the test ends: others use the instance, too.
func (o *office) restored() {
	was := o.lines()
	o.s.t.Cleanup(func() {
		now := o.lines()
		o.must("POST", fmt.Sprintf("/api/lines/versions/%d/restore", was.Version), map[string]any{"base": now.Version, "note": "as before the test"}, nil)
	})
}

// youth is the line 12355.
func youth(p *lines.Policy) *lines.Line {
	return &p.Lines[slices.IndexFunc(p.Lines, func(l lines.Line) bool { return l.ID == "12355" })]
}

// answers tells whether a number leads anywhere: it is dialled, and let go at once. What is refused otherwise than by 404 fails the test; only Asterisk's own 603
// is the answer of a number that is just going: a reload took it away between two steps of the call.
func (s *scene) answers(number string) bool {
	s.t.Helper()
	call, err := phone.Dial(context.WithoutCancel(s.t.Context()), phone.Config{Server: s.Demo.SIP, From: private + "9999"}, number)
	var refused *phone.Rejected
	if errors.As(err, &refused) && (refused.Status == http.StatusNotFound || refused.Status == sipDecline) {
		return refused.Status == sipDecline
	}
	must(s.t, err)
	_ = call.Hangup(context.Background())
	return true
}

const sipDecline = 603

// TestLinesFollowWhileSomebodyTalks: needs change, a number comes and goes, an emergency begins and ends; who talks or waits notices nothing of it, and
// who comes then is served by the new rules.
func TestLinesFollowWhileSomebodyTalks(t *testing.T) {
	s := play(t)
	admin := s.office("administrator")
	admin.restored()
	d := s.ready(0)
	talking := s.talk(d, toneFirst)
	stays := func() {
		t.Helper()
		talking.present()
		talking.awaitTone(2*time.Second, toneFirst)
		must(t, d.AwaitAttribute(time.Second, "call", "data-state", "talking"))
	}

	saved := admin.change("one number more", func(p *lines.Policy) { youth(p).Numbers = append(youth(p).Numbers, "12399") })
	if wait := time.Until(saved.Add(5 * time.Second)); wait > 0 {
		time.Sleep(wait) // that is the promise: five seconds
	}
	second := s.dial("12399")
	second.awaitTone(3*time.Second, stage.ToneHold)
	call, ok := s.live(func(c stage.Call) bool { return c.State == "waiting" })
	if !ok || call.Line != "12355" {
		t.Fatalf("the new number led to %+v", call)
	}
	stays()

	// What nobody has is asked for: the next caller is not offered, though somebody is free.
	other := s.desk(1)
	must(t, other.Click("set-available"), other.AwaitOffer(5*time.Second), other.Accept())
	second.awaitTone(3*time.Second, toneSecond)
	second.leave()
	must(t, other.AwaitState(5*time.Second, browser.WrapUp), other.Done(), other.AwaitState(5*time.Second, browser.Available))
	saved = admin.change("needs that nobody has", func(p *lines.Policy) {
		youth(p).Needs = map[string]int{"ancient-greek": 5}
		youth(p).Emergency = &lines.Variant{Relax: &[]lines.Step{{After: lines.Span(time.Second), Skill: "ancient-greek"}}, CallbackFirst: true}
	})
	if wait := time.Until(saved.Add(2 * time.Second)); wait > 0 {
		time.Sleep(wait) // controllers have them within two
	}
	third := s.dial("12355")
	third.awaitTone(3*time.Second, stage.ToneHold)
	if shown, err := other.Shown("offer"); err != nil || shown {
		t.Errorf("a counsellor who does not speak it was offered the call (%v)", err)
	}
	stays()

	boss := s.office("supervisor")
	t.Cleanup(func() {
		boss.must("POST", "/api/emergency", map[string]any{"on": false, "reason": "the test is over"}, nil)
	})
	boss.must("POST", "/api/emergency", map[string]any{"on": true, "reason": "flood in the valley"}, nil)
	for _, page := range []*browser.Desk{d, other} {
		must(t, page.AwaitAttribute(2*time.Second, "emergency", "data-on", "true"))
	}
	if text, err := d.Text("emergency"); err != nil || !bytes.Contains([]byte(text), []byte("flood in the valley")) || !bytes.Contains([]byte(text), []byte("supervisor1")) {
		t.Errorf("the page says %q (%v)", text, err)
	}
	// The emergency's steps hold for who waits already: the skill that nobody has is asked for no longer.
	must(t, other.AwaitOffer(6*time.Second), other.Accept())
	third.awaitTone(3*time.Second, toneSecond)
	stays()
	boss.must("POST", "/api/emergency", map[string]any{"on": false, "reason": "the water fell"}, nil)
	must(t, d.AwaitAttribute(2*time.Second, "emergency", "data-on", "false"))
	stays()

	// The number goes.
	saved = admin.change("the number goes", func(p *lines.Policy) {
		youth(p).Numbers, youth(p).Needs, youth(p).Emergency = []string{"12355"}, nil, nil
	})
	err := stage.Poll(t.Context(), 5*time.Second, func() bool { return !s.answers("12399") })
	if err != nil {
		t.Errorf("the number that was taken away still answers %v later", time.Since(saved))
	}
	stays()
	third.present()
}

// TestLineGoesWhileSomebodyIsOnIt: the whole line is taken away, then its controller is killed; the caller is kept all the same.
func TestLineGoesWhileSomebodyIsOnIt(t *testing.T) {
	s := play(t)
	admin := s.office("administrator")
	admin.restored()
	d := s.ready(0)
	c := s.talk(d, toneFirst)
	admin.change("the line goes", func(p *lines.Policy) {
		p.Lines = slices.DeleteFunc(p.Lines, func(l lines.Line) bool { return l.ID == "12355" })
	})
	err := stage.Poll(t.Context(), 5*time.Second, func() bool { return !s.answers("12355") })
	must(t, err)
	c.present()
	_, restarted := s.kill("controller")
	restarted(10 * time.Second)
	c.awaitTone(3*time.Second, toneFirst)
	must(t, d.AwaitAttribute(5*time.Second, "call", "data-state", "talking"))
	must(t, d.Click("call-hangup"))
	c.awaitEnd(5 * time.Second)
}

// TestAdministratorScreens: what an administrator sees, and what anybody sees of an emergency.
func TestAdministratorScreens(t *testing.T) {
	s := play(t)
	office := s.office("administrator")
	office.restored()
	office.change("everything", func(p *lines.Policy) {
		l := youth(p)
		l.Greeting = lines.Words{"zh-CN": "有危险，请按{key}。这里是{line}。"}
		l.Hours = lines.Hours{Weekly: []lines.Opening{{Days: []lines.Day{"mon", "tue", "wed", "thu", "fri"}, From: "08:00", To: "22:00"}}, Holidays: []lines.Holiday{{Date: "2026-10-01", Name: "国庆节"}}}
		l.Menu = []lines.Choice{{Key: "2", Language: "en", Needs: map[string]int{"english": 3}}}
		l.Needs = map[string]int{"youth": 3, "mandarin": 2}
		l.Relax = []lines.Step{{After: lines.Span(30 * time.Second), Skill: "youth", By: 1}, {After: lines.Span(time.Minute), Skill: "mandarin"}}
		l.Callback = lines.Callback{Key: "1", Abandoned: lines.AbandonedAuto}
		l.Phones = []string{"sip:duty@127.0.0.1:5099"}
		l.Emergency = &lines.Variant{Greeting: lines.Words{"zh-CN": "求助请按{key}。"}, CallbackFirst: true}
		p.Groups = map[int]lines.Words{0: {"zh-CN": "本中心", "en": "Own centre"}, 1: {"zh-CN": "志愿者", "en": "Volunteers"}}
		p.Exposure = lines.Exposure{Window: lines.Span(4 * time.Hour), Limit: 3}
		p.EmergencyMessage = lines.Words{"zh-CN": "请优先安抚情绪，简短登记。", "en": "Calm first, register briefly."}
	})
	admin := s.signIn("administrator", 0, toneSupervisor)
	g := gallery{t: t, dir: os.Getenv("HOTLINE_SCREENS")}
	must(t, admin.AwaitShown(5*time.Second, "board-waiting"), admin.Turn("lines"), admin.AwaitShown(5*time.Second, "line-editor"))
	g.show(admin.Page, "lines-1-editor", "line-choose", "lines-version")

	// The second line's name goes: the editor says where and what.
	_, err := browser.Eval[bool](admin.Page, `(() => { document.querySelectorAll('[data-testid="line-choose"]')[1].click(); return true })()`)
	must(t, err, admin.AwaitAttribute(2*time.Second, "line-editor", "data-line", "12355"))
	g.show(admin.Page, "lines-2-full")
	g.free(admin.Page, "lines-2-full")
	must(t, clearField(admin.Page, "lines[1].names.en"), clearField(admin.Page, "lines[1].numbers[0]"))
	must(t, admin.AwaitShown(2*time.Second, "lines-save"))
	must(t, admin.Type("lines-note", "without a name"), admin.Click("lines-save"), admin.AwaitShown(3*time.Second, "lines-faults"))
	g.show(admin.Page, "lines-3-faults", "lines-faults", "lines-save")

	// Somebody else is faster.
	office.change("somebody else", func(p *lines.Policy) { p.Patience = lines.Span(5 * time.Minute) })
	must(t, typeInto(admin.Page, "lines[1].names.en", "Youth line"), typeInto(admin.Page, "lines[1].numbers[0]", "12355"), typeInto(admin.Page, "lines[1].names.zh-CN", "青年线"))
	must(t, admin.Click("lines-save"), admin.AwaitShown(3*time.Second, "lines-stale"))
	g.show(admin.Page, "lines-4-stale", "lines-stale")
	_, err = browser.Eval[bool](admin.Page, `(() => { document.querySelectorAll('[data-testid="lines-stale"] button')[2].click(); return true })()`)
	must(t, err, admin.AwaitShown(3*time.Second, "lines-version"))
	if now := office.lines(); youth(&now.Policy).Names["zh-CN"] != "青年线" || youth(&now.Policy).Names["en"] != "Youth line" {
		t.Errorf("saved %+v", youth(&now.Policy).Names)
	}
	must(t, admin.Click("part-policy"), admin.AwaitShown(2*time.Second, "site-policy"))
	g.show(admin.Page, "lines-5-policy")
	g.free(admin.Page, "lines-5-policy")
	must(t, admin.Click("part-history"), admin.AwaitShown(2*time.Second, "version"), admin.Click("compare"), admin.AwaitShown(2*time.Second, "differences"))
	g.show(admin.Page, "lines-6-history", "differences")
	must(t, admin.Click("part-emergency"), admin.AwaitShown(2*time.Second, "emergency-panel"))
	must(t, admin.Type("emergency-reason", "山洪，大量来电"), admin.Click("emergency-switch"), admin.Click("emergency-switch"))
	must(t, admin.AwaitAttribute(3*time.Second, "emergency", "data-on", "true"))
	t.Cleanup(func() {
		office.must("POST", "/api/emergency", map[string]any{"on": false, "reason": "the test is over"}, nil)
	})
	g.show(admin.Page, "lines-7-emergency", "emergency", "emergency-panel")
	d := s.desk(0)
	g.show(d.Page, "lines-8-desk-in-emergency", "emergency", "agent-state")
	board := s.signIn("supervisor", 0, toneSupervisor)
	must(t, board.AwaitShown(5*time.Second, "emergency-open"), board.Click("emergency-open"), board.AwaitShown(3*time.Second, "emergency-panel"))
	g.show(board.Page, "lines-9-board-in-emergency", "emergency", "emergency-switch")
}

// field is the input of a place in the document.
func field(path string) string {
	return fmt.Sprintf(`document.querySelector('[data-field="%s"]')`, path)
}

// typeInto puts a text into an input as a person does: the app hears of it by the event.
func typeInto(p *browser.Page, path, text string) error {
	if err := p.Await(2*time.Second, field(path)+" !== null"); err != nil {
		return err
	}
	_, err := browser.Eval[bool](p, fmt.Sprintf(`(() => { const f = %s; f.focus(); f.select(); return document.execCommand('insertText', false, %q) || (f.value = %q, f.dispatchEvent(new Event('input'))) })()`, field(path), text, text))
	return err
}

func clearField(p *browser.Page, path string) error {
	if err := p.Await(2*time.Second, field(path)+" !== null"); err != nil {
		return err
	}
	_, err := browser.Eval[bool](p, fmt.Sprintf(`(() => { const f = %s; f.focus(); f.select(); return document.execCommand('delete') })()`, field(path)))
	return err
}
