package queue

import (
	"context"
	"errors"
	"testing"
	"time"

	"hotline/queue/queuetest"
)

// TestConfigure: a new policy counts from the next change on; a bad one changes nothing.
func TestConfigure(t *testing.T) {
	ctx := context.Background()
	d := newDesk(t, queuetest.Open(t), Config{})
	arrive := func(id CallID) {
		t.Helper()
		d.must(d.Arrive(ctx, d.req(), Call{ID: id, Arrived: d.time(), Needs: Skills{"youth": 3}, Relax: []Relaxation{{After: time.Second, Skill: "youth", By: 3}}}))
		_, err := d.Enqueue(ctx, d.req(), id, false)
		d.must(err)
	}
	needs := func(id CallID) int {
		t.Helper()
		s, err := d.Snapshot(ctx)
		d.must(err)
		for _, c := range s.Calls {
			if c.ID == id {
				return c.Needs["youth"]
			}
		}
		t.Fatalf("no call %s", id)
		return 0
	}
	arrive("before")
	if err := d.Configure(Config{Floors: Skills{"youth": 11}}); !errors.Is(err, ErrInvalid) {
		t.Fatalf("a level of 11: %v", err)
	}
	d.must(d.Configure(Config{Floors: Skills{"youth": 2}}))
	arrive("after")
	d.pass(2 * time.Second)
	_, err := d.Sweep(ctx)
	d.must(err)
	if a, b := needs("before"), needs("after"); a != 1 || b != 2 {
		t.Errorf("relaxed to %d before and %d after the floor was raised to 2", a, b)
	}
}
