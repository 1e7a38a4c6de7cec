package reports

import (
	"context"
	"time"

	"hotline/storage"
)

// Course is how a task went; a time that is zero has not come yet.
type Course struct {
	Opened    time.Time
	Asked     time.Time // somebody said first whether there is a sign of harm
	Suspected time.Time // the suspicion from which it is to be reported
	Closed    time.Time
}

// Courses returns how the tasks went that were opened since a time, the newest first, at most limit.
func (s *Store) Courses(ctx context.Context, since time.Time, limit int) ([]Course, error) {
	out, err := storage.Select(ctx, s.db, func(r storage.Row) (c Course, err error) {
		var harm Harm
		var opened, said, first, closed int64
		err = r.Scan(&opened, &harm, &said, &first, &closed)
		c.Opened, c.Asked, c.Closed = storage.Time(opened), storage.Time(first), storage.Time(closed)
		if harm == Suspected {
			c.Suspected = storage.Time(said)
		}
		return c, err
	}, `SELECT r.opened_ms, r.harm, r.harm_ms, COALESCE((SELECT MIN(a.at_ms) FROM minor_report_acts a WHERE a.report = r.id AND a.kind = 'harm'), 0), r.closed_ms
		FROM minor_reports r WHERE r.opened_ms >= ? ORDER BY r.opened_ms DESC, r.id DESC LIMIT ?`, storage.Millis(since), limit)
	return out, wrap("courses", err)
}
