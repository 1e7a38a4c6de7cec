package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"hotline/queue"
)

// liveCall is one line of `hotline calls --json`. Times are RFC 3339, UTC.
type liveCall struct {
	Call    string     `json:"call"`
	Line    string     `json:"line"`
	State   string     `json:"state"`
	Tier    string     `json:"tier"`
	Danger  bool       `json:"danger"`
	Agent   string     `json:"agent"`
	Arrived time.Time  `json:"arrived"`
	Since   time.Time  `json:"since"`
	Talked  *time.Time `json:"talked,omitempty"`
	Hold    string     `json:"hold,omitempty"`
	Node    string     `json:"node"`
	Owner   string     `json:"owner"`
}

func callsCommand(f *flags) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "calls", Short: "List the live calls", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := f.load()
			if err != nil {
				return err
			}
			calls, err := liveCalls(cmd.Context(), c)
			if err != nil {
				return err
			}
			if asJSON {
				return writeJSON(cmd.OutOrStdout(), calls)
			}
			return table(cmd.OutOrStdout(), "CALL\tLINE\tSTATE\tTIER\tAGENT\tFOR", len(calls), func(i int) string {
				l := calls[i]
				return fmt.Sprintf("%s\t%s\t%s\t%s\t%s\t%s", l.Call, l.Line, l.State, l.Tier, l.Agent, time.Since(l.Arrived).Round(time.Second))
			})
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "as JSON")
	return cmd
}

func liveCalls(ctx context.Context, c Config) ([]liveCall, error) {
	q, rdb, err := c.queue(unregistered())
	if err != nil {
		return nil, err
	}
	defer rdb.Close()
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	s, err := q.Snapshot(ctx)
	if err != nil {
		return nil, fmt.Errorf("ask the queue (is `hotline up` running?): %w", err)
	}
	calls := make([]liveCall, 0, len(s.Calls))
	for _, r := range s.Calls {
		calls = append(calls, live(r))
	}
	return calls, nil
}

func live(r queue.Call) liveCall {
	l := liveCall{
		Call: string(r.ID), Line: string(r.Line), State: string(r.State), Tier: string(r.Tier), Danger: r.Danger, Agent: string(r.Agent),
		Arrived: r.Arrived, Since: r.Since, Hold: r.Hold, Node: r.Node, Owner: r.Owner,
	}
	if !r.Talked.IsZero() {
		l.Talked = &r.Talked
	}
	return l
}

func writeJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

func table(w io.Writer, head string, n int, row func(int) string) error {
	t := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	fmt.Fprintln(t, head)
	for i := range n {
		fmt.Fprintln(t, row(i))
	}
	return t.Flush()
}
