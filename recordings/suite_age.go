package recordings

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"filippo.io/age"
)

// AgeSuite is the default: X25519 with ChaCha20-Poly1305 in the format of age. Each piece is a small age file, which every tool of age
// opens with the part's key.
type AgeSuite struct{}

func (AgeSuite) Name() string { return "age" }

func (AgeSuite) Generate() (SecretKey, error) {
	id, err := age.GenerateX25519Identity()
	if err != nil {
		return nil, err
	}
	return &ageSecret{id, id.Recipient(), id.String()}, nil
}

func (AgeSuite) ParsePublic(text string) (PublicKey, error) {
	to, err := age.ParseRecipients(strings.NewReader(text))
	if err != nil || len(to) != 1 {
		return nil, errors.New("recordings: this is no public key of age")
	}
	return &agePublic{to[0], text}, nil
}

func (AgeSuite) ParseSecret(text string) (SecretKey, error) {
	ids, err := age.ParseIdentities(strings.NewReader(text))
	if err != nil || len(ids) != 1 {
		return nil, errors.New("recordings: this is no secret key of age") // age's own error quotes the line
	}
	switch id := ids[0].(type) {
	case *age.X25519Identity:
		return &ageSecret{id, id.Recipient(), text}, nil
	case *age.HybridIdentity:
		return &ageSecret{id, id.Recipient(), text}, nil
	}
	return nil, fmt.Errorf("recordings: a secret key of the kind %T is not supported", ids[0])
}

type agePublic struct {
	to   age.Recipient
	text string
}

func (*agePublic) Suite() Suite     { return AgeSuite{} }
func (p *agePublic) String() string { return p.text }

func (p *agePublic) Seal(plain []byte) ([]byte, error) { return ageSeal(plain, p.to) }

func ageSeal(plain []byte, to ...age.Recipient) ([]byte, error) {
	var out bytes.Buffer
	out.Grow(len(plain) + 512)
	w, err := age.Encrypt(&out, to...)
	if err != nil {
		return nil, fmt.Errorf("recordings: seal: %w", err)
	}
	if _, err := w.Write(plain); err != nil {
		return nil, fmt.Errorf("recordings: seal: %w", err)
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("recordings: seal: %w", err)
	}
	return out.Bytes(), nil
}

type ageSecret struct {
	id   age.Identity
	pub  fmt.Stringer
	text string
}

func (s *ageSecret) Text() string { return s.text }

func (s *ageSecret) Public() PublicKey {
	to, _ := s.pub.(age.Recipient) // of both kinds of identities that are made here
	return &agePublic{to, s.pub.String()}
}

func (s *ageSecret) Open(sealed []byte) ([]byte, error) {
	r, err := age.Decrypt(bytes.NewReader(sealed), s.id)
	if err != nil {
		return nil, errSealed
	}
	plain, err := io.ReadAll(r)
	if err != nil {
		return nil, errSealed
	}
	return plain, nil
}

// identities are the keys that open recordings of format 1, which were sealed for the site's keys of age without a key of their own.
func identities(keys []SecretKey) []age.Identity {
	var out []age.Identity
	for _, k := range keys {
		if a, ok := k.(*ageSecret); ok {
			out = append(out, a.id)
		}
	}
	return out
}
