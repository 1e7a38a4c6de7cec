package records

import (
	"encoding/json"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"hotline/casework"
	"hotline/casework/forms"
	"hotline/storage"
	"hotline/storage/storagetest"
)

func TestMain(m *testing.M) { os.Exit(storagetest.Main(m)) }

func open(t *testing.T, db *storage.DB) (*Store, *forms.Store) {
	t.Helper()
	dir := t.TempDir()
	if err := casework.CreateKeys(dir); err != nil {
		t.Fatal(err)
	}
	keys, err := casework.LoadKeys(dir, "CN")
	if err != nil {
		t.Fatal(err)
	}
	book, err := forms.Open(t.Context(), db, nil)
	if err != nil {
		t.Fatal(err)
	}
	s, err := Open(t.Context(), db, keys, book, nil)
	if err != nil {
		t.Fatal(err)
	}
	at := time.UnixMilli(1_790_000_000_000)
	s.now = func() time.Time { at = at.Add(time.Second); return at }
	return s, book
}

func TestRecordsKeepTheirForm(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, db *storage.DB) {
		s, book := open(t, db)
		ctx := t.Context()
		_, n, err := book.Form(ctx, "handling")
		if err != nil {
			t.Fatal(err)
		}
		answers := json.RawMessage(`{"about":["sleep","family"],"matter":"说三天没有睡着"}`)
		r, err := s.Save(ctx, Record{Call: "c1", Form: "handling", Version: n, Author: "u-1", Answers: answers})
		if err != nil || r.ID == "" {
			t.Fatal(r, err)
		}
		if again, err := s.Save(ctx, Record{Call: "c1", Form: "handling", Version: n, Author: "u-1", Answers: json.RawMessage(`{"matter":"说三天没有睡着","about":["sleep","family"]}`)}); err != nil || again.ID != r.ID {
			t.Errorf("the same again: %+v, %v", again, err)
		}
		if _, err := s.Save(ctx, Record{Call: "c1", Form: "handling", Version: n, Author: "u-1", Answers: json.RawMessage(`{"about":["weather"]}`)}); !errors.Is(err, forms.ErrInvalid) {
			t.Errorf("a choice that is none: %v", err)
		}
		if _, err := s.Save(ctx, Record{Call: "c1", Form: "phq9", Version: n, Author: "u-1", Answers: json.RawMessage(`{}`)}); !errors.Is(err, forms.ErrNotFound) {
			t.Errorf("a scale is no record: %v", err)
		}
		// The form changes; the record is read by the version that it was filled in by.
		doc, n, err := book.Now(ctx)
		if err != nil {
			t.Fatal(err)
		}
		doc.Forms = slices.DeleteFunc(slices.Clone(doc.Forms), func(f forms.Form) bool { return f.ID == "handling" })
		if _, err := book.Store.Save(ctx, n, doc, "u-admin", ""); err != nil {
			t.Fatal(err)
		}
		got, err := s.Of(ctx, "c1")
		if err != nil || len(got) != 1 || got[0].Version != n || !same(got[0].Answers, answers) {
			t.Fatalf("%+v, %v", got, err)
		}
		if f, err := book.At(ctx, got[0].Version, "handling"); err != nil || f.Names["zh-CN"] == "" {
			t.Errorf("its form: %+v, %v", f, err)
		}
		if h, err := s.Heads(ctx, []string{"c1", "c2"}); err != nil || len(h) != 1 || h[0].Author != "u-1" {
			t.Errorf("%+v, %v", h, err)
		}
		var chosen string
		var said []byte
		if err := db.QueryRow(ctx, `SELECT chosen, said FROM records`).Scan(&chosen, &said); err != nil || !strings.Contains(chosen, "sleep") || strings.Contains(chosen+string(said), "三天") {
			t.Errorf("%s, %v", chosen, err)
		}
	})
}

func TestDrafts(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, db *storage.DB) {
		s, book := open(t, db)
		ctx := t.Context()
		_, n, err := book.Form(ctx, "registration")
		if err != nil {
			t.Fatal(err)
		}
		keep := func(rev int64, answers string) {
			t.Helper()
			if err := s.Keep(ctx, Draft{Call: "c1", Form: "registration", Version: n, Author: "u-1", Rev: rev, Answers: json.RawMessage(answers)}); err != nil {
				t.Fatal(err)
			}
		}
		keep(1, `{"language":"粤语"}`)
		keep(3, `{"language":"粤语","kind":"gen"}`) // need not fit yet
		keep(2, `{"language":"粤"}`)               // came late
		got, err := s.Drafts(ctx, "c1", "u-1")
		if err != nil || len(got) != 1 || got[0].Rev != 3 || !strings.Contains(string(got[0].Answers), "gen") {
			t.Fatalf("%+v, %v", got, err)
		}
		if other, err := s.Drafts(ctx, "c1", "u-2"); err != nil || len(other) != 0 {
			t.Errorf("another's: %+v, %v", other, err)
		}
		for _, bad := range []string{`[1]`, `null`, `{`, `"x"`} {
			if err := s.Keep(ctx, Draft{Call: "c1", Form: "registration", Version: n, Author: "u-1", Rev: 9, Answers: json.RawMessage(bad)}); !errors.Is(err, ErrInvalid) {
				t.Errorf("%s: %v", bad, err)
			}
		}
		var raw []byte
		if err := db.QueryRow(ctx, `SELECT sealed FROM record_drafts`).Scan(&raw); err != nil || strings.Contains(string(raw), "粤语") {
			t.Errorf("open in the database: %v", err)
		}
		if _, err := s.Save(ctx, Record{Call: "c1", Form: "registration", Version: n, Author: "u-1", Answers: json.RawMessage(`{"kind":"general","language":"粤语"}`)}); err != nil {
			t.Fatal(err)
		}
		if left, err := s.Unfinished(ctx, "u-1", 10); err != nil || len(left) != 0 {
			t.Errorf("%+v, %v", left, err)
		}
		keep(1, `{"language":"国语"}`)
		if left, err := s.Unfinished(ctx, "u-1", 10); err != nil || len(left) != 1 {
			t.Errorf("%+v, %v", left, err)
		}
		if err := s.Drop(ctx, "c1", "registration", "u-1"); err != nil {
			t.Fatal(err)
		}
		if left, err := s.Unfinished(ctx, "u-1", 10); err != nil || len(left) != 0 {
			t.Errorf("%+v, %v", left, err)
		}
	})
}

func TestSafetyPlan(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, db *storage.DB) {
		s, _ := open(t, db)
		ctx := t.Context()
		one, both := []string{"f1"}, []string{"f2", "f1"}
		if v, err := s.Safety(ctx, one); err != nil || v.Version != 0 {
			t.Errorf("%+v, %v", v, err)
		}
		v, err := s.SaveSafety(ctx, one, 0, Safety{Signs: []string{" 睡不着 ", ""}, Means: []string{"药交给姐姐保管"}}, "c1", "u-1")
		if err != nil || v.Version != 1 || !slices.Equal(v.Plan.Signs, []string{"睡不着"}) {
			t.Fatalf("%+v, %v", v, err)
		}
		if _, err := s.SaveSafety(ctx, one, 0, Safety{}, "", "u-2"); !errors.Is(err, ErrStale) {
			t.Errorf("%v", err)
		}
		// Merged into another file, the plan goes on.
		if v, err := s.SaveSafety(ctx, both, 1, Safety{Coping: []string{"散步"}}, "", "u-2"); err != nil || v.Version != 2 {
			t.Errorf("%+v, %v", v, err)
		}
		if v, err := s.RestoreSafety(ctx, both, 2, 1, "u-1"); err != nil || v.Version != 3 || v.Restored != 1 || len(v.Plan.Means) != 1 {
			t.Errorf("%+v, %v", v, err)
		}
		if _, err := s.RestoreSafety(ctx, both, 3, 9, "u-1"); !errors.Is(err, ErrNotFound) {
			t.Errorf("%v", err)
		}
		if h, err := s.SafetyHistory(ctx, both); err != nil || len(h) != 3 || h[2].Call != "c1" {
			t.Errorf("%+v, %v", h, err)
		}
		if _, err := s.SaveSafety(ctx, both, 3, Safety{Signs: []string{strings.Repeat("长", MostStep+1)}}, "", "u-1"); !errors.Is(err, ErrInvalid) {
			t.Errorf("%v", err)
		}
		var raw []byte
		if err := db.QueryRow(ctx, `SELECT sealed FROM safety_plans WHERE version = 1`).Scan(&raw); err != nil || strings.Contains(string(raw), "姐姐") {
			t.Errorf("open in the database: %v", err)
		}
	})
}
