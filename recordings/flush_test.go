package recordings

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"
)

// volatile is a file whose disk has what was synced, and loses the rest with the power.
type volatile struct {
	sink
	hangs chan struct{} // a Sync waits for it
	fails error

	mu    sync.Mutex
	path  string
	safe  []byte
	syncs chan int // bytes on the disk
}

func (v *volatile) Sync() error {
	b, err := os.ReadFile(v.path)
	if v.hangs != nil {
		<-v.hangs
	}
	err = errors.Join(err, v.fails)
	v.mu.Lock()
	defer v.mu.Unlock()
	if err == nil {
		v.safe = b
	}
	select {
	case v.syncs <- len(v.safe):
	default:
	}
	return err
}

func (d *desk) onVolatile(v *volatile) {
	v.syncs = make(chan int, 100)
	d.rec.create = func(path string) (sink, error) {
		file, err := createLocked(path)
		v.sink, v.path = file, path[:len(path)-len(suffixNew)]+suffixOpen
		return v, err
	}
}

// A power cut loses the last seconds of a talk, not all of it.
func TestPowerCut(t *testing.T) {
	d, v := sqliteDesk(t), &volatile{}
	d.onVolatile(v)
	take := d.start(t, "a")
	for s := range 23 {
		say(take, s*Rate, Rate)
		for !take.idle() {
			time.Sleep(time.Millisecond)
		}
		if s%5 == 0 && s > 0 {
			<-v.syncs // each is over before the next is due, as on a disk that keeps up
		}
	}
	cut := sqliteDesk(t)
	cut.key = d.key
	key, err := os.ReadFile(keyPath(d.spool, "a"))
	if err != nil {
		t.Fatal(err)
	}
	v.mu.Lock()
	safe := bytes.Clone(v.safe)
	v.mu.Unlock()
	if err := errors.Join(os.WriteFile(filepath.Join(cut.spool, "a.rec.open"), safe, 0o600), os.WriteFile(keyPath(cut.spool, "a"), key, 0o600)); err != nil {
		t.Fatal(err)
	}
	closeTake(t, take)
	cut.pass(t)
	p := cut.open(t, "a")
	left, _ := wav(t, p)
	if lost := 23*Rate - len(left); lost > 10*Rate || lost < 0 {
		t.Errorf("%v were lost", timeOf(int64(lost)))
	}
	wantTone(t, left[:Rate], 1000, 440)
}

// While the disk takes long to make a part safe, what is said goes on being written; the end waits for it.
func TestSlowFlushHoldsUpNothing(t *testing.T) {
	d, v := sqliteDesk(t), &volatile{hangs: make(chan struct{})}
	d.onVolatile(v)
	now := time.Now()
	d.rec.now = func() time.Time { return now }
	take := d.start(t, "a")
	say(take, 0, 30*Rate)
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
		if kept, spoiled := take.kept(); kept >= 29*Rate && !spoiled {
			break
		} else if time.Now().After(end) {
			t.Fatalf("only %v were written", timeOf(kept))
		}
	}
	close(v.hangs)
	if length := closeTake(t, take); length != 30*time.Second {
		t.Errorf("length %v", length)
	}
	d.pass(t)
	if p := d.open(t, "a"); !p.Recording.Complete || p.Recording.Gaps != 0 {
		t.Errorf("%+v", p.Recording)
	}
}

// spoken tells whether a take was closed and all its pieces were written.
func (t *Take) spoken() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.closed && t.handed == t.done
}

// The kernel says once that it could not write: a later success does not make it good.
func TestFailedFlushIsNotForgotten(t *testing.T) {
	d, v := sqliteDesk(t), &volatile{fails: syscall.EIO, hangs: make(chan struct{})}
	d.onVolatile(v)
	take := d.start(t, "a")
	say(take, 0, 6*Rate)
	closed := make(chan error, 1)
	go func() { _, err := take.Close(); closed <- err }()
	until(t, take.spoken) // what is lost is no piece: it fails when all are written, and nothing is left to go on with
	close(v.hangs)
	if err := <-closed; !errors.Is(err, syscall.EIO) {
		t.Errorf("Close: %v", err)
	}
	d.pass(t)
	if p := d.open(t, "a"); p.Recording.Complete {
		t.Error("it is called complete")
	}
}
