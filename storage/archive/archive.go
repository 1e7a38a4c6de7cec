// Package archive is the form of a backup: one file, encrypted with age (https://age-encryption.org/v1) to public keys, in which parts follow each
// other as a tar and a manifest with the digest of each part comes last. An archive that was cut off, or changed, or has more than its manifest says,
// is refused as a whole.
package archive

import (
	"archive/tar"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"filippo.io/age"
)

// Format is the number of the form that is written.
const Format = 1

const (
	manifestName  = "manifest.json"
	mostManifest  = 64 << 20
	mostPartNames = 4096 // bytes
)

// ErrDamaged says that an archive is not what was written.
var ErrDamaged = errors.New("archive: the backup is damaged or not whole; use another one")

// Manifest says what is in an archive.
type Manifest struct {
	Format   int             `json:"format"`
	Made     time.Time       `json:"made"`
	Site     string          `json:"site"`
	Database string          `json:"database"` // dialect of the part "database"
	Keys     []string        `json:"keys"`     // names of the keys without which sealed columns stay shut
	Probe    []byte          `json:"probe"`    // a known word, sealed by the newest of them
	Audit    json.RawMessage `json:"audit"`    // the end of the audit's chain
	Parts    []Part          `json:"parts"`
}

// Part is one file of an archive.
type Part struct {
	Name   string `json:"name"` // with slashes, as in "recordings/store/…"
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
}

// Writer writes an archive. Without [Writer.Close] it is none.
type Writer struct {
	seal  io.WriteCloser
	tar   *tar.Writer
	parts []Part
}

// NewWriter begins an archive that the recipients can open.
func NewWriter(w io.Writer, recipients ...age.Recipient) (*Writer, error) {
	seal, err := age.Encrypt(w, recipients...)
	if err != nil {
		return nil, fmt.Errorf("archive: %w", err)
	}
	return &Writer{seal: seal, tar: tar.NewWriter(seal)}, nil
}

// Add writes one part of exactly size bytes.
func (w *Writer) Add(name string, size int64, r io.Reader) error {
	if !usable(name) {
		return fmt.Errorf("archive: %q is not a name", name)
	}
	if err := w.tar.WriteHeader(&tar.Header{Name: name, Size: size, Mode: 0o600, Typeflag: tar.TypeReg, Format: tar.FormatPAX}); err != nil {
		return fmt.Errorf("archive: %s: %w", name, err)
	}
	digest := sha256.New()
	n, err := io.Copy(io.MultiWriter(w.tar, digest), io.LimitReader(r, size))
	if err == nil && n != size {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return fmt.Errorf("archive: %s: %w", name, err)
	}
	w.parts = append(w.parts, Part{name, size, hex.EncodeToString(digest.Sum(nil))})
	return nil
}

// AddFile writes a file as it is now; what is appended meanwhile is left out.
func (w *Writer) AddFile(name, file string) error {
	f, err := os.Open(file)
	if err != nil {
		return fmt.Errorf("archive: %w", err)
	}
	defer func() { _ = f.Close() }()
	st, err := f.Stat()
	if err != nil {
		return fmt.Errorf("archive: %w", err)
	}
	return w.Add(name, st.Size(), f)
}

// Close writes the manifest and ends the archive; its Format and Parts are filled in here. The file below stays open.
func (w *Writer) Close(m Manifest) (Manifest, error) {
	m.Format, m.Parts = Format, w.parts
	text, err := json.Marshal(m)
	if err != nil {
		return m, fmt.Errorf("archive: %w", err)
	}
	err = w.tar.WriteHeader(&tar.Header{Name: manifestName, Size: int64(len(text)), Mode: 0o600, Typeflag: tar.TypeReg})
	if err == nil {
		_, err = w.tar.Write(text)
	}
	if err := errors.Join(err, w.tar.Close(), w.seal.Close()); err != nil {
		return m, fmt.Errorf("archive: %w", err)
	}
	return m, nil
}

// Extract writes the parts of an archive into dir, which exists and is empty. ErrDamaged: what lies in dir then is worth nothing.
func Extract(r io.Reader, dir string, identities ...age.Identity) (Manifest, error) {
	plain, err := age.Decrypt(r, identities...)
	if _, ok := errors.AsType[*age.NoIdentityMatchError](err); ok {
		return Manifest{}, errors.New("archive: this key does not open the backup; it was made for another one")
	}
	if err != nil {
		return Manifest{}, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	m, err := extract(plain, dir)
	if err != nil {
		return m, err
	}
	// age says only at the end that nothing was cut off.
	if _, err := io.Copy(io.Discard, plain); err != nil {
		return m, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return m, nil
}

func extract(r io.Reader, dir string) (m Manifest, err error) {
	in, have := tar.NewReader(r), map[string]Part{}
	for {
		h, err := in.Next()
		switch {
		case err != nil: // without a manifest also at the end
			return m, fmt.Errorf("%w: %w", ErrDamaged, err)
		case h.Name == manifestName:
			if err := json.NewDecoder(io.LimitReader(in, mostManifest)).Decode(&m); err != nil {
				return m, fmt.Errorf("%w: %w", ErrDamaged, err)
			}
			return m, m.check(have)
		}
		if _, twice := have[h.Name]; twice || h.Typeflag != tar.TypeReg || !usable(h.Name) {
			return m, fmt.Errorf("%w: a part that cannot be", ErrDamaged)
		}
		p, err := put(in, dir, h.Name)
		if err != nil {
			return m, err
		}
		have[h.Name] = p
	}
}

func put(r io.Reader, dir, name string) (Part, error) {
	file := filepath.Join(dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return Part{}, fmt.Errorf("archive: %w", err)
	}
	f, err := os.OpenFile(file, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return Part{}, fmt.Errorf("archive: %w", err)
	}
	digest := sha256.New()
	n, err := io.Copy(io.MultiWriter(f, digest), r)
	if err != nil {
		_ = f.Close()
		return Part{}, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return Part{}, fmt.Errorf("archive: %w", err)
	}
	return Part{name, n, hex.EncodeToString(digest.Sum(nil))}, nil
}

func (m Manifest) check(have map[string]Part) error {
	if m.Format != Format {
		return fmt.Errorf("archive: this backup has form %d, and this program reads %d: restore it with the program that made it, or a later one", m.Format, Format)
	}
	if len(have) != len(m.Parts) {
		return fmt.Errorf("%w: %d parts, and the manifest names %d", ErrDamaged, len(have), len(m.Parts))
	}
	for _, p := range m.Parts {
		if have[p.Name] != p {
			return fmt.Errorf("%w: %s is not what was written", ErrDamaged, p.Name)
		}
	}
	return nil
}

// usable: inside the folder, whatever the system.
func usable(name string) bool {
	return len(name) <= mostPartNames && fs.ValidPath(name) && name != "." && name != manifestName && filepath.IsLocal(filepath.FromSlash(name))
}
