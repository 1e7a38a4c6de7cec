package system_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"hotline/casework"
	"hotline/casework/notes"
	"hotline/storage"
	"hotline/test/browser"
	"hotline/test/stage"
)

// typist is somebody who writes into the note of a call without a pause: one letter, many times.
type typist struct {
	*browser.Desk
	s      *scene
	letter string
}

// types begins to write at the end of the note, a letter every 60 ms, as a fast typist does.
func (s *scene) types(d *browser.Desk, letter string) typist {
	s.t.Helper()
	must(s.t, d.Await(5*time.Second, `(() => { const e = document.querySelector('[data-testid="note-text"]'); return e && !e.readOnly; })()`))
	_, err := browser.Eval[bool](d.Page, fmt.Sprintf(`(() => {
		const area = document.querySelector('[data-testid="note-text"]');
		const log = [];
		const timer = setInterval(() => {
			area.setRangeText(%q, area.value.length, area.value.length, 'end');
			area.dispatchEvent(new InputEvent('input', { bubbles: true }));
			log.push(Date.now());
		}, 60);
		window.__typist = { log, stop: () => clearInterval(timer) };
		return true;
	})()`, letter))
	must(s.t, err)
	return typist{d, s, letter}
}

// typed is when each letter was typed.
func (y typist) typed() []int64 {
	y.s.t.Helper()
	log, err := browser.Eval[[]int64](y.Page, `window.__typist.log`)
	must(y.s.t, err)
	return log
}

func (y typist) stop() []int64 {
	y.s.t.Helper()
	_, err := browser.Eval[bool](y.Page, `window.__typist.stop() === undefined`)
	must(y.s.t, err)
	return y.typed()
}

func (y typist) shows() string {
	y.s.t.Helper()
	text, err := browser.Eval[string](y.Page, `document.querySelector('[data-testid="note-text"]').value`)
	must(y.s.t, err)
	return text
}

// saved waits until the page says so.
func (y typist) saved(within time.Duration) {
	y.s.t.Helper()
	must(y.s.t, y.AwaitAttribute(within, "notes", "data-saved", "saved"))
}

// written is the text of a call's note as those read it who have no browser: from the disk.
func (s *scene) written(call string) string {
	s.t.Helper()
	ctx := context.Background()
	db, err := storage.Open(ctx, storage.Config{URL: "sqlite:" + filepath.Join(s.Dir, "data", "hotline.db")})
	must(s.t, err)
	defer func() { _ = db.Close() }()
	keys, err := casework.LoadKeys(filepath.Join(s.Dir, "secrets"), "CN")
	must(s.t, err)
	store, err := notes.Open(ctx, db, keys)
	must(s.t, err)
	text, err := store.Text(ctx, call)
	if errors.Is(err, notes.ErrNotFound) {
		return ""
	}
	must(s.t, err)
	return text.Text
}

// lost is how old the oldest letter is that was typed by then and is not on the disk.
func lost(log []int64, letter, text string, by time.Time) time.Duration {
	if n := strings.Count(text, letter); n < len(log) && log[n] < by.UnixMilli() {
		return by.Sub(time.UnixMilli(log[n]))
	}
	return 0
}

// What a counsellor knows of a caller and writes of the call, through two calls of the same person: two people type at once, the console and a browser
// die while they type, the number is shown for a reason, the plan and the danger of the first call are there at the second, and a call at risk is not
// wrapped up without its form.
func TestWhatACounsellorKnowsAndWrites(t *testing.T) {
	s := play(t)
	g := gallery{t: t, dir: os.Getenv("HOTLINE_SCREENS")}
	from := newNumber()
	boss, other, d := s.signIn("supervisor", 0, toneSupervisor), s.desk(1), s.ready(0)

	c := s.dialFrom(from, "12355")
	c.awaitTone(3*time.Second, stage.ToneGreeting)
	must(t, c.SendDTMF("0"))
	must(t, d.AwaitOffer(10*time.Second), d.AwaitAttribute(5*time.Second, "context", "data-known", "true"), d.AwaitShown(time.Second, "context-place"))
	must(t, d.Accept())
	c.awaitTone(3*time.Second, toneFirst)
	id := s.awaitCalls(2*time.Second, "talking")[0].ID

	// A second worker comes in by consultation and finds the note.
	must(t, d.Click("call-consult"), d.AwaitShown(3*time.Second, "colleague-option"))
	name, err := s.User("agent", 1)
	must(t, err)
	must(t, press(d, `[data-testid="colleague-option"]`), d.AwaitShown(2*time.Second, "summary"), d.Type("summary", "来电者失眠，需要协助记录"), d.Click("invite"))
	if err := other.AwaitShown(10*time.Second, "invite-accept"); err != nil {
		t.Fatalf("%s is not asked: %v", name.Name, err)
	}
	must(t, other.Click("invite-accept"), other.AwaitShown(5*time.Second, "assist"))
	first, second := s.types(d, "a"), s.types(other, "b")
	time.Sleep(3 * time.Second) // of typing
	as, bs := first.stop(), second.stop()
	first.saved(5 * time.Second)
	second.saved(5 * time.Second)
	same := func() bool {
		text := first.shows()
		return text == second.shows() && text == s.written(id) && strings.Count(text, "a") == len(as) && strings.Count(text, "b") == len(bs)
	}
	if err := stage.Poll(t.Context(), 3*time.Second, same); err != nil {
		t.Fatalf("one sees %q, the other %q, written is %q; typed were %d and %d", first.shows(), second.shows(), s.written(id), len(as), len(bs))
	}
	g.show(d.Page, "20-notes", "note-text", "note-state", "call-hangup")

	// The second worker's machine dies while they type.
	second = s.types(other, "c")
	time.Sleep(3 * time.Second)
	cs := second.typed()
	must(t, theHouse.browser(t, toneSecond).Kill())
	died := time.Now()
	t.Logf("a browser died: the oldest lost letter was %v old", lost(cs, "c", s.written(id), died))
	if loss := lost(cs, "c", s.written(id), died); loss > 2*time.Second {
		t.Errorf("a browser died: what was typed %v before is lost", loss)
	}

	// The console dies while the counsellor types: what is on the disk is at most 2 s behind, and nothing is lost in the end.
	first = s.types(d, "e")
	time.Sleep(3 * time.Second)
	stopped := time.Now()
	_, err = s.Signal("console", syscall.SIGSTOP) // it answers nobody any more, and the page has time to say so
	must(t, err)
	text := s.written(id)
	es := first.typed()
	t.Logf("the console died: the disk was %v behind", lost(es, "e", text, stopped))
	if behind := lost(es, "e", text, stopped); behind > 2*time.Second {
		t.Errorf("the console died: the disk was %v behind", behind)
	}
	must(t, d.AwaitAttribute(10*time.Second, "notes", "data-saved", "kept"))
	_, restarted := s.kill("console")
	restarted(10 * time.Second)
	es = first.stop()
	first.saved(15 * time.Second)
	if err := stage.Poll(t.Context(), 3*time.Second, func() bool { return strings.Count(s.written(id), "e") == len(es) }); err != nil {
		t.Errorf("%d letters typed, %d written", len(es), strings.Count(s.written(id), "e"))
	}
	must(t, d.AwaitAttribute(10*time.Second, "call", "data-state", "talking"))
	c.present()

	// The plan for all, and the number for a reason.
	must(t, d.Click("call-consult"), d.AwaitGone(2*time.Second, "consult-panel")) // it lies over what is known
	must(t, d.Click("plan-edit"), d.Type("plan-text", "先听，再问睡眠"), d.Click("plan-save"), d.AwaitAttribute(5*time.Second, "plan", "data-version", "1"))
	must(t, d.Click("number-reveal"), d.Type("reveal-reason", "告知110定位"), d.Click("reveal-confirm"), d.AwaitAttribute(5*time.Second, "caller-number", "data-revealed", "true"))
	shown, err := d.Text("caller-number")
	must(t, err)
	if strings.ReplaceAll(shown, " ", "") != from {
		t.Errorf("the number shown is %q", shown)
	}

	// The end: the form first, by the keyboard.
	must(t, d.Click("call-hangup"))
	c.awaitEnd(3 * time.Second)
	must(t, d.AwaitState(5*time.Second, browser.WrapUp), d.AwaitShown(5*time.Second, "form-suicide-denied"))
	g.show(d.Page, "21-wrap-up-form", "form-suicide-denied", "wrapup-done", "note-text")
	must(t, d.Press(browser.KeyDone), d.Await(3*time.Second, `document.body.innerText.includes(document.documentElement.lang === 'en' ? 'must be filled in' : '必须先填写')`))
	must(t, d.AwaitState(time.Second, browser.WrapUp))
	s.keptForm(d, id)
	wished := s.debriefs()
	must(t, d.Click("debrief-ask"), d.AwaitAttribute(5*time.Second, "debrief", "data-asked", "true"))
	must(t, d.Press(browser.KeyDone), d.AwaitState(5*time.Second, browser.Available))
	s.ended(id)

	// The supervisor sees who wishes to talk; the counsellor sees their shift. Closed incidents of others have asked, too.
	must(t, boss.AwaitPage(5*time.Second, "shift"), boss.Turn("shift"), boss.AwaitAttribute(5*time.Second, "debriefs", "data-count", fmt.Sprint(wished+1)))
	g.show(boss.Page, "22-shift-supervisor", "debriefs", "debrief-done")
	must(t, boss.Click("debrief-done"), boss.AwaitAttribute(5*time.Second, "debriefs", "data-count", fmt.Sprint(wished)))
	must(t, d.Turn("shift"), d.Await(5*time.Second, fmt.Sprintf(`document.querySelector('[data-call=%q]').dataset.missing === 'false'`, id)))
	g.show(d.Page, "23-shift", "shift-times")
	must(t, d.Turn("desk"))

	// The same person calls again.
	again := s.dialFrom(from, "12355")
	must(t, d.AwaitOffer(10*time.Second), d.AwaitShown(5*time.Second, "plan-shown"), d.AwaitShown(time.Second, "context-risk"), d.AwaitShown(time.Second, "context-contacts"))
	must(t, d.Accept())
	again.awaitTone(3*time.Second, toneFirst)
	g.show(d.Page, "24-context", "context-risk", "plan-shown", "note-text")
	must(t, d.Click("call-hangup"))
	again.awaitEnd(3 * time.Second)
}

// keptForm fills in the form of a call by keys while the database cannot take it: the browser keeps it, lets the person go, and says so, also when the page is
// loaded again; and brings it when the database is back.
func (s *scene) keptForm(d *browser.Desk, call string) {
	s.t.Helper()
	t, ctx := s.t, context.Background()
	db, err := storage.Open(ctx, storage.Config{URL: "sqlite:" + filepath.Join(s.Dir, "data", "hotline.db")})
	must(t, err)
	away := false
	rename := func(from, to string) {
		_, err := db.Exec(ctx, `ALTER TABLE `+from+` RENAME TO `+to)
		must(t, err)
		away = !away
	}
	t.Cleanup(func() {
		if away {
			_, err := db.Exec(ctx, `ALTER TABLE dispositions_away RENAME TO dispositions`)
			must(t, err)
		}
		must(t, db.Close())
	})
	rename("dispositions", "dispositions_away")
	must(t, d.Press("1"), d.AwaitAttribute(2*time.Second, "form-suicide-denied", "aria-pressed", "true"), d.Press("1"))
	waits := `Object.keys(localStorage).filter((name) => name.startsWith('hotline.form.')).length`
	must(t, d.AwaitAttribute(5*time.Second, "disposition", "data-saved", "sealed"), d.Await(time.Second, waits+` === 1`))
	must(t, d.Reload(), d.AwaitAttribute(8*time.Second, "disposition", "data-saved", "sealed"))
	rename("dispositions_away", "dispositions")
	must(t, d.AwaitAttribute(10*time.Second, "disposition", "data-saved", "saved"), d.AwaitAttribute(time.Second, "form-suicide-denied", "aria-pressed", "true"))
	must(t, d.Await(time.Second, waits+` === 0`))
	in := s.incidentOf(call, time.Second, "it is there", func(incident) bool { return true })
	var whole struct {
		Timeline []struct {
			Kind string `json:"kind"`
		} `json:"timeline"`
	}
	status, body := s.visit("supervisor").get("/api/incidents/" + in.Incident)
	must(t, json.Unmarshal(body, &whole))
	late := 0
	for _, e := range whole.Timeline {
		if e.Kind == "form_kept" {
			late++
		}
	}
	if late != 1 {
		t.Errorf("the incident says %d times that its form came late: %d %s", late, status, body)
	}
}

// debriefs is how many wish to talk about a call.
func (s *scene) debriefs() int {
	s.t.Helper()
	var list struct {
		Debriefs []struct {
			DoneAt int64 `json:"done_at"`
		} `json:"debriefs"`
	}
	status, body := s.visit("supervisor").get("/api/debriefs")
	if status != http.StatusOK || json.Unmarshal(body, &list) != nil {
		s.t.Fatalf("list of debriefs: %d %s", status, body)
	}
	n := 0
	for _, d := range list.Debriefs {
		if d.DoneAt == 0 {
			n++
		}
	}
	return n
}
