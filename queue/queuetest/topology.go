package queuetest

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"

	"hotline/test/ports"
)

// Elsewhere is the environment variable that makes Open connect to a Redis that runs already: "cluster://host:port,…" or
// "sentinel://host:port,…/name". So the tests of a package run on every topology.
const Elsewhere = "HOTLINE_TEST_REDIS"

// Open is an empty Redis for a test: a server of its own, or the one that Elsewhere names.
func Open(t testing.TB) redis.UniversalClient {
	t.Helper()
	where := os.Getenv(Elsewhere)
	if where == "" {
		return Start(t).Client(t)
	}
	var rdb redis.UniversalClient
	kind, rest, _ := strings.Cut(where, "://")
	switch kind {
	case "cluster":
		rdb = ClusterClient(t, strings.Split(rest, ","))
	case "sentinel":
		hosts, name, _ := strings.Cut(rest, "/")
		rdb = SentinelClient(t, name, strings.Split(hosts, ","))
	default:
		t.Fatalf("%s=%s: unknown", Elsewhere, where)
	}
	if err := Empty(t.Context(), rdb); err != nil {
		t.Fatal(err)
	}
	return rdb
}

// Seeds is how many of so many seeds a test runs: a fifth on a Redis elsewhere, where the rules are the same and only the way there is another.
func Seeds(all int) int {
	if os.Getenv(Elsewhere) != "" {
		return max(1, all/5)
	}
	return all
}

// Empty deletes all keys, on every master.
func Empty(ctx context.Context, rdb redis.UniversalClient) error {
	if c, ok := rdb.(*redis.ClusterClient); ok {
		return c.ForEachMaster(ctx, func(ctx context.Context, m *redis.Client) error { return m.FlushAll(ctx).Err() })
	}
	return rdb.FlushAll(ctx).Err()
}

// ClusterClient is a client of a cluster with short timeouts, closed with the test.
func ClusterClient(t testing.TB, addrs []string) *redis.ClusterClient {
	t.Helper()
	rdb := redis.NewClusterClient(&redis.ClusterOptions{
		Addrs: addrs, DialTimeout: time.Second, ReadTimeout: 2 * time.Second, WriteTimeout: 2 * time.Second, ContextTimeoutEnabled: true, DialerRetries: 1,
		MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
	})
	t.Cleanup(func() { _ = rdb.Close() })
	return rdb
}

// SentinelClient is a client of the master that sentinels know by a name, with short timeouts, closed with the test.
func SentinelClient(t testing.TB, name string, sentinels []string) *redis.Client {
	t.Helper()
	rdb := redis.NewFailoverClient(&redis.FailoverOptions{
		MasterName: name, SentinelAddrs: sentinels, DialTimeout: time.Second, ReadTimeout: 2 * time.Second, WriteTimeout: 2 * time.Second, ContextTimeoutEnabled: true,
		DialerRetries: 1,
	})
	t.Cleanup(func() { _ = rdb.Close() })
	return rdb
}

// Addrs are the addresses of servers.
func Addrs(servers []*Server) []string {
	out := make([]string, len(servers))
	for i, s := range servers {
		out[i] = s.Addr
	}
	return out
}

// StartCluster starts a cluster of masters that ends with the test, and returns when all of them know it as whole.
func StartCluster(t testing.TB, masters int) []*Server {
	t.Helper()
	ctx := t.Context()
	servers := make([]*Server, masters)
	for i := range servers {
		// The bus has a port of its own: 10000 more, the default, may be beyond the last.
		servers[i] = Start(t, "--cluster-enabled", "yes", "--cluster-node-timeout", "2000", "--cluster-port", strconv.Itoa(ports.Free(t)))
		c := servers[i].Client(t)
		if err := c.Do(ctx, "CLUSTER", "ADDSLOTSRANGE", 16384*i/masters, 16384*(i+1)/masters-1).Err(); err != nil {
			t.Fatal(err)
		}
	}
	for _, s := range servers[1:] {
		host, port, _ := net.SplitHostPort(s.Addr)
		bus := s.args[len(s.args)-1]
		if err := servers[0].Client(t).Do(ctx, "CLUSTER", "MEET", host, port, bus).Err(); err != nil {
			t.Fatal(err)
		}
	}
	for _, s := range servers {
		c := s.Client(t)
		whole := fmt.Sprintf("cluster_known_nodes:%d", masters)
		until(t, "the cluster is whole", func() (string, bool) {
			info := c.ClusterInfo(ctx).Val()
			return info, strings.Contains(info, "cluster_state:ok") && strings.Contains(info, whole+"\r")
		})
	}
	return servers
}

// Failover is a master with a replica and a sentinel that knows them as "main".
type Failover struct {
	Master, Replica *Server
	Sentinel        string
}

// StartFailover starts a master, a replica and a sentinel that end with the test, and returns when the sentinel knows both.
func StartFailover(t testing.TB) Failover {
	t.Helper()
	ctx := t.Context()
	f := Failover{Master: Start(t)}
	host, port, err := net.SplitHostPort(f.Master.Addr)
	if err != nil {
		t.Fatal(err)
	}
	f.Replica = Start(t, "--replicaof", host+" "+port)
	replica := f.Replica.Client(t)
	until(t, "the replica follows", func() (string, bool) {
		info := replica.Info(ctx, "replication").Val()
		return info, strings.Contains(info, "master_link_status:up")
	})
	f.Sentinel = StartSentinel(t, filepath.Join(t.TempDir(), "sentinel.conf"), "main", port, 500*time.Millisecond)
	sentinel := redis.NewSentinelClient(&redis.Options{Addr: f.Sentinel})
	defer func() { _ = sentinel.Close() }()
	until(t, "the sentinel knows the replica", func() (string, bool) {
		list, err := sentinel.Replicas(ctx, "main").Result()
		return fmt.Sprint(list, err), len(list) == 1 && strings.Contains(fmt.Sprint(list), "slave-priority")
	})
	return f
}

// until polls what gives no event.
func until(t testing.TB, what string, ok func() (string, bool)) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); ; {
		state, done := ok()
		if done {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("never: %s: %s", what, state)
		}
		time.Sleep(20 * time.Millisecond)
	}
}
