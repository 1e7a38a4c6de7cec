package webrtc

import (
	"math"
	"time"

	"github.com/pion/rtcp"
)

// Quality is how good a leg sounds, the worse of its two directions.
type Quality struct {
	RTT    float64 `json:"rtt_ms"`       // round trip browser - gateway, milliseconds; 0 until the first measurement
	Loss   float64 `json:"loss_percent"` // of the packets of the last interval, 0-100
	Jitter float64 `json:"jitter_ms"`    // interarrival jitter, RFC 3550 section 6.4.1, milliseconds
	MOS    float64 `json:"mos"`          // estimated mean opinion score, 1-4.5; see meanOpinion
}

// Constants of the E-model for G.711 with packet loss concealment over random loss: ITU-T G.107 (default R with no impairment beyond
// delay and equipment) and G.113 appendix I (Ie, Bpl).
const (
	modelBase       = 93.2
	equipment       = 0.0
	lossRobustness  = 25.1
	packetDelay     = 20.0 // milliseconds of speech in one packet
	jitterAllowance = 2.0  // a playout buffer holds about this many times the jitter
)

// meanOpinion estimates the mean opinion score of a conversation by the E-model of ITU-T G.107, simplified: all inputs at their
// defaults but delay and loss. The delay impairment is Cole and Rosenbluth's fit of it (Voice over IP Performance Monitoring, 2001).
// For Opus the figure is that of G.711 under the same network, a lower bound. rtt and jitter are milliseconds, loss is percent.
func meanOpinion(rtt, loss, jitter float64) float64 {
	delay := rtt/2 + packetDelay + jitterAllowance*jitter
	impairment := 0.024 * delay
	if delay > 177.3 {
		impairment += 0.11 * (delay - 177.3)
	}
	lossy := equipment + (95-equipment)*loss/(loss+lossRobustness)
	r := modelBase - impairment - lossy
	switch {
	case r <= 6.5: // below this the cubic of G.107 annex B falls under its own minimum
		return 1
	case r >= 100:
		return 4.5
	}
	return 1 + 0.035*r + r*(r-60)*(100-r)*7e-6
}

// reception measures one incoming stream as RFC 3550 appendices A.3 and A.8 do. Not safe for concurrent use.
type reception struct {
	clock    float64
	started  bool
	ssrc     uint32
	highest  uint32 // extended sequence number
	base     uint32
	received uint32
	transit  float64 // of the last packet, in timestamp units
	firstTS  uint32
	jitter   float64 // in timestamp units

	expectedPrior, receivedPrior uint32
}

// packet counts one packet that arrived at the given time.
func (r *reception) packet(ssrc uint32, seq uint16, timestamp uint32, at time.Duration) {
	if !r.started || ssrc != r.ssrc {
		*r = reception{clock: r.clock, started: true, ssrc: ssrc, highest: uint32(seq), base: uint32(seq), received: 1, firstTS: timestamp}
		r.transit = at.Seconds() * r.clock
		return
	}
	ahead := int16(seq - uint16(r.highest)) // wraps on purpose
	if ahead > maxDropout || ahead < -maxMisorder {
		r.started = false
		r.packet(ssrc, seq, timestamp, at)
		return
	}
	if ahead > 0 {
		r.highest += uint32(ahead)
	}
	r.received++
	transit := at.Seconds()*r.clock - float64(int32(timestamp-r.firstTS)) // wraps on purpose
	d := math.Abs(transit - r.transit)
	r.transit = transit
	if d < r.clock { // a jump of the source's timestamps is no jitter
		r.jitter += (d - r.jitter) / 16
	}
}

// interval is the share of packets lost since the last call, in percent.
func (r *reception) interval() float64 {
	if !r.started {
		return 0
	}
	expected := r.highest - r.base + 1
	wanted, got := expected-r.expectedPrior, r.received-r.receivedPrior
	r.expectedPrior, r.receivedPrior = expected, r.received
	if wanted == 0 || got >= wanted || wanted > math.MaxInt32 {
		return 0
	}
	return 100 * float64(wanted-got) / float64(wanted)
}

func (r *reception) jitterMS() float64 { return r.jitter / r.clock * 1000 }

// browserReport is what the browser told about the stream that it receives.
type browserReport struct {
	rtt    float64 // milliseconds, 0 when not known
	loss   float64 // percent of the last interval
	jitter float64 // milliseconds
}

// maxRTT bounds what a report may claim: a browser that lies, or a clock that was set, must not reach the histograms.
const maxRTT = 10 * time.Second

// readReport turns a reception report into figures. The round trip is A - LSR - DLSR of RFC 3550 section 6.4.1, where LSR echoes the
// gateway's own clock; now is that clock.
func readReport(r *rtcp.ReceptionReport, clock float64, now time.Time) browserReport {
	rep := browserReport{
		loss:   float64(r.FractionLost) / 256 * 100,
		jitter: math.Min(float64(r.Jitter)/clock*1000, float64(maxRTT.Milliseconds())),
	}
	if r.LastSenderReport == 0 {
		return rep
	}
	units := int32(middleNTP(now) - r.LastSenderReport - r.Delay) // wraps on purpose
	rtt := time.Duration(units) * time.Second / 65536
	if rtt > 0 && rtt < maxRTT {
		rep.rtt = milliseconds(rtt)
	}
	return rep
}

// middleNTP is the middle 32 bits of the NTP time: units of 1/65536 s (RFC 3550 section 4).
func middleNTP(t time.Time) uint32 {
	const since1900 = 2208988800
	seconds := uint64(t.Unix() + since1900)                              // positive for any clock that runs
	fraction := uint64(t.Nanosecond()) * (1 << 32) / uint64(time.Second) // never negative
	return uint32((seconds<<32 | fraction) >> 16)                        // the cut is the point
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// tenth rounds to what a person can tell apart.
func tenth(x float64) float64 { return math.Round(x*10) / 10 }
