package recordings

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"hotline/storage"
)

// LeastKept is the shortest time that rules may name for recordings (National Health Commission's guide of 2021: three years).
const LeastKept = leastYears * 365 * 24 * time.Hour

// leastYears are those of LeastKept. Recordings are never erased for their age before they are over by the calendar, also when one of them has a 29th of February.
const leastYears = 3

// ErrKept says that a hold, or something that is still open about its contact, keeps a recording, or that it was not kept as long as its class asks.
var ErrKept = errors.New("recordings: it is on hold, something about its contact is still open, or it is of a class that is kept longer")

// Standing is what the casework says of a call.
type Standing struct {
	HighRisk bool
	Held     bool // a legal hold: it stays
	Open     bool // somebody is still to be reached, or something is owed: it stays
}

// keeper knows the contacts that recordings belong to.
type keeper interface {
	// Standing tells of which class a call is and what keeps it.
	Standing(ctx context.Context, call string) (Standing, error)
	// Release runs do in a transaction in which nothing keeps the call, and tells it whether the call is of high risk in that transaction; [ErrKept] when
	// something keeps it. Nobody puts it on hold until that ends.
	Release(ctx context.Context, call string, do func(tx *storage.Tx, high bool) error) error
}

// Rules are how long recordings of each class are kept, counted from their end.
type Rules struct {
	Ordinary time.Duration // at least LeastKept
	HighRisk time.Duration // at least Ordinary
}

// kept is how long a class is kept.
func (r Rules) kept(high bool) time.Duration {
	if high {
		return r.HighRisk
	}
	return r.Ordinary
}

// over tells whether a recording was kept long enough: as long as the rules say, and the years of [LeastKept] whole.
func (r Rules) over(high bool, ended, now time.Time) bool {
	return now.Sub(ended) >= r.kept(high) && yearsOver(ended, now)
}

// yearsOver tells whether what ended at a time was kept the years of [LeastKept].
func yearsOver(ended, now time.Time) bool { return !now.Before(ended.UTC().AddDate(leastYears, 0, 0)) }

// Validate says what is wrong.
func (r Rules) Validate() error {
	if r.Ordinary < LeastKept || r.HighRisk < r.Ordinary {
		return errors.New("recordings: ordinary recordings are kept three years at least, and those of high risk not shorter than ordinary ones")
	}
	return nil
}

// Due is one recording that was kept long enough, with all its parts.
type Due struct {
	ID    string // of the call, or of a part that lost its call
	Call  string // empty for such a part
	Parts []string
	Ended time.Time
	Bytes int64
	Standing
}

// Stays tells whether it must not go.
func (d Due) Stays() bool { return d.Held || d.Open }

// Purger erases recordings.
type Purger struct {
	index  *Index
	keeper keeper
	now    func() time.Time
}

// NewPurger asks keeper before anything goes.
func NewPurger(index *Index, keeper keeper) *Purger { return &Purger{index, keeper, time.Now} }

// Walk shows every recording that was kept long enough, oldest first, also those that stay, until see says that it is enough. Nothing is changed by it; see
// may erase what it is shown.
func (p *Purger) Walk(ctx context.Context, rules Rules, see func(Due) bool) error {
	if err := rules.Validate(); err != nil {
		return err
	}
	now := p.now()
	after := dueKey{}
	for {
		page, err := p.page(ctx, now.Add(-rules.Ordinary), after)
		if err != nil {
			return err
		}
		for _, k := range page {
			d, err := p.due(ctx, k.id)
			if errors.Is(err, ErrNotFound) {
				continue // erased meanwhile
			}
			if err != nil {
				return err
			}
			if rules.over(d.HighRisk, d.Ended, now) && !see(d) {
				return nil
			}
		}
		if len(page) < duePage {
			return nil
		}
		after = page[len(page)-1]
	}
}

const duePage = 500

type dueKey struct {
	id    string
	ended int64
}

// page are the recordings that have a key and ended before a time, in order, after one of them.
func (p *Purger) page(ctx context.Context, before time.Time, after dueKey) ([]dueKey, error) {
	out, err := storage.Select(ctx, p.index.db, func(s storage.Row) (k dueKey, err error) { return k, s.Scan(&k.id, &k.ended) },
		`SELECT d.id, d.ended FROM (SELECT CASE WHEN r.call_id = '' THEN r.id ELSE r.call_id END AS id, MAX(r.started_ms + r.duration_ms) AS ended
		FROM recordings r JOIN recording_keys k ON k.part = r.id WHERE length(k.key_sealed) > 0 GROUP BY 1) d
		WHERE d.ended <= ? AND (d.ended > ? OR d.ended = ? AND d.id > ?) ORDER BY d.ended, d.id LIMIT 500`,
		storage.Millis(before), after.ended, after.ended, after.id)
	if err != nil {
		return nil, fmt.Errorf("recordings: look for what is due: %w", err)
	}
	return out, nil
}

// due is a recording as it stands, by the id of its call or of a part without one. ErrNotFound when nothing of it is left.
func (p *Purger) due(ctx context.Context, id string) (Due, error) {
	d := Due{ID: id}
	err := collect(ctx, p.index.db, &d)
	if err == nil && d.Call != "" {
		d.Standing, err = p.keeper.Standing(ctx, d.Call)
	}
	if err != nil {
		return d, fmt.Errorf("recordings: look at %s: %w", id, err)
	}
	return d, nil
}

// lister reads rows: the database, or a transaction.
type lister interface {
	Query(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

func collect(ctx context.Context, in lister, d *Due) error {
	found, err := in.Query(ctx, `SELECT r.id, r.call_id, r.started_ms, r.duration_ms, r.bytes FROM recordings r JOIN recording_keys k ON k.part = r.id
		WHERE (r.call_id = ? OR r.call_id = '' AND r.id = ?) AND length(k.key_sealed) > 0 ORDER BY r.started_ms, r.id`, d.ID, d.ID)
	if err != nil {
		return err
	}
	rows, err := storage.Collect(found, func(s storage.Row) (r Recording, err error) {
		var started, duration int64
		err = s.Scan(&r.ID, &r.Call, &started, &duration, &r.Bytes)
		r.Started, r.Duration = storage.Time(started), time.Duration(duration)*time.Millisecond
		return r, err
	})
	if err != nil {
		return err
	}
	if len(rows) == 0 {
		return ErrNotFound
	}
	d.Parts, d.Bytes, d.Ended = nil, 0, time.Time{}
	for _, r := range rows {
		d.Call = r.Call
		d.Parts = append(d.Parts, r.ID)
		d.Bytes += r.Bytes
		if end := r.Started.Add(r.Duration); end.After(d.Ended) {
			d.Ended = end
		}
	}
	return nil
}

// Erase destroys the keys of a recording, at once and for good, however long it was kept, and sets the stones; [Notary] writes them into the audit and takes the
// files away. why is a code or a few words without anything private; by is who said so. ErrKept, ErrNotFound (also when it is erased already).
func (p *Purger) Erase(ctx context.Context, id, why, by string) (Due, error) {
	return p.erase(ctx, id, nil, why, by)
}

// Expire is Erase of a recording that was kept as long as the rules say, by its end and its class in the transaction in which it goes: whatever became of it since
// it was looked at. ErrKept also when it was not.
func (p *Purger) Expire(ctx context.Context, id string, rules Rules, by string) (Due, error) {
	if err := rules.Validate(); err != nil {
		return Due{ID: id}, err
	}
	return p.erase(ctx, id, &rules, WhyRetention, by)
}

func (p *Purger) erase(ctx context.Context, id string, rules *Rules, why, by string) (Due, error) {
	d, err := p.due(ctx, id)
	if err != nil {
		return d, err
	}
	do := func(tx *storage.Tx, high bool) error {
		if err := collect(ctx, tx, &d); err != nil { // again: a part may have come in since
			return err
		}
		if rules != nil && !rules.over(high, d.Ended, p.now()) {
			return ErrKept
		}
		return erase(ctx, tx, d.Parts, why, by, p.now())
	}
	if d.Call == "" {
		err = p.index.db.InTx(ctx, func(tx *storage.Tx) error { return do(tx, false) })
	} else {
		err = p.keeper.Release(ctx, d.Call, do)
	}
	if err != nil {
		return d, fmt.Errorf("recordings: erase %s: %w", id, err)
	}
	return d, nil
}

// Look is a recording as Erase would find it; nothing is changed. ErrNotFound.
func (p *Purger) Look(ctx context.Context, id string) (Due, error) { return p.due(ctx, id) }

// Run erases what is due every hour while the rules say that it goes by itself; it returns nil when ctx ends.
func (p *Purger) Run(ctx context.Context, rules func(context.Context) (r Rules, automatic bool, err error), log *slog.Logger) error {
	tick := time.NewTicker(time.Hour)
	defer tick.Stop()
	for {
		if err := p.turn(ctx, rules, log); err != nil && ctx.Err() == nil {
			log.Warn("recordings that were kept long enough are not erased; tried again", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// perTurn bounds how many go at once: a site that turns it on for the first time does not stand still.
const perTurn = 500

func (p *Purger) turn(ctx context.Context, rules func(context.Context) (Rules, bool, error), log *slog.Logger) error {
	r, automatic, err := rules(ctx)
	if err != nil || !automatic {
		return err
	}
	var faults []error
	erased := 0
	err = p.Walk(ctx, r, func(d Due) bool {
		if d.Stays() {
			return true
		}
		switch _, err := p.Expire(ctx, d.ID, r, system); {
		case err == nil:
			erased++
		case !errors.Is(err, ErrKept) && !errors.Is(err, ErrNotFound):
			faults = append(faults, err)
		}
		return ctx.Err() == nil && erased+len(faults) < perTurn
	})
	if erased > 0 {
		log.Info("recordings that were kept long enough were erased", "recordings", erased)
	}
	return errors.Join(append(faults, err)...)
}
