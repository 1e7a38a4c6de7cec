package recordings

import "slices"

// refine looks into segments that were changed in their place: with the key each frame proves itself, so what is wrong is told to half a
// second instead of ten.
func (x *examination) refine() error {
	var out []Finding
	for _, f := range x.report.Findings {
		n, ok := x.m.find(f.Segment)
		if f.Fault != FaultChanged || !ok || f.At != x.m.Segments[n].At || f.Bytes != x.m.Segments[n].Bytes {
			out = append(out, f)
			continue
		}
		fine, err := x.wrongFrames(x.m.Segments[n])
		if err != nil {
			return err
		}
		if len(fine) == 0 {
			fine = []Finding{f}
		}
		out = append(out, fine...)
	}
	x.report.Findings = out
	return nil
}

// wrongFrames are the frames of a segment that are not what was sealed. None when they cannot be told apart.
func (x *examination) wrongFrames(s segment) (out []Finding, err error) {
	raw := make([]byte, s.Bytes)
	if err := readFull(x.src, raw, s.At); err != nil {
		return nil, err
	}
	frames := slices.Collect(framesOf(raw))
	at, whole := s.At, int64(0)
	pieces := 0
	for i, f := range frames {
		size := int64(len(f.body)) + frameHeader
		what := x.wrong(f, s.Frame+i)
		if f.slot != slotMarks {
			pieces++
		}
		if what != "" {
			wrong := Finding{Fault: FaultChanged, Segment: s.N, At: at, Bytes: size, What: what}
			if x.header.fits(f.slot) && x.header.segmentOf(f.slot) == s.N {
				wrong.From = timeOf(int64(f.slot) * int64(x.header.samples))
				wrong.To = min(wrong.From+timeOf(int64(x.header.samples)), timeOf(x.m.Samples))
			}
			out = append(out, wrong)
		}
		at, whole = at+size, whole+size
	}
	if whole != s.Bytes || pieces != s.Pieces { // a length was altered: where frames begin is not known any more
		return nil, nil
	}
	return out, nil
}

// wrong tells what is wrong with a frame in the place of an ordinal; nothing when it is what the recorder made.
func (x *examination) wrong(f rawFrame, ordinal int) string {
	if f.slot == slotMarks {
		if _, err := x.file.env.unwrap(frameMarks, uint32(ordinal), f.body); err != nil {
			return "marks: " + err.Error()
		}
		return ""
	}
	body, err := x.file.open(frameAudio, ordinal, f.body)
	if err != nil {
		return err.Error()
	}
	if c, err := decodeChunk(body); err != nil || c.slot != f.slot {
		return "its slot was altered"
	}
	return ""
}
