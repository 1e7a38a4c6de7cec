package telephony

import (
	"context"
	"time"

	"hotline/telephony/ari"
	"hotline/telephony/call"
)

// Asterisk 22.10.1 can keep a channel whose caller has hung up. Where a prompt is played to a channel in a bridge in the very moment of its hang-up, the channel's thread waits for the
// bridge, which the channel has left, for ten minutes: ChannelHangupRequest is the last that is told of it, it stays listed, and no request ends it (measured: 2 in 1000 of those who
// hang up within 3 ms of our prompt). Nobody is there any more, so the call is over for us; else a counsellor would be offered silence.

const (
	// leavesWithin is how long a channel that is being hung up may stay in our application.
	leavesWithin = 2 * time.Second
	// leavesEvery is how often that is looked at.
	leavesEvery = time.Second
)

// noteLeaving remembers our channels that are being hung up until they have left. Owned by the loop.
func (c *Controller) noteLeaving(e ari.Event) {
	id := e.Channel.ID
	switch e.Kind {
	case ari.ChannelHangupRequest:
		if _, known := c.leaving[id]; !known && (c.channels[id] != nil || c.outs[id] != nil) {
			c.leaving[id] = time.Now()
		}
	case ari.StasisEnd, ari.ChannelDestroyed:
		delete(c.leaving, id)
	}
}

// seeOff takes channels that should have left for gone. They are hung up once more, and without a tag: no later life of ours is to take one for a caller.
func (c *Controller) seeOff() {
	for id, since := range c.leaving {
		if time.Since(since) < leavesWithin {
			continue
		}
		delete(c.leaving, id)
		c.beside(func() {
			ctx, cancel := context.WithTimeout(c.ctx, leavesWithin)
			defer cancel()
			if _, err := c.ari.ChannelGet(ctx, id); err == nil {
				c.log.Warn("a channel that was hung up stays in asterisk; it is taken for gone", "channel", id)
				_ = c.ari.SetVar(ctx, id, call.Variable, "")
				_ = c.ari.Hangup(ctx, id, "normal")
			}
			c.do(func() { c.wentAway(id) })
		})
	}
}

func (c *Controller) wentAway(id string) {
	if a := c.channels[id]; a != nil {
		a.post(call.CallerGone{At: now()})
	} else if c.outs[id] != nil {
		c.outGone(id, 0)
	}
}
