package recordings

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"time"
)

// Examine proves a part as far as can be: the chain over its file, the head that was kept, and with a secret key every piece. It says
// where something is wrong. An error means that it could not look, not that something is wrong.
func (l *Library) Examine(ctx context.Context, part string, keys ...SecretKey) (*Report, error) {
	f, r, err := l.file(ctx, part)
	if gone, ok := errors.AsType[*ErrTampered](err); ok {
		return &Report{Part: part, Findings: []Finding{{Fault: FaultGone, Segment: -1, What: gone.What}}}, nil
	}
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	x := examination{src: f, size: f.Size(), row: r, keys: keys, key: l.keyOf(ctx, part)}
	return x.run(ctx)
}

// Verify reads a whole part and proves every piece of it: [*ErrTampered] when something is wrong.
func (l *Library) Verify(ctx context.Context, id string, keys ...SecretKey) error {
	p, err := l.Open(ctx, id, keys...)
	if err != nil {
		return err
	}
	if err := p.Close(); err != nil {
		return err
	}
	r, err := l.Examine(ctx, id, keys...)
	if err != nil {
		return err
	}
	if !r.OK() {
		return fmt.Errorf("recordings: verify %s: %w", id, &ErrTampered{-1, r.Findings[0].String()})
	}
	return nil
}

// examination is one look at a part.
type examination struct {
	src  io.ReaderAt
	size int64
	row  Recording
	keys []SecretKey
	key  keyOf

	report *Report
	header header
	m      *manifest
	end    int64 // of what the manifest speaks of
	file   *fileV2
}

func (x *examination) run(ctx context.Context) (*Report, error) {
	x.report = &Report{Part: x.row.ID, Format: 2}
	var magics [len(magic2)]byte
	if err := readFull(x.src, magics[:], 0); err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, err
	}
	if string(magics[:]) == magic {
		one, err := x.key.mayBeOne(x.row)
		if err != nil && !errors.Is(err, ErrErased) { // of what was erased the frames can still be looked at
			return nil, err
		}
		if !one && err == nil {
			x.report.Format = 1
			x.report.find(Finding{Fault: FaultStranger, Segment: -1, Bytes: x.size, What: otherFormat})
			return x.report, nil
		}
		return x.report, x.formatOne(ctx)
	}
	t, err := readManifest(x.src, x.size)
	if err != nil {
		return x.report, x.endless(err)
	}
	x.m, x.end = t.manifest, t.at
	x.tell(t)
	x.header, _, err = readHeader(x.src)
	if err != nil { // the alignment finds it changed; without it nothing can be opened
		x.header = header{samples: samplesPerPiece(x.m), pieces: 1, id: x.m.Part, suite: x.m.Suite}
	}
	if err := x.align(ctx); err != nil {
		return x.report, err
	}
	return x.report, x.open(ctx)
}

// samplesPerPiece guesses from a manifest what the header would say.
func samplesPerPiece(m *manifest) int {
	if m.Pieces == 0 {
		return segmentSamples
	}
	return int(max(m.Samples/int64(m.Pieces), 1))
}

// tell writes down what the manifest says, and what it says otherwise than the index.
func (x *examination) tell(t *tail) {
	m, r := t.manifest, x.report
	r.Suite, r.Head, r.Segments, r.Pieces = m.Suite, t.head, len(m.Segments), m.Pieces
	r.Length, r.Complete, r.Marks = timeOf(m.Samples), m.Complete, marksOf(m.Marks)
	at, size := t.at, x.size-t.at
	wrong := func(fault Fault, what string) {
		r.find(Finding{Fault: fault, Segment: -1, At: at, Bytes: size, What: what})
	}
	if x.row.Head != "" && x.row.Head != t.head {
		wrong(FaultHead, "the manifest is not the one whose head was kept")
	}
	if m.Part != x.row.ID {
		wrong(FaultStranger, "the manifest is that of another part")
	}
	if h := m.chained(); hex.EncodeToString(h[:]) != m.Chain {
		wrong(FaultChanged, "the chain in the manifest is broken")
	}
	if row := x.row; row.Call != "" && (row.Call != m.Call || row.Line != m.Line || row.Agent != m.Agent || row.Kind != m.Kind || row.Complete != m.Complete) {
		wrong(FaultRow, "the index speaks of another call, or of another end")
	}
	if x.size != x.row.Bytes {
		r.find(Finding{Fault: FaultRow, Segment: -1, At: 0, Bytes: x.size, What: fmt.Sprintf("the index says %d bytes", x.row.Bytes)})
	}
}

// endless looks at a file whose manifest cannot be read: it was cut off, or altered itself.
func (x *examination) endless(cause error) error {
	if _, err := x.src.ReadAt(make([]byte, 1), 0); err != nil && x.size > 0 {
		return err // the disk, not the file
	}
	s, err := surveyFile(x.src, x.size)
	if s == nil {
		x.report.find(Finding{Fault: FaultChanged, Segment: -1, Bytes: x.size, What: err.Error()})
		return nil
	}
	samples := int64(s.header.samples)
	x.report.Suite, x.report.Segments, x.report.Length = s.header.suite, len(s.chain.segments), timeOf(s.slots*samples)
	f := Finding{
		Fault: FaultTruncated, Segment: int(s.slots) / s.header.pieces, From: timeOf(s.slots * samples), To: max(x.row.Duration, timeOf(s.slots*samples)),
		At: s.size, What: fmt.Sprintf("%v; it has %d bytes instead of %d", cause, x.size, x.row.Bytes),
	}
	if x.size >= x.row.Bytes || err != nil {
		f.Fault, f.Bytes = FaultChanged, x.size-s.size
		if err != nil {
			f.What = err.Error()
		}
	}
	x.report.find(f)
	return nil
}

const nameSummary = "summary"

// item is a range that the manifest speaks of.
type item struct {
	segment
	name string
}

func (x *examination) items() []item {
	out := []item{{segment{N: -1, Bytes: x.m.Opening, Hash: x.m.First}, "header and opening"}}
	for _, s := range x.m.Segments {
		out = append(out, item{s, ""})
	}
	if s := x.m.Summary; s != nil {
		out = append(out, item{*s, nameSummary})
	}
	return out
}

// finding is one of an item that lies, or should lie, at a byte of the file.
func (x *examination) finding(fault Fault, i item, at, size int64, what string) Finding {
	f := Finding{Fault: fault, Segment: i.N, At: at, Bytes: size, What: what}
	if i.N >= 0 {
		length := int64(x.header.pieces * x.header.samples)
		f.From = timeOf(min(int64(i.N)*length, x.m.Samples))
		f.To = timeOf(min(int64(i.N+1)*length, x.m.Samples))
	} else if f.What == "" {
		f.What = i.name
	}
	return f
}

// is tells whether an item lies at a byte.
func (x *examination) is(i item, at int64) (bool, error) {
	if at+i.Bytes > x.end {
		return false, nil
	}
	sum := sha256.New()
	if _, err := io.Copy(sum, io.NewSectionReader(x.src, at, i.Bytes)); err != nil {
		return false, err
	}
	return hex.EncodeToString(sum.Sum(nil)) == i.Hash, nil
}

// open proves every piece with the part's key, when it is at hand: this finds what was sealed by somebody else.
func (x *examination) open(ctx context.Context) error {
	if len(x.keys) == 0 {
		return nil
	}
	k, ok, err := x.key()
	if errors.Is(err, ErrErased) {
		return nil // the chain is all that is left to prove
	}
	if err != nil {
		return err
	}
	if !ok {
		x.report.find(Finding{Fault: FaultStranger, Segment: -1, Bytes: x.size, What: otherFormat})
		return nil
	}
	x.file, err = openV2(x.src, x.size, x.row.ID, "", &k, x.keys)
	if errors.Is(err, ErrWrongKey) {
		return err
	}
	if err != nil {
		if x.report.OK() {
			x.report.find(Finding{Fault: FaultChanged, Segment: -1, What: err.Error()})
		}
		return nil
	}
	if err := x.refine(); err != nil {
		return err
	}
	for _, s := range x.m.Segments {
		if err := ctx.Err(); err != nil {
			return err
		}
		x.openSegment(s)
	}
	x.report.Opened = true
	return nil
}

func (x *examination) openSegment(s segment) {
	if _, err := x.file.segment(s); err != nil {
		return // the alignment has it
	}
	for n := range x.header.pieces {
		slot := uint32(s.N*x.header.pieces + n)
		if _, _, err := x.file.piece(slot); err != nil {
			f := Finding{Fault: FaultStranger, Segment: s.N, At: s.At, Bytes: s.Bytes, What: err.Error()}
			f.From = timeOf(int64(slot) * int64(x.header.samples))
			f.To = f.From + timeOf(int64(x.header.samples))
			x.report.find(f)
		}
	}
	x.openMarks(s)
}

// openMarks proves the frames of marks: they are clear, but only the writer could make them.
func (x *examination) openMarks(s segment) {
	raw, err := x.file.read(s)
	if err != nil {
		return
	}
	ordinal, at := s.Frame, s.At
	for f := range framesOf(raw) {
		if f.slot == slotMarks {
			if _, err := x.file.env.unwrap(frameMarks, uint32(ordinal), f.body); err != nil {
				x.report.find(Finding{Fault: FaultStranger, Segment: s.N, At: at, Bytes: int64(len(f.body)) + frameHeader, What: "marks: " + err.Error()})
			}
		}
		ordinal, at = ordinal+1, at+int64(len(f.body))+frameHeader
	}
}

// formatOne examines a file of the first format: it has no chain to look at without a key.
func (x *examination) formatOne(ctx context.Context) error {
	r := x.report
	r.Format, r.Suite = 1, AgeSuite{}.Name()
	if x.size != x.row.Bytes {
		r.find(Finding{Fault: FaultRow, Segment: -1, Bytes: x.size, What: fmt.Sprintf("the index says %d bytes", x.row.Bytes)})
	}
	if len(x.keys) == 0 {
		l, err := scan(x.src, x.size)
		if err != nil || l.size != x.size {
			r.find(Finding{Fault: FaultChanged, Segment: -1, Bytes: x.size, What: "its frames do not fit"})
		}
		return nil
	}
	f, err := openV1(x.src, x.size, x.row.ID, x.row.Complete, identities(x.keys))
	if wrong, ok := errors.AsType[*ErrTampered](err); ok {
		r.find(Finding{Fault: FaultChanged, Segment: -1, Bytes: x.size, What: wrong.Error()})
		return nil
	}
	if err != nil {
		return err
	}
	if _, err := newPlayback(f, x.row); err != nil {
		r.find(Finding{Fault: FaultRow, Segment: -1, Bytes: x.size, What: err.Error()})
	}
	r.Pieces, r.Length, r.Complete = len(f.layout.audio()), timeOf(f.samples), f.summary != nil
	for n, piece := range f.layout.audio() {
		if err := ctx.Err(); err != nil {
			return err
		}
		if _, err := f.decode(n); err != nil {
			from := time.Duration(piece.slot) * timeOf(int64(f.layout.samples))
			r.find(Finding{
				Fault: FaultChanged, Segment: -1, From: from, To: from + timeOf(int64(f.layout.samples)), At: piece.offset, Bytes: int64(piece.length), What: err.Error(),
			})
		}
	}
	r.Opened = true
	return nil
}
