package queue

import (
	"context"
	"errors"
	"testing"
	"time"

	"hotline/queue/queuetest"
)

func TestFlow(t *testing.T) {
	ctx := context.Background()
	s := queuetest.Start(t)
	q, err := New(s.Client(t), Config{})
	if err != nil {
		t.Fatal(err)
	}
	if err := q.Arrive(ctx, "r1", Call{ID: "c1", Line: "12355", Node: "n", Owner: "o", Tier: TierNormal, Needs: Skills{"crisis": 2}, Arrived: time.Now()}); err != nil {
		t.Fatal(err)
	}
	c, err := q.Enqueue(ctx, "r2", "c1", false)
	if err != nil || c.State != CallWaiting {
		t.Fatal(c, err)
	}
	a, err := q.SignIn(ctx, "r3", Agent{ID: "a1", Skills: Skills{"crisis": 5}, Session: "s1"})
	if err != nil || a.State != AgentNotReady {
		t.Fatal(a, err)
	}
	a, err = q.Ready(ctx, "r4", "a1", "s1")
	if err != nil || a.State != AgentReserved {
		t.Fatal(a, err)
	}
	c, err = q.Accept(ctx, "r5", a.Offer, "a1", "s1")
	if err != nil || c.State != CallTalking {
		t.Fatal(c, err)
	}
	if _, err := q.Accept(ctx, "r6", "nope", "a1", "s1"); !errors.Is(err, ErrOfferGone) {
		t.Fatal(err)
	}
	if err := q.Mark(ctx, "r7", "c1", CallHeld, "agent_away"); err != nil {
		t.Fatal(err)
	}
	if err := q.End(ctx, "r8", "c1", EndAnswered); err != nil {
		t.Fatal(err)
	}
	snap, err := q.Snapshot(ctx)
	t.Logf("%+v %v", snap, err)
	n, err := q.Sweep(ctx)
	t.Log(n, err)
	l, err := q.Claim(ctx, "c1", "o", 7, time.Second)
	t.Log(l, err)
	lost, err := q.Renew(ctx, []Lease{l, {Call: "x", Owner: "o", Epoch: 3}}, time.Second)
	t.Log(lost, err)
	ls, err := q.Leases(ctx)
	t.Log(ls, err)
	if err := q.Release(ctx, l); err != nil {
		t.Fatal(err)
	}
	if err := q.Order(ctx, Command{Req: "o1", Verb: "hangup", Call: "c1"}); err != nil {
		t.Fatal(err)
	}
	stop := errors.New("stop")
	err = q.FollowCommands(ctx, time.Now().Add(-time.Second), func(c Command) error { t.Log(c); return stop })
	if !errors.Is(err, stop) {
		t.Fatal(err)
	}
	err = q.Follow(ctx, "", func(e Event) error {
		t.Logf("%s %s %+v %+v %+v %s %s", e.ID, e.Type, e.Call, e.Agent, e.Offer, e.Why, e.Ending)
		if e.Type == EventCallGone {
			return stop
		}
		return nil
	})
	if !errors.Is(err, stop) {
		t.Fatal(err)
	}
}
