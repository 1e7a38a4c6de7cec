package telephony

import (
	"context"
	"errors"
	"time"

	"hotline/queue"
	"hotline/telephony/call"
)

// keepAgent is for a call that is about to leave the index: its caller was cut off, and may be dialling again.
func (a *actor) keepAgent(agent string) {
	req := queue.RequestID(newID())
	a.index.do(a.ctx, func(ctx context.Context) {
		err := again(ctx, 10*time.Second, func(ctx context.Context) (bool, error) {
			ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
			defer cancel()
			_, err := a.ctl.queue.Keep(ctx, req, queue.CallID(a.id), queue.AgentID(agent), a.ctl.cfg.RedialWait)
			return useless(err) || errors.Is(err, queue.ErrNoCall), err
		})
		if err != nil && ctx.Err() == nil {
			a.log.Info("the agent is not kept for a caller who was cut off", "error", err)
		}
	})
}

// reclaim asks the index for a caller whose agent had vanished, in the lane in which it was told so. The agent who is back talks with the caller by now, so
// that is asked for until there is an answer, and a refusal is followed; who takes the caller looks at the screen, and is told soon.
func (a *actor) reclaim(agent string, back bool) {
	req, within := queue.RequestID(newID()), handWait
	if back {
		within = 0
	}
	a.index.do(a.ctx, func(context.Context) {
		var r queue.Call
		err := again(a.living, within, func(ctx context.Context) (bool, error) {
			ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
			defer cancel()
			var err error
			r, err = a.ctl.queue.Reclaim(ctx, req, queue.CallID(a.id), queue.AgentID(agent))
			return refusedFor(err), err
		})
		if err != nil && back && refusedFor(err) {
			r, err = a.indexRow(a.living, a.id) // somebody was quicker
		}
		switch {
		case err == nil:
			a.ctl.do(func() { a.post(call.Reassigned{At: now(), Row: a.ctl.withLeg(fromRow(r))}) })
		case a.living.Err() == nil:
			a.ctl.metrics.failedWishes.WithLabelValues("reclaim").Inc()
			a.log.Warn("a caller whose agent had vanished was not given to who came", "agent", agent, "error", err)
		}
	})
}

// refusedFor says that the index will not give a call to somebody. One that it lost is told to it again, and with it what follows.
func refusedFor(err error) bool {
	return useless(err) || errors.Is(err, queue.ErrNoCall) || errors.Is(err, queue.ErrNoAgent) || errors.Is(err, queue.ErrAgentBusy)
}
