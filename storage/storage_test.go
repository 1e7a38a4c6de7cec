package storage_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"hotline/storage"
	"hotline/storage/storagetest"
)

func TestMain(m *testing.M) { os.Exit(storagetest.Main(m)) }

func migrations() fstest.MapFS {
	return fstest.MapFS{
		"00001_counter.sql": {Data: []byte(`-- +goose Up
CREATE TABLE counter (id TEXT PRIMARY KEY, n BIGINT NOT NULL, raw BYTEA, ok BOOLEAN NOT NULL);
`)},
		"00002_which.sqlite.sql": {Data: []byte(`-- +goose Up
INSERT INTO counter VALUES ('sqlite', 1, NULL, TRUE);
`)},
		"00002_which.postgres.sql": {Data: []byte(`-- +goose Up
INSERT INTO counter VALUES ('postgres', 1, NULL, TRUE);
`)},
	}
}

func TestRoundTrip(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, db *storage.DB) {
		ctx := t.Context()
		if err := db.Migrate(ctx, "counter", migrations()); err != nil {
			t.Fatal(err)
		}
		var id string
		if err := db.QueryRow(ctx, "SELECT id FROM counter").Scan(&id); err != nil || id != string(db.Dialect()) {
			t.Fatalf("the migration of dialect %q ran: %v", id, err)
		}
		at := time.Date(2025, 5, 1, 23, 59, 59, 999e6, time.FixedZone("CST", 8*3600))
		raw := []byte{0, 1, '?', 0xff}
		if _, err := db.Exec(ctx, "INSERT INTO counter VALUES ('a?''?', ?, ?, ?)", storage.Millis(at), raw, false); err != nil {
			t.Fatal(err)
		}
		var (
			ms   int64
			back []byte
			ok   bool
		)
		if err := db.QueryRow(ctx, "SELECT n, raw, ok FROM counter WHERE id = ?", "a?'?").Scan(&ms, &back, &ok); err != nil {
			t.Fatal(err)
		}
		if !storage.Time(ms).Equal(at) || storage.Time(ms).Location() != time.UTC || string(back) != string(raw) || ok {
			t.Errorf("read back %v %x %v", storage.Time(ms), back, ok)
		}
		_, err := db.Exec(ctx, "INSERT INTO counter VALUES (?, 1, NULL, TRUE)", id)
		if !storage.IsUnique(err) || storage.IsConflict(err) {
			t.Errorf("a second row with the same key: %v", err)
		}
	})
}

func TestRegister(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, db *storage.DB) {
		reg := prometheus.NewRegistry()
		if err := db.Register(reg); err != nil {
			t.Fatal(err)
		}
		if families, err := reg.Gather(); err != nil || len(families) == 0 {
			t.Errorf("%d families, %v", len(families), err)
		}
	})
}

func TestZeroTime(t *testing.T) {
	if storage.Millis(time.Time{}) != 0 || !storage.Time(0).IsZero() {
		t.Error("the zero time must be 0 and come back as the zero time")
	}
}

// Several processes start at once: each opens the database and migrates all packages.
func TestMigrateAtOnce(t *testing.T) {
	for name, url := range map[string]string{"sqlite": storagetest.SQLiteURL(t), "postgres": storagetest.PostgresURL(t)} {
		t.Run(name, func(t *testing.T) {
			var wg sync.WaitGroup
			for range 6 {
				wg.Go(func() {
					db, err := storage.Open(t.Context(), storage.Config{URL: url})
					if err != nil {
						t.Error(err)
						return
					}
					defer func() { _ = db.Close() }()
					for _, pkg := range []string{"one", "two"} {
						fsys := fstest.MapFS{"00001_a.sql": {Data: fmt.Appendf(nil, "-- +goose Up\nCREATE TABLE %s (id BIGINT);\n", pkg)}}
						if err := db.Migrate(t.Context(), pkg, fsys); err != nil {
							t.Error(err)
						}
					}
				})
			}
			wg.Wait()
		})
	}
}

// Read, decide, write: without serializable transactions some of the additions would be lost.
func TestInTxSerializes(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, db *storage.DB) {
		if err := db.Migrate(t.Context(), "counter", migrations()); err != nil {
			t.Fatal(err)
		}
		const workers, each = 4, 10
		var wg sync.WaitGroup
		for range workers {
			wg.Go(func() {
				for range each {
					err := db.InTx(t.Context(), func(tx *storage.Tx) error {
						var n int64
						if err := tx.QueryRow(t.Context(), "SELECT n FROM counter WHERE id = ?", db.Dialect()).Scan(&n); err != nil {
							return err
						}
						_, err := tx.Exec(t.Context(), "UPDATE counter SET n = ? WHERE id = ?", n+1, db.Dialect())
						return err
					})
					if err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		var n int64
		if err := db.QueryRow(t.Context(), "SELECT n FROM counter").Scan(&n); err != nil || n != 1+workers*each {
			t.Errorf("counted %d of %d: %v", n-1, workers*each, err)
		}
	})
}

func TestInTxRollsBack(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, db *storage.DB) {
		if err := db.Migrate(t.Context(), "counter", migrations()); err != nil {
			t.Fatal(err)
		}
		refused := errors.New("refused")
		change := func(fail func() error) func(*storage.Tx) error {
			return func(tx *storage.Tx) error {
				if _, err := tx.Exec(t.Context(), "UPDATE counter SET n = 99"); err != nil {
					return err
				}
				return fail()
			}
		}
		if err := db.InTx(t.Context(), change(func() error { return refused })); !errors.Is(err, refused) {
			t.Errorf("got %v", err)
		}
		func() {
			defer func() { _ = recover() }()
			_ = db.InTx(t.Context(), change(func() error { panic("bug") }))
		}()
		var n int64
		if err := db.QueryRow(t.Context(), "SELECT n FROM counter").Scan(&n); err != nil || n != 1 {
			t.Errorf("n is %d, %v; both transactions must have left nothing", n, err)
		}
		if _, err := db.Exec(t.Context(), "UPDATE counter SET n = 2"); err != nil {
			t.Errorf("the writer is stuck: %v", err)
		}
	})
}

// A writer of another process holds the file longer than the busy timeout: the statement is tried again until it can run.
func TestSQLiteWaitsForOtherProcess(t *testing.T) {
	url := storagetest.SQLiteURL(t)
	a, err := storage.Open(t.Context(), storage.Config{URL: url, BusyTimeout: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = a.Close() }()
	b := storagetest.Open(t, url)
	if err := a.Migrate(t.Context(), "counter", migrations()); err != nil {
		t.Fatal(err)
	}
	held, release := make(chan struct{}), make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		err := b.InTx(t.Context(), func(tx *storage.Tx) error {
			close(held)
			<-release
			_, err := tx.Exec(t.Context(), "UPDATE counter SET n = n + 1")
			return err
		})
		if err != nil {
			t.Error(err)
		}
	})
	<-held
	short, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
	defer cancel()
	if _, err := a.Exec(short, "UPDATE counter SET n = n + 1"); err == nil {
		t.Error("wrote while the other process held the file")
	}
	var n int
	if err := a.QueryRow(t.Context(), "SELECT n FROM counter").Scan(&n); err != nil || n != 1 {
		t.Errorf("a reader must not wait for a writer: %d, %v", n, err)
	}
	time.AfterFunc(50*time.Millisecond, func() { close(release) })
	if _, err := a.Exec(t.Context(), "UPDATE counter SET n = n + 1"); err != nil {
		t.Error(err)
	}
	wg.Wait()
	if err := a.QueryRow(t.Context(), "SELECT n FROM counter").Scan(&n); err != nil || n != 3 {
		t.Errorf("n is %d, %v", n, err)
	}
}

func TestOpenRefuses(t *testing.T) {
	secret := "p4ssw0rd"
	for _, url := range []string{"", "mysql://x", "sqlite:relative.db", "postgres://u:" + secret + "@h:notaport/d"} {
		db, err := storage.Open(t.Context(), storage.Config{URL: url})
		if err == nil {
			t.Errorf("%q was opened: %v", url, db.Close())
		} else if strings.Contains(err.Error(), secret) {
			t.Errorf("the error shows the password: %v", err)
		}
	}
}

func TestMigrateRefusesName(t *testing.T) {
	db := storagetest.Open(t, storagetest.SQLiteURL(t))
	if err := db.Migrate(t.Context(), `x"; DROP TABLE y; --`, migrations()); err == nil {
		t.Error("a name that is not one was accepted")
	}
}

func TestSQLiteFileIsPrivate(t *testing.T) {
	url := storagetest.SQLiteURL(t)
	db := storagetest.Open(t, url)
	if err := db.Migrate(t.Context(), "counter", migrations()); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(strings.TrimPrefix(url, "sqlite:") + "*")
	if err != nil || len(files) < 3 {
		t.Fatalf("files %v, %v", files, err)
	}
	for _, f := range files {
		st, err := os.Stat(f)
		if err != nil {
			t.Fatal(err)
		}
		if st.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has rights %v", f, st.Mode())
		}
	}
}

// A search of many questions is answered in milliseconds, and would be compiled for seconds.
func TestNothingIsCompiled(t *testing.T) {
	db := storagetest.Open(t, storagetest.PostgresURL(t))
	var jit string
	if err := db.QueryRow(t.Context(), "SHOW jit").Scan(&jit); err != nil || jit != "off" {
		t.Errorf("jit is %q, %v", jit, err)
	}
}
