package main

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
)

// Kinds of Redis.
const (
	redisSingle   = "redis"
	redisSentinel = "sentinel"
	redisCluster  = "cluster"
)

// redisAddress is the setting `redis` understood. Its text may hold a password and is never shown.
type redisAddress struct {
	kind           string
	hosts          []string // host:port; of the sentinels, or of some masters
	master         string   // the name that the sentinels know
	user, password string
	db             int
	tls            bool
}

// parseRedis reads
//
//	redis://[user:password@]host:port[/db]
//	redis+sentinel://[user:password@]host:port,host:port/NAME[/db]
//	redis+cluster://[user:password@]host:port,host:port
//
// with rediss for TLS. The errors do not repeat the text.
func parseRedis(text string) (redisAddress, error) {
	scheme, rest, ok := strings.Cut(text, "://")
	bare, kind, _ := strings.Cut(scheme, "+")
	a := redisAddress{kind: kind, tls: bare == "rediss"}
	if kind == "" {
		a.kind = redisSingle
	}
	if !ok || bare != "redis" && bare != "rediss" || a.kind != redisSingle && a.kind != redisSentinel && a.kind != redisCluster {
		return a, errors.New("redis: write redis://host:6379, redis+sentinel://host:26379,host:26379/NAME or redis+cluster://host:6379,host:6379 (rediss for TLS)")
	}
	if i := strings.LastIndex(rest, "@"); i >= 0 {
		a.user, a.password, _ = strings.Cut(rest[:i], ":")
		rest = rest[i+1:]
	}
	hosts, path, _ := strings.Cut(rest, "/")
	for host := range strings.SplitSeq(hosts, ",") {
		h, port, err := net.SplitHostPort(host)
		n, bad := strconv.Atoi(port)
		if err != nil || h == "" || bad != nil || n < 1 || n > 65535 {
			return a, errors.New("redis: each host needs its port, such as redis1.internal:6379")
		}
		a.hosts = append(a.hosts, host)
	}
	if a.kind == redisSentinel {
		a.master, path, _ = strings.Cut(path, "/")
		if a.master == "" {
			return a, errors.New("redis: name the master that the sentinels watch: redis+sentinel://host:26379,host:26379/NAME")
		}
	}
	if a.kind == redisSingle && len(a.hosts) > 1 {
		return a, errors.New("redis: several hosts are a redis+sentinel:// or a redis+cluster:// address")
	}
	if path != "" {
		n, err := strconv.Atoi(path)
		if err != nil || n < 0 {
			return a, errors.New("redis: what follows the host is the number of a database, such as /0")
		}
		a.db = n
	}
	if a.kind == redisCluster && a.db != 0 {
		return a, errors.New("redis: a cluster has database 0 only; leave the number out")
	}
	return a, nil
}

// given reads a secret that somebody may have put there; "" when nobody did.
func (c Config) given(name string) (string, error) {
	raw, err := os.ReadFile(c.path("secrets", name))
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("secret %s: %w", name, err)
	}
	return strings.TrimSpace(string(raw)), nil
}

// redisAddress is where Redis is, with its password: that of the address, else that in secrets/redis-password.
func (c Config) redisAddress() (redisAddress, error) {
	if c.RedisURL == "" {
		password, err := c.secret("redis-password")
		return redisAddress{kind: redisSingle, hosts: []string{c.port(portRedis)}, password: password}, err
	}
	a, err := parseRedis(c.RedisURL)
	if err == nil && a.password == "" {
		a.password, err = c.given("redis-password")
	}
	return a, err
}

// redis is a client whose requests end soon: a caller may be waiting behind them. What is tried again is tried by us.
func (c Config) redis() (redis.UniversalClient, error) {
	const dial, answer, backoff, pool = 500 * time.Millisecond, time.Second, 50 * time.Millisecond, 32
	a, err := c.redisAddress()
	if err != nil {
		return nil, err
	}
	var secure *tls.Config
	if a.tls {
		secure = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	off := &maintnotifications.Config{Mode: maintnotifications.ModeDisabled} // a service of hosted Redis
	switch a.kind {
	case redisSentinel:
		sentinel, err := c.given("sentinel-password")
		if err != nil {
			return nil, err
		}
		return redis.NewFailoverClient(&redis.FailoverOptions{
			MasterName: a.master, SentinelAddrs: a.hosts, SentinelPassword: sentinel, Username: a.user, Password: a.password, DB: a.db, TLSConfig: secure,
			DialTimeout: dial, ReadTimeout: answer, WriteTimeout: answer, MaxRetryBackoff: backoff, PoolSize: pool, ContextTimeoutEnabled: true, DialerRetries: 1,
		}), nil
	case redisCluster:
		return redis.NewClusterClient(&redis.ClusterOptions{
			Addrs: a.hosts, Username: a.user, Password: a.password, TLSConfig: secure, MaintNotificationsConfig: off,
			DialTimeout: dial, ReadTimeout: answer, WriteTimeout: answer, MaxRetryBackoff: backoff, PoolSize: pool, ContextTimeoutEnabled: true, DialerRetries: 1,
		}), nil
	default:
		return redis.NewClient(&redis.Options{
			Addr: a.hosts[0], Username: a.user, Password: a.password, DB: a.db, TLSConfig: secure, MaintNotificationsConfig: off,
			DialTimeout: dial, ReadTimeout: answer, WriteTimeout: answer, MaxRetryBackoff: backoff, PoolSize: pool, ContextTimeoutEnabled: true, DialerRetries: 1,
		}), nil
	}
}
