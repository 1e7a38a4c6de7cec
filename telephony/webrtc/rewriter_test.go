package webrtc

import (
	"math/rand/v2"
	"testing"
	"time"
)

const frame20 = 160 // timestamp units of 20 ms

// sourcePacket makes a packet as parsePacket would.
func sourcePacket(ssrc uint32, seq uint16, ts uint32) *packet {
	return &packet{payloadType: 8, ssrc: ssrc, seq: seq, timestamp: ts, payload: make([]byte, frame20), at: rtpHeaderSize}
}

func ms(n int) time.Duration { return time.Duration(n) * time.Millisecond }

func TestRewriter(t *testing.T) {
	type step struct {
		what   string
		ssrc   uint32
		seq    uint16
		ts     uint32
		at     time.Duration
		drop   bool
		seqOut uint16 // relative to the first
		tsOut  uint32 // relative to the first
		marker bool
	}
	for name, steps := range map[string][]step{
		"one source": {
			{what: "first", ssrc: 1, seq: 7, ts: 1000, at: ms(0), marker: true},
			{what: "second", ssrc: 1, seq: 8, ts: 1160, at: ms(20), seqOut: 1, tsOut: 160},
			{what: "jitter passes", ssrc: 1, seq: 9, ts: 1320, at: ms(90), seqOut: 2, tsOut: 320},
			{what: "and its burst", ssrc: 1, seq: 10, ts: 1480, at: ms(90), seqOut: 3, tsOut: 480},
		},
		"both counters wrap": {
			{what: "first", ssrc: 1, seq: 65535, ts: 1<<32 - 160, at: ms(0), marker: true},
			{what: "wrapped", ssrc: 1, seq: 0, ts: 0, at: ms(20), seqOut: 1, tsOut: 160},
		},
		"loss is kept": {
			{what: "first", ssrc: 1, seq: 7, ts: 1000, at: ms(0), marker: true},
			{what: "after two lost", ssrc: 1, seq: 10, ts: 1480, at: ms(60), seqOut: 3, tsOut: 480},
		},
		"reordering is kept, duplicates are not": {
			{what: "first", ssrc: 1, seq: 7, ts: 1000, at: ms(0), marker: true},
			{what: "overtook", ssrc: 1, seq: 9, ts: 1320, at: ms(30), seqOut: 2, tsOut: 320},
			{what: "overtaken", ssrc: 1, seq: 8, ts: 1160, at: ms(31), seqOut: 1, tsOut: 160},
			{what: "twice", ssrc: 1, seq: 8, ts: 1160, at: ms(32), drop: true},
			{what: "newest twice", ssrc: 1, seq: 9, ts: 1320, at: ms(33), drop: true},
			{what: "older than the source", ssrc: 1, seq: 6, ts: 840, at: ms(34), drop: true},
			{what: "timestamp of another age", ssrc: 1, seq: 9, ts: 900000, at: ms(35), drop: true},
		},
		"silence, then a talkspurt": {
			{what: "first", ssrc: 1, seq: 7, ts: 1000, at: ms(0), marker: true},
			{what: "after 2 s", ssrc: 1, seq: 8, ts: 1000 + 16000, at: ms(2000), seqOut: 1, tsOut: 16000, marker: true},
		},
		"silence that the source's clock slept through": {
			{what: "first", ssrc: 1, seq: 7, ts: 1000, at: ms(0), marker: true},
			{what: "after 2 s", ssrc: 1, seq: 8, ts: 1160, at: ms(2000), seqOut: 1, tsOut: 16000, marker: true},
			{what: "goes on", ssrc: 1, seq: 9, ts: 1320, at: ms(2020), seqOut: 2, tsOut: 16160},
		},
		"timestamps jump": {
			{what: "first", ssrc: 1, seq: 7, ts: 1000, at: ms(0), marker: true},
			{what: "ahead", ssrc: 1, seq: 8, ts: 5_000_000, at: ms(20), seqOut: 1, tsOut: 160, marker: true},
			{what: "back", ssrc: 1, seq: 9, ts: 10, at: ms(41), seqOut: 2, tsOut: 320, marker: true},
		},
		"sequence starts anew": {
			{what: "first", ssrc: 1, seq: 40000, ts: 1000, at: ms(0), marker: true},
			{what: "restarted", ssrc: 1, seq: 5, ts: 99, at: ms(20), seqOut: 1, tsOut: 160, marker: true},
			{what: "goes on", ssrc: 1, seq: 6, ts: 259, at: ms(40), seqOut: 2, tsOut: 320},
		},
		"another source": {
			{what: "first", ssrc: 1, seq: 7, ts: 1000, at: ms(0), marker: true},
			{what: "at once", ssrc: 2, seq: 900, ts: 77777, at: ms(1), seqOut: 1, tsOut: 160, marker: true},
			{what: "straggler of the first is a third", ssrc: 2, seq: 899, ts: 77617, at: ms(2), drop: true},
			{what: "back after 1 s", ssrc: 1, seq: 8, ts: 1160, at: ms(1001), seqOut: 2, tsOut: 8160, marker: true},
		},
	} {
		t.Run(name, func(t *testing.T) {
			const seq0, ts0 = 65530, 1<<32 - 300
			r := newRewriter(8000, seq0, ts0)
			var baseTS uint32
			for i, s := range steps {
				seq, ts, marker, ok := r.next(sourcePacket(s.ssrc, s.seq, s.ts), s.at)
				if ok == s.drop {
					t.Fatalf("%s: sent is %v", s.what, ok)
				}
				if s.drop {
					continue
				}
				if i == 0 {
					baseTS = ts
				}
				if seq-seq0 != s.seqOut || ts-baseTS != s.tsOut || marker != s.marker {
					t.Errorf("%s: sequence +%d, timestamp +%d, marker %v; want +%d, +%d, %v",
						s.what, seq-seq0, ts-baseTS, marker, s.seqOut, s.tsOut, s.marker)
				}
			}
		})
	}
}

// Whatever the sources do, no sequence number is used twice, new ones only grow, and the newest timestamp never goes back nor runs
// from the clock.
func TestRewriterProperties(t *testing.T) {
	for seed := range uint64(200) {
		rnd := rand.New(rand.NewPCG(seed, 1)) // repeatable on purpose
		r := newRewriter(8000, uint16(rnd.Uint32()), rnd.Uint32())
		var at time.Duration
		var ssrc, ts uint32 = 1, rnd.Uint32()
		seq := uint16(rnd.Uint32())
		used := map[int64]bool{}
		var high int64 // extended sequence number of the newest
		var lastSeq uint16
		var lastTS uint32
		var lastAt time.Duration
		started := false
		for range 2000 {
			at += ms(rnd.IntN(40))
			seq++
			ts += frame20
			switch rnd.IntN(40) {
			case 0:
				ssrc, seq, ts = rnd.Uint32(), uint16(rnd.Uint32()), rnd.Uint32()
			case 1:
				r.anew()
			case 2:
				ts = rnd.Uint32()
			case 3:
				seq = uint16(rnd.Uint32())
			case 4:
				at += ms(rnd.IntN(5000))
			case 5:
				seq -= uint16(rnd.IntN(80))
			}
			out, outTS, _, ok := r.next(sourcePacket(ssrc, seq, ts), at)
			if !ok {
				continue
			}
			if !started {
				started, lastSeq, lastTS, lastAt = true, out, outTS, at
				used[0] = true
				continue
			}
			ahead := int16(out - lastSeq)
			place := high + int64(ahead)
			if used[place] {
				t.Fatalf("seed %d: a sequence number went out twice", seed)
			}
			used[place] = true
			if ahead > 0 {
				moved := time.Duration(int32(outTS-lastTS)) * time.Second / 8000
				if passed := at - lastAt; moved < 0 || moved > passed+maxSkew+ms(60) {
					t.Fatalf("seed %d: timestamp moved by %v while %v passed", seed, moved, passed)
				}
				high, lastSeq, lastTS, lastAt = place, out, outTS, at
			} else if -ahead > maxMisorder {
				t.Fatalf("seed %d: sequence went back by %d", seed, -ahead)
			}
		}
	}
}

func TestParsePacket(t *testing.T) {
	plain := []byte{0x80, 0x88, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 'a', 'b'}
	p, ok := parsePacket(plain)
	if !ok || p.payloadType != 8 || !p.marker || p.seq != 1 || p.timestamp != 2 || p.ssrc != 3 || string(p.payload) != "ab" || p.at != 12 {
		t.Errorf("plain: %+v %v", p, ok)
	}
	full := []byte{0xb1, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 9, 9, 9, 9, 0xbe, 0xde, 0, 1, 1, 2, 3, 4, 'a', 'b', 0, 2}
	p, ok = parsePacket(full)
	if !ok || p.marker || string(p.payload) != "ab" || p.at != 24 {
		t.Errorf("CSRC, extension and padding: %+v %v", p, ok)
	}
	for name, buf := range map[string][]byte{
		"empty":              nil,
		"short":              plain[:11],
		"no payload":         plain[:12],
		"version 1":          {0x40, 8, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 'a'},
		"CSRCs beyond":       {0x8f, 8, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 'a'},
		"extension beyond":   {0x90, 8, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0xff, 0xff, 'a'},
		"extension cut":      {0x90, 8, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0},
		"padding of nothing": {0xa0, 8, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 'a', 0},
		"padding beyond":     {0xa0, 8, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 'a', 200},
		"only padding":       {0xa0, 8, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 2},
	} {
		if p, ok := parsePacket(buf); ok {
			t.Errorf("%s: taken for %+v", name, p)
		}
	}
}

// FuzzPackets sends hostile packets through parsing, rewriting, measuring and the tape's clock.
func FuzzPackets(f *testing.F) {
	f.Add([]byte{0x80, 0x88, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 'a', 'b'}, int64(20))
	f.Add([]byte{0xb1, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 9, 9, 9, 9, 0xbe, 0xde, 0, 1, 1, 2, 3, 4, 'a', 'b', 0, 2}, int64(-5))
	f.Fuzz(func(t *testing.T, data []byte, step int64) {
		r := newRewriter(8000, 1, 1)
		m := reception{clock: 8000}
		var line timeline
		var at time.Duration
		for len(data) > 0 {
			n := min(len(data), 12+int(data[0])%32)
			buf := append([]byte(nil), data[:n]...)
			data = data[n:]
			at += time.Duration(step % int64(time.Hour))
			p, ok := parsePacket(buf)
			if !ok {
				continue
			}
			if p.at < rtpHeaderSize || p.at+len(p.payload) > len(buf) || len(p.payload) == 0 {
				t.Fatalf("payload at %d+%d of %d", p.at, len(p.payload), len(buf))
			}
			m.packet(p.ssrc, p.seq, p.timestamp, at)
			line.place(p.ssrc, p.timestamp, at)
			if seq, ts, marker, ok := r.next(&p, at); ok {
				out := buf[p.at-rtpHeaderSize : p.at+len(p.payload)]
				putHeader(out, 8, marker, seq, ts, 42)
				q, ok := parsePacket(out)
				if !ok || q.seq != seq || q.timestamp != ts || q.ssrc != 42 || q.marker != marker || len(q.payload) != len(p.payload) {
					t.Fatalf("wrote %+v", q)
				}
			}
		}
		if loss := m.interval(); loss < 0 || loss > 100 || m.jitterMS() < 0 {
			t.Fatalf("loss %v, jitter %v", loss, m.jitterMS())
		}
	})
}
