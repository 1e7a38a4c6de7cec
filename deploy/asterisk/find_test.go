package asterisk

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

func TestCompareVersions(t *testing.T) {
	order := []string{"13.1", "22.9", "22.9.9", "22.10", "22.10.1", "23.0.0"}
	for i, a := range order {
		for j, b := range order {
			if got := compareVersions(a, b); (got < 0) != (i < j) || (got > 0) != (i > j) {
				t.Errorf("compareVersions(%s, %s) = %d", a, b, got)
			}
		}
	}
	if compareVersions("22.10", "22.10.0") != 0 {
		t.Error("a missing part is zero")
	}
}

func TestFind(t *testing.T) {
	t.Run("installed", func(t *testing.T) {
		in, err := Find(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if compareVersions(in.Version, MinimumVersion) < 0 {
			t.Fatalf("found %s", in.Version)
		}
		for _, p := range []string{in.Binary, filepath.Join(in.Modules, "chan_pjsip.so"), filepath.Join(in.Data, "documentation")} {
			if _, err := os.Stat(p); err != nil {
				t.Error(err)
			}
		}
	})
	t.Run("too old and absent", func(t *testing.T) {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "asterisk"), []byte("#!/bin/sh\necho Asterisk 16.2.1\n"), 0o755); err != nil {
			t.Fatal(err)
		}
		t.Setenv("PATH", dir+":/usr/bin:/bin")
		t.Setenv("HOTLINE_CACHE", dir)
		if _, err := Find(t.Context()); !errors.Is(err, ErrNotFound) {
			t.Fatalf("got %v", err)
		}
	})
}

func TestCommand(t *testing.T) {
	if got := Command("/x/asterisk", "/e"); !slices.Equal(got, []string{"/x/asterisk", "-f", "-C", "/e/asterisk.conf"}) {
		t.Fatal(got)
	}
}

func TestCheckHostName(t *testing.T) {
	if err := CheckHostName(t.Context()); err != nil {
		t.Fatal(err)
	}
}
