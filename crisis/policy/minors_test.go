package policy_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"hotline/casework"
	"hotline/crisis"
	"hotline/crisis/policy"
	"hotline/storage"
	"hotline/storage/documents"
	"hotline/storage/storagetest"
)

const hour = 3600

func TestDeadlinesOfMinorsHaveBounds(t *testing.T) {
	for _, c := range []struct {
		name        string
		ask, report int
		wrong       []string
	}{
		{"those of the beginning", 24 * hour, 2 * hour, nil},
		{"the shortest", hour, 600, nil},
		{"the longest", 7 * 24 * hour, 24 * hour, nil},
		{"none", 0, 0, []string{"deadlines.minor_ask", "deadlines.minor_report"}},
		{"too short", hour - 1, 599, []string{"deadlines.minor_ask", "deadlines.minor_report"}},
		{"too long", 7*24*hour + 1, 24*hour + 1, []string{"deadlines.minor_ask", "deadlines.minor_report"}},
		{"one of them negative", 24 * hour, -2 * hour, []string{"deadlines.minor_report"}},
	} {
		p := policy.First()
		p.Deadlines.MinorAsk, p.Deadlines.MinorReport = c.ask, c.report
		fs, _ := errors.AsType[documents.Faults](policy.Validate(p))
		var got []string
		for _, f := range fs {
			if f.Code != documents.OutOfRange || f.Params["min"] == nil || f.Params["max"] == nil {
				t.Errorf("%s: %+v", c.name, f)
			}
			got = append(got, f.Field)
		}
		if len(got) != len(c.wrong) || len(got) > 0 && got[0] != c.wrong[0] {
			t.Errorf("%s: %v, want %v", c.name, got, c.wrong)
		}
	}
}

// A policy that was saved before it had these deadlines says what the code said then, in force, in the history and restored; who saves says them.
func TestAPolicyOfBeforeHasThem(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, db *storage.DB) {
		ctx := t.Context()
		rules, err := policy.Open(ctx, db)
		must(t, err)
		first := policy.First()
		first.Deadlines.Confirm, first.Deadlines.MinorAsk, first.Deadlines.MinorReport = 600, 12*hour, hour
		_, err = rules.Save(ctx, 0, first, "u-admin", "")
		must(t, err)
		within := func(ask, report time.Duration) {
			t.Helper()
			if a, r, err := rules.Minors(ctx); err != nil || a != ask || r != report {
				t.Errorf("%v, %v, %v", a, r, err)
			}
		}
		within(12*time.Hour, time.Hour)
		// As a release of before wrote it.
		_, err = db.Exec(ctx, `INSERT INTO documents (kind, n, document, saved_ms, saved_by, note, origin, restored)
			SELECT kind, 2, REPLACE(document, ',"minor_ask":43200,"minor_report":3600', ''), saved_ms, saved_by, note, origin, 0 FROM documents WHERE kind = 'crisis' AND n = 1`)
		must(t, err)
		within(24*time.Hour, 2*time.Hour)
		if v, err := rules.Get(ctx, 2); err != nil || v.Doc.Deadlines.Confirm != 600 || v.Doc.Deadlines.MinorReport != 2*hour {
			t.Errorf("%+v, %v", v.Doc.Deadlines, err)
		}
		_, err = rules.Restore(ctx, 2, 1, "u-admin", "")
		must(t, err)
		within(12*time.Hour, time.Hour)
		_, err = rules.Restore(ctx, 3, 2, "u-admin", "")
		must(t, err)
		within(24*time.Hour, 2*time.Hour)
		var kept string
		must(t, db.QueryRow(ctx, `SELECT document FROM documents WHERE kind = 'crisis' AND n = 2`).Scan(&kept))
		draft, err := rules.Decode([]byte(kept))
		must(t, err)
		if _, err := rules.Save(ctx, 4, draft, "u-admin", ""); err == nil {
			t.Error("who saves without them lets the code decide")
		}
	})
}

// A dry run counts tasks about minors by what held when each deadline began, and by the draft.
func TestDryRunOfMinors(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, db *storage.DB) {
		ctx := t.Context()
		dir := t.TempDir()
		must(t, casework.CreateKeys(dir))
		keys, err := casework.LoadKeys(dir, "CN")
		must(t, err)
		rules, err := policy.Open(ctx, db)
		must(t, err)
		incidents, err := crisis.OpenStore(ctx, db, crisis.Config{Seal: keys, Policies: rules, People: duty{}})
		must(t, err)
		strict := policy.First()
		strict.Deadlines.MinorReport = 600 // from now on: nothing that has begun is late by it
		_, err = rules.Save(ctx, 0, strict, "u-admin", "")
		must(t, err)
		now := time.Now()
		ago := func(d time.Duration) time.Time { return now.Add(-d) }
		var zero time.Time
		for _, c := range []struct {
			name          string
			task          crisis.MinorTask
			ask, report   int // of the draft
			before, after int
		}{
			{"asked and closed in time", crisis.MinorTask{Opened: ago(50 * time.Hour), Asked: ago(49 * time.Hour), Suspected: zero, Closed: ago(49 * time.Hour)}, 24, 2, 0, 0},
			{"asked late by the draft", crisis.MinorTask{Opened: ago(50 * time.Hour), Asked: ago(40 * time.Hour), Closed: ago(40 * time.Hour)}, 6, 2, 0, 1},
			{"never asked", crisis.MinorTask{Opened: ago(50 * time.Hour)}, 72, 2, 1, 0},
			{"reported late", crisis.MinorTask{Opened: ago(50 * time.Hour), Asked: ago(49 * time.Hour), Suspected: ago(49 * time.Hour), Closed: ago(46 * time.Hour)}, 24, 4, 1, 0},
			{"reported after an hour", crisis.MinorTask{Opened: ago(50 * time.Hour), Asked: ago(49 * time.Hour), Suspected: ago(49 * time.Hour), Closed: ago(48 * time.Hour)}, 24, 1, 0, 0},
			{"not reported yet", crisis.MinorTask{Opened: ago(50 * time.Hour), Asked: ago(49 * time.Hour), Suspected: ago(5 * time.Hour)}, 24, 6, 1, 0},
			{"late in both is one task", crisis.MinorTask{Opened: ago(90 * time.Hour), Asked: ago(60 * time.Hour), Suspected: ago(60 * time.Hour)}, 1, 1, 1, 1},
		} {
			draft := policy.First()
			draft.Deadlines.MinorAsk, draft.Deadlines.MinorReport = c.ask*hour, c.report*hour
			got, err := rules.DryRun(ctx, incidents, func(context.Context, time.Time) ([]crisis.MinorTask, error) { return []crisis.MinorTask{c.task}, nil }, draft)
			must(t, err)
			if want := (crisis.MinorTally{Tasks: 1, Before: c.before, After: c.after}); got.Minors != want {
				t.Errorf("%s: %+v, want %+v", c.name, got.Minors, want)
			}
		}
		away := errors.New("away")
		if _, err := rules.DryRun(ctx, incidents, func(context.Context, time.Time) ([]crisis.MinorTask, error) { return nil, away }, policy.First()); !errors.Is(err, away) {
			t.Errorf("what could not be read counts as nothing: %v", err)
		}
	})
}
