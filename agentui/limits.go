package agentui

import (
	"container/list"
	"crypto/sha256"
	"net/netip"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

const (
	limitersKept   = 10_000
	userRefill     = 30 * time.Second
	addressRefill  = time.Second
	ipv6PrefixBits = 64 // one household or one attacker has a whole /64
)

// loginLimits slows down those who guess: per username and per address, in bounded memory.
type loginLimits struct {
	mu        sync.Mutex
	users     limiters
	addresses limiters
}

func newLoginLimits(cfg Config) *loginLimits {
	return &loginLimits{
		users:     newLimiters(rate.Every(userRefill), cfg.LoginsPerUser),
		addresses: newLimiters(rate.Every(addressRefill), cfg.LoginsPerAddress),
	}
}

// attempt takes one attempt of both, or tells how long to wait.
func (l *loginLimits) attempt(username string, from netip.Addr, now time.Time) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	if p, err := from.Prefix(ipv6PrefixBits); err == nil && from.Is6() {
		from = p.Addr()
	}
	address, user := l.addresses.get(from.String()), l.users.get(userKey(username))
	if wait := max(untilToken(address, now), untilToken(user, now)); wait > 0 {
		return wait
	}
	address.AllowN(now, 1)
	user.AllowN(now, 1)
	return 0
}

// succeeded forgets the failures for a username whose owner has come.
func (l *loginLimits) succeeded(username string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.users.forget(userKey(username))
}

// userKey keeps what was typed out of memory: it may be a password, and it may be long.
func userKey(username string) string {
	sum := sha256.Sum256([]byte(strings.ToLower(strings.TrimSpace(username))))
	return string(sum[:])
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

func (l *limiters) forget(name string) {
	if e := l.byName[name]; e != nil {
		l.order.Remove(e)
		delete(l.byName, name)
	}
}
