package recordings

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"hotline/recordings/vault"
	"hotline/recordings/vault/s3test"
)

// in puts the store of a desk elsewhere.
func (d *desk) in(t *testing.T, v vault.Vault) {
	t.Helper()
	cfg := d.intake.cfg
	cfg.Store = v
	var err error
	if d.intake, err = NewIntake(cfg, d.index); err != nil {
		t.Fatal(err)
	}
	d.lib = NewLibrary(d.index, v)
}

func (d *desk) waiting(t *testing.T) int {
	t.Helper()
	left, err := filepath.Glob(filepath.Join(d.spool, "*"+suffixSealed))
	if err != nil {
		t.Fatal(err)
	}
	return len(left)
}

// A store that is away keeps parts in the spool, where they are safe and counted; when it is back all of them are stored, each once, and can be played from
// the bucket by ranges. Recording goes on all the while.
func TestSpoolDrains(t *testing.T) {
	server := s3test.Start(t)
	cfg := server.Bucket(t, true)
	cfg.Lock, cfg.Stall = time.Hour, 2*time.Second
	d, said := sqliteDesk(t), new(bytes.Buffer)
	d.intake.cfg.Log = slog.New(slog.NewTextHandler(said, nil))
	d.in(t, s3test.Vault(t, cfg))
	d.taken(t, "before")
	d.pass(t)
	server.Kill()
	parts := []string{"p1", "p2", "p3", "p4", "p5", "p6"}
	for _, id := range parts {
		d.taken(t, id)
	}
	if err := d.intake.pass(t.Context(), true); err == nil {
		t.Error("stored in a store that is away")
	}
	if n := d.waiting(t); n != len(parts) {
		t.Errorf("%d parts wait", n)
	}
	if n, err := CheckSpool(d.spool, time.Minute, 0); err != nil || n != len(parts) {
		t.Errorf("a fault at once: %v, %d wait", err, n)
	}
	d.intake.now = func() time.Time { return time.Now().Add(10 * time.Minute) }
	_ = d.intake.pass(t.Context(), true)
	if !strings.Contains(said.String(), "6 finished parts wait") || testutil.ToFloat64(d.intake.cfg.Metrics.spoolOldest) < 500 {
		t.Errorf("nobody was told after ten minutes: %s", said)
	}
	server.Begin(t)
	d.intake.now = func() time.Time { return time.Now().Add(20 * time.Minute) }
	d.pass(t)
	d.pass(t)
	if n := d.waiting(t); n != 0 {
		t.Errorf("the store is back, and %d wait", n)
	}
	for _, id := range append(parts, "before") {
		if err := d.lib.Verify(t.Context(), id, d.key); err != nil {
			t.Error(err)
		}
	}
	_, right := wav(t, d.open(t, "p6"))
	wantTone(t, right, 440, 1000)
}

// picky is a store that does not take some parts.
type picky struct {
	vault.Vault
	refuses map[string]bool
	hangs   chan struct{} // who puts these waits
}

func (p *picky) Put(ctx context.Context, name string, r io.ReaderAt, size int64) error {
	id := strings.TrimSuffix(filepath.Base(name), suffixSealed)
	if p.refuses[id] {
		return errors.New("the store does not take it")
	}
	if id == "slow" {
		select {
		case <-p.hangs:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return p.Vault.Put(ctx, name, r, size)
}

// A part that the store does not take, or takes slowly, holds up no other one; it is tried again ever more rarely, and stored when it can be.
func TestOnePartHoldsUpNone(t *testing.T) {
	d := sqliteDesk(t)
	p := &picky{d.vault, map[string]bool{"bad": true}, make(chan struct{})}
	d.in(t, p)
	for _, id := range []string{"a", "bad", "slow", "z"} {
		d.taken(t, id)
	}
	done := make(chan error, 1)
	go func() { done <- d.intake.pass(t.Context(), false) }()
	for end := time.Now().Add(10 * time.Second); d.waiting(t) > 2; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%d parts wait", d.waiting(t))
		}
	}
	close(p.hangs)
	if err := <-done; err == nil || !strings.Contains(err.Error(), "bad") {
		t.Errorf("%v", err)
	}
	tries := 0
	clock := time.Now()
	d.intake.now = func() time.Time { return clock }
	for range 600 { // a minute
		clock = clock.Add(100 * time.Millisecond)
		if err := d.intake.pass(t.Context(), false); err != nil {
			tries++
		}
	}
	if tries < 5 || tries > 12 {
		t.Errorf("tried %d times in a minute", tries)
	}
	delete(p.refuses, "bad")
	clock = clock.Add(time.Minute)
	d.pass(t)
	if err := d.lib.Verify(t.Context(), "bad", d.key); err != nil || d.waiting(t) != 0 {
		t.Errorf("%v, %d wait", err, d.waiting(t))
	}
}

// A disk that is nearly full is a fault before it is full.
func TestSpoolDiskIsLow(t *testing.T) {
	if _, err := CheckSpool(t.TempDir(), time.Minute, 1<<62); err == nil || !strings.Contains(err.Error(), "MB left") {
		t.Errorf("%v", err)
	}
	if n, err := CheckSpool(filepath.Join(t.TempDir(), "never made"), time.Minute, 1); err != nil || n != 0 {
		t.Errorf("%d, %v", n, err)
	}
}

// A key whose recorder died before it made the file is destroyed; one whose part is being made is not.
func TestStrayKey(t *testing.T) {
	d := sqliteDesk(t)
	stray := keyPath(d.spool, "stray")
	if err := os.WriteFile(stray, []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	d.pass(t)
	if _, err := os.Stat(stray); err != nil {
		t.Errorf("gone at once: %v", err)
	}
	take := d.start(t, "making")
	d.intake.now = func() time.Time { return time.Now().Add(2 * abandoned) }
	_ = d.intake.pass(t.Context(), true)
	if _, err := os.Stat(stray); !os.IsNotExist(err) {
		t.Errorf("still there: %v", err)
	}
	speak(take, 1000, 440, Rate)
	closeTake(t, take)
	d.pass(t)
	if err := d.lib.Verify(t.Context(), "making", d.key); err != nil {
		t.Error(err)
	}
}
