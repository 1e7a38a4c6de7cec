package webrtc

import (
	"context"
	"iter"
	"sync"
	"testing"
	"time"

	"hotline/audio"
)

// tone is a sine in A-law that goes on from call to call.
type tone struct {
	frequency float64
	n         int
}

// next is the next n samples.
func (t *tone) next(n int) []byte {
	t.n += n
	return audio.PCMA.Encode(nil, audio.Sine(tapeRate, t.frequency, 0.3, t.n-n, n))
}

// power is the share of a frequency in some A-law audio, 0-1.
func power(alaw []byte, frequency float64) float64 {
	return audio.Tone(audio.PCMA.Decode(nil, alaw), tapeRate, frequency)
}

// frames yields once for every 20 ms that passed, until the context ends. A busy machine makes it late, and then it catches up as a sound
// card does: no time is lost.
func frames(ctx context.Context) iter.Seq[int] {
	return func(yield func(int) bool) {
		start := time.Now()
		tick := time.NewTicker(10 * time.Millisecond)
		defer tick.Stop()
		for n := 0; ; {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			for ; n < int(time.Since(start)/(20*time.Millisecond)); n++ {
				if !yield(n) {
					return
				}
			}
		}
	}
}

// ear collects packets and lets a test wait until it heard enough.
type ear struct {
	mu      sync.Mutex
	packets []heardPacket
	changed chan struct{}
}

type heardPacket struct {
	packet
	at time.Time
}

func newEar() *ear { return &ear{changed: make(chan struct{}, 1)} }

func (e *ear) put(buf []byte) {
	p, ok := parsePacket(append([]byte(nil), buf...))
	if !ok {
		return
	}
	e.mu.Lock()
	e.packets = append(e.packets, heardPacket{p, time.Now()})
	e.mu.Unlock()
	select {
	case e.changed <- struct{}{}:
	default:
	}
}

func (e *ear) all() []heardPacket {
	e.mu.Lock()
	defer e.mu.Unlock()
	return append([]heardPacket(nil), e.packets...)
}

// await waits until the ear has n packets.
func (e *ear) await(t *testing.T, n int) []heardPacket {
	t.Helper()
	limit := time.After(10 * time.Second)
	for {
		if all := e.all(); len(all) >= n {
			return all
		}
		select {
		case <-e.changed:
		case <-limit:
			t.Fatalf("heard %d packets of %d", len(e.all()), n)
		}
	}
}

// mostly fails unless nine of ten packets carry the frequency.
func mostly(t *testing.T, packets []heardPacket, frequency float64) {
	t.Helper()
	n := 0
	for _, p := range packets {
		if power(p.payload, frequency) > 0.5 {
			n++
		}
	}
	if 10*n < 9*len(packets) {
		t.Errorf("%v Hz is in %d packets of %d", frequency, n, len(packets))
	}
}
