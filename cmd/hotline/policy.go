package main

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"hotline/deploy/asterisk"
	"hotline/deploy/prompts"
	"hotline/queue"
	"hotline/queue/lines"
	"hotline/storage"
	"hotline/telephony"
	"hotline/telephony/call"
)

// lineSite is what of this site the lines are checked against.
func (c Config) lineSite() lines.Site {
	trunks := []string{} // none is not the same as not known
	for _, t := range c.Trunks {
		trunks = append(trunks, t.Name)
	}
	return lines.Site{Trunks: trunks, Languages: c.sounds().Languages, DangerKey: call.DangerKey}
}

// policyMemory is where this host remembers the lines, for a start without the database.
func (c Config) policyMemory() string { return c.path("data", "lines.json") }

// importPolicy takes in what the file says of the lines and returns what is in force. A file that says nothing of them begins an empty database, and
// is not asked again.
func importPolicy(ctx context.Context, c Config, db *storage.DB) (lines.Version, error) {
	store, err := lines.Open(ctx, db, c.lineSite())
	if err != nil {
		return lines.Version{}, err
	}
	now, err := store.Current(ctx)
	if err == nil && !c.policyInFile {
		return now, remember(ctx, c, store)
	}
	now, changed, err := store.Import(ctx, c.Policy)
	if err != nil {
		return now, fmt.Errorf("import the lines of the configuration: %w", err)
	}
	if changed {
		slog.Info("the configuration's lines were imported", "version", now.N)
	}
	return now, remember(ctx, c, store)
}

func remember(ctx context.Context, c Config, store *lines.Store) error {
	return (&lines.Watcher{File: c.policyMemory()}).Remember(ctx, store)
}

// remembered is the configuration with the lines that were last in force on this host; those of the file when nothing is remembered.
func (c Config) remembered() (Config, lines.Version, lines.Mode) {
	v, m, err := lines.Recall(c.policyMemory())
	if err != nil {
		return c, lines.Version{Policy: c.Policy}, lines.Mode{}
	}
	c.Policy = v.Policy
	return c, v, m
}

// watchPolicy tells the lines in force and each change of them until ctx ends, whatever happens to the database.
func (c Config) watchPolicy(ctx context.Context, log *slog.Logger, tell func(lines.Version, lines.Mode)) error {
	var db *storage.DB
	w := lines.Watcher{File: c.policyMemory(), Log: log, Open: func(ctx context.Context) (*lines.Store, error) {
		if db == nil {
			var err error
			if db, err = c.database(ctx); err != nil {
				return nil, err
			}
		}
		return lines.Open(ctx, db, c.lineSite())
	}}
	err := w.Run(ctx, tell)
	if db != nil {
		_ = db.Close() // only read
	}
	return err
}

// queueConfig is the queue's configuration under a policy.
func (c Config) queueConfig(p lines.Policy) queue.Config {
	return p.QueueConfig(queue.Config{Site: c.Site, Ring: c.Ring, WrapUp: c.WrapUp, FormWait: c.AtRisk.Form, Journal: c.Journal})
}

// followPolicy has a role's client of the queue follow the policy and the settings.
func (c Config) followPolicy(q *queue.Queue, log *slog.Logger, tell func(lines.Version, lines.Mode)) func(context.Context) error {
	o := c.conduct(q, log)
	watch := func(ctx context.Context) error {
		return c.watchPolicy(ctx, log, func(v lines.Version, m lines.Mode) {
			o.setPolicy(v.Policy)
			tell(v, m)
		})
	}
	return func(ctx context.Context) error { return together(ctx, watch, c.watchSettings(log, o.setRules)) }
}

// emergencyGreeting is the id by which prompts know the greeting of a line in an emergency; no line can be called so.
func emergencyGreeting(line string) string { return line + "_emergency" }

// spokenLines are the greetings to be made: those of an emergency too, so that the switch need not wait for a voice.
func (c Config) spokenLines() []prompts.Line {
	var all []prompts.Line
	for _, l := range c.Lines {
		all = append(all, promptLine(l, l.ID, l.Greeting))
		if l.Emergency != nil && len(l.Emergency.Greeting) > 0 {
			all = append(all, promptLine(l, emergencyGreeting(l.ID), l.Emergency.Greeting))
		}
	}
	return all
}

// promptLine is what prompts need of a line; id names its files.
func promptLine(l lines.Line, id string, words lines.Words) prompts.Line {
	p := prompts.Line{ID: id, Names: l.Names, Greeting: words, Menu: map[string]string{}, CallbackKey: l.Callback.Key}
	if len(l.Numbers) > 0 {
		p.Number = l.Numbers[0]
	}
	for _, m := range l.Menu {
		p.Menu[m.Language] = m.Key
	}
	return p
}

// callLines are the lines as a controller needs them. A line whose greeting cannot be played yet is left out, and all is false: Asterisk would play
// silence. Its number cannot be dialled before the greeting is there, since the host follows in that order.
func (c Config) callLines(v lines.Version, emergency bool) (out []telephony.Line, all bool) {
	s := c.sounds()
	all = true
	// Lines of earlier versions stay known: their last callers may still be on them, also after a controller was killed.
	for i, l := range append(slices.Clone(v.Policy.Lines), v.Retired...) {
		says := promptLine(l, l.ID, l.Greeting)
		if prompts.CheckLine(s, says) != nil {
			all = all && i >= len(v.Policy.Lines)
			continue
		}
		if e := promptLine(l, emergencyGreeting(l.ID), nil); emergency && l.Emergency != nil && len(l.Emergency.Greeting) > 0 {
			if prompts.CheckLine(s, e) == nil {
				says = e
			} else {
				all = false
			}
		}
		t := callLine(v.Policy.Effective(l, emergency), spoken(s, says), s.Languages)
		c.reach(&t, v.Policy.Partners)
		out = append(out, t)
	}
	return out, all
}

// reach says by what the line's partners and callers are dialled. Where no caller can be, none is promised it.
func (c Config) reach(l *telephony.Line, partners []lines.Partner) {
	for i, o := range l.Overflow {
		if p := slices.IndexFunc(partners, func(p lines.Partner) bool { return p.Name == o.To }); p >= 0 {
			l.Overflow[i].Partner = c.partner(partners[p])
		}
	}
	if c.dials() == "" {
		l.Callback.Key = ""
	}
}

func callLine(l lines.Line, said map[string]map[call.Prompt]string, languages []string) telephony.Line {
	t := telephony.Line{
		ID: l.ID, HoldClass: asterisk.HoldClass, Languages: languages, Needs: l.Needs, Relax: lines.Relaxations(l.Relax), Groups: l.Groups,
		Patience: time.Duration(l.Patience), MenuWait: time.Duration(l.MenuWait), AnnounceEvery: time.Duration(l.AnnounceEvery),
		Callback: telephony.Callback{Key: l.Callback.Key, First: l.Callback.First, CallerID: l.Callback.CallerID}, Prompts: said,
	}
	for _, language := range languages[min(1, len(languages)):] {
		if t.HoldClasses == nil {
			t.HoldClasses = map[string]string{}
		}
		t.HoldClasses[language] = asterisk.HoldClassIn(language)
	}
	for _, m := range l.Menu {
		t.Menu = append(t.Menu, telephony.Choice{Key: m.Key, Language: m.Language, Needs: m.Needs})
	}
	for _, o := range l.Overflow {
		t.Overflow = append(t.Overflow, telephony.Overflow{After: time.Duration(o.After), When: string(o.When), To: o.To})
	}
	if !l.Hours.Always() {
		t.Open = l.Hours.Open
	}
	return t
}

// steerController gives a controller the lines in force, again and again until every one of them can be greeted.
func (c Config) steerController(ctl interface{ SetLines([]telephony.Line) error }, q *queue.Queue, log *slog.Logger) func(context.Context) error {
	type state struct {
		v lines.Version
		m lines.Mode
	}
	news := make(chan state, 1)
	guards := newGuards()
	watch := c.followPolicy(q, log, func(v lines.Version, m lines.Mode) {
		select {
		case <-news: // replaced by what is newer
		default:
		}
		news <- state{v, m}
	})
	steer := func(ctx context.Context) error {
		const again = 500 * time.Millisecond
		tick := time.NewTicker(again)
		defer tick.Stop()
		var now state
		given := true
		for {
			select {
			case <-ctx.Done():
				return nil
			case now = <-news:
				given = false
			case <-guards.changed:
				given = now.v.Policy.Lines == nil // the lines come first
			case <-tick.C:
			}
			if given {
				continue
			}
			all, whole := c.callLines(now.v, now.m.On)
			guards.put(all)
			if err := ctl.SetLines(all); err != nil {
				log.Error("the controller does not take the lines; those before stay", "version", now.v.N, "error", err)
				given = true // it will not take them the next time either
				continue
			}
			if given = whole; whole {
				log.Info("lines in force", "version", now.v.N, "lines", len(all), "emergency", now.m.On)
			}
		}
	}
	return func(ctx context.Context) error { return together(ctx, watch, steer, c.watchGuards(log, guards)) }
}
