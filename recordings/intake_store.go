package recordings

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"time"

	"hotline/recordings/vault"
	"hotline/storage"
)

// putLimit bounds one try of putting a part: two minutes, and a second for each 64 kB.
func putLimit(size int64) time.Duration { return 2*time.Minute + time.Duration(size>>16)*time.Second }

// settle ends with a sidecar that stands alone: its part was stored by a worker that died before it was done, or never began.
func (in *Intake) settle(ctx context.Context, id string) error {
	if in.spooled(id) {
		return nil
	}
	side, err := readSidecar(in.cfg.Dir, id)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if _, err := in.index.Get(ctx, id); err == nil {
		return in.clear(id)
	} else if !errors.Is(err, ErrNotFound) {
		return err
	}
	// Moved by a worker of an older release, which had not yet written the row.
	f, err := in.cfg.Store.Open(ctx, relative(side))
	if err == nil {
		gone, err := in.gone(ctx, side.Call)
		if err == nil {
			err = in.enter(ctx, side, f, gone)
		}
		return errors.Join(err, f.Close())
	}
	if !errors.Is(err, vault.ErrNotFound) {
		return err
	}
	if st, err := os.Stat(sidecarPath(in.cfg.Dir, id)); err != nil || in.now().Sub(st.ModTime()) < abandoned {
		return ignoreMissing(err)
	}
	in.cfg.Log.Error("a recording has no audio", "recording", id, "call_id", side.Call)
	return in.clear(id)
}

// store puts a sealed part into the store, then writes its row, then takes it out of the spool: at no time it is in neither. Of a call that was erased
// nothing is put: its key is destroyed, and its row says so.
func (in *Intake) store(ctx context.Context, id string) error {
	from := filepath.Join(in.cfg.Dir, id+suffixSealed)
	f, err := os.Open(from)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // another worker was faster
	}
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	st, err := f.Stat()
	if err != nil {
		return err
	}
	side, err := in.about(id, f, st)
	if err != nil {
		return err
	}
	// Only now: a sidecar that is not there any more may have been taken by another worker, which was faster.
	if stored, err := in.stored(ctx, id); err != nil || stored {
		return errors.Join(err, in.clearIf(id, stored))
	}
	if gone, err := in.gone(ctx, side.Call); err != nil {
		return err
	} else if gone {
		if err := destroy(keyPath(in.cfg.Dir, id)); err != nil {
			return err
		}
		return in.enter(ctx, side, file{f, st.Size()}, true)
	}
	try, stop := context.WithTimeout(ctx, putLimit(st.Size()))
	defer stop()
	if err := in.cfg.Store.Put(try, relative(side), f, st.Size()); err != nil {
		return err
	}
	return in.enter(ctx, side, file{f, st.Size()}, false)
}

// stored tells whether a part's row and file are there, or its row says that it was erased. What still lies in the spool then is a copy left behind, or the
// second sealing of a message.
func (in *Intake) stored(ctx context.Context, id string) (bool, error) {
	r, err := in.index.row(ctx, id)
	if errors.Is(err, ErrNotFound) || err == nil && r.Erased {
		return err == nil, nil
	}
	if err == nil {
		_, err = in.cfg.Store.Stat(ctx, r.path)
	}
	if errors.Is(err, vault.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

func (in *Intake) clearIf(id string, yes bool) error {
	if !yes {
		return nil
	}
	return in.clear(id)
}

// file is a part in the spool.
type file struct {
	*os.File
	size int64
}

func (f file) Size() int64 { return f.size }

// relative is where the part of a sidecar belongs in the store.
func relative(s sidecar) string {
	return path.Join(time.UnixMilli(s.StartedMS).UTC().Format("2006/01/02"), s.ID+suffixSealed)
}

// enter writes the row of a part that is in the store, with its key, marks and signed head, and takes it out of the spool. gone: its call was erased.
func (in *Intake) enter(ctx context.Context, s sidecar, f vault.File, gone bool) error {
	r := row{path: relative(s), Recording: Recording{
		ID: s.ID, Meta: Meta{Call: s.Call, Line: s.Line, Agent: s.Agent, Kind: s.Kind, Started: storage.Time(s.StartedMS)},
		Duration: time.Duration(s.DurationMS) * time.Millisecond, Chunks: s.Chunks, Gaps: s.Gaps,
		GapTime: time.Duration(s.GapMS) * time.Millisecond, Complete: s.Complete, Bytes: f.Size(), Stored: in.now(),
	}}
	e, err := in.evidence(r, f, gone)
	if err != nil {
		// With a row, another worker was faster, or put it before; the key that could not be read was just being destroyed.
		if _, known := in.index.Get(ctx, s.ID); known == nil {
			return in.clear(s.ID)
		}
		return err
	}
	unsigned := e.head.Head != "" && e.head.Signer == ""
	if unsigned && in.cfg.Unsigned != "" {
		if err := writeNote(in.cfg.Unsigned, e.head); err != nil { // its disk may be full, and then the part must leave it
			in.cfg.Log.Error("a recording came in without a signature, and that cannot be remembered: it will never be signed", "recording", s.ID, "err", err)
		}
	}
	if err := in.index.enter(ctx, r, e, in.cfg.Erased); err != nil {
		return err
	}
	in.cfg.Metrics.stored.WithLabelValues(map[bool]string{true: "yes", false: "no"}[s.Complete]).Inc()
	if unsigned {
		in.cfg.Metrics.unsigned.Inc()
	}
	in.cfg.Log.Info("recording stored", "recording", s.ID, "call_id", s.Call, "complete", s.Complete, "duration_ms", s.DurationMS)
	return in.clear(s.ID)
}

// evidence is what is kept of a part besides its row; of one that is erased, nothing.
func (in *Intake) evidence(r row, f vault.File, gone bool) (e evidence, err error) {
	head, marks, format, err := readEvidence(f)
	if gone {
		return evidence{format: format}, nil
	}
	if err != nil {
		return e, err
	}
	e.marks, e.format = marks, format
	k, err := readPartKey(in.cfg.Dir, r.ID)
	if format == 1 {
		if !errors.Is(err, fs.ErrNotExist) { // that format had none: with the public key alone anybody writes a whole file of it
			return e, errors.New("it is of the first format and a key lies beside it: it is not what was recorded; see hotline recordings verify")
		}
		e.key = []byte(formatOne)
		return e, nil
	}
	if err != nil {
		return e, err
	}
	if e.key, err = k.Encode(); err != nil {
		return e, err
	}
	e.head = SignedHead{Part: r.ID, Head: head, At: r.Stored}
	if in.cfg.Signer != nil {
		e.head, err = in.cfg.Signer.Sign(r.ID, head, r.Stored)
	}
	return e, err
}

// clear takes a part that is in the store out of the spool: its sidecar last, because that is what the next worker goes by.
func (in *Intake) clear(id string) error {
	return errors.Join(removeIfThere(filepath.Join(in.cfg.Dir, id+suffixSealed)), destroy(keyPath(in.cfg.Dir, id)), removeIfThere(sidecarPath(in.cfg.Dir, id)))
}

func ignoreMissing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
