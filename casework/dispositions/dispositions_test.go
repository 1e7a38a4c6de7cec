package dispositions

import (
	"errors"
	"os"
	"strings"
	"testing"

	"hotline/casework"
	"hotline/storage"
	"hotline/storage/storagetest"
)

func TestMain(m *testing.M) { os.Exit(storagetest.Main(m)) }

func TestStore(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, db *storage.DB) {
		dir := t.TempDir()
		if err := casework.CreateKeys(dir); err != nil {
			t.Fatal(err)
		}
		keys, err := casework.LoadKeys(dir, "CN")
		if err != nil {
			t.Fatal(err)
		}
		ctx := t.Context()
		s, err := Open(ctx, db, keys)
		if err != nil {
			t.Fatal(err)
		}
		form := Default()
		form.Version = 4
		if _, ok, err := s.Of(ctx, "c1"); ok || err != nil {
			t.Errorf("%v, %v", ok, err)
		}
		said := Record{Call: "c1", Agent: "u-1", Danger: DangerNotPossible, Reason: " 来电者沉默 ", Problems: []string{"sleep", "work"}}
		first, err := s.Save(ctx, form, said)
		if err != nil || first.Form != 4 || first.Reason != "来电者沉默" {
			t.Fatalf("%+v, %v", first, err)
		}
		if again, err := s.Save(ctx, form, said); err != nil || again.ID != first.ID {
			t.Errorf("%+v, %v", again, err)
		}
		said.Danger = DangerDenied
		if next, err := s.Save(ctx, form, said); err != nil || next.ID == first.ID || next.Reason != "" {
			t.Errorf("%+v, %v", next, err)
		}
		if r, ok, err := s.Of(ctx, "c1"); !ok || err != nil || r.Danger != DangerDenied || strings.Join(r.Problems, ",") != "sleep,work" {
			t.Errorf("%+v, %v, %v", r, ok, err)
		}
		if have, err := s.Have(ctx, []string{"c1", "c2"}); err != nil || !have["c1"] || have["c2"] {
			t.Errorf("%v, %v", have, err)
		}
		if have, err := s.Have(ctx, nil); err != nil || len(have) != 0 {
			t.Errorf("%v, %v", have, err)
		}
	})
}

func TestForm(t *testing.T) {
	form := Default()
	for name, r := range map[string]Record{
		"no answer": {}, "another answer": {Danger: "maybe"}, "no reason": {Danger: DangerNotPossible, Reason: " 无 "},
		"unknown problem": {Danger: DangerAsked, Problems: []string{"weather"}}, "twice": {Danger: DangerAsked, Problems: []string{"sleep", "sleep"}},
		"too many":    {Danger: DangerAsked, Problems: []string{"sleep", "work", "study", "love", "family", "health"}},
		"long reason": {Danger: DangerNotPossible, Reason: strings.Repeat("长", ReasonMost+1)},
	} {
		if err := form.Check(r); !errors.Is(err, ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := form.Check(Record{Danger: DangerAsked}); err != nil {
		t.Error(err)
	}
}
