package recordings

import (
	"errors"
	"fmt"
	"strings"
)

// Suite is a family of cryptography that seals recordings. The suite of a part is written in its header, so parts of several suites lie
// beside each other and a site may change.
type Suite interface {
	// Name is the word in files and settings: "age" or "sm".
	Name() string
	// Generate makes a key pair.
	Generate() (SecretKey, error)
	// ParsePublic and ParseSecret read the text forms of keys.
	ParsePublic(text string) (PublicKey, error)
	ParseSecret(text string) (SecretKey, error)
}

// PublicKey seals for the holder of its secret key. Safe for concurrent use.
type PublicKey interface {
	Seal(plain []byte) ([]byte, error)
	// String is its text form, one line.
	String() string
	Suite() Suite
}

// SecretKey opens what its public key sealed. What was altered does not open. Safe for concurrent use.
type SecretKey interface {
	Open(sealed []byte) ([]byte, error)
	Public() PublicKey
	// Text is its text form, one line: a secret. It is no Stringer, lest it be logged by chance.
	Text() string
}

// Compile-time proof that these are suites.
var (
	_ Suite = AgeSuite{}
	_ Suite = SMSuite{}
)

// errSealed is the only thing that is said of what does not open: more would help who tries.
var errSealed = errors.New("does not open")

// SuiteNamed finds a suite; the empty name is the default.
func SuiteNamed(name string) (Suite, error) {
	switch name {
	case "", AgeSuite{}.Name():
		return AgeSuite{}, nil
	case SMSuite{}.Name():
		return SMSuite{}, nil
	}
	return nil, fmt.Errorf("recordings: there is no suite %q, only %s and %s", name, AgeSuite{}.Name(), SMSuite{}.Name())
}

// ParsePublicKey reads a public key of either suite.
func ParsePublicKey(text string) (PublicKey, error) {
	if strings.HasPrefix(text, smPublicPrefix) {
		return SMSuite{}.ParsePublic(text)
	}
	return AgeSuite{}.ParsePublic(text)
}

// ParseSecretKey reads a secret key of either suite. Its errors do not quote it.
func ParseSecretKey(text string) (SecretKey, error) {
	if strings.HasPrefix(text, smSecretPrefix) {
		return SMSuite{}.ParseSecret(text)
	}
	return AgeSuite{}.ParseSecret(text)
}
