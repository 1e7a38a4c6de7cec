package simulation

import (
	"slices"
	"time"
)

// Hour is what happened to the callers who arrived within one hour, and to the seats during it.
type Hour struct {
	Arrived, Answered, InTime, Abandoned int
	Waits                                []time.Duration // of those answered, sorted
	Busy, Staffed                        time.Duration   // of all seats together: talk and wrap-up, and presence
}

// Occupancy is the share of the seats' time that was talk and wrap-up; 0 without a seat.
func (h Hour) Occupancy() float64 {
	if h.Staffed == 0 {
		return 0
	}
	return float64(h.Busy) / float64(h.Staffed)
}

// ServiceLevel is the share of the callers who were answered in time; 1 without a caller. Who gave up counts against it.
func (h Hour) ServiceLevel() float64 {
	if h.Arrived == 0 {
		return 1
	}
	return float64(h.InTime) / float64(h.Arrived)
}

// Wait is a quantile of the waits of those who were answered.
func (h Hour) Wait(quantile float64) time.Duration {
	if len(h.Waits) == 0 {
		return 0
	}
	return h.Waits[min(len(h.Waits)-1, int(quantile*float64(len(h.Waits))))]
}

// Result is what came of a plan.
type Result struct {
	Hours []Hour
	Left  int // still waiting at the end
	// What callers would have been told of their wait when they joined it: how many an estimate, how many nothing; and of those with an estimate who
	// were answered, how many within it.
	Told, Untold, Answered, Within int

	target time.Duration
}

func newResult(p Plan) *Result {
	return &Result{Hours: make([]Hour, int((p.Span+time.Hour-1)/time.Hour)), target: p.Target}
}

func (r *Result) hour(at time.Duration) *Hour { return &r.Hours[int(at/time.Hour)] }

func (r *Result) arrived(c Caller) { r.hour(c.At).Arrived++ }
func (r *Result) gaveUp(c Caller)  { r.hour(c.At).Abandoned++ }

func (r *Result) answered(c Caller, waited time.Duration) {
	h := r.hour(c.At)
	h.Answered++
	h.Waits = append(h.Waits, waited)
	if waited <= r.target {
		h.InTime++
	}
}

func (r *Result) announced(known bool) {
	if known {
		r.Told++
	} else {
		r.Untold++
	}
}

func (r *Result) held(within bool) {
	r.Answered++
	if within {
		r.Within++
	}
}

func (r *Result) worked(from, to int64) {
	r.spread(from, to, func(h *Hour, d time.Duration) { h.Busy += d })
}

func (r *Result) staffed(from, to int64) {
	r.spread(from, to, func(h *Hour, d time.Duration) { h.Staffed += d })
}

// spread gives each hour its part of a span in ms.
func (r *Result) spread(from, to int64, add func(*Hour, time.Duration)) {
	const hour = int64(time.Hour / time.Millisecond)
	for i := from / hour; i*hour < to && int(i) < len(r.Hours); i++ {
		add(&r.Hours[i], time.Duration(min(to, (i+1)*hour)-max(from, i*hour))*time.Millisecond)
	}
}

// Add puts another run of the same plan to this one, with other callers.
func (r *Result) Add(o *Result) {
	for i := range o.Hours {
		a, b := &r.Hours[i], o.Hours[i]
		a.Arrived, a.Answered, a.InTime, a.Abandoned = a.Arrived+b.Arrived, a.Answered+b.Answered, a.InTime+b.InTime, a.Abandoned+b.Abandoned
		a.Busy, a.Staffed = a.Busy+b.Busy, a.Staffed+b.Staffed
		a.Waits = append(a.Waits, b.Waits...)
		slices.Sort(a.Waits)
	}
	r.Left += o.Left
	r.Told, r.Untold, r.Answered, r.Within = r.Told+o.Told, r.Untold+o.Untold, r.Answered+o.Answered, r.Within+o.Within
}

// Total is all hours as one.
func (r *Result) Total() Hour {
	var all Hour
	for _, h := range r.Hours {
		all.Arrived, all.Answered, all.InTime, all.Abandoned = all.Arrived+h.Arrived, all.Answered+h.Answered, all.InTime+h.InTime, all.Abandoned+h.Abandoned
		all.Busy, all.Staffed = all.Busy+h.Busy, all.Staffed+h.Staffed
		all.Waits = append(all.Waits, h.Waits...)
	}
	slices.Sort(all.Waits)
	return all
}
