package queue

import (
	"context"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"hotline/queue/queuetest"
)

// wholeLife runs a call from arrival to end, and a Follow beside it.
func wholeLife(t *testing.T, rdb redis.UniversalClient) {
	t.Helper()
	ctx := t.Context()
	q := realQueue(t, rdb)
	f := follow(t, q, snapshot(t, q).After)
	arrive(t, q, "c1")
	if _, err := q.Enqueue(ctx, "", "c1", false); err != nil {
		t.Fatal(err)
	}
	if _, err := q.SignIn(ctx, "", Agent{ID: "a1", Session: "s"}); err != nil {
		t.Fatal(err)
	}
	a, err := q.Ready(ctx, "", "a1", "s")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := q.Accept(ctx, "", a.Offer, "a1", "s"); err != nil {
		t.Fatal(err)
	}
	if err := q.End(ctx, "", "c1", EndAnswered); err != nil {
		t.Fatal(err)
	}
	if _, err := q.Claim(ctx, "c1", "me", 0, time.Minute); err != nil {
		t.Fatal(err)
	}
	f.until(EventCallGone, "c1")
	queuetest.Check(t, rdb, "site")
}

// TestCluster: every script and reader through a cluster client; all keys of a site lie in one slot.
func TestCluster(t *testing.T) {
	ctx := context.Background()
	s := queuetest.Start(t, "--cluster-enabled", "yes")
	node := s.Client(t)
	if err := node.Do(ctx, "CLUSTER", "ADDSLOTSRANGE", 0, 16383).Err(); err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(await); !strings.Contains(node.ClusterInfo(ctx).Val(), "cluster_state:ok"); {
		if time.Now().After(end) {
			t.Fatal(node.ClusterInfo(ctx).Val())
		}
	}
	rdb := redis.NewClusterClient(&redis.ClusterOptions{Addrs: []string{s.Addr}})
	t.Cleanup(func() { _ = rdb.Close() })
	wholeLife(t, rdb)
	slots := map[int64]bool{}
	for _, key := range node.Keys(ctx, "*").Val() {
		slots[node.ClusterKeySlot(ctx, key).Val()] = true
	}
	if len(slots) != 1 {
		t.Errorf("keys in %d slots", len(slots))
	}
}

// TestSentinel: through a sentinel client, also after the master was killed and started empty.
func TestSentinel(t *testing.T) {
	s := queuetest.Start(t)
	_, port, err := net.SplitHostPort(s.Addr)
	if err != nil {
		t.Fatal(err)
	}
	conf := filepath.Join(t.TempDir(), "sentinel.conf")
	sentinel := queuetest.StartSentinel(t, conf, "main", port)
	rdb := redis.NewFailoverClient(&redis.FailoverOptions{MasterName: "main", SentinelAddrs: []string{sentinel}})
	t.Cleanup(func() { _ = rdb.Close() })
	wholeLife(t, rdb)
	q := realQueue(t, rdb)
	f := follow(t, q, snapshot(t, q).After)
	arrive(t, q, "c2")
	f.until(EventCall, "c2")
	s.Kill()
	s.Restart(t)
	if e := f.next(); e.Type != EventReset {
		t.Errorf("%+v", e)
	}
}
