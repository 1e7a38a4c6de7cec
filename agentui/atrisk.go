package agentui

import (
	"context"
	"errors"
	"time"

	"hotline/agentui/protocol"
	"hotline/agentui/users"
	"hotline/casework"
	"hotline/queue"
)

// ActionKeepEnd: who is kept for a caller who was cut off while at risk is not any more, by their own decision and with a reason.
const ActionKeepEnd = "call.keep_end"

const (
	formEvery = 2 * time.Second        // between looks for the form that the queue waits for
	leadEvery = 500 * time.Millisecond // between words to the queue of who leads
	notedIn   = time.Minute            // for the database to take what a person decided
)

// riskWatch is what a desk looks after for callers at risk.
type riskWatch struct {
	form   time.Time // when to look next for the form that the queue waits for
	lead   time.Time // when the queue may be told next whether this person leads and can talk
	forced time.Time // the newest order of a supervisor to take no calls that was seen
}

// atRisk keeps the queue in step with what it cannot see itself: that a form is filled in, and whether who leads can talk. A supervisor's order to take no
// calls ends the wish to be available.
func (d *desk) atRisk(ctx context.Context, now time.Time, row queue.Agent) {
	if row.Forced.After(d.risk.forced) {
		d.risk.forced = row.Forced
		d.wantsReady = false
	}
	if row.Owes != "" {
		if !now.Before(d.risk.form) {
			d.risk.form = now.Add(formEvery)
			d.aside(func(ctx context.Context) {
				if in, err := d.s.filled(ctx, row.Owes); err == nil && in {
					d.s.formFiled(d.user.ID, row.Owes)
				}
			})
		}
		d.wakeAt(d.risk.form)
	}
	leads := d.user.Role == users.Supervisor && d.tab != nil && d.legReady()
	if row.Lead == leads {
		return
	}
	if now.Before(d.risk.lead) {
		d.wakeAt(d.risk.lead)
		return
	}
	d.risk.lead = now.Add(leadEvery)
	_, err := ask(ctx, func(ctx context.Context) (queue.Agent, error) {
		return d.s.deps.Queue.Lead(ctx, queue.RequestID(newID()), d.user.ID, d.session, leads)
	})
	if err != nil {
		d.log.Warn("the queue was not told whether a supervisor can talk; told again", "error", err)
	}
	d.wakeAt(d.risk.lead)
}

// filled tells whether the form of a call is in the database.
func (s *Server) filled(ctx context.Context, id queue.CallID) (bool, error) {
	have, err := s.deps.Care.Dispositions.Have(ctx, []string{string(id)})
	return have[string(id)], err
}

// formFiled tells the queue that a form is filled in, beside what happens else. A desk tells it again when this fails.
func (s *Server) formFiled(who queue.AgentID, id queue.CallID) {
	if !s.begin() {
		return
	}
	go func() {
		defer s.running.Done()
		_, err := ask(s.life, func(ctx context.Context) (struct{}, error) {
			return struct{}{}, s.deps.Queue.Filed(ctx, queue.RequestID(newID()), id, who)
		})
		if err != nil {
			s.log.Warn("the queue was not told that a form is filled in; told again", "call_id", id, "error", err)
		}
	}()
}

// formIn tells the queue of a form that it still waits for, before something that it would refuse for that. False: refused, because the form is missing.
func (d *desk) formIn(ctx context.Context, r protocol.Request, row queue.Agent) bool {
	if row.Owes == "" {
		return true
	}
	limit, cancel := context.WithTimeout(ctx, owesWithin)
	defer cancel()
	in, err := d.s.filled(limit, row.Owes)
	if err == nil && in {
		_, err = ask(ctx, func(ctx context.Context) (struct{}, error) {
			return struct{}{}, d.s.deps.Queue.Filed(ctx, queue.RequestID(newID()), row.Owes, d.user.ID)
		})
	}
	switch {
	case err != nil:
		d.answer(r, err)
	case !in:
		d.refuseForm(r)
	}
	return err == nil && in
}

// refuseForm says which form is missing.
func (d *desk) refuseForm(r protocol.Request) {
	row, _ := d.s.board.Agent(d.user.ID)
	d.tab.out.send(protocol.NewError(r.Header().ID, protocol.DispositionMissing, protocol.Params{"call": string(row.Owes)}))
}

// askedKeepEnd ends that the person is kept for a caller who was cut off: the talk had come to its end. There is no callback then.
func askedKeepEnd(ctx context.Context, d *desk, r protocol.Request) {
	m := r.(protocol.KeepEnd)
	row, known := d.s.board.Agent(d.user.ID)
	if !known || row.Keeps == "" {
		d.refuse(m.ID, protocol.WrongState)
		return
	}
	reason, ok := d.because(m.ID, m.Reason)
	if !ok {
		return
	}
	if err := d.recorded(ctx, ActionKeepEnd, callObject(row.Keeps, ""), reason); err != nil {
		d.answer(r, err)
		return
	}
	_, err := ask(ctx, func(ctx context.Context) (queue.Agent, error) {
		return d.s.deps.Queue.Unkeep(ctx, queue.RequestID(newID()), d.user.ID, d.session)
	})
	if err == nil {
		d.noCallback(row.Keeps)
	}
	d.answer(r, err)
}

// noCallback has the callback of a talk that was at its end closed, beside the desk: the ledger may hear of the end only in a moment.
func (d *desk) noCallback(id queue.CallID) {
	d.s.running.Add(1) // from the desk's own goroutine, which is counted already
	go func() {
		defer d.s.running.Done()
		ctx, cancel := context.WithTimeout(d.s.life, notedIn)
		defer cancel()
		err := d.s.deps.Callbacks.NotCutOff(ctx, string(id), string(d.user.ID))
		for err != nil && !errors.Is(err, casework.ErrClosed) && !errors.Is(err, casework.ErrBusy) && ctx.Err() == nil {
			pause(ctx, recordPause)
			err = d.s.deps.Callbacks.NotCutOff(ctx, string(id), string(d.user.ID))
		}
		if err != nil {
			d.log.Warn("a callback goes out although the talk was at its end", "call_id", id, "error", err)
		}
	}()
}
