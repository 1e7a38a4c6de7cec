// Package asterisktest starts a small real Asterisk for tests: loopback only, ports and folders of its own, gone with the test. Its
// dialplan has an echo, a tone, and the way into Stasis applications; it is not the product's own configuration, which
// deploy/asterisk renders.
package asterisktest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"hotline/audio"
	"hotline/deploy/asterisk"
	"hotline/test/ports"
)

// What can be dialled on a Node, besides "stasis-<app>" (answered by no one before it enters the application) and the extensions
// of Options.
const (
	Echo      = "echo"      // plays back what it hears
	Milliwatt = "milliwatt" // 1004 Hz
	Broadcast = "broadcast" // StasisBroadcast, then a hang-up with cause 42 ("switch congestion")
	Busy      = "busy"      // refuses with 486
)

// The tones of a Node's sounds, in Hz.
const (
	HoldHz      = 600  // hold music of class "hold"
	OtherHoldHz = 500  // hold music of class "hold-en"
	PromptHz    = 1400 // sound "prompt", 1 s
)

// User and Password are those of the REST interface.
const (
	User     = "test"
	Password = "loopback-only"
)

// Node is a running Asterisk.
type Node struct {
	ARI  string // root of the REST interface
	SIP  string // host:port, UDP and TCP
	Dir  string
	Data string // Asterisk's data folder, with the description of its REST interface

	cmd  *exec.Cmd
	done chan struct{}
	log  *lines
}

// Options change what a Node is.
type Options struct {
	Extensions string // more lines for the dialplan's context "in"
	Endpoints  string // more lines for pjsip.conf
}

// Start runs an Asterisk until the end of the test. A missing Asterisk fails the test.
func Start(t testing.TB, o Options) *Node {
	t.Helper()
	ctx := t.Context()
	in, err := asterisk.Find(ctx)
	if err != nil {
		t.Fatal(err)
	}
	n := &Node{Dir: t.TempDir(), Data: in.Data, done: make(chan struct{}), log: &lines{}}
	ariPort, sipPort := ports.Free(t), ports.Free(t)
	n.ARI = fmt.Sprintf("http://127.0.0.1:%d/ari", ariPort)
	n.SIP = fmt.Sprintf("127.0.0.1:%d", sipPort)
	n.configure(t, in, o, ariPort, sipPort)
	args := asterisk.Command(in.Binary, filepath.Join(n.Dir, "etc"))
	n.cmd = exec.Command(args[0], args[1:]...)
	n.cmd.Stdout, n.cmd.Stderr = n.log, n.log
	if err := n.cmd.Start(); err != nil {
		t.Fatalf("start asterisk: %v", err)
	}
	go func() {
		defer close(n.done)
		_ = n.cmd.Wait()
	}()
	t.Cleanup(func() {
		n.Stop()
		if t.Failed() {
			t.Logf("asterisk said:\n%s", n.log)
		}
	})
	n.await(t)
	return n
}

// Stop ends Asterisk, at once when it does not go by itself.
func (n *Node) Stop() {
	_ = n.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-n.done:
	case <-time.After(5 * time.Second):
		n.Kill()
	}
}

// Kill ends Asterisk without a farewell.
func (n *Node) Kill() {
	_ = n.cmd.Process.Kill()
	<-n.done
}

// Freeze stops Asterisk in its tracks; its sockets stay open. Thaw lets it go on.
func (n *Node) Freeze(t testing.TB) { n.signal(t, syscall.SIGSTOP) }

// Thaw undoes Freeze.
func (n *Node) Thaw(t testing.TB) { n.signal(t, syscall.SIGCONT) }

func (n *Node) signal(t testing.TB, s syscall.Signal) {
	t.Helper()
	if err := n.cmd.Process.Signal(s); err != nil {
		t.Fatalf("signal asterisk: %v", err)
	}
}

// Log is what Asterisk has printed so far.
func (n *Node) Log() string { return n.log.String() }

// AddSound makes a tone that can be played as Sound(name).
func (n *Node) AddSound(t testing.TB, name string, hz float64, length time.Duration) {
	t.Helper()
	n.tone(t, n.Sound(name)+".wav", hz, length)
}

// Sound is the media address of one of the node's sounds, without "sound:".
func (n *Node) Sound(name string) string { return filepath.Join(n.Dir, "sounds", name) }

func (n *Node) await(t testing.TB) {
	t.Helper()
	deadline := time.After(20 * time.Second)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			if n.ready() {
				return
			}
		case <-n.done:
			t.Fatalf("asterisk ended while starting:\n%s", n.log)
		case <-deadline:
			t.Fatalf("asterisk was not ready within 20 s:\n%s", n.log)
		}
	}
}

// ready asks for a module that is loaded after everything else.
func (n *Node) ready() bool {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, n.ARI+"/asterisk/modules/chan_pjsip.so", nil)
	if err != nil {
		return false
	}
	req.SetBasicAuth(User, Password)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return false
	}
	defer func() { _ = resp.Body.Close() }()
	var module struct{ Status string }
	return json.NewDecoder(resp.Body).Decode(&module) == nil && module.Status == "Running" &&
		strings.Contains(n.log.String(), "Asterisk Ready")
}

// tone writes a sound that Asterisk can play: 8 kHz, mono, 16 bit.
func (n *Node) tone(t testing.TB, file string, hz float64, length time.Duration) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	f, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	pcm := audio.Sine(audio.Rate, hz, 0.5, 0, int(length*audio.Rate/time.Second))
	if err := audio.WriteWAV(f, audio.Clip{Rate: audio.Rate, Channels: [][]int16{pcm}}); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

// lines keeps what a process prints.
type lines struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}
