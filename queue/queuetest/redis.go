// Package queuetest gives tests a real Redis of their own, and checks what must always hold in a queue's index.
package queuetest

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"

	"hotline/test/ports"
)

// startMost bounds the start of a server.
const startMost = 10 * time.Second

// Server is a redis-server process on a loopback port of its own, without persistence: killed and started again it is empty.
type Server struct {
	Addr string // host:port, the same after Restart

	dir  string
	args []string
	cmd  *exec.Cmd

	sentinel bool
}

// Redis starts a server that ends with the test and returns its address.
func Redis(t testing.TB) string {
	t.Helper()
	return Start(t).Addr
}

// Start starts a server that ends with the test. args are added to its command line, such as "--appendonly", "yes".
func Start(t testing.TB, args ...string) *Server {
	t.Helper()
	if _, err := exec.LookPath("redis-server"); err != nil {
		t.Fatal("redis-server is not installed: apt-get install redis-server")
	}
	s := &Server{Addr: ports.Address(t), dir: t.TempDir(), args: args}
	t.Cleanup(s.Kill)
	s.Restart(t)
	return s
}

// StartSentinel starts a sentinel that watches the server on a loopback port under a name and takes it for down after a silence, and returns its
// address. conf is a file to write.
func StartSentinel(t testing.TB, conf, name, port string, down time.Duration) string {
	t.Helper()
	text := fmt.Sprintf("sentinel monitor %s 127.0.0.1 %s 1\nsentinel down-after-milliseconds %s %d\nsentinel failover-timeout %s 2000\n", name, port, name,
		down.Milliseconds(), name)
	if err := os.WriteFile(conf, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	s := Start(t)
	s.Kill()
	s.args = append([]string{conf, "--sentinel"}, s.args...)
	s.sentinel = true
	s.Restart(t)
	return s.Addr
}

// Restart starts the server again after Kill or Stop and returns when it answers.
func (s *Server) Restart(t testing.TB) {
	t.Helper()
	if s.cmd != nil {
		t.Fatal("redis-server is still running")
	}
	_, port, err := net.SplitHostPort(s.Addr)
	if err != nil {
		t.Fatal(err)
	}
	args := []string{"--port", port, "--bind", "127.0.0.1", "--dir", s.dir, "--logfile", filepath.Join(s.dir, "redis.log"), "--daemonize", "no"}
	if s.sentinel {
		args = append(s.args, args...)
	} else {
		args = append(args, "--save", "", "--appendonly", "no", "--maxmemory-policy", "noeviction")
		args = append(args, s.args...)
	}
	cmd := exec.Command("redis-server", args...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		t.Fatalf("start redis-server: %v", err)
	}
	s.cmd = cmd
	if err := s.await(); err != nil {
		log, _ := os.ReadFile(filepath.Join(s.dir, "redis.log"))
		t.Fatalf("redis-server on port %s: %v\n%s", port, err, log)
	}
}

// await polls until the server answers; a child process gives no event for it.
func (s *Server) await() error {
	rdb := redis.NewClient(&redis.Options{Addr: s.Addr, MaxRetries: -1, PoolSize: 1000})
	defer func() { _ = rdb.Close() }()
	ctx, cancel := context.WithTimeout(context.Background(), startMost)
	defer cancel()
	for {
		info, err := rdb.InfoMap(ctx, "server").Result()
		if err == nil {
			if pid := info["Server"]["process_id"]; pid != strconv.Itoa(s.cmd.Process.Pid) {
				return fmt.Errorf("another server (process %s) has the port", pid)
			}
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("no answer: %w", err)
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// Kill ends the server with SIGKILL and returns when it is gone. Its data are lost unless it was started with persistence.
func (s *Server) Kill() { s.end(syscall.SIGKILL) }

// Stop ends the server in an orderly way and returns when it is gone.
func (s *Server) Stop() { s.end(syscall.SIGTERM) }

// Pause stops the server without closing its connections, as a host that hangs. Resume lets it go on.
func (s *Server) Pause() { s.signal(syscall.SIGSTOP) }

// Resume ends a Pause.
func (s *Server) Resume() { s.signal(syscall.SIGCONT) }

func (s *Server) end(sig syscall.Signal) {
	if s.cmd == nil {
		return
	}
	s.signal(sig)
	s.signal(syscall.SIGCONT) // in case of a Pause
	_ = s.cmd.Wait()          // it ends by a signal, which is an error to Wait
	s.cmd = nil
}

func (s *Server) signal(sig syscall.Signal) {
	if s.cmd != nil {
		_ = s.cmd.Process.Signal(sig) // gone already is as good
	}
}

// Client is a client of the server with short timeouts, closed with the test.
func (s *Server) Client(t testing.TB) *redis.Client {
	t.Helper()
	return Client(t, s.Addr)
}

// Client is a client of a server at addr with short timeouts, closed with the test.
func Client(t testing.TB, addr string) *redis.Client {
	t.Helper()
	rdb := redis.NewClient(&redis.Options{
		Addr: addr, DialTimeout: time.Second, ReadTimeout: 2 * time.Second, WriteTimeout: 2 * time.Second, ContextTimeoutEnabled: true,
		// As the product does: left on, go-redis changes its options while connections are being made.
		MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
	})
	t.Cleanup(func() { _ = rdb.Close() })
	return rdb
}
