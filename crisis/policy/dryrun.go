package policy

import (
	"context"
	"time"

	"hotline/crisis"
)

// DryRunSpan is how far a dry run looks back.
const DryRunSpan = 30 * 24 * time.Hour

// DryRun says what a draft would have made of the last 30 days. A draft that cannot be saved is refused with its faults. Nothing is changed by it.
func (s *Store) DryRun(ctx context.Context, incidents *crisis.Store, draft crisis.Policy) (crisis.Rehearsal, error) {
	if err := s.Check(draft); err != nil {
		return crisis.Rehearsal{}, err
	}
	return incidents.Rehearse(ctx, draft, s.now().Add(-DryRunSpan))
}
