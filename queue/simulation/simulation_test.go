package simulation

import (
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	"hotline/queue"
)

// markov draws callers with exponential gaps, talks and patience, as Erlang's formulas want them.
func markov(seed uint64, perHour float64, talk, patience, span time.Duration) []Caller {
	rnd := rand.New(rand.NewPCG(seed, 1))
	var out []Caller
	for at := time.Duration(0); ; {
		at += time.Duration(rnd.ExpFloat64() / perHour * float64(time.Hour))
		if at >= span {
			return out
		}
		c := Caller{At: at, Line: "12355", Talk: time.Duration(rnd.ExpFloat64() * float64(talk))}
		if patience > 0 {
			c.Patience = max(time.Millisecond, time.Duration(rnd.ExpFloat64()*float64(patience)))
		}
		out = append(out, c)
	}
}

func seats(n int, span time.Duration) []Seat {
	out := make([]Seat, n)
	for i := range out {
		out[i].To = span
	}
	return out
}

// erlang solves the birth and death chain of s agents exactly: the share of callers who must wait, their mean wait over all callers who were
// answered or not, in handling times, and the share who give up. theta is the rate of giving up per handling time; 0 is Erlang C, else Erlang A.
func erlang(load float64, s int, theta float64) (waits, wait, lost float64) {
	const states = 3000
	p := make([]float64, states)
	p[0] = 1
	sum := 1.0
	for n := 1; n < states; n++ {
		p[n] = p[n-1] * load / (math.Min(float64(n), float64(s)) + math.Max(0, float64(n-s))*theta)
		sum += p[n]
	}
	queue := 0.0
	for n := range p {
		p[n] /= sum
		if n >= s {
			waits += p[n]
			queue += float64(n-s) * p[n]
		}
	}
	return waits, queue / load, queue * theta / load // Little's law
}

// TestErlang: with exponential times the simulation agrees with Erlang C and A within 5 % of each figure, over about 100,000 callers.
func TestErlang(t *testing.T) {
	const talk, span = 6 * time.Minute, 1000 * time.Hour
	tests := []struct {
		agents   int
		perHour  float64
		patience time.Duration
	}{
		{5, 40, 0}, {12, 100, 0}, {5, 60, 5 * time.Minute}, {12, 130, 3 * time.Minute}, {2, 10, 20 * time.Minute},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprintf("%d agents, %.0f an hour, patience %s", tt.agents, tt.perHour, tt.patience), func(t *testing.T) {
			load, theta := tt.perHour*talk.Hours(), 0.0
			if tt.patience > 0 {
				theta = talk.Hours() / tt.patience.Hours()
			}
			length := span * time.Duration(math.Ceil(60/tt.perHour))
			r, err := Run(Plan{
				Config: queue.Config{WrapUp: time.Millisecond}, Callers: markov(1, tt.perHour, talk, tt.patience, length), Seats: seats(tt.agents, length), Span: length,
			})
			if err != nil {
				t.Fatal(err)
			}
			all := r.Total()
			var sum time.Duration
			waited := 0
			for _, w := range all.Waits {
				sum += w
				if w > 0 {
					waited++
				}
			}
			waits, wait, lost := erlang(load, tt.agents, theta)
			share := float64(waited+all.Abandoned) / float64(all.Arrived)
			gone := float64(all.Abandoned) / float64(all.Arrived)
			t.Logf("%d callers: must wait %.3f (Erlang %.3f), give up %.3f (%.3f), occupied %.3f (%.3f)", all.Arrived, share, waits, gone, lost, all.Occupancy(), load*(1-lost)/float64(tt.agents))
			near := func(what string, got, want float64) {
				if math.Abs(got-want) > 0.05*want+0.002 {
					t.Errorf("%s: %.4f, want %.4f", what, got, want)
				}
			}
			near("must wait", share, waits)
			near("give up", gone, lost)
			near("occupied", all.Occupancy(), load*(1-lost)/float64(tt.agents))
			if tt.patience == 0 {
				near("mean wait", sum.Hours()/float64(all.Answered), wait*talk.Hours())
			}
		})
	}
}

// TestMoreSeats: the same callers with two more agents from an hour on: alike before, better after, and the same again.
func TestMoreSeats(t *testing.T) {
	d := Demand{PerHour: []float64{30}, Line: "12355", Talk: 15 * time.Minute, Spread: 0.7, Patience: 4 * time.Minute, Tiers: []Share{{Tier: queue.TierRed, Of: 0.1}}}
	const span = 6 * time.Hour
	callers, err := d.Callers(3, 20*time.Hour, span)
	if err != nil {
		t.Fatal(err)
	}
	plan := Plan{Callers: callers, Seats: seats(6, span), Span: span, Answer: 3 * time.Second, Target: 20 * time.Second}
	run := func(p Plan) *Result {
		r, err := Run(p)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	now, again := run(plan), run(plan)
	if !reflect.DeepEqual(now, again) {
		t.Error("the same plan came out otherwise")
	}
	plan.Seats = append(plan.Seats, Seat{From: 2 * time.Hour, To: span}, Seat{From: 2 * time.Hour, To: span})
	more := run(plan)
	for i := range now.Hours {
		a, b := now.Hours[i], more.Hours[i]
		if i < 1 && !reflect.DeepEqual(a, b) {
			t.Errorf("hour %d changed: %+v, %+v", i, a, b)
		}
		if a.Arrived != b.Arrived {
			t.Errorf("hour %d: other callers", i)
		}
	}
	if a, b := now.Total(), more.Total(); b.InTime <= a.InTime || b.Abandoned >= a.Abandoned || b.Occupancy() >= a.Occupancy() || a.Answered+a.Abandoned+now.Left > a.Arrived {
		t.Errorf("now %+v, with more %+v", a.InTime, b.InTime)
	}
	if other, err := d.Callers(4, 20*time.Hour, span); err != nil || reflect.DeepEqual(other, callers) {
		t.Errorf("another seed, the same callers: %v", err)
	}
}

// TestShiftsAndTiers: nobody is answered without a seat; a talk goes on past the end of a shift; red callers are served first; skills count.
func TestShiftsAndTiers(t *testing.T) {
	minute := func(n int) time.Duration { return time.Duration(n) * time.Minute }
	r, err := Run(Plan{
		Callers: []Caller{
			{At: minute(5), Talk: minute(30)},
			{At: minute(6), Talk: minute(10), Patience: minute(3)},
			{At: minute(70), Talk: minute(50)},
			{At: minute(71), Talk: minute(10), Needs: queue.Skills{"youth": 2}},
			{At: minute(72), Talk: minute(10)},
			{At: minute(73), Talk: minute(10), Tier: queue.TierRed},
			{At: minute(74), Talk: minute(10), Needs: queue.Skills{"youth": 9}, Relax: []queue.Relaxation{{After: minute(2), Skill: "youth", To: 2}}},
		},
		Seats: []Seat{{From: minute(60), To: minute(100)}, {From: minute(130), To: minute(240), Skills: queue.Skills{"youth": 3}}},
		Span:  4 * time.Hour, Target: minute(2),
	})
	if err != nil {
		t.Fatal(err)
	}
	first, second := r.Hours[0], r.Hours[1]
	if first.Arrived != 2 || first.Answered != 1 || first.Abandoned != 1 || first.Waits[0] != minute(55) || first.Staffed != 0 {
		t.Errorf("%+v", first)
	}
	// The first caller is taken at 60 and ends at 90 with a minute of wrap-up; then the red one; that talk goes on past the end of the shift.
	want := []time.Duration{minute(91 - 73), minute(130 - 70), 0, 0, 0}
	if second.Answered != 5 || second.Waits[0] != want[0] || second.Waits[1] != want[1] || second.Staffed != minute(40) {
		t.Errorf("%+v", second)
	}
	for name, p := range map[string]Plan{"no span": {}, "negative answer": {Span: time.Hour, Answer: -1}, "configuration": {Span: time.Hour, Config: queue.Config{Ring: 1}}} {
		if _, err := Run(p); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

// TestOutlookHolds: of the waits announced in busy shifts with lognormal talks, tiers and callers who give up, most ended within what was said.
func TestOutlookHolds(t *testing.T) {
	var sum Result
	for seed := range uint64(20) {
		d := Demand{PerHour: []float64{26}, Line: "12355", Talk: 12 * time.Minute, Spread: 0.6, Tiers: []Share{{Tier: queue.TierRed, Of: 0.05}}}
		const span = 24 * time.Hour
		callers, err := d.Callers(seed, 0, span)
		if err != nil {
			t.Fatal(err)
		}
		r, err := Run(Plan{Callers: callers, Seats: seats(6, span), Span: span, Answer: 3 * time.Second})
		if err != nil {
			t.Fatal(err)
		}
		sum.Told, sum.Untold, sum.Answered, sum.Within = sum.Told+r.Told, sum.Untold+r.Untold, sum.Answered+r.Answered, sum.Within+r.Within
	}
	share := float64(sum.Within) / float64(sum.Answered)
	t.Logf("%d waits announced, %d not; %.1f %% of those answered ended within", sum.Told, sum.Untold, 100*share)
	if sum.Answered < 1000 || share < 0.7 || sum.Untold > sum.Told/10 {
		t.Errorf("%+v", sum)
	}
}

func TestDemand(t *testing.T) {
	profile := make([]float64, 24)
	profile[22], profile[3] = 200, 50
	callers, err := Demand{PerHour: profile, Talk: time.Minute, Talks: []time.Duration{time.Second, 3 * time.Second}}.Callers(1, 21*time.Hour, 10*time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	hours := map[int]int{}
	for _, c := range callers {
		hours[int((21*time.Hour+c.At)/time.Hour)%24]++
		if c.Talk != time.Second && c.Talk != 3*time.Second {
			t.Fatalf("%+v", c)
		}
	}
	if len(hours) != 2 || hours[22] < 160 || hours[22] > 240 || hours[3] < 30 || hours[3] > 70 {
		t.Errorf("%v", hours)
	}
	for name, d := range map[string]Demand{"hours": {PerHour: make([]float64, 3), Talk: 1}, "talk": {PerHour: []float64{1}}, "negative": {PerHour: []float64{-1}, Talk: 1}} {
		if _, err := d.Callers(1, 0, time.Hour); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
