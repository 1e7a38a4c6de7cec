package casework

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Sealer seals single values of the database. [Keys] is one by AES-256-GCM; a key service or another cipher (SM4) can take its place.
type Sealer interface {
	// Seal encrypts a value for one context; the same value sealed twice looks different.
	Seal(plaintext, context string) ([]byte, error)
	// Open fails with ErrSealed when the value was altered or belongs to another context.
	Open(sealed []byte, context string) (string, error)
}

// ErrSealed says that a sealed value cannot be opened: another key, another context, or it was altered.
var ErrSealed = errors.New("casework: the sealed value cannot be opened")

// Keys are the secrets of this package: those that turn a caller's number into a pseudonym, and those that seal it. There may be
// several of each, by a number of 1 to 255; the highest is used for what is new, the others for what is old.
type Keys struct {
	refs    map[byte][]byte
	ciphers map[byte]cipher.AEAD
	region  string
}

var _ Sealer = (*Keys)(nil)

// Names of the key files, "caller-ref-1.key" and so on: 32 bytes in hexadecimal digits.
const (
	refKeyPrefix  = "caller-ref-"
	sealKeyPrefix = "seal-"
	keySuffix     = ".key"
	keySize       = 32
)

// CreateKeys makes the first key of each sort in dir, random and readable by the owner only, where there is none yet. Losing the
// "seal" keys loses the numbers; losing the "caller-ref" keys loses who called before. Keep a copy apart from the database's.
func CreateKeys(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return wrap("create keys", err)
	}
	for _, prefix := range []string{refKeyPrefix, sealKeyPrefix} {
		have, err := filepath.Glob(filepath.Join(dir, prefix+"*"+keySuffix))
		if err != nil || len(have) > 0 {
			if err != nil {
				return wrap("create keys", err)
			}
			continue
		}
		if err := createKey(dir, prefix+"1"+keySuffix); err != nil {
			return wrap("create keys", err)
		}
	}
	return nil
}

// createKey gives a key its name only when it is whole and on disk; of several processes that try at once, one wins.
func createKey(dir, name string) error {
	var key [keySize]byte
	if _, err := rand.Read(key[:]); err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, "."+name+"-*") // 0600
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(f.Name()) }()
	_, err = f.WriteString(hex.EncodeToString(key[:]) + "\n")
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Link(f.Name(), filepath.Join(dir, name)); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return nil
}

// LoadKeys reads the key files of dir. region is the country (ISO 3166, such as "CN") in whose form numbers arrive. A file that everyone may
// read is refused.
func LoadKeys(dir, region string) (*Keys, error) {
	k := &Keys{ciphers: map[byte]cipher.AEAD{}, region: region}
	var err error
	if k.refs, err = loadKeys(dir, refKeyPrefix); err != nil {
		return nil, err
	}
	seals, err := loadKeys(dir, sealKeyPrefix)
	if err != nil {
		return nil, err
	}
	for id, key := range seals {
		block, err := aes.NewCipher(key)
		if err != nil {
			return nil, wrap("load keys", err)
		}
		if k.ciphers[id], err = cipher.NewGCM(block); err != nil {
			return nil, wrap("load keys", err)
		}
	}
	return k, nil
}

func loadKeys(dir, prefix string) (map[byte][]byte, error) {
	files, err := filepath.Glob(filepath.Join(dir, prefix+"*"+keySuffix))
	if err != nil {
		return nil, wrap("load keys", err)
	}
	keys := map[byte][]byte{}
	for _, f := range files {
		name := strings.TrimSuffix(strings.TrimPrefix(filepath.Base(f), prefix), keySuffix)
		id, err := strconv.ParseUint(name, 10, 8)
		if err != nil || id == 0 {
			return nil, fmt.Errorf("casework: load keys: %s: the number of a key is 1 to 255", f)
		}
		st, err := os.Stat(f)
		if err != nil {
			return nil, wrap("load keys", err)
		}
		if st.Mode().Perm()&0o007 != 0 {
			return nil, fmt.Errorf("casework: load keys: everyone may read %s; run chmod 600 on it", f)
		}
		text, err := os.ReadFile(f)
		if err != nil {
			return nil, wrap("load keys", err)
		}
		key, err := hex.DecodeString(strings.TrimSpace(string(text)))
		if err != nil || len(key) != keySize {
			return nil, fmt.Errorf("casework: load keys: %s must hold %d hexadecimal digits", f, 2*keySize)
		}
		keys[byte(id)] = key
	}
	if len(keys) == 0 {
		return nil, fmt.Errorf("casework: load keys: %s holds no %s*%s; CreateKeys makes one", dir, prefix, keySuffix)
	}
	return keys, nil
}

func newestKey[V any](keys map[byte]V) byte { return slices.Max(slices.Collect(maps.Keys(keys))) }

// CallerRef is the pseudonym of a number: "<key>-<32 hexadecimal digits>", the same for every way of writing the number. Without the
// key nobody can find out the number, not even by trying all of them. It is empty for a withheld number.
func (k *Keys) CallerRef(number string) string { return k.callerRef(newestKey(k.refs), number) }

// CallerRefs are the pseudonyms of a number by every key, newest first, to find what was stored under an older key.
func (k *Keys) CallerRefs(number string) []string {
	var out []string
	for _, id := range slices.Backward(slices.Sorted(maps.Keys(k.refs))) {
		if ref := k.callerRef(id, number); ref != "" {
			out = append(out, ref)
		}
	}
	return out
}

func (k *Keys) callerRef(id byte, number string) string {
	n := Normalise(number, k.region)
	if n == "" {
		return ""
	}
	h := hmac.New(sha256.New, k.refs[id])
	h.Write([]byte(n))
	return strconv.Itoa(int(id)) + "-" + hex.EncodeToString(h.Sum(nil)[:16])
}

// CallerContext is the context in which the number of a call's caller is sealed, so that it opens in that call's rows only.
func CallerContext(call string) string { return "caller:" + call }

// Seal encrypts a value for one context by AES-256-GCM: key number (1 byte), nonce (12 bytes, random), ciphertext and tag. One key
// seals 2^32 values at most (NIST SP 800-38D, 8.3), which no hotline reaches.
func (k *Keys) Seal(plaintext, context string) ([]byte, error) {
	id := newestKey(k.ciphers)
	aead := k.ciphers[id]
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
	aead, ok := k.ciphers[sealed[0]]
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
