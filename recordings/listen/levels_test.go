package listen

import (
	"math"
	"slices"
	"testing"
	"time"

	"hotline/audio"
)

// part is what both sides say for a while: amplitudes of full scale; -1: nothing comes at all.
type part struct {
	seconds            float64
	counsellor, caller float64
}

// hear plays parts to a detector in frames of 20 ms, and returns the end.
func hear(d Detector, parts []part) int64 {
	at := int64(0)
	for _, p := range parts {
		n := int(p.seconds * rate)
		sound := [sides][]byte{}
		for side, amplitude := range [sides]float64{p.counsellor, p.caller} {
			if amplitude < 0 {
				continue
			}
			pcm := audio.Sine(rate, 440, math.Min(amplitude, 1), 0, n)
			if amplitude > 1 { // driven beyond the scale
				for i := range pcm {
					pcm[i] = int16(max(-32768, min(32767, float64(pcm[i])*amplitude)))
				}
			}
			sound[side] = audio.PCMA.Encode(nil, pcm)
		}
		for i := 0; i < n; i += audio.FrameSamples {
			for side, alaw := range sound {
				if alaw != nil {
					d.Hear(Side(side), at+int64(i), alaw[i:min(i+audio.FrameSamples, n)])
				}
			}
		}
		at += int64(n)
	}
	return at
}

const (
	none  = -1
	voice = 0.2
	still = 0.0 // digital silence
	noise = 0.001
)

func TestLevels(t *testing.T) {
	for name, c := range map[string]struct {
		parts []part
		want  []Finding
	}{
		"a talk": {[]part{{30, voice, voice}, {15, noise, noise}, {30, voice, noise}}, nil},
		"long silence in a talk": {
			[]part{{10, voice, voice}, {25, noise, noise}, {10, voice, noise}},
			[]Finding{{10 * time.Second, 35 * time.Second, Silence}},
		},
		"silence to the end, for which nothing came": {
			[]part{{10, voice, voice}, {25, none, none}}, []Finding{{10 * time.Second, 35 * time.Second, Silence}},
		},
		"who listens for two minutes is not missing": {[]part{{10, voice, voice}, {120, noise, voice}}, nil},
		"nothing comes from the counsellor": {
			[]part{{10, voice, voice}, {70, none, voice}, {10, voice, voice}},
			[]Finding{{10 * time.Second, 80 * time.Second, CounsellorMissing}},
		},
		"digital silence of the caller": {
			[]part{{5, voice, voice}, {90, voice, still}}, []Finding{{5 * time.Second, 95 * time.Second, CallerMissing}},
		},
		"clipping": {
			[]part{{5, voice, voice}, {3, voice, 3}, {1, voice, voice}, {2, voice, 3}, {10, voice, voice}},
			[]Finding{{5 * time.Second, 8 * time.Second, CallerLoud}, {9 * time.Second, 11 * time.Second, CallerLoud}, {5 * time.Second, 11 * time.Second, CallerClipping}},
		},
		"loud": {
			[]part{{5, voice, voice}, {4, 0.8, voice}, {1, voice, voice}, {1, 0.8, voice}, {5, voice, voice}},
			[]Finding{{5 * time.Second, 9 * time.Second, CounsellorLoud}},
		},
		"nothing at all": {nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			var got []Finding
			l := NewLevels(Rules{}, func(f Finding) { got = append(got, f) })
			l.Close(hear(l, c.parts))
			if !slices.Equal(got, c.want) {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

// TestRest: what is not heard on purpose is no finding.
func TestRest(t *testing.T) {
	var got []Finding
	l := NewLevels(Rules{}, func(f Finding) { got = append(got, f) })
	hear(l, []part{{5, voice, voice}})
	l.Rest()
	frame := audio.PCMA.Encode(nil, audio.Sine(rate, 440, voice, 0, audio.FrameSamples))
	l.Hear(Counsellor, 65*rate, frame)
	l.Hear(Caller, 65*rate, frame)
	l.Close(65*rate + audio.FrameSamples)
	if len(got) != 0 {
		t.Errorf("got %v", got)
	}
}

// FuzzLevels: whatever comes, findings lie within what came, in order.
func FuzzLevels(f *testing.F) {
	f.Add([]byte{0, 1, 2, 3}, int64(7))
	f.Add([]byte{0x2a, 0xaa, 0x2a}, int64(79999))
	f.Fuzz(func(t *testing.T, alaw []byte, offset int64) {
		offset %= 100 * rate
		l := NewLevels(Rules{Silence: time.Second, Missing: time.Second}, func(f Finding) {
			if f.From < 0 || f.To <= f.From || f.To > 300*time.Second || !validCode(f.Code) {
				t.Fatalf("%+v", f)
			}
		})
		l.Hear(Counsellor, 0, alaw)
		l.Hear(Caller, offset, alaw)
		l.Hear(Counsellor, offset/2, alaw)
		l.Rest()
		l.Hear(Caller, offset, alaw)
		l.Close(200 * rate)
	})
}

func BenchmarkLevels(b *testing.B) {
	l := NewLevels(Rules{}, func(Finding) {})
	frame := audio.PCMA.Encode(nil, audio.Sine(rate, 440, voice, 0, audio.FrameSamples))
	for i := range b.N {
		l.Hear(Counsellor, int64(i*audio.FrameSamples), frame)
		l.Hear(Caller, int64(i*audio.FrameSamples), frame)
	}
}
