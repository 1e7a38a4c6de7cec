package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"hotline/storage"
	"hotline/storage/storagetest"
)

// migrationFolders are all of the program, by their place in the tree.
func migrationFolders(t *testing.T) []string {
	t.Helper()
	var out []string
	root := filepath.Join("..", "..")
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "node_modules" || strings.HasPrefix(d.Name(), ".") && path != root):
			return fs.SkipDir
		case d.IsDir() && d.Name() == "migrations":
			out = append(out, path)
		}
		return nil
	})
	if err != nil || len(out) < 10 {
		t.Fatalf("%v, %v", out, err)
	}
	return out
}

// until gives the migrations of a folder up to a version.
func until(t *testing.T, dir, version string) fstest.MapFS {
	t.Helper()
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	out := fstest.MapFS{}
	for _, f := range files {
		if text, err := os.ReadFile(filepath.Join(dir, f.Name())); err != nil {
			t.Fatal(err)
		} else if f.Name()[:5] <= version {
			out[f.Name()] = &fstest.MapFile{Data: text}
		}
	}
	return out
}

func versions(t *testing.T, dir string) []string {
	t.Helper()
	var out []string
	for name := range until(t, dir, "99999") {
		out = append(out, name[:5])
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// Whatever version a site runs, the newest takes its rows over: none is lost, and what stood in a column that is still there stands there.
func TestEveryVersionMigratesWithItsRows(t *testing.T) {
	for _, dir := range migrationFolders(t) {
		name := strings.ReplaceAll(strings.TrimSuffix(strings.TrimPrefix(filepath.ToSlash(dir), "../../"), "/migrations"), "/", "_")
		all := versions(t, dir)
		t.Run(name, func(t *testing.T) {
			for _, v := range all[:len(all)-1] {
				t.Run(v, func(t *testing.T) {
					storagetest.Each(t, func(t *testing.T, db *storage.DB) { migrateFrom(t, db, name, dir, v) })
				})
			}
		})
	}
}

func migrateFrom(t *testing.T, db *storage.DB, name, dir, version string) {
	ctx := t.Context()
	if err := db.Migrate(ctx, name, until(t, dir, version)); err != nil {
		t.Fatal(err)
	}
	before := filled(t, db, 1)
	if err := db.Migrate(ctx, name, until(t, dir, "99999")); err != nil {
		t.Fatal(err)
	}
	now := tables(t, db)
	for table, was := range before {
		columns, there := now[table]
		if !there {
			t.Errorf("%s is gone, and with it its rows", table)
			continue
		}
		columns = slices.DeleteFunc(columns, func(c column) bool { return !slices.Contains(was.columns, c) })
		after := rows(t, db, table, columns)
		if len(after) < len(was.rows) {
			t.Errorf("%s: %d rows of %d are left", table, len(after), len(was.rows))
		}
		for _, r := range rowsOf(was, columns) {
			if !slices.ContainsFunc(after, func(a []any) bool { return fmt.Sprint(a) == fmt.Sprint(r) }) && !reworked(table) {
				t.Errorf("%s: %v is not there any more", table, r)
			}
		}
	}
	filled(t, db, 100) // and takes new ones
}

// reworked tables have columns that a migration sets anew on purpose; tests of their own say to what.
func reworked(table string) bool { return table == "tasks" || table == "calls" }

type column struct{ name, kind string }

type content struct {
	columns []column
	rows    [][]any
}

// tables of the database, but for goose's.
func tables(t *testing.T, db *storage.DB) map[string][]column {
	t.Helper()
	query := `SELECT m.name, p.name, p.type FROM sqlite_master m JOIN pragma_table_info(m.name) p WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%' ORDER BY p.cid`
	if db.Dialect() == storage.Postgres {
		query = `SELECT table_name, column_name, data_type FROM information_schema.columns WHERE table_schema = 'public' ORDER BY ordinal_position`
	}
	all, err := storage.Select(t.Context(), db, func(r storage.Row) (row [3]string, err error) { return row, r.Scan(&row[0], &row[1], &row[2]) }, query)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][]column{}
	for _, r := range all {
		if !strings.HasPrefix(r[0], "schema_") {
			out[r[0]] = append(out[r[0]], column{r[1], strings.ToUpper(r[2])})
		}
	}
	return out
}

// filled puts three rows into every table, each value made of its number, and tells what is in them then. A table of one row (a head, a place) has the one
// that its migration made.
func filled(t *testing.T, db *storage.DB, from int) map[string]content {
	t.Helper()
	out, open := map[string]content{}, tables(t, db)
	for len(open) > 0 {
		before := len(open)
		var faults []error
		for table, columns := range open {
			if err := fill(t, db, table, columns, from); err != nil {
				faults = append(faults, fmt.Errorf("%s takes no row: %w", table, err)) // one that it refers to may come first
				continue
			}
			out[table] = content{columns, rows(t, db, table, columns)}
			delete(open, table)
		}
		if len(open) == before {
			t.Fatal(errors.Join(faults...))
		}
	}
	return out
}

func fill(t *testing.T, db *storage.DB, table string, columns []column, from int) error {
	t.Helper()
	if len(rows(t, db, table, columns)) == 1 {
		return nil
	}
	var names, marks []string
	for _, c := range columns {
		names, marks = append(names, c.name), append(marks, "?")
	}
	for i := from; i < from+3; i++ {
		var values []any
		for _, c := range columns {
			values = append(values, value(t, c, i))
		}
		if _, err := db.Exec(t.Context(), "INSERT INTO "+table+" ("+strings.Join(names, ", ")+") VALUES ("+strings.Join(marks, ", ")+")", values...); err != nil {
			return err
		}
	}
	return nil
}

func value(t *testing.T, c column, i int) any {
	t.Helper()
	switch {
	case c.kind == "TEXT":
		return fmt.Sprintf("v%d", i) // the same in each column: one may refer to another
	case c.kind == "BYTEA":
		return bytes.Repeat([]byte{byte(i)}, 8)
	case c.kind == "BOOLEAN":
		return i%2 == 0
	case c.kind == "BIGINT" || c.kind == "INTEGER":
		return i
	case c.kind == "DOUBLE PRECISION" || c.kind == "REAL":
		return float64(i)
	}
	t.Fatalf("column %s is %s, which storage does not have", c.name, c.kind)
	return nil
}

func rows(t *testing.T, db *storage.DB, table string, columns []column) [][]any {
	t.Helper()
	var names []string
	for _, c := range columns {
		names = append(names, c.name)
	}
	all, err := storage.Select(t.Context(), db, func(r storage.Row) ([]any, error) {
		row, into := make([]any, len(columns)), make([]any, len(columns))
		for i := range row {
			into[i] = &row[i]
		}
		return row, r.Scan(into...)
	}, "SELECT "+strings.Join(names, ", ")+" FROM "+table)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// rowsOf are the values of some columns only.
func rowsOf(c content, columns []column) (out [][]any) {
	for _, r := range c.rows {
		var row []any
		for _, want := range columns {
			row = append(row, r[slices.Index(c.columns, want)])
		}
		out = append(out, row)
	}
	return out
}
