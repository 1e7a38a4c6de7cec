package storage_test

import (
	"bytes"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"hotline/storage"
	"hotline/storage/storagetest"
)

func TestDumpAndLoad(t *testing.T) {
	for name, fresh := range map[string]func(testing.TB) string{"sqlite": storagetest.SQLiteURL, "postgres": storagetest.PostgresURL} {
		t.Run(name, func(t *testing.T) { dumpAndLoad(t, storage.Config{URL: fresh(t)}, storage.Config{URL: fresh(t)}) })
	}
}

func dumpAndLoad(t *testing.T, from, to storage.Config) {
	ctx := t.Context()
	db, err := storage.Open(ctx, from)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	tables := fstest.MapFS{"00001_rows.sql": {Data: []byte("-- +goose Up\nCREATE TABLE rows (id BIGINT PRIMARY KEY, b BYTEA, ok BOOLEAN NOT NULL);\n")}}
	if err := db.Migrate(ctx, "rows", tables); err != nil {
		t.Fatal(err)
	}
	for i := range 500 {
		if _, err := db.Exec(ctx, `INSERT INTO rows VALUES (?,?,?)`, i, []byte{0, byte(i)}, i%2 == 0); err != nil {
			t.Fatal(err)
		}
	}
	var dump bytes.Buffer
	if err := storage.Dump(ctx, from, &dump); err != nil {
		t.Fatal(err)
	}
	if err := storage.Load(ctx, to, bytes.NewReader(dump.Bytes()[:dump.Len()*2/3])); err == nil {
		t.Fatal("half a dump was loaded")
	}
	if err := storage.Load(ctx, to, bytes.NewReader(dump.Bytes())); err != nil {
		t.Fatal(err)
	}
	if err := storage.Load(ctx, to, bytes.NewReader(dump.Bytes())); !errors.Is(err, storage.ErrNotEmpty) {
		t.Errorf("loaded over rows: %v", err)
	}
	back, err := storage.Open(ctx, to)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = back.Close() })
	if err := back.Migrate(ctx, "rows", tables); err != nil {
		t.Fatal(err)
	}
	var n, even int
	if err := back.QueryRow(ctx, `SELECT count(*), sum(CASE WHEN ok THEN 1 ELSE 0 END) FROM rows WHERE b IS NOT NULL`).Scan(&n, &even); err != nil || n != 500 || even != 250 {
		t.Errorf("%d rows, %d even, %v", n, even, err)
	}
	if rest, err := filepath.Glob(filepath.Join(filepath.Dir(strings.TrimPrefix(from.URL, "sqlite:")), ".dump-*")); err != nil || len(rest) > 0 {
		t.Errorf("a copy was left: %v, %v", rest, err)
	}
}
