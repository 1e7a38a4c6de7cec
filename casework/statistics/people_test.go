package statistics

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"hotline/casework"
	"hotline/casework/files"
	"hotline/storage"
	"hotline/storage/storagetest"
)

// withFiles makes the tables of files.
func withFiles(t testing.TB, db *storage.DB) *casework.Keys {
	t.Helper()
	must(t, casework.Migrate(t.Context(), db))
	dir := t.TempDir()
	must(t, casework.CreateKeys(dir))
	keys, err := casework.LoadKeys(dir, "CN")
	must(t, err)
	_, err = files.Open(t.Context(), db, keys)
	must(t, err)
	return keys
}

// One file is one person: by two numbers, in merged files, in calls that nobody has put into a file yet, and when the calls were erased. A withheld number is nobody.
func TestPeopleByFile(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, db *storage.DB) {
		ctx := t.Context()
		withFiles(t, db)
		s, forms, _ := opened(t, db, map[Origin]Source{FromFiles: NewCases(db).Files()})
		exec := func(query string, args ...any) {
			t.Helper()
			_, err := db.Exec(ctx, query, args...)
			must(t, err)
		}
		at := time.Date(2026, 3, 5, 0, 0, 0, 0, time.UTC)
		for i, c := range []struct {
			ref, file, refs string
		}{
			{ref: "A", file: "f1"},
			{ref: "B", file: "f2"},  // merged into f1
			{ref: "A"},              // not in a file yet
			{ref: "C"},              // a number without a file
			{file: "f3"},            // withheld: a file for each such call
			{file: "f1", refs: " "}, // erased
			{},                      // erased, never in a file
		} {
			id := fmt.Sprint("c", i)
			told{line: "12355", ref: c.ref, agent: "u-1", at: at.Add(time.Duration(i) * time.Minute), talk: time.Second, outcome: casework.Answered}.write(t, db, forms, id)
			if c.file != "" {
				exec(`INSERT INTO file_links (id, file_id, call_id, role, at_ms, refs) VALUES (?,?,?,'caller',1,?)`, "k"+id, c.file, id, c.refs)
			}
		}
		for file, root := range map[string]string{"f1": "f1", "f2": "f1", "f3": "f3"} {
			exec(`INSERT INTO files (id, code, merged_into, root, created_ms, created_by, birth_year, age_band, sex, region, level, level_ms, level_by, level_version)
				VALUES (?,?,'',?,1,'u-1',0,'','','','',0,'',0)`, file, "CODE-"+file, root)
		}
		exec(`INSERT INTO file_refs (ref, file_id, own, links, last_ms) VALUES ('A','f2',?,1,2), ('A','f3',?,1,9)`, true, false) // f3 is somebody about whom A called
		cols, err := Periods(Month, at, at.AddDate(0, 1, -5), time.UTC, "")
		must(t, err)
		r, err := s.Read(ctx, cols)
		must(t, err)
		for id, want := range map[ID]string{Contacts: "7", People: "2", Nameless: "2", RepeatPeople: "1/2", RepeatContacts: "4/7"} {
			f, _ := Find(id)
			if got := said(f, r.Value(Cell{Figure: id}, 0)); got != want {
				t.Errorf("%s: %s, want %s", id, got, want)
			}
		}
		rows, err := s.Records(ctx, Cell{Figure: Nameless}, cols[0], 10)
		must(t, err)
		var ids []string
		for _, one := range rows {
			ids = append(ids, one.ID)
		}
		if !slices.Equal(ids, []string{"c6", "c4"}) {
			t.Errorf("nameless are %v", ids)
		}
	})
}
