package agentui

import (
	"context"
	"errors"

	"hotline/agentui/protocol"
	"hotline/casework/reviews"
)

// ownDuties is what of it waits for one person.
type ownDuties struct {
	followUps, referrals, handovers int
	reviews                         reviews.OwnOwed
}

// lookAfter looks at what waits after calls.
func (s *Server) lookAfter(ctx context.Context, d *protocol.Duties) (own map[string]ownDuties, change int64, err error) {
	a := s.deps.Aftercare
	follow, err1 := a.FollowUps.Owed(ctx)
	ask, err2 := a.Referrals.Owed(ctx)
	shift, err3 := a.Shiftover.Waiting(ctx)
	review, err4 := s.deps.Staff.Reviews.Owed(ctx)
	own = map[string]ownDuties{}
	for who, n := range follow.Due {
		o := own[who]
		o.followUps = n
		own[who] = o
	}
	for who, n := range ask.Due {
		o := own[who]
		o.referrals = n
		own[who] = o
	}
	for who, n := range shift.For {
		o := own[who]
		o.handovers = n
		own[who] = o
	}
	for who, waits := range review.Own {
		o := own[who]
		o.reviews = waits
		own[who] = o
	}
	d.FollowUpsLate, d.HandoversLate = follow.Late, shift.Climbed
	d.Reviews, d.ReviewsLate = review.Open, review.Late
	return own, follow.Changed*31 + ask.Changed*17 + shift.Change, errors.Join(err1, err2, err3, err4)
}
