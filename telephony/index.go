package telephony

import (
	"context"
	"errors"
	"time"

	"hotline/queue"
	"hotline/telephony/call"
)

func isFenced(err error) bool { return errors.Is(err, queue.ErrFenced) }

// followIndex carries the queue's decisions to the calls.
func (c *Controller) followIndex(ctx context.Context) {
	var after string
	err := again(ctx, 0, func(ctx context.Context) (bool, error) {
		sctx, cancel := context.WithTimeout(ctx, 2*time.Second)
		defer cancel()
		s, err := c.queue.Snapshot(sctx)
		if err != nil {
			return false, err
		}
		after = s.After
		c.do(func() {
			for _, r := range s.Calls {
				c.indexed(r)
			}
		})
		return true, nil
	})
	if err != nil {
		return
	}
	if err := c.queue.Follow(ctx, after, func(e queue.Event) error {
		c.do(func() { c.onIndex(e) })
		return nil
	}); err != nil && ctx.Err() == nil {
		c.log.Error("the index's stream ended", "error", err)
	}
}

func (c *Controller) onIndex(e queue.Event) {
	switch e.Type {
	case queue.EventCall, queue.EventOffered, queue.EventOfferEnded:
		if e.Call != nil {
			c.indexed(*e.Call)
		}
	case queue.EventReset:
		c.log.Warn("the index was emptied; it is rebuilt from the calls")
		for _, a := range c.calls {
			a.post(call.IndexLost{At: now()})
		}
	}
}

func (c *Controller) indexed(r queue.Call) {
	if a := c.calls[call.ID(r.ID)]; a != nil {
		a.post(call.Indexed{At: now(), Row: c.withLeg(fromRow(r))})
	}
}

// withLeg adds what only the controller knows: whether the agent's leg can be used.
func (c *Controller) withLeg(r call.Row) call.Row {
	if r.Agent != "" {
		r.Leg = c.readyLeg(r.Agent)
	}
	return r
}

// followCommands carries the agents' wishes to the calls. The last ten seconds are read again at the start: a wish that its reader did not
// live to carry out still counts, and one that was carried out finds the call gone.
func (c *Controller) followCommands(ctx context.Context) {
	err := c.queue.FollowCommands(ctx, time.Now().Add(-10*time.Second), func(cmd queue.Command) error {
		c.do(func() {
			if a := c.calls[call.ID(cmd.Call)]; a != nil && cmd.Verb == "hangup" {
				a.post(call.HangupWanted{At: now(), Agent: string(cmd.By)})
			}
		})
		return nil
	})
	if err != nil && ctx.Err() == nil {
		c.log.Error("the command stream ended", "error", err)
	}
}

// sweep ends offers and wrap-ups whose time is over. Every controller does it; the script makes that harmless.
func (c *Controller) sweep(ctx context.Context) {
	t := time.NewTicker(250 * time.Millisecond)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
			sctx, cancel := context.WithTimeout(ctx, time.Second)
			if _, err := c.queue.Sweep(sctx); err != nil && ctx.Err() == nil {
				c.metrics.sweepFaults.Inc()
			}
			cancel()
		}
	}
}
