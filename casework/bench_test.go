package casework

import (
	"fmt"
	"testing"

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
