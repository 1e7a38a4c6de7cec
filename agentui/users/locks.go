package users

import (
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"hotline/queue"
	"hotline/storage"
)

// LockRules say how failures at the door lock it. The zero value of a field means its default.
type LockRules struct {
	Failures        int           // at one account from one known place, or from all strangers together; default 5
	AddressFailures int           // from one network at all accounts; default 30
	Window          time.Duration // within which they count together; default 15 min
	First           time.Duration // of the first lock; each further one within a day is twice as long; default 1 min
	Most            time.Duration // of any lock; default 1 h
}

func (r LockRules) withDefaults() LockRules {
	r.Failures, r.AddressFailures = cmp.Or(r.Failures, 5), cmp.Or(r.AddressFailures, 30)
	r.Window, r.First, r.Most = cmp.Or(r.Window, 15*time.Minute), cmp.Or(r.First, time.Minute), cmp.Or(r.Most, time.Hour)
	return r
}

const (
	lockMemory   = 24 * time.Hour      // after which locks do not grow any more
	originMemory = 90 * 24 * time.Hour // a place where a person was not seen for so long is a stranger's
	strangers    = "strangers"
)

// Locks count failures at the door. An account has one door for each place that its person is known at and one for everybody else, so that those
// who guess from elsewhere lock the door of strangers only.
type Locks struct {
	db    *storage.DB
	rules LockRules
	key   []byte // of names that nobody has: what was typed, perhaps a password, is not kept
	now   func() time.Time
}

// Locks returns the store of locks.
func (s *Store) Locks(rules LockRules) *Locks {
	key := make([]byte, 32)
	_, _ = rand.Read(key) // never fails (crypto/rand)
	return &Locks{db: s.db, rules: rules.withDefaults(), key: key, now: time.Now}
}

// Knock is one attempt to come in.
type Knock struct {
	User     queue.AgentID // empty: nobody has that name
	Username string
	Address  netip.Addr
	Device   string // what the browser kept of an earlier sign-in; empty: nothing

	account, network string // the buckets that it counts in; empty: none
}

// Lock is a door that is, or soon will be, shut.
type Lock struct {
	User     queue.AgentID
	Origin   string // "strangers", "address:…" or "device:…"
	Failures int    // since the last lock
	Last     time.Time
	Locks    int
	Until    time.Time // zero, or past: it is open
}

// network is the part of an address that one household or one attacker has.
func network(a netip.Addr) string {
	bits := 32
	if a.Is6() {
		bits = 64
	}
	p, err := a.Prefix(bits)
	if err != nil {
		return "unknown"
	}
	return p.String()
}

func deviceHash(device string) string {
	sum := sha256.Sum256([]byte("device " + device))
	return hex.EncodeToString(sum[:16])
}

// Take counts an attempt before it is looked at, so that many at once are not more than the rules allow. wait: it must not be looked at, and the
// door opens after that time. shut: this attempt was the last before a lock; one that then succeeds opens it again.
func (l *Locks) Take(ctx context.Context, k *Knock) (wait time.Duration, shut bool, err error) {
	if err := l.Place(ctx, k); err != nil {
		return 0, false, err
	}
	err = l.db.InTx(ctx, func(tx *storage.Tx) error {
		wait, shut = 0, false
		for _, b := range k.buckets(l.rules) {
			w, err := l.until(ctx, tx, b.name)
			if err != nil {
				return err
			}
			wait = max(wait, w)
		}
		if wait > 0 {
			return nil
		}
		for _, b := range k.buckets(l.rules) {
			now, err := l.count(ctx, tx, b)
			if err != nil {
				return err
			}
			shut = shut || now
		}
		return nil
	})
	if err != nil {
		return 0, false, fmt.Errorf("count attempt: %w", err)
	}
	return wait, shut, nil
}

// bucket is one row.
type bucket struct {
	name, origin string
	user         queue.AgentID
	most         int
}

func (k *Knock) buckets(r LockRules) []bucket {
	all := []bucket{{name: k.account, origin: k.origin(), user: k.User, most: r.Failures}}
	if k.network != "" {
		all = append(all, bucket{name: k.network, origin: k.network, most: r.AddressFailures})
	}
	return all
}

func (k *Knock) origin() string {
	id := string(k.User)
	if len(k.account) > len(id) && id != "" {
		return k.account[len(id)+1:]
	}
	return strangers
}

// Place finds out at which door the attempt is made.
func (l *Locks) Place(ctx context.Context, k *Knock) error {
	address := "address:" + network(k.Address)
	k.network = address
	if k.User == "" {
		mac := hmac.New(sha256.New, l.key)
		mac.Write([]byte(fold(k.Username)))
		k.account = "nobody " + hex.EncodeToString(mac.Sum(nil)[:16])
		return nil
	}
	k.account = string(k.User) + " " + strangers
	for _, origin := range []string{"device:" + deviceHash(k.Device), address} {
		var n int
		err := l.db.QueryRow(ctx, "SELECT COUNT(*) FROM known_origins WHERE user_id = ? AND origin = ? AND used_ms > ?", string(k.User), origin,
			storage.Millis(l.now().Add(-originMemory))).Scan(&n)
		if err != nil {
			return fmt.Errorf("known origin: %w", err)
		}
		if n == 0 || k.Device == "" && origin != address {
			continue
		}
		k.account = string(k.User) + " " + origin
		if origin != address {
			k.network = "" // the person's own browser comes in whatever its neighbours do
		}
		return nil
	}
	return nil
}

func (l *Locks) until(ctx context.Context, tx *storage.Tx, name string) (time.Duration, error) {
	var until int64
	err := tx.QueryRow(ctx, "SELECT until_ms FROM lockouts WHERE bucket = ?", name).Scan(&until)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	return max(0, storage.Time(until).Sub(l.now())), err
}

// count adds one failure and tells whether the door is shut by it.
func (l *Locks) count(ctx context.Context, tx *storage.Tx, b bucket) (shut bool, err error) {
	now := l.now()
	var failures, first, last, locks, until int64
	err = tx.QueryRow(ctx, "SELECT failures, first_ms, last_ms, locks, until_ms FROM lockouts WHERE bucket = ?", b.name).Scan(&failures, &first, &last, &locks, &until)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return false, err
	}
	if now.Sub(storage.Time(last)) > lockMemory {
		failures, locks = 0, 0
	}
	if failures == 0 || now.Sub(storage.Time(first)) > l.rules.Window {
		failures, first = 0, storage.Millis(now)
	}
	failures++
	if failures >= int64(b.most) {
		shut = true
		span := l.rules.Most
		if locks < 20 {
			span = min(span, l.rules.First<<locks)
		}
		failures, until = 0, storage.Millis(now.Add(span))
		locks++
	}
	_, err = tx.Exec(ctx, `INSERT INTO lockouts (bucket, user_id, origin, failures, first_ms, last_ms, locks, until_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (bucket) DO UPDATE SET failures = excluded.failures, first_ms = excluded.first_ms, last_ms = excluded.last_ms, locks = excluded.locks, until_ms = excluded.until_ms`,
		b.name, string(b.user), b.origin, failures, first, storage.Millis(now), locks, until)
	return shut, err
}

// Succeeded forgets the failures at that door and, when the person is now wholly signed in, learns the place. device is new when the browser had none.
func (l *Locks) Succeeded(ctx context.Context, k Knock, device string) error {
	now := storage.Millis(l.now())
	err := l.db.InTx(ctx, func(tx *storage.Tx) error {
		if _, err := tx.Exec(ctx, "UPDATE lockouts SET failures = 0, until_ms = 0 WHERE bucket = ?", k.account); err != nil {
			return err
		}
		if k.network != "" { // one who comes in proves nothing for the neighbours: only the attempt is taken back
			if _, err := tx.Exec(ctx, "UPDATE lockouts SET failures = failures - 1 WHERE bucket = ? AND failures > 0", k.network); err != nil {
				return err
			}
		}
		if device == "" {
			return nil
		}
		for _, origin := range []string{"device:" + deviceHash(device), "address:" + network(k.Address)} {
			if _, err := tx.Exec(ctx, `INSERT INTO known_origins (user_id, origin, used_ms) VALUES (?, ?, ?)
				ON CONFLICT (user_id, origin) DO UPDATE SET used_ms = excluded.used_ms`, string(k.User), origin, now); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("note sign-in: %w", err)
	}
	return nil
}

// List returns the doors that are shut now or had failures within the last day, the newest first.
func (l *Locks) List(ctx context.Context) ([]Lock, error) {
	all, err := storage.Select(ctx, l.db, func(row storage.Row) (k Lock, err error) {
		var user string
		var last, until int64
		err = row.Scan(&user, &k.Origin, &k.Failures, &last, &k.Locks, &until)
		k.User, k.Last, k.Until = queue.AgentID(user), storage.Time(last), storage.Time(until)
		return k, err
	}, "SELECT user_id, origin, failures, last_ms, locks, until_ms FROM lockouts WHERE last_ms > ? AND (failures > 0 OR until_ms > 0) AND (user_id <> '' OR origin <> ?) ORDER BY last_ms DESC LIMIT 500",
		storage.Millis(l.now().Add(-lockMemory)), strangers)
	if err != nil {
		return nil, fmt.Errorf("list locks: %w", err)
	}
	return all, nil
}

// Unlock opens every door of an account.
func (l *Locks) Unlock(ctx context.Context, id queue.AgentID) error {
	return l.drop(ctx, "user_id = ?", string(id))
}

// UnlockAddress opens the door of a network, as List names it.
func (l *Locks) UnlockAddress(ctx context.Context, origin string) error {
	return l.drop(ctx, "bucket = ? AND user_id = ''", origin)
}

func (l *Locks) drop(ctx context.Context, where string, arg string) error {
	if _, err := l.db.Exec(ctx, "DELETE FROM lockouts WHERE "+where, arg); err != nil {
		return fmt.Errorf("unlock: %w", err)
	}
	return nil
}

// Expire forgets what is over: failures of yesterday, and places where nobody was seen for long.
func (l *Locks) Expire(ctx context.Context) error {
	now := l.now()
	if _, err := l.db.Exec(ctx, "DELETE FROM lockouts WHERE last_ms < ? AND until_ms < ?", storage.Millis(now.Add(-lockMemory)), storage.Millis(now)); err != nil {
		return fmt.Errorf("expire locks: %w", err)
	}
	if _, err := l.db.Exec(ctx, "DELETE FROM known_origins WHERE used_ms < ?", storage.Millis(now.Add(-originMemory))); err != nil {
		return fmt.Errorf("expire origins: %w", err)
	}
	return nil
}
