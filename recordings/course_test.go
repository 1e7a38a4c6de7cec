package recordings

import (
	"errors"
	"testing"
	"time"

	"hotline/audio"
)

// The disk stalls while a talk begins: whoever feeds the take holds back what it can and loses the rest; from then on all is there.
func TestStalledStart(t *testing.T) {
	for _, stall := range []time.Duration{3 * time.Second, 12 * time.Second, time.Minute} {
		t.Run(stall.String(), func(t *testing.T) {
			d := sqliteDesk(t)
			c := &testClock{time.Now()}
			d.rec.now = c.now
			d.rec.create = func(path string) (sink, error) {
				c.at = c.at.Add(stall)
				return createLocked(path)
			}
			l := &live{Take: d.start(t, "a"), clock: c}
			held := min(stall, 5100*time.Millisecond)
			say(l.Take, 0, int(samplesIn(held)))
			l.said = samplesIn(stall)
			l.speak(1000, 440, 10*Rate)
			if length := closeTake(t, l.Take); length != stall+10*time.Second {
				t.Errorf("length %v", length)
			}
			d.pass(t)
			p := d.open(t, "a")
			left, _ := wav(t, p)
			wantTone(t, left[:samplesIn(held)], 1000, 440)
			wantTone(t, left[samplesIn(stall):], 1000, 440)
			m, n := mark(p.Recording.Marks, MarkGap)
			if lost := stall > held; lost != (n == 1) || lost && (m.Code != GapLost || !near(m.From, held) || !near(m.To, stall)) {
				t.Errorf("%d gaps, %v", n, m)
			}
		})
	}
}

// A start that hangs on the disk holds up no other take: neither its end nor another start.
func TestStalledStartHoldsUpNobody(t *testing.T) {
	d := sqliteDesk(t)
	first := d.start(t, "a")
	speak(first, 1000, 440, Rate)
	hangs, back := make(chan struct{}), make(chan struct{})
	d.rec.create = func(path string) (sink, error) {
		close(hangs)
		<-back
		return createLocked(path)
	}
	type started struct {
		take *Take
		err  error
	}
	second := make(chan started, 1)
	go func() {
		take, err := d.rec.Start("b", meta)
		second <- started{take, err}
	}()
	<-hangs
	if _, err := d.rec.Start("b", meta); !errors.Is(err, ErrExists) {
		t.Errorf("the same id twice: %v", err)
	}
	if _, err := first.Close(); err != nil {
		t.Errorf("the end of another: %v", err)
	}
	close(back)
	s := <-second
	if s.err != nil {
		t.Fatal(s.err)
	}
	speak(s.take, 1000, 440, Rate)
	closeTake(t, s.take)
}

// The times of frames leap for good: a second is refused and marked, then the talk goes on where the clock says; and so when they come back.
func TestTimesThatLeapForGood(t *testing.T) {
	d := sqliteDesk(t)
	l := d.live(t, "a")
	l.speak(1000, 440, 2*Rate)
	l.said += 3600 * Rate
	l.speak(1000, 440, 4*Rate)
	l.said -= 3600 * Rate
	l.speak(1000, 440, 2*Rate)
	if length := closeTake(t, l.Take); (length - 8*time.Second).Abs() > 50*time.Millisecond {
		t.Errorf("length %v", length)
	}
	d.pass(t)
	p := d.open(t, "a")
	left, right := wav(t, p)
	wantTone(t, left[:2*Rate], 1000, 440)
	wantTone(t, left[3*Rate+Rate/4:6*Rate], 1000, 440)
	wantTone(t, right[6*Rate:], 440, 1000)
	var of []Mark
	for _, m := range p.Recording.Marks {
		if m.Code == GapClock {
			of = append(of, m)
		}
	}
	if len(of) != 1 || !near(of[0].From, 2*time.Second) || !near(of[0].To, 3*time.Second) {
		t.Errorf("%v", p.Recording.Marks)
	}
}

// Times that are wrong each in another way never become true.
func TestTimesWithoutSense(t *testing.T) {
	var c, other course
	now := time.Now()
	for i := range int64(1000) {
		now = now.Add(20 * time.Millisecond)
		here := (i + 1) * audio.FrameSamples
		if at, ok := c.place(here+3600*Rate+i%7*10*Rate, here, here+samplesIn(leap), now, &other); ok {
			t.Fatalf("frame %d at %d", i, at)
		}
	}
}
