package recordings

import (
	"math"
	"time"

	"hotline/audio"
)

// gapMerge is how far apart two gaps of one reason may lie and still be one mark: a failing disk makes one gap, not hundreds.
const gapMerge = 2 * Rate

// Mark adds a mark: From and To are times from the start of the take. A kill -9 loses none that is older than a second. After Close, or
// when there are too many, it does nothing but count.
func (t *Take) Mark(m Mark) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return
	}
	t.file(markAt{Kind: m.Kind, From: samplesIn(m.From), To: samplesIn(max(m.From, m.To)), Who: m.Who, Code: m.Code})
}

// Begin opens a span now. A span of the kind and person that lasts is ended first.
func (t *Take) Begin(kind MarkKind, who, code string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return
	}
	t.end(kind, who)
	t.file(markAt{Kind: kind, From: t.now(), To: openEnd, Who: who, Code: code})
}

// End closes a span now; without one it does nothing. Close ends what is open.
func (t *Take) End(kind MarkKind, who string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.closed {
		t.end(kind, who)
	}
}

// Point marks this moment.
func (t *Take) Point(kind MarkKind, who, code string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return
	}
	t.file(markAt{Kind: kind, From: t.now(), To: t.now(), Who: who, Code: code})
}

// Pause stops the recording now: what is spoken is forgotten before it is sealed, until Resume. The pause is a mark with its reason and
// who asked for it, and begins and ends with a soft tone on both sides, for whoever listens. Another Pause changes nothing.
func (t *Take) Pause(code, who string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed || t.still.on {
		return
	}
	from := t.now()
	t.tone(from) // before: the stillness forgets what lies in it
	t.still = stillness{on: true, from: from, to: math.MaxInt64, who: who}
	t.file(markAt{Kind: MarkPaused, From: from, To: openEnd, Who: who, Code: code})
}

// Resume goes on after a Pause; without one it does nothing.
func (t *Take) Resume() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.resume()
}

// resume needs mu.
func (t *Take) resume() {
	if t.closed || !t.still.on {
		return
	}
	to := max(t.now(), t.still.from+softSamples)
	t.end(MarkPaused, t.still.who)
	t.still.on, t.still.to = false, to
	if start := to - softSamples; start >= t.still.from+softSamples { // a short pause has one tone
		t.tone(start)
	} else {
		t.hand(t.line.advance(to))
	}
	t.last, t.base = t.rec.now(), to
}

// now is this moment on the time line. The caller holds mu.
func (t *Take) now() int64 {
	return min(t.base+max(samplesIn(t.rec.now().Sub(t.last)), 0), maxSamples)
}

// tone puts the soft tone on both sides. The caller holds mu.
func (t *Take) tone(from int64) {
	soft := softTone()
	for side := range Side(sides) {
		done, _ := t.line.write(side, from, soft)
		t.hand(done)
	}
	t.last, t.base = t.rec.now(), from
}

// file keeps a mark and wakes the writer. The caller holds mu.
func (t *Take) file(m markAt) {
	kept, ok := t.marks.add(m)
	if !ok {
		t.rec.cfg.Metrics.droppedMarks.Inc()
		return
	}
	t.wakeWriter(kept)
}

// end needs mu.
func (t *Take) end(kind MarkKind, who string) {
	if m, ok := t.marks.end(kind, who, t.now()); ok {
		t.wakeWriter(m)
	}
}

func (t *Take) wakeWriter(m markAt) {
	t.pending = append(t.pending, m) // bounded by maxMarks and one end for each; gaps merge
	select {
	case t.wake <- struct{}{}:
	default: // it is awake, or busy and will look
	}
}

// gap marks what is missing and why; gaps of one reason that nearly touch become one. The caller holds mu.
func (t *Take) gap(why string, from, to int64) {
	for i := len(t.marks.all) - 1; i >= 0; i-- {
		m := &t.marks.all[i]
		if m.Kind != MarkGap || m.Code != why {
			continue
		}
		if from-m.To > gapMerge {
			break
		}
		if to > m.To {
			m.To = to
			t.replacePending(*m)
		}
		return
	}
	t.file(markAt{Kind: MarkGap, From: from, To: to, Code: why})
}

// replacePending keeps one form of a growing gap for a writer that is stuck.
func (t *Take) replacePending(m markAt) {
	for i := range t.pending {
		if t.pending[i].N == m.N {
			t.pending[i] = m
			return
		}
	}
	t.wakeWriter(m)
}

// takeMarks gives the writer what is new.
func (t *Take) takeMarks() []markAt {
	t.mu.Lock()
	defer t.mu.Unlock()
	out := t.pending
	t.pending = nil
	return out
}

// lost marks that the writer lost a piece, also after Close: the mark is still in time for the manifest.
func (t *Take) lost(why string, from, to int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.gap(why, from, to)
}

// stillness is the pause that lasts, or the last one.
type stillness struct {
	on       bool
	from, to int64
	who      string
}

// clip takes away what lies in the pause: what came before it may still come late.
func (s *stillness) clip(offset int64, alaw []byte) (int64, []byte) {
	end := offset + int64(len(alaw))
	if s.to == 0 || end <= s.from || offset >= s.to {
		return offset, alaw
	}
	if offset < s.from {
		return offset, alaw[:s.from-offset]
	}
	if end > s.to {
		return s.to, alaw[s.to-offset:]
	}
	return offset, nil
}

// The soft tone at both ends of a pause: 200 ms of 523 Hz at a sixteenth of full scale, fading in and out.
const (
	softSamples   = 200 * int64(Rate) / int64(time.Second/time.Millisecond)
	softHz        = 523.25
	softAmplitude = 1.0 / 16
)

func softTone() []byte {
	pcm := audio.Sine(Rate, softHz, softAmplitude, 0, int(softSamples))
	for i := range pcm {
		fade := math.Sin(math.Pi * float64(i) / float64(len(pcm)))
		pcm[i] = int16(float64(pcm[i]) * fade)
	}
	return audio.PCMA.Encode(nil, pcm)
}
