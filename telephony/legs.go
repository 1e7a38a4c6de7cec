package telephony

import (
	"context"
	"errors"
	"net"
	"slices"
	"time"

	"hotline/telephony/ari"
	"hotline/telephony/call"
	"hotline/telephony/webrtc"
)

var errOccupied = errors.New("a caller is still in the bridge")

// leg is a counsellor's nailed-up headset: a peer connection in a gateway, and in this Asterisk a mixing bridge with one media channel.
type leg struct {
	webrtc.Leg
	gateway Gateway
	rtp     string // the gateway's address towards Asterisk

	// attachment numbers the media channel that is in the bridge; 0: there is none that we know of. The gateway's word alone does not make a leg
	// ready: it hears of a media channel that died only from us.
	attachment int64
	attaching  bool
	died       bool          // while it was being attached
	started    chan struct{} // closed by the media channel's StasisStart
	cancel     context.CancelFunc

	loan loan // where the media channel is
}

// ready says that a caller who is moved to the leg hears and is heard.
func (l *leg) ready(route string) bool { return l.attachment != 0 && l.Ready(route) }

// readyLeg is the newest leg of the agent that can be used here, or "". Also one whose channel is lent to another talk is: it comes back when a
// caller is joined to it.
func (c *Controller) readyLeg(agent string) string {
	best := ""
	for id, l := range c.legs {
		if l.Agent == agent && l.ready(c.route) && id > best { // ids are ULIDs
			best = id
		}
	}
	return best
}

// deaf says that nobody can be at the other end of a leg.
func (c *Controller) deaf(id string) bool {
	if l := c.legs[id]; l != nil {
		return l.State == webrtc.Silent
	}
	for _, g := range c.gateways {
		if !c.told[g.ID] {
			return false // it may be there, unheard of
		}
	}
	return true
}

// seekLeg tells a call of its agent's leg, if that can be used.
func (c *Controller) seekLeg(a *actor, agent string) {
	if leg := c.readyLeg(agent); leg != "" {
		a.post(call.LegReady{At: now(), Agent: agent, Leg: leg})
	}
}

// gatewayOf is the gateway that holds the leg, or nil.
func (c *Controller) gatewayOf(id string) *Gateway {
	c.legsMu.RLock()
	defer c.legsMu.RUnlock()
	if l := c.legs[id]; l != nil {
		g := l.gateway
		return &g
	}
	return nil
}

func (c *Controller) recordingOf(id string) string {
	c.legsMu.RLock()
	defer c.legsMu.RUnlock()
	if l := c.legs[id]; l != nil {
		return l.Recording
	}
	return ""
}

func (c *Controller) followGateway(ctx context.Context, g Gateway) {
	err := g.Client.Follow(ctx, func(e webrtc.Event) error {
		c.do(func() { c.onGateway(g, e) })
		return nil
	})
	if err != nil && ctx.Err() == nil {
		c.log.Error("the gateway's stream ended", "gateway", g.ID, "error", err)
	}
}

func (c *Controller) onGateway(g Gateway, e webrtc.Event) {
	switch e.Type {
	case webrtc.EventSnapshot:
		known := map[string]bool{}
		c.rtps[g.ID] = e.RTP
		for _, l := range e.Legs {
			known[l.ID] = true
			c.legNews(g, l)
		}
		for id, l := range c.legs {
			if l.gateway.ID == g.ID && !known[id] {
				c.legGone(id)
			}
		}
		c.synced[g.ID], c.told[g.ID] = true, true
		c.resyncSoon(false) // finds callers in legs that are no more, reaps what nobody knows
	case webrtc.EventLeg:
		c.legNews(g, e.Leg)
	case webrtc.EventGone:
		c.legGone(e.Leg.ID)
	case webrtc.Lost:
		c.synced[g.ID], c.told[g.ID] = false, true
		c.log.Warn("a gateway is out of reach; its callers go to hold audio", "gateway", g.ID)
		for id, l := range c.legs {
			if l.gateway.ID == g.ID {
				c.legsMu.Lock()
				l.State = webrtc.Silent
				c.legsMu.Unlock()
				c.lostLeg(id)
			}
		}
		c.resyncSoon(false) // also callers whom an earlier life left in its legs
	}
}

// legNews takes note of a leg as its gateway has it now.
func (c *Controller) legNews(g Gateway, news webrtc.Leg) {
	l := c.legs[news.ID]
	if l == nil {
		l = &leg{gateway: g, started: make(chan struct{})}
	}
	was, state := l.ready(c.route), l.State
	c.legsMu.Lock()
	l.Leg, l.rtp = news, c.rtps[g.ID]
	c.legs[news.ID] = l
	c.legsMu.Unlock()
	c.metrics.legs.Set(float64(len(c.legs)))
	c.judge(l, was)
	if state != webrtc.Silent && l.State == webrtc.Silent && !was {
		c.lostLeg(l.ID) // also a leg that was never ready here: a caller may have been left in it
	}
}

// judge tells the calls when a leg became usable or is no more, and mends it when that is ours to do.
func (c *Controller) judge(l *leg, was bool) {
	is := l.ready(c.route)
	switch {
	case is && !was:
		if best := c.readyLeg(l.Agent); best == l.ID {
			for _, a := range c.calls {
				a.post(call.LegReady{At: now(), Agent: l.Agent, Leg: l.ID})
			}
		}
	case was && !is:
		c.lostLeg(l.ID)
	}
	if !is && l.State == webrtc.Connected {
		c.attach(l)
	}
}

func (c *Controller) lostLeg(id string) {
	for _, a := range c.calls {
		a.post(call.LegLost{At: now(), Leg: id})
	}
}

func (c *Controller) legGone(id string) {
	l := c.legs[id]
	if l == nil {
		return
	}
	c.lostLeg(id)
	c.legsMu.Lock()
	delete(c.legs, id)
	c.legsMu.Unlock()
	c.metrics.legs.Set(float64(len(c.legs)))
	if l.cancel != nil {
		l.cancel()
	}
	c.detach(id)
}

// detach takes a leg's objects down, after the caller has had time to leave them: a bridge destroyed under a caller would be silence.
func (c *Controller) detach(id string) {
	c.beside(func() {
		ctx, cancel := context.WithTimeout(c.ctx, 10*time.Second)
		defer cancel()
		if err := c.ari.Hangup(ctx, c.names.media(id), "normal"); err != nil && ctx.Err() == nil {
			c.log.Warn("media channel of a gone leg stays until the next resync", "leg", id, "error", err)
		}
		_ = again(ctx, 5*time.Second, func(ctx context.Context) (bool, error) {
			b, err := c.ari.BridgeGet(ctx, c.names.leg(id))
			if err != nil {
				return true, err // gone, or asterisk is: the next resync looks again
			}
			if len(b.Channels) > 0 {
				return false, errOccupied
			}
			return true, c.ari.DestroyBridge(ctx, b.ID)
		})
	})
}

// attach makes the leg's bridge and media channel in this Asterisk and tells the gateway where to send.
func (c *Controller) attach(l *leg) {
	if l.attaching || l.rtp == "" || !c.ready.Load() { // the look that follows Connected attaches what is not
		return
	}
	l.attaching, l.died = true, false
	ctx, cancel := context.WithTimeout(c.ctx, 10*time.Second)
	l.cancel = cancel
	at := attaching{Gateway: l.gateway, leg: l.ID, agent: l.Agent, rtp: l.rtp, format: format(l.Codec), started: l.started}
	c.beside(func() {
		defer cancel()
		began := time.Now()
		err := again(ctx, 0, func(ctx context.Context) (bool, error) { return false, c.attachOnce(ctx, at) })
		if err == nil {
			c.metrics.attach.Observe(time.Since(began).Seconds())
		} else if ctx.Err() == nil {
			c.log.Error("leg could not be attached; the next look tries again", "leg", at.leg, "error", err)
		}
		c.do(func() { c.attached(l, err) })
	})
}

func format(codec string) string {
	switch codec {
	case webrtc.PCMU:
		return "ulaw"
	case webrtc.Opus:
		return "opus"
	}
	return "alaw"
}

// attached takes note of an attachment that was made or failed.
func (c *Controller) attached(l *leg, err error) {
	was := l.ready(c.route)
	l.attaching = false
	if c.legs[l.ID] != l || err != nil {
		return
	}
	c.legsMu.Lock()
	if !l.died {
		c.attachCount++
		l.attachment = c.attachCount
		// The gateway tells only what changed, and it may have known this address before.
		if !slices.Contains(l.Nodes, c.route) {
			l.Nodes = append(slices.Clone(l.Nodes), c.route)
		}
	}
	c.legsMu.Unlock()
	c.judge(l, was)
}

// attaching is what an attachment is made of, apart from the loop.
type attaching struct {
	Gateway
	leg, agent, rtp, format string
	started                 chan struct{}
}

func (c *Controller) attachOnce(ctx context.Context, at attaching) error {
	id, ch := c.names.leg(at.leg), c.names.media(at.leg)
	b, err := c.ari.BridgeGet(ctx, id)
	if ari.IsNotFound(err) {
		err = c.ari.CreateBridge(ctx, id, "mixing", at.agent)
	}
	if err != nil {
		return err
	}
	// What an earlier life of ours left in its place stays there: taking it out and in again would be heard.
	if !slices.Contains(b.Channels, ch) {
		if away, err := c.lentBefore(ctx, at.leg); err != nil || away {
			return errors.Join(err, c.address(ctx, at))
		}
		if _, err := c.ari.ExternalMedia(ctx, ch, at.rtp, at.format); err != nil {
			return err
		}
		// A channel that is not yet in the application cannot enter a bridge (422).
		select {
		case <-at.started:
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Second): // its start was told to an earlier life of ours
		}
		if err := c.ari.AddChannel(ctx, id, ch); err != nil {
			return err
		}
	}
	return c.address(ctx, at)
}

// address tells the gateway where the media channel receives.
func (c *Controller) address(ctx context.Context, at attaching) error {
	ch := c.names.media(at.leg)
	host, err := c.ari.GetVar(ctx, ch, "UNICASTRTP_LOCAL_ADDRESS")
	if err != nil {
		return err
	}
	port, err := c.ari.GetVar(ctx, ch, "UNICASTRTP_LOCAL_PORT")
	if err != nil {
		return err
	}
	return at.Client.SetAsterisk(ctx, at.leg, c.route, net.JoinHostPort(host, port))
}

func (c *Controller) mediaStarted(id string) {
	c.legsMu.Lock()
	defer c.legsMu.Unlock()
	if l := c.legs[id]; l != nil {
		select {
		case <-l.started:
		default:
			close(l.started)
		}
	}
}

// mediaGone: Asterisk took the media channel or the bridge of a leg down (it was restarted, or somebody hung it up); the leg is attached anew.
func (c *Controller) mediaGone(id string) {
	l := c.legs[id]
	if l == nil {
		return
	}
	was := l.ready(c.route)
	if l.attaching {
		l.died = true
	}
	c.legsMu.Lock()
	l.attachment = 0
	l.started = make(chan struct{})
	c.legsMu.Unlock()
	l.loan.set("")
	c.judge(l, was)
}

// attachments are the legs that are attached.
func (c *Controller) attachments() map[string]int64 {
	m := map[string]int64{}
	for id, l := range c.legs {
		if l.attachment != 0 {
			m[id] = l.attachment
		}
	}
	return m
}

// allSynced says that every gateway has told which legs it has.
func (c *Controller) allSynced() bool {
	for _, g := range c.gateways {
		if !c.synced[g.ID] {
			return false
		}
	}
	return true
}

// compareLegs attaches legs whose media channel is not in its place, and reaps what no gateway knows (left by a crash). Reaping waits until every
// gateway has said what it has.
func (c *Controller) compareLegs(v *view) {
	for id, l := range c.legs {
		if at := v.legs[id]; at != 0 && at == l.attachment && !c.inPlace(v, l) {
			c.mediaGone(id)
		} else if l.State == webrtc.Connected && !l.ready(c.route) {
			c.attach(l)
		}
	}
	if !c.allSynced() {
		return
	}
	orphans := map[string]bool{}
	for _, ch := range v.channels {
		if id, ok := c.names.legOfMedia(ch.ID); ok && c.legs[id] == nil {
			orphans[id] = true
		}
	}
	for _, p := range v.bridges {
		if p.Leg != "" && c.legs[p.Leg] == nil {
			orphans[p.Leg] = true
		}
	}
	for id := range orphans {
		c.metrics.reaped.Inc()
		c.detach(id)
	}
}
