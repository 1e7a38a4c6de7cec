package recordings

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"hotline/audio"
)

// model is what a timeline must come to: the whole recording in memory.
type model struct {
	audio [sides][]byte
	have  [sides][]bool
	head  int64
}

func (m *model) write(side Side, offset int64, alaw []byte) {
	for i, a := range alaw {
		at := offset + int64(i)
		m.audio[side][at], m.have[side][at] = a, true
	}
	m.head = max(m.head, offset+int64(len(alaw)))
}

// rebuild puts chunks back together.
func rebuild(t *testing.T, chunks []chunk, samples, size int64) *model {
	t.Helper()
	m := newModel(size)
	last := int64(-1)
	for _, c := range chunks {
		if int64(c.slot) <= last {
			t.Fatalf("slot %d after %d", c.slot, last)
		}
		last = int64(c.slot)
		start := int64(c.slot) * samples
		for side := range Side(sides) {
			for i := range c.samples() {
				m.audio[side][start+int64(i)] = c.audio[i*sides+int(side)]
				m.have[side][start+int64(i)] = true
			}
		}
		for _, g := range c.gaps {
			for i := g.from; i < g.from+g.n; i++ {
				m.have[g.side][start+int64(i)] = false
			}
		}
		m.head = start + int64(c.samples())
	}
	return m
}

func newModel(size int64) *model {
	m := &model{}
	for side := range m.audio {
		m.audio[side] = bytes.Repeat([]byte{audio.PCMA.Silence()}, int(size))
		m.have[side] = make([]bool, size)
	}
	return m
}

type sent struct {
	side   Side
	offset int64
	alaw   []byte
}

// traffic makes frames of odd lengths at odd offsets, with losses, pauses, repetitions and reordering within the window.
func traffic(r *rand.Rand, window, size int64) []sent {
	var frames []sent
	for side := range Side(sides) {
		for at := int64(r.IntN(300)); at < size-2000; {
			n := int64(1 + r.IntN(480))
			switch r.IntN(12) {
			case 0: // lost
			case 1: // silence suppression
				at += int64(r.IntN(9000))
			case 2: // twice
				f := sent{side, at, noise(r, n)}
				frames = append(frames, f, f)
			default:
				frames = append(frames, sent{side, at, noise(r, n)})
			}
			at += n
		}
	}
	frames = slices.DeleteFunc(frames, func(f sent) bool { return f.offset+int64(len(f.alaw)) > size })
	// A frame is late by at most the window less its own length, as write splits by 20 ms.
	order := make(map[*byte]int64)
	for _, f := range frames {
		order[&f.alaw[0]] = f.offset + r.Int64N(window-480)
	}
	slices.SortStableFunc(frames, func(a, b sent) int { return int(order[&a.alaw[0]] - order[&b.alaw[0]]) })
	return frames
}

func noise(r *rand.Rand, n int64) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

func TestTimelineEqualsModel(t *testing.T) {
	for seed := range uint64(60) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 1))
			size := int64(20000 + r.IntN(60000))
			line := timeline{samples: int64(200 + r.IntN(8000)), window: int64(600 + r.IntN(3000))}
			want := newModel(size)
			var got []chunk
			for _, f := range traffic(r, line.window, size) {
				done, refused := line.write(f.side, f.offset, f.alaw)
				if refused > 0 {
					t.Fatalf("refused %d samples at %d", refused, f.offset)
				}
				got = append(got, done...)
				want.write(f.side, f.offset, f.alaw)
			}
			samples := line.samples
			got = append(got, line.finish()...)
			if line.head != want.head {
				t.Errorf("head %d, want %d", line.head, want.head)
			}
			have := rebuild(t, got, samples, size)
			for side := range Side(sides) {
				for i := range want.head {
					if have.have[side][i] != want.have[side][i] || have.audio[side][i] != want.audio[side][i] {
						t.Fatalf("side %d sample %d: %v %#x, want %v %#x", side, i, have.have[side][i], have.audio[side][i], want.have[side][i], want.audio[side][i])
					}
				}
			}
		})
	}
}

func TestTimelineRefuses(t *testing.T) {
	line := timeline{samples: 1000, window: 200}
	frame := bytes.Repeat([]byte{1}, 100)
	for _, c := range []struct {
		offset  int64
		refused int
	}{
		{-1, 100}, {-1 << 62, 100}, {maxSamples - 50, 100}, {1 << 62, 100}, // no time of a recording
		{5000, 0}, {4900, 0}, {4000, 0},
		{3999, 1}, {3950, 50}, {0, 100}, // given out already, in part or as a whole
	} {
		if _, refused := line.write(Left, c.offset, frame); refused != c.refused {
			t.Errorf("at %d: refused %d, want %d", c.offset, refused, c.refused)
		}
	}
}

// A leap of an hour is a gap, not an hour of silent chunks, and costs no memory.
func TestTimelineLeaps(t *testing.T) {
	line := timeline{samples: 4000, window: 1600}
	frame := bytes.Repeat([]byte{1}, 160)
	first, _ := line.write(Left, 0, frame)
	second, _ := line.write(Right, 3600*Rate, frame)
	if len(first) != 0 || len(second) != 1 || second[0].slot != 0 || len(line.open) > 2 {
		t.Errorf("gave out %d and %d chunks, holds %d", len(first), len(second), len(line.open))
	}
	last := line.finish()
	if len(last) != 1 || int64(last[0].slot) != 3600*Rate/4000 {
		t.Errorf("at the end %d chunks", len(last))
	}
}

func TestAddSpan(t *testing.T) {
	for range 200 {
		var spans []span
		var have [64]bool
		for range 12 {
			from := rand.Int64N(60)
			to := from + 1 + rand.Int64N(64-from)
			spans = addSpan(spans, span{from, to})
			for i := from; i < to; i++ {
				have[i] = true
			}
		}
		at := int64(-1)
		var got [64]bool
		for _, s := range spans {
			if s.from <= at || s.to <= s.from {
				t.Fatalf("spans %v are not apart", spans)
			}
			at = s.to
			for i := s.from; i < s.to; i++ {
				got[i] = true
			}
		}
		if got != have {
			t.Fatalf("spans %v", spans)
		}
	}
}
