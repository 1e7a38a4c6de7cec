package queue

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// ARGV[7] call. Returns JSON {state, ahead, agents, free, took: handling times in ms, comma between}, or {err}: no_call, wrong_state (not
// greeting, waiting or offered). Changes nothing.
var outlookScript = newScript("outlook")

// Outlook is what a waiting caller may be told.
type Outlook struct {
	Position int // 1 = the next of those who compete for the same agents; 0 = an agent is being rung
	// Low and High bound the wait from now on; four waits of five end between them. Both 0 unless Known, or when an agent is being rung.
	Low, High time.Duration
	// Known is false when too few callers of this line were served lately, or nobody who could serve the caller is at work: then nothing
	// honest can be said of the time.
	Known  bool
	Agents int // at work who could serve the caller: free, rung, talking or in wrap-up
	Free   int // of these, free now
}

// Outlook estimates how long a caller will wait: from who is in front for the same agents, from the agents at work, and from the last handling
// times (talk and wrap-up) of the caller's line. It reads heads and counts, never the row of another caller. A caller in the greeting gets the
// place that Enqueue would give. ErrNoCall, and ErrWrongState for a call that does not wait for an agent.
func (q *Queue) Outlook(ctx context.Context, id CallID) (Outlook, error) {
	v, err := q.raw(ctx, outlookScript, "", string(id))
	if err != nil {
		return Outlook{}, err
	}
	text, _ := v.(string)
	var r struct {
		Err    string    `json:"err"`
		State  CallState `json:"state"`
		Ahead  int       `json:"ahead"`
		Agents int       `json:"agents"`
		Free   int       `json:"free"`
		Took   string    `json:"took"`
	}
	if err := json.Unmarshal([]byte(text), &r); err != nil {
		return Outlook{}, fmt.Errorf("queue: outlook: reply: %w", err)
	}
	if err := (reply{Err: r.Err}).failure(); err != nil {
		return Outlook{}, fmt.Errorf("queue: outlook: %w", err)
	}
	var took []time.Duration
	for text := range strings.SplitSeq(r.Took, ",") {
		if n, err := strconv.ParseInt(text, 10, 64); err == nil {
			took = append(took, time.Duration(n)*time.Millisecond)
		}
	}
	return NewOutlook(r.State, r.Ahead, r.Agents, r.Free, took), nil
}

// NewOutlook makes the outlook of a caller in a state, with so many in front for the same agents, of whom so many are at work and free, and the
// last handling times.
func NewOutlook(state CallState, ahead, agents, free int, took []time.Duration) Outlook {
	o := Outlook{Position: ahead + 1, Agents: agents, Free: free}
	if state == CallOffered {
		o.Position, o.Known = 0, true
		return o
	}
	o.Low, o.High, o.Known = Estimate(ahead, agents, free, took)
	return o
}

const (
	leastTimes = 8      // handling times below which nothing is said
	ninth      = 1.2816 // the normal distribution's 90th percentile: 10 % lie below Low, 10 % above High
	// unforeseen is the relative variance for what no figure tells: urgent callers who come later, agents who come, go or miss a ring.
	unforeseen = 0.03
)

// Estimate bounds the time until a caller is served who has so many others in front, from the agents who could serve them and the last
// handling times. The agents are taken as busy, each at a random point of a handling: the wait is then the time to the k-th of their ends, with a
// mean of about k times the mean handling time divided by the agents, and a spread between that of points thrown at random (times all alike) and
// that of a Poisson stream (times as uneven as an exponential distribution). Callers in front who give up make it shorter. known is false below 8 handling
// times or without an agent.
func Estimate(ahead, agents, free int, took []time.Duration) (low, high time.Duration, known bool) {
	if len(took) < leastTimes || agents < 1 || ahead < 0 {
		return 0, 0, false
	}
	mean, spread := moments(took)
	k, s := float64(max(1, ahead+1-free)), float64(agents)
	per := mean / s
	expected := per * math.Max(k+(spread-1)/(s+1), 0.25)
	soon := math.Min(k, s) // of agents at random points of equal times, the k-th to end is the k-th of s uniform variables
	even := s * s * (s + 1 - soon) / ((s + 1) * (s + 1) * (s + 2)) * soon / k
	v := even + spread*(1-even)
	variance := per*per*k*v + expected*expected*(spread/float64(len(took))+unforeseen)
	low, high = quantiles(expected, variance)
	if free > 0 && ahead < free {
		low = 0
	}
	return low, high, true
}

// moments are the mean of handling times in seconds, and their squared coefficient of variation.
func moments(took []time.Duration) (mean, spread float64) {
	n := float64(len(took))
	for _, d := range took {
		mean += d.Seconds() / n
	}
	for _, d := range took {
		spread += (d.Seconds() - mean) * (d.Seconds() - mean) / (n - 1)
	}
	return mean, spread / (mean * mean)
}

// quantiles are the 10th and the 90th percentile of a gamma distribution, by the approximation of Wilson and Hilferty (PNAS 17, 1931).
func quantiles(mean, variance float64) (low, high time.Duration) {
	shape := mean * mean / variance
	at := func(z float64) time.Duration {
		root := math.Max(0, 1-1/(9*shape)+z/(3*math.Sqrt(shape)))
		return time.Duration(mean * root * root * root * float64(time.Second))
	}
	return at(-ninth), at(ninth)
}
