package decisions

import (
	"context"
	"errors"
	"log/slog"
	"time"
)

// News is one step of the stream of events: a place to go on from, and the decision that it brought, if any.
type News struct {
	Place    string
	Decision *Decision
}

// Follow calls fn with each step after a place, until ctx ends or fn fails.
type Follow func(ctx context.Context, after string, fn func(News) error) error

// KeeperConfig says how decisions are kept. Zero values mean the defaults.
type KeeperConfig struct {
	Kept  func() time.Duration // asked at each look; default 30 days
	Flush time.Duration        // the longest time until a decision is in the database; default 500 ms
	Log   *slog.Logger
}

const (
	batchMost   = 200
	forgetEvery = time.Hour
	retryAfter  = time.Second
)

// Keeper writes the decisions that a stream tells into the store. Several may run: the same decision is kept once.
type Keeper struct {
	cfg    KeeperConfig
	store  *Store
	follow Follow
	now    func() time.Time
}

// NewKeeper returns a keeper.
func NewKeeper(cfg KeeperConfig, store *Store, follow Follow) (*Keeper, error) {
	if store == nil || follow == nil || cfg.Flush < 0 {
		return nil, errors.New("decisions: keeper: a store, a stream and positive times are needed")
	}
	if cfg.Kept == nil {
		cfg.Kept = func() time.Duration { return 30 * 24 * time.Hour }
	}
	if cfg.Flush == 0 {
		cfg.Flush = 500 * time.Millisecond
	}
	if cfg.Log == nil {
		cfg.Log = slog.Default()
	}
	return &Keeper{cfg, store, follow, time.Now}, nil
}

// Run keeps until ctx ends; it returns nil then. While the database is away it waits, and the stream holds what comes meanwhile, up to its
// length: an explanation is never worth a caller's time.
func (k *Keeper) Run(ctx context.Context) error {
	for ctx.Err() == nil {
		if err := k.keep(ctx); err != nil && ctx.Err() == nil {
			k.cfg.Log.Warn("decisions are not kept; trying again", "error", err)
			wait(ctx, retryAfter)
		}
	}
	return nil
}

func wait(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}

// keep goes on from the place in the database. The reader waits for the writer: what was read and not written is read again after a fault.
func (k *Keeper) keep(ctx context.Context) error {
	place, err := k.store.Place(ctx)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	news, ended := make(chan News), make(chan struct{})
	go func() {
		defer close(ended)
		cancel(k.follow(ctx, place, func(n News) error {
			select {
			case news <- n:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		}))
	}()
	err = k.write(ctx, news)
	cancel(err)
	<-ended
	return context.Cause(ctx)
}

// write gathers decisions for a moment and writes them together.
func (k *Keeper) write(ctx context.Context, news <-chan News) error {
	flush, forget := time.NewTicker(k.cfg.Flush), time.NewTicker(forgetEvery)
	defer flush.Stop()
	defer forget.Stop()
	if err := k.forget(ctx); err != nil {
		return err
	}
	var batch []Decision
	place, written := "", ""
	for {
		var full bool
		select {
		case <-ctx.Done():
			return ctx.Err()
		case n := <-news:
			place = n.Place
			if n.Decision != nil {
				batch = append(batch, *n.Decision)
			}
			full = len(batch) >= batchMost
		case <-flush.C:
			full = len(batch) > 0
		case <-forget.C:
			if err := k.forget(ctx); err != nil {
				return err
			}
			full = place != written // seldom, when there was nothing to keep
		}
		if full {
			if err := k.store.Keep(ctx, place, batch); err != nil {
				return err
			}
			batch, written = batch[:0], place
		}
	}
}

func (k *Keeper) forget(ctx context.Context) error {
	_, err := k.store.Forget(ctx, k.now().Add(-k.cfg.Kept()))
	return err
}
