package main

import (
	"context"
	"log/slog"
	"maps"
	"sync"

	"hotline/casework/qualifications"
	"hotline/queue"
	"hotline/telephony"
)

// guards are the requirements of lines as a controller needs them: which lines ask that somebody was let in. Until the database said so no line does: a
// database that is away empties no line.
type guards struct {
	changed chan struct{}

	mu  sync.Mutex
	now qualifications.Requirements
}

func newGuards() *guards { return &guards{changed: make(chan struct{}, 1)} }

func (g *guards) set(v qualifications.Version) {
	g.mu.Lock()
	g.now = v.Doc
	g.mu.Unlock()
	select {
	case g.changed <- struct{}{}:
	default: // told already
	}
}

// put has the calls of guarded lines ask for who was let in there.
func (g *guards) put(all []telephony.Line) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for i, l := range all {
		if g.now.Guarded(l.ID) {
			needs := queue.Skills{queue.Guard(queue.LineID(l.ID)): 1}
			maps.Copy(needs, l.Needs)
			all[i].Needs = needs
		}
	}
}

// watchGuards follows the requirements until ctx ends.
func (c Config) watchGuards(log *slog.Logger, g *guards) func(context.Context) error {
	return persistently(databaseRetry, func(err error) {
		log.Warn("the requirements of lines cannot be read yet; no line asks for any", "error", err)
	},
		func(ctx context.Context) error {
			db, err := c.database(ctx)
			if err != nil {
				return err
			}
			defer db.Close()
			docs, err := qualifications.OpenRequirements(ctx, db)
			if err != nil {
				return err
			}
			docs.Watch(ctx, g.set, func(err error) {
				if err != nil {
					log.Warn("the requirements of lines cannot be read; those in force stay", "error", err)
				}
			})
			return nil
		})
}
