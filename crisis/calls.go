package crisis

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"time"

	"hotline/storage"
)

// AlertCall is one telephone that is to ring.
type AlertCall struct {
	ID       string
	Incident string
	User     string // user id; the number is private, see [Calls.Number]
	Language string
	Until    time.Time // who has not answered by then need not any more
}

// CallResult is what came of one.
type CallResult string

// The results.
const (
	CallAccepted    CallResult = "accepted" // the key was pressed: that person has acknowledged
	CallDeclined    CallResult = "declined"
	CallNoAnswer    CallResult = "no_answer"
	CallBusy        CallResult = "busy"
	CallFailed      CallResult = "failed"
	CallUnreachable CallResult = "unreachable" // has no telephone that may be called
)

// Telephones gives a person's number and language; private.
type Telephones interface {
	Telephone(ctx context.Context, user string) (number, language string, err error)
}

// Calls are the telephones that are to ring, as controllers carry them out: claimed by one, written down before it is dialled, and dialled once. One whose
// controller died after it dialled has failed: the next of the call tree is alerted, and that person again in the next round.
type Calls struct {
	s      *Store
	phones Telephones
}

// NewCalls gives the telephones of a store to controllers.
func NewCalls(s *Store, phones Telephones) *Calls { return &Calls{s, phones} }

// Claim gives at most most telephones to one owner for a lease. Nobody else gets them until it ends.
func (c *Calls) Claim(ctx context.Context, owner string, lease time.Duration, most int) ([]AlertCall, error) {
	if owner == "" || lease <= 0 || most < 1 {
		return nil, errors.New("crisis: claim calls: owner, lease and a number are needed")
	}
	now := c.s.now()
	const free = `until_ms > ? AND (state = 'waiting' OR state = 'claimed' AND lease_ms <= ?)`
	var any bool
	if err := c.s.db.QueryRow(ctx, `SELECT EXISTS (SELECT 1 FROM incident_calls WHERE `+free+`)`, storage.Millis(now), storage.Millis(now)).Scan(&any); err != nil || !any {
		return nil, wrap("look for calls", err)
	}
	var out []AlertCall
	err := c.s.db.InTx(ctx, func(tx *storage.Tx) error {
		rows, err := tx.Query(ctx, `UPDATE incident_calls SET state = 'claimed', owner = ?, lease_ms = ? WHERE id IN (SELECT id FROM incident_calls WHERE `+free+`
			ORDER BY at_ms, id LIMIT ?) RETURNING id, incident, user_id, until_ms`, owner, storage.Millis(now.Add(lease)), storage.Millis(now), storage.Millis(now), most)
		if err != nil {
			return err
		}
		out, err = storage.Collect(rows, func(r storage.Row) (a AlertCall, err error) {
			var until int64
			err = r.Scan(&a.ID, &a.Incident, &a.User, &until)
			a.Until = storage.Time(until)
			return a, err
		})
		return err
	})
	if err != nil {
		return nil, wrap("claim calls", err)
	}
	for i := range out {
		if _, language, err := c.phones.Telephone(ctx, out[i].User); err == nil {
			out[i].Language = language
		}
	}
	return out, nil
}

// Number is the telephone of the person, for the one who has claimed the call and is about to dial. ErrLost; ErrNotFound when the person has none.
func (c *Calls) Number(ctx context.Context, id, owner string) (string, error) {
	var user string
	err := c.s.db.QueryRow(ctx, `SELECT user_id FROM incident_calls WHERE id = ? AND owner = ? AND state IN ('claimed', 'placed') AND lease_ms > ?`, id, owner,
		storage.Millis(c.s.now())).Scan(&user)
	if errors.Is(err, sql.ErrNoRows) {
		return "", ErrLost
	}
	if err != nil {
		return "", wrap("number", err)
	}
	number, _, err := c.phones.Telephone(ctx, user)
	if err == nil && number == "" {
		err = ErrNotFound
	}
	return number, err
}

// Placed says that it is being dialled, before it is. ErrLost.
func (c *Calls) Placed(ctx context.Context, id, owner string) error {
	now := storage.Millis(c.s.now())
	return c.one(ctx, `UPDATE incident_calls SET state = 'placed', placed_ms = CASE WHEN placed_ms = 0 THEN ? ELSE placed_ms END
		WHERE id = ? AND owner = ? AND state IN ('claimed', 'placed') AND lease_ms > ?`, now, id, owner, now)
}

// Extend keeps an owner's claims for lease from now on, all at once. lost are those that are another's, or over because somebody answered: stop these.
func (c *Calls) Extend(ctx context.Context, owner string, lease time.Duration, ids ...string) (lost []string, err error) {
	if len(ids) == 0 {
		return nil, nil
	}
	in, args := storage.In(ids)
	err = c.s.db.InTx(ctx, func(tx *storage.Tx) error {
		rows, err := tx.Query(ctx, `UPDATE incident_calls SET lease_ms = ? WHERE owner = ? AND state IN ('claimed', 'placed') AND id IN `+in+` RETURNING id`,
			append([]any{storage.Millis(c.s.now().Add(lease)), owner}, args...)...)
		if err != nil {
			return err
		}
		kept, err := storage.Collect(rows, func(r storage.Row) (id string, err error) { return id, r.Scan(&id) })
		lost = slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return slices.Contains(kept, id) })
		return err
	})
	return lost, wrap("extend calls", err)
}

// Release gives one back that was not dialled. ErrLost.
func (c *Calls) Release(ctx context.Context, id, owner string) error {
	return c.one(ctx, `UPDATE incident_calls SET state = 'waiting', owner = '', lease_ms = 0 WHERE id = ? AND owner = ? AND state = 'claimed'`, id, owner)
}

func (c *Calls) one(ctx context.Context, query string, args ...any) error {
	res, err := c.s.db.Exec(ctx, query, args...)
	if err != nil {
		return wrap("calls", err)
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		return errors.Join(ErrLost, err)
	}
	return nil
}

// Done says what came of it: accepted acknowledges the incident in that person's name, anything else alerts the next of the call tree at once. The same
// again changes nothing. An acceptance counts even when the claim was lost, because somebody stands at the telephone who was asked for help; ErrLost when
// somebody else has it by now, or it came to another end.
func (c *Calls) Done(ctx context.Context, id, owner string, result CallResult) error {
	if !slices.Contains([]CallResult{CallAccepted, CallDeclined, CallNoAnswer, CallBusy, CallFailed, CallUnreachable}, result) {
		return wrap("call done", ErrInvalid)
	}
	var incident, user, who, state string
	var before CallResult
	err := c.s.db.QueryRow(ctx, `SELECT incident, user_id, owner, state, result FROM incident_calls WHERE id = ?`, id).Scan(&incident, &user, &who, &state, &before)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return ErrNotFound
	case err != nil:
		return wrap("call done", err)
	case state == callDone:
		if before == result {
			return nil
		}
		return ErrLost
	case result != CallAccepted && (who != owner || state == "withdrawn"):
		return ErrLost
	}
	// The event first: when this process dies between the two writes, the answer is kept, and only the row is told again.
	act, in := Act{By: user, Request: "call:" + id}, Incident{}
	if result == CallAccepted {
		in, err = c.s.Acknowledge(ctx, incident, act, ViaPhone)
	} else {
		_, err = c.s.Decline(ctx, incident, act, ViaPhone)
	}
	if err != nil && !errors.Is(err, ErrClosed) && !errors.Is(err, ErrSamePerson) {
		return err
	}
	if result == CallAccepted && (err != nil || in.Supervisor != user) {
		return ErrLost
	}
	c.s.fault("before call")
	_, err = c.s.db.Exec(ctx, `UPDATE incident_calls SET state = 'done', result = ?, done_ms = ? WHERE id = ? AND state <> 'done'`, string(result),
		storage.Millis(c.s.now()), id)
	c.s.fault("after call")
	return wrap("call done", err)
}

const callDone = "done"

// lapsed are the telephones whose controller died after it dialled: nobody will say what came of them.
func (c *Calls) lapsed(ctx context.Context) ([]key, error) {
	return storage.Select(ctx, c.s.db, func(r storage.Row) (k key, err error) { return k, r.Scan(&k.kind, &k.value) },
		`SELECT id, owner FROM incident_calls WHERE state = 'placed' AND lease_ms <= ? ORDER BY at_ms LIMIT 50`, storage.Millis(c.s.now()))
}

// CallsOf are the telephones that rang for an incident, in order, with what came of each (empty: not known yet).
func (s *Store) CallsOf(ctx context.Context, id string) ([]AlertCall, []CallResult, error) {
	var results []CallResult
	calls, err := storage.Select(ctx, s.db, func(r storage.Row) (a AlertCall, err error) {
		var until int64
		var result CallResult
		err = r.Scan(&a.ID, &a.Incident, &a.User, &until, &result)
		a.Until = storage.Time(until)
		results = append(results, result)
		return a, err
	}, `SELECT id, incident, user_id, until_ms, result FROM incident_calls WHERE incident = ? ORDER BY at_ms, id`, id)
	return calls, results, wrap("calls", err)
}
