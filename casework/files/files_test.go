package files

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hotline/casework"
	"hotline/storage"
	"hotline/storage/storagetest"
)

func TestMain(m *testing.M) { os.Exit(storagetest.Main(m)) }

// office is a store with calls in its books.
type office struct {
	*Store
	t   *testing.T
	dir string
	at  time.Time
}

func newOffice(t *testing.T, db *storage.DB) *office {
	t.Helper()
	o := &office{t: t, dir: t.TempDir(), at: time.UnixMilli(1_790_000_000_000).UTC()}
	if err := casework.CreateKeys(o.dir); err != nil {
		t.Fatal(err)
	}
	if err := casework.Migrate(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	o.open(db)
	return o
}

// open opens the store anew, with the keys that there are.
func (o *office) open(db *storage.DB) {
	o.t.Helper()
	keys, err := casework.LoadKeys(o.dir, "CN")
	if err != nil {
		o.t.Fatal(err)
	}
	if o.Store, err = Open(o.t.Context(), db, keys); err != nil {
		o.t.Fatal(err)
	}
	o.now = func() time.Time { o.at = o.at.Add(time.Second); return o.at }
}

// call writes a call from a number ("" withheld) into the books.
func (o *office) call(number string) string {
	o.t.Helper()
	id := newID()
	r := casework.CallRecord{ID: id, Line: "12355", Arrived: o.now()}
	if number != "" {
		sealed, err := o.keys.Seal(number, casework.CallerContext(id))
		if err != nil {
			o.t.Fatal(err)
		}
		r.CallerRef, r.CallerSealed = o.keys.CallerRef(number), sealed
	}
	if err := casework.NewLedger(o.db).Open(o.t.Context(), r); err != nil {
		o.t.Fatal(err)
	}
	return id
}

func (o *office) ensure(call string) File {
	o.t.Helper()
	f, err := o.Ensure(o.t.Context(), call, "u-1")
	if err != nil {
		o.t.Fatal(err)
	}
	return f
}

func (o *office) high(number string) bool {
	o.t.Helper()
	high, err := o.HighRisk(o.t.Context(), o.keys.CallerRefs(number))
	if err != nil {
		o.t.Fatal(err)
	}
	return high
}

func must[T any](t *testing.T) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

const (
	mother = "13800138000"
	son    = "13900139000"
)

func TestOnePersonOneFile(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, db *storage.DB) {
		o, ctx := newOffice(t, db), t.Context()
		first := o.ensure(o.call(mother))
		if second := o.ensure(o.call("+86 138 0013 8000")); second.ID != first.ID || TidyCode(strings.ToLower(first.Code)) != first.Code {
			t.Errorf("%+v, then %+v", first, second)
		}
		if other := o.ensure(o.call(son)); other.ID == first.ID {
			t.Error("two numbers, one file")
		}
		a, b := o.ensure(o.call("")), o.ensure(o.call(""))
		if a.ID == b.ID {
			t.Error("two withheld numbers are one person")
		}
		if _, err := o.Ensure(ctx, newID(), "u-1"); !errors.Is(err, ErrNotFound) {
			t.Errorf("a call that the books do not have: %v", err)
		}
		if f, err := o.ByCode(ctx, strings.ToLower(strings.ReplaceAll(first.Code, "-", " "))); err != nil || f.ID != first.ID {
			t.Errorf("by code: %+v, %v", f, err)
		}
		if _, err := o.ByCode(ctx, "138-001"); !errors.Is(err, ErrNotFound) {
			t.Errorf("%v", err)
		}
		if calls, err := o.Calls(ctx, first.ID, 10); err != nil || len(calls) != 2 || calls[0].At.Before(calls[1].At) || calls[0].Role != RoleCaller {
			t.Errorf("%+v, %v", calls, err)
		}
	})
}

func TestAFileIsFoundUnderOldAndNewKeys(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, db *storage.DB) {
		o, ctx := newOffice(t, db), t.Context()
		f := o.ensure(o.call(mother))
		if err := o.SetPhrase(ctx, f.ID, "外婆的老槐树下", "u-1"); err != nil {
			t.Fatal(err)
		}
		if err := o.SetRisk(ctx, f.ID, "high", 3, "u-1", o.now()); err != nil {
			t.Fatal(err)
		}
		behind := t.TempDir() // a host to which the new key has yet to be copied
		have, err := os.ReadDir(o.dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range have {
			key := must[[]byte](t)(os.ReadFile(filepath.Join(o.dir, f.Name())))
			if err := os.WriteFile(filepath.Join(behind, f.Name()), key, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := casework.RotateKey(o.dir, casework.UseRef, casework.MethodSM3, nil); err != nil {
			t.Fatal(err)
		}
		o.open(db)
		if !o.high(mother) {
			t.Error("the old file is not known under the new keys")
		}
		again := o.ensure(o.call(mother))
		if again.ID != f.ID {
			t.Errorf("another file under the new key: %+v", again)
		}
		if g, err := o.ByPhrase(ctx, "外婆的，老槐树下！", "u-2"); err != nil || g.ID != f.ID {
			t.Errorf("by the passphrase of the old key: %+v, %v", g, err)
		}
		// Where the new key is missing yet, what was written with it is found all the same.
		fresh := o.ensure(o.call(son))
		old, err := casework.LoadKeys(behind, "CN")
		if err != nil {
			t.Fatal(err)
		}
		if got, err := o.OfRefs(ctx, old.CallerRefs(son)); err != nil || len(got) != 1 || got[0].ID != fresh.ID {
			t.Errorf("under the old key alone: %+v, %v", got, err)
		}
		// What is kept is no number, under no key.
		rows, err := storage.Select(ctx, db, scanID, `SELECT refs FROM file_links UNION SELECT ref FROM file_refs UNION SELECT tag FROM file_phrases UNION SELECT code FROM files`)
		if err != nil || len(rows) < 5 {
			t.Fatal(rows, err)
		}
		for _, r := range rows {
			if strings.Contains(r, mother[3:]) || strings.Contains(r, "槐") {
				t.Errorf("open in the database: %q", r)
			}
		}
	})
}

func TestSomebodyCallsAboutSomebodyElse(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, db *storage.DB) {
		o, ctx := newOffice(t, db), t.Context()
		call := o.call(mother)
		reporter := o.ensure(call)
		if err := o.SetRisk(ctx, reporter.ID, "high", 1, "u-1", o.now()); err != nil {
			t.Fatal(err)
		}
		child, err := o.ThirdParty(ctx, call, "", "u-1")
		if err != nil || child.ID == reporter.ID || child.Level != "high" {
			t.Fatalf("%+v, %v", child, err)
		}
		if again, err := o.ThirdParty(ctx, call, "", "u-1"); err != nil || again.ID != child.ID {
			t.Errorf("again: %+v, %v", again, err)
		}
		if f, ok, err := o.OfCall(ctx, call); err != nil || !ok || f.ID != child.ID {
			t.Errorf("whom the call is about: %+v, %v", f, err)
		}
		if f, role, ok, err := o.OnLine(ctx, call); err != nil || !ok || f.ID != reporter.ID || role != RoleReporter {
			t.Errorf("on the line: %+v as %s, %v", f, role, err)
		}
		// The mother is not at risk, the son is: her number still leads to him.
		if f := must[File](t)(o.Get(ctx, reporter.ID)); f.Level != "" {
			t.Errorf("what was said of him is still said of her: %+v", f)
		}
		if !o.high(mother) || o.high(son) {
			t.Error("the number of who reports does not lead to the person at risk")
		}
		if f, ok, err := o.Returning(ctx, o.call(mother)); err != nil || !ok || f.ID != child.ID {
			t.Errorf("returning: %+v, %v", f, err)
		}
		if _, ok, err := o.Returning(ctx, o.call("")); err != nil || ok {
			t.Errorf("a withheld number returns: %v", err)
		}
		// He calls himself, from his own telephone.
		own := o.call(son)
		if _, err := o.Link(ctx, own, child.ID, RoleCaller, "u-1"); err != nil {
			t.Fatal(err)
		}
		if !o.high(son) {
			t.Error("his own number does not lead to his file")
		}
		if calls, err := o.Calls(ctx, child.ID, 10); err != nil || len(calls) != 2 {
			t.Errorf("%+v, %v", calls, err)
		}
		if _, err := o.Merge(ctx, reporter.ID, child.ID, "u-1", "写错了"); !errors.Is(err, ErrRole) {
			t.Errorf("two people of one call merged: %v", err)
		}
		if err := o.NoThirdParty(ctx, call, "u-1"); err != nil {
			t.Fatal(err)
		}
		if links, err := o.Links(ctx, call); err != nil || len(links) != 1 || links[0].Role != RoleCaller {
			t.Errorf("taken back: %+v, %v", links, err)
		}
		if f := must[File](t)(o.Get(ctx, reporter.ID)); !f.High() {
			t.Errorf("taken back, it was said of her: %+v", f)
		}
		if f := must[File](t)(o.Get(ctx, child.ID)); f.High() {
			t.Errorf("taken back, it was not said of him: %+v", f)
		}
	})
}

func TestRiskOfAFile(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, db *storage.DB) {
		o, ctx := newOffice(t, db), t.Context()
		f := o.ensure(o.call(mother))
		at := o.now()
		for range 2 { // said twice is said once
			if err := o.SetRisk(ctx, f.ID, "high", 7, "u-1", at); err != nil {
				t.Fatal(err)
			}
		}
		if f = must[File](t)(o.Get(ctx, f.ID)); !f.High() || f.LevelVersion != 7 || f.LevelBy != "u-1" || !f.LevelAt.Equal(at) || !o.high(mother) {
			t.Errorf("%+v", f)
		}
		if err := o.SetRisk(ctx, f.ID, "low", 7, "u-2", at.Add(-time.Hour)); err != nil {
			t.Fatal(err)
		}
		if !o.high(mother) {
			t.Error("what was said before lowers what was said after")
		}
		if all, err := o.AtHighRisk(ctx, 10); err != nil || len(all) != 1 {
			t.Errorf("%+v, %v", all, err)
		}
		if err := o.SetRisk(ctx, f.ID, "moderate", 8, "u-2", at.Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
		if o.high(mother) {
			t.Error("still high")
		}
		for _, bad := range []string{"", "red"} {
			if err := o.SetRisk(ctx, f.ID, bad, 1, "u-1", at); !errors.Is(err, ErrInvalid) {
				t.Errorf("%q: %v", bad, err)
			}
		}
		if h, err := o.History(ctx, f.ID, 10); err != nil || len(h) != 4 {
			t.Errorf("%+v, %v", h, err)
		}
		// Two files become one: the greater danger holds, also when the lower was said later; undone, each has its own again.
		g := o.ensure(o.call(son))
		if err := o.SetRisk(ctx, g.ID, "high", 8, "u-1", at.Add(time.Minute)); err != nil {
			t.Fatal(err)
		}
		a := must[Act](t)(o.Merge(ctx, g.ID, f.ID, "u-1", "同一人"))
		if !o.high(mother) || !o.high(son) {
			t.Error("merged, the danger is forgotten")
		}
		must[Act](t)(o.Undo(ctx, a.ID, "u-2"))
		if o.high(mother) || !o.high(son) {
			t.Error("undone, the danger is not where it was")
		}
	})
}

func TestProfile(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, db *storage.DB) {
		o, ctx := newOffice(t, db), t.Context()
		f := o.ensure(o.call(mother))
		got, err := o.SetProfile(ctx, f.ID, Profile{CalledAs: " 小林 ", BirthYear: 2010, Sex: "female", Region: "海淀"}, "u-1")
		if err != nil || got.CalledAs != "小林" || !got.Minor(o.at) || got.Child(o.at) {
			t.Errorf("%+v, %v", got, err)
		}
		for _, bad := range []Profile{{BirthYear: 1700}, {AgeBand: "old"}, {Sex: "?"}, {Region: strings.Repeat("长", MostRegion+1)}} {
			if _, err := o.SetProfile(ctx, f.ID, bad, "u-1"); !errors.Is(err, ErrInvalid) {
				t.Errorf("%+v: %v", bad, err)
			}
		}
	})
}

func TestBands(t *testing.T) {
	now := time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)
	for year, band := range map[int]string{2026: "under_14", 2012: "under_14", 2011: "14_17", 2008: "14_17", 2007: "18_24", 1966: "45_59", 1965: "60_up", 1900: "60_up"} {
		if got := (Profile{BirthYear: year}).Band(now); got != band {
			t.Errorf("%d: %s, not %s", year, got, band)
		}
	}
}

func TestPassphrase(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, db *storage.DB) {
		o, ctx := newOffice(t, db), t.Context()
		f, g := o.ensure(o.call("")), o.ensure(o.call(""))
		if err := o.SetPhrase(ctx, f.ID, "The Blue Kettle", "u-1"); err != nil {
			t.Fatal(err)
		}
		for _, said := range []string{"the blue kettle", "THE-BLUE-KETTLE", "ＴＨＥ ｂｌｕｅ　ｋｅｔｔｌｅ."} {
			if got, err := o.ByPhrase(ctx, said, "u-1"); err != nil || got.ID != f.ID {
				t.Errorf("%q: %+v, %v", said, got, err)
			}
		}
		if err := o.SetPhrase(ctx, g.ID, "the blue kettle!", "u-1"); !errors.Is(err, ErrTaken) {
			t.Errorf("another's: %v", err)
		}
		for _, weak := range []string{"我爱你", "1234567", "aaaaaaaaaaaa", "，。！？……", ""} {
			if err := o.SetPhrase(ctx, g.ID, weak, "u-1"); !errors.Is(err, ErrWeak) {
				t.Errorf("%q: %v", weak, err)
			}
		}
		if err := o.SetPhrase(ctx, f.ID, "春天的第一场雨", "u-1"); err != nil {
			t.Fatal(err)
		}
		if _, err := o.ByPhrase(ctx, "the blue kettle", "u-1"); !errors.Is(err, ErrNotFound) {
			t.Errorf("the one before still leads there: %v", err)
		}
		if has, err := o.HasPhrase(ctx, f.ID); err != nil || !has {
			t.Error(has, err)
		}
		// Merged, it leads to the other file; who guesses is stopped.
		must[Act](t)(o.Merge(ctx, f.ID, g.ID, "u-1", ""))
		if got, err := o.ByPhrase(ctx, "春天的第一场雨", "u-1"); err != nil || got.ID != g.ID {
			t.Errorf("%+v, %v", got, err)
		}
		o.now = func() time.Time { return o.at }
		for i := range triesEach - 1 {
			if _, err := o.ByPhrase(ctx, "something else "+strings.Repeat("x", i), "u-1"); !errors.Is(err, ErrNotFound) {
				t.Fatalf("try %d: %v", i, err)
			}
		}
		if _, err := o.ByPhrase(ctx, "春天的第一场雨", "u-1"); !errors.Is(err, ErrTries) {
			t.Errorf("one try too many: %v", err)
		}
		if _, err := o.ByPhrase(ctx, "春天的第一场雨", "u-2"); err != nil {
			t.Errorf("another person: %v", err)
		}
		o.at = o.at.Add(triesWithin + time.Minute)
		if _, err := o.ByPhrase(ctx, "春天的第一场雨", "u-1"); err != nil {
			t.Errorf("later: %v", err)
		}
		if err := o.ClearPhrase(ctx, g.ID, "u-1"); err != nil {
			t.Fatal(err)
		}
		if has, err := o.HasPhrase(ctx, g.ID); err != nil || has {
			t.Error(has, err)
		}
	})
}
