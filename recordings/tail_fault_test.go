package recordings

import (
	"errors"
	"os"
	"slices"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// wantTalk plays the parts of a talk of a telephone: they are that long together, and nothing is missing in them.
func (d *desk) wantTalk(t *testing.T, parts int, samples int64) {
	t.Helper()
	list, err := d.index.ByCall(t.Context(), "01CALL")
	if err != nil || len(list) != parts {
		t.Fatalf("%+v, %v", list, err)
	}
	var length time.Duration
	for _, part := range list {
		length += part.Duration
		p := d.open(t, part.ID)
		left, right := wav(t, p)
		wantTone(t, left, 1000, 440)
		wantTone(t, right, 440, 1000)
		if m, n := mark(p.Recording.Marks, MarkGap); n > 0 && m.To > m.From {
			t.Errorf("%v", m)
		}
	}
	if length != timeOf(samples) {
		t.Errorf("%v of %v", length, timeOf(samples))
	}
}

// awaitEnd waits until the writers of all talks have ended.
func awaitEnd(tail *Tail) {
	for _, k := range tail.talks {
		<-k.take.written
	}
}

// The disk is full in the middle of a talk: plain speech waits in memory until the disk takes it, and nothing is lost.
func TestTailOnAFullDisk(t *testing.T) {
	d := sqliteDesk(t)
	f := &disk{}
	f.room.Store(30000)
	d.onDisk(f)
	p := newTelephone(t, 30)
	tail := d.tail(t, p)
	for range 3 {
		p.say(3 * Rate)
		look(t, tail)
	}
	if n := p.plain(); n < 2*6*Rate {
		t.Fatalf("%d samples of plain speech are left of which the disk did not take", n)
	}
	f.room.Store(1 << 30)
	p.hangUp()
	for deadline := time.Now().Add(20 * time.Second); len(tail.talks) > 0; look(t, tail) {
		if time.Now().After(deadline) {
			t.Fatal("it is not taken up")
		}
	}
	if _, err := os.Stat(p.live.Files[Left]); err == nil {
		t.Error("the plain file is left")
	}
	d.pass(t)
	d.wantTalk(t, 1, 9*Rate)
}

// The disk hangs at the end of a talk, which then goes on: what comes is not read into the part that ends, and nothing is destroyed before it is sealed.
func TestTailOnAStuckDisk(t *testing.T) {
	d := sqliteDesk(t)
	d.rec.cfg.CloseTimeout = 20 * time.Millisecond
	f := &disk{}
	f.room.Store(1 << 30)
	d.onDisk(f)
	p := newTelephone(t, 30)
	tail := d.tail(t, p)
	later := time.Duration(0)
	tail.now = func() time.Time { return time.Now().Add(later) }
	p.say(2 * Rate)
	look(t, tail)
	f.room.Store(0)
	later = 7 * time.Second // quiet for so long: it is over, as far as one can see
	look(t, tail)
	p.say(2 * Rate) // it is not
	look(t, tail)
	look(t, tail)
	if n := p.plain(); n < 2*2*Rate {
		t.Errorf("%d samples of plain speech are left: some that nobody sealed was destroyed", n)
	}
	f.room.Store(1 << 30)
	p.hangUp()
	for deadline := time.Now().Add(20 * time.Second); len(tail.talks) > 0; look(t, tail) { // 20 ms may pass on a busy machine, too
		if time.Now().After(deadline) {
			t.Fatal("it is not over")
		}
		awaitEnd(tail)
	}
	d.pass(t)
	d.wantTalk(t, 2, 4*Rate)
}

// The file of a part is torn: what it did not get begins another part.
func TestTailOnATornFile(t *testing.T) {
	d := sqliteDesk(t)
	f := &disk{cuts: unix.EIO}
	f.room.Store(30000)
	d.onDisk(f)
	p := newTelephone(t, 30)
	tail := d.tail(t, p)
	p.say(4 * Rate)
	look(t, tail)
	f.room.Store(1 << 30)
	p.say(2 * Rate)
	p.hangUp()
	look(t, tail)
	look(t, tail)
	if len(tail.talks) > 0 {
		t.Fatal("it is not over")
	}
	d.pass(t)
	d.wantTalk(t, 2, 6*Rate)
}

// Two workers on one host: one has the talk, the other goes on when the first is dead.
func TestTwoTails(t *testing.T) {
	d := sqliteDesk(t)
	p := newTelephone(t, 30)
	first, second := d.tail(t, p), d.tail(t, p)
	for range 4 {
		p.say(Rate)
		look(t, first)
		look(t, second)
	}
	if len(first.talks) != 1 || len(second.talks) != 0 {
		t.Fatalf("the first has %d, the second %d", len(first.talks), len(second.talks))
	}
	first.leave()
	p.say(2 * Rate)
	look(t, second)
	p.hangUp()
	look(t, first)
	look(t, second)
	look(t, first)
	d.pass(t)
	d.wantTalk(t, 2, 6*Rate)
}

// A hole in the middle of a file is a gap, not the loudest sample there is.
func TestTailOverAHole(t *testing.T) {
	d := sqliteDesk(t)
	p := newTelephone(t, 30)
	p.say(10 * Rate)
	for _, f := range p.files {
		if err := unix.Fallocate(int(f.Fd()), unix.FALLOC_FL_PUNCH_HOLE|unix.FALLOC_FL_KEEP_SIZE, 4*4096, 6*Rate+100); err != nil {
			t.Fatal(err)
		}
	}
	tail := d.tail(t, p)
	p.hangUp()
	look(t, tail)
	d.pass(t)
	list, err := d.index.ByCall(t.Context(), "01CALL")
	if err != nil || len(list) != 1 || list[0].Duration != 10*time.Second {
		t.Fatalf("%+v, %v", list, err)
	}
	q := d.open(t, list[0].ID)
	for _, pcm := range slices.Collect(func(yield func([]int16) bool) { l, r := wav(t, q); _ = yield(l) && yield(r) }) {
		if slices.Max(pcm[3*Rate:8*Rate]) != 0 || slices.Min(pcm[3*Rate:8*Rate]) != 0 {
			t.Error("a hole is to be heard")
		}
	}
	if m, n := mark(q.Recording.Marks, MarkGap); n != 1 || m.Code != GapLost || m.To-m.From < 5*time.Second {
		t.Errorf("%v", q.Recording.Marks)
	}
}

// The disk is full from the middle of a talk until after its end, and then has room again: the part ends in order, as long as the talk was, and all
// that is missing is marked with its reason.
func TestFullDiskUntilAfterTheEnd(t *testing.T) {
	d := sqliteDesk(t)
	f := &disk{}
	f.room.Store(30000)
	d.onDisk(f)
	now := time.Now()
	d.rec.now = func() time.Time { return now }
	take := d.start(t, "a")
	say(take, 0, 30*Rate)
	d.awaitDropped(t, 50)
	began := time.Now()
	if length, err := take.Close(); !errors.Is(err, ErrSlowDisk) || length != 30*time.Second || time.Since(began) > 4*time.Second {
		t.Errorf("Close: %v, %v after %v", length, err, time.Since(began))
	}
	d.pass(t) // it is not adopted meanwhile
	f.room.Store(1 << 30)
	<-take.written
	if length := closeTake(t, take); length != 30*time.Second {
		t.Errorf("length %v", length)
	}
	d.pass(t)
	p := d.open(t, "a")
	left, _ := wav(t, p)
	m, n := mark(p.Recording.Marks, MarkGap)
	if n != 1 || m.Code != GapDisk || m.To != 30*time.Second || !p.Recording.Complete || len(left) != 30*Rate {
		t.Fatalf("%d samples, %v, %+v", len(left), m, p.Recording)
	}
	wantTone(t, left[:samplesIn(m.From)], 1000, 440)
	if err := d.lib.Verify(t.Context(), "a", d.key); err != nil {
		t.Error(err)
	}
}

// The recorder dies while the disk is full: its part says what the last mark of it said that the disk had room for.
func TestDeathOnAFullDisk(t *testing.T) {
	d := sqliteDesk(t)
	d.rec.patience = 0 // as death, it leaves the part to Intake
	f := &disk{gives: true}
	f.room.Store(30000)
	d.onDisk(f)
	take := d.start(t, "a")
	say(take, 0, 5*Rate)
	d.awaitDropped(t, 6)
	f.room.Store(0)
	if _, err := take.Close(); err == nil {
		t.Fatal("it was closed in order")
	}
	d.pass(t)
	p := d.open(t, "a")
	if p.Recording.Complete || p.Recording.Duration < 4*time.Second || p.Recording.GapTime < 2*time.Second {
		t.Errorf("%+v", p.Recording)
	}
	if !slices.ContainsFunc(p.Recording.Marks, func(m Mark) bool { return m.Code == GapDisk && m.To >= 4*time.Second }) {
		t.Errorf("%v", p.Recording.Marks)
	}
	if err := d.lib.Verify(t.Context(), "a", d.key); err != nil {
		t.Error(err)
	}
}

// A part that could not be brought onto the disk ends there, and another one begins: no plain speech is destroyed for a file of which nobody knows what
// the disk has.
func TestTailAfterAFailedFlush(t *testing.T) {
	d, v := sqliteDesk(t), &volatile{fails: unix.EIO}
	d.onVolatile(v)
	p := newTelephone(t, 60)
	tail := d.tail(t, p)
	p.say(4 * Rate)
	look(t, tail)
	first := tail.talks["talk-1"].take // before the flush that fails: the same look may end the part
	p.say(2 * Rate)
	look(t, tail)
	<-v.syncs
	d.onVolatile(&volatile{})
	said := int64(6 * Rate)
	for ; said < 12*Rate && tail.talks["talk-1"].take == first; said += Rate {
		p.say(Rate)
		look(t, tail)
		look(t, tail)
	}
	if said == 12*Rate {
		t.Error("the part goes on")
	}
	p.hangUp()
	for range 3 {
		look(t, tail)
	}
	if len(tail.talks) > 0 {
		t.Fatal("it is not over")
	}
	d.pass(t)
	d.wantTalk(t, 2, said)
	if first, err := d.index.Get(t.Context(), first.id); err != nil || first.Complete {
		t.Errorf("%+v, %v", first, err)
	}
}
