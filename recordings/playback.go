package recordings

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"

	"filippo.io/age"

	"hotline/audio"
)

const cachedWAVs = 4

// Playback is an open recording as a WAV file (PCM, 16 bit, 8 kHz, stereo: left the counsellor, right what the counsellor heard). It is
// an [io.ReadSeeker] whose size is known at once, and an [io.ReaderAt]; pieces are decrypted when they are read, in memory only. What
// is missing is silence. A read of an altered piece fails with [*ErrTampered]. Safe for concurrent use, but for Read and Seek.
type Playback struct {
	Recording Recording

	src     io.ReaderAt
	file    io.Closer
	layout  *layout
	keys    []age.Identity
	env     envelope
	meta    Meta
	summary *summary // nil when the writer died
	samples int64
	at      int64

	peakMu sync.Mutex
	peaked [sides][]uint8

	mu    sync.Mutex
	cache []decoded // the newest last
}

// decoded is one chunk as WAV samples.
type decoded struct {
	n   int
	pcm []byte
}

// Compile-time proof of what is promised above.
var (
	_ io.ReadSeekCloser = (*Playback)(nil)
	_ io.ReaderAt       = (*Playback)(nil)
)

// Size is the length of the WAV file in bytes.
func (p *Playback) Size() int64 { return wavHeader + p.samples*frameBytes }

// Read reads on.
func (p *Playback) Read(b []byte) (int, error) {
	n, err := p.ReadAt(b, p.at)
	p.at += int64(n)
	if n > 0 && errors.Is(err, io.EOF) {
		err = nil
	}
	return n, err
}

// Seek sets where Read goes on.
func (p *Playback) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += p.at
	case io.SeekEnd:
		offset += p.Size()
	}
	if offset < 0 || whence < io.SeekStart || whence > io.SeekEnd {
		return p.at, errors.New("recordings: seek before the beginning")
	}
	p.at = offset
	return offset, nil
}

// Close closes the file and forgets what was decrypted.
func (p *Playback) Close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.cache {
		clear(c.pcm)
	}
	p.cache = nil
	return p.file.Close()
}

// ReadAt reads a range.
func (p *Playback) ReadAt(b []byte, off int64) (int, error) {
	if off < 0 {
		return 0, errors.New("recordings: read before the beginning")
	}
	n := 0
	for n < len(b) && off < p.Size() {
		var k int
		var err error
		if off < wavHeader {
			k = copy(b[n:], appendWAVHeader(nil, p.samples)[off:])
		} else {
			k, err = p.readSamples(b[n:], off-wavHeader)
		}
		n, off = n+k, off+int64(k)
		if err != nil {
			return n, err
		}
	}
	if n < len(b) {
		return n, io.EOF
	}
	return n, nil
}

// readSamples copies from the one chunk, or the one gap, that holds the byte at off.
func (p *Playback) readSamples(b []byte, off int64) (int, error) {
	b = b[:min(int64(len(b)), p.samples*frameBytes-off)]
	size := int64(p.layout.samples) * frameBytes
	slot := uint32(off / size)
	chunks := p.layout.audio()
	n, ok := slices.BinarySearchFunc(chunks, slot, func(f frame, s uint32) int { return int(int64(f.slot) - int64(s)) })
	inside := off - int64(slot)*size
	if !ok { // no frame for this slot: silence up to its end
		k := min(int64(len(b)), size-inside)
		clear(b[:k])
		return int(k), nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	pcm, err := p.pcm(n)
	if err != nil {
		return 0, err
	}
	if inside >= int64(len(pcm)) { // the last chunk is shorter than the recording: the rest is a gap
		k := min(int64(len(b)), size-inside)
		clear(b[:k])
		return int(k), nil
	}
	return copy(b, pcm[inside:]), nil
}

// pcm returns chunk n as WAV samples, from the cache or the file. The caller holds mu.
func (p *Playback) pcm(n int) ([]byte, error) {
	if i := slices.IndexFunc(p.cache, func(c decoded) bool { return c.n == n }); i >= 0 {
		hit := p.cache[i]
		p.cache = append(slices.Delete(p.cache, i, i+1), hit)
		return hit.pcm, nil
	}
	c, err := p.decode(n)
	if err != nil {
		return nil, fmt.Errorf("recordings: play %s: %w", p.env.id, err)
	}
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
	if len(p.cache) == cachedWAVs {
		p.cache = slices.Delete(p.cache, 0, 1)
	}
	p.cache = append(p.cache, decoded{n, pcm})
	return pcm, nil
}
