package webrtc

import "time"

const (
	// A step of the sequence beyond these is no loss and no reordering but a source that started anew. RFC 3550 appendix A.1 has the
	// same limits at 3000 and 100; the second is lower here so that the numbers already used fit one word (see rewriter.sent).
	maxDropout  = 3000
	maxMisorder = 60
	// maxSkew is how far a source's timestamps may run from the clock on the wall between two packets before they are taken for a
	// jump. It is above any network delay that a conversation survives, so a late burst is passed on as it is.
	maxSkew = 500 * time.Millisecond
)

// rewriter makes one continuous RTP stream out of the packets of many sources that follow each other: a new SSRC, a restarted
// sequence, timestamps that jump, or silence do not break the stream that goes out. It is pure: time is an argument.
//
// Within one source differences are kept, so the receiver still sees loss and reordering as they happened. Where a source changes,
// the sequence goes on by one and the timestamp by the time that passed (RFC 3550 section 5.1: the sampling clock runs on through
// silence), and the marker shows the start of a talkspurt (RFC 3551 section 4.1).
type rewriter struct {
	clock uint32 // timestamp units per second

	started bool
	fresh   bool   // the next packet is of another source, whatever its SSRC
	ssrc    uint32 // of the present source
	seq     uint16 // highest seen of the present source
	ts      uint32 // that packet's timestamp
	at      time.Duration

	outSeq uint16 // highest sent
	outTS  uint32 // that packet's timestamp
	frame  uint32 // duration of a packet, as last seen, in timestamp units
	// sent has bit n set when outSeq-n was used, or belonged to an earlier source. No number goes out twice: SRTP derives its keystream
	// from it (RFC 3711 section 9.1).
	sent uint64
}

// newRewriter makes a rewriter whose stream starts at the given sequence number and timestamp, which should be random (RFC 3550 5.1).
func newRewriter(clock uint32, seq uint16, timestamp uint32) *rewriter {
	return &rewriter{clock: clock, outSeq: seq - 1, outTS: timestamp, frame: clock / 50}
}

// next tells which sequence number, timestamp and marker a packet that arrived at the given time goes out with. ok is false for a
// duplicate or for a straggler from before the present source; such a packet must be dropped.
func (r *rewriter) next(p *packet, at time.Duration) (seq uint16, timestamp uint32, marker, ok bool) {
	if !r.started || r.fresh || p.ssrc != r.ssrc {
		return r.cut(p, at)
	}
	ahead := int16(p.seq - r.seq) // wraps on purpose: serial number arithmetic, RFC 1982
	switch {
	case ahead == 0:
		return 0, 0, false, false
	case ahead < 0 && ahead >= -maxMisorder:
		return r.straggler(p, uint16(-ahead))
	case ahead < 0 || ahead > maxDropout:
		return r.cut(p, at)
	}
	step := p.timestamp - r.ts
	if r.jumped(step, at-r.at) {
		return r.cut(p, at)
	}
	// In sequence yet later than one packet: the source was silent, and this starts its next talkspurt.
	spurt := ahead == 1 && step > 2*r.frame
	if ahead == 1 && !spurt && step > 0 && step <= r.clock*3/25 { // 120 ms: no codec here makes longer packets (RFC 6716, RFC 3551)
		r.frame = step
	}
	r.outSeq += uint16(ahead)
	r.outTS += step
	r.sent = r.sent<<uint(ahead) | 1
	r.seq, r.ts, r.at = p.seq, p.timestamp, at
	return r.outSeq, r.outTS, p.marker || spurt, true
}

// anew announces that the next packet comes from another source.
func (r *rewriter) anew() { r.fresh = true }

// straggler places a packet that was overtaken. It keeps its old place in the stream if that place is still empty.
func (r *rewriter) straggler(p *packet, behind uint16) (uint16, uint32, bool, bool) {
	late := r.ts - p.timestamp
	if r.sent>>behind&1 != 0 || late > uint32(maxMisorder)*max(r.frame, 1) { // used, or the timestamp does not fit the sequence
		return 0, 0, false, false
	}
	r.sent |= 1 << behind
	return r.outSeq - behind, r.outTS - late, p.marker, true
}

// cut joins a new source, or a source that started anew, to the stream.
func (r *rewriter) cut(p *packet, at time.Duration) (uint16, uint32, bool, bool) {
	if r.started {
		r.outTS += r.elapsed(at - r.at)
	}
	r.outSeq++
	r.started, r.fresh, r.sent = true, false, ^uint64(0)
	r.ssrc, r.seq, r.ts, r.at = p.ssrc, p.seq, p.timestamp, at
	return r.outSeq, r.outTS, true, true
}

// elapsed is the time since the last packet in timestamp units: whole packets, at least one, because a receiver would conceal the odd
// samples of a network's jitter as if they were loss.
func (r *rewriter) elapsed(d time.Duration) uint32 {
	if d <= 0 {
		return r.frame
	}
	// Seconds and the rest apart: a silence of days must not overflow; the timestamp itself wraps as it should.
	units := uint64(d/time.Second)*uint64(r.clock) + uint64(d%time.Second)*uint64(r.clock)/uint64(time.Second)
	frame := uint64(max(r.frame, 1))
	frames := max((units+frame/2)/frame, 1)
	return uint32(frames * frame) // wraps on purpose
}

// jumped tells whether a step of the source's timestamp has nothing to do with the time that passed.
func (r *rewriter) jumped(step uint32, passed time.Duration) bool {
	signed := time.Duration(int32(step)) * time.Second / time.Duration(r.clock) // wraps on purpose
	if signed < 0 {
		return true // newer in sequence, older in time
	}
	skew := signed - passed
	return skew > maxSkew || skew < -maxSkew
}
