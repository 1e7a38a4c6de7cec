package recordings

import (
	"context"
	"errors"
	"time"
)

// walked goes through the audit.
type walked interface {
	// Parts shows every part of which the audit says an action since a time.
	Parts(ctx context.Context, action string, since time.Time, see func(part, reason string, at time.Time) error) error
}

// Vanished is a part that was sealed once, and of which there is nothing left.
type Vanished struct {
	Part string
	Head string // as the audit has it
	At   time.Time
}

// Vanished finds parts that the audit has as sealed since a time and that have neither a row nor a stone: whoever took them away took every trace but that.
func (p *Prover) Vanished(ctx context.Context, since time.Time) (out []Vanished, err error) {
	audit, ok := p.cfg.Audit.(walked)
	if !ok {
		return nil, errors.New("recordings: this audit cannot be walked through")
	}
	seen := map[string]bool{}
	err = audit.Parts(ctx, ActionSealed, since, func(part, head string, at time.Time) error {
		if _, err := p.index.row(ctx, part); !errors.Is(err, ErrNotFound) || seen[part] {
			return err
		}
		if _, err := p.index.Stone(ctx, part); !errors.Is(err, ErrNotFound) {
			return err
		}
		seen[part] = true
		out = append(out, Vanished{part, head, at})
		return nil
	})
	return out, err
}

// Shut is the same prover without secret keys: it proves chains and heads, and opens nothing.
func (p *Prover) Shut() *Prover {
	cfg := p.cfg
	cfg.Keys = nil
	return &Prover{cfg, p.index}
}
