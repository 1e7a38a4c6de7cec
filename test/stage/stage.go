package stage

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"syscall"
	"time"
)

const (
	readyWithin = 90 * time.Second // the first start makes the prompts
	drainWithin = 30 * time.Second
)

// Line is a dialled service as demo.json tells it.
type Line struct {
	Number string `json:"number"`
	Name   string `json:"name"`
}

// User is a demo account.
type User struct {
	Name     string `json:"name"`
	Password string `json:"password"`
	Role     string `json:"role"`
}

// Demo is demo.json: what an outsider needs.
type Demo struct {
	Console string   `json:"console"`
	SIP     string   `json:"sip"`  // of the first node
	SIPs    []string `json:"sips"` // of all
	Lines   []Line   `json:"lines"`
	Users   []User   `json:"users"`
}

// Stage is one instance.
type Stage struct {
	Binary string
	Dir    string
	Base   int // first port
	Demo   Demo

	size  Size
	args  []string
	ports block
	up    *exec.Cmd
	ended chan struct{} // closed when `up` ended
	err   error         // of `up`, after ended
}

// Open prepares an instance: a folder and a block of ports. args are further flags of `hotline up`. Start starts it.
func Open(binary, dir string, args ...string) (*Stage, error) {
	return OpenSized(binary, dir, Size{1, 1}, args...)
}

// OpenSized is Open for an instance of several controllers and nodes.
func OpenSized(binary, dir string, size Size, args ...string) (*Stage, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("stage: open: %w", err)
	}
	ports, err := reserveBlocks((size.Nodes + 2) / 2)
	if err != nil {
		return nil, err
	}
	s := &Stage{Binary: binary, Dir: dir, Base: ports.base, ports: ports, args: args, size: size}
	if size == (Size{1, 1}) {
		return s, nil
	}
	text := fmt.Sprintf("controllers: %d\nnodes: %d\n", size.Controllers, size.Nodes)
	if err := os.WriteFile(s.path("hotline.yaml"), []byte(text), 0o600); err != nil {
		return nil, fmt.Errorf("stage: open: %w", err)
	}
	s.args = append(s.args, "--config", s.path("hotline.yaml"))
	return s, nil
}

// Start runs `hotline up` and returns when the instance is ready. After `up` was killed it can be started again.
func (s *Stage) Start(ctx context.Context) error {
	out, err := os.OpenFile(s.path("up.out"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("stage: start: %w", err)
	}
	began := time.Now()
	s.up = exec.Command(s.Binary, append([]string{"up", "--dir", s.Dir, "--port-base", strconv.Itoa(s.Base)}, s.args...)...)
	s.up.Stdout, s.up.Stderr = out, out
	// A test process that dies must not leave an instance behind. The signal is tied to the thread that starts the child.
	s.up.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM, Setpgid: true}
	s.ended = make(chan struct{})
	started := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		defer func() { _ = out.Close() }()
		err := s.up.Start()
		started <- err
		if err == nil {
			s.err = s.up.Wait()
		}
		close(s.ended)
	}()
	if err := <-started; err != nil {
		return fmt.Errorf("stage: start %s up: %w", s.Binary, err)
	}
	return s.awaitReady(ctx, began)
}

func (s *Stage) awaitReady(ctx context.Context, began time.Time) error {
	var last error
	err := Poll(ctx, readyWithin, func() bool {
		select {
		case <-s.ended:
			last = fmt.Errorf("`hotline up` ended: %w", errors.Join(s.err, errors.New(s.tail("up.out", 20))))
			return true
		default:
		}
		if last = s.readDemo(began); last != nil {
			return false
		}
		last = s.Ready()
		return last == nil
	})
	if err = errors.Join(err, last); err != nil {
		return fmt.Errorf("stage: not ready: %w", err)
	}
	return nil
}

// readDemo reads demo.json once this `up` has written it.
func (s *Stage) readDemo(began time.Time) error {
	file := s.path("run", "demo.json")
	info, err := os.Stat(file)
	if err != nil {
		return err
	}
	if info.ModTime().Before(began.Add(-time.Second)) {
		return errors.New("demo.json is of an earlier run")
	}
	raw, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(raw, &s.Demo); err != nil {
		return fmt.Errorf("demo.json: %w", err)
	}
	return nil
}

// Ready is what the console's /readyz says.
func (s *Stage) Ready() error {
	client := http.Client{Timeout: 2 * time.Second}
	res, err := client.Get(s.Demo.Console + "/readyz")
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("readyz: %s", res.Status)
	}
	return nil
}

// Up reports whether `hotline up` runs.
func (s *Stage) Up() bool {
	if s.ended == nil {
		return false
	}
	select {
	case <-s.ended:
		return false
	default:
		return true
	}
}

// Messages is the folder in memory where the fallback of the first node leaves messages until a worker takes them in.
func (s *Stage) Messages() string { return s.MessageFolders()[0] }

// MessageFolders are those of all nodes.
func (s *Stage) MessageFolders() []string {
	var dirs []string
	for _, name := range s.each("messages", s.size.Nodes) {
		dirs = append(dirs, filepath.Join("/dev/shm", "hotline-"+strconv.Itoa(s.Base), name))
	}
	return dirs
}

// Stop asks `up` to drain and waits. Whatever is left then is a fault that the error names; it is killed all the same.
func (s *Stage) Stop() error {
	var errs []error
	if s.up != nil {
		_ = s.up.Process.Signal(syscall.SIGTERM)
		select {
		case <-s.ended:
		case <-time.After(drainWithin):
			errs = append(errs, fmt.Errorf("stage: `hotline up` did not end within %v of SIGTERM", drainWithin))
			_ = s.up.Process.Kill()
			<-s.ended
		}
	}
	for _, p := range s.processes() {
		errs = append(errs, fmt.Errorf("stage: left behind: %d %s", p.pid, p.command))
		_ = syscall.Kill(p.pid, syscall.SIGKILL)
	}
	_ = os.RemoveAll(filepath.Dir(s.Messages())) // in memory, and nobody's after this
	s.ports.release()
	return errors.Join(errs...)
}

// User finds a demo account by role; n counts from 0.
func (s *Stage) User(role string, n int) (User, error) {
	for _, u := range s.Demo.Users {
		if u.Role != role {
			continue
		}
		if n == 0 {
			return u, nil
		}
		n--
	}
	return User{}, fmt.Errorf("stage: demo.json has no such %s", role)
}

// Port n after the base.
func (s *Stage) Port(n int) int { return s.Base + n }

func (s *Stage) path(parts ...string) string {
	return filepath.Join(append([]string{s.Dir}, parts...)...)
}

// Poll asks until done says true; it fails when within has passed or ctx ended.
func Poll(ctx context.Context, within time.Duration, done func() bool) error {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		if done() {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("not within %v", within)
		case <-tick.C:
		}
	}
}
