package prompts

import (
	"bufio"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

const (
	loopSeconds  = 48
	chordSeconds = 12
	padLevel     = 0.055 // rms; speech is at speechLevel
	speechLevel  = 0.11
	duck         = 0.5 // of the music under a phrase
)

// phrase is one spoken piece of the hold audio.
type phrase struct {
	at   float64 // seconds from the start of the loop
	text string
}

// parsePhrases reads texts/<language>/hold.txt: "seconds phrase" a line, # for remarks.
func parsePhrases(text string) ([]phrase, error) {
	var out []phrase
	lines := bufio.NewScanner(strings.NewReader(text))
	for lines.Scan() {
		line := strings.TrimSpace(lines.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		at, words, ok := strings.Cut(line, " ")
		seconds, err := strconv.ParseFloat(at, 64)
		if !ok || err != nil || !(seconds >= 0 && seconds < loopSeconds) {
			return nil, fmt.Errorf("hold text: %q: want a second from 0 to %d and a phrase", line, loopSeconds)
		}
		out = append(out, phrase{seconds, words})
	}
	return out, lines.Err()
}

// pad is slow chords that flow into one another and from the end of the loop into its start: every note is written around the end,
// so there is no seam to hear. Fourths and added ninths without a leading note: nothing that waits for a resolution.
func pad() []float64 {
	n := loopSeconds * rate
	out := make([]float64, n)
	chords := [][]float64{
		{130.81, 196.00, 293.66, 329.63}, // C add9
		{110.00, 220.00, 261.63, 329.63}, // A minor
		{174.61, 220.00, 261.63, 392.00}, // F add9
		{146.83, 196.00, 261.63, 392.00}, // G sus4
	}
	length := int(chordSeconds * 1.6 * rate) // each chord overlaps its neighbours
	for c, notes := range chords {
		start := c * chordSeconds * rate
		for k, f := range notes {
			for i := range length {
				t := float64(i) / rate
				swell := math.Pow(math.Sin(math.Pi*float64(i)/float64(length)), 2)
				tremble := 1 + 0.08*math.Sin(2*math.Pi*(0.13+0.02*float64(k))*t)
				tone := math.Sin(2*math.Pi*f*t) + 0.3*math.Sin(2*math.Pi*f*1.003*t) + 0.12*math.Sin(4*math.Pi*f*t)
				out[(start+i)%n] += swell * tremble * tone / float64(1+k/2)
			}
		}
	}
	return level(out, padLevel)
}

// holdAudio lays the phrases over the music, which steps back under each of them.
func holdAudio(music []float64, at []float64, spoken [][]float64) []float64 {
	const slope = rate / 2
	gain := make([]float64, len(music))
	for i := range gain {
		gain[i] = 1
	}
	for p, voice := range spoken {
		start := int(at[p] * rate)
		for i := -slope; i < len(voice)+slope; i++ {
			depth := 1.0
			if i < 0 {
				depth = float64(i+slope) / slope
			} else if i >= len(voice) {
				depth = float64(len(voice)+slope-i) / slope
			}
			j := (start + i + len(music)) % len(music)
			gain[j] = math.Min(gain[j], 1-duck*depth)
		}
	}
	out := make([]float64, len(music))
	for i := range out {
		out[i] = music[i] * gain[i]
	}
	for p, voice := range spoken {
		start := int(at[p] * rate)
		for i, s := range voice {
			out[(start+i)%len(out)] += s
		}
	}
	return out
}

// RingingLength is how long one turn of the ringing lasts.
const RingingLength = 5 * time.Second

// ring is what who calls hears while it rings there: 1 s of 450 Hz, 4 s of silence (GF 002).
func ring() []float64 {
	out := make([]float64, int(RingingLength.Seconds())*rate)
	for i := range rate {
		edge := math.Min(1, float64(min(i, rate-1-i))/(rate/50))
		out[i] = 0.15 * edge * math.Sin(2*math.Pi*450*float64(i)/rate)
	}
	return out
}

// tone is the beep before a message: 0.4 s of 1000 Hz with soft ends.
func tone() []float64 {
	const length, soft = rate * 4 / 10, rate / 50
	out := make([]float64, length)
	for i := range out {
		edge := math.Min(1, float64(min(i, length-1-i))/soft)
		out[i] = 0.3 * edge * math.Sin(2*math.Pi*1000*float64(i)/rate)
	}
	return out
}
