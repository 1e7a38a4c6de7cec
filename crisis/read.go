package crisis

import (
	"context"
	"slices"
	"time"

	"hotline/storage"
)

// Get returns one incident, or ErrNotFound.
func (s *Store) Get(ctx context.Context, id string) (Incident, error) {
	p, _, err := s.policyOf(ctx, id)
	if err != nil {
		return Incident{}, wrap("read", err)
	}
	in, err := s.fold(ctx, s.db, id, p)
	if err != nil {
		return Incident{}, wrap("read", err)
	}
	s.remember(in)
	return in, nil
}

// Timeline is everything that happened, in order.
func (s *Store) Timeline(ctx context.Context, id string) ([]Event, error) {
	events, err := storage.Select(ctx, s.db, s.scanEvent(id), `SELECT `+eventColumns+` FROM incident_events WHERE incident = ? ORDER BY seq`, id)
	if err == nil && len(events) == 0 {
		err = ErrNotFound
	}
	return events, wrap("timeline", err)
}

// Live are the incidents that are not over, oldest first. A look costs one query, and one more for each incident that changed since the last look of
// this process.
func (s *Store) Live(ctx context.Context) ([]Incident, error) {
	return s.list(ctx, `WHERE NOT over ORDER BY opened_ms, id`)
}

// Filter says which incidents are listed. Empty fields ask for nothing.
type Filter struct {
	State State
	From  time.Time // opened not before
	To    time.Time // opened before
	Limit int       // default 100, at most 1000
}

// List returns incidents, newest first.
func (s *Store) List(ctx context.Context, f Filter) ([]Incident, error) {
	if f.Limit <= 0 {
		f.Limit = 100
	}
	where, args := `WHERE opened_ms >= ?`, []any{storage.Millis(f.From)}
	if !f.To.IsZero() {
		where, args = where+` AND opened_ms < ?`, append(args, storage.Millis(f.To))
	}
	if f.State != "" {
		where, args = where+` AND state = ?`, append(args, string(f.State))
	}
	return s.list(ctx, where+` ORDER BY opened_ms DESC, id DESC LIMIT ?`, append(args, min(f.Limit, 1000))...)
}

// OfCall are the incidents of a call, also closed ones, oldest first.
func (s *Store) OfCall(ctx context.Context, call string) ([]Incident, error) {
	return s.ofKeys(ctx, "call", []string{call})
}

// OfRefs are those of a number by its pseudonyms.
func (s *Store) OfRefs(ctx context.Context, refs []string) ([]Incident, error) {
	return s.ofKeys(ctx, "ref", refs)
}

// OfFile are those of a person.
func (s *Store) OfFile(ctx context.Context, file string) ([]Incident, error) {
	return s.ofKeys(ctx, "file", []string{file})
}

func (s *Store) ofKeys(ctx context.Context, kind string, values []string) ([]Incident, error) {
	values = slices.DeleteFunc(slices.Clone(values), func(v string) bool { return v == "" })
	in, args := storage.In(values)
	return s.list(ctx, `WHERE id IN (SELECT incident FROM incident_keys WHERE kind = ? AND value IN `+in+`) ORDER BY opened_ms, id`, append([]any{kind}, args...)...)
}

// head is what a list is made of.
type head struct {
	id          string
	seq, policy int
}

func (s *Store) list(ctx context.Context, rest string, args ...any) ([]Incident, error) {
	heads, err := storage.Select(ctx, s.db, func(r storage.Row) (h head, err error) {
		err = r.Scan(&h.id, &h.seq, &h.policy)
		return h, err
	}, `SELECT id, seq, policy FROM incidents `+rest, args...)
	if err != nil {
		return nil, wrap("list", err)
	}
	all := make([]Incident, 0, len(heads))
	for _, h := range heads {
		in := s.remembered(h.id)
		if in.Seq < h.seq {
			p, err := s.policy(ctx, h.policy)
			if err != nil {
				return nil, err
			}
			if in, err = s.fold(ctx, s.db, h.id, p); err != nil {
				return nil, wrap("list", err)
			}
			s.remember(in)
		}
		all = append(all, in)
	}
	return all, nil
}

// Alert is somebody who is asked to answer at a console; a nudge only tells.
type Alert struct {
	ID       string
	Incident string
	User     string
	Nudge    bool
	Step     StepName // for which
	Round    int      // how loud
	At       time.Time
	Until    time.Time // then the next one is asked, too
	Seen     time.Time // zero: no page showed it yet
}

const alertColumns = `id, incident, user_id, kind, step, round, at_ms, until_ms, seen_ms`

func scanAlert(r storage.Row) (a Alert, err error) {
	var kind string
	var at, until, seen int64
	err = r.Scan(&a.ID, &a.Incident, &a.User, &kind, &a.Step, &a.Round, &at, &until, &seen)
	a.Nudge, a.At, a.Until, a.Seen = kind == string(EffectNudge), storage.Time(at), storage.Time(until), storage.Time(seen)
	return a, err
}

// Alerts are those that stand now, oldest first: alerts until somebody answers, nudges until their time is over.
func (s *Store) Alerts(ctx context.Context) ([]Alert, error) {
	all, err := storage.Select(ctx, s.db, scanAlert, `SELECT `+alertColumns+` FROM incident_alerts WHERE ended_ms = 0 AND (kind = 'alert' OR until_ms > ?)
		ORDER BY at_ms, id`, storage.Millis(s.now()))
	return all, wrap("alerts", err)
}

// AlertsOf is everybody who was alerted for an incident, in order.
func (s *Store) AlertsOf(ctx context.Context, id string) ([]Alert, error) {
	all, err := storage.Select(ctx, s.db, scanAlert, `SELECT `+alertColumns+` FROM incident_alerts WHERE incident = ? ORDER BY at_ms, id`, id)
	return all, wrap("alerts", err)
}

// Seen says that a page showed a person's alerts of an incident. A nudge is over by that.
func (s *Store) Seen(ctx context.Context, id, user string) error {
	now := storage.Millis(s.now())
	_, err := s.db.Exec(ctx, `UPDATE incident_alerts SET seen_ms = CASE WHEN seen_ms = 0 THEN ? ELSE seen_ms END,
		ended_ms = CASE WHEN kind = 'nudge' THEN ? ELSE ended_ms END WHERE incident = ? AND user_id = ? AND ended_ms = 0`, now, now, id, user)
	return wrap("seen", err)
}
