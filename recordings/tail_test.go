package recordings

import (
	"bytes"
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"hotline/audio"
)

// telephone writes a talk down in plain speech, as Asterisk does.
type telephone struct {
	t     *testing.T
	live  Live
	files [2]*os.File
	says  [2][]byte // all that will be said
	said  int
}

func newTelephone(t *testing.T, seconds int) *telephone {
	t.Helper()
	dir := t.TempDir()
	p := &telephone{t: t, live: Live{ID: "talk-1", Call: "01CALL", Line: "12355", Code: "fallback_phone"}}
	for side, name := range [2]string{"phone.alaw", "caller.alaw"} {
		p.live.Files[side] = filepath.Join(dir, name)
		f, err := os.Create(p.live.Files[side])
		if err != nil {
			t.Fatal(err)
		}
		p.files[side] = f
		t.Cleanup(func() { _ = f.Close() })
		p.says[side] = tone([2]float64{1000, 440}[side], seconds*Rate)
	}
	return p
}

// say writes on.
func (p *telephone) say(samples int) {
	p.t.Helper()
	for side, f := range p.files {
		if _, err := f.Write(p.says[side][p.said : p.said+samples]); err != nil {
			p.t.Fatal(err)
		}
	}
	p.said += samples
}

func (p *telephone) hangUp() {
	for _, f := range p.files {
		_ = f.Close()
	}
}

// plain is how many samples of plain speech are there.
func (p *telephone) plain() int {
	n := 0
	for _, path := range p.live.Files {
		b, err := os.ReadFile(path)
		if err == nil {
			n += len(b) - bytes.Count(b, []byte{0})
		}
	}
	return n
}

func (d *desk) tail(t *testing.T, p *telephone) *Tail {
	t.Helper()
	tail, err := NewTail(TailConfig{Recorder: d.rec, Talks: func() ([]Live, error) {
		var found []Live
		if _, err := os.Stat(p.live.Files[Left]); err == nil {
			found = append(found, p.live)
		}
		return found, nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	return tail
}

// unsealed is how many samples may wait for the end of a piece, on both sides: those are not on the disk, and their plain speech is kept.
const unsealed = 2 * Rate * 7 / 10

func look(t *testing.T, tail *Tail) {
	t.Helper()
	if err := tail.pass(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// TestTail: a talk is sealed while it goes on, its plain speech destroyed right behind, and nothing is left of it when it is over.
func TestTail(t *testing.T) {
	d := sqliteDesk(t)
	p := newTelephone(t, 30)
	tail := d.tail(t, p)
	look(t, tail) // nothing was said yet
	began := time.Now()
	var first time.Time
	for range 5 {
		p.say(4 * Rate)
		look(t, tail)
		if first.IsZero() {
			first = time.Now()
		}
		look(t, tail)
		if n := p.plain(); n > unsealed {
			t.Fatalf("%d samples of plain speech are left of what is sealed", n)
		}
	}
	p.say(Rate / 2)
	look(t, tail)
	if len(tail.talks) != 1 {
		t.Fatal("it goes on")
	}
	p.hangUp()
	look(t, tail)
	for _, path := range p.live.Files {
		if _, err := os.Stat(path); err == nil {
			t.Error("the plain file is left")
		}
	}
	d.pass(t)
	list, err := d.lib.List(t.Context(), time.Time{}, 10)
	if err != nil || len(list) != 1 {
		t.Fatalf("%+v, %v", list, err)
	}
	r := list[0]
	if r.Duration != 20500*time.Millisecond || r.Call != "01CALL" || r.Gaps != 0 || !r.Complete {
		t.Errorf("%+v", r)
	}
	const talk, near = 4 * time.Second, 200 * time.Millisecond // it was there when the first look came
	if r.Started.Before(began.Add(-talk-near)) || r.Started.After(first.Add(-talk+near)) {
		t.Errorf("it began at %v, and was looked at from %v to %v", r.Started, began, first)
	}
	left, right := wav(t, d.open(t, r.ID))
	wantTone(t, left, 1000, 440)
	wantTone(t, right, 440, 1000)
}

// TestTailAfterADeath: the next life goes on where plain speech is left, which is where the sealed one ends, give or take a moment.
func TestTailAfterADeath(t *testing.T) {
	d := sqliteDesk(t)
	p := newTelephone(t, 30)
	first := d.tail(t, p)
	p.say(4 * Rate)
	look(t, first)
	look(t, first)
	p.say(Rate)
	look(t, first)
	for _, k := range first.talks { // kill -9 comes here
		k.close()
	}
	began := time.Now()
	p.say(3 * Rate)
	second := d.tail(t, p)
	look(t, second)
	p.say(Rate)
	p.live.Over = true // as the note of the call says, whoever has the files open
	look(t, second)
	if n := p.plain(); n > 0 {
		t.Errorf("%d samples of plain speech are left", n)
	}
	for _, k := range first.talks { // what the intake does for who died
		k.seal(d.rec.cfg.Log)
	}
	d.pass(t)
	parts, err := d.index.ByCall(t.Context(), "01CALL")
	if err != nil || len(parts) != 2 {
		t.Fatalf("%+v, %v", parts, err)
	}
	slices.SortFunc(parts, func(a, b Recording) int { return int(b.Duration - a.Duration) })
	if parts[0].Duration != 5*time.Second || parts[1].Duration != 4500*time.Millisecond {
		t.Errorf("parts of %v and %v of a talk of 9 s, of which half a one was sealed twice", parts[0].Duration, parts[1].Duration)
	}
	for _, part := range parts {
		left, right := wav(t, d.open(t, part.ID))
		wantTone(t, left, 1000, 440)
		wantTone(t, right, 440, 1000)
		if after := part.Started.Sub(began); after > 0 || after < -6*time.Second {
			t.Errorf("a part begins %v after the death", after)
		}
	}
}

// TestTailLeaves: a worker that is stopped closes its part; the next begins with the sample after it.
func TestTailLeaves(t *testing.T) {
	d := sqliteDesk(t)
	p := newTelephone(t, 30)
	p.say(3*Rate + 80)
	ctx, stop := context.WithCancel(t.Context())
	tail := d.tail(t, p)
	look(t, tail)
	stop()
	if err := tail.Run(ctx); err != nil {
		t.Fatal(err)
	}
	if n := p.plain(); n > 0 {
		t.Errorf("%d samples of plain speech are left", n)
	}
	p.say(Rate)
	p.hangUp()
	look(t, d.tail(t, p))
	d.pass(t)
	parts, err := d.index.ByCall(t.Context(), "01CALL")
	if err != nil || len(parts) != 2 || parts[0].Duration+parts[1].Duration != timeOf(4*Rate+80) {
		t.Errorf("%+v, %v", parts, err)
	}
}

// TestTailOfAsteriskThatDied: nobody writes and nobody says that it is over.
func TestTailOfAsteriskThatDied(t *testing.T) {
	d := sqliteDesk(t)
	p := newTelephone(t, 10)
	tail := d.tail(t, p)
	later := time.Duration(0)
	tail.now = func() time.Time { return time.Now().Add(later) }
	p.say(2 * Rate)
	look(t, tail) // the files stay open: what is not known to be closed may go on
	later = 7 * time.Second
	look(t, tail)
	if n := p.plain(); n > 0 {
		t.Errorf("%d samples of plain speech are left after its end", n)
	}
	d.pass(t)
	parts, err := d.index.ByCall(t.Context(), "01CALL")
	if err != nil || len(parts) != 1 || parts[0].Duration != 2*time.Second {
		t.Errorf("%+v, %v", parts, err)
	}
	p.say(audio.FrameSamples * 50) // it was not over
	look(t, tail)
	later = 20 * time.Minute
	look(t, tail)
	if _, err := os.Stat(p.live.Files[Left]); err == nil {
		t.Error("the file is left for ever")
	}
	d.pass(t)
	if parts, err := d.index.ByCall(t.Context(), "01CALL"); err != nil || len(parts) != 2 {
		t.Errorf("%+v, %v", parts, err)
	}
	err = filepath.WalkDir(filepath.Dir(p.live.Files[Left]), func(path string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			t.Errorf("%s is left", path)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}
