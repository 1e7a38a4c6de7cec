package users

import (
	"bytes"
	"errors"
	"image/png"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"hotline/storage"
	"hotline/storage/storagetest"
)

// boxed keeps what it seals in a form that only it opens, for its context.
type boxed struct{}

func (boxed) Seal(text, context string) ([]byte, error) {
	return []byte("sealed for " + context + ": " + rot(text)), nil
}

func (boxed) Open(sealed []byte, context string) (string, error) {
	text, ok := strings.CutPrefix(string(sealed), "sealed for "+context+": ")
	if !ok {
		return "", errors.New("another context")
	}
	return rot(text), nil
}

func rot(s string) string {
	b := []byte(s)
	for i := range b {
		b[i] ^= 1
	}
	return string(b)
}

func TestFactors(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, db *storage.DB) {
		ctx := t.Context()
		s := open(t, db)
		f := s.Factors(boxed{}, "Hotline test")
		now := time.Date(2025, 5, 1, 22, 0, 5, 0, time.UTC)
		f.now = func() time.Time { return now }
		u, err := s.Create(ctx, User{Username: "boss", Name: "督导", Role: Supervisor}, "first password")
		if err != nil {
			t.Fatal(err)
		}
		code := func(at time.Time, secret string) string {
			c, err := totp.GenerateCode(secret, at)
			if err != nil {
				t.Fatal(err)
			}
			return c
		}
		if _, err := f.Confirm(ctx, u.ID, "000000"); !errors.Is(err, ErrNotEnrolled) {
			t.Errorf("confirmed nothing: %v", err)
		}
		if _, err := f.Begin(ctx, u); err != nil {
			t.Fatal(err)
		}
		e, err := f.Begin(ctx, u) // begun anew: only the newest picture counts
		if err != nil {
			t.Fatal(err)
		}
		if _, err := png.Decode(bytes.NewReader(e.PNG)); err != nil || !strings.HasPrefix(e.URL, "otpauth://totp/Hotline%20test:boss?") || !strings.Contains(e.URL, e.Secret) {
			t.Errorf("picture %v, address %s", err, e.URL)
		}
		var kept []byte
		if err := db.QueryRow(ctx, "SELECT secret FROM second_factors").Scan(&kept); err != nil || bytes.Contains(kept, []byte(e.Secret)) {
			t.Errorf("the secret lies open: %q, %v", kept, err)
		}
		if _, err := f.Verify(ctx, u.ID, code(now, e.Secret)); !errors.Is(err, ErrNotEnrolled) {
			t.Errorf("a secret counts before it is confirmed: %v", err)
		}
		if _, err := f.Confirm(ctx, u.ID, "123"); !errors.Is(err, ErrBadCode) {
			t.Errorf("confirmed by no code: %v", err)
		}
		codes, err := f.Confirm(ctx, u.ID, code(now, e.Secret))
		if err != nil || len(codes) != recoveryCodes {
			t.Fatalf("%v, %v", codes, err)
		}
		if _, err := f.Begin(ctx, u); !errors.Is(err, ErrEnrolled) {
			t.Errorf("another secret in place of the confirmed one: %v", err)
		}
		step := func(name, code string, want error) {
			t.Helper()
			if _, err := f.Verify(ctx, u.ID, code); !errors.Is(err, want) {
				t.Errorf("%s: %v, want %v", name, err, want)
			}
		}
		step("the code of the confirmation", code(now, e.Secret), ErrBadCode)
		step("two steps ahead", code(now.Add(time.Minute), e.Secret), ErrBadCode)
		step("a telephone that is half a minute fast, in full width", fullWidth(code(now.Add(30*time.Second), e.Secret)), nil)
		step("the same again", code(now.Add(30*time.Second), e.Secret), ErrBadCode)
		step("an earlier step", code(now, e.Secret), ErrBadCode)
		now = now.Add(2 * time.Minute)
		step("a telephone that is half a minute slow", code(now.Add(-30*time.Second), e.Secret), nil)
		step("too old", code(now.Add(-time.Minute), e.Secret), ErrBadCode)
		if recovery, err := f.Verify(ctx, u.ID, strings.ToLower(codes[3])); err != nil || !recovery {
			t.Errorf("a recovery code: %v, %v", recovery, err)
		}
		step("a recovery code again", codes[3], ErrBadCode)
		if n, err := f.Left(ctx, u.ID); n != recoveryCodes-1 || err != nil {
			t.Errorf("%d left, %v", n, err)
		}
		var plain int
		if err := db.QueryRow(ctx, "SELECT COUNT(*) FROM recovery_codes WHERE code_hash = ?", strings.ReplaceAll(codes[0], "-", "")).Scan(&plain); err != nil || plain != 0 {
			t.Errorf("recovery codes lie open: %d, %v", plain, err)
		}
		newer, err := f.Renew(ctx, u.ID)
		if err != nil {
			t.Fatal(err)
		}
		step("an old recovery code", codes[0], ErrBadCode)
		step("a new one", newer[0], nil)
		if on, err := f.Everyone(ctx); err != nil || !on[u.ID] {
			t.Errorf("%v, %v", on, err)
		}
		if err := f.Reset(ctx, u.ID); err != nil {
			t.Fatal(err)
		}
		if on, err := f.Enrolled(ctx, u.ID); on || err != nil {
			t.Errorf("after the reset: %v, %v", on, err)
		}
		step("after the reset", newer[1], ErrNotEnrolled)
	})
}

func fullWidth(digits string) string {
	return strings.Map(func(r rune) rune { return r - '0' + '０' }, digits)
}

// FuzzReadCode: whatever is typed, it is six digits, or a recovery code, or nothing.
func FuzzReadCode(f *testing.F) {
	for _, seed := range []string{"123456", " 123 456 ", "１２３４５６", "abcd-efgh-ijkl-mn23", "ABCD EFGH IJKL MN23", "12345", "1234567", "\x00", "ſſſſſſſſſſſſſſſſ", newRecoveryCode()} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		digits, recovery := readCode(text)
		switch {
		case digits != "" && (recovery != "" || len(digits) != codeDigits || strings.Trim(digits, "0123456789") != ""):
			t.Errorf("%q: %q and %q", text, digits, recovery)
		case recovery != "" && (len(recovery) != recoveryChars || strings.ToUpper(recovery) != recovery):
			t.Errorf("%q: %q", text, recovery)
		}
		if again, spare := readCode(digits + recovery); again != digits || spare != recovery {
			t.Errorf("%q is read as %q %q, and that as %q %q", text, digits, recovery, again, spare)
		}
	})
}
