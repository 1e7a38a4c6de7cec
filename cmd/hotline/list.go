package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"hotline/casework"
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
			c, err := f.existing()
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

// endedCall is one line of `hotline ledger --json`. It holds no number and no name.
type endedCall struct {
	Call      string     `json:"call"`
	Line      string     `json:"line"`
	Dialled   string     `json:"dialled"`
	Node      string     `json:"node"`
	Tier      string     `json:"tier"`
	Danger    bool       `json:"danger"`
	Agent     string     `json:"agent"`
	Arrived   time.Time  `json:"arrived"`
	Queued    *time.Time `json:"queued,omitempty"`
	Offered   *time.Time `json:"offered,omitempty"`
	Talked    *time.Time `json:"talked,omitempty"`
	Ended     time.Time  `json:"ended"`
	WaitMS    int64      `json:"wait_ms"`
	TalkMS    int64      `json:"talk_ms"`
	Outcome   string     `json:"outcome"`
	Cause     string     `json:"cause"` // who ended it: caller, agent, system, fault
	Q850      int        `json:"q850"`
	HasNumber bool       `json:"has_number"` // the caller did not withhold it
}

// ledgerLimit bounds one listing.
const ledgerLimit = 100_000

func ledgerCommand(f *flags) *cobra.Command {
	var asJSON bool
	var since time.Duration
	cmd := &cobra.Command{
		Use: "ledger", Short: "List the ended calls and what came of them", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := f.existing()
			if err != nil {
				return err
			}
			if since <= 0 {
				return fmt.Errorf("--since: give a time such as 1h")
			}
			db, err := c.database(cmd.Context())
			if err != nil {
				return err
			}
			defer db.Close()
			rows, err := casework.NewLedger(db).Since(cmd.Context(), time.Now().Add(-since), ledgerLimit)
			if err != nil {
				return err
			}
			calls := make([]endedCall, 0, len(rows))
			for _, r := range rows {
				calls = append(calls, ended(r))
			}
			if asJSON {
				return writeJSON(cmd.OutOrStdout(), calls)
			}
			return table(cmd.OutOrStdout(), "CALL\tLINE\tARRIVED\tWAITED\tTALKED\tOUTCOME\tENDED BY", len(calls), func(i int) string {
				e := calls[i]
				return fmt.Sprintf("%s\t%s\t%s\t%s\t%s\t%s\t%s", e.Call, e.Line, e.Arrived.Local().Format(time.DateTime),
					time.Duration(e.WaitMS)*time.Millisecond, time.Duration(e.TalkMS)*time.Millisecond, e.Outcome, e.Cause)
			})
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "as JSON")
	cmd.Flags().DurationVar(&since, "since", 24*time.Hour, "calls that ended since this long ago")
	return cmd
}

func ended(r casework.CallRecord) endedCall {
	opt := func(t time.Time) *time.Time {
		if t.IsZero() {
			return nil
		}
		return &t
	}
	return endedCall{
		Call: r.ID, Line: r.Line, Dialled: r.Dialled, Node: r.Node, Tier: r.Tier, Danger: r.Danger, Agent: r.Agent, Arrived: r.Arrived,
		Queued: opt(r.Queued), Offered: opt(r.Offered), Talked: opt(r.Talked), Ended: r.Ended, WaitMS: r.Wait.Milliseconds(),
		TalkMS: r.Talk.Milliseconds(), Outcome: string(r.Outcome), Cause: string(r.Cause.By), Q850: r.Cause.Q850, HasNumber: r.CallerRef != "",
	}
}

// openTask is one line of `hotline tasks --json`. It holds no number and no name.
type openTask struct {
	Task      string     `json:"task"`
	Kind      string     `json:"kind"`
	Reason    string     `json:"reason"`
	Line      string     `json:"line"`
	Call      string     `json:"call"`
	Recording string     `json:"recording"`
	Danger    bool       `json:"danger"`
	Tier      string     `json:"tier"`
	State     string     `json:"state"`
	Auto      bool       `json:"auto"`
	Created   time.Time  `json:"created"`
	Due       time.Time  `json:"due"`
	Place     time.Time  `json:"place"`
	Next      time.Time  `json:"next"`
	Attempts  int        `json:"attempts"`
	Last      string     `json:"last"` // result of the newest attempt
	Preferred string     `json:"preferred"`
	Owner     string     `json:"owner"`
	Lease     *time.Time `json:"lease,omitempty"`
}

func tasksCommand(f *flags) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "tasks", Short: "List the callers who are to be called back", Args: cobra.NoArgs,
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
			tasks := casework.NewTasks(db)
			rows, err := tasks.List(cmd.Context(), ledgerLimit)
			if err != nil {
				return err
			}
			last, err := tasks.LastAttempts(cmd.Context())
			if err != nil {
				return err
			}
			open := make([]openTask, 0, len(rows))
			for _, t := range rows {
				open = append(open, listed(t, last[t.ID]))
			}
			if asJSON {
				return writeJSON(cmd.OutOrStdout(), open)
			}
			return table(cmd.OutOrStdout(), "TASK\tREASON\tLINE\tTIER\tSTATE\tDUE\tNEXT\tATTEMPTS\tLAST\tBY", len(open), func(i int) string {
				t := open[i]
				by := "a person"
				if t.Auto {
					by = "the machine"
				}
				return fmt.Sprintf("%s\t%s\t%s\t%s\t%s\t%s\t%s\t%d\t%s\t%s", t.Task, t.Reason, t.Line, t.Tier, t.State, t.Due.Local().Format(time.DateTime),
					t.Next.Local().Format(time.DateTime), t.Attempts, t.Last, by)
			})
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "as JSON")
	return cmd
}

func listed(t casework.Task, last casework.Attempt) openTask {
	o := openTask{
		Task: t.ID, Kind: string(t.Kind), Reason: t.Reason, Line: t.Line, Call: t.Call, Recording: t.Recording, Danger: t.Danger, Tier: t.Tier,
		State: string(t.State), Auto: t.Auto, Created: t.Created, Due: t.Due, Place: t.Place, Next: t.NextTry, Attempts: t.Attempts,
		Last: string(last.Result), Preferred: t.Preferred, Owner: t.Owner,
	}
	if !t.Lease.IsZero() {
		o.Lease = &t.Lease
	}
	return o
}
