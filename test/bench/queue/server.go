package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"

	"hotline/test/stage"
)

// server is a redis-server of our own on loopback. persist: with the append-only file of a hotline, else nothing is written.
type server struct {
	cmd *exec.Cmd
	rdb *redis.Client
	dir string
}

func startServer(ctx context.Context, persist bool) (*server, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	addr := l.Addr().String()
	if err := l.Close(); err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "hotline-bench-redis-")
	if err != nil {
		return nil, err
	}
	_, port, _ := net.SplitHostPort(addr)
	args := []string{"--port", port, "--bind", "127.0.0.1", "--dir", dir, "--save", "", "--daemonize", "no", "--logfile", dir + "/log", "--appendonly", "no"}
	if persist {
		args = append(args[:len(args)-1], "yes", "--appendfsync", "everysec")
	}
	s := &server{dir: dir, cmd: exec.Command("redis-server", args...)}
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := s.cmd.Start(); err != nil {
		return nil, fmt.Errorf("redis-server: %w", err)
	}
	s.rdb = redis.NewClient(&redis.Options{
		Addr: addr, PoolSize: clients + 10, MinIdleConns: clients, ReadTimeout: 10 * time.Second, MaxRetries: -1,
		MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
	})
	if err := stage.Poll(ctx, 10*time.Second, func() bool { return s.rdb.Ping(ctx).Err() == nil }); err != nil {
		s.stop()
		return nil, fmt.Errorf("redis-server: %w", err)
	}
	return s, nil
}

func (s *server) stop() {
	_ = s.rdb.Close()
	_ = s.cmd.Process.Kill()
	_ = s.cmd.Wait()
	_ = os.RemoveAll(s.dir)
}

// inside is how long scripts ran inside of Redis so far, and how many: the cost of decisions without the way to them.
func (s *server) inside(ctx context.Context) (time.Duration, int, error) {
	text, err := s.rdb.Info(ctx, "commandstats").Result()
	if err != nil {
		return 0, 0, err
	}
	for line := range strings.Lines(text) {
		rest, ok := strings.CutPrefix(line, "cmdstat_evalsha:")
		if !ok {
			continue
		}
		var calls, usec int
		for _, field := range strings.Split(rest, ",") {
			name, value, _ := strings.Cut(field, "=")
			switch name {
			case "calls":
				calls, err = strconv.Atoi(value)
			case "usec":
				usec, err = strconv.Atoi(value)
			}
			if err != nil {
				return 0, 0, err
			}
		}
		return time.Duration(usec) * time.Microsecond, calls, nil
	}
	return 0, 0, nil
}
