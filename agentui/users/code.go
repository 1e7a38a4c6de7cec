package users

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"encoding/hex"
	"strings"
	"unicode"

	"hotline/queue"
)

const (
	codeDigits    = 6
	recoveryCodes = 10
	recoveryChars = 16 // 80 bits: nobody finds one from its hash
)

// readCode reads what a person typed as a second factor: six digits of the telephone's clock, or one of the recovery codes. Spaces and hyphens
// do not count, nor does it matter whether an input method wrote the digits in full width. Both empty: it is neither.
func readCode(text string) (digits, recovery string) {
	if len(text) > 128 {
		return "", ""
	}
	var b strings.Builder
	for _, r := range text {
		switch {
		case r >= '０' && r <= '９':
			r = r - '０' + '0'
		case r >= 'ａ' && r <= 'ｚ':
			r = r - 'ａ' + 'a'
		case r >= 'Ａ' && r <= 'Ｚ':
			r = r - 'Ａ' + 'A'
		case unicode.IsSpace(r) || unicode.Is(unicode.Pd, r):
			continue
		}
		if r > unicode.MaxASCII {
			return "", ""
		}
		b.WriteRune(unicode.ToUpper(r))
	}
	code := b.String()
	switch {
	case len(code) == codeDigits && strings.Trim(code, "0123456789") == "":
		return code, ""
	case len(code) == recoveryChars && strings.Trim(code, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") == "":
		return "", code
	}
	return "", ""
}

// newRecoveryCode is written in groups of four.
func newRecoveryCode() string {
	var raw [10]byte
	_, _ = rand.Read(raw[:]) // never fails (crypto/rand)
	code := base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(raw[:])
	return strings.Join([]string{code[:4], code[4:8], code[8:12], code[12:]}, "-")
}

// recoveryHash is of a code as readCode returns it, and of its owner.
func recoveryHash(id queue.AgentID, code string) string {
	sum := sha256.Sum256([]byte("recovery " + string(id) + " " + code))
	return hex.EncodeToString(sum[:])
}
