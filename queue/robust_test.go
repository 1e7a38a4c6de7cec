package queue

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"hotline/queue/queuetest"
)

// TestGarbage: rows and members that should not be there block nobody.
func TestGarbage(t *testing.T) {
	ctx := context.Background()
	d := newDesk(t, queuetest.Open(t), Config{})
	add := func(key, member string) {
		if err := d.rdb.ZAdd(ctx, d.key(key), redis.Z{Score: 1, Member: member}).Err(); err != nil {
			t.Fatal(err)
		}
	}
	add("waiting:-", "ghost")
	add("waiting", "-")
	add("idle:-", "ghost")
	add("idle", "-")
	add("idle", "no:1,such:2,bucket:3")
	add("waiting", "no:1")
	add("ringing", "ghost")
	add("wrapping", "ghost")
	add("orphans", "ghost")
	if _, err := d.Sweep(ctx); err != nil {
		t.Fatal(err)
	}
	d.caller("c1", TierNormal, nil)
	if a := d.available("a1", nil); a.Call != "c1" {
		t.Errorf("%+v", a)
	}
	// The call's row vanished while it rang, and while it was talked to.
	if err := d.rdb.HDel(ctx, d.key("calls"), "c1").Err(); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Accept(ctx, "", d.mustAgent("a1").Offer, "a1", "s"); !errors.Is(err, ErrOfferGone) {
		t.Errorf("%v", err)
	}
	d.pass(time.Minute)
	if _, err := d.Sweep(ctx); err != nil {
		t.Fatal(err)
	}
	if a := d.mustAgent("a1"); a.State != AgentNotReady {
		t.Errorf("%+v", a)
	}
	// The agent's row vanished while it rang.
	d.ready("a1")
	d.caller("c2", TierNormal, nil)
	if err := d.rdb.HDel(ctx, d.key("agents"), "a1").Err(); err != nil {
		t.Fatal(err)
	}
	if err := d.rdb.Del(ctx, d.key("crew")).Err(); err != nil { // which counted that row
		t.Fatal(err)
	}
	if err := d.End(ctx, "", "c2", EndAbandoned); err != nil {
		t.Fatal(err)
	}
	queuetest.Check(t, d.rdb, "site")
}

func (d *desk) mustAgent(id AgentID) Agent {
	d.t.Helper()
	s, err := d.Snapshot(context.Background())
	if err != nil {
		d.t.Fatal(err)
	}
	for _, a := range s.Agents {
		if a.ID == id {
			return a
		}
	}
	d.t.Fatalf("no agent %s", id)
	return Agent{}
}

func TestInvalidArguments(t *testing.T) {
	ctx := context.Background()
	d := newDesk(t, queuetest.Open(t), Config{})
	long := strings.Repeat("x", 129)
	for name, err := range map[string]error{
		"no call id":       d.Arrive(ctx, "r", Call{}),
		"long call id":     d.Arrive(ctx, "r", Call{ID: CallID(long)}),
		"space in id":      d.Arrive(ctx, "r", Call{ID: "a b"}),
		"not UTF-8":        d.Arrive(ctx, "r", Call{ID: "a\xff"}),
		"long request":     d.Arrive(ctx, RequestID(long), Call{ID: "c"}),
		"tier":             d.Arrive(ctx, "r", Call{ID: "c", Tier: "vip"}),
		"level 0":          d.Arrive(ctx, "r", Call{ID: "c", Needs: Skills{"crisis": 0}}),
		"level 11":         d.Arrive(ctx, "r", Call{ID: "c", Needs: Skills{"crisis": 11}}),
		"skill with colon": d.Arrive(ctx, "r", Call{ID: "c", Needs: Skills{"a:b": 1}}),
		"restore ended":    d.Restore(ctx, "r", Call{ID: "c", State: "ended"}),
		"restore offline":  d.RestoreAgent(ctx, "r", Agent{ID: "a", State: AgentOffline}),
		"mark waiting":     d.Mark(ctx, "r", "c", CallWaiting, ""),
		"order no verb":    d.Order(ctx, Command{Req: "r", Call: "c"}),
		"raise tier":       second(d.Raise(ctx, "r", "c", "vip", false)),
		"no reason":        second(d.NotReady(ctx, "r", "a", "s", "")),
		"no ttl":           second(d.Claim(ctx, "c", "o", 0, 0)),
	} {
		if !errors.Is(err, ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, cfg := range map[string]Config{
		"site":          {Site: "a}b"},
		"tier":          {HeadStart: map[Tier]time.Duration{"vip": 1}},
		"order":         {HeadStart: map[Tier]time.Duration{TierNuisance: time.Minute}},
		"red not alone": {HeadStart: map[Tier]time.Duration{TierRed: 510 * time.Hour}},
		"ring":          {Ring: time.Millisecond},
		"misses":        {MissLimit: -1},
	} {
		if _, err := New(d.rdb, cfg); !errors.Is(err, ErrInvalid) {
			t.Errorf("config %s: %v", name, err)
		}
	}
}

func second[R any](_ R, err error) error { return err }

// TestRedisAway: every method answers with an error in the time that the client allows, whether Redis is gone or hangs.
func TestRedisAway(t *testing.T) {
	ctx := context.Background()
	s := queuetest.Start(t)
	rdb := redis.NewClient(&redis.Options{Addr: s.Addr, DialTimeout: 200 * time.Millisecond, ReadTimeout: 200 * time.Millisecond, MaxRetries: 1, DialerRetries: 1})
	t.Cleanup(func() { _ = rdb.Close() })
	q := realQueue(t, rdb)
	arrive(t, q, "c1")
	methods := map[string]func() error{
		"enqueue":  func() error { return second(q.Enqueue(ctx, "r1", "c1", false)) },
		"ready":    func() error { return second(q.Ready(ctx, "r2", "a1", "s")) },
		"sweep":    func() error { return second(q.Sweep(ctx)) },
		"snapshot": func() error { return second(q.Snapshot(ctx)) },
		"renew":    func() error { return second(q.Renew(ctx, []Lease{{Call: "c1", Owner: "o", Epoch: 1}}, time.Second)) },
		"order":    func() error { return q.Order(ctx, Command{Req: "r3", Verb: "hangup", Call: "c1"}) },
	}
	check := func(t *testing.T) {
		for name, method := range methods {
			start := time.Now()
			if err := method(); err == nil {
				t.Errorf("%s: no error", name)
			}
			if took := time.Since(start); took > 2*time.Second {
				t.Errorf("%s took %v", name, took)
			}
		}
	}
	t.Run("hangs", func(t *testing.T) { s.Pause(); check(t); s.Resume() })
	t.Run("gone", func(t *testing.T) { s.Kill(); check(t) })
}

func FuzzPlace(f *testing.F) {
	for _, seed := range []string{"", "0-0", "1-1/5/abc.1700000000000", "1//", "x/y/z", "18446744073709551615-18446744073709551615/-1/"} {
		f.Add(seed, seed)
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		p, err := parsePlace(a)
		if err == nil && strings.Count(a, "/") == 2 {
			if again, err := parsePlace(p.String()); err != nil || again != p {
				t.Errorf("%q: %+v, then %+v, %v", a, p, again, err)
			}
		}
		if Later(a, b) && Later(b, a) {
			pa, errA := parsePlace(a)
			pb, errB := parsePlace(b)
			if errA == nil && errB == nil && pa.born == pb.born {
				t.Errorf("%q and %q are each later than the other", a, b)
			}
		}
	})
}
