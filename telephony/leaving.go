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
		if _, known := c.leaving[id]; !known && !c.ended[id] && (c.channels[id] != nil || c.outs[id] != nil) {
			c.leaving[id] = time.Now()
		}
	case ari.StasisEnd, ari.ChannelDestroyed:
		delete(c.leaving, id)
	}
}

// seeOff takes channels that should have left for gone, and hangs them up once more. While Asterisk does not say whether they left they stay noted.
func (c *Controller) seeOff() {
	for id, since := range c.leaving {
		if time.Since(since) < leavesWithin {
			continue
		}
		delete(c.leaving, id)
		c.beside(func() {
			ctx, cancel := context.WithTimeout(c.ctx, leavesWithin)
			defer cancel()
			_, err := c.ari.ChannelGet(ctx, id)
			if err != nil && !ari.IsNotFound(err) {
				c.do(func() { c.leaving[id] = since })
				return
			}
			c.do(func() {
				if err == nil {
					c.ended[id] = true // still listed, and its hang-up by us is told as well
				}
				c.wentAway(id)
			})
			if err == nil {
				c.log.Warn("a channel that was hung up stays in asterisk; it is taken for gone", "channel", id)
				c.hangUp(id)
			}
		})
	}
}

func (c *Controller) hangUp(id string) {
	ctx, cancel := context.WithTimeout(c.ctx, leavesWithin)
	defer cancel()
	if err := c.ari.Hangup(ctx, id, "normal"); err != nil && c.ctx.Err() == nil {
		c.log.Warn("a channel that should have left could not be hung up", "channel", id, "error", err)
	}
}

// hungUp says that the far end of a channel has hung up, although Asterisk lists the channel: it names the channel as the source of its own hang-up.
// No answer, no source and another source prove nothing; then a caller may be there, and is served.
func hungUp(ctx context.Context, a *ari.Client, ch ari.Channel) bool {
	ctx, cancel := context.WithTimeout(ctx, adoptWait)
	defer cancel()
	source, err := a.GetVar(ctx, ch.ID, varHangupSource)
	return err == nil && source != "" && source == ch.Name
}

const varHangupSource = "CHANNEL(hangupsource)"

func (c *Controller) wentAway(id string) {
	if a := c.channels[id]; a != nil {
		a.post(call.CallerGone{At: now()})
	} else if c.outs[id] != nil {
		c.outGone(id, 0)
	}
}

// passOver does not adopt a call whose caller hung up while no controller lived. Its row in the index is reaped as any without a call.
func (c *Controller) passOver(channel string, id call.ID) {
	delete(c.adopting, id)
	c.ended[channel] = true
	c.log.Warn("the caller of a call that was ours has hung up, but the channel stays in asterisk; it is not adopted", "call_id", id)
	c.reindexSoon()
	c.checkDrained()
}
