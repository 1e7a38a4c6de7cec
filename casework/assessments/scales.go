package assessments

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"hotline/storage"
)

// Scale is a scale that was filled in, and what its rule made of it.
type Scale struct {
	ID          string
	Call        string
	At          time.Time
	By          string
	Form        string
	FormVersion int
	Answers     json.RawMessage // sealed in the database
	Rule        string
	RuleVersion int
	Complete    bool
	Total       *int // nil: the rule makes no sum
	Band        string
	Level       string // that the band stands for; empty: none
}

// Fill keeps a filled-in scale; when it returns, it is durable. The same answers of the same person again change nothing. ErrInvalid.
func (s *Store) Fill(ctx context.Context, c Scale) (Scale, error) {
	if c.Call == "" || c.By == "" || c.Form == "" || c.FormVersion < 1 || !json.Valid(c.Answers) {
		return Scale{}, fmt.Errorf("%w: call, person, form and answers", ErrInvalid)
	}
	var plain bytes.Buffer
	if err := json.Compact(&plain, c.Answers); err != nil {
		return Scale{}, wrap("fill", err)
	}
	c.ID, c.At, c.Answers = NewID(), s.instant(), plain.Bytes()
	sealed, err := s.seal(plain.String(), c.ID)
	if err != nil {
		return Scale{}, wrap("fill", err)
	}
	err = s.db.InTx(ctx, func(tx *storage.Tx) error {
		rows, err := tx.Query(ctx, `SELECT `+scaleColumns+` FROM risk_scales WHERE call_id = ? AND form = ? ORDER BY at_ms DESC, id DESC LIMIT 1`, c.Call, c.Form)
		if err != nil {
			return err
		}
		last, err := storage.Collect(rows, s.scanScale)
		if err != nil {
			return err
		}
		if len(last) == 1 && last[0].By == c.By && last[0].FormVersion == c.FormVersion && bytes.Equal(last[0].Answers, c.Answers) {
			c = last[0]
			return nil
		}
		var total sql.NullInt64
		if c.Total != nil {
			total = sql.NullInt64{Int64: int64(*c.Total), Valid: true}
		}
		complete := 0
		if c.Complete {
			complete = 1
		}
		_, err = tx.Exec(ctx, `INSERT INTO risk_scales (`+scaleColumns+`) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)`, c.ID, c.Call, storage.Millis(c.At), c.By,
			c.Form, c.FormVersion, c.Rule, c.RuleVersion, complete, total, c.Band, c.Level, sealed)
		return err
	})
	return c, wrap("fill", err)
}

// Scales of some calls, oldest first.
func (s *Store) Scales(ctx context.Context, calls []string) ([]Scale, error) {
	list, args := storage.In(calls)
	all, err := storage.Select(ctx, s.db, s.scanScale, `SELECT `+scaleColumns+` FROM risk_scales WHERE call_id IN `+list+` ORDER BY at_ms, id`, args...)
	return all, wrap("scales", err)
}

const scaleColumns = `id, call_id, at_ms, by_user, form, form_version, rule, rule_version, complete, total, band, level, answers`

func (s *Store) scanScale(row storage.Row) (c Scale, err error) {
	var at int64
	var complete int
	var total sql.NullInt64
	var sealed []byte
	if err := row.Scan(&c.ID, &c.Call, &at, &c.By, &c.Form, &c.FormVersion, &c.Rule, &c.RuleVersion, &complete, &total, &c.Band, &c.Level, &sealed); err != nil {
		return c, err
	}
	c.At, c.Complete = storage.Time(at), complete == 1
	if total.Valid {
		n := int(total.Int64)
		c.Total = &n
	}
	words, err := s.open(sealed, c.ID)
	c.Answers = json.RawMessage(words)
	return c, err
}
