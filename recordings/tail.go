package recordings

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"time"

	"github.com/oklog/ulid/v2"
	"golang.org/x/sys/unix"

	"hotline/audio"
)

// Live is a talk that another program writes down in plain speech, in memory, while it goes on: two files of raw A-law at 8 kHz that grow together.
type Live struct {
	ID    string    // names the talk; never twice
	Files [2]string // paths, by [Side]
	Call  string    // call id
	Line  string    // line id
	Over  bool      // it is known to be over
	Code  string    // what kind of talk it is, for the mark
}

// TailConfig says which talks there are. The zero value of a field means its default.
type TailConfig struct {
	Recorder *Recorder
	Talks    func() ([]Live, error) // those whose files are there; with an error there may still be good ones
	Poll     time.Duration          // default 250 ms
	Idle     time.Duration          // without growth for that long a talk is sealed as over; longer than its writer's buffer; default 6 s
	Gone     time.Duration          // and then its files are destroyed although nobody says that it is over; default 15 min
	Log      *slog.Logger           // default slog.Default()
}

// Tail seals talks that are written in plain speech while they are being written, and destroys the plain speech right behind: what was said rests in
// memory for seconds, however long the talk is. It survives kill -9: the next life goes on with another part where the files begin; what the dead
// one had sealed, [Intake] takes in. At most the last second before the death is in both parts.
type Tail struct {
	cfg   TailConfig
	talks map[string]*tailed
	now   func() time.Time
	quiet time.Time // no fault is logged again before
}

// NewTail checks the configuration.
func NewTail(cfg TailConfig) (*Tail, error) {
	if cfg.Recorder == nil || cfg.Talks == nil {
		return nil, errors.New("recordings: tail: a recorder and talks are needed")
	}
	setDefault(&cfg.Poll, 250*time.Millisecond)
	setDefault(&cfg.Idle, 6*time.Second)
	setDefault(&cfg.Gone, 15*time.Minute)
	cfg.Log = cmp.Or(cfg.Log, slog.Default())
	return &Tail{cfg: cfg, talks: map[string]*tailed{}, now: time.Now}, nil
}

// tailed is a talk that is followed.
type tailed struct {
	live  Live
	files [2]*os.File
	take  *Take
	base  int64 // place in the files at which the take begins
	at    int64 // up to where both files were read
	sent  int64 // up to where they had been read a look ago: by now that is on the disk
	gone  int64 // up to where their plain speech is destroyed
	grew  time.Time
}

// Run follows talks until ctx ends; it returns nil then, and leaves what is open to the next life.
func (t *Tail) Run(ctx context.Context) error {
	tick := time.NewTicker(t.cfg.Poll)
	defer tick.Stop()
	defer t.leave()
	for {
		if err := t.pass(ctx); err != nil && ctx.Err() == nil && t.now().After(t.quiet) {
			t.quiet = t.now().Add(30 * time.Second)
			t.cfg.Log.Error("talks on telephones wait to be sealed; trying again", "err", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// leave closes in order what is being sealed. The rest of the talk is another part, of the next life.
func (t *Tail) leave() {
	for _, k := range t.talks {
		if k.seal(t.cfg.Log) {
			_ = k.destroyTo(k.at) // else the next life seals it once more
		}
		k.close()
	}
	clear(t.talks)
}

func (t *Tail) pass(ctx context.Context) error {
	found, err := t.cfg.Talks()
	errs := []error{err}
	for _, live := range found {
		if ctx.Err() != nil {
			break
		}
		if err := t.follow(ctx, live); err != nil {
			errs = append(errs, fmt.Errorf("recordings: talk of %s: %w", live.Call, err))
		}
	}
	return errors.Join(errs...)
}

// follow takes what is new of a talk.
func (t *Tail) follow(ctx context.Context, live Live) error {
	k := t.talks[live.ID]
	if k == nil {
		opened, err := openTailed(live, t.now())
		if err != nil {
			return err
		}
		k = opened
		t.talks[live.ID] = k
	}
	k.live.Over = live.Over
	end, written, err := k.size()
	if err != nil {
		return err
	}
	if end > k.at {
		k.grew = t.now()
		if err := t.read(ctx, k, end, written); err != nil {
			return err
		}
	}
	if err := k.destroyTo(k.sent); err != nil {
		return err
	}
	k.sent = k.at
	over := live.Over || k.closedByWriter() || t.now().Sub(k.grew) > t.cfg.Idle
	if !over {
		return nil
	}
	if again, _, err := k.size(); err != nil || again > k.at {
		return err // it grew since; the next look takes that
	}
	if !k.seal(t.cfg.Log) {
		return nil // the disk is slow: what is sealed is safe, and the plain speech waits for the next look
	}
	if err := k.destroyTo(k.at); err != nil {
		return err
	}
	if live.Over || k.closedByWriter() || t.now().Sub(k.grew) > t.cfg.Gone {
		k.close()
		delete(t.talks, live.ID)
		return errors.Join(destroy(live.Files[Left]), destroy(live.Files[Right]))
	}
	return nil
}

// openTailed begins where the plain speech begins: what was before has been sealed and destroyed.
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
	first := [2]int64{firstSpeech(k.files[Left]), firstSpeech(k.files[Right])}
	k.at = min(first[Left], first[Right])
	k.base, k.sent = k.at, k.at
	return k, nil
}

// firstSpeech is the place of the first sample that was not destroyed.
func firstSpeech(f *os.File) int64 {
	at, err := unix.Seek(int(f.Fd()), 0, unix.SEEK_DATA)
	if err != nil { // nothing but holes, or a file system without: from the beginning, or the end of the zeros
		at = 0
	}
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

const (
	// apart is how far one side may be ahead of the other: their writer keeps them together, save for its buffers.
	apart = 10 * Rate
	// tailStep is how much is handed to the take before the disk is waited for: less than the take's buffer holds.
	tailStep = 2 * Rate
)

// read hands what is new to the take, side by side in small pieces: the take puts them together as it does what comes from a network.
func (t *Tail) read(ctx context.Context, k *tailed, end int64, written time.Time) error {
	if k.take == nil {
		began := written.Add(-timeOf(end - k.at))
		id := ulid.MustNew(ulid.Timestamp(began), ulid.DefaultEntropy()).String()
		take, err := t.cfg.Recorder.Start(id, Meta{Call: k.live.Call, Line: k.live.Line, Started: began})
		if err != nil {
			return err
		}
		k.take, k.base = take, k.at
		take.Begin(MarkTalk, "", k.live.Code)
	}
	var piece [audio.FrameSamples]byte
	for k.at < end {
		for upTo := min(end, k.at+tailStep); k.at < upTo; {
			n := min(upTo-k.at, int64(len(piece)))
			for side, f := range k.files {
				if got, _ := f.ReadAt(piece[:n], k.at); got > 0 { // short: this side has no more
					k.take.Write(Side(side), k.at-k.base, piece[:got])
				}
			}
			k.at += n
		}
		k.take.catchUp(ctx)
	}
	clear(piece[:])
	return nil
}

// catchUp waits until no piece waits for the disk.
func (t *Take) catchUp(ctx context.Context) {
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for len(t.chunks) > 0 {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// endHere says that the take ends with what was written: that nothing came since is no silence of the talk.
func (t *Take) endHere() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.last = t.rec.now()
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

// seal ends the part and says whether it is safe.
func (k *tailed) seal(log *slog.Logger) bool {
	if k.take == nil {
		return true
	}
	k.take.endHere()
	length, err := k.take.Close()
	if err != nil {
		log.Error("a talk on a telephone could not be sealed in order; what the disk took is kept", "call_id", k.live.Call, "error", err)
		if errors.Is(err, ErrSlowDisk) {
			return false
		}
	} else {
		log.Info("a talk on a telephone was sealed", "call_id", k.live.Call, "duration_ms", length.Milliseconds())
	}
	k.take = nil
	return true
}

func (k *tailed) close() {
	for side, f := range k.files {
		if f != nil {
			_ = f.Close()
			k.files[side] = nil
		}
	}
}
