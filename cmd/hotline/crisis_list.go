package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"hotline/agentui/users"
	"hotline/crisis"
)

// incidentLine is one line of `hotline incidents --json`. It holds nothing about the person.
type incidentLine struct {
	Incident   string     `json:"incident"`
	State      string     `json:"state"`
	Over       bool       `json:"over"`
	Level      string     `json:"level"`
	Trigger    string     `json:"trigger"`
	Opened     time.Time  `json:"opened"`
	Call       string     `json:"call"`
	OnLine     bool       `json:"on_line"`
	Counsellor string     `json:"counsellor"`
	Supervisor string     `json:"supervisor"`
	Alarm      string     `json:"alarm"` // the step for which nobody answered yet; empty: nothing rings
	Round      int        `json:"round"`
	Step       string     `json:"step"`
	Owner      string     `json:"owner"`
	Due        *time.Time `json:"due,omitempty"`
}

func incidentsCommand(f *flags) *cobra.Command {
	var asJSON, all bool
	var since time.Duration
	cmd := &cobra.Command{
		Use: "incidents", Short: "List the crises that are not over, and show one", Args: cobra.NoArgs,
		Long: "Lists who is in danger, who answers for it and what is due next; --all lists also those that are over. Nothing about the people in danger is shown.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withIncidents(cmd.Context(), f, func(store *crisis.Store, name func(string) string) error {
				var rows []crisis.Incident
				var err error
				if all {
					rows, err = store.List(cmd.Context(), crisis.Filter{From: time.Now().Add(-since), Limit: 1000})
				} else {
					rows, err = store.Live(cmd.Context())
				}
				if err != nil {
					return err
				}
				out := make([]incidentLine, 0, len(rows))
				for _, in := range rows {
					out = append(out, lineOfIncident(in, name))
				}
				if asJSON {
					return writeJSON(cmd.OutOrStdout(), out)
				}
				return printIncidents(cmd.OutOrStdout(), out)
			})
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "as JSON")
	cmd.Flags().BoolVar(&all, "all", false, "also those that are over")
	cmd.Flags().DurationVar(&since, "since", 7*24*time.Hour, "with --all: opened since this long ago")
	cmd.AddCommand(showIncidentCommand(f))
	return cmd
}

func showIncidentCommand(f *flags) *cobra.Command {
	return &cobra.Command{
		Use: "show INCIDENT", Short: "Show what happened in an incident, who was alerted, and what is due", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return withIncidents(cmd.Context(), f, func(store *crisis.Store, name func(string) string) error {
				return showIncident(cmd.Context(), cmd.OutOrStdout(), store, args[0], name)
			})
		},
	}
}

// withIncidents opens the store for a short command; names are those by which people sign in.
func withIncidents(ctx context.Context, f *flags, fn func(*crisis.Store, func(string) string) error) error {
	c, err := f.existing()
	if err != nil {
		return err
	}
	db, err := c.database(ctx)
	if err != nil {
		return err
	}
	defer db.Close()
	keys, err := c.callerKeys()
	if err != nil {
		return err
	}
	store, _, err := c.crisis(ctx, db, keys, quiet())
	if err != nil {
		return err
	}
	people, err := users.Open(ctx, db)
	if err != nil {
		return err
	}
	all, err := people.List(ctx)
	if err != nil {
		return err
	}
	names := map[string]string{}
	for _, u := range all {
		names[string(u.ID)] = u.Username
	}
	return fn(store, func(id string) string {
		if n := names[id]; n != "" {
			return n
		}
		return id
	})
}

func lineOfIncident(in crisis.Incident, name func(string) string) incidentLine {
	l := incidentLine{
		Incident: in.ID, State: string(in.State), Over: in.Over(), Level: string(in.Level), Trigger: string(in.Trigger()), Opened: in.Opened, Call: in.Call(),
		OnLine: in.OnLine, Counsellor: name(in.Counsellor), Supervisor: name(in.Supervisor),
	}
	if in.Alarm.On {
		l.Alarm, l.Round = string(in.Alarm.Reason), in.Alarm.Round
	}
	if s, ok := in.Next(); ok {
		l.Step, l.Owner, l.Due = string(s.Name), name(s.Owner), &s.Due
	}
	return l
}

func printIncidents(w io.Writer, all []incidentLine) error {
	return table(w, "INCIDENT\tLEVEL\tSTATE\tTRIGGER\tOPEN FOR\tCOUNSELLOR\tSUPERVISOR\tNEXT\tBY\tDUE", len(all), func(i int) string {
		l := all[i]
		supervisor := l.Supervisor
		if l.Alarm != "" {
			supervisor = fmt.Sprintf("nobody answers (round %d)", l.Round)
		}
		return fmt.Sprintf("%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s", l.Incident, l.Level, l.State, l.Trigger, time.Since(l.Opened).Round(time.Second), l.Counsellor,
			supervisor, l.Step, l.Owner, dueIn(l.Due))
	})
}

func dueIn(due *time.Time) string {
	if due == nil {
		return "over"
	}
	if left := time.Until(*due).Round(time.Second); left >= 0 {
		return "in " + left.String()
	}
	return "late"
}

func showIncident(ctx context.Context, w io.Writer, store *crisis.Store, id string, name func(string) string) error {
	in, err := store.Get(ctx, id)
	if errors.Is(err, crisis.ErrNotFound) {
		return fmt.Errorf("there is no incident %s: `hotline incidents --all` lists them", id)
	}
	if err != nil {
		return err
	}
	if err := printIncidents(w, []incidentLine{lineOfIncident(in, name)}); err != nil {
		return err
	}
	fmt.Fprintln(w)
	steps := in.Steps
	err = table(w, "STEP\tSTATE\tBY\tDUE\tLATE", len(steps), func(i int) string {
		s := steps[i]
		by, due := name(s.By), "-"
		if s.State == crisis.StepActive || s.State == crisis.StepLate {
			by, due = name(s.Owner), s.Due.Local().Format(time.DateTime)
		}
		return fmt.Sprintf("%s\t%s\t%s\t%s\t%d", s.Name, s.State, by, due, s.Late)
	})
	if err != nil {
		return err
	}
	fmt.Fprintln(w)
	alerts, err := store.AlertsOf(ctx, id)
	if err != nil {
		return err
	}
	err = table(w, "ALERTED\tWHEN\tFOR\tROUND\tUNTIL\tSEEN", len(alerts), func(i int) string {
		a := alerts[i]
		return fmt.Sprintf("%s\t%s\t%s\t%d\t%s\t%t", name(a.User), a.At.Local().Format(time.DateTime), a.Step, a.Round, a.Until.Local().Format(time.TimeOnly), !a.Seen.IsZero())
	})
	if err != nil {
		return err
	}
	calls, results, err := store.CallsOf(ctx, id)
	if err != nil {
		return err
	}
	for i, c := range calls {
		result := string(results[i])
		if result == "" {
			result = "no word yet"
		}
		fmt.Fprintf(w, "telephone of %s: %s\n", name(c.User), result)
	}
	fmt.Fprintln(w)
	events, err := store.Timeline(ctx, id)
	if err != nil {
		return err
	}
	return table(w, "WHEN\tWHAT\tBY\tABOUT", len(events), func(i int) string {
		e := events[i]
		about := e.Code
		for _, more := range []string{string(e.Trigger), string(e.Level), e.Contact, string(e.Step), string(e.Via)} {
			if more != "" {
				about += " " + more
			}
		}
		return fmt.Sprintf("%s\t%s\t%s\t%s", e.At.Local().Format(time.DateTime), e.Kind, name(e.By), about)
	})
}
