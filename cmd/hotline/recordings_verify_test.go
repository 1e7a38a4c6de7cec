package main

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"hotline/recordings"
	"hotline/storage"
	"hotline/storage/storagetest"
)

func eachSite(t *testing.T, do func(t *testing.T, s site)) {
	for name, fresh := range map[storage.Dialect]func(testing.TB) string{storage.SQLite: storagetest.SQLiteURL, storage.Postgres: storagetest.PostgresURL} {
		t.Run(string(name), func(t *testing.T) { do(t, newSite(t, fresh(t))) })
	}
}

// A part that was taken away with every row and its file is missed: the audit has it.
func TestVerifyMissesWhatVanished(t *testing.T) {
	eachSite(t, func(t *testing.T, s site) {
		db, c := taped(t, s), s.config()
		var path string
		if err := db.QueryRow(t.Context(), `SELECT path FROM recordings WHERE id = 'p3'`).Scan(&path); err != nil {
			t.Fatal(err)
		}
		for _, q := range []string{
			`DELETE FROM recordings WHERE id = 'p3'`, `DELETE FROM recording_keys WHERE part = 'p3'`, `DELETE FROM recording_heads WHERE part = 'p3'`,
		} {
			if _, err := db.Exec(t.Context(), q); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.Remove(filepath.Join(c.store(), path)); err != nil {
			t.Fatal(err)
		}
		out, err := s.run("recordings", "verify")
		if err == nil || !strings.Contains(out, "p3: gone: the audit has it as sealed") || !strings.Contains(out, "2 parts are what was recorded") {
			t.Errorf("%v\n%s", err, out)
		}
	})
}

// What cannot be opened is told and counted, its chain is proved without its key, and the others are looked at.
func TestVerifyGoesOn(t *testing.T) {
	eachSite(t, func(t *testing.T, s site) {
		db := taped(t, s)
		if _, err := db.Exec(t.Context(), `UPDATE recording_keys SET key_sealed = ? WHERE part = 'p1'`, []byte("no key")); err != nil {
			t.Fatal(err)
		}
		out, err := s.run("recordings", "verify")
		if err == nil || !strings.Contains(out, "2 parts are what was recorded") || !strings.Contains(out, "1 parts could not be looked at") || strings.Contains(out, "nor by its chain") {
			t.Errorf("%v\n%s", err, out)
		}
		suite := recordings.AgeSuite{}
		other, err := suite.Generate()
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(s.config().path("secrets", recordings.IdentityFile), []byte(other.Text()+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		if out, err := s.run("recordings", "verify"); err == nil || !strings.Contains(out, "3 parts could not be looked at") {
			t.Errorf("with another key: %v\n%s", err, out)
		}
	})
}

// What the worker of another host signed is proved here, too: its key is in the database and in the audit. One that is in the table alone is not believed.
func TestVerifyKnowsOtherHosts(t *testing.T) {
	eachSite(t, func(t *testing.T, s site) {
		db, c := taped(t, s), s.config()
		takenIn(t, c, db, `SELECT count(*) FROM recording_signers WHERE audited_ms > 0`, 1)
		known := c.path("secrets", recordings.SignedFile)
		if err := os.Remove(known); err != nil { // this host made none of them
			t.Fatal(err)
		}
		out, err := s.run("recordings", "verify")
		if err != nil || !strings.Contains(out, "3 parts are what was recorded") || !strings.Contains(out, "count too") {
			t.Errorf("%v\n%s", err, out)
		}
		if _, err := db.Exec(t.Context(), `UPDATE recording_signers SET host = 'elsewhere'`); err != nil {
			t.Fatal(err)
		}
		if out, err := s.run("recordings", "verify"); err == nil || !strings.Contains(out, "signed by no key") {
			t.Errorf("a key that the audit does not know: %v\n%s", err, out)
		}
	})
}

// A key that signs and cannot be read keeps nothing out of the store: parts come in without a signature, and that is told; they are signed when it can be.
func TestTakenInUnsigned(t *testing.T) {
	s := newSite(t, storagetest.SQLiteURL(t))
	db, c := taped(t, s), s.config()
	if err := os.WriteFile(c.path("secrets", recordings.SignFile), []byte("no key\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	to, err := c.recipients()
	if err != nil {
		t.Fatal(err)
	}
	rec, err := recordings.NewRecorder(recordings.Config{Dir: c.spool(), Recipients: to, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	take, err := rec.Start("p4", recordings.Meta{Call: "c2", Line: "12355", Agent: "u-1"})
	if err != nil {
		t.Fatal(err)
	}
	take.Write(recordings.Left, 0, make([]byte, 8000))
	if _, err := take.Close(); err != nil {
		t.Fatal(err)
	}
	takenIn(t, c, db, `SELECT count(*) FROM recording_heads WHERE audited_ms > 0`, 4)
	if out, err := s.run("recordings", "verify"); err == nil || !strings.Contains(out, "p4: head at byte 0: the head was not signed") {
		t.Errorf("%v\n%s", err, out)
	}
	if said, err := c.checkRecordings(t.Context()); err == nil {
		t.Errorf("doctor: %q", said)
	}
	if err := os.Remove(c.path("secrets", recordings.SignFile)); err != nil {
		t.Fatal(err)
	}
	takenIn(t, c, db, `SELECT count(*) FROM recording_heads WHERE signer <> ''`, 4)
	if out, err := s.run("recordings", "verify"); err != nil || !strings.Contains(out, "4 parts are what was recorded") {
		t.Errorf("signed when the key was there again: %v\n%s", err, out)
	}
}
