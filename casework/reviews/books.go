package reviews

import (
	"context"
	"time"

	"hotline/storage"
)

// Talk is what one counsellor talked with the caller of a call that is over.
type Talk struct {
	Call, Line, Agent string
	Called, Ended     time.Time
	Length            time.Duration
	Red               bool // the caller was in danger, as far as is known now
}

// Books are the talks as package casework keeps them and the levels as package assessments does. Both must have their tables.
type Books struct{ db *storage.DB }

// NewBooks reads in a database.
func NewBooks(db *storage.DB) Books { return Books{db} }

const (
	isRed = `(calls.tier = 'red' OR calls.danger OR EXISTS (SELECT 1 FROM risk_levels WHERE risk_levels.call_id = calls.id AND risk_levels.level = 'high'))`
	// A call that was closed by a sweep says only who had it last.
	ofTalks = ` FROM calls LEFT JOIN call_shares ON call_shares.call_id = calls.id
		WHERE calls.ended_ms > 0 AND calls.talked_ms > 0 AND COALESCE(call_shares.agent, calls.agent) <> ''`
	talkColumns = `calls.id, calls.line, COALESCE(call_shares.agent, calls.agent) AS who, calls.arrived_ms, calls.ended_ms, COALESCE(call_shares.talk_ms, calls.talk_ms) AS talked,
		CASE WHEN ` + isRed + ` THEN 1 ELSE 0 END AS red`
)

func scanTalk(r storage.Row) (t Talk, err error) {
	var called, ended, length, red int64
	err = r.Scan(&t.Call, &t.Line, &t.Agent, &called, &ended, &length, &red)
	t.Called, t.Ended, t.Length, t.Red = storage.Time(called), storage.Time(ended), time.Duration(length)*time.Millisecond, red == 1
	return t, err
}

// Undrawn returns the talks that ended since a time and were not drawn for, oldest first, limit at most.
func (b Books) Undrawn(ctx context.Context, since time.Time, limit int) ([]Talk, error) {
	all, err := storage.Select(ctx, b.db, scanTalk, `SELECT `+talkColumns+ofTalks+` AND calls.ended_ms >= ?
		AND NOT EXISTS (SELECT 1 FROM review_draws WHERE review_draws.call_id = calls.id AND review_draws.agent = COALESCE(call_shares.agent, calls.agent))
		ORDER BY calls.ended_ms, calls.id, who LIMIT ?`, storage.Millis(since), limit)
	return all, wrap("read talks", err)
}

// Reds returns the talks of red calls that ended since a time and still want a review as such, oldest first, limit at most. Each talk is looked at by
// itself: of a call whose first closing knew one counsellor, or whose picks were broken off, the others come too. Talks shorter than least come only as long
// as no talk of their call has such a review, and all of them together then: one of them stands for the call.
func (b Books) Reds(ctx context.Context, since time.Time, least time.Duration, limit int) ([]Talk, error) {
	const reviewed = `EXISTS (SELECT 1 FROM reviews WHERE reviews.call_id = calls.id AND reviews.why = 'red'`
	all, err := storage.Select(ctx, b.db, scanTalk, `SELECT `+talkColumns+ofTalks+` AND calls.ended_ms >= ? AND `+isRed+`
		AND NOT `+reviewed+` AND reviews.agent = COALESCE(call_shares.agent, calls.agent))
		AND (COALESCE(call_shares.talk_ms, calls.talk_ms) >= ? OR NOT `+reviewed+`))
		ORDER BY calls.ended_ms, calls.id, who LIMIT ?`, storage.Millis(since), least.Milliseconds(), limit)
	return all, wrap("read red talks", err)
}

// Unreviewed returns the talks of calls that arrived in a span, ended since a time, lasted so long at least, and have no review of whatever kind.
func (b Books) Unreviewed(ctx context.Context, from, to, since time.Time, least time.Duration) ([]Talk, error) {
	all, err := storage.Select(ctx, b.db, scanTalk, `SELECT `+talkColumns+ofTalks+` AND calls.arrived_ms >= ? AND calls.arrived_ms < ? AND calls.ended_ms >= ?
		AND COALESCE(call_shares.talk_ms, calls.talk_ms) >= ?
		AND NOT EXISTS (SELECT 1 FROM reviews WHERE reviews.call_id = calls.id AND reviews.agent = COALESCE(call_shares.agent, calls.agent))`,
		storage.Millis(from), storage.Millis(to), storage.Millis(since), least.Milliseconds())
	return all, wrap("read talks", err)
}

// Of returns the talks of some calls that are over.
func (b Books) Of(ctx context.Context, calls ...string) ([]Talk, error) {
	list, args := storage.In(calls)
	all, err := storage.Select(ctx, b.db, scanTalk, `SELECT `+talkColumns+ofTalks+` AND calls.id IN `+list+` ORDER BY calls.ended_ms, calls.id, who`, args...)
	return all, wrap("read the talks of a call", err)
}
