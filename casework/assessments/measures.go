package assessments

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"hotline/storage"
)

// The moments of a measure.
const (
	Before = "before" // the help, that is early in the call
	After  = "after"
)

// Measure is hope, distress and intent as the caller put them, each 0 to 100; nil: not asked.
type Measure struct {
	ID                     string
	Call                   string
	At                     time.Time
	By                     string
	Moment                 string
	Hope, Distress, Intent *int
}

// Measure keeps what was measured; when it returns, it is durable. A later one of the same moment corrects an earlier one; the same again changes
// nothing. ErrInvalid.
func (s *Store) Measure(ctx context.Context, m Measure) (Measure, error) {
	if m.Call == "" || m.By == "" || m.Moment != Before && m.Moment != After || m.Hope == nil && m.Distress == nil && m.Intent == nil {
		return Measure{}, fmt.Errorf("%w: call, person, moment and one figure", ErrInvalid)
	}
	for _, v := range []*int{m.Hope, m.Distress, m.Intent} {
		if v != nil && (*v < 0 || *v > 100) {
			return Measure{}, fmt.Errorf("%w: 0 to 100", ErrInvalid)
		}
	}
	m.ID, m.At = NewID(), s.instant()
	err := s.db.InTx(ctx, func(tx *storage.Tx) error {
		rows, err := tx.Query(ctx, `SELECT `+measureColumns+` FROM risk_measures WHERE call_id = ? AND moment = ? ORDER BY at_ms DESC, id DESC LIMIT 1`, m.Call, m.Moment)
		if err != nil {
			return err
		}
		last, err := storage.Collect(rows, scanMeasure)
		if err != nil {
			return err
		}
		if len(last) == 1 && last[0].By == m.By && same(last[0].Hope, m.Hope) && same(last[0].Distress, m.Distress) && same(last[0].Intent, m.Intent) {
			m = last[0]
			return nil
		}
		_, err = tx.Exec(ctx, `INSERT INTO risk_measures (`+measureColumns+`) VALUES (?,?,?,?,?,?,?,?)`, m.ID, m.Call, storage.Millis(m.At), m.By, m.Moment,
			figure(m.Hope), figure(m.Distress), figure(m.Intent))
		return err
	})
	return m, wrap("measure", err)
}

// Measures of some calls, oldest first.
func (s *Store) Measures(ctx context.Context, calls []string) ([]Measure, error) {
	list, args := storage.In(calls)
	all, err := storage.Select(ctx, s.db, scanMeasure, `SELECT `+measureColumns+` FROM risk_measures WHERE call_id IN `+list+` ORDER BY at_ms, id`, args...)
	return all, wrap("measures", err)
}

const measureColumns = `id, call_id, at_ms, by_user, moment, hope, distress, intent`

func scanMeasure(row storage.Row) (m Measure, err error) {
	var at int64
	var hope, distress, intent sql.NullInt64
	err = row.Scan(&m.ID, &m.Call, &at, &m.By, &m.Moment, &hope, &distress, &intent)
	m.At = storage.Time(at)
	for into, from := range map[**int]sql.NullInt64{&m.Hope: hope, &m.Distress: distress, &m.Intent: intent} {
		if from.Valid {
			n := int(from.Int64)
			*into = &n
		}
	}
	return m, err
}

func figure(v *int) sql.NullInt64 {
	if v == nil {
		return sql.NullInt64{}
	}
	return sql.NullInt64{Int64: int64(*v), Valid: true}
}

func same(a, b *int) bool { return a == nil && b == nil || a != nil && b != nil && *a == *b }
