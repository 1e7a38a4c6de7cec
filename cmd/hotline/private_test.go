package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"hotline/storage"
	"hotline/storage/storagetest"
)

var (
	tableStart    = regexp.MustCompile(`(?i)^(?:CREATE TABLE|ALTER TABLE) ([a-z_]+)`)
	privateColumn = regexp.MustCompile(`(?i)^\s*(?:ALTER TABLE [a-z_]+ ADD COLUMN )?([a-z_]+)\s+(?:BYTEA|TEXT\b.*-- .*pseudonym)|^\s*(caller_ref|ref|refs)\s+TEXT`)
)

// notOfCallers are tables with sealed or binary columns, or names like those of pseudonyms, that say nothing of callers.
func notOfCallers() []string {
	return []string{
		"audit_chain",                 // digests
		"documents", "site_documents", // what the office decides
		"users", "user_factors", "user_phones", // staff
		"retention_holds", "retention_requests", // reasons of staff, beside the stones
	}
}

// Whatever is sealed, or is by a pseudonym, is in the list of what is erased: a table that nobody thought of would be kept for ever.
func TestEverythingPrivateIsErasable(t *testing.T) {
	known := notOfCallers()
	for _, p := range private() {
		for _, place := range p.Places {
			known = append(known, place.Table)
		}
	}
	for _, dir := range migrationFolders(t) {
		if strings.Contains(dir, "agentui") {
			continue // staff, and what the office writes
		}
		files, err := filepath.Glob(filepath.Join(dir, "*.sql"))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			text, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			table := ""
			for line := range strings.Lines(string(text)) {
				if m := tableStart.FindStringSubmatch(line); m != nil {
					table = m[1]
				}
				if privateColumn.MatchString(line) && !slices.Contains(known, table) {
					t.Errorf("%s: %s has %q, and no Private names it", f, table, strings.TrimSpace(line))
				}
			}
		}
	}
}

// Every place and question is SQL that both databases take.
func TestPrivateIsSQL(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, db *storage.DB) {
		ctx := t.Context()
		for _, dir := range migrationFolders(t) {
			if err := db.Migrate(ctx, "x"+strings.NewReplacer("/", "_", ".", "").Replace(filepath.ToSlash(dir)), until(t, dir, "99999")); err != nil {
				t.Fatal(err)
			}
		}
		for _, p := range private() {
			for _, place := range p.Places {
				err := db.InTx(ctx, func(tx *storage.Tx) error {
					if _, err := place.Erase(ctx, tx, "x"); err != nil {
						return err
					}
					_, err := place.Count(ctx, tx, "x")
					return err
				})
				if err != nil {
					t.Errorf("%s: %v", place.Table, err)
				}
			}
			for _, q := range slices.Concat(p.Lives, p.Highs) {
				if err := db.InTx(ctx, func(tx *storage.Tx) error {
					_, err := q.Holds(ctx, tx, "x")
					return err
				}); err != nil {
					t.Errorf("%s: %v", q.Condition(), err)
				}
				if found, err := q.Among(ctx, db, []string{"x", "y"}); err != nil || len(found) != 0 {
					t.Errorf("%s, of many: %v, %v", q.Condition(), found, err)
				}
			}
		}
	})
}
