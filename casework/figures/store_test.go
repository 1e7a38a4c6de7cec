package figures

import (
	"fmt"
	"math"
	"os"
	"reflect"
	"slices"
	"testing"
	"time"

	"hotline/casework"
	"hotline/storage"
	"hotline/storage/storagetest"
)

func TestMain(m *testing.M) { os.Exit(storagetest.Main(m)) }

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// TestSlices: each way in which a call can go is counted as the package says.
func TestSlices(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, db *storage.DB) {
		ctx := t.Context()
		must(t, casework.Migrate(ctx, db))
		l := casework.NewLedger(db)
		begin := noon.Add(-time.Hour)
		after := func(s float64) time.Time { return begin.Add(time.Duration(math.Round(s*1000)) * time.Millisecond) }
		n := 0
		// A caller who waits from the second second on. Zero times: it did not happen.
		caller := func(line string, talked, ended float64, outcome casework.Outcome, danger bool) string {
			n++
			c := casework.CallRecord{ID: fmt.Sprintf("c%02d", n), Line: line, Tier: "normal", Danger: danger, Arrived: begin, Queued: after(2)}
			if talked > 0 {
				c.Talked = after(2 + talked)
			}
			must(t, l.Open(ctx, c))
			if ended > 0 {
				must(t, l.Close(ctx, c.ID, casework.Closing{EndedAt: after(2 + ended), Outcome: outcome}))
			}
			return c.ID
		}
		caller("12355", 15, 75, casework.Answered, false)     // in time to the millisecond
		caller("12355", 15.001, 20, casework.Answered, false) // late for 15 s, in time for 20 s
		caller("12355", 3, 0, "", false)                      // talks now
		caller("12355", 0, 60, casework.Abandoned, false)
		caller("12355", 0, 5, casework.Abandoned, false) // short
		caller("12355", 0, 5, casework.Abandoned, true)  // in danger: counted
		caller("12355", 0, 300, casework.Overflowed, false)
		caller("12355", 0, 30, casework.Callback, false)
		caller("12355", 0, 30, casework.Degraded, false)
		caller("12355", 0, 0, "", false) // waits since long ago: late already
		caller("12355", 0, 30, casework.NotReached, false)
		caller("12355", 0, 30, casework.Withdrawn, false)
		caller("12345", 1, 61, casework.Answered, false)
		dialled := caller("12355", 1, 61, casework.Answered, false) // a callback of ours
		_, err := db.Exec(ctx, `INSERT INTO tasks (id, source, kind, reason, line, call_id, recording, caller_ref, danger, state, created_ms, due_ms, closed_ms, closed_by, entry)
			VALUES ('t','s','callback','promised','12355','c','','',?,'done',1,1,1,'',?)`, false, dialled)
		must(t, err)
		fresh := casework.CallRecord{ID: "fresh", Line: "12355", Arrived: noon.Add(-3 * time.Second)} // waits, and may still be in time
		must(t, l.Open(ctx, fresh))
		old := casework.CallRecord{ID: "old", Line: "12355", Arrived: noon.Add(-48 * time.Hour)}
		must(t, l.Open(ctx, old))

		s := New(db)
		got, err := s.Slices(ctx, noon.Add(-Window), noon, 5*time.Minute, []time.Duration{15 * time.Second, 20 * time.Second})
		must(t, err)
		want := []Slice{
			{"12345", begin, Counts{Offered: 1, Answered: 1, Talk: 60 * time.Second, Waits: time.Second, Most: time.Second, Spans: []Span{{1, 0}, {1, 0}}}},
			{"12355", begin, Counts{
				Offered: 8, Answered: 4, Abandoned: 2, Short: 1, Overflowed: 1, Callbacks: 1, Degraded: 1, Waiting: 1,
				Talk: 60*time.Second + 4999*time.Millisecond, Waits: 33001 * time.Millisecond, Most: 60 * time.Second, Spans: []Span{{2, 7}, {3, 6}},
			}},
			{"12355", noon.Add(-5 * time.Minute), Counts{Waiting: 1, Spans: []Span{{0, 0}, {0, 0}}}},
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("got  %+v\nwant %+v", got, want)
		}
		// Waiting at once: everyone who began at the second second and is neither overflowed nor degraded, the callback of ours not among them.
		levels, err := s.Levels(ctx, noon.Add(-Window), noon, 5*time.Minute)
		must(t, err)
		if len(levels) != 2 || levels[0].Most != 9 || levels[0].Change != 1 || levels[1].Change != 1 {
			t.Errorf("levels %+v", levels)
		}
		if none, err := s.Slices(ctx, noon.Add(time.Hour), noon, time.Hour, nil); len(none) != 0 || err != nil {
			t.Errorf("%+v, %v", none, err)
		}
	})
}

// busyMonth is 200,000 calls, evenly over the thirty days before noon.
const busyMonth = `INSERT INTO calls (id, line, dialled, node, tier, agent, danger, arrived_ms, queued_ms, offered_ms, talked_ms, ended_ms, wait_ms, talk_ms, outcome,
		ended_by, q850, caller_ref, caller_sealed, followed_ms)
	WITH RECURSIVE n(i) AS (SELECT CAST(1 AS BIGINT) UNION ALL SELECT i + 1 FROM n WHERE i < 200000)
	SELECT 'c' || i, CASE WHEN i % 3 = 0 THEN '12345' WHEN i % 3 = 1 THEN '12355' ELSE '12356' END, '12355', 'node-1', 'normal', 'u-' || (i % 30), i % 20 = 0,
		a.base + i * 12960, a.base + i * 12960 + 3000, a.base + i * 12960 + 3009, CASE WHEN i % 12 = 0 THEN 0 ELSE a.base + i * 12960 + 3000 + (i % 19) * 1000 END,
		a.base + i * 12960 + 600000, 20, 590000, CASE WHEN i % 12 = 0 THEN 'abandoned' ELSE 'answered' END, 'agent', 16, '1-' || (i % 50000), NULL, 1
	FROM n, (SELECT CAST(? AS BIGINT) AS base) AS a`

// BenchmarkFigures is what one reading of the figures and one of the long trend cost.
func BenchmarkFigures(b *testing.B) {
	for name, url := range map[string]string{"sqlite": storagetest.SQLiteURL(b), "postgres": storagetest.PostgresURL(b)} {
		b.Run(name, func(b *testing.B) {
			db := storagetest.Open(b, url)
			must(b, casework.Migrate(b.Context(), db))
			_, err := db.Exec(b.Context(), busyMonth, storage.Millis(noon.Add(-30*24*time.Hour)))
			must(b, err)
			_, err = db.Exec(b.Context(), "ANALYZE")
			must(b, err)
			s, spans := New(db), SpansOf(Standards())
			for what, read := range map[string]func() error{
				"day": func() error {
					_, err := s.Slices(b.Context(), noon.Add(-Window), noon, 5*time.Minute, spans)
					return err
				},
				"day-levels": func() error {
					_, err := s.Levels(b.Context(), noon.Add(-Window), noon, 5*time.Minute)
					return err
				},
				"month": func() error {
					_, err := s.Slices(b.Context(), noon.Add(-30*Window), noon, time.Hour, spans)
					return err
				},
				"month-levels": func() error {
					_, err := s.Levels(b.Context(), noon.Add(-30*Window), noon, time.Hour)
					return err
				},
			} {
				b.Run(what, func(b *testing.B) {
					var took []time.Duration
					for b.Loop() {
						began := time.Now()
						must(b, read())
						took = append(took, time.Since(began))
					}
					slices.Sort(took)
					b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
				})
			}
		})
	}
}
