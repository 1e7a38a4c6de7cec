// Command soak runs worlds of queue/model/modeltest beyond those of `make test`: further seeds, and longer worlds, for as long as it is told. The
// first world in which a rule is broken ends it, with its story and the command that runs it again.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"

	"hotline/queue/model/modeltest"
)

func main() {
	long := flag.Duration("for", 10*time.Minute, "how long")
	from := flag.Uint64("from", 10_000, "first seed; `make test` has those below 10,000")
	seed := flag.Uint64("seed", 0, "only this seed, and its story")
	steps := flag.Int("steps", 0, "steps of each world; 0: between 50 and 1,600, by the seed")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	var err error
	if *seed != 0 {
		err = world(*seed, *steps, true)
	} else {
		err = soak(ctx, *long, *from, *steps)
	}
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func soak(ctx context.Context, long time.Duration, from uint64, steps int) error {
	ctx, cancel := context.WithTimeout(ctx, long)
	defer cancel()
	var next, done atomic.Uint64
	next.Store(from)
	g, ctx := errgroup.WithContext(ctx)
	for range runtime.NumCPU() {
		g.Go(func() error {
			for ctx.Err() == nil {
				if err := world(next.Add(1)-1, steps, false); err != nil {
					return err
				}
				if n := done.Add(1); n%10_000 == 0 {
					fmt.Fprintf(os.Stdout, "%d worlds, all rules kept\n", n)
				}
			}
			return nil
		})
	}
	err := g.Wait()
	fmt.Fprintf(os.Stdout, "%d worlds from seed %d\n", done.Load(), from)
	return err
}

// world runs one seed: short worlds mostly, some very long.
func world(seed uint64, steps int, tell bool) error {
	if steps == 0 {
		steps = 50 << (seed % 6)
	}
	w, err := modeltest.New(seed)
	if err != nil {
		return err
	}
	for range steps {
		if _, err = w.Step(); err != nil {
			break
		}
	}
	if err == nil {
		err = w.Drain()
	}
	if err == nil && !tell {
		return nil
	}
	for _, line := range w.Log {
		fmt.Fprintln(os.Stdout, line)
	}
	if err != nil {
		err = fmt.Errorf("seed %d: %w\nagain: go run ./test/bench/soak -seed %d -steps %d", seed, err, seed, steps)
	}
	return err
}
