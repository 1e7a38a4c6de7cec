package casework

import (
	"context"
	"slices"
	"strings"
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
	// HighRisk tells whether a number leads to an open file at high risk (files.Store.HighRisk); nil: there are no files.
	HighRisk func(ctx context.Context, refs []string) (bool, error)
}

func (r KnownRules) withDefaults() KnownRules {
	if r.HighRisk == nil {
		r.HighRisk = func(context.Context, []string) (bool, error) { return false, nil }
	}
	for d, def := range map[*time.Duration]time.Duration{&r.Returning: 30 * time.Minute, &r.Reserve: 30 * time.Second, &r.Familiar: 30 * 24 * time.Hour} {
		if *d == 0 {
			*d = def
		}
	}
	return r
}

// Known is what is known of a caller at arrival.
type Known struct {
	History   int           // earlier contacts, counted up to 1000
	Returning bool          // was at risk and was cut off a moment ago, or has an open file at high risk
	HighRisk  bool          // has an open file at high risk
	Preferred string        // the counsellor of before; empty when there is none, or it is too long ago
	PreferFor time.Duration // how long the caller may wait for that one
	Blocked   bool          // a block is in force
	Again     string        // the call of this caller that was cut off while at risk a moment ago, and nobody has said that it was over
}

// earlier is what is read of an earlier call.
type earlier struct {
	id      string
	ended   time.Time
	agent   string
	tier    string
	danger  bool
	outcome Outcome
	by      By
}

func (e earlier) atRisk() bool { return e.danger || e.tier == tierRed || e.tier == tierReturning }

const (
	// glance is how many earlier calls are looked at: who calls more often than that within the spans of the rules is not helped by older ones.
	glance = 20
	// historyMost bounds the count: whether somebody called a thousand or ten thousand times before makes no difference, and counting takes time.
	historyMost = 1000
)

// Known says what the ledger and the blocks tell of a caller. refs are the pseudonyms of the number ([Keys.CallerRefs]); a withheld number has
// none, and nothing is known then. Its cost does not grow with the ledger, nor with how often the caller called.
func (l *Ledger) Known(ctx context.Context, refs []string, rules KnownRules, now time.Time) (Known, error) {
	in, args := inRefs(refs)
	if in == "" {
		return Known{}, nil
	}
	calls, err := l.newest(ctx, args)
	if err != nil {
		return Known{}, wrap("look for a caller", err)
	}
	known, rules := Known{}, rules.withDefaults()
	if known.HighRisk, err = rules.HighRisk(ctx, refs); err != nil {
		return Known{}, wrap("look for a file at high risk", err)
	}
	if err := l.db.QueryRow(ctx, `SELECT COUNT(*) FROM (SELECT 1 FROM calls WHERE caller_ref IN `+in+` AND ended_ms > 0 LIMIT ?) AS counted`,
		append(slices.Clone(args), historyMost)...).Scan(&known.History); err != nil {
		return Known{}, wrap("count calls", err)
	}
	blocked, err := storage.Select(ctx, l.db, scanTime, `SELECT decided_ms FROM blocks WHERE caller_ref IN `+in+` AND state = 'approved' AND expires_ms > ?
		ORDER BY decided_ms DESC LIMIT 1`, append(slices.Clone(args), storage.Millis(now))...)
	if err != nil {
		return Known{}, wrap("look for a block", err)
	}
	var since time.Time
	if len(blocked) > 0 {
		since = blocked[0]
	}
	known = judge(known, calls, since, rules, now)
	if known.Again == "" {
		return known, nil
	}
	var over bool // reached since, or closed by a person
	if err := l.db.QueryRow(ctx, `SELECT EXISTS (SELECT 1 FROM tasks WHERE source = ? AND state IN ('done','cancelled'))`, cutOffSource(known.Again)).Scan(&over); err != nil {
		return Known{}, wrap("look for a callback", err)
	}
	if over {
		known.Again = ""
	}
	return known, nil
}

// judge says what earlier calls (newest first) and a block in force since a time (zero: none) mean. Pure.
//
// Whoever was at risk and was cut off after the block was decided is a person in danger first: the supervisor who decided did not know of it. So is
// whoever has an open file at high risk: that is closed by people, and a block would keep them from whom they need.
func judge(k Known, calls []earlier, blockedSince time.Time, r KnownRules, now time.Time) Known {
	k.Blocked = !blockedSince.IsZero()
	for _, c := range calls {
		if now.Sub(c.ended) > r.Returning || c.outcome == Answered && c.by == ByAgent {
			break // whoever was answered since, to the end, was not cut off
		}
		if c.atRisk() && c.by != ByAgent && !(k.Blocked && !c.ended.After(blockedSince)) {
			k.Returning, k.Blocked = true, false
			if c.outcome == Answered && (c.tier == tierRed || c.tier == tierReturning) { // else people said meanwhile that it was over
				k.Again = c.id
			}
			break
		}
	}
	if k.HighRisk {
		k.Returning, k.Blocked = true, false
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

// newest reads the last calls of a caller, newest first. One look at the index for each pseudonym: a database that is asked for several at once
// reads and sorts all their calls.
func (l *Ledger) newest(ctx context.Context, refs []any) ([]earlier, error) {
	var query strings.Builder
	var args []any
	for i, ref := range refs {
		if i > 0 {
			query.WriteString(" UNION ALL ")
		}
		query.WriteString(`SELECT * FROM (SELECT id, ended_ms, agent, tier, danger, outcome, ended_by FROM calls WHERE caller_ref = ? AND ended_ms > 0
			ORDER BY ended_ms DESC LIMIT ?) AS a`)
		args = append(args, ref, glance)
	}
	calls, err := storage.Select(ctx, l.db, scanEarlier, query.String(), args...)
	slices.SortFunc(calls, func(a, b earlier) int { return b.ended.Compare(a.ended) })
	return calls, err
}

func scanEarlier(s storage.Row) (e earlier, err error) {
	var ended int64
	err = s.Scan(&e.id, &ended, &e.agent, &e.tier, &e.danger, &e.outcome, &e.by)
	e.ended = storage.Time(ended)
	return e, err
}

func scanTime(s storage.Row) (time.Time, error) {
	var ms int64
	err := s.Scan(&ms)
	return storage.Time(ms), err
}
