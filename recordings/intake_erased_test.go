package recordings

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"hotline/recordings/vault"
	"hotline/storage"
	"hotline/storage/storagetest"
)

// forgotten says of some calls that their contact was erased.
type forgotten map[string]bool

func (f forgotten) erased(_ context.Context, _ storage.Reader, call string) (bool, error) {
	return f[call], nil
}

func (d *desk) spoolHas(name string) bool {
	_, err := os.Lstat(filepath.Join(d.spool, name))
	return err == nil
}

// put is a part that lies in the spool, finished.
func (d *desk) put(t *testing.T, id, call string) {
	t.Helper()
	take, err := d.rec.Start(id, Meta{Call: call, Line: "12355", Agent: "u-1", Started: meta.Started})
	if err != nil {
		t.Fatal(err)
	}
	speak(take, 1000, 440, Rate/2)
	closeTake(t, take)
}

// away is a store that takes nothing, and does something meanwhile.
type away struct {
	vault.Vault
	meanwhile func()
	refuses   bool
}

func (a *away) Put(ctx context.Context, name string, r io.ReaderAt, size int64) error {
	if a.refuses {
		return errors.New("the store is away")
	}
	if a.meanwhile != nil {
		a.meanwhile()
	}
	return a.Vault.Put(ctx, name, r, size)
}

// keyless says that a part came in without its key, under a stone.
func (d *desk) keyless(t *testing.T, part, why, by string) {
	t.Helper()
	if _, _, err := d.index.Key(t.Context(), part); !errors.Is(err, ErrErased) {
		t.Errorf("%s: its key: %v", part, err)
	}
	if s, err := d.index.Stone(t.Context(), part); err != nil || s.Why != why || s.By != by {
		t.Errorf("%s: %+v, %v", part, s, err)
	}
	if d.spoolHas(part + suffixKey) {
		t.Errorf("%s: its key is in the spool", part)
	}
}

// A part that still waits when its call is erased alone, or when it was kept long enough, comes in without its key; its file is not even put.
func TestErasureReachesPartsThatWait(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, db *storage.DB) {
		d := newDesk(t, db)
		d.part(t, "p1", "c", time.Now())
		d.put(t, "p2", "c")
		if _, err := NewPurger(d.index, house{db, nil}).Erase(t.Context(), "c", "without consent", "u-9"); err != nil {
			t.Fatal(err)
		}
		d.pass(t)
		d.keyless(t, "p2", "without consent", "u-9")
		r, err := d.index.row(t.Context(), "p2")
		if err != nil || !r.Erased {
			t.Fatalf("%+v, %v", r, err)
		}
		if _, err := d.vault.Stat(t.Context(), r.path); !errors.Is(err, vault.ErrNotFound) {
			t.Errorf("it was put: %v", err)
		}
	})
}

// While the store is away, and of what cannot be read and lies aside, the keys of an erased contact are destroyed all the same.
func TestErasureReachesKeysInTheSpool(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, db *storage.DB) {
		d, gone := newDesk(t, db), forgotten{}
		d.intake.cfg.Erased = gone.erased
		d.in(t, &away{Vault: d.vault, refuses: true})
		d.put(t, "waits", "c")
		d.put(t, "other", "d")
		d.put(t, "aside", "c")
		from := filepath.Join(d.spool, "aside")
		if err := os.Rename(from+suffixSealed, from+suffixBroken); err != nil {
			t.Fatal(err)
		}
		_ = d.intake.pass(t.Context(), true)
		if !d.spoolHas("waits.key") || !d.spoolHas("aside.key") {
			t.Fatal("a key is gone and nobody was erased")
		}
		gone["c"] = true
		d.intake.later["waits"] = retry{at: time.Now().Add(time.Hour)} // not its turn yet
		_ = d.intake.pass(t.Context(), true)
		if d.spoolHas("waits.key") || d.spoolHas("aside.key") || d.spoolHas("aside.rec.broken") {
			t.Error("a key of the erased contact is in the spool")
		}
		if !d.spoolHas("other.key") {
			t.Error("the key of another is gone")
		}
		delete(d.intake.later, "waits")
		_ = d.intake.pass(t.Context(), true)
		d.keyless(t, "waits", WhyContact, system)
	})
}

// Of what was put aside, the key itself names the call; what nobody can name is not kept for ever.
func TestErasureReachesWhatLostEverything(t *testing.T) {
	d, gone := sqliteDesk(t), forgotten{}
	d.intake.cfg.Erased = gone.erased
	for id, call := range map[string]string{"named": "c", "other": "d", "nameless": ""} {
		d.put(t, id, call)
		at := filepath.Join(d.spool, id)
		if err := errors.Join(os.WriteFile(at+suffixBroken, []byte("noise"), 0o600), os.Remove(at+suffixSealed), os.Remove(sidecarPath(d.spool, id))); err != nil {
			t.Fatal(err)
		}
	}
	d.pass(t)
	if !d.spoolHas("named.key") || !d.spoolHas("nameless.key") {
		t.Fatal("a key is gone and nobody was erased")
	}
	gone["c"] = true
	d.pass(t)
	if d.spoolHas("named.key") || d.spoolHas("named.rec.broken") || !d.spoolHas("other.key") || !d.spoolHas("nameless.key") {
		t.Error("not what belongs to the erased contact was taken, or more")
	}
	d.intake.now = func() time.Time { return time.Now().AddDate(leastYears, 0, 1) }
	d.pass(t)
	if d.spoolHas("nameless.key") || d.spoolHas("nameless.rec.broken") || !d.spoolHas("other.key") {
		t.Error("what nobody can name is kept for ever, or what has a name is not")
	}
}

// A contact that is erased between the question and the row takes the key along: it is asked again in the transaction of the row.
func TestErasureWhileAPartComesIn(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, db *storage.DB) {
		d, gone := newDesk(t, db), forgotten{}
		d.intake.cfg.Erased = gone.erased
		d.in(t, &away{Vault: d.vault, meanwhile: func() { gone["c"] = true }})
		d.put(t, "p", "c")
		d.pass(t)
		d.keyless(t, "p", WhyContact, system)
		if m, err := d.index.Marks(t.Context(), "p"); err != nil || len(m) > 0 {
			t.Errorf("%v, %v", m, err)
		}
		n := d.notary(t, &book{})
		if err := n.pass(t.Context()); err != nil {
			t.Fatal(err)
		}
		d.erased(t, "p", WhyContact, system)
	})
}

// A part that comes in while its recording is being erased is erased with it.
func TestErasureTakesWhatCameInMeanwhile(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, db *storage.DB) {
		d := newDesk(t, db)
		d.part(t, "p1", "c", time.Now())
		late := keeperFunc(func(ctx context.Context, do func(tx *storage.Tx, high bool) error) error {
			d.part(t, "p2", "c", time.Now())
			return db.InTx(ctx, func(tx *storage.Tx) error { return do(tx, false) })
		})
		if _, err := NewPurger(d.index, late).Erase(t.Context(), "c", "r", "u-9"); err != nil {
			t.Fatal(err)
		}
		d.keyless(t, "p1", "r", "u-9")
		d.keyless(t, "p2", "r", "u-9")
	})
}

type keeperFunc func(ctx context.Context, do func(tx *storage.Tx, high bool) error) error

func (keeperFunc) Standing(context.Context, string) (Standing, error) { return Standing{}, nil }

func (k keeperFunc) Release(ctx context.Context, _ string, do func(tx *storage.Tx, high bool) error) error {
	return k(ctx, do)
}

// A key that somebody emptied in the database is not made good by a stone: it is told, and who verifies finds it.
func TestKeyEmptiedByNobody(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, db *storage.DB) {
		d, gone := newDesk(t, db), forgotten{}
		d.part(t, "p1", "c", time.Now())
		d.part(t, "p2", "erased", time.Now())
		gone["erased"] = true
		if _, err := db.Exec(t.Context(), `UPDATE recording_keys SET key_sealed = ''`); err != nil {
			t.Fatal(err)
		}
		n := d.notary(t, &book{})
		n.cfg.Erased = gone.erased
		if err := n.pass(t.Context()); err != nil {
			t.Fatal(err)
		}
		d.erased(t, "p2", WhyContact, system)
		if _, err := d.index.Stone(t.Context(), "p1"); !errors.Is(err, ErrNotFound) {
			t.Errorf("a stone over what nobody erased: %v", err)
		}
		if parts, err := d.index.Emptied(t.Context(), gone.erased); err != nil || len(parts) != 1 || parts[0] != "p1" {
			t.Errorf("%v, %v", parts, err)
		}
		r, err := d.index.row(t.Context(), "p1")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := d.vault.Stat(t.Context(), r.path); err != nil {
			t.Errorf("its file: %v", err)
		}
		report, err := NewProver(ProverConfig{Store: d.vault, Library: d.lib}, d.index).Part(t.Context(), r.Recording)
		if err != nil || report.OK() {
			t.Errorf("%+v, %v", report, err)
		}
	})
}

// A part that lost its sidecar is known by its own file: it stays a part of its call, where holds and erasures find it.
func TestLostSidecar(t *testing.T) {
	d := sqliteDesk(t)
	for id, text := range map[string]string{"lost": "", "torn": "{"} {
		d.put(t, id, "c")
		path := sidecarPath(d.spool, id)
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		if text != "" {
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	d.pass(t)
	for _, id := range []string{"lost", "torn"} {
		r, err := d.index.Get(t.Context(), id)
		if err != nil || r.Call != "c" || r.Agent != "u-1" || !r.Started.Equal(meta.Started.Truncate(time.Millisecond)) || !r.Complete {
			t.Errorf("%+v, %v", r, err)
		}
		if err := d.lib.Verify(t.Context(), id, d.key); err != nil {
			t.Error(err)
		}
	}
}

// One put that hangs holds up nothing that comes after it.
func TestHangingPutHoldsUpNone(t *testing.T) {
	d := sqliteDesk(t)
	p := &picky{d.vault, nil, make(chan struct{})}
	d.in(t, p)
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- d.intake.Run(ctx) }()
	d.put(t, "slow", "c")
	hangs := func() bool {
		d.intake.mu.Lock()
		defer d.intake.mu.Unlock()
		return d.intake.under["slow"]
	}
	until(t, hangs)
	d.put(t, "after", "c")
	until(t, func() bool { _, err := d.index.Get(ctx, "after"); return err == nil })
	if !hangs() {
		t.Error("it hangs no longer")
	}
	close(p.hangs)
	until(t, func() bool { _, err := d.index.Get(ctx, "slow"); return err == nil })
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func until(t *testing.T, so func() bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); !so(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("it did not come to that")
		}
	}
}
