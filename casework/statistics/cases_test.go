package statistics

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"hotline/casework"
	"hotline/casework/assessments"
	"hotline/casework/followups"
	"hotline/casework/referrals"
	"hotline/storage"
	"hotline/storage/storagetest"
)

// TestCases: what the other records of a contact count as, and that each number opens as many records.
// An age is that in the year of the call where the site is: in a week over New Year, in the whole of two months, and among the records behind them alike.
func TestAgesOverNewYear(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, db *storage.DB) {
		ctx := t.Context()
		withFiles(t, db)
		s, forms, _ := opened(t, db, map[Origin]Source{FromFiles: NewCases(db).Files()})
		zone := place(t, "Asia/Shanghai")
		midnight := time.Date(2026, 1, 1, 0, 0, 0, 0, zone)
		_, err := db.Exec(ctx, `INSERT INTO files (id, code, merged_into, root, created_ms, created_by, birth_year, age_band, sex, region, level, level_ms, level_by, level_version)
			VALUES ('f1','CODE','','f1',1,'u-1',2007,'','','','',0,'',0)`)
		must(t, err)
		for i, at := range []time.Time{midnight.Add(-2 * time.Minute), midnight.Add(2 * time.Minute)} {
			call := fmt.Sprint("c", i)
			told{line: "12355", ref: call, agent: "u-1", at: at, talk: time.Minute, outcome: casework.Answered}.write(t, db, forms, call)
			_, err := db.Exec(ctx, `INSERT INTO file_links (id, file_id, call_id, role, at_ms, refs) VALUES (?,'f1',?,'caller',1,'')`, "k"+call, call)
			must(t, err)
		}
		months, err := Periods(Month, midnight.AddDate(0, -1, 0), midnight, zone, "")
		must(t, err)
		week, err := Periods(Week, midnight, midnight, zone, "")
		must(t, err)
		columns := append(append(months, Whole(months)), week...)
		r, err := s.Read(ctx, columns)
		must(t, err)
		for part, want := range map[string][4]int64{"14_17": {1, 0, 1, 1}, "18_24": {0, 1, 1, 1}} {
			for i, c := range columns {
				rows, err := s.Records(ctx, Cell{Age, part}, c, 9)
				if n := r.Value(Cell{Age, part}, i).N; err != nil || n != want[i] || int64(len(rows)) != n {
					t.Errorf("%s from %s to %s: %d, and %d records; want %d; %v", part, c.From, c.To, n, len(rows), want[i], err)
				}
			}
		}
	})
}

func TestCases(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, db *storage.DB) {
		ctx := t.Context()
		keys := withFiles(t, db)
		calls, err := casework.NewCallbacks(casework.CallbacksConfig{}, db, keys)
		must(t, err)
		risks, err := assessments.Open(ctx, db, keys)
		must(t, err)
		_, err = followups.Open(ctx, followups.Config{}, db, keys, calls)
		must(t, err)
		_, err = referrals.Open(ctx, db, keys)
		must(t, err)
		c := NewCases(db)
		s, forms, _ := opened(t, db, map[Origin]Source{FromAssessments: c.Assessments(), FromFiles: c.Files(), FromFollowUps: c.FollowUps(), FromReferrals: c.Referrals()})
		at := time.Date(2026, 3, 5, 0, 0, 0, 0, time.UTC)
		for i := range 4 {
			told{line: "12355", ref: fmt.Sprint(i), agent: "u-1", at: at, talk: time.Minute, outcome: casework.Answered}.write(t, db, forms, fmt.Sprintf("c%d", i))
		}
		n := 0
		exec := func(query string, args ...any) {
			t.Helper()
			_, err := db.Exec(ctx, query, args...)
			must(t, err)
		}
		level := func(call, level string) {
			n++
			exec(`INSERT INTO risk_levels (id, call_id, at_ms, by_user, level, was, definition, scale, proposal, confirmed_by) VALUES (?,?,?,'u-1',?,'',1,'','','')`,
				fmt.Sprintf("l%02d", n), call, n, level)
		}
		level("c0", "high")
		level("c0", "moderate") // lowered: it was high all the same
		level("c1", "low")
		ten := func(n int) *int { return &n }
		for _, m := range []assessments.Measure{
			{Call: "c0", By: "u-1", Moment: assessments.Before, Hope: ten(20), Intent: ten(90)}, {Call: "c0", By: "u-1", Moment: assessments.After, Hope: ten(45)},
			{Call: "c1", By: "u-1", Moment: assessments.Before, Hope: ten(60)}, {Call: "c1", By: "u-1", Moment: assessments.After, Hope: ten(50)},
		} {
			_, err := risks.Measure(ctx, m)
			must(t, err)
		}
		file := func(id, root string, born int, band, sex string) {
			exec(`INSERT INTO files (id, code, merged_into, root, created_ms, created_by, birth_year, age_band, sex, region, level, level_ms, level_by, level_version)
				VALUES (?,?,?,?,1,'u-1',?,?,?,'','',0,'',0)`, id, "CODE-"+id, strings.TrimPrefix(root, id), root, born, band, sex)
		}
		file("f1", "f1", 2010, "", "female")
		file("f2", "f1", 1950, "", "male") // merged: the other one counts
		file("f3", "f3", 0, "35_44", "")
		link := func(call, file, role string) {
			n++
			exec(`INSERT INTO file_links (id, file_id, call_id, role, at_ms, refs) VALUES (?,?,?,?,1,'')`, fmt.Sprint("k", n), file, call, role)
		}
		link("c0", "f1", "caller")
		link("c1", "f2", "caller")
		link("c2", "f3", "reporter")
		link("c2", "f1", "at_risk") // about somebody else: who is on the line counts
		owe := func(state, why string) {
			n++
			exec(`INSERT INTO followups (id, series, rule, file, caller_ref, call_id, line, level, state, owner, planned_ms, due_ms, ring_ms, late_ms, climb_ms, settle_ms, near_span, grace_span,
				climb_span, call_in, told_ms, climbed_ms, tries, presses, task, task_seq, last_ms, last_result, created_ms, closed_ms, closed_by, why)
				VALUES (?,?,'24h','','','c0','12355','high',?,'',1,?,1,1,0,0,1,1,-1,'',0,0,0,0,'',0,0,'',1,0,'',?)`, fmt.Sprint("w", n), fmt.Sprint("s", n), state, storage.Millis(at), why)
		}
		owe("done", "reached")
		owe("planned", "")
		owe("ended", "refused")
		owe("ended", "not_reached")
		for i, state := range []string{"sent", "accepted", "unknown", "accepted"} {
			call := "c0"
			if i == 3 {
				call = "" // from a file
			}
			exec(`INSERT INTO referrals (id, source, file, caller_ref, call_id, service, name, state, owner, sent_ms, made_ms, made_by, remind_ms, changed_ms) VALUES (?,?,'f1','',?,'s1',?,?,'u-1',?,1,'u-1',0,1)`,
				fmt.Sprint("r", i), fmt.Sprint("r", i), call, []byte("x"), state, storage.Millis(at))
		}
		cols, err := Periods(Month, at, at.AddDate(0, 1, 0), time.UTC, "")
		must(t, err)
		cols = append(cols, Whole(cols))
		r, err := s.Read(ctx, cols)
		must(t, err)
		for c, want := range map[Cell]string{
			{HighRisk, ""}: "1", {Levels, "moderate"}: "1", {Levels, "low"}: "1", {Levels, "high"}: "0", {Levels, "not_assessed"}: "2", {Hope, ""}: "150/2", {Intent, ""}: "0/0",
			{Age, "14_17"}: "2", {Age, "35_44"}: "1", {Age, "unknown"}: "1", {Sex, "female"}: "2", {Sex, "unknown"}: "2", {FollowUps, ""}: "3", {FollowUpsDone, ""}: "1/3",
			{Referrals, "sent"}: "1", {Referrals, "accepted"}: "2", {Referrals, "declined"}: "0", {Referrals, "unknown"}: "1",
		} {
			f, _ := Find(c.Figure)
			for _, column := range []int{0, 2} {
				if got := said(f, r.Value(c, column)); got != want {
					t.Errorf("%v in column %d: %s, want %s", c, column, got, want)
				}
			}
			if !f.Records {
				continue
			}
			rows, err := s.Records(ctx, c, cols[2], 100)
			if err != nil || int64(len(rows)) != r.Value(c, 2).N {
				t.Errorf("%v opens %+v, %v", c, rows, err)
			}
		}
		if r.Missing[Incidents] != NotYet || r.Value(Cell{FollowUps, ""}, 1).N != 0 {
			t.Errorf("%v", r.Missing)
		}
		ours := cols[0]
		ours.Line = "12355"
		if rows, err := s.Records(ctx, Cell{Referrals, "accepted"}, ours, 9); err != nil || len(rows) != 1 || rows[0].ID != "r1" || rows[0].Line != "12355" || rows[0].Kind != "referral" {
			t.Errorf("the referrals of a line: %+v, %v", rows, err)
		}
		if rows, err := s.Records(ctx, Cell{Age, "14_17"}, cols[0], 1); err != nil || len(rows) != 1 || !strings.HasPrefix(rows[0].Code, "CODE-f1") {
			t.Errorf("%+v, %v", rows, err)
		}
		for _, c := range []Cell{{Contacts, ""}, {Asked, "missing"}, {Outcome, "within_15"}} {
			if rows, err := s.Records(ctx, c, cols[0], 3); err != nil || len(rows) != 3 || rows[0].ID != "c3" {
				t.Errorf("%v: %+v, %v", c, rows, err)
			}
		}
		for _, c := range []Cell{{People, ""}, {Outcome, ""}, {"weather", ""}} {
			if _, err := s.Records(ctx, c, cols[0], 3); !errors.Is(err, ErrNoRecords) {
				t.Errorf("%v: %v", c, err)
			}
		}
	})
}

// The published words are those of the code: go test ./casework/statistics -run TestDefinitionsAreWritten with UPDATE=1 writes docs/statistics.md.
func TestDefinitionsAreWritten(t *testing.T) {
	const file = "../../docs/statistics.md"
	want := Document()
	if os.Getenv("UPDATE") != "" {
		must(t, os.WriteFile(file, []byte(want), 0o600))
	}
	got, err := os.ReadFile(file)
	must(t, err)
	if string(got) != want {
		t.Errorf("%s is not what the definitions say; look at the difference, then run this test with UPDATE=1", file)
	}
}

// Every figure has its words in both languages, and no id is there twice.
func TestDefinitionsAreWhole(t *testing.T) {
	seen := map[ID]bool{}
	for _, f := range Definitions(FirstParams()) {
		if seen[f.ID] || f.Version < 1 || f.Group == "" || f.Unit == "" || f.Origin == "" {
			t.Errorf("%+v", f)
		}
		seen[f.ID] = true
		for _, language := range []string{"zh-CN", "en"} {
			if f.Names[language] == "" || f.Definition[language] == "" || strings.ContainsAny(f.Definition[language], "{}") {
				t.Errorf("%s in %s: %q, %q", f.ID, language, f.Names[language], f.Definition[language])
			}
			for _, p := range f.Parts {
				if p.Names[language] == "" {
					t.Errorf("%s, %s in %s", f.ID, p.ID, language)
				}
			}
		}
	}
}
