package recordings

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

// The spool folder. A recording <id> is, in turn:
//
//	<id>.rec.new     being created (or a message being sealed); Intake leaves it alone
//	<id>.rec.open    being written; its writer holds a flock on it, so one without a lock lost its writer
//	<id>.rec         sealed, to be moved to the store
//	<id>.rec.broken  lost its writer and cannot be read even in its clear parts; left for a person
//	<id>.json        beside each of them: what is known in clear
//	<id>.key         beside each of them: its wrapped key, see [PartKey]; none for format 1
const (
	suffixNew     = ".rec.new"
	suffixOpen    = ".rec.open"
	suffixSealed  = ".rec"
	suffixBroken  = ".rec.broken"
	suffixSidecar = ".json"
)

// sidecar is what is known of a recording without any key.
type sidecar struct {
	ID         string `json:"id"`
	Call       string `json:"call"`
	Line       string `json:"line"`
	Agent      string `json:"agent"`
	Kind       Kind   `json:"kind"`
	StartedMS  int64  `json:"started_ms"`
	DurationMS int64  `json:"duration_ms"`
	Chunks     int    `json:"chunks"`
	Gaps       int    `json:"gaps"`
	GapMS      int64  `json:"gap_ms"`
	Complete   bool   `json:"complete"`
}

func sidecarPath(dir, id string) string { return filepath.Join(dir, id+suffixSidecar) }

// writeSidecar replaces the sidecar as a whole, on disk before it has its name.
func writeSidecar(dir string, s sidecar) error {
	b, err := json.Marshal(s)
	if err != nil {
		return err
	}
	if err := replaceFile(sidecarPath(dir, s.ID), b); err != nil {
		return fmt.Errorf("write sidecar: %w", err)
	}
	return nil
}

// replaceFile writes a file as a whole, on disk before it has its name.
func replaceFile(path string, b []byte) error {
	f, err := os.OpenFile(path+".tmp", os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return errors.Join(err, removeIfThere(path+".tmp"))
	}
	return os.Rename(path+".tmp", path)
}

func readSidecar(dir, id string) (s sidecar, err error) {
	b, err := os.ReadFile(sidecarPath(dir, id))
	if err != nil {
		return s, err
	}
	if err := json.Unmarshal(b, &s); err != nil {
		return s, err
	}
	if s.ID != id {
		return s, errors.New("the sidecar speaks of another recording")
	}
	return s, nil
}

// createLocked creates a file that must not exist and locks it for this process.
func createLocked(path string) (sink, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		return nil, errors.Join(fmt.Errorf("lock: %w", err), f.Close())
	}
	return f, nil
}

// lockOrphan opens a file whose writer is gone and locks it. ok is false while somebody holds it, or when it is no longer there.
func lockOrphan(path string) (f *os.File, ok bool, err error) {
	f, err = os.OpenFile(path, os.O_RDWR, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, err
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		closing := f.Close()
		if errors.Is(err, unix.EWOULDBLOCK) {
			return nil, false, closing
		}
		return nil, false, errors.Join(fmt.Errorf("lock: %w", err), closing)
	}
	// Its writer may have renamed it between our open and our lock: then it is no orphan.
	now, err := os.Stat(path)
	mine, err2 := f.Stat()
	if err != nil || err2 != nil || !os.SameFile(now, mine) {
		return nil, false, f.Close()
	}
	return f, true, nil
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

func removeIfThere(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// meta is what a sidecar says of its part.
func (s sidecar) meta() Meta {
	return Meta{Call: s.Call, Line: s.Line, Agent: s.Agent, Kind: s.Kind, Started: time.UnixMilli(s.StartedMS).UTC()}
}
