package onebox

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// script is a process that runs a shell script named by its only argument, so that it is recognised by it after we are gone.
func script(t *testing.T, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "script.sh")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func newBox(t *testing.T) (*Box, string) {
	t.Helper()
	dir := t.TempDir()
	return New(dir, dir, slog.New(slog.DiscardHandler)), dir
}

func stop(t *testing.T, b *Box, name string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	b.Stop(ctx, name, syscall.SIGTERM)
}

// await polls for something that another process does.
func await(t *testing.T, what string, ok func() bool) {
	t.Helper()
	deadline := time.After(10 * time.Second)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatal("not in time: ", what)
		}
	}
}

func TestAKilledProcessIsStartedAgain(t *testing.T) {
	b, _ := newBox(t)
	p := Process{Name: "sleeper", Args: []string{"sh", script(t, "while :; do sleep 1; done")}}
	if err := b.Start(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	defer stop(t, b, "sleeper")
	first, _ := b.PID("sleeper")
	if err := syscall.Kill(first, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	await(t, "another process", func() bool {
		pid, ok := b.PID("sleeper")
		return ok && pid != first && alive(pid, p)
	})
}

func TestStopEndsForGood(t *testing.T) {
	b, dir := newBox(t)
	p := Process{Name: "deaf", Args: []string{"sh", script(t, "trap '' TERM; while :; do sleep 0.1; done")}}
	if err := b.Start(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	pid, _ := b.PID("deaf")
	stop(t, b, "deaf") // it ignores the signal and is killed when the time is over
	await(t, "the end", func() bool { return !alive(pid, p) })
	if _, err := os.Stat(filepath.Join(dir, "deaf.pid")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("pid file: %v", err)
	}
}

// TestLeftovers: what an earlier run left is kept or replaced, as the process wants it.
func TestLeftovers(t *testing.T) {
	for name, keep := range map[string]bool{"kept": true, "replaced": false} {
		t.Run(name, func(t *testing.T) {
			earlier, dir := newBox(t)
			p := Process{Name: "p", Args: []string{"sh", script(t, "while :; do sleep 0.1; done")}, Keep: keep}
			if err := earlier.Start(t.Context(), p); err != nil {
				t.Fatal(err)
			}
			old, _ := earlier.PID("p")
			// The earlier box is as good as killed: it does not start the process again.
			earlier.mu.Lock()
			earlier.running["p"].stopping = true
			earlier.mu.Unlock()

			b := New(dir, dir, slog.New(slog.DiscardHandler))
			if err := b.Start(t.Context(), p); err != nil {
				t.Fatal(err)
			}
			defer stop(t, b, "p")
			await(t, "a pid", func() bool { pid, ok := b.PID("p"); return ok && alive(pid, p) })
			if pid, _ := b.PID("p"); (pid == old) != keep {
				t.Errorf("pid %d, earlier %d", pid, old)
			}
		})
	}
}

func TestAForeignProcessIsNeverTouched(t *testing.T) {
	b, dir := newBox(t)
	// A pid file of an earlier run whose number now belongs to somebody else: to this test.
	if err := os.WriteFile(filepath.Join(dir, "p.pid"), []byte("1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if pid, err := b.leftover(Process{Name: "p", Args: []string{"sh", "/nowhere/at/all.sh"}}); pid != 0 || err != nil {
		t.Errorf("pid %d, %v", pid, err)
	}
}

func TestStartWaitsForReadiness(t *testing.T) {
	b, _ := newBox(t)
	tries := 0
	p := Process{Name: "slow", Args: []string{"sh", script(t, "while :; do sleep 0.1; done")}, Ready: func(context.Context) error {
		if tries++; tries < 3 {
			return errors.New("not yet")
		}
		return nil
	}}
	if err := b.Start(t.Context(), p); err != nil || tries != 3 {
		t.Errorf("%v after %d tries", err, tries)
	}
	stop(t, b, "slow")
}

func TestStartGivesUpOnAProcessThatCannotLive(t *testing.T) {
	b, _ := newBox(t)
	p := Process{Name: "broken", Args: []string{"sh", script(t, "echo the reason is this >&2; exit 3")}, Ready: func(context.Context) error { return errors.New("never") }}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	err := b.Start(ctx, p)
	if err == nil || ctx.Err() != nil || !strings.Contains(err.Error(), "the reason is this") {
		t.Errorf("error %v", err)
	}
	stop(t, b, "broken")
}

func TestMaskHidesNumbersInPieces(t *testing.T) {
	r, w := io.Pipe()
	var out bytes.Buffer
	done := make(chan struct{})
	go func() { mask(&out, r); close(done) }()
	for _, piece := range []string{"call from 1380", "0138000 to 12355\nno num", "ber here 12345\n", "+8613800138000"} {
		if _, err := io.WriteString(w, piece); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	<-done
	if want := "call from … to 12355\nno number here 12345\n+…"; out.String() != want {
		t.Errorf("got %q, want %q", out.String(), want)
	}
}
