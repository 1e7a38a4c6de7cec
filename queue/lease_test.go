package queue

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"hotline/queue/queuetest"
)

func TestClaim(t *testing.T) {
	ctx := context.Background()
	rdb := queuetest.Open(t)
	tests := []struct {
		name    string
		prepare func(d *desk)
		least   int64
		epoch   int64
		err     error
	}{
		{"free", func(*desk) {}, 0, 1, nil},
		{"free, the channel knows an epoch", func(*desk) {}, 41, 42, nil},
		{"ours: a new epoch", func(d *desk) { d.claim("me", 0) }, 0, 2, nil},
		{"another's", func(d *desk) { d.claim("other", 0) }, 9, 0, ErrFenced},
		{"another's, at its last millisecond", func(d *desk) { d.claim("other", 0); d.pass(time.Second - time.Millisecond) }, 0, 0, ErrFenced},
		{"another's, expired", func(d *desk) { d.claim("other", 7); d.pass(time.Second) }, 0, 9, nil},
		{"another's, released", func(d *desk) { d.must(d.Release(ctx, d.claim("other", 7))) }, 8, 9, nil},
		{"Redis was lost", func(d *desk) { d.claim("other", 7); d.must(queuetest.Empty(ctx, d.rdb)) }, 8, 9, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := newDesk(t, rdb, Config{})
			tt.prepare(d)
			l, err := d.Claim(ctx, "c1", "me", tt.least, time.Second)
			if !errors.Is(err, tt.err) {
				t.Fatalf("%v, want %v", err, tt.err)
			}
			if err == nil && (l != Lease{Call: "c1", Owner: "me", Epoch: tt.epoch}) {
				t.Errorf("%+v, want epoch %d", l, tt.epoch)
			}
		})
	}
}

func (d *desk) claim(owner string, least int64) Lease {
	d.t.Helper()
	l, err := d.Claim(context.Background(), "c1", owner, least, time.Second)
	d.must(err)
	return l
}

func TestRenew(t *testing.T) {
	ctx := context.Background()
	d := newDesk(t, queuetest.Open(t), Config{})
	mine := d.claim("me", 0)
	d.pass(500 * time.Millisecond)
	if lost, err := d.Renew(ctx, []Lease{mine}, time.Second); err != nil || lost != nil {
		t.Fatal(lost, err)
	}
	all, err := d.Leases(ctx)
	d.must(err)
	if want := (LeaseState{mine, d.time().Add(time.Second)}); len(all) != 1 || all["c1"] != want {
		t.Errorf("%+v, want %+v", all, want)
	}
	d.pass(time.Minute)
	if lost, err := d.Renew(ctx, []Lease{mine}, time.Second); err != nil || lost != nil {
		t.Errorf("expired and untaken: %v, %v", lost, err)
	}
	d.pass(time.Minute)
	theirs := d.claim("other", 0)
	if theirs.Epoch != mine.Epoch+1 {
		t.Errorf("%+v after %+v", theirs, mine)
	}
	d.must(d.Release(ctx, mine))
	lost, err := d.Renew(ctx, []Lease{mine, theirs, {Call: "c2", Owner: "me", Epoch: 4}}, time.Second)
	if err != nil || !slices.Equal(lost, []CallID{"c1"}) {
		t.Errorf("lost %v, %v", lost, err)
	}
	d.must(queuetest.Empty(ctx, d.rdb))
	if lost, err := d.Renew(ctx, []Lease{theirs}, time.Second); err != nil || lost != nil {
		t.Errorf("after a loss: %v, %v", lost, err)
	}
	if again := d.claim("other", 0); again.Epoch != theirs.Epoch+1 {
		t.Errorf("%+v after %+v", again, theirs)
	}
	d.must(d.Release(ctx, theirs))
	if lost, err := d.Renew(ctx, []Lease{theirs}, time.Second); err != nil || !slices.Equal(lost, []CallID{"c1"}) {
		t.Errorf("an earlier self: %v, %v", lost, err)
	}
	if lost, err := d.Renew(ctx, nil, 0); lost != nil || err != nil {
		t.Errorf("nothing: %v, %v", lost, err)
	}
}

func TestLeasesOfTheDeadAreForgotten(t *testing.T) {
	d := newDesk(t, queuetest.Open(t), Config{})
	d.claim("me", 0)
	for _, want := range []int{1, 0} {
		d.pass(time.Hour - time.Second)
		d.sweep()
		all, err := d.Leases(context.Background())
		d.must(err)
		if len(all) != want {
			t.Errorf("%+v, want %d", all, want)
		}
		d.pass(3 * time.Second)
	}
}

func TestManyLeasesInOneRenew(t *testing.T) {
	ctx := context.Background()
	q := realQueue(t, queuetest.Open(t))
	leases := make([]Lease, 5000)
	for i := range leases {
		leases[i] = Lease{Call: CallID("c" + string(rune('A'+i%26)) + time.Duration(i).String()), Owner: "me", Epoch: 1}
	}
	for range 2 {
		if lost, err := q.Renew(ctx, leases, time.Minute); err != nil || lost != nil {
			t.Fatal(lost, err)
		}
	}
	if all, err := q.Leases(ctx); err != nil || len(all) != len(leases) {
		t.Fatal(len(all), err)
	}
}

func TestCommands(t *testing.T) {
	ctx := context.Background()
	s := queuetest.Start(t)
	q := realQueue(t, s.Client(t))
	start := time.Now().Add(-10 * time.Second)
	for range 2 { // the second is a replay
		if err := q.Order(ctx, Command{Req: "o1", Verb: "hangup", Call: "c1", By: "u-1"}); err != nil {
			t.Fatal(err)
		}
	}
	got, stop := make(chan Command, 10), make(chan error, 1)
	run, cancel := context.WithCancel(ctx)
	go func() {
		stop <- q.FollowCommands(run, start, func(c Command) error { got <- c; return nil })
	}()
	next := func() Command {
		t.Helper()
		select {
		case c := <-got:
			return c
		case <-time.After(await):
			t.Fatal("no command")
			return Command{}
		}
	}
	if c := next(); c.Req != "o1" || c.Verb != "hangup" || c.Call != "c1" || c.By != "u-1" || time.Since(c.At) > time.Minute || c.ID == "" {
		t.Errorf("%+v", c)
	}
	s.Kill()
	s.Restart(t)
	snapshotSoon(t, q)
	if err := q.Order(ctx, Command{Req: "o2", Verb: "hangup", Call: "c2"}); err != nil {
		t.Fatal(err)
	}
	if c := next(); c.Req != "o2" {
		t.Errorf("%+v", c)
	}
	cancel()
	if err := <-stop; !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	own := errors.New("own")
	if err := q.FollowCommands(ctx, start, func(Command) error { return own }); !errors.Is(err, own) {
		t.Errorf("%v", err)
	}
}
