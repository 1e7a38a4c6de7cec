package recordings

import (
	"encoding/binary"
	"errors"
	"io"
)

const (
	wavHeader  = 44
	frameBytes = 2 * sides // of one sample of WAV: 16 bit, both sides
)

// WAV is a recording as a WAV file (PCM, 16 bit, 8 kHz, stereo: left the counsellor, right what the counsellor heard) whose size is known
// at once. What is missing is silence. ReadAt is safe for concurrent use, Read and Seek are not.
type WAV struct {
	samples int64
	frames  func(b []byte, at int64) (int, error)
	at      int64
}

// Compile-time proof of what is promised above.
var (
	_ io.ReadSeeker = (*WAV)(nil)
	_ io.ReaderAt   = (*WAV)(nil)
)

// Size is the length of the file in bytes.
func (w *WAV) Size() int64 { return wavHeader + w.samples*frameBytes }

// Read reads on.
func (w *WAV) Read(b []byte) (int, error) {
	n, err := w.ReadAt(b, w.at)
	w.at += int64(n)
	if n > 0 && errors.Is(err, io.EOF) {
		err = nil
	}
	return n, err
}

// Seek sets where Read goes on.
func (w *WAV) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += w.at
	case io.SeekEnd:
		offset += w.Size()
	}
	if offset < 0 || whence < io.SeekStart || whence > io.SeekEnd {
		return w.at, errors.New("recordings: seek before the beginning")
	}
	w.at = offset
	return offset, nil
}

// ReadAt reads a range.
func (w *WAV) ReadAt(b []byte, off int64) (int, error) {
	if off < 0 {
		return 0, errors.New("recordings: read before the beginning")
	}
	n := 0
	if off < wavHeader {
		n = copy(b, appendWAVHeader(nil, w.samples)[off:])
	}
	end := min(off+int64(len(b)), w.Size())
	for at := off + int64(n); at < end; {
		k, err := w.readSome(b[n:min(int64(n)+end-at, int64(len(b)))], at-wavHeader)
		n, at = n+k, at+int64(k)
		if err != nil {
			return n, err
		}
	}
	if n < len(b) {
		return n, io.EOF
	}
	return n, nil
}

// readSome reads from a byte of the data on, which may lie within a frame.
func (w *WAV) readSome(b []byte, at int64) (int, error) {
	if at%frameBytes == 0 && len(b) >= frameBytes {
		k, err := w.frames(b[:len(b)/frameBytes*frameBytes], at/frameBytes)
		return k * frameBytes, err
	}
	var one [frameBytes]byte
	if k, err := w.frames(one[:], at/frameBytes); k == 0 {
		return 0, err
	}
	return copy(b, one[at%frameBytes:]), nil
}

// appendWAVHeader is that of a canonical WAV file.
func appendWAVHeader(b []byte, samples int64) []byte {
	data := uint32(samples * frameBytes) // 24 h at 32 kB/s stay below 4 GiB
	b = append(b, "RIFF"...)
	b = binary.LittleEndian.AppendUint32(b, wavHeader-8+data)
	b = append(b, "WAVEfmt "...)
	b = binary.LittleEndian.AppendUint32(b, 16)
	b = binary.LittleEndian.AppendUint16(b, 1) // PCM
	b = binary.LittleEndian.AppendUint16(b, sides)
	b = binary.LittleEndian.AppendUint32(b, Rate)
	b = binary.LittleEndian.AppendUint32(b, Rate*frameBytes)
	b = binary.LittleEndian.AppendUint16(b, frameBytes)
	b = binary.LittleEndian.AppendUint16(b, 16)
	b = append(b, "data"...)
	return binary.LittleEndian.AppendUint32(b, data)
}
