package main

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"hotline/agentui/page"
	"hotline/agentui/users"
	"hotline/casework"
	"hotline/casework/files"
	"hotline/casework/phonebook"
	"hotline/crisis"
	"hotline/deploy/asterisk"
	"hotline/queue"
	"hotline/recordings"
	"hotline/storage"
	"hotline/telephony"
	"hotline/telephony/call"
)

// ledger keeps what came of every call, with the caller's number sealed.
type ledger struct {
	calls     *casework.Ledger
	callbacks *casework.Callbacks
	keys      *casework.Keys
	rules     casework.KnownRules
	contacts  *phonebook.Store
	alerts    *crisis.Calls
}

var (
	_ telephony.Ledger   = ledger{}
	_ telephony.Promises = ledger{}
)

func (l ledger) Open(ctx context.Context, r telephony.Record) (telephony.Known, error) {
	row, err := l.row(r)
	if err != nil {
		return telephony.Known{}, err
	}
	if err := l.calls.Open(ctx, row); err != nil {
		return telephony.Known{}, err
	}
	k, err := l.calls.Known(ctx, l.keys.CallerRefs(r.Caller), l.rules, time.Now())
	known := telephony.Known{History: k.History, Preferred: queue.AgentID(k.Preferred), PreferFor: k.PreferFor, Blocked: k.Blocked}
	if k.Returning {
		known.Tier = queue.TierReturning
	}
	if k.Again != "" { // in the middle of a talk
		known.Tier, known.Again = queue.TierRed, call.ID(k.Again)
	}
	return known, err
}

// Promise keeps the callback of a caller who asked for one.
func (l ledger) Promise(ctx context.Context, r telephony.Record) error {
	c := r.Call
	_, err := l.callbacks.Promise(ctx, casework.Promise{
		Call: string(c.ID), Line: c.Line, Number: r.Caller, Place: c.Arrived, Tier: string(c.Tier), Danger: c.Danger, Preferred: c.Known.Preferred,
	})
	return err
}

// Withdraw takes it back.
func (l ledger) Withdraw(ctx context.Context, id call.ID) error {
	return l.callbacks.Withdraw(ctx, string(id))
}

func (l ledger) Close(ctx context.Context, r telephony.Record) error {
	row, err := l.row(r)
	if err != nil {
		return err
	}
	// The arrival may not have been written; the end carries all that is known.
	if err := l.calls.Open(ctx, row); err != nil {
		return err
	}
	return l.calls.Close(ctx, string(r.Call.ID), casework.Closing{
		EndedAt: r.Call.Ended, Outcome: casework.Outcome(r.Call.Outcome()), Talk: r.Call.Spoken, LeftWaiting: r.Call.Left,
		Cause: casework.Cause{By: casework.By(r.Call.EndedBy), Q850: r.Call.Cause}, Shares: shares(r.Call),
	})
}

func shares(c call.Call) []casework.Share {
	var all []casework.Share
	for _, s := range c.Shares {
		all = append(all, casework.Share{Agent: s.Agent, Talk: s.Spoken})
	}
	return all
}

func (l ledger) row(r telephony.Record) (casework.CallRecord, error) {
	c := r.Call
	row := casework.CallRecord{
		ID: string(c.ID), Line: c.Line, Dialled: r.Dialled, Node: r.Node, Tier: string(c.Tier), Agent: c.Agent, Danger: c.Danger, Relayed: c.Hops != "",
		Arrived: c.Arrived, Queued: c.Queued, Offered: c.Offers, Talked: c.Talked,
	}
	if n := len(c.Shares); row.Agent == "" && n > 0 {
		row.Agent = c.Shares[n-1].Agent // the caller left while waiting for another
	}
	if r.Caller == "" {
		return row, nil
	}
	sealed, err := l.keys.Seal(r.Caller, casework.CallerContext(row.ID))
	if err != nil {
		return row, err
	}
	row.CallerRef, row.CallerSealed = l.keys.CallerRef(r.Caller), sealed
	return row, nil
}

// lateLedger opens the database when it is first needed, and again until it is there: a controller serves callers without it. Its own retries make
// good what could not be written.
type lateLedger struct {
	open func(context.Context) (ledger, error)

	mu   sync.Mutex
	made *ledger
}

var (
	_ telephony.Ledger   = (*lateLedger)(nil)
	_ telephony.Promises = (*lateLedger)(nil)
)

func (l *lateLedger) ledger(ctx context.Context) (ledger, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.made == nil {
		made, err := l.open(ctx)
		if err != nil {
			return ledger{}, err
		}
		l.made = &made
	}
	return *l.made, nil
}

func (l *lateLedger) Open(ctx context.Context, r telephony.Record) (telephony.Known, error) {
	led, err := l.ledger(ctx)
	if err != nil {
		return telephony.Known{}, err
	}
	return led.Open(ctx, r)
}

func (l *lateLedger) Close(ctx context.Context, r telephony.Record) error {
	led, err := l.ledger(ctx)
	if err != nil {
		return err
	}
	return led.Close(ctx, r)
}

func (l *lateLedger) Promise(ctx context.Context, r telephony.Record) error {
	led, err := l.ledger(ctx)
	if err != nil {
		return err
	}
	return led.Promise(ctx, r)
}

func (l *lateLedger) Withdraw(ctx context.Context, id call.ID) error {
	led, err := l.ledger(ctx)
	if err != nil {
		return err
	}
	return led.Withdraw(ctx, id)
}

// Contact is the number of an entry of the phonebook that may be called for the call.
func (l *lateLedger) Contact(ctx context.Context, id call.ID, contact string) (string, error) {
	led, err := l.ledger(ctx)
	if err != nil {
		return "", err
	}
	number, err := led.contacts.NumberFor(ctx, string(id), contact)
	if errors.Is(err, phonebook.ErrNotFound) || errors.Is(err, phonebook.ErrOver) || errors.Is(err, phonebook.ErrNumber) {
		err = errors.Join(telephony.ErrNotAllowed, err)
	}
	return number, err
}

// ledger is a ledger whose database stays open as long as the process.
func (c Config) ledger(rules *callbackRules, reg prometheus.Registerer) (*lateLedger, error) {
	keys, err := c.callerKeys()
	if err != nil {
		return nil, err
	}
	return &lateLedger{open: func(ctx context.Context) (ledger, error) {
		db, err := c.database(ctx)
		if err != nil {
			return ledger{}, err
		}
		callbacks, err := rules.callbacks(db, keys)
		if err != nil {
			return ledger{}, err
		}
		contacts, err := phonebook.Open(ctx, db, keys, region)
		if err != nil {
			return ledger{}, err
		}
		persons, err := files.Open(ctx, db, keys)
		if err != nil {
			return ledger{}, err
		}
		alerts, err := c.alertCalls(ctx, db, keys)
		if err != nil {
			return ledger{}, err
		}
		return ledger{casework.NewLedger(db), callbacks, keys, c.known(persons), contacts, alerts}, db.Register(reg)
	}}, nil
}

// region completes numbers that callers' networks send without a country.
const region = "CN"

// trail writes what people did on the console.
type trail struct{ audit *casework.Audit }

var _ page.Trail = trail{}

func (t trail) Append(ctx context.Context, e page.Entry) error {
	actor := string(e.Actor)
	if actor == "" {
		actor = "unknown"
	}
	_, err := t.audit.Append(ctx, casework.Entry{At: e.At, Actor: actor, Role: string(e.Role), Action: e.Action, Object: e.Object, Reason: e.Reason, Remote: e.Remote})
	return err
}

// prepare makes keys, tables, lines and demo accounts before any role needs them, and puts the lines that are in force into the configuration.
func prepare(ctx context.Context, c *Config) ([]demoUser, error) {
	if err := c.createRecordingKeys(); err != nil {
		return nil, err
	}
	if err := casework.CreateKeys(c.path("secrets")); err != nil {
		return nil, err
	}
	db, err := c.database(ctx)
	if err != nil {
		return nil, err
	}
	defer db.Close()
	if err := casework.Migrate(ctx, db); err != nil {
		return nil, err
	}
	if _, err := recordings.NewIndex(ctx, db); err != nil {
		return nil, err
	}
	inForce, err := importPolicy(ctx, *c, db)
	if err != nil {
		return nil, err
	}
	c.Policy = inForce.Policy
	people, err := users.Open(ctx, db)
	if err != nil {
		return nil, err
	}
	return seedUsers(ctx, *c, people)
}

func runWorker(ctx context.Context, c Config, log *slog.Logger) error {
	reg := registry()
	db, err := c.database(ctx)
	if err != nil {
		return err
	}
	defer db.Close()
	index, err := recordings.NewIndex(ctx, db)
	if err != nil {
		return err
	}
	figures := recordings.NewMetrics(reg)
	keys, err := c.callerKeys()
	if err != nil {
		return err
	}
	taken, err := c.takeIn(ctx, db, keys, index, figures, log)
	if err != nil {
		return err
	}
	rules := c.callbackRules()
	callbacks, err := rules.callbacks(db, keys)
	if err != nil {
		return err
	}
	counts := casework.NewMetrics(reg)
	left, err := casework.NewLeft(casework.LeftConfig{Log: log, Metrics: counts}, callbacks)
	if err != nil {
		return err
	}
	fallbacks, err := c.fallbacks(db, keys, callbacks, figures, counts, log)
	if err != nil {
		return err
	}
	q, rdb, err := c.queue(reg)
	if err != nil {
		return err
	}
	defer rdb.Close()
	unclosed, err := casework.NewUnclosed(casework.UnclosedConfig{Log: log, Live: liveIDs(q)}, casework.NewLedger(db))
	if err != nil {
		return err
	}
	journal, err := c.queueJournal(q, log)
	if err != nil {
		return err
	}
	how, err := c.settings(ctx, db)
	if err != nil {
		return err
	}
	now, err := how.Current(ctx)
	if err != nil {
		return err
	}
	var span kept
	span.set(now)
	explain, err := c.decisions(ctx, db, q, span.span, log)
	if err != nil {
		return err
	}
	contacts, err := phonebook.Open(ctx, db, keys, region)
	if err != nil {
		return err
	}
	places, err := c.places(ctx, db, keys, log)
	if err != nil {
		return err
	}
	erase := func(ctx context.Context) error {
		return contacts.Run(ctx, func(err error) { log.Warn("numbers of single calls are not erased; tried again", "error", err) })
	}
	retain, err := c.retain(ctx, db, keys, how, log)
	if err != nil {
		return err
	}
	dangers, err := c.crisisParts(ctx, db, keys, rules, callbacks, q, reg, log)
	if err != nil {
		return err
	}
	parts := []func(context.Context) error{c.watchSettings(log, span.set), erase, retain, places, taken, fallbacks, unclosed.Run, left.Run, rules.follow(log), explain.Run, journal, func(ctx context.Context) error {
		return serveAdmin(ctx, c.admin("worker"), reg, checks{"database": db.Ping})
	}}
	return together(ctx, append(parts, dangers...)...)
}

// fallbacks take in what the dialplans of all nodes left behind while none of us served.
func (c Config) fallbacks(db *storage.DB, keys *casework.Keys, callbacks *casework.Callbacks, figures *recordings.Metrics, counts *casework.Metrics, log *slog.Logger) (func(context.Context) error, error) {
	public, err := c.recipients()
	if err != nil {
		return nil, err
	}
	rec, err := recordings.NewRecorder(recordings.Config{Dir: c.spool(), Recipients: public, Log: log, Metrics: figures})
	if err != nil {
		return nil, err
	}
	var parts []func(context.Context) error
	for _, n := range c.nodes() {
		cfg := fallback(n, c.messages(n), rec)
		cfg.Log, cfg.Metrics, cfg.Callbacks = log.With("node", n.id()), counts, callbacks
		f, err := casework.NewFallback(cfg, db, keys)
		if err != nil {
			return nil, err
		}
		talks, err := c.phoneTalks(n, rec, log)
		if err != nil {
			return nil, err
		}
		parts = append(parts, f.Run, talks.Run)
	}
	return func(ctx context.Context) error { return together(ctx, parts...) }, nil
}

// phoneTalks seals what callers and fallback phones say to each other, while they do.
func (c Config) phoneTalks(n node, rec *recordings.Recorder, log *slog.Logger) (*recordings.Tail, error) {
	return recordings.NewTail(recordings.TailConfig{
		Recorder: rec, Log: log.With("node", n.id()),
		Talks: func() ([]recordings.Live, error) {
			found, err := asterisk.ReadTalks(c.messages(n))
			out := make([]recordings.Live, 0, len(found))
			for _, t := range found {
				out = append(out, recordings.Live{
					ID: t.ID, Files: [2]string{recordings.Left: t.Phone, recordings.Right: t.Caller}, Code: "fallback_phone", Line: t.Line,
					Call: cmp.Or(t.Call, string(telephony.CallID(t.Channel))), Over: t.Over,
				})
			}
			return out, err
		},
	})
}

// fallback says how the notes of a node are read and its messages sealed.
func fallback(n node, messages string, rec *recordings.Recorder) casework.FallbackConfig {
	notes := map[string]asterisk.Note{}
	return casework.FallbackConfig{
		Node: n.id(),
		Notes: func() ([]casework.FallbackNote, error) {
			found, err := asterisk.ReadNotes(messages)
			out := make([]casework.FallbackNote, 0, len(found))
			clear(notes)
			for _, n := range found {
				notes[n.ID] = n
				out = append(out, casework.FallbackNote{
					// Without a tag the channel says which call it was: a controller may have begun its row.
					ID: n.ID, Call: cmp.Or(n.Call, string(telephony.CallID(n.ID))), Line: n.Line, Dialled: n.Number, Caller: n.Caller, Arrived: n.Arrived, Began: n.Fallback, Ended: n.Ended,
					Answered: n.Outcome == asterisk.OutcomeAnswered, Left: n.Outcome == asterisk.OutcomeMessage, Message: n.Message, Danger: n.Danger,
				})
			}
			return out, err
		},
		Remove: func(n casework.FallbackNote) error { return notes[n.ID].Remove() },
		Seal: func(id, path, call, line string, started time.Time) error {
			_, err := rec.SealFile(id, path, recordings.Meta{Call: call, Line: line, Started: started, Kind: recordings.KindMessage})
			return err
		},
	}
}
