package telephony

import (
	"context"
	"sync"
	"time"
)

// lane carries out work for one call in order, beside the goroutine that owns the call: what waits for Redis, a gateway or the database
// must never stand between a caller and the hold audio.
type lane struct {
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
		go l.drain(ctx)
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

// again repeats f until it succeeds, says that repeating is useless, the time is over (0: no limit) or ctx ends. The pause grows from 50 ms to 1 s.
func again(ctx context.Context, limit time.Duration, f func(context.Context) (done bool, err error)) error {
	if limit > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, limit)
		defer cancel()
	}
	for pause := 50 * time.Millisecond; ; pause = min(2*pause, time.Second) {
		done, err := f(ctx)
		if done || err == nil {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(pause):
		}
	}
}
