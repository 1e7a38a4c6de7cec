package listen

import (
	"math"
	"time"

	"hotline/audio"
)

// The codes of Levels.
const (
	Silence            = "silence"             // neither voice was heard
	CounsellorMissing  = "counsellor_missing"  // nothing came from the counsellor while the caller was heard
	CallerMissing      = "caller_missing"      // nothing came from the caller while the counsellor was heard
	CounsellorClipping = "counsellor_clipping" // many samples at the end of the scale
	CallerClipping     = "caller_clipping"
	CounsellorLoud     = "counsellor_loud" // the mean energy was high
	CallerLoud         = "caller_loud"
)

// Rules are the limits of Levels. The zero value of a field means its default.
type Rules struct {
	Quiet   float64       // dB of full scale below which nothing is heard; default -50
	Silence time.Duration // so long without either voice is worth a mark; default 20 s
	Nothing float64       // dB of full scale up to which nothing comes at all: less than a microphone's noise; default -70
	Missing time.Duration // so long nothing came of one voice, while the other was heard for a third of it; default 1 min
	Clipped float64       // share of samples at the end of the scale; default 0.02
	Loud    float64       // dB of full scale; default -9
	LoudFor time.Duration // default 2 s
}

func (r Rules) withDefaults() Rules {
	for v, def := range map[*float64]float64{&r.Quiet: -50, &r.Nothing: -70, &r.Clipped: 0.02, &r.Loud: -9} {
		if *v == 0 {
			*v = def
		}
	}
	for d, def := range map[*time.Duration]time.Duration{&r.Silence: 20 * time.Second, &r.Missing: time.Minute, &r.LoudFor: 2 * time.Second} {
		if *d == 0 {
			*d = def
		}
	}
	return r
}

const (
	// window is what is measured as one: 100 ms.
	window = rate / 10
	// merge is how far apart two clipped windows may lie and still be one finding.
	merge = 2 * rate
)

// Levels measures how loud the two voices are.
type Levels struct {
	rules Rules
	tell  func(Finding)
	scale *scale

	quiet, nothing, loud float64 // energy of a sample

	began bool
	next  int64           // the window that is being filled, by its number
	fill  [2][sides]gauge // of it and of the one after

	silent  stretch
	missing [sides]stretch
	alone   [sides]int64 // of the stretch: windows in which the other one was heard
	clipped [sides]stretch
	shouts  [sides]stretch
}

// gauge is what came of a side in one window.
type gauge struct {
	samples, ends int
	energy        float64 // sum of squares of full scale
}

// stretch is something that lasts, in samples; to 0: it does not.
type stretch struct{ from, to int64 }

func (s *stretch) grow(from, to int64) {
	if s.to == 0 {
		s.from = from
	}
	s.to = to
}

func (s *stretch) long() time.Duration { return at(s.to - s.from) }

// NewLevels makes a detector that tells what it finds. A finding is told when it is over.
func NewLevels(rules Rules, tell func(Finding)) *Levels {
	rules = rules.withDefaults()
	power := func(db float64) float64 { return math.Pow(10, db/10) }
	return &Levels{rules: rules, tell: tell, scale: newScale(), quiet: power(rules.Quiet), nothing: power(rules.Nothing), loud: power(rules.Loud)}
}

var _ Detector = (*Levels)(nil)

// scale tells of each sample of A-law its energy, and whether it lies at the end of the scale.
type scale struct {
	squares [256]float64
	ends    [256]bool
}

func newScale() *scale {
	s := &scale{}
	for b := range 256 {
		v := math.Abs(float64(audio.PCMA.Decode(nil, []byte{byte(b)})[0])) / 32768
		s.squares[b], s.ends[b] = v*v, v > 0.95
	}
	return s
}

// Hear measures a piece.
func (l *Levels) Hear(side Side, offset int64, alaw []byte) {
	if side >= sides || offset < 0 {
		return
	}
	for len(alaw) > 0 {
		n := offset / window
		if !l.began {
			l.began, l.next = true, n
		}
		// One window may still be filled by the side that is behind; what comes later than that is not waited for.
		for l.next+1 < n {
			l.judge()
		}
		k := min(int64(len(alaw)), (n+1)*window-offset)
		if n >= l.next {
			l.fill[n%2][side].add(l.scale, alaw[:k])
		}
		alaw, offset = alaw[k:], offset+k
	}
}

func (g *gauge) add(s *scale, alaw []byte) {
	g.samples += len(alaw)
	for _, b := range alaw {
		g.energy += s.squares[b]
		if s.ends[b] {
			g.ends++
		}
	}
}

// mean is the energy of a sample; 0 when nothing came.
func (g *gauge) mean() float64 {
	if g.samples == 0 {
		return 0
	}
	return g.energy / float64(g.samples)
}

// codes are the words for one side.
type codes struct{ missing, clipping, loud string }

func codesOf(side Side) codes {
	if side == Caller {
		return codes{CallerMissing, CallerClipping, CallerLoud}
	}
	return codes{CounsellorMissing, CounsellorClipping, CounsellorLoud}
}

// judge takes a window as it is.
func (l *Levels) judge() {
	from, to := l.next*window, (l.next+1)*window
	g := &l.fill[l.next%2]
	heard := [sides]bool{g[Counsellor].mean() > l.quiet, g[Caller].mean() > l.quiet}
	if heard[Counsellor] || heard[Caller] {
		l.endSilence()
	} else {
		l.silent.grow(from, to)
	}
	for side := range Side(sides) {
		l.judgeSide(side, &g[side], heard[1-side], from, to)
	}
	*g = [sides]gauge{}
	l.next++
}

func (l *Levels) judgeSide(side Side, g *gauge, other bool, from, to int64) {
	mean := g.mean()
	if mean > l.nothing {
		l.endMissing(side)
	} else {
		l.missing[side].grow(from, to)
		if other {
			l.alone[side]++
		}
	}
	if c := &l.clipped[side]; c.to != 0 && from-c.to > merge {
		l.end(c, 0, codesOf(side).clipping)
	}
	if g.samples > 0 && float64(g.ends) >= l.rules.Clipped*float64(g.samples) {
		l.clipped[side].grow(from, to)
	}
	if mean > l.loud {
		l.shouts[side].grow(from, to)
	} else {
		l.end(&l.shouts[side], l.rules.LoudFor, codesOf(side).loud)
	}
}

func (l *Levels) endSilence() { l.end(&l.silent, l.rules.Silence, Silence) }

// endMissing tells of a voice that was missing only when the other one spoke meanwhile: else it is silence.
func (l *Levels) endMissing(side Side) {
	m := &l.missing[side]
	if spoke := at(l.alone[side] * window); spoke < m.long()/3 {
		*m = stretch{}
	}
	l.end(m, l.rules.Missing, codesOf(side).missing)
	l.alone[side] = 0
}

// end tells of a stretch that was long enough.
func (l *Levels) end(s *stretch, least time.Duration, code string) {
	if s.to != 0 && s.long() >= least {
		l.tell(Finding{at(s.from), at(s.to), code})
	}
	*s = stretch{}
}

// Rest ends what goes on.
func (l *Levels) Rest() {
	if !l.began {
		return
	}
	for range 2 {
		if l.fill[l.next%2] != [sides]gauge{} { // what nothing came for is no finding of a pause
			l.judge()
		}
	}
	l.endSilence()
	for side := range Side(sides) {
		l.endMissing(side)
		l.end(&l.clipped[side], 0, codesOf(side).clipping)
		l.end(&l.shouts[side], l.rules.LoudFor, codesOf(side).loud)
	}
	l.began = false
}

// Close judges up to the end, also what nothing came for.
func (l *Levels) Close(end int64) {
	for l.began && (l.next+1)*window <= end {
		l.judge()
	}
	l.Rest()
}
