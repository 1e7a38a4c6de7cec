// Command console measures how fast the console tells its pages what changed: the real console process of a whole instance, hundreds of websockets of
// people who signed in, and changes of the queue at a rate. It prints a table, and at the end one line of JSON.
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
	"syscall"
	"time"

	"hotline/test/bench/machine"
)

type options struct {
	pages, boards, talks int
	rate                 float64
	span                 time.Duration
	storms               int
	order                string
	quick                bool
	dir, peer            string
}

func main() {
	var o options
	flag.IntVar(&o.pages, "pages", 500, "websockets")
	flag.IntVar(&o.boards, "boards", 50, "of these, supervisors who see the whole board; the others are counsellors")
	flag.IntVar(&o.talks, "talks", 150, "counsellors who talk")
	flag.Float64Var(&o.rate, "rate", 20, "changes a second")
	flag.DurationVar(&o.span, "span", 0, "of each pass, default 30s, 15s when quick")
	flag.IntVar(&o.storms, "storms", 0, "times that all reconnect at once, default 5, 1 when quick")
	flag.StringVar(&o.order, "order", "", "passes, default ABBA, AB when quick: A as it is, B beside a reader that reads nothing")
	flag.BoolVar(&o.quick, "quick", os.Getenv("BENCH") == "quick", "shorter; also BENCH=quick")
	flag.StringVar(&o.dir, "dir", "", "folder to work in and to keep; default: one that is removed")
	flag.StringVar(&o.peer, "peer", "", "be the peer, at this Redis: the benchmark starts itself so")
	flag.Parse()
	if o.span == 0 {
		o.span = 30 * time.Second
		if o.quick {
			o.span = 15 * time.Second
		}
	}
	if o.storms == 0 {
		o.storms = 5
		if o.quick {
			o.storms = 1
		}
	}
	if o.order == "" {
		o.order = "ABBA"
		if o.quick {
			o.order = "AB"
		}
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	var err error
	if o.peer != "" {
		err = servePeer(ctx, o.peer)
	} else {
		err = run(ctx, o)
	}
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench-console:", err)
		os.Exit(1)
	}
}

// result is the line of JSON.
type result struct {
	Bench      string  `json:"bench"`
	P99        float64 `json:"p99_ms"`
	Stall      float64 `json:"stall_ratio"`
	Storm      float64 `json:"storm_s"`
	PerConsole float64 `json:"kb_per_console"`
	P50        float64 `json:"p50_ms"`
	PeerP99    float64 `json:"peer_p99_ms"`
	Ratio      float64 `json:"peer_ratio"`
	Lost       int     `json:"lost"`
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
	fmt.Fprintln(os.Stdout, machine.Describe())
	fmt.Fprintf(os.Stdout, "%d pages, of which %d see the whole board (%d waiting, %d talks, %d people); %g changes a second\n",
		o.pages, o.boards, waitingCalls, o.talks, o.pages-o.boards, o.rate)
	s, err := open(ctx, o, dir)
	if s != nil {
		defer func() { err = errors.Join(err, s.close()) }()
	}
	if err != nil {
		return err
	}
	return s.measure(ctx, o)
}

func (s *site) measure(ctx context.Context, o options) error {
	before, err := s.rss()
	if err != nil {
		return err
	}
	first, err := s.pages.open(ctx)
	if err != nil {
		return err
	}
	if err := s.staff(ctx, o.pages-o.boards, o.talks); err != nil {
		return err
	}
	fmt.Fprintf(os.Stdout, "all signed in and connected: %s, the first time\n", first.Round(time.Millisecond))
	if _, err := s.pass(ctx, o, "warm up", 5*time.Second); err != nil {
		return err
	}
	r := result{Bench: "console"}
	rec := &recorder{frames: map[int64]recorded{}}
	s.pages.sample = rec.note
	var plain, beside []time.Duration
	for i, letter := range o.order {
		if letter == 'B' {
			stop := s.stalled(ctx)
			p, err := s.pass(ctx, o, "B beside a reader that stalls", o.span)
			n := stop()
			if err != nil {
				return err
			}
			if n == 0 {
				return errors.New("the reader that stalls never connected")
			}
			beside = append(beside, p.delay...)
			r.Lost += p.lost
			continue
		}
		p, err := s.pass(ctx, o, "A", o.span)
		if err != nil {
			return err
		}
		plain = append(plain, p.delay...)
		r.Lost += p.lost
		if i == 0 {
			after, err := s.rss()
			if err != nil {
				return err
			}
			r.PerConsole = float64(after-before) / float64(o.pages)
			fmt.Fprintf(os.Stdout, "memory of the console: %d kB before, %d kB with %d pages\n", before, after, o.pages)
		}
		s.pages.sample = nil
	}
	r.P50, r.P99 = millis(at(plain, 0.5)), millis(at(plain, 0.99))
	if len(beside) > 0 {
		r.Stall = millis(at(beside, 0.99)) / r.P99
	}
	if r.Storm, err = s.storm(ctx, o); err != nil {
		return err
	}
	s.pages.close()
	if r.PeerP99, err = s.besidePeer(ctx, o, rec.list()); err != nil {
		return err
	}
	r.Ratio = r.P99 / r.PeerP99
	text, err := json.Marshal(r)
	if err != nil {
		return err
	}
	fmt.Fprintln(os.Stdout, string(text))
	return nil
}

// outcome of a pass.
type outcome struct {
	delay []time.Duration
	lost  int
}

// pass makes changes at their times, whatever the pages do, and counts what was delivered.
func (s *site) pass(ctx context.Context, o options, name string, span time.Duration) (outcome, error) {
	if err := s.settle(ctx); err != nil {
		return outcome{}, err
	}
	every := time.Duration(float64(time.Second) / o.rate)
	want, late := 0, time.Duration(0)
	cpu := s.cpu()
	began := time.Now()
	changes := 0
	for due := began; due.Before(began.Add(span)); due = due.Add(every) {
		if err := sleepUntil(ctx, due); err != nil {
			return outcome{}, err
		}
		late = max(late, time.Since(due))
		owned, err := s.floor.change(ctx)
		if err != nil {
			return outcome{}, err
		}
		changes++
		want += o.boards
		if owned != "" {
			want++
		}
	}
	used := s.cpu() - cpu
	took := time.Since(began)
	var out outcome
	deadline := time.Now().Add(3 * time.Second)
	for len(out.delay) < want && time.Now().Before(deadline) {
		if err := sleepUntil(ctx, time.Now().Add(50*time.Millisecond)); err != nil {
			return outcome{}, err
		}
		out.delay = append(out.delay, s.pages.take()...)
	}
	out.lost = want - len(out.delay)
	fmt.Fprintf(os.Stdout, "%-30s %5d changes, %6d deliveries (%d lost): p50 %5.1f ms, p99 %5.1f ms, most %5.1f ms; console %3.0f %% of a core, generator at most %s late\n",
		name, changes, len(out.delay), out.lost, millis(at(out.delay, 0.5)), millis(at(out.delay, 0.99)), millis(at(out.delay, 1)),
		100*used.Seconds()/took.Seconds(), late.Round(time.Millisecond))
	return out, s.pages.faults()
}

// settle waits until nothing was delivered for a moment.
func (s *site) settle(ctx context.Context) error {
	for {
		if err := sleepUntil(ctx, time.Now().Add(300*time.Millisecond)); err != nil {
			return err
		}
		if len(s.pages.take()) == 0 {
			return nil
		}
	}
}

func (s *site) cpu() time.Duration {
	pid, err := s.stage.PID("console")
	if err != nil {
		return 0
	}
	return machine.CPU(pid)
}

// stalled runs the reader that reads nothing until the function that it returns is called, which tells how often it came.
func (s *site) stalled(ctx context.Context) func() int {
	ctx, cancel := context.WithCancel(ctx)
	times := make(chan int, 1)
	go func() { times <- stall(ctx, s.pages.server, "/ws", 0, s.slow) }()
	return func() int {
		cancel()
		return <-times
	}
}

// storm lets all pages reconnect at once, as after a change of network, and returns the longest time until the last had its snapshot.
func (s *site) storm(ctx context.Context, o options) (float64, error) {
	worst := 0.0
	for range o.storms {
		s.pages.close()
		took, err := s.pages.open(ctx)
		if err != nil {
			return 0, err
		}
		fmt.Fprintf(os.Stdout, "storm: %d pages have their snapshot after %s\n", o.pages, took.Round(time.Millisecond))
		worst = max(worst, took.Seconds())
		if err := sleepUntil(ctx, time.Now().Add(time.Second)); err != nil {
			return 0, err
		}
	}
	return worst, nil
}

// besidePeer sends the recorded frames through the peer and returns its p99 in ms.
func (s *site) besidePeer(ctx context.Context, o options, frames []recorded) (float64, error) {
	p, err := openPeer(ctx, s)
	if p != nil {
		defer p.close()
	}
	if err != nil {
		return 0, err
	}
	if err := p.replay(ctx, frames, time.Duration(float64(time.Second)/o.rate)); err != nil {
		return 0, err
	}
	if err := sleepUntil(ctx, time.Now().Add(time.Second)); err != nil {
		return 0, err
	}
	delay := p.pages.take()
	if len(delay) == 0 {
		return 0, errors.New("the peer delivered nothing")
	}
	fmt.Fprintf(os.Stdout, "%-30s %5d changes, %6d deliveries: p50 %5.1f ms, p99 %5.1f ms, most %5.1f ms\n",
		"peer: gorilla/websocket alone", len(frames), len(delay), millis(at(delay, 0.5)), millis(at(delay, 0.99)), millis(at(delay, 1)))
	return millis(at(delay, 0.99)), p.pages.faults()
}

func sleepUntil(ctx context.Context, when time.Time) error {
	t := time.NewTimer(time.Until(when))
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// at is a quantile; 0 of nothing.
func at(all []time.Duration, q float64) time.Duration {
	if len(all) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(all))
	return sorted[min(len(sorted)-1, int(q*float64(len(sorted))))]
}

func millis(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
