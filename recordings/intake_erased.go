package recordings

import (
	"context"
	"database/sql"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"hotline/storage"
)

// Erased tells whether the contact of a call was erased; within a transaction, so that it is still true at the commit.
type Erased func(ctx context.Context, in storage.Reader, call string) (bool, error)

// stoneOf is by whose word a call was erased: alone, or with its contact. nil: it was not.
func stoneOf(ctx context.Context, in storage.Reader, call string, erased Erased) (*Stone, error) {
	if call == "" {
		return nil, nil
	}
	s := Stone{Why: WhyContact, By: system}
	err := in.QueryRow(ctx, `SELECT why, by_who FROM recording_stones WHERE call_id = ? ORDER BY at_ms, part LIMIT 1`, call).Scan(&s.Why, &s.By)
	if err == nil {
		return &s, nil
	}
	if !errors.Is(err, sql.ErrNoRows) {
		return nil, err
	}
	if erased == nil {
		return nil, nil
	}
	if gone, err := erased(ctx, in, call); err != nil || !gone {
		return nil, err
	}
	return &s, nil
}

// gone tells whether a call was erased.
func (in *Intake) gone(ctx context.Context, call string) (bool, error) {
	s, err := stoneOf(ctx, in.index.db, call, in.cfg.Erased)
	return s != nil, err
}

// forsake destroys the keys of parts that wait here while their call was erased, whatever keeps them waiting: the store that is away, or that they cannot be
// read. What is being recorded is not asked about: its call is going on.
func (in *Intake) forsake(ctx context.Context, keys []string) error {
	asked := map[string]bool{}
	for _, id := range keys {
		if in.has(id, suffixOpen, suffixNew) {
			continue
		}
		call := in.callOf(id)
		gone, known := asked[call]
		if !known {
			var err error
			if gone, err = in.gone(ctx, call); err != nil {
				return err // the database is away: the others need not be asked
			}
			asked[call] = gone
		}
		if !gone {
			continue
		}
		if err := destroy(keyPath(in.cfg.Dir, id)); err != nil {
			return err
		}
		if !in.has(id, suffixBroken) {
			continue // what is left is noise, and on its way
		}
		in.cfg.Log.Warn("what was put aside of an erased recording was removed", "recording", id, "call_id", call)
		err := errors.Join(removeIfThere(filepath.Join(in.cfg.Dir, id+suffixBroken)), removeIfThere(sidecarPath(in.cfg.Dir, id)))
		if err != nil {
			return err
		}
	}
	return nil
}

// callOf is the call of a part in the spool; empty when nothing tells.
func (in *Intake) callOf(id string) string {
	f, err := os.Open(filepath.Join(in.cfg.Dir, id+suffixSealed))
	if err != nil {
		s, err := readSidecar(in.cfg.Dir, id)
		if err != nil {
			return ""
		}
		return s.Call
	}
	defer func() { _ = f.Close() }()
	st, err := f.Stat()
	if err != nil {
		return ""
	}
	s, err := in.about(id, f, st)
	if err != nil {
		return ""
	}
	return s.Call
}

// about is what is known of a part without any key: by its sidecar, or when that is lost by the manifest in its file. Only when there is neither, it is a
// recording of its own, of the time at which it was last written. A disk that does not answer is an error: the part waits.
func (in *Intake) about(id string, f io.ReaderAt, st fs.FileInfo) (sidecar, error) {
	s, err := readSidecar(in.cfg.Dir, id)
	if err == nil {
		return s, nil
	}
	if disk, ok := errors.AsType[*fs.PathError](err); ok && !errors.Is(disk, fs.ErrNotExist) {
		return s, err
	}
	end, err := readManifest(f, st.Size())
	if disk, ok := errors.AsType[*fs.PathError](err); ok {
		return s, disk
	}
	if err == nil && end.manifest.Part == id {
		return sidecarOf(end.manifest), nil
	}
	return sidecar{ID: id, Kind: KindCall, StartedMS: st.ModTime().UnixMilli()}, nil
}

// has tells whether the spool holds a part under one of these names.
func (in *Intake) has(id string, suffixes ...string) bool {
	for _, suffix := range suffixes {
		if _, err := os.Lstat(filepath.Join(in.cfg.Dir, id+suffix)); err == nil {
			return true
		}
	}
	return false
}
