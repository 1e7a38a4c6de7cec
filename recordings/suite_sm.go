package recordings

import (
	"crypto/cipher"
	"crypto/ecdsa"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"github.com/emmansun/gmsm/sm2"
	"github.com/emmansun/gmsm/sm4"
)

// Text forms of SM2 keys: the uncompressed point (GB/T 32918.1, 4.2.9) and the number of 32 bytes, in hexadecimal.
const (
	smPublicPrefix = "sm2pub-"
	smSecretPrefix = "SM2-SECRET-KEY-"
)

// What is sealed: SM2 of a fresh SM4 key (C1 C3 C2, GB/T 32918.4), then SM4-GCM under it. A key seals once, so the nonce may be zero.
const (
	smKeySize    = 16
	smSealedKey  = 65 + 32 + smKeySize // C1 uncompressed, C3, C2
	smNonceSize  = 12
	smSecretSize = 32
)

// SMSuite is SM2 (GB/T 32918) with SM4-GCM (GB/T 32907).
type SMSuite struct{}

func (SMSuite) Name() string { return "sm" }

func (SMSuite) Generate() (SecretKey, error) {
	k, err := sm2.GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	return newSMSecret(k)
}

func (SMSuite) ParsePublic(text string) (PublicKey, error) {
	hexed, ok := strings.CutPrefix(text, smPublicPrefix)
	b, err := hex.DecodeString(hexed)
	if !ok || err != nil {
		return nil, errors.New("recordings: this is no public key of SM2")
	}
	k, err := sm2.NewPublicKey(b)
	if err != nil {
		return nil, errors.New("recordings: this is no public key of SM2")
	}
	return &smPublic{k, text}, nil
}

func (SMSuite) ParseSecret(text string) (SecretKey, error) {
	hexed, ok := strings.CutPrefix(text, smSecretPrefix)
	b, err := hex.DecodeString(hexed)
	if !ok || err != nil || len(b) != smSecretSize {
		return nil, errors.New("recordings: this is no secret key of SM2")
	}
	k, err := sm2.NewPrivateKey(b)
	if err != nil {
		return nil, errors.New("recordings: this is no secret key of SM2")
	}
	return newSMSecret(k)
}

type smPublic struct {
	key  *ecdsa.PublicKey
	text string
}

func (*smPublic) Suite() Suite     { return SMSuite{} }
func (p *smPublic) String() string { return p.text }

func (p *smPublic) Seal(plain []byte) ([]byte, error) {
	var key [smKeySize]byte
	if _, err := rand.Read(key[:]); err != nil {
		return nil, err
	}
	out, err := sm2.Encrypt(rand.Reader, p.key, key[:], sm2.NewPlainEncrypterOpts(sm2.MarshalUncompressed, sm2.C1C3C2))
	if err != nil {
		return nil, fmt.Errorf("recordings: seal: %w", err)
	}
	aead, err := smAEAD(key[:])
	if err != nil {
		return nil, fmt.Errorf("recordings: seal: %w", err)
	}
	return aead.Seal(out, make([]byte, smNonceSize), plain, out[:smSealedKey:smSealedKey]), nil
}

func smAEAD(key []byte) (cipher.AEAD, error) {
	block, err := sm4.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

type smSecret struct {
	key *sm2.PrivateKey
	pub *smPublic
	hex string
}

func newSMSecret(k *sm2.PrivateKey) (*smSecret, error) {
	e, err := k.ECDH() // knows the forms of both halves as bytes
	if err != nil {
		return nil, err
	}
	public := &smPublic{&k.PublicKey, smPublicPrefix + hex.EncodeToString(e.PublicKey().Bytes())}
	return &smSecret{k, public, hex.EncodeToString(e.Bytes())}, nil
}

func (s *smSecret) Text() string      { return smSecretPrefix + s.hex }
func (s *smSecret) Public() PublicKey { return s.pub }

func (s *smSecret) Open(sealed []byte) ([]byte, error) {
	if len(sealed) < smSealedKey {
		return nil, errSealed
	}
	head := sealed[:smSealedKey]
	key, err := s.key.Decrypt(rand.Reader, head, sm2.NewPlainDecrypterOpts(sm2.C1C3C2))
	if err != nil || len(key) != smKeySize {
		return nil, errSealed
	}
	aead, err := smAEAD(key)
	if err != nil {
		return nil, errSealed
	}
	plain, err := aead.Open(nil, make([]byte, smNonceSize), sealed[smSealedKey:], head)
	if err != nil {
		return nil, errSealed
	}
	return plain, nil
}
