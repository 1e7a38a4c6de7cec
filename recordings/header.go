package recordings

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"regexp"
)

// Format 2, all integers big-endian:
//
//	clear header   magic (8), samples of a piece (u32), pieces of a segment (u16), then three texts, each length (u16) and bytes:
//	               name of the suite, id of the part, the part's public key
//	frames         length (u32), slot (u32), that many bytes
//
// The first frame is the opening, then audio and marks as they come, then the summary of a part that was closed in order, and at last the
// manifest. Opening, audio and summary are sealed for the part's public key; its secret half is wrapped for the site and lies elsewhere
// ([PartKey]). Marks and manifest are clear: they hold ids, codes and times. Inside the seal, and in clear for marks:
//
//	kind (u8), length of the id (u8), id, ordinal of the frame (u32), body, HMAC-SHA256 of all before (32)
//
// with the key of the HMAC in the opening, so only the writer, and who can read the part, can make a frame. Bodies of opening and audio are
// those of format 1; that of marks is JSON, that of the summary see [closing].
//
// Pieces of 10 s make a segment. The chain over them, h(0) = H(header, opening), h(i) = H(h(i-1), number of the segment, H(its frames)),
// is in the summary and in the manifest, which lists the segments and ends the file: JSON, its length (u32), magicEnd. The hash of the
// manifest is the head of the part.
const (
	magic2   = "hotlrec\x02"
	magicEnd = "hotlend\x02"

	slotMarks    = 0xfffffffd
	slotManifest = 0xfffffffc
	slotLast     = 0xfffffff0 // above any slot of audio

	frameMarks = 'M'

	segmentSamples = 10 * Rate
	maxText        = 4096
	headerFixed    = len(magic2) + 4 + 2
	manifestTail   = 4 + len(magicEnd)
)

// keyRule is what texts of public keys are made of.
var keyRule = regexp.MustCompile(`^[0-9A-Za-z_-]+$`)

type digest = [sha256.Size]byte

// header is what a file of format 2 says first.
type header struct {
	samples int // of a piece
	pieces  int // of a segment
	suite   string
	id      string
	public  string
}

func (h *header) encode() []byte {
	b := append([]byte(nil), magic2...)
	b = binary.BigEndian.AppendUint32(b, uint32(h.samples))
	b = binary.BigEndian.AppendUint16(b, uint16(h.pieces))
	for _, text := range []string{h.suite, h.id, h.public} {
		b = binary.BigEndian.AppendUint16(b, uint16(len(text)))
		b = append(b, text...)
	}
	return b
}

// readHeader returns the header and its length in bytes.
func readHeader(r io.ReaderAt) (h header, size int64, err error) {
	fixed := make([]byte, headerFixed)
	if err := readFull(r, fixed, 0); err != nil {
		return h, 0, fmt.Errorf("header: %w", err)
	}
	if string(fixed[:len(magic2)]) != magic2 {
		return h, 0, errors.New("header: not a recording of format 2")
	}
	h.samples = int(binary.BigEndian.Uint32(fixed[len(magic2):]))
	h.pieces = int(binary.BigEndian.Uint16(fixed[len(magic2)+4:]))
	at := int64(headerFixed)
	for _, text := range []*string{&h.suite, &h.id, &h.public} {
		var n [2]byte
		if err := readFull(r, n[:], at); err != nil {
			return h, 0, fmt.Errorf("header: %w", err)
		}
		b := make([]byte, binary.BigEndian.Uint16(n[:]))
		if len(b) > maxText {
			return h, 0, errors.New("header: malformed")
		}
		if err := readFull(r, b, at+2); err != nil {
			return h, 0, fmt.Errorf("header: %w", err)
		}
		*text, at = string(b), at+2+int64(len(b))
	}
	if h.samples < 1 || h.samples > maxChunkSamples || h.pieces < 1 || validID(h.id) != nil || !kindRule.MatchString(h.suite) || !keyRule.MatchString(h.public) {
		return h, 0, errors.New("header: malformed")
	}
	return h, at, nil
}

// segmentOf is the number of the segment of a slot.
func (h *header) segmentOf(slot uint32) int { return int(slot) / h.pieces }

// fits tells whether a slot of audio lies within the longest recording.
func (h *header) fits(slot uint32) bool {
	return slot < slotLast && int64(slot)*int64(h.samples) < maxSamples
}

// longest is how long a frame of a slot may be.
func (h *header) longest(slot uint32) uint32 {
	switch slot {
	case slotManifest:
		return maxManifest
	case slotSummary:
		return maxSummary
	}
	return uint32(h.samples*sides + maxGaps*gapSize + maxMeta + ageOverhead)
}

// segment is where the frames of ten seconds lie, and their hash.
type segment struct {
	N      int    `json:"n"` // the time of it
	At     int64  `json:"at"`
	Bytes  int64  `json:"bytes"`
	Frame  int    `json:"frame"`  // ordinal of its first frame
	Pieces int    `json:"pieces"` // of audio
	Hash   string `json:"sha256"`
}

// chain hashes frames as they are written or read, segment by segment. It is pure.
type chain struct {
	first    digest // of header and opening
	opening  int64  // their length
	h        digest
	end      int64 // of what was hashed
	frames   int
	sum      hasher
	current  *segment
	segments []segment
}

// hasher is a running SHA-256.
type hasher interface {
	io.Writer
	Sum(b []byte) []byte
	Reset()
}

// begin takes the header and the opening frame.
func (c *chain) begin(header, opening []byte) {
	sum := sha256.New()
	sum.Write(header)
	sum.Write(opening)
	sum.Sum(c.first[:0])
	c.h, c.opening = c.first, int64(len(header)+len(opening))
	c.end, c.frames, c.sum = int64(len(header)+len(opening)), 1, sha256.New()
}

// audio takes a frame of audio of a segment.
func (c *chain) audio(n int, frame []byte) {
	if c.current == nil || c.current.N != n {
		c.close()
		c.open(n)
	}
	c.current.Pieces++
	c.take(frame)
}

// marks takes a frame of marks: it belongs to the segment that is open.
func (c *chain) marks(frame []byte) {
	if c.current == nil {
		n := 0
		if len(c.segments) > 0 {
			n = c.segments[len(c.segments)-1].N + 1
		}
		c.open(n)
	}
	c.take(frame)
}

func (c *chain) open(n int) {
	c.sum.Reset()
	c.current = &segment{N: n, At: c.end, Frame: c.frames}
}

func (c *chain) take(frame []byte) {
	_, _ = c.sum.Write(frame) // of a hash
	c.current.Bytes += int64(len(frame))
	c.end += int64(len(frame))
	c.frames++
}

// close ends the segment that is open.
func (c *chain) close() {
	if c.current == nil {
		return
	}
	c.current.Hash = hex.EncodeToString(c.sum.Sum(nil))
	c.h = link(c.h, *c.current)
	c.segments = append(c.segments, *c.current)
	c.current = nil
}

// link is the chain after a segment.
func link(h digest, s segment) (next digest) {
	sum := sha256.New()
	sum.Write(h[:])
	sum.Write(binary.BigEndian.AppendUint32(nil, uint32(s.N)))
	inner, _ := hex.DecodeString(s.Hash) // malformed ones were refused
	sum.Write(inner)
	sum.Sum(next[:0])
	return next
}
