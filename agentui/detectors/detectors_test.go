package detectors

import (
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"hotline/agentui/passes"
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
		for _, name := range []string{"", " ", "a\nb", strings.Repeat("测", 61)} {
			if _, _, err := s.Make(ctx, noon, name, passes.Only, "u-1"); !errors.Is(err, ErrName) {
				t.Errorf("%q: %v", name, err)
			}
		}
		made, secret, err := s.Make(ctx, noon, "语音风险识别", passes.Only, "u-1")
		if err != nil || len(secret) != 43 {
			t.Fatalf("%+v %q %v", made, secret, err)
		}
		if got, err := s.Known(ctx, noon.Add(time.Minute), secret, passes.Only); err != nil || got.ID != made.ID || !got.Seen.IsZero() {
			t.Errorf("%+v, %v", got, err)
		}
		for _, other := range []string{"", made.ID, secret[1:], passes.Hashed(secret)} {
			if _, err := s.Known(ctx, noon, other, passes.Only); !errors.Is(err, ErrNotFound) {
				t.Errorf("%q: %v", other, err)
			}
		}
		var kept string
		if err := db.QueryRow(ctx, `SELECT id || name || secret FROM detectors`).Scan(&kept); err != nil || strings.Contains(kept, secret) {
			t.Errorf("the secret itself is kept: %v", err)
		}
		if err := s.Revoke(ctx, noon, "none", "u-1"); !errors.Is(err, ErrNotFound) {
			t.Error(err)
		}
		for _, by := range []string{"u-2", "u-3"} {
			if err := s.Revoke(ctx, noon.Add(time.Hour), made.ID, by); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := s.Known(ctx, noon, secret, passes.Only); !errors.Is(err, ErrNotFound) {
			t.Errorf("after it was taken back: %v", err)
		}
		for range most {
			if _, _, err := s.Make(ctx, noon.Add(time.Hour), "x", passes.Only, "u-1"); err != nil {
				t.Fatal(err)
			}
		}
		if _, _, err := s.Make(ctx, noon, "x", passes.Only, "u-1"); !errors.Is(err, ErrTooMany) {
			t.Error(err)
		}
		all, err := s.List(ctx)
		if last := all[len(all)-1]; err != nil || len(all) != most+1 || last.RevokedBy != "u-2" || !last.Seen.Equal(noon.Add(time.Minute)) {
			t.Errorf("%d, %+v, %v", len(all), last, err)
		}
	})
}
