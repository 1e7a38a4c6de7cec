package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"hotline/test/bench/load"
)

// spread is the middle and the slow end of some times.
type spread struct {
	n        int
	p50, p99 time.Duration
}

func spreadOf(all []time.Duration) spread {
	if len(all) == 0 {
		return spread{}
	}
	slices.Sort(all)
	return spread{len(all), all[len(all)/2], all[min(len(all)-1, len(all)*99/100)]}
}

func (s spread) String() string {
	if s.n == 0 {
		return "-"
	}
	return fmt.Sprintf("p50 %s, p99 %s (%d)", ms(s.p50), ms(s.p99), s.n)
}

func ms(d time.Duration) string { return fmt.Sprintf("%.1f ms", float64(d)/float64(time.Millisecond)) }

// result is what one load brought.
type result struct {
	plan     load.Plan
	records  []load.Record
	share    float64
	toJoined spread // INVITE -> the caller's first packet at the counsellor
	freed    spread // counsellor free -> the next caller's first packet, callers waiting
	offered  spread // of that, until the offer came
	left     spread // the caller before hung up -> the same
	cpu      map[string]time.Duration
	took     time.Duration
}

// waited is how long a caller must have been in the queue to count as one who was waiting: the greeting and a moment.
const waited = greeting + 100*time.Millisecond

func measure(p load.Plan, records []load.Record, waits []wait) result {
	r := result{plan: p, records: records}
	byNumber := map[uint64]load.Record{}
	last := map[int][]load.Record{}
	var joined []time.Duration
	answered := 0
	for _, c := range records {
		byNumber[c.Number] = c
		if c.Outcome == load.Answered {
			answered++
		}
		if !c.Joined.IsZero() {
			joined = append(joined, c.Joined.Sub(c.Invited))
			last[c.Agent] = append(last[c.Agent], c)
		}
	}
	r.share = float64(answered) / float64(max(1, len(records)))
	r.toJoined = spreadOf(joined)
	var free, offered, left []time.Duration
	for _, w := range waits {
		if c, ok := byNumber[w.caller]; ok && !c.Answered.IsZero() && c.Answered.Add(waited).Before(w.free) {
			free = append(free, w.joined.Sub(w.free))
			offered = append(offered, w.offered.Sub(w.free))
		}
	}
	for _, list := range last {
		slices.SortFunc(list, func(a, b load.Record) int { return a.Joined.Compare(b.Joined) })
		for i := 1; i < len(list); i++ {
			if list[i].Answered.Add(waited).Before(list[i-1].Left) {
				left = append(left, list[i].Joined.Sub(list[i-1].Left))
			}
		}
	}
	r.freed, r.offered, r.left = spreadOf(free), spreadOf(offered), spreadOf(left)
	return r
}

// costs says which process used how much of a core, and for each call.
func (r result) costs() string {
	names := make([]string, 0, len(r.cpu))
	for name := range r.cpu {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int { return int(r.cpu[b] - r.cpu[a]) })
	var b strings.Builder
	for _, name := range names {
		if r.cpu[name] >= 10*time.Millisecond {
			fmt.Fprintf(&b, " %s %.2f", name, r.cpu[name].Seconds()/r.took.Seconds())
		}
	}
	return b.String()
}
