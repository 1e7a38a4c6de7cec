package comments

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

func TestCommentsStandByTheirMoments(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, db *storage.DB) {
		ctx, s := t.Context(), open(t, db)
		late, err := s.Write(ctx, "c1", 90*time.Second, "u-1", " 这里沉默过久 ")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Write(ctx, "c1", 1500*time.Millisecond, "u-2", "问候得体\n第二行"); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Write(ctx, "c2", 0, "u-2", "另一段录音"); err != nil {
			t.Fatal(err)
		}
		all, err := s.Of(ctx, "c1")
		if err != nil || len(all) != 2 || all[0].At != 1500*time.Millisecond || all[1].ID != late.ID || all[1].Text != "这里沉默过久" || all[1].By != "u-1" || !all[1].Made.Equal(late.Made) {
			t.Fatalf("%+v, %v", all, err)
		}
		var sealed []byte
		if err := db.QueryRow(ctx, `SELECT text FROM recording_comments WHERE id = ?`, late.ID).Scan(&sealed); err != nil || bytes.Contains(sealed, []byte("沉默")) {
			t.Errorf("the words rest open: %v", err)
		}
		if err := s.Withdraw(ctx, "c1", late.ID, "u-2"); !errors.Is(err, ErrNotYours) {
			t.Errorf("another withdraws it: %v", err)
		}
		for _, bad := range [][2]string{{"c2", late.ID}, {"c1", "none"}} {
			if err := s.Withdraw(ctx, bad[0], bad[1], "u-1"); !errors.Is(err, ErrNotFound) {
				t.Errorf("%v: %v", bad, err)
			}
		}
		for range 2 {
			if err := s.Withdraw(ctx, "c1", late.ID, "u-1"); err != nil {
				t.Fatal(err)
			}
		}
		var left int
		if err := db.QueryRow(ctx, `SELECT count(*) FROM recording_comments WHERE id = ? AND text IS NULL`, late.ID).Scan(&left); err != nil || left != 1 {
			t.Errorf("the words are still there: %v", err)
		}
		if all, err := s.Of(ctx, "c1"); err != nil || len(all) != 1 {
			t.Errorf("%+v, %v", all, err)
		}
	})
}

func TestWhatIsNoComment(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, db *storage.DB) {
		ctx, s := t.Context(), open(t, db)
		for _, text := range []string{"", " \n", strings.Repeat("字", TextMost+1), "a\x00b", "\xff"} {
			if _, err := s.Write(ctx, "c1", 0, "u-1", text); !errors.Is(err, ErrText) {
				t.Errorf("%q: %v", text, err)
			}
		}
		if _, err := s.Write(ctx, "c1", -1, "u-1", "x"); err == nil {
			t.Error("before the beginning")
		}
		if _, err := db.Exec(ctx, `INSERT INTO recording_comments (id, recording, at_ms, by_who, made_ms, withdrawn_ms, text)
			WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?) SELECT 'x' || i, 'c3', 0, 'u', 1, 0, NULL FROM n`, Most); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Write(ctx, "c3", 0, "u-1", "x"); !errors.Is(err, ErrTooMany) {
			t.Errorf("one too many: %v", err)
		}
	})
}
