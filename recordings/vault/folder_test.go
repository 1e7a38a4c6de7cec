package vault_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"hotline/recordings/vault"
	"hotline/recordings/vault/vaulttest"
)

func folder(t *testing.T) (*vault.Folder, string) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "store")
	v, err := vault.NewFolder(dir, 0)
	if err != nil {
		t.Fatal(err)
	}
	return v, dir
}

func TestFolder(t *testing.T) {
	vaulttest.Run(t, func(t *testing.T) vault.Vault {
		v, _ := folder(t)
		return v
	})
}

// A file of the same file system gets a second name: nothing is copied; and the vault's one stays when the first goes.
func TestFolderLinks(t *testing.T) {
	v, dir := folder(t)
	from := filepath.Join(filepath.Dir(dir), "spooled")
	if err := os.WriteFile(from, vaulttest.Bytes(1, 1000), 0o600); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second finds its own
		f, err := os.Open(from)
		if err != nil {
			t.Fatal(err)
		}
		if err := v.Put(t.Context(), "2026/a.rec", f, 1000); err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
	a, err1 := os.Stat(from)
	b, err2 := os.Stat(filepath.Join(dir, "2026", "a.rec"))
	if err1 != nil || err2 != nil || !os.SameFile(a, b) {
		t.Errorf("it was copied: %v, %v", err1, err2)
	}
	if err := os.Remove(from); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(filepath.Join(dir, "2026", "a.rec"))
	if err != nil || !bytes.Equal(got, vaulttest.Bytes(1, 1000)) {
		t.Errorf("%d bytes, %v", len(got), err)
	}
	if left, err := os.ReadDir(filepath.Join(dir, "2026")); err != nil || len(left) != 1 {
		t.Errorf("%v, %v", left, err)
	}
}

// What a killed Put left goes when it is old, and is no file before.
func TestFolderSweeps(t *testing.T) {
	v, dir := folder(t)
	part := filepath.Join(dir, ".part-01HZ")
	if err := errors.Join(os.MkdirAll(dir, 0o700), os.WriteFile(part, []byte("half"), 0o600)); err != nil {
		t.Fatal(err)
	}
	for i, err := range v.List(t.Context(), "") {
		t.Errorf("listed %+v, %v", i, err)
	}
	if n, err := v.Sweep(t.Context(), time.Now().Add(-time.Hour)); err != nil || n != 0 {
		t.Errorf("swept a young one: %d, %v", n, err)
	}
	if n, err := v.Sweep(t.Context(), time.Now().Add(time.Hour)); err != nil || n != 1 {
		t.Errorf("swept %d, %v", n, err)
	}
	if _, err := os.Stat(part); !os.IsNotExist(err) {
		t.Errorf("still there: %v", err)
	}
}

func TestFolderIsFull(t *testing.T) {
	v, err := vault.NewFolder(t.TempDir(), 1<<62)
	if err != nil {
		t.Fatal(err)
	}
	if err := v.Ready(t.Context()); err == nil {
		t.Error("ready without room")
	}
}
