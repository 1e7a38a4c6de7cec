package recordings

import (
	"context"
	"errors"
	"fmt"
	"io"

	"hotline/audio"
)

// peakRate is how many peaks a second are kept of a part.
const peakRate = 20

// peakSamples is the stretch of one peak.
const peakSamples = Rate / peakRate

// Peaks are how loud each side was at most, stretch by stretch: 0 is silence, 255 full scale.
type Peaks struct {
	PerSecond int
	Sides     [sides][]uint8 // left the counsellor, right what the counsellor heard; of one length
}

// Peaks gives the peaks of the whole recording, perSecond of them (1, 2, 4, 5, 10 or 20) a second. The recorder sealed them with the
// speech; of a part whose recorder died they are computed once from the speech, which takes some seconds an hour.
func (s *Session) Peaks(ctx context.Context, perSecond int) (Peaks, error) {
	if perSecond < 1 || peakRate%perSecond != 0 {
		return Peaks{}, fmt.Errorf("recordings: %d peaks a second: it must divide %d", perSecond, peakRate)
	}
	out := Peaks{PerSecond: perSecond}
	step := int64(Rate / perSecond)
	for side := range out.Sides {
		out.Sides[side] = make([]uint8, (s.samples+step-1)/step)
	}
	for at := int64(0); at < s.samples; {
		p, until := s.run(at)
		if p != nil {
			fine, err := p.peaks(ctx)
			if err != nil {
				return Peaks{}, err
			}
			for side := range out.Sides {
				coarsen(out.Sides[side], fine[side], p.from, span{at, until}, step)
			}
		}
		at = until
	}
	return out, nil
}

// coarsen lays onto the peaks of a line those that a part, which begins at a sample of it, has of a stretch.
func coarsen(line, fine []uint8, from int64, of span, step int64) {
	for i := (of.from - from) / peakSamples; i < int64(len(fine)) && from+i*peakSamples < of.to; i++ {
		at := max(from+i*peakSamples, of.from) / step
		line[at] = max(line[at], fine[i])
	}
}

// peaks are those of the part, at peakRate.
func (p *Playback) peaks(ctx context.Context) ([sides][]uint8, error) {
	p.peakMu.Lock()
	defer p.peakMu.Unlock()
	if p.peaked[0] != nil {
		return p.peaked, nil
	}
	var m peakMeter
	b := make([]byte, Rate*frameBytes)
	for at := int64(0); at < p.samples; {
		if err := ctx.Err(); err != nil {
			return p.peaked, err
		}
		n, err := p.readFrames(b, at)
		if err != nil && !errors.Is(err, io.EOF) {
			return p.peaked, err
		}
		m.pcm(at, b[:n*frameBytes])
		at += int64(n)
	}
	p.peaked = m.done(p.samples)
	return p.peaked, nil
}

// peakMeter finds peaks. It is pure.
type peakMeter struct {
	sides  [sides][]uint8
	levels *[256]uint8 // how loud each sample of A-law is
}

// pcm takes interleaved samples of 16 bit, little-endian.
func (m *peakMeter) pcm(at int64, b []byte) {
	for i := 0; i+frameBytes <= len(b); i += frameBytes {
		for side := range m.sides {
			v := int(int16(uint16(b[i+2*side]) | uint16(b[i+2*side+1])<<8))
			m.put(side, at+int64(i/frameBytes), uint8(max(v, -v-1)>>7))
		}
	}
}

// chunk takes a piece of the recorder.
func (m *peakMeter) chunk(c chunk, samples int64) {
	if m.levels == nil {
		m.levels = alawLevels()
	}
	at := int64(c.slot) * samples
	for i, a := range c.audio {
		m.put(i%sides, at+int64(i/sides), m.levels[a])
	}
}

func (m *peakMeter) put(side int, at int64, v uint8) {
	n := int(at / peakSamples)
	for len(m.sides[side]) <= n {
		m.sides[side] = append(m.sides[side], 0)
	}
	m.sides[side][n] = max(m.sides[side][n], v)
}

// done are the peaks of that many samples.
func (m *peakMeter) done(samples int64) [sides][]uint8 {
	n := int((samples + peakSamples - 1) / peakSamples)
	for side := range m.sides {
		for len(m.sides[side]) < n {
			m.sides[side] = append(m.sides[side], 0)
		}
		m.sides[side] = m.sides[side][:n]
	}
	return m.sides
}

func alawLevels() *[256]uint8 {
	var out [256]uint8
	for a := range out {
		v := int(audio.PCMA.Decode(nil, []byte{byte(a)})[0])
		out[a] = uint8(max(v, -v-1) >> 7)
	}
	return &out
}
