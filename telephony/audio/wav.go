package audio

import (
	"errors"
	"fmt"
	"io"
	"os"

	goaudio "github.com/go-audio/audio"
	"github.com/go-audio/wav"
)

// MaxWAVBytes bounds what ReadWAV takes into memory: one hour of stereo at 48 kHz.
const MaxWAVBytes = 48000 * 2 * 2 * 3600

// Clip is sound in memory: one slice of samples a channel, all of one length.
type Clip struct {
	Rate     int // Hz
	Channels [][]int16
}

// ReadWAV reads integer PCM of 8, 16, 24 or 32 bits. Samples are scaled to 16 bits.
func ReadWAV(r io.ReadSeeker) (Clip, error) {
	size, err := r.Seek(0, io.SeekEnd)
	if err != nil {
		return Clip{}, fmt.Errorf("audio: read wav: %w", err)
	}
	if size > MaxWAVBytes {
		return Clip{}, fmt.Errorf("audio: wav of %d bytes is larger than %d", size, int64(MaxWAVBytes))
	}
	if _, err := r.Seek(0, io.SeekStart); err != nil {
		return Clip{}, fmt.Errorf("audio: read wav: %w", err)
	}
	d := wav.NewDecoder(r)
	if !d.IsValidFile() {
		return Clip{}, errors.New("audio: not a wav file")
	}
	if d.WavAudioFormat != 1 && d.WavAudioFormat != 0xfffe {
		return Clip{}, fmt.Errorf("audio: wav format %d is not integer PCM; convert it, for example with sox", d.WavAudioFormat)
	}
	switch d.BitDepth {
	case 8, 16, 24, 32:
	default:
		return Clip{}, fmt.Errorf("audio: wav of %d bits; 8, 16, 24 or 32 are understood", d.BitDepth)
	}
	buf, err := d.FullPCMBuffer()
	if err != nil {
		return Clip{}, fmt.Errorf("audio: read wav: %w", err)
	}
	n := int(d.NumChans)
	if n < 1 || n > 8 || d.SampleRate < 1000 || d.SampleRate > 192000 {
		return Clip{}, fmt.Errorf("audio: wav with %d channels at %d Hz is not speech", n, d.SampleRate)
	}
	clip := Clip{Rate: int(d.SampleRate), Channels: make([][]int16, n)}
	frames := len(buf.Data) / n
	for c := range clip.Channels {
		clip.Channels[c] = make([]int16, frames)
		for i := range frames {
			clip.Channels[c][i] = to16(buf.Data[i*n+c], int(d.BitDepth))
		}
	}
	return clip, nil
}

// to16 scales a sample; 8-bit WAV is unsigned with 128 as zero, the others are signed.
func to16(v, bits int) int16 {
	switch bits {
	case 8:
		return int16((v - 128) << 8)
	case 24:
		return int16(v >> 8)
	case 32:
		return int16(v >> 16)
	}
	return int16(v)
}

// WriteWAV writes 16-bit PCM.
func WriteWAV(w io.WriteSeeker, clip Clip) error {
	n := len(clip.Channels)
	if n == 0 {
		return errors.New("audio: write wav: no channel")
	}
	frames := len(clip.Channels[0])
	data := make([]int, 0, frames*n)
	for i := range frames {
		for _, c := range clip.Channels {
			if len(c) != frames {
				return errors.New("audio: write wav: channels of different length")
			}
			data = append(data, int(c[i]))
		}
	}
	e := wav.NewEncoder(w, clip.Rate, 16, n, 1)
	buf := &goaudio.IntBuffer{Format: &goaudio.Format{NumChannels: n, SampleRate: clip.Rate}, Data: data, SourceBitDepth: 16}
	if err := e.Write(buf); err != nil {
		return fmt.Errorf("audio: write wav: %w", err)
	}
	if err := e.Close(); err != nil {
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
