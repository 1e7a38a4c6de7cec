package recordings

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// The pause after a part could not be stored: it doubles from the first to the last.
const (
	firstPause = 200 * time.Millisecond
	lastPause  = 30 * time.Second
)

// retry is when a part that failed is tried again.
type retry struct {
	at    time.Time
	pause time.Duration
}

func (in *Intake) due(id string) bool {
	in.mu.Lock()
	defer in.mu.Unlock()
	r, failed := in.later[id]
	return !in.under[id] && (!failed || !in.now().Before(r.at))
}

// tried remembers how a try went. The first that goes through again tells that the store is back: the others need not wait any longer.
func (in *Intake) tried(id string, err error) {
	in.mu.Lock()
	defer in.mu.Unlock()
	r, failed := in.later[id]
	if err == nil {
		delete(in.later, id)
		if failed {
			for other, r := range in.later {
				r.at = in.now()
				in.later[other] = r
			}
		}
		return
	}
	r.pause = min(max(2*r.pause, firstPause), lastPause)
	r.at = in.now().Add(r.pause)
	in.later[id] = r
}

// spoolState is how the spool was when it was last looked at.
type spoolState struct {
	parts  int
	bytes  int64
	oldest time.Duration // age of the finished part that waits longest
	free   uint64
	err    error // the disk cannot be looked at
}

// measure looks at a spool.
func measure(dir string, entries []fs.DirEntry, now time.Time) (s spoolState) {
	for _, e := range entries {
		if _, suffix := splitName(e.Name()); suffix != suffixSealed {
			continue
		}
		st, err := e.Info()
		if err != nil {
			continue // stored meanwhile
		}
		s.parts++
		s.bytes += st.Size()
		s.oldest = max(s.oldest, now.Sub(st.ModTime()))
	}
	var disk unix.Statfs_t
	if s.err = unix.Statfs(dir, &disk); s.err == nil {
		s.free = disk.Bavail * uint64(disk.Bsize)
	}
	return s
}

// fault is what is wrong: a part that waits for long, or a disk that is nearly full. Nothing is recorded less well for the first; for the second it soon
// will be.
func (s spoolState) fault(late time.Duration, least uint64) error {
	switch {
	case s.err != nil:
		return fmt.Errorf("recordings: the spool: %w", s.err)
	case s.oldest > late:
		return fmt.Errorf("recordings: %d finished parts wait in the spool, the oldest since %s: is the store there?", s.parts, s.oldest.Round(time.Second))
	case s.free < least:
		return fmt.Errorf("recordings: the spool's disk has %d MB left, %d MB are needed", s.free>>20, least>>20)
	}
	return nil
}

// CheckSpool tells what is wrong with a spool, or how many finished parts wait in it. One that was never made is empty.
func CheckSpool(dir string, late time.Duration, least uint64) (waiting int, err error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("recordings: the spool: %w", err)
	}
	s := measure(dir, entries, time.Now())
	return s.parts, s.fault(late, least)
}

// measured looks at how full the spool is, and complains of it every few minutes.
func (in *Intake) measured(entries []fs.DirEntry) {
	s := measure(in.cfg.Dir, entries, in.now())
	m := in.cfg.Metrics
	m.spoolParts.Set(float64(s.parts))
	m.spoolBytes.Set(float64(s.bytes))
	m.spoolOldest.Set(s.oldest.Seconds())
	m.spoolFree.Set(float64(s.free))
	if err := s.fault(in.cfg.Late, in.cfg.Least); err != nil && in.now().After(in.warned) {
		in.warned = in.now().Add(5 * time.Minute)
		in.cfg.Log.Error("the spool of recordings needs somebody", "err", err)
	}
	in.mu.Lock()
	defer in.mu.Unlock()
	for id := range in.later { // of parts that are gone otherwise
		if !in.spooled(id) {
			delete(in.later, id)
		}
	}
}
