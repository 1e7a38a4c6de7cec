package watermark

import (
	"math"

	"gonum.org/v1/gonum/dsp/fourier"
)

const (
	order  = 12  // of the prediction
	frame  = 240 // samples for which speech is taken to stay the same: 30 ms
	clip   = 4.0 // a sample counts at most so many times the loudness around it
	window = 60 * Rate
)

// Certain is the score from which a mark is taken to be there. By chance one of 10,000 unmarked tries reaches 6.7; a score of 8 comes once in some 10^10.
const Certain = 8

// Sound is what a mark is looked for in.
type Sound struct {
	whole   *folded
	windows []*folded
}

// folded is sound of which speech was taken out as far as it can be foretold, laid over itself by periods: what repeats with the period grows, the rest does
// not.
type folded struct {
	spectrum []complex128
	empty    bool
}

// Look prepares sound, one slice of samples a channel at 8000 Hz. It takes some seconds an hour.
func Look(channels [][]int16) *Sound {
	var flat []float64
	for _, c := range channels {
		for i, v := range whiten(c) {
			if i == len(flat) {
				flat = append(flat, 0)
			}
			flat[i] += v
		}
	}
	s := &Sound{whole: fold(flat)}
	// Where pieces were cut out, the rest lies askew: each minute by itself still fits.
	if len(flat) > 2*window {
		for at := 0; at < len(flat); at += window {
			s.windows = append(s.windows, fold(flat[at:min(at+window, len(flat))]))
		}
	}
	return s
}

// Score tells how far the mark of a seed stands out of what chance makes, in standard deviations; see [Certain].
func (s *Sound) Score(seed Seed) float64 { return s.whole.score(spectrumOf(seed)) }

// ScorePieces is Score for sound that was cut: the best of each minute.
func (s *Sound) ScorePieces(seed Seed) float64 {
	best, of := s.Score(seed), spectrumOf(seed)
	for _, w := range s.windows {
		best = max(best, w.score(of))
	}
	return best
}

func spectrumOf(seed Seed) []complex128 {
	signs := make([]float64, period)
	for i, c := range chips(seed) {
		signs[i] = float64(c)
	}
	return fourier.NewFFT(period).Coefficients(nil, signs)
}

func fold(flat []float64) *folded {
	sum := make([]float64, period)
	var power float64
	for i, v := range flat {
		sum[i%period] += v
		power += v * v
	}
	return &folded{fourier.NewFFT(period).Coefficients(nil, sum), power == 0}
}

// score is the highest of the correlation with the mark at every shift, over its own scatter.
func (f *folded) score(mark []complex128) float64 {
	if f.empty {
		return 0
	}
	product := make([]complex128, len(mark))
	for i, m := range mark {
		product[i] = f.spectrum[i] * complex(real(m), -imag(m))
	}
	product[0] = 0 // the mean says nothing
	at := fourier.NewFFT(period).Sequence(nil, product)
	best, power := 0.0, 0.0
	for _, v := range at {
		best = max(best, v)
		power += v * v
	}
	rest := (power - best*best) / float64(len(at)-1)
	if rest <= 0 {
		return 0
	}
	return best / math.Sqrt(rest)
}

// whiten takes out of each frame what the samples before foretell, and brings the rest to one loudness: the mark is as loud in a loud word as in a soft one
// then, and nothing of the voice stands above it.
func whiten(pcm []int16) []float64 {
	in := make([]float64, len(pcm))
	for i, v := range pcm {
		in[i] = float64(v)
	}
	out := make([]float64, len(pcm))
	for at := 0; at < len(in); at += frame {
		end := min(at+frame, len(in))
		from := max(0, at-frame/2)
		a := predictor(in[from:end])
		var power float64
		for i := at; i < end; i++ {
			v := in[i]
			for k := 1; k <= order && i-k >= 0; k++ {
				v -= a[k-1] * in[i-k]
			}
			out[i] = v
			power += v * v
		}
		rms := math.Sqrt(power / float64(end-at))
		for i := at; i < end; i++ {
			if rms < 0.5 {
				out[i] = 0
				continue
			}
			out[i] = min(max(out[i]/rms, -clip), clip)
		}
	}
	return out
}

// predictor finds the coefficients by which samples are best foretold from those before (Levinson and Durbin).
func predictor(x []float64) (a [order]float64) {
	var r [order + 1]float64
	for lag := range r {
		for i := lag; i < len(x); i++ {
			r[lag] += x[i] * x[i-lag]
		}
	}
	e := r[0]*1.0001 + 1 // a little noise keeps it sound for a pure tone
	for i := range order {
		if e <= 0 {
			return a
		}
		k := r[i+1]
		for j := range i {
			k -= a[j] * r[i-j]
		}
		k /= e
		before := a
		a[i] = k
		for j := range i {
			a[j] = before[j] - k*before[i-1-j]
		}
		e *= 1 - k*k
	}
	return a
}
