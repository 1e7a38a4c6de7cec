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
		if !gone && (call != "" || !in.outlived(id)) {
			continue
		}
		if err := destroy(keyPath(in.cfg.Dir, id)); err != nil {
			return err
		}
		if !in.has(id, suffixBroken) {
			continue // what is left is noise, and on its way
		}
		in.cfg.Log.Warn("what was put aside of a recording that was erased, or that nobody can name, was removed", "recording", id, "call_id", call)
		err := errors.Join(removeIfThere(filepath.Join(in.cfg.Dir, id+suffixBroken)), removeIfThere(sidecarPath(in.cfg.Dir, id)))
		if err != nil {
			return err
		}
	}
	return nil
}

// outlived tells whether a part that was put aside, and of which nothing tells the call, was kept as long as any recording must be: no erasing of a contact will
// ever name it.
func (in *Intake) outlived(id string) bool {
	st, err := os.Stat(filepath.Join(in.cfg.Dir, id+suffixBroken))
	return err == nil && yearsOver(st.ModTime(), in.now())
}

// callOf is the call of a part in the spool: of one that was put aside as its key names it, of others by its sidecar, or by its file, as it will be entered.
// Empty when nothing tells.
func (in *Intake) callOf(id string) string {
	if in.has(id, suffixBroken) {
		if k, err := readPartKey(in.cfg.Dir, id); err == nil && k.Call != "" {
			return k.Call
		}
	}
	for _, suffix := range []string{suffixSealed, suffixBroken} {
		f, err := os.Open(filepath.Join(in.cfg.Dir, id+suffix))
		if err != nil {
			continue
		}
		st, err := f.Stat()
		var s sidecar
		if err == nil {
			s, err = in.about(id, f, st)
		}
		if _ = f.Close(); err == nil {
			return s.Call
		}
	}
	s, _ := readSidecar(in.cfg.Dir, id)
	return s.Call
}

// about is what is known of a part without opening anything: by its sidecar, or when that is lost by the manifest in its file, or, when its recorder died
// before it wrote one, by its wrapped key. Only when there is none of them, it is a recording of its own, of the time at which it was last written. A disk that
// does not answer is an error: the part waits.
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
	k, err := readPartKey(in.cfg.Dir, id)
	if disk, ok := errors.AsType[*fs.PathError](err); ok && !errors.Is(disk, fs.ErrNotExist) {
		return s, disk
	}
	if said, ok := k.about(); ok && err == nil {
		return said, nil
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
