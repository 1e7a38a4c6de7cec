package model_test

import (
	"flag"
	"fmt"
	"testing"
	"time"

	"hotline/queue/model/modeltest"
)

// What `make soak` gives.
var (
	soak = flag.Duration("soak", 0, "run new seeds for so long")
	seed = flag.Uint64("seed", 0, "the first seed of TestSoak")
)

// TestSeeds runs 10,000 small worlds. A failing seed prints its steps and runs alone with the command that it prints.
func TestSeeds(t *testing.T) {
	const seeds, steps = 10_000, 50
	for seed := range seeds {
		t.Run(fmt.Sprintf("seed=%d", seed), func(t *testing.T) {
			if err := run(t, uint64(seed), steps); err != nil {
				t.Fatalf("%v\nreplay: go test ./queue/model -run '%s$'", err, t.Name())
			}
		})
	}
}

// TestSoak runs short and very long worlds with seeds that nobody has seen, one after the other, for the time that is asked for; else a few known ones.
func TestSoak(t *testing.T) {
	first, until, least := *seed, time.Now().Add(*soak), uint64(20)
	switch {
	case *seed > 0:
		least = 1
	case *soak > 0:
		first = uint64(time.Now().UnixNano())
	}
	n := uint64(0)
	for ; n < least || time.Now().Before(until); n++ {
		if err := run(t, first+n, 50<<((first+n)%6)); err != nil {
			t.Fatalf("%v\nreplay: go test ./queue/model -run 'TestSoak$' -seed=%d", err, first+n)
		}
	}
	t.Logf("%d seeds from %d", n, first)
}

// run lets a world happen; when something does not hold it prints the steps.
func run(t *testing.T, seed uint64, steps int) error {
	t.Helper()
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
	if err != nil {
		for _, s := range w.Log {
			t.Log(s)
		}
	}
	return err
}
