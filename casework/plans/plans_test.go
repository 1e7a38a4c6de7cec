package plans

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
		old, both := []string{"1-old"}, []string{"2-new", "1-old"}
		if p, err := s.Of(ctx, both); err != nil || p.Version != 0 {
			t.Errorf("%+v, %v", p, err)
		}
		if p, err := s.Save(ctx, old, 0, " 先听，再问睡眠 ", "u-1"); err != nil || p.Version != 1 || p.Text != "先听，再问睡眠" {
			t.Errorf("%+v, %v", p, err)
		}
		// A second key: the plan goes on under it.
		if p, err := s.Save(ctx, both, 1, "每次十五分钟", "u-2"); err != nil || p.Version != 2 {
			t.Errorf("%+v, %v", p, err)
		}
		if _, err := s.Save(ctx, both, 1, "晚了", "u-3"); !errors.Is(err, ErrStale) {
			t.Errorf("%v", err)
		}
		if p, err := s.Restore(ctx, both, 2, 1, "u-3"); err != nil || p.Version != 3 || p.Restored != 1 || p.Text != "先听，再问睡眠" {
			t.Errorf("%+v, %v", p, err)
		}
		if _, err := s.Restore(ctx, both, 3, 9, "u-3"); !errors.Is(err, ErrNotFound) {
			t.Errorf("%v", err)
		}
		if p, err := s.Of(ctx, both); err != nil || p.Version != 3 || p.Author != "u-3" {
			t.Errorf("%+v, %v", p, err)
		}
		all, err := s.History(ctx, both)
		if err != nil || len(all) != 3 || all[0].Version != 3 || all[2].Author != "u-1" {
			t.Errorf("%+v, %v", all, err)
		}
		if p, err := s.Of(ctx, []string{"1-another"}); err != nil || p.Version != 0 {
			t.Errorf("%+v, %v", p, err)
		}
		if _, err := s.Save(ctx, nil, 0, "x", "u-1"); !errors.Is(err, ErrNoCaller) {
			t.Errorf("%v", err)
		}
		if _, err := s.Save(ctx, both, 3, strings.Repeat("长", MostText+1), "u-1"); !errors.Is(err, ErrInvalid) {
			t.Errorf("%v", err)
		}
		var raw []byte
		if err := db.QueryRow(ctx, `SELECT sealed FROM plans WHERE version = 1`).Scan(&raw); err != nil || strings.Contains(string(raw), "睡眠") {
			t.Errorf("open in the database (%v)", err)
		}
	})
}
