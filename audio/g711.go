// Package audio is narrow-band speech as numbers: G.711, WAV files, resampling, tones and the proof of what was heard. It is a leaf
// and holds no state.
package audio

import "github.com/zaf/g711"

// Rate is the sampling rate of telephone speech, in Hz.
const Rate = 8000

// FrameSamples is 20 ms of speech, what one RTP packet carries.
const FrameSamples = Rate / 50

// Codec is one of the two laws of ITU-T G.711. Its value is the static RTP payload type (RFC 3551, table 4).
type Codec uint8

// The laws of G.711.
const (
	PCMU Codec = 0 // mu-law
	PCMA Codec = 8 // A-law
)

// Name is the encoding name of the codec in SDP.
func (c Codec) Name() string {
	if c == PCMU {
		return "PCMU"
	}
	return "PCMA"
}

// Encode appends one byte for each sample to dst.
func (c Codec) Encode(dst []byte, pcm []int16) []byte {
	for _, s := range pcm {
		if c == PCMU {
			dst = append(dst, g711.EncodeUlawFrame(s))
		} else {
			dst = append(dst, g711.EncodeAlawFrame(s))
		}
	}
	return dst
}

// Decode appends one sample for each byte to dst.
func (c Codec) Decode(dst []int16, payload []byte) []int16 {
	for _, b := range payload {
		if c == PCMU {
			dst = append(dst, g711.DecodeUlawFrame(b))
		} else {
			dst = append(dst, g711.DecodeAlawFrame(b))
		}
	}
	return dst
}

// Silence is the byte that says nothing in this codec.
func (c Codec) Silence() byte {
	if c == PCMU {
		return 0xff
	}
	return 0xd5
}
