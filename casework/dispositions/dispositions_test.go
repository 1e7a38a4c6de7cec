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
		f := form()
		f.Version = 4
		if _, ok, err := s.Of(ctx, "c1"); ok || err != nil {
			t.Errorf("%v, %v", ok, err)
		}
		said := Answers{Danger: {DangerNotPossible}, WhyNot: {" 来电者沉默 "}, "outcome": {"supported", "referred"}}
		first, err := s.Save(ctx, f, "c1", "u-1", said)
		if err != nil || first.Form != 4 || first.Answers[WhyNot][0] != "来电者沉默" {
			t.Fatalf("%+v, %v", first, err)
		}
		if again, err := s.Save(ctx, f, "c1", "u-1", said); err != nil || again.ID != first.ID {
			t.Errorf("%+v, %v", again, err)
		}
		var raw []byte
		if err := db.QueryRow(ctx, `SELECT said FROM dispositions`).Scan(&raw); err != nil || strings.Contains(string(raw), "沉默") {
			t.Errorf("open in the database (%v)", err)
		}
		said[Danger] = []string{DangerDenied}
		if next, err := s.Save(ctx, f, "c1", "u-1", said); err != nil || next.ID == first.ID || len(next.Answers[WhyNot]) != 0 {
			t.Errorf("%+v, %v", next, err)
		}
		if r, ok, err := s.Of(ctx, "c1"); !ok || err != nil || r.Answers[Danger][0] != DangerDenied || len(r.Answers["outcome"]) != 2 {
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

func form() Form {
	return Form{Questions: []Question{
		{ID: Danger, Kind: One, Choices: []string{DangerDenied, DangerPresent, DangerNotPossible}, Required: true},
		{ID: WhyNot, Kind: Text, Required: true, When: Danger, WhenChoice: DangerNotPossible},
		{ID: "outcome", Kind: Many, Choices: []string{"supported", "referred"}},
	}}
}

func TestForm(t *testing.T) {
	for name, a := range map[string]Answers{
		"no answer": {}, "another answer": {Danger: {"maybe"}}, "two answers": {Danger: {DangerDenied, DangerPresent}},
		"no reason": {Danger: {DangerNotPossible}, WhyNot: {" "}}, "a choice that is none": {Danger: {DangerDenied}, "outcome": {"weather"}},
		"twice": {Danger: {DangerDenied}, "outcome": {"referred", "referred"}}, "no such question": {Danger: {DangerDenied}, "weather": {"fine"}},
		"a long reason": {Danger: {DangerNotPossible}, WhyNot: {strings.Repeat("长", MostWords+1)}},
	} {
		if _, err := form().Fit(a); !errors.Is(err, ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if a, err := form().Fit(Answers{Danger: {DangerDenied}, WhyNot: {"不用"}}); err != nil || len(a) != 1 {
		t.Errorf("%v, %v", a, err)
	}
}

// TestNoFormLacksTheDanger: whatever an administrator made of the form, suicide is asked about.
func TestNoFormLacksTheDanger(t *testing.T) {
	if f := form().Complete(); len(f.Questions) != 3 {
		t.Errorf("%+v", f)
	}
	for name, spoil := range map[string]func(*Form){
		"taken out":        func(f *Form) { f.Questions = f.Questions[2:] },
		"not required":     func(f *Form) { f.Questions[0].Required = false },
		"a choice is gone": func(f *Form) { f.Questions[0].Choices = f.Questions[0].Choices[:2] },
		"no reason":        func(f *Form) { f.Questions[1].Required = false },
		"sometimes":        func(f *Form) { f.Questions[0].When, f.Questions[0].WhenChoice = "outcome", "referred" },
	} {
		f := form()
		spoil(&f)
		if f = f.Complete(); len(f.Questions) != 3 || f.Questions[0].ID != Danger || !f.Questions[0].Required || len(f.Questions[0].Choices) != 3 || f.Questions[1].When != Danger || f.Questions[2].ID != "outcome" {
			t.Errorf("%s: %+v", name, f)
		}
	}
}
