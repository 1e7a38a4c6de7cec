// Package machine says on what a benchmark ran: figures without it are worth nothing.
package machine

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Describe is one line about the machine: processor, cores, memory, kernel, load, and the version of Go.
func Describe() string {
	return fmt.Sprintf("machine: %s, %d cores, %s of memory, Linux %s, load %s, %s",
		field("/proc/cpuinfo", "model name"), runtime.NumCPU(), memory(), release(), load(), runtime.Version())
}

// Version is the first line that a program prints of itself.
func Version(name string, args ...string) string {
	out, err := exec.Command(name, args...).Output()
	if err != nil {
		return name + ": version unknown"
	}
	line, _, _ := strings.Cut(string(out), "\n")
	return strings.TrimSpace(line)
}

func field(file, name string) string {
	f, err := os.Open(file)
	if err != nil {
		return "unknown"
	}
	defer func() { _ = f.Close() }()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if key, value, ok := strings.Cut(lines.Text(), ":"); ok && strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return "unknown"
}

func memory() string {
	kb, err := strconv.Atoi(strings.TrimSuffix(field("/proc/meminfo", "MemTotal"), " kB"))
	if err != nil {
		return "unknown"
	}
	return fmt.Sprintf("%.0f GiB", float64(kb)/(1<<20))
}

func release() string {
	raw, err := os.ReadFile("/proc/sys/kernel/osrelease")
	if err != nil {
		return "unknown"
	}
	return strings.TrimSpace(string(raw))
}

func load() string {
	raw, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	one, _, _ := strings.Cut(string(raw), " ")
	return one
}

// ticks is the unit of times in /proc: 100 a second on every Linux that Go runs on.
const ticks = 10 * time.Millisecond

// CPU is how much processor time a process has used, its threads included; 0 when it is gone.
func CPU(pid int) time.Duration {
	raw, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	if err != nil {
		return 0
	}
	_, after, ok := strings.Cut(string(raw), ") ")
	fields := strings.Fields(after)
	if !ok || len(fields) < 13 {
		return 0
	}
	user, _ := strconv.ParseInt(fields[11], 10, 64)
	system, _ := strconv.ParseInt(fields[12], 10, 64)
	return time.Duration(user+system) * ticks
}

// Alive tells whether a process is there.
func Alive(pid int) bool { return syscall.Kill(pid, 0) == nil }
