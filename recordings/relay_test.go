package recordings

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"hotline/audio"
)

// onDisks gives the first file of a recorder the first of some disks, the second the second, and a sound one to all others. nil refuses the file.
func (d *desk) onDisks(of ...func(sink) sink) {
	var mu sync.Mutex
	d.rec.create = func(path string) (sink, error) {
		mu.Lock()
		defer mu.Unlock()
		var make func(sink) sink
		if len(of) > 0 {
			make, of = of[0], of[1:]
			if make == nil {
				return nil, syscall.EIO
			}
		}
		file, err := createLocked(path)
		if err != nil || make == nil {
			return file, err
		}
		return make(file), nil
	}
}

// unflushed is a file that cannot be brought onto the disk.
type unflushed struct{ sink }

func (unflushed) Sync() error { return syscall.EIO }

// left is how many parts were left because of the disk.
func (d *desk) left() int { return int(testutil.ToFloat64(d.rec.cfg.Metrics.leftParts)) }

// wantParts proves a call of that many parts and samples: each part by itself, all of them on one line, and where something is missing a mark with one of
// those reasons, or of the disk. It returns how much that is.
func (d *desk) wantParts(t *testing.T, parts int, samples int64, why ...string) (missing int64) {
	t.Helper()
	s := d.session(t, meta.Call)
	if got := len(s.Parts()); parts > 0 && got != parts {
		t.Errorf("%d parts instead of %d", got, parts)
	}
	if s.Samples() != samples {
		t.Errorf("%v of %v", s.Length(), timeOf(samples))
	}
	for _, p := range s.Parts() {
		if err := d.lib.Verify(t.Context(), p.ID, d.key); err != nil {
			t.Error(err)
		}
		if p.Call != meta.Call || p.Line != meta.Line || p.Agent != meta.Agent {
			t.Errorf("%+v", p)
		}
	}
	pcm := make([]int16, Rate/2)
	for at := int64(0); at < s.Samples(); at += int64(len(pcm)) {
		n, _ := s.ReadPCM(Left, at, pcm) // of the end it is less
		if n < 160 || audio.Tone(pcm[:n], Rate, 1000) > 0.95 {
			continue
		}
		missing += int64(n)
		from, to := timeOf(at), timeOf(at+int64(n))
		marked := slices.ContainsFunc(s.Timeline(), func(m Mark) bool {
			return m.Kind == MarkGap && (m.Code == GapDisk || slices.Contains(why, m.Code)) && m.From <= from && m.To >= to
		})
		if loudest(pcm[:n]) != 0 || !marked {
			t.Errorf("%v to %v is neither what was said nor marked: %v", from, to, s.Timeline())
		}
	}
	return missing
}

// The disk refuses once to make a talk safe: it goes on in another part, on the same line of time, and nothing of it is missing; both say that it was the disk.
func TestTalkGoesOnAfterAFailedFlush(t *testing.T) {
	d := sqliteDesk(t)
	d.onDisks(func(f sink) sink { return unflushed{f} })
	l := d.live(t, "a")
	l.Begin(MarkTalk, "u-1", "")
	for seconds := 0; d.left() == 0; seconds++ {
		if seconds == 100 {
			t.Fatal("the part goes on")
		}
		l.speak(1000, 440, Rate)
		until(t, l.idle)
	}
	l.Point(MarkRisk, "u-1", "high")
	l.speak(1000, 440, 3*Rate)
	if length := closeTake(t, l.Take); length != timeOf(l.said) {
		t.Errorf("length %v of %v", length, timeOf(l.said))
	}
	d.pass(t)
	if missing := d.wantParts(t, 2, l.said); missing > 0 {
		t.Errorf("%v are missing", timeOf(missing))
	}
	s := d.session(t, meta.Call)
	first, second := s.Parts()[0], s.Parts()[1]
	if first.ID != "a" || first.Complete || !second.Complete || !second.Started.Equal(first.Started.Add(first.Duration)) {
		t.Errorf("%+v\n%+v", first, second)
	}
	if m, n := mark(first.Marks, MarkGap); n != 1 || m.Code != GapDisk || m.From != first.Duration || m.To != first.Duration {
		t.Errorf("the end of the first: %v", first.Marks)
	}
	if m, n := mark(second.Marks, MarkGap); n != 1 || m.Code != GapDisk || m.To != 0 {
		t.Errorf("the beginning of the second: %v", second.Marks)
	}
	for _, p := range s.Parts() {
		if m, n := mark(p.Marks, MarkTalk); n != 1 || m.From > 50*time.Millisecond || m.To != p.Duration || m.Who != "u-1" {
			t.Errorf("the talk: %v", p.Marks)
		}
	}
	if m, n := mark(s.Timeline(), MarkRisk); n != 1 || !near(m.From, timeOf(l.said-3*Rate)) {
		t.Errorf("the danger: %v", s.Timeline())
	}
}

// A file that cannot be cut back to whole frames takes nothing more: the piece that it refused begins another, at once.
func TestTalkGoesOnAfterATornFile(t *testing.T) {
	d := sqliteDesk(t)
	f := &disk{cuts: syscall.EIO}
	f.room.Store(30000)
	d.onDisks(func(file sink) sink { return diskFile{file, f} })
	l := d.live(t, "a")
	l.speak(1000, 440, 6*Rate)
	closeTake(t, l.Take)
	d.pass(t)
	if missing := d.wantParts(t, 2, l.said); missing > 0 {
		t.Errorf("%v are missing", timeOf(missing))
	}
}

// The disk hangs where another part is to begin: nobody waits for it, what is said meanwhile is a gap beyond the buffer, and the part begins when it can.
func TestTalkWaitsForNoNewPart(t *testing.T) {
	d := sqliteDesk(t)
	d.rec.cfg.Buffer = 4
	f, hangs, hung := &disk{cuts: syscall.EIO}, make(chan struct{}), make(chan struct{})
	f.room.Store(30000)
	d.onDisks(func(file sink) sink { return diskFile{file, f} }, func(file sink) sink { close(hung); <-hangs; return file })
	l := d.live(t, "a")
	l.speak(1000, 440, 2*Rate)
	until(t, l.idle)
	l.speak(1000, 440, Rate)
	<-hung
	l.speak(1000, 440, 30*Rate)
	l.mu.Lock()
	if n := len(l.chunks); n != d.rec.cfg.Buffer || len(l.pending) > 2 {
		t.Errorf("%d pieces and %d marks wait", n, len(l.pending))
	}
	l.mu.Unlock()
	close(hangs)
	until(t, l.idle)
	l.speak(1000, 440, 2*Rate)
	closeTake(t, l.Take)
	d.pass(t)
	s := d.session(t, meta.Call)
	if len(s.Parts()) != 2 || s.Samples() != l.said || !slices.ContainsFunc(s.Timeline(), func(m Mark) bool { return m.Code == GapSlow && m.To-m.From > 25*time.Second }) {
		t.Errorf("%d parts, %v, %v", len(s.Parts()), s.Length(), s.Timeline())
	}
}

// A disk that goes on refusing gets ever fewer parts: nothing of a talk is thrown away for them, and a player need not open hundreds.
func TestFewPartsOnADiskThatGoesOnRefusing(t *testing.T) {
	d := sqliteDesk(t)
	d.onDisks(slices.Repeat([]func(sink) sink{func(f sink) sink { return unflushed{f} }}, 100)...)
	l := d.live(t, "a")
	for range 3 * 60 / 4 {
		l.speak(1000, 440, 4*Rate)
		until(t, l.idle)
	}
	_, _ = l.Close() // the last part is as little safe as the others
	d.pass(t)
	if missing := d.wantParts(t, 0, l.said); missing > 0 {
		t.Errorf("%v are missing", timeOf(missing))
	}
	if n := d.left(); n < 4 || n > 6 {
		t.Errorf("%d parts were left in three minutes", n)
	}
}

// A disk that lets no other part begin is asked ever more rarely, and once more at the end: then a part says what was lost.
func TestRareAttemptsOnADiskThatLetsNothingBegin(t *testing.T) {
	d := sqliteDesk(t)
	f := &disk{cuts: syscall.EIO}
	f.room.Store(30000)
	attempts, mends := 0, make(chan struct{})
	d.rec.create = func(path string) (sink, error) {
		attempts++ // by the writer alone, after the first
		select {
		case <-mends:
		default:
			if attempts > 1 {
				return nil, syscall.EROFS
			}
		}
		file, err := createLocked(path)
		return diskFile{file, f}, err
	}
	l := d.live(t, "a")
	l.Begin(MarkTalk, "u-1", "")
	for range 10 {
		l.speak(1000, 440, 60*Rate)
		until(t, l.idle)
	}
	l.Point(MarkRisk, "u-1", "high")
	until(t, func() bool { l.mu.Lock(); defer l.mu.Unlock(); return len(l.pending) == 0 })
	if attempts < 10 || attempts > 75 {
		t.Errorf("%d attempts in ten minutes", attempts)
	}
	f.room.Store(1 << 30)
	close(mends)
	closeTake(t, l.Take)
	d.pass(t)
	if missing := d.wantParts(t, 2, l.said); missing < 590*Rate {
		t.Errorf("%v are missing", timeOf(missing))
	}
	if m, n := mark(d.session(t, meta.Call).Timeline(), MarkRisk); n != 1 || !near(m.From, timeOf(l.said)) {
		t.Errorf("the danger is at %v, %d times", m.From, n)
	}
}

// moody is a disk that refuses now and then, as a seed has it.
type moody struct {
	mu   sync.Mutex
	r    *rand.Rand
	well bool
	busy int          // attempts to begin a part
	gate sync.RWMutex // held: it takes nothing
}

func (m *moody) refuses(share float64) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return !m.well && m.r.Float64() < share
}

type moodyFile struct {
	sink
	*moody
}

func (f moodyFile) Write(b []byte) (int, error) {
	f.gate.RLock()
	defer f.gate.RUnlock()
	if !f.refuses(0.08) {
		return f.sink.Write(b)
	}
	n, _ := f.sink.Write(b[:len(b)/2])
	return n, syscall.EIO
}

func (f moodyFile) Truncate(size int64) error {
	if f.refuses(0.5) {
		return syscall.EIO
	}
	return f.sink.Truncate(size)
}

func (f moodyFile) Sync() error {
	if f.refuses(0.5) {
		return syscall.EIO
	}
	return f.sink.Sync()
}

func (m *moody) create(path string) (sink, error) {
	m.mu.Lock()
	m.busy++
	alone := m.busy == 1
	m.mu.Unlock()
	defer func() { m.mu.Lock(); m.busy--; m.mu.Unlock() }()
	if !alone {
		panic("two attempts at once")
	}
	if m.refuses(0.3) {
		return nil, syscall.EROFS
	}
	file, err := createLocked(path)
	return moodyFile{file, m}, err
}

// Whatever a disk refuses and when, and however long it takes: the line of time is as long as the talk, each half second is what was said or marked as missing
// because of the disk, none is missing that the disk took, every part is proved, and no mark of the call is lost.
func TestTalksOnAMoodyDisk(t *testing.T) {
	var parts int
	var missing int64
	for seed := range uint64(8) {
		slow := seed > 4
		d, m := sqliteDesk(t), &moody{r: rand.New(rand.NewPCG(seed, 29)), well: true}
		d.rec.create, d.rec.cfg.Buffer = m.create, 4
		l := d.live(t, "a")
		m.mu.Lock()
		m.well = false
		m.mu.Unlock()
		var at [30]int64
		for n := range at {
			at[n] = l.said
			l.Point(MarkRisk, "u-1", fmt.Sprint("n", n))
			if slow && m.refuses(0.3) {
				m.gate.Lock()
				l.speak(1000, 440, 4*Rate)
				m.gate.Unlock()
			} else {
				l.speak(1000, 440, Rate)
			}
			until(t, l.idle)
		}
		m.mu.Lock()
		m.well = true
		m.mu.Unlock()
		_, _ = l.Close() // of a part in doubt it says so
		d.pass(t)
		var why []string
		if slow {
			why = []string{GapSlow, GapLost} // of a part that was torn before it could say the reason
		}
		gone := d.wantParts(t, 0, l.said, why...)
		if dropped := d.dropped(); gone > dropped*Rate/2 {
			t.Errorf("%v are missing, and %d half seconds were dropped", timeOf(gone), dropped)
		}
		missing += gone
		s := d.session(t, meta.Call)
		parts += len(s.Parts())
		for n := range at {
			var found []Mark
			for _, m := range s.Timeline() {
				if m.Code == fmt.Sprint("n", n) {
					found = append(found, m)
				}
			}
			if len(found) != 1 || (found[0].From-timeOf(at[n])).Abs() > time.Second {
				t.Fatalf("seed %d: mark %d is lost, elsewhere or twice: %v of %v", seed, n, found, s.Timeline())
			}
		}
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
	t.Logf("%d parts of eight talks, %v are missing", parts, timeOf(missing))
	if parts < 10 {
		t.Error("the disk was hardly ever refusing")
	}
}
