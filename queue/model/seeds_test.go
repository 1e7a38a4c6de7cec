package model_test

import (
	"fmt"
	"testing"

	"hotline/queue/model/modeltest"
)

// TestSeeds runs 10,000 small worlds. A failing seed prints its steps and runs alone with the command that it prints.
func TestSeeds(t *testing.T) {
	const seeds, steps = 10_000, 50
	for seed := range seeds {
		t.Run(fmt.Sprintf("seed=%d", seed), func(t *testing.T) {
			w, err := modeltest.New(uint64(seed))
			if err != nil {
				t.Fatal(err)
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
				t.Fatalf("%v\nreplay: go test ./queue/model -run '%s$'", err, t.Name())
			}
		})
	}
}
