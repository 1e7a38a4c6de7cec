package recordings

import (
	"bytes"
	"errors"
	"io"
	"slices"

	"filippo.io/age"
)

// fileV1 is a file of format 1.
type fileV1 struct {
	src     io.ReaderAt
	layout  *layout
	keys    []age.Identity
	env     envelope
	opened  Meta
	summary *summary // nil when the writer died
	samples int64
}

// openV1 reads what a file says of itself and proves it.
func openV1(src io.ReaderAt, size int64, id string, complete bool, keys []age.Identity) (*fileV1, error) {
	l, err := scan(src, size)
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
	if len(keys) == 0 {
		return nil, ErrWrongKey
	}
	p := &fileV1{src: src, layout: l, keys: keys, env: envelope{id: id}}
	if err := p.readOpening(); err != nil {
		return nil, err
	}
	if err := p.readEnd(); err != nil {
		return nil, err
	}
	if p.summary == nil && complete {
		return nil, &ErrTampered{len(l.frames), "the end is missing"}
	}
	return p, nil
}

func (p *fileV1) meta() Meta        { return p.opened }
func (p *fileV1) length() int64     { return p.samples }
func (p *fileV1) pieceSamples() int { return p.layout.samples }

func (p *fileV1) piece(slot uint32) (chunk, bool, error) {
	n, ok := slices.BinarySearchFunc(p.layout.audio(), slot, func(f frame, s uint32) int { return int(int64(f.slot) - int64(s)) })
	if !ok {
		return chunk{}, false, nil
	}
	c, err := p.decode(n)
	return c, err == nil, err
}

func (p *fileV1) readOpening() error {
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
	p.opened = o.meta
	return nil
}

// fitsNot tells whether no key opens the frame.
func (p *fileV1) fitsNot(ordinal int) bool {
	sealed, err := p.sealed(ordinal)
	if err != nil {
		return true
	}
	_, err = age.Decrypt(bytes.NewReader(sealed), p.keys...)
	_, wrong := errors.AsType[*age.NoIdentityMatchError](err)
	return wrong
}

// readEnd finds the exact length: from the summary, or from the last chunk when the writer died before it wrote one.
func (p *fileV1) readEnd() error {
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
func (p *fileV1) decode(n int) (chunk, error) {
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

func (p *fileV1) unseal(kind byte, ordinal int) ([]byte, error) {
	sealed, err := p.sealed(ordinal)
	if err != nil {
		return nil, err
	}
	r, err := age.Decrypt(bytes.NewReader(sealed), p.keys...)
	if err != nil {
		return nil, err
	}
	plain, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	return p.env.unwrap(kind, uint32(ordinal), plain)
}

func (p *fileV1) sealed(ordinal int) ([]byte, error) {
	f := p.layout.frames[ordinal]
	b := make([]byte, f.length)
	return b, readFull(p.src, b, f.offset)
}
