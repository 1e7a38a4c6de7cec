package webrtc

import (
	"time"

	"hotline/audio"
)

// The tape's clock: G.711 samples.
const tapeRate = audio.Rate

const (
	// maxDrift is how far a side's audio may lie from the time at which it arrived before it is moved there.
	maxDrift = 60 * time.Millisecond
	// driftPatience is for how long it must have lain there: a burst of delayed packets is over sooner, and must keep its timestamps.
	driftPatience = 500 * time.Millisecond
	// maxJump is a distance that no network explains: the source's timestamps jumped, so patience would only keep it wrong.
	maxJump = 2 * time.Second
)

// timeline gives the audio of one side its place on the tape, in samples since the recording started. The first packet lies where it
// arrived; later ones follow their timestamps, which know nothing of the network's jitter; a new source, or a drift that stays, puts
// them back to where they arrive. It is pure: time is an argument. Streams of 8 kHz only.
type timeline struct {
	started  bool
	ssrc     uint32
	ts       uint32 // of the last packet in order
	offset   int64  // its place
	drifting bool
	since    time.Duration // when the present drift began
	least    int64         // the smallest drift since then, signed
}

// place tells where the audio of a packet that arrived at the given time after the recording's start begins. It may be negative for a
// packet sampled before the start. Packets may come out of order; each gets its own place.
func (t *timeline) place(ssrc, timestamp uint32, arrived time.Duration) int64 {
	now := samples(arrived)
	if !t.started || ssrc != t.ssrc {
		*t = timeline{started: true, ssrc: ssrc, ts: timestamp, offset: now}
		return now
	}
	step := int64(int32(timestamp - t.ts)) // wraps on purpose: serial number arithmetic
	offset := t.offset + step
	if step < 0 && -step <= samples(maxJump) {
		return offset // overtaken; says nothing about drift
	}
	drift := now - offset
	if abs(drift) > samples(maxJump) {
		t.ts, t.offset, t.drifting = timestamp, now, false
		return now
	}
	offset += t.correct(drift, arrived)
	t.ts, t.offset = timestamp, offset
	return offset
}

// correct watches the drift and answers by how much to move, mostly zero.
func (t *timeline) correct(drift int64, arrived time.Duration) int64 {
	if abs(drift) <= samples(maxDrift) {
		t.drifting = false
		return 0
	}
	if !t.drifting || (drift > 0) != (t.least > 0) {
		t.drifting, t.since, t.least = true, arrived, drift
		return 0
	}
	if abs(drift) < abs(t.least) {
		t.least = drift
	}
	if arrived-t.since < driftPatience {
		return 0
	}
	t.drifting = false
	return t.least
}

func samples(d time.Duration) int64 { return int64(d) * tapeRate / int64(time.Second) }

func abs(n int64) int64 {
	if n < 0 {
		return -n
	}
	return n
}
