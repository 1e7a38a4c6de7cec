package webrtc

import (
	"testing"
	"time"
)

func TestTimeline(t *testing.T) {
	type step struct {
		ssrc, ts uint32
		arrived  time.Duration
		want     int64
	}
	for name, steps := range map[string][]step{
		"timestamps decide, jitter does not": {
			{1, 1000, ms(100), 800}, {1, 1160, ms(150), 960}, {1, 1320, ms(155), 1120}, {1, 1480, ms(160), 1280},
		},
		"a hole stays a hole": {
			{1, 1000, ms(0), 0}, {1, 1160, ms(20), 160}, {1, 1160 + 8000, ms(1020), 8160},
		},
		"overtaken": {
			{1, 1000, ms(0), 0}, {1, 1320, ms(40), 320}, {1, 1160, ms(41), 160}, {1, 1480, ms(60), 480},
		},
		"another source is anchored where it arrives": {
			{1, 1000, ms(0), 0}, {2, 99, ms(500), 4000}, {2, 259, ms(520), 4160},
		},
		"a jump of the timestamps": {
			{1, 1000, ms(0), 0}, {1, 900000, ms(20), 160}, {1, 900160, ms(40), 320}, {1, 5, ms(60), 480},
		},
		"before the start": {{1, 1000, ms(-10), -80}, {1, 1160, ms(10), 80}},
		"wrap":             {{1, 1<<32 - 80, ms(0), 0}, {1, 80, ms(20), 160}},
	} {
		t.Run(name, func(t *testing.T) {
			var line timeline
			for i, s := range steps {
				if got := line.place(s.ssrc, s.ts, s.arrived); got != s.want {
					t.Errorf("packet %d lies at %d, want %d", i, got, s.want)
				}
			}
		})
	}
}

// A burst after a stall of the network keeps its timestamps: nothing is moved, nothing overlaps.
func TestTimelineBurst(t *testing.T) {
	var line timeline
	for i := range 200 {
		arrived := ms(20 * i)
		if i >= 50 && i < 90 {
			arrived = ms(20 * 90) // 800 ms late at worst
		}
		if got := line.place(1, uint32(160*i), arrived); got != int64(160*i) {
			t.Fatalf("packet %d lies at %d, want %d", i, got, 160*i)
		}
	}
}

// A drift that stays is corrected, once it passed 60 ms, in either direction: the tape never runs further from the clock than that and
// what half a second adds.
func TestTimelineDrift(t *testing.T) {
	for _, perSecond := range []int{-40, -8, 8, 40} { // samples that the source's clock gains; 8 is 1000 ppm
		var line timeline
		var worst int64
		for i := range 50 * 60 {
			arrived := time.Duration(i) * 20 * time.Millisecond
			ts := uint32(160*i + perSecond*i/50)
			worst = max(worst, abs(line.place(1, ts, arrived)-samples(arrived)))
		}
		if limit := samples(maxDrift) + 2*int64(max(perSecond, -perSecond)); worst > limit {
			t.Errorf("%d samples a second: %d samples off, want at most %d", perSecond, worst, limit)
		}
	}
	// A source whose first packet came late lies too late; that is found out and mended as well.
	var line timeline
	line.place(1, 0, ms(200))
	var last int64
	for i := 1; i < 50; i++ {
		last = line.place(1, uint32(160*i), ms(20*i)) - int64(160*i)
	}
	if abs(last) > samples(maxDrift) {
		t.Errorf("still %d samples late", last)
	}
}
