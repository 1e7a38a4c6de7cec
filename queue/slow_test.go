package queue

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"

	"hotline/queue/queuetest"
)

// productClient has the options of the product: short timeouts, the retries of go-redis.
func productClient(t *testing.T, addr string) *redis.Client {
	t.Helper()
	rdb := redis.NewClient(&redis.Options{
		Addr: addr, DialTimeout: 500 * time.Millisecond, ReadTimeout: time.Second, WriteTimeout: time.Second, MaxRetryBackoff: 50 * time.Millisecond, PoolSize: 32,
		DialerRetries: 1, ContextTimeoutEnabled: true, MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
	})
	t.Cleanup(func() { _ = rdb.Close() })
	return rdb
}

// patiently asks again with the same request id, as controllers and consoles do, until the time is over.
func patiently(t *testing.T, most time.Duration, fn func(context.Context) error) error {
	t.Helper()
	var err error
	for end := time.Now().Add(most); time.Now().Before(end); {
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		err = fn(ctx)
		cancel()
		if err == nil {
			return nil
		}
	}
	return err
}

// TestSlowRedis: a Redis that stands still for 2 s, however it does that. What was offered before stays answerable and is answered once, whether the answer
// comes before, while or after it stands; who arrives meanwhile has a place afterwards; nobody is promised twice.
func TestSlowRedis(t *testing.T) {
	const still = 2 * time.Second
	ways := map[string]func(t *testing.T, s *queuetest.Server){
		"CLIENT PAUSE": func(t *testing.T, s *queuetest.Server) {
			if err := s.Client(t).Do(t.Context(), "CLIENT", "PAUSE", still.Milliseconds(), "ALL").Err(); err != nil {
				t.Error(err)
			}
		},
		"DEBUG SLEEP": func(t *testing.T, s *queuetest.Server) {
			_ = s.Client(t).Do(t.Context(), "DEBUG", "SLEEP", still.Seconds()).Err() // answers after the sleep, which may be too late
		},
		"SIGSTOP": func(_ *testing.T, s *queuetest.Server) {
			s.Pause()
			time.AfterFunc(still, s.Resume)
		},
	}
	for name, stop := range ways {
		t.Run(name, func(t *testing.T) {
			s := queuetest.Start(t, "--enable-debug-command", "yes")
			q := realQueue(t, productClient(t, s.Addr))
			ctx := t.Context()
			for i := range 2 {
				id := AgentID(fmt.Sprint("a", i))
				if _, err := q.SignIn(ctx, "", Agent{ID: id, Session: "s"}); err != nil {
					t.Fatal(err)
				}
				if _, err := q.Ready(ctx, "", id, "s"); err != nil {
					t.Fatal(err)
				}
				arrive(t, q, CallID(fmt.Sprint("c", i)))
				if _, err := q.Enqueue(ctx, "", CallID(fmt.Sprint("c", i)), false); err != nil {
					t.Fatal(err)
				}
			}
			after := snapshot(t, q).After
			first, second := agentIn(t, q, "a0"), agentIn(t, q, "a1")
			stopped := make(chan struct{})
			go func() { defer close(stopped); stop(t, s) }()
			if name == "CLIENT PAUSE" {
				<-stopped // it answers at once
			}
			var wg sync.WaitGroup
			began := time.Now()
			wg.Go(func() {
				if err := patiently(t, 5*time.Second, func(ctx context.Context) error {
					_, err := q.Accept(ctx, "accept-0", first.Offer, "a0", "s")
					return err
				}); err != nil {
					t.Errorf("answered while it stood: %v", err)
				}
				if took := time.Since(began); took > still+2*time.Second {
					t.Errorf("the answer took %v", took)
				}
			})
			wg.Go(func() {
				err := patiently(t, 5*time.Second, func(ctx context.Context) error { return q.Arrive(ctx, "arrive", Call{ID: "late", Groups: EveryGroup}) })
				if err == nil {
					err = patiently(t, 5*time.Second, func(ctx context.Context) error { _, err := q.Enqueue(ctx, "enqueue", "late", false); return err })
				}
				if err != nil {
					t.Errorf("arrived while it stood: %v", err)
				}
			})
			wg.Wait()
			<-stopped
			if _, err := q.Accept(ctx, "", second.Offer, "a1", "s"); err != nil {
				t.Errorf("answered afterwards: %v", err)
			}
			x := queuetest.Check(t, productClient(t, s.Addr), "site")
			if x.Talks["a0"] != string(first.Call) || x.Talks["a1"] != string(second.Call) || x.Calls["late"].State != "waiting" || len(x.Calls) != 3 {
				t.Errorf("talks %v, calls %+v", x.Talks, x.Calls)
			}
			acceptedOnce(t, q, after, 2)
		})
	}
}

// acceptedOnce counts the ends of offers since a place.
func acceptedOnce(t *testing.T, q *Queue, after string, want int) {
	t.Helper()
	end, stop, n := snapshot(t, q).After, errors.New("stop"), 0
	err := q.Follow(t.Context(), after, func(e Event) error {
		if e.Type == EventOfferEnded && e.Why == OfferAccepted {
			n++
		}
		if e.ID == end {
			return stop
		}
		return nil
	})
	if !errors.Is(err, stop) || n != want {
		t.Errorf("%d answers, want %d: %v", n, want, err)
	}
}

// TestFullRedis: a Redis without memory (noeviction) refuses what only adds, and changes nothing half: Redis refuses
// a script at its first write that needs memory, and never after a write. What was offered before can be answered and declined, talks end,
// rings end; with memory again everybody who asked again has a place.
func TestFullRedis(t *testing.T) {
	s := queuetest.Start(t)
	rdb := s.Client(t)
	ctx := t.Context()
	d := newDesk(t, rdb, Config{})
	for _, id := range []AgentID{"a1", "a2", "a3", "a4"} {
		d.available(id, nil)
		d.caller(CallID("c"+id), TierNormal, nil)
		d.pass(time.Second)
	}
	d.accept("a1")
	d.greeted("greeted", TierNormal, nil)
	full := func(on bool) {
		t.Helper()
		limit := "0"
		if on {
			limit = "1" // byte: less than it has
		}
		if err := rdb.ConfigSet(ctx, "maxmemory", limit).Err(); err != nil {
			t.Fatal(err)
		}
	}
	full(true)
	before := d.everything()
	for name, change := range map[string]func() error{
		"arrive":   func() error { return d.Arrive(ctx, "new", Call{ID: "new", Groups: EveryGroup}) },
		"enqueue":  func() error { return second(d.Enqueue(ctx, "enqueue", "greeted", false)) },
		"claim":    func() error { return second(d.Claim(ctx, "new", "me", 0, time.Minute)) },
		"mark":     func() error { return d.Mark(ctx, "mark", "ca1", CallHeld, "agent_away") },
		"restore":  func() error { return d.Restore(ctx, "restore", Call{ID: "back", State: CallWaiting}) },
		"raise":    func() error { return second(d.Raise(ctx, "raise", "greeted", TierRed, true)) },
		"not held": func() error { return second(d.Hold(ctx, "hold", "a2", time.Minute)) },
	} {
		if err := change(); err == nil || !strings.Contains(err.Error(), "OOM") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if now := d.everything(); now != before {
		t.Errorf("refused, and changed:\n%s\nto\n%s", before, now)
	}
	c, err := d.Accept(ctx, "accept", d.agent("a2").Offer, "a2", "s")
	if err != nil || c.State != CallTalking {
		t.Errorf("answered: %+v, %v", c, err)
	}
	d.must(d.Decline(ctx, "decline", d.agent("a3").Offer, "a3", "s"))
	d.must(d.End(ctx, "end", "ca1", EndAnswered))
	d.pass(15 * time.Second)
	if n, err := d.Sweep(ctx); n == 0 || err != nil {
		t.Errorf("rings end: %d, %v", n, err)
	}
	if a := d.agent("a4"); a.Reason != ReasonNoAnswer {
		t.Errorf("%+v", a)
	}
	full(false)
	d.must(d.Arrive(ctx, "new", Call{ID: "new", Groups: EveryGroup}))
	for _, id := range []CallID{"greeted", "new"} {
		if c, err := d.Enqueue(ctx, RequestID("again-"+id), id, false); err != nil || c.State != CallWaiting {
			t.Errorf("%+v, %v", c, err)
		}
	}
	x := queuetest.Check(t, rdb, "site")
	if len(x.Calls) != 5 || x.Talks["a2"] != "ca2" {
		t.Errorf("%d calls, talks %v", len(x.Calls), x.Talks)
	}
}
