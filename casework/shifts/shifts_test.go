package shifts

import (
	"os"
	"testing"
	"time"

	"hotline/storage"
	"hotline/storage/storagetest"
)

func TestMain(m *testing.M) { os.Exit(storagetest.Main(m)) }

var midnight = time.Date(2026, 5, 2, 0, 0, 0, 0, time.UTC)

func at(h float64) time.Time { return midnight.Add(time.Duration(h * float64(time.Hour))) }

func TestStore(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, db *storage.DB) {
		ctx := t.Context()
		s, err := Open(ctx, db)
		if err != nil {
			t.Fatal(err)
		}
		spans := []Span{
			{Agent: "u-1", Since: at(-3), State: "available"}, {Agent: "u-1", Since: at(-2), State: Talking, Call: "c1"},
			{Agent: "u-1", Since: at(-1), State: "not_ready", Reason: "break_after_red", Until: at(-0.5)},
			{Agent: "u-1", Since: at(1), State: Talking, Call: "c2"}, {Agent: "u-2", Since: at(0), State: Talking, Call: "c1"},
		}
		for range 2 { // two consoles may say the same
			if err := s.Keep(ctx, spans); err != nil {
				t.Fatal(err)
			}
		}
		all, err := s.Of(ctx, "u-1", at(-1.5))
		if err != nil || len(all) != 3 || all[0].Call != "c1" || !all[1].Until.Equal(at(-0.5)) {
			t.Errorf("%+v, %v", all, err)
		}
		if shift, err := s.Shift(ctx, "u-1", at(2)); err != nil || len(shift) != 4 {
			t.Errorf("%+v, %v", shift, err)
		}
		for who, want := range map[string]bool{"u-1": true, "u-2": true, "u-3": false} {
			if ok, err := s.Served(ctx, who, "c1"); ok != want || err != nil {
				t.Errorf("%s: %v, %v", who, ok, err)
			}
		}
		if call, since, err := s.LastCall(ctx, "u-1"); call != "c2" || !since.Equal(at(1)) || err != nil {
			t.Errorf("%q, %v, %v", call, since, err)
		}
		if call, _, err := s.LastCall(ctx, "u-9"); call != "" || err != nil {
			t.Errorf("%q, %v", call, err)
		}
		if err := s.Keep(ctx, []Span{{Agent: "u-1"}}); err == nil {
			t.Error("a span without a state was taken")
		}
	})
}

func TestCut(t *testing.T) {
	away := func(h float64) Span { return Span{Since: at(h), State: Offline} }
	here := func(h float64) Span { return Span{Since: at(h), State: "available"} }
	for name, c := range map[string]struct {
		spans []Span
		now   float64
		want  []float64
	}{
		"over midnight":      {[]Span{here(-40), away(-20), here(-3), here(1)}, 2, []float64{-3, 1}},
		"a short pause":      {[]Span{here(-5), away(-4), here(-1)}, 2, []float64{-5, -4, -1}},
		"longer than a day":  {[]Span{here(-40), here(-30), here(1)}, 2, []float64{-22, 1}},
		"away since":         {[]Span{here(-12), away(-10)}, 2, nil},
		"just signed out":    {[]Span{here(-3), away(1)}, 2, []float64{-3, 1}},
		"nothing known":      {nil, 2, nil},
		"a pause at the end": {[]Span{away(-9), here(-1)}, 2, []float64{-1}},
	} {
		got := Cut(c.spans, at(c.now))
		ok := len(got) == len(c.want)
		for i := range got {
			ok = ok && got[i].Since.Equal(at(c.want[i]))
		}
		if !ok {
			t.Errorf("%s: %+v", name, got)
		}
	}
}
