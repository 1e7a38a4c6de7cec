// Command queue measures the routing decision: what it costs with few and with very many callers, agents and skills, within Redis and on the
// way to it, beside the ways of others; how many decisions a second there are, beside the least that a script could do; and how long one takes
// at half of that load. It prints tables, and at the end one line of JSON.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"hotline/test/bench/machine"
)

func main() {
	quick := flag.Bool("quick", os.Getenv("BENCH") == "quick", "fewer rounds; also BENCH=quick")
	parts := flag.String("parts", "waiting,agents,skills,load", "what to measure; the last line needs waiting and load")
	persist := flag.Bool("persist", true, "Redis with the append-only file, as the hotline runs it")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, *quick, *persist, *parts)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench-queue:", err)
		os.Exit(1)
	}
}

type bench struct {
	*server
	quick  bool
	rounds int
	line   figures
}

// figures is the last line.
type figures struct {
	Bench  string  `json:"bench"`
	Growth float64 `json:"growth_100k_over_100"`
	P99    float64 `json:"redis_p99_ms"`
	Bare   float64 `json:"vs_bare_lua"`
}

func run(ctx context.Context, quick, persist bool, parts string) error {
	s, err := startServer(ctx, persist)
	if err != nil {
		return err
	}
	defer s.stop()
	say("%s\n%s; append-only file: %v\n", machine.Describe(), machine.Version("redis-server", "--version"), persist)
	b := &bench{server: s, quick: quick, rounds: 5, line: figures{Bench: "queue"}}
	if quick {
		b.rounds = 2
	}
	began := time.Now()
	all := map[string]func(context.Context) error{"waiting": b.byWaiting, "agents": b.byAgents, "skills": b.bySkills, "load": b.throughput}
	for _, name := range strings.Split(parts, ",") {
		part := all[name]
		if part == nil {
			return fmt.Errorf("parts: %q is none of waiting, agents, skills and load", name)
		}
		if err := part(ctx); err != nil {
			return err
		}
	}
	say("took %v\n", time.Since(began).Round(time.Second))
	raw, err := json.Marshal(b.line)
	if err != nil {
		return err
	}
	say("%s\n", raw)
	return nil
}

func say(format string, args ...any) { fmt.Fprintf(os.Stdout, format, args...) }

const turns = 50 // agents who become free one after the other

// byWaiting: an agent becomes free while so many wait.
func (b *bench) byWaiting(ctx context.Context) error {
	const skills, agents = 8, 1000
	w, err := newWorld(ctx, b.server, "waiting", skills)
	if err != nil {
		return err
	}
	if err := w.staff(ctx, agents); err != nil {
		return err
	}
	rival, err := newCallcenter(ctx, 100, skills)
	if err != nil {
		return err
	}
	defer rival.close()
	say("\nAn agent becomes free and is promised the next caller (%d skills, %d agents)\n", skills, agents)
	say("%9s  %12s %12s %12s  %14s %14s %18s\n", "waiting", "in Redis", "p50 with way", "p99 with way", "model (naive)", "linear scan", "mod_callcenter tick")
	byN := map[int]cost{}
	for _, n := range []int{100, 1000, 10_000, 100_000} {
		if err := w.wait(ctx, n+turns/2); err != nil { // half of those who are promised: n wait in the middle of a round
			return err
		}
		if byN[n], err = w.freed(ctx, b.server, turns, 2*b.rounds); err != nil {
			return err
		}
		naive := time.Duration(0)
		if n <= 1000 || n <= 10_000 && !b.quick { // it takes long to fill
			if naive, err = modelCost(n, skills); err != nil {
				return err
			}
		}
		tick, whole, err := rival.tick(ctx, n, skills)
		if err != nil {
			return err
		}
		about := ""
		if !whole {
			about = "~"
		}
		say("%9d  %12s %12s %12s  %14s %14s %18s\n", n, micros(byN[n].inside), micros(byN[n].p50), micros(byN[n].p99), micros(naive), micros(linearCost(n, skills)), about+micros(tick))
	}
	b.line.Growth = round(float64(byN[100_000].inside) / float64(byN[100].inside))
	return nil
}

// byAgents: a caller comes while so many agents are idle.
func (b *bench) byAgents(ctx context.Context) error {
	const skills = 8
	w, err := newWorld(ctx, b.server, "agents", skills)
	if err != nil {
		return err
	}
	say("\nA caller comes and is promised to the best idle agent (%d skills)\n%9s  %12s %12s %12s  %18s\n", skills, "idle", "in Redis", "p50 with way", "p99 with way", "mod_callcenter query")
	ready := 0
	if err := w.q.End(ctx, "", caller(0), "abandoned"); err != nil { // who gave the index its birth
		return err
	}
	for _, n := range []int{10, 100, 1000, 5000} {
		if err := w.staff(ctx, n); err != nil {
			return err
		}
		for ; ready < n; ready++ {
			if _, err := w.q.Ready(ctx, "", agent(ready), session); err != nil {
				return err
			}
		}
		c, err := w.arrived(ctx, b.server, turns*b.rounds)
		if err != nil {
			return err
		}
		rival, err := newCallcenter(ctx, n, skills)
		if err != nil {
			return err
		}
		start := time.Now()
		for range turns {
			if err := rival.query(ctx, "skill0"); err != nil {
				return err
			}
		}
		query := time.Since(start) / turns
		rival.close()
		say("%9d  %12s %12s %12s  %18s\n", n, micros(c.inside), micros(c.p50), micros(c.p99), micros(query))
	}
	return nil
}

// bySkills: so many different requirements, each with callers who wait.
func (b *bench) bySkills(ctx context.Context) error {
	say("\nAn agent becomes free, 10,000 wait for so many different skills\n%9s  %12s %12s %12s\n", "skills", "in Redis", "p50 with way", "p99 with way")
	for _, skills := range []int{1, 8, 64} {
		w, err := newWorld(ctx, b.server, fmt.Sprintf("skills-%d", skills), skills)
		if err != nil {
			return err
		}
		if err := w.wait(ctx, 10_000); err != nil {
			return err
		}
		if err := w.staff(ctx, 2*max(turns, skills)); err != nil {
			return err
		}
		c, err := w.freed(ctx, b.server, turns, b.rounds)
		if err != nil {
			return err
		}
		say("%9d  %12s %12s %12s\n", skills, micros(c.inside), micros(c.p50), micros(c.p99))
	}
	return nil
}

// throughput compares with a bare reserve, in turn, and then measures at half of the load.
func (b *bench) throughput(ctx context.Context) error {
	const skills, agents, waiting, pairs = 8, 2000, 10_000, 5
	w, err := newWorld(ctx, b.server, "load", skills)
	if err != nil {
		return err
	}
	if err := w.wait(ctx, waiting); err != nil {
		return err
	}
	if err := w.staff(ctx, agents); err != nil {
		return err
	}
	if err := fillBare(ctx, b.rdb, waiting); err != nil {
		return err
	}
	var ratios, ours, least []float64
	for i := range pairs {
		var d, l float64
		measures := []func() error{
			func() (err error) { l, err = bareRate(ctx, b.rdb, agents); return },
			func() (err error) { d, err = w.readyRate(ctx, agents); return },
		}
		if i%2 == 1 { // A B B A
			slices.Reverse(measures)
		}
		for _, m := range measures {
			if err := m(); err != nil {
				return err
			}
		}
		ours, least, ratios = append(ours, d), append(least, l), append(ratios, d/l)
	}
	slices.Sort(ratios)
	slices.Sort(ours)
	slices.Sort(least)
	b.line.Bare = round(ratios[pairs/2])
	say("\n%d clients: %.0f decisions/s, bare reserve %.0f/s; ratios %.2f to %.2f, median %.2f\n", clients, ours[pairs/2], least[pairs/2], ratios[0], ratios[pairs-1], b.line.Bare)
	full := 0.0
	for range 3 { // the best: what the machine can
		rate, err := w.turnRate(ctx, agents)
		if err != nil {
			return err
		}
		full = max(full, rate)
	}
	say("turns (ready, accept, end, arrive, enqueue: five scripts): %.0f/s\n", full)
	var tails []float64
	for range 3 {
		l, err := w.openLoop(ctx, full/2, 4*time.Second)
		if err != nil {
			return err
		}
		say("half of that, open loop: decision p50 %s, p99 %s, longest %s (late by the generator itself p99 %s); all scripts p99 %s\n",
			micros(l.decisionP50), micros(l.decision), micros(l.decisionTop), micros(l.late), micros(l.script))
		tails = append(tails, float64(l.decision)/float64(time.Millisecond))
	}
	slices.Sort(tails)
	b.line.P99 = round(tails[len(tails)/2])
	return nil
}

func micros(d time.Duration) string {
	switch {
	case d == 0:
		return "-"
	case d < 10*time.Millisecond:
		return fmt.Sprintf("%.0f µs", float64(d)/float64(time.Microsecond))
	case d < 10*time.Second:
		return fmt.Sprintf("%.0f ms", float64(d)/float64(time.Millisecond))
	}
	return fmt.Sprintf("%.0f s", d.Seconds())
}

func round(f float64) float64 { return float64(int(f*100+0.5)) / 100 }
