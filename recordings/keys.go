package recordings

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"filippo.io/age"
)

// Names of the key files in a folder of secrets.
const (
	IdentityFile  = "recordings.key" // secret; for the console (and the escrow of the agency), never for the gateway
	RecipientFile = "recordings.pub" // public; for the gateway and the worker
)

// CreateKey makes a new key pair in dir: [IdentityFile] (readable by its owner only) and [RecipientFile]. It never writes over a key:
// when the secret exists it only writes the public file anew, from it.
func CreateKey(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("recordings: key: %w", err)
	}
	secret := filepath.Join(dir, IdentityFile)
	ids, err := LoadIdentities(secret)
	if errors.Is(err, fs.ErrNotExist) {
		id, genErr := age.GenerateX25519Identity()
		if genErr != nil {
			return fmt.Errorf("recordings: key: %w", genErr)
		}
		ids = []age.Identity{id}
		err = writeNew(secret, id.String()+"\n", 0o600)
	}
	if err != nil {
		return err
	}
	var public strings.Builder
	for _, id := range ids {
		x, ok := id.(*age.X25519Identity)
		if !ok {
			return fmt.Errorf("recordings: key: the public part of a %T must be written by hand", id)
		}
		fmt.Fprintln(&public, x.Recipient())
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

// LoadIdentities reads secret keys, one a line (age's form). A file that everyone may read is refused.
func LoadIdentities(path string) ([]age.Identity, error) {
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
	ids, err := age.ParseIdentities(f)
	if err != nil {
		return nil, fmt.Errorf("recordings: key: %s is no age identity file", path) // age's error quotes the line
	}
	return ids, nil
}

// LoadRecipients reads public keys, one a line (age's form).
func LoadRecipients(path string) ([]age.Recipient, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("recordings: key: %w", err)
	}
	defer func() { _ = f.Close() }()
	to, err := age.ParseRecipients(f)
	if err != nil {
		return nil, fmt.Errorf("recordings: key: %s: %w", path, err)
	}
	return to, nil
}
