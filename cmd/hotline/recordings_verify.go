package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"hotline/casework"
	"hotline/recordings"
)

// sealedNotes reads what the audit says of parts.
type sealedNotes struct{ audit *casework.Audit }

func (n sealedNotes) Reasons(ctx context.Context, action, part string) ([]string, error) {
	rows, err := n.audit.List(ctx, casework.AuditQuery{Object: noteOf(part), Action: action, Limit: casework.MaxAuditPage})
	out := make([]string, 0, len(rows))
	for _, r := range rows {
		out = append(out, r.Reason)
	}
	return out, err
}

// Parts walks through all parts that the audit says this of, newest first.
func (n sealedNotes) Parts(ctx context.Context, action string, since time.Time, see func(part, reason string, at time.Time) error) error {
	q := casework.AuditQuery{Action: action, From: since, Limit: casework.MaxAuditPage}
	for {
		rows, err := n.audit.List(ctx, q)
		if err != nil {
			return err
		}
		for _, r := range rows {
			if part, ok := strings.CutPrefix(r.Object, partNote); ok && r.Action == action {
				if err := see(part, r.Reason, r.At); err != nil {
					return err
				}
			}
		}
		if len(rows) < q.Limit {
			return nil
		}
		q.Before = rows[len(rows)-1].Seq
	}
}

func recordingsVerifyCommand(f *flags) *cobra.Command {
	var since string
	var shut bool
	cmd := &cobra.Command{
		Use: "verify [RECORDING | PART]...", Short: "Prove that recordings are what was recorded, and say where not",
		Long: `Follows the hash chain through every file, proves that its end is the head that the worker signed and wrote into the audit, and opens every piece with
secrets/` + recordings.IdentityFile + ` (not with --shut, or where that key is not). Of a recording that was erased it proves the stone and the audit. Without names it proves
all of them, and finds files in the store that belong to none, and parts that the audit knows and nothing else does. It ends with 1 when something is wrong, or
could not be looked at.

The audit itself is proved by hotline audit verify.`,
		RunE: inArchive(f, func(a archivist, ctx context.Context, args []string) error {
			from, err := sinceFlag(since)
			if err != nil {
				return err
			}
			p, err := a.prover(ctx, shut)
			if err != nil {
				return err
			}
			return a.verify(ctx, p, args, from)
		}),
	}
	cmd.Flags().StringVar(&since, "since", "", "only what was recorded from this day on (2006-01-02)")
	cmd.Flags().BoolVar(&shut, "shut", false, "do not open the pieces: the chain and its head alone")
	return cmd
}

func sinceFlag(s string) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	t, err := time.ParseInLocation(time.DateOnly, s, time.Local)
	if err != nil {
		return t, errors.New("--since: give a day as 2006-01-02")
	}
	return t, nil
}

func (a archivist) prover(ctx context.Context, shut bool) (*recordings.Prover, error) {
	cfg := recordings.ProverConfig{Store: a.store, Library: recordings.NewLibrary(a.index, a.store), Audit: sealedNotes{casework.NewAudit(a.db)}}
	var err error
	if cfg.SignedBy, err = recordings.LoadSignedBy(a.c.path("secrets", recordings.SignedFile)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	others, err := a.index.Signers(ctx, sealedNotes{casework.NewAudit(a.db)})
	if err != nil {
		return nil, err
	}
	for _, k := range others {
		if !slices.Contains(cfg.SignedBy, k.Public) {
			fmt.Fprintf(a.out, "signatures of %s count too: the worker on %s made that key, by the audit of %s\n", k.Public, k.Host, k.First.Local().Format(time.DateTime))
			cfg.SignedBy = append(cfg.SignedBy, k.Public)
		}
	}
	if !shut {
		if cfg.Keys, err = recordings.LoadSecretKeys(a.c.path("secrets", recordings.IdentityFile)); errors.Is(err, fs.ErrNotExist) {
			fmt.Fprintln(a.out, "without the secret key the pieces are not opened")
		} else if err != nil {
			return nil, err
		}
	}
	return recordings.NewProver(cfg, a.index), nil
}

// errNotProved ends the command with 1.
var errNotProved = errors.New("not everything is what was recorded")

func (a archivist) verify(ctx context.Context, p *recordings.Prover, names []string, since time.Time) error {
	var good, erased, bad, unseen int
	see := func(r recordings.Recording) error {
		report, err := p.Part(ctx, r)
		blind := err
		if err != nil && ctx.Err() == nil { // another key, perhaps: its chain is proved without
			fmt.Fprintf(a.out, "%s: it could not be looked at as a whole: %v\n", r.ID, err)
			report, err = p.Shut().Part(ctx, r)
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			fmt.Fprintf(a.out, "%s: nor by its chain alone: %v\n", r.ID, err)
			unseen++
			return nil
		}
		for _, f := range report.Findings {
			fmt.Fprintf(a.out, "%s: %s\n", r.ID, f)
		}
		switch {
		case blind != nil:
			unseen++
		case !report.OK():
			bad++
		case r.Erased:
			erased++
		default:
			good++
		}
		return nil
	}
	err := a.each(ctx, names, since, see)
	if err == nil && len(names) == 0 {
		var strangers []string
		strangers, err = p.Strangers(ctx)
		for _, s := range strangers {
			fmt.Fprintf(a.out, "%s: it is in the store and belongs to no recording\n", s)
		}
		bad += len(strangers)
		gone, lost := p.Vanished(ctx, since)
		for _, v := range gone {
			fmt.Fprintf(a.out, "%s: gone: the audit has it as sealed on %s, and nothing else knows it\n", v.Part, v.At.Local().Format(time.DateTime))
		}
		bad += len(gone)
		err = errors.Join(err, lost)
	}
	fmt.Fprintf(a.out, "%d parts are what was recorded, %d were erased and say so, %d are not in order\n", good, erased, bad)
	if unseen > 0 {
		fmt.Fprintf(a.out, "%d parts could not be looked at\n", unseen)
	}
	if err == nil && bad+unseen > 0 {
		err = errNotProved
	}
	return err
}

func (a archivist) each(ctx context.Context, names []string, since time.Time, see func(recordings.Recording) error) error {
	if len(names) == 0 {
		return a.index.Walk(ctx, since, see)
	}
	for _, id := range names {
		parts, err := a.index.Parts(ctx, id)
		if err != nil {
			return fmt.Errorf("%s: %w", id, err)
		}
		for _, r := range parts {
			if err := see(r); err != nil {
				return err
			}
		}
	}
	return nil
}
