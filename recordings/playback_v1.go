package recordings

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"filippo.io/age"

	"hotline/recordings/vault"
)

func newPlayback(f vault.File, r Recording, keys []age.Identity) (*Playback, error) {
	if f.Size() != r.Bytes {
		return nil, &ErrTampered{-1, fmt.Sprintf("it has %d bytes instead of %d", f.Size(), r.Bytes)}
	}
	p, err := open(f, f.Size(), r.ID, keys)
	if err != nil {
		return nil, err
	}
	if p.summary == nil && r.Complete {
		return nil, &ErrTampered{len(p.layout.frames), "the end is missing"}
	}
	// A row without a call is that of a recording whose sidecar was lost.
	if m := p.meta; r.Call != "" && (m.Call != r.Call || m.Line != r.Line || m.Agent != r.Agent || m.Kind != r.Kind) {
		return nil, &ErrTampered{-1, "its row speaks of another call"}
	}
	p.file, p.Recording = f, r
	return p, nil
}

// open reads what a file says of itself and proves it.
func open(f io.ReaderAt, size int64, id string, keys []age.Identity) (*Playback, error) {
	l, err := scan(f, size)
	if err != nil {
		return nil, &ErrTampered{-1, err.Error()}
	}
	switch {
	case l.id != id:
		return nil, &ErrTampered{-1, "it is another recording"}
	case l.size != size:
		return nil, &ErrTampered{-1, "it was cut"}
	case len(l.frames) == 0:
		return nil, &ErrTampered{-1, "it is empty"}
	}
	p := &Playback{src: f, layout: l, keys: keys, env: envelope{id: id}}
	if err := p.readOpening(); err != nil {
		return nil, err
	}
	if err := p.readEnd(); err != nil {
		return nil, err
	}
	return p, nil
}

func (p *Playback) readOpening() error {
	body, err := p.unseal(frameOpening, 0)
	if _, wrong := errors.AsType[*age.NoIdentityMatchError](err); wrong {
		// Either the key is wrong, or the opening was altered so that no key fits: another frame tells.
		if len(p.layout.frames) < 2 || p.fitsNot(1) {
			return ErrWrongKey
		}
	}
	if err != nil {
		return &ErrTampered{0, err.Error()}
	}
	o, err := decodeOpening(body)
	if err != nil {
		return &ErrTampered{0, err.Error()}
	}
	if int(o.samples) != p.layout.samples {
		return &ErrTampered{-1, "header: another length of chunks"}
	}
	p.env.key = o.key[:]
	p.meta = o.meta
	return nil
}

// fitsNot tells whether no key opens the frame.
func (p *Playback) fitsNot(ordinal int) bool {
	sealed, err := p.sealed(ordinal)
	if err != nil {
		return true
	}
	_, err = age.Decrypt(bytes.NewReader(sealed), p.keys...)
	_, wrong := errors.AsType[*age.NoIdentityMatchError](err)
	return wrong
}

// readEnd finds the exact length: from the summary, or from the last chunk when the writer died before it wrote one.
func (p *Playback) readEnd() error {
	chunks := p.layout.audio()
	if !p.layout.closed() {
		if len(chunks) == 0 {
			return nil
		}
		c, err := p.decode(len(chunks) - 1)
		if err != nil {
			return err
		}
		p.samples = int64(c.slot)*int64(p.layout.samples) + int64(c.samples())
		return nil
	}
	last := len(p.layout.frames) - 1
	body, err := p.unseal(frameSummary, last)
	if err != nil {
		return &ErrTampered{last, err.Error()}
	}
	s, err := decodeSummary(body)
	if err != nil {
		return &ErrTampered{last, err.Error()}
	}
	if s.digest != p.layout.digest || int(s.chunks) != len(chunks) {
		return &ErrTampered{-1, "pieces are missing or were moved"}
	}
	p.summary, p.samples = &s, int64(s.samples)
	return nil
}

// decode opens the nth audio frame.
func (p *Playback) decode(n int) (chunk, error) {
	body, err := p.unseal(frameAudio, n+1)
	if err != nil {
		return chunk{}, &ErrTampered{n + 1, err.Error()}
	}
	c, err := decodeChunk(body)
	if err != nil {
		return chunk{}, &ErrTampered{n + 1, err.Error()}
	}
	full := c.samples() == p.layout.samples || n == len(p.layout.audio())-1
	if c.slot != p.layout.audio()[n].slot || !full || c.samples() > p.layout.samples {
		return chunk{}, &ErrTampered{n + 1, "it belongs elsewhere"}
	}
	return c, nil
}

func (p *Playback) unseal(kind byte, ordinal int) ([]byte, error) {
	sealed, err := p.sealed(ordinal)
	if err != nil {
		return nil, err
	}
	return p.env.unseal(kind, uint32(ordinal), sealed, p.keys)
}

func (p *Playback) sealed(ordinal int) ([]byte, error) {
	f := p.layout.frames[ordinal]
	b := make([]byte, f.length)
	return b, readFull(p.src, b, f.offset)
}
