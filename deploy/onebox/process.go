// Package onebox runs all processes of the hotline on one machine: it starts them in order, restarts those that die, and leaves them
// alone when it dies itself. Nothing that a caller hears passes through it.
package onebox

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// Process is one program to be kept running.
type Process struct {
	Name string
	Args []string // program and arguments
	Env  []string // added to ours
	// Keep says that a process left by an earlier run is taken over as it is (Asterisk and Redis hold what must not be lost);
	// others are replaced: they are built to be killed.
	Keep bool
	// Mask hides runs of digits in the output, for a program whose messages may contain a caller's number.
	Mask bool
	// Ready is called after each start until it returns nil.
	Ready func(context.Context) error
	// BeforeStart is called before each start.
	BeforeStart func() error
}

// Box keeps processes running.
type Box struct {
	runDir, logDir string
	log            *slog.Logger

	mu      sync.Mutex
	running map[string]*child
}

type child struct {
	p        Process
	pid      int
	stopping bool
	gone     chan struct{} // closed when it is gone for good
	ready    chan struct{} // closed when it was ready once
	hopeless chan struct{} // closed when it died too often before it was ever ready
}

// chances is how often a process may die before it was ready once; then it cannot live, and waiting would hide why.
const chances = 4

// New makes a box whose pid files are in runDir and whose logs are in logDir; both folders exist.
func New(runDir, logDir string, log *slog.Logger) *Box {
	return &Box{runDir: runDir, logDir: logDir, log: log, running: map[string]*child{}}
}

// Start starts a process, keeps it running from then on, and waits until it is ready.
func (b *Box) Start(ctx context.Context, p Process) error {
	c := &child{p: p, gone: make(chan struct{}), ready: make(chan struct{}), hopeless: make(chan struct{})}
	b.mu.Lock()
	b.running[p.Name] = c
	b.mu.Unlock()
	old, err := b.leftover(p)
	if err != nil {
		return err
	}
	go b.keep(c, old)
	select {
	case <-c.ready:
		return nil
	case <-c.hopeless:
		return fmt.Errorf("%s ends as soon as it is started; its last words (more in %s):\n%s", p.Name, b.logFile(p.Name), b.lastWords(p.Name))
	case <-ctx.Done():
		return fmt.Errorf("%s did not become ready: %w (see %s)", p.Name, context.Cause(ctx), b.logFile(p.Name))
	}
}

// lastWords are the last lines of a process's log.
func (b *Box) lastWords(name string) string {
	raw, err := os.ReadFile(b.logFile(name))
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(strings.TrimSpace(string(raw)), "\n")
	return strings.Join(lines[max(0, len(lines)-8):], "\n")
}

// leftover finds the process of an earlier run. One that is not kept is ended.
func (b *Box) leftover(p Process) (int, error) {
	pid, ok := b.PID(p.Name)
	if !ok || !alive(pid, p) {
		return 0, nil
	}
	if p.Keep {
		b.log.Info("taking over", "process", p.Name, "pid", pid)
		return pid, nil
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
		return 0, fmt.Errorf("end the %s of an earlier run (pid %d): %w", p.Name, pid, err)
	}
	awaitEnd(pid, p, 5*time.Millisecond)
	return 0, nil
}

// PID is the process id in a pid file.
func (b *Box) PID(name string) (int, bool) {
	raw, err := os.ReadFile(filepath.Join(b.runDir, name+".pid"))
	if err != nil {
		return 0, false
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(raw)))
	return pid, err == nil && pid > 1
}

// alive says that the pid is a running process with the same last argument as p: a pid may have been given to something else since.
func alive(pid int, p Process) bool {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	if err != nil || len(raw) == 0 {
		return false
	}
	return bytes.Contains(raw, []byte(p.Args[len(p.Args)-1]))
}

func (b *Box) logFile(name string) string { return filepath.Join(b.logDir, name+".log") }

// keep runs the process again and again.
func (b *Box) keep(c *child, old int) {
	defer close(c.gone)
	const shortest, longest = 20 * time.Millisecond, 2 * time.Second
	pause, deaths := shortest, 0
	for {
		began := time.Now()
		err := b.once(c, old)
		old = 0
		b.mu.Lock()
		stopping := c.stopping
		b.mu.Unlock()
		if stopping {
			return
		}
		if time.Since(began) > 5*time.Second {
			pause = shortest
		}
		b.log.Warn("process ended; starting it again", "process", c.p.Name, "error", err, "pause", pause)
		if deaths++; deaths == chances && !isClosed(c.ready) {
			close(c.hopeless)
		}
		<-time.After(pause)
		pause = min(2*pause, longest)
	}
}

// once runs the process to its end.
func (b *Box) once(c *child, old int) error {
	wait := func() error { return pollEnd(old, c.p) }
	pid := old
	if old == 0 {
		cmd, outputs, err := b.command(c.p)
		if err != nil {
			return err
		}
		err = cmd.Start()
		for _, f := range outputs {
			_ = f.Close() // the child has its own
		}
		if err != nil {
			return fmt.Errorf("start %s: %w", c.p.Name, err)
		}
		pid, wait = cmd.Process.Pid, cmd.Wait
	}
	b.mu.Lock()
	c.pid = pid
	stopping := c.stopping
	b.mu.Unlock()
	if stopping {
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
	if err := os.WriteFile(filepath.Join(b.runDir, c.p.Name+".pid"), []byte(strconv.Itoa(pid)+"\n"), 0o600); err != nil {
		b.log.Error("pid file", "process", c.p.Name, "error", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go b.awaitReady(ctx, c)
	err := wait()
	b.mu.Lock()
	c.pid = 0
	b.mu.Unlock()
	return err
}

// command prepares the process; the files returned are to be closed once it has started.
func (b *Box) command(p Process) (*exec.Cmd, []*os.File, error) {
	if p.BeforeStart != nil {
		if err := p.BeforeStart(); err != nil {
			return nil, nil, err
		}
	}
	out, err := os.OpenFile(b.logFile(p.Name), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, nil, fmt.Errorf("log of %s: %w", p.Name, err)
	}
	// Not bound to a context: it must outlive us.
	cmd := exec.CommandContext(context.Background(), p.Args[0], p.Args[1:]...)
	cmd.Env = append(os.Environ(), p.Env...)
	// A group of its own: Ctrl-C in the terminal is for us, who drain; and when we are killed the callers keep what they have.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	// Written to the file directly, not through a pipe of ours that would break with us. A masked program must survive a broken pipe.
	cmd.Stdout, cmd.Stderr = out, out
	if p.Mask {
		r, w, err := os.Pipe()
		if err != nil {
			return nil, nil, err
		}
		cmd.Stdout, cmd.Stderr = w, w
		go func() {
			mask(out, r)
			_ = r.Close()
			_ = out.Close()
		}()
		return cmd, []*os.File{w}, nil
	}
	return cmd, []*os.File{out}, nil
}

var numbers = regexp.MustCompile(`\d{6,}`)

// mask copies lines with every run of six and more digits hidden.
func mask(w io.Writer, r io.Reader) {
	buf := make([]byte, 0, 64<<10)
	chunk := make([]byte, 32<<10)
	for {
		n, err := r.Read(chunk)
		buf = append(buf, chunk[:n]...)
		end := bytes.LastIndexByte(buf, '\n') + 1
		if err != nil || len(buf) > 60<<10 {
			end = len(buf)
		}
		if _, werr := w.Write(numbers.ReplaceAll(buf[:end], []byte("…"))); werr != nil {
			return
		}
		buf = append(buf[:0], buf[end:]...)
		if err != nil {
			return
		}
	}
}

func pollEnd(pid int, p Process) error {
	awaitEnd(pid, p, 50*time.Millisecond)
	return errors.New("ended (it was taken over from an earlier run)")
}

// awaitEnd polls: that is all that can be done with a process that is not our child.
func awaitEnd(pid int, p Process, every time.Duration) {
	t := time.NewTicker(every)
	defer t.Stop()
	for alive(pid, p) {
		<-t.C
	}
}

func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

func (b *Box) awaitReady(ctx context.Context, c *child) {
	began := time.Now()
	for c.p.Ready != nil {
		try, cancel := context.WithTimeout(ctx, time.Second)
		err := c.p.Ready(try)
		cancel()
		if err == nil {
			break
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(20 * time.Millisecond):
		}
	}
	b.log.Info("ready", "process", c.p.Name, "after", time.Since(began).Round(time.Millisecond))
	if !isClosed(c.ready) {
		close(c.ready)
	}
}

// Stop asks a process to end with the signal and waits; when ctx ends first it is killed. A process that never started is no error.
func (b *Box) Stop(ctx context.Context, name string, sig syscall.Signal) {
	b.mu.Lock()
	c := b.running[name]
	if c == nil {
		b.mu.Unlock()
		return
	}
	c.stopping = true
	pid := c.pid
	b.mu.Unlock()
	if pid > 0 {
		_ = syscall.Kill(pid, sig)
	}
	select {
	case <-c.gone:
	case <-ctx.Done():
		b.mu.Lock()
		pid = c.pid
		b.mu.Unlock()
		if pid > 0 {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
		select {
		case <-c.gone:
		case <-time.After(2 * time.Second):
		}
	}
	_ = os.Remove(filepath.Join(b.runDir, name+".pid"))
}
