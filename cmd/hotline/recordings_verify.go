package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/spf13/cobra"

	"hotline/casework"
	"hotline/recordings"
)

// sealedNotes reads what the audit says of parts.
type sealedNotes struct{ audit *casework.Audit }

func (n sealedNotes) Reasons(ctx context.Context, action, part string) ([]string, error) {
	rows, err := n.audit.List(ctx, casework.AuditQuery{Object: "part:" + part, Action: action})
	out := make([]string, 0, len(rows))
	for _, r := range rows {
		out = append(out, r.Reason)
	}
	return out, err
}

func recordingsVerifyCommand(f *flags) *cobra.Command {
	var since string
	var shut bool
	cmd := &cobra.Command{
		Use: "verify [RECORDING | PART]...", Short: "Prove that recordings are what was recorded, and say where not",
		Long: `Follows the hash chain through every file, proves that its end is the head that the worker signed and wrote into the audit, and opens every piece with
secrets/` + recordings.IdentityFile + ` (not with --shut, or where that key is not). Of a recording that was erased it proves the stone and the audit. Without names it proves
all of them, and finds files in the store that belong to none. It ends with 1 when something is wrong.

The audit itself is proved by hotline audit verify.`,
		RunE: inArchive(f, func(a archivist, ctx context.Context, args []string) error {
			from, err := sinceFlag(since)
			if err != nil {
				return err
			}
			p, err := a.prover(shut)
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

func (a archivist) prover(shut bool) (*recordings.Prover, error) {
	cfg := recordings.ProverConfig{Store: a.store, Library: recordings.NewLibrary(a.index, a.store), Audit: sealedNotes{casework.NewAudit(a.db)}}
	var err error
	if cfg.SignedBy, err = recordings.LoadSignedBy(a.c.path("secrets", recordings.SignedFile)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
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
	var good, erased, bad int
	see := func(r recordings.Recording) error {
		report, err := p.Part(ctx, r)
		if err != nil {
			return fmt.Errorf("%s: %w", r.ID, err)
		}
		for _, f := range report.Findings {
			fmt.Fprintf(a.out, "%s: %s\n", r.ID, f)
		}
		switch {
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
	}
	fmt.Fprintf(a.out, "%d parts are what was recorded, %d were erased and say so, %d are not in order\n", good, erased, bad)
	if err == nil && bad > 0 {
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
