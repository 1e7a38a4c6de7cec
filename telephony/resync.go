package telephony

import (
	"context"
	"strings"
	"time"

	"hotline/queue"
	"hotline/telephony/ari"
	"hotline/telephony/call"
)

// resyncSoon compares what we believe with what Asterisk has, now, and again if that fails.
func (c *Controller) resyncSoon() {
	if err := c.resyncNow(); err != nil && c.ctx.Err() == nil {
		c.log.Warn("resync failed; trying again", "error", err)
		if c.resync != nil {
			c.resync.Stop()
		}
		c.resync = time.AfterFunc(200*time.Millisecond, func() { c.do(c.resyncSoon) })
	}
}

// resyncNow: Asterisk's channels are the truth about who is on the line. Holding bridges are made first, because whoever is found in
// silence goes there.
func (c *Controller) resyncNow() error {
	ctx, cancel := context.WithTimeout(c.ctx, 5*time.Second)
	defer cancel()
	for _, line := range c.lines {
		if err := c.openHold(ctx, line); err != nil {
			return err
		}
	}
	channels, err := c.ari.Channels(ctx)
	if err != nil {
		return err
	}
	bridges, err := c.ari.Bridges(ctx)
	if err != nil {
		return err
	}
	where := map[string]call.Place{}
	for _, b := range bridges {
		for _, ch := range b.Channels {
			where[ch] = place(b.ID)
		}
	}
	present := map[string]bool{}
	media := map[string]bool{}
	for _, ch := range channels {
		present[ch.ID] = true
		if leg, ok := strings.CutPrefix(ch.ID, "media-"); ok {
			media[leg] = true
			continue
		}
		if strings.HasPrefix(ch.ID, ari.KeeperPrefix) {
			continue
		}
		if a := c.channels[ch.ID]; a != nil {
			a.post(call.Found{At: now(), Place: where[ch.ID], Gap: c.gap})
		} else {
			c.adopt(ch, where[ch.ID])
		}
	}
	for id, a := range c.channels {
		if !present[id] {
			a.post(call.CallerGone{At: now()})
		} else if leg := where[id].Leg; leg != "" && c.legs[leg] == nil && c.allSynced() {
			a.post(call.LegLost{At: now(), Leg: leg}) // its gateway died with us
		}
	}
	c.gap = false
	c.resyncLegs(media)
	c.metrics.resyncs.Inc()
	c.log.Info("resync with asterisk", "channels", len(channels), "calls", len(c.calls))
	return nil
}

// openHold makes the holding bridge of a line and its music; both may be there already.
func (c *Controller) openHold(ctx context.Context, line Line) error {
	return c.ari.CreateHold(ctx, holdBridge(line.ID), line.ID, line.HoldClass)
}

// adopt takes over a channel whose tag says that it was ours before we died. The lease is asked for first, so that a controller that slept does
// not touch what the guardian or a peer has taken meanwhile.
func (c *Controller) adopt(ch ari.Channel, p call.Place) {
	v := ch.Vars[call.Variable]
	if v == "" || ch.Context == FallbackContext {
		return
	}
	tag, err := call.DecodeTag(v)
	if err != nil || tag.Owner != c.cfg.ID || tag.State.Final() || c.calls[tag.Call] != nil || c.adopting[tag.Call] {
		return
	}
	if c.lines[tag.Line].ID == "" {
		c.log.Error("a call of a line that is no longer configured; the dialplan takes it", "call_id", tag.Call)
		go c.giveBack(ch.ID)
		return
	}
	c.adopting[tag.Call] = true
	go func() {
		l, err := c.claimLease(c.ctx, tag)
		c.do(func() {
			delete(c.adopting, tag.Call)
			if isFenced(err) {
				c.metrics.fenced.Inc()
				c.log.Info("a call that was ours has another owner now", "call_id", tag.Call)
				return
			}
			a := newActor(c, ch.ID, tag.Restore(), ch.Exten, ch.CallerNumber, l.Epoch)
			a.log.Info("call adopted", "state", tag.State, "epoch", a.epoch)
			c.metrics.adopted.Inc()
			c.begin(a, call.Adopted{At: now(), Place: p})
		})
	}()
}

// adoptWait is how long a caller waits for Redis to say whose the call is. With Redis away nobody can have taken it.
const adoptWait = 300 * time.Millisecond

func (c *Controller) claimLease(ctx context.Context, tag call.Tag) (queue.Lease, error) {
	ctx, cancel := context.WithTimeout(ctx, adoptWait)
	defer cancel()
	l, err := c.queue.Claim(ctx, queue.CallID(tag.Call), c.cfg.ID, tag.Epoch, c.cfg.Lease)
	if err != nil {
		l = queue.Lease{Call: queue.CallID(tag.Call), Owner: c.cfg.ID, Epoch: tag.Epoch + 1}
	}
	return l, err
}
