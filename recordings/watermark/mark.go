// Package watermark puts an inaudible mark into the copy of a recording and finds it again: a copy that turns up outside says for whom it was made.
//
// The mark is noise that only its seed can make (spread spectrum: Cox, Kilian, Leighton, Shamoon: Secure Spread Spectrum Watermarking for Multimedia, 1997),
// 30 dB below the speech that it is added to, where the speech itself covers it. It repeats every 4.1 s in all channels, so every stretch
// of some seconds of speech has it. It outlasts cutting, other loudness, mixing down to one channel, another telephone line and MP3 from 16 kbit/s on; at 8 kbit/s
// two minutes are just enough (decision 32 has the figures). It does
// not outlast a change of speed. Silence carries none.
package watermark

import (
	"math"
	"math/rand/v2"
)

// Rate is the sampling rate of what is marked, in Hz.
const Rate = 8000

const (
	period   = 1 << 15 // samples after which the mark begins again: 4.1 s
	block    = 160     // samples over which the loudness is taken: 20 ms
	relative = 0.03    // -30 dB
	quiet    = 48      // below this (full scale: 32768) there is no speech to hide in
)

// Seed makes a mark; it is secret, for who has it can take the mark out.
type Seed = [32]byte

// chips are the signs of a mark's noise.
func chips(seed Seed) []int8 {
	r := rand.New(rand.NewChaCha8(seed))
	out := make([]int8, period)
	for i := range out {
		out[i] = int8(r.IntN(2)*2 - 1)
	}
	return out
}

// Marker marks sound as it goes by.
type Marker struct {
	chips    []int8
	channels int
	at       int       // place in the period
	gain     []float64 // of each channel, at the end of the block before
}

// New makes a marker for sound with so many channels.
func New(seed Seed, channels int) *Marker {
	return &Marker{chips: chips(seed), channels: channels, gain: make([]float64, channels)}
}

// Mark adds the mark to samples in place. They hold a sample of each channel in turn, and go on where those before ended; all but the last call take a
// whole number of blocks of 160.
func (m *Marker) Mark(pcm []int16) {
	for len(pcm) > 0 {
		n := min(len(pcm), block*m.channels)
		m.block(pcm[:n])
		pcm = pcm[n:]
	}
}

func (m *Marker) block(pcm []int16) {
	n := len(pcm) / m.channels
	for c := range m.channels {
		var power float64
		for i := range n {
			v := float64(pcm[i*m.channels+c])
			power += v * v
		}
		to := 0.0
		if rms := math.Sqrt(power / float64(max(n, 1))); rms > quiet {
			to = max(relative*rms, 1)
		}
		from := m.gain[c]
		for i := range n {
			// From one loudness to the next in a line: a step would be heard.
			gain := from + (to-from)*float64(i+1)/float64(n)
			v := float64(pcm[i*m.channels+c]) + gain*float64(m.chips[(m.at+i)%period])
			pcm[i*m.channels+c] = int16(math.Round(min(max(v, math.MinInt16), math.MaxInt16)))
		}
		m.gain[c] = to
	}
	m.at = (m.at + n) % period
}
