package main

import (
	"context"
	"fmt"
	"log/slog"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"hotline/agentui/settings"
	"hotline/casework"
	"hotline/casework/assessments"
	"hotline/casework/comments"
	"hotline/casework/debriefs"
	"hotline/casework/dispositions"
	"hotline/casework/exports"
	"hotline/casework/files"
	"hotline/casework/followups"
	"hotline/casework/handovers"
	"hotline/casework/notes"
	"hotline/casework/phonebook"
	"hotline/casework/plans"
	"hotline/casework/records"
	"hotline/casework/referrals"
	"hotline/casework/reports"
	"hotline/casework/retention"
	"hotline/casework/reveals"
	"hotline/casework/reviews"
	"hotline/casework/shiftover"
	"hotline/casework/statistics"
	"hotline/crisis"
	incidentreports "hotline/crisis/reports"
	"hotline/recordings"
	"hotline/storage"
)

// private is where every package keeps what is private of callers. A test finds columns that are in none of them.
func private() []storage.Private {
	return []storage.Private{
		casework.Private(), notes.Private(), dispositions.Private(), handovers.Private(), debriefs.Private(), plans.Private(), phonebook.Private(),
		files.Private(), records.Private(), reports.Private(), reveals.Private(), assessments.Private(), followups.Private(), referrals.Private(), crisis.Private(), incidentreports.Private(),
		shiftover.Private(map[string]string{
			"incident": `SELECT k.incident FROM incident_keys k WHERE k.kind = 'call' AND k.value = ?`,
			"followup": `SELECT id FROM followups WHERE call_id = ?`,
			"callback": `SELECT id FROM tasks WHERE call_id = ?`,
		}),
		statistics.Private(),
		reviews.Private(),
		recordings.Private(),
		comments.Private(), exports.Private(),
	}
}

// retention opens what takes out what was kept long enough.
func (c Config) retention(ctx context.Context, db *storage.DB, keys *casework.Keys) (retention.Keeping, error) {
	return retention.OpenFiled(ctx, db, keys, private()...)
}

func contactRules(s settings.Settings) retention.Rules {
	ordinary, high := s.ContactsKept()
	return retention.Rules{Ordinary: ordinary, HighRisk: high, Automatic: s.Retention.Automatic}
}

// retain takes out what is due until ctx ends.
func (c Config) retain(ctx context.Context, db *storage.DB, keys *casework.Keys, how *settings.Store, log *slog.Logger) (func(context.Context) error, error) {
	store, err := c.retention(ctx, db, keys)
	if err != nil {
		return nil, err
	}
	rules := func(ctx context.Context) (retention.Rules, error) {
		v, err := how.Current(ctx)
		return contactRules(v.Doc), err
	}
	return func(ctx context.Context) error { return store.Run(ctx, rules, log) }, nil
}

func retentionCommand(f *flags) *cobra.Command {
	cmd := &cobra.Command{Use: "retention", Short: "What was kept long enough, and goes"}
	with := func(do func(cmd *cobra.Command, s retention.Keeping, rules retention.Rules) error) func(*cobra.Command, []string) error {
		return func(cmd *cobra.Command, _ []string) error {
			c, err := f.existing()
			if err != nil {
				return err
			}
			db, err := c.database(cmd.Context())
			if err != nil {
				return err
			}
			defer db.Close()
			keys, err := c.callerKeys()
			if err != nil {
				return err
			}
			s, err := c.retention(cmd.Context(), db, keys)
			if err != nil {
				return err
			}
			how, err := c.settings(cmd.Context(), db)
			if err != nil {
				return err
			}
			v, err := how.Current(cmd.Context())
			if err != nil {
				return err
			}
			return do(cmd, s, contactRules(v.Doc))
		}
	}
	plan := &cobra.Command{
		Use: "plan", Short: "Look at what would go; nothing is changed", Args: cobra.NoArgs,
		RunE: with(func(cmd *cobra.Command, s retention.Keeping, rules retention.Rules) error {
			p, err := s.Due(cmd.Context(), rules, 10_000)
			if err != nil {
				return err
			}
			w := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
			fmt.Fprintln(w, "CALL\tCLASS\tENDED\tSTAYS")
			for _, c := range p.Contacts {
				stays := ""
				switch {
				case c.Held:
					stays = "on hold"
				case c.Live:
					stays = "something is open"
				}
				fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", c.Call, c.Class, c.Ended.Local().Format(time.DateOnly), stays)
			}
			if err := w.Flush(); err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "kept: ordinary %.0f days, high risk %.0f days; taken out %s\n", rules.Ordinary.Hours()/24, rules.HighRisk.Hours()/24, how(rules.Automatic))
			return nil
		}),
	}
	run := &cobra.Command{
		Use: "run", Short: "Erase what is due now", Args: cobra.NoArgs,
		RunE: with(func(cmd *cobra.Command, s retention.Keeping, rules retention.Rules) error {
			for {
				p, err := s.Pass(cmd.Context(), rules)
				if err != nil {
					return err
				}
				fmt.Fprintf(cmd.OutOrStdout(), "erased %d contacts; %d on hold and %d open ones stay; %d requests done; %d people erased of whom no contact was left\n", p.Erased, p.Held, p.Live, p.Requests, p.People)
				if !p.More || p.Erased == 0 {
					return nil
				}
			}
		}),
	}
	cmd.AddCommand(plan, run)
	return cmd
}

func how(automatic bool) string {
	if automatic {
		return "by the worker"
	}
	return "by `hotline retention run`"
}
