package statistics

import (
	"context"
	"errors"
	"time"

	"hotline/casework"
	"hotline/storage"
)

const (
	placesEvery = 10 * time.Second
	placesMost  = 500 // calls at a time
	// placesBack is how far back a call is looked for that was written late.
	placesBack = 24 * time.Hour
	placeWords = "zh"
)

// whereabouts says who was on the line; *casework.Contacts is one.
type whereabouts interface {
	Caller(ctx context.Context, call string) (casework.Caller, error)
}

var _ whereabouts = (*casework.Contacts)(nil)

// Places looks once at each call that is over for where its number belongs: to open a number takes too long to do it when somebody wants figures. Of
// what it finds only the country and the place are kept. Any number of processes may run it; one is enough.
type Places struct {
	db    *storage.DB
	who   whereabouts
	since time.Time // ends of calls before it were looked at
}

// Places uses the tables of the store.
func (s *Store) Places(who whereabouts) *Places { return &Places{db: s.db, who: who} }

// Run looks at calls until ctx ends. What could not be done is told, and done the next time.
func (p *Places) Run(ctx context.Context, failed func(error)) error {
	tick := time.NewTicker(placesEvery)
	defer tick.Stop()
	for {
		for {
			n, err := p.look(ctx)
			if err != nil && ctx.Err() == nil {
				failed(err)
			}
			if err != nil || n < placesMost {
				break
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// look takes the next calls, and returns how many there were.
func (p *Places) look(ctx context.Context) (int, error) {
	type ended struct {
		id string
		at int64
	}
	calls, err := storage.Select(ctx, p.db, func(r storage.Row) (e ended, err error) { return e, r.Scan(&e.id, &e.at) },
		`SELECT id, ended_ms FROM calls WHERE ended_ms >= ? AND ended_ms > 0 AND NOT EXISTS (SELECT 1 FROM call_places WHERE call_places.call_id = calls.id)
		ORDER BY ended_ms, id LIMIT ?`, storage.Millis(p.since), placesMost)
	if err != nil {
		return 0, wrap("calls without a place", err)
	}
	var rows [][3]string
	for _, c := range calls {
		who, err := p.who.Caller(ctx, c.id)
		if err != nil && !errors.Is(err, casework.ErrNotFound) {
			// A number that no key opens stays unknown, and must not stand before all that come after it.
			if ctx.Err() != nil {
				return 0, wrap("place", err)
			}
			who = casework.Caller{}
		}
		rows = append(rows, [3]string{c.id, who.Region, who.Places[placeWords]})
	}
	err = p.db.InRowTx(ctx, func(tx *storage.Tx) error {
		for _, r := range rows {
			if _, err := tx.Exec(ctx, `INSERT INTO call_places (call_id, country, place) VALUES (?,?,?) ON CONFLICT (call_id) DO NOTHING`, r[0], r[1], r[2]); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return 0, wrap("keep places", err)
	}
	if n := len(calls); n > 0 {
		if at := storage.Time(calls[n-1].at).Add(-placesBack); at.After(p.since) {
			p.since = at
		}
	}
	return len(calls), nil
}
