package audio

import (
	"fmt"
	"time"
)

// Packet is speech as it arrived.
type Packet struct {
	At  time.Time // of arrival
	Seq uint16    // RTP sequence number
	TS  uint32    // RTP timestamp, in samples
	PCM []int16
}

// Duration is how long the packet plays.
func (p Packet) Duration() time.Duration {
	return time.Duration(len(p.PCM)) * time.Second / Rate
}

// Gap is a time in which the listener did not hear what was looked for.
type Gap struct{ From, To time.Time }

// Length of the gap.
func (g Gap) Length() time.Duration { return g.To.Sub(g.From) }

func (g Gap) String() string {
	return fmt.Sprintf("%v at %s", g.Length(), g.From.Format("15:04:05.000"))
}

// Gaps lists the times between from and to, longer than longest, in which no packet for which heard is true was playing. A packet plays
// from its arrival for its duration; packets are in order of arrival. A nil heard takes every packet.
func Gaps(packets []Packet, from, to time.Time, longest time.Duration, heard func(Packet) bool) []Gap {
	var gaps []Gap
	until := from
	note := func(next time.Time) {
		if next.Sub(until) > longest {
			gaps = append(gaps, Gap{From: until, To: next})
		}
	}
	for _, p := range packets {
		if end := p.At.Add(p.Duration()); end.Before(from) || p.At.After(to) || heard != nil && !heard(p) {
			continue
		} else {
			note(p.At)
			if end.After(until) {
				until = end
			}
		}
	}
	note(to)
	return gaps
}

// Beyond drops the gaps that the machine explains rather than the call: control are the gaps (all of them, of any length) of a
// second listener on the same machine to whom nothing was done. A gap stays when what remains of it outside of control's is longer than
// longest.
func Beyond(gaps, control []Gap, longest time.Duration) []Gap {
	var left []Gap
	for _, g := range gaps {
		rest := g.Length()
		for _, c := range control {
			from, to := c.From, c.To
			if from.Before(g.From) {
				from = g.From
			}
			if to.After(g.To) {
				to = g.To
			}
			rest -= max(0, to.Sub(from))
		}
		if rest > longest {
			left = append(left, g)
		}
	}
	return left
}

// HasTone is a test for Gaps: at least share (0..1) of a packet's power is at hz.
func HasTone(hz, share float64) func(Packet) bool {
	return func(p Packet) bool { return Tone(p.PCM, Rate, hz) >= share }
}

// Audible is a test for Gaps: the packet is not silence. level is of full scale; 0.005 is a quiet voice.
func Audible(level float64) func(Packet) bool {
	return func(p Packet) bool { return Level(p.PCM) >= level }
}

// Speech joins the samples of packets that arrived between from and to.
func Speech(packets []Packet, from, to time.Time) []int16 {
	var pcm []int16
	for _, p := range packets {
		if !p.At.Before(from) && p.At.Before(to) {
			pcm = append(pcm, p.PCM...)
		}
	}
	return pcm
}
