package recordings

import (
	"fmt"
	"io/fs"
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
	return !failed || !in.now().Before(r.at)
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
	fault  error // the spool's disk cannot be looked at
}

// look measures the spool.
func (in *Intake) look(entries []fs.DirEntry) {
	var s spoolState
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
		s.oldest = max(s.oldest, in.now().Sub(st.ModTime()))
	}
	var disk unix.Statfs_t
	if s.fault = unix.Statfs(in.cfg.Dir, &disk); s.fault == nil {
		s.free = disk.Bavail * uint64(disk.Bsize)
	}
	m := in.cfg.Metrics
	m.spoolParts.Set(float64(s.parts))
	m.spoolBytes.Set(float64(s.bytes))
	m.spoolOldest.Set(s.oldest.Seconds())
	m.spoolFree.Set(float64(s.free))
	in.mu.Lock()
	defer in.mu.Unlock()
	in.state = s
	for id := range in.later { // of parts that are gone otherwise
		if !in.spooled(id) {
			delete(in.later, id)
		}
	}
}

// Check tells what is wrong with the spool as it was last looked at: a part that waits for long, or a disk that is nearly full. Nothing is recorded less
// well for the first; for the second it soon will be.
func (in *Intake) Check() error {
	in.mu.Lock()
	s := in.state
	in.mu.Unlock()
	switch {
	case s.fault != nil:
		return fmt.Errorf("recordings: the spool: %w", s.fault)
	case s.oldest > in.cfg.Late:
		return fmt.Errorf("recordings: %d finished parts wait in the spool, the oldest since %s: is the store there?", s.parts, s.oldest.Round(time.Second))
	case s.free > 0 && s.free < in.cfg.Least:
		return fmt.Errorf("recordings: the spool's disk has %d MB left, %d MB are needed", s.free>>20, in.cfg.Least>>20)
	}
	return nil
}
