package casework

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"time"

	"hotline/storage"
)

// Outcome says what came of a call.
type Outcome string

// The outcomes.
const (
	Open       Outcome = "open"       // not ended yet
	Answered   Outcome = "answered"   // talked with a counsellor
	Callback   Outcome = "callback"   // was promised to be called back
	Overflowed Outcome = "overflowed" // was passed on to another line or place
	Degraded   Outcome = "degraded"   // was served by the dialplan's fallback
	Abandoned  Outcome = "abandoned"  // left before anybody answered

	NotReached Outcome = "not_reached" // a call of ours to somebody who waits for one, and who was not reached
	Withdrawn  Outcome = "withdrawn"   // passed on to us, and answered elsewhere before anybody here did
)

// rank orders what is known of a call: a later report may only add. A call that a counsellor answered stays answered, whatever else a
// resynchronisation or the fallback's notes say of it afterwards.
func (o Outcome) rank() int {
	switch o {
	case Abandoned:
		return 1
	case NotReached, Withdrawn:
		return 2
	case Degraded:
		return 3
	case Overflowed:
		return 4
	case Callback:
		return 5
	case Answered:
		return 6
	}
	return 0
}

// By says who or what ended a call.
type By string

// Who can end a call.
const (
	ByCaller By = "caller"
	ByAgent  By = "agent"
	BySystem By = "system" // a rule: the line is closed, the fallback's message was taken
	ByFault  By = "fault"  // something of ours broke
)

// Cause says why a call ended.
type Cause struct {
	By   By
	Q850 int // ITU-T Q.850 cause value, 0 when unknown; 16 is a normal clearing
}

// CallRecord is one row of the ledger. A zero time means that it did not happen (yet).
type CallRecord struct {
	ID      string // ULID
	Line    string
	Dialled string // the service number that was dialled, such as 12355; not private
	Node    string // the Asterisk that holds the call
	Tier    string
	Agent   string // who talked last
	Danger  bool   // the danger key was pressed at any time
	Relayed bool   // another site passed the call on to us

	Arrived time.Time
	Queued  time.Time // first
	Offered time.Time // first
	Talked  time.Time // first
	Ended   time.Time

	Wait time.Duration // from Queued (or Arrived) to Talked, or to the end for who was never answered; 0 while open
	Talk time.Duration

	Outcome Outcome
	Cause   Cause
	// LeftWaiting: a talk broke by a fault, and the caller left while waiting again. The outcome stays what it was; nobody served the caller.
	LeftWaiting bool

	CallerRef    string // pseudonym of the caller ([Keys.CallerRef]); empty when withheld
	CallerSealed []byte // the number, sealed ([Keys.Seal] with [CallerContext])
}

// AtRisk tells whether the caller was in danger, or treated so.
func (c CallRecord) AtRisk() bool { return c.Danger || c.Tier == tierRed }

// Ledger is the table of calls. Every write may be repeated and may come late: a controller retries, and another one replays what it
// adopted.
type Ledger struct{ db *storage.DB }

// NewLedger uses the tables that [Migrate] made.
func NewLedger(db *storage.DB) *Ledger { return &Ledger{db} }

// Open writes a call at its arrival, or adds to the row that is there: first times stay the earliest, danger stays, tier, agent and
// node become the newest that is not empty, the rest is filled in where it was empty. It never reopens nor closes a call: see
// [Ledger.Close].
func (l *Ledger) Open(ctx context.Context, c CallRecord) error {
	if c.ID == "" || c.Arrived.IsZero() {
		return errors.New("casework: open call: id and arrival are needed")
	}
	_, err := l.db.Exec(ctx, `INSERT INTO calls (`+callColumns+`) VALUES (?,?,?,?,?,?,?,?,?,?,?,0,0,0,'open','',0,?,?,?,FALSE)
		ON CONFLICT (id) DO UPDATE SET
			line = `+fill("line")+`, dialled = `+fill("dialled")+`, caller_ref = `+fill("caller_ref")+`,
			caller_sealed = COALESCE(calls.caller_sealed, excluded.caller_sealed),
			node = `+newest("node")+`, tier = `+newest("tier")+`, agent = `+newest("agent")+`,
			danger = calls.danger OR excluded.danger, relayed = calls.relayed OR excluded.relayed,
			arrived_ms = `+first("arrived_ms")+`, queued_ms = `+first("queued_ms")+`,
			offered_ms = `+first("offered_ms")+`, talked_ms = `+first("talked_ms"),
		c.ID, c.Line, c.Dialled, c.Node, c.Tier, c.Agent, c.Danger, storage.Millis(c.Arrived), storage.Millis(c.Queued),
		storage.Millis(c.Offered), storage.Millis(c.Talked), c.CallerRef, c.CallerSealed, c.Relayed)
	return wrap("open call "+c.ID, err)
}

// The rules by which a repeated write joins a row.
func fill(col string) string {
	return "CASE WHEN calls." + col + " = '' THEN excluded." + col + " ELSE calls." + col + " END"
}

func newest(col string) string {
	return "CASE WHEN excluded." + col + " = '' THEN calls." + col + " ELSE excluded." + col + " END"
}

func first(col string) string {
	return "CASE WHEN excluded." + col + " > 0 AND (calls." + col + " = 0 OR excluded." + col + " < calls." + col + ") THEN excluded." +
		col + " ELSE calls." + col + " END"
}

// Update adds what is known by now to the row of c.ID, by the rules of [Ledger.Open]; Arrived may be zero. ErrNotFound when the call was
// never opened.
func (l *Ledger) Update(ctx context.Context, c CallRecord) error {
	if c.Arrived.IsZero() {
		known, err := l.Get(ctx, c.ID)
		if err != nil {
			return err
		}
		c.Arrived = known.Arrived
	}
	return l.Open(ctx, c)
}

// Closing is how a call ended.
type Closing struct {
	EndedAt time.Time
	Outcome Outcome
	Cause   Cause
	// Talk is how long counsellor and caller were together. Zero: from the first talk to the end.
	Talk time.Duration
	// LeftWaiting is [CallRecord.LeftWaiting].
	LeftWaiting bool
	// Shares are how long each agent talked with the caller.
	Shares []Share
}

// Share is how long one agent talked with the caller of a call.
type Share struct {
	Agent string
	Talk  time.Duration
}

// Close ends a call. A second Close changes nothing unless it knows better: then its whole closing replaces the first. Better is the
// later of abandoned, degraded, overflowed, callback, answered, or the same with the word that the caller left while waiting again (so that a sweep that found the channel gone, or the note that the
// fallback left, never hides that a counsellor answered). ErrNotFound when the call was never opened.
func (l *Ledger) Close(ctx context.Context, id string, end Closing) error {
	if end.Outcome.rank() == 0 || end.EndedAt.IsZero() {
		return errors.New("casework: close call: an outcome and an end are needed")
	}
	err := l.db.InTx(ctx, func(tx *storage.Tx) error {
		c, err := scanCall(tx.QueryRow(ctx, `SELECT `+callColumns+` FROM calls WHERE id = ?`, id))
		if errors.Is(err, sql.ErrNoRows) {
			return ErrNotFound
		}
		if err != nil || c.Outcome.rank() > end.Outcome.rank() || c.Outcome.rank() == end.Outcome.rank() && (c.LeftWaiting || !end.LeftWaiting) {
			return err
		}
		wait, talk := durations(c, end)
		// What follows from the end is looked at again when the end is another one.
		_, err = tx.Exec(ctx, `UPDATE calls SET ended_ms = ?, outcome = ?, ended_by = ?, q850 = ?, wait_ms = ?, talk_ms = ?, left_waiting = ?,
			followed_ms = 0 WHERE id = ?`,
			storage.Millis(end.EndedAt), string(end.Outcome), string(end.Cause.By), end.Cause.Q850, wait.Milliseconds(),
			talk.Milliseconds(), end.LeftWaiting, id)
		for _, s := range end.Shares {
			if err == nil {
				_, err = tx.Exec(ctx, `INSERT INTO call_shares (call_id, agent, talk_ms) VALUES (?,?,?)
					ON CONFLICT (call_id, agent) DO UPDATE SET talk_ms = excluded.talk_ms`, id, s.Agent, s.Talk.Milliseconds())
			}
		}
		return err
	})
	return wrap("close call "+id, err)
}

func durations(c CallRecord, end Closing) (wait, talk time.Duration) {
	from, to := c.Queued, c.Talked
	if from.IsZero() {
		from = c.Arrived
	}
	if to.IsZero() {
		to = end.EndedAt
	}
	talk = end.Talk
	if talk == 0 && !c.Talked.IsZero() {
		talk = end.EndedAt.Sub(c.Talked)
	}
	return max(0, to.Sub(from)), max(0, talk)
}

// Get returns one call, or ErrNotFound.
func (l *Ledger) Get(ctx context.Context, id string) (CallRecord, error) {
	c, err := scanCall(l.db.QueryRow(ctx, `SELECT `+callColumns+` FROM calls WHERE id = ?`, id))
	if errors.Is(err, sql.ErrNoRows) {
		return c, ErrNotFound
	}
	return c, wrap("read call "+id, err)
}

// Shares returns who talked with the caller of a call, the longest first.
func (l *Ledger) Shares(ctx context.Context, id string) ([]Share, error) {
	out, err := storage.Select(ctx, l.db, func(s storage.Row) (share Share, err error) {
		var talk int64
		err = s.Scan(&share.Agent, &talk)
		share.Talk = time.Duration(talk) * time.Millisecond
		return share, err
	}, `SELECT agent, talk_ms FROM call_shares WHERE call_id = ? ORDER BY talk_ms DESC, agent`, id)
	return out, wrap("read shares", err)
}

// Since returns at most limit calls that ended at the time or later, in the order of their ends.
func (l *Ledger) Since(ctx context.Context, t time.Time, limit int) ([]CallRecord, error) {
	return l.list(ctx, `WHERE ended_ms >= ? AND ended_ms > 0 ORDER BY ended_ms, id LIMIT ?`, storage.Millis(t), limit)
}

// Unclosed returns the calls that arrived before the time and have no end, oldest first: calls in progress, and those whose end nobody
// could write.
func (l *Ledger) Unclosed(ctx context.Context, before time.Time) ([]CallRecord, error) {
	return l.list(ctx, `WHERE ended_ms = 0 AND arrived_ms < ? ORDER BY arrived_ms, id`, storage.Millis(before))
}

// CountByCaller counts the ended calls of a caller: earlier contacts, without the present one. refs are the pseudonyms of one number,
// one for each key ([Keys.CallerRefs]). A withheld number has none and counts 0.
func (l *Ledger) CountByCaller(ctx context.Context, refs ...string) (int, error) {
	var args []any
	for _, r := range refs {
		if r != "" {
			args = append(args, r)
		}
	}
	if len(args) == 0 {
		return 0, nil
	}
	var n int
	err := l.db.QueryRow(ctx, `SELECT COUNT(*) FROM calls WHERE ended_ms > 0 AND caller_ref IN (?`+strings.Repeat(",?", len(args)-1)+`)`,
		args...).Scan(&n)
	return n, wrap("count calls", err)
}

const callColumns = `id, line, dialled, node, tier, agent, danger, arrived_ms, queued_ms, offered_ms, talked_ms, ended_ms, wait_ms,
	talk_ms, outcome, ended_by, q850, caller_ref, caller_sealed, relayed, left_waiting`

func (l *Ledger) list(ctx context.Context, rest string, args ...any) ([]CallRecord, error) {
	out, err := storage.Select(ctx, l.db, scanCall, `SELECT `+callColumns+` FROM calls `+rest, args...)
	return out, wrap("list calls", err)
}

func scanCall(s storage.Row) (c CallRecord, err error) {
	var arrived, queued, offered, talked, ended, wait, talk int64
	err = s.Scan(&c.ID, &c.Line, &c.Dialled, &c.Node, &c.Tier, &c.Agent, &c.Danger, &arrived, &queued, &offered, &talked, &ended, &wait,
		&talk, &c.Outcome, &c.Cause.By, &c.Cause.Q850, &c.CallerRef, &c.CallerSealed, &c.Relayed,
		&c.LeftWaiting)
	c.Arrived, c.Queued, c.Offered = storage.Time(arrived), storage.Time(queued), storage.Time(offered)
	c.Talked, c.Ended = storage.Time(talked), storage.Time(ended)
	c.Wait, c.Talk = time.Duration(wait)*time.Millisecond, time.Duration(talk)*time.Millisecond
	return c, err
}
