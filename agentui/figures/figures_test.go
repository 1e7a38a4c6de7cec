package figures

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"hotline/casework/figures"
)

// slowCounts counts how often the ledger is read.
type slowCounts struct {
	reads atomic.Int32
	open  chan struct{}
}

func (c *slowCounts) Slices(context.Context, time.Time, time.Time, time.Duration, []time.Duration) ([]figures.Slice, error) {
	c.reads.Add(1)
	<-c.open
	return nil, nil
}

func (c *slowCounts) Levels(context.Context, time.Time, time.Time, time.Duration) ([]figures.Level, error) {
	return nil, nil
}

// However many ask at once, the ledger is read once.
func TestFiguresAreCountedOnceForAll(t *testing.T) {
	store := &slowCounts{open: make(chan struct{})}
	l := NewCounter(store, figures.Standards, func() *time.Location { return time.UTC })
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			if _, err := l.OfDay(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	close(store.open)
	all.Wait()
	if n := store.reads.Load(); n != 1 {
		t.Errorf("read %d times", n)
	}
}

// steady has a caller in each step of five minutes.
type steady struct{}

func (steady) Slices(_ context.Context, from, now time.Time, step time.Duration, _ []time.Duration) (out []figures.Slice, err error) {
	for at := from.Truncate(step); at.Before(now); at = at.Add(step) {
		out = append(out, figures.Slice{At: at, Counts: figures.Counts{Offered: 1}})
	}
	return out, nil
}

func (steady) Levels(context.Context, time.Time, time.Time, time.Duration) ([]figures.Level, error) {
	return nil, nil
}

// Today begins at midnight where the site is, also on the days of 23 and 25 hours.
func TestTodayBeginsAtMidnight(t *testing.T) {
	for _, c := range []struct {
		zone, at string
		hours    int
	}{
		{"Asia/Shanghai", "2026-12-31T16:00:00Z", 0}, {"Asia/Shanghai", "2026-12-31T15:00:00Z", 23}, {"Asia/Shanghai", "2027-01-01T00:00:00Z", 8},
		{"America/New_York", "2027-03-15T03:00:00Z", 22}, {"America/New_York", "2027-11-08T04:00:00Z", 24}, {"America/New_York", "2027-11-08T05:00:00Z", 0},
		{"America/New_York", "2027-11-08T04:59:59Z", 25}, // a step that has begun counts
	} {
		zone, err1 := time.LoadLocation(c.zone)
		at, err2 := time.Parse(time.RFC3339, c.at)
		if err1 != nil || err2 != nil {
			t.Fatal(err1, err2)
		}
		l := NewCounter(steady{}, figures.Standards, func() *time.Location { return zone })
		one := &Counted{at: at, from: at.Add(-figures.Window), step: dayStep}
		one.slices, _ = steady{}.Slices(t.Context(), one.from, at, dayStep, nil)
		if got, err := l.sinceMidnight(t.Context(), one); err != nil || got.Offered != c.hours*12 {
			t.Errorf("at %s in %s: %d callers, want %d; %v", c.at, c.zone, got.Offered, c.hours*12, err)
		}
	}
}
