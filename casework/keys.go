package casework

import (
	"context"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"hash"
	"maps"
	"os"
	"slices"
	"strconv"
	"sync"
	"time"
)

// Sealer seals single values of the database. [Keys] is one; a key service that seals by itself can take its place.
type Sealer interface {
	// Seal encrypts a value for one context; the same value sealed twice looks different.
	Seal(plaintext, context string) ([]byte, error)
	// Open fails with ErrSealed when the value was altered or belongs to another context.
	Open(sealed []byte, context string) (string, error)
}

// ErrSealed says that a sealed value cannot be opened: another key, another context, or it was altered.
var ErrSealed = errors.New("casework: the sealed value cannot be opened")

// KeyService opens keys that lie wrapped on disk: a key management service, or a module of a certified device. Without one, keys are files.
type KeyService interface {
	// Unwrap gives the key back; name is its number and use, such as "seal-2.sm4".
	Unwrap(ctx context.Context, name string, wrapped []byte) ([]byte, error)
	// Wrap is its inverse.
	Wrap(ctx context.Context, name string, key []byte) ([]byte, error)
}

// Keys are the secrets of this package: those that turn a caller's number into a pseudonym, and those that seal it. There may be
// several of each, by a number of 1 to 255; the highest is used for what is new, the others for what is old. A key that appears in the folder is
// used within a second, also by processes that run already.
type Keys struct {
	dir, region string
	service     KeyService

	mu      sync.Mutex
	have    keySet
	looked  time.Time // at the folder
	changed time.Time // the folder's time then
}

// keySet is what the folder held at one time; it is not changed.
type keySet struct {
	refs  map[byte]refKey
	seals map[byte]cipher.AEAD
}

// refKey makes pseudonyms.
type refKey struct {
	hash func() hash.Hash
	key  []byte
}

var _ Sealer = (*Keys)(nil)

// lookEvery bounds how often the folder is looked at.
const lookEvery = time.Second

// LoadKeys reads the key files of dir. region is the country (ISO 3166, such as "CN") in whose form numbers arrive. A file that everyone may
// read is refused, and one that is wrapped without a service to open it.
func LoadKeys(dir, region string, service ...KeyService) (*Keys, error) {
	k := &Keys{dir: dir, region: region}
	if len(service) > 0 {
		k.service = service[0]
	}
	st, err := os.Stat(dir)
	if err != nil {
		return nil, wrap("load keys", err)
	}
	if k.have, err = readKeys(dir, k.service); err != nil {
		return nil, err
	}
	k.looked, k.changed = time.Now(), st.ModTime()
	return k, nil
}

// current gives the keys, as they are in the folder now when it changed. Keys that cannot be read change nothing: those that are there go on.
func (k *Keys) current() keySet {
	k.mu.Lock()
	defer k.mu.Unlock()
	if time.Since(k.looked) < lookEvery {
		return k.have
	}
	k.looked = time.Now()
	if st, err := os.Stat(k.dir); err == nil && !st.ModTime().Equal(k.changed) {
		if have, err := readKeys(k.dir, k.service); err == nil {
			k.have, k.changed = have, st.ModTime()
		}
	}
	return k.have
}

// sealKey finds a key by its number. One that is not known may have been made by another process a moment ago.
func (k *Keys) sealKey(id byte) (cipher.AEAD, bool) {
	if aead, ok := k.current().seals[id]; ok {
		return aead, true
	}
	have, err := readKeys(k.dir, k.service)
	if err != nil {
		return nil, false
	}
	k.mu.Lock()
	k.have = have
	k.mu.Unlock()
	aead, ok := have.seals[id]
	return aead, ok
}

func newestKey[V any](keys map[byte]V) byte { return slices.Max(slices.Collect(maps.Keys(keys))) }

// CallerRef is the pseudonym of a number: "<key>-<32 hexadecimal digits>", the same for every way of writing the number. Without the
// key nobody can find out the number, not even by trying all of them. It is empty for a withheld number.
func (k *Keys) CallerRef(number string) string {
	refs := k.current().refs
	id := newestKey(refs)
	return k.callerRef(id, refs[id], number)
}

// CallerRefs are the pseudonyms of a number by every key, newest first, to find what was stored under an older key.
func (k *Keys) CallerRefs(number string) []string {
	refs := k.current().refs
	var out []string
	for _, id := range slices.Backward(slices.Sorted(maps.Keys(refs))) {
		if ref := k.callerRef(id, refs[id], number); ref != "" {
			out = append(out, ref)
		}
	}
	return out
}

func (k *Keys) callerRef(id byte, key refKey, number string) string {
	n := Normalise(number, k.region)
	if n == "" {
		return ""
	}
	h := hmac.New(key.hash, key.key)
	h.Write([]byte(n))
	return strconv.Itoa(int(id)) + "-" + hex.EncodeToString(h.Sum(nil)[:16])
}

// Derived is a key for one purpose, made of a key that makes pseudonyms.
type Derived struct {
	ID  byte // of the key that it was made of
	Key []byte
}

// Derive makes the keys of a purpose, newest first: what must stay comparable over the years, and is no number, has keys of its own by this.
func (k *Keys) Derive(purpose string) []Derived {
	refs := k.current().refs
	out := make([]Derived, 0, len(refs))
	for _, id := range slices.Backward(slices.Sorted(maps.Keys(refs))) {
		h := hmac.New(refs[id].hash, refs[id].key)
		h.Write([]byte("derive:" + purpose))
		out = append(out, Derived{id, h.Sum(nil)})
	}
	return out
}

// CallerContext is the context in which the number of a call's caller is sealed, so that it opens in that call's rows only.
func CallerContext(call string) string { return "caller:" + call }

// Seal encrypts a value for one context by the newest key, with AES-256-GCM or SM4-GCM: key number (1 byte), nonce (12 bytes, random), ciphertext and
// tag. One key seals 2^32 values at most (NIST SP 800-38D, 8.3), which no hotline reaches.
func (k *Keys) Seal(plaintext, context string) ([]byte, error) {
	seals := k.current().seals
	id := newestKey(seals)
	aead := seals[id]
	out := make([]byte, 1+aead.NonceSize(), 1+aead.NonceSize()+len(plaintext)+aead.Overhead())
	out[0] = id
	if _, err := rand.Read(out[1:]); err != nil {
		return nil, wrap("seal", err)
	}
	return aead.Seal(out, out[1:], []byte(plaintext), additional(id, context)), nil
}

// Open decrypts a sealed value. ErrSealed when it was altered, belongs to another context or its key is gone.
func (k *Keys) Open(sealed []byte, context string) (string, error) {
	if len(sealed) == 0 {
		return "", ErrSealed
	}
	aead, ok := k.sealKey(sealed[0])
	if !ok || len(sealed) < 1+aead.NonceSize() {
		return "", ErrSealed
	}
	plain, err := aead.Open(nil, sealed[1:1+aead.NonceSize()], sealed[1+aead.NonceSize():], additional(sealed[0], context))
	if err != nil {
		return "", ErrSealed
	}
	return string(plain), nil
}

func additional(id byte, context string) []byte { return append([]byte{id}, context...) }

// Mask shows of a number what a person needs to tell it from another, see [Mask].
func (k *Keys) Mask(number string) string { return Mask(number, k.region) }
