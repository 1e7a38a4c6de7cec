package recordings

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"hotline/recordings/vault"
	"hotline/storage"
)

// Actions in the audit. The object is the part; the reason of what was sealed is the head of its chain, that of what was erased says why, and the head.
const (
	ActionSealed = "recording.sealed"
	ActionErased = "recording.erased"
)

// noter writes into the audit.
type noter interface {
	// Note writes one row, of a part or (without one) of all recordings. Again with the same words writes another one, which does no harm.
	Note(ctx context.Context, by, action, part, reason string) error
}

// perPass bounds what a notary does at once.
const perPass = 200

// NotaryConfig says where to. The zero value of a field means its default.
type NotaryConfig struct {
	Store  vault.Vault
	Notes  noter
	Audit  noted                         // what Notes wrote; needed to sign
	Signer func(context.Context) *Signer // the key that signs what came in unsigned; it answers nil, and says why, while there is none. nil: nothing is signed

	Unsigned string        // as in [IntakeConfig]; empty: nothing is signed
	Erased   Erased        // of the contact of a part whose key is empty; nil: never
	Poll     time.Duration // default 1 s
	Sweep    time.Duration // how often the store is swept of what interrupted puts left; default 1 h
	Log      *slog.Logger  // default slog.Default()
	Metrics  *Metrics      // default: counted nowhere
}

// Notary writes into the audit what closes each part, and sets the stones over those that were erased: it finds parts whose key went with their contact,
// writes that down, and takes their files out of the store. What it was killed in the middle of it does again.
type Notary struct {
	cfg   NotaryConfig
	index *Index
	now   func() time.Time
	quiet time.Time
	swept time.Time
	wiped bool                 // the database let go of every key that was emptied; not known at the start, as the one before may have been killed
	wipe  time.Time            // when it is tried again
	told  time.Time            // nothing is said before of keys that nobody erased
	signs time.Time            // when a key that signs is looked for again
	later map[string]time.Time // parts whose files are still there: when that is looked at again
	// doubted are parts whose head is not the one that came in; said once.
	doubted map[string]bool
}

const (
	wipePause = 30 * time.Second // between tries while another reads the database for long
	buryPause = time.Hour        // between looks at a file that cannot be shown to be gone
)

// NewNotary makes a notary.
func NewNotary(cfg NotaryConfig, index *Index) (*Notary, error) {
	setDefault(&cfg.Poll, time.Second)
	setDefault(&cfg.Sweep, time.Hour)
	if cfg.Log == nil {
		cfg.Log = slog.Default()
	}
	if cfg.Metrics == nil {
		cfg.Metrics = newMetrics()
	}
	if cfg.Store == nil || cfg.Notes == nil || cfg.Poll < 0 || cfg.Sweep < 0 {
		return nil, errors.New("recordings: notary: Store and Notes are needed, Poll and Sweep must be positive")
	}
	return &Notary{cfg: cfg, index: index, now: time.Now, later: map[string]time.Time{}, doubted: map[string]bool{}}, nil
}

// Run works until ctx ends; it returns nil then.
func (n *Notary) Run(ctx context.Context) error {
	n.swept = n.now()
	poll := time.NewTicker(n.cfg.Poll)
	defer poll.Stop()
	for {
		if err := n.pass(ctx); err != nil && ctx.Err() == nil && n.now().After(n.quiet) {
			n.quiet = n.now().Add(time.Minute)
			n.cfg.Log.Error("the audit or the store does not take what became of recordings; trying again", "err", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-poll.C:
		}
	}
}

// pass does everything once. A store that is away keeps nothing out of the audit.
func (n *Notary) pass(ctx context.Context) error {
	errs := []error{n.overdue(ctx), n.signers(ctx), n.heads(ctx), n.late(ctx), n.erased(ctx)}
	if !n.wiped && !n.now().Before(n.wipe) {
		err := n.index.forget(ctx)
		n.wiped = err == nil
		n.wipe = n.now().Add(wipePause)
		errs = append(errs, err)
	}
	errs = append(errs, n.bury(ctx))
	if n.now().Sub(n.swept) >= n.cfg.Sweep {
		n.swept = n.now()
		left, err := n.cfg.Store.Sweep(ctx, n.now().Add(-24*time.Hour))
		if left > 0 {
			n.cfg.Log.Info("what interrupted puts left in the store was removed", "files", left)
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// overdue sets the stones over parts that went with their contact, and cries out over keys that were emptied by nobody who may.
func (n *Notary) overdue(ctx context.Context) error {
	set, without, err := n.index.overdue(ctx, n.now(), n.cfg.Erased)
	if set > 0 {
		n.must()
	}
	if err != nil {
		return err
	}
	n.cfg.Metrics.emptiedKeys.Set(float64(len(without)))
	if len(without) > 0 && !n.now().Before(n.told) {
		n.told = n.now().Add(5 * time.Minute)
		n.cfg.Log.Error("keys of recordings were emptied in the database, and nobody erased them: restore the table recording_keys from a backup",
			"parts", len(without), "first", without[0])
	}
	return nil
}

// must makes the database let go of keys at once.
func (n *Notary) must() { n.wiped, n.wipe = false, time.Time{} }

// heads writes what closes each part.
func (n *Notary) heads(ctx context.Context) error {
	open, err := storage.Select(ctx, n.index.db, scanHead, `SELECT `+headColumns+` FROM recording_heads WHERE audited_ms = 0 ORDER BY at_ms LIMIT ?`, perPass)
	if err != nil {
		return err
	}
	var faults faults
	for _, h := range open {
		err := n.cfg.Notes.Note(ctx, system, ActionSealed, h.Part, h.Head)
		if err == nil {
			_, err = n.index.db.Exec(ctx, `UPDATE recording_heads SET audited_ms = ? WHERE part = ?`, storage.Millis(n.now()), h.Part)
		}
		if !faults.add("audit "+h.Part, err) {
			break
		}
	}
	return faults.join()
}

// faults of a few parts do not keep the others waiting; after many, the database or the store is away.
type faults []error

const enough = 20

// add tells whether to go on.
func (f *faults) add(what string, err error) bool {
	if err != nil {
		*f = append(*f, fmt.Errorf("recordings: %s: %w", what, err))
	}
	return len(*f) < enough
}

func (f faults) join() error { return errors.Join(f...) }

// erased writes what was erased.
func (n *Notary) erased(ctx context.Context) error {
	open, err := n.index.stones(ctx, ` WHERE audited_ms = 0 ORDER BY at_ms LIMIT ?`, perPass)
	if err != nil {
		return err
	}
	var faults faults
	for _, s := range open {
		n.must()
		err := n.cfg.Notes.Note(ctx, s.By, ActionErased, s.Part, s.Why+" "+s.Head)
		if err == nil {
			_, err = n.index.db.Exec(ctx, `UPDATE recording_stones SET audited_ms = ? WHERE part = ?`, storage.Millis(n.now()), s.Part)
		}
		if !faults.add("audit "+s.Part, err) {
			break
		}
	}
	return faults.join()
}
