// Package storagetest gives tests real databases: a SQLite file and a PostgreSQL server of the machine, started once a test binary.
//
// A package that keeps something says in one of its test files
//
//	func TestMain(m *testing.M) { os.Exit(storagetest.Main(m)) }
//
// and wraps each test of its store in [Each].
package storagetest

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"go.uber.org/goleak"

	"hotline/storage"
)

// Main runs the tests, ends the PostgreSQL server that they may have started, and looks for goroutines that they left behind, but for those
// that the options name. The result is for [os.Exit].
func Main(m *testing.M, but ...goleak.Option) int {
	code := m.Run()
	shared.stop()
	if err := goleak.Find(but...); err != nil && code == 0 {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code
}

// Each runs a suite on SQLite and on PostgreSQL, as subtests, each with an empty database of its own.
func Each(t *testing.T, suite func(t *testing.T, db *storage.DB)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { suite(t, Open(t, SQLiteURL(t))) })
	t.Run("postgres", func(t *testing.T) { suite(t, Open(t, PostgresURL(t))) })
}

// Open opens a database and closes it when the test ends.
func Open(t testing.TB, url string) *storage.DB {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	db, err := storage.Open(ctx, storage.Config{URL: url})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Errorf("close the database: %v", err)
		}
	})
	return db
}

// SQLiteURL names a new SQLite file of the test, for tests that open it more than once or from another process.
func SQLiteURL(t testing.TB) string {
	return "sqlite:" + filepath.Join(t.TempDir(), "hotline.db")
}

// PostgresURL names a new, empty PostgreSQL database of the test. A machine without PostgreSQL fails the test.
func PostgresURL(t testing.TB) string {
	t.Helper()
	url, err := shared.create(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return url
}
