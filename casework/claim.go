package casework

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"time"

	"github.com/oklog/ulid/v2"

	"hotline/storage"
)

// Claimed is a claimed callback: what the queue and the dialler need to know.
type Claimed struct {
	Task      string
	Entry     string // id for the call by which it is entered into the queue; a new one with each claim
	Call      string // the caller's own call that it follows
	Line      string
	Tier      string
	Danger    bool
	Place     time.Time // order time: when the caller first arrived
	Preferred string    // agent who gets it when available
	Asked     string    // user id of who pressed "call now", else empty
	Attempt   int       // which attempt this is, from 1
	Last      bool      // no further one follows by itself
	Until     time.Time // end of the claim, unless extended
	History   int       // earlier contacts of the caller, the one that is called back for included
	CutOff    bool      // Call was cut off while the caller was at risk

	caller []byte // the number, sealed
}

// promiseFresh is how long after the promise the first attempt may come at any hour: the caller asked for it just now.
const promiseFresh = 2 * time.Hour

// Claim gives at most limit callbacks that are to be called now to one owner for the span of lease: those of callers at risk first. Nobody else
// gets them until the claim ends, and a caller who is on the line at the moment is left alone. An attempt whose owner died after dialling counts
// as failed.
func (c *Callbacks) Claim(ctx context.Context, owner string, lease time.Duration, limit int) ([]Claimed, error) {
	if owner == "" || lease <= 0 || limit < 1 {
		return nil, errors.New("casework: claim: owner, lease and limit are needed")
	}
	now := storage.Time(storage.Millis(c.now()))
	// Most looks find nothing, and must not stand in the way of writers.
	if found, err := c.claimable(ctx, now, 1); err != nil || len(found) == 0 {
		return nil, err
	}
	var out []Claimed
	err := c.db.InTx(ctx, func(tx *storage.Tx) error {
		out = nil
		rows, err := tx.Query(ctx, claimQuery, storage.Millis(now), storage.Millis(now), limit)
		if err != nil {
			return err
		}
		found, err := storage.Collect(rows, scanTask)
		if err != nil {
			return err
		}
		for _, t := range found {
			got, err := c.claimOne(ctx, tx, t, owner, now, lease)
			if err != nil {
				return err
			}
			if got != nil {
				out = append(out, *got)
			}
		}
		return nil
	})
	if err != nil {
		return nil, wrap("claim callbacks", err)
	}
	for i, got := range out {
		out[i].History = c.history(ctx, got)
	}
	return out, nil
}

// history is good to know and not worth failing for.
func (c *Callbacks) history(ctx context.Context, got Claimed) int {
	number, err := c.keys.Open(got.caller, CallerContext(got.Call))
	if err != nil {
		return 0
	}
	n, _ := NewLedger(c.db).CountByCaller(ctx, c.keys.CallerRefs(number)...)
	return n
}

const claimQuery = `SELECT ` + taskColumns + ` FROM tasks WHERE kind = 'callback' AND (state = 'working' AND lease_ms <= ?
	OR state = 'open' AND next_ms <= ? AND (auto OR asked_by <> '') AND caller_sealed IS NOT NULL
		AND NOT EXISTS (SELECT 1 FROM calls WHERE calls.caller_ref = tasks.caller_ref AND calls.caller_ref <> '' AND calls.ended_ms = 0))
	ORDER BY CASE WHEN danger OR tier = 'red' THEN 0 WHEN asked_by <> '' THEN 1 ELSE 2 END, next_ms, id LIMIT ?`

func (c *Callbacks) claimable(ctx context.Context, now time.Time, limit int) ([]Task, error) {
	found, err := storage.Select(ctx, c.db, scanTask, claimQuery, storage.Millis(now), storage.Millis(now), limit)
	return found, wrap("look for callbacks", err)
}

// claimOne claims a task, or puts it where it belongs: nil then.
func (c *Callbacks) claimOne(ctx context.Context, tx *storage.Tx, t Task, owner string, now time.Time, lease time.Duration) (*Claimed, error) {
	retry := c.rules(t.Line).Retry
	if t.State == TaskWorking { // its claim ran out
		open, err := placedOnly(ctx, tx, t)
		if err != nil {
			return nil, err
		}
		if open {
			return nil, c.settle(ctx, tx, t, Attempt{Who: system, Result: ResultFailed, At: now})
		}
	}
	if t.Reason == ReasonFollowUp && !now.Before(t.Due) {
		return nil, returnFollowUp(ctx, tx, t, now)
	}
	promised := t.Reason == ReasonPromised && t.Attempts == 0 && now.Sub(t.Created) < promiseFresh
	if !t.Urgent() && t.Asked == "" && !promised && !retry.Hours.Allow(now) {
		_, err := tx.Exec(ctx, `UPDATE tasks SET state = 'open', owner = '', next_ms = ? WHERE id = ?`, storage.Millis(retry.Hours.After(now)), t.ID)
		return nil, err
	}
	entry := ulid.Make().String()
	_, err := tx.Exec(ctx, `UPDATE tasks SET state = 'working', owner = ?, lease_ms = ?, entry = ? WHERE id = ?`, owner, storage.Millis(now.Add(lease)), entry, t.ID)
	if err != nil {
		return nil, err
	}
	t.Entry, t.Lease = entry, now.Add(lease)
	got := t.callback(retry)
	return &got, nil
}

func (t Task) callback(r Retry) Claimed {
	return Claimed{
		Task: t.ID, Entry: t.Entry, Call: t.Call, Line: t.Line, Tier: t.Tier, Danger: t.Danger, Place: t.Place, Preferred: t.Preferred, Asked: t.Asked,
		Attempt: t.Attempts + 1, Last: t.Attempts+1 >= r.withDefaults().Attempts, Until: t.Lease, CutOff: t.Reason == ReasonCutOff, caller: t.CallerSealed,
	}
}

// Held are the callbacks that an owner has claimed, also in an earlier life, and nobody else since.
func (c *Callbacks) Held(ctx context.Context, owner string) ([]Claimed, error) {
	rows, err := storage.Select(ctx, c.db, scanTask, `SELECT `+taskColumns+` FROM tasks WHERE state = 'working' AND owner = ? ORDER BY id`, owner)
	out := make([]Claimed, 0, len(rows))
	for _, t := range rows {
		cb := t.callback(c.rules(t.Line).Retry)
		out = append(out, cb)
	}
	return out, wrap("list claimed callbacks", err)
}

// Extend keeps an owner's claims for lease from now on, all at once. lost are those that are another's, or whose task is finished: stop these.
func (c *Callbacks) Extend(ctx context.Context, owner string, lease time.Duration, tasks ...string) (lost []string, err error) {
	if len(tasks) == 0 {
		return nil, nil
	}
	in, args := inRefs(tasks)
	err = c.db.InTx(ctx, func(tx *storage.Tx) error {
		rows, err := tx.Query(ctx, `UPDATE tasks SET lease_ms = ? WHERE owner = ? AND state = 'working' AND id IN `+in+` RETURNING id`,
			concat([]any{storage.Millis(c.now().Add(lease)), owner}, args)...)
		if err != nil {
			return err
		}
		kept, err := storage.Collect(rows, func(r storage.Row) (id string, err error) { return id, r.Scan(&id) })
		lost = slices.DeleteFunc(slices.Clone(tasks), func(id string) bool { return slices.Contains(kept, id) })
		return err
	})
	if err != nil {
		return nil, wrap("extend claims", err)
	}
	return lost, nil
}

// Release gives a claim back when nothing was dialled: nobody took the offer, or the process drains. It counts as no attempt.
func (c *Callbacks) Release(ctx context.Context, task, owner string) error {
	// A moment, so that the same one does not take it again at once.
	next := storage.Millis(c.now().Add(5 * time.Second))
	res, err := c.db.Exec(ctx, `UPDATE tasks SET state = 'open', owner = '', lease_ms = 0, next_ms = CASE WHEN next_ms < ? THEN ? ELSE next_ms END
		WHERE id = ? AND owner = ? AND state = 'working'`, next, next, task, owner)
	return lostUnlessOne(res, wrap("release "+task, err))
}

func lostUnlessOne(res sql.Result, err error) error {
	if err != nil {
		return err
	}
	if n, err := res.RowsAffected(); err != nil || n == 1 {
		return err
	}
	return ErrLost
}
