package recordings

import (
	"bytes"
	"errors"
	"io"
	"testing"
	"time"

	"hotline/audio"
)

// part records one stretch of a call that began at a time, and stores it.
func (d *desk) stretch(t *testing.T, id string, at time.Time, left, right float64, samples int) {
	t.Helper()
	m := meta
	m.Started = at
	take, err := d.rec.Start(id, m)
	if err != nil {
		t.Fatal(err)
	}
	take.Begin(MarkTalk, "u-1", "")
	speak(take, left, right, samples)
	closeTake(t, take)
	d.pass(t)
}

func (d *desk) session(t *testing.T, recording string) *Session {
	t.Helper()
	s, err := d.lib.OpenCall(t.Context(), recording, d.key)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// Two counsellors, one after the other, and one beside them: one line, with what lies between marked.
func TestSession(t *testing.T) {
	d := sqliteDesk(t)
	start := meta.Started
	d.stretch(t, "p1", start, 1000, 440, 4*Rate)
	d.stretch(t, "p2", start.Add(7*time.Second), 1400, 600, 3*Rate) // 3 s later
	d.stretch(t, "p3", start.Add(2*time.Second), 2000, 800, 3*Rate) // beside the first, and one second longer
	s := d.session(t, meta.Call)
	if s.Length() != 10*time.Second || len(s.Parts()) != 3 || !s.Started().Equal(start) {
		t.Fatalf("%v, %d parts", s.Length(), len(s.Parts()))
	}
	heard := func(side Side, from, to time.Duration, hz float64) {
		t.Helper()
		pcm := make([]int16, samplesIn(to-from))
		if n, err := s.ReadPCM(side, samplesIn(from), pcm); n != len(pcm) || err != nil {
			t.Fatalf("read %d of %d: %v", n, len(pcm), err)
		}
		if hz == 0 {
			if max := loudest(pcm); max != 0 {
				t.Errorf("%v to %v: not silent: %d", from, to, max)
			}
		} else if share := audio.Tone(pcm, Rate, hz); share < 0.95 {
			t.Errorf("%v to %v: %.0f Hz is only %.3f of it", from, to, hz, share)
		}
	}
	heard(Left, 0, 4*time.Second, 1000)
	heard(Right, 0, 4*time.Second, 440)
	heard(Left, 4*time.Second, 5*time.Second, 2000) // who was beside is heard when the first has gone
	heard(Left, 5*time.Second, 7*time.Second, 0)
	heard(Right, 7*time.Second, 10*time.Second, 600)
	if n, err := s.ReadPCM(Left, 10*Rate-5, make([]int16, 10)); n != 5 || !errors.Is(err, io.EOF) {
		t.Errorf("over the end: %d, %v", n, err)
	}
	var gaps []Mark
	talks := 0
	for _, m := range s.Timeline() {
		switch m.Kind {
		case MarkGap:
			gaps = append(gaps, m)
		case MarkTalk:
			talks++
		}
	}
	if len(gaps) != 1 || gaps[0].From != 5*time.Second || gaps[0].To != 7*time.Second || gaps[0].Code != GapBetween || talks != 3 {
		t.Errorf("gaps %v, %d talks", gaps, talks)
	}
	peaks, err := s.Peaks(t.Context(), 4)
	if err != nil || len(peaks.Sides[0]) != 40 || peaks.Sides[0][2] < 100 || peaks.Sides[0][22] != 0 || peaks.Sides[1][38] < 100 {
		t.Errorf("%v, %v", peaks, err)
	}
	if _, err := s.Peaks(t.Context(), 3); err == nil {
		t.Error("three peaks a second do not divide twenty")
	}
	if _, err := d.lib.OpenCall(t.Context(), "p1", d.key); !errors.Is(err, ErrNotFound) {
		t.Errorf("a part of another recording: %v", err)
	}
}

func loudest(pcm []int16) (top int16) {
	for _, v := range pcm {
		top = max(top, v, -(v + 1))
	}
	return top
}

// Every range of the WAV equals that part of the whole, over the borders of pieces, segments and parts.
func TestSessionRanges(t *testing.T) {
	d := sqliteDesk(t)
	d.stretch(t, "p1", meta.Started, 1000, 440, 11*Rate+77)
	d.stretch(t, "p2", meta.Started.Add(12*time.Second), 1400, 600, Rate+5)
	s := d.session(t, meta.Call)
	whole, err := io.ReadAll(s.WAV())
	if err != nil || int64(len(whole)) != s.WAV().Size() {
		t.Fatal(len(whole), err)
	}
	for from := int64(0); from < int64(len(whole)); from += 19973 {
		for _, n := range []int64{1, 3, 7, 44, 4096, 50000} {
			part := make([]byte, n)
			k, err := s.WAV().ReadAt(part, from)
			if want := whole[from:min(from+n, int64(len(whole)))]; !bytes.Equal(part[:k], want) || (err != nil) != (int64(k) < n) {
				t.Fatalf("bytes %d+%d differ: got %d, %v", from, n, k, err)
			}
		}
	}
}

// A part whose host's clock was set back, or far ahead, does not break the line.
func TestSessionOfClocksThatJumped(t *testing.T) {
	d := sqliteDesk(t)
	d.stretch(t, "p1", meta.Started, 1000, 440, 2*Rate)
	d.stretch(t, "p2", meta.Started.Add(1000*time.Hour), 1400, 600, Rate)
	s := d.session(t, meta.Call)
	if s.Samples() > maxSamples {
		t.Errorf("%d samples", s.Samples())
	}
	pcm := make([]int16, Rate)
	if n, err := s.ReadPCM(Left, s.Samples()-Rate, pcm); n != Rate || err != nil || audio.Tone(pcm, Rate, 1400) < 0.95 {
		t.Errorf("the last part: %d, %v", n, err)
	}
}

// The peaks that the recorder sealed are those of the speech.
func TestPeaksOfTheRecorder(t *testing.T) {
	d := sqliteDesk(t)
	take := d.start(t, "a")
	say(take, 0, 2*Rate)
	for at := 4 * Rate; at < 5*Rate; at += audio.FrameSamples {
		take.Write(Right, int64(at), tone(700, audio.FrameSamples))
	}
	closeTake(t, take)
	d.pass(t)
	p := d.open(t, "a")
	sealed, err := p.peaks(t.Context())
	if err != nil || len(sealed[0]) != 5*peakRate {
		t.Fatalf("%d peaks, %v", len(sealed[0]), err)
	}
	p.peaked = [sides][]uint8{}
	computed, err := p.peaks(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for side := range sealed {
		for i := range sealed[side] {
			a, b := int(sealed[side][i]), int(computed[side][i])
			if a-b > 1 || b-a > 1 {
				t.Fatalf("side %d peak %d: %d sealed, %d computed", side, i, a, b)
			}
		}
	}
}
