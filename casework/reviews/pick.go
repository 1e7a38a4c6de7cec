package reviews

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/oklog/ulid/v2"

	"hotline/storage"
)

const (
	pickEvery  = 10 * time.Second
	pickAtOnce = 500 // talks of one look
	// An end, or a level, may be written late: each look begins a while before the last one, and one in an hour long before it. The long one costs a third
	// of a second with 40 000 talks in those days.
	lookBack  = time.Hour
	longBack  = 7 * 24 * time.Hour
	longEvery = time.Hour
)

// dangers tells of calls that an incident was opened for; nil: nobody knows of any.
type dangers interface {
	// RedCalls are the calls of incidents at high risk that were opened since a time.
	RedCalls(ctx context.Context, since time.Time) ([]string, error)
}

// Picker sends talks to review. It may run many times, and be killed or without its database for as long as it may be: a talk is drawn for once, and
// goes to review once.
type Picker struct {
	store   *Store
	books   Books
	dangers dangers
	zone    *time.Location // whose months are filled up
	long    time.Time      // the last long look of this one
}

// NewPicker makes one, with the months of a zone. dangers may be nil.
func (s *Store) NewPicker(dangers dangers, zone *time.Location) *Picker {
	return &Picker{store: s, books: NewBooks(s.db), dangers: dangers, zone: zone}
}

// Run picks until ctx ends; it returns nil then. fault is told what went wrong, once each time that it begins.
func (p *Picker) Run(ctx context.Context, fault func(error)) error {
	tick := time.NewTicker(pickEvery)
	defer tick.Stop()
	failing := false
	for {
		_, err := p.Pass(ctx)
		if err != nil && !failing && ctx.Err() == nil {
			fault(err)
		}
		failing = err != nil
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// Pass looks once at what ended since the last look, and tells how many talks went to review. One picker does it at a time.
func (p *Picker) Pass(ctx context.Context) (picked int, err error) {
	s := p.store
	at := s.now()
	var seed, filled string
	var began, looked int64
	if err := s.db.QueryRow(ctx, `SELECT seed, began_ms, looked_ms, filled FROM review_place WHERE id = 1`).Scan(&seed, &began, &looked, &filled); err != nil {
		return 0, wrap("pick", err)
	}
	sheet, err := s.Sheets.Current(ctx)
	if err != nil {
		return 0, wrap("pick", err)
	}
	back, long := lookBack, at.Sub(p.long) >= longEvery
	if long {
		back = longBack
	}
	since := storage.Time(max(began, looked-back.Milliseconds()))
	picked, err = p.danger(ctx, sheet.Doc.Pick, since)
	if err != nil {
		return picked, err
	}
	for {
		talks, err := p.books.Undrawn(ctx, since, pickAtOnce)
		if err != nil {
			return picked, err
		}
		if len(talks) == 0 {
			break
		}
		n, err := p.draw(ctx, sheet.Doc.Pick, seed, talks)
		picked += n
		if err != nil {
			return picked, err
		}
	}
	n, err := p.fill(ctx, sheet.Doc.Pick, seed, filled, storage.Time(began))
	picked += n
	if err != nil {
		return picked, err
	}
	if long {
		p.long = at
	}
	_, err = s.db.Exec(ctx, `UPDATE review_place SET looked_ms = ? WHERE id = 1 AND looked_ms < ?`, storage.Millis(at), storage.Millis(at))
	return picked, wrap("pick", err)
}

// danger sends the talks of red calls to review.
func (p *Picker) danger(ctx context.Context, pick Pick, since time.Time) (picked int, err error) {
	least := time.Duration(pick.Least) * time.Second
	for {
		talks, err := p.books.Reds(ctx, since, least, pickAtOnce)
		if err != nil {
			return picked, err
		}
		n, err := p.reds(ctx, pick, ofRed(talks, least))
		picked += n
		if err != nil {
			return picked, err
		}
		if len(talks) < pickAtOnce {
			break // what was picked does not come again: the next look brings others
		}
	}
	if p.dangers == nil {
		return picked, nil
	}
	calls, err := p.dangers.RedCalls(ctx, since)
	if err != nil {
		return picked, wrap("read incidents", err)
	}
	more, err := p.books.Of(ctx, calls...)
	if err != nil {
		return picked, err
	}
	more = slices.DeleteFunc(more, func(t Talk) bool { return t.Red }) // they were among those
	n, err := p.reds(ctx, pick, ofRed(more, least))
	return picked + n, err
}

// reds sends talks to review as those of red calls.
func (p *Picker) reds(ctx context.Context, pick Pick, talks []Talk) (picked int, err error) {
	for _, t := range talks {
		made, err := p.store.pick(ctx, t, Red, "", t.Ended.Add(time.Duration(pick.RedDays)*24*time.Hour), 1)
		if err != nil {
			return picked, wrap("pick", err)
		}
		if made {
			picked++
		}
	}
	return picked, nil
}

// ofRed are the talks of red calls that are reviewed: those that are long enough, and of a call without such a one the longest.
func ofRed(talks []Talk, least time.Duration) (out []Talk) {
	calls := map[string][]Talk{}
	var order []string
	for _, t := range talks {
		if len(calls[t.Call]) == 0 {
			order = append(order, t.Call)
		}
		calls[t.Call] = append(calls[t.Call], t)
	}
	for _, call := range order {
		all := calls[call]
		long := slices.DeleteFunc(slices.Clone(all), func(t Talk) bool { return t.Length < least })
		if len(long) == 0 {
			long = append(long, slices.MaxFunc(all, func(a, b Talk) int { return int(a.Length - b.Length) }))
		}
		out = append(out, long...)
	}
	return out
}

// draw throws the dice for talks, and remembers that it did.
func (p *Picker) draw(ctx context.Context, pick Pick, seed string, talks []Talk) (picked int, err error) {
	s := p.store
	for _, t := range talks {
		yes := t.Length >= time.Duration(pick.Least)*time.Second && Drawn(seed, t.Call, t.Agent, pick.Share)
		if yes && !t.Red {
			made, err := s.pick(ctx, t, Sample, "", t.Ended.Add(time.Duration(pick.Days)*24*time.Hour), 1)
			if err != nil {
				return picked, wrap("draw", err)
			}
			if made {
				picked++
			}
		}
	}
	// The reviews come first: who is killed in between draws the same again.
	err = s.db.InTx(ctx, func(tx *storage.Tx) error {
		for _, t := range talks {
			drawn := t.Length >= time.Duration(pick.Least)*time.Second && Drawn(seed, t.Call, t.Agent, pick.Share)
			if _, err := tx.Exec(ctx, `INSERT INTO review_draws (call_id, agent, at_ms, share, drawn) VALUES (?,?,?,?,?) ON CONFLICT (call_id, agent) DO NOTHING`,
				t.Call, t.Agent, storage.Millis(s.now()), pick.Share, number(drawn && !t.Red)); err != nil {
				return err
			}
		}
		return nil
	})
	return picked, wrap("draw", err)
}

func number(yes bool) int {
	if yes {
		return 1
	}
	return 0
}

// Drawn tells whether a talk is in a sample of so many thousandths: always the same of the same talk, and not to be told without the seed.
func Drawn(seed, call, agent string, share int) bool {
	return lot(seed, call, agent)%1000 < uint64(max(share, 0))
}

// lot is the number that a talk draws.
func lot(seed, call, agent string) uint64 {
	sum := sha256.Sum256([]byte(seed + "\x00" + call + "\x00" + agent))
	return binary.BigEndian.Uint64(sum[:])
}

// pick writes a talk down for review; false: it was. A review of a talk that turns out to be of a red call becomes that of one, whatever its state: one
// that is open is due sooner, one that is done counts as such, and one that was dropped before is open again, because who dropped it did not know. One that
// was dropped as that of a red call stays so, with the reason that a person gave.
func (s *Store) pick(ctx context.Context, t Talk, why Why, by string, due time.Time, wanted int) (made bool, err error) {
	err = s.db.InTx(ctx, func(tx *storage.Tx) (err error) {
		made, err = s.pickIn(ctx, tx, t, why, by, due, wanted)
		return err
	})
	return made, err
}

func (s *Store) pickIn(ctx context.Context, tx *storage.Tx, t Talk, why Why, by string, due time.Time, wanted int) (made bool, err error) {
	res, err := tx.Exec(ctx, `INSERT INTO reviews (id, call_id, agent, line, called_ms, talk_ms, why, picked_ms, picked_by, due_ms, wanted, sheet, state, closed_ms, closed_by, read_ms)
		VALUES (?,?,?,?,?,?,?,?,?,?,?,0,'open',0,'',0) ON CONFLICT (call_id, agent) DO NOTHING`,
		ulid.Make().String(), t.Call, t.Agent, t.Line, storage.Millis(t.Called), t.Length.Milliseconds(), string(why), storage.Millis(s.now()), by, storage.Millis(due), wanted)
	if err != nil {
		return false, err
	}
	n, err := res.RowsAffected()
	if err != nil || n > 0 || why != Red {
		return n > 0, err
	}
	res, err = tx.Exec(ctx, `UPDATE reviews SET state = 'open', closed_ms = 0, closed_by = '', said = NULL WHERE call_id = ? AND agent = ? AND why <> 'red' AND state = 'dropped'`,
		t.Call, t.Agent)
	if err != nil {
		return false, err
	}
	if n, err = res.RowsAffected(); err != nil {
		return false, err
	}
	_, err = tx.Exec(ctx, `UPDATE reviews SET why = 'red', due_ms = CASE WHEN state = 'open' AND due_ms > ? THEN ? ELSE due_ms END WHERE call_id = ? AND agent = ? AND why <> 'red'`,
		storage.Millis(due), storage.Millis(due), t.Call, t.Agent)
	return n > 0, err
}

// Ask sends a talk to review because a supervisor wants it; agent empty: the longest of the call. wanted is how many score it. One that is there
// already is returned as it is. ErrNotFound: nobody talked in that call, or it is not over.
func (s *Store) Ask(ctx context.Context, call, agent, by string, wanted int) (Review, error) {
	if by == "" {
		return Review{}, errors.New("reviews: ask: who is needed")
	}
	if wanted < 1 || wanted > MostReviewers {
		return Review{}, fmt.Errorf("%w: 1 to %d reviewers", ErrInvalid, MostReviewers)
	}
	talks, err := NewBooks(s.db).Of(ctx, call)
	if err != nil {
		return Review{}, err
	}
	if agent != "" {
		talks = slices.DeleteFunc(talks, func(t Talk) bool { return t.Agent != agent })
	}
	if len(talks) == 0 {
		return Review{}, ErrNotFound
	}
	sheet, err := s.Sheets.Current(ctx)
	if err != nil {
		return Review{}, wrap("ask", err)
	}
	t := slices.MaxFunc(talks, func(a, b Talk) int { return int(a.Length - b.Length) })
	why, days := Asked, sheet.Doc.Pick.Days
	if t.Red {
		why, days = Red, sheet.Doc.Pick.RedDays
	}
	if _, err := s.pick(ctx, t, why, by, s.now().Add(time.Duration(days)*24*time.Hour), wanted); err != nil {
		return Review{}, wrap("ask", err)
	}
	r, err := s.scan(s.db.QueryRow(ctx, `SELECT `+columns+` FROM reviews WHERE call_id = ? AND agent = ?`, t.Call, t.Agent))
	return r, wrap("ask", err)
}
