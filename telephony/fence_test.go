package telephony

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"hotline/queue"
	"hotline/queue/queuetest"
	"hotline/telephony/call"
)

const ttl = 300 * time.Millisecond

type fenced struct {
	*fence
	queue  *queue.Queue
	server *queuetest.Server
	lost   []call.ID
}

func newFenced(t *testing.T) *fenced {
	t.Helper()
	s := queuetest.Start(t)
	rdb := redis.NewClient(&redis.Options{Addr: s.Addr, DialTimeout: 100 * time.Millisecond, ReadTimeout: 100 * time.Millisecond, MaxRetries: -1})
	t.Cleanup(func() { _ = rdb.Close() })
	q, err := queue.New(rdb, queue.Config{Site: "test"})
	if err != nil {
		t.Fatal(err)
	}
	f := &fenced{queue: q, server: s}
	f.fence = newFence(q, ttl, func(id call.ID) { f.lost = append(f.lost, id) })
	f.hold(queue.Lease{Call: "c1", Owner: "controller-1", Epoch: 1})
	return f
}

// passes says whether the fence lets the call through at once.
func (f *fenced) passes(t *testing.T, id call.ID) bool {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	return f.pass(ctx, id)
}

// sleep makes the process look as if it had been stopped for longer than a lease.
func (f *fenced) sleep() {
	f.mu.Lock()
	f.tick = time.Now().Add(-2 * ttl)
	f.mu.Unlock()
}

func TestFencePassesOwnCallsOnly(t *testing.T) {
	f := newFenced(t)
	f.renew(t.Context())
	if !f.passes(t, "c1") || f.passes(t, "c2") {
		t.Error("own call refused, or a stranger's passed")
	}
}

func TestFenceShutsAfterASleepUntilRedisHasSpoken(t *testing.T) {
	f := newFenced(t)
	f.renew(t.Context())
	f.sleep()
	if f.passes(t, "c1") {
		t.Fatal("a process that slept longer than its lease acted without asking")
	}
	f.renew(t.Context())
	if !f.passes(t, "c1") {
		t.Error("still shut, although the lease is ours")
	}
}

func TestFenceGivesUpWhatAPeerTook(t *testing.T) {
	f := newFenced(t)
	f.renew(t.Context())
	time.Sleep(ttl + 50*time.Millisecond) // the lease must really run out in Redis
	f.sleep()
	if _, err := f.queue.Claim(t.Context(), "c1", "controller-2", 1, time.Minute); err != nil {
		t.Fatal(err)
	}
	if f.passes(t, "c1") {
		t.Fatal("acted on a call that a peer holds")
	}
	f.renew(t.Context())
	if f.passes(t, "c1") || !slices.Equal(f.lost, []call.ID{"c1"}) {
		t.Errorf("the call was not given up: lost %v", f.lost)
	}
}

func TestFenceStaysOpenWithoutRedis(t *testing.T) {
	f := newFenced(t)
	f.renew(t.Context())
	f.server.Kill()
	for range 3 {
		f.renew(t.Context())
		if !f.passes(t, "c1") {
			t.Fatal("Redis away: callers were left alone")
		}
	}
}

func TestFenceStaysShutWhenNobodyCanSayWhoseTheCallsAre(t *testing.T) {
	f := newFenced(t)
	f.renew(t.Context())
	f.server.Kill()
	f.sleep()
	f.renew(t.Context())
	if f.passes(t, "c1") {
		t.Fatal("acted after a sleep, with nobody to ask")
	}
	f.server.Restart(t)
	f.renew(t.Context())
	if !f.passes(t, "c1") {
		t.Error("still shut, although Redis is back")
	}
}

func TestFenceWritesLeasesThatRedisLost(t *testing.T) {
	f := newFenced(t)
	f.renew(t.Context())
	f.server.Kill()
	f.server.Restart(t)
	f.renew(t.Context())
	leases, err := f.queue.Leases(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if l := leases["c1"]; l.Owner != "controller-1" || l.Epoch != 1 {
		t.Errorf("lease %+v", l)
	}
}

// A call that was adopted while Redis was away has an epoch that Redis has not heard of.
func TestFenceKeepsWhatWasAdoptedWithoutRedis(t *testing.T) {
	f := newFenced(t)
	f.renew(t.Context())
	f.hold(queue.Lease{Call: "c1", Owner: "controller-1", Epoch: 2})
	f.renew(t.Context())
	if !f.passes(t, "c1") || len(f.lost) > 0 {
		t.Fatalf("the call was given up: lost %v", f.lost)
	}
	leases, err := f.queue.Leases(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if l := leases["c1"]; l.Owner != "controller-1" || l.Epoch != 3 || f.epoch("c1") != 3 {
		t.Errorf("lease %+v, believed epoch %d", l, f.epoch("c1"))
	}
	f.renew(t.Context())
	if len(f.lost) > 0 {
		t.Errorf("lost %v", f.lost)
	}
}

// A later life of the same controller has a higher epoch: the earlier one stands back.
func TestFenceGivesUpToALaterSelf(t *testing.T) {
	f := newFenced(t)
	f.renew(t.Context())
	if _, err := f.queue.Claim(t.Context(), "c1", "controller-1", 1, time.Second); err != nil {
		t.Fatal(err)
	}
	f.renew(t.Context())
	if f.passes(t, "c1") || !slices.Equal(f.lost, []call.ID{"c1"}) {
		t.Errorf("the call was not given up: lost %v", f.lost)
	}
}
