package telephony

import (
	"context"
	"errors"
	"maps"
	"slices"
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
		ahead := time.Until(s.Now)
		c.do(func() {
			c.ahead = ahead
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
		c.reindexSoon() // what it decided before we could hear of it
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

// reindexSoon compares the index with the calls: it may have decided something that nobody heard, have lost a call, or still hold one whose
// caller hung up while no controller lived. Such a row would ring, and the agent who answers would find nobody.
func (c *Controller) reindexSoon() {
	if !c.reindex.begin(false) {
		return
	}
	known := slices.Collect(maps.Keys(c.calls))
	c.beside(func() {
		ctx, cancel := context.WithTimeout(c.ctx, 2*time.Second)
		defer cancel()
		s, err := c.queue.Snapshot(ctx)
		ahead := time.Until(s.Now)
		c.do(func() {
			c.reindex.running = false
			if err == nil {
				c.ahead = ahead
				c.compareIndex(s.Calls, known)
			}
			if c.reindex.wanted {
				c.reindexSoon()
			}
		})
	})
}

func (c *Controller) compareIndex(rows []queue.Call, known []call.ID) {
	listed := map[call.ID]bool{}
	for _, r := range rows {
		id := call.ID(r.ID)
		listed[id] = true
		if c.calls[id] != nil {
			c.indexed(r)
		} else if c.seen.Load() && !c.adopting[id] && r.Owner == c.cfg.ID && r.Node == c.cfg.Node {
			c.reap(r)
		}
	}
	for _, id := range known {
		if a := c.calls[id]; a != nil && !listed[id] {
			a.post(call.IndexLost{At: now()})
		}
	}
}

// reap takes a call out of the index whose channel is gone or no longer ours. The ledger's end is written by who watches for calls without one.
func (c *Controller) reap(r queue.Call) {
	c.beside(func() {
		ctx, cancel := context.WithTimeout(c.ctx, 2*time.Second)
		defer cancel()
		// A lease of our own name tells nothing: it may be held by the peer that has adopted our calls, or by us who came back.
		if mayAct(ctx) != nil || c.cfg.Bonds.confirm(ctx) != nil {
			return
		}
		leases, err := c.queue.Leases(ctx)
		if err != nil {
			return
		}
		l, ok := leases[r.ID]
		ending := queue.EndAbandoned
		switch {
		case ok && l.Owner == guardianOwner:
			ending = queue.EndDegraded
		case ok && l.Owner != c.cfg.ID && l.Expires.After(time.Now()):
			return // a peer's
		case !r.Talked.IsZero():
			ending = queue.EndAnswered
		}
		if err := c.queue.End(ctx, queue.RequestID(newID()), r.ID, ending); err != nil {
			return // found again by the next look
		}
		c.metrics.reapedRows.Inc()
		c.log.Warn("the index held a call that is no more", "call_id", r.ID, "state", r.State)
	})
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
