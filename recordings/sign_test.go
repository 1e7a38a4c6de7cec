package recordings

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestSignedHeads(t *testing.T) {
	for _, suite := range []Suite{AgeSuite{}, SMSuite{}} {
		t.Run(suite.Name(), func(t *testing.T) {
			dir := t.TempDir()
			if err := errors.Join(CreateSignKey(dir, suite), CreateSignKey(dir, suite)); err != nil { // the second finds it
				t.Fatal(err)
			}
			s, err := LoadSigner(filepath.Join(dir, SignFile))
			if err != nil {
				t.Fatal(err)
			}
			known, err := LoadSignedBy(filepath.Join(dir, SignedFile))
			if err != nil || len(known) != 1 || known[0] != s.Public() {
				t.Fatalf("%q, %v", known, err)
			}
			h, err := s.Sign("01PART", strings.Repeat("ab", 32), time.Now())
			if err != nil {
				t.Fatal(err)
			}
			if err := h.Check(known); err != nil {
				t.Error(err)
			}
			for name, change := range map[string]func(*SignedHead){
				"part": func(h *SignedHead) { h.Part = "01OTHER" }, "head": func(h *SignedHead) { h.Head = strings.Repeat("ac", 32) },
				"time": func(h *SignedHead) { h.At = h.At.Add(time.Millisecond) }, "signature": func(h *SignedHead) { h.Signature = "AAAA" + h.Signature[4:] },
				"none": func(h *SignedHead) { h.Signature = "" }, "signer": func(h *SignedHead) { h.Signer = "ed25519:00" },
			} {
				other := h
				change(&other)
				if err := other.Check(append(known, "ed25519:00")); !errors.Is(err, ErrSignature) {
					t.Errorf("another %s: %v", name, err)
				}
			}
			if err := h.Check(nil); !errors.Is(err, ErrSignature) {
				t.Errorf("signed by nobody who is known: %v", err)
			}
			// A new key: what the old one signed stays proven.
			if err := os.Remove(filepath.Join(dir, SignFile)); err != nil {
				t.Fatal(err)
			}
			if err := CreateSignKey(dir, suite); err != nil {
				t.Fatal(err)
			}
			known, err = LoadSignedBy(filepath.Join(dir, SignedFile))
			if err != nil || len(known) != 2 || h.Check(known) != nil {
				t.Errorf("%q, %v, %v", known, err, h.Check(known))
			}
			if err := os.Chmod(filepath.Join(dir, SignFile), 0o644); err != nil {
				t.Fatal(err)
			}
			if _, err := LoadSigner(filepath.Join(dir, SignFile)); err == nil {
				t.Error("everyone may read the key that signs")
			}
		})
	}
}
