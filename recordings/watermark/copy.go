package watermark

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
)

const (
	sides  = 2
	sample = 2 // bytes
	step   = 100 * block * sides * sample
	fmtLen = 16
)

// Info is what the copy says of itself (RIFF INFO, Multimedia Programming Interface and Data Specifications 1.0, chapter 2).
type Info struct {
	Title    string // INAM
	Who      string // IART: for whom it was made
	When     string // ICRD
	Why      string // ICMT
	Source   string // ISRC: the number of the wish
	Approver string // ITCH
}

func (i Info) chunk() []byte {
	body := []byte("INFO")
	for _, f := range []struct{ id, text string }{
		{"INAM", i.Title}, {"IART", i.Who}, {"ICRD", i.When}, {"ICMT", i.Why}, {"ISRC", i.Source}, {"ITCH", i.Approver},
	} {
		if f.text == "" {
			continue
		}
		text := append([]byte(f.text), 0)
		body = append(body, f.id...)
		body = binary.LittleEndian.AppendUint32(body, uint32(len(text)))
		if body = append(body, text...); len(text)%2 == 1 {
			body = append(body, 0)
		}
	}
	return append(binary.LittleEndian.AppendUint32([]byte("LIST"), uint32(len(body))), body...)
}

// Copy is a marked copy of a stretch of stereo sound at 8000 Hz, as a WAV file.
type Copy struct {
	src    io.ReaderAt
	from   int64
	length int64 // bytes of sound
	head   []byte
	mark   *Marker
}

// NewCopy takes bytes of 16-bit little-endian samples, both sides in turn, from src: length of them from a place on.
func NewCopy(src io.ReaderAt, from, length int64, seed Seed, info Info) (*Copy, error) {
	about := info.chunk()
	if from < 0 || length <= 0 || from%(sides*sample) != 0 || length%(sides*sample) != 0 || length > math.MaxUint32-int64(len(about))-64 {
		return nil, fmt.Errorf("watermark: no stretch of sound: %d bytes from %d", length, from)
	}
	h := binary.LittleEndian.AppendUint32([]byte("RIFF"), uint32(4+8+fmtLen+len(about)+8+int(length)))
	h = append(h, "WAVEfmt "...)
	h = binary.LittleEndian.AppendUint32(h, fmtLen)
	h = binary.LittleEndian.AppendUint16(h, 1) // PCM
	h = binary.LittleEndian.AppendUint16(h, sides)
	h = binary.LittleEndian.AppendUint32(h, Rate)
	h = binary.LittleEndian.AppendUint32(h, Rate*sides*sample)
	h = binary.LittleEndian.AppendUint16(h, sides*sample)
	h = binary.LittleEndian.AppendUint16(h, 8*sample)
	h = append(h, about...)
	h = binary.LittleEndian.AppendUint32(append(h, "data"...), uint32(length))
	return &Copy{src, from, length, h, New(seed, sides)}, nil
}

// Size is the length of the file in bytes.
func (c *Copy) Size() int64 { return int64(len(c.head)) + c.length }

// Send writes the file, once. It holds two seconds of sound in memory.
func (c *Copy) Send(w io.Writer) error {
	if _, err := w.Write(c.head); err != nil {
		return err
	}
	buf, pcm := make([]byte, step), make([]int16, step/sample)
	defer clear(buf)
	for at := int64(0); at < c.length; {
		b := buf[:min(step, c.length-at)]
		if n, err := c.src.ReadAt(b, c.from+at); n < len(b) {
			return fmt.Errorf("watermark: read: %w", errors.Join(err, io.ErrUnexpectedEOF))
		}
		samples := pcm[:len(b)/sample]
		for i := range samples {
			samples[i] = int16(binary.LittleEndian.Uint16(b[i*sample:]))
		}
		c.mark.Mark(samples)
		for i, v := range samples {
			binary.LittleEndian.PutUint16(b[i*sample:], uint16(v))
		}
		if _, err := w.Write(b); err != nil {
			return err
		}
		at += int64(len(b))
	}
	return nil
}
