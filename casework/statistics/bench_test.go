package statistics

import (
	"os"
	"testing"
	"time"

	"hotline/storage"
	"hotline/storage/storagetest"
)

// busyYear is 200,000 calls, evenly over the year before a time, six of seven with a talk, from 50,000 numbers.
const busyYear = `INSERT INTO calls (id, line, dialled, node, tier, agent, danger, arrived_ms, queued_ms, offered_ms, talked_ms, ended_ms, wait_ms, talk_ms, outcome,
		ended_by, q850, caller_ref, caller_sealed, followed_ms)
	WITH RECURSIVE n(i) AS (SELECT CAST(1 AS BIGINT) UNION ALL SELECT i + 1 FROM n WHERE i < 200000)
	SELECT 'c' || i, CASE WHEN i % 3 = 0 THEN '12345' WHEN i % 3 = 1 THEN '12355' ELSE '12356' END, '12355', 'node-1', 'normal', 'u-' || (i % 30), i % 20 = 0,
		a.base + i * 157680, a.base + i * 157680 + 3000, a.base + i * 157680 + 3009, CASE WHEN i % 7 = 0 THEN 0 ELSE a.base + i * 157680 + 3000 + (i % 19) * 1000 END,
		a.base + i * 157680 + 600000, 20, 590000, CASE WHEN i % 7 = 0 THEN 'abandoned' ELSE 'answered' END, 'agent', 16, '1-' || (i % 50000), NULL, 1
	FROM n, (SELECT CAST(? AS BIGINT) AS base) AS a`

const busyForms = `INSERT INTO dispositions (id, call_id, at_ms, agent, form, chosen, said)
	SELECT 'd' || id, id, arrived_ms, agent, 1, '{"suicide":["denied"],"about":["sleep","' || (arrived_ms % 97) || '"]}', NULL FROM calls WHERE talked_ms > 0`

// busyFiles has a file for each number, and in it all talks from there.
var busyFiles = []string{
	`INSERT INTO files (id, code, merged_into, root, created_ms, created_by, birth_year, age_band, sex, region, level, level_ms, level_by, level_version)
		SELECT DISTINCT 'f' || caller_ref, 'C' || caller_ref, '', 'f' || caller_ref, 1, 'u-1', 0, '', '', '', '', 0, '', 0 FROM calls`,
	`INSERT INTO file_links (id, file_id, call_id, role, at_ms, refs) SELECT 'l' || id, 'f' || caller_ref, id, 'caller', arrived_ms, caller_ref FROM calls WHERE talked_ms > 0`,
	`INSERT INTO file_refs (ref, file_id, own, links, last_ms) SELECT DISTINCT caller_ref, 'f' || caller_ref, TRUE, 1, 1 FROM calls`,
}

// BenchmarkRead is what one look at the statistics costs with a year of 200,000 calls behind it.
func BenchmarkRead(b *testing.B) {
	now := time.Date(2026, 6, 1, 0, 0, 0, 0, china(b))
	for name, url := range map[string]string{"sqlite": storagetest.SQLiteURL(b), "postgres": storagetest.PostgresURL(b)} {
		b.Run(name, func(b *testing.B) {
			db := storagetest.Open(b, url)
			withFiles(b, db)
			s, _, _ := opened(b, db, map[Origin]Source{FromFiles: NewCases(db).Files()})
			_, err := db.Exec(b.Context(), busyYear, storage.Millis(now.AddDate(-1, 0, 0)))
			must(b, err)
			_, err = db.Exec(b.Context(), busyForms)
			must(b, err)
			for _, query := range busyFiles {
				_, err = db.Exec(b.Context(), query)
				must(b, err)
			}
			_, err = db.Exec(b.Context(), "ANALYZE")
			must(b, err)
			for what, step := range map[string]Step{"month-by-day": Day, "year-by-month": Month} {
				from := now.AddDate(0, -1, 0)
				if step == Month {
					from = now.AddDate(-1, 0, 0)
				}
				cols, err := Periods(step, from, now.AddDate(0, 0, -1), now.Location(), "")
				must(b, err)
				cols = append(cols, Whole(cols))
				b.Run(what, func(b *testing.B) {
					for b.Loop() {
						began := time.Now()
						_, err := s.Read(b.Context(), cols)
						must(b, err)
						b.ReportMetric(float64(time.Since(began).Milliseconds()), "last-ms")
					}
				})
				if os.Getenv("HOTLINE_STATISTICS_PARTS") == "" {
					continue
				}
				for part, read := range map[string]func() error{
					"calls":  func() error { _, err := s.countCalls(b.Context(), cols, now.UnixMilli()); return err },
					"people": func() error { _, err := s.countPeople(b.Context(), cols, 3); return err },
					"staff":  func() error { _, err := s.countStaff(b.Context(), cols); return err },
					"forms":  func() error { _, err := s.countForms(b.Context(), cols); return err },
				} {
					b.Run(what+"/"+part, func(b *testing.B) {
						for b.Loop() {
							must(b, read())
						}
					})
				}
			}
		})
	}
}
