package casework

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

func TestNormalise(t *testing.T) {
	for in, want := range map[string]string{
		"13800138000":           "+8613800138000",
		"138 0013-8000":         "+8613800138000",
		"+86 138 0013 8000":     "+8613800138000",
		"8613800138000":         "+8613800138000",
		"008613800138000":       "+8613800138000",
		"013800138000":          "+8613800138000",
		"１３８００１３８０００":           "+8613800138000",
		"01088887777":           "+861088887777",
		"+861088887777":         "+861088887777",
		"+852 2123 4567":        "+85221234567",
		"0085221234567":         "+85221234567",
		"1001":                  "1001",
		"12355":                 "12355",
		"":                      "",
		"anonymous":             "",
		"Anonymous <sip:x@y>":   "",
		"999999999999999999999": "999999999999999999999",
	} {
		if got := Normalise(in, "CN"); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestCallerRef(t *testing.T) {
	k, other := testKeys(t), testKeys(t)
	ref := k.CallerRef("13800138000")
	if len(ref) != 2+32 || !strings.HasPrefix(ref, "1-") || strings.Contains(ref, "138001") {
		t.Errorf("ref %q", ref)
	}
	if k.CallerRef("+86 138 0013 8000") != ref {
		t.Error("another way of writing is another caller")
	}
	if k.CallerRef("13800138001") == ref || other.CallerRef("13800138000") == ref {
		t.Error("another number, or another key, gives the same pseudonym")
	}
	if k.CallerRef("anonymous") != "" || k.CallerRefs("") != nil {
		t.Error("a withheld number must have no pseudonym")
	}
}

func TestSeal(t *testing.T) {
	k := testKeys(t)
	a, err := k.Seal("13800138000", CallerContext("c1"))
	must(t, err)
	b, err := k.Seal("13800138000", CallerContext("c1"))
	must(t, err)
	if bytes.Equal(a, b) || bytes.Contains(a, []byte("138001")) {
		t.Error("sealed twice must look different, and show nothing")
	}
	if got, err := k.Open(a, CallerContext("c1")); err != nil || got != "13800138000" {
		t.Errorf("%q, %v", got, err)
	}
	if _, err := k.Open(a, CallerContext("c2")); !errors.Is(err, ErrSealed) {
		t.Errorf("in another call's row: %v", err)
	}
	if _, err := testKeys(t).Open(a, CallerContext("c1")); !errors.Is(err, ErrSealed) {
		t.Errorf("with another key: %v", err)
	}
	for i := range a {
		bad := bytes.Clone(a)
		bad[i] ^= 0x40
		if _, err := k.Open(bad, CallerContext("c1")); !errors.Is(err, ErrSealed) {
			t.Errorf("byte %d flipped: %v", i, err)
		}
		if _, err := k.Open(a[:i], CallerContext("c1")); !errors.Is(err, ErrSealed) {
			t.Errorf("cut to %d: %v", i, err)
		}
	}
}

// A second key takes over what is new; what the first one made stays readable and countable.
func TestKeyRotation(t *testing.T) {
	dir := t.TempDir()
	must(t, CreateKeys(dir))
	old, err := LoadKeys(dir, "CN")
	must(t, err)
	sealed, err := old.Seal("n", "x")
	must(t, err)
	must(t, KeyFile{UseSeal, 2, MethodAES, false}.create(dir, nil))
	must(t, KeyFile{UseRef, 10, MethodSHA, false}.create(dir, nil))
	now, err := LoadKeys(dir, "CN")
	must(t, err)
	if got, err := now.Open(sealed, "x"); err != nil || got != "n" {
		t.Errorf("the old value: %q, %v", got, err)
	}
	if fresh, err := now.Seal("n", "x"); err != nil || fresh[0] != 2 {
		t.Errorf("sealed with key %d, %v", fresh[0], err)
	}
	refs := now.CallerRefs("1001")
	if len(refs) != 2 || refs[0] != now.CallerRef("1001") || refs[1] != old.CallerRef("1001") || !strings.HasPrefix(refs[0], "10-") {
		t.Errorf("refs %v", refs)
	}
}

// The national methods take the place of the others by a rotation, and what the others made stays readable.
func TestNationalMethods(t *testing.T) {
	dir := t.TempDir()
	must(t, CreateKeys(dir))
	k, err := LoadKeys(dir, "CN")
	must(t, err)
	old, err := k.Seal("n", "x")
	must(t, err)
	oldRef := k.CallerRef("1001")
	for use, method := range map[KeyUse]KeyMethod{UseSeal: MethodSM4, UseRef: MethodSM3} {
		if f, err := RotateKey(dir, use, method, nil); err != nil || f.Number != 2 || f.File() != string(use)+"-2."+string(method)+".key" {
			t.Fatalf("%+v, %v", f, err)
		}
	}
	now, err := LoadKeys(dir, "CN")
	must(t, err)
	fresh, err := now.Seal("n", "x")
	must(t, err)
	for _, sealed := range [][]byte{old, fresh} {
		// The one that was there before finds the new key by itself: another process made it.
		for _, keys := range []*Keys{k, now} {
			if got, err := keys.Open(sealed, "x"); err != nil || got != "n" {
				t.Errorf("key %d: %q, %v", sealed[0], got, err)
			}
		}
	}
	if refs := now.CallerRefs("1001"); len(refs) != 2 || refs[1] != oldRef || len(refs[0]) != len(oldRef) || refs[0][2:] == oldRef[2:] {
		t.Errorf("%v", refs)
	}
	for _, bad := range []string{"seal-0.key", "seal-300.key", "seal-1.sm3.key", "caller-ref-1.sm4.key", "seal-2.key"} {
		must(t, os.WriteFile(filepath.Join(dir, bad), []byte("00\n"), 0o600))
		if _, err := LoadKeys(dir, "CN"); err == nil {
			t.Errorf("%s: loaded", bad)
		}
		must(t, os.Remove(filepath.Join(dir, bad)))
	}
}

// lockbox stands for a key service: what it wraps only it opens, under the same name.
type lockbox struct{ broken bool }

func (l lockbox) Wrap(_ context.Context, name string, key []byte) ([]byte, error) {
	out := slices.Clone(key)
	for i := range out {
		out[i] ^= name[i%len(name)]
	}
	return out, nil
}

func (l lockbox) Unwrap(ctx context.Context, name string, wrapped []byte) ([]byte, error) {
	if l.broken {
		return nil, errors.New("no answer")
	}
	return l.Wrap(ctx, name, wrapped)
}

func TestKeysOfAService(t *testing.T) {
	dir := t.TempDir()
	must(t, CreateKeys(dir))
	open, err := LoadKeys(dir, "CN")
	must(t, err)
	sealed, err := open.Seal("n", "x")
	must(t, err)
	if done, err := WrapKeys(dir, lockbox{broken: true}); err == nil || len(done) > 0 {
		t.Errorf("%v, %v", done, err)
	}
	if _, err := LoadKeys(dir, "CN", lockbox{}); err != nil {
		t.Errorf("open keys are gone after a wrapping that failed: %v", err)
	}
	if done, err := WrapKeys(dir, lockbox{}); err != nil || len(done) != 2 {
		t.Fatalf("%v, %v", done, err)
	}
	if _, err := LoadKeys(dir, "CN"); err == nil {
		t.Error("wrapped keys were loaded without the service")
	}
	if _, err := LoadKeys(dir, "CN", lockbox{broken: true}); err == nil {
		t.Error("loaded from a service that does not answer")
	}
	must(t, CreateKeys(dir)) // makes none beside those that are there
	if _, err := RotateKey(dir, UseSeal, MethodSM4, lockbox{}); err != nil {
		t.Fatal(err)
	}
	k, err := LoadKeys(dir, "CN", lockbox{})
	must(t, err)
	if got, err := k.Open(sealed, "x"); err != nil || got != "n" {
		t.Errorf("%q, %v", got, err)
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.key"))
	must(t, err)
	if len(files) != 0 {
		t.Errorf("keys lie open: %v", files)
	}
}

func TestKeyFiles(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "secrets")
	var wg sync.WaitGroup
	for range 8 { // several processes start at once
		wg.Go(func() {
			if err := CreateKeys(dir); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	files, err := os.ReadDir(dir)
	must(t, err)
	if len(files) != 2 {
		t.Fatalf("files %v", files)
	}
	before, err := os.ReadFile(filepath.Join(dir, "seal-1.key"))
	must(t, err)
	must(t, CreateKeys(dir))
	if after, err := os.ReadFile(filepath.Join(dir, "seal-1.key")); err != nil || !bytes.Equal(before, after) {
		t.Errorf("the key was replaced: %v", err)
	}
	for name, spoil := range map[string]func(string) error{
		"readable by all": func(f string) error { return os.Chmod(f, 0o644) },
		"short":           func(f string) error { return os.WriteFile(f, []byte("abcd"), 0o600) },
		"gone":            os.Remove,
	} {
		dir := t.TempDir()
		must(t, CreateKeys(dir))
		must(t, spoil(filepath.Join(dir, "seal-1.key")))
		if _, err := LoadKeys(dir, "CN"); err == nil {
			t.Errorf("%s: loaded", name)
		}
	}
}

func FuzzNormalise(f *testing.F) {
	f.Add("+8613800138000")
	f.Add("０１２-abc")
	f.Fuzz(func(t *testing.T, s string) {
		once := Normalise(s, "CN")
		if twice := Normalise(once, "CN"); twice != once {
			t.Errorf("%q: %q, then %q", s, once, twice)
		}
	})
}
