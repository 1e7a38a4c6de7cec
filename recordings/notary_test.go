package recordings

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hotline/recordings/vault"
	"hotline/recordings/vault/s3test"
	"hotline/storage"
	"hotline/storage/storagetest"
)

// While another reads the database, the bytes of an emptied key are still in its log: that is a fault, and done when the reader is gone. A notary that begins
// does not believe that the one before it was done.
func TestKeysLeaveTheLog(t *testing.T) {
	db := storagetest.Open(t, storagetest.SQLiteURL(t))
	d := newDesk(t, db)
	d.part(t, "p1", "gone", time.Now())
	was := []byte(strings.Repeat("wrapped key of the part ", 20))
	if _, err := db.Exec(t.Context(), `UPDATE recording_keys SET key_sealed = ? WHERE part = 'p1'`, was); err != nil {
		t.Fatal(err)
	}
	whileRead(t, db, func() {
		if _, err := NewPurger(d.index, house{db, nil}).Erase(t.Context(), "gone", "r", "u-9"); err != nil {
			t.Fatal(err)
		}
		n := d.notary(t, &book{})
		if err := n.pass(t.Context()); !errors.Is(err, errStillRead) || n.wiped {
			t.Errorf("%v, wiped %t", err, n.wiped)
		}
	})
	n := d.notary(t, &book{}) // the first was killed; nothing is left to do but this
	if err := n.pass(t.Context()); err != nil || !n.wiped {
		t.Errorf("%v, wiped %t", err, n.wiped)
	}
	noTrace(t, db, was)
}

// whileRead does something while a reader keeps the database as it is.
func whileRead(t *testing.T, db *storage.DB, do func()) {
	t.Helper()
	rows, err := db.Query(t.Context(), `SELECT part FROM recording_keys`)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	if !rows.Next() || rows.Err() != nil {
		t.Fatal(rows.Err())
	}
	do()
}

// One part of which the audit, or the store, takes nothing keeps the others from nothing.
func TestOneStoneHoldsUpNone(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, db *storage.DB) {
		d := newDesk(t, db)
		for _, p := range []string{"a", "b", "c"} {
			d.part(t, p, p, time.Now())
		}
		n := d.notary(t, &book{})
		n.cfg.Notes = pickyBook{&book{}, "a"}
		if err := n.pass(t.Context()); err == nil {
			t.Error("no fault was told")
		}
		var noted int
		if err := db.QueryRow(t.Context(), `SELECT count(*) FROM recording_heads WHERE audited_ms > 0`).Scan(&noted); err != nil || noted != 2 {
			t.Errorf("%d heads are in the audit, %v", noted, err)
		}
		n.cfg.Notes = &book{}
		for _, p := range []string{"a", "b", "c"} {
			if _, err := NewPurger(d.index, house{db, nil}).Erase(t.Context(), p, "r", "u-9"); err != nil {
				t.Fatal(err)
			}
		}
		n.cfg.Store = pickyStore{d.vault, "a"}
		if err := n.pass(t.Context()); err == nil {
			t.Error("no fault was told")
		}
		d.erased(t, "b", "r", "u-9")
		d.erased(t, "c", "r", "u-9")
	})
}

type pickyBook struct {
	*book
	refuses string
}

func (p pickyBook) Note(ctx context.Context, by, action, part, reason string) error {
	if part == p.refuses {
		return errors.New("the audit does not take it")
	}
	return p.book.Note(ctx, by, action, part, reason)
}

type pickyStore struct {
	vault.Vault
	refuses string
}

func (p pickyStore) Delete(ctx context.Context, name string) error {
	if strings.HasSuffix(name, "/"+p.refuses+suffixSealed) {
		return errors.New("the store does not let go of it")
	}
	return p.Vault.Delete(ctx, name)
}

// old is an erased part of format 1 whose file is in a store.
func (d *desk) old(t *testing.T, v vault.Vault) *Notary {
	t.Helper()
	d.in(t, v)
	b, err := os.ReadFile(filepath.Join("testdata", "format1.rec"))
	if err != nil {
		t.Fatal(err)
	}
	l, err := scan(strings.NewReader(string(b)), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	s := sidecar{ID: l.id, Call: "c", Line: "12355", Kind: KindCall, StartedMS: meta.Started.UnixMilli(), Complete: true}
	if err := errors.Join(os.WriteFile(filepath.Join(d.spool, l.id+suffixSealed), b, 0o600), writeSidecar(d.spool, s)); err != nil {
		t.Fatal(err)
	}
	d.pass(t)
	if _, err := NewPurger(d.index, house{d.index.db, nil}).Erase(t.Context(), "c", "r", "u-9"); err != nil {
		t.Fatal(err)
	}
	n := d.notary(t, &book{})
	n.cfg.Store = v
	return n
}

func (d *desk) unburied(t *testing.T, want int) {
	t.Helper()
	if n, err := d.index.Unburied(t.Context(), time.Now().Add(2*buryPause)); err != nil || n != want {
		t.Errorf("%d parts of format 1 could not be shown to be gone, %v", n, err)
	}
}

// A part of format 1 is gone when its file was seen to go: not when the folder is not mounted.
func TestFormatOneIsSeenToGo(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, db *storage.DB) {
		d := newDesk(t, db)
		n := d.old(t, d.vault)
		other, err := vault.NewFolder(t.TempDir(), 0) // the mount point, with nothing on it
		if err != nil {
			t.Fatal(err)
		}
		n.cfg.Store = other
		if err := n.pass(t.Context()); !errors.Is(err, errNotShown) {
			t.Errorf("%v", err)
		}
		d.unburied(t, 1)
		n.cfg.Store = d.vault
		n.now = func() time.Time { return time.Now().Add(2 * buryPause) }
		n.swept = n.now()
		if err := n.pass(t.Context()); err != nil {
			t.Error(err)
		}
		d.unburied(t, 0)
	})
}

// In a bucket that keeps versions, deleting a file of format 1 erases nothing: no stone says that it is gone.
func TestFormatOneInABucketWithVersions(t *testing.T) {
	server := s3test.Start(t)
	cfg := server.Bucket(t, true)
	cfg.Lock = time.Hour
	d := sqliteDesk(t)
	n := d.old(t, s3test.Vault(t, cfg))
	if err := n.pass(t.Context()); !errors.Is(err, errNotShown) {
		t.Errorf("%v", err)
	}
	if err := n.pass(t.Context()); err != nil { // told again in an hour only
		t.Errorf("%v", err)
	}
	d.unburied(t, 1)
}

// In a bucket without versions it goes, and that is seen.
func TestFormatOneInABucket(t *testing.T) {
	server := s3test.Start(t)
	d := sqliteDesk(t)
	n := d.old(t, s3test.Vault(t, server.Bucket(t, false)))
	if err := n.pass(t.Context()); err != nil {
		t.Error(err)
	}
	d.unburied(t, 0)
}

// A key whose stored form is not the one that we would write is wrapped anew all the same, and does not hold up the walk for ever.
func TestRekeyOfAnotherForm(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, db *storage.DB) {
		d := newDesk(t, db)
		d.part(t, "p1", "c", time.Now())
		k, _, err := d.index.Key(t.Context(), "p1")
		if err != nil {
			t.Fatal(err)
		}
		b, err := k.Encode()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := db.Exec(t.Context(), `UPDATE recording_keys SET key_sealed = ? WHERE part = 'p1'`, []byte(" "+string(b)+"\n")); err != nil {
			t.Fatal(err)
		}
		escrow, err := AgeSuite{}.Generate()
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithTimeout(t.Context(), 20*time.Second)
		defer stop()
		done, err := d.index.Rekey(ctx, []SecretKey{d.key}, []PublicKey{escrow.Public()}, false)
		if err != nil || done.Changed != 1 {
			t.Errorf("%+v, %v", done, err)
		}
		if err := d.lib.Verify(ctx, "p1", escrow); err != nil {
			t.Error(err)
		}
	})
}
