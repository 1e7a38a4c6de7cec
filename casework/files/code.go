package files

import (
	"crypto/rand"
	"math/big"
	"strings"
)

// letters of a code: no vowels, so that no words arise, and nothing that is taken for something else when it is said or written. Six of them are
// 64 million codes.
const (
	letters    = "BCDFGHJKLMNPQRSTVWXZ"
	codeLength = 6
)

// newCode makes a code at random. It tells nothing of the person.
func newCode() string {
	var b strings.Builder
	for i := range codeLength {
		if i == codeLength/2 {
			b.WriteByte('-')
		}
		n, err := rand.Int(rand.Reader, big.NewInt(int64(len(letters))))
		if err != nil {
			panic(err) // crypto/rand never fails on the systems that we run on
		}
		b.WriteByte(letters[n.Int64()])
	}
	return b.String()
}

// TidyCode writes a code as it is kept, whichever way a person typed it; "" when it is none.
func TidyCode(text string) string {
	var b strings.Builder
	for _, r := range strings.ToUpper(text) {
		if r >= 'Ａ' && r <= 'Ｚ' {
			r += 'A' - 'Ａ'
		}
		switch {
		case strings.ContainsRune(letters, r):
			if b.Len() == codeLength/2 {
				b.WriteByte('-')
			}
			b.WriteRune(r)
		case !strings.ContainsRune(" -－—　", r):
			return ""
		}
	}
	if b.Len() != codeLength+1 {
		return ""
	}
	return b.String()
}
