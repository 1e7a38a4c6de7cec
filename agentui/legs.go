package agentui

import (
	"context"

	"hotline/agentui/board"
	"hotline/agentui/protocol"
)

// resumeLeg takes the leg that a browser says it still has. One that nobody knows is told lost; one of ours that it no longer has is closed,
// so that the caller hears hold audio at once and not after a timeout.
func (d *desk) resumeLeg(named string) {
	if named == d.leg.id {
		return
	}
	d.dropLeg()
	d.muted = false
	if named == "" {
		return
	}
	if l, ok := d.s.board.Leg(named); ok && l.Agent == d.user.ID {
		d.leg = deskLeg{id: named, gateway: d.s.gateways.clients[l.Gateway]}
		return
	}
	d.mediaLost = true
	d.lostLegs = append(d.lostLegs, protocol.NewLegLost(named, board.GoneUnknown))
}

// dropLeg closes the headset.
func (d *desk) dropLeg() {
	if d.leg.id != "" {
		d.errand(func(ctx context.Context, g Gateway, leg string) error { return g.CloseLeg(ctx, leg) })
	}
	d.leg, d.making, d.mediaLost = deskLeg{}, "", false
}

// makeLeg asks a gateway for a new headset; the answer comes back as legMade.
func (d *desk) makeLeg(ctx context.Context, m protocol.Leg) {
	if d.making != "" {
		d.refuse(m.ID, protocol.LegPending)
		return
	}
	d.member = true
	name, client, ok := d.s.gateways.choose()
	id := newID()
	if !ok || !d.s.board.ExpectLeg(name, id, d.user.ID) {
		d.s.metrics.legs.WithLabelValues("no_gateway").Inc()
		d.refuse(m.ID, protocol.NoGateway)
		return
	}
	d.dropLeg()
	d.leg, d.making = deskLeg{id: id, gateway: client}, id
	tab := d.tab
	d.aside(func(wait context.Context) {
		answer, err := client.CreateLeg(wait, id, string(d.user.ID), m.Offer)
		made := legMade{tab: tab, id: m.ID, leg: id, via: client, answer: answer, err: err}
		if !d.post(ctx, made) && err == nil {
			d.closeStray(client, id)
		}
	})
}

func (d *desk) legMade(m legMade) {
	ours := d.leg.id == m.leg
	if d.making == m.leg {
		d.making = ""
	}
	switch {
	case m.err != nil:
		d.log.Warn("a gateway made no leg", "leg", m.leg, "error", m.err)
		d.s.metrics.legs.WithLabelValues("failed").Inc()
		if ours {
			d.leg = deskLeg{}
		}
		d.s.board.DropLeg(m.leg, "closed")
		m.tab.out.send(protocol.NewError(m.id, protocol.LegFailed, nil))
	case !ours:
		d.s.metrics.legs.WithLabelValues("superseded").Inc()
		d.aside(func(context.Context) { d.closeStray(m.via, m.leg) })
		m.tab.out.send(protocol.NewError(m.id, protocol.LegFailed, nil))
	default:
		d.s.metrics.legs.WithLabelValues("made").Inc()
		m.tab.out.send(protocol.NewAck(m.id, protocol.LegResult{Leg: m.leg, Answer: m.answer}))
	}
}

func (d *desk) restartLeg(m protocol.LegRestart) {
	if m.Leg != d.leg.id || d.making != "" {
		d.refuse(m.ID, protocol.LegUnknown)
		return
	}
	tab, client := d.tab, d.leg.gateway
	d.aside(func(ctx context.Context) {
		answer, err := client.Restart(ctx, m.Leg, m.Offer)
		if err != nil {
			d.log.Warn("a gateway restarted no leg", "leg", m.Leg, "error", err)
			tab.out.send(protocol.NewError(m.ID, protocol.LegFailed, nil))
			return
		}
		tab.out.send(protocol.NewAck(m.ID, protocol.LegResult{Leg: m.Leg, Answer: answer}))
	})
}

// legGone takes the news that the headset ended by itself.
func (d *desk) legGone(id, reason string) {
	if id != d.leg.id {
		return
	}
	d.leg, d.mediaLost = deskLeg{}, true
	d.lostLegs = append(d.lostLegs, protocol.NewLegLost(id, reason))
}

func (d *desk) media() protocol.Media {
	l, ok := d.s.board.Leg(d.leg.id)
	switch {
	case d.leg.id == "" && d.mediaLost, ok && l.State == board.LegSilent:
		return protocol.MediaLost
	case d.leg.id == "":
		return protocol.MediaNone
	case ok && l.Ready():
		return protocol.MediaReady
	}
	return protocol.MediaConnecting
}

// errand asks the gateway of the present leg for something whose outcome only the log needs.
func (d *desk) errand(fn func(ctx context.Context, g Gateway, leg string) error) {
	client, leg := d.leg.gateway, d.leg.id
	if client == nil {
		return
	}
	d.aside(func(ctx context.Context) {
		if err := fn(ctx, client, leg); err != nil {
			d.log.Warn("a gateway did not answer", "leg", leg, "error", err)
		}
	})
}

// aside runs fn beside the desk, which must not wait for gateways and browsers.
func (d *desk) aside(fn func(context.Context)) {
	d.s.running.Add(1) // from the desk's own goroutine, which is counted already
	go func() {
		defer d.s.running.Done()
		ctx, cancel := context.WithTimeout(d.s.life, gatewayTimeout)
		defer cancel()
		fn(ctx)
	}()
}

func (d *desk) closeStray(client Gateway, leg string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(d.s.life), queueTimeout)
	defer cancel()
	if err := client.CloseLeg(ctx, leg); err != nil {
		d.log.Warn("a leg that nobody wants was not closed", "leg", leg, "error", err)
	}
}
