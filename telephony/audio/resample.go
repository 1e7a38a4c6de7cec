package audio

import "math"

// lobes of the sinc on each side of a sample: enough to keep a 3.4 kHz band clean of images.
const lobes = 16

// Resample changes the sampling rate by a windowed sinc (Hann), which also removes what the lower rate cannot carry. It returns
// pcm itself when the rates are equal.
func Resample(pcm []int16, from, to int) []int16 {
	if from == to || len(pcm) == 0 || from <= 0 || to <= 0 {
		return pcm
	}
	cutoff := min(1, float64(to)/float64(from)) // relative to half the input rate
	width := lobes / cutoff
	out := make([]int16, int(int64(len(pcm))*int64(to)/int64(from)))
	for i := range out {
		at := float64(i) * float64(from) / float64(to)
		sum := 0.0
		for k := max(0, int(math.Ceil(at-width))); k <= min(len(pcm)-1, int(at+width)); k++ {
			x := float64(k) - at
			sum += float64(pcm[k]) * cutoff * sinc(x*cutoff) * (0.5 + 0.5*math.Cos(math.Pi*x/width))
		}
		out[i] = clip16(sum)
	}
	return out
}

func sinc(x float64) float64 {
	if math.Abs(x) < 1e-9 {
		return 1
	}
	return math.Sin(math.Pi*x) / (math.Pi * x)
}

func clip16(v float64) int16 {
	return int16(math.Round(max(math.MinInt16, min(math.MaxInt16, v))))
}
