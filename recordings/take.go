package recordings

import (
	"errors"
	"fmt"
	"sync"
	"time"
)

// pause is how long before the end nothing may have come without counting as silence: the usual distance between frames, with jitter.
const pause = 100 * time.Millisecond

// ErrSlowDisk says that the disk did not take the end of a recording in time. What it took is sealed; Intake closes it.
var ErrSlowDisk = errors.New("recordings: the disk did not take the recording in time")

// Take is one stretch of a recording being made: one part, and another from where the disk refused the one before. Its methods are safe for concurrent use and, but for Close, never wait.
type Take struct {
	id   string
	meta Meta
	rec  *Recorder

	mu      sync.Mutex // guards what follows; never held over I/O
	line    timeline
	began   time.Time // of the request: offsets count from there, however long the disk took for the beginning
	last    time.Time // of the newest frame
	base    int64     // where on the line that was
	courses [sides]course
	closed  bool
	chunks  chan chunk
	wake    chan struct{} // there are pending marks
	marks   markBook
	pending []markAt // for the writer
	still   stillness

	// patient says that whoever feeds the take can wait and looks at kept: what the disk refuses is tried again, and no time is too far ahead.
	patient bool
	handed  int       // pieces that the writer got
	done    int       // and those that it is done with
	safe    int64     // up to where the disk took what came
	missed  int64     // where the first piece begins that is lost
	until   time.Time // after Close: until when the writer tries

	refused chan struct{} // closed when the disk refused the end; then refusal may be read
	refusal error
	written chan struct{} // closed when the writer has ended
	length  time.Duration // after written: of what was sealed
	failed  error         // after written: why it could not be closed in order
}

// Write places a frame: alaw holds one G.711 A-law byte a sample, the first of them offset samples (at 8 kHz) after the start of the
// take. Frames may come in any order within the window; a repeated one replaces itself. It copies alaw, never waits and never fails:
// a frame that comes too late, has an impossible time, or finds the disk too slow, is counted and becomes a gap; times that are impossible in one
// and the same way for a second are taken for another count of the same time. What falls into a pause is forgotten at once. After Close it does nothing.
func (t *Take) Write(side Side, offset int64, alaw []byte) {
	if side >= sides {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return
	}
	now := t.rec.now()
	limit := int64(maxSamples)
	if !t.patient {
		limit = max(t.base+samplesIn(now.Sub(t.last)), samplesIn(now.Sub(t.began))) + samplesIn(leap)
	}
	offset, ok := t.courses[side].place(offset, t.now(), limit, now, &t.courses[1-side])
	if !ok {
		t.rec.cfg.Metrics.lateSamples.Add(float64(len(alaw)))
		t.gap(GapClock, t.now(), t.now())
		return
	}
	offset, alaw = t.still.clip(offset, alaw)
	if len(alaw) == 0 {
		return
	}
	done, refused := t.line.write(side, offset, alaw)
	t.rec.cfg.Metrics.lateSamples.Add(float64(refused))
	if end := offset + int64(len(alaw)); end >= t.line.head { // not a late one
		t.last, t.base = now, t.line.head
	}
	t.hand(done)
}

// hand gives finished chunks to the writer, or drops them when it is too far behind. The caller holds mu.
func (t *Take) hand(done []chunk) {
	for _, c := range done {
		select {
		case t.chunks <- c:
			t.handed++
		default:
			t.rec.cfg.Metrics.droppedChunks.WithLabelValues("slow").Inc()
			from := int64(c.slot) * t.line.samples
			t.missed = min(t.missed, from)
			t.gap(GapSlow, from, from+int64(c.samples()))
		}
	}
}

// Close ends the recording now and seals it: when it returns without error its last part is safe on disk, under its final name; one that the disk refused
// before is in the log, and left to Intake. It returns the length. With [ErrSlowDisk] the disk was too slow, or refused the end: the writer goes on trying for some minutes. Any other error
// leaves what was written in the spool, where Intake seals it as incomplete. Close again waits for the first and returns the same, or what has
// become of it since.
func (t *Take) Close() (time.Duration, error) {
	began := time.Now()
	t.mu.Lock()
	if !t.closed {
		t.resume()
		if quiet := t.rec.now().Sub(t.last); quiet > pause {
			t.hand(t.line.advance(t.base + samplesIn(quiet)))
		}
		t.hand(t.line.finish())
		t.closed = true
		t.until = began.Add(t.rec.patience)
		close(t.chunks)
		defer func() { t.rec.cfg.Metrics.sealSeconds.Observe(time.Since(began).Seconds()) }()
	}
	t.mu.Unlock()
	limit := time.NewTimer(t.rec.cfg.CloseTimeout)
	defer limit.Stop()
	select {
	case <-t.written:
	case <-t.refused:
	case <-limit.C:
	}
	if !t.ended() {
		return timeOf(t.line.head), fmt.Errorf("recordings: close %s: %w", t.id, t.slow())
	}
	if t.failed != nil {
		return t.length, fmt.Errorf("recordings: close %s: %w", t.id, t.failed)
	}
	return t.length, nil
}

// slow says why Close does not wait any longer.
func (t *Take) slow() error {
	select {
	case <-t.refused:
		return errors.Join(ErrSlowDisk, t.refusal)
	default:
		return ErrSlowDisk
	}
}
