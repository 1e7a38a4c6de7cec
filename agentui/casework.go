package agentui

import (
	"context"
	"encoding/json"
	"hash/crc32"
	"maps"
	"net/http"
	"time"

	"hotline/agentui/page"
	"hotline/agentui/protocol"
	"hotline/agentui/tasks"
	"hotline/agentui/users"
	"hotline/casework"
	"hotline/queue"
)

const (
	dutiesEvery  = time.Second
	dutiesWithin = 2 * time.Second
)

// watchDuties looks every second what waits for people, and tells their pages when it is something else. Nobody is asked to reload a list.
func (s *Server) watchDuties(ctx context.Context) {
	tick := time.NewTicker(dutiesEvery)
	defer tick.Stop()
	away := false
	for {
		now, own, err := s.lookAtDuties(ctx)
		switch {
		case err == nil:
			s.tellDuties(now, own)
			away = false
		case ctx.Err() == nil && !away:
			s.log.Warn("tasks and blocks cannot be read; pages show what was known", "error", err)
			away = true
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func (s *Server) lookAtDuties(ctx context.Context) (d protocol.Duties, own map[string]ownDuties, err error) {
	ctx, cancel := context.WithTimeout(ctx, dutiesWithin)
	defer cancel()
	owed, err := s.deps.Callbacks.Open(ctx, tasks.Most)
	if err != nil {
		return d, nil, err
	}
	list, err := s.deps.Blocks.List(ctx, tasks.Most)
	if err != nil {
		return d, nil, err
	}
	now := time.Now()
	sum := crc32.NewIEEE()
	for _, t := range owed {
		d.Open++
		if !now.Before(t.Due) {
			d.Due++
			if t.Danger || t.Tier == string(queue.TierRed) {
				d.Red++
			}
		}
		_ = json.NewEncoder(sum).Encode(s.taskPages().Task(t, s.cfg.Locale)) // a hash takes everything
	}
	for _, b := range list {
		if b.State == casework.BlockProposed {
			d.Proposals++
		}
		_ = json.NewEncoder(sum).Encode(s.taskPages().Block(b, now, s.cfg.Locale))
	}
	lowerings, err := s.deps.Risk.Kept.Waiting(ctx, now.Add(-proposalsSince), tasks.Most)
	if err != nil {
		return d, nil, err
	}
	d.Lowerings = len(lowerings)
	for _, p := range lowerings {
		_ = json.NewEncoder(sum).Encode(p.ID)
	}
	if d.Debriefs, err = s.deps.Care.Debriefs.Waiting(ctx); err != nil {
		return d, nil, err
	}
	if d.Reports, d.Overdue, err = s.deps.Persons.Reports.Waiting(ctx); err != nil {
		return d, nil, err
	}
	if d.Reveals, err = s.deps.Persons.Reveals.Waiting(ctx); err != nil {
		return d, nil, err
	}
	d.Barred = s.barred()
	own, change, err := s.lookAfter(ctx, &d)
	d.Change = int64(sum.Sum32()) ^ change&(1<<52-1) // a number that a browser can hold
	return d, own, err
}

// tellDuties brings every page up to date, under the lock that also guards the arrival of pages.
func (s *Server) tellDuties(now protocol.Duties, own map[string]ownDuties) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.duties == now && maps.Equal(s.ownDuties, own) {
		return
	}
	s.duties, s.ownDuties = now, own
	for t := range s.tabs {
		t.out.tellDuties(s.dutiesOf(t.user))
	}
}

// dutiesOf are those of a person: without what is none of the role's, and with what is their own. Under the lock.
func (s *Server) dutiesOf(u users.User) protocol.Duties {
	d := s.duties
	if !u.Role.Serves() {
		return protocol.Duties{}
	}
	if u.Role != users.Supervisor {
		d.Reports, d.Overdue, d.Reveals = 0, 0, 0
		d.Debriefs, d.FollowUpsLate, d.HandoversLate, d.Barred = 0, 0, 0, 0
	}
	own := s.ownDuties[string(u.ID)]
	d.Reviews, d.ReviewsLate, d.ReviewsUnread = d.Reviews+own.reviews.Open, d.ReviewsLate+own.reviews.Late, own.reviews.Unread
	if u.Role != users.Supervisor {
		d.Reviews, d.ReviewsLate = 0, 0
	}
	d.FollowUps, d.Referrals, d.Handovers = own.followUps+s.ownDuties[""].followUps, own.referrals, own.handovers
	return d
}

// audited writes down what a person is about to do, and does it only then; it answers when something failed, and returns false.
func (s *Server) audited(w http.ResponseWriter, r *http.Request, v *page.Visitor, action, object, reason string, do func(ctx context.Context) error) bool {
	return s.answered(w, r, s.clerk.Audited(r, v, action, object, reason, do))
}

// answered says what went wrong; true when nothing did.
func (s *Server) answered(w http.ResponseWriter, r *http.Request, err error) bool {
	return s.parts().Answered(w, r, err)
}
