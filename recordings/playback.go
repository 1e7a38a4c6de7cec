package recordings

import (
	"encoding/binary"
	"fmt"
	"io"
	"slices"
	"sync"

	"hotline/audio"
)

const cachedPieces = 4

// Playback is an open recording as a WAV file (PCM, 16 bit, 8 kHz, stereo: left the counsellor, right what the counsellor heard). It is
// an [io.ReadSeeker] whose size is known at once, and an [io.ReaderAt]; pieces are decrypted when they are read, in memory only. What
// is missing is silence. A read of an altered piece fails with [*ErrTampered]. Safe for concurrent use, but for Read and Seek.
type Playback struct {
	Recording Recording
	*WAV

	closer io.Closer // nil: nothing to close

	peakMu sync.Mutex
	peaked [sides][]uint8 // nil until they are known

	mu    sync.Mutex // guards what follows
	file  partFile
	cache []decoded // the newest last
}

// decoded is one piece as WAV samples; none of what is missing altogether.
type decoded struct {
	slot uint32
	pcm  []byte
}

// newPlayback plays a file whose row is r.
func newPlayback(f partFile, r Recording) (*Playback, error) {
	// A row without a call is that of a part whose sidecar was lost.
	if m := f.meta(); r.Call != "" && (m.Call != r.Call || m.Line != r.Line || m.Agent != r.Agent || m.Kind != r.Kind) {
		return nil, &ErrTampered{-1, "its row speaks of another call"}
	}
	p := &Playback{Recording: r, file: f}
	p.WAV = &WAV{samples: f.length(), frames: p.readFrames}
	return p, nil
}

// Compile-time proof of what is promised above.
var (
	_ io.ReadSeekCloser = (*Playback)(nil)
	_ io.ReaderAt       = (*Playback)(nil)
)

// Close closes the file and forgets what was decrypted.
func (p *Playback) Close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.cache {
		clear(c.pcm)
	}
	p.cache = nil
	if p.closer == nil {
		return nil
	}
	return p.closer.Close()
}

// readFrames reads whole samples of both sides from a sample on.
func (p *Playback) readFrames(b []byte, at int64) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	size := int64(p.file.pieceSamples())
	n := 0
	for n < len(b)/frameBytes && at < p.samples {
		slot := uint32(at / size)
		inside := at - int64(slot)*size
		pcm, err := p.pcm(slot)
		if err != nil {
			return n, err
		}
		k := min(int64(len(b)/frameBytes-n), size-inside, p.samples-at)
		stretch := b[n*frameBytes : (int64(n)+k)*frameBytes]
		got := 0
		if from := inside * frameBytes; from < int64(len(pcm)) {
			got = copy(stretch, pcm[from:])
		}
		clear(stretch[got:]) // a gap, or the rest of a recording that goes on after its last piece: silence
		n, at = n+int(k), at+k
	}
	if n < len(b)/frameBytes {
		return n, io.EOF
	}
	return n, nil
}

// pcm returns the piece of a slot as WAV samples, from the cache or the file. The caller holds mu.
func (p *Playback) pcm(slot uint32) ([]byte, error) {
	if i := slices.IndexFunc(p.cache, func(c decoded) bool { return c.slot == slot }); i >= 0 {
		hit := p.cache[i]
		p.cache = append(slices.Delete(p.cache, i, i+1), hit)
		return hit.pcm, nil
	}
	c, ok, err := p.file.piece(slot)
	if err != nil {
		return nil, fmt.Errorf("recordings: play %s: %w", p.Recording.ID, err)
	}
	if !ok {
		return nil, nil
	}
	pcm := pcmOf(c)
	if len(p.cache) == cachedPieces {
		clear(p.cache[0].pcm)
		p.cache = slices.Delete(p.cache, 0, 1)
	}
	p.cache = append(p.cache, decoded{slot, pcm})
	return pcm, nil
}

// pcmOf is a piece as interleaved samples of 16 bit, little-endian.
func pcmOf(c chunk) []byte {
	var samples []int16
	samples = audio.PCMA.Decode(samples, c.audio)
	pcm := make([]byte, 0, len(samples)*2)
	for _, s := range samples {
		pcm = binary.LittleEndian.AppendUint16(pcm, uint16(s))
	}
	for _, g := range c.gaps { // A-law has no zero: what is missing shall be true silence
		for i := g.from; i < g.from+g.n; i++ {
			at := int(i)*frameBytes + int(g.side)*2
			pcm[at], pcm[at+1] = 0, 0
		}
	}
	return pcm
}
