package recordings

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// openTailed begins where the plain speech begins: what was before has been sealed and destroyed. nil: another life has the talk, or it is gone.
func openTailed(live Live, now time.Time) (*tailed, error) {
	k := &tailed{live: live, grew: now}
	for side, path := range live.Files {
		f, err := os.Open(path)
		if err != nil {
			k.close()
			return nil, err
		}
		k.files[side] = f
	}
	if ours, err := lockTalk(k.files[Right]); err != nil || !ours {
		k.close()
		return nil, err
	}
	k.at = min(firstSpeech(k.files[Left]), firstSpeech(k.files[Right]))
	k.base = k.at
	return k, nil
}

// lockTalk takes a file for this process. Its writer asks for no lock. false: another one has it, or destroyed it.
func lockTalk(f *os.File) (bool, error) {
	err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if errors.Is(err, unix.EWOULDBLOCK) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("lock: %w", err)
	}
	mine, err := f.Stat()
	if err != nil {
		return false, err
	}
	now, err := os.Stat(f.Name())
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil && os.SameFile(now, mine), err
}

// firstSpeech is the place of the first sample that was not destroyed.
func firstSpeech(f *os.File) int64 {
	at, err := unix.Seek(int(f.Fd()), 0, unix.SEEK_DATA)
	if err != nil { // nothing but holes, or a file system without: from the beginning, or the end of the zeros
		at = 0
	}
	return skipZeros(f, at)
}

func skipZeros(f *os.File, at int64) int64 {
	var b [4096]byte
	for {
		n, err := f.ReadAt(b[:], at)
		for i, sample := range b[:n] {
			if sample != 0 {
				return at + int64(i)
			}
		}
		at += int64(n)
		if err != nil {
			return at
		}
	}
}

// size is up to where both files are there, and when they came to be that long. Where nothing more comes for one of them it is as long as the other.
func (k *tailed) size() (end int64, written time.Time, err error) {
	var sizes [2]int64
	for side, f := range k.files {
		st, err := f.Stat()
		if err != nil {
			return 0, time.Time{}, err
		}
		sizes[side] = st.Size()
		if st.ModTime().After(written) {
			written = st.ModTime()
		}
	}
	if lag := max(sizes[0], sizes[1]) - min(sizes[0], sizes[1]); lag > apart || k.live.Over {
		return max(sizes[0], sizes[1]), written, nil
	}
	return min(sizes[0], sizes[1]), written, nil
}

// speechFrom is the place of the first sample to be read that was not destroyed, and ever was: a hole reads as zeros, which is loud in A-law.
func (k *tailed) speechFrom(side Side) int64 {
	f := k.files[side]
	if k.speech[side] > k.at {
		return k.speech[side]
	}
	data, err := unix.Seek(int(f.Fd()), k.at, unix.SEEK_DATA)
	switch {
	case errors.Is(err, unix.ENXIO):
		return math.MaxInt64 // nothing but a hole, or the end: so far
	case err != nil || data == k.at:
		return k.at
	}
	k.speech[side] = skipZeros(f, data) // a hole is punched by pages, and with zeros in the last
	return k.speech[side]
}

// destroyTo destroys the plain speech before a place, and leaves the time at which the files were written as it was: it tells when the talk began.
func (k *tailed) destroyTo(end int64) error {
	if end <= k.gone {
		return nil
	}
	for _, path := range k.live.Files {
		if err := punch(path, end); err != nil {
			return fmt.Errorf("destroy plain speech: %w", err)
		}
	}
	k.gone = end
	return nil
}

func punch(path string, end int64) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	st, err := f.Stat()
	if err != nil {
		return err
	}
	err = unix.Fallocate(int(f.Fd()), unix.FALLOC_FL_PUNCH_HOLE|unix.FALLOC_FL_KEEP_SIZE, 0, min(end, max(st.Size(), 1)))
	if errors.Is(err, unix.EOPNOTSUPP) {
		return nil // it goes with the file
	}
	return errors.Join(err, os.Chtimes(path, time.Time{}, st.ModTime()))
}

// closedByWriter says for certain that nobody has the files open but we; false: somebody has, or we may not know (fcntl(2), F_SETLEASE).
func (k *tailed) closedByWriter() bool {
	for _, path := range k.live.Files {
		if !onlyOurs(path) {
			return false
		}
	}
	return true
}

// onlyOurs asks for the lease that only the one who has a file open alone gets, by a reader of its own: our other descriptors count as others.
func onlyOurs(path string) bool {
	f, err := os.Open(path)
	if err != nil {
		return errors.Is(err, fs.ErrNotExist)
	}
	defer func() { _ = f.Close() }()
	// A read lease is refused while anybody has the file open for writing.
	if _, err := unix.FcntlInt(f.Fd(), unix.F_SETLEASE, unix.F_RDLCK); err != nil {
		return false
	}
	_, err = unix.FcntlInt(f.Fd(), unix.F_SETLEASE, unix.F_UNLCK)
	return err == nil
}

func (k *tailed) close() {
	for side, f := range k.files {
		if f != nil {
			_ = f.Close()
			k.files[side] = nil
		}
	}
}
