package followups

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/oklog/ulid/v2"

	"hotline/storage"
)

// system is who did what no person did.
const system = "system"

// Plan makes the follow-ups that follow from a call, once for a source, and returns them. A second source of the same call joins the series that is
// there. A series of a later call ends what is planned by earlier ones of the same person: nobody is asked twice. An earlier one that comes late
// changes nothing, and returns what is planned. For who refused to be called, they are made and ended at once, so that it can be seen.
func (s *Store) Plan(ctx context.Context, p Plan) ([]FollowUp, error) {
	if p.Source == "" || p.At.IsZero() || p.By == "" || p.Line == "" || p.File == "" && p.Ref == "" && p.Call == "" {
		return nil, fmt.Errorf("%w: a plan needs source, time, line, who makes it, and a file, a pseudonym or a call", ErrInvalid)
	}
	rules, err := p.rules()
	if err != nil {
		return nil, err
	}
	who := Who{File: p.File, Call: p.Call}
	if p.Ref != "" {
		who.Refs = []string{p.Ref}
	}
	files, refs, err := s.same(ctx, who)
	if err != nil {
		return nil, err
	}
	if p.Owner == "" && p.By != system {
		p.Owner = p.By
	}
	var out []FollowUp
	err = s.db.InTx(ctx, func(tx *storage.Tx) error {
		series, known, err := seriesOf(ctx, tx, p)
		if err != nil {
			return err
		}
		if !known {
			if series, err = s.begin(ctx, tx, p, rules, files, refs); err != nil {
				return err
			}
		}
		out, err = s.list(ctx, tx, `series = ? ORDER BY planned_ms, id`, series)
		return err
	})
	return out, wrap("plan "+p.Source, err)
}

func (p Plan) rules() ([]Rule, error) {
	rules := p.Rules
	if rules == nil {
		rules = DefaultRules()
	}
	rules = slices.Clone(rules)
	names := map[string]bool{}
	for i, r := range rules {
		if err := r.check(); err != nil {
			return nil, err
		}
		if names[r.Name] {
			return nil, fmt.Errorf("%w: two rules %q", ErrInvalid, r.Name)
		}
		names[r.Name], rules[i] = true, r.withDefaults()
	}
	return rules, nil
}

// seriesOf finds the series of a source, or of the same call, which the source then joins.
func seriesOf(ctx context.Context, tx *storage.Tx, p Plan) (id string, known bool, err error) {
	err = tx.QueryRow(ctx, `SELECT id FROM followup_series WHERE source = ? UNION ALL SELECT series FROM followup_joins WHERE source = ?`, p.Source, p.Source).Scan(&id)
	if !errors.Is(err, sql.ErrNoRows) {
		return id, err == nil, err
	}
	if p.Call == "" || strings.HasPrefix(p.Source, oneOff) {
		return "", false, nil
	}
	err = tx.QueryRow(ctx, `SELECT id FROM followup_series WHERE call_id = ? AND (file = ? OR file = '' OR ? = '') AND source NOT LIKE ? ORDER BY made_ms, id LIMIT 1`,
		p.Call, p.File, p.File, oneOff+"%").Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return "", false, nil
	}
	if err == nil {
		_, err = tx.Exec(ctx, `INSERT INTO followup_joins (source, series) VALUES (?,?)`, p.Source, id)
	}
	return id, err == nil, err
}

func (s *Store) begin(ctx context.Context, tx *storage.Tx, p Plan, rules []Rule, files, refs []string) (string, error) {
	where, args := personIs(files, refs, p.Call)
	var newer string
	err := tx.QueryRow(ctx, `SELECT id FROM followup_series WHERE `+where+` AND source NOT LIKE ? AND at_ms > ? ORDER BY at_ms DESC, id LIMIT 1`,
		append(slices.Clone(args), oneOff+"%", storage.Millis(p.At))...).Scan(&newer)
	if err == nil && !strings.HasPrefix(p.Source, oneOff) {
		_, err = tx.Exec(ctx, `INSERT INTO followup_joins (source, series) VALUES (?,?)`, p.Source, newer)
		return newer, err
	}
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return "", err
	}
	if !strings.HasPrefix(p.Source, oneOff) {
		before, err := s.list(ctx, tx, where+` AND state = 'planned' ORDER BY id`, args...)
		if err != nil {
			return "", err
		}
		for _, f := range before {
			if err := s.end(ctx, tx, f, system, Restarted, Event{What: "restarted", Ref: p.Call}); err != nil {
				return "", err
			}
		}
	}
	wish, err := s.wishIn(ctx, tx, files, refs, p.Call)
	if err != nil {
		return "", err
	}
	now := s.now()
	id := ulid.Make().String()
	if _, err := tx.Exec(ctx, `INSERT INTO followup_series (id, source, file, caller_ref, call_id, line, level, at_ms, made_ms, by_who) VALUES (?,?,?,?,?,?,?,?,?,?)`,
		id, p.Source, p.File, p.Ref, p.Call, p.Line, p.Level, storage.Millis(p.At), storage.Millis(now), p.By); err != nil {
		return "", err
	}
	for _, r := range rules {
		if err := s.add(ctx, tx, id, p, r, wish); err != nil {
			return "", err
		}
	}
	return id, nil
}

func (s *Store) add(ctx context.Context, tx *storage.Tx, series string, p Plan, r Rule, w Wish) error {
	f := row{
		FollowUp: FollowUp{
			ID: ulid.Make().String(), Series: series, Rule: r.Name, File: p.File, Ref: p.Ref, Call: p.Call, Line: p.Line, Level: p.Level, State: Planned,
			Owner: p.Owner, Planned: r.After.After(p.At, s.cfg.Zone), Created: s.now(),
		}, near: r.Near, grace: r.Grace, climb: r.Climb, callIn: r.CallIn,
	}
	f.Due = f.Planned
	s.time(&f, w)
	if _, err := tx.Exec(ctx, `INSERT INTO followups (`+columns+`) VALUES (?`+strings.Repeat(",?", len(f.values())-1)+`)`, f.values()...); err != nil {
		return err
	}
	if err := s.note(ctx, tx, f.ID, Event{Who: p.By, What: "planned", Arg: r.Name, Ref: p.Call, Due: f.Due}); err != nil {
		return err
	}
	if w.Consent == ConsentRefused {
		return s.end(ctx, tx, f.FollowUp, system, Refused, Event{What: "closed", Arg: string(Refused)})
	}
	return nil
}

// time says what follows from when a follow-up is due and when its telephone may ring.
func (s *Store) time(f *row, w Wish) {
	f.Ring = f.Due
	if ring, ok := s.times(f.Line, w).after(f.Due); ok {
		f.Ring = ring
	}
	f.Late, f.Climb, f.Settle = f.Ring.Add(f.grace), time.Time{}, time.Time{}
	if f.climb >= 0 {
		f.Climb = f.Late.Add(f.climb)
	}
	if f.callIn != CallInNothing {
		f.Settle = f.Due.Add(-f.near)
	}
}

func (s *Store) times(line string, w Wish) times {
	hours := s.cfg.Hours(line)
	if hours.Zone == nil {
		hours.Zone = s.cfg.Zone
	}
	return times{hours: hours, safe: w.Times, zone: s.cfg.Zone}
}

// oneOff begins the source of a follow-up that a person planned by hand: it belongs to no series, and ends none.
const oneOff = "person:"

// One is a follow-up that a person plans by hand.
type One struct {
	Request string // chosen by the page: the same one again is the same follow-up
	File    string
	Call    string
	Ref     string
	Line    string
	Level   string
	Due     time.Time
	By      string
	Owner   string // empty: By
}

// PlanOne makes one follow-up at a time that a person chose, once for a request.
func (s *Store) PlanOne(ctx context.Context, o One) (FollowUp, error) {
	now := s.now()
	if o.Request == "" || !o.Due.After(now) || o.Due.After(now.AddDate(2, 0, 0)) {
		return FollowUp{}, fmt.Errorf("%w: a time within two years is needed", ErrInvalid)
	}
	all, err := s.Plan(ctx, Plan{
		Source: oneOff + o.By + ":" + o.Request, File: o.File, Call: o.Call, Ref: o.Ref, Level: o.Level, At: now, Line: o.Line, By: o.By, Owner: o.Owner,
		Rules: []Rule{{Name: "once", After: Span{Hours: o.Due.Sub(now)}, Grace: 24 * time.Hour}},
	})
	if err != nil || len(all) == 0 {
		return FollowUp{}, err
	}
	return all[0], nil
}
