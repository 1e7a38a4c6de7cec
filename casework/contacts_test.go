package casework

import (
	"errors"
	"testing"
	"time"

	"hotline/storage"
	"hotline/storage/storagetest"
)

func TestContacts(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, db *storage.DB) {
		ctx := t.Context()
		if err := Migrate(ctx, db); err != nil {
			t.Fatal(err)
		}
		dir := t.TempDir()
		if err := CreateKeys(dir); err != nil {
			t.Fatal(err)
		}
		keys, err := LoadKeys(dir, "CN")
		if err != nil {
			t.Fatal(err)
		}
		ledger, contacts := NewLedger(db), NewContacts(db, keys)
		noon := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
		write := func(id, number string, at time.Time, end Outcome) {
			t.Helper()
			r := CallRecord{ID: id, Line: "12355", Tier: "normal", Agent: "u-1", Arrived: at, Talked: at.Add(time.Minute)}
			if number != "" {
				sealed, err := keys.Seal(number, CallerContext(id))
				if err != nil {
					t.Fatal(err)
				}
				r.CallerRef, r.CallerSealed = keys.CallerRef(number), sealed
			}
			if err := ledger.Open(ctx, r); err != nil {
				t.Fatal(err)
			}
			if end == "" {
				return
			}
			if err := ledger.Close(ctx, id, Closing{EndedAt: at.Add(5 * time.Minute), Outcome: end, Cause: Cause{By: ByAgent}}); err != nil {
				t.Fatal(err)
			}
		}
		write("old", "138 0013 8000", noon, Answered)
		write("other", "13900139000", noon, Answered)
		write("now", "+8613800138000", noon.Add(time.Hour), "")
		write("hidden", "", noon.Add(time.Hour), "")

		c, err := contacts.Caller(ctx, "now")
		if err != nil || c.Withheld || c.Masked != "138******00" || c.Region != "CN" || c.Places["zh"] == "" || c.Places["en"] == "" {
			t.Fatalf("%+v, %v", c, err)
		}
		before, err := contacts.Earlier(ctx, c.Refs, "now", 5)
		if err != nil || len(before) != 1 || before[0].ID != "old" || before[0].Talk != 4*time.Minute {
			t.Errorf("%+v, %v", before, err)
		}
		if n, err := contacts.Number(ctx, "now"); err != nil || n != "138 0013 8000" {
			t.Errorf("%q, %v", n, err)
		}
		if c, err := contacts.Caller(ctx, "hidden"); err != nil || !c.Withheld || len(c.Refs) != 0 {
			t.Errorf("%+v, %v", c, err)
		}
		if _, err := contacts.Number(ctx, "hidden"); !errors.Is(err, ErrNoCaller) {
			t.Errorf("%v", err)
		}
		if _, err := contacts.Caller(ctx, "nobody"); !errors.Is(err, ErrNotFound) {
			t.Errorf("%v", err)
		}
		all, err := contacts.Calls(ctx, []string{"old", "now", "nobody"})
		if err != nil || len(all) != 2 {
			t.Errorf("%+v, %v", all, err)
		}
		// A callback: the ledger has no number before the talk, the task has.
		tasks, err := NewCallbacks(CallbacksConfig{}, db, keys)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := tasks.Promise(ctx, Promise{Call: "old", Line: "12355", Number: "13800138000", Place: noon, Tier: "normal"}); err != nil {
			t.Fatal(err)
		}
		if list, err := tasks.OfCaller(ctx, c.Refs, 5); err != nil || len(list) != 1 || list[0].Masked != "138******00" {
			t.Errorf("%+v, %v", list, err)
		}
		open, err := tasks.Open(ctx, 1)
		if err == nil { // nobody is called who is on the line
			err = ledger.Close(ctx, "now", Closing{EndedAt: noon.Add(2 * time.Hour), Outcome: Abandoned})
		}
		if err == nil {
			_, err = tasks.CallNow(ctx, open[0].ID, "u-1") // at any hour
		}
		if err != nil {
			t.Fatal(err)
		}
		got, err := tasks.Claim(ctx, "controller-1", time.Minute, 1)
		if err != nil || len(got) != 1 {
			t.Fatalf("%+v, %v", got, err)
		}
		if c, err := contacts.Caller(ctx, got[0].Entry); err != nil || c.Masked != "138******00" {
			t.Errorf("%+v, %v", c, err)
		}
	})
}

func TestPlaces(t *testing.T) {
	for number, want := range map[string][3]string{
		"+861065551234":  {"CN", "北京市", "Beijing"},
		"+862787654321":  {"CN", "湖北省武汉市", "Wuhan, Hubei"},
		"+14155552671":   {"US", "San Francisco, CA", "San Francisco, CA"},
		"12355":          {},
		"+8613800138000": {"CN", "北京市", "Beijing"},
	} {
		country, names := places(number, "CN")
		if country != want[0] || names["zh"] != want[1] || names["en"] != want[2] {
			t.Errorf("%s: %s %v", number, country, names)
		}
	}
}
