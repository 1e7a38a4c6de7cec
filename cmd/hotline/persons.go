package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"hotline/agentui/persons"
	"hotline/casework/assessments"
	"hotline/casework/files"
	"hotline/casework/followups"
	"hotline/crisis"
)

// fileLevels brings what was said of the danger in a call to the file of the person whom the call is about, so that an arrival finds it. It looks every
// second at what was said lately, and now and then further back: a level that could not be written at once comes later. Said twice, it is there once.
type fileLevels struct {
	said  *assessments.Store
	files *files.Store
	log   *slog.Logger

	done  map[string]time.Time // levels that need not be said again by this process
	far   time.Time            // when it last looked further back
	quiet time.Time            // no fault is logged again before
}

const (
	levelsEvery  = time.Second
	levelsWithin = 5 * time.Second
	levelsNear   = 10 * time.Minute
	levelsFar    = 7 * 24 * time.Hour
	levelsAgain  = time.Minute
	levelsMost   = 5000
)

// Run looks until ctx ends; it returns nil then.
func (l *fileLevels) Run(ctx context.Context) error {
	tick := time.NewTicker(levelsEvery)
	defer tick.Stop()
	for {
		within, cancel := context.WithTimeout(ctx, levelsWithin)
		err := l.look(within, time.Now())
		cancel()
		if now := time.Now(); err != nil && ctx.Err() == nil && now.After(l.quiet) {
			l.quiet = now.Add(30 * time.Second)
			l.log.Error("levels of calls are not in their files; trying again", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

func (l *fileLevels) look(ctx context.Context, now time.Time) error {
	from := now.Add(-levelsNear)
	if now.Sub(l.far) > levelsAgain {
		from = now.Add(-levelsFar)
		for id, at := range l.done {
			if at.Before(from) {
				delete(l.done, id)
			}
		}
	}
	all, err := l.said.Since(ctx, from, levelsMost)
	if err != nil {
		return err
	}
	var faults []error
	for _, c := range all {
		if _, known := l.done[c.ID]; known {
			continue
		}
		switch err := l.tell(ctx, c); {
		case errors.Is(err, files.ErrNotFound): // the books do not have the call yet: looked for again
		case err != nil:
			faults = append(faults, err)
		default:
			l.done[c.ID] = c.At
		}
	}
	if len(faults) == 0 && from.Equal(now.Add(-levelsFar)) {
		l.far = now
	}
	return errors.Join(faults...)
}

func (l *fileLevels) tell(ctx context.Context, c assessments.Change) error {
	f, ok, err := l.files.OfCall(ctx, c.Call)
	if err == nil && !ok {
		f, err = l.files.Ensure(ctx, c.Call, files.System)
	}
	if err != nil {
		return fmt.Errorf("level of call %s: %w", c.Call, err)
	}
	// A lower level in a later call is one person's word: the file stays high until a second person agrees.
	if c.ConfirmedBy == "" && f.High() && crisis.Level(c.Level).Rank() < crisis.LevelHigh.Rank() {
		return nil
	}
	by := c.By
	if c.ConfirmedBy != "" {
		by = c.ConfirmedBy
	}
	return l.files.SetRisk(ctx, f.ID, c.Level, int64(c.Definition), by, c.At)
}

// lives tell what else happened to a person.
type lives struct {
	incidents *crisis.Store
	after     *followups.Store
	said      *assessments.Store
}

func (l lives) Incidents(ctx context.Context, parts []string) (out []persons.Incident, err error) {
	seen := map[string]bool{}
	for _, file := range parts {
		all, err := l.incidents.OfFile(ctx, file)
		if err != nil {
			return nil, err
		}
		for _, in := range all {
			if seen[in.ID] {
				continue
			}
			seen[in.ID] = true
			out = append(out, persons.Incident{ID: in.ID, Level: string(in.Level), State: string(in.State), Opened: in.Opened, Closed: in.Closed})
		}
	}
	return out, nil
}

func (l lives) FollowUps(ctx context.Context, file string) (out []persons.FollowUp, err error) {
	all, err := l.after.Of(ctx, followups.Who{File: file})
	for _, f := range all {
		one := persons.FollowUp{ID: f.ID, Rule: f.Rule, State: string(f.State), Outcome: string(f.Why), Due: f.Due}
		if !f.State.Open() {
			one.Ended = f.Closed
		}
		out = append(out, one)
	}
	return out, err
}

func (l lives) Levels(ctx context.Context, calls []string) (map[string]string, error) {
	all, err := l.said.Levels(ctx, calls)
	out := make(map[string]string, len(all))
	for _, c := range all {
		out[c.Call] = c.Level
	}
	return out, err
}
