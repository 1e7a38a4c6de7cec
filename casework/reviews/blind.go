package reviews

import "context"

// Blind tells whether several people score a talk of a call just now, each without the others: what one says of it must not reach another yet.
func (s *Store) Blind(ctx context.Context, call string) (blind bool, err error) {
	err = s.db.QueryRow(ctx, `SELECT EXISTS (SELECT 1 FROM reviews WHERE call_id = ? AND state = 'open' AND wanted > 1)`, call).Scan(&blind)
	return blind, wrap("ask for a blind review", err)
}
