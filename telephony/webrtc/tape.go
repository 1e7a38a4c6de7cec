package webrtc

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"hotline/audio"
)

// Side is one direction of a leg on the tape.
type Side int

// The sides of a tape.
const (
	Counsellor Side = iota // what the browser says
	Heard                  // all that the browser hears
)

// Tap records legs. Only G.711 legs are recorded: A-law as it is, mu-law turned into A-law sample by sample. An Opus leg is refused
// (NotRecordable), because taking it would need a decoder in the media path; set Opus only for those who may go unrecorded.
type Tap interface {
	// Start begins a recording. It may take its time (audio is held back meanwhile, up to five seconds) but not for ever.
	Start(recording, call, line, agent string, at time.Time) (Take, error)
}

// Take is one recording in progress. Its methods are called from one goroutine, never at once.
type Take interface {
	// Write adds audio of one side that begins offset samples of 8 kHz after the start. Offsets mostly grow; overtaken packets come
	// late, and a correction of drift may overlap what was written by some ten milliseconds: the later one counts. What no write
	// covers is silence. alaw is valid only during the call.
	Write(side Side, offset int64, alaw []byte)
	// Begin and End say that something happens from now on, and does not any more; see Span.
	Begin(kind, who, code string)
	End(kind, who string)
	// Point says that something happened now.
	Point(kind, who, code string)
	// Pause leaves out what is written from now on, until Resume.
	Pause(code, who string)
	Resume()
	// Close seals the recording and answers how long it is.
	Close() (time.Duration, error)
}

const (
	// tapeBacklog is how many frames the recorder may be behind: five seconds of both sides. Beyond it frames are lost, which the take
	// shows as a hole, the log as a count and the metrics as hotline_gateway_tape_lost_frames_total; the media path never waits.
	tapeBacklog = 512
	// frameSize holds 40 ms. A longer packet takes several frames.
	frameSize = 320
	// tapeMemory is for how long a sealed recording still answers a DELETE.
	tapeMemory = time.Minute
)

// frame is a piece of audio on its way to the recorder.
type frame struct {
	side   Side
	offset int64
	n      int
	alaw   [frameSize]byte
	order  *order // instead of audio: said after what was put before
}

// tape carries the audio of one recording from the media path to a Take.
type tape struct {
	recording, leg string
	law            *law          // nil when the audio is A-law already
	first          *Marks        // said before anything is written; nil: nothing
	begin          time.Duration // on the gateway's clock
	lines          [2]timeline   // each touched by its side's media goroutine only
	frames         chan *frame
	pool           *sync.Pool
	lost           atomic.Int64
	lostTotal      prometheus.Counter

	endOnce sync.Once
	ended   chan struct{}
	started chan struct{} // closed when Start answered; then startErr may be read
	sealed  chan struct{} // closed when Close answered; then the rest may be read

	startErr, sealErr error
	duration          time.Duration
	sealedAt          time.Time
}

// law turns the samples of a codec into A-law.
type law [256]byte

// lawOf is nil for A-law itself.
func lawOf(c *codec) *law {
	if c.name != PCMU {
		return nil
	}
	var l law
	for sample := range l {
		linear := audio.PCMU.Decode(nil, []byte{byte(sample)})
		l[sample] = audio.PCMA.Encode(nil, linear)[0]
	}
	return &l
}

func newTape(recording, leg string, law *law, begin time.Duration, pool *sync.Pool, lost prometheus.Counter) *tape {
	return &tape{
		recording: recording, leg: leg, law: law, begin: begin, pool: pool, lostTotal: lost,
		frames: make(chan *frame, tapeBacklog), ended: make(chan struct{}), started: make(chan struct{}), sealed: make(chan struct{}),
	}
}

// put hands a packet over. It never blocks and, with a warm pool, never allocates.
func (t *tape) put(side Side, p *packet, arrived time.Duration) {
	offset := t.lines[side].place(p.ssrc, p.timestamp, arrived-t.begin)
	audio := p.payload
	if offset < 0 { // sampled before the start
		if -offset >= int64(len(audio)) {
			return
		}
		audio, offset = audio[-offset:], 0
	}
	for len(audio) > 0 {
		f := t.pool.Get().(*frame) // the pool holds nothing else
		f.side, f.offset = side, offset
		f.n = copy(f.alaw[:], audio)
		if t.law != nil {
			for i, sample := range f.alaw[:f.n] {
				f.alaw[i] = t.law[sample]
			}
		}
		audio, offset = audio[f.n:], offset+int64(f.n)
		select {
		case t.frames <- f:
		default:
			t.pool.Put(f)
			t.lost.Add(1)
			t.lostTotal.Inc()
		}
	}
}

// run starts the take, feeds it and seals it. It returns when the tape was ended and all that was put before is written.
func (t *tape) run(tap Tap, call, line, agent string, at time.Time, log *slog.Logger) {
	defer close(t.sealed)
	defer func() { t.sealedAt = time.Now() }()
	take, err := tap.Start(t.recording, call, line, agent, at)
	if err != nil {
		t.startErr = fmt.Errorf("start recording: %w", err)
		t.sealErr = t.startErr
		close(t.started)
		return
	}
	var said marking
	if t.first != nil {
		said.say(take, *t.first)
	}
	close(t.started)
	t.feed(take, &said)
	if t.duration, err = take.Close(); err != nil {
		t.sealErr = fmt.Errorf("seal recording: %w", err)
		log.Error("a recording could not be sealed", "recording", t.recording, "call_id", call, "error", err)
	}
	if lost := t.lost.Load(); lost > 0 {
		log.Error("a recording has holes: the recorder was too slow", "recording", t.recording, "call_id", call, "lost_frames", lost)
	}
}

func (t *tape) feed(take Take, said *marking) {
	for {
		select {
		case f := <-t.frames:
			t.write(take, said, f)
		case <-said.due():
			said.expire(take)
		case <-t.ended:
			for {
				select {
				case f := <-t.frames:
					t.write(take, said, f)
				default:
					return
				}
			}
		}
	}
}

func (t *tape) write(take Take, said *marking, f *frame) {
	if f.order != nil {
		said.say(take, f.order.marks)
		close(f.order.done)
		return
	}
	take.Write(f.side, f.offset, f.alaw[:f.n])
	t.pool.Put(f)
}

// end stops the tape; what was put before is still written. It does not wait.
func (t *tape) end() { t.endOnce.Do(func() { close(t.ended) }) }

func (t *tape) over() bool {
	select {
	case <-t.ended:
		return true
	default:
		return false
	}
}

// tapes are the recordings of a gateway, those in progress and for a while those that are sealed.
type tapes struct {
	mu   sync.Mutex
	byID map[string]*tape
}

// claim finds the tape of a recording, or files the one given. fresh tells which.
func (ts *tapes) claim(t *tape) (_ *tape, fresh bool) {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	ts.forget()
	if old, ok := ts.byID[t.recording]; ok {
		return old, false
	}
	ts.byID[t.recording] = t
	return t, true
}

func (ts *tapes) find(recording string) (*tape, bool) {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	ts.forget()
	t, ok := ts.byID[recording]
	return t, ok
}

// drop forgets a tape that never became a recording, so that its id can be tried again.
func (ts *tapes) drop(t *tape) {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	delete(ts.byID, t.recording)
}

// forget needs the lock.
func (ts *tapes) forget() {
	for id, t := range ts.byID {
		select {
		case <-t.sealed:
			if time.Since(t.sealedAt) > tapeMemory {
				delete(ts.byID, id)
			}
		default:
		}
	}
}

// await waits until all tapes are sealed, or the context ends.
func (ts *tapes) await(ctx context.Context) error {
	ts.mu.Lock()
	all := make([]*tape, 0, len(ts.byID))
	for _, t := range ts.byID {
		all = append(all, t)
	}
	ts.mu.Unlock()
	for _, t := range all {
		select {
		case <-t.sealed:
		case <-ctx.Done():
			return fmt.Errorf("recording %s is not sealed: %w", t.recording, ctx.Err())
		}
	}
	return nil
}
