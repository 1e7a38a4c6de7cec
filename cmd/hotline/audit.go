package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"hotline/casework"
)

func auditCommand(f *flags) *cobra.Command {
	var since, write string
	cmd := &cobra.Command{Use: "audit", Short: "Prove that the audit trail is what was written"}
	verify := &cobra.Command{
		Use: "verify", Short: "Follow the chain through the whole audit trail", Args: cobra.NoArgs,
		Long: `Reads every row of the audit trail and follows the chain through it; ends with 1 at the first row that was changed or is gone.

Who owns the database can make the whole chain anew. Against that keep checkpoints where they cannot write: --write FILE writes the end of the
chain, --since FILE compares with one that was written before.`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := f.existing()
			if err != nil {
				return err
			}
			db, err := c.database(cmd.Context())
			if err != nil {
				return err
			}
			defer db.Close()
			v := verifier{casework.NewAudit(db), cmd}
			return v.verify(cmd.Context(), since, write)
		},
	}
	verify.Flags().StringVar(&since, "since", "", "a checkpoint that was written before; its rows must be as they were")
	verify.Flags().StringVar(&write, "write", "", "write the checkpoint of now, once everything is in order")
	cmd.AddCommand(verify)
	return cmd
}

// verifier is one run of `hotline audit verify`.
type verifier struct {
	audit *casework.Audit
	cmd   *cobra.Command
}

func (v verifier) verify(ctx context.Context, since, write string) error {
	var kept []casework.Checkpoint
	if since != "" {
		raw, err := os.ReadFile(since)
		if err != nil {
			return fmt.Errorf("checkpoint: %w", err)
		}
		var c casework.Checkpoint
		if err := json.Unmarshal(raw, &c); err != nil || c.Seq < 1 || c.Digest == "" {
			return errors.Join(fmt.Errorf("checkpoint %s: it is none; `hotline audit verify --write FILE` writes one", since), err)
		}
		kept = append(kept, c)
	}
	began := time.Now()
	end, err := v.audit.Verify(ctx, []casework.Digest{casework.SHA256{}}, kept...)
	took := time.Since(began)
	out := v.cmd.OutOrStdout()
	if broken, ok := errors.AsType[*casework.Broken](err); ok {
		fmt.Fprintf(out, "%d rows are in order\n", end.Seq)
		return broken
	}
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%d rows are in order (%.0f rows/s)\nend of the chain: %d %s %s\n", end.Seq, float64(end.Seq)/took.Seconds(), end.Seq, end.Method, end.Digest)
	if write == "" {
		return nil
	}
	raw, err := json.MarshalIndent(end, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(write, append(raw, '\n'), 0o600)
}
