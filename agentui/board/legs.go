package board

import (
	"slices"
	"time"

	"hotline/queue"
)

// Reasons for which a leg is gone that no gateway gives.
const (
	GoneGatewayLost = "gateway_lost" // the connection to its gateway broke: every leg of it is taken to be gone
	GoneUnknown     = "unknown"      // no gateway knows it
)

// GatewayUp takes a gateway's snapshot of its legs: those that it does not list are gone.
func (b *Board) GatewayUp(gateway string, legs []Leg) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.gateways[gateway] = true
	listed := make(map[string]bool, len(legs))
	for _, l := range legs {
		listed[l.ID] = true
		l.Gateway = gateway
		b.putLeg(l)
	}
	for id, l := range b.legs {
		if l.Gateway == gateway && !listed[id] {
			b.dropLeg(id, GoneUnknown)
		}
	}
}

// GatewayDown takes every leg of a gateway as gone.
func (b *Board) GatewayDown(gateway string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.gateways, gateway)
	for id, l := range b.legs {
		if l.Gateway == gateway {
			b.dropLeg(id, GoneGatewayLost)
		}
	}
}

// Gateways tells how many legs each connected gateway has.
func (b *Board) Gateways() map[string]int {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := make(map[string]int, len(b.gateways))
	for id := range b.gateways {
		n[id] = 0
	}
	for _, l := range b.legs {
		if b.gateways[l.Gateway] {
			n[l.Gateway]++
		}
	}
	return n
}

// ExpectLeg notes a leg that is about to be made, so that it counts and so that it is gone when its gateway is. False: the gateway is not
// connected.
func (b *Board) ExpectLeg(gateway, id string, agent queue.AgentID) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.gateways[gateway] {
		return false
	}
	b.putLeg(Leg{ID: id, Gateway: gateway, Agent: agent, State: LegConnecting})
	return true
}

// PutLeg takes the news of a leg.
func (b *Board) PutLeg(l Leg) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.putLeg(l)
}

// DropLeg takes the news that a leg is gone.
func (b *Board) DropLeg(id, reason string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.dropLeg(id, reason)
}

// Leg returns a leg.
func (b *Board) Leg(id string) (Leg, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	l := b.legs[id]
	if l == nil {
		return Leg{}, false
	}
	return l.Leg, true
}

// SetQuality takes a measurement of a leg. Watchers are told at most once in Config.QualityEvery.
func (b *Board) SetQuality(id string, q Quality, now time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	l := b.legs[id]
	if l == nil {
		return
	}
	l.quality = &q
	if c := b.agents[l.Agent].Call; c != "" {
		b.renew(c, false)
	}
	if now.Sub(l.shown) < b.cfg.QualityEvery {
		return
	}
	l.shown = now
	if c := b.agents[l.Agent].Call; c != "" && b.calls[c].Agent == l.Agent {
		b.touchCall(c)
		b.touchAgent(l.Agent)
	}
}

func (b *Board) putLeg(l Leg) {
	l.Nodes = slices.Clone(l.Nodes)
	if had := b.legs[l.ID]; had != nil {
		had.Leg = l
	} else {
		b.legs[l.ID] = &leg{Leg: l}
	}
	// Legs are ULIDs: the greatest is the newest.
	if m := b.media[l.Agent]; l.ID >= m.leg || b.legs[m.leg] == nil {
		b.media[l.Agent] = media{leg: l.ID}
	}
	b.touchAgent(l.Agent)
	b.touchCallOf(l.Agent)
}

func (b *Board) dropLeg(id, reason string) {
	l := b.legs[id]
	if l == nil {
		return
	}
	delete(b.legs, id)
	if b.media[l.Agent].leg == id {
		if _, signedIn := b.agents[l.Agent]; signedIn {
			b.media[l.Agent] = media{lost: reason != "closed"}
		} else {
			delete(b.media, l.Agent)
		}
	}
	for w := range b.watchers {
		if w.self == l.Agent {
			w.legGone(id, reason)
		}
	}
	b.touchAgent(l.Agent)
	b.touchCallOf(l.Agent)
}

func (b *Board) touchCallOf(id queue.AgentID) {
	if c := b.agents[id].Call; c != "" {
		b.touchCall(c)
	}
}
