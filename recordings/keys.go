package recordings

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"filippo.io/age"
)

// Names of the key files in a folder of secrets.
const (
	IdentityFile  = "recordings.key"        // secret; for the console (and the escrow of the agency), never for the gateway
	RecipientFile = "recordings.pub"        // public; for the gateway and the worker
	EscrowFile    = "recordings.escrow.pub" // public; of a key that is kept away from here, for which recordings are sealed as well
)

// CreateKey makes a new key pair of a suite in dir: [IdentityFile] (readable by its owner only) and [RecipientFile]. It never writes over
// a key: when the secret exists, of whatever suite, it only writes the public file anew, from it.
func CreateKey(dir string, suite Suite) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("recordings: key: %w", err)
	}
	secret := filepath.Join(dir, IdentityFile)
	keys, err := LoadSecretKeys(secret)
	if errors.Is(err, fs.ErrNotExist) {
		key, genErr := suite.Generate()
		if genErr != nil {
			return fmt.Errorf("recordings: key: %w", genErr)
		}
		keys = []SecretKey{key}
		err = writeNew(secret, key.Text()+"\n", 0o600)
	}
	if err != nil {
		return err
	}
	var public strings.Builder
	for _, k := range keys {
		fmt.Fprintln(&public, k.Public())
	}
	pub := filepath.Join(dir, RecipientFile)
	if err := removeIfThere(pub); err != nil {
		return fmt.Errorf("recordings: key: %w", err)
	}
	return writeNew(pub, public.String(), 0o644)
}

func writeNew(path, text string, mode fs.FileMode) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, mode)
	if err != nil {
		return fmt.Errorf("recordings: key: %w", err)
	}
	_, err = f.WriteString(text)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("recordings: key: %w", errors.Join(err, os.Remove(path)))
	}
	return nil
}

// LoadSecretKeys reads secret keys, one a line, of any suite; empty lines and those that begin with # are left out. A file that everyone
// may read is refused.
func LoadSecretKeys(path string) ([]SecretKey, error) {
	b, err := readSecret(path)
	if err != nil {
		return nil, err
	}
	return parseKeys(path, b, ParseSecretKey)
}

// LoadPublicKeys reads public keys, one a line, of any suite.
func LoadPublicKeys(path string) ([]PublicKey, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("recordings: key: %w", err)
	}
	return parseKeys(path, b, ParsePublicKey)
}

func parseKeys[K any](path string, b []byte, parse func(string) (K, error)) ([]K, error) {
	var keys []K
	for line := range strings.Lines(string(b)) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		k, err := parse(line)
		if err != nil {
			return nil, fmt.Errorf("recordings: key: %s: %w", path, err)
		}
		keys = append(keys, k)
	}
	if len(keys) == 0 {
		return nil, fmt.Errorf("recordings: key: %s holds none", path)
	}
	return keys, nil
}

// LoadIdentities reads secret keys of age, one a line. A file that everyone may read is refused.
func LoadIdentities(path string) ([]age.Identity, error) {
	b, err := readSecret(path)
	if err != nil {
		return nil, err
	}
	ids, err := age.ParseIdentities(bytes.NewReader(b))
	if err != nil {
		return nil, fmt.Errorf("recordings: key: %s is no age identity file", path) // age's error quotes the line
	}
	return ids, nil
}

func readSecret(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("recordings: key: %w", err)
	}
	defer func() { _ = f.Close() }()
	st, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("recordings: key: %w", err)
	}
	if st.Mode().Perm()&0o007 != 0 {
		return nil, fmt.Errorf("recordings: key: everyone may read %s; run chmod 600 on it", path)
	}
	b, err := io.ReadAll(io.LimitReader(f, 1<<20))
	if err != nil {
		return nil, fmt.Errorf("recordings: key: %w", err)
	}
	return b, nil
}
