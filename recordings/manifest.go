package recordings

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"

	"hotline/recordings/vault"
)

const (
	maxManifest = 16 << 20
	maxSummary  = 8 << 20
	// firstTail is what is read of the end of a file at once: the manifest of an ordinary call and its summary.
	firstTail = 64 << 10
	maxFile   = 1 << 40
	maxRuns   = 4096 // gaps that are listed; more are only counted
)

// manifest ends a file of format 2, in clear: ids, codes, times and hashes. Its hash is the head.
type manifest struct {
	Format     int       `json:"format"`
	Part       string    `json:"part"`
	Suite      string    `json:"suite"`
	Call       string    `json:"call"`
	Line       string    `json:"line"`
	Agent      string    `json:"agent"`
	Kind       Kind      `json:"kind"`
	Started    int64     `json:"started_ms"`
	Samples    int64     `json:"samples"`
	Complete   bool      `json:"complete"` // its recorder closed it
	Pieces     int       `json:"pieces"`
	Opening    int64     `json:"opening_bytes"` // header and opening
	First      string    `json:"opening_sha256"`
	Segments   []segment `json:"segments"`
	Chain      string    `json:"chain"` // after the last segment
	Summary    *segment  `json:"summary,omitempty"`
	Marks      []markAt  `json:"marks"`
	Gaps       []gapRun  `json:"gaps"`
	GapCount   int       `json:"gap_count"`
	GapSamples int64     `json:"gap_samples"`
}

// gapRun is a stretch of a side for which there is nothing: side, first sample, number of samples.
type gapRun [3]int64

func (g gapRun) side() Side  { return Side(g[0]) }
func (g gapRun) from() int64 { return g[1] }
func (g gapRun) to() int64   { return g[1] + g[2] }

// notes are what the manifest says besides the chain, as the sealed summary proves it.
func (m *manifest) notes() (out digest) {
	b, err := json.Marshal([]any{m.Marks, m.Gaps, m.GapCount, m.GapSamples})
	if err != nil {
		panic(fmt.Sprint("recordings: numbers and words do not become JSON: ", err))
	}
	return sha256.Sum256(b)
}

// encode is the body of the manifest's frame.
func (m *manifest) encode() ([]byte, error) {
	b, err := json.Marshal(m)
	if err != nil {
		return nil, err
	}
	b = binary.BigEndian.AppendUint32(b, uint32(len(b)))
	b = append(b, magicEnd...)
	if len(b) > maxManifest {
		return nil, errors.New("the manifest is too long")
	}
	return b, nil
}

func headOf(b []byte) string {
	sum := sha256.New()
	sum.Write([]byte("hotline recording head 2\n"))
	sum.Write(b)
	return hex.EncodeToString(sum.Sum(nil))
}

var hexRule = regexp.MustCompile(`^[0-9a-f]{64}$`)

// decodeManifest reads the JSON and refuses what no writer makes, so that numbers in it can be trusted not to lead out of the file.
func decodeManifest(b []byte) (*manifest, error) {
	var m manifest
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(&m); err != nil {
		return nil, errors.New("the manifest is malformed")
	}
	if again, err := json.Marshal(&m); err != nil || !bytes.Equal(again, b) {
		return nil, errors.New("the manifest is not as it was written")
	}
	ok := m.Format == 2 && validID(m.Part) == nil && hexRule.MatchString(m.First) && hexRule.MatchString(m.Chain) &&
		m.Samples >= 0 && m.Samples <= maxSamples && len(m.Marks) <= maxMarks && len(m.Gaps) <= maxRuns
	if !ok || !m.segmentsFit() {
		return nil, errors.New("the manifest is malformed")
	}
	for _, mark := range m.Marks {
		if !mark.valid() || mark.To == openEnd || mark.To > m.Samples {
			return nil, errors.New("the manifest is malformed: a mark")
		}
	}
	for _, g := range m.Gaps {
		if g[0] < 0 || g[0] >= sides || g[1] < 0 || g[2] < 1 || g[1] > m.Samples-g[2] {
			return nil, errors.New("the manifest is malformed: a gap")
		}
	}
	return &m, nil
}

// segmentsFit tells whether the ranges follow each other from the opening on without a hole.
func (m *manifest) segmentsFit() bool {
	at, frames, n, pieces := m.Opening, 1, -1, 0
	for _, s := range m.Segments {
		if s.At != at || s.Bytes < frameHeader || s.Bytes > maxFile || s.N <= n || s.Frame < frames || s.Pieces < 0 || !hexRule.MatchString(s.Hash) {
			return false
		}
		at, n, frames, pieces = at+s.Bytes, s.N, s.Frame+1, pieces+s.Pieces
	}
	if s := m.Summary; s != nil {
		if s.At != at || s.Bytes < frameHeader || s.Bytes > maxFile || !hexRule.MatchString(s.Hash) {
			return false
		}
		at += s.Bytes
	}
	return m.Opening > int64(headerFixed) && m.Opening <= maxHeaderAndOpening && at <= maxFile && pieces == m.Pieces && m.Complete == (m.Summary != nil)
}

// end is where the manifest's own frame begins.
func (m *manifest) end() int64 {
	end := m.Opening
	for _, s := range m.Segments {
		end += s.Bytes
	}
	if m.Summary != nil {
		end += m.Summary.Bytes
	}
	return end
}

// tail is the end of a file, read at once.
type tail struct {
	manifest *manifest
	raw      []byte
	head     string
	at       int64 // of the manifest's frame
}

// readManifest reads the end of a file of format 2.
func readManifest(r io.ReaderAt, size int64) (*tail, error) {
	b := make([]byte, min(size, firstTail))
	if err := readFull(r, b, size-int64(len(b))); err != nil {
		return nil, err
	}
	if len(b) < manifestTail+frameHeader || string(b[len(b)-len(magicEnd):]) != magicEnd {
		return nil, errNoEnd
	}
	n := int64(binary.BigEndian.Uint32(b[len(b)-manifestTail:]))
	whole := n + int64(manifestTail) + frameHeader
	if whole > size || whole > maxManifest {
		return nil, errNoEnd
	}
	if whole > int64(len(b)) {
		b = make([]byte, whole)
		if err := readFull(r, b, size-whole); err != nil {
			return nil, err
		}
	}
	b = b[int64(len(b))-whole:]
	if binary.BigEndian.Uint32(b) != uint32(n)+uint32(manifestTail) || binary.BigEndian.Uint32(b[4:]) != slotManifest {
		return nil, errors.New("the frame of the manifest is malformed")
	}
	raw := b[frameHeader : frameHeader+n]
	m, err := decodeManifest(raw)
	if err != nil {
		return nil, err
	}
	return &tail{m, raw, headOf(raw), size - whole}, nil
}

// errNoEnd says that a file does not end as it must.
var errNoEnd = errors.New("its end is missing")

// chained recomputes the chain from the segments' hashes.
func (m *manifest) chained() digest {
	var h digest
	first, _ := hex.DecodeString(m.First) // decodeManifest refused a malformed one
	copy(h[:], first)
	for _, s := range m.Segments {
		h = link(h, s)
	}
	return h
}

// find is the place of a segment in the list.
func (m *manifest) find(n int) (int, bool) {
	return slices.BinarySearchFunc(m.Segments, n, func(s segment, n int) int { return s.N - n })
}

// readEvidence reads what the end of a finished file tells without any key: what closes its chain, its marks, and of which format it is.
func readEvidence(f vault.File) (head string, marks []Mark, format int, err error) {
	var magics [len(magic)]byte
	if err := readFull(f, magics[:], 0); err != nil {
		return "", nil, 0, err
	}
	if string(magics[:]) == magic {
		return "", nil, 1, nil
	}
	end, err := readManifest(f, f.Size())
	if err != nil {
		return "", nil, 0, err
	}
	return end.head, marksOf(end.manifest.Marks), 2, nil
}
