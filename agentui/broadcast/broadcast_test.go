package broadcast

import (
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"hotline/storage"
	"hotline/storage/storagetest"
)

func TestMain(m *testing.M) { os.Exit(storagetest.Main(m)) }

var noon = time.Date(2025, 5, 1, 12, 0, 0, 0, time.UTC)

func TestStore(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, db *storage.DB) {
		ctx := t.Context()
		s, err := Open(ctx, db)
		if err != nil {
			t.Fatal(err)
		}
		for text, want := range map[string]error{"": ErrText, strings.Repeat("字", 501): ErrText, "a\x00b": ErrText, strings.Repeat("字", 500): nil} {
			if _, err := s.Write(ctx, noon.Add(-48*time.Hour), "u-1", text, false, time.Hour); !errors.Is(err, want) {
				t.Errorf("%q: %v", text, err)
			}
		}
		for _, span := range []time.Duration{0, time.Second, 8 * 24 * time.Hour} {
			if _, err := s.Write(ctx, noon, "u-1", "x", false, span); !errors.Is(err, ErrSpan) {
				t.Errorf("%s: %v", span, err)
			}
		}
		calm, err := s.Write(ctx, noon, "u-1", " 今晚 22 点系统维护\n请留意 ", false, time.Hour)
		if err != nil || calm.Text != "今晚 22 点系统维护\n请留意" {
			t.Fatalf("%+v, %v", calm, err)
		}
		later, err := s.Write(ctx, noon.Add(time.Second), "u-2", "later", false, 2*time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		urgent, err := s.Write(ctx, noon.Add(-time.Minute), "u-1", "urgent", true, time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		for _, user := range []string{"u-9", "u-8", "u-9"} {
			if err := s.Read(ctx, noon.Add(time.Minute), calm.ID, user); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.Read(ctx, noon, "none", "u-9"); !errors.Is(err, ErrNotFound) {
			t.Error(err)
		}
		now, err := s.Current(ctx, noon.Add(time.Minute))
		if err != nil || len(now) != 3 || now[0].ID != urgent.ID || now[1].ID != later.ID || now[2].ID != calm.ID {
			t.Fatalf("%+v, %v", now, err)
		}
		if r := now[2]; len(r.Reads) != 2 || r.Reads[0].User != "u-8" || !r.ReadBy("u-9") || r.ReadBy("u-1") || !r.Reads[0].At.Equal(noon.Add(time.Minute)) {
			t.Errorf("reads %+v", r.Reads)
		}
		for _, by := range []string{"u-1", "u-2"} {
			if err := s.End(ctx, noon.Add(2*time.Minute), urgent.ID, by); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.End(ctx, noon, "none", "u-1"); !errors.Is(err, ErrNotFound) {
			t.Error(err)
		}
		if now, err = s.Current(ctx, noon.Add(90*time.Minute)); err != nil || len(now) != 1 || now[0].ID != later.ID {
			t.Errorf("%+v, %v", now, err)
		}
		all, err := s.Latest(ctx, 3)
		if err != nil || len(all) != 3 || all[2].EndedBy != "u-1" || all[2].Ended.IsZero() || len(all[1].Reads) != 2 {
			t.Errorf("%+v, %v", all, err)
		}
		if none, err := s.Current(ctx, noon.Add(24*time.Hour)); len(none) != 0 || err != nil {
			t.Errorf("%+v, %v", none, err)
		}
	})
}
