package handovers

import (
	"bytes"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"hotline/casework"
	"hotline/storage"
	"hotline/storage/storagetest"
)

func TestMain(m *testing.M) { os.Exit(storagetest.Main(m)) }

func open(t *testing.T, db *storage.DB) *Store {
	t.Helper()
	dir := t.TempDir()
	if err := casework.CreateKeys(dir); err != nil {
		t.Fatal(err)
	}
	keys, err := casework.LoadKeys(dir, "CN")
	if err != nil {
		t.Fatal(err)
	}
	s, err := Open(t.Context(), db, keys)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestASummaryIsKeptSealed(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, db *storage.DB) {
		ctx, s := t.Context(), open(t, db)
		noon := time.Date(2025, 5, 1, 12, 0, 0, 0, time.UTC)
		s.now = func() time.Time { return noon }
		text := "来电人情绪已平稳\n明早复访"
		id, err := s.Write(ctx, "c1", "u-1", "u-2", " "+text+" ")
		if err != nil {
			t.Fatal(err)
		}
		h, err := s.Get(ctx, id)
		if want := (Handover{id, "c1", "u-1", "u-2", noon, text}); err != nil || h.At.Compare(noon) != 0 || h.Text != want.Text || h.Call != want.Call || h.From != want.From || h.To != want.To {
			t.Errorf("%+v, %v", h, err)
		}
		var sealed []byte
		if err := db.QueryRow(ctx, `SELECT text FROM handovers WHERE id = ?`, id).Scan(&sealed); err != nil || bytes.Contains(sealed, []byte("来电人")) {
			t.Errorf("the text rests open: %v", err)
		}
		if _, err := db.Exec(ctx, `UPDATE handovers SET call_id = 'c2' WHERE id = ?`, id); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Get(ctx, id); !errors.Is(err, casework.ErrSealed) {
			t.Errorf("it opens in another call: %v", err)
		}
	})
}

func TestWhatIsNoSummary(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, db *storage.DB) {
		ctx, s := t.Context(), open(t, db)
		for _, text := range []string{"", " \n", strings.Repeat("字", TextMost+1), "a\x00b", "\xff"} {
			if _, err := s.Write(ctx, "c1", "u-1", "u-2", text); !errors.Is(err, ErrText) {
				t.Errorf("%q: %v", text, err)
			}
		}
		if _, err := s.Write(ctx, "c1", "u-1", "u-2", strings.Repeat("字", TextMost)); err != nil {
			t.Error(err)
		}
		if _, err := s.Get(ctx, "none"); !errors.Is(err, ErrNotFound) {
			t.Error(err)
		}
	})
}
