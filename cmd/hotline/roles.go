package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"golang.org/x/sync/errgroup"

	"hotline/deploy/prompts"
	"hotline/telephony"
	"hotline/telephony/webrtc"
)

type role struct {
	name, short string
	run         func(context.Context, Config, *slog.Logger) error
}

func roles() []role {
	return []role{
		{"controller", "Route the calls of one Asterisk", runController},
		{"gateway", "Carry audio between browsers and Asterisk, and record it", runGateway},
		{"console", "Serve the browser console", runConsole},
		{"worker", "Index recordings, take in what the fallback left behind", runWorker},
		{"guardian", "Hand callers whom no controller serves to the dialplan's fallback", runGuardian},
	}
}

// together runs parts until one fails or ctx ends; one that ends without a fault ends the others, too.
func together(ctx context.Context, parts ...func(context.Context) error) error {
	g, ctx := errgroup.WithContext(ctx)
	ended := errors.New("ended")
	for _, part := range parts {
		g.Go(func() error {
			if err := part(ctx); err != nil {
				return err
			}
			return ended
		})
	}
	if err := g.Wait(); err != nil && !errors.Is(err, ended) {
		return err
	}
	return nil
}

func runController(ctx context.Context, c Config, log *slog.Logger) error {
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
	client, err := c.asteriskClient(telephony.App(controllerID), log, reg)
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
	ctl, err := telephony.New(telephony.Config{ID: controllerID, Node: nodeID, Lines: first, ReturnWait: c.ReturnWait, Promises: books},
		client, q, books, gateways, log, reg, journal)
	if err != nil {
		return err
	}
	// The first signal drains: the controller lives on until its last call is over. `up` sends a kill when nobody can wait.
	work, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	context.AfterFunc(ctx, func() {
		log.Info("draining: no new calls")
		go func() {
			<-ctl.Drain()
			stop()
		}()
	})
	return together(work, ctl.Run, c.steerController(ctl, q, log), rules.follow(log), func(ctx context.Context) error {
		return serveAdmin(ctx, c.admin("controller"), reg, checks{"asterisk": func(context.Context) error {
			if !ctl.Ready() {
				return errors.New("the event websocket is not connected")
			}
			return nil
		}})
	})
}

func runGateway(ctx context.Context, c Config, log *slog.Logger) error {
	reg := registry()
	cfg, err := c.media()
	if err != nil {
		return err
	}
	tap, closeTap, err := c.tap(reg, log)
	if err != nil {
		return err
	}
	defer closeTap()
	g, err := webrtc.New(cfg, tap, log, reg)
	if err != nil {
		return err
	}
	return together(ctx, g.Run, func(ctx context.Context) error { return serveAdmin(ctx, c.admin("gateway"), reg, nil) })
}

func runGuardian(ctx context.Context, c Config, log *slog.Logger) error {
	reg := registry()
	q, rdb, err := c.queue(reg)
	if err != nil {
		return err
	}
	defer rdb.Close()
	client, err := c.asteriskClient("hotline-guardian", log, reg)
	if err != nil {
		return err
	}
	gateways, err := c.gatewayClients()
	if err != nil {
		return err
	}
	g := telephony.NewGuardian(telephony.GuardianConfig{
		Stale: c.Guardian,
		Alive: func(ctx context.Context, _ string) bool {
			return get(ctx, "http://"+c.admin("controller")+"/readyz") == nil // one that waits for Redis to say whose the calls are serves nobody
		},
	}, client, q, gateways, log, reg)
	host := &dialplan{c: c, log: log, reload: client.Reload}
	return together(ctx, g.Run, host.follow, func(ctx context.Context) error {
		return serveAdmin(ctx, c.admin("guardian"), reg, checks{"asterisk": client.Ping})
	})
}

func (c Config) lineIDs() []string {
	var ids []string
	for _, l := range c.Lines {
		ids = append(ids, l.ID)
	}
	return ids
}
