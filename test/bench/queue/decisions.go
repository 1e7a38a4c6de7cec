package main

import (
	"context"
	"time"
)

// cost is what a decision takes.
type cost struct {
	p50, p99 time.Duration // by one client, the way to Redis and back included
	inside   time.Duration // within Redis: the middle one of the rounds' means, since a busy machine spoils some
}

// freed measures the decision when an agent becomes free while callers wait: turns agents, one after the other, several times over.
func (w *world) freed(ctx context.Context, s *server, turns, rounds int) (cost, error) {
	var took []time.Duration
	var within []time.Duration
	for range rounds {
		offers := make([]func() error, turns)
		before, calls, err := s.inside(ctx)
		if err != nil {
			return cost{}, err
		}
		for i := range turns {
			start := time.Now()
			o, err := w.ready(ctx, i)
			took = append(took, time.Since(start))
			if err != nil {
				return cost{}, err
			}
			offers[i] = func() error { return w.decline(ctx, i, o) }
		}
		after, now, err := s.inside(ctx)
		if err != nil {
			return cost{}, err
		}
		within = append(within, (after-before)/time.Duration(max(1, now-calls)))
		for _, back := range offers {
			if err := back(); err != nil {
				return cost{}, err
			}
		}
	}
	return cost{p50: quantile(took, 50), p99: quantile(took, 99), inside: quantile(within, 50)}, nil
}

// arrived measures the decision when a caller comes while agents are idle: the best of them is promised.
func (w *world) arrived(ctx context.Context, s *server, turns int) (cost, error) {
	var took []time.Duration
	var within []time.Duration
	for range turns {
		i := w.made
		w.made++
		if err := w.q.Arrive(ctx, "", w.newcomer(i)); err != nil {
			return cost{}, err
		}
		before, calls, err := s.inside(ctx)
		if err != nil {
			return cost{}, err
		}
		start := time.Now()
		c, err := w.q.Enqueue(ctx, "", caller(i), false)
		took = append(took, time.Since(start))
		if err != nil {
			return cost{}, err
		}
		after, now, err := s.inside(ctx)
		if err != nil {
			return cost{}, err
		}
		within = append(within, (after-before)/time.Duration(max(1, now-calls)))
		if c.Offer == "" {
			return cost{}, errNoOffer
		}
		if err := w.q.End(ctx, "", caller(i), "abandoned"); err != nil { // withdrawn: the agent is idle again
			return cost{}, err
		}
	}
	return cost{p50: quantile(took, 50), p99: quantile(took, 99), inside: quantile(within, 50)}, nil
}
