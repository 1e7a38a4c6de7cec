package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"hotline/casework"
	"hotline/queue/simulation"
)

// simulated are the flags of `hotline simulate`.
type simulated struct {
	arrivals, agents, seats, from, tiers, ledger, chart string
	span, talk, patience, answer, target                time.Duration
	spread                                              float64
	runs                                                int
	seed                                                uint64
	csv                                                 bool
}

func simulateCommand(f *flags) *cobra.Command {
	var s simulated
	cmd := &cobra.Command{
		Use: "simulate", Short: "Say what a shift would be like, and what it would be like with other seats", Args: cobra.NoArgs,
		Long: "Simulate callers and counsellors on the model of the queue's rules, with the ring, wrap-up, skills, tiers and breaks of the configuration.\n" +
			"With --seats the same callers are met by other seats, and both are shown beside each other. The same flags give the same result.",
		Example: "  hotline simulate --arrivals 24 --agents 8 --from 18:00 --hours 12h --seats 22:00=+2 --chart plan.svg\n" +
			"  hotline simulate --ledger 7d --agents shifts.csv --seats 22:00-02:00=+2 --csv",
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := f.load()
			if err != nil {
				return err
			}
			r, err := s.run(cmd.Context(), c)
			if err != nil {
				return err
			}
			if s.chart != "" {
				if err := writeChart(s.chart, r); err != nil {
					return err
				}
			}
			if s.csv {
				return r.CSV(cmd.OutOrStdout())
			}
			return r.Table(cmd.OutOrStdout())
		},
	}
	v := cmd.Flags()
	v.StringVar(&s.arrivals, "arrivals", "", "calls per hour: a number, or a CSV file with the columns hour (0-23) and calls")
	v.StringVar(&s.ledger, "ledger", "", "take the arrivals and the talks from the ledger of so long a time, such as 7d")
	v.StringVar(&s.agents, "agents", "", "counsellors: a number, or a CSV file with the columns from, to and, if wanted, skills (crisis:3 youth:2) and group")
	v.StringVar(&s.seats, "seats", "", `what the other plan has more or less: "22:00=+2", "22:00-02:00=-1", several with commas between`)
	v.StringVar(&s.from, "from", "00:00", "time of day at which it begins")
	v.DurationVar(&s.span, "hours", 24*time.Hour, "how long it lasts")
	v.DurationVar(&s.talk, "talk", 20*time.Minute, "mean of a talk")
	v.Float64Var(&s.spread, "talk-spread", 0.7, "standard deviation of a talk divided by its mean")
	v.DurationVar(&s.patience, "patience", 5*time.Minute, "mean time after which a caller gives up; 0: never")
	v.DurationVar(&s.answer, "answer", 3*time.Second, "time between an offer and its answer")
	v.DurationVar(&s.target, "target", 20*time.Second, "an answer within it is in time")
	v.StringVar(&s.tiers, "tiers", "red=0.03,followup=0.1", "share of the callers who have a tier; the rest is normal")
	v.IntVar(&s.runs, "runs", 20, "how many times, with other callers each; the figures are means")
	v.Uint64Var(&s.seed, "seed", 1, "of the first run")
	v.BoolVar(&s.csv, "csv", false, "as CSV")
	v.StringVar(&s.chart, "chart", "", "write a chart to this SVG file")
	return cmd
}

func (s simulated) run(ctx context.Context, c Config) (simulation.Report, error) {
	begin, err := simulation.Clock(s.from)
	if err != nil {
		return simulation.Report{}, fmt.Errorf("--from: %w", err)
	}
	if s.span < time.Hour || s.span > 31*24*time.Hour || s.runs < 1 || s.runs > 1000 {
		return simulation.Report{}, errors.New("--hours must be between 1h and 744h, --runs between 1 and 1000")
	}
	demand, err := s.demand(ctx, c)
	if err != nil {
		return simulation.Report{}, err
	}
	now, err := s.staff(begin)
	if err != nil {
		return simulation.Report{}, fmt.Errorf("--agents: %w", err)
	}
	r := simulation.Report{Begin: begin, Runs: s.runs, Target: s.target}
	plans := [][]simulation.Seat{now}
	r.Scenarios = append(r.Scenarios, simulation.Scenario{Name: "as it is"})
	if s.seats != "" {
		other, err := simulation.Change(s.seats, now, begin, s.span)
		if err != nil {
			return r, fmt.Errorf("--seats: %w", err)
		}
		plans = append(plans, other)
		r.Scenarios = append(r.Scenarios, simulation.Scenario{Name: s.seats})
	}
	for n := range s.runs {
		callers, err := demand.Callers(s.seed+uint64(n), begin, s.span)
		if err != nil {
			return r, err
		}
		for i, seats := range plans {
			result, err := simulation.Run(simulation.Plan{
				Config: c.queueConfig(c.Policy), Callers: callers, Seats: seats, Span: s.span, Answer: s.answer, Target: s.target,
			})
			if err != nil {
				return r, err
			}
			if n == 0 {
				r.Scenarios[i].Result = result
			} else {
				r.Scenarios[i].Result.Add(result)
			}
		}
		if ctx.Err() != nil {
			return r, ctx.Err()
		}
	}
	return r, nil
}

// demand is who calls, from the flags or from the ledger.
func (s simulated) demand(ctx context.Context, c Config) (simulation.Demand, error) {
	d := simulation.Demand{Line: "all", Talk: s.talk, Spread: s.spread, Patience: s.patience}
	var err error
	if d.Tiers, err = simulation.ReadShares(s.tiers); err != nil {
		return d, fmt.Errorf("--tiers: %w", err)
	}
	switch {
	case s.ledger != "" && s.arrivals != "":
		return d, errors.New("give --arrivals or --ledger, not both")
	case s.ledger != "":
		d.PerHour, d.Talks, err = c.past(ctx, s.ledger)
		if err != nil {
			return d, fmt.Errorf("--ledger: %w", err)
		}
	case s.arrivals == "":
		return d, errors.New("--arrivals: give calls per hour or a file, or take them from the ledger with --ledger 7d")
	default:
		n, err := strconv.ParseFloat(s.arrivals, 64)
		if err == nil {
			d.PerHour = []float64{n}
			return d, nil
		}
		f, err := os.Open(s.arrivals)
		if err != nil {
			return d, fmt.Errorf("--arrivals: neither a number nor a file: %w", err)
		}
		defer f.Close()
		if d.PerHour, err = simulation.ReadProfile(f); err != nil {
			return d, fmt.Errorf("--arrivals: %s: %w", s.arrivals, err)
		}
	}
	return d, nil
}

func (s simulated) staff(begin time.Duration) ([]simulation.Seat, error) {
	if n, err := strconv.Atoi(s.agents); err == nil && n >= 0 && n <= 10_000 {
		return simulation.Always(n, s.span), nil
	}
	if s.agents == "" {
		return nil, errors.New("give a number or a file")
	}
	f, err := os.Open(s.agents)
	if err != nil {
		return nil, fmt.Errorf("neither a number nor a file: %w", err)
	}
	defer f.Close()
	return simulation.ReadSeats(f, begin, s.span)
}

// pastLimit bounds how many calls of the ledger are read.
const pastLimit = 500_000

// past is how many calls came in each hour of the day, on the mean, and how long their talks were.
func (c Config) past(ctx context.Context, text string) (perHour []float64, talks []time.Duration, err error) {
	days, err := strconv.Atoi(strings.TrimSuffix(text, "d"))
	if err != nil || days < 1 || days > 400 || !strings.HasSuffix(text, "d") {
		return nil, nil, fmt.Errorf("%q: write it like 7d, at most 400d", text)
	}
	db, err := c.database(ctx)
	if err != nil {
		return nil, nil, err
	}
	defer db.Close()
	rows, err := casework.NewLedger(db).Since(ctx, time.Now().AddDate(0, 0, -days), pastLimit)
	if err != nil {
		return nil, nil, err
	}
	place := c.place() // the shifts of a plan are times of day there
	perHour = make([]float64, 24)
	for _, r := range rows {
		perHour[r.Arrived.In(place).Hour()] += 1 / float64(days)
		if talk := r.Ended.Sub(r.Talked); !r.Talked.IsZero() && talk > 0 {
			talks = append(talks, talk)
		}
	}
	if len(rows) == 0 {
		return nil, nil, fmt.Errorf("no call ended within the last %d days", days)
	}
	return perHour, talks, nil
}

func writeChart(file string, r simulation.Report) (err error) {
	f, err := os.Create(file)
	if err != nil {
		return fmt.Errorf("--chart: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	return r.Chart(f)
}
