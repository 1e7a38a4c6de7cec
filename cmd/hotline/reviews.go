package main

import (
	"context"
	"log/slog"
	"slices"
	"time"

	"hotline/casework"
	"hotline/casework/assessments"
	"hotline/casework/reviews"
	"hotline/casework/statistics"
	"hotline/crisis"
	"hotline/storage"
)

// reviewed opens the quality control of talks. The tables that it reads must be there, whoever else opens them.
func (c Config) reviewed(ctx context.Context, db *storage.DB, keys *casework.Keys) (*reviews.Store, error) {
	if _, err := assessments.Open(ctx, db, keys); err != nil {
		return nil, err
	}
	contacts, err := c.retention(ctx, db, keys)
	if err != nil {
		return nil, err
	}
	return reviews.Open(ctx, db, keys, contacts)
}

// review sends talks to review until ctx ends.
func (c Config) review(ctx context.Context, db *storage.DB, keys *casework.Keys, incidents *crisis.Store, log *slog.Logger) (func(context.Context) error, error) {
	store, err := c.reviewed(ctx, db, keys)
	if err != nil {
		return nil, err
	}
	picker := store.NewPicker(redCalls{incidents}, c.place())
	return func(ctx context.Context) error {
		return picker.Run(ctx, func(err error) { log.Warn("talks are not sent to review; tried again", "error", err) })
	}, nil
}

// redCalls are the calls that somebody saw in danger when they were over.
type redCalls struct{ incidents *crisis.Store }

func (r redCalls) RedCalls(ctx context.Context, since time.Time) (out []string, err error) {
	before := time.Time{}
	for {
		some, err := r.incidents.List(ctx, crisis.Filter{From: since, To: before, Limit: incidentsMost})
		if err != nil {
			return nil, err
		}
		for _, in := range some {
			if in.Level == crisis.LevelHigh {
				out = append(out, in.Calls...)
			}
		}
		if len(some) < incidentsMost {
			slices.Sort(out)
			return slices.Compact(out), nil
		}
		before = some[len(some)-1].Opened // of one millisecond there are not a thousand
	}
}

// reviewCounts counts reviews for the statistics.
type reviewCounts struct{ store *reviews.Store }

var _ statistics.Source = reviewCounts{}

func (r reviewCounts) Count(ctx context.Context, columns []statistics.Column) (out []statistics.Counted, err error) {
	for i, c := range columns {
		n, err := r.store.Count(ctx, c.From, c.To, c.Line)
		if err != nil {
			return nil, err
		}
		out = append(out, statistics.Counted{Column: i, Cell: statistics.Cell{Figure: statistics.TalksReviewed}, N: n.Done},
			statistics.Counted{Column: i, Cell: statistics.Cell{Figure: statistics.RedReviewed}, N: n.RedDone, Of: n.Red})
	}
	return out, nil
}
