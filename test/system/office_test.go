package system_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"hotline/test/browser"
)

// give chooses a file in the page, as a person does with the dialog.
func give(p *browser.Page, id, name, text string) error {
	_, err := browser.Eval[bool](p, fmt.Sprintf(`(() => {
		const input = document.querySelector('[data-testid="%s"]');
		const files = new DataTransfer();
		files.items.add(new File([%q], %q));
		input.files = files.files;
		input.dispatchEvent(new Event('change', { bubbles: true }));
		return true;
	})()`, id, text, name))
	return err
}

// document is what holds of a document of the site.
func (o *office) document(name string) (n int, doc map[string]any) {
	o.s.t.Helper()
	var v struct {
		Version int            `json:"version"`
		Doc     map[string]any `json:"doc"`
	}
	o.must("GET", "/api/admin/"+name, nil, &v)
	return v.Version, v.Doc
}

// asBefore puts a document back when the test ends: others use the instance, too.
func (o *office) asBefore(name string) {
	was, _ := o.document(name)
	o.s.t.Cleanup(func() {
		if now, _ := o.document(name); now != was {
			o.must("POST", fmt.Sprintf("/api/admin/%s/versions/%d/restore", name, was), map[string]any{"base": now, "note": "as before the test"}, nil)
		}
	})
}

// TestTheOffice: an administrator at the screen: a roster with a gap is refused, mended, published and exported; a table with wrong rows is taken in without
// them; a setting reaches a console that is open, and its undo, too.
func TestTheOffice(t *testing.T) {
	s := play(t)
	o := s.office("administrator")
	for _, name := range []string{"settings", "phonebook", "roster"} {
		o.asBefore(name)
	}
	var people struct {
		People []struct{ User, Username, Role string } `json:"people"`
	}
	o.must("GET", "/api/admin/roster/people", nil, &people)
	ids := map[string]string{}
	for _, p := range people.People {
		if ids[p.Role] == "" {
			ids[p.Role] = p.User
		}
	}
	every := []string{"mon", "tue", "wed", "thu", "fri", "sat", "sun"}
	pattern := func(id, person, role, from, to string) map[string]any {
		return map[string]any{
			"id": id, "person": person, "role": role, "from": from, "to": to, "line": "", "skill": "", "note": "", "days": every, "start": "2026-01-01", "until": "", "except": []string{},
		}
	}
	base, doc := o.document("roster")
	doc["patterns"] = []any{
		pattern("s", ids["supervisor"], "supervisor", "08:00", "20:00"), pattern("c", ids["agent"], "counsellor", "08:00", "20:00"),
		pattern("n", ids["agent"], "counsellor", "22:00", "07:00"),
	}
	o.must("PUT", "/api/admin/roster", map[string]any{"base": base, "note": "", "doc": doc}, nil)

	admin := s.signIn("administrator", 0, toneSupervisor)
	g := gallery{t: t, dir: os.Getenv("HOTLINE_SCREENS")}
	p := admin.Page
	must(t, p.AwaitShown(5*time.Second, "board-waiting"), p.Turn("roster"), p.AwaitShown(5*time.Second, "roster-issue"), p.Click("roster-publish"), p.AwaitShown(2*time.Second, "publish-yes"))
	must(t, p.Click("publish-yes"), p.AwaitShown(3*time.Second, "publish-gaps"))
	g.show(p, "office-1-roster-refused", "publish-yes", "publish-gaps")
	must(t, p.Click("roster-publish"), p.AwaitGone(2*time.Second, "publish-panel"), p.Click("shift-add"), p.AwaitShown(2*time.Second, "work-form"))
	must(t, typeInto(p, "work.from", "20:00"), typeInto(p, "work.to", "08:00"), p.Click("work-weekly"))
	// One day after the other, as a person does: each press goes by what the page shows.
	_, err := browser.Eval[bool](p, `(async () => {
		for (let box; (box = document.querySelector('[data-testid="work-form"] .days .n-checkbox:not(.n-checkbox--checked)')); ) {
			box.click();
			await new Promise(requestAnimationFrame);
			await new Promise(requestAnimationFrame);
		}
		return true;
	})()`)
	must(t, err)
	must(t, typeInto(p, "work.date", "2026-01-01"))
	g.show(p, "office-2-work-form", "work-put")
	must(t, p.Click("work-put"), p.AwaitGone(2*time.Second, "work-form"), p.AwaitShown(2*time.Second, "roster-save"), p.Click("roster-save"))
	must(t, p.Await(3*time.Second, `document.querySelector('[data-testid="roster-version"]') !== null && !document.querySelector('[data-testid="roster-publish"]').disabled`))
	g.show(p, "office-3-roster-week", "roster-publish")
	must(t, p.Click("roster-day-tab"), p.AwaitShown(3*time.Second, "roster-day"))
	g.show(p, "office-4-roster-day")
	must(t, p.Click("roster-publish"), p.AwaitShown(2*time.Second, "publish-yes"), p.Click("publish-yes"), p.AwaitShown(3*time.Second, "published"))
	if status, text := o.ask("GET", "/api/admin/roster/all.ics", nil, nil); status != 200 || !strings.Contains(text, "BEGIN:VEVENT") {
		t.Errorf("the calendar: %d", status)
	}

	must(t, p.Turn("imports"), p.AwaitShown(3*time.Second, "import-phonebook"))
	must(t, give(p, "import-file", "numbers.csv", "名称,类别,号码\n市第七人民医院,医院,0571-85029595\n坏号码,机构,12\n急救 120,急救,120\n"))
	must(t, p.AwaitShown(5*time.Second, "import-preview"))
	must(t, p.Await(2*time.Second, `[...document.querySelectorAll('[data-testid="import-row"]')].map((row) => row.dataset.state).join() === 'wrong,new'`))
	must(t, p.Await(time.Second, `document.querySelector('[data-testid="import-apply"]').disabled`))
	g.show(p, "office-5-import", "import-apply")
	must(t, p.Click("import-skip"), p.Click("import-apply"), p.AwaitShown(3*time.Second, "import-applied"))
	if _, book := o.document("phonebook"); len(book["entries"].([]any)) != 4 {
		t.Errorf("the book: %v", book)
	}
	must(t, p.Turn("phonebook"), p.AwaitShown(3*time.Second, "phonebook-check"), p.Click("phonebook-check"))
	g.show(p, "office-6-phonebook", "phonebook-check")
	// A row that was added is filled in at once; when it is taken out again, the keyboard is at the one before.
	must(t, p.Click("add-entries"), p.Await(time.Second, `document.activeElement.closest('[data-at="4"]') !== null`), p.Click("add-entries"))
	must(t, press(admin, `[data-at="5"] [data-act="up"]`), p.Await(time.Second, `document.activeElement.matches('[data-at="4"] [data-act="up"]')`))
	must(t, press(admin, `[data-at="5"] [data-act="remove"]`), press(admin, `[data-at="4"] [data-act="remove"]`))
	must(t, p.Await(time.Second, `document.activeElement.matches('[data-at="3"] [data-act="remove"]')`), p.AwaitGone(time.Second, "phonebook-save"))

	d := s.desk(0)
	palette := func(want string) error {
		return d.Page.Await(3*time.Second, fmt.Sprintf(`document.documentElement.dataset.palette === %q`, want))
	}
	must(t, palette("red_yellow_blue"))
	must(t, p.Turn("settings"), p.AwaitShown(3*time.Second, "palette-red_yellow_green"), p.Click("palette-red_yellow_green"), p.AwaitShown(2*time.Second, "settings-save"))
	g.show(p, "office-7-settings", "settings-save")
	must(t, p.Click("settings-save"), palette("red_yellow_green"))
	for _, part := range []string{"disposition", "templates", "reasons", "skills", "retention"} {
		must(t, p.Click("settings-"+part+"-tab"))
		g.show(p, "office-8-settings-"+part)
	}
	must(t, p.Click("settings-history-tab"), p.AwaitShown(3*time.Second, "version"), p.Click("compare"), p.AwaitShown(2*time.Second, "differences"))
	g.show(p, "office-9-history", "differences")
	must(t, p.Click("restore"), p.AwaitShown(2*time.Second, "restore-yes"), p.Click("restore-yes"), palette("red_yellow_blue"))
}
