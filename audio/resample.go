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
	divisor := gcd(from, to)
	from, to = from/divisor, to/divisor
	kernels := make([][]float64, to) // one for each place that an output sample can have between two input samples
	out := make([]int16, len(pcm)*to/from)
	for i := range out {
		at, place := i*from/to, i*from%to
		if kernels[place] == nil {
			kernels[place] = kernel(float64(place)/float64(to), min(1, float64(to)/float64(from)))
		}
		first := at - len(kernels[place])/2 + 1
		sum := 0.0
		for k, weight := range kernels[place] {
			if at := first + k; at >= 0 && at < len(pcm) {
				sum += float64(pcm[at]) * weight
			}
		}
		out[i] = clip16(sum)
	}
	return out
}

// kernel weighs the input samples around a place offset (0..1) behind one of them. cutoff is relative to half the input rate.
func kernel(offset, cutoff float64) []float64 {
	half := int(math.Ceil(lobes / cutoff))
	weights := make([]float64, 2*half)
	for k := range weights {
		x := float64(k-half+1) - offset
		if math.Abs(x) <= float64(half) {
			weights[k] = cutoff * sinc(x*cutoff) * (0.5 + 0.5*math.Cos(math.Pi*x/float64(half)))
		}
	}
	return weights
}

func gcd(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
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
