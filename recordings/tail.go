package recordings

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/oklog/ulid/v2"

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
// memory for seconds, however long the talk is; what the disk did not take stays there until it does. It survives kill -9: the next life goes on with
// another part where the files begin; what the dead one had sealed, [Intake] takes in. At most the last second before the death is in both parts. Of
// two of them on one host one has a talk, the other waits for its death.
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
	live   Live
	files  [2]*os.File
	take   *Take
	ending bool     // the take was closed, and the disk has not yet taken its end
	speech [2]int64 // up to where, beyond at, the files are known to hold nothing
	base   int64    // place in the files at which the take begins
	at     int64    // up to where both files were read
	gone   int64    // up to where their plain speech is destroyed
	grew   time.Time
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
		k.seal(t.cfg.Log)
		_ = k.destroyTo(k.safe()) // else the next life seals it once more
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
		if opened == nil || err != nil {
			return err
		}
		k = opened
		t.talks[live.ID] = k
	}
	k.live.Over = live.Over
	if k.ending {
		if !k.take.ended() {
			return nil // what comes meanwhile waits in the files
		}
		k.seal(t.cfg.Log)
	}
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
	if err := k.destroyTo(k.safe()); err != nil {
		return err
	}
	over := live.Over || k.closedByWriter() || t.now().Sub(k.grew) > t.cfg.Idle
	if !over && !k.spoiled() {
		return nil
	}
	if again, _, err := k.size(); err != nil || again > k.at && !k.spoiled() {
		return err // it grew since, or the disk is behind; the next look takes that
	}
	if !k.seal(t.cfg.Log) {
		return nil // the disk is slow: what is sealed is safe, and the plain speech waits for the next look
	}
	if err := k.destroyTo(k.safe()); err != nil {
		return err
	}
	if again, _, err := k.size(); err != nil || again > k.at {
		return err // the disk lost the end of it: another part begins there
	}
	if live.Over || k.closedByWriter() || t.now().Sub(k.grew) > t.cfg.Gone {
		err := errors.Join(destroy(live.Files[Left]), destroy(live.Files[Right]))
		k.close() // after: who waits for the lock shall find nothing
		delete(t.talks, live.ID)
		return err
	}
	return nil
}

const (
	// apart is how far one side may be ahead of the other: their writer keeps them together, save for its buffers.
	apart = 10 * Rate
	// tailStep is how much is handed to the take before the disk is waited for: its buffer holds that.
	tailStep = 2 * Rate
	// tailWait is how long one look waits for the disk. What it did not take by then it takes until a later look.
	tailWait = time.Second
)

// read hands what is new to the take, side by side in small pieces: the take puts them together as it does what comes from a network. It stops where
// the disk does not come after.
func (t *Tail) read(ctx context.Context, k *tailed, end int64, written time.Time) error {
	if k.take == nil {
		began := written.Add(-timeOf(end - k.at))
		id := ulid.MustNew(ulid.Timestamp(began), ulid.DefaultEntropy()).String()
		take, err := t.cfg.Recorder.start(id, Meta{Call: k.live.Call, Line: k.live.Line, Started: began}, true)
		if err != nil {
			return err
		}
		k.take, k.base = take, k.at
		take.Begin(MarkTalk, "", k.live.Code)
	}
	var piece [audio.FrameSamples]byte
	defer clear(piece[:])
	for k.at < end && k.take.idle() && !k.spoiled() {
		for upTo := min(end, k.at+tailStep); k.at < upTo; {
			n := min(upTo-k.at, int64(len(piece)))
			for side, f := range k.files {
				at := k.speechFrom(Side(side))
				if at >= k.at+n {
					continue // a gap
				}
				if got, _ := f.ReadAt(piece[:k.at+n-at], at); got > 0 { // short: this side has no more
					k.take.Write(Side(side), at-k.base, piece[:got])
				}
			}
			k.at += n
		}
		k.take.catchUp(ctx, tailWait)
	}
	return nil
}

// catchUp waits until the disk took what was handed over, but not for ever.
func (t *Take) catchUp(ctx context.Context, limit time.Duration) {
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for until := time.Now().Add(limit); !t.idle() && time.Now().Before(until); {
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

// seal ends the part and says whether the disk took its end, or never will: then what it did not take is to be read again.
func (k *tailed) seal(log *slog.Logger) bool {
	if k.take == nil {
		return true
	}
	k.take.endHere()
	k.ending = true
	length, err := k.take.Close()
	if !k.take.ended() {
		log.Error("a talk on a telephone waits for the disk to be sealed", "call_id", k.live.Call, "error", err)
		return false
	}
	if err != nil {
		log.Error("a talk on a telephone could not be sealed in order; what the disk took is kept", "call_id", k.live.Call, "error", err)
	} else {
		log.Info("a talk on a telephone was sealed", "call_id", k.live.Call, "duration_ms", length.Milliseconds())
	}
	k.at = k.safe()
	k.take, k.base, k.ending, k.speech = nil, k.at, false, [2]int64{}
	return true
}

// safe is up to where the disk has what was said.
func (k *tailed) safe() int64 {
	if k.take == nil {
		return k.at
	}
	kept, spoiled := k.take.kept()
	if k.take.ended() && k.take.failed == nil && !spoiled {
		return k.at // the last piece too, which is none of full length
	}
	return min(k.base+kept, k.at)
}

// spoiled tells whether the disk lost something of the part: another one has to begin there.
func (k *tailed) spoiled() bool {
	if k.take == nil {
		return false
	}
	_, spoiled := k.take.kept()
	return spoiled
}
