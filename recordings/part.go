package recordings

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
)

// partFile is an open file of either format, proved as a whole; its pieces are proved when they are read. It belongs to one goroutine.
type partFile interface {
	meta() Meta
	length() int64 // samples
	pieceSamples() int
	// piece opens the piece of a slot; ok is false where there is none.
	piece(slot uint32) (c chunk, ok bool, err error)
}

// cachedSegments are what is kept of the file in memory, as it is: sealed.
const cachedSegments = 3

// fileV2 is a file of format 2.
type fileV2 struct {
	src     io.ReaderAt
	header  header
	tail    *tail
	m       *manifest
	secret  SecretKey
	env     envelope
	opened  opening
	peaks   [sides][]uint8 // nil of a part whose writer died
	segs    []sealedSegment
	byChain digest
}

// sealedSegment is a segment as it lies in the file, its frames by slot.
type sealedSegment struct {
	n      int
	frames map[uint32]sealedFrame
}

type sealedFrame struct {
	ordinal int
	sealed  []byte
}

// openV2 reads header, opening, manifest and summary, and proves that they belong together. head, when it is known, is the one that was
// kept when the part was taken in.
func openV2(src io.ReaderAt, size int64, id, head string, key *PartKey, keys []SecretKey) (*fileV2, error) {
	h, _, err := readHeader(src)
	if err != nil {
		return nil, &ErrTampered{-1, err.Error()}
	}
	if h.id != id {
		return nil, &ErrTampered{-1, "it is another recording"}
	}
	t, err := readManifest(src, size)
	if err != nil {
		return nil, &ErrTampered{-1, err.Error()}
	}
	switch {
	case head != "" && t.head != head:
		return nil, &ErrTampered{-1, "its manifest is not the one that was kept"}
	case t.manifest.Part != id || t.manifest.Suite != h.suite:
		return nil, &ErrTampered{-1, "its manifest is of another recording"}
	case t.manifest.end() != t.at:
		return nil, &ErrTampered{-1, "bytes are missing, or were added"}
	case key.Public != h.public || key.Suite != h.suite:
		return nil, &ErrTampered{-1, "the header: another key"}
	}
	secret, err := key.Open(keys...)
	if err != nil {
		return nil, err
	}
	f := &fileV2{src: src, header: h, tail: t, m: t.manifest, secret: secret, env: envelope{id: id}}
	if err := f.readOpening(); err != nil {
		return nil, err
	}
	return f, f.readSummary()
}

func (f *fileV2) readOpening() error {
	raw := make([]byte, f.m.Opening)
	if err := readFull(f.src, raw, 0); err != nil {
		return &ErrTampered{-1, err.Error()}
	}
	size := len(f.header.encode())
	if sum := sha256.Sum256(raw); hex.EncodeToString(sum[:]) != f.m.First || len(raw) < size+frameHeader {
		return &ErrTampered{0, "it is not the one of the manifest"}
	}
	body, err := f.open(frameOpening, 0, raw[size+frameHeader:])
	if err != nil {
		return &ErrTampered{0, err.Error()}
	}
	if f.opened, err = decodeOpening(body); err != nil {
		return &ErrTampered{0, err.Error()}
	}
	f.env.key = f.opened.key[:]
	o, m := f.opened.meta, f.m
	switch {
	case int(f.opened.samples) != f.header.samples:
		return &ErrTampered{-1, "the header: another length of pieces"}
	case m.Call != "" && (o.Call != m.Call || o.Line != m.Line || o.Agent != m.Agent || o.Kind != m.Kind || o.Started.UnixMilli() != m.Started):
		return &ErrTampered{-1, "its manifest speaks of another call"} // without a call: it lost what stood beside it
	}
	return nil
}

const maxHeaderAndOpening = 4*maxText + maxMeta + ageOverhead + 1024

func (f *fileV2) readSummary() error {
	f.byChain = f.m.chained()
	if hex.EncodeToString(f.byChain[:]) != f.m.Chain {
		return &ErrTampered{-1, "the manifest: its chain is broken"}
	}
	s := f.m.Summary
	if s == nil {
		return nil
	}
	raw, err := f.read(*s)
	if err != nil {
		return err
	}
	body, err := f.open(frameSummary, s.Frame, raw[frameHeader:])
	if err != nil {
		return &ErrTampered{-1, "the summary: " + err.Error()}
	}
	c, err := decodeClosing(body)
	if err != nil {
		return &ErrTampered{-1, err.Error()}
	}
	if c.chain != f.byChain || c.notes != f.m.notes() || int(c.pieces) != f.m.Pieces || int64(c.samples) != f.m.Samples {
		return &ErrTampered{-1, "the manifest: it is not what the recorder summed up"}
	}
	f.peaks = c.peaks
	return nil
}

// read reads a range of the manifest and proves it.
func (f *fileV2) read(s segment) ([]byte, error) {
	raw := make([]byte, s.Bytes)
	if err := readFull(f.src, raw, s.At); err != nil {
		return nil, err
	}
	if sum := sha256.Sum256(raw); hex.EncodeToString(sum[:]) != s.Hash {
		return nil, &ErrTampered{s.N*f.header.pieces + 1, fmt.Sprintf("segment %d, bytes %d to %d, is not what was sealed", s.N, s.At, s.At+s.Bytes)}
	}
	return raw, nil
}

func (f *fileV2) open(kind byte, ordinal int, sealed []byte) ([]byte, error) {
	plain, err := f.secret.Open(sealed)
	if err != nil {
		return nil, err
	}
	return f.env.unwrap(kind, uint32(ordinal), plain)
}

func (f *fileV2) meta() Meta        { return f.opened.meta }
func (f *fileV2) length() int64     { return f.m.Samples }
func (f *fileV2) pieceSamples() int { return f.header.samples }

func (f *fileV2) piece(slot uint32) (chunk, bool, error) {
	i, ok := f.m.find(f.header.segmentOf(slot))
	if !ok {
		return chunk{}, false, nil
	}
	seg, err := f.segment(f.m.Segments[i])
	if err != nil {
		return chunk{}, false, err
	}
	sealed, ok := seg.frames[slot]
	if !ok {
		return chunk{}, false, nil
	}
	body, err := f.open(frameAudio, sealed.ordinal, sealed.sealed)
	if err != nil {
		return chunk{}, false, &ErrTampered{int(slot) + 1, err.Error()}
	}
	c, err := decodeChunk(body)
	if err != nil {
		return chunk{}, false, &ErrTampered{int(slot) + 1, err.Error()}
	}
	if c.slot != slot || c.samples() > f.header.samples {
		return chunk{}, false, &ErrTampered{int(slot) + 1, "it belongs elsewhere"}
	}
	return c, true, nil
}

// segment reads the frames of ten seconds at once: of a store far away, that is one request.
func (f *fileV2) segment(s segment) (sealedSegment, error) {
	for _, seg := range f.segs {
		if seg.n == s.N {
			return seg, nil
		}
	}
	raw, err := f.read(s)
	if err != nil {
		return sealedSegment{}, err
	}
	seg := sealedSegment{s.N, make(map[uint32]sealedFrame, s.Pieces)}
	for ordinal := s.Frame; len(raw) > 0; ordinal++ {
		if len(raw) < frameHeader || int64(binary.BigEndian.Uint32(raw)) > int64(len(raw)-frameHeader) {
			return sealedSegment{}, &ErrTampered{s.N*f.header.pieces + 1, "a frame goes over the end of its segment"}
		}
		slot, end := binary.BigEndian.Uint32(raw[4:]), frameHeader+int(binary.BigEndian.Uint32(raw))
		if slot != slotMarks {
			seg.frames[slot] = sealedFrame{ordinal, raw[frameHeader:end]}
		}
		raw = raw[end:]
	}
	if len(f.segs) >= cachedSegments {
		f.segs = f.segs[1:]
	}
	f.segs = append(f.segs, seg)
	return seg, nil
}

// keyOf gives the wrapped key that was kept of a part; ok is false for one of format 1. ErrErased, ErrNotFound.
type keyOf func() (k PartKey, ok bool, err error)

// mayBeOne tells whether a part may be of format 1. The database says so, never the file: with the site's public key alone anybody writes a whole
// file of that format.
func (key keyOf) mayBeOne(r Recording) (bool, error) {
	if r.Head != "" {
		return false, nil
	}
	_, ok, err := key()
	if errors.Is(err, ErrNotFound) {
		return true, nil
	}
	return !ok, err
}

const otherFormat = "it is of another format than when it came in"

// openPart opens a file of either format.
func openPart(src io.ReaderAt, size int64, r Recording, key keyOf, keys []SecretKey) (*Playback, error) {
	if size != r.Bytes {
		return nil, &ErrTampered{-1, fmt.Sprintf("it has %d bytes instead of %d", size, r.Bytes)}
	}
	var magics [len(magic2)]byte
	if err := readFull(src, magics[:], 0); err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, err
	}
	if string(magics[:]) == magic {
		one, err := key.mayBeOne(r)
		if err != nil {
			return nil, err
		}
		if !one {
			return nil, &ErrTampered{-1, otherFormat}
		}
		f, err := openV1(src, size, r.ID, r.Complete, identities(keys))
		if err != nil {
			return nil, err
		}
		return newPlayback(f, r)
	}
	k, ok, err := key()
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, &ErrTampered{-1, otherFormat}
	}
	f, err := openV2(src, size, r.ID, r.Head, &k, keys)
	if err != nil {
		return nil, err
	}
	if f.m.Complete != r.Complete {
		return nil, &ErrTampered{-1, "its row speaks of another end"}
	}
	r.Marks, r.Head = marksOf(f.m.Marks), f.tail.head
	p, err := newPlayback(f, r)
	if err == nil && f.m.Complete {
		p.peaked = f.peaks
	}
	return p, err
}
