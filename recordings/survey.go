package recordings

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
)

// survey is what the clear parts of a file of format 2 tell from its beginning on, without its manifest and without any key.
type survey struct {
	header header
	chain  chain
	book   markBook
	frames []frame // all, in order; slot tells what they are
	slots  int64   // one past the last slot of audio
	missed []span  // slots of audio that are missing between others
	size   int64   // of the whole frames; what follows was cut off
	ended  bool    // the last of them is a manifest
	closed int64   // where the summary begins; 0: there is none
}

// surveyFile reads a file once. A frame that the end of the file cuts off is left out: that is what a killed recorder leaves. Anything
// else that does not fit is an error, and what was read before it stays in the survey.
func surveyFile(r io.ReaderAt, size int64) (*survey, error) {
	h, at, err := readHeader(r)
	if err != nil {
		return nil, err
	}
	s := &survey{header: h, size: at}
	in := bufio.NewReaderSize(io.NewSectionReader(r, at, size-at), int(min(max(size-at, 16), 256<<10)))
	for {
		f, err := s.next(in, size)
		if f == nil || err != nil {
			return s, err
		}
		if err := s.take(r, f); err != nil {
			return s, err
		}
	}
}

// next reads one frame with its header; nil at the end.
func (s *survey) next(in io.Reader, size int64) ([]byte, error) {
	var head [frameHeader]byte
	if _, err := io.ReadFull(in, head[:]); errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	length, slot := binary.BigEndian.Uint32(head[:]), binary.BigEndian.Uint32(head[4:])
	if length > s.header.longest(slot) || !s.fits(slot) {
		return nil, fmt.Errorf("frame %d: malformed", len(s.frames))
	}
	if s.size+frameHeader+int64(length) > size {
		return nil, nil
	}
	b := make([]byte, frameHeader+length)
	copy(b, head[:])
	if _, err := io.ReadFull(in, b[frameHeader:]); err != nil {
		return nil, err
	}
	return b, nil
}

// fits tells whether a frame of that slot may come next.
func (s *survey) fits(slot uint32) bool {
	switch {
	case len(s.frames) == 0:
		return slot == slotOpening
	case s.ended:
		return false
	case slot == slotManifest:
		return true
	case s.closed != 0 || slot == slotOpening:
		return false
	case slot == slotSummary || slot == slotMarks:
		return true
	}
	return int64(slot) >= s.slots && s.header.fits(slot)
}

func (s *survey) take(r io.ReaderAt, b []byte) error {
	slot := binary.BigEndian.Uint32(b[4:])
	switch slot {
	case slotOpening:
		head := make([]byte, s.size)
		if err := readFull(r, head, 0); err != nil {
			return err
		}
		s.chain.begin(head, b)
	case slotMarks:
		s.marks(b[frameHeader:])
		s.chain.marks(b)
	case slotSummary:
		s.closed = s.size
	case slotManifest:
		s.ended = true
	default:
		if int64(slot) > s.slots {
			s.missed = append(s.missed, span{s.slots, int64(slot)})
		}
		s.slots = int64(slot) + 1
		s.chain.audio(s.header.segmentOf(slot), b)
	}
	s.frames = append(s.frames, frame{s.size + frameHeader, len(b) - frameHeader, slot})
	s.size += int64(len(b))
	return nil
}

// marks takes in what a frame of marks says; a malformed one says nothing, the examination finds it.
func (s *survey) marks(plain []byte) {
	e := envelope{id: s.header.id}
	body, ok := e.clearBody(plain)
	var marks []markAt
	if !ok || json.Unmarshal(body, &marks) != nil {
		return
	}
	for _, m := range marks {
		s.book.fold(m)
	}
}

// manifest is what the survey can say of a part that lost its writer: its exact end, and gaps within pieces, only the seals know. It lasted at least
// until its last mark: a full disk that had no room for speech may have had some for the mark of it. The last moments, which the writer had not yet
// sealed, are a mark. One that the recorder left because of the disk ends where it says so: what it has beyond that is said by the next part.
func (s *survey) manifest(meta Meta) *manifest {
	var g gapCount
	for _, m := range s.book.all {
		if m.Kind == MarkPaused {
			g.paused = append(g.paused, span{m.From, endOf(m)})
		}
	}
	samples := min(s.slots*int64(s.header.samples), maxSamples)
	for _, missed := range s.missed {
		for side := range Side(sides) {
			g.add(side, missed.from*int64(s.header.samples), missed.to*int64(s.header.samples))
		}
	}
	left, last := s.leftAt(samples)
	if !left {
		last = s.lastMark()
	}
	if last > samples {
		for side := range Side(sides) {
			g.add(side, samples, last)
		}
		samples = last
	}
	g.close()
	m := newManifest(&s.header, &s.chain, meta)
	m.Samples, m.Marks = samples, s.book.closed(samples)
	m.Gaps, m.GapCount, m.GapSamples = g.list, g.runs, g.samples
	if left {
		m.Marks = slices.DeleteFunc(m.Marks, func(beyond markAt) bool { return beyond.From >= samples && !beyond.isSeam(samples) })
		for i := range m.Marks {
			m.Marks[i].N = i
		}
	}
	extras := lostMarks(g.list, m.Marks)
	if !left {
		extras = append(extras, markAt{Kind: MarkGap, From: samples, To: samples, Code: GapRestart})
	}
	for _, extra := range extras {
		if len(m.Marks) < maxMarks {
			extra.N = len(m.Marks)
			m.Marks = append(m.Marks, extra)
		}
	}
	return m
}

// leftAt is where the recorder says that it left the part because of the disk, at its last piece or after it. The same mark at its very beginning says that
// it goes on from another.
func (s *survey) leftAt(samples int64) (left bool, at int64) {
	for _, m := range s.book.all {
		if m.From > 0 && m.From >= max(samples, at) && m.isSeam(m.From) {
			left, at = true, m.From
		}
	}
	return left, at
}

// lastMark is the newest moment that a mark of the recorder's own speaks of.
func (s *survey) lastMark() (last int64) {
	for _, m := range s.book.all {
		if m.Kind == MarkGap || m.Kind == MarkPaused {
			last = max(last, m.From, m.To)
		}
	}
	return min(last, maxSamples)
}

func endOf(m markAt) int64 {
	if m.To == openEnd {
		return maxSamples
	}
	return m.To
}

// orphan is a file whose writer is gone.
type orphan interface {
	io.ReaderAt
	io.WriterAt
	Truncate(size int64) error
	Sync() error
}

// closeOrphan brings a part that lost its writer to an end: the frame that was cut off goes, and a manifest says what is left. A part
// that has its manifest stays as it is. Without any key: what cannot be known is left out. Repeating it is harmless.
func closeOrphan(f orphan, size int64, meta Meta) (*manifest, error) {
	s, err := surveyFile(f, size)
	if err != nil {
		return nil, err
	}
	if s.ended && s.size == size {
		t, err := readManifest(f, size)
		if err != nil {
			return nil, err
		}
		return t.manifest, nil
	}
	if len(s.frames) == 0 {
		return nil, errors.New("it has no opening")
	}
	end := s.size
	if s.closed != 0 { // the summary is of no use without the manifest that it proves
		end = s.closed
	}
	m := s.manifest(meta)
	body, err := m.encode()
	if err != nil {
		return nil, err
	}
	if err := f.Truncate(end); err != nil {
		return nil, err
	}
	if _, err := f.WriteAt(frameOf(slotManifest, body), end); err != nil {
		return nil, err
	}
	return m, f.Sync()
}

// adoptFile brings a part of either format that lost its writer to an end, and returns what is known of it then.
func adoptFile(f orphan, size int64, side sidecar) (sidecar, error) {
	var magics [len(magic)]byte
	if err := readFull(f, magics[:], 0); err != nil {
		return side, err
	}
	if string(magics[:]) != magic {
		m, err := closeOrphan(f, size, side.meta())
		if err != nil {
			return side, err
		}
		return sidecarOf(m), nil
	}
	l, err := scan(f, size)
	if err != nil {
		return side, err
	}
	side.Chunks, side.DurationMS, side.Complete = len(l.audio()), timeOf(l.span()).Milliseconds(), false
	return side, errors.Join(f.Truncate(l.size), f.Sync())
}
