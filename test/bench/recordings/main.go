// Command recordings measures what it costs to record: the same number of talks, both sides apart, sealed while they are spoken by the
// hotline's recorder and taken in by its worker (A); written in plain by Asterisk's MixMonitor (B); and piped raw into the age command, one
// process a talk (C). In turn A B B A, then C, then ever more talks until frames are missing. It prints tables, and at the end one line of
// JSON.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"hotline/deploy/asterisk"
	"hotline/test/bench/machine"
)

type options struct {
	streams int
	length  time.Duration
	ramp    string
	quick   bool
	role    string
	mute    bool
	dir     string
}

func main() {
	var o options
	flag.IntVar(&o.streams, "streams", 100, "talks at once of the passes A B B A")
	flag.DurationVar(&o.length, "length", 12*time.Second, "of a talk")
	flag.StringVar(&o.ramp, "ramp", "200,400,800", "talks at once that are tried until frames are missing")
	flag.BoolVar(&o.quick, "quick", os.Getenv("BENCH") == "quick", "shorter; also BENCH=quick")
	flag.StringVar(&o.role, "role", "", "of a process that the bench starts itself: gateway or worker")
	flag.BoolVar(&o.mute, "mute", false, "of a gateway: the talks are spoken, not recorded")
	flag.StringVar(&o.dir, "dir", "", "folder of that process")
	flag.Parse()
	if o.quick {
		o.length, o.ramp = 6*time.Second, "200,400"
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, o)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench-recordings:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o options) error {
	switch o.role {
	case "gateway":
		return gateway(o)
	case "worker":
		return worker(ctx, o.dir)
	}
	dir, err := os.MkdirTemp("", "hotline-bench-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	in, err := asterisk.Find(ctx)
	if err != nil {
		return err
	}
	say("%s\nAsterisk %s; talks of %v, both sides, 20 ms a frame, begun and ended within 2 s\n\n", machine.Describe(), in.Version, o.length)
	b := &bench{o: o, ours: &ours{dir: filepath.Join(dir, "ours")}, mix: &mixMonitor{dir: filepath.Join(dir, "mixmonitor"), in: in}, pipe: &pipe{dir: filepath.Join(dir, "age")}}
	if err := errors.Join(b.mix.start(ctx), b.pipe.build(ctx)); err != nil {
		return errors.Join(err, b.mix.stop())
	}
	return errors.Join(b.run(ctx), b.mix.stop())
}

// side is a way of recording.
type side interface {
	name() string
	// record runs one pass. Without cost it does not look what the same talks cost that are not recorded.
	record(ctx context.Context, streams int, length time.Duration, cost bool) (result, error)
}

// result is one pass.
type result struct {
	streams  int
	frames   int // that were spoken
	missing  int
	cpu      time.Duration   // of recording alone: the difference to the same talks without it
	spoken   time.Duration   // of all talks together
	playable []time.Duration // from the end of a talk to its first second of sound
}

// share is the share of one core that a talk takes.
func (r result) share() float64 { return r.cpu.Seconds() / r.spoken.Seconds() }

// figures is the last line.
type figures struct {
	Bench   string  `json:"bench"`
	Streams float64 `json:"streams_ratio"`
	CPU     float64 `json:"cpu_ratio"`
	P99     float64 `json:"sealed_p99_ms"`
	Missing int     `json:"missing_frames"`
}

type bench struct {
	o    options
	ours *ours
	mix  *mixMonitor
	pipe *pipe
}

func say(format string, args ...any) { fmt.Fprintf(os.Stdout, format, args...) }

func (b *bench) run(ctx context.Context) error {
	say("%-28s %8s %10s %9s %12s %12s %12s\n", "", "talks", "frames", "missing", "core/talk", "playable p50", "p99")
	results := map[string][]result{}
	for _, s := range []side{b.ours, b.mix, b.mix, b.ours, b.pipe} {
		r, err := b.pass(ctx, s, b.o.streams, true)
		if err != nil {
			return err
		}
		results[s.name()] = append(results[s.name()], r)
	}
	say("\nuntil frames are missing:\n")
	most := map[string]int{}
	for _, s := range []side{b.ours, b.mix} {
		most[s.name()] = b.o.streams
		for _, n := range numbers(b.o.ramp) {
			whole, err := b.holds(ctx, s, n)
			if err != nil {
				return err
			}
			if !whole {
				break
			}
			most[s.name()] = n
		}
	}
	line := figures{Bench: "recordings", Streams: float64(most[b.ours.name()]) / float64(most[b.mix.name()])}
	mine := results[b.ours.name()]
	line.CPU = share(mine) / share(results[b.mix.name()])
	var waits []time.Duration
	for _, r := range mine {
		waits = append(waits, r.playable...)
		line.Missing += r.missing
	}
	line.P99 = float64(quantile(waits, .99).Microseconds()) / 1000
	say("\nsealing costs %.2f of MixMonitor's processor time and %.2f of the age command's\n", line.CPU, share(mine)/share(results[b.pipe.name()]))
	raw, err := json.Marshal(line)
	if err != nil {
		return err
	}
	say("%s\n", raw)
	return nil
}

// holds tells whether so many talks are recorded without a missing frame; the machine may have been busy, so there is a second try.
func (b *bench) holds(ctx context.Context, s side, streams int) (bool, error) {
	for range 2 {
		if r, err := b.pass(ctx, s, streams, false); err != nil || r.missing == 0 {
			return err == nil, err
		}
	}
	return false, nil
}

func (b *bench) pass(ctx context.Context, s side, streams int, cost bool) (result, error) {
	r, err := s.record(ctx, streams, b.o.length, cost)
	if err != nil {
		return r, fmt.Errorf("%s, %d talks: %w", s.name(), streams, err)
	}
	p50, p99, core := "", "", ""
	if cost {
		core = fmt.Sprintf("%.3f%%", 100*r.share())
	}
	if len(r.playable) > 0 {
		p50, p99 = quantile(r.playable, .5).Round(time.Millisecond).String(), quantile(r.playable, .99).Round(time.Millisecond).String()
	}
	say("%-28s %8d %10d %9d %12s %12s %12s\n", s.name(), r.streams, r.frames, r.missing, core, p50, p99)
	return r, nil
}

func share(all []result) float64 {
	var sum result
	for _, r := range all {
		sum.cpu, sum.spoken = sum.cpu+r.cpu, sum.spoken+r.spoken
	}
	return sum.share()
}

func quantile(all []time.Duration, q float64) time.Duration {
	if len(all) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(all))
	return sorted[min(int(q*float64(len(sorted))), len(sorted)-1)]
}

func numbers(list string) (out []int) {
	for _, word := range strings.Split(list, ",") {
		var n int
		if _, err := fmt.Sscan(word, &n); err == nil {
			out = append(out, n)
		}
	}
	return out
}
