package archive

import (
	"archive/tar"
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"filippo.io/age"
)

func key(t testing.TB) *age.X25519Identity {
	t.Helper()
	id, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func made(t testing.TB, id *age.X25519Identity) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := NewWriter(&out, id.Recipient())
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"database": strings.Repeat("row ", 40_000), "recordings/store/a/b.rec": "sealed", "empty": ""} {
		if err := w.Add(name, int64(len(text)), strings.NewReader(text)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := w.Close(Manifest{Site: "demo", Database: "sqlite"}); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestThereAndBack(t *testing.T) {
	id := key(t)
	whole := made(t, id)
	if bytes.Contains(whole, []byte("row row")) {
		t.Error("the archive lies open")
	}
	dir := t.TempDir()
	m, err := Extract(bytes.NewReader(whole), dir, id)
	if err != nil || m.Site != "demo" || len(m.Parts) != 3 {
		t.Fatalf("%+v, %v", m, err)
	}
	if b, err := os.ReadFile(filepath.Join(dir, "recordings", "store", "a", "b.rec")); err != nil || string(b) != "sealed" {
		t.Errorf("%q, %v", b, err)
	}
	if _, err := Extract(bytes.NewReader(whole), t.TempDir(), key(t)); err == nil || !strings.Contains(err.Error(), "another one") {
		t.Errorf("with another key: %v", err)
	}
}

// Wherever it is cut off or changed, it is refused.
func TestDamageIsFound(t *testing.T) {
	id := key(t)
	whole := made(t, id)
	for at := 0; at < len(whole); at += 1 + len(whole)/150 {
		if _, err := Extract(bytes.NewReader(whole[:at]), t.TempDir(), id); err == nil {
			t.Errorf("cut off at %d of %d: no fault", at, len(whole))
		}
		bad := bytes.Clone(whole)
		bad[at] ^= 1
		if _, err := Extract(bytes.NewReader(bad), t.TempDir(), id); err == nil {
			t.Errorf("changed at %d of %d: no fault", at, len(whole))
		}
	}
}

func TestAPartIsWhatItsSizeSays(t *testing.T) {
	w, err := NewWriter(new(bytes.Buffer), key(t).Recipient())
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Add("short", 10, strings.NewReader("four")); err == nil {
		t.Error("a part that ends early was taken")
	}
	for _, name := range []string{"", ".", "../x", "/x", "a/../b", manifestName} {
		if err := w.Add(name, 0, strings.NewReader("")); err == nil {
			t.Errorf("%q is a name", name)
		}
	}
}

// FuzzExtract: what stands behind the encryption was written by us, or by somebody who stole a public key. It never leaves its folder.
func FuzzExtract(f *testing.F) {
	seed := func(names ...string) []byte {
		var b bytes.Buffer
		w := tar.NewWriter(&b)
		for _, n := range names {
			text := []byte(`{"format":1,"parts":[]}`)
			if err := errors.Join(w.WriteHeader(&tar.Header{Name: n, Size: int64(len(text)), Mode: 0o600})); err != nil {
				f.Fatal(err)
			}
			if _, err := w.Write(text); err != nil {
				f.Fatal(err)
			}
		}
		_ = w.Close()
		return b.Bytes()
	}
	f.Add(seed(manifestName))
	f.Add(seed("../out", manifestName))
	f.Add(seed("a", "a/b", manifestName))
	f.Fuzz(func(t *testing.T, b []byte) {
		outer := t.TempDir()
		dir := filepath.Join(outer, "in", "deep")
		if err := os.MkdirAll(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		m, err := extract(bytes.NewReader(b), dir)
		if err == nil && m.Format != Format {
			t.Errorf("%+v", m)
		}
		for _, d := range []string{outer, filepath.Join(outer, "in")} {
			if all, err := os.ReadDir(d); err != nil || len(all) != 1 {
				t.Errorf("left its folder: %v, %v", all, err)
			}
		}
	})
}
