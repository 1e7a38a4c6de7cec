package system_test

import (
	"os"
	"testing"
	"time"

	"hotline/test/browser"
)

// TestALineAsksWhoAnswers: a requirement that nobody meets keeps a caller's call from the counsellor, who is told why; the supervisor opens the line, the
// call comes and is heard, and stands in the statistics with the record behind the number.
func TestALineAsksWhoAnswers(t *testing.T) {
	s := play(t)
	g := gallery{t: t, dir: os.Getenv("HOTLINE_SCREENS")}
	o := s.office("administrator")
	o.asBefore("requirements")
	n, doc := o.document("requirements")
	d, boss := s.ready(0), s.signIn("supervisor", 0, toneSupervisor)
	doc["rules"] = []map[string]any{{
		"id": "supervision", "names": map[string]string{"zh-CN": "每月督导", "en": "Monthly supervision"}, "lines": []string{"12355"}, "kind": "supervision",
		"topics": []string{}, "hours": 0, "days": 31, "grace": 0,
	}}
	o.must("PUT", "/api/admin/requirements", map[string]any{"base": n, "note": "", "doc": doc}, nil)
	must(t, d.AwaitShown(5*time.Second, "line-notice"))

	_, err := browser.Eval[bool](boss.Page, `(location.hash = '#training', true)`)
	must(t, err)
	must(t, boss.Await(5*time.Second, `document.querySelector('[data-testid="trained"] [data-in="false"]') !== null`))
	g.show(boss.Page, "training", "waive")
	c := s.dial("12355")
	must(t, boss.AwaitAttribute(5*time.Second, "waivers", "data-open", "0"))
	s.awaitCalls(5*time.Second, "waiting")
	if shown, err := d.Shown("offer"); err != nil || shown {
		t.Fatalf("offered to somebody who is not let in (%v)", err)
	}
	g.show(d.Page, "desk-barred", "line-notice")
	must(t, boss.Click("waive"), boss.Type("waive-form-reason", "夜里没有其他人"), boss.Click("waive-form-confirm"))
	must(t, d.AwaitOffer(5*time.Second))
	must(t, d.Accept())
	c.awaitTone(3*time.Second, toneFirst)
	must(t, boss.Click("waiver-end"))
	must(t, d.Click("call-hangup"))
	c.awaitEnd(2 * time.Second)

	_, err = browser.Eval[bool](boss.Page, `(location.hash = '#statistics', true)`)
	must(t, err)
	must(t, boss.AwaitAttribute(10*time.Second, "statistics", "data-ready", "true"))
	must(t, boss.Await(5*time.Second, `(document.querySelector('[data-testid="records-contacts"]')?.click(), document.querySelector('[data-testid="statistics-records"]')?.dataset.count > 0)`))
	_, err = browser.Eval[bool](boss.Page, `(document.querySelector('[data-figure="connected"] th button').click(), true)`)
	must(t, err)
	g.show(boss.Page, "statistics", "step-month")
	must(t, boss.Click("statistics-public"))
	must(t, boss.AwaitShown(10*time.Second, "public-statistics"))
	g.show(boss.Page, "statistics-public")
}
