package recordings

import (
	"os"
	"testing"
	"time"

	"hotline/audio"
)

// clock is a time that a test sets.
type testClock struct{ at time.Time }

func (c *testClock) now() time.Time { return c.at }

// live is a take on a clock of its own, spoken frame by frame.
type live struct {
	*Take
	clock *testClock
	said  int64
}

func (d *desk) live(t *testing.T, id string) *live {
	t.Helper()
	c := &testClock{time.Now()}
	d.rec.now = c.now
	return &live{Take: d.start(t, id), clock: c}
}

// speak goes on in real time of its clock.
func (l *live) speak(left, right float64, samples int) {
	a, b := tone(left, samples), tone(right, samples)
	for at := 0; at < samples; at += audio.FrameSamples {
		l.clock.at = l.clock.at.Add(20 * time.Millisecond)
		l.Write(Left, l.said+int64(at), a[at:at+audio.FrameSamples])
		l.Write(Right, l.said+int64(at), b[at:at+audio.FrameSamples])
	}
	l.said += int64(samples)
}

func mark(marks []Mark, kind MarkKind) (m Mark, n int) {
	for _, x := range marks {
		if x.Kind == kind {
			m = x
			n++
		}
	}
	return m, n
}

func near(a, b time.Duration) bool { return (a - b).Abs() <= 100*time.Millisecond }

func TestMarks(t *testing.T) {
	d := sqliteDesk(t)
	l := d.live(t, "a")
	l.Begin(MarkTalk, "u-1", "")
	l.speak(1000, 440, 2*Rate)
	l.Begin(MarkHold, "u-1", "")
	l.speak(1000, 440, Rate)
	l.End(MarkHold, "u-1")
	l.Point(MarkRisk, "u-1", "high")
	l.Mark(Mark{Kind: MarkDetected, From: time.Second, To: 2 * time.Second, Code: "Not a code!"})
	l.End(MarkConsult, "u-9") // never began
	l.speak(1000, 440, Rate)
	closeTake(t, l.Take)
	l.Begin(MarkBarge, "u-2", "") // after the end
	d.pass(t)
	marks := d.open(t, "a").Recording.Marks
	if len(marks) != 4 {
		t.Fatalf("%v", marks)
	}
	if m, n := mark(marks, MarkTalk); n != 1 || m.From > 50*time.Millisecond || m.To != 4*time.Second || m.Who != "u-1" {
		t.Errorf("talk %v", m)
	}
	if m, n := mark(marks, MarkHold); n != 1 || !near(m.From, 2*time.Second) || !near(m.To, 3*time.Second) {
		t.Errorf("hold %v", m)
	}
	if m, n := mark(marks, MarkRisk); n != 1 || !near(m.From, 3*time.Second) || m.From != m.To || m.Code != "high" {
		t.Errorf("risk %v", m)
	}
	if m, n := mark(marks, MarkDetected); n != 1 || m.Code != codeOther || m.To != 2*time.Second {
		t.Errorf("detected %v", m)
	}
}

// What is said in a pause is nowhere, also not what comes late; the pause is marked, is heard as tones, and is no gap.
func TestPauseOfARecording(t *testing.T) {
	d := sqliteDesk(t)
	l := d.live(t, "a")
	l.speak(1000, 440, 3*Rate)
	late := l.said - audio.FrameSamples
	l.Pause("card-number", "u-1")
	l.Pause("again", "u-2")
	l.Write(Left, late, tone(1000, 2*audio.FrameSamples)) // half of it was before
	l.speak(2500, 3000, 5*Rate)
	l.Resume()
	l.Resume()
	l.Write(Left, l.said-800, tone(2500, 800)) // late, of the pause
	l.speak(1000, 440, 2*Rate)
	if length := closeTake(t, l.Take); !near(length, 10*time.Second) {
		t.Errorf("length %v", length)
	}
	d.pass(t)
	p := d.open(t, "a")
	left, right := wav(t, p)
	wantTone(t, left[:3*Rate], 1000, 2500)
	wantTone(t, left[8*Rate+400:10*Rate], 1000, 2500)
	for _, side := range [][]int16{left, right} {
		for _, hz := range []float64{2500, 3000} {
			if share := audio.Tone(side[3*Rate-400:8*Rate+400], Rate, hz); share > 0.01 {
				t.Errorf("%.0f Hz was said in the pause: %.3f", hz, share)
			}
		}
		for _, from := range []int{3*Rate + 200, 8*Rate - 1400} {
			if share := audio.Tone(side[from:from+1200], Rate, softHz); share < 0.9 {
				t.Errorf("no soft tone at %d: %.3f", from, share)
			}
		}
		if top := loudest(side[4*Rate : 7*Rate]); top != 0 {
			t.Errorf("within the pause: %d", top)
		}
	}
	m, n := mark(p.Recording.Marks, MarkPaused)
	if n != 1 || !near(m.From, 3*time.Second) || !near(m.To, 8*time.Second) || m.Code != "card-number" || m.Who != "u-1" {
		t.Errorf("%d pauses, %v", n, m)
	}
	if p.Recording.GapTime > 200*time.Millisecond {
		t.Errorf("a pause counted as a gap: %v", p.Recording.GapTime)
	}
	if _, n := mark(p.Recording.Marks, MarkGap); n != 0 {
		t.Errorf("gaps %v", p.Recording.Marks)
	}
}

// A take that is closed within a pause ends with it.
func TestPauseToTheEnd(t *testing.T) {
	d := sqliteDesk(t)
	l := d.live(t, "a")
	l.speak(1000, 440, Rate)
	l.Pause("private", "u-1")
	l.speak(2500, 2500, 3*Rate)
	if length := closeTake(t, l.Take); !near(length, 4*time.Second) {
		t.Errorf("length %v", length)
	}
	d.pass(t)
	p := d.open(t, "a")
	left, _ := wav(t, p)
	if share := audio.Tone(left[Rate:], Rate, 2500); share > 0.01 {
		t.Errorf("said in the pause: %.3f", share)
	}
	if m, n := mark(p.Recording.Marks, MarkPaused); n != 1 || !near(m.From, time.Second) || !near(m.To, 4*time.Second) {
		t.Errorf("%v", m)
	}
}

// A mark is in the file before the next piece is: a process that dies loses none that is older than a second.
func TestMarkIsWrittenAtOnce(t *testing.T) {
	d := sqliteDesk(t)
	l := d.live(t, "a")
	before, err := os.Stat(d.spool + "/a.rec.open")
	if err != nil {
		t.Fatal(err)
	}
	l.Point(MarkRisk, "u-1", "high")
	for deadline := time.Now().Add(5 * time.Second); ; {
		now, err := os.Stat(d.spool + "/a.rec.open")
		if err != nil || time.Now().After(deadline) {
			t.Fatalf("the mark is not in the file: %v", err)
		}
		if now.Size() > before.Size() {
			break
		}
	}
	closeTake(t, l.Take)
}

// A frame from another time is refused, and marked; one whose clock this process explains is not.
func TestFrameOfAnotherTime(t *testing.T) {
	d := sqliteDesk(t)
	l := d.live(t, "a")
	l.speak(1000, 440, Rate)
	l.Write(Left, 3600*Rate, tone(2000, audio.FrameSamples))
	l.Write(Right, 1<<50, tone(2000, audio.FrameSamples))
	l.speak(1000, 440, Rate)
	l.clock.at = l.clock.at.Add(time.Minute)
	l.said += 60 * Rate
	l.speak(1000, 440, Rate)
	if length := closeTake(t, l.Take); length != 63*time.Second {
		t.Errorf("length %v", length)
	}
	d.pass(t)
	var clock, lost int
	for _, m := range d.open(t, "a").Recording.Marks {
		switch m.Code {
		case GapClock:
			clock++
		case GapLost:
			lost++
			if !near(m.From, 2*time.Second) || !near(m.To, 62*time.Second) {
				t.Errorf("lost %v", m)
			}
		}
	}
	if clock != 1 || lost != 1 {
		t.Errorf("%d of the clock, %d lost", clock, lost)
	}
}
