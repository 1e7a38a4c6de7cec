// Package vaulttest is what every vault must do: each kind runs the same suite.
package vaulttest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"hotline/recordings/vault"
)

// Run checks a kind of vault. open gives an empty one, anew for each part of the suite.
func Run(t *testing.T, open func(t *testing.T) vault.Vault) {
	t.Helper()
	for name, part := range map[string]func(t *testing.T, v vault.Vault){
		"put and read": putAndRead, "ranges": ranges, "replace": replace, "missing": missing, "names": names, "list": list,
		"broken source": brokenSource, "ended": ended, "at once": atOnce, "ready": ready, "sweep": sweep,
	} {
		t.Run(name, func(t *testing.T) { part(t, open(t)) })
	}
}

// Bytes are n bytes that look like sealed speech; the same seed gives the same.
func Bytes(seed uint64, n int) []byte {
	b := make([]byte, n)
	var s [32]byte
	s[0] = byte(seed)
	_, _ = rand.NewChaCha8(s).Read(b) // never fails
	return b
}

func put(t *testing.T, v vault.Vault, name string, b []byte) {
	t.Helper()
	if err := v.Put(t.Context(), name, bytes.NewReader(b), int64(len(b))); err != nil {
		t.Fatal(err)
	}
}

// holds says that a file is there with these bytes.
func holds(t *testing.T, v vault.Vault, name string, want []byte) {
	t.Helper()
	f, err := v.Open(t.Context(), name)
	if err != nil {
		t.Error(err)
		return
	}
	got := make([]byte, len(want))
	n, err := f.ReadAt(got, 0)
	if n != len(want) || err != nil && !errors.Is(err, io.EOF) || !bytes.Equal(got, want) {
		t.Errorf("%s: %d bytes of %d, %v, the same: %v", name, n, len(want), err, bytes.Equal(got, want))
	}
	if f.Size() != int64(len(want)) {
		t.Errorf("%s: size %d, not %d", name, f.Size(), len(want))
	}
	if err := f.Close(); err != nil {
		t.Error(err)
	}
	if i, err := v.Stat(t.Context(), name); err != nil || i.Name != name || i.Size != int64(len(want)) || time.Since(i.Modified).Abs() > time.Hour {
		t.Errorf("%s: %+v, %v", name, i, err)
	}
}

func putAndRead(t *testing.T, v vault.Vault) {
	for i, n := range []int{1, 1000, 256 << 10, 256<<10 + 1, 3<<20 + 7, 12<<20 + 1} { // the last is put in parts where there are such
		name := fmt.Sprintf("2026/01/%02d/A%d.rec", i+1, n)
		b := Bytes(uint64(n), n)
		put(t, v, name, b)
		holds(t, v, name, b)
	}
}

func ranges(t *testing.T, v vault.Vault) {
	b := Bytes(1, 1<<20+13)
	put(t, v, "a/b.rec", b)
	f, err := v.Open(t.Context(), "a/b.rec")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	for range 200 {
		from := rand.IntN(len(b))
		n := 1 + rand.IntN(40_000)
		got := make([]byte, n)
		read, err := f.ReadAt(got, int64(from))
		want := b[from:min(from+n, len(b))]
		if !bytes.Equal(got[:read], want) || (err == nil) != (len(want) == n) || err != nil && !errors.Is(err, io.EOF) {
			t.Fatalf("%d bytes from %d: %d, %v", n, from, read, err)
		}
	}
	if n, err := f.ReadAt(make([]byte, 1), f.Size()); n != 0 || !errors.Is(err, io.EOF) {
		t.Errorf("after the end: %d, %v", n, err)
	}
	if _, err := f.ReadAt(make([]byte, 1), -1); err == nil {
		t.Error("read before the beginning")
	}
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			at := i * 100_000
			got := make([]byte, 100_000)
			if _, err := f.ReadAt(got, int64(at)); err != nil || !bytes.Equal(got, b[at:at+len(got)]) {
				t.Errorf("one of eight readers at %d: %v", at, err)
			}
		})
	}
	wg.Wait()
}

func replace(t *testing.T, v vault.Vault) {
	put(t, v, "a.rec", Bytes(1, 500))
	put(t, v, "a.rec", Bytes(1, 500))
	put(t, v, "a.rec", Bytes(2, 700))
	holds(t, v, "a.rec", Bytes(2, 700))
	if err := v.Delete(t.Context(), "a.rec"); err != nil {
		t.Fatal(err)
	}
	put(t, v, "a.rec", Bytes(3, 100))
	holds(t, v, "a.rec", Bytes(3, 100))
}

func missing(t *testing.T, v vault.Vault) {
	put(t, v, "a/b.rec", Bytes(1, 10))
	for _, name := range []string{"a", "a/c.rec", "b.rec", "a/b.rec/c"} {
		if _, err := v.Open(t.Context(), name); !errors.Is(err, vault.ErrNotFound) {
			t.Errorf("open %s: %v", name, err)
		}
		if _, err := v.Stat(t.Context(), name); !errors.Is(err, vault.ErrNotFound) {
			t.Errorf("stat %s: %v", name, err)
		}
	}
	for range 2 {
		if err := v.Delete(t.Context(), "a/b.rec"); err != nil {
			t.Errorf("delete: %v", err)
		}
	}
	if _, err := v.Open(t.Context(), "a/b.rec"); !errors.Is(err, vault.ErrNotFound) {
		t.Errorf("open what was deleted: %v", err)
	}
}

func names(t *testing.T, v vault.Vault) {
	for _, name := range []string{"", ".", "..", "/a", "a/", "a//b", "../a", "a/../b", ".a", "a/.b", "a b", "a\\b", "a\x00", string(make([]byte, 300))} {
		_, open := v.Open(t.Context(), name)
		_, stat := v.Stat(t.Context(), name)
		for what, err := range map[string]error{
			"put": v.Put(t.Context(), name, bytes.NewReader([]byte("x")), 1), "delete": v.Delete(t.Context(), name), "open": open, "stat": stat,
		} {
			if !errors.Is(err, vault.ErrName) {
				t.Errorf("%s %q: %v", what, name, err)
			}
		}
	}
}

func list(t *testing.T, v vault.Vault) {
	var all []string
	for i := range 25 {
		name := fmt.Sprintf("2026/%02d/%02d/R%d.rec", 1+i/10, 1+i%10, i)
		all = append(all, name)
		put(t, v, name, Bytes(1, 10+i))
	}
	got := func(prefix string) (out []string) {
		for i, err := range v.List(t.Context(), prefix) {
			if err != nil {
				t.Fatal(err)
			}
			if i.Size < 10 || i.Size > 40 {
				t.Errorf("%+v", i)
			}
			out = append(out, i.Name)
		}
		slices.Sort(out)
		return out
	}
	slices.Sort(all)
	if l := got(""); !slices.Equal(l, all) {
		t.Errorf("all: %q", l)
	}
	if l := got("2026/02/"); len(l) != 10 {
		t.Errorf("of a month: %q", l)
	}
	if l := got("2027/"); len(l) != 0 {
		t.Errorf("of no month: %q", l)
	}
	n := 0
	for _, err := range v.List(t.Context(), "") {
		if n++; n == 3 || err != nil {
			break
		}
	}
	if n != 3 {
		t.Errorf("%d before the end", n)
	}
}

// failing is a file on a disk that breaks.
type failing struct{ good int64 }

func (f failing) ReadAt(b []byte, off int64) (int, error) {
	if off+int64(len(b)) > f.good {
		return 0, errors.New("the disk broke")
	}
	return len(b), nil
}

// brokenSource: a Put that fails changes nothing.
func brokenSource(t *testing.T, v vault.Vault) {
	put(t, v, "a.rec", Bytes(1, 100))
	for _, name := range []string{"a.rec", "b.rec"} {
		if err := v.Put(t.Context(), name, failing{7 << 20}, 11<<20); err == nil {
			t.Errorf("%s: put half a file", name)
		}
	}
	if err := v.Put(t.Context(), "b.rec", bytes.NewReader(make([]byte, 10)), 20); err == nil {
		t.Error("put a file that is shorter than was said")
	}
	holds(t, v, "a.rec", Bytes(1, 100))
	if _, err := v.Stat(t.Context(), "b.rec"); !errors.Is(err, vault.ErrNotFound) {
		t.Errorf("half a file has a name: %v", err)
	}
}

func ended(t *testing.T, v vault.Vault) {
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if err := v.Put(ctx, "a.rec", bytes.NewReader(Bytes(1, 1<<20)), 1<<20); !errors.Is(err, context.Canceled) {
		t.Errorf("put after the end: %v", err)
	}
	if _, err := v.Stat(t.Context(), "a.rec"); !errors.Is(err, vault.ErrNotFound) {
		t.Errorf("it has a name: %v", err)
	}
}

// atOnce: several workers put the same and different files.
func atOnce(t *testing.T, v vault.Vault) {
	var wg sync.WaitGroup
	for i := range 12 {
		wg.Go(func() {
			name := fmt.Sprintf("x/%d.rec", i%4)
			b := Bytes(uint64(i%4), 300_000)
			if err := v.Put(t.Context(), name, bytes.NewReader(b), int64(len(b))); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	for i := range 4 {
		holds(t, v, fmt.Sprintf("x/%d.rec", i), Bytes(uint64(i), 300_000))
	}
}

func ready(t *testing.T, v vault.Vault) {
	if err := v.Ready(t.Context()); err != nil {
		t.Error(err)
	}
}

// sweep leaves alone what is whole.
func sweep(t *testing.T, v vault.Vault) {
	put(t, v, "a.rec", Bytes(1, 100))
	if n, err := v.Sweep(t.Context(), time.Now().Add(time.Hour)); err != nil || n != 0 {
		t.Errorf("swept %d, %v", n, err)
	}
	holds(t, v, "a.rec", Bytes(1, 100))
}
