package prompts

import "math"

// rate is the telephone's: 8000 samples a second, one channel. Asterisk then has nothing to resample.
const rate = 8000

// level brings sound to a loudness that suits a telephone, the same for every prompt, and never clips.
func level(in []float64, target float64) []float64 {
	peak, loud := 0.0, rms(in)
	for _, s := range in {
		peak = math.Max(peak, math.Abs(s))
	}
	if peak == 0 || loud == 0 {
		return in
	}
	gain := math.Min(target/loud, 0.9/peak)
	out := make([]float64, len(in))
	for i, s := range in {
		out[i] = s * gain
	}
	return out
}

func rms(in []float64) float64 {
	sum := 0.0
	for _, s := range in {
		sum += s * s
	}
	return math.Sqrt(sum / float64(max(1, len(in))))
}

// breath is the silence at the end of a prompt, in samples; seam is the one at the end of a part that another one goes on from.
const (
	breath = rate / 4
	seam   = rate / 50
)

// trim cuts silence at both ends and leaves a short breath, so that the first word comes at once.
func trim(in []float64) []float64 {
	const quiet, before = 0.005, rate / 10
	first, last := 0, len(in)
	for first < last && math.Abs(in[first]) < quiet {
		first++
	}
	for last > first && math.Abs(in[last-1]) < quiet {
		last--
	}
	out := make([]float64, before, before+last-first+breath)
	out = append(out, in[first:last]...)
	return append(out, make([]float64, breath)...)
}

func toPCM(in []float64) []int16 {
	out := make([]int16, len(in))
	for i, s := range in {
		out[i] = int16(math.Round(math.Max(-1, math.Min(1, s)) * math.MaxInt16))
	}
	return out
}

func fromPCM(in []int16) []float64 {
	out := make([]float64, len(in))
	for i, s := range in {
		out[i] = float64(s) / (math.MaxInt16 + 1)
	}
	return out
}
