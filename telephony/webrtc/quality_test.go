package webrtc

import (
	"math"
	"testing"
	"time"

	"github.com/pion/rtcp"
)

func TestMeanOpinion(t *testing.T) {
	for _, c := range []struct{ rtt, loss, jitter, want float64 }{
		{0, 0, 0, 4.40}, // R = 92.7
		{100, 0, 5, 4.37},
		{300, 0, 10, 4.27}, // 190 ms one way: R = 86.8
		{600, 0, 10, 3.46}, // 340 ms one way: R = 67.1
		{20, 1, 2, 4.31},
		{20, 5, 2, 3.87},
		{20, 10, 2, 3.37}, // R = 65.3
		{20, 50, 2, 1.56},
		{2000, 0, 0, 1.00},
		{20, 100, 100, 1.00},
	} {
		if got := meanOpinion(c.rtt, c.loss, c.jitter); math.Abs(got-c.want) > 0.06 {
			t.Errorf("rtt %v ms, loss %v %%, jitter %v ms: %.2f, want %.2f", c.rtt, c.loss, c.jitter, got, c.want)
		}
	}
	last := 5.0
	for loss := 0.0; loss <= 100; loss++ { // never better with more loss, never outside the scale
		got := meanOpinion(100, loss, 10)
		if got > last || got < 1 || got > 4.5 {
			t.Fatalf("loss %v %%: %v after %v", loss, got, last)
		}
		last = got
	}
}

func TestReception(t *testing.T) {
	r := reception{clock: 8000}
	seq, ts := uint16(65500), uint32(1<<32-800)
	for i := range 200 { // every tenth is lost; sequence and timestamp wrap
		if i%10 != 5 {
			r.packet(1, seq, ts, ms(20*i))
		}
		seq++
		ts += 160
	}
	if loss := r.interval(); loss != 10 {
		t.Errorf("loss %v %%, want 10", loss)
	}
	if r.jitterMS() > 0.01 {
		t.Errorf("jitter %v ms of a steady stream", r.jitterMS())
	}
	if loss := r.interval(); loss != 0 {
		t.Errorf("loss %v %% of an interval without packets", loss)
	}
	for i := range 400 { // every second packet 10 ms late: the mean deviation is 10 ms
		r.packet(1, seq, ts, ms(20*(200+i)+10*(i%2)))
		seq++
		ts += 160
	}
	if j := r.jitterMS(); math.Abs(j-10) > 0.5 {
		t.Errorf("jitter %v ms, want 10", j)
	}
	r.packet(2, 1, 1, time.Hour)
	if loss := r.interval(); loss != 0 || r.jitter != 0 {
		t.Errorf("another source starts with loss %v and jitter %v", loss, r.jitter)
	}
}

func TestReadReport(t *testing.T) {
	now := time.Unix(1_700_000_000, 250_000_000)
	sent := now.Add(-130 * time.Millisecond)
	rep := readReport(&rtcp.ReceptionReport{
		FractionLost: 64, Jitter: 80, LastSenderReport: middleNTP(sent), Delay: 65536 / 10, // 100 ms of the 130 at the browser
	}, 8000, now)
	if math.Abs(rep.rtt-30) > 0.1 || rep.loss != 25 || rep.jitter != 10 {
		t.Errorf("%+v", rep)
	}
	for name, r := range map[string]rtcp.ReceptionReport{
		"no sender report yet": {Delay: 1},
		"from the future":      {LastSenderReport: middleNTP(now.Add(time.Second))},
		"an hour ago":          {LastSenderReport: middleNTP(now.Add(-time.Hour))},
	} {
		if rep := readReport(&r, 8000, now); rep.rtt != 0 {
			t.Errorf("%s: round trip %v ms", name, rep.rtt)
		}
	}
}
