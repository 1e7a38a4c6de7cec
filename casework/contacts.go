package casework

import (
	"context"
	"database/sql"
	"errors"
	"slices"

	"github.com/nyaruka/phonenumbers"

	"hotline/storage"
)

// Caller is who is, or was, on the line in a call, as far as the books tell.
type Caller struct {
	Call     CallRecord // zero when the ledger does not have it yet
	Withheld bool       // there is no number
	Refs     []string   // pseudonyms by every key, newest first
	Masked   string     // "138******00"
	Region   string     // country, of the number, such as "CN"; empty when it is no telephone number
	Places   map[string]string
	number   string
}

// Contacts tells of a call's caller what was before. It never gives a number away but by [Contacts.Number].
type Contacts struct {
	db   *storage.DB
	keys *Keys
}

// NewContacts uses the tables that [Migrate] made.
func NewContacts(db *storage.DB, keys *Keys) *Contacts { return &Contacts{db, keys} }

// Warm reads the tables of regions, which takes half a second: done before the first caller, nobody waits for it. Safe to repeat.
func (c *Contacts) Warm() {
	if n := phonenumbers.GetExampleNumber(c.keys.region); n != nil {
		places(phonenumbers.Format(n, phonenumbers.E164), c.keys.region)
	}
}

// placeLanguages are those in which a region is told.
func placeLanguages() []string { return []string{"zh", "en"} }

// Caller returns who is on the line in a call. ErrNotFound when the books do not have the call (yet): it is written a moment after the arrival.
func (c *Contacts) Caller(ctx context.Context, call string) (Caller, error) {
	row, err := NewLedger(c.db).Get(ctx, call)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return Caller{}, err
	}
	out := Caller{Call: row}
	var number string
	if len(row.CallerSealed) > 0 {
		if number, err = c.keys.Open(row.CallerSealed, CallerContext(call)); err != nil {
			return Caller{}, wrap("caller of "+call, err)
		}
	} else {
		// A call of ours to somebody who waits for one: the number is the task's until there was a talk.
		var taskErr error
		if number, taskErr = c.ofTask(ctx, call); taskErr != nil && !errors.Is(taskErr, ErrNotFound) {
			return Caller{}, taskErr
		}
		if errors.Is(err, ErrNotFound) && errors.Is(taskErr, ErrNotFound) {
			return Caller{}, ErrNotFound
		}
	}
	out.number = Normalise(number, c.keys.region)
	if out.Withheld = out.number == ""; out.Withheld {
		return out, nil
	}
	out.Refs, out.Masked = c.keys.CallerRefs(number), Mask(number, c.keys.region)
	out.Region, out.Places = places(out.number, c.keys.region)
	return out, nil
}

func (c *Contacts) ofTask(ctx context.Context, entry string) (string, error) {
	t, err := scanTask(c.db.QueryRow(ctx, `SELECT `+taskColumns+` FROM tasks WHERE entry = ?`, entry))
	if errors.Is(err, sql.ErrNoRows) {
		return "", ErrNotFound
	}
	if err != nil {
		return "", wrap("caller of "+entry, err)
	}
	return c.keys.Open(t.CallerSealed, CallerContext(t.Call))
}

// Number returns the number of a call's caller as it is dialled from here. ErrNotFound as of [Contacts.Caller]; ErrNoCaller when it was withheld.
func (c *Contacts) Number(ctx context.Context, call string) (string, error) {
	caller, err := c.Caller(ctx, call)
	if err != nil {
		return "", err
	}
	if caller.Withheld {
		return "", ErrNoCaller
	}
	return asDialled(caller.number, c.keys.region), nil
}

// asDialled is a number as people of the region dial it; as it came when it is none of the plan's, such as an extension.
func asDialled(number, region string) string {
	n, err := phonenumbers.Parse(number, region)
	if err != nil || !phonenumbers.IsValidNumber(n) {
		return number
	}
	if phonenumbers.GetRegionCodeForNumber(n) == region {
		return phonenumbers.Format(n, phonenumbers.NATIONAL)
	}
	return phonenumbers.Format(n, phonenumbers.INTERNATIONAL)
}

// Earlier returns at most limit ended calls of a caller but one, newest first.
func (c *Contacts) Earlier(ctx context.Context, refs []string, but string, limit int) ([]CallRecord, error) {
	var out []CallRecord
	for _, ref := range refs { // one look at the index for each, as [Ledger.Known]
		rows, err := storage.Select(ctx, c.db, scanCall, `SELECT `+callColumns+` FROM calls WHERE caller_ref = ? AND ended_ms > 0 AND id <> ?
			ORDER BY ended_ms DESC LIMIT ?`, ref, but, limit)
		if err != nil {
			return nil, wrap("earlier calls", err)
		}
		out = append(out, rows...)
	}
	slices.SortFunc(out, func(a, b CallRecord) int { return b.Ended.Compare(a.Ended) })
	return out[:min(limit, len(out))], nil
}

// Calls returns those of some calls that the ledger has, by id.
func (c *Contacts) Calls(ctx context.Context, ids []string) (map[string]CallRecord, error) {
	list, args := storage.In(ids)
	rows, err := storage.Select(ctx, c.db, scanCall, `SELECT `+callColumns+` FROM calls WHERE id IN `+list, args...)
	out := make(map[string]CallRecord, len(rows))
	for _, r := range rows {
		out[r.ID] = r
	}
	return out, wrap("calls", err)
}

// places says where a number belongs, by language, as far as its first digits tell: a province and city for most numbers in China, a country for
// others. Never more.
func places(number, home string) (country string, names map[string]string) {
	n, err := phonenumbers.Parse(number, home)
	if err != nil || !phonenumbers.IsValidNumber(n) {
		return "", nil
	}
	names = map[string]string{}
	for _, language := range placeLanguages() {
		if name, err := phonenumbers.GetGeocodingForNumber(n, language); err == nil && name != "" {
			names[language] = name
		}
	}
	return phonenumbers.GetRegionCodeForNumber(n), names
}

// OfCaller returns at most limit tasks of a caller that are not closed, as [Callbacks.Open] does.
func (c *Callbacks) OfCaller(ctx context.Context, refs []string, limit int) ([]OpenTask, error) {
	list, args := storage.In(refs)
	rows, err := storage.Select(ctx, c.db, scanTask, `SELECT `+taskColumns+` FROM tasks WHERE caller_ref IN `+list+` AND state IN ('open','working','given_up')
		ORDER BY CASE WHEN danger OR tier = 'red' THEN 0 ELSE 1 END, due_ms, id LIMIT ?`, append(args, limit)...)
	if err != nil {
		return nil, wrap("tasks of a caller", err)
	}
	out := make([]OpenTask, 0, len(rows))
	for _, t := range rows {
		last, err := storage.Select(ctx, c.db, scanAttempt, `SELECT `+attemptColumns+` FROM task_attempts WHERE task = ? ORDER BY seq DESC LIMIT 1`, t.ID)
		if err != nil {
			return nil, wrap("tasks of a caller", err)
		}
		var a Attempt
		if len(last) > 0 {
			a = last[0]
		}
		out = append(out, c.seen(t, a))
	}
	return out, nil
}
