package queue

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"
)

const (
	followBlock = 100 * time.Millisecond // one wait for news; also the longest time until an emptied Redis is noticed
	followBatch = 200
	retryLeast  = 50 * time.Millisecond
	retryMost   = 100 * time.Millisecond
	dialMost    = time.Second
	// answerMost bounds one request of a reader, the wait included, so that a dead connection is noticed.
	answerMost = 2 * time.Second
)

// errHandler marks an error of the caller's function, which ends a Follow; all others only make it try again.
type errHandler struct{ err error }

func (e errHandler) Error() string { return e.err.Error() }
func (e errHandler) Unwrap() error { return e.err }

// errReset says that what was read up to now does not lead to what is there now.
var errReset = errors.New("the stream was emptied or trimmed")

// Follow calls fn with each event after the stream id, in order, until ctx ends or fn fails. Redis away: it keeps trying (every 50 to 100 ms). When the stream
// was emptied (Redis lost), set back to an older file (then what is left is emptied too) or trimmed past us it calls fn with EventReset once and goes on from the new end. That end lies before any snapshot
// that fn takes: events that the snapshot contains may follow; Later tells them apart. An empty after is the beginning of the stream.
// It returns the error of fn or of ctx. A loss is noticed at most 300 ms after Redis answers again.
func (q *Queue) Follow(ctx context.Context, after string, fn func(Event) error) error {
	at, err := parsePlace(after)
	if err != nil {
		return fmt.Errorf("queue: follow: %w", err)
	}
	f := &follower{q: q, at: at, fn: fn}
	return q.reconnecting(ctx, f.run)
}

// reconnecting runs a reader on a connection of its own, again and again until ctx ends or the caller's function fails. A shared pool
// would be wrong: a waiting reader holds a connection, and after failed dials the pool of go-redis refuses for up to a second.
func (q *Queue) reconnecting(ctx context.Context, run func(context.Context, redis.UniversalClient, func()) error) error {
	wait := retryLeast
	for {
		err := answers(ctx, q.rdb)
		if err == nil {
			rdb, closeIt := dedicated(q.rdb)
			err = run(ctx, rdb, func() { wait = retryLeast })
			closeIt()
		}
		var own errHandler
		switch {
		case errors.As(err, &own):
			return own.err
		case ctx.Err() != nil:
			return ctx.Err()
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(wait):
		}
		wait = min(2*wait, retryMost)
	}
}

// answers dials without go-redis, which would write a line of log for each failure of an outage.
func answers(ctx context.Context, rdb redis.UniversalClient) error {
	c, ok := rdb.(*redis.Client)
	if !ok {
		return nil
	}
	o := c.Options()
	ctx, cancel := context.WithTimeout(ctx, min(o.DialTimeout, dialMost))
	defer cancel()
	conn, err := o.Dialer(ctx, o.Network, o.Addr)
	if err != nil {
		return fmt.Errorf("queue: dial: %w", err)
	}
	return conn.Close()
}

// dedicated is a client like rdb with connections of its own, no retries and short timeouts.
func dedicated(rdb redis.UniversalClient) (redis.UniversalClient, func()) {
	switch c := rdb.(type) {
	case *redis.Client:
		o := *c.Options()
		o.PoolSize, o.MinIdleConns, o.MaxRetries, o.ContextTimeoutEnabled = 2, 0, -1, true
		o.DialTimeout, o.DialerRetries = min(o.DialTimeout, dialMost), 1
		own := redis.NewClient(&o)
		return own, func() { _ = own.Close() }
	case *redis.ClusterClient:
		o := *c.Options()
		o.PoolSize, o.MinIdleConns, o.ContextTimeoutEnabled = 2, 0, true
		o.ReadOnly, o.RouteByLatency, o.RouteRandomly = false, false, false // a replica that lags would look like a loss
		o.DialTimeout, o.DialerRetries = min(o.DialTimeout, dialMost), 1
		own := redis.NewClusterClient(&o)
		return own, func() { _ = own.Close() }
	default:
		return rdb, func() {}
	}
}

// follower is the state of one Follow.
type follower struct {
	q  *Queue
	at place
	fn func(Event) error
}

func (f *follower) run(ctx context.Context, rdb redis.UniversalClient, alive func()) error {
	if f.at.born == "" { // a place without a life belongs to the present one
		now, err := f.q.position(ctx, rdb)
		if err != nil {
			return err
		}
		f.at.born = now.born
	}
	for {
		entries, err := readStream(ctx, rdb, f.q.key("events"), f.at.id)
		if err != nil {
			return err
		}
		// Asked after the read: entries of a new life cannot be taken for the old one's.
		err = f.sameLife(ctx, rdb)
		if err == nil {
			err = f.deliver(entries)
		}
		if errors.Is(err, errReset) {
			err = f.reset(ctx, rdb)
		}
		if err != nil {
			return err
		}
		alive()
	}
}

// sameLife compares the birth mark and the number of the last event. A lower number than ours means that Redis came back with an older file.
func (f *follower) sameLife(ctx context.Context, rdb redis.UniversalClient) error {
	ctx, cancel := context.WithTimeout(ctx, answerMost)
	defer cancel()
	v, err := rdb.MGet(ctx, f.q.key("born"), f.q.key("seq")).Result()
	if err != nil {
		return fmt.Errorf("queue: follow: %w", err)
	}
	born, _ := v[0].(string)
	text, _ := v[1].(string)
	n, _ := strconv.ParseInt(text, 10, 64) // no event yet: 0
	if born != f.at.born || n < f.at.n {
		return errReset
	}
	return nil
}

func (f *follower) deliver(entries []redis.XMessage) error {
	for _, m := range entries {
		text, _ := m.Values["e"].(string)
		number, _ := m.Values["n"].(string)
		n, err := strconv.ParseInt(number, 10, 64)
		var row eventRow
		if err != nil || json.Unmarshal([]byte(text), &row) != nil {
			return errReset // not written by our scripts
		}
		if f.at.n >= 0 && n != f.at.n+1 {
			return errReset
		}
		f.at.id, f.at.n = m.ID, n
		if err := f.fn(row.event(f.at.String())); err != nil {
			return errHandler{err}
		}
	}
	return nil
}

func (f *follower) reset(ctx context.Context, rdb redis.UniversalClient) error {
	if _, err := f.q.rawOn(ctx, rdb, rebirthScript, "", f.at.born, f.at.id, f.at.n); err != nil {
		return err // found again after the reconnect
	}
	now, err := f.q.position(ctx, rdb)
	if err != nil {
		return err
	}
	f.at = now
	f.q.metrics.resets.Inc()
	if err := f.fn(Event{ID: now.String(), Type: EventReset, At: time.Now().UTC()}); err != nil {
		return errHandler{err}
	}
	return nil
}

// readStream waits up to followBlock for entries after id.
func readStream(ctx context.Context, rdb redis.UniversalClient, key, id string) ([]redis.XMessage, error) {
	ctx, cancel := context.WithTimeout(ctx, answerMost)
	defer cancel()
	streams, err := rdb.XRead(ctx, &redis.XReadArgs{Streams: []string{key, id}, Count: followBatch, Block: followBlock}).Result()
	if errors.Is(err, redis.Nil) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("queue: stream: %w", err)
	}
	var out []redis.XMessage
	for _, s := range streams {
		out = append(out, s.Messages...)
	}
	return out, nil
}
