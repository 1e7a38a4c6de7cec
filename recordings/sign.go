package recordings

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/emmansun/gmsm/sm2"
)

// Names of the files of the key that signs heads, in a folder of secrets.
const (
	SignFile   = "recordings.sign"     // secret; for the worker
	SignedFile = "recordings.sign.pub" // public, one a line: what was signed by an earlier key stays proven
)

// Text forms of the keys: the method, then the seed or number of the secret key, or the public key, in hexadecimal.
const (
	signEd25519 = "ed25519" // RFC 8032
	signSM2     = "sm2sign" // GB/T 32918.2 with SM3 and the usual identity
	secretMark  = "-secret:"
	publicMark  = ":"
)

// ErrSignature says that a head was signed by none of the known keys, or is another one than was signed.
var ErrSignature = errors.New("recordings: the head is not what was signed")

// Signer signs the heads of recordings, so that who owns the database cannot make up others.
type Signer struct {
	method string
	public string
	sign   func(message []byte) ([]byte, error)
}

// SignedHead is what closes the hash chain of a part, signed.
type SignedHead struct {
	Part      string
	Head      string // hexadecimal
	At        time.Time
	Signer    string // public key
	Signature string // base64
}

// message is what is signed. Every part of it is of a form that has no line break.
func (s SignedHead) message() []byte {
	return fmt.Appendf(nil, "hotline recording head 1\n%s\n%s\n%d\n", s.Part, s.Head, s.At.UnixMilli())
}

// Public is the key by which the signatures are checked.
func (s *Signer) Public() string { return s.public }

// Sign signs the head of a part.
func (s *Signer) Sign(part, head string, at time.Time) (SignedHead, error) {
	h := SignedHead{Part: part, Head: head, At: at.UTC().Truncate(time.Millisecond), Signer: s.public}
	sig, err := s.sign(h.message())
	if err != nil {
		return h, fmt.Errorf("recordings: sign %s: %w", part, err)
	}
	h.Signature = base64.StdEncoding.EncodeToString(sig)
	return h, nil
}

// Check proves that one of the keys signed it. ErrSignature.
func (s SignedHead) Check(known []string) error {
	sig, err := base64.StdEncoding.DecodeString(s.Signature)
	if err != nil {
		return ErrSignature
	}
	for _, k := range known {
		if k != s.Signer {
			continue
		}
		ok, err := verifies(k, s.message(), sig)
		if err != nil {
			return err
		}
		if ok {
			return nil
		}
	}
	return ErrSignature
}

func verifies(public string, message, sig []byte) (bool, error) {
	method, hexed, _ := strings.Cut(public, publicMark)
	key, err := hex.DecodeString(hexed)
	if err != nil {
		return false, errors.New("recordings: a public key of signatures cannot be read")
	}
	switch method {
	case signEd25519:
		return len(key) == ed25519.PublicKeySize && ed25519.Verify(key, message, sig), nil
	case signSM2:
		var k *ecdsa.PublicKey
		if k, err = sm2.NewPublicKey(key); err != nil {
			return false, errors.New("recordings: a public key of signatures cannot be read")
		}
		return sm2.VerifyASN1WithSM2(k, nil, message, sig), nil
	}
	return false, fmt.Errorf("recordings: signatures of %q are not known here", method)
}

// CreateSignKey makes a key that signs, of the kind that belongs to a suite, unless there is one, and adds its public half to [SignedFile].
func CreateSignKey(dir string, suite Suite) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("recordings: key: %w", err)
	}
	s, err := LoadSigner(filepath.Join(dir, SignFile))
	if errors.Is(err, fs.ErrNotExist) {
		text, genErr := newSignKey(suite)
		if genErr != nil {
			return fmt.Errorf("recordings: key: %w", genErr)
		}
		if err = writeNew(filepath.Join(dir, SignFile), text+"\n", 0o600); err == nil || errors.Is(err, fs.ErrExist) {
			s, err = LoadSigner(filepath.Join(dir, SignFile))
		}
	}
	if err != nil {
		return err
	}
	known, err := LoadSignedBy(filepath.Join(dir, SignedFile))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for _, k := range known {
		if k == s.public {
			return nil
		}
	}
	all := strings.Join(append(known, s.public), "\n") + "\n"
	return writeOver(filepath.Join(dir, SignedFile), all)
}

func newSignKey(suite Suite) (string, error) {
	if suite == Suite(SMSuite{}) {
		k, err := sm2.GenerateKey(rand.Reader)
		if err != nil {
			return "", err
		}
		e, err := k.ECDH()
		if err != nil {
			return "", err
		}
		return signSM2 + secretMark + hex.EncodeToString(e.Bytes()), nil
	}
	_, k, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return "", err
	}
	return signEd25519 + secretMark + hex.EncodeToString(k.Seed()), nil
}

// LoadSigner reads the key that signs. A file that everyone may read is refused.
func LoadSigner(path string) (*Signer, error) {
	b, err := readSecret(path)
	if err != nil {
		return nil, err
	}
	method, hexed, _ := strings.Cut(strings.TrimSpace(string(b)), secretMark)
	seed, err := hex.DecodeString(hexed)
	if err != nil || len(seed) != ed25519.SeedSize {
		return nil, fmt.Errorf("recordings: key: %s is no key that signs", path)
	}
	switch method {
	case signEd25519:
		k := ed25519.NewKeyFromSeed(seed)
		public, ok := k.Public().(ed25519.PublicKey)
		if !ok {
			return nil, fmt.Errorf("recordings: key: %s is no key that signs", path)
		}
		return &Signer{signEd25519, signEd25519 + publicMark + hex.EncodeToString(public), func(m []byte) ([]byte, error) {
			return k.Sign(rand.Reader, m, crypto.Hash(0))
		}}, nil
	case signSM2:
		k, err := sm2.NewPrivateKey(seed)
		if err != nil {
			return nil, fmt.Errorf("recordings: key: %s is no key that signs", path)
		}
		e, err := k.ECDH()
		if err != nil {
			return nil, fmt.Errorf("recordings: key: %s is no key that signs", path)
		}
		return &Signer{signSM2, signSM2 + publicMark + hex.EncodeToString(e.PublicKey().Bytes()), func(m []byte) ([]byte, error) {
			return k.SignWithSM2(rand.Reader, nil, m)
		}}, nil
	}
	return nil, fmt.Errorf("recordings: key: %s is no key that signs", path)
}

// LoadSignedBy reads the public keys of signatures.
func LoadSignedBy(path string) ([]string, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("recordings: key: %w", err)
	}
	return strings.Fields(string(b)), nil
}

// writeOver replaces a file as a whole.
func writeOver(path, text string) error {
	tmp := path + ".tmp"
	if err := removeIfThere(tmp); err != nil {
		return fmt.Errorf("recordings: key: %w", err)
	}
	if err := writeNew(tmp, text, 0o644); err != nil {
		return err
	}
	if err := os.Rename(tmp, path); err != nil {
		return fmt.Errorf("recordings: key: %w", err)
	}
	return nil
}
