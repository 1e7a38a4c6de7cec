package casework

import (
	"context"
	"crypto/sha256"
	"errors"
	"log/slog"
	"time"

	"github.com/oklog/ulid/v2"

	"hotline/storage"
)

// FallbackNote is what Asterisk's dialplan left of a call that it served alone, because no controller did. It comes from memory, with
// the caller's number in plain text, and is destroyed when it is taken in.
type FallbackNote struct {
	ID       string // given by that Asterisk; never twice
	Call     string // call id: that of the controller which had claimed the call before, else made from its channel
	Line     string
	Dialled  string
	Caller   string    // digits; empty when withheld
	Arrived  time.Time // whole seconds
	Began    time.Time // when the fallback began; zero when the caller left before
	Ended    time.Time
	Answered bool   // by a fallback phone
	Left     bool   // a message was left
	Message  string // file of the message, plaintext; empty when there is none, or when it was sealed before
	Danger   bool
}

// FallbackConfig says how notes are read and destroyed, and what becomes of messages.
type FallbackConfig struct {
	Node string // the Asterisk whose notes these are; part of the ids that are made from them
	// Notes reads the finished notes. With an error there may still be good ones.
	Notes func() ([]FallbackNote, error)
	// Remove destroys a note and its message. It may be called again for one that is gone.
	Remove func(FallbackNote) error
	// Seal seals the file of a message as the recording id and destroys the file. It may be called again for the same id.
	Seal    func(id, path string, call, line string, started time.Time) error
	Due     time.Duration // until when to call back; default 15 min; a caller in danger is due at once
	Poll    time.Duration // default 1 s
	Limit   time.Duration // for one note; default 1 min
	Log     *slog.Logger  // default slog.Default()
	Metrics *Metrics      // default: counted nowhere

	Callbacks *Callbacks // for callers whom nobody served and who left no message; default: by the default rules
}

// Fallback takes in what the dialplan's fallback left behind: a ledger row, a callback task, a sealed message.
type Fallback struct {
	cfg    FallbackConfig
	keys   *Keys
	ledger *Ledger
	tasks  *Tasks
	quiet  time.Time // no fault is logged again before
}

// NewFallback uses the tables that [Migrate] made.
func NewFallback(cfg FallbackConfig, db *storage.DB, keys *Keys) (*Fallback, error) {
	if cfg.Node == "" || cfg.Notes == nil || cfg.Remove == nil || cfg.Seal == nil || keys == nil {
		return nil, errors.New("casework: fallback: node, notes, remove, seal and keys are needed")
	}
	for d, def := range map[*time.Duration]time.Duration{&cfg.Due: 15 * time.Minute, &cfg.Poll: time.Second, &cfg.Limit: time.Minute} {
		if *d == 0 {
			*d = def
		}
	}
	if cfg.Log == nil {
		cfg.Log = slog.Default()
	}
	if cfg.Metrics == nil {
		cfg.Metrics = newMetrics()
	}
	if cfg.Callbacks == nil {
		var err error
		if cfg.Callbacks, err = NewCallbacks(CallbacksConfig{}, db, keys); err != nil {
			return nil, err
		}
	}
	return &Fallback{cfg: cfg, keys: keys, ledger: NewLedger(db), tasks: NewTasks(db)}, nil
}

// Run takes notes in until ctx ends; it returns nil then. A note that cannot be taken in stays and is tried again, those behind it do not
// wait for it.
func (f *Fallback) Run(ctx context.Context) error {
	tick := time.NewTicker(f.cfg.Poll)
	defer tick.Stop()
	for {
		if err := f.pass(ctx); err != nil && ctx.Err() == nil {
			f.complain(err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

func (f *Fallback) complain(err error) {
	f.cfg.Metrics.faults.Inc()
	if now := time.Now(); now.After(f.quiet) {
		f.quiet = now.Add(30 * time.Second)
		f.cfg.Log.Error("notes of the fallback wait; trying again", "err", err)
	}
}

func (f *Fallback) pass(ctx context.Context) error {
	notes, err := f.cfg.Notes()
	errs := []error{err}
	for _, n := range notes {
		if ctx.Err() != nil {
			break
		}
		errs = append(errs, f.take(ctx, n))
	}
	return errors.Join(errs...)
}

// take does everything for one note in an order in which every step may be the last of a process that dies: each is harmless when done
// again, and nothing in plain text goes before what replaces it is on disk.
func (f *Fallback) take(ctx context.Context, n FallbackNote) error {
	ctx, cancel := context.WithTimeout(ctx, f.cfg.Limit)
	defer cancel()
	if n.ID == "" || n.Call == "" || n.Ended.IsZero() {
		return errors.New("casework: fallback: a note without id, call or end")
	}
	if n.Arrived.IsZero() {
		n.Arrived = n.Ended
	}
	row, err := f.enter(ctx, n)
	if err != nil {
		return err
	}
	if err := f.promise(ctx, n, row); err != nil {
		return err
	}
	if n.Message != "" {
		started := n.Began
		if started.IsZero() {
			started = n.Ended
		}
		if err := f.cfg.Seal(f.derive("recording", n), n.Message, n.Call, n.Line, started); err != nil {
			return wrap("fallback: seal the message of "+n.Call, err)
		}
	}
	if err := f.cfg.Remove(n); err != nil {
		return wrap("fallback: destroy the note of "+n.Call, err)
	}
	f.cfg.Metrics.notes.WithLabelValues(n.result()).Inc()
	f.cfg.Log.Info("a call that the fallback served was taken in", "call_id", n.Call, "line", n.Line, "answered", n.Answered, "message", n.Left,
		"danger", n.Danger)
	return nil
}

func (n FallbackNote) result() string {
	switch {
	case n.Answered:
		return "answered"
	case n.Left:
		return "message"
	}
	return "abandoned"
}

// enter writes the call into the ledger, or closes the row that a controller left open.
func (f *Fallback) enter(ctx context.Context, n FallbackNote) (CallRecord, error) {
	row := CallRecord{
		ID: n.Call, Line: n.Line, Dialled: n.Dialled, Node: f.cfg.Node, Danger: n.Danger, CallerRef: f.keys.CallerRef(n.Caller),
	}
	if n.Danger {
		row.Tier = "red"
	}
	if n.Caller != "" {
		var err error
		if row.CallerSealed, err = f.keys.Seal(n.Caller, CallerContext(n.Call)); err != nil {
			return row, err
		}
	}
	// The controller's arrival is exact, the note's a whole second: it counts only where there is no other.
	known, err := f.ledger.Get(ctx, n.Call)
	switch {
	case errors.Is(err, ErrNotFound):
		row.Arrived = n.Arrived
	case err != nil:
		return row, err
	default:
		row.Arrived = known.Arrived
	}
	if err := f.ledger.Open(ctx, row); err != nil {
		return row, err
	}
	outcome := Degraded
	if n.Began.IsZero() && !n.Answered && !n.Left {
		outcome = Abandoned
	}
	by := ByCaller
	if n.Left {
		by = BySystem
	}
	return row, f.ledger.Close(ctx, n.Call, Closing{EndedAt: n.Ended, Outcome: outcome, Cause: Cause{By: by}})
}

// promise adds the callback task of everyone who left a message; whom nobody answered gets what a caller who left gets.
func (f *Fallback) promise(ctx context.Context, n FallbackNote, row CallRecord) error {
	if !n.Left {
		if n.Answered {
			return nil
		}
		return f.cfg.Callbacks.Unserved(ctx, n.Call)
	}
	t := Task{
		ID: f.derive("task", n), Source: "note:" + f.cfg.Node + ":" + n.ID, Kind: TaskCallback, Reason: ReasonMessage, Line: n.Line, Call: n.Call,
		Danger: n.Danger, Place: n.Arrived, Due: n.Ended.Add(f.cfg.Due), CallerRef: row.CallerRef, CallerSealed: row.CallerSealed,
	}
	if n.Danger {
		t.Due, t.Auto = n.Ended, f.cfg.Callbacks.Callable(n.Caller)
	}
	if n.Message != "" {
		t.Recording = f.derive("recording", n)
	}
	_, err := f.tasks.Add(ctx, t)
	return err
}

// derive makes an id from a note, the same each time: a ULID of its arrival whose random part is a hash.
func (f *Fallback) derive(what string, n FallbackNote) string {
	sum := sha256.Sum256([]byte(what + "\x00" + f.cfg.Node + "\x00" + n.ID))
	var id ulid.ULID
	if err := id.SetTime(ulid.Timestamp(n.Arrived)); err != nil {
		_ = id.SetTime(0) // a clock beyond the year 10889
	}
	_ = id.SetEntropy(sum[:10]) // fails for other lengths only
	return id.String()
}
