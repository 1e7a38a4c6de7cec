package casework

import (
	"context"
	"slices"
	"time"

	"hotline/storage"
)

// KnownRules say what earlier calls mean for a new one. The zero value means the defaults.
type KnownRules struct {
	// Returning is how long after being cut off somebody who was at risk is taken to return; default 30 min.
	Returning time.Duration
	// Reserve is how long a returning caller waits for the counsellor of before; default 30 s.
	Reserve time.Duration
	// Familiar is for how long a caller is given to the counsellor of before by preference; default 30 days.
	Familiar time.Duration
	// Patience is how long such a caller waits for that counsellor; default: not at all, which is preference without waiting.
	Patience time.Duration
}

func (r KnownRules) withDefaults() KnownRules {
	for d, def := range map[*time.Duration]time.Duration{&r.Returning: 30 * time.Minute, &r.Reserve: 30 * time.Second, &r.Familiar: 30 * 24 * time.Hour} {
		if *d == 0 {
			*d = def
		}
	}
	return r
}

// Known is what is known of a caller at arrival.
type Known struct {
	History   int           // earlier contacts
	Returning bool          // was at risk and was cut off a moment ago
	Preferred string        // the counsellor of before; empty when there is none, or it is too long ago
	PreferFor time.Duration // how long the caller may wait for that one
	Blocked   bool          // a block is in force
}

// earlier is what is read of an earlier call.
type earlier struct {
	ended   time.Time
	agent   string
	tier    string
	danger  bool
	outcome Outcome
	by      By
}

func (e earlier) atRisk() bool { return e.danger || e.tier == tierRed || e.tier == tierReturning }

// glance is how many earlier calls are looked at: who calls more often than that within the spans of the rules is not helped by older ones.
const glance = 20

// Known says what the ledger and the blocks tell of a caller. refs are the pseudonyms of the number ([Keys.CallerRefs]); a withheld number has
// none, and nothing is known then.
func (l *Ledger) Known(ctx context.Context, refs []string, rules KnownRules, now time.Time) (Known, error) {
	in, args := inRefs(refs)
	if in == "" {
		return Known{}, nil
	}
	// Both sides of the union run on the index of callers; the newest come first.
	rows, err := storage.Select(ctx, l.db, scanEarlier, `SELECT ended_ms, agent, tier, danger, outcome, ended_by,
			(SELECT COUNT(*) FROM calls WHERE ended_ms > 0 AND caller_ref IN `+in+`)
		FROM calls WHERE caller_ref IN `+in+` AND ended_ms > 0 ORDER BY ended_ms DESC LIMIT ?`, slices.Concat(args, args, []any{glance})...)
	if err != nil {
		return Known{}, wrap("look for a caller", err)
	}
	known := Known{}
	calls := make([]earlier, 0, len(rows))
	for _, r := range rows {
		known.History = r.count
		calls = append(calls, r.earlier)
	}
	blocked, err := storage.Select(ctx, l.db, scanTime, `SELECT decided_ms FROM blocks WHERE caller_ref IN `+in+` AND state = 'approved' AND expires_ms > ?
		ORDER BY decided_ms DESC LIMIT 1`, append(args, storage.Millis(now))...)
	if err != nil {
		return Known{}, wrap("look for a block", err)
	}
	var since time.Time
	if len(blocked) > 0 {
		since = blocked[0]
	}
	return judge(known, calls, since, rules.withDefaults(), now), nil
}

// judge says what earlier calls (newest first) and a block in force since a time (zero: none) mean. Pure.
//
// Whoever was at risk and was cut off after the block was decided is a person in danger first: the supervisor who decided did not know of it.
func judge(k Known, calls []earlier, blockedSince time.Time, r KnownRules, now time.Time) Known {
	k.Blocked = !blockedSince.IsZero()
	for _, c := range calls {
		if now.Sub(c.ended) > r.Returning || c.outcome == Answered && c.by == ByAgent {
			break // whoever was answered since, to the end, was not cut off
		}
		if c.atRisk() && c.by != ByAgent && !(k.Blocked && !c.ended.After(blockedSince)) {
			k.Returning, k.Blocked = true, false
			break
		}
	}
	if k.Blocked {
		return k
	}
	for _, c := range calls {
		if now.Sub(c.ended) > r.Familiar {
			break
		}
		if c.outcome == Answered && c.agent != "" {
			k.Preferred, k.PreferFor = c.agent, r.Patience
			if k.Returning {
				k.PreferFor = max(r.Reserve, r.Patience)
			}
			break
		}
	}
	return k
}

type countedRow struct {
	earlier
	count int
}

func scanEarlier(s storage.Row) (r countedRow, err error) {
	var ended int64
	err = s.Scan(&ended, &r.agent, &r.tier, &r.danger, &r.outcome, &r.by, &r.count)
	r.ended = storage.Time(ended)
	return r, err
}

func scanTime(s storage.Row) (time.Time, error) {
	var ms int64
	err := s.Scan(&ms)
	return storage.Time(ms), err
}
