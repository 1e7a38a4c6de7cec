package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"hotline/casework"
	"hotline/casework/assessments"
	"hotline/crisis"
)

const (
	saidFirst = 24 * time.Hour   // how far back a lookout that begins looks for levels
	saidAgain = 10 * time.Minute // and one that goes on: what a database that was away took late
	saidMost  = 5000
)

// levels brings what people said of the danger of a call into its incident, whenever they said it: a level that two people lowered, and one that was said
// only after the call, which no index shows. Of each call the newest counts. One at high risk that has no incident gets one.
func (l *lookout) levels(ctx context.Context, now time.Time) error {
	if l.saidFrom.IsZero() {
		l.saidFrom = now.Add(-saidFirst)
	}
	all, err := l.said.Since(ctx, l.saidFrom, saidMost)
	if err != nil {
		return err
	}
	newest := map[string]assessments.Change{}
	for _, c := range all {
		newest[c.Call] = c
	}
	var faults []error
	for _, c := range newest {
		if _, known := l.told[levelSaid(c)]; !known {
			faults = append(faults, l.level(ctx, c))
		}
	}
	switch err := errors.Join(faults...); {
	case err != nil:
		return err // looked at again from the same time on
	case len(all) == saidMost:
		l.saidFrom = all[len(all)-1].At
	case now.Add(-saidAgain).After(l.saidFrom):
		l.saidFrom = now.Add(-saidAgain)
	}
	return nil
}

func levelSaid(c assessments.Change) string { return "said:" + c.ID }

// level brings one into the incident of its call.
func (l *lookout) level(ctx context.Context, c assessments.Change) error {
	row, err := l.ledger.Get(ctx, c.Call)
	if errors.Is(err, casework.ErrNotFound) {
		return nil // the books do not have the call yet
	}
	if err != nil {
		return err
	}
	all, err := l.incidents.OfCall(ctx, c.Call)
	if err != nil {
		return err
	}
	open := slices.IndexFunc(all, func(in crisis.Incident) bool { return in.State != crisis.StateClosed })
	// One that was closed since knew of it.
	dealt := slices.ContainsFunc(all, func(in crisis.Incident) bool { return in.State == crisis.StateClosed && in.Closed.After(c.At) })
	level := crisis.Level(c.Level)
	switch {
	case open >= 0:
		err = l.assess(ctx, all[open], c)
	case !dealt && c.ConfirmedBy == "" && level.Over(crisis.LevelLow):
		err = l.afterwards(ctx, row, c)
	}
	if err == nil {
		l.told[levelSaid(c)] = time.Now()
	}
	return err
}

// assess says a level of an open incident. What one person said lowers nothing, and what two said nothing that showed itself since.
func (l *lookout) assess(ctx context.Context, in crisis.Incident, c assessments.Change) error {
	level, act, other := crisis.Level(c.Level), crisis.Act{By: c.By, Request: "level:" + c.ID}, ""
	if in.Level.Over(level) {
		since := slices.ContainsFunc(in.Triggers, func(t crisis.Told) bool { return t.At.After(c.At) })
		if c.ConfirmedBy == "" || c.ConfirmedBy == c.By || since {
			return nil
		}
		act.By, other = c.ConfirmedBy, c.By
	}
	_, err := l.incidents.Assess(ctx, in.ID, act, level, other, c.Reason)
	if errors.Is(err, crisis.ErrClosed) || errors.Is(err, crisis.ErrSamePerson) {
		return nil // it was closed, or its level changed, since it was read
	}
	return err
}

// afterwards tells of a level that no incident knows, by the source by which a console tells it.
func (l *lookout) afterwards(ctx context.Context, row casework.CallRecord, c assessments.Change) error {
	before, err := l.said.Levels(ctx, []string{c.Call})
	if err != nil {
		return err
	}
	source, lowered := fmt.Sprintf("index:level:%s:%s", c.Call, c.Level), 0
	for _, b := range before {
		if b.ConfirmedBy != "" {
			lowered++
		}
	}
	if lowered > 0 {
		source += ":" + strconv.Itoa(lowered)
	}
	return l.tell(ctx, crisis.Trigger{
		Kind: crisis.TriggerLevel, Call: c.Call, Line: row.Line, Ref: row.CallerRef, Agent: row.Agent, Level: crisis.Level(c.Level), By: c.By, At: c.At, Note: c.Reason,
		Source: source,
	})
}
