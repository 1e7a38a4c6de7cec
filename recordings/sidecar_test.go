package recordings

import (
	"errors"
	"os"
	"testing"
	"time"
)

// dies records some seconds of a part whose recorder then leaves it as death would.
func (d *desk) dies(t *testing.T, id string) {
	t.Helper()
	d.rec.patience = 0
	f := &disk{gives: true}
	f.room.Store(30000)
	d.onDisk(f)
	take := d.start(t, id)
	say(take, 0, 5*Rate)
	until(t, take.idle)
	f.room.Store(0)
	if _, err := take.Close(); err == nil {
		t.Fatal("it was closed in order")
	}
}

// A part whose recorder died, and whose sidecar is lost as well, has no manifest that says whose it is: its key does. It stays a part of its call, proved by what
// is sealed in it, and goes on with the part that came after it.
func TestLostSidecarOfADeadRecorder(t *testing.T) {
	d := sqliteDesk(t)
	d.dies(t, "victim")
	if err := os.Remove(sidecarPath(d.spool, "victim")); err != nil {
		t.Fatal(err)
	}
	d.onDisks()
	m := meta
	m.Started = meta.Started.Add(7 * time.Second)
	take, err := d.rec.Start("after", m)
	if err != nil {
		t.Fatal(err)
	}
	speak(take, 1000, 440, Rate)
	closeTake(t, take)
	d.pass(t)
	r, err := d.index.Get(t.Context(), "victim")
	if err != nil || r.Call != meta.Call || r.Line != meta.Line || r.Agent != meta.Agent || r.Kind != KindCall || !r.Started.Equal(meta.Started) || r.Complete {
		t.Fatalf("%+v, %v", r, err)
	}
	if err := d.lib.Verify(t.Context(), "victim", d.key); err != nil {
		t.Error(err)
	}
	if s := d.session(t, meta.Call); len(s.Parts()) != 2 || s.Length() != 8*time.Second {
		t.Errorf("%d parts, %v", len(s.Parts()), s.Length())
	}
}

// A key that names another call than the one that is sealed brings the part to that call, where it does not open: nobody hears it as a part of a call that it is
// not of. One of an older release names no more than the call, and is not enough.
func TestKeyThatNamesAnother(t *testing.T) {
	d := sqliteDesk(t)
	for id, change := range map[string]func(*PartKey){
		"forged": func(k *PartKey) { k.Call = "01OTHER" },
		"old":    func(k *PartKey) { k.Line, k.Agent, k.Kind, k.StartedMS = "", "", "", 0 },
	} {
		d.dies(t, id)
		k := d.spooledKey(t, id)
		change(&k)
		if err := errors.Join(writePartKey(d.spool, k), os.Remove(sidecarPath(d.spool, id))); err != nil {
			t.Fatal(err)
		}
	}
	d.pass(t)
	if r, err := d.index.Get(t.Context(), "forged"); err != nil || r.Call != "01OTHER" {
		t.Errorf("%+v, %v", r, err)
	}
	if _, err := d.lib.Open(t.Context(), "forged", d.key); err == nil {
		t.Error("it opens as a part of another call")
	}
	if r, err := d.index.Get(t.Context(), "old"); err != nil || r.Call != "" {
		t.Errorf("%+v, %v", r, err)
	}
	if err := d.lib.Verify(t.Context(), "old", d.key); err != nil {
		t.Error(err)
	}
}
