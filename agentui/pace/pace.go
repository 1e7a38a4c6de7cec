// Package pace slows down who asks too often, in bounded memory.
package pace

import (
	"container/list"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Kept is how many names are remembered, those seen last.
const Kept = 10_000

// Limits gives each name its own turns.
type Limits struct {
	every rate.Limit
	burst int

	mu     sync.Mutex
	order  *list.List // of *turns, newest first
	byName map[string]*list.Element
}

type turns struct {
	name string
	*rate.Limiter
}

// New gives every name a turn in each span in the long run, and so many at once.
func New(every time.Duration, burst int) *Limits {
	return &Limits{every: rate.Every(every), burst: burst, order: list.New(), byName: map[string]*list.Element{}}
}

// Take takes one turn of a name; or takes none and tells how long to wait for it.
func (l *Limits) Take(name string, now time.Time) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	one := l.of(name)
	if missing := 1 - one.TokensAt(now); missing > 0 {
		return time.Duration(missing / float64(one.Limit()) * float64(time.Second))
	}
	one.AllowN(now, 1)
	return 0
}

func (l *Limits) of(name string) *rate.Limiter {
	if e := l.byName[name]; e != nil {
		l.order.MoveToFront(e)
		return e.Value.(*turns).Limiter
	}
	if l.order.Len() >= Kept {
		oldest := l.order.Remove(l.order.Back()).(*turns)
		delete(l.byName, oldest.name)
	}
	one := &turns{name: name, Limiter: rate.NewLimiter(l.every, l.burst)}
	l.byName[name] = l.order.PushFront(one)
	return one.Limiter
}
