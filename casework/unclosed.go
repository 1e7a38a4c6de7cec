package casework

import (
	"context"
	"errors"
	"log/slog"
	"time"
)

// UnclosedConfig says how calls are found whose end nobody could write.
type UnclosedConfig struct {
	// Live names the calls that are on the line now. With an error nothing is closed.
	Live  func(context.Context) (map[string]bool, error)
	After time.Duration // how old a call is before it is looked at; default 10 min
	Every time.Duration // between looks; default 1 min
	Log   *slog.Logger
}

// Unclosed ends the ledger rows of calls that are on the line nowhere: their controller died with the database out of reach, or the machine
// went down with the fallback's note still in memory. Two looks in a row must agree. A closing that comes late after all still counts when
// it knows better, see [Ledger.Close].
type Unclosed struct {
	cfg    UnclosedConfig
	ledger *Ledger
	missed map[string]bool // not on the line at the last look
}

// NewUnclosed uses the tables that [Migrate] made.
func NewUnclosed(cfg UnclosedConfig, ledger *Ledger) (*Unclosed, error) {
	if cfg.Live == nil || ledger == nil {
		return nil, errors.New("casework: unclosed: a ledger and the live calls are needed")
	}
	if cfg.After == 0 {
		cfg.After = 10 * time.Minute
	}
	if cfg.Every == 0 {
		cfg.Every = time.Minute
	}
	if cfg.Log == nil {
		cfg.Log = slog.Default()
	}
	return &Unclosed{cfg: cfg, ledger: ledger, missed: map[string]bool{}}, nil
}

// Run looks until ctx ends; it returns nil then.
func (u *Unclosed) Run(ctx context.Context) error {
	tick := time.NewTicker(u.cfg.Every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			if err := u.look(ctx, time.Now()); err != nil && ctx.Err() == nil {
				u.cfg.Log.Warn("open calls in the ledger were not looked at", "error", err)
			}
		}
	}
}

func (u *Unclosed) look(ctx context.Context, now time.Time) error {
	open, err := u.ledger.Unclosed(ctx, now.Add(-u.cfg.After))
	if err != nil {
		return err
	}
	live, err := u.cfg.Live(ctx)
	if err != nil {
		return err
	}
	missed := map[string]bool{}
	for _, c := range open {
		if live[c.ID] {
			continue
		}
		if !u.missed[c.ID] {
			missed[c.ID] = true
			continue
		}
		outcome := Abandoned
		switch {
		case !c.Talked.IsZero():
			outcome = Answered
		case c.Relayed:
			outcome = Withdrawn // our dialplan gave the caller back to the other site, which follows
		}
		if err := u.ledger.Close(ctx, c.ID, Closing{EndedAt: now, Outcome: outcome, Cause: Cause{By: ByFault}}); err != nil {
			return err
		}
		u.cfg.Log.Warn("a call's end was never written; closed as a fault", "call_id", c.ID)
	}
	u.missed = missed
	return nil
}
