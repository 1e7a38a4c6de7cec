package telephony

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"hotline/queue"
	"hotline/telephony/ari"
	"hotline/telephony/call"
)

// single lets one look run at a time; what is asked for meanwhile is one more look afterwards. Owned by the loop.
type single struct{ running, wanted, thorough bool }

// begin says whether the look may start now.
func (s *single) begin(thorough bool) bool {
	s.thorough = s.thorough || thorough
	if s.running {
		s.wanted = true
		return false
	}
	s.running, s.wanted = true, false
	return true
}

// retryAfter is the pause before a look that failed is taken again.
const retryAfter = 200 * time.Millisecond

// view is what Asterisk had at one moment, and what we knew when the look began: what came later is not judged by it.
type view struct {
	channels []ari.Channel
	where    map[string]call.Place // channel -> bridge
	bridges  []call.Place
	all      []ari.Bridge

	known   map[string]bool // channels of our calls
	calls   map[call.ID]bool
	outs    map[string]bool  // channels that we placed
	legs    map[string]int64 // attached legs -> which attachment
	loans   map[string]string
	besides map[string]bool // channels beside our calls
	alerts  map[string]bool // channels of alerts
	gaps    int
}

// resyncSoon compares what we believe with what Asterisk has, now, and again if that fails. thorough makes the holding bridges anew even when
// they look well: their music cannot be seen.
func (c *Controller) resyncSoon(thorough bool) {
	// Without its websocket our application is not known to Asterisk, which would not keep what we make; Connected comes here again.
	if !c.ready.Load() || !c.resync.begin(thorough) {
		return
	}
	thorough, c.resync.thorough = c.resync.thorough, false
	v := &view{known: map[string]bool{}, calls: map[call.ID]bool{}, outs: map[string]bool{}, legs: c.attachments(), loans: c.loans(), besides: map[string]bool{}, alerts: c.alarms.dialled(), gaps: c.gaps}
	for id := range c.channels {
		v.known[id] = true
	}
	for id := range c.calls {
		v.calls[id] = true
	}
	for id := range c.outs {
		v.outs[id] = true
	}
	for name := range c.besides {
		v.besides[name] = true
	}
	c.beside(func() {
		listed, err := c.look(v, thorough)
		if err != nil {
			if c.ctx.Err() != nil {
				return
			}
			c.log.Warn("resync failed; trying again", "error", err)
		}
		c.do(func() {
			if listed {
				c.compare(v)
			}
		})
		if err != nil && !pause(c.ctx, retryAfter) {
			return
		}
		c.do(func() {
			c.resync.running = false
			if c.resync.wanted || err != nil {
				c.resyncSoon(err != nil && thorough)
			}
		})
	})
}

// look fills the view. Holding bridges are made first, because whoever is found in silence goes there; one that cannot be made must not keep the
// others' callers waiting, so what was listed counts even with an error.
func (c *Controller) look(v *view, thorough bool) (listed bool, err error) {
	ctx, cancel := context.WithTimeout(c.ctx, 10*time.Second)
	defer cancel()
	before, err := c.ari.Bridges(ctx)
	if err != nil {
		return false, err
	}
	var faults []error
	for _, line := range c.lines() {
		for _, h := range line.holds() {
			if thorough || !kept(before, c.names.hold(h.place)) {
				faults = append(faults, c.openHold(ctx, h))
			}
		}
	}
	// Channels before bridges: whoever enters a bridge between the two is told to go there, which Settle finds done.
	if v.channels, err = c.ari.Channels(ctx); err != nil {
		return false, errors.Join(append(faults, err)...)
	}
	bridges, err := c.ari.Bridges(ctx)
	if err != nil {
		return false, errors.Join(append(faults, err)...)
	}
	v.all, v.where = bridges, map[string]call.Place{}
	for _, b := range bridges {
		p := c.names.place(b.ID)
		v.bridges = append(v.bridges, p)
		for _, ch := range b.Channels {
			v.where[ch] = p
		}
	}
	return true, errors.Join(faults...)
}

func kept(bridges []ari.Bridge, id string) bool {
	return slices.ContainsFunc(bridges, func(b ari.Bridge) bool {
		return b.ID == id && slices.Contains(b.Channels, ari.KeeperPrefix+id)
	})
}

// compare: Asterisk's channels are the truth about who is on the line.
func (c *Controller) compare(v *view) {
	c.compareLegs(v)
	c.reapStrangers(v)
	present, unheard := map[string]bool{}, v.gaps > c.resolved
	for _, ch := range v.channels {
		present[ch.ID] = true
		switch a := c.channels[ch.ID]; {
		case ours(ch.ID), c.ended[ch.ID]:
		case a == nil:
			c.adopt(ch, v.where[ch.ID])
		case v.known[ch.ID]:
			p := v.where[ch.ID]
			if p.Leg != "" && (c.deaf(p.Leg) || v.where[c.names.media(p.Leg)] != p) {
				a.post(call.LegLost{At: now(), Leg: p.Leg})
			}
			if leg := *a.leg.Load(); leg != "" && leg != p.Leg && c.deaf(leg) { // the caller is on hold, and comes back there
				a.post(call.LegLost{At: now(), Leg: leg})
			}
			a.post(call.Found{At: now(), Place: p, Gap: unheard})
		}
	}
	for id, a := range c.channels {
		if v.known[id] && !present[id] {
			a.post(call.CallerGone{At: now()})
		}
	}
	c.compareOuts(v)
	c.compareBesides(v)
	c.alarms.compare(c.ctx, v.alerts, v.channels, c.ended)
	maps.DeleteFunc(c.ended, func(id string, _ bool) bool { return !present[id] })
	c.resolved = max(c.resolved, v.gaps)
	c.metrics.resyncs.Inc()
	if !c.seen.Swap(true) {
		c.reindexSoon()
	}
	c.log.Debug("resync with asterisk", "channels", len(v.channels), "calls", len(c.calls))
}

// mourn gives up the calls of an Asterisk that has been out of reach for too long: they went with it, and their agents are needed. Callers who turn
// out to be there after all are adopted when it is back.
func (c *Controller) mourn() {
	if c.away.IsZero() || c.mourned || time.Since(c.away) < c.cfg.NodeLost {
		return
	}
	c.mourned = true
	c.log.Error("asterisk has been out of reach for too long; its calls are taken for lost", "calls", len(c.calls))
	for _, a := range c.calls {
		a.post(call.CallerGone{At: now()})
	}
	c.seen.Store(true) // there is nothing to be seen
	c.reindexSoon()
}

// tellAnew makes good what a call missed while its mailbox was full.
func (c *Controller) tellAnew(a *actor) {
	if c.calls[a.id] != a {
		return
	}
	c.gaps++ // its prompt's end may be among it
	c.resyncSoon(false)
	c.reindexSoon()
	for _, l := range c.legs {
		if l.ready(c.route) && c.readyLeg(l.Agent) == l.ID {
			a.post(call.LegReady{At: now(), Agent: l.Agent, Leg: l.ID})
		}
	}
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
	if c.line(tag.Line).ID == "" {
		c.log.Error("a call of a line that is no longer configured; the dialplan takes it", "call_id", tag.Call)
		c.giveBack(ch.ID)
		return
	}
	c.adopting[tag.Call] = true
	c.beside(func() {
		if p == (call.Place{}) && hungUp(c.ctx, c.ari, ch) {
			c.do(func() { c.passOver(ch.ID, tag.Call) })
			c.hangUp(ch.ID)
			return
		}
		l, err := c.claimLease(c.ctx, tag)
		c.do(func() {
			delete(c.adopting, tag.Call)
			if isFenced(err) {
				c.metrics.fenced.Inc()
				c.log.Info("a call that was ours has another owner now", "call_id", tag.Call)
				c.checkDrained()
				return
			}
			channel := ch.ID
			if tag.Task != "" && tag.Silent {
				channel = "" // it may still ring; WatchOut finds out
			}
			a := newActor(c, channel, tag.Restore(), ch.Exten, ch.CallerNumber, l.Epoch)
			a.origin = ch.Name
			a.log.Info("call adopted", "state", tag.State, "epoch", a.epoch)
			c.metrics.adopted.Inc()
			c.begin(a, call.Adopted{At: now(), Place: p, Plan: a.plan()})
			for _, leg := range []string{p.Leg, tag.Leg} {
				if leg != "" && c.deaf(leg) { // what was lost before the call was known here
					a.post(call.LegLost{At: now(), Leg: leg})
				}
			}
		})
	})
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
