package agentui

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"hotline/agentui/board"
	"hotline/queue"
)

const (
	gatewayRetry  = 200 * time.Millisecond
	settleTimeout = 2 * time.Second
)

// gateways follows the news of every gateway and chooses one for a new leg.
type gateways struct {
	clients map[string]Gateway
	board   *board.Board
	metrics *metrics
	trouble *troubles
	log     *slog.Logger
	patient time.Time // until then a gateway that has not spoken may only be slow to start

	mu      sync.Mutex
	waiting map[string]bool // gateways that have not spoken yet
	settled chan struct{}   // closed when every gateway has spoken once
}

func newGateways(clients map[string]Gateway, b *board.Board, m *metrics, t *troubles, log *slog.Logger) *gateways {
	g := &gateways{clients: clients, board: b, metrics: m, trouble: t, log: log, waiting: map[string]bool{}, settled: make(chan struct{})}
	g.patient = time.Now().Add(settleTimeout)
	for id := range clients {
		g.waiting[id] = true
	}
	if len(clients) == 0 {
		close(g.settled)
	}
	return g
}

func (g *gateways) run(ctx context.Context) {
	var all sync.WaitGroup
	all.Go(func() {
		g.settle(ctx)
		g.count()
	})
	for id, client := range g.clients {
		all.Go(func() { g.follow(ctx, id, client) })
	}
	all.Wait()
}

func (g *gateways) follow(ctx context.Context, id string, client Gateway) {
	for ctx.Err() == nil {
		err := client.Follow(ctx, func(e LegEvent) { g.news(id, e) })
		if ctx.Err() != nil {
			return
		}
		g.down(id)
		g.log.Warn("a gateway is away", "gateway", id, "error", err)
		pause(ctx, gatewayRetry)
	}
}

func (g *gateways) news(id string, e LegEvent) {
	switch e.Type {
	case LegSnapshot:
		legs := make([]board.Leg, 0, len(e.Legs))
		for _, l := range e.Legs {
			legs = append(legs, asLeg(id, l))
		}
		g.board.GatewayUp(id, legs)
		g.spoke(id)
	case LegChanged:
		g.board.PutLeg(asLeg(id, e.Leg))
	case LegGone:
		g.board.DropLeg(e.Leg.ID, e.Reason)
	case LegQuality:
		g.board.SetQuality(e.Leg.ID, board.Quality(e.Quality), time.Now())
	case LegsUnknown:
		g.down(id)
	}
}

func asLeg(gateway string, l LegInfo) board.Leg {
	return board.Leg{ID: l.ID, Gateway: gateway, Agent: queue.AgentID(l.Agent), State: board.LegState(l.State), Nodes: l.Nodes}
}

func (g *gateways) down(id string) {
	g.board.GatewayDown(id)
	g.count()
}

// count looks how many gateways are connected: none is trouble, except just after our start, when they may only be slow to speak.
func (g *gateways) count() {
	early := false
	select {
	case <-g.settled:
	default:
		early = time.Now().Before(g.patient)
	}
	g.trouble.update(func() {
		n := len(g.board.Gateways())
		g.metrics.gatewaysUp.Set(float64(n))
		g.trouble.gateway = n == 0 && !early
	})
}

func (g *gateways) spoke(id string) {
	g.count()
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.waiting[id] {
		delete(g.waiting, id)
		if len(g.waiting) == 0 {
			close(g.settled)
		}
	}
}

// settle waits until every gateway has spoken since the start, at most until 2 s after it: a gateway may be away for long.
func (g *gateways) settle(ctx context.Context) {
	t := time.NewTimer(time.Until(g.patient))
	defer t.Stop()
	select {
	case <-g.settled:
	case <-t.C:
	case <-ctx.Done():
	}
}

// choose returns the connected gateway with the fewest legs.
func (g *gateways) choose() (id string, client Gateway, ok bool) {
	legs := g.board.Gateways()
	least := -1
	for _, candidate := range slices.Sorted(maps.Keys(legs)) {
		if c := g.clients[candidate]; c != nil && (least < 0 || legs[candidate] < least) {
			id, client, least, ok = candidate, c, legs[candidate], true
		}
	}
	return id, client, ok
}
