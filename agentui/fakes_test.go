package agentui

import (
	"context"
	"errors"
	"slices"
	"sync"

	"hotline/agentui/page"
	"hotline/crisis"
)

// auditLog keeps the audit trail in memory.
type auditLog struct {
	mu      sync.Mutex
	entries []page.Entry
	fail    error
}

func (a *auditLog) Append(_ context.Context, e page.Entry) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.fail != nil {
		return a.fail
	}
	a.entries = append(a.entries, e)
	return nil
}

func (a *auditLog) of(action string) (found []page.Entry) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, e := range a.entries {
		if e.Action == action {
			found = append(found, e)
		}
	}
	return found
}

// callTree is whom an incident alerts.
type callTree struct {
	mu    sync.Mutex
	rungs []crisis.Rung
}

func (c *callTree) set(users ...string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.rungs = nil
	for _, u := range users {
		c.rungs = append(c.rungs, crisis.Rung{User: u, Via: crisis.ViaConsole, Why: crisis.WhySignedIn})
	}
}

func (c *callTree) CallTree(context.Context, crisis.Tree) ([]crisis.Rung, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.rungs), nil
}

var errNoMedia = errors.New("no media")

// fakeGateway keeps legs as a gateway does, without media.
type fakeGateway struct {
	mu        sync.Mutex
	legs      map[string]LegInfo
	followers map[chan LegEvent]struct{}
	broken    chan struct{} // closed: connections break
	suspects  []string
	closes    []string
	hold      chan struct{} // when set, CreateLeg waits for it
	fail      error
	away      bool // it takes no connection
}

func newFakeGateway() *fakeGateway {
	return &fakeGateway{legs: map[string]LegInfo{}, followers: map[chan LegEvent]struct{}{}, broken: make(chan struct{})}
}

func (g *fakeGateway) tell(e LegEvent) {
	for f := range g.followers {
		f <- e
	}
}

func (g *fakeGateway) CreateLeg(ctx context.Context, leg, agent, _ string) (string, error) {
	g.mu.Lock()
	hold := g.hold
	g.mu.Unlock()
	if hold != nil {
		select {
		case <-hold:
		case <-ctx.Done():
			return "", ctx.Err()
		}
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.fail != nil {
		return "", g.fail
	}
	g.legs[leg] = LegInfo{ID: leg, Agent: agent, State: "connecting"}
	g.tell(LegEvent{Type: LegChanged, Leg: g.legs[leg]})
	return "answer", nil
}

func (g *fakeGateway) Restart(_ context.Context, leg, _ string) (string, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if _, ok := g.legs[leg]; !ok {
		return "", errors.New("no such leg")
	}
	return "restarted", nil
}

func (g *fakeGateway) Suspect(_ context.Context, leg string) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.suspects = append(g.suspects, leg)
	return nil
}

func (g *fakeGateway) CloseLeg(_ context.Context, leg string) error {
	g.mu.Lock()
	g.closes = append(g.closes, leg)
	g.mu.Unlock()
	g.end(leg, "closed")
	return nil
}

// end ends a leg for a reason.
func (g *fakeGateway) end(leg, reason string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if l, ok := g.legs[leg]; ok {
		delete(g.legs, leg)
		g.tell(LegEvent{Type: LegGone, Leg: l, Reason: reason})
	}
}

// connect lets media flow and attaches the leg to nodes.
func (g *fakeGateway) connect(leg string, nodes ...string) { g.set(leg, "connected", nodes) }

// silence stops the media.
func (g *fakeGateway) silence(leg string) { g.set(leg, "silent", []string{"node-1"}) }

func (g *fakeGateway) set(leg, state string, nodes []string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	l := g.legs[leg]
	l.State, l.Nodes = state, nodes
	g.legs[leg] = l
	g.tell(LegEvent{Type: LegChanged, Leg: l})
}

func (g *fakeGateway) measure(leg string, m LegMeasure) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.tell(LegEvent{Type: LegQuality, Leg: LegInfo{ID: leg}, Quality: m})
}

// die breaks every connection and forgets the legs, as a process that was killed and started again.
func (g *fakeGateway) die() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.legs = map[string]LegInfo{}
	close(g.broken)
	g.broken = make(chan struct{})
}

// leave dies and stays away until back is called.
func (g *fakeGateway) leave() {
	g.mu.Lock()
	g.away = true
	g.mu.Unlock()
	g.die()
}

func (g *fakeGateway) back() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.away = false
}

func (g *fakeGateway) has(leg string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	_, ok := g.legs[leg]
	return ok
}

func (g *fakeGateway) suspected(leg string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.Contains(g.suspects, leg)
}

func (g *fakeGateway) Follow(ctx context.Context, fn func(LegEvent)) error {
	news := make(chan LegEvent, 1000)
	g.mu.Lock()
	if g.away {
		g.mu.Unlock()
		return errors.New("nobody is there")
	}
	first := LegEvent{Type: LegSnapshot}
	for _, l := range g.legs {
		first.Legs = append(first.Legs, l)
	}
	g.followers[news] = struct{}{}
	broken := g.broken
	g.mu.Unlock()
	defer func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		delete(g.followers, news)
	}()
	fn(first)
	for {
		select {
		case e := <-news:
			fn(e)
		case <-broken:
			return errors.New("the gateway died")
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
