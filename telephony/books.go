package telephony

import (
	"context"
	"time"

	"hotline/queue"
	"hotline/telephony/call"
)

// awaitLedger gives the database a moment to say how often the caller was here before: good to know, not worth waiting for.
func (a *actor) awaitLedger() {
	select {
	case <-a.opened:
	case <-time.After(200 * time.Millisecond):
	case <-a.ctx.Done():
	}
}

func (a *actor) record(c call.Call) Record {
	return Record{Call: c, Node: a.ctl.cfg.Node, Dialled: a.dialled, Caller: a.caller}
}

// open writes the call's arrival to the ledger.
func (a *actor) open() {
	c := a.call
	a.books.do(a.ctx, func(ctx context.Context) {
		defer a.once.Do(func() { close(a.opened) })
		err := again(ctx, 10*time.Second, func(ctx context.Context) (bool, error) {
			n, err := a.ctl.ledger.Open(ctx, a.record(c))
			if err == nil {
				a.history.Store(int64(n))
			}
			return false, err
		})
		if err != nil && ctx.Err() == nil {
			a.log.Error("ledger did not take the arrival; the end will carry it", "error", err)
		}
	})
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
	a.ctl.metrics.ended.WithLabelValues(string(c.Outcome())).Inc()
	if c.State == call.Degraded {
		return // the dialplan goes on with the caller; its own record closes the ledger
	}
	a.books.do(a.ctx, func(ctx context.Context) {
		if err := again(ctx, time.Minute, func(ctx context.Context) (bool, error) {
			return false, a.ctl.ledger.Close(ctx, a.record(c))
		}); err != nil && ctx.Err() == nil {
			a.log.Error("ledger did not take the end", "error", err)
		}
	})
}
