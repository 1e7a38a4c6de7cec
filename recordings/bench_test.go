package recordings

import (
	"errors"
	"io"
	"testing"
	"time"

	"hotline/audio"
	"hotline/storage/storagetest"
)

// BenchmarkStream is what one second of one call costs the gateway: 100 frames in, two chunks sealed and written.
// Its ns/op divided by a second is the share of one core that a stream takes.
func BenchmarkStream(b *testing.B) {
	d := newDesk(b, storagetest.Open(b, storagetest.SQLiteURL(b)))
	take := d.start(b, "a")
	l, r := tone(1000, audio.FrameSamples), tone(440, audio.FrameSamples)
	b.ReportAllocs()
	at := int64(0)
	for b.Loop() {
		for range 50 {
			take.Write(Left, at, l)
			take.Write(Right, at, r)
			at += audio.FrameSamples
			if at == maxSamples {
				b.Fatal("longer than a recording can be")
			}
		}
		for len(take.chunks) > 0 { // include the writer's work
			time.Sleep(10 * time.Microsecond)
		}
	}
	closeTake(b, take)
}

// BenchmarkPlayback is one second of a recording opened for playback.
func BenchmarkPlayback(b *testing.B) {
	d := newDesk(b, storagetest.Open(b, storagetest.SQLiteURL(b)))
	take := d.start(b, "a")
	speak(take, 1000, 440, 60*Rate)
	closeTake(b, take)
	d.pass(b)
	p := d.open(b, "a")
	second := make([]byte, Rate*frameBytes)
	b.ReportAllocs()
	for at := int64(0); b.Loop(); at = (at + int64(len(second))) % (p.Size() - int64(len(second))) {
		if _, err := p.ReadAt(second, at); err != nil && !errors.Is(err, io.EOF) {
			b.Fatal(err)
		}
	}
}
