package audio

import "math"

// Sine makes a tone of n samples. amplitude is of full scale, 0..1; phase is in samples since the beginning, so that frames made
// one after another join.
func Sine(rate int, hz, amplitude float64, phase, n int) []int16 {
	pcm := make([]int16, n)
	for i := range pcm {
		pcm[i] = clip16(amplitude * math.MaxInt16 * math.Sin(2*math.Pi*hz*float64(phase+i)/float64(rate)))
	}
	return pcm
}

// quiet is the mean square below which nothing counts as a tone: A-law's smallest step is 8 of 32768.
const quiet = 32 * 32

// Tone tells how much of the power of pcm is at hz: 0 (none, or silence) to 1 (nothing else). It is Goertzel's algorithm;
// its band is about rate/len(pcm) wide, so 20 ms tell 440 Hz from 1000 Hz but not from 460 Hz.
func Tone(pcm []int16, rate int, hz float64) float64 {
	if len(pcm) == 0 || rate <= 0 {
		return 0
	}
	w := 2 * math.Pi * hz / float64(rate)
	coefficient := 2 * math.Cos(w)
	var s1, s2, energy float64
	for _, v := range pcm {
		x := float64(v)
		energy += x * x
		s1, s2 = x+coefficient*s1-s2, s1
	}
	n := float64(len(pcm))
	if energy/n < quiet {
		return 0
	}
	power := s1*s1 + s2*s2 - coefficient*s1*s2
	return min(1, max(0, 2*power/(n*energy)))
}

// Level is the root mean square of pcm relative to full scale, 0..1.
func Level(pcm []int16) float64 {
	if len(pcm) == 0 {
		return 0
	}
	var energy float64
	for _, v := range pcm {
		energy += float64(v) * float64(v)
	}
	return math.Sqrt(energy/float64(len(pcm))) / math.MaxInt16
}
