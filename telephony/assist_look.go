package telephony

import (
	"context"
	"slices"
	"time"

	"hotline/telephony/ari"
	"hotline/telephony/call"
)

// inPlace says that the media channel of an attached leg is where it belongs: in its own bridge, or where it is lent to. One that is on its way is
// not judged. A loan of which nobody knows any more ends here.
func (c *Controller) inPlace(v *view, l *leg) bool {
	p, to := v.where[c.names.media(l.ID)], l.loan.to()
	switch {
	case v.loans[l.ID] != to:
		return true // moved since the look began
	case p == (call.Place{}) || p.Leg == "":
		return false
	}
	unwanted := to != "" && !c.besideSomething(l.Agent) && c.settled()
	if unwanted {
		c.metrics.reaped.Inc()
		c.log.Warn("a leg was lent to a talk that does not want it any more", "leg", l.ID)
	}
	if unwanted || to == "" && p.Leg != l.ID || to != "" && p.Leg != to {
		c.sendHome(l.ID)
		c.rearrangeFor(l.Agent)
	}
	return true
}

// sendHome brings a leg's channel into its own bridge, wherever it is.
func (c *Controller) sendHome(id string) {
	c.beside(func() {
		ctx, cancel := context.WithTimeout(c.ctx, 5*time.Second)
		defer cancel()
		if l := c.legOf(id); l != nil {
			l.loan.mu.Lock()
			defer l.loan.mu.Unlock()
			l.loan.set("")
			_ = c.ari.AddChannel(ctx, c.names.leg(id), c.names.media(id)) // the next look tries again
		}
	})
}

// settled says that the calls that an earlier life of ours left are adopted, so that what no call asks for is nobody's.
func (c *Controller) settled() bool { return c.seen.Load() && len(c.adopting) == 0 && c.allSynced() }

// besideSomething says that a person takes part in a call here beside its agent.
func (c *Controller) besideSomething(agent string) bool {
	for _, a := range c.calls {
		if a.hasBeside(func(p call.Party) bool { return p.Agent == agent }) {
			return true
		}
	}
	return false
}

// hasBeside says that somebody like that takes part beside the call, or is about to.
func (a *actor) hasBeside(is func(call.Party) bool) bool {
	c := a.assist.wanted.Load()
	return c != nil && slices.ContainsFunc(c.Parties, func(p call.Party) bool {
		return (p.State == call.PartyJoining || p.State == call.PartyIn) && is(p)
	})
}

// rearrangeFor looks once more after the audio of somebody beside a call.
func (c *Controller) rearrangeFor(agent string) {
	for _, a := range c.calls {
		if a.hasBeside(func(p call.Party) bool { return p.Agent == agent }) {
			a.rearrange()
		}
	}
}

// compareBesides holds the channels beside the calls against what Asterisk has: one that is missing is made again, one that no call asks for is
// hung up.
func (c *Controller) compareBesides(v *view) {
	for name, a := range c.besides {
		base, leg, _ := c.names.listener(name)
		if leg == "" {
			leg = base
		}
		if v.besides[name] && v.where[name].Leg != leg {
			a.rearrange()
		}
	}
	if !c.settled() {
		return
	}
	listens := map[string]bool{} // legs whose connection is ours: what else they have is of before
	for name := range c.besides {
		if _, leg, _ := c.names.listener(name); leg != "" {
			listens[leg] = true
		}
	}
	for _, ch := range v.channels {
		_, leg, ok := c.names.listener(ch.ID)
		if !ok || c.besides[ch.ID] != nil || leg != "" && !listens[leg] && c.besideLeg(leg) {
			continue
		}
		c.metrics.reaped.Inc()
		c.beside(func() {
			ctx, cancel := context.WithTimeout(c.ctx, 5*time.Second)
			defer cancel()
			_ = c.ari.Hangup(ctx, ch.ID, "normal") // found again by the next look
		})
	}
}

// besideLeg says that somebody takes part in a call by this leg.
func (c *Controller) besideLeg(leg string) bool {
	for _, a := range c.calls {
		if a.hasBeside(func(p call.Party) bool { return p.Leg == leg }) {
			return true
		}
	}
	return false
}

// tellBeside takes note of the end of a channel beside a call. It says whether e is of one. One that was not hung up by us went with the channel beside
// which it was, and is made anew beside the next.
func (c *Controller) tellBeside(e ari.Event) bool {
	if _, _, ok := c.names.listener(e.Channel.ID); !ok {
		return false
	}
	if a := c.besides[e.Channel.ID]; a != nil && (e.Kind == ari.StasisEnd || e.Kind == ari.ChannelDestroyed) {
		a.rearrange()
	}
	return true
}

// loans are where the media channels of the legs are lent to.
func (c *Controller) loans() map[string]string {
	m := map[string]string{}
	for id, l := range c.legs {
		m[id] = l.loan.to()
	}
	return m
}
