package main

import (
	"context"
	"log/slog"
	"slices"
	"time"

	"hotline/agentui"
	"hotline/casework"
	"hotline/casework/assessments"
	"hotline/casework/files"
	"hotline/casework/followups"
	"hotline/casework/qualifications"
	"hotline/casework/statistics"
	"hotline/crisis"
	"hotline/storage"
)

// staff opens what the console stands on for people's training and for the statistics. The tables of the counsellors' work must be there.
func (c Config) staff(ctx context.Context, db *storage.DB, keys *casework.Keys, callbacks *casework.Callbacks, incidents *crisis.Store) (s agentui.Staff, err error) {
	if s.Qualifications, err = qualifications.Open(ctx, db); err != nil {
		return s, err
	}
	if s.Requirements, err = qualifications.OpenRequirements(ctx, db); err != nil {
		return s, err
	}
	// The tables of what is counted must be there, whoever else opens them.
	if _, err := assessments.Open(ctx, db, keys); err != nil {
		return s, err
	}
	if _, err := files.Open(ctx, db, keys); err != nil {
		return s, err
	}
	if _, err := followups.Open(ctx, followups.Config{}, db, keys, callbacks); err != nil {
		return s, err
	}
	if s.Reviews, err = c.reviewed(ctx, db, keys); err != nil {
		return s, err
	}
	cases := statistics.NewCases(db)
	counts, err := statistics.Open(ctx, db, map[statistics.Origin]statistics.Source{
		statistics.FromTraining: trainings{s.Qualifications}, statistics.FromAssessments: cases.Assessments(), statistics.FromFiles: cases.Files(),
		statistics.FromFollowUps: cases.FollowUps(), statistics.FromReferrals: cases.Referrals(), statistics.FromIncidents: dangers{incidents},
		statistics.FromReviews: reviewCounts{s.Reviews},
	})
	if err != nil {
		return s, err
	}
	s.Statistics, s.Parameters = counts, counts.Params
	return s, nil
}

// trainings counts the records of people's training, which have dates where the site is, as the columns.
type trainings struct{ store *qualifications.Store }

var _ statistics.Source = trainings{}

func (t trainings) Count(ctx context.Context, columns []statistics.Column) (out []statistics.Counted, err error) {
	for i, c := range columns {
		h, err := t.store.Counts(ctx, qualifications.DayOf(c.From, c.From.Location()), qualifications.DayOf(c.To, c.To.Location()))
		if err != nil {
			return nil, err
		}
		for id, n := range map[statistics.ID]int64{statistics.TrainingTime: h.Minutes * 60_000, statistics.Trained: h.People, statistics.SupervisionsN: h.Sessions} {
			out = append(out, statistics.Counted{Column: i, Cell: statistics.Cell{Figure: id}, N: n})
		}
	}
	return out, nil
}

// dangers counts incidents.
type dangers struct{ incidents *crisis.Store }

var _ statistics.Opener = dangers{}

const (
	// incidentLasts is how long before a span an incident that was closed within it may have been opened.
	incidentLasts = 180 * 24 * time.Hour
	incidentsMost = 1000 // at a time
)

// during are the incidents that may concern some columns.
func (d dangers) during(ctx context.Context, columns []statistics.Column) (out []crisis.Incident, err error) {
	from, to := columns[0].From, columns[0].To
	for _, c := range columns {
		if c.From.Before(from) {
			from = c.From
		}
		if c.To.After(to) {
			to = c.To
		}
	}
	for {
		some, err := d.incidents.List(ctx, crisis.Filter{From: from.Add(-incidentLasts), To: to, Limit: incidentsMost})
		if err != nil {
			return nil, err
		}
		out = append(out, some...)
		if len(some) < incidentsMost {
			return out, nil
		}
		to = some[len(some)-1].Opened // of one millisecond there are not a thousand
	}
}

// counts tells in which figures an incident counts in a column.
func (d dangers) counts(ctx context.Context, in crisis.Incident, c statistics.Column) (out []statistics.ID, err error) {
	during := func(at time.Time) bool { return !at.Before(c.From) && at.Before(c.To) }
	if c.Line != "" && in.Line != c.Line {
		return nil, nil
	}
	if during(in.Opened) {
		out = append(out, statistics.Incidents)
	}
	if in.State != crisis.StateClosed || !during(in.Closed) {
		return out, nil
	}
	if in.Arrival != nil {
		out = append(out, statistics.Rescues)
	}
	p, err := d.incidents.PolicyOf(ctx, in)
	if err != nil || in.Closure == nil {
		return out, err
	}
	if o, known := p.Outcome(in.Closure.Outcome); known && o.Confirmed && o.FollowUp {
		out = append(out, statistics.Resolved)
	}
	return out, nil
}

func (d dangers) Count(ctx context.Context, columns []statistics.Column) (out []statistics.Counted, err error) {
	all, err := d.during(ctx, columns)
	if err != nil {
		return nil, err
	}
	for _, in := range all {
		for i, c := range columns {
			figures, err := d.counts(ctx, in, c)
			if err != nil {
				return nil, err
			}
			for _, id := range figures {
				out = append(out, statistics.Counted{Column: i, Cell: statistics.Cell{Figure: id}, N: 1})
			}
		}
	}
	return out, nil
}

func (d dangers) Records(ctx context.Context, cell statistics.Cell, c statistics.Column, limit int) (out []statistics.Record, err error) {
	all, err := d.during(ctx, []statistics.Column{c})
	if err != nil {
		return nil, err
	}
	for _, in := range all {
		figures, err := d.counts(ctx, in, c)
		if err != nil {
			return nil, err
		}
		if slices.Contains(figures, cell.Figure) && len(out) < limit {
			out = append(out, statistics.Record{Kind: "incident", ID: in.ID, Line: in.Line, At: in.Opened})
		}
	}
	return out, nil
}

// places keeps where the numbers of callers belong, for the statistics.
func (c Config) places(ctx context.Context, db *storage.DB, keys *casework.Keys, log *slog.Logger) (func(context.Context) error, error) {
	if _, err := agentui.OpenCare(ctx, db, keys); err != nil { // its tables are counted over
		return nil, err
	}
	counts, err := statistics.Open(ctx, db, nil)
	if err != nil {
		return nil, err
	}
	look := counts.Places(casework.NewContacts(db, keys))
	return func(ctx context.Context) error {
		return look.Run(ctx, func(err error) { log.Warn("places of calls are not kept; tried again", "error", err) })
	}, nil
}
