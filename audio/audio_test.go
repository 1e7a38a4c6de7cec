package audio_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"hotline/audio"
)

// TestG711 holds the tables against points of ITU-T G.711 and against each other.
func TestG711(t *testing.T) {
	for _, c := range []struct {
		codec   audio.Codec
		payload byte
		pcm     int16
	}{
		{audio.PCMA, 0xd5, 8}, {audio.PCMA, 0x55, -8}, {audio.PCMA, 0xaa, 32256}, {audio.PCMA, 0x2a, -32256},
		{audio.PCMU, 0xff, 0}, {audio.PCMU, 0x7f, 0}, {audio.PCMU, 0x80, 32124}, {audio.PCMU, 0x00, -32124},
	} {
		if got := c.codec.Decode(nil, []byte{c.payload})[0]; got != c.pcm {
			t.Errorf("%s %#x is %d, want %d", c.codec.Name(), c.payload, got, c.pcm)
		}
	}
	for _, codec := range []audio.Codec{audio.PCMA, audio.PCMU} {
		for b := range 256 {
			pcm := codec.Decode(nil, []byte{byte(b)})
			if again := codec.Decode(nil, codec.Encode(nil, pcm)); again[0] != pcm[0] {
				t.Errorf("%s %#x: %d becomes %d", codec.Name(), b, pcm[0], again[0])
			}
		}
		if s := codec.Decode(nil, []byte{codec.Silence()})[0]; s < -8 || s > 8 {
			t.Errorf("%s: silence is %d", codec.Name(), s)
		}
		for v := -32000; v <= 32000; v += 7 {
			got := int(codec.Decode(nil, codec.Encode(nil, []int16{int16(v)}))[0])
			if limit := max(16, int(math.Abs(float64(v)))/16); got < v-limit || got > v+limit {
				t.Fatalf("%s: %d becomes %d", codec.Name(), v, got)
			}
		}
	}
}

func TestToneTellsFrequenciesApart(t *testing.T) {
	for _, hz := range []float64{300, 440, 600, 1000, 1004, 1400, 3000} {
		for _, phase := range []int{0, 37, 1001} {
			pcm := audio.Sine(audio.Rate, hz, 0.5, phase, audio.FrameSamples)
			pcm = audio.PCMA.Decode(nil, audio.PCMA.Encode(nil, pcm))
			if got := audio.Tone(pcm, audio.Rate, hz); got < 0.95 {
				t.Errorf("%v Hz from %d: %.2f of itself", hz, phase, got)
			}
			for _, other := range []float64{200, 800, 2000, 2500} {
				if got := audio.Tone(pcm, audio.Rate, other); math.Abs(other-hz) >= 150 && got > 0.1 {
					t.Errorf("%v Hz: %.2f of %v Hz", hz, got, other)
				}
			}
		}
	}
}

func TestToneOfOtherThings(t *testing.T) {
	noise := make([]int16, 1600)
	for i := range noise {
		noise[i] = int16(rand.IntN(20000) - 10000)
	}
	both := audio.Sine(audio.Rate, 440, 0.3, 0, 1600)
	for i, v := range audio.Sine(audio.Rate, 1000, 0.3, 0, 1600) {
		both[i] += v
	}
	for name, c := range map[string]struct {
		pcm      []int16
		low, hig float64
	}{
		"nothing": {nil, 0, 0}, "silence": {make([]int16, 160), 0, 0},
		"comfort noise": {audio.Sine(audio.Rate, 440, 0.0005, 0, 160), 0, 0},
		"noise":         {noise, 0, 0.1}, "one of two": {both, 0.45, 0.55},
	} {
		if got := audio.Tone(c.pcm, audio.Rate, 440); got < c.low || got > c.hig {
			t.Errorf("%s: %.3f, want %.2f to %.2f", name, got, c.low, c.hig)
		}
	}
}

func TestSineJoins(t *testing.T) {
	whole := audio.Sine(audio.Rate, 441, 0.5, 0, 320)
	halves := append(audio.Sine(audio.Rate, 441, 0.5, 0, 160), audio.Sine(audio.Rate, 441, 0.5, 160, 160)...)
	for i := range whole {
		if whole[i] != halves[i] {
			t.Fatalf("sample %d: %d and %d", i, whole[i], halves[i])
		}
	}
	if l := audio.Level(whole); math.Abs(l-0.5/math.Sqrt2) > 0.01 {
		t.Errorf("level %.3f", l)
	}
}

func TestResample(t *testing.T) {
	for _, rate := range []int{8000, 11025, 16000, 22050, 44100, 48000} {
		pcm := audio.Resample(audio.Sine(rate, 1000, 0.5, 0, rate), rate, audio.Rate)
		if d := len(pcm) - audio.Rate; d < -1 || d > 1 {
			t.Errorf("%d Hz: one second becomes %d samples", rate, len(pcm))
		}
		middle := pcm[800 : len(pcm)-800]
		if got := audio.Tone(middle, audio.Rate, 1000); got < 0.99 {
			t.Errorf("%d Hz: tone %.3f", rate, got)
		}
		if l := audio.Level(middle); math.Abs(l-0.5/math.Sqrt2) > 0.02 {
			t.Errorf("%d Hz: level %.3f", rate, l)
		}
		if rate < 16000 {
			continue
		}
		if l := audio.Level(audio.Resample(audio.Sine(rate, 6000, 0.5, 0, rate), rate, audio.Rate)[800:7200]); l > 0.01 {
			t.Errorf("%d Hz: 6 kHz is folded back with level %.3f", rate, l)
		}
	}
	if got := audio.Resample(nil, 44100, 8000); len(got) != 0 {
		t.Error("nothing becomes something")
	}
}

func TestWAVRoundTrip(t *testing.T) {
	left, right := audio.Sine(16000, 440, 0.5, 0, 1600), audio.Sine(16000, 1000, 0.5, 0, 1600)
	file := filepath.Join(t.TempDir(), "x.wav")
	f, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := audio.WriteWAV(f, audio.Clip{Rate: 16000, Channels: [][]int16{left, right}}); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		t.Fatal(err)
	}
	clip, err := audio.ReadWAV(f)
	if err != nil || clip.Rate != 16000 || len(clip.Channels) != 2 {
		t.Fatal(clip.Rate, len(clip.Channels), err)
	}
	for i := range left {
		if clip.Channels[0][i] != left[i] || clip.Channels[1][i] != right[i] {
			t.Fatalf("sample %d differs", i)
		}
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	speech, err := audio.LoadSpeech(file)
	if err != nil || len(speech) != 800 {
		t.Fatal(len(speech), err)
	}
	if a, b := audio.Tone(speech, audio.Rate, 440), audio.Tone(speech, audio.Rate, 1000); a < 0.4 || b < 0.4 {
		t.Errorf("440 Hz %.2f, 1000 Hz %.2f; want both", a, b)
	}
	if err := audio.WriteWAV(f, audio.Clip{Rate: 8000}); err == nil {
		t.Error("a clip without channels was written")
	}
}

// wavOf builds a WAV file by hand (RIFF, one fmt and one data chunk).
func wavOf(format, channels, rate, bits int, data []byte) []byte {
	var b bytes.Buffer
	le := func(v any) { _ = binary.Write(&b, binary.LittleEndian, v) }
	b.WriteString("RIFF")
	le(uint32(36 + len(data)))
	b.WriteString("WAVEfmt ")
	le(uint32(16))
	le(uint16(format))
	le(uint16(channels))
	le(uint32(rate))
	le(uint32(rate * channels * bits / 8))
	le(uint16(channels * bits / 8))
	le(uint16(bits))
	b.WriteString("data")
	le(uint32(len(data)))
	b.Write(data)
	return b.Bytes()
}

func TestWAVDepths(t *testing.T) {
	for bits, c := range map[int]struct {
		data []byte
		want []int16
	}{
		8:  {[]byte{0, 128, 255}, []int16{-32768, 0, 32512}},
		16: {[]byte{0, 0x80, 0, 0, 0xff, 0x7f}, []int16{-32768, 0, 32767}},
		24: {[]byte{0, 0, 0x80, 0, 0, 0, 0xff, 0xff, 0x7f}, []int16{-32768, 0, 32767}},
		32: {[]byte{0, 0, 0, 0x80, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0x7f}, []int16{-32768, 0, 32767}},
	} {
		clip, err := audio.ReadWAV(bytes.NewReader(wavOf(1, 1, 8000, bits, c.data)))
		if err != nil || len(clip.Channels) != 1 || fmt.Sprint(clip.Channels[0]) != fmt.Sprint(c.want) {
			t.Errorf("%d bits: %v %v, want %v", bits, clip.Channels, err, c.want)
		}
	}
	for name, data := range map[string][]byte{
		"empty": nil, "text": []byte("hello"), "float": wavOf(3, 1, 8000, 32, make([]byte, 8)),
		"nine channels": wavOf(1, 9, 8000, 16, make([]byte, 18)), "12 bits": wavOf(1, 1, 8000, 12, make([]byte, 6)),
		"no rate": wavOf(1, 1, 0, 16, make([]byte, 6)),
	} {
		if _, err := audio.ReadWAV(bytes.NewReader(data)); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestWAVOfAPipe(t *testing.T) {
	data := wavOf(1, 1, 8000, 16, []byte{1, 0, 2, 0, 3, 0})
	copy(data[40:], []byte{0xff, 0xff, 0xff, 0xff}) // length unknown when the header was written
	list := append([]byte("LIST"), 3, 0, 0, 0, 'a', 'b', 'c', 0)
	data = append(append(append([]byte{}, data[:12]...), list...), data[12:]...)
	clip, err := audio.ReadWAV(bytes.NewReader(data))
	if err != nil || fmt.Sprint(clip.Channels) != "[[1 2 3]]" {
		t.Errorf("%v %v", clip.Channels, err)
	}
}

func FuzzReadWAV(f *testing.F) {
	f.Add(wavOf(1, 1, 8000, 16, []byte{1, 2, 3, 4}))
	f.Add(wavOf(1, 2, 44100, 24, make([]byte, 12)))
	f.Add(wavOf(0xfffe, 1, 8000, 8, []byte{1, 2, 3}))
	f.Add([]byte("RIFF\x00\x00\x00\x00WAVE"))
	f.Fuzz(func(t *testing.T, data []byte) {
		clip, err := audio.ReadWAV(bytes.NewReader(data))
		if err != nil {
			return
		}
		for _, c := range clip.Channels {
			if len(c) != len(clip.Channels[0]) || len(c) > len(data) {
				t.Fatalf("%d samples of %d bytes", len(c), len(data))
			}
		}
		clip.Mono()
	})
}

func TestGaps(t *testing.T) {
	t0 := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	ms := func(n int) time.Time { return t0.Add(time.Duration(n) * time.Millisecond) }
	loud, quiet := audio.Sine(audio.Rate, 440, 0.5, 0, 160), make([]int16, 160)
	at := func(pcm []int16, times ...int) (ps []audio.Packet) {
		for _, n := range times {
			ps = append(ps, audio.Packet{At: ms(n), PCM: pcm})
		}
		return ps
	}
	tone := audio.HasTone(440, 0.9)
	for name, c := range map[string]struct {
		packets []audio.Packet
		heard   func(audio.Packet) bool
		want    string
	}{
		"none at all":              {nil, nil, "[0-200]"},
		"steady":                   {at(loud, 0, 20, 40, 60, 80, 100, 120, 140, 160, 180), tone, "[]"},
		"late, but within":         {at(loud, 0, 20, 95, 100, 120, 140, 160, 180), tone, "[]"},
		"a hole":                   {at(loud, 0, 20, 120, 140, 160, 180), tone, "[40-120]"},
		"missing beginning":        {at(loud, 100, 120, 140, 160, 180), tone, "[0-100]"},
		"missing end":              {at(loud, 0, 20, 40, 60), tone, "[80-200]"},
		"silence is no tone":       {append(at(loud, 0, 20, 40), at(quiet, 60, 80, 100, 120, 140, 160, 180)...), tone, "[60-200]"},
		"silence is packets":       {at(quiet, 0, 20, 40, 60, 80, 100, 120, 140, 160, 180), nil, "[]"},
		"packets outside":          {at(loud, -500, -40, 300), tone, "[0-200]"},
		"one that reaches into it": {at(loud, -10, 60, 120, 180), tone, "[]"},
	} {
		got := "["
		for i, g := range audio.Gaps(c.packets, t0, ms(200), 60*time.Millisecond, c.heard) {
			if i > 0 {
				got += " "
			}
			got += fmt.Sprintf("%d-%d", g.From.Sub(t0).Milliseconds(), g.To.Sub(t0).Milliseconds())
		}
		if got += "]"; got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
	gap := func(from, to int) []audio.Gap { return []audio.Gap{{From: ms(from), To: ms(to)}} }
	for name, c := range map[string]struct {
		gap, control []audio.Gap
		stays        bool
	}{
		"its own": {gap(0, 100), gap(200, 300), true}, "shared": {gap(0, 100), gap(10, 90), false},
		"mostly its own": {gap(0, 100), gap(80, 300), true}, "no control": {gap(0, 100), nil, true},
		"within the machine's": {gap(50, 150), gap(0, 200), false},
	} {
		if left := audio.Beyond(c.gap, c.control, 60*time.Millisecond); (len(left) == 1) != c.stays {
			t.Errorf("%s: %v", name, left)
		}
	}
	if n := len(audio.Speech(at(loud, 0, 20, 40), ms(10), ms(40))); n != 160 {
		t.Errorf("%d samples between 10 and 40 ms", n)
	}
}
