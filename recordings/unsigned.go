package recordings

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"hotline/storage"
)

// What a worker took in while it had no key that signs it remembers itself, in a folder of its own disk: an empty file for each head, whose name says part, head
// and time. The database cannot be asked later what it was: who owns it would have anything signed.

func noteName(h SignedHead) string {
	return strings.Join([]string{h.Part, h.Head, strconv.FormatInt(h.At.UnixMilli(), 10)}, ".")
}

// writeNote remembers a head; it is on the disk when this returns.
func writeNote(dir string, h SignedHead) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(filepath.Join(dir, noteName(h)), os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close(), syncDir(dir), syncDir(filepath.Dir(dir)))
}

// readNotes are the heads that were remembered, by part. A folder into which others may write is refused.
func readNotes(dir string) (map[string][]SignedHead, error) {
	st, err := os.Stat(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if st.Mode().Perm()&0o022 != 0 {
		return nil, fmt.Errorf("others may write into %s: nothing is signed by what is in it", dir)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	out := map[string][]SignedHead{}
	for _, e := range entries {
		words := strings.Split(e.Name(), ".")
		if len(words) != 3 || validID(words[0]) != nil {
			continue
		}
		if at, err := strconv.ParseInt(words[2], 10, 64); err == nil {
			out[words[0]] = append(out[words[0]], SignedHead{Part: words[0], Head: words[1], At: storage.Time(at)})
		}
	}
	return out, nil
}

func removeNotes(dir string, notes []SignedHead) error {
	var errs []error
	for _, h := range notes {
		errs = append(errs, removeIfThere(filepath.Join(dir, noteName(h))))
	}
	return errors.Join(errs...)
}
