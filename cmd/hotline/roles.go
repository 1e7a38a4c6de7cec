package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"hotline/telephony/webrtc"
)

type role struct {
	name, short string
	run         func(context.Context, Config, *slog.Logger) error
	several     *several // nil: there is one
}

// several are the processes of a role of which there may be more than one; a flag says which one is meant.
type several struct {
	flag, kind, what string
	most             func(Config) int
	run              func(context.Context, Config, int, *slog.Logger) error
}

func (r role) command(f *flags) *cobra.Command {
	id := ""
	cmd := &cobra.Command{
		Use: r.name, Short: r.short, Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := f.load()
			if err != nil {
				return err
			}
			log := slog.Default().With("role", r.name)
			if r.several == nil {
				return r.run(cmd.Context(), c, log)
			}
			n, err := which(r.several.kind, id, r.several.most(c))
			if err != nil {
				return fmt.Errorf("--%s: %w", r.several.flag, err)
			}
			return r.several.run(cmd.Context(), c, n, log.With(r.several.flag, id))
		},
	}
	if s := r.several; s != nil {
		cmd.Flags().StringVar(&id, s.flag, s.kind+"-1", s.what)
	}
	return cmd
}

func roles() []role {
	return []role{
		{name: "controller", short: "Route calls, together with the other controllers", several: &several{
			"id", "controller", "which controller this is", func(c Config) int { return c.Controllers }, runController,
		}},
		{name: "gateway", short: "Carry audio between browsers and Asterisk, and record it", run: runGateway},
		{name: "console", short: "Serve the browser console", run: runConsole},
		{name: "worker", short: "Index recordings, take in what the fallback left behind", run: runWorker},
		{name: "guardian", short: "Hand callers whom no controller serves to the dialplan's fallback", several: &several{
			"node", "node", "which Asterisk it guards", func(c Config) int { return c.Nodes }, runGuardian,
		}},
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
