package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync/atomic"
	"time"

	"hotline/casework"
	"hotline/casework/files"
	"hotline/queue"
	"hotline/queue/lines"
	"hotline/storage"
	"hotline/telephony"
	"hotline/telephony/call"
)

// CallbackConfig is what holds for the callbacks of every line; the rest is the line's.
type CallbackConfig struct {
	From      string        `yaml:"from"`      // hour of the day from which a caller who is not at risk may be called; default 08:00
	To        string        `yaml:"to"`        // and until which; default 22:00. The same as from: at any hour
	Never     []string      `yaml:"never"`     // numbers that are never called, besides the site's own and outbound.switchboards
	Returning time.Duration `yaml:"returning"` // how long after being cut off somebody at risk is taken to return; default 30 min
	Familiar  time.Duration `yaml:"familiar"`  // for how long a caller is given to the counsellor of before; default 30 days
}

// AtRiskConfig says for how long somebody is there for a caller at risk. Zero means the default.
type AtRiskConfig struct {
	Kept     time.Duration `yaml:"kept"`      // how long a counsellor is kept for a caller who was cut off; default 3 min, at most the longest wait for one counsellor
	CallBack time.Duration `yaml:"call_back"` // when such a caller is called, who did not call again; default 20 s
	Form     time.Duration `yaml:"form"`      // how long the form of such a call may be missing before a supervisor is told; default 10 min
}

// Validate says everything that is wrong.
func (c AtRiskConfig) Validate() error {
	for name, d := range map[string]time.Duration{"kept": c.Kept, "call_back": c.CallBack, "form": c.Form} {
		if d != 0 && (d < time.Second || d > time.Hour) {
			return fmt.Errorf("at_risk: %s: give 1s to 1h", name)
		}
	}
	return nil
}

func (c CallbackConfig) hours() (casework.Hours, error) {
	h := casework.DefaultHours(nil)
	from, err1 := timeOfDay(c.From, h.From)
	to, err2 := timeOfDay(c.To, h.To)
	h.From, h.To = from, to
	return h, errors.Join(err1, err2)
}

// timeOfDay reads a time such as 08:00, as the span since midnight.
func timeOfDay(text string, otherwise time.Duration) (time.Duration, error) {
	if text == "" {
		return otherwise, nil
	}
	at, err := time.Parse("15:04", text)
	if err != nil {
		return 0, fmt.Errorf("callbacks: %q is no time of day such as 08:00", text)
	}
	return time.Duration(at.Hour())*time.Hour + time.Duration(at.Minute())*time.Minute, nil
}

// Validate says everything that is wrong.
func (c CallbackConfig) Validate() error {
	_, err := c.hours()
	errs := []error{err}
	for _, n := range c.Never {
		if casework.Normalise(n, region) == "" {
			errs = append(errs, fmt.Errorf("callbacks: never: %q is no number", n))
		}
	}
	if c.Returning < 0 || c.Familiar < 0 {
		errs = append(errs, errors.New("callbacks: returning and familiar are spans such as 30m"))
	}
	return errors.Join(errs...)
}

// callbackRules are those of the lines in force.
type callbackRules struct {
	c   Config
	now atomic.Pointer[lines.Policy]
}

func (c Config) callbackRules() *callbackRules {
	known, _, _ := c.remembered()
	r := &callbackRules{c: c}
	r.now.Store(&known.Policy)
	return r
}

// follow keeps the rules those of the lines in force until ctx ends.
func (r *callbackRules) follow(log *slog.Logger) func(context.Context) error {
	return func(ctx context.Context) error {
		return r.c.watchPolicy(ctx, log, func(v lines.Version, _ lines.Mode) { r.now.Store(&v.Policy) })
	}
}

// of gives the rules of a line; the defaults for one that is no more.
func (r *callbackRules) of(line string) casework.CallbackRules {
	hours, _ := r.c.Callbacks.hours() // checked at the start
	rules := casework.CallbackRules{Retry: casework.Retry{Hours: hours}}
	policy := r.now.Load()
	l, ok := policy.Line(line)
	if !ok {
		return rules
	}
	l = policy.Effective(l, false)
	rules.Retry.Attempts, rules.Retry.Every = l.Callback.Attempts, time.Duration(l.Callback.Every)
	rules.Abandoned, rules.Voicemail = casework.AbandonedMode(l.Callback.Abandoned), l.Callback.MayVoicemail
	zone := l.Hours.Zone
	if zone == "" {
		zone = lines.DefaultZone
	}
	if loaded, err := time.LoadLocation(zone); err == nil { // checked when the lines were saved
		rules.Retry.Hours.Zone = loaded
	}
	return rules
}

// never tells of a number that is not to be called: the site's own, those of the configuration, and what has no form that may be dialled: no caller is
// promised what the dialler would refuse.
func (r *callbackRules) never(number string) bool {
	if _, err := r.c.Outbound.dial(number); err != nil && r.c.dials() != "" {
		return true
	}
	for _, n := range slices.Concat(r.c.Callbacks.Never, r.c.Outbound.Switchboards) {
		if casework.Normalise(n, region) == number {
			return true
		}
	}
	for _, l := range r.now.Load().Lines {
		for _, n := range l.Numbers {
			if casework.Normalise(n, region) == number {
				return true
			}
		}
	}
	return false
}

// callbacks are those of the site's rules.
func (r *callbackRules) callbacks(db *storage.DB, keys *casework.Keys) (*casework.Callbacks, error) {
	return casework.NewCallbacks(casework.CallbacksConfig{Rules: r.of, Never: r.never, CutOff: r.c.AtRisk.CallBack}, db, keys)
}

// dialled are the callbacks as a controller carries them out, in a database that may be away for a time.
type dialled struct{ books *lateLedger }

var _ telephony.Callbacks = dialled{}

func (d dialled) do(ctx context.Context, fn func(*casework.Callbacks) error) error {
	led, err := d.books.ledger(ctx)
	if err != nil {
		return err
	}
	err = fn(led.callbacks)
	switch {
	case errors.Is(err, casework.ErrLost), errors.Is(err, casework.ErrNotFound):
		return telephony.ErrClaimLost
	case errors.Is(err, casework.ErrUnusable), errors.Is(err, casework.ErrSealed):
		return telephony.ErrUncallable
	}
	return err
}

func (d dialled) Claim(ctx context.Context, owner string, lease time.Duration, most int) (out []telephony.CallbackTask, err error) {
	err = d.do(ctx, func(c *casework.Callbacks) error {
		got, err := c.Claim(ctx, owner, lease, most)
		for _, t := range got {
			again := call.ID("")
			if t.CutOff {
				again = call.ID(t.Call)
			}
			out = append(out, telephony.CallbackTask{
				Task: t.Task, Call: call.ID(t.Entry), Line: t.Line, Place: t.Place, Tier: queue.Tier(t.Tier), Danger: t.Danger,
				Preferred: queue.AgentID(t.Preferred), History: t.History, Again: again,
			})
		}
		return err
	})
	return out, err
}

func (d dialled) Extend(ctx context.Context, owner string, lease time.Duration, tasks ...string) (lost []string, err error) {
	err = d.do(ctx, func(c *casework.Callbacks) (err error) {
		lost, err = c.Extend(ctx, owner, lease, tasks...)
		return err
	})
	return lost, err
}

func (d dialled) Release(ctx context.Context, task, owner string) error {
	return d.do(ctx, func(c *casework.Callbacks) error { return c.Release(ctx, task, owner) })
}

func (d dialled) Number(ctx context.Context, task, owner string) (number string, err error) {
	err = d.do(ctx, func(c *casework.Callbacks) (err error) {
		number, err = c.Number(ctx, task, owner)
		return err
	})
	return number, err
}

func (d dialled) Placed(ctx context.Context, task, owner, agent string) error {
	return d.do(ctx, func(c *casework.Callbacks) error { return c.Placed(ctx, task, owner, agent) })
}

func (d dialled) Reached(ctx context.Context, task, owner, agent string) error {
	return d.do(ctx, func(c *casework.Callbacks) error { return c.Reached(ctx, task, owner, agent) })
}

func (d dialled) Failed(ctx context.Context, task, owner, agent string, cause int) error {
	return d.do(ctx, func(c *casework.Callbacks) error {
		return c.Failed(ctx, task, owner, agent, casework.ResultOf(cause), cause)
	})
}

func (d dialled) GaveUp(ctx context.Context, task, owner string) error {
	return d.do(ctx, func(c *casework.Callbacks) error { return c.GaveUp(ctx, task, owner) })
}

// known are the rules of what earlier calls mean; how long a familiar caller waits for the counsellor of before is bounded by the line.
func (c Config) known(persons *files.Store) casework.KnownRules {
	return casework.KnownRules{Returning: c.Callbacks.Returning, Familiar: c.Callbacks.Familiar, Patience: time.Hour, HighRisk: persons.HighRisk}
}
