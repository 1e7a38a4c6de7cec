package recordings

import (
	"bytes"
	"slices"

	"hotline/audio"
)

// timeline puts the frames of two sides at their places and gives out slots once nothing more is expected for them. It is pure: no
// clock, no I/O.
type timeline struct {
	samples int64 // of a slot
	window  int64 // how far behind the newest sample a frame may still come
	next    int64 // the first slot that was not given out
	head    int64 // one past the newest sample
	open    []*building
}

// building is a slot in the making: open[i] is slot next+i, nil while nothing came for it.
type building struct {
	audio []byte
	have  [sides][]span
}

// span is the samples from up to, not including, to.
type span struct{ from, to int64 }

// write places one frame and returns the slots that are now finished, and how many of its samples came too late or lie beyond the
// longest recording.
func (t *timeline) write(side Side, offset int64, alaw []byte) (done []chunk, refused int) {
	for len(alaw) > 0 {
		// Pieces shorter than the window keep head within reach of what is still to be placed.
		n := min(len(alaw), int(t.window), audio.FrameSamples)
		finished, no := t.place(side, offset, alaw[:n])
		done = append(done, finished...)
		refused += no
		alaw, offset = alaw[n:], offset+int64(n)
	}
	return done, refused
}

func (t *timeline) place(side Side, offset int64, alaw []byte) (done []chunk, refused int) {
	end := offset + int64(len(alaw))
	if offset < 0 || end > maxSamples {
		return nil, len(alaw)
	}
	done = t.advance(end)
	if late := t.next*t.samples - offset; late > 0 {
		refused = int(min(late, int64(len(alaw))))
		alaw, offset = alaw[refused:], offset+int64(refused)
	}
	for len(alaw) > 0 {
		slot := offset / t.samples
		at := offset - slot*t.samples
		n := min(int64(len(alaw)), t.samples-at)
		t.slot(slot).put(side, at, alaw[:n])
		alaw, offset = alaw[n:], offset+n
	}
	return done, refused
}

// advance says that the newest sample is before head, and returns the slots that this finishes.
func (t *timeline) advance(head int64) []chunk {
	t.head = max(t.head, min(head, maxSamples))
	return t.give((t.head - t.window) / t.samples)
}

// finish gives out what is left. The recording ends at head.
func (t *timeline) finish() []chunk {
	done := t.give(t.head / t.samples)
	if rest := t.head - t.next*t.samples; rest > 0 && len(t.open) > 0 && t.open[0] != nil {
		done = append(done, t.open[0].chunk(t.next, rest))
	}
	t.open = nil
	return done
}

// give takes out the slots before end. Those for which nothing came are left out: a missing slot is a gap.
func (t *timeline) give(end int64) (done []chunk) {
	for t.next < end && len(t.open) > 0 {
		if b := t.open[0]; b != nil {
			done = append(done, b.chunk(t.next, t.samples))
		}
		t.open[0] = nil
		t.open = t.open[1:]
		t.next++
	}
	t.next = max(t.next, end)
	return done
}

func (t *timeline) slot(n int64) *building {
	i := int(n - t.next)
	for len(t.open) <= i {
		t.open = append(t.open, nil)
	}
	if t.open[i] == nil {
		t.open[i] = &building{audio: bytes.Repeat([]byte{audio.PCMA.Silence()}, int(t.samples)*sides)}
	}
	return t.open[i]
}

func (b *building) put(side Side, at int64, alaw []byte) {
	for i, a := range alaw {
		b.audio[(int(at)+i)*sides+int(side)] = a
	}
	b.have[side] = addSpan(b.have[side], span{at, at + int64(len(alaw))})
}

// addSpan keeps the spans sorted and apart.
func addSpan(spans []span, s span) []span {
	i := len(spans)
	for i > 0 && spans[i-1].to >= s.from { // nearly always the last one
		i--
	}
	j := i
	for ; j < len(spans) && spans[j].from <= s.to; j++ {
		s.from, s.to = min(s.from, spans[j].from), max(s.to, spans[j].to)
	}
	return slices.Replace(spans, i, j, s)
}

func (b *building) chunk(slot, samples int64) chunk {
	c := chunk{slot: uint32(slot), audio: b.audio[:samples*sides]}
	for side := range Side(sides) {
		at := int64(0)
		for _, s := range append(b.have[side], span{samples, samples}) {
			if s.from > at && len(c.gaps) < maxGaps {
				c.gaps = append(c.gaps, gap{side, uint32(at), uint32(min(s.from, samples) - at)})
			}
			at = max(at, s.to)
		}
	}
	return c
}
