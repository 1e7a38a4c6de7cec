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
	l := NewCounter(store, figures.Standards)
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
