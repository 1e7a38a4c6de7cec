package recordings

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"hotline/audio"
)

// Of the process that TestKilledGateway kills.
const (
	victimSpool = "HOTLINE_TEST_SPOOL"
	victimKey   = "HOTLINE_TEST_RECIPIENT"
)

// TestVictim is no test of its own: it is the gateway that gets killed. It speaks in real time and says how far it came.
func TestVictim(t *testing.T) {
	spool := os.Getenv(victimSpool)
	if spool == "" {
		return
	}
	key, err := ParsePublicKey(os.Getenv(victimKey))
	if err != nil {
		t.Fatal(err)
	}
	rec, err := NewRecorder(Config{Dir: spool, Recipients: []PublicKey{key}})
	if err != nil {
		t.Fatal(err)
	}
	take, err := rec.Start("victim", meta)
	if err != nil {
		t.Fatal(err)
	}
	l, r := tone(1000, 60*Rate), tone(440, 60*Rate)
	frame := time.NewTicker(20 * time.Millisecond)
	for at := 0; at < len(l); at += audio.FrameSamples {
		<-frame.C
		take.Write(Left, int64(at), l[at:at+audio.FrameSamples])
		take.Write(Right, int64(at), r[at:at+audio.FrameSamples])
		fmt.Println("spoken", at+audio.FrameSamples)
	}
}

// killed runs a gateway in a process and kills it -9 after that many samples. It returns how many were spoken.
func (d *desk) killed(t *testing.T, after int, alive func()) int {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestVictim$", "-test.v")
	cmd.Env = append(os.Environ(), victimSpool+"="+d.spool, victimKey+"="+d.key.Public().String())
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	spoken := 0
	var once sync.Once
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if _, err := fmt.Sscanf(lines.Text(), "spoken %d", &spoken); err == nil && spoken >= after {
			once.Do(func() {
				alive()
				if err := cmd.Process.Signal(syscall.SIGKILL); err != nil {
					t.Error(err)
				}
			})
		}
	}
	_ = cmd.Wait()
	if spoken < after {
		t.Fatalf("the victim came only to %d samples", spoken)
	}
	return spoken
}

// kill -9 in the middle: at most a second is lost, what is left opens, and while the gateway lived nobody touched its file.
func TestKilledGateway(t *testing.T) {
	d := sqliteDesk(t)
	spoken := d.killed(t, 3*Rate, func() { d.pass(t) })
	if _, err := d.index.Get(t.Context(), "victim"); !errors.Is(err, ErrNotFound) {
		t.Fatalf("taken from a living gateway: %v", err)
	}
	d.pass(t)
	p := d.open(t, "victim")
	left, right := wav(t, p)
	if lost := spoken - len(left); lost < 0 || lost > Rate {
		t.Errorf("%d of %d samples lost", lost, spoken)
	}
	wantTone(t, left, 1000, 440)
	wantTone(t, right, 440, 1000)
	if p.Recording.Complete || p.Recording.Call != meta.Call || p.Recording.Duration != timeOf(int64(len(left))) {
		t.Errorf("row %+v", p.Recording)
	}
	t.Logf("lost %v", timeOf(int64(spoken-len(left))))
}

// Wherever the file ends when the process or the power goes, it becomes a recording of what is whole.
func TestCutAnywhere(t *testing.T) {
	whole := sqliteDesk(t)
	take := whole.start(t, "a")
	speak(take, 1000, 440, Rate+100)
	closeTake(t, take)
	content, err := os.ReadFile(filepath.Join(whole.spool, "a.rec"))
	if err != nil {
		t.Fatal(err)
	}
	key, err := os.ReadFile(keyPath(whole.spool, "a"))
	if err != nil {
		t.Fatal(err)
	}
	l, err := surveyFile(bytes.NewReader(content), int64(len(content)))
	if err != nil {
		t.Fatal(err)
	}
	first := int(l.frames[0].offset) + l.frames[0].length
	for at := first; at < len(content); at += 997 {
		d := sqliteDesk(t)
		d.key = whole.key
		if err := errors.Join(os.WriteFile(filepath.Join(d.spool, "a.rec.open"), content[:at], 0o600), os.WriteFile(keyPath(d.spool, "a"), key, 0o600)); err != nil {
			t.Fatal(err)
		}
		d.pass(t)
		if err := d.lib.Verify(t.Context(), "a", d.key); err != nil {
			t.Errorf("cut at %d: %v", at, err)
		}
		if r, err := d.index.Get(t.Context(), "a"); err != nil || r.Complete {
			t.Errorf("cut at %d: %+v, %v", at, r, err)
		}
	}
}

// disk is a file on a disk that can be full or stuck.
type disk struct {
	room  atomic.Int64 // bytes that still fit
	stuck chan struct{}
	cuts  error
	gives bool  // what is cut off is room again
	cut   int64 // of the last write
}

// diskFile is one file on it.
type diskFile struct {
	sink
	*disk
}

func (f diskFile) Write(b []byte) (int, error) {
	if f.stuck != nil {
		<-f.stuck
	}
	fits := min(max(f.room.Load(), 0), int64(len(b)))
	f.room.Add(-fits)
	f.cut = fits
	n, err := f.sink.Write(b[:fits])
	if err == nil && n < len(b) {
		err = syscall.ENOSPC
	}
	return n, err
}

func (f diskFile) Truncate(size int64) error {
	if f.cuts != nil {
		return f.cuts
	}
	if f.gives {
		f.room.Add(f.cut)
		f.cut = 0
	}
	return f.sink.Truncate(size)
}

// onDisk makes the desk's recorder write to the disk.
func (d *desk) onDisk(f *disk) {
	d.rec.create = func(path string) (sink, error) {
		file, err := createLocked(path)
		if err != nil {
			return nil, err
		}
		return diskFile{file, f}, nil
	}
}

// awaitDropped waits until the disk has refused that many pieces.
func (d *desk) awaitDropped(t *testing.T, pieces float64) {
	t.Helper()
	dropped := d.rec.cfg.Metrics.droppedChunks.WithLabelValues(GapDisk)
	for deadline := time.Now().Add(5 * time.Second); testutil.ToFloat64(dropped) < pieces; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("only %v pieces were refused", testutil.ToFloat64(dropped))
		}
	}
}

// say writes seconds of both tones from a sample on.
func say(take *Take, from, samples int) {
	l, r := tone(1000, samples), tone(440, samples)
	for at := 0; at < samples; at += audio.FrameSamples {
		take.Write(Left, int64(from+at), l[at:at+audio.FrameSamples])
		take.Write(Right, int64(from+at), r[at:at+audio.FrameSamples])
	}
}

// The disk is full for a while: the call never notices, the time is kept, what could not be written is a gap.
func TestFullDiskForAWhile(t *testing.T) {
	d := sqliteDesk(t)
	f := &disk{}
	f.room.Store(30000) // header and three chunks and a half
	d.onDisk(f)
	take := d.start(t, "a")
	say(take, 0, 4*Rate)
	d.awaitDropped(t, 4) // of seven; the eighth is still open
	f.room.Store(1 << 30)
	say(take, 4*Rate, 2*Rate)
	if length := closeTake(t, take); length != 6*time.Second {
		t.Errorf("length %v", length)
	}
	d.pass(t)
	p := d.open(t, "a")
	left, right := wav(t, p)
	if len(left) != 6*Rate || !p.Recording.Complete || p.Recording.Gaps != 2 || p.Recording.GapTime < time.Second {
		t.Errorf("%d samples, %+v", len(left), p.Recording)
	}
	wantTone(t, left[:Rate], 1000, 440)
	wantTone(t, right[5*Rate:], 440, 1000)
	if gap := left[3*Rate]; gap != 0 {
		t.Errorf("what is missing is %d", gap)
	}
	if m, n := mark(p.Recording.Marks, MarkGap); n != 1 || m.Code != GapDisk || !near(m.From, 1500*time.Millisecond) || !near(m.To, 3500*time.Millisecond) {
		t.Errorf("%d gaps, %v", n, m)
	}
}

// The disk stays full until nobody waits for it any more: Close says so, and what was sealed before becomes a recording.
func TestFullDisk(t *testing.T) {
	for _, cuts := range []error{nil, syscall.EIO} {
		t.Run(fmt.Sprint("truncate ", cuts), func(t *testing.T) {
			d := sqliteDesk(t)
			d.rec.patience = 0
			f := &disk{cuts: cuts}
			f.room.Store(30000)
			d.onDisk(f)
			take := d.start(t, "a")
			say(take, 0, 4*Rate)
			if length, err := take.Close(); !errors.Is(err, syscall.ENOSPC) && cuts == nil || err == nil || length != 4*time.Second {
				t.Errorf("Close: %v, %v", length, err)
			}
			d.pass(t)
			p := d.open(t, "a")
			left, _ := wav(t, p)
			if len(left) < Rate || p.Recording.Complete {
				t.Errorf("%d samples, %+v", len(left), p.Recording)
			}
			wantTone(t, left, 1000, 440)
		})
	}
}

// The disk hangs: Write never waits, Close gives up in time; when the disk comes back the recording is sealed after all.
func TestStuckDisk(t *testing.T) {
	d := sqliteDesk(t)
	f := &disk{}
	f.room.Store(1 << 30)
	d.onDisk(f)
	d.rec.cfg.CloseTimeout = 50 * time.Millisecond
	d.rec.cfg.Buffer = 2
	take := d.start(t, "a")
	stuck := make(chan struct{})
	f.stuck = stuck // before the first chunk is handed to the writer
	began := time.Now()
	say(take, 0, 10*Rate)
	if took := time.Since(began); took > 2*time.Second {
		t.Errorf("writing ten seconds took %v", took)
	}
	if _, err := take.Close(); !errors.Is(err, ErrSlowDisk) {
		t.Errorf("Close: %v", err)
	}
	close(stuck)
	<-take.written
	d.pass(t)
	p := d.open(t, "a")
	left, _ := wav(t, p)
	if !p.Recording.Complete || len(left) != 10*Rate || p.Recording.GapTime < 10*time.Second {
		t.Errorf("%d samples, %+v", len(left), p.Recording)
	}
	wantTone(t, left[:Rate], 1000, 440)
	if m, n := mark(p.Recording.Marks, MarkGap); n != 1 || m.Code != GapSlow || m.To != 10*time.Second {
		t.Errorf("%d gaps, %v", n, p.Recording.Marks)
	}
}

// No frames for a while: the pause counts as time, in the middle and at the end.
func TestPause(t *testing.T) {
	d := sqliteDesk(t)
	now := time.Now()
	d.rec.now = func() time.Time { return now }
	take := d.start(t, "a")
	say(take, 0, 1600)
	now = now.Add(10 * time.Second)
	say(take, 10*Rate, 1600)
	now = now.Add(5 * time.Second)
	length := closeTake(t, take)
	if want := 15*time.Second + timeOf(1600); length != want {
		t.Errorf("length %v, want %v", length, want)
	}
	d.pass(t)
	left, _ := wav(t, d.open(t, "a"))
	wantTone(t, left[:1600], 1000, 440)
	wantTone(t, left[10*Rate:10*Rate+1600], 1000, 440)
	if int64(len(left)) != samplesIn(length) || left[5*Rate] != 0 {
		t.Errorf("%d samples, in the pause %d", len(left), left[5*Rate])
	}
}

func TestRecorderCloses(t *testing.T) {
	d := sqliteDesk(t)
	for _, id := range []string{"a", "b"} {
		speak(d.start(t, id), 1000, 440, Rate)
	}
	if err := d.rec.Close(); err != nil {
		t.Fatal(err)
	}
	d.pass(t)
	if list, err := d.lib.List(context.Background(), time.Time{}, 10); err != nil || len(list) != 2 || !list[0].Complete {
		t.Errorf("%+v, %v", list, err)
	}
}
