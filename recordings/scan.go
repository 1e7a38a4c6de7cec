package recordings

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"io"
)

// frame is where one sealed piece lies in the file.
type frame struct {
	offset int64 // of the sealed bytes
	length int
	slot   uint32
}

// layout is what the clear parts of a file tell, without any key.
type layout struct {
	id      string
	samples int     // of a full chunk
	frames  []frame // opening, audio, and perhaps the summary
	size    int64   // of the whole frames; what follows is a frame that was cut off
	digest  [sha256.Size]byte
}

func (l *layout) closed() bool {
	return len(l.frames) > 1 && l.frames[len(l.frames)-1].slot == slotSummary
}

// audio are the frames that hold audio; frame i has the ordinal i+1.
func (l *layout) audio() []frame {
	if len(l.frames) == 0 {
		return nil
	}
	end := len(l.frames)
	if l.closed() {
		end--
	}
	return l.frames[1:end]
}

// span is how many samples the slots reach to when the last chunk is full.
func (l *layout) span() int64 {
	a := l.audio()
	if len(a) == 0 {
		return 0
	}
	return (int64(a[len(a)-1].slot) + 1) * int64(l.samples)
}

// scan reads the clear parts. A frame that the end of the file cuts off is left out: that is what a killed recorder leaves. Anything
// else that does not fit is an error.
func scan(r io.ReaderAt, size int64) (*layout, error) {
	head := make([]byte, len(magic)+4+1)
	if err := readFull(r, head, 0); err != nil {
		return nil, fmt.Errorf("header: %w", err)
	}
	if string(head[:len(magic)]) != magic {
		return nil, errors.New("header: not a recording")
	}
	l := &layout{samples: int(binary.BigEndian.Uint32(head[len(magic):]))}
	if l.samples < 1 || l.samples > maxChunkSamples {
		return nil, errors.New("header: malformed")
	}
	id := make([]byte, head[len(head)-1])
	if err := readFull(r, id, int64(len(head))); err != nil {
		return nil, fmt.Errorf("header: %w", err)
	}
	l.id = string(id)
	if err := validID(l.id); err != nil {
		return nil, errors.New("header: malformed id")
	}
	sum := sha256.New()
	sum.Write(head)
	sum.Write(id)
	if err := l.scanFrames(r, int64(len(head)+len(id)), size, sum); err != nil {
		return nil, err
	}
	return l, nil
}

func (l *layout) scanFrames(r io.ReaderAt, at, size int64, sum hash.Hash) error {
	longest := uint32(l.samples*sides + maxGaps*gapSize + maxMeta + ageOverhead)
	var b [frameHeader]byte
	for l.size = at; at+frameHeader <= size; l.size = at {
		if err := readFull(r, b[:], at); err != nil {
			return fmt.Errorf("frame %d: %w", len(l.frames), err)
		}
		length, slot := binary.BigEndian.Uint32(b[:]), binary.BigEndian.Uint32(b[4:])
		if length > longest || !l.fits(slot) {
			return fmt.Errorf("frame %d: malformed", len(l.frames))
		}
		if at+frameHeader+int64(length) > size {
			break
		}
		l.frames = append(l.frames, frame{at + frameHeader, int(length), slot})
		at += frameHeader + int64(length)
		if slot == slotSummary {
			sum.Sum(l.digest[:0]) // the summary speaks of those before it
		}
		sum.Write(b[:])
	}
	return nil
}

// fits tells whether a frame of that slot may come next.
func (l *layout) fits(slot uint32) bool {
	switch {
	case len(l.frames) == 0:
		return slot == slotOpening
	case l.closed():
		return false
	case slot == slotSummary:
		return true
	case len(l.frames) > 1 && slot <= l.frames[len(l.frames)-1].slot:
		return false
	}
	return (int64(slot)+1)*int64(l.samples) <= maxSamples+int64(l.samples)
}

func readFull(r io.ReaderAt, b []byte, at int64) error {
	n, err := r.ReadAt(b, at)
	if n == len(b) {
		return nil
	}
	if err == nil || errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return err
}
