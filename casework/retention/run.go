package retention

import (
	"context"
	"errors"
	"log/slog"
	"time"
)

// perPass bounds how many contacts one pass takes out: a site that turns it on for the first time does not stand still.
const perPass = 500

// system is who erases when no person does.
const system = "system"

// Passed is what one pass did.
type Passed struct {
	Erased, Held, Live int
	People             int // of whom no contact was left, and who were known all the same
	Requests           int // granted ones that are done now
	More               bool
}

// Pass takes out what is due, at most 500 contacts, goes on with requests that were granted, and looks for people of whom nothing should be known any more.
// What stays does not stand before what is behind it, nor does one that cannot be erased: its fault is told when the others are gone. It may be killed anywhere
// and run twice at once.
func (s *Store) Pass(ctx context.Context, rules Rules) (p Passed, err error) {
	var faults []error
	if p.Requests, err = s.Finish(ctx); err != nil {
		faults = append(faults, err)
	}
	err = s.walk(ctx, rules, s.now(), func(c Contact) bool {
		if p.More = p.Erased+len(faults) >= perPass; p.More || ctx.Err() != nil {
			return false
		}
		switch {
		case c.Held:
			p.Held++
			return true
		case c.Live:
			p.Live++
			return true
		}
		switch _, err := s.erase(ctx, c, &rules, "retention", system); {
		case err == nil:
			p.Erased++
		case errors.Is(err, ErrHeld):
			p.Held++
		case errors.Is(err, ErrLive):
			p.Live++
		case errors.Is(err, errYoung): // it became of high risk since it was looked at
		default:
			faults = append(faults, err)
		}
		return true
	})
	faults = append(faults, err)
	if !p.More || p.Erased == 0 { // the last one of those that follow each other
		p.People, err = s.sweep(ctx)
		faults = append(faults, err)
	}
	return p, errors.Join(faults...)
}

// Run makes a pass every hour while the rules say that it is automatic; requests that were granted are gone on with all the same. It returns nil when ctx
// ends.
func (s *Store) Run(ctx context.Context, rules func(context.Context) (Rules, error), log *slog.Logger) error {
	tick := time.NewTicker(time.Hour)
	defer tick.Stop()
	for {
		if err := s.turn(ctx, rules, log); err != nil && ctx.Err() == nil {
			log.Warn("what was kept long enough is not erased; tried again", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

func (s *Store) turn(ctx context.Context, rules func(context.Context) (Rules, error), log *slog.Logger) error {
	r, err := rules(ctx)
	if err != nil {
		return err
	}
	if !r.Automatic {
		_, err := s.Finish(ctx)
		return err
	}
	for {
		p, err := s.Pass(ctx, r)
		if p.Erased > 0 || p.Requests > 0 || p.People > 0 {
			log.Info("what was kept long enough was erased", "contacts", p.Erased, "people", p.People, "requests", p.Requests, "on_hold", p.Held, "open", p.Live)
		}
		if err != nil || !p.More || p.Erased == 0 {
			return err
		}
	}
}
