package main

import (
	"os"
	"reflect"
	"strings"
	"testing"

	"hotline/queue"
	"hotline/queue/queuetest"
)

func TestParseRedis(t *testing.T) {
	for text, want := range map[string]redisAddress{
		"redis://r.internal:6379":                          {kind: redisSingle, hosts: []string{"r.internal:6379"}},
		"rediss://:secret@[2001:db8::1]:6380/3":            {kind: redisSingle, hosts: []string{"[2001:db8::1]:6380"}, password: "secret", db: 3, tls: true},
		"redis+sentinel://a:26379,b:26379/main":            {kind: redisSentinel, hosts: []string{"a:26379", "b:26379"}, master: "main"},
		"redis+sentinel://hotline:p@ss@a:26379/main/2":     {kind: redisSentinel, hosts: []string{"a:26379"}, master: "main", user: "hotline", password: "p@ss", db: 2},
		"rediss+cluster://a:6379,b:6379,c:6379":            {kind: redisCluster, hosts: []string{"a:6379", "b:6379", "c:6379"}, tls: true},
		"redis+cluster://:secret@192.0.2.1:7000,[::1]:700": {kind: redisCluster, hosts: []string{"192.0.2.1:7000", "[::1]:700"}, password: "secret"},
	} {
		if got, err := parseRedis(text); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v, %v", text, got, err)
		}
	}
	for text, says := range map[string]string{
		"":                                   "redis://host:6379",
		"localhost:6379":                     "redis://host:6379",
		"http://:topsecret@x:1":              "redis://host:6379",
		"redis+ring://:topsecret@x:1":        "redis://host:6379",
		"redis://:topsecret@x":               "needs its port",
		"redis://:topsecret@x:0":             "needs its port",
		"redis://:topsecret@a:1,b:2":         "several hosts",
		"redis://:topsecret@a:1/x":           "number of a database",
		"redis+sentinel://:topsecret@a:1":    "name the master",
		"redis+cluster://:topsecret@a:1/2":   "database 0 only",
		"redis+sentinel://:topsecret@a/main": "needs its port",
	} {
		_, err := parseRedis(text)
		if err == nil || !strings.Contains(err.Error(), says) || strings.Contains(err.Error(), "topsecret") {
			t.Errorf("%q: %v", text, err)
		}
	}
	if _, err := loadConfig(write(t, "redis: redis+sentinel://a:1"), t.TempDir(), 0); err == nil || !strings.Contains(err.Error(), "name the master") {
		t.Errorf("check-config says %v", err)
	}
}

// TestRedisOfEveryKind: the program's own client reaches the queue on each, with the password from its file.
func TestRedisOfEveryKind(t *testing.T) {
	const password = "of-the-file"
	single := queuetest.Start(t)
	if err := single.Client(t).ConfigSet(t.Context(), "requirepass", password).Err(); err != nil {
		t.Fatal(err)
	}
	failover := queuetest.StartFailover(t)
	cluster := queuetest.StartCluster(t, 3)
	for name, tt := range map[string]struct{ url, password string }{
		"single":   {"redis://" + single.Addr, password},
		"sentinel": {"redis+sentinel://" + failover.Sentinel + "/main", ""},
		"cluster":  {"redis+cluster://" + strings.Join(queuetest.Addrs(cluster), ","), ""},
	} {
		t.Run(name, func(t *testing.T) {
			c, err := loadConfig(write(t, "redis: "+tt.url), t.TempDir(), 0)
			if err != nil {
				t.Fatal(err)
			}
			if tt.password != "" {
				if err := os.MkdirAll(c.path("secrets"), 0o700); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(c.path("secrets", "redis-password"), []byte(tt.password+"\n"), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			q, rdb, err := c.queue(unregistered())
			if err != nil {
				t.Fatal(err)
			}
			defer rdb.Close()
			if err := q.Arrive(t.Context(), "", queue.Call{ID: "c1", Line: "12355"}); err != nil {
				t.Fatal(err)
			}
			if s, err := q.Snapshot(t.Context()); err != nil || len(s.Calls) != 1 {
				t.Errorf("%+v, %v", s, err)
			}
		})
	}
}
