package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"hotline/casework"
	"hotline/queue"
	"hotline/queue/queuetest"
	"hotline/storage"
	"hotline/telephony"
	"hotline/telephony/call"
)

// TestLateLedger: the database comes back, and what was tried again is in it, the number sealed.
func TestLateLedger(t *testing.T) {
	dir := t.TempDir()
	if err := casework.CreateKeys(dir); err != nil {
		t.Fatal(err)
	}
	keys, err := casework.LoadKeys(dir, region)
	if err != nil {
		t.Fatal(err)
	}
	away := errors.New("the database is away")
	there := false
	var db *storage.DB
	l := &lateLedger{open: func(ctx context.Context) (ledger, error) {
		if !there {
			return ledger{}, away
		}
		var err error
		if db, err = storage.Open(ctx, storage.Config{URL: "sqlite:" + filepath.Join(dir, "h.db")}); err != nil {
			return ledger{}, err
		}
		callbacks, err := casework.NewCallbacks(casework.CallbacksConfig{}, db, keys)
		if err != nil {
			return ledger{}, err
		}
		return ledger{casework.NewLedger(db), callbacks, keys, casework.KnownRules{}, nil, nil}, casework.Migrate(ctx, db)
	}}
	now := time.Now().UTC().Truncate(time.Millisecond)
	r := telephony.Record{
		Node: "node-1", Dialled: "12355", Caller: "13800138000",
		Call: call.Call{ID: "c1", Line: "12355", State: call.Ended, Arrived: now, Queued: now, Talked: now.Add(time.Second), Ended: now.Add(time.Minute), EndedBy: call.ByAgent, Spoken: 50 * time.Second, Left: true, Hops: "south"},
	}
	if err := l.Close(t.Context(), r); !errors.Is(err, away) {
		t.Fatalf("error %v", err)
	}
	there = true
	if err := l.Close(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	got, err := casework.NewLedger(db).Get(t.Context(), "c1")
	if err != nil {
		t.Fatal(err)
	}
	if got.Outcome != casework.Answered || got.Talk != 50*time.Second || got.Cause.By != casework.ByAgent || got.CallerRef == "" || !got.LeftWaiting || !got.Relayed {
		t.Errorf("row %+v", got)
	}
	if number, err := keys.Open(got.CallerSealed, casework.CallerContext("c1")); err != nil || casework.Normalise(number, region) != casework.Normalise(r.Caller, region) {
		t.Errorf("the sealed number does not open to the caller's: %v", err)
	}
	r.Call.ID = "c2"
	r.Call.Agent = ""
	if k, err := l.Open(t.Context(), r); err != nil || k.History != 1 || k.Tier != "" || k.Blocked {
		t.Errorf("known %+v, %v", k, err)
	}
	if err := l.Promise(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	if err := l.Withdraw(t.Context(), "c2"); err != nil {
		t.Fatal(err)
	}
	r.Caller = "12355"
	if err := l.Promise(t.Context(), r); !errors.Is(err, casework.ErrUnusable) {
		t.Errorf("promised to a number that cannot be called: %v", err)
	}
}

// TestLiveElsewhere: a caller who talks with somebody elsewhere is in no queue, and on the line as long as a controller renews the lease.
func TestLiveElsewhere(t *testing.T) {
	ctx := t.Context()
	q, err := queue.New(queuetest.Start(t).Client(t), queue.Config{Site: "test"})
	if err != nil {
		t.Fatal(err)
	}
	lease, err := q.Claim(ctx, "c1", "controller-1", 0, 3*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	live := liveIDs(q)
	for i, renewed := range []bool{true, true, false, true} {
		if renewed {
			if lost, err := q.Renew(ctx, []queue.Lease{lease}, time.Duration(3+i)*time.Second); err != nil || len(lost) > 0 {
				t.Fatal(lost, err)
			}
		}
		if ids, err := live(ctx); err != nil || ids["c1"] != renewed {
			t.Errorf("look %d: renewed %t, live %v, %v", i, renewed, ids, err)
		}
	}
}

// TestNoteOfAnUntaggedCall: a caller who left between the claim and the first tag leaves a note, and a controller has a row of the same call.
func TestNoteOfAnUntaggedCall(t *testing.T) {
	const channel = "node-1-1700000000.7"
	dir := t.TempDir()
	for name, want := range map[string]string{
		"note_1_" + channel + "__12355_12355__1700000000__1700000042_0_0.alaw":           string(telephony.CallID(channel)),
		"note_1_node-1-1700000000.8_01JABC_12355_12355__1700000000__1700000042_0_0.alaw": "01JABC",
	} {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		notes, err := fallback(1, dir, nil).Notes()
		if err != nil || len(notes) != 1 || notes[0].Call != want {
			t.Errorf("%s: %+v, %v; want the call %s", name, notes, err, want)
		}
		if err := os.Remove(file); err != nil {
			t.Fatal(err)
		}
	}
}
