package main

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"hotline/agentui/settings"
	"hotline/queue"
	"hotline/queue/lines"
	"hotline/storage"
)

// settings is the store of what administrators decide; until they did, the configuration file's word holds.
func (c Config) settings(ctx context.Context, db *storage.DB) (*settings.Store, error) {
	return settings.Open(ctx, db, settings.Defaults{Reasons: c.Reasons, WrapUp: c.WrapUp, Decisions: c.Decisions})
}

// conduct sets a client of the queue by what is in force of two things that change apart: the lines and the settings.
type conduct struct {
	c   Config
	q   *queue.Queue
	log *slog.Logger

	mu     sync.Mutex
	policy lines.Policy
	rules  settings.Version
}

func (c Config) conduct(q *queue.Queue, log *slog.Logger) *conduct {
	return &conduct{c: c, q: q, log: log, policy: c.Policy}
}

func (o *conduct) setPolicy(p lines.Policy) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.policy = p
	o.apply()
}

func (o *conduct) setRules(v settings.Version) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.rules = v
	o.apply()
}

// apply is called under the lock: of two changes the later one is the last that the queue gets.
func (o *conduct) apply() {
	if err := o.q.Configure(o.config()); err != nil {
		o.log.Error("the queue does not take the policy; the one before stays", "error", err)
	}
}

func (o *conduct) config() queue.Config {
	cfg := o.c.queueConfig(o.policy)
	if o.rules.N > 0 {
		cfg.WrapUp, cfg.WrapMost = o.rules.Doc.WrapUp.Spans()
	}
	return cfg
}

// watchSettings tells the settings in force and each change of them until ctx ends. A database that is away changes nothing.
func (c Config) watchSettings(log *slog.Logger, tell func(settings.Version)) func(context.Context) error {
	return persistently(databaseRetry, func(err error) { log.Warn("the settings cannot be read yet; the configuration's hold", "error", err) },
		func(ctx context.Context) error {
			db, err := c.database(ctx)
			if err != nil {
				return err
			}
			defer db.Close()
			store, err := c.settings(ctx, db)
			if err != nil {
				return err
			}
			store.Watch(ctx, tell, func(err error) {
				if err != nil {
					log.Warn("the settings cannot be read; what was in force stays", "error", err)
				}
			})
			return nil
		})
}

// databaseRetry is the pause after the database did not answer.
const databaseRetry = time.Second

// kept says how long decisions are kept, as the settings in force say.
type kept struct{ now atomic.Int64 }

func (k *kept) set(v settings.Version) { k.now.Store(int64(v.Doc.DecisionsKept())) }

func (k *kept) span() time.Duration { return time.Duration(k.now.Load()) }
