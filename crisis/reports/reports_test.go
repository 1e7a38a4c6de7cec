package reports

import (
	"errors"
	"os"
	"strings"
	"testing"

	"hotline/crisis"
	"hotline/storage"
	"hotline/storage/storagetest"
)

func TestMain(m *testing.M) { os.Exit(storagetest.Main(m)) }

// plain seals nothing, but ties what it keeps to its context.
type plain struct{}

func (plain) Seal(text, context string) ([]byte, error) { return []byte(context + "|" + text), nil }
func (plain) Open(sealed []byte, context string) (string, error) {
	text, ok := strings.CutPrefix(string(sealed), context+"|")
	if !ok {
		return "", errors.New("sealed for something else")
	}
	return text, nil
}

func TestReportsAreKeptInVersions(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, db *storage.DB) {
		s, err := Open(t.Context(), db, plain{})
		if err != nil {
			t.Fatal(err)
		}
		if _, filed, err := s.Of(t.Context(), "i-1"); err != nil || filed {
			t.Errorf("before any: %v %v", filed, err)
		}
		first := Report{Incident: "i-1", Policy: 2, Answers: map[string]string{"summary": "手边有药"}, By: "u-1"}
		for range 2 { // the second time nothing new is filed
			if r, err := s.File(t.Context(), first); err != nil || r.Version != 1 {
				t.Errorf("filed %+v %v", r, err)
			}
		}
		second := first
		second.By, second.Answers = "u-2", map[string]string{"summary": "已送医"}
		if r, err := s.File(t.Context(), second); err != nil || r.Version != 2 {
			t.Errorf("corrected %+v %v", r, err)
		}
		r, filed, err := s.Of(t.Context(), "i-1")
		if err != nil || !filed || r.Answers["summary"] != "已送医" || r.By != "u-2" || r.Policy != 2 || r.At.IsZero() {
			t.Errorf("%+v %v %v", r, filed, err)
		}
		if _, filed, _ := s.Of(t.Context(), "i-2"); filed {
			t.Error("another incident has the report")
		}
	})
}

func TestAReportFitsItsForm(t *testing.T) {
	form := crisis.ReportForm{Fields: []crisis.Field{{ID: "summary", Required: true}, {ID: "lessons"}}}
	for name, c := range map[string]struct {
		answers map[string]string
		ok      bool
	}{
		"whole":           {map[string]string{"summary": "x"}, true},
		"with more":       {map[string]string{"summary": "x", "lessons": ""}, true},
		"without":         {map[string]string{"lessons": "y"}, false},
		"blank":           {map[string]string{"summary": " "}, false},
		"of another form": {map[string]string{"summary": "x", "colour": "red"}, false},
		"too long":        {map[string]string{"summary": strings.Repeat("长", MostAnswer+1)}, false},
	} {
		if err := Check(form, c.answers); (err == nil) != c.ok || err != nil && !errors.Is(err, ErrIncomplete) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
