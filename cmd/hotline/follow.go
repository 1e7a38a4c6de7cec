package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"hotline/deploy/asterisk"
	"hotline/deploy/prompts"
	"hotline/queue/lines"
)

// dialplan keeps the Asterisk of a host in step with the lines: what is said, which numbers lead where, which phones ring when none of ours lives. The
// guardian of the host runs it, because it is the one role that each host with an Asterisk has once, and because this is about what callers get when
// all others are dead. It never ends the guardian: what fails is tried again.
type dialplan struct {
	c      Config
	node   node
	log    *slog.Logger
	reload func(ctx context.Context, module string) error

	in      asterisk.Installation
	pending []string // modules that have yet to read what was written
}

const (
	// noticed is how long controllers and consoles may take to notice a change: a number is opened to callers after that.
	noticed     = 1200 * time.Millisecond
	followAgain = 2 * time.Second
)

// follow runs until ctx ends.
func (d *dialplan) follow(ctx context.Context) error {
	d.pending = []string{asterisk.DialplanModule} // an earlier life may have died between writing and reloading
	news := make(chan lines.Policy, 1)
	watch := func(ctx context.Context) error {
		return d.c.watchPolicy(ctx, d.log, func(v lines.Version, _ lines.Mode) {
			select {
			case <-news: // replaced by what is newer
			default:
			}
			news <- v.Policy
		})
	}
	work := func(ctx context.Context) error {
		again := time.NewTicker(followAgain)
		defer again.Stop()
		owed := false
		for {
			select {
			case <-ctx.Done():
				return nil
			case d.c.Policy = <-news:
				owed = true
			case <-again.C:
			}
			if !owed {
				continue
			}
			err := d.apply(ctx)
			if owed = err != nil && ctx.Err() == nil; owed {
				d.log.Error("asterisk does not follow the lines yet; it is tried again", "error", err)
			}
		}
	}
	return together(ctx, watch, work)
}

// apply makes the prompts first, then the files, and has Asterisk read what changed.
func (d *dialplan) apply(ctx context.Context) error {
	told := time.Now()
	sounds := d.c.sounds()
	made, err := prompts.Generate(ctx, prompts.Config{Sounds: sounds, Lines: d.c.spokenLines(), DangerKey: "0", Recorded: d.c.path("recorded-prompts")})
	if err != nil {
		return err
	}
	if d.in.Binary == "" {
		if d.in, err = asterisk.Find(ctx); err != nil {
			return err
		}
	}
	password, err := d.c.secret("ari-password")
	if err != nil {
		return err
	}
	modules, err := d.c.asterisk(d.node, d.in, password, sounds.Dir).Update()
	for _, m := range modules {
		if !slices.Contains(d.pending, m) {
			d.pending = append(d.pending, m)
		}
	}
	if err != nil {
		return err
	}
	if len(d.pending) > 0 {
		wait := time.NewTimer(time.Until(told.Add(noticed)))
		defer wait.Stop()
		select {
		case <-wait.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	var faults []error
	reloaded := d.pending
	d.pending = nil
	for _, m := range reloaded {
		if err := d.reload(ctx, m); err != nil {
			d.pending = append(d.pending, m)
			faults = append(faults, fmt.Errorf("reload %s: %w", m, err))
		}
	}
	if len(faults) == 0 && made+len(reloaded) > 0 {
		d.log.Info("asterisk follows the lines", "prompts", made, "reloaded", reloaded)
	}
	return errors.Join(faults...)
}
