package queue

import (
	"net"
	"os"
	"os/exec"
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

// apart are the tests of this package that are about a server of their own, or about none; all others are the suite that every topology passes.
const apart = "^Test(Topologies|Cluster.*|Sentinel.*|Estimate.*|Relaxed|RedisAway|RetriesChangeOnce|Metrics|FollowNoticesLoss|FollowReconnects|" +
	"FollowOlderFile|FollowEnds|JournalOfManyAtOnce|Slow.*|Full.*|Replays.*)$"

// TestTopologies runs the suite on a cluster of three masters and on a master with a replica behind a sentinel: this test binary again, with another
// Redis. What Open gives is then that one.
func TestTopologies(t *testing.T) {
	if os.Getenv(queuetest.Elsewhere) != "" {
		t.Fatal("the suite runs itself")
	}
	failover := queuetest.StartFailover(t)
	for name, where := range map[string]string{
		"cluster":  "cluster://" + strings.Join(queuetest.Addrs(queuetest.StartCluster(t, 3)), ","),
		"sentinel": "sentinel://" + failover.Sentinel + "/main",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.skip", apart, "-test.timeout", "10m", "-test.count", "1", "-test.v")
			cmd.Env = append(os.Environ(), queuetest.Elsewhere+"="+where)
			out, err := cmd.CombinedOutput()
			passed := strings.Count(string(out), "\n--- PASS: ")
			if err != nil || passed < 40 {
				t.Fatalf("%v, %d tests passed\n%s", err, passed, out)
			}
			t.Logf("%d tests passed", passed)
		})
	}
}

// TestClusterKeepsToOneSlot: all keys of a site lie in one slot, on one master of three.
func TestClusterKeepsToOneSlot(t *testing.T) {
	ctx := t.Context()
	servers := queuetest.StartCluster(t, 3)
	rdb := queuetest.ClusterClient(t, queuetest.Addrs(servers))
	wholeLife(t, rdb)
	slots, holders := map[int64]bool{}, 0
	for _, s := range servers {
		node := s.Client(t)
		keys := node.Keys(ctx, "*").Val()
		if len(keys) > 0 {
			holders++
		}
		for _, key := range keys {
			slots[node.ClusterKeySlot(ctx, key).Val()] = true
		}
	}
	if len(slots) != 1 || holders != 1 {
		t.Errorf("keys in %d slots on %d masters", len(slots), holders)
	}
}

// TestSentinelFailover: the master dies, the replica takes over; what the queue knew goes on, and readers hear of what came after, or of the loss.
func TestSentinelFailover(t *testing.T) {
	ctx := t.Context()
	f := queuetest.StartFailover(t)
	rdb := queuetest.SentinelClient(t, "main", []string{f.Sentinel})
	wholeLife(t, rdb)
	q := realQueue(t, rdb)
	reader := follow(t, q, snapshot(t, q).After)
	arrive(t, q, "c2")
	reader.until(EventCall, "c2")
	if n, err := rdb.Wait(ctx, 1, 5*time.Second).Result(); n != 1 || err != nil {
		t.Fatalf("the replica has it: %d, %v", n, err)
	}
	f.Master.Kill()
	for end := time.Now().Add(30 * time.Second); ; {
		if _, err := q.Enqueue(ctx, "after", "c2", false); err == nil {
			break
		} else if time.Now().After(end) {
			t.Fatal(err)
		}
	}
	reader.until(EventCall, "c2") // waiting now: told by the new master
	if _, err := q.Ready(ctx, "", "a1", "s"); err != nil {
		t.Fatal(err)
	}
	a := agentIn(t, q, "a1")
	if _, err := q.Accept(ctx, "", a.Offer, "a1", "s"); err != nil || a.Call != "c2" {
		t.Errorf("%+v, %v", a, err)
	}
	queuetest.Check(t, rdb, "site")
}

func agentIn(t *testing.T, q *Queue, id AgentID) Agent {
	t.Helper()
	for _, a := range snapshot(t, q).Agents {
		if a.ID == id {
			return a
		}
	}
	t.Fatalf("%s is not signed in", id)
	return Agent{}
}

// TestSentinel: also after the master was killed and started empty.
func TestSentinel(t *testing.T) {
	s := queuetest.Start(t)
	_, port, err := net.SplitHostPort(s.Addr)
	if err != nil {
		t.Fatal(err)
	}
	conf := filepath.Join(t.TempDir(), "sentinel.conf")
	rdb := queuetest.SentinelClient(t, "main", []string{queuetest.StartSentinel(t, conf, "main", port, time.Minute)})
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
