package telephony

import (
	"context"
	"time"

	"hotline/queue"
	"hotline/telephony/call"
)

func (a *actor) record(c call.Call) Record {
	r := Record{Call: c, Node: a.ctl.cfg.Node, Dialled: a.dialled, Caller: a.number()}
	if c.Task != "" && c.Talked.IsZero() {
		r.Caller = "" // who was dialled and not reached has not been with us
	}
	return r
}

// open writes the call's arrival to the ledger.
func (a *actor) open() {
	c := a.call
	a.books.do(a.ctx, func(ctx context.Context) {
		a.identify(ctx)
		err := again(unfenced(ctx), 10*time.Second, func(ctx context.Context) (bool, error) {
			k, err := a.ctl.ledger.Open(ctx, a.record(c))
			if err == nil {
				a.post(a.recognized(k))
			}
			return false, err
		})
		if err != nil && ctx.Err() == nil {
			a.log.Error("ledger did not take the arrival; the end will carry it", "error", err)
		}
	})
}

// recognized is what the ledger knows of the caller, as the call takes note of it.
func (a *actor) recognized(k Known) call.Recognized {
	e := call.Recognized{At: now(), Tier: call.Tier(k.Tier), Known: call.Known{Blocked: k.Blocked, History: k.History, Preferred: string(k.Preferred), Again: string(k.Again)}}
	if k.Preferred != "" {
		wait := k.PreferFor
		if k.Tier != queue.TierReturning {
			wait = min(wait, a.line.Patience)
		}
		e.Known.PreferUntil = e.Time.Add(wait)
	}
	return e
}

// close takes the call out of the index and writes its end.
func (a *actor) close(c call.Call) {
	a.disarm()
	ending := queue.Ending(c.Outcome())
	req := queue.RequestID(newID())
	a.index.do(a.ctx, func(ctx context.Context) {
		if err := again(ctx, time.Minute, func(ctx context.Context) (bool, error) {
			ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
			defer cancel()
			return false, a.ctl.queue.End(ctx, req, queue.CallID(c.ID), ending)
		}); err != nil && ctx.Err() == nil {
			a.log.Error("index was not told of the end", "error", err)
		}
	})
	if !c.Passed.IsZero() || c.Third.N > 0 {
		a.outs.do(a.ctx, a.destroyOut)
	}
	a.ctl.metrics.ended.WithLabelValues(string(c.Outcome())).Inc()
	if c.State == call.Degraded {
		if c.Hops == "" {
			return // the dialplan goes on with the caller; its own record closes the ledger
		}
		c.Ended = c.Since // the dialplan gives the caller back to the other site, and keeps no record
	}
	a.books.do(a.ctx, func(ctx context.Context) {
		if err := again(unfenced(ctx), time.Minute, func(ctx context.Context) (bool, error) {
			return false, a.ctl.ledger.Close(ctx, a.record(c))
		}); err != nil && ctx.Err() == nil {
			a.log.Error("ledger did not take the end", "error", err)
		}
	})
}
