package recordings

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"hotline/audio"
	"hotline/storage"
	"hotline/storage/storagetest"
)

// one says that there is exactly one recording, playable, and an empty spool.
func (d *desk) one(t *testing.T, id string, complete bool) {
	t.Helper()
	list, err := d.lib.List(t.Context(), time.Time{}, 10)
	if err != nil || len(list) != 1 || list[0].ID != id || list[0].Complete != complete {
		t.Errorf("list %+v, %v", list, err)
	}
	if err := d.lib.Verify(t.Context(), id, d.key); err != nil {
		t.Error(err)
	}
	if left, err := os.ReadDir(d.spool); err != nil || len(left) != 0 {
		t.Errorf("the spool still holds %v, %v", left, err)
	}
}

func (d *desk) taken(t *testing.T, id string) {
	t.Helper()
	take := d.start(t, id)
	speak(take, 1000, 440, Rate)
	closeTake(t, take)
}

// A worker that died after any step is followed by another that finishes.
func TestIntakeRepeats(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, db *storage.DB) {
		steps := map[string]func(t *testing.T, d *desk, s sidecar){
			"put, no row": func(t *testing.T, d *desk, s sidecar) {
				d.putAway(t, s)
			},
			"moved, no row": func(t *testing.T, d *desk, s sidecar) { // as workers of an older release did
				d.putAway(t, s)
				if err := os.Remove(filepath.Join(d.spool, s.ID+suffixSealed)); err != nil {
					t.Fatal(err)
				}
			},
			"row written, sidecar left": func(t *testing.T, d *desk, s sidecar) {
				d.pass(t)
				if err := writeSidecar(d.spool, s); err != nil {
					t.Fatal(err)
				}
			},
			"row written, all left": func(t *testing.T, d *desk, s sidecar) {
				kept := map[string][]byte{}
				for _, suffix := range []string{suffixSealed, suffixKey, suffixSidecar} {
					b, err := os.ReadFile(filepath.Join(d.spool, s.ID+suffix))
					if err == nil {
						kept[suffix] = b
					}
				}
				d.pass(t)
				for suffix, b := range kept {
					if err := os.WriteFile(filepath.Join(d.spool, s.ID+suffix), b, 0o600); err != nil {
						t.Fatal(err)
					}
				}
			},
			"row written, lost by the store": func(t *testing.T, d *desk, s sidecar) {
				b, err := os.ReadFile(filepath.Join(d.spool, s.ID+suffixSealed))
				if err != nil {
					t.Fatal(err)
				}
				d.pass(t)
				if err := d.vault.Delete(t.Context(), relative(s)); err != nil {
					t.Fatal(err)
				}
				if err := errors.Join(writeSidecar(d.spool, s), os.WriteFile(filepath.Join(d.spool, s.ID+suffixSealed), b, 0o600)); err != nil {
					t.Fatal(err)
				}
			},
		}
		for name, died := range steps {
			t.Run(name, func(t *testing.T) {
				d := newDesk(t, db)
				for _, table := range []string{"recordings", "recording_keys", "recording_heads", "recording_marks"} {
					if _, err := db.Exec(t.Context(), `DELETE FROM `+table); err != nil {
						t.Fatal(err)
					}
				}
				d.taken(t, "a")
				s, err := readSidecar(d.spool, "a")
				if err != nil {
					t.Fatal(err)
				}
				died(t, d, s)
				d.pass(t)
				d.one(t, "a", true)
			})
		}
	})
}

// putAway does what a worker does before it writes the row.
func (d *desk) putAway(t *testing.T, s sidecar) {
	t.Helper()
	f, err := os.Open(filepath.Join(d.spool, s.ID+suffixSealed))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	st, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	if err := d.vault.Put(t.Context(), relative(s), f, st.Size()); err != nil {
		t.Fatal(err)
	}
}

// Several workers read one spool: each recording is stored once, and nobody complains.
func TestIntakesAtOnce(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, db *storage.DB) {
		d := newDesk(t, db)
		const n = 12
		for i := range n {
			d.taken(t, string(rune('a'+i)))
		}
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				in, err := NewIntake(d.intake.cfg, d.index)
				if err != nil {
					t.Error(err)
					return
				}
				for range 3 {
					if err := in.pass(t.Context(), true); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		if list, err := d.lib.List(t.Context(), time.Time{}, 100); err != nil || len(list) != n {
			t.Errorf("%d rows, %v", len(list), err)
		}
	})
}

// A beginning without audio goes after a minute, not before; a file of somebody else stays.
func TestIntakeDiscards(t *testing.T) {
	d := sqliteDesk(t)
	for name, text := range map[string]string{"a.rec.new": "hotlrec", "a.json": `{"id":"a"}`, "notes.txt": "x", "b.json": "{", ".hidden": ""} {
		if err := os.WriteFile(filepath.Join(d.spool, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	count := func() int {
		left, err := os.ReadDir(d.spool)
		if err != nil {
			t.Fatal(err)
		}
		return len(left)
	}
	_ = d.intake.pass(t.Context(), true)
	if count() != 5 {
		t.Errorf("%d files left of a beginning", count())
	}
	d.intake.now = func() time.Time { return time.Now().Add(2 * abandoned) }
	_ = d.intake.pass(t.Context(), true)
	_ = d.intake.pass(t.Context(), true)
	if count() != 3 {
		t.Errorf("%d files left after two minutes", count())
	}
}

// A file that lost its writer and its head is put aside, once, and stays for a person; its neighbours go on.
func TestIntakePutsAside(t *testing.T) {
	d := sqliteDesk(t)
	for name, text := range map[string]string{"x.rec.open": "not a recording", "x.json": `{"id":"x"}`} {
		if err := os.WriteFile(filepath.Join(d.spool, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	d.taken(t, "y")
	d.intake.now = func() time.Time { return time.Now().Add(2 * abandoned) }
	d.pass(t)
	d.pass(t)
	if kept, err := os.ReadFile(filepath.Join(d.spool, "x.rec.broken")); err != nil || string(kept) != "not a recording" {
		t.Errorf("%q, %v", kept, err)
	}
	if _, err := d.rec.Start("x", meta); !errors.Is(err, ErrExists) {
		t.Errorf("its id again: %v", err)
	}
	if err := d.lib.Verify(t.Context(), "y", d.key); err != nil {
		t.Error(err)
	}
}

// From the end of a call to its recording being playable: well under a second.
func TestHangUpToPlayable(t *testing.T) {
	d := sqliteDesk(t)
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- d.intake.Run(ctx) }()
	playable := func(id string) time.Duration {
		take := d.start(t, id)
		speak(take, 1000, 440, 5*Rate)
		began := time.Now()
		closeTake(t, take)
		for {
			p, err := d.lib.Open(ctx, id, d.key)
			took := time.Since(began)
			if err == nil {
				if err := p.Close(); err != nil {
					t.Error(err)
				}
				return took
			}
			if took > 10*time.Second {
				t.Fatal(err)
			}
			time.Sleep(5 * time.Millisecond)
		}
	}
	// A machine that is busy with something else can make one late, so it is late when each of three is.
	for _, id := range []string{"a", "b", "c"} {
		took := playable(id)
		t.Logf("playable after %v", took)
		if took <= time.Second {
			break
		}
		if id == "c" {
			t.Errorf("playable only after %v", took)
		}
	}
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestSealFile(t *testing.T) {
	pcm := audio.Sine(Rate, 440, 0.5, 0, 3*Rate)
	raw := func(path string) error { return os.WriteFile(path, audio.PCMA.Encode(nil, pcm), 0o600) }
	asWAV := func(path string) error {
		f, err := os.Create(path)
		if err != nil {
			return err
		}
		return errors.Join(audio.WriteWAV(f, audio.Clip{Rate: Rate, Channels: [][]int16{pcm}}), f.Close())
	}
	for name, write := range map[string]func(string) error{"A-law": raw, "WAV": asWAV} {
		t.Run(name, func(t *testing.T) {
			d := sqliteDesk(t)
			path := filepath.Join(t.TempDir(), "message")
			seal := func() {
				t.Helper()
				if err := write(path); err != nil {
					t.Fatal(err)
				}
				length, err := d.rec.SealFile("a", path, Meta{Call: "c", Line: "12355", Started: meta.Started})
				if err != nil || length != 3*time.Second {
					t.Fatalf("%v, %v", length, err)
				}
				if _, err := os.Stat(path); !os.IsNotExist(err) {
					t.Errorf("the plaintext is still there: %v", err)
				}
			}
			// A process died half way through sealing.
			for _, f := range []string{"a.rec.new", "a.json"} {
				if err := os.WriteFile(filepath.Join(d.spool, f), []byte("{"), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			seal()
			seal() // died before the plaintext was destroyed
			d.pass(t)
			d.one(t, "a", true)
			seal() // the same, and the recording is in the store meanwhile
			d.pass(t)
			d.one(t, "a", true)
			p := d.open(t, "a")
			left, right := wav(t, p)
			wantTone(t, right, 440, 1000)
			if len(right) != 3*Rate || left[Rate] != 0 || p.Recording.Kind != KindMessage || p.Recording.Gaps != 1 {
				t.Errorf("%d samples, left %d, %+v", len(right), left[Rate], p.Recording)
			}
		})
	}
	d := sqliteDesk(t)
	if _, err := d.rec.SealFile("a", filepath.Join(t.TempDir(), "none"), Meta{}); err == nil {
		t.Error("sealed a file that is not there")
	}
}
