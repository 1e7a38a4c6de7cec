package recordings

import (
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"time"

	"hotline/recordings/vault"
	"hotline/storage"
)

// examiner proves the file of a part; *Library.
type examiner interface {
	Examine(ctx context.Context, part string, keys ...SecretKey) (*Report, error)
}

// noted reads the audit.
type noted interface {
	// Reasons are those that the audit has of an action on a part.
	Reasons(ctx context.Context, action, part string) ([]string, error)
}

// ProverConfig says by what parts are proved.
type ProverConfig struct {
	Store    vault.Vault
	Library  examiner
	Keys     []SecretKey // none: the chain is proved, not what the pieces hold
	SignedBy []string    // public keys of those who may sign heads
	Audit    noted
}

// Prover proves parts: each file by its chain, the chain by its signed head, the head by the audit.
type Prover struct {
	cfg   ProverConfig
	index *Index
}

// NewProver makes a prover.
func NewProver(cfg ProverConfig, index *Index) *Prover { return &Prover{cfg, index} }

// Part examines one part. What was erased is proved as that: by its stone and by the audit.
func (p *Prover) Part(ctx context.Context, r Recording) (*Report, error) {
	if r.Erased {
		return p.erased(ctx, r)
	}
	_, chained, err := p.index.Key(ctx, r.ID)
	if errors.Is(err, ErrNotFound) {
		return &Report{Part: r.ID, Findings: []Finding{{Fault: FaultGone, Segment: -1, What: "its key is not in the database, and nobody erased it"}}}, nil
	}
	report, err := p.cfg.Library.Examine(ctx, r.ID, p.cfg.Keys...)
	if err != nil || report.Format == 1 && !chained {
		return report, err
	}
	return report, p.head(ctx, report)
}

// head proves what closes the chain: it is the one that the worker signed and wrote into the audit when it took the part in.
func (p *Prover) head(ctx context.Context, r *Report) error {
	wrong := func(what string) { r.find(Finding{Fault: FaultHead, Segment: -1, What: what}) }
	h, err := p.index.Head(ctx, r.Part)
	if errors.Is(err, ErrNotFound) {
		wrong("no head was kept")
		return nil
	}
	if err != nil {
		return err
	}
	switch err := h.Check(p.cfg.SignedBy); {
	case h.Signer == "":
		wrong("the head was not signed")
	case errors.Is(err, ErrSignature):
		wrong("the head was signed by no key that is known here, or is not what was signed")
	case err != nil:
		return err
	}
	heads, err := p.cfg.Audit.Reasons(ctx, ActionSealed, r.Part)
	if err != nil {
		return err
	}
	switch {
	case len(heads) == 0 && time.Since(h.At) > noteLimit:
		wrong("the head is not in the audit")
	case slices.ContainsFunc(heads, func(s string) bool { return s != h.Head }):
		wrong("the audit has another head")
	}
	return nil
}

// noteLimit is how long it may take until what closes a part is in the audit.
const noteLimit = time.Hour

func (p *Prover) erased(ctx context.Context, r Recording) (*Report, error) {
	report := &Report{Part: r.ID, Head: r.Head}
	wrong := func(what string) { report.find(Finding{Fault: FaultGone, Segment: -1, What: what}) }
	s, err := p.index.Stone(ctx, r.ID)
	if errors.Is(err, ErrNotFound) {
		wrong("its key was destroyed, and no stone says by whose word")
		return report, nil
	}
	if err != nil {
		return report, err
	}
	said, err := p.cfg.Audit.Reasons(ctx, ActionErased, r.ID)
	if err != nil {
		return report, err
	}
	if !slices.Contains(said, s.Why+" "+s.Head) && (s.Audited || time.Since(s.At) > noteLimit) {
		wrong("its key was destroyed, and the audit does not say so")
	}
	return report, nil
}

// Strangers are files in the store that belong to no part of the index: put there by somebody else, or left by a worker that died (it would write their
// rows when it came back).
func (p *Prover) Strangers(ctx context.Context) ([]string, error) {
	var out []string
	for i, err := range p.cfg.Store.List(ctx, "") {
		if err != nil {
			return out, fmt.Errorf("recordings: look for strangers: %w", err)
		}
		id, suffix := splitName(path.Base(i.Name))
		r, err := p.index.row(ctx, id)
		switch {
		case errors.Is(err, ErrNotFound), err == nil && (r.path != i.Name || suffix != suffixSealed):
			out = append(out, i.Name)
		case err != nil:
			return out, err
		}
	}
	return out, nil
}

// Walk shows every part that started at or after a time, oldest first, until see fails.
func (x *Index) Walk(ctx context.Context, since time.Time, see func(Recording) error) error {
	at, after := storage.Millis(since), ""
	for {
		page, err := x.list(ctx, `WHERE started_ms > ? OR started_ms = ? AND id > ? ORDER BY started_ms, id LIMIT 500`, at, at, after)
		if err != nil {
			return err
		}
		for _, r := range page {
			if err := see(r); err != nil {
				return err
			}
		}
		if len(page) < 500 {
			return nil
		}
		at, after = storage.Millis(page[len(page)-1].Started), page[len(page)-1].ID
	}
}

// Parts are those of a recording, named by its call, or the one part of that id. ErrNotFound.
func (x *Index) Parts(ctx context.Context, id string) ([]Recording, error) {
	if validID(id) != nil { // the parts that lost their call are no recording
		return nil, ErrNotFound
	}
	all, err := x.ByCall(ctx, id)
	if err != nil || len(all) > 0 {
		return all, err
	}
	r, err := x.Get(ctx, id)
	return []Recording{r}, err
}
