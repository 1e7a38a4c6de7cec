package agentui

import (
	"context"
	"encoding/json"
	"errors"
	"hash/crc32"
	"maps"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/oklog/ulid/v2"

	"hotline/agentui/broadcast"
	"hotline/agentui/protocol"
	"hotline/agentui/users"
	"hotline/agentui/walls"
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
	d.FollowUps, d.Referrals, d.Handovers = own.followUps+s.ownDuties[""].followUps, own.referrals, own.handovers
	return d
}

// reason reads a person's reason; it has answered when it returns false.
func (s *Server) reason(w http.ResponseWriter, text string) (string, bool) {
	text = strings.TrimSpace(text)
	if n := utf8.RuneCountInString(text); !utf8.ValidString(text) || n < reasonLeast || n > reasonMost {
		s.fail(w, http.StatusBadRequest, protocol.BadReason, protocol.Params{"least": reasonLeast, "most": reasonMost})
		return "", false
	}
	return text, true
}

// objectID reads the id from the path; it has answered when it returns false.
func (s *Server) objectID(w http.ResponseWriter, r *http.Request) (string, bool) {
	id := r.PathValue("id")
	if _, err := ulid.ParseStrict(id); err != nil {
		s.fail(w, http.StatusNotFound, protocol.NotFound, nil)
		return "", false
	}
	return id, true
}

// audited writes down what a person is about to do, and does it only then; it answers when something failed, and returns false.
func (s *Server) audited(w http.ResponseWriter, r *http.Request, v *visitor, action, object, reason string, do func(ctx context.Context) error) bool {
	return s.answered(w, r, s.auditedErr(r, v, action, object, reason, do))
}

// auditedErr is audited for who has answers of its own to some errors.
func (s *Server) auditedErr(r *http.Request, v *visitor, action, object, reason string, do func(ctx context.Context) error) error {
	err := s.deps.Audit.Append(r.Context(), AuditEntry{
		At: time.Now(), Actor: v.user.ID, Role: v.user.Role, Action: action, Object: object, Reason: reason, Remote: s.remote(r).String(),
	})
	if err != nil {
		return err
	}
	return do(r.Context())
}

// answered says what went wrong; true when nothing did.
func (s *Server) answered(w http.ResponseWriter, r *http.Request, err error) bool {
	if err == nil {
		return true
	}
	for _, known := range []struct {
		err    error
		status int
		code   protocol.Code
	}{
		{casework.ErrNotFound, http.StatusNotFound, protocol.NotFound},
		{casework.ErrBusy, http.StatusConflict, protocol.TaskBusy},
		{casework.ErrClosed, http.StatusConflict, protocol.AlreadyClosed},
		{casework.ErrUnusable, http.StatusConflict, protocol.NotCallable},
		{casework.ErrOwnProposal, http.StatusForbidden, protocol.OwnProposal},
		{casework.ErrNoCaller, http.StatusConflict, protocol.NoCaller},
		{broadcast.ErrNotFound, http.StatusNotFound, protocol.NotFound},
		{broadcast.ErrText, http.StatusBadRequest, protocol.BadText},
		{broadcast.ErrSpan, http.StatusBadRequest, protocol.BadText},
		{walls.ErrNotFound, http.StatusNotFound, protocol.NotFound},
		{walls.ErrName, http.StatusBadRequest, protocol.BadText},
		{walls.ErrTooMany, http.StatusConflict, protocol.TooManyWalls},
	} {
		if errors.Is(err, known.err) {
			s.fail(w, known.status, known.code, nil)
			return false
		}
	}
	s.unavailable(w, r, err)
	return false
}
