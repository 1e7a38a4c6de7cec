package main

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"hotline/deploy/prompts"
	"hotline/telephony"
)

// runController runs controller n: on every node under its own id, and under that of a peer that died.
func runController(ctx context.Context, c Config, n int, log *slog.Logger) error {
	reg := registry()
	if err := prompts.Check(c.sounds(), nil); err != nil {
		return fmt.Errorf("prompts cannot be played, which would be silence: %w", err)
	}
	c, inForce, mode := c.remembered()
	first, _ := c.callLines(inForce, mode.On)
	q, rdb, err := c.queue(reg)
	if err != nil {
		return err
	}
	defer rdb.Close()
	rules := c.callbackRules()
	books, err := c.ledger(rules, reg)
	if err != nil {
		return err
	}
	gateways, err := c.gatewayClients()
	if err != nil {
		return err
	}
	journal, err := c.journal(log)
	if err != nil {
		return err
	}
	nodes := map[string]node{}
	for _, n := range c.nodes() {
		nodes[n.id()] = n
	}
	fleet, err := telephony.NewFleet(telephony.FleetConfig{
		Owner: controllerID(n), Nodes: ids(c.nodes()), Lines: first,
		Make: func(owner, on string, lines []telephony.Line, bonds telephony.Bonds) (*telephony.Controller, func(), error) {
			log := log.With("node", on, "owner", owner)
			figures := &figures{of: prometheus.WrapRegistererWith(prometheus.Labels{"node": on, "owner": owner}, reg)}
			client, err := c.asteriskClient(nodes[on], telephony.App(owner), log, figures)
			if err != nil {
				return nil, nil, err
			}
			release := func() {
				client.Close()
				figures.remove()
			}
			ctl, err := telephony.New(telephony.Config{ID: owner, Node: on, Lines: lines, Bonds: bonds, ReturnWait: c.ReturnWait, RedialWait: c.AtRisk.Kept, Promises: books, Outbound: c.outbound(books), Alerts: c.alerting(ringing{books})},
				client, q, books, gateways, log, figures, journal)
			if err != nil {
				release()
			}
			return ctl, release, err
		},
	}, q, log, reg)
	if err != nil {
		return err
	}
	// The first signal drains: the controller lives on until its last call is over. `up` sends a kill when nobody can wait.
	work, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	context.AfterFunc(ctx, func() {
		log.Info("draining: no new calls")
		go func() {
			<-fleet.Drain()
			stop()
		}()
	})
	return together(work, fleet.Run, c.steerController(fleet, q, log), rules.follow(log), func(ctx context.Context) error {
		return serveAdmin(ctx, c.admin(numbered("controller", n)), reg, checks{"asterisk": func(context.Context) error { return fleet.Ready() }},
			func(mux *http.ServeMux) { mux.HandleFunc("GET "+servesPath+"{node}/{owner}", serves(fleet)) })
	})
}

func ids(nodes []node) []string {
	var all []string
	for _, n := range nodes {
		all = append(all, n.id())
	}
	return all
}

// servesPath, followed by a node and the id of a controller, answers 200 when this process acts for that controller on that node.
const servesPath = "/serves/"

func serves(f *telephony.Fleet) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if !f.Serves(r.PathValue("owner"), r.PathValue("node")) {
			answer(w, http.StatusNotFound, map[string]any{"status": "not here"})
			return
		}
		answer(w, http.StatusOK, map[string]any{"status": "ok"})
	}
}

// figures are those of a part that ends before the process does.
type figures struct {
	of   prometheus.Registerer
	mu   sync.Mutex
	made []prometheus.Collector
}

var _ prometheus.Registerer = (*figures)(nil)

// Register implements prometheus.Registerer.
func (f *figures) Register(c prometheus.Collector) error {
	if err := f.of.Register(c); err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.made = append(f.made, c)
	return nil
}

// MustRegister implements prometheus.Registerer.
func (f *figures) MustRegister(cs ...prometheus.Collector) {
	for _, c := range cs {
		if err := f.Register(c); err != nil {
			panic(err)
		}
	}
}

// Unregister implements prometheus.Registerer.
func (f *figures) Unregister(c prometheus.Collector) bool { return f.of.Unregister(c) }

func (f *figures) remove() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, c := range f.made {
		f.of.Unregister(c)
	}
	f.made = nil
}

// runGuardian guards the callers of node n.
func runGuardian(ctx context.Context, c Config, n int, log *slog.Logger) error {
	reg := registry()
	q, rdb, err := c.queue(reg)
	if err != nil {
		return err
	}
	defer rdb.Close()
	on := node(n)
	client, err := c.asteriskClient(on, "hotline-guardian", log, reg)
	if err != nil {
		return err
	}
	gateways, err := c.gatewayClients()
	if err != nil {
		return err
	}
	g := telephony.NewGuardian(telephony.GuardianConfig{
		Stale: c.Guardian, Alive: func(ctx context.Context, owner string) bool { return c.served(ctx, on, owner) },
	}, client, q, gateways, log, reg)
	host := &dialplan{c: c, node: on, log: log, reload: client.Reload}
	return together(ctx, g.Run, host.follow, func(ctx context.Context) error {
		return serveAdmin(ctx, c.admin(on.role("guardian")), reg, checks{"asterisk": client.Ping})
	})
}

// served says whether any controller process acts for an owner on a node. One that waits for Redis to say whose the calls are serves nobody.
func (c Config) served(ctx context.Context, on node, owner string) bool {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	said := make(chan error, c.Controllers)
	for _, name := range c.controllers() {
		go func() { said <- get(ctx, "http://"+c.admin(name)+servesPath+on.id()+"/"+owner) }()
	}
	for range c.Controllers {
		if <-said == nil {
			return true
		}
	}
	return false
}
