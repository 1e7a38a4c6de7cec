package main

import (
	"log/slog"
	"testing"
	"time"

	"hotline/casework"
	"hotline/casework/assessments"
	"hotline/casework/files"
	"hotline/storage"
	"hotline/storage/storagetest"
)

// What was said of a call's danger is in the file of whom the call is about, also when the console died before it could tell, and when the ledger had the
// call later.
func TestLevelsReachFiles(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, db *storage.DB) {
		ctx, dir := t.Context(), t.TempDir()
		if err := casework.CreateKeys(dir); err != nil {
			t.Fatal(err)
		}
		keys, err := casework.LoadKeys(dir, region)
		if err != nil {
			t.Fatal(err)
		}
		if err := casework.Migrate(ctx, db); err != nil {
			t.Fatal(err)
		}
		persons, err := files.Open(ctx, db, keys)
		if err != nil {
			t.Fatal(err)
		}
		said, err := assessments.Open(ctx, db, keys)
		if err != nil {
			t.Fatal(err)
		}
		l := &fileLevels{said: said, files: persons, log: slog.New(slog.DiscardHandler), done: map[string]time.Time{}}
		const number, call = "13800138000", "c1"
		now := time.Now()
		if err := said.Rise(ctx, assessments.Change{ID: assessments.NewID(), Call: call, At: now, By: "u-1", Level: "high", Definition: 4}); err != nil {
			t.Fatal(err)
		}
		high := func() bool {
			t.Helper()
			if err := l.look(ctx, now); err != nil {
				t.Fatal(err)
			}
			h, err := persons.HighRisk(ctx, keys.CallerRefs(number))
			if err != nil {
				t.Fatal(err)
			}
			return h
		}
		if high() {
			t.Error("high before the books have the call")
		}
		sealed, err := keys.Seal(number, casework.CallerContext(call))
		if err != nil {
			t.Fatal(err)
		}
		if err := casework.NewLedger(db).Open(ctx, casework.CallRecord{ID: call, Line: "12355", Arrived: now, CallerRef: keys.CallerRef(number), CallerSealed: sealed}); err != nil {
			t.Fatal(err)
		}
		if !high() {
			t.Error("the level did not reach the file")
		}
		f, ok, err := persons.OfCall(ctx, call)
		if err != nil || !ok || f.LevelBy != "u-1" || f.LevelVersion != 4 {
			t.Errorf("%+v, %v", f, err)
		}
		high()
		if h, err := persons.History(ctx, f.ID, 10); err != nil || len(h) != 2 { // the link, and the level once
			t.Errorf("%+v, %v", h, err)
		}
	})
}
