package recordings

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hotline/storage"
	"hotline/storage/storagetest"
)

// Reasons makes a book readable.
func (b *book) Reasons(_ context.Context, action, part string) (out []string, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, row := range b.rows {
		if words := strings.SplitN(row, " ", 4); words[1] == action && words[2] == part {
			out = append(out, words[3])
		}
	}
	return out, b.away
}

// keyless is a desk whose worker has no key that signs, and remembers what it takes in.
func keyless(t *testing.T, db *storage.DB, b *book) (*desk, *Notary, *Signer) {
	t.Helper()
	dir := t.TempDir()
	if err := CreateSignKey(dir, AgeSuite{}); err != nil {
		t.Fatal(err)
	}
	signer, err := LoadSigner(filepath.Join(dir, SignFile))
	if err != nil {
		t.Fatal(err)
	}
	d := newDesk(t, db)
	d.intake.cfg.Unsigned = filepath.Join(t.TempDir(), "unsigned")
	n := d.notary(t, b)
	n.cfg.Audit, n.cfg.Unsigned = b, d.intake.cfg.Unsigned
	n.cfg.Signer = func(context.Context) *Signer { return signer }
	return d, n, signer
}

func (d *desk) notes(t *testing.T) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(d.intake.cfg.Unsigned)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// signed looks which parts have a signature that holds; the audit must say the same.
func (d *desk) signed(t *testing.T, b *book, signer *Signer, want map[string]bool) {
	t.Helper()
	for part, want := range want {
		h, err := d.index.Head(t.Context(), part)
		if err != nil {
			t.Fatal(err)
		}
		if got := h.Check([]string{signer.Public()}) == nil; got != want {
			t.Errorf("%s is signed: %t, %+v", part, got, h)
		}
		if said, err := b.Reasons(t.Context(), ActionSigned, part); err != nil || (len(said) == 1) != want {
			t.Errorf("%s in the audit: %q, %v", part, said, err)
		}
	}
}

func passes(t *testing.T, n *Notary, times int) {
	t.Helper()
	for range times {
		if err := n.pass(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

func (d *desk) change(t *testing.T, query string, args ...any) {
	t.Helper()
	if _, err := d.index.db.Exec(t.Context(), query, args...); err != nil {
		t.Fatal(err)
	}
}

// What came in while no key was there is signed when one is, and the audit says so; a head that is not the one of the audit is not.
func TestSignedLate(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, db *storage.DB) {
		b := &book{}
		d, n, signer := keyless(t, db, b)
		for _, p := range []string{"a", "b", "c"} {
			d.part(t, p, p, time.Now())
		}
		asked := 0
		n.cfg.Signer = func(context.Context) *Signer { asked++; return nil }
		passes(t, n, 3)
		if asked != 1 {
			t.Errorf("a key that is not there was looked for %d times in a minute", asked)
		}
		if st, err := os.Stat(d.intake.cfg.Unsigned); err != nil || st.Mode().Perm() != 0o700 || len(d.notes(t)) != 3 {
			t.Errorf("%v, %v: %q", st, err, d.notes(t))
		}
		d.change(t, `UPDATE recording_heads SET head = 'made up' WHERE part = 'b'`)
		n.cfg.Signer = func(context.Context) *Signer { return signer }
		n.now = func() time.Time { return time.Now().Add(2 * signPause) }
		passes(t, n, 2)
		d.signed(t, b, signer, map[string]bool{"a": true, "b": false, "c": true})
		if left := d.notes(t); len(left) != 1 || !strings.HasPrefix(left[0], "b.") {
			t.Errorf("remembered still: %q", left)
		}
	})
}

// Who owns the database has nothing signed: neither a row of its own, which the audit would take from there, nor another head or time of a part that just
// came in; nor what nobody remembers, or what others may have written down.
func TestNothingMadeUpIsSigned(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, db *storage.DB) {
		b := &book{}
		d, n, signer := keyless(t, db, b)
		for _, p := range []string{"head", "time", "lost", "own", "good"} {
			d.part(t, p, p, time.Now())
		}
		d.change(t, `INSERT INTO recording_heads (part, head, at_ms, signer, signature, audited_ms) VALUES ('01FORGED', 'deadbeef', ?, '', '', 0)`,
			storage.Millis(time.Now().Add(-365*24*time.Hour)))
		d.change(t, `UPDATE recording_heads SET head = 'deadbeef' WHERE part = 'head'`)
		d.change(t, `UPDATE recording_heads SET at_ms = at_ms - 86400000 WHERE part = 'time'`)
		d.change(t, `UPDATE recording_heads SET signer = 'ed25519:00', signature = 'AAAA' WHERE part = 'own'`)
		for _, name := range d.notes(t) {
			if strings.HasPrefix(name, "lost.") {
				if err := os.Remove(filepath.Join(d.intake.cfg.Unsigned, name)); err != nil {
					t.Fatal(err)
				}
			}
		}
		want := map[string]bool{"01FORGED": false, "head": false, "time": false, "lost": false, "own": false, "good": false}
		if err := os.Chmod(d.intake.cfg.Unsigned, 0o770); err != nil {
			t.Fatal(err)
		}
		if err := n.pass(t.Context()); err == nil {
			t.Error("a folder into which others may write was believed")
		}
		d.signed(t, b, signer, want)
		if err := os.Chmod(d.intake.cfg.Unsigned, 0o700); err != nil {
			t.Fatal(err)
		}
		n.now = func() time.Time { return time.Now().Add(2 * signPause) }
		passes(t, n, 2)
		want["good"] = true
		d.signed(t, b, signer, want)
		if left := d.notes(t); len(left) != 3 {
			t.Errorf("what differs is no longer remembered: %q", left)
		}
	})
}

// A worker may die after what it remembers, after the row, and after the signature: each part is signed once in the end, and nothing stays remembered for long.
func TestRememberedOverDeaths(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, db *storage.DB) {
		b := &book{}
		d, n, signer := keyless(t, db, b)
		d.taken(t, "a")
		died := errors.New("killed")
		d.intake.cfg.Erased = func(_ context.Context, in storage.Reader, _ string) (bool, error) {
			if _, row := in.(*storage.Tx); row {
				return false, died
			}
			return false, nil
		}
		if err := d.intake.pass(t.Context(), true); !errors.Is(err, died) || len(d.notes(t)) != 1 {
			t.Fatalf("%v, remembered %q", err, d.notes(t))
		}
		passes(t, n, 1)
		if left := d.notes(t); len(left) != 1 {
			t.Fatalf("its row is on its way: %q", left)
		}
		time.Sleep(2 * time.Millisecond) // the next life enters it at another time
		d.intake.cfg.Erased, d.intake.later = nil, map[string]retry{}
		d.change(t, `INSERT INTO recording_stones (part, call_id, head, why, by_who, at_ms, audited_ms, gone_ms) VALUES ('erased', 'erased', '', 'contact', 'system', 1, 1, 1)`)
		if err := writeNote(d.intake.cfg.Unsigned, SignedHead{Part: "erased", Head: "abc", At: time.Now()}); err != nil {
			t.Fatal(err)
		}
		d.part(t, "b", "b", time.Now())
		h, err := d.index.Head(t.Context(), "b")
		if err != nil {
			t.Fatal(err)
		}
		h.At = h.At.Add(time.Second) // another worker was about to enter it, too
		if err := writeNote(d.intake.cfg.Unsigned, h); err != nil {
			t.Fatal(err)
		}
		before := d.notes(t)
		passes(t, n, 2)
		d.signed(t, b, signer, map[string]bool{"a": true, "b": true})
		if left := d.notes(t); len(before) != 5 || len(left) != 0 {
			t.Errorf("%q became %q", before, left)
		}
		h.At = h.At.Add(-time.Second) // killed before it forgot
		if err := writeNote(d.intake.cfg.Unsigned, h); err != nil {
			t.Fatal(err)
		}
		passes(t, n, 2)
		d.signed(t, b, signer, map[string]bool{"a": true, "b": true})
		if left := d.notes(t); len(left) != 0 {
			t.Errorf("remembered still: %q", left)
		}
		file := filepath.Join(t.TempDir(), "file")
		if err := os.WriteFile(file, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		d.intake.cfg.Unsigned = filepath.Join(file, "unsigned")
		d.part(t, "c", "c", time.Now()) // comes in all the same, or a full disk would stay full
		passes(t, n, 2)
		d.signed(t, b, signer, map[string]bool{"c": false})
	})
}
