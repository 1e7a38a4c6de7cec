package recordings

import (
	"bytes"
	"strings"
	"testing"
)

// Each suite keeps its promises: what was sealed opens, with its key only, and not when a byte of it was altered.
func TestSuites(t *testing.T) {
	for _, suite := range []Suite{AgeSuite{}, SMSuite{}} {
		t.Run(suite.Name(), func(t *testing.T) {
			key, err := suite.Generate()
			if err != nil {
				t.Fatal(err)
			}
			other, err := suite.Generate()
			if err != nil {
				t.Fatal(err)
			}
			public, err := ParsePublicKey(key.Public().String())
			if err != nil || public.Suite() != suite {
				t.Fatalf("%v, %v", public, err)
			}
			secret, err := ParseSecretKey(key.Text())
			if err != nil || secret.Public().String() != key.Public().String() {
				t.Fatalf("the secret key does not come back: %v", err)
			}
			plain := bytes.Repeat([]byte("speech"), 100)
			sealed, err := public.Seal(plain)
			if err != nil {
				t.Fatal(err)
			}
			if again, err := public.Seal(plain); err != nil || bytes.Equal(again, sealed) {
				t.Errorf("the same twice is sealed alike, %v", err)
			}
			if got, err := secret.Open(sealed); err != nil || !bytes.Equal(got, plain) {
				t.Errorf("opens as %q, %v", got, err)
			}
			if _, err := other.Open(sealed); err == nil {
				t.Error("another key opens it")
			}
			for at := range sealed {
				bad := bytes.Clone(sealed)
				bad[at] ^= 1 << (at % 8)
				if _, err := secret.Open(bad); err == nil {
					t.Fatalf("opens with byte %d altered", at)
				}
			}
			for _, n := range []int{0, 1, len(sealed) / 2, len(sealed) - 1} {
				if _, err := secret.Open(sealed[:n]); err == nil {
					t.Errorf("opens when cut to %d bytes", n)
				}
			}
		})
	}
}

func TestKeyTextThatIsNone(t *testing.T) {
	for _, text := range []string{"", "age1", "AGE-SECRET-KEY-1", smPublicPrefix, smPublicPrefix + "04", smSecretPrefix + strings.Repeat("0", 64), "AGE-SECRET-KEY-1QQQ\nage1"} {
		if _, err := ParsePublicKey(text); err == nil {
			t.Errorf("%q is a public key", text)
		}
		if _, err := ParseSecretKey(text); err == nil || len(text) > 20 && strings.Contains(err.Error(), text) {
			t.Errorf("%q is a secret key, or quoted: %v", text, err)
		}
	}
	if _, err := SuiteNamed("rot13"); err == nil {
		t.Error("a suite that is none")
	}
	for _, name := range []string{"", "age", "sm"} {
		if _, err := SuiteNamed(name); err != nil {
			t.Error(err)
		}
	}
}
