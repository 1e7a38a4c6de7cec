package stage

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Size is how many controllers and Asterisk nodes an instance has.
type Size struct{ Controllers, Nodes int }

// each names n processes alike: "controller", "controller-2", …
func (s *Stage) each(name string, n int) []string {
	names := []string{name}
	for i := 2; i <= n; i++ {
		names = append(names, name+"-"+strconv.Itoa(i))
	}
	return names
}

// Roles are the names of all processes that `hotline up` runs, Asterisk and Redis included.
func (s *Stage) Roles() []string {
	return slices.Concat(s.each("asterisk", s.size.Nodes), []string{"redis"}, s.Ours())
}

// Ours are the processes of ours: all but Asterisk and Redis.
func (s *Stage) Ours() []string {
	return slices.Concat([]string{"gateway"}, s.each("controller", s.size.Controllers), []string{"console", "worker"}, s.each("guardian", s.size.Nodes))
}

// PID of a role ("up" included), as its pid file tells.
func (s *Stage) PID(role string) (int, error) {
	raw, err := os.ReadFile(s.path("run", role+".pid"))
	if err != nil {
		return 0, fmt.Errorf("stage: pid of %s: %w", role, err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(raw)))
	if err != nil || pid <= 1 {
		return 0, fmt.Errorf("stage: pid of %s: %q", role, raw)
	}
	return pid, nil
}

// Kill sends SIGKILL to a role and returns the pid it had.
func (s *Stage) Kill(role string) (int, error) { return s.Signal(role, syscall.SIGKILL) }

// Signal sends a signal to a role and returns its pid.
func (s *Stage) Signal(role string, sig syscall.Signal) (int, error) {
	pid, err := s.PID(role)
	if err != nil {
		return 0, err
	}
	if err := syscall.Kill(pid, sig); err != nil {
		return 0, fmt.Errorf("stage: %v to %s (%d): %w", sig, role, pid, err)
	}
	return pid, nil
}

// AwaitRestart waits until a role has another pid than was, and that process runs.
func (s *Stage) AwaitRestart(ctx context.Context, role string, was int, within time.Duration) error {
	err := Poll(ctx, within, func() bool {
		pid, err := s.PID(role)
		return err == nil && pid != was && syscall.Kill(pid, 0) == nil
	})
	if err != nil {
		return fmt.Errorf("stage: %s was not started again: %w", role, err)
	}
	return nil
}

// KillAll ends `up` first, so that it starts nothing again, and then the roles. It returns when they are gone.
func (s *Stage) KillAll(ctx context.Context, roles ...string) error {
	if err := s.up.Process.Kill(); err != nil {
		return fmt.Errorf("stage: kill up: %w", err)
	}
	<-s.ended
	var pids []int
	for _, role := range roles {
		pid, err := s.Kill(role)
		if errors.Is(err, syscall.ESRCH) {
			continue // it went with `up`
		}
		if err != nil {
			return err
		}
		pids = append(pids, pid)
	}
	return Poll(ctx, 5*time.Second, func() bool {
		for _, pid := range pids {
			if running(pid) {
				return false
			}
		}
		return true
	})
}

// Running reports whether a role's process lives.
func (s *Stage) Running(role string) bool {
	pid, err := s.PID(role)
	return err == nil && running(pid)
}

// running: a process that ended and was not yet waited for ("Z") does not run.
func running(pid int) bool {
	stat, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	if err != nil {
		return false
	}
	_, after, ok := bytes.Cut(stat, []byte(") "))
	return ok && len(after) > 0 && after[0] != 'Z'
}

type process struct {
	pid     int
	command string
}

// processes are those of this instance: its folder is in their command line.
func (s *Stage) processes() []process {
	files, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	var found []process
	for _, file := range files {
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(file)))
		if err != nil || pid == os.Getpid() || !running(pid) {
			continue
		}
		raw, err := os.ReadFile(file)
		if err != nil {
			continue // it ended meanwhile
		}
		if bytes.Contains(raw, []byte(s.Dir)) {
			found = append(found, process{pid, string(bytes.ReplaceAll(raw, []byte{0}, []byte{' '}))})
		}
	}
	return found
}
