package webrtc

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	pion "github.com/pion/webrtc/v4"

	"hotline/audio"
)

// memory is a Tap that keeps everything, stereo, as linear samples.
type memory struct {
	mu    sync.Mutex
	takes map[string]*memoryTake
	fail  error
	block chan struct{} // when set, Start waits for it
}

type memoryTake struct {
	call, line, agent string
	at                time.Time
	mu                sync.Mutex
	sides             [2][]int16
	end               time.Duration
	sealed            bool
	notes             []string // what was said on it
	closeErr          error
}

func newMemory() *memory { return &memory{takes: map[string]*memoryTake{}} }

func (m *memory) Start(recording, call, line, agent string, at time.Time) (Take, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.block != nil {
		<-m.block
	}
	if m.fail != nil {
		return nil, m.fail
	}
	t := &memoryTake{call: call, line: line, agent: agent, at: at}
	m.takes[recording] = t
	return t, nil
}

func (m *memory) take(recording string) *memoryTake {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.takes[recording]
}

func (t *memoryTake) Write(side Side, offset int64, alaw []byte) {
	t.mu.Lock()
	defer t.mu.Unlock()
	end := int(offset) + len(alaw)
	if grow := end - len(t.sides[side]); grow > 0 {
		t.sides[side] = append(t.sides[side], make([]int16, grow)...)
	}
	audio.PCMA.Decode(t.sides[side][:offset], alaw)
}

func (t *memoryTake) note(words ...string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.notes = append(t.notes, strings.Join(words, " "))
}

func (t *memoryTake) Begin(kind, who, code string) { t.note("begin", kind, who, code) }
func (t *memoryTake) End(kind, who string)         { t.note("end", kind, who) }
func (t *memoryTake) Point(kind, who, code string) { t.note("point", kind, who, code) }
func (t *memoryTake) Pause(code, who string)       { t.note("pause", code, who) }
func (t *memoryTake) Resume()                      { t.note("resume") }

func (t *memoryTake) said() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clone(t.notes)
}

func (t *memoryTake) Close() (time.Duration, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.sealed = true
	t.end = time.Since(t.at)
	return t.end, t.closeErr
}

func (t *memoryTake) closed() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.sealed
}

// carries is the share of 20 ms frames in which a frequency is. A tone that was moved by a few samples cancels itself out in any longer
// window.
func carries(pcm []int16, frequency float64) float64 {
	n, all := 0, 0
	for frame := range slices.Chunk(pcm, audio.FrameSamples) {
		all++
		if audio.Tone(frame, audio.Rate, frequency) > 0.5 {
			n++
		}
	}
	return float64(n) / float64(all)
}

func TestRecording(t *testing.T) {
	// A machine that is busy with something else tears what both sides send, so a recording is torn when each of three is.
	for try := 1; ; try++ {
		torn := recordOnce(t)
		if len(torn) == 0 {
			return
		}
		t.Logf("try %d: %s", try, strings.Join(torn, "; "))
		if try == 3 {
			t.Fatal("torn each time")
		}
	}
}

// recordOnce records a talk, and returns what a sender that stood still may have torn.
func recordOnce(t *testing.T) (torn []string) {
	t.Helper()
	note := func(format string, args ...any) { torn = append(torn, fmt.Sprintf(format, args...)) }
	ctx := context.Background()
	tap := newMemory()
	r := start(t, tap, nil)
	r.connect("leg-1", "u-1")
	n := openNode(t, r.g)
	if err := r.client.SetAsterisk(ctx, "leg-1", "node-1", n.addr()); err != nil {
		t.Fatal(err)
	}
	n.play(440)
	n.hears.await(t, 10)
	began := time.Now()
	for range 2 { // idempotent
		if err := r.client.StartRecording(ctx, "leg-1", "rec-1", "call-1", "12355", nil); err != nil {
			t.Fatal(err)
		}
	}
	recording := time.Now()
	r.await("recording", func(e Event) bool { return e.Type == EventLeg && e.Leg.Recording == "rec-1" })
	heard := len(n.hears.all())
	n.hears.await(t, heard+50) // one second
	n.hush()                   // the caller's side falls silent for half a second, then goes on; Asterisk's clock runs on
	n.hears.await(t, heard+75)
	n.header.Timestamp += 4000
	n.play(440)
	n.hears.await(t, heard+125)
	least := time.Since(recording)
	length, err := r.client.StopRecording(ctx, "leg-1", "rec-1")
	if err != nil {
		t.Fatal(err)
	}
	if most := time.Since(began); length < least-200*time.Millisecond || length > most+200*time.Millisecond {
		note("%v long after %v to %v of talk", length, least, most)
	}
	recorded := false
	r.await("no recording", func(e Event) bool {
		recorded = recorded || e.Leg.Recording != ""
		return recorded && e.Type == EventLeg && e.Leg.Recording == ""
	})
	take := tap.take("rec-1")
	if !take.closed() || take.call != "call-1" || take.line != "12355" || take.agent != "u-1" {
		t.Errorf("take: %+v", take)
	}
	for side, hz := range map[Side]float64{Counsellor: 1000, Heard: 440} {
		pcm := take.sides[side]
		if d := samples(length) - int64(len(pcm)); d < -800 || d > 1600 {
			note("side %d: %d samples of %d", side, len(pcm), samples(length))
		}
		if s := carries(pcm[800:7200], hz); s < 0.9 {
			note("side %d: %v Hz has a share of %.2f in the first second", side, hz, s)
		}
		if s := carries(pcm[len(pcm)-6400:len(pcm)-800], hz); s < 0.9 {
			note("side %d: %v Hz has a share of %.2f in the last second", side, hz, s)
		}
	}
	// The silence lies where it was.
	if quiet := take.sides[Heard][8000+1600 : 8000+2800]; carries(quiet, 440) > 0.1 {
		note("440 Hz in %.2f of the time in which the caller was silent", carries(quiet, 440))
	}

	again, err := r.client.StopRecording(ctx, "leg-1", "rec-1")
	if err != nil || again != length {
		t.Errorf("stopping again: %v, %v", again, err)
	}
	if err := r.client.StartRecording(ctx, "leg-1", "rec-1", "call-1", "12355", nil); !errors.Is(err, &Error{Code: RecordingSealed}) {
		t.Errorf("the same id again: %v", err)
	}
	if _, err := r.client.StopRecording(ctx, "leg-1", "rec-9"); !errors.Is(err, &Error{Code: NoRecording}) {
		t.Errorf("an unknown recording: %v", err)
	}
	return torn
}

// The end of a leg seals; who asks later still hears how long it was.
func TestRecordingOutlivesLeg(t *testing.T) {
	ctx := context.Background()
	tap := newMemory()
	r := start(t, tap, nil)
	b := r.connect("leg-1", "u-1")
	if err := r.client.StartRecording(ctx, "leg-1", "rec-1", "call-1", "12355", nil); err != nil {
		t.Fatal(err)
	}
	r.bothWays("leg-1", b) // something was said
	b.stop()
	e := r.await("gone", gone("leg-1", Closed))
	if e.Leg.Recording != "rec-1" {
		t.Errorf("gone without its recording: %+v", e.Leg)
	}
	length, err := r.client.StopRecording(ctx, "leg-1", "rec-1")
	if err != nil || length <= 0 {
		t.Errorf("late stop: %v, %v", length, err)
	}
	if !tap.take("rec-1").closed() {
		t.Error("not sealed")
	}
}

// A second call's recording never gets a word of the first.
func TestNextRecordingEndsTheFirst(t *testing.T) {
	ctx := context.Background()
	tap := newMemory()
	r := start(t, tap, nil)
	r.connect("leg-1", "u-1")
	for _, rec := range []string{"rec-1", "rec-2"} {
		if err := r.client.StartRecording(ctx, "leg-1", rec, "call-"+rec, "12355", nil); err != nil {
			t.Fatal(err)
		}
	}
	r.await("second", func(e Event) bool { return e.Type == EventLeg && e.Leg.Recording == "rec-2" })
	if _, err := r.client.StopRecording(ctx, "leg-1", "rec-1"); err != nil {
		t.Error(err)
	}
	if _, err := r.client.StopRecording(ctx, "leg-1", "rec-2"); err != nil {
		t.Error(err)
	}
}

func TestRecordingFailures(t *testing.T) {
	ctx := context.Background()
	tap := newMemory()
	r := start(t, tap, nil)
	r.connect("leg-1", "u-1")
	tap.fail = errors.New("disk full")
	if err := r.client.StartRecording(ctx, "leg-1", "rec-1", "call-1", "12355", nil); !errors.Is(err, &Error{Code: RecordingFailed}) {
		t.Errorf("a tap that fails: %v", err)
	}
	tap.fail = nil
	if err := r.client.StartRecording(ctx, "leg-1", "rec-1", "call-1", "12355", nil); err != nil {
		t.Errorf("trying again: %v", err)
	}
	tap.take("rec-1").closeErr = errors.New("disk full")
	if _, err := r.client.StopRecording(ctx, "leg-1", "rec-1"); !errors.Is(err, &Error{Code: RecordingFailed}) {
		t.Errorf("a take that cannot be sealed: %v", err)
	}
	if err := r.client.StartRecording(ctx, "leg-9", "rec-2", "call-1", "12355", nil); !errors.Is(err, &Error{Code: NoLeg}) {
		t.Errorf("an unknown leg: %v", err)
	}
}

func TestOpusIsNotRecorded(t *testing.T) {
	ctx := context.Background()
	r := start(t, newMemory(), func(c *Config) { c.Codecs = []string{Opus} })
	b := openBrowser(t, pion.MimeTypeOpus)
	if _, err := r.client.CreateLeg(ctx, "leg-1", "u-1", b.offer(nil)); err != nil {
		t.Fatal(err)
	}
	if err := r.client.StartRecording(ctx, "leg-1", "rec-1", "call-1", "12355", nil); !errors.Is(err, &Error{Code: NotRecordable}) {
		t.Errorf("recording opus: %v", err)
	}
}

// A recorder that hangs loses frames, loudly, and holds up nobody.
func TestSlowRecorder(t *testing.T) {
	tap := newMemory()
	r := start(t, tap, nil)
	tap.block = make(chan struct{})
	tp := newTape("rec-1", "leg-1", nil, r.g.now(), r.g.frames, r.g.metrics.tapeLost)
	ran := make(chan struct{})
	go func() {
		defer close(ran)
		tp.run(tap, "call-1", "12355", "u-1", time.Now(), r.g.log)
	}()
	for i := range tapeBacklog + 100 {
		tp.put(Heard, sourcePacket(1, uint16(i), uint32(160*i)), tp.begin+ms(20*i))
	}
	if lost := tp.lost.Load(); lost != 100 {
		t.Errorf("%d frames lost, want 100", lost)
	}
	close(tap.block)
	tp.end()
	<-ran
	if n := len(tap.take("rec-1").sides[Heard]); n != tapeBacklog*160 {
		t.Errorf("%d samples on the tape", n)
	}
}

func TestMuLawIsTapedAsALaw(t *testing.T) {
	r := start(t, nil, nil)
	mulaw, _ := codecOf(PCMU)
	tap := newMemory()
	tp := newTape("rec-1", "leg-1", lawOf(mulaw), 0, r.g.frames, r.g.metrics.tapeLost)
	source := audio.PCMU.Encode(nil, audio.Sine(audio.Rate, 440, 0.3, 0, 1600))
	tp.put(Heard, &packet{ssrc: 1, payload: source}, 0) // longer than a frame, so it takes several
	tp.end()
	tp.run(tap, "call-1", "12355", "u-1", time.Now(), r.g.log)
	pcm := tap.take("rec-1").sides[Heard]
	if len(pcm) != 1600 || audio.Tone(pcm, audio.Rate, 440) < 0.99 {
		t.Errorf("%d samples, 440 Hz with a share of %.2f", len(pcm), audio.Tone(pcm, audio.Rate, 440))
	}
}
