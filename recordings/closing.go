package recordings

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
)

// closing is the body of the summary of format 2: pieces (u32), samples (u64), chain (32), hash of marks and gaps (32), number of peaks
// (u32), and the peaks of each side, a byte each. It proves the manifest, as only the writer can make it.
type closing struct {
	pieces  uint32
	samples uint64
	chain   digest
	notes   digest
	peaks   [sides][]uint8
}

const closingFixed = 4 + 8 + 2*sha256.Size + 4

func (c *closing) encode() []byte {
	b := binary.BigEndian.AppendUint32(nil, c.pieces)
	b = binary.BigEndian.AppendUint64(b, c.samples)
	b = append(b, c.chain[:]...)
	b = append(b, c.notes[:]...)
	b = binary.BigEndian.AppendUint32(b, uint32(len(c.peaks[0])))
	for _, side := range c.peaks {
		b = append(b, side...)
	}
	return b
}

func decodeClosing(b []byte) (c closing, err error) {
	if len(b) < closingFixed {
		return c, errors.New("malformed summary")
	}
	c.pieces = binary.BigEndian.Uint32(b)
	c.samples = binary.BigEndian.Uint64(b[4:])
	copy(c.chain[:], b[12:])
	copy(c.notes[:], b[12+sha256.Size:])
	n := int(binary.BigEndian.Uint32(b[closingFixed-4:]))
	b = b[closingFixed:]
	if c.samples > maxSamples || n > maxSamples/peakSamples || len(b) != sides*n {
		return c, errors.New("malformed summary")
	}
	for side := range c.peaks {
		c.peaks[side] = append([]uint8(nil), b[side*n:(side+1)*n]...)
	}
	return c, nil
}
