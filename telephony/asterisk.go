package telephony

import (
	"context"
	"maps"
	"strings"
	"time"

	"hotline/queue"
	"hotline/telephony/ari"
	"hotline/telephony/call"
)

func (c *Controller) readAsterisk(ctx context.Context) {
	for {
		e, err := c.ari.Next(ctx)
		if err != nil {
			return
		}
		c.do(func() { c.onAsterisk(e) })
	}
}

func (c *Controller) onAsterisk(e ari.Event) {
	switch e.Kind {
	case ari.Connected:
		c.ready.Store(true)
		if c.mourned {
			clear(c.ended) // given up, and there again after all
		}
		c.away, c.mourned = time.Time{}, false
		c.resyncSoon(true)
		return
	case ari.Gap:
		c.gaps++
		c.ready.Store(false)
		c.away = time.Now()
		c.log.Warn("asterisk's event stream broke; bridged audio goes on, a resync follows")
		return
	case ari.CallBroadcast:
		// While it is not known whose calls are whose, a claimed caller would hear nothing but ringing: the dialplan is better.
		if !c.draining && c.fence.open() {
			c.claim(e.Channel.ID)
		}
		return
	case ari.StasisStart:
		c.started(e)
		return
	case ari.BridgeDestroyed:
		switch p := c.names.place(e.Bridge); {
		case p.Line != "":
			c.resyncSoon(true)
		case p.Leg != "":
			c.mediaGone(p.Leg) // its callers leave it, each with an event; without its bridge the leg is no use
		}
		return
	}
	c.noteLeaving(e)
	if a := c.channels[e.Channel.ID]; a != nil {
		c.tell(a, e)
		return
	}
	if c.tellOut(e) || c.tellBeside(e) || c.alarms.tell(e) {
		return
	}
	if leg, ok := c.names.legOfMedia(e.Channel.ID); ok && (e.Kind == ari.ChannelDestroyed || e.Kind == ari.StasisEnd) {
		c.mediaGone(leg)
	}
	if e.Kind == ari.PlaybackFinished {
		c.promptDone(e)
	}
}

// tell translates Asterisk's news of a caller's channel.
func (c *Controller) tell(a *actor, e ari.Event) {
	switch e.Kind {
	case ari.ChannelDtmfReceived:
		a.post(call.Digit{At: now(), Digit: e.Digit})
	case ari.ChannelHangupRequest:
		a.post(call.Leaving{At: now(), Cause: e.Cause})
	case ari.ChannelLeftBridge:
		a.post(call.LeftBridge{At: now(), Place: c.names.place(e.Bridge)})
	case ari.ChannelDestroyed:
		a.post(call.CallerGone{At: now()})
	case ari.StasisEnd:
		a.post(call.StasisEnded{At: now()})
	case ari.PlaybackFinished:
		c.promptDone(e)
	}
}

func (c *Controller) promptDone(e ari.Event) {
	parts := strings.Split(e.Playback, "-") // play-<call>-<n>
	if len(parts) != 3 || parts[0] != "play" {
		return
	}
	if a := c.calls[call.ID(parts[1])]; a != nil {
		a.post(call.PromptDone{At: now(), ID: e.Playback, Failed: e.PlaybackState == "failed"})
	}
}

// claim asks Asterisk for a new call. Another controller that was quicker is no fault.
func (c *Controller) claim(channel string) {
	c.claiming++
	c.beside(func() {
		turn := c.cfg.Bonds.share.turn()
		if turn > 0 && !pause(c.ctx, turn) {
			return
		}
		won, err := c.ari.Claim(c.ctx, channel)
		switch {
		case err != nil:
			c.log.Warn("claim failed; the dialplan's fallback serves the caller", "error", err)
		case !won:
			c.cfg.Bonds.share.lost()
		default:
			c.metrics.claims.Inc()
			if !pause(c.ctx, claimed) {
				return
			}
		}
		c.do(func() {
			c.claiming--
			c.checkDrained()
		})
	})
}

// claimed is how long a caller who was claimed may take to come; a drain waits for that.
const claimed = 500 * time.Millisecond

// started begins the call of a channel that entered our application. Arguments of the dialplan: line, dialled number.
func (c *Controller) started(e ari.Event) {
	if leg, ok := c.names.legOfMedia(e.Channel.ID); ok {
		c.mediaStarted(leg)
		return
	}
	if ours(e.Channel.ID) || c.channels[e.Channel.ID] != nil || strings.HasPrefix(e.Channel.ID, outPrefix) {
		return
	}
	if e.Channel.Vars[call.Variable] != "" {
		c.adopt(e.Channel, call.Place{})
		return
	}
	if len(e.Args) < 2 || c.line(e.Args[0]).ID == "" {
		c.log.Error("a channel came without a line that is known here; the dialplan takes it", "args", len(e.Args))
		c.giveBack(e.Channel.ID)
		return
	}
	cl := call.Call{ID: CallID(e.Channel.ID), Line: e.Args[0], State: call.Arrived, Tier: call.Normal, Arrived: time.Now().UTC()}
	a := newActor(c, e.Channel.ID, cl, e.Args[1], e.Channel.CallerNumber, 1)
	a.origin = e.Channel.Name
	// Nobody else can act on a call whose tag is not written yet: the first renewal writes its lease.
	if hops := e.Channel.Vars[varHops]; hops != "" {
		c.begin(a, call.Relayed{At: now(), Hops: hops, Tier: tierOf(e.Channel.Vars[varTier]), Plan: a.plan()})
		return
	}
	c.begin(a, call.Claimed{At: now(), Plan: a.plan()})
}

func (c *Controller) begin(a *actor, e call.Event) {
	id := a.call.ID
	c.fence.hold(queue.Lease{Call: queue.CallID(id), Owner: c.cfg.ID, Epoch: a.epoch})
	c.calls[id] = a
	if a.channel != "" {
		c.channels[a.channel] = a
	}
	c.count(1)
	a.post(e)
	a.open() // what is known of the caller comes after the call's beginning
	c.fulfil(a)
	c.beside(a.run)
}

// remove forgets a call. over: it ended; otherwise somebody else has it.
func (c *Controller) remove(a *actor, over bool) {
	if c.calls[a.id] == a {
		delete(c.calls, a.id)
		delete(c.channels, a.channel)
		c.count(-1)
		if over {
			c.ended[a.channel] = true // a look at Asterisk that began earlier may still find it
		}
		maps.DeleteFunc(c.besides, func(_ string, of *actor) bool { return of == a })
		for id, o := range c.outs {
			switch {
			case o.actor != a:
			case over:
				c.ended[id] = true
			default:
				delete(c.outs, id) // when the call comes back to us, its new goroutine is to hear of it
			}
		}
	}
	c.checkDrained()
}

func (c *Controller) count(n int) {
	c.live.Add(int64(n))
	c.cfg.Bonds.share.add(n)
	c.metrics.live.Set(float64(len(c.calls)))
}

// fenced: another controller holds the call. Nothing is said to the channel or the index any more.
func (c *Controller) fenced(id call.ID) {
	if a := c.calls[id]; a != nil {
		c.metrics.fenced.Inc()
		a.log.Warn("lease lost to another controller")
		a.cancel()
	}
}

// giveBack hands a channel that is no call of ours to the dialplan.
func (c *Controller) giveBack(channel string) {
	c.beside(func() {
		err := again(c.ctx, 10*time.Second, func(ctx context.Context) (bool, error) {
			err := c.ari.Continue(ctx, channel, FallbackContext, FallbackExtension, 1)
			return refused(err), err
		})
		if err != nil && c.ctx.Err() == nil {
			c.log.Error("channel could not be given to the dialplan", "error", err)
		}
	})
}
