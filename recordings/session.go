package recordings

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"
)

// Session is an open recording: all parts of one call on one line of time, which begins with the first part. Where two parts run beside
// each other (a consultation), the one that began first is heard; where the recorder left one because of its disk, the one in which it went on. What lies
// between parts is silence and a marked gap. Pieces are decrypted when they are read, in memory only. Safe for concurrent use.
type Session struct {
	id      string
	parts   []*sessionPart
	samples int64
}

// sessionPart is a part at its place on the line.
type sessionPart struct {
	*Playback
	from int64        // samples
	next *sessionPart // in which the recorder went on because of the disk; nil: it did not
}

func (p *sessionPart) to() int64 { return p.from + p.samples }

// OpenCall opens a recording by its call id; a part that lost its call is a recording under the part's id. Errors: [ErrNotFound],
// [ErrErased], [ErrWrongKey], [*ErrTampered]. The caller checks who may hear it and writes the audit row before, and closes it after.
func (l *Library) OpenCall(ctx context.Context, recording string, keys ...SecretKey) (*Session, error) {
	if validID(recording) != nil {
		return nil, ErrNotFound
	}
	rows, err := l.index.ByCall(ctx, recording)
	if err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		r, err := l.index.Get(ctx, recording)
		if err != nil {
			return nil, err
		}
		if r.Call != "" {
			return nil, ErrNotFound // a part of another recording
		}
		rows = []Recording{r}
	}
	var parts []*Playback
	for _, r := range rows {
		p, err := l.Open(ctx, r.ID, keys...)
		if err != nil {
			return nil, errors.Join(err, closeAll(parts))
		}
		parts = append(parts, p)
	}
	return newSession(recording, parts), nil
}

func closeAll(parts []*Playback) error {
	var errs []error
	for _, p := range parts {
		errs = append(errs, p.Close())
	}
	return errors.Join(errs...)
}

// newSession lays parts on one line. A part whose clock was set back begins where the first one did; none begins beyond the longest line.
func newSession(id string, parts []*Playback) *Session {
	slices.SortStableFunc(parts, func(a, b *Playback) int { return a.Recording.Started.Compare(b.Recording.Started) })
	s := &Session{id: id}
	for _, p := range parts {
		at := samplesIn(p.Recording.Started.Sub(parts[0].Recording.Started))
		at = min(max(at, 0), maxSamples-p.samples)
		s.parts = append(s.parts, &sessionPart{Playback: p, from: at})
		s.samples = max(s.samples, at+p.samples)
	}
	s.join()
	return s
}

// ID is the recording's id.
func (s *Session) ID() string { return s.id }

// Parts are the rows of its parts, in order.
func (s *Session) Parts() []Recording {
	out := make([]Recording, 0, len(s.parts))
	for _, p := range s.parts {
		out = append(out, p.Recording)
	}
	return out
}

// Started is the time of sample 0.
func (s *Session) Started() time.Time { return s.parts[0].Recording.Started }

// Length is the whole line, gaps included.
func (s *Session) Length() time.Duration { return timeOf(s.samples) }

// Samples is the length in samples of 8 kHz.
func (s *Session) Samples() int64 { return s.samples }

// Timeline are all marks on the recording's line, in order, gaps within and between parts included.
func (s *Session) Timeline() []Mark {
	var out []Mark
	end, why := int64(0), GapBetween
	for _, p := range s.parts {
		if p.goesOn() {
			why = GapDisk // it begins because of that, and says so for both
			out = slices.DeleteFunc(out, func(m Mark) bool { return m.Kind == MarkGap && m.From == m.To && m.To == timeOf(end) })
		}
		if p.from > end {
			out = append(out, Mark{Kind: MarkGap, From: timeOf(end), To: timeOf(p.from), Code: why})
		}
		out = append(out, p.marks()...)
		if p.to() >= end {
			end, why = p.to(), GapBetween
			if !p.Recording.Complete {
				why = GapRestart
			}
		}
	}
	return sortMarks(out)
}

// run is what is heard from a sample on, and until where: a part, or nil for silence.
func (s *Session) run(at int64) (part *sessionPart, until int64) {
	until = s.samples
	for _, p := range s.parts {
		if p.from <= at && at < p.to() {
			return p.run(at)
		}
		if p.from > at {
			until = min(until, p.from)
		}
	}
	return nil, until
}

// ReadPCM reads one side from a sample (at 8 kHz) on. It returns how many samples it read; io.EOF at the end, [*ErrTampered] where a
// piece was altered.
func (s *Session) ReadPCM(side Side, from int64, dst []int16) (int, error) {
	if side >= sides || from < 0 {
		return 0, errors.New("recordings: read outside of the recording")
	}
	both := make([]byte, min(len(dst), Rate)*frameBytes)
	n := 0
	for n < len(dst) {
		k, err := s.readFrames(both[:min(len(dst)-n, Rate)*frameBytes], from+int64(n))
		for i := range k {
			dst[n+i] = int16(binary.LittleEndian.Uint16(both[i*frameBytes+int(side)*2:]))
		}
		n += k
		if err != nil {
			return n, err
		}
	}
	return n, nil
}

// readFrames reads interleaved samples of both sides, 16 bit little-endian. b holds whole frames.
func (s *Session) readFrames(b []byte, at int64) (int, error) {
	n := 0
	for n < len(b)/frameBytes {
		if at >= s.samples {
			return n, io.EOF
		}
		part, until := s.run(at)
		k := int(min(int64(len(b)/frameBytes-n), until-at))
		stretch := b[n*frameBytes : (n+k)*frameBytes]
		if part == nil {
			clear(stretch)
		} else if got, err := part.readFrames(stretch, at-part.from); got < k {
			return n + got, fmt.Errorf("recordings: read %s: %w", s.id, err)
		}
		n, at = n+k, at+int64(k)
	}
	return n, nil
}

// WAV is the whole recording as a WAV file; each call gives a reader of its own.
func (s *Session) WAV() *WAV { return &WAV{samples: s.samples, frames: s.readFrames} }

// Close closes the files and forgets what was decrypted.
func (s *Session) Close() error {
	var errs []error
	for _, p := range s.parts {
		errs = append(errs, p.Close())
	}
	return errors.Join(errs...)
}
