package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hotline/agentui"
	"hotline/agentui/persons"
	"hotline/agentui/tapes"
	"hotline/audio"
	"hotline/casework"
	"hotline/casework/handovers"
	"hotline/casework/phonebook"
	"hotline/casework/retention"
	"hotline/recordings"
	"hotline/recordings/vault/s3test"
	"hotline/storage"
	"hotline/storage/storagetest"
)

// taped has two recordings in it: that of c1 in two parts, and that of c2.
func taped(t *testing.T, s site) *storage.DB {
	t.Helper()
	c, ctx := s.config(), t.Context()
	if _, err := prepare(ctx, &c); err != nil {
		t.Fatal(err)
	}
	to, err := c.recipients()
	if err != nil {
		t.Fatal(err)
	}
	quiet := slog.New(slog.DiscardHandler)
	rec, err := recordings.NewRecorder(recordings.Config{Dir: c.spool(), Recipients: to, Log: quiet})
	if err != nil {
		t.Fatal(err)
	}
	db := storagetest.Open(t, c.Database)
	openConsole(t, c, db, quiet)
	ledger := casework.NewLedger(db)
	for _, call := range []string{"c1", "c2"} {
		if err := ledger.Open(ctx, casework.CallRecord{ID: call, Line: "12355", Arrived: time.Now().Add(-time.Minute)}); err != nil {
			t.Fatal(err)
		}
		if err := ledger.Close(ctx, call, casework.Closing{EndedAt: time.Now(), Outcome: casework.Answered}); err != nil {
			t.Fatal(err)
		}
	}
	for part, call := range map[string]string{"p1": "c1", "p2": "c1", "p3": "c2"} {
		take, err := rec.Start(part, recordings.Meta{Call: call, Line: "12355", Agent: "u-1"})
		if err != nil {
			t.Fatal(err)
		}
		take.Write(recordings.Left, 0, audio.PCMA.Encode(nil, audio.Sine(8000, 440, 0.5, 0, 12000)))
		take.Write(recordings.Right, 0, audio.PCMA.Encode(nil, audio.Sine(8000, 1000, 0.5, 0, 12000)))
		if _, err := take.Close(); err != nil {
			t.Fatal(err)
		}
	}
	takenIn(t, c, db, `SELECT count(*) FROM recording_heads WHERE audited_ms > 0`, 3)
	return db
}

// openConsole makes the tables that a console opens.
func openConsole(t *testing.T, c Config, db *storage.DB, log *slog.Logger) {
	t.Helper()
	ctx := t.Context()
	keys, err := c.callerKeys()
	if err != nil {
		t.Fatal(err)
	}
	rules := c.callbackRules()
	callbacks, err1 := rules.callbacks(db, keys)
	_, err2 := agentui.OpenCare(ctx, db, keys)
	escalation, err3 := c.escalation(ctx, db, keys, log)
	danger, err4 := agentui.OpenRisk(ctx, db, keys)
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		t.Fatal(err)
	}
	_, err1 = c.aftercare(ctx, db, keys, rules, callbacks, escalation.Incidents)
	_, err2 = persons.Open(ctx, db, keys, danger.Forms, escalation.Policy, nil)
	_, err3 = handovers.Open(ctx, db, keys)
	_, err4 = phonebook.Open(ctx, db, keys, region)
	_, err5 := c.places(ctx, db, keys, log)
	_, err6 := c.staff(ctx, db, keys, callbacks, escalation.Incidents)
	_, err8 := c.reviewed(ctx, db, keys)
	_, err7 := tapes.Open(ctx, db, keys, nil)
	if err := errors.Join(err1, err2, err3, err4, err5, err6, err7, err8); err != nil {
		t.Fatal(err)
	}
}

// takenIn runs the worker's part until a number is reached.
func takenIn(t *testing.T, c Config, db *storage.DB, query string, want int) {
	t.Helper()
	ctx, stop := context.WithTimeout(t.Context(), 30*time.Second)
	defer stop()
	index, err := recordings.NewIndex(ctx, db)
	if err != nil {
		t.Fatal(err)
	}
	keys, err := c.callerKeys()
	if err != nil {
		t.Fatal(err)
	}
	run, err := c.takeIn(ctx, db, keys, index, recordings.NewMetrics(registry()), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	work, end := context.WithCancel(ctx)
	done := make(chan error, 1)
	go func() { done <- run(work) }()
	for n := 0; n < want; time.Sleep(20 * time.Millisecond) {
		if err := db.QueryRow(ctx, query).Scan(&n); err != nil {
			t.Fatalf("%d of %d: %v", n, want, err)
		}
	}
	end()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// What was recorded is listed and proved; what is changed afterwards is named; what is erased is proved as erased, by one reason that stays.
func TestRecordingsCommands(t *testing.T) {
	for name, fresh := range map[storage.Dialect]func(testing.TB) string{storage.SQLite: storagetest.SQLiteURL, storage.Postgres: storagetest.PostgresURL} {
		t.Run(string(name), func(t *testing.T) { recordingsCommands(t, newSite(t, fresh(t))) })
	}
}

func recordingsCommands(t *testing.T, s site) {
	db, c := taped(t, s), s.config()
	says := func(fails bool, want string, args ...string) {
		t.Helper()
		out, err := s.run(append([]string{"recordings"}, args...)...)
		if (err != nil) != fails || !strings.Contains(out, want) {
			t.Errorf("recordings %s: %v\n%s", strings.Join(args, " "), err, out)
		}
	}
	says(false, "p3", "list", "--call", "c2")
	says(false, "3 parts are what was recorded, 0 were erased and say so, 0 are not in order", "verify")
	says(false, "2 parts are what was recorded", "verify", "c1", "--shut")
	says(true, "0 parts", "verify", "c9")
	says(false, "nothing was changed", "purge")
	heldBetween(t, c, db)
	says(false, "nothing was changed", "erase", "c1")
	says(true, "", "erase", "c1", "--yes")
	says(false, "erased 2 parts", "erase", "c1", "--yes", "--reason", "recorded without consent")
	takenIn(t, c, db, `SELECT count(*) FROM recording_stones WHERE audited_ms > 0 AND gone_ms > 0`, 2)
	says(false, "1 parts are what was recorded, 2 were erased and say so, 0 are not in order", "verify")
	says(true, "", "erase", "c1", "--yes", "--reason", "again")

	file := filepath.Join(c.store(), onlyFile(t, c.store()))
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	b[len(b)/2] ^= 1
	if err := os.WriteFile(file, b, 0o600); err != nil {
		t.Fatal(err)
	}
	says(true, "p3: changed", "verify")
	b[len(b)/2] ^= 1
	stranger := filepath.Join(c.store(), "2026", "stranger.rec")
	if err := errors.Join(os.WriteFile(file, b, 0o600), os.MkdirAll(filepath.Dir(stranger), 0o700), os.WriteFile(stranger, b, 0o600)); err != nil {
		t.Fatal(err)
	}
	says(true, "2026/stranger.rec: it is in the store and belongs to no recording", "verify")
	if err := os.Remove(stranger); err != nil {
		t.Fatal(err)
	}
	for what, change := range map[string]string{
		"p3: head at byte 0: the head was signed by no key": `UPDATE recording_heads SET at_ms = at_ms + 1 WHERE part = 'p3'`,
		"p3: head": `UPDATE recording_heads SET head = 'ab' || substr(head, 3) WHERE part = 'p3'`,
		"p1: gone": `DELETE FROM recording_stones WHERE part = 'p1'`,
	} {
		if _, err := db.Exec(t.Context(), change); err != nil {
			t.Fatal(err)
		}
		says(true, what, "verify")
	}
}

// heldBetween puts a recording on hold, or its call in danger, after it was shown as one that goes: it stays, by the questions of every package.
func heldBetween(t *testing.T, c Config, db *storage.DB) {
	t.Helper()
	ctx := t.Context()
	do := func(query string) {
		t.Helper()
		if _, err := db.Exec(ctx, query); err != nil {
			t.Fatal(err)
		}
	}
	keys, err := c.callerKeys()
	if err != nil {
		t.Fatal(err)
	}
	contacts, err := c.retention(ctx, db, keys)
	if err != nil {
		t.Fatal(err)
	}
	index, err := recordings.NewIndex(ctx, db)
	if err != nil {
		t.Fatal(err)
	}
	four := fmt.Sprint((4 * 365 * 24 * time.Hour).Milliseconds())
	do(`UPDATE recordings SET started_ms = started_ms - ` + four)
	p, rules := recordings.NewPurger(index, keep{contacts}), recordings.Rules{Ordinary: recordings.LeastKept, HighRisk: 2 * recordings.LeastKept}
	for _, between := range []struct{ what, query, undo string }{
		{"a hold", "", `UPDATE retention_holds SET lifted_ms = 1`},
		{"danger", `UPDATE calls SET danger = TRUE`, `UPDATE calls SET danger = FALSE`},
		{"a call that goes on", `UPDATE calls SET ended_ms = 0`, `UPDATE calls SET ended_ms = arrived_ms + 1`},
	} {
		shown := 0
		if err := p.Walk(ctx, rules, func(d recordings.Due) bool {
			if shown++; d.Stays() {
				t.Errorf("%+v", d)
			}
			if between.query != "" {
				do(between.query)
			} else if _, err := contacts.Put(ctx, storage.OfCall, d.Call, "u-9", "a court asks"); err != nil {
				t.Error(err)
			}
			if _, err := p.Expire(ctx, d.ID, rules, "u-9"); !errors.Is(err, recordings.ErrKept) {
				t.Errorf("%s was passed over: %v", between.what, err)
			}
			return false
		}); err != nil || shown != 1 {
			t.Errorf("%s: %d shown, %v", between.what, shown, err)
		}
		do(between.undo)
	}
	do(`UPDATE recordings SET started_ms = started_ms + ` + four)
}

// onlyFile is the only file of a folder.
func onlyFile(t *testing.T, dir string) (name string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			if name != "" {
				t.Errorf("%s and %s", name, path)
			}
			name, err = filepath.Rel(dir, path)
		}
		return err
	})
	if err != nil || name == "" {
		t.Fatal(name, err)
	}
	return name
}

// An escrow key that came later opens what was recorded before, once the keys were wrapped for it; a holder that is dropped opens nothing.
func TestRekey(t *testing.T) {
	s := newSite(t, storagetest.SQLiteURL(t))
	db, c := taped(t, s), s.config()
	escrow, err := recordings.SMSuite{}.Generate()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(c.path("secrets", recordings.EscrowFile), []byte(escrow.Public().String()+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if out, err := s.run("recordings", "rekey"); err != nil || !strings.Contains(out, "3 keys were wrapped anew, 0 were as they should be") {
		t.Fatalf("%v\n%s", err, out)
	}
	if out, err := s.run("recordings", "rekey"); err != nil || !strings.Contains(out, "0 keys were wrapped anew, 3 were as they should be") {
		t.Fatalf("%v\n%s", err, out)
	}
	index, err := recordings.NewIndex(t.Context(), db)
	if err != nil {
		t.Fatal(err)
	}
	store, err := c.vault()
	if err != nil {
		t.Fatal(err)
	}
	lib := recordings.NewLibrary(index, store)
	if err := lib.Verify(t.Context(), "p1", escrow); err != nil {
		t.Errorf("the escrow's key: %v", err)
	}
	if err := os.Remove(c.path("secrets", recordings.EscrowFile)); err != nil {
		t.Fatal(err)
	}
	if out, err := s.run("recordings", "rekey", "--drop"); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if err := lib.Verify(t.Context(), "p1", escrow); !errors.Is(err, recordings.ErrWrongKey) {
		t.Errorf("the escrow's key after it was dropped: %v", err)
	}
	if out, err := s.run("recordings", "verify"); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// A site with a bucket: recordings lie there under a lock, are proved from there, and are noise when their contact is erased, though nobody can delete them.
func TestRecordingsInABucket(t *testing.T) {
	server := s3test.Start(t)
	bucket := server.Bucket(t, true)
	s := newSite(t, storagetest.SQLiteURL(t))
	text := "database: '" + s.config().Database + "'\nrecordings: {s3: {endpoint: '" + bucket.Endpoint + "', bucket: " + bucket.Bucket + ", lock_days: 1}}\n"
	if err := os.WriteFile(s.cfg, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	c := s.config()
	if err := os.MkdirAll(c.path("secrets"), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, secret := range map[string]string{"s3-access-key": bucket.Key, "s3-secret-key": bucket.Secret} {
		if err := os.WriteFile(c.path("secrets", name), []byte(secret+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	db := taped(t, s)
	if said, err := c.checkRecordings(t.Context()); err != nil || !strings.Contains(said, bucket.Bucket) {
		t.Errorf("doctor: %q, %v", said, err)
	}
	if out, err := s.run("recordings", "verify"); err != nil || !strings.Contains(out, "3 parts are what was recorded") {
		t.Errorf("%v\n%s", err, out)
	}
	keys, err := c.callerKeys()
	if err != nil {
		t.Fatal(err)
	}
	contacts, err := c.retention(t.Context(), db, keys)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := contacts.Erase(t.Context(), retention.Contact{Call: "c1", Class: retention.Ordinary}, "request:r1", "u-2"); err != nil {
		t.Fatal(err)
	}
	takenIn(t, c, db, `SELECT count(*) FROM recording_stones WHERE audited_ms > 0 AND gone_ms > 0`, 2)
	if out, err := s.run("recordings", "verify"); err != nil || !strings.Contains(out, "1 parts are what was recorded, 2 were erased and say so") {
		t.Errorf("%v\n%s", err, out)
	}
}

// A backup has all that its recordings need but the secret key: with that they open after it was restored elsewhere, without it the command says so.
func TestRecordingsOutliveTheSite(t *testing.T) {
	from, away := newSite(t, storagetest.SQLiteURL(t)), t.TempDir()
	taped(t, from)
	if err := os.MkdirAll(from.config().path("run"), 0o700); err != nil {
		t.Fatal(err)
	}
	key, file := filepath.Join(away, "key"), filepath.Join(away, "site.backup")
	for _, args := range [][]string{{"backup", "key", key}, {"backup", "--to", file, "--recipients", key + ".pub"}} {
		if out, err := from.run(args...); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	}
	for name, want := range map[string]string{"with its keys": "the newest recording opens", "without": "the newest recording does not open"} {
		to := newSite(t, storagetest.SQLiteURL(t))
		secrets := to.config().path("secrets")
		if err := os.CopyFS(secrets, os.DirFS(from.config().path("secrets"))); err != nil {
			t.Fatal(err)
		}
		files, err := filepath.Glob(filepath.Join(secrets, "*"))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files { // a copy does not keep them for the owner only
			if err := os.Chmod(f, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if name == "without" {
			if err := os.Remove(filepath.Join(secrets, recordings.IdentityFile)); err != nil {
				t.Fatal(err)
			}
		}
		if out, err := to.run("restore", file, "--identity", key); err != nil || !strings.Contains(out, want) {
			t.Errorf("%s: %v\n%s", name, err, out)
		}
		if name == "without" {
			continue
		}
		if out, err := to.run("recordings", "verify"); err != nil || !strings.Contains(out, "3 parts are what was recorded") {
			t.Errorf("%v\n%s", err, out)
		}
	}
}
