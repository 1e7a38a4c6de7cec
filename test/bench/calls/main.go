// Command calls compares the whole hotline with Asterisk's app_queue: the same Asterisk, the same machine, the same callers, in turn
// (A B B A). It prints a table, and at the end one line of JSON.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"hotline/deploy/asterisk"
	"hotline/deploy/prompts"
	"hotline/test/bench/load"
	"hotline/test/bench/machine"
	"hotline/test/stage"
)

type options struct {
	order, scenarios string
	agents, few      int
	quick            bool
	dir, config      string
	rate             float64
}

func main() {
	var o options
	flag.StringVar(&o.order, "order", "", "passes, default ABBA, or AB when quick: A is app_queue, B the hotline, M app_queue that records with MixMonitor")
	flag.StringVar(&o.scenarios, "scenarios", "abc", "a: patient 0.5 s, holds 0.5 s, callers silent; b: patient 5 s, holds 3 s, RTP; c: callers wait for few counsellors")
	flag.IntVar(&o.agents, "agents", 150, "counsellors of a and b")
	flag.IntVar(&o.few, "few", 20, "counsellors of c")
	flag.BoolVar(&o.quick, "quick", os.Getenv("BENCH") == "quick", "coarser and shorter; also BENCH=quick")
	flag.StringVar(&o.dir, "dir", "", "folder to work in and to keep; default: one that is removed")
	flag.StringVar(&o.config, "config", "", "further settings of the hotline (YAML)")
	flag.Float64Var(&o.rate, "rate", 0, "only this many calls a second, instead of a search")
	flag.Parse()
	if o.order == "" {
		o.order = "ABBA"
		if o.quick {
			o.order = "AB"
		}
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, o)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench-calls:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o options) (err error) {
	dir := o.dir
	if dir == "" {
		if dir, err = os.MkdirTemp("", "hotline-bench-"); err != nil {
			return err
		}
		defer func() { _ = os.RemoveAll(dir) }()
	}
	if dir, err = filepath.Abs(dir); err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	b := &bench{o: o, out: os.Stdout, diary: newDiary(), began: time.Now()}
	if err := b.open(ctx, dir); err != nil {
		return err
	}
	fmt.Fprintln(b.out, machine.Describe())
	in, err := asterisk.Find(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(b.out, "versions: Asterisk %s; %s; %d counsellors, %d in c\n", in.Version, machine.Version("redis-server", "--version"), o.agents, o.few)
	for i, letter := range o.order {
		s := b.sides[string(letter)]
		if s == nil {
			return fmt.Errorf("order: %q is none of A, B and M", letter)
		}
		fresh := i == 0 || o.order[i-1] != byte(letter)
		last := i == len(o.order)-1 || o.order[i+1] != byte(letter)
		if err := b.pass(ctx, s, fresh, last); err != nil {
			return errors.Join(fmt.Errorf("pass %d, %s: %w", i+1, s.name(), err), s.stop())
		}
	}
	b.report()
	return nil
}

// open prepares both sides.
func (b *bench) open(ctx context.Context, dir string) error {
	for _, of := range []string{"instance", "app_queue"} { // of an earlier run
		if err := os.RemoveAll(filepath.Join(dir, of)); err != nil {
			return err
		}
	}
	binary, err := stage.Build(ctx, dir)
	if err != nil {
		return err
	}
	ours := &hotline{dir: filepath.Join(dir, "instance"), binary: binary, agents: b.o.agents, diary: b.diary, config: b.o.config,
		log: slog.New(slog.NewTextHandler(os.Stderr, nil))}
	if b.o.config != "" {
		if ours.config, err = filepath.Abs(b.o.config); err != nil {
			return err
		}
	}
	// The ports of one more instance are app_queue's; its prompts are made from the same recordings.
	spare, err := stage.Open(binary, filepath.Join(dir, "app_queue"))
	if err != nil {
		return err
	}
	if err := errors.Join(spare.Speak(), spare.Say("greeting-"+lineMany, stage.ToneGreeting, greeting)); err != nil {
		return err
	}
	sounds := prompts.Sounds{Dir: filepath.Join(spare.Dir, "prompts"), Languages: []string{"zh-CN", "en"}}
	var lines []prompts.Line
	for _, id := range []string{"12345", "12355", "12356"} {
		lines = append(lines, prompts.Line{ID: id, Number: id, Names: map[string]string{"zh-CN": id, "en": id}})
	}
	if _, err := prompts.Generate(ctx, prompts.Config{Sounds: sounds, Lines: lines, DangerKey: "0", Recorded: filepath.Join(spare.Dir, "recorded-prompts")}); err != nil {
		return err
	}
	theirs := &appQueue{dir: spare.Dir, agents: b.o.agents, few: b.o.few, base: spare.Base, sounds: sounds, diary: b.diary, number: lineMany}
	records := *theirs
	records.record = true
	b.sides = map[string]side{"A": theirs, "B": ours, "M": &records}
	return nil
}

// bench is one run of the command.
type bench struct {
	o       options
	out     *os.File
	diary   *diary
	sides   map[string]side
	began   time.Time
	results map[string][]passed // by side
}

// passed is what one pass through a side brought.
type passed struct {
	rates   map[string]float64 // scenario -> highest rate with 99.5 % served
	best    map[string]result  // at that rate
	waiting result             // of c
	account account
}

func (b *bench) pass(ctx context.Context, s side, fresh, last bool) (err error) {
	if fresh {
		if err := s.start(ctx); err != nil {
			return err
		}
	}
	if last {
		defer func() { err = errors.Join(err, s.stop()) }()
	}
	p := passed{rates: map[string]float64{}, best: map[string]result{}}
	var all []load.Record
	address, number := s.server()
	callers, err := load.NewCallers(address, number)
	if err != nil {
		return err
	}
	defer callers.Close()
	b.diary.begin(callers)
	for _, letter := range b.o.scenarios {
		name := string(letter)
		try := func(plan load.Plan, agents int, speak bool) (result, error) {
			r, err := b.try(ctx, s, callers, name, plan, agents, speak)
			all = append(all, r.records...)
			return r, err
		}
		switch name {
		case "a":
			plan := load.Plan{Patience: 500 * time.Millisecond, Hold: 500 * time.Millisecond}
			p.rates[name], p.best[name], err = b.search(plan, 60, 400, try)
		case "b":
			plan := load.Plan{Patience: 5 * time.Second, Hold: 3 * time.Second, Speak: true}
			p.rates[name], p.best[name], err = b.search(plan, 30, float64(b.o.agents)/plan.Hold.Seconds(), try)
		case "c":
			plan := load.Plan{Rate: float64(b.o.few) / 2 * 1.2, For: b.length(12 * time.Second), Patience: 30 * time.Second, Hold: 2 * time.Second, Speak: true, Fine: true, Vary: true}
			p.waiting, err = try(plan, b.o.few, true)
		default:
			err = fmt.Errorf("scenarios: %q is none of a, b and c", name)
		}
		if err != nil {
			return err
		}
	}
	if p.account, err = s.audit(ctx, all, b.diary); err != nil {
		return err
	}
	fmt.Fprintf(b.out, "  ledger    %-9.22s %d calls: %d answered, %d abandoned, %d crossed, %d unaccounted %s\n", s.name(), p.account.Calls,
		p.account.Answered, p.account.Abandoned, p.account.Crossed, p.account.Unaccounted, strings.Join(p.account.Faults, "; "))
	if b.results == nil {
		b.results = map[string][]passed{}
	}
	b.results[s.name()] = append(b.results[s.name()], p)
	return nil
}

func (b *bench) length(full time.Duration) time.Duration {
	if b.o.quick {
		return full / 2
	}
	return full
}

// try puts one load on a side.
func (b *bench) try(ctx context.Context, s side, callers *load.Callers, name string, plan load.Plan, agents int, speak bool) (result, error) {
	if err := s.staff(ctx, agents, speak); err != nil {
		return result{}, err
	}
	_, number := s.server()
	callers.Dial(number)
	b.diary.takeWaits()
	before, began := usage(s), time.Now()
	records, err := callers.Run(ctx, plan)
	if err != nil {
		return result{}, err
	}
	r := measure(plan, records, b.diary.takeWaits())
	r.took, r.cpu = time.Since(began), usage(s)
	for name := range r.cpu {
		r.cpu[name] -= before[name]
	}
	fmt.Fprintf(b.out, "  %s %-9.22s %6.1f calls/s: %6.2f %% of %4d served; INVITE to joined %s; free to joined %s, to the offer %s; goodbye to joined %s; cores:%s\n", name, s.name(),
		plan.Rate, 100*r.share, len(records), r.toJoined, r.freed, r.offered, r.left, r.costs())
	return r, nil
}

func usage(s side) map[string]time.Duration {
	all := map[string]time.Duration{"load": machine.CPU(os.Getpid())}
	for name, pid := range s.processes() {
		all[name] = machine.CPU(pid)
	}
	return all
}

const enough = 0.995

// search finds the highest rate at which enough callers are served: up by half until it fails, twice since a busy machine may spoil one try,
// then between the two.
func (b *bench) search(plan load.Plan, from, most float64, try func(load.Plan, int, bool) (result, error)) (float64, result, error) {
	if b.o.rate > 0 {
		plan.Rate, plan.For = b.o.rate, b.length(8*time.Second)
		r, err := try(plan, b.o.agents, plan.Speak)
		return plan.Rate, r, err
	}
	best, good, bad := result{}, 0.0, 0.0
	holds := func(rate float64) (bool, error) {
		for range 2 {
			plan.Rate, plan.For = rate, b.length(max(6*time.Second, min(10*time.Second, time.Duration(400/rate*float64(time.Second)))))
			r, err := try(plan, b.o.agents, plan.Speak)
			if err != nil {
				return false, err
			}
			if r.share >= enough {
				best = r
				return true, nil
			}
			if r.share < 0.97 {
				break // no accident
			}
		}
		return false, nil
	}
	steps := 3
	if b.o.quick {
		steps = 2
	}
	for rate := from; steps > 0; {
		ok, err := holds(rate)
		if err != nil {
			return 0, best, err
		}
		if ok {
			good = rate
		} else {
			bad = rate
		}
		switch {
		case good >= most:
			return good, best, nil
		case bad == 0:
			rate = min(most, rate*1.5)
		case good == 0:
			rate = bad / 2
			if rate < 2 {
				return 0, best, nil
			}
		default:
			steps--
			rate = (good + bad) / 2
		}
	}
	return good, best, nil
}

// report prints what came of it.
func (b *bench) report() {
	theirs, ours := b.results["app_queue"], b.results["hotline"]
	line := struct {
		Bench       string  `json:"bench"`
		CPSRatio    float64 `json:"cps_ratio"`
		FreeP50     float64 `json:"free_to_joined_p50_ms"`
		FreeRatio   float64 `json:"free_to_joined_ratio"`
		Unaccounted int     `json:"unaccounted"`
		TalkRatio   float64 `json:"cps_ratio_talk"`
	}{Bench: "calls"}
	ratios := func(f func(passed) float64) (all []float64) {
		for i := range min(len(theirs), len(ours)) {
			if d := f(theirs[i]); d > 0 {
				all = append(all, f(ours[i])/d)
			}
		}
		slices.Sort(all)
		return all
	}
	fmt.Fprintln(b.out)
	for _, scenario := range []string{"a", "b"} {
		var values []string
		for _, name := range b.names() {
			for _, p := range b.results[name] {
				values = append(values, fmt.Sprintf("%s %.0f/s", name, p.rates[scenario]))
			}
		}
		r := ratios(func(p passed) float64 { return p.rates[scenario] })
		fmt.Fprintf(b.out, "%s: %s; ratios %.2f\n", scenario, strings.Join(values, ", "), r)
		if scenario == "a" {
			line.CPSRatio = median(r)
		} else {
			line.TalkRatio = median(r)
		}
	}
	for _, name := range b.names() {
		for _, p := range b.results[name] {
			line.Unaccounted += p.account.Unaccounted
			fmt.Fprintf(b.out, "c: %s: INVITE to joined %s; free to joined %s; goodbye to joined %s\n", name, p.waiting.toJoined, p.waiting.freed, p.waiting.left)
		}
	}
	for _, name := range b.names() {
		for _, p := range b.results[name] {
			if r := p.best["b"]; len(r.records) > 0 {
				fmt.Fprintf(b.out, "b: %s at %.0f/s: INVITE to joined %s\n", name, r.plan.Rate, r.toJoined)
			}
		}
	}
	line.FreeRatio = median(ratios(func(p passed) float64 { return float64(p.waiting.freed.p50) }))
	var free []float64
	for _, p := range ours {
		free = append(free, float64(p.waiting.freed.p50)/float64(time.Millisecond))
	}
	slices.Sort(free)
	line.FreeP50 = median(free)
	fmt.Fprintf(b.out, "took %v\n", time.Since(b.began).Round(time.Second))
	raw, err := json.Marshal(line)
	if err != nil {
		return
	}
	fmt.Fprintln(b.out, string(raw))
}

// names are the sides that were measured.
func (b *bench) names() []string { return slices.Sorted(maps.Keys(b.results)) }

// median of sorted values; 0 of none.
func median(sorted []float64) float64 {
	if len(sorted) == 0 {
		return 0
	}
	return (sorted[(len(sorted)-1)/2] + sorted[len(sorted)/2]) / 2
}
