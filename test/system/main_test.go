// Package system_test runs the whole hotline with real parts - Asterisk, Redis, every role, Chromium, SIP telephones - and judges it by what
// the caller hears. Scenarios share one instance unless a fault forbids it.
package system_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"hotline/test/browser"
	"hotline/test/stage"
)

// What the counsellors' microphones say, in Hz: each another tone, so that a caller's ear tells who answered.
const (
	toneCaller     = 440
	toneFirst      = 1000
	toneSecond     = 1750
	toneSupervisor = 2100
)

// house is what all scenarios share.
type house struct {
	dir    string
	binary string

	mu       sync.Mutex
	shared   *stage.Stage
	fleet    *stage.Stage                 // of two controllers and two nodes
	crisis   *stage.Stage                 // whose alarms go on after a scenario
	browsers map[float64]*browser.Browser // by tone
}

var theHouse *house

func TestMain(m *testing.M) {
	code, err := open(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = max(code, 1)
	}
	os.Exit(code)
}

func open(m *testing.M) (code int, err error) {
	dir, err := os.MkdirTemp("", "hotline-system-")
	if err != nil {
		return 1, err
	}
	defer func() {
		if code == 0 && err == nil {
			_ = os.RemoveAll(dir)
		} else {
			fmt.Fprintln(os.Stderr, "what the instances wrote is kept in", dir)
		}
	}()
	binary, err := stage.Build(context.Background(), dir)
	if err != nil {
		return 1, err
	}
	theHouse = &house{dir: dir, binary: binary, browsers: map[float64]*browser.Browser{}}
	code = m.Run()
	return code, theHouse.close()
}

func (h *house) close() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, b := range h.browsers {
		b.Close()
	}
	var errs []error
	for _, s := range []*stage.Stage{h.shared, h.fleet, h.crisis} {
		if s != nil {
			errs = append(errs, s.Stop())
		}
	}
	return errors.Join(errs...)
}

// stage is the shared instance, started at its first use.
func (h *house) stage(t *testing.T) *stage.Stage {
	t.Helper()
	return h.started(t, &h.shared, "shared", stage.Size{Controllers: 1, Nodes: 1})
}

// ofTwo is the instance of two controllers and two nodes, started at its first use.
func (h *house) ofTwo(t *testing.T) *stage.Stage {
	t.Helper()
	return h.started(t, &h.fleet, "fleet", stage.Size{Controllers: 2, Nodes: 2})
}

// inCrisis is the instance in which people are alarmed until somebody answers, which must disturb no other scenario.
func (h *house) inCrisis(t *testing.T) *stage.Stage {
	t.Helper()
	return h.started(t, &h.crisis, "crisis", stage.Size{Controllers: 1, Nodes: 1})
}

func (h *house) started(t *testing.T, at **stage.Stage, name string, size stage.Size) *stage.Stage {
	t.Helper()
	h.mu.Lock()
	defer h.mu.Unlock()
	if s := *at; s != nil {
		if !s.Up() { // a scenario that ended early left it dead
			must(t, s.Start(context.Background()))
		}
		return s
	}
	s, err := h.openSized(name, size)
	if err != nil {
		t.Fatal(err)
	}
	*at = s // also when it does not start: what runs of it must be stopped
	if err := s.Start(context.Background()); err != nil {
		t.Fatalf("%v\n%s", err, s.Story(30))
	}
	return s
}

// open prepares an instance whose prompts are tones.
func (h *house) open(name string, args ...string) (*stage.Stage, error) {
	return h.openSized(name, stage.Size{Controllers: 1, Nodes: 1}, args...)
}

func (h *house) openSized(name string, size stage.Size, args ...string) (*stage.Stage, error) {
	s, err := stage.OpenSized(h.binary, filepath.Join(h.dir, name), size, args...)
	if err != nil {
		return nil, err
	}
	return s, s.Speak()
}

// browser is the Chromium whose microphone says hz. One that was killed is started anew.
func (h *house) browser(t *testing.T, hz float64) *browser.Browser {
	t.Helper()
	h.mu.Lock()
	defer h.mu.Unlock()
	if b := h.browsers[hz]; b != nil {
		if b.Alive() {
			return b
		}
		b.Close()
	}
	dir, err := os.MkdirTemp(h.dir, fmt.Sprintf("chromium-%g-", hz))
	if err != nil {
		t.Fatal(err)
	}
	b, err := browser.Launch(context.Background(), browser.Config{Dir: dir, Hz: hz, Log: filepath.Join(dir, "log")})
	if err != nil {
		t.Fatal(err)
	}
	h.browsers[hz] = b
	return b
}

// must stops the test at a fault.
func must(t *testing.T, errs ...error) {
	t.Helper()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}
