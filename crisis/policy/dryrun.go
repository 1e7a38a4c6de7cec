package policy

import (
	"context"
	"time"

	"hotline/crisis"
)

// DryRunSpan is how far a dry run looks back.
const DryRunSpan = 30 * 24 * time.Hour

// mostVersions bounds how many versions a dry run looks through for the one in force at a time; before them the oldest of these counts.
const mostVersions = 200

// Minors reads how tasks about minors went since a time.
type Minors func(ctx context.Context, since time.Time) ([]crisis.MinorTask, error)

// DryRun says what a draft would have made of the last 30 days. A draft that cannot be saved is refused with its faults. Nothing is changed by it.
func (s *Store) DryRun(ctx context.Context, incidents *crisis.Store, minors Minors, draft crisis.Policy) (crisis.Rehearsal, error) {
	if err := s.Check(draft); err != nil {
		return crisis.Rehearsal{}, err
	}
	out, err := incidents.Rehearse(ctx, draft, s.now().Add(-DryRunSpan))
	if err == nil {
		out.Minors, err = s.minors(ctx, minors, draft, out.From)
	}
	return out, err
}

// minors counts tasks by the policies that held when each of their deadlines began, and by the draft.
func (s *Store) minors(ctx context.Context, read Minors, draft crisis.Policy, since time.Time) (n crisis.MinorTally, err error) {
	all, err := read(ctx, since)
	if err != nil || len(all) == 0 {
		return n, err
	}
	versions, err := s.History(ctx, 0, mostVersions)
	if err != nil {
		return n, err
	}
	at := func(t time.Time) crisis.Deadlines {
		for _, v := range versions {
			if !v.At.After(t) {
				return v.Doc.Deadlines
			}
		}
		return versions[len(versions)-1].Doc.Deadlines
	}
	now := s.now()
	for _, t := range all {
		n.Tasks++
		if at(t.Opened).LateToAsk(t, now) || at(t.Suspected).LateToReport(t, now) {
			n.Before++
		}
		if draft.Deadlines.LateToAsk(t, now) || draft.Deadlines.LateToReport(t, now) {
			n.After++
		}
	}
	return n, nil
}
