package casework

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"hotline/storage"
	"hotline/storage/storagetest"
)

// BenchmarkCall is what one whole call costs the ledger: arrival, count of earlier contacts, end.
func BenchmarkCall(b *testing.B) {
	for name, url := range map[string]string{"sqlite": storagetest.SQLiteURL(b), "postgres": storagetest.PostgresURL(b)} {
		b.Run(name, func(b *testing.B) {
			db := storagetest.Open(b, url)
			must(b, Migrate(b.Context(), db))
			l, n := NewLedger(db), 0
			for b.Loop() {
				n++
				id := fmt.Sprint(name, b.N, "-", n)
				must(b, l.Open(b.Context(), CallRecord{ID: id, Line: "12355", Arrived: at(n), Queued: at(n), CallerRef: "1-x" + id}))
				_, err := l.CountByCaller(b.Context(), "1-x"+id)
				must(b, err)
				must(b, l.Close(b.Context(), id, Closing{EndedAt: at(n + 9), Outcome: Answered}))
			}
		})
	}
}

// knownRows is a ledger of some ten years: 1e6 calls of 300,000 callers, one of whom called 20,000 times.
const knownRows = `INSERT INTO calls (` + callColumns + `, followed_ms)
	WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000)
	SELECT 'c' || i, '12355', '12355', 'node-1', CASE WHEN i % 20 = 0 THEN 'red' ELSE 'normal' END, 'u-' || (i % 30), i % 20 = 0,
		i * 1000, i * 1000 + 5, i * 1000 + 9, i * 1000 + 20, i * 1000 + 60000, 20, 59000, 'answered', CASE WHEN i % 40 = 0 THEN 'caller' ELSE 'agent' END, 16,
		CASE WHEN i % 50 = 0 THEN '1-often' ELSE '1-' || (i % 300000) END, NULL, 1
	FROM n`

// BenchmarkKnown is what a caller waits for, beside the greeting: what a full ledger says of the number.
func BenchmarkKnown(b *testing.B) {
	for name, url := range map[string]string{"sqlite": storagetest.SQLiteURL(b), "postgres": storagetest.PostgresURL(b)} {
		b.Run(name, func(b *testing.B) {
			db := storagetest.Open(b, url)
			must(b, Migrate(b.Context(), db))
			_, err := db.Exec(b.Context(), knownRows)
			must(b, err)
			_, err = db.Exec(b.Context(), "ANALYZE")
			must(b, err)
			l := NewLedger(db)
			for who, refs := range map[string]func(int) []string{
				"caller":   func(n int) []string { return []string{"2-none", fmt.Sprint("1-", n%300000)} },
				"stranger": func(n int) []string { return []string{"2-none", fmt.Sprint("1-none", n)} },
				"often":    func(int) []string { return []string{"2-none", "1-often"} },
			} {
				b.Run(who, func(b *testing.B) {
					n, took := 0, []time.Duration{}
					for b.Loop() {
						n += 7919
						began := time.Now()
						_, err := l.Known(b.Context(), refs(n), KnownRules{}, time.UnixMilli(1_000_060_000))
						must(b, err)
						took = append(took, time.Since(began))
					}
					slices.Sort(took)
					b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
				})
			}
		})
	}
}

// BenchmarkAuditAppend is what one act of a person waits for; most of it is the disk's.
func BenchmarkAuditAppend(b *testing.B) {
	for name, url := range map[string]string{"sqlite": storagetest.SQLiteURL(b), "postgres": storagetest.PostgresURL(b)} {
		b.Run(name, func(b *testing.B) {
			db := storagetest.Open(b, url)
			must(b, Migrate(b.Context(), db))
			a := NewAudit(db)
			for b.Loop() {
				_, err := a.Append(b.Context(), Entry{Actor: "u-1", Role: "supervisor", Action: "recording.access", Object: "recording:1", Reason: "review"})
				must(b, err)
			}
		})
	}
}

// BenchmarkAuditVerify reads and follows 200,000 rows.
func BenchmarkAuditVerify(b *testing.B) {
	const rows = 200_000
	for name, url := range map[string]string{"sqlite": storagetest.SQLiteURL(b), "postgres": storagetest.PostgresURL(b)} {
		b.Run(name, func(b *testing.B) {
			db := storagetest.Open(b, url)
			must(b, Migrate(b.Context(), db))
			_, err := db.Exec(b.Context(), `INSERT INTO audit (`+auditColumns+`)
				WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200000)
				SELECT i, 1700000000000 + i, 'u-01J0000000000000000000000A', 'supervisor', 'recording.access', 'recording:01J0000000000000000000000D', 'review', '192.0.2.1', '{}' FROM n`)
			must(b, err)
			if db.Dialect() == storage.Postgres {
				_, err = db.Exec(b.Context(), "ALTER TABLE audit_head DISABLE TRIGGER audit_head_forward")
			} else {
				_, err = db.Exec(b.Context(), "DROP TRIGGER audit_head_forward")
			}
			must(b, err)
			_, err = db.Exec(b.Context(), "UPDATE audit_head SET seq = ?", rows)
			must(b, err)
			a := NewAudit(db)
			began := time.Now()
			must(b, a.linkOld(b.Context()))
			b.Logf("chained %d old rows in %s", rows, time.Since(began))
			for b.Loop() {
				if end, err := a.Verify(b.Context(), []Digest{SHA256{}}); err != nil || end.Seq != rows {
					b.Fatal(end, err)
				}
			}
			b.ReportMetric(rows*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}
