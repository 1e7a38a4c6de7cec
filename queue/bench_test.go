package queue

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"hotline/queue/queuetest"
)

// BenchmarkDecision is one turn of an agent (Ready, which chooses the caller; Accept; the caller back into the queue) with few and with
// very many callers waiting, in 12 requirement sets. The times must be alike: a decision reads heads of buckets only.
func BenchmarkDecision(b *testing.B) {
	for _, waiting := range []int{100, 10_000, 100_000} {
		b.Run(fmt.Sprintf("waiting=%d", waiting), func(b *testing.B) {
			ctx := context.Background()
			q, err := New(queuetest.Start(b).Client(b), Config{})
			if err != nil {
				b.Fatal(err)
			}
			fill(b, q, waiting)
			if _, err := q.SignIn(ctx, "", Agent{ID: "a1", Skills: Skills{"crisis": 9, "mandarin": 9}, Session: "s"}); err != nil {
				b.Fatal(err)
			}
			var ready, accept time.Duration
			if err := q.rdb.Do(ctx, "CONFIG", "RESETSTAT").Err(); err != nil {
				b.Fatal(err)
			}
			b.ResetTimer()
			for b.Loop() {
				start := time.Now()
				a, err := q.Ready(ctx, "", "a1", "s")
				chosen := time.Now()
				if err != nil || a.State != AgentReserved {
					b.Fatal(a, err)
				}
				if _, err := q.Accept(ctx, "", a.Offer, "a1", "s"); err != nil {
					b.Fatal(err)
				}
				ready, accept = ready+chosen.Sub(start), accept+time.Since(chosen)
				if _, err := q.Enqueue(ctx, "", a.Call, true); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(scriptTime(b, q)/float64(b.N), "µs/turn-in-redis")
			b.ReportMetric(float64(ready.Microseconds())/float64(b.N), "µs/ready")
			b.ReportMetric(float64(accept.Microseconds())/float64(b.N), "µs/accept")
		})
	}
}

// scriptTime is how long Redis itself took for scripts, in µs, without the round trips.
func scriptTime(b *testing.B, q *Queue) float64 {
	b.Helper()
	info, err := q.rdb.Info(context.Background(), "commandstats").Result()
	if err != nil {
		b.Fatal(err)
	}
	_, line, _ := strings.Cut(info, "cmdstat_evalsha:")
	_, usec, _ := strings.Cut(line, "usec=")
	usec, _, _ = strings.Cut(usec, ",")
	n, err := strconv.ParseFloat(usec, 64)
	if err != nil {
		b.Fatal(err)
	}
	return n
}

// fill lets callers wait, by the restore script, in pipelines.
func fill(b *testing.B, q *Queue, n int) {
	b.Helper()
	ctx := context.Background()
	keys := []string{q.key("calls")}
	// An index born an hour ago is not settling after a loss.
	q.now = func() int64 { return time.Now().Add(-time.Hour).UnixMilli() }
	if _, err := q.Snapshot(ctx); err != nil {
		b.Fatal(err)
	}
	q.now = func() int64 { return 0 }
	if err := restoreScript.lua.Load(ctx, q.rdb).Err(); err != nil {
		b.Fatal(err)
	}
	for from := 0; from < n; from += 1000 {
		pipe := q.rdb.Pipeline()
		for i := from; i < min(n, from+1000); i++ {
			c := Call{ID: CallID(fmt.Sprintf("c%06d", i)), Line: "12355", State: CallWaiting, Needs: Skills{"crisis": 1 + i%4, "mandarin": 1 + i%3}, Arrived: time.Now(), Groups: EveryGroup}
			text, err := callText(c, q.conduct.Load().floors)
			if err != nil {
				b.Fatal(err)
			}
			restoreScript.lua.EvalSha(ctx, pipe, keys, q.prefix, "restore", "", "0", "bench", q.conduct.Load().settings, text)
		}
		if _, err := pipe.Exec(ctx); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkOutlook asks for the last caller's outlook among few and very many, in 12 requirement sets.
func BenchmarkOutlook(b *testing.B) {
	for _, waiting := range []int{100, 10_000, 100_000} {
		b.Run(fmt.Sprintf("waiting=%d", waiting), func(b *testing.B) {
			ctx := context.Background()
			q, err := New(queuetest.Start(b).Client(b), Config{})
			if err != nil {
				b.Fatal(err)
			}
			fill(b, q, waiting)
			for b.Loop() {
				if o, err := q.Outlook(ctx, CallID(fmt.Sprintf("c%06d", waiting-1))); err != nil || o.Position < waiting/2 { // those of the same millisecond are not in front
					b.Fatal(o, err)
				}
			}
		})
	}
}
