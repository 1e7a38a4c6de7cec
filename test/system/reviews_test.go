package system_test

import (
	"os"
	"testing"
	"time"

	"hotline/test/browser"
)

// TestATalkIsReviewed: a talk is drawn by the worker, scored in a browser with a moment of its recording in a sheet that survives a reload, and read and
// answered by the counsellor, who sees nothing before it is handed in.
func TestATalkIsReviewed(t *testing.T) {
	s := play(t)
	g := gallery{t: t, dir: os.Getenv("HOTLINE_SCREENS")}
	o := s.office("administrator")
	o.asBefore("scoresheet")
	n, doc := o.document("scoresheet")
	doc["pick"] = map[string]int{"share": 1000, "least": 0, "red_days": 3, "days": 14}
	o.must("PUT", "/api/admin/scoresheet", map[string]any{"base": n, "note": "", "doc": doc}, nil)
	boss, d := s.signIn("supervisor", 0, toneSupervisor), s.ready(0)
	c := s.dial("12355")
	must(t, d.AwaitOffer(5*time.Second))
	must(t, d.Accept())
	c.awaitTone(3*time.Second, toneFirst)
	id := s.awaitCalls(2*time.Second, "talking")[0].ID
	must(t, d.Click("call-hangup"))
	c.awaitEnd(2 * time.Second)

	at := func(p *browser.Page, hash string) {
		t.Helper()
		_, err := browser.Eval[bool](p, `(location.hash = '`+hash+`', true)`)
		must(t, err)
	}
	row := `[data-testid="review-row"][data-call="` + id + `"]`
	at(boss.Page, "#recordings/reviews")
	s.awaitReview(s.office("supervisor"), id)
	must(t, boss.Reload())
	must(t, boss.Await(10*time.Second, `document.querySelector('`+row+`') !== null`))
	g.pictures(boss.Page, "reviews-queue", "tab-reviews")
	_, err := browser.Eval[bool](boss.Page, `(document.querySelector('`+row+` button').click(), true)`)
	must(t, err)
	must(t, boss.AwaitShown(5*time.Second, "review-take"), boss.Click("review-take"), boss.AwaitShown(5*time.Second, "score-form"))
	must(t, boss.Click("mark-opening-2"), boss.Type("moment-add", "1:05"), boss.Press("\r"))
	must(t, boss.AwaitShown(2*time.Second, "moment"), boss.AwaitAttribute(5*time.Second, "score-saved", "data-saved", "kept"))
	// Given back at once, it has the last words all the same, and stays given back until it is begun again.
	must(t, boss.Type("score-whole", "先记一句"), boss.Click("review-release"), boss.AwaitShown(5*time.Second, "review-take"))
	must(t, boss.Click("review-take"), boss.Await(5*time.Second, `document.querySelector('[data-testid="score-whole"]')?.value === '先记一句'`))
	// The recording is heard beside the sheet, and a moment taken from where it is.
	must(t, boss.Click("review-play"), boss.Await(10*time.Second, `document.querySelector('[data-testid="recording-player"]')?.dataset.startedAfter > 0`))
	g.pictures(boss.Page, "reviews-listen")
	must(t, boss.Click("moment-now"), boss.Await(2*time.Second, `document.querySelectorAll('[data-testid="moment"]').length === 2`))
	must(t, boss.AwaitAttribute(5*time.Second, "score-saved", "data-saved", "kept"))
	// From the end of the sheet, where the player is out of sight.
	_, err = browser.Eval[bool](boss.Page, `(document.querySelector('[data-testid="score-hand-in"]').scrollIntoView(), true)`)
	must(t, err)
	must(t, boss.Await(2*time.Second, `(() => { const r = document.querySelector('[data-testid="deck-strip"]').getBoundingClientRect(); return r.top >= 0 && r.bottom < 300 && document.elementFromPoint(r.left + 10, r.top + 10).closest('[data-testid="deck-strip"]') !== null; })()`))
	g.pictures(boss.Page, "reviews-strip")
	must(t, boss.Click("strip-back"), boss.Click("strip-toggle"))
	must(t, boss.Reload())
	must(t, boss.Await(10*time.Second, `[...document.querySelectorAll('[data-testid="moment"]')].some((e) => e.hash === '#recordings/`+id+`?at=65')`))
	must(t, boss.Click("score-hand-in"))
	must(t, boss.Await(5*time.Second, `document.querySelectorAll('[data-wrong="missing"]').length === 15`))
	g.pictures(boss.Page, "reviews-form")
	// By the keyboard's own way of choosing: each group of radio buttons is one stop.
	_, err = browser.Eval[bool](boss.Page, `(document.querySelectorAll('[data-item]').forEach((e) => e.querySelectorAll('input[type="radio"]')[e.dataset.item === 'pace' ? 0 : 3].click()), true)`)
	must(t, err)
	must(t, boss.Click("score-hand-in"), boss.AwaitAttribute(5*time.Second, "review", "data-state", "done"))
	g.pictures(boss.Page, "reviews-done")

	must(t, d.Done())
	at(d.Page, "#recordings/reviews")
	must(t, d.AwaitAttribute(5*time.Second, "my-reviews", "data-unread", "1"))
	g.pictures(d.Page, "reviews-mine")
	must(t, d.Click("review-open"), d.AwaitShown(5*time.Second, "score-show"), d.Click("review-read"), d.AwaitGone(5*time.Second, "review-read"))
	must(t, d.Type("review-answer", "谢谢，下次放慢一些"), d.Click("review-answer-send"), d.AwaitShown(5*time.Second, "review-reply"))
	g.pictures(d.Page, "reviews-read")
	// The months of whoever is chosen: in the picture and in the table.
	at(boss.Page, "#recordings/reviews")
	must(t, boss.AwaitShown(5*time.Second, "reviews-trends"), boss.Click("reviews-trends"), boss.AwaitShown(5*time.Second, "review-person"))
	g.pictures(boss.Page, "reviews-trends")
	_, err = browser.Eval[bool](boss.Page, `(document.querySelector('[data-testid="review-person"] button').click(), true)`)
	must(t, err, boss.Await(5*time.Second, `(() => {
		const panel = document.querySelector('[data-testid="review-trend"]');
		const month = panel.querySelector('tbody th').innerText.trim();
		return /^\d{4}-\d{2}$/.test(month) && [...panel.querySelectorAll('svg text')].some((one) => one.textContent === month);
	})()`), boss.AwaitFocus(time.Second, "review-person-name"))
	g.pictures(boss.Page, "reviews-months")
}

// awaitReview waits until the worker has sent the talk of a call to review.
func (s *scene) awaitReview(o *office, call string) {
	s.t.Helper()
	until := time.Now().Add(20 * time.Second)
	for range time.Tick(200 * time.Millisecond) {
		var got struct {
			Reviews []struct {
				Why string `json:"why"`
			} `json:"reviews"`
		}
		o.must("GET", "/api/reviews?call="+call, nil, &got)
		if len(got.Reviews) == 1 && got.Reviews[0].Why == "sample" {
			return
		}
		if time.Now().After(until) {
			s.t.Fatalf("not sent to review: %+v", got)
		}
	}
}
