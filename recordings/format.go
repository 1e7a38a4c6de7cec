package recordings

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"slices"
	"time"
)

// Format 1, which was written until there was format 2 (header.go) and stays readable. The file, all integers big-endian:
//
//	clear header   magic (8), samples of a chunk (u32), length of the id (u8), id
//	frames         length (u32), slot (u32), that many bytes of an age file
//
// Slot n holds the samples from n*chunk on; slots grow, and a missing one is a gap. The first frame is the opening (slotOpening); the
// last of a recording that was closed is the summary (slotSummary). Inside the age file of each frame:
//
//	kind (u8), length of the id (u8), id, ordinal of the frame (u32), body, HMAC-SHA256 of all before (32)
//
//	opening body   key of the HMAC (32), samples of a chunk (u32), meta (JSON)
//	audio body     slot (u32), samples (u32), gaps (u16), gaps x (side u8, from u32, samples u32), left and right A-law interleaved
//	summary body   chunks (u32), samples (u64), gaps (u32), gap samples (u64), SHA-256 of the header and of all frames' first 8 bytes (32)
//
// age proves that a frame is whole; id and ordinal prove that it is in its place; the key, which only the writer and the holders of
// the secret key know, proves that the frame was not made by someone else with the public key; the summary proves that none is missing.

const (
	magic       = "hotlrec\x01"
	slotOpening = 0xffffffff
	slotSummary = 0xfffffffe

	frameHeader = 8
	macSize     = sha256.Size
	gapSize     = 9

	maxChunkSamples = 10 * Rate
	maxGaps         = 1 << 12 // of one chunk; the timeline merges what touches
	maxSamples      = 24 * 3600 * Rate
	maxMeta         = 2048
	ageOverhead     = 8192 // header for many recipients, nonce, tags
)

// kinds of frames
const (
	frameOpening = 'O'
	frameAudio   = 'A'
	frameSummary = 'S'
)

// gap is a stretch of one side for which nothing was received, in samples from the start of its chunk.
type gap struct {
	side    Side
	from, n uint32
}

// chunk is the audio of one slot.
type chunk struct {
	slot  uint32
	audio []byte // interleaved A-law, 2 bytes a sample
	gaps  []gap
}

func (c *chunk) samples() int { return len(c.audio) / sides }

// opening is what the first frame says.
type opening struct {
	key     [sha256.Size]byte
	samples uint32 // of a chunk
	meta    Meta
}

// summary is what the last frame says.
type summary struct {
	chunks     uint32
	samples    uint64
	gaps       uint32
	gapSamples uint64
	digest     [sha256.Size]byte
}

// metaFile is Meta inside the opening.
type metaFile struct {
	Call    string `json:"call"`
	Line    string `json:"line"`
	Agent   string `json:"agent"`
	Kind    Kind   `json:"kind"`
	Started int64  `json:"started_ms"`
}

// frameOf is what lies in the file around what is sealed, or clear.
func frameOf(slot uint32, sealed []byte) []byte {
	b := binary.BigEndian.AppendUint32(make([]byte, 0, frameHeader+len(sealed)), uint32(len(sealed)))
	b = binary.BigEndian.AppendUint32(b, slot)
	return append(b, sealed...)
}

func (o *opening) encode() ([]byte, error) {
	b := append([]byte(nil), o.key[:]...)
	b = binary.BigEndian.AppendUint32(b, o.samples)
	meta, err := json.Marshal(metaFile{o.meta.Call, o.meta.Line, o.meta.Agent, o.meta.Kind, o.meta.Started.UnixMilli()})
	if err != nil {
		return nil, err
	}
	if len(meta) > maxMeta {
		return nil, errors.New("recordings: the meta data is too long")
	}
	return append(b, meta...), nil
}

func decodeOpening(b []byte) (o opening, err error) {
	if len(b) < sha256.Size+4 || len(b) > sha256.Size+4+maxMeta {
		return o, errors.New("malformed opening")
	}
	copy(o.key[:], b)
	o.samples = binary.BigEndian.Uint32(b[sha256.Size:])
	var m metaFile
	if err := json.Unmarshal(b[sha256.Size+4:], &m); err != nil {
		return o, errors.New("malformed opening")
	}
	o.meta = Meta{Call: m.Call, Line: m.Line, Agent: m.Agent, Kind: m.Kind, Started: time.UnixMilli(m.Started).UTC()}
	return o, nil
}

func (c *chunk) encode() []byte {
	b := make([]byte, 0, 10+gapSize*len(c.gaps)+len(c.audio))
	b = binary.BigEndian.AppendUint32(b, c.slot)
	b = binary.BigEndian.AppendUint32(b, uint32(c.samples()))
	b = binary.BigEndian.AppendUint16(b, uint16(len(c.gaps)))
	for _, g := range c.gaps {
		b = append(b, byte(g.side))
		b = binary.BigEndian.AppendUint32(b, g.from)
		b = binary.BigEndian.AppendUint32(b, g.n)
	}
	return append(b, c.audio...)
}

func decodeChunk(b []byte) (c chunk, err error) {
	if len(b) < 10 {
		return c, errors.New("malformed chunk")
	}
	c.slot = binary.BigEndian.Uint32(b)
	samples, gaps := binary.BigEndian.Uint32(b[4:]), int(binary.BigEndian.Uint16(b[8:]))
	b = b[10:]
	if samples > maxChunkSamples || gaps > maxGaps || len(b) != gaps*gapSize+int(samples)*sides {
		return c, errors.New("malformed chunk")
	}
	for range gaps {
		g := gap{Side(b[0]), binary.BigEndian.Uint32(b[1:]), binary.BigEndian.Uint32(b[5:])}
		if g.side >= sides || uint64(g.from)+uint64(g.n) > uint64(samples) {
			return c, errors.New("malformed gap")
		}
		c.gaps, b = append(c.gaps, g), b[gapSize:]
	}
	c.audio = slices.Clone(b)
	return c, nil
}

func decodeSummary(b []byte) (s summary, err error) {
	if len(b) != 24+sha256.Size {
		return s, errors.New("malformed summary")
	}
	s.chunks = binary.BigEndian.Uint32(b)
	s.samples = binary.BigEndian.Uint64(b[4:])
	s.gaps = binary.BigEndian.Uint32(b[12:])
	s.gapSamples = binary.BigEndian.Uint64(b[16:])
	copy(s.digest[:], b[24:])
	if s.samples > maxSamples {
		return s, errors.New("malformed summary")
	}
	return s, nil
}
