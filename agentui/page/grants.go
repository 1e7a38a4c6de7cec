package page

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"time"
)

const grantNonce = 16 // bytes

// NewGrant is the leave to see or hear one thing: only the same sign-in can use it, for one thing, until a time. It is signed with the sign-in's own key, so every
// console of the site can check it and the end of the sign-in ends it.
func NewGrant(key []byte, of string, until time.Time) string {
	b := binary.BigEndian.AppendUint64(nil, uint64(until.UnixMilli()))
	nonce := make([]byte, grantNonce)
	_, _ = rand.Read(nonce) // never fails (crypto/rand)
	b = append(b, nonce...)
	return base64.RawURLEncoding.EncodeToString(append(b, grantMAC(key, b, of)...))
}

// ValidGrant tells whether a grant holds now for a thing and a sign-in.
func ValidGrant(key []byte, grant, of string, now time.Time) bool {
	b, err := base64.RawURLEncoding.DecodeString(grant)
	if err != nil || len(b) != 8+grantNonce+sha256.Size || len(key) == 0 {
		return false
	}
	head, mac := b[:8+grantNonce], b[8+grantNonce:]
	if !hmac.Equal(mac, grantMAC(key, head, of)) {
		return false
	}
	return now.UnixMilli() < int64(binary.BigEndian.Uint64(head))
}

func grantMAC(key, head []byte, of string) []byte {
	m := hmac.New(sha256.New, key)
	m.Write(head)
	m.Write([]byte(of))
	return m.Sum(nil)
}
