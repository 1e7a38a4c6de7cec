package telephony

import (
	"context"
	"errors"
	"net"
	"strconv"
	"time"

	"hotline/telephony/ari"
	"hotline/telephony/call"
	"hotline/telephony/webrtc"
)

var errOccupied = errors.New("a caller is still in the bridge")

// leg is a counsellor's nailed-up headset: a peer connection in a gateway, and in this Asterisk a mixing bridge with one media channel.
type leg struct {
	webrtc.Leg
	gateway   Gateway
	rtp       string // the gateway's address towards Asterisk
	attaching bool
	started   chan struct{} // closed by the media channel's StasisStart
	cancel    context.CancelFunc
}

// readyLeg is the newest leg of the agent that can be used here, or "".
func (c *Controller) readyLeg(agent string) string {
	c.legsMu.RLock()
	defer c.legsMu.RUnlock()
	var best *leg
	for _, l := range c.legs {
		if l.Agent == agent && l.Ready(c.cfg.Node) && (best == nil || l.Since > best.Since) {
			best = l
		}
	}
	if best == nil {
		return ""
	}
	return best.ID
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
		c.synced[g.ID] = true
		c.resyncSoon() // attaches what is new, reaps what nobody knows
	case webrtc.EventLeg:
		c.legNews(g, e.Leg)
	case webrtc.EventGone:
		c.legGone(e.Leg.ID)
	case webrtc.Lost:
		c.synced[g.ID] = false
		c.log.Warn("a gateway is out of reach; its callers go to hold audio", "gateway", g.ID)
		for id, l := range c.legs {
			if l.gateway.ID == g.ID {
				c.setLegState(l, webrtc.Silent)
				c.lostLeg(id)
			}
		}
	}
}

func (c *Controller) setLegState(l *leg, s webrtc.State) {
	c.legsMu.Lock()
	l.State = s
	c.legsMu.Unlock()
}

// legNews takes note of a leg as its gateway has it now.
func (c *Controller) legNews(g Gateway, news webrtc.Leg) {
	c.legsMu.Lock()
	l := c.legs[news.ID]
	if l == nil {
		l = &leg{gateway: g, started: make(chan struct{})}
		c.legs[news.ID] = l
	}
	l.Leg = news
	l.rtp = c.rtps[g.ID]
	c.legsMu.Unlock()
	c.metrics.legs.Set(float64(len(c.legs)))

	switch {
	case l.Ready(c.cfg.Node):
		for _, a := range c.calls {
			a.post(call.LegReady{At: now(), Agent: l.Agent, Leg: news.ID})
		}
	case news.State == webrtc.Silent:
		c.lostLeg(news.ID)
	case news.State == webrtc.Connected:
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
	go c.detach(id)
}

// detach takes a leg's objects down, after the caller has had time to leave them: a bridge destroyed under a caller would be silence.
func (c *Controller) detach(id string) {
	ctx, cancel := context.WithTimeout(c.ctx, 10*time.Second)
	defer cancel()
	if err := c.ari.Hangup(ctx, mediaChannel(id), "normal"); err != nil && !ari.IsNotFound(err) {
		c.log.Warn("media channel of a gone leg stays until the next resync", "leg", id, "error", err)
	}
	_ = again(ctx, 5*time.Second, func(ctx context.Context) (bool, error) {
		b, err := c.ari.BridgeGet(ctx, legBridge(id))
		if err != nil {
			return true, err // gone, or asterisk is: the next resync looks again
		}
		if len(b.Channels) > 0 {
			return false, errOccupied
		}
		return true, c.ari.DestroyBridge(ctx, b.ID)
	})
}

// attach makes the leg's bridge and media channel in this Asterisk and tells the gateway where to send.
func (c *Controller) attach(l *leg) {
	if l.attaching || l.rtp == "" {
		return
	}
	l.attaching = true
	ctx, cancel := context.WithTimeout(c.ctx, 10*time.Second)
	l.cancel = cancel
	id, agent, rtp, started, g := l.ID, l.Agent, l.rtp, l.started, l.gateway
	format := "alaw"
	switch l.Codec {
	case "PCMU":
		format = "ulaw"
	case "opus":
		format = "opus"
	}
	go func() {
		defer cancel()
		began := time.Now()
		err := again(ctx, 0, func(ctx context.Context) (bool, error) {
			return false, c.attachOnce(ctx, g, id, agent, rtp, format, started)
		})
		c.do(func() { l.attaching = false })
		if err != nil {
			c.log.Error("leg could not be attached", "leg", id, "error", err)
			return
		}
		c.metrics.attach.Observe(time.Since(began).Seconds())
	}()
}

func (c *Controller) attachOnce(ctx context.Context, g Gateway, id, agent, rtp, format string, started chan struct{}) error {
	if err := c.ari.CreateBridge(ctx, legBridge(id), "mixing", agent); err != nil {
		return err
	}
	ch := mediaChannel(id)
	// Chosen ids make a repeat collide; what collides was made by us and is as good.
	made, err := c.ari.ExternalMedia(ctx, ch, rtp, format)
	if err != nil && !ari.IsConflict(err) {
		if _, there := c.ari.ChannelGet(ctx, ch); there != nil {
			return err
		}
	}
	// A channel that is not yet in the application cannot enter a bridge (422).
	select {
	case <-started:
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(time.Second): // adopted: its start was told to an earlier life of ours
	}
	if err := c.ari.AddChannel(ctx, legBridge(id), ch); err != nil {
		return err
	}
	host, port := made.LocalAddress, strconv.Itoa(made.LocalPort)
	if host == "" {
		if host, err = c.ari.GetVar(ctx, ch, "UNICASTRTP_LOCAL_ADDRESS"); err != nil {
			return err
		}
		if port, err = c.ari.GetVar(ctx, ch, "UNICASTRTP_LOCAL_PORT"); err != nil {
			return err
		}
	}
	return g.Client.SetAsterisk(ctx, id, c.cfg.Node, net.JoinHostPort(host, port))
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

// mediaGone: Asterisk took the media channel of a leg down (it was restarted, or somebody hung it up); the leg is attached anew.
func (c *Controller) mediaGone(id string) {
	l := c.legs[id]
	if l == nil {
		return
	}
	c.lostLeg(id)
	c.reattach(l)
}

func (c *Controller) reattach(l *leg) {
	if l.attaching {
		return
	}
	c.legsMu.Lock()
	l.started = make(chan struct{})
	nodes := l.Nodes[:0:0]
	for _, n := range l.Nodes {
		if n != c.cfg.Node {
			nodes = append(nodes, n)
		}
	}
	l.Nodes = nodes
	c.legsMu.Unlock()
	if l.State == webrtc.Connected {
		c.attach(l)
	}
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

// resyncLegs attaches legs whose media channel is missing and reaps media channels that no gateway knows (left by a crash). Reaping waits until
// every gateway has said what it has.
func (c *Controller) resyncLegs(media map[string]bool) {
	for id, l := range c.legs {
		if l.State == webrtc.Connected && !media[id] {
			c.reattach(l)
		}
	}
	if !c.allSynced() {
		return
	}
	for id := range media {
		if c.legs[id] == nil {
			c.metrics.reaped.Inc()
			go c.detach(id)
		}
	}
}
