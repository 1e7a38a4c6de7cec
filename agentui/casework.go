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
	"hotline/agentui/users"
	"hotline/casework"
	"hotline/queue"
)

const (
	dutiesEvery  = time.Second
	dutiesWithin = 2 * time.Second
	listMost     = 500 // tasks or blocks of one list
)

// callbacks is what the console asks of the tasks.
type callbacks interface {
	Open(ctx context.Context, limit int) ([]casework.OpenTask, error)
	OfEntry(ctx context.Context, entry string) (casework.OpenTask, error)
	OfCaller(ctx context.Context, refs []string, limit int) ([]casework.OpenTask, error)
	CallNow(ctx context.Context, task, by string) (casework.Task, error)
	Close(ctx context.Context, task, by string, done bool) error
	NotCutOff(ctx context.Context, call, by string) error
	Say(ctx context.Context, task, by string, result casework.Result) error
}

// blocks is what the console asks of the blocks.
type blocks interface {
	List(ctx context.Context, limit int) ([]casework.Block, error)
	Served(ctx context.Context, call, agent string) (bool, error)
	Propose(ctx context.Context, call string, kind casework.BlockKind, reason, by string) (casework.Block, error)
	Approve(ctx context.Context, id, by string, span time.Duration) (casework.Block, error)
	Refuse(ctx context.Context, id, by string) (casework.Block, error)
	Lift(ctx context.Context, id, by string) (casework.Block, error)
}

var (
	_ callbacks = (*casework.Callbacks)(nil)
	_ blocks    = (*casework.Blocks)(nil)
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
	tasks, err := s.deps.Callbacks.Open(ctx, listMost)
	if err != nil {
		return d, nil, err
	}
	list, err := s.deps.Blocks.List(ctx, listMost)
	if err != nil {
		return d, nil, err
	}
	now := time.Now()
	sum := crc32.NewIEEE()
	for _, t := range tasks {
		d.Open++
		if !now.Before(t.Due) {
			d.Due++
			if t.Danger || t.Tier == string(queue.TierRed) {
				d.Red++
			}
		}
		_ = json.NewEncoder(sum).Encode(s.task(t, s.cfg.Locale)) // a hash takes everything
	}
	for _, b := range list {
		if b.State == casework.BlockProposed {
			d.Proposals++
		}
		_ = json.NewEncoder(sum).Encode(s.block(b, now, s.cfg.Locale))
	}
	lowerings, err := s.deps.Risk.Kept.Waiting(ctx, now.Add(-proposalsSince), listMost)
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
	return s.clerk.Answered(w, r, err,
		page.Refusal{Err: casework.ErrNotFound, Status: http.StatusNotFound, Code: protocol.NotFound},
		page.Refusal{Err: casework.ErrBusy, Status: http.StatusConflict, Code: protocol.TaskBusy},
		page.Refusal{Err: casework.ErrClosed, Status: http.StatusConflict, Code: protocol.AlreadyClosed},
		page.Refusal{Err: casework.ErrUnusable, Status: http.StatusConflict, Code: protocol.NotCallable},
		page.Refusal{Err: casework.ErrOwnProposal, Status: http.StatusForbidden, Code: protocol.OwnProposal},
		page.Refusal{Err: casework.ErrNoCaller, Status: http.StatusConflict, Code: protocol.NoCaller})
}
