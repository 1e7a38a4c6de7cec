package recordings

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
)

// dropped is how many pieces became gaps because of the disk.
func (d *desk) dropped() int64 {
	of := d.rec.cfg.Metrics.droppedChunks
	return int64(testutil.ToFloat64(of.WithLabelValues("disk")) + testutil.ToFloat64(of.WithLabelValues("slow")))
}

// laid is a part of the line between two seconds, for who does not listen to it.
func laid(id string, from, to int, complete bool, marks ...Mark) *Playback {
	m := meta
	m.Started = m.Started.Add(time.Duration(from) * time.Second)
	samples := int64(to-from) * Rate
	return &Playback{Recording: Recording{ID: id, Meta: m, Duration: timeOf(samples), Complete: complete, Marks: marks}, WAV: &WAV{samples: samples}}
}

func ofAgent(p *Playback, agent string) *Playback {
	p.Recording.Agent = agent
	return p
}

// gapAt is a mark between two seconds of a part.
func gapAt(code string, from, to int) Mark {
	return Mark{Kind: MarkGap, From: time.Duration(from) * time.Second, To: time.Duration(to) * time.Second, Code: code}
}

// heard tells in seconds which part is heard when.
func (s *Session) heard() string {
	var out []string
	last, from := "", int64(0)
	for at := int64(0); at < s.samples; {
		p, until := s.run(at)
		id := "-"
		if p != nil {
			id = p.Recording.ID
		}
		if id != last {
			last, from = id, at
		} else {
			out = out[:len(out)-1]
		}
		out = append(out, fmt.Sprintf("%s %d-%d", id, from/Rate, until/Rate))
		at = until
	}
	return strings.Join(out, ", ")
}

func gapsOf(marks []Mark) string {
	var out []string
	for _, m := range marks {
		if m.Kind == MarkGap {
			out = append(out, fmt.Sprintf("%s %d-%d", m.Code, m.From/time.Second, m.To/time.Second))
		}
	}
	return strings.Join(out, ", ")
}

func TestSeams(t *testing.T) {
	seam := gapAt(GapDisk, 0, 0)
	ahead := []Mark{gapAt(GapLost, 101, 130), gapAt(GapSlow, 108, 130), gapAt(GapRestart, 130, 130)}
	for _, c := range []struct {
		name        string
		parts       []*Playback
		heard, gaps string
	}{
		{
			"left with a mark of what was to come", []*Playback{laid("a", 0, 130, false, ahead...), laid("b", 101, 200, true, seam, gapAt(GapSlow, 7, 29))},
			"a 0-101, b 101-200", "disk 101-101, slow 108-130",
		},
		{
			"with somebody beside it: who was heard is heard on, and no longer than without a seam",
			[]*Playback{laid("a", 0, 130, false, ahead...), ofAgent(laid("c", 50, 150, true), "u-2"), laid("b", 101, 200, true, seam)},
			"a 0-101, b 101-130, c 130-150, b 150-200", "disk 101-101",
		},
		{
			"the part of somebody else goes on from another", []*Playback{laid("a", 0, 130, false, ahead...), ofAgent(laid("b", 101, 200, true, seam), "u-2")},
			"a 0-130, b 130-200", "lost 101-130, disk 101-101, slow 108-130",
		},
		{
			"one that was closed was not left", []*Playback{laid("a", 0, 130, true), laid("b", 101, 200, true, seam)},
			"a 0-130, b 130-200", "disk 101-101",
		},
		{
			"the disk let nothing begin for a while", []*Playback{laid("a", 0, 95, false, gapAt(GapRestart, 95, 95)), laid("b", 100, 200, true, seam)},
			"a 0-95, - 95-100, b 100-200", "disk 95-100, disk 100-100",
		},
		{
			"a leg that began on a full disk", []*Playback{laid("a", 0, 60, true), laid("b", 360, 400, true, gapAt(GapDisk, 0, 3))},
			"a 0-60, - 60-360, b 360-400", "between 60-360, disk 360-363",
		},
		{
			"one that never got a piece stayed", []*Playback{laid("a", 0, 60, false), laid("b", 60, 80, false, seam, gapAt(GapSlow, 0, 20)), laid("c", 60, 100, true, seam)},
			"a 0-60, c 60-100", "disk 60-60",
		},
		{
			"the first never got a piece", []*Playback{laid("b", 0, 40, false, seam), laid("c", 40, 100, true, seam), laid("z", 0, 50, false)},
			"b 0-40, c 40-100", "disk 0-0, disk 40-40",
		},
		{
			"what went on ended before the mark", []*Playback{laid("a", 0, 130, false, ahead...), laid("b", 101, 120, false, seam), ofAgent(laid("c", 50, 150, true), "u-2")},
			"a 0-101, b 101-120, - 120-130, c 130-150", "disk 101-101",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newSession("call", c.parts)
			if got := s.heard(); got != c.heard {
				t.Errorf("heard: %s, want %s", got, c.heard)
			}
			if got := gapsOf(s.Timeline()); got != c.gaps {
				t.Errorf("gaps: %s, want %s", got, c.gaps)
			}
		})
	}
}

// tears is a file whose disk hangs at one piece and tears it at another.
type tears struct {
	sink
	hangs, tears uint32
	hung, goesOn chan struct{}
}

func (f tears) Write(b []byte) (int, error) {
	switch binary.BigEndian.Uint32(b[4:]) {
	case f.hangs:
		close(f.hung)
		<-f.goesOn
	case f.tears:
		n, _ := f.sink.Write(b[:len(b)/2])
		return n, syscall.EIO
	}
	return f.sink.Write(b)
}

func (f tears) Truncate(int64) error { return syscall.EIO }

// The disk hangs, then says what that cost, far ahead, and tears the file at once: what it takes of the next part is heard, and the peaks are there.
func TestSpeechIsHeardThatFollowsASlowDisk(t *testing.T) {
	d := sqliteDesk(t)
	d.rec.cfg.Buffer = 4
	f := tears{hangs: 3, tears: 5, hung: make(chan struct{}), goesOn: make(chan struct{})}
	d.onDisks(func(file sink) sink { f.sink = file; return f })
	l := d.live(t, "a")
	l.speak(1000, 440, 2*Rate+Rate/2)
	<-f.hung
	l.speak(1000, 440, 20*Rate)
	close(f.goesOn)
	until(t, l.idle)
	l.speak(1000, 440, 2*Rate)
	closeTake(t, l.Take)
	d.pass(t)
	if missing := d.wantParts(t, 2, l.said, GapSlow); missing != d.dropped()*Rate/2 || missing < 15*Rate {
		t.Errorf("%v are missing, %d half seconds were dropped", timeOf(missing), d.dropped())
	}
	s := d.session(t, meta.Call)
	if got := s.heard(); !strings.HasPrefix(got, "a 0-2, ") || gapsOf(s.Timeline()) != "disk 2-2, slow 4-22" {
		t.Errorf("heard %s, gaps %v", got, s.Timeline())
	}
	peaks, err := s.Peaks(t.Context(), 2)
	if err != nil || peaks.Sides[Left][7] < 100 || peaks.Sides[Left][9] != 0 {
		t.Errorf("%v, %v", peaks, err)
	}
}

// gated is a file that cannot be brought onto a disk that takes nothing while its gate is held.
type gated struct {
	unflushed
	gate *sync.RWMutex
}

func (f gated) Write(b []byte) (int, error) {
	f.gate.RLock()
	defer f.gate.RUnlock()
	return f.unflushed.Write(b)
}

// A disk that is slow as well as failing: what it is too slow for is always marked ahead of what is being written, and the part in doubt is left all the same.
func TestPartInDoubtIsLeftOnASlowDisk(t *testing.T) {
	d := sqliteDesk(t)
	d.rec.cfg.Buffer = 2
	var gate sync.RWMutex
	d.onDisks(slices.Repeat([]func(sink) sink{func(f sink) sink { return gated{unflushed{f}, &gate} }}, 40)...)
	l := d.live(t, "a")
	for n := 0; d.left() < 2; n++ {
		if n == 40 {
			t.Fatalf("%d parts were left in %v", d.left(), timeOf(l.said))
		}
		gate.Lock()
		l.speak(1000, 440, 4*Rate)
		gate.Unlock()
		until(t, l.idle)
	}
	_, _ = l.Close() // the last part is as little safe as the others
	d.pass(t)
	if missing := d.wantParts(t, 3, l.said, GapSlow); missing != d.dropped()*Rate/2 {
		t.Errorf("%v are missing, %d half seconds were dropped", timeOf(missing), d.dropped())
	}
	s := d.session(t, meta.Call)
	for i, p := range s.Parts()[1:] {
		if before := s.Parts()[i]; !p.Started.Equal(before.Started.Add(before.Duration)) {
			t.Errorf("%v and %v do not touch", before, p)
		}
	}
	if i := slices.IndexFunc(s.Timeline(), func(m Mark) bool {
		return m.Code == GapLost || m.Code == GapBetween || m.Code == GapRestart && m.To < s.Length()
	}); i >= 0 {
		t.Errorf("%v", s.Timeline())
	}
}

// A seam stays one when the disk refuses what follows it: it is no gap, and does not become part of one.
func TestSeamBeforeAFullDisk(t *testing.T) {
	d := sqliteDesk(t)
	first, second := &disk{cuts: syscall.EIO}, &disk{}
	first.room.Store(30000)
	second.room.Store(20000) // two pieces
	d.onDisks(func(f sink) sink { return diskFile{f, first} }, func(f sink) sink { return diskFile{f, second} })
	l := d.live(t, "a")
	l.speak(1000, 440, 4*Rate)
	d.awaitDropped(t, 2)
	until(t, l.idle)
	second.room.Store(1 << 30)
	l.speak(1000, 440, 2*Rate)
	closeTake(t, l.Take)
	d.pass(t)
	if missing := d.wantParts(t, 2, l.said); missing != d.dropped()*Rate/2 {
		t.Errorf("%v are missing, %d half seconds were dropped", timeOf(missing), d.dropped())
	}
	s := d.session(t, meta.Call)
	if p := s.parts[1]; !p.goesOn() || s.parts[0].next != p || !strings.HasPrefix(gapsOf(p.Recording.Marks), "disk 0-0, disk 1-") {
		t.Errorf("%v", p.Recording.Marks)
	}
}

// A mark of the moment in which a part is left, before its last words were written, is there once.
func TestMarksBeforeASeam(t *testing.T) {
	d := sqliteDesk(t)
	d.onDisks(func(f sink) sink { return unflushed{f} })
	l := d.live(t, "a")
	said := 0
	for ; d.left() == 0; said++ {
		if said == 100 {
			t.Fatal("the part goes on")
		}
		l.Point(MarkRisk, "u-1", fmt.Sprint("n", said))
		until(t, func() bool { l.mu.Lock(); defer l.mu.Unlock(); return len(l.pending) == 0 })
		l.speak(1000, 440, Rate)
		until(t, l.idle)
	}
	closeTake(t, l.Take)
	d.pass(t)
	d.wantParts(t, 2, l.said)
	s := d.session(t, meta.Call)
	var inParts []Mark
	for _, p := range s.Parts() {
		inParts = append(inParts, p.Marks...)
	}
	for n := range said {
		for _, marks := range [][]Mark{s.Timeline(), inParts} {
			marks = slices.DeleteFunc(slices.Clone(marks), func(m Mark) bool { return m.Code != fmt.Sprint("n", n) })
			if len(marks) != 1 {
				t.Errorf("mark %d: %v", n, marks)
			}
		}
	}
}
