package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/user"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"hotline/casework"
	"hotline/recordings"
	"hotline/recordings/vault"
	"hotline/storage"
)

// archivist is one run of a command about recordings.
type archivist struct {
	c     Config
	db    *storage.DB
	index *recordings.Index
	store vault.Vault
	by    string
	out   io.Writer
}

func inArchive(f *flags, run func(archivist, context.Context, []string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		c, err := f.existing()
		if err != nil {
			return err
		}
		ctx := cmd.Context()
		db, err := c.database(ctx)
		if err != nil {
			return err
		}
		defer db.Close()
		if err := casework.Migrate(ctx, db); err != nil {
			return err
		}
		index, err := recordings.NewIndex(ctx, db)
		if err != nil {
			return err
		}
		store, err := c.vault()
		if err != nil {
			return err
		}
		return run(archivist{c, db, index, store, commandLine(), cmd.OutOrStdout()}, ctx, args)
	}
}

// commandLine is who the audit says did it.
func commandLine() string {
	if who, err := user.Current(); err == nil {
		return "cli:" + who.Username
	}
	return "cli"
}

func (a archivist) audit(ctx context.Context, action, object, reason string) error {
	_, err := casework.NewAudit(a.db).Append(ctx, casework.Entry{Actor: a.by, Role: "cli", Action: action, Object: object, Reason: reason})
	return err
}

func recordingsCommand(f *flags) *cobra.Command {
	cmd := &cobra.Command{Use: "recordings", Short: "List, prove and erase what was recorded"}
	cmd.AddCommand(recordingsListCommand(f), recordingsVerifyCommand(f), recordingsPurgeCommand(f), recordingsEraseCommand(f), recordingsRekeyCommand(f), recordingsWhoCommand(f))
	return cmd
}

func recordingsListCommand(f *flags) *cobra.Command {
	var limit int
	var call string
	cmd := &cobra.Command{
		Use: "list", Short: "List the parts of recordings, newest first", Args: cobra.NoArgs,
		RunE: inArchive(f, func(a archivist, ctx context.Context, _ []string) error {
			all, err := a.index.List(ctx, time.Time{}, limit)
			if call != "" {
				all, err = a.index.ByCall(ctx, call)
			}
			if err != nil {
				return err
			}
			w := tabwriter.NewWriter(a.out, 0, 0, 2, ' ', 0)
			fmt.Fprintln(w, "PART\tRECORDING\tLINE\tAGENT\tKIND\tSTARTED\tLENGTH\tMISSING\tBYTES\tSTATE")
			for _, r := range all {
				fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%d\t%s\n", r.ID, r.Call, r.Line, r.Agent, r.Kind, r.Started.Local().Format(time.DateTime),
					r.Duration.Round(time.Second), r.GapTime.Round(100*time.Millisecond), r.Bytes, stateOf(r))
			}
			return w.Flush()
		}),
	}
	cmd.Flags().IntVar(&limit, "limit", 50, "how many, up to 1000")
	cmd.Flags().StringVar(&call, "call", "", "only those of one call")
	return cmd
}

func stateOf(r recordings.Recording) string {
	switch {
	case r.Erased:
		return "erased"
	case !r.Complete:
		return "cut short: its recorder died, or the disk refused it"
	}
	return "whole"
}

func recordingsPurgeCommand(f *flags) *cobra.Command {
	var yes bool
	cmd := &cobra.Command{
		Use: "purge", Short: "Show which recordings were kept long enough; with --yes erase them", Args: cobra.NoArgs,
		Long: `Recordings go with the contact that they belong to (hotline retention). Where they shall go before it, the configuration says so (recordings.kept_days,
recordings.kept_high_risk_days): this shows which were kept long enough. Without --yes nothing is changed. What is on hold, or whose contact is still open, stays.

Erasing destroys the keys, which are in the database alone: copies of the files are noise from then on, also where nobody can delete them. A backup of the
database from before holds the keys still.`,
		RunE: inArchive(f, func(a archivist, ctx context.Context, _ []string) error { return a.purge(ctx, yes) }),
	}
	cmd.Flags().BoolVar(&yes, "yes", false, "erase what is shown")
	return cmd
}

// purger erases by the rules in force.
func (a archivist) purger(ctx context.Context) (*recordings.Purger, recordings.Rules, error) {
	keys, err := a.c.callerKeys()
	if err != nil {
		return nil, recordings.Rules{}, err
	}
	contacts, err := a.c.retention(ctx, a.db, keys)
	if err != nil {
		return nil, recordings.Rules{}, err
	}
	how, err := a.c.settings(ctx, a.db)
	if err != nil {
		return nil, recordings.Rules{}, err
	}
	v, err := how.Current(ctx)
	if err != nil {
		return nil, recordings.Rules{}, err
	}
	rules := a.c.Recordings.rules(v.Doc)
	return recordings.NewPurger(a.index, keep{contacts}), rules, rules.Validate()
}

func (a archivist) purge(ctx context.Context, yes bool) error {
	p, rules, err := a.purger(ctx)
	if err != nil {
		return err
	}
	var plan []recordings.Due
	if err := p.Walk(ctx, rules, func(d recordings.Due) bool {
		plan = append(plan, d)
		return true
	}); err != nil {
		return err
	}
	if err := a.show(plan); err != nil {
		return err
	}
	fmt.Fprintf(a.out, "kept: ordinary %.0f days, high risk %.0f days\n", rules.Ordinary.Hours()/24, rules.HighRisk.Hours()/24)
	if !yes {
		fmt.Fprintln(a.out, "nothing was changed; --yes erases them")
		return nil
	}
	erased := 0
	for _, d := range plan {
		if d.Stays() {
			continue
		}
		expire := func() error { _, err := p.Expire(ctx, d.ID, rules, a.by); return err }
		if err := a.erase(ctx, d.ID, recordings.WhyRetention, expire); errors.Is(err, recordings.ErrKept) || errors.Is(err, recordings.ErrNotFound) {
			continue // put on hold, of another class, or erased, since it was looked at
		} else if err != nil {
			return err
		}
		erased++
	}
	fmt.Fprintf(a.out, "erased %d recordings; the worker takes their files out of the store\n", erased)
	return nil
}

func (a archivist) show(plan []recordings.Due) error {
	w := tabwriter.NewWriter(a.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "RECORDING\tPARTS\tENDED\tBYTES\tCLASS\tSTAYS")
	for _, d := range plan {
		class, stays := "ordinary", ""
		if d.HighRisk {
			class = "high_risk"
		}
		switch {
		case d.Held:
			stays = "on hold"
		case d.Open:
			stays = "something is open"
		}
		fmt.Fprintf(w, "%s\t%d\t%s\t%d\t%s\t%s\n", d.ID, len(d.Parts), d.Ended.Local().Format(time.DateOnly), d.Bytes, class, stays)
	}
	return w.Flush()
}

// erase is in the audit before it is done.
func (a archivist) erase(ctx context.Context, id, why string, erase func() error) error {
	if err := a.audit(ctx, "recording.erase", "recording:"+id, why); err != nil {
		return err
	}
	return erase()
}

func recordingsEraseCommand(f *flags) *cobra.Command {
	var yes bool
	var reason string
	cmd := &cobra.Command{
		Use: "erase RECORDING", Short: "Show one recording; with --yes erase it before its time", Args: cobra.ExactArgs(1),
		Long: `Destroys the keys of one recording (named by its call's id) and leaves the contact as it is. A person's wish to be forgotten is decided by two people on the
page "Keeping and erasing", which erases the recordings too. Without --yes nothing is changed.`,
		RunE: inArchive(f, func(a archivist, ctx context.Context, args []string) error {
			p, _, err := a.purger(ctx)
			if err != nil {
				return err
			}
			d, err := p.Look(ctx, args[0])
			if err != nil {
				return err
			}
			if err := a.show([]recordings.Due{d}); err != nil {
				return err
			}
			if !yes {
				fmt.Fprintln(a.out, "nothing was changed; --yes --reason TEXT erases it")
				return nil
			}
			if reason = strings.TrimSpace(reason); reason == "" || strings.ContainsAny(reason, "\r\n") || len(reason) > 200 {
				return errors.New("--reason is needed: one line, without anything private, as it stays in the audit")
			}
			now := func() error { _, err := p.Erase(ctx, args[0], reason, a.by); return err }
			if err := a.erase(ctx, args[0], reason, now); err != nil {
				return err
			}
			fmt.Fprintf(a.out, "erased %d parts\n", len(d.Parts))
			return nil
		}),
	}
	cmd.Flags().BoolVar(&yes, "yes", false, "erase it")
	cmd.Flags().StringVar(&reason, "reason", "", "why, without anything private")
	return cmd
}

func recordingsRekeyCommand(f *flags) *cobra.Command {
	var drop bool
	cmd := &cobra.Command{
		Use: "rekey", Short: "Wrap the keys of all recordings for the public keys in secrets/", Args: cobra.NoArgs,
		Long: `Opens the key of every part with secrets/` + recordings.IdentityFile + ` and wraps it for every public key in secrets/` + recordings.RecipientFile + ` and secrets/` + recordings.EscrowFile + `:
so an escrow key that came later, or a new key of the site, opens what was recorded before. Speech is not touched.

For a new key of the site: add a line to ` + recordings.IdentityFile + ` and its public half to ` + recordings.RecipientFile + `, restart gateway and console, run this, and, when the old one shall not open
anything any more, take its lines out and run this with --drop.`,
		RunE: inArchive(f, func(a archivist, ctx context.Context, _ []string) error {
			by, err := recordings.LoadSecretKeys(a.c.path("secrets", recordings.IdentityFile))
			if err != nil {
				return err
			}
			to, err := a.c.recipients()
			if err != nil {
				return err
			}
			if err := a.audit(ctx, "recording.rekey", "recordings", fmt.Sprintf("for %d keys, others dropped: %t", len(to), drop)); err != nil {
				return err
			}
			done, err := a.index.Rekey(ctx, by, to, drop)
			fmt.Fprintf(a.out, "%d keys were wrapped anew, %d were as they should be; %d parts are erased; %d are of format 1 and open with the key they were made for only\n",
				done.Changed, done.Same, done.Erased, done.FormatOne)
			for _, part := range done.Shut {
				fmt.Fprintf(a.out, "no key here opens %s\n", part)
			}
			if err == nil && len(done.Shut) > 0 {
				err = fmt.Errorf("%d parts were left as they are", len(done.Shut))
			}
			return err
		}),
	}
	cmd.Flags().BoolVar(&drop, "drop", false, "take the key from holders that are not in those files")
	return cmd
}
