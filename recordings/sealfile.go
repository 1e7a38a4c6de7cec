package recordings

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"hotline/audio"
)

// maxMessage bounds a voice message: an hour.
const maxMessage = 3600 * Rate

// SealFile seals a finished plaintext file (raw A-law at 8 kHz, or WAV: then mixed to one channel and resampled) as the recording id,
// caller on the right, and removes the plaintext. It ends with the sealed file in the spool, on disk, for [Intake] to store.
//
// The same id again is harmless at every point of a crash: a file sealed before is kept and only the plaintext goes; one half sealed
// is begun anew. A plaintext that is gone is an error unless its recording waits in the spool.
func (r *Recorder) SealFile(id, path string, meta Meta) (time.Duration, error) {
	if err := validID(id); err != nil {
		return 0, err
	}
	if meta.Started.IsZero() {
		meta.Started = r.now()
	}
	meta.Kind = KindMessage
	length, err := r.sealFile(id, path, meta)
	if err != nil {
		return 0, fmt.Errorf("recordings: seal message %s: %w", id, err)
	}
	return length, nil
}

func (r *Recorder) sealFile(id, path string, meta Meta) (time.Duration, error) {
	if _, err := os.Lstat(filepath.Join(r.cfg.Dir, id+suffixSealed)); err == nil {
		side, err := readSidecar(r.cfg.Dir, id)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return 0, err
		}
		return time.Duration(side.DurationMS) * time.Millisecond, destroy(path)
	}
	alaw, err := readSpeech(path)
	if err != nil {
		return 0, err
	}
	// Half sealed by a process that died; one that lives holds the lock.
	half := filepath.Join(r.cfg.Dir, id+suffixNew)
	f, ok, err := lockOrphan(half)
	if err != nil {
		return 0, err
	}
	if ok {
		if err := errors.Join(os.Remove(half), f.Close()); err != nil {
			return 0, err
		}
	}
	w, err := r.begin(id, meta, suffixNew)
	if err != nil {
		return 0, err
	}
	line := timeline{samples: samplesIn(r.cfg.ChunkDuration), window: samplesIn(r.cfg.Window)}
	done, _ := line.write(Right, 0, alaw)
	clear(alaw)
	for _, c := range append(done, line.finish()...) {
		if err := w.piece(c); err != nil {
			return 0, errors.Join(err, w.file.Close())
		}
	}
	if err := w.finish(line.head); err != nil {
		return 0, err
	}
	return timeOf(line.head), destroy(path)
}

func readSpeech(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	var head [4]byte
	if _, err := io.ReadFull(f, head[:]); err == nil && bytes.Equal(head[:], []byte("RIFF")) {
		if _, err := f.Seek(0, io.SeekStart); err != nil {
			return nil, err
		}
		clip, err := audio.ReadWAV(f)
		if err != nil {
			return nil, err
		}
		return audio.PCMA.Encode(nil, audio.Resample(clip.Mono(), clip.Rate, Rate)), nil
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	b, err := io.ReadAll(io.LimitReader(f, maxMessage+1))
	if err == nil && len(b) > maxMessage {
		err = errors.New("longer than an hour")
	}
	return b, err
}

// destroy overwrites a plaintext file and removes it. The spool of messages is memory, where this is enough.
func destroy(path string) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	st, err := f.Stat()
	if err == nil {
		zeros := make([]byte, 32<<10)
		for left := st.Size(); left > 0 && err == nil; left -= int64(len(zeros)) {
			_, err = f.Write(zeros[:min(int64(len(zeros)), left)])
		}
	}
	return errors.Join(err, f.Close(), removeIfThere(path)) // two may do it at once
}
