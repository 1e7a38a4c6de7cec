package watermark

import (
	"bytes"
	"encoding/binary"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"hotline/audio"
)

// speech makes sound like a voice: a pulse through three resonances that wander, louder and softer, with pauses.
func speech(seed uint64, seconds int) []int16 {
	r := rand.New(rand.NewPCG(seed, 1))
	out := make([]int16, seconds*Rate)
	var y [3][2]float64
	formants := [3]float64{500, 1500, 2500}
	pitch, phase, loud := 120.0, 0.0, 0.0
	for i := range out {
		if i%800 == 0 {
			pitch, loud = 90+r.Float64()*120, r.Float64()
			if r.IntN(5) == 0 {
				loud = 0
			}
			for k := range formants {
				formants[k] = 400 + 900*float64(k) + r.Float64()*500
			}
		}
		phase += pitch / Rate
		v := r.NormFloat64() * 0.02
		if phase >= 1 {
			phase--
			v += 1
		}
		for k := range formants {
			a := 2 * 0.96 * math.Cos(2*math.Pi*formants[k]/Rate)
			n := v + a*y[k][0] - 0.9216*y[k][1]
			y[k][1], y[k][0] = y[k][0], n
			v = n * 0.3
		}
		out[i] = int16(min(max(v*loud*24000, -32000), 32000))
	}
	return audio.PCMA.Decode(nil, audio.PCMA.Encode(nil, out)) // as the telephone left it
}

func seedOf(n byte) (s Seed) {
	s[0], s[31] = n, 7
	return s
}

func marked(t *testing.T, l, r []int16, seed Seed) (left, right []int16) {
	t.Helper()
	both := make([]int16, 0, 2*len(l))
	for i := range l {
		both = append(both, l[i], r[i])
	}
	New(seed, 2).Mark(both)
	for i := 0; i < len(both); i += 2 {
		left, right = append(left, both[i]), append(right, both[i+1])
	}
	return left, right
}

func TestTheMarkIsFoundAgain(t *testing.T) {
	l, r := speech(1, 60), speech(2, 60)
	ml, mr := marked(t, l, r, seedOf(1))
	alaw := func(x []int16) []int16 { return audio.PCMA.Decode(nil, audio.PCMA.Encode(nil, x)) }
	scaled := func(x []int16, by float64) []int16 {
		out := make([]int16, len(x))
		for i, v := range x {
			out[i] = int16(float64(v) * by)
		}
		return out
	}
	mixed := make([]int16, len(ml))
	for i := range ml {
		mixed[i] = ml[i]/2 + mr[i]/2
	}
	cut := append(append([]int16{}, ml[:100_000]...), ml[133_337:]...)
	for name, sound := range map[string][][]int16{
		"as it was made": {ml, mr}, "ten seconds of it": {ml[60_001:140_001], mr[60_001:140_001]}, "one side": {ml}, "mixed down": {mixed},
		"by telephone": {alaw(ml), alaw(mr)}, "half as loud": {scaled(ml, 0.5), scaled(mr, 0.5)}, "a piece cut out": {cut},
		"at another rate and back": {audio.Resample(audio.Resample(ml, 8000, 44100), 44100, 8000)},
	} {
		s := Look(sound)
		if score := s.ScorePieces(seedOf(1)); score < Certain {
			t.Errorf("%s: %.1f", name, score)
		} else {
			t.Logf("%s: %.1f", name, score)
		}
		for n := byte(2); n < 12; n++ {
			if score := s.ScorePieces(seedOf(n)); score >= Certain-1 {
				t.Errorf("%s: a mark that is not there: %.1f", name, score)
			}
		}
	}
	if score := Look([][]int16{l, r}).ScorePieces(seedOf(1)); score >= Certain-1 {
		t.Errorf("a recording without a mark: %.1f", score)
	}
	if score := Look([][]int16{make([]int16, 80_000)}).Score(seedOf(1)); score != 0 {
		t.Errorf("silence: %.1f", score)
	}
}

// The mark must stay as far below the speech as it says, everywhere.
func TestTheMarkIsNotHeard(t *testing.T) {
	l, r := speech(3, 10), speech(4, 10)
	ml, _ := marked(t, l, r, seedOf(1))
	for at := 0; at+Rate/10 <= len(l); at += Rate / 10 {
		var signal, noise float64
		for i := at; i < at+Rate/10; i++ {
			d := float64(ml[i]) - float64(l[i])
			signal, noise = signal+float64(l[i])*float64(l[i]), noise+d*d
		}
		n := float64(Rate / 10)
		if rms := math.Sqrt(signal / n); rms < quiet/2 && math.Sqrt(noise/n) > 4 || rms > 200 && 10*math.Log10(signal/noise) < 27 {
			t.Errorf("at %d: speech %.0f, mark %.1f", at, rms, math.Sqrt(noise/n))
		}
	}
}

func TestACopySaysWhatItIs(t *testing.T) {
	pcm := speech(5, 6)
	var src []byte
	for _, v := range pcm {
		src = binary.LittleEndian.AppendUint16(src, uint16(v))
		src = binary.LittleEndian.AppendUint16(src, uint16(v))
	}
	info := Info{Title: "01J", Who: "督导一", When: "2026-01-02T03:04:05Z", Why: "法院调取", Source: "01K", Approver: "督导二"}
	c, err := NewCopy(bytes.NewReader(src), 4*Rate, 4*Rate*4, seedOf(9), info)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := c.Send(&out); err != nil {
		t.Fatal(err)
	}
	if int64(out.Len()) != c.Size() {
		t.Errorf("%d bytes instead of %d", out.Len(), c.Size())
	}
	clip, err := audio.ReadWAV(bytes.NewReader(out.Bytes()))
	if err != nil || clip.Rate != Rate || len(clip.Channels) != 2 || len(clip.Channels[0]) != 4*Rate {
		t.Fatalf("%v: %d channels", err, len(clip.Channels))
	}
	for _, text := range []string{info.Who, info.Why, info.Approver, info.When, info.Source} {
		if !strings.Contains(out.String(), text+"\x00") {
			t.Errorf("%q is missing", text)
		}
	}
	for name, bad := range map[string][2]int64{"before": {-4, 8}, "nothing": {0, 0}, "half a sample": {2, 8}} {
		if _, err := NewCopy(bytes.NewReader(src), bad[0], bad[1], seedOf(1), info); err == nil {
			t.Error(name)
		}
	}
	short, err := NewCopy(bytes.NewReader(src), 0, int64(len(src))+4, seedOf(1), info)
	if err == nil {
		err = short.Send(&out)
	}
	if err == nil {
		t.Error("what is missing was not missed")
	}
}
