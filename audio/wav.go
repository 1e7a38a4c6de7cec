package audio

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
)

// MaxWAVBytes bounds what ReadWAV takes into memory: one hour of stereo at 48 kHz.
const MaxWAVBytes = 48000 * 2 * 2 * 3600

// WAV is RIFF with little-endian chunks: Multimedia Programming Interface and Data Specifications 1.0 (1991), chapter 3. It is read
// here rather than by github.com/go-audio/wav, which allocates whatever size a chunk claims (a fuzz target found it).
const (
	formatPCM        = 1
	formatExtensible = 0xfffe
	fmtBytes         = 16 // of a PCM format chunk; longer ones begin alike
)

// Clip is sound in memory: one slice of samples a channel, all of one length.
type Clip struct {
	Rate     int // Hz
	Channels [][]int16
}

// ReadWAV reads integer PCM of 8, 16, 24 or 32 bits. Samples are scaled to 16 bits.
func ReadWAV(r io.Reader) (Clip, error) {
	data, err := io.ReadAll(io.LimitReader(r, MaxWAVBytes+1))
	if err != nil {
		return Clip{}, fmt.Errorf("audio: read wav: %w", err)
	}
	if len(data) > MaxWAVBytes {
		return Clip{}, fmt.Errorf("audio: wav is larger than %d bytes", MaxWAVBytes)
	}
	if len(data) < 12 || string(data[:4]) != "RIFF" || string(data[8:12]) != "WAVE" {
		return Clip{}, errors.New("audio: not a wav file")
	}
	var format []byte
	for rest := data[12:]; len(rest) >= 8; {
		name, size := string(rest[:4]), int(binary.LittleEndian.Uint32(rest[4:8]))
		body := rest[8:]
		body = body[:min(size, len(body))] // a file that is cut short, or was written to a pipe, claims more than it has
		switch {
		case name == "fmt " && len(body) >= fmtBytes:
			format = body
		case name == "data" && format == nil:
			return Clip{}, errors.New("audio: wav without a format before its sound")
		case name == "data":
			return samples(format, body)
		}
		rest = rest[min(len(rest), 8+size+size%2):] // chunks are padded to an even length
	}
	return Clip{}, errors.New("audio: wav without sound")
}

func samples(format, data []byte) (Clip, error) {
	le := binary.LittleEndian
	kind, n, rate, bits := le.Uint16(format), int(le.Uint16(format[2:])), int(le.Uint32(format[4:])), int(le.Uint16(format[14:]))
	switch {
	case kind != formatPCM && kind != formatExtensible:
		return Clip{}, fmt.Errorf("audio: wav format %d is not integer PCM; convert it, for example with sox", kind)
	case bits != 8 && bits != 16 && bits != 24 && bits != 32:
		return Clip{}, fmt.Errorf("audio: wav of %d bits; 8, 16, 24 or 32 are understood", bits)
	case n < 1 || n > 8 || rate < 1000 || rate > 192000:
		return Clip{}, fmt.Errorf("audio: wav with %d channels at %d Hz is not speech", n, rate)
	}
	width := bits / 8
	frames := len(data) / (width * n)
	clip := Clip{Rate: rate, Channels: make([][]int16, n)}
	for c := range clip.Channels {
		clip.Channels[c] = make([]int16, frames)
		for i := range frames {
			at := (i*n + c) * width
			clip.Channels[c][i] = to16(data[at : at+width])
		}
	}
	return clip, nil
}

// to16 takes the upper 16 bits of a sample; one of 8 bits is unsigned with 128 as zero, the others are signed.
func to16(sample []byte) int16 {
	if len(sample) == 1 {
		return (int16(sample[0]) - 128) << 8
	}
	return int16(binary.LittleEndian.Uint16(sample[len(sample)-2:]))
}

// WriteWAV writes 16-bit PCM.
func WriteWAV(w io.Writer, clip Clip) error {
	n := len(clip.Channels)
	if n == 0 {
		return errors.New("audio: write wav: no channel")
	}
	frames := len(clip.Channels[0])
	size := frames * n * 2
	if size > MaxWAVBytes {
		return fmt.Errorf("audio: write wav: longer than %d bytes", MaxWAVBytes)
	}
	b := bytes.NewBuffer(make([]byte, 0, 44+size))
	put := func(v any) { _ = binary.Write(b, binary.LittleEndian, v) } // a buffer takes everything
	b.WriteString("RIFF")
	put(uint32(36 + size))
	b.WriteString("WAVEfmt ")
	put([]uint32{fmtBytes})
	put([]uint16{formatPCM, uint16(n)})
	put([]uint32{uint32(clip.Rate), uint32(clip.Rate * n * 2)})
	put([]uint16{uint16(n * 2), 16})
	b.WriteString("data")
	put(uint32(size))
	for i := range frames {
		for _, c := range clip.Channels {
			if len(c) != frames {
				return errors.New("audio: write wav: channels of different length")
			}
			b.Write([]byte{byte(c[i]), byte(uint16(c[i]) >> 8)})
		}
	}
	if _, err := w.Write(b.Bytes()); err != nil {
		return fmt.Errorf("audio: write wav: %w", err)
	}
	return nil
}

// LoadSpeech reads a WAV file of any usual form as telephone speech: mono, 8 kHz.
func LoadSpeech(file string) ([]int16, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, fmt.Errorf("audio: open wav: %w", err)
	}
	defer func() { _ = f.Close() }()
	clip, err := ReadWAV(f)
	if err != nil {
		return nil, err
	}
	return Resample(clip.Mono(), clip.Rate, Rate), nil
}

// Mono is the mean of all channels.
func (c Clip) Mono() []int16 {
	if len(c.Channels) == 1 {
		return c.Channels[0]
	}
	if len(c.Channels) == 0 {
		return nil
	}
	mono := make([]int16, len(c.Channels[0]))
	for i := range mono {
		sum := 0
		for _, ch := range c.Channels {
			sum += int(ch[i])
		}
		mono[i] = int16(sum / len(c.Channels))
	}
	return mono
}
