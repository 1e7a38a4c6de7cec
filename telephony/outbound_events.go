package telephony

import (
	"context"
	"slices"
	"strings"
	"time"

	"hotline/telephony/ari"
	"hotline/telephony/call"
)

// out is an attempt as Asterisk tells of it. Owned by the controller's loop.
type out struct {
	actor    *actor
	n        int
	callback bool // its channel becomes the caller's
	human    bool // an answer is a person's
	outside  bool // a third party in a talk
	site     bool // which sends speech from its answer on
	up       bool
	taken    bool // a person took the call
}

// tellOut translates Asterisk's news of a channel that we placed. It says whether e was of one.
func (c *Controller) tellOut(e ari.Event) bool {
	if !strings.HasPrefix(e.Channel.ID, outPrefix) {
		return false
	}
	o := c.outs[e.Channel.ID]
	if o == nil {
		return true // dropped, or of an earlier life: a look finds what is left of it
	}
	switch e.Kind {
	case ari.ChannelStateChange:
		if e.Channel.State == stateUp {
			c.outUp(e.Channel.ID)
		}
	case ari.ChannelDtmfReceived:
		if o.up && !o.taken && e.Digit == c.cfg.Outbound.TakeKey {
			c.outTaken(o)
		}
	case ari.ChannelLeftBridge:
		if o.outside {
			o.actor.post(call.OutsideFound{At: now(), N: o.n})
		}
	case ari.ChannelDestroyed:
		c.outGone(e.Channel.ID, e.Cause)
	}
	return true
}

// outUp takes note of an answer, whoever or whatever gave it.
func (c *Controller) outUp(id string) {
	o := c.outs[id]
	if o == nil || o.up {
		return
	}
	o.up = true
	switch {
	case o.callback:
		// From here on it is the caller's channel.
		delete(c.outs, id)
		c.channels[id] = o.actor
		o.actor.post(call.OutAnswered{At: now(), N: o.n})
	case o.human:
		c.outTaken(o)
	case o.taken: // by a person, as an earlier life of ours found out
	default:
		o.actor.askForTaking(o.n)
	}
}

func (c *Controller) outTaken(o *out) {
	o.taken = true
	o.actor.post(call.OutAnswered{At: now(), N: o.n})
	if o.site {
		c.beside(func() {
			if pause(c.ctx, speechWithin) {
				c.listenFor(o)
			}
		})
	}
}

// speechWithin is how long a site that answered may take to be heard.
const speechWithin = 4 * time.Second

// listenFor brings a caller back from a site that answered and was never heard: Asterisk ends a call for silence only after it has heard something.
func (c *Controller) listenFor(o *out) {
	id := outChannel(o.actor.id, o.n)
	packets, err := c.ari.GetVar(c.ctx, id, "CHANNEL(rtcp,rxcount)")
	if err == nil && packets == "0" {
		o.actor.log.Warn("another site answered and sends no speech; the caller comes back")
		o.actor.post(call.JoinOutFailed{At: now(), N: o.n})
	}
}

func (c *Controller) outGone(id string, cause int) {
	o := c.outs[id]
	delete(c.outs, id)
	c.ended[id] = true // a look at Asterisk that began earlier may still find it
	o.actor.post(call.OutGone{At: now(), N: o.n, Cause: cause})
}

// askForTaking says to whoever or whatever answered a partner's line that a caller waits, and which key takes the call. A machine presses none, and
// is left when it was said often enough.
func (a *actor) askForTaking(n int) {
	media := a.line.in(a.line.Languages, call.PromptTakeCall)
	a.outs.do(a.ctx, func(ctx context.Context) {
		if len(media) == 0 {
			a.log.Error("there is no prompt by which a partner could be asked; the caller is not passed on")
			a.ctl.do(func() { a.ctl.hangUpOut(outChannel(a.id, n)) })
			return
		}
		asked := slices.Repeat(media, askTimes)
		if err := a.ctl.ari.Play(ctx, outChannel(a.id, n), asking(a.id, n), asked...); err != nil && ctx.Err() == nil {
			a.log.Warn("a partner could not be asked", "error", err)
		}
	})
	time.AfterFunc(askFor, func() { a.ctl.do(func() { a.ctl.leaveMachine(outChannel(a.id, n)) }) })
}

func asking(id call.ID, n int) string { return "ask-" + outChannel(id, n) }

// How often, and how long, an answer that may be a machine's is asked for a person.
const (
	askTimes = 6
	askFor   = 30 * time.Second
)

// leaveMachine hangs up where nobody took the call.
func (c *Controller) leaveMachine(id string) {
	if o := c.outs[id]; o != nil && !o.taken {
		c.hangUpOut(id)
	}
}

func (c *Controller) hangUpOut(id string) {
	c.beside(func() {
		ctx, cancel := context.WithTimeout(c.ctx, 5*time.Second)
		defer cancel()
		if err := c.ari.Hangup(ctx, id, "normal"); err != nil && ctx.Err() == nil {
			c.log.Warn("a channel that nobody wants stays until the next look", "error", err)
		}
	})
}

// compareOuts holds the attempts that we know against what Asterisk has.
func (c *Controller) compareOuts(v *view) {
	present, tagged := map[string]ari.Channel{}, map[call.ID]bool{}
	for _, ch := range v.channels {
		present[ch.ID] = ch
		if tag, err := call.DecodeTag(ch.Vars[call.Variable]); err == nil && ch.Context != FallbackContext {
			tagged[tag.Call] = true
		}
	}
	for id := range v.outs {
		o := c.outs[id]
		ch, there := present[id]
		switch {
		case o == nil:
		case !there:
			c.outGone(id, 0)
		case ch.State == stateUp && !o.up:
			c.outUp(id)
		case o.taken && o.outside:
			o.actor.post(call.OutsideFound{At: now(), N: o.n, Place: v.where[id]})
		case o.taken && v.where[id] != (call.Place{Out: string(o.actor.id)}) && v.where[o.actor.channel] == (call.Place{Out: string(o.actor.id)}):
			o.actor.post(call.JoinOutFailed{At: now(), N: o.n}) // the caller is alone there
		}
	}
	for id := range present {
		owner, n, ok := outOf(id)
		if !ok || c.outs[id] != nil || c.channels[id] != nil || c.ended[id] {
			continue
		}
		if a := c.calls[owner]; a != nil {
			if v.calls[owner] {
				a.post(call.OutFound{At: now(), N: n})
			}
		} else if !tagged[owner] && !c.adopting[owner] {
			c.metrics.reaped.Inc()
			c.hangUpOut(id) // its caller is gone
		}
	}
	for id, a := range c.channels {
		if _, there := present[id]; !there && strings.HasPrefix(id, outPrefix) && c.calls[a.id] != a {
			delete(c.channels, id) // answered in the moment in which it was dropped
		}
	}
	for _, p := range v.bridges {
		if id := call.ID(p.Out); id != "" && c.calls[id] == nil && !tagged[id] {
			c.metrics.reaped.Inc()
			c.beside(func() {
				ctx, cancel := context.WithTimeout(c.ctx, 5*time.Second)
				defer cancel()
				_ = c.ari.DestroyBridge(ctx, outBridge(id)) // the next look tries again
			})
		}
	}
}

// talksElsewhere are the calls whose attempt is answered: as long as that lasts, their callers are heard without any controller.
func talksElsewhere(channels []ari.Channel) map[call.ID]bool {
	m := map[call.ID]bool{}
	for _, ch := range channels {
		if id, _, ok := outOf(ch.ID); ok && ch.State == stateUp && ch.Vars[call.Variable] == "" {
			m[id] = true
		}
	}
	return m
}

// unheardOut says that a channel that we placed has no caller of ours on it: another place, or a telephone that rings.
func unheardOut(ch ari.Channel) bool {
	return strings.HasPrefix(ch.ID, outPrefix) && (ch.Vars[call.Variable] == "" || ch.State != stateUp)
}

// What the dialplan read from another site's headers.
const (
	varHops = "HOTLINE_HOPS"
	varTier = "HOTLINE_TIER"
)

// tierOf is the tier that another site gave a caller, if it is one.
func tierOf(s string) call.Tier {
	switch t := call.Tier(s); t {
	case call.Red, call.Returning, call.Nuisance:
		return t
	}
	return call.Normal
}
