package retention

import (
	"context"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"hotline/casework"
	"hotline/casework/dispositions"
	"hotline/casework/files"
	"hotline/casework/notes"
	"hotline/casework/plans"
	"hotline/storage"
	"hotline/storage/storagetest"
)

func TestMain(m *testing.M) { os.Exit(storagetest.Main(m)) }

// world is a site with calls, whose people are who the test says.
type world struct {
	*Store
	t     *testing.T
	db    *storage.DB
	keys  *casework.Keys
	files map[string][]string // calls by file
}

func (w world) FilesOf(_ context.Context, call string) (out []string, err error) {
	for f, calls := range w.files {
		for _, c := range calls {
			if c == call {
				out = append(out, f)
			}
		}
	}
	return out, nil
}

func (w world) FilesOfEach(ctx context.Context, calls []string) (map[string][]string, error) {
	out := map[string][]string{}
	for f, all := range w.files {
		for _, c := range all {
			if slices.Contains(calls, c) {
				out[c] = append(out[c], f)
			}
		}
	}
	return out, ctx.Err()
}

func (w world) Whose(file storage.Condition) storage.Condition {
	var all []storage.Condition
	for f, calls := range w.files {
		all = append(all, storage.Condition("? IN ('"+strings.Join(calls, "','")+"') AND "+file.On("'"+f+"'")))
	}
	return storage.AnyOf(all...)
}

func (w world) AllOf(files storage.Set) storage.Set {
	links := []string{"('','')"}
	for f, calls := range w.files {
		for _, c := range calls {
			links = append(links, "('"+f+"','"+c+"')")
		}
	}
	return storage.Set("SELECT links.call FROM (WITH l(file, call) AS (VALUES " + strings.Join(links, ",") + ") SELECT file, call FROM l) links WHERE links.file IN (" + string(files) + ")")
}

func (w world) CallsOf(_ context.Context, _ storage.Reader, file string) (calls, parts []string, err error) {
	if w.files[file] == nil {
		return nil, nil, ErrNotFound
	}
	return w.files[file], []string{file}, nil
}

var begin = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func newWorld(t *testing.T, db *storage.DB) world {
	t.Helper()
	dir := t.TempDir()
	must(t, casework.CreateKeys(dir))
	keys, err := casework.LoadKeys(dir, "CN")
	must(t, err)
	must(t, casework.Migrate(t.Context(), db))
	_, err = files.Open(t.Context(), db, keys)
	must(t, err)
	w := world{t: t, db: db, keys: keys, files: map[string][]string{}}
	_, err = db.Exec(t.Context(), `CREATE TABLE known_people (file TEXT PRIMARY KEY, name BYTEA)`)
	must(t, err)
	w.Store, err = Open(t.Context(), db, keys, w, casework.Private(), notes.Private(), dispositions.Private(), plans.Private(),
		storage.Private{Places: []storage.Place{{Table: "known_people", Of: storage.OfFile, Where: "file = ?", Holds: "name IS NOT NULL", Clear: "name = NULL"}}})
	must(t, err)
	w.now = func() time.Time { return begin }
	return w
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// call writes an ended call with something private in every table.
func (w world) call(id, number, tier, file string, at time.Time) {
	t, ctx := w.t, w.t.Context()
	t.Helper()
	sealed, err := w.keys.Seal(number, casework.CallerContext(id))
	must(t, err)
	ref := w.keys.CallerRef(number)
	ledger := casework.NewLedger(w.db)
	must(t, ledger.Open(ctx, casework.CallRecord{ID: id, Line: "12355", Tier: tier, Arrived: at, Talked: at, CallerRef: ref, CallerSealed: sealed}))
	must(t, ledger.Close(ctx, id, casework.Closing{EndedAt: at.Add(time.Minute), Outcome: casework.Answered}))
	n, err := notes.Open(ctx, w.db, w.keys)
	must(t, err)
	_, err = n.Append(ctx, id, notes.Update{Client: "page", Clock: 1, Author: "u-1", Data: []byte{0, 0}}, "said much", 0)
	must(t, err)
	p, err := plans.Open(ctx, w.db, w.keys)
	must(t, err)
	was, err := p.Of(ctx, []string{ref})
	must(t, err)
	_, err = p.Save(ctx, []string{ref}, was.Version, "the plan of "+id, "u-1")
	must(t, err)
	d, err := dispositions.Open(ctx, w.db, w.keys)
	must(t, err)
	form := dispositions.Form{Version: 1}.Complete()
	_, err = d.Save(ctx, form, id, "u-1", dispositions.Answers{dispositions.Danger: {dispositions.DangerNotPossible}, dispositions.WhyNot: {"silent"}})
	must(t, err)
	w.files[file] = append(w.files[file], id)
	_, err = w.db.Exec(ctx, `INSERT INTO known_people VALUES (?, ?) ON CONFLICT (file) DO NOTHING`, file, []byte("name"))
	must(t, err)
}

func (w world) count(query string, args ...any) (n int) {
	w.t.Helper()
	must(w.t, w.db.QueryRow(w.t.Context(), query, args...).Scan(&n))
	return n
}

func rules() Rules { return Rules{Ordinary: LeastKept, HighRisk: 2 * LeastKept} }

func due(p Plan) string {
	var out []string
	for _, c := range p.Contacts {
		word := c.Call + ":" + string(c.Class)
		if c.Held {
			word += ":held"
		}
		if c.Live {
			word += ":live"
		}
		out = append(out, word)
	}
	return strings.Join(out, " ")
}

func TestWhatIsDueGoesWhole(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, db *storage.DB) {
		w, ctx := newWorld(t, db), t.Context()
		old := begin.AddDate(-leastYears, 0, 0).Add(-time.Hour)
		w.call("c1", "13800138001", "normal", "f1", old)
		w.call("c2", "13800138002", "red", "f2", old)                      // of high risk
		w.call("c3", "13800138002", "normal", "f2", old.Add(time.Minute))  // of the same person
		w.call("c4", "13800138003", "normal", "f3", old.Add(-time.Minute)) // has one that is younger
		w.call("c5", "13800138003", "normal", "f3", begin.Add(-time.Hour))
		w.call("c6", "13800138004", "normal", "f4", old) // something is owed
		_, err := casework.NewTasks(db).Add(ctx, casework.Task{Source: "x", Kind: casework.TaskCallback, Call: "c6", Due: begin})
		must(t, err)
		w.call("c7", "13800138005", "normal", "f5", old) // on hold
		hold, err := w.Put(ctx, storage.OfFile, "f5", "u-9", "a court asks")
		must(t, err)

		plan, err := w.Due(ctx, rules(), 10)
		must(t, err)
		if got := due(plan); got != "c4:ordinary c1:ordinary c6:ordinary:live c7:ordinary:held" {
			t.Fatalf("due: %s", got)
		}
		if n := w.count(`SELECT count(*) FROM retention_stones`); n != 0 {
			t.Error("looking erased something")
		}
		p, err := w.Pass(ctx, rules())
		must(t, err)
		if p.Erased != 2 || p.Held != 1 || p.Live != 1 {
			t.Errorf("%+v", p)
		}
		for what, want := range map[string]int{
			`SELECT count(*) FROM calls`: 7, // they are still counted
			`SELECT count(*) FROM calls WHERE caller_sealed IS NULL AND caller_ref = ''`:                          2,
			`SELECT count(*) FROM notes WHERE call_id IN ('c1','c4')`:                                             0,
			`SELECT count(*) FROM dispositions`:                                                                   7,
			`SELECT count(*) FROM dispositions WHERE said IS NULL`:                                                2,
			`SELECT count(*) FROM plans`:                                                                          6, // but c1's: c4's caller called again
			`SELECT count(*) FROM known_people WHERE name IS NULL`:                                                1,
			`SELECT count(*) FROM retention_stones WHERE object IN ('call:c1','call:c4','file:f1') AND found > 0`: 3,
			`SELECT count(*) FROM retention_stones`:                                                               3,
		} {
			if n := w.count(what); n != want {
				t.Errorf("%s: %d, want %d", what, n, want)
			}
		}
		if again, err := w.Pass(ctx, rules()); err != nil || again.Erased != 0 {
			t.Errorf("%+v, %v", again, err)
		}
		if _, err := w.Lift(ctx, hold.ID, "u-9"); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Lift(ctx, hold.ID, "u-9"); !errors.Is(err, ErrSamePerson) {
			t.Errorf("lifted by one person: %v", err)
		}
		if h, err := w.Lift(ctx, hold.ID, "u-8"); err != nil || h.Lifted.IsZero() || h.Reason != "a court asks" {
			t.Errorf("%+v, %v", h, err)
		}
		w.now = func() time.Time { return begin.AddDate(leastYears, 0, 0) }
		if p, err := w.Pass(ctx, rules()); err != nil || p.Erased != 4 || p.Live != 1 {
			t.Errorf("%+v, %v", p, err)
		}
	})
}

// One that cannot be erased is told, and those behind it go all the same.
func TestOneFaultStopsNobodyElse(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, db *storage.DB) {
		w, ctx := newWorld(t, db), t.Context()
		old := begin.AddDate(-leastYears, 0, 0).Add(-time.Hour)
		w.call("c1", "13800138001", "normal", "f1", old)
		w.call("c2", "13800138002", "normal", "f2", old.Add(time.Minute))
		w.all = append(w.all, storage.Private{Places: []storage.Place{{Table: "plans", Of: storage.OfCall, Where: "'c1' = ?", Clear: "author = author"}}})
		p, err := w.Pass(ctx, rules())
		if err == nil || p.Erased != 1 || w.count(`SELECT count(*) FROM retention_stones WHERE object = 'call:c2'`) != 1 {
			t.Errorf("%+v, %v", p, err)
		}
		if n := w.count(`SELECT count(*) FROM notes WHERE call_id = 'c1'`); n != 1 {
			t.Errorf("half of a contact is gone: %d notes", n)
		}
	})
}

// meanwhile lets something happen between the look at what is due and its going.
type meanwhile struct {
	world
	happens func(call string)
}

func (m meanwhile) FilesOf(ctx context.Context, call string) ([]string, error) {
	m.happens(call)
	return m.world.FilesOf(ctx, call)
}

// Whose person becomes of high risk after it was judged, with hundreds of others, stays: itself, or by another call of the number.
func TestHighRiskMeanwhileStays(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, db *storage.DB) {
		w, ctx := newWorld(t, db), t.Context()
		old := begin.AddDate(-leastYears, 0, 0).Add(-time.Hour)
		w.call("c1", "13800138001", "normal", "f1", old)
		w.call("c2", "13800138002", "normal", "f2", old.Add(time.Minute))
		w.call("c3", "13800138003", "normal", "f3", old.Add(2*time.Minute))
		w.Store.people = meanwhile{w, func(call string) {
			switch call {
			case "c1":
				w.call("now", "13800138003", "red", "f4", begin.Add(-time.Hour))
			case "c2":
				_, err := db.Exec(ctx, `UPDATE calls SET danger = TRUE WHERE id = 'c2'`)
				must(t, err)
			}
		}}
		p, err := w.Pass(ctx, rules())
		must(t, err)
		if n := w.count(`SELECT count(*) FROM retention_stones WHERE object LIKE 'call:%'`); p.Erased != 1 || n != 1 || w.count(`SELECT count(*) FROM notes WHERE call_id = 'c1'`) != 0 {
			t.Errorf("%+v, %d stones", p, n)
		}
		if p, err := w.Pass(ctx, rules()); err != nil || p.Erased != 0 {
			t.Errorf("%+v, %v", p, err)
		}
	})
}

func TestARequestIsOfTwoPeople(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, db *storage.DB) {
		w, ctx := newWorld(t, db), t.Context()
		w.call("c1", "13800138001", "red", "f1", begin.Add(-time.Hour))
		w.call("c2", "13800138001", "normal", "f1", begin.Add(-time.Hour))
		if _, err := w.Ask(ctx, storage.OfFile, "f2", "u-1", "wish"); !errors.Is(err, ErrNotFound) {
			t.Errorf("%v", err)
		}
		if _, err := w.Ask(ctx, storage.OfFile, "f1", "u-1", " "); !errors.Is(err, ErrReason) {
			t.Errorf("%v", err)
		}
		q, err := w.Ask(ctx, storage.OfFile, "f1", "u-1", "the person's wish")
		must(t, err)
		if _, err := w.Grant(ctx, q.ID, "u-1"); !errors.Is(err, ErrSamePerson) {
			t.Errorf("granted by who asked: %v", err)
		}
		hold, err := w.Put(ctx, storage.OfCall, "c2", "u-3", "a court asks")
		must(t, err)
		if _, err := w.Grant(ctx, q.ID, "u-2"); !errors.Is(err, ErrHeld) {
			t.Errorf("%v", err)
		}
		if n := w.count(`SELECT count(*) FROM retention_stones`); n != 1 { // c1: nothing stands before it
			t.Errorf("%d stones", n)
		}
		for _, by := range []string{"u-3", "u-4"} {
			_, err := w.Lift(ctx, hold.ID, by)
			must(t, err)
		}
		if n, err := w.Finish(ctx); err != nil || n != 1 {
			t.Errorf("%d, %v", n, err)
		}
		all, err := w.Requests(ctx, 10)
		if err != nil || len(all) != 1 || all[0].State != Done || all[0].Reason != "the person's wish" || all[0].DecidedBy != "u-2" {
			t.Errorf("%+v, %v", all, err)
		}
		if n := w.count(`SELECT count(*) FROM known_people WHERE name IS NULL`) + w.count(`SELECT count(*) FROM plans`); n != 1 {
			t.Errorf("something of the person is left: %d", n)
		}
		if _, err := w.Refuse(ctx, q.ID, "u-5"); !errors.Is(err, ErrState) {
			t.Errorf("%v", err)
		}
	})
}

func TestRulesKeepThreeYears(t *testing.T) {
	for _, r := range []Rules{{}, {Ordinary: LeastKept - 1, HighRisk: LeastKept}, {Ordinary: 2 * LeastKept, HighRisk: LeastKept}} {
		if r.Validate() == nil {
			t.Errorf("%+v", r)
		}
	}
}

// Three years with a 29th of February have a day more than the days of the rule: nothing goes before they are over, in the plan or in the transaction.
func TestThreeYearsWithALeapDay(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, db *storage.DB) {
		w, ctx := newWorld(t, db), t.Context()
		ended := time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)
		w.call("c1", "13800138001", "normal", "f1", ended.Add(-time.Minute)) // a minute long
		for _, at := range []time.Time{ended.Add(LeastKept), ended.Add(LeastKept + 24*time.Hour - time.Millisecond)} {
			w.now = func() time.Time { return at }
			if plan, err := w.Due(ctx, rules(), 9); err != nil || len(plan.Contacts) != 0 {
				t.Errorf("at %s: %+v, %v", at, plan.Contacts, err)
			}
			r := rules()
			if _, err := w.erase(ctx, Contact{Call: "c1", Class: Ordinary}, &r, "retention", "system"); !errors.Is(err, errYoung) {
				t.Errorf("taken out at %s: %v", at, err)
			}
		}
		w.now = func() time.Time { return time.Date(2029, 3, 1, 8, 0, 0, 0, time.UTC) }
		if p, err := w.Pass(ctx, rules()); err != nil || p.Erased != 1 {
			t.Errorf("%+v, %v", p, err)
		}
	})
}
