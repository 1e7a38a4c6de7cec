package telephony

import (
	"context"
	"sync"
	"time"
)

// lane carries out work for one call in order, beside the goroutine that owns the call: what waits for Redis, a gateway or the database
// must never stand between a caller and the hold audio.
type lane struct {
	beside func(func()) // runs the lane's goroutine; nil: a plain one

	mu      sync.Mutex
	work    []func(context.Context)
	running bool
}

// do appends work. The lane's goroutine lives only while there is some.
func (l *lane) do(ctx context.Context, f func(context.Context)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.work = append(l.work, f)
	if !l.running {
		l.running = true
		if l.beside == nil {
			go l.drain(ctx)
			return
		}
		l.beside(func() { l.drain(ctx) })
	}
}

func (l *lane) drain(ctx context.Context) {
	for {
		l.mu.Lock()
		if len(l.work) == 0 {
			l.running = false
			l.mu.Unlock()
			return
		}
		f := l.work[0]
		l.work = l.work[1:]
		l.mu.Unlock()
		f(ctx)
	}
}

// again repeats f until it succeeds, says that repeating is useless, the time is over (0: no limit), ctx ends, or it may not be done any more (see
// fence). The pause grows from 50 ms to 1 s.
func again(ctx context.Context, limit time.Duration, f func(context.Context) (done bool, err error)) error {
	if limit > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, limit)
		defer cancel()
	}
	for wait := 50 * time.Millisecond; ; wait = min(2*wait, time.Second) {
		if err := mayAct(ctx); err != nil {
			return err
		}
		done, err := f(ctx)
		if done || err == nil {
			return err
		}
		if !pause(ctx, wait) {
			return err
		}
	}
}

// pause waits, and says whether the time is over rather than ctx.
func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}
