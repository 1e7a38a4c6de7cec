package agentui

import (
	"container/list"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

const (
	limitersKept   = 10_000
	addressRefill  = time.Second
	ipv6PrefixBits = 64 // one household or one attacker has a whole /64
)

// loginLimits slows down those who flood the door from one address, before any work is done for them, in bounded memory. Whether an account
// or an address is locked is a matter of users.Locks.
type loginLimits struct {
	mu        sync.Mutex
	addresses limiters
}

func newLoginLimits(cfg Config) *loginLimits {
	return &loginLimits{addresses: newLimiters(rate.Every(addressRefill), cfg.LoginsPerAddress)}
}

// attempt takes one attempt, or tells how long to wait.
func (l *loginLimits) attempt(from netip.Addr, now time.Time) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	if p, err := from.Prefix(ipv6PrefixBits); err == nil && from.Is6() {
		from = p.Addr()
	}
	address := l.addresses.get(from.String())
	if wait := untilToken(address, now); wait > 0 {
		return wait
	}
	address.AllowN(now, 1)
	return 0
}

func untilToken(l *rate.Limiter, now time.Time) time.Duration {
	missing := 1 - l.TokensAt(now)
	if missing <= 0 {
		return 0
	}
	return time.Duration(missing / float64(l.Limit()) * float64(time.Second))
}

// limiters keeps the limiters of those seen last.
type limiters struct {
	every  rate.Limit
	burst  int
	order  *list.List // of *limiterOf, newest first
	byName map[string]*list.Element
}

type limiterOf struct {
	name string
	*rate.Limiter
}

func newLimiters(every rate.Limit, burst int) limiters {
	return limiters{every: every, burst: burst, order: list.New(), byName: map[string]*list.Element{}}
}

func (l *limiters) get(name string) *rate.Limiter {
	if e := l.byName[name]; e != nil {
		l.order.MoveToFront(e)
		return e.Value.(*limiterOf).Limiter
	}
	if l.order.Len() >= limitersKept {
		oldest := l.order.Remove(l.order.Back()).(*limiterOf)
		delete(l.byName, oldest.name)
	}
	one := &limiterOf{name: name, Limiter: rate.NewLimiter(l.every, l.burst)}
	l.byName[name] = l.order.PushFront(one)
	return one.Limiter
}
