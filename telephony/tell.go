package telephony

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"hotline/queue"
	"hotline/telephony/call"
)

func (a *actor) row(c call.Call) queue.Call {
	t := a.terms(c)
	return queue.Call{
		ID: queue.CallID(c.ID), Line: queue.LineID(c.Line), Node: a.ctl.cfg.Node, Owner: a.ctl.cfg.ID, State: queue.CallState(c.State),
		Tier: queue.Tier(c.Tier), Needs: t.Needs, Relax: t.Relax, Groups: t.Groups, Preferred: t.Preferred, PreferUntil: t.PreferUntil, Again: t.Again,
		Arrived: c.Arrived, Waiting: c.Queued, Since: c.Since, Talked: c.Talked, Front: c.Front,
		Agent: queue.AgentID(c.Agent), Danger: c.Danger, History: t.History, Hold: c.Hold, Callback: c.Task != "",
		Parties: parties(c), Pause: pauseRow(c.Pause), Level: queue.Level(c.Level), LevelBy: queue.AgentID(c.LevelBy), LevelAt: c.LevelAt,
	}
}

// untold says that the index may not have those who take part, or the pause of the recording, as they are now. Of an adopted call it has what an earlier controller told last, which may
// be a failure that was to be shown for a moment, or somebody who has left since.
func untold(was, c call.Call, e call.Event) bool {
	_, adopted := e.(call.Adopted)
	return !c.State.Final() && c.State != call.Overflowed && (adopted || was.Pause != c.Pause || !slices.Equal(parties(was), parties(c)))
}

// tellParties tells the index who takes part.
func (a *actor) tellParties(c call.Call) {
	list, pause := parties(c), pauseRow(c.Pause)
	req := queue.RequestID(newID())
	a.index.do(a.ctx, func(context.Context) {
		err := again(a.living, 0, func(ctx context.Context) (bool, error) {
			ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
			defer cancel()
			err := a.ctl.queue.SetParties(ctx, req, queue.CallID(a.id), list, pause)
			return useless(err) || errors.Is(err, queue.ErrNoCall), err // what it lost is restored with those who take part
		})
		if err != nil && a.living.Err() == nil {
			a.log.Warn("index was not told who takes part", "error", err)
		}
	})
}

// terms are what the call asks of the agents. Who may be asked, and how the needs give way, follow the line as it is now, as long as it needs the same.
func (a *actor) terms(c call.Call) queue.Terms {
	line := a.ctl.line(c.Line)
	if !maps.Equal(line.Needs, a.line.Needs) {
		line = a.line
	}
	return queue.Terms{
		Needs: a.line.needs(c.Language), Relax: line.Relax, Groups: line.Groups,
		Preferred: queue.AgentID(c.Known.Preferred), PreferUntil: c.Known.PreferUntil, History: c.Known.History, Again: queue.CallID(c.Known.Again),
	}
}

func fromRow(r queue.Call) call.Row {
	return call.Row{State: call.State(r.State), Agent: string(r.Agent), Offer: string(r.Offer), Front: r.Front, Since: r.Since}
}

// tellIndex repeats until the index knows, or the call is over: callers are on hold audio meanwhile. An index that lost the call is told of it
// first. A caller who waits for a place for longer than IndexWait, whatever the lane is busy with, goes to the dialplan.
func (a *actor) tellIndex(cmd call.Command, c call.Call) {
	req := queue.RequestID(newID())
	_, enqueue := cmd.(call.Enqueue)
	if enqueue {
		stop(&a.place)
		a.place = time.AfterFunc(a.ctl.cfg.IndexWait, func() { a.post(call.PlaceExpired{At: now()}) })
	}
	a.index.do(a.ctx, func(context.Context) {
		err := again(a.living, 0, func(ctx context.Context) (bool, error) {
			ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
			defer cancel()
			err := a.ask(ctx, req, cmd, c)
			if errors.Is(err, queue.ErrNoCall) {
				if err := a.ctl.queue.Restore(ctx, queue.RequestID(newID()), a.lostRow(cmd, c)); err != nil {
					return useless(err), err
				}
				req = queue.RequestID(newID()) // the index remembers its refusal by the old one
			}
			return useless(err), err
		})
		if err == nil || a.living.Err() != nil {
			return
		}
		a.log.Warn("index was not told", "op", fmt.Sprintf("%T", cmd), "error", err)
		if enqueue {
			a.post(call.Unservable{At: now()})
		}
	})
}

// useless says that the index would give the same answer again.
func useless(err error) bool {
	return errors.Is(err, queue.ErrWrongState) || errors.Is(err, queue.ErrInvalid)
}

// lostRow is the row of a call that the index lost and is about to be told of. Who is to be queued is not restored as waiting: that would be a place
// already, and not the one at the head.
func (a *actor) lostRow(cmd call.Command, c call.Call) queue.Call {
	r := a.row(c)
	if _, enqueue := cmd.(call.Enqueue); enqueue {
		r.State = queue.CallGreeting
	}
	return r
}

func (a *actor) ask(ctx context.Context, req queue.RequestID, cmd call.Command, c call.Call) error {
	q, id := a.ctl.queue, queue.CallID(c.ID)
	switch cmd := cmd.(type) {
	case call.Register:
		return q.Arrive(ctx, req, a.row(c))
	case call.Enqueue:
		r, err := q.Enqueue(ctx, req, id, cmd.Front)
		if errors.Is(err, queue.ErrWrongState) {
			r, err = a.indexRow(ctx, c.ID) // accepted while no controller was there to hear of it
		}
		if err != nil {
			return err
		}
		a.ctl.do(func() { a.post(call.Queued{At: now(), Row: a.ctl.withLeg(fromRow(r))}) })
		return nil
	case call.Raise:
		_, err := q.Raise(ctx, req, id, queue.Tier(c.Tier), c.Danger)
		return err
	case call.Assess:
		_, err := q.Assess(ctx, req, id, queue.Risk{
			Tier: queue.Tier(c.Tier), Danger: c.Danger, Level: queue.Level(c.Level), By: queue.AgentID(c.LevelBy), At: c.LevelAt,
		})
		return err
	case call.Require:
		_, err := q.Require(ctx, req, id, a.terms(c))
		return err
	case call.Open:
		_, err := q.Open(ctx, req, id, queue.AgentID(cmd.Agent))
		if errors.Is(err, queue.ErrWrongState) {
			if r, err := a.indexRow(ctx, c.ID); err == nil { // somebody has the caller, or it waits already
				a.ctl.do(func() { a.ctl.indexed(r) })
			}
		}
		return err
	case call.Mark:
		err := q.Mark(ctx, req, id, queue.CallState(c.State), c.Hold)
		if errors.Is(err, queue.ErrWrongState) {
			if r, err := a.indexRow(ctx, c.ID); err == nil { // it thinks that the caller is somebody else's
				a.ctl.do(func() { a.ctl.indexed(r) })
			}
		}
		return err
	case call.Unlist:
		return q.End(ctx, req, id, queue.EndOverflowed)
	case call.Restore:
		return q.Restore(ctx, req, a.row(c))
	}
	return nil
}

// indexRow is what the index has of this call.
func (a *actor) indexRow(ctx context.Context, id call.ID) (queue.Call, error) {
	s, err := a.ctl.queue.Snapshot(ctx)
	if err != nil {
		return queue.Call{}, err
	}
	for _, r := range s.Calls {
		if r.ID == queue.CallID(id) {
			return r, nil
		}
	}
	return queue.Call{}, queue.ErrNoCall
}
