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
	// Note writes one row. Again with the same words writes another one, which does no harm.
	Note(ctx context.Context, by, action, part, reason string) error
}

// perPass bounds what a notary does at once.
const perPass = 200

// NotaryConfig says where to. The zero value of a field means its default.
type NotaryConfig struct {
	Store vault.Vault
	Notes noter
	Poll  time.Duration // default 1 s
	Sweep time.Duration // how often the store is swept of what interrupted puts left; default 1 h
	Log   *slog.Logger  // default slog.Default()
}

// Notary writes into the audit what closes each part, and sets the stones over those that were erased: it finds parts whose key went with their contact,
// writes that down, and takes their files out of the store. What it was killed in the middle of it does again.
type Notary struct {
	cfg   NotaryConfig
	index *Index
	now   func() time.Time
	quiet time.Time
	swept time.Time
	wiped bool // the database let go of every key that was emptied
}

// NewNotary makes a notary.
func NewNotary(cfg NotaryConfig, index *Index) (*Notary, error) {
	setDefault(&cfg.Poll, time.Second)
	setDefault(&cfg.Sweep, time.Hour)
	if cfg.Log == nil {
		cfg.Log = slog.Default()
	}
	if cfg.Store == nil || cfg.Notes == nil || cfg.Poll < 0 || cfg.Sweep < 0 {
		return nil, errors.New("recordings: notary: Store and Notes are needed, Poll and Sweep must be positive")
	}
	return &Notary{cfg: cfg, index: index, now: time.Now, wiped: true}, nil
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
	found, err := n.index.overdue(ctx, n.now())
	errs := []error{err, n.heads(ctx), n.erased(ctx)}
	if found > 0 {
		n.wiped = false
	}
	if !n.wiped {
		err := n.index.forget(ctx)
		n.wiped = err == nil
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

// heads writes what closes each part.
func (n *Notary) heads(ctx context.Context) error {
	open, err := storage.Select(ctx, n.index.db, scanHead, `SELECT `+headColumns+` FROM recording_heads WHERE audited_ms = 0 ORDER BY at_ms LIMIT ?`, perPass)
	if err != nil {
		return err
	}
	for _, h := range open {
		if err := n.cfg.Notes.Note(ctx, system, ActionSealed, h.Part, h.Head); err != nil {
			return fmt.Errorf("recordings: audit %s: %w", h.Part, err)
		}
		if _, err := n.index.db.Exec(ctx, `UPDATE recording_heads SET audited_ms = ? WHERE part = ?`, storage.Millis(n.now()), h.Part); err != nil {
			return err
		}
	}
	return nil
}

// erased writes what was erased.
func (n *Notary) erased(ctx context.Context) error {
	open, err := n.index.stones(ctx, ` WHERE audited_ms = 0 ORDER BY at_ms LIMIT ?`, perPass)
	if err != nil {
		return err
	}
	for _, s := range open {
		if err := n.cfg.Notes.Note(ctx, s.By, ActionErased, s.Part, s.Why+" "+s.Head); err != nil {
			return fmt.Errorf("recordings: audit %s: %w", s.Part, err)
		}
		if _, err := n.index.db.Exec(ctx, `UPDATE recording_stones SET audited_ms = ? WHERE part = ?`, storage.Millis(n.now()), s.Part); err != nil {
			return err
		}
		n.wiped = false
	}
	return nil
}

// bury takes the files of what was erased out of the store. They are noise already; under an object lock only their names go.
func (n *Notary) bury(ctx context.Context) error {
	open, err := n.index.stones(ctx, ` WHERE gone_ms = 0 ORDER BY at_ms LIMIT ?`, perPass)
	if err != nil {
		return err
	}
	for _, s := range open {
		r, err := n.index.row(ctx, s.Part)
		if err == nil {
			err = n.cfg.Store.Delete(ctx, r.path)
		}
		if err != nil {
			return fmt.Errorf("recordings: bury %s: %w", s.Part, err)
		}
		if _, err := n.index.db.Exec(ctx, `UPDATE recording_stones SET gone_ms = ? WHERE part = ?`, storage.Millis(n.now()), s.Part); err != nil {
			return err
		}
	}
	return nil
}
