package simulation

import (
	"errors"
	"math"
	"math/rand/v2"
	"time"

	"hotline/queue"
)

// Demand is who calls, by chance.
type Demand struct {
	PerHour  []float64 // callers per hour of the day; one value: all hours alike
	Line     queue.LineID
	Tiers    []Share         // the rest is normal
	Talk     time.Duration   // mean, when Talks is empty
	Spread   float64         // standard deviation of a talk divided by its mean; lognormal
	Talks    []time.Duration // talks of the past, drawn from as they are
	Patience time.Duration   // mean of an exponential distribution; 0 = nobody gives up
}

// Share is the share of the callers who have a tier or need something.
type Share struct {
	Tier  queue.Tier
	Needs queue.Skills
	Of    float64
}

// Callers draws who comes during a span that begins at a time of day. The same seed gives the same callers.
func (d Demand) Callers(seed uint64, clock, span time.Duration) ([]Caller, error) {
	if len(d.PerHour) != 1 && len(d.PerHour) != 24 {
		return nil, errors.New("simulation: give callers per hour once, or for each of 24 hours")
	}
	if d.Talk <= 0 && len(d.Talks) == 0 {
		return nil, errors.New("simulation: a mean talk of more than 0 is needed")
	}
	most := 0.0
	for _, n := range d.PerHour {
		if n < 0 || math.IsNaN(n) || n > 1e6 {
			return nil, errors.New("simulation: callers per hour must be between 0 and 1,000,000")
		}
		most = math.Max(most, n)
	}
	var out []Caller
	rnd := rand.New(rand.NewPCG(seed, 7))
	// Thinning (Lewis and Shedler 1979): candidates at the highest rate, each taken with the share of its hour.
	for at := time.Duration(0); most > 0; {
		at += time.Duration(rnd.ExpFloat64() / most * float64(time.Hour))
		if at >= span {
			break
		}
		if rnd.Float64()*most < d.PerHour[int((clock+at)/time.Hour)%len(d.PerHour)] {
			out = append(out, d.caller(rnd, at))
		}
	}
	return out, nil
}

func (d Demand) caller(rnd *rand.Rand, at time.Duration) Caller {
	c := Caller{At: at, Line: d.Line, Talk: d.talk(rnd)}
	if d.Patience > 0 {
		c.Patience = max(time.Millisecond, time.Duration(rnd.ExpFloat64()*float64(d.Patience)))
	}
	u := rnd.Float64()
	for _, s := range d.Tiers {
		if u < s.Of {
			c.Tier, c.Needs = s.Tier, s.Needs
			break
		}
		u -= s.Of
	}
	return c
}

func (d Demand) talk(rnd *rand.Rand) time.Duration {
	if len(d.Talks) > 0 {
		return d.Talks[rnd.IntN(len(d.Talks))]
	}
	// A lognormal distribution with the given mean and coefficient of variation.
	s2 := math.Log(1 + d.Spread*d.Spread)
	return time.Duration(float64(d.Talk) * math.Exp(math.Sqrt(s2)*rnd.NormFloat64()-s2/2))
}
