package recordings

import (
	"context"
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

// What came in while no key was there is signed when one is, and the audit says so; a head that is not the one of the audit is not.
func TestSignedLate(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, db *storage.DB) {
		dir := t.TempDir()
		if err := CreateSignKey(dir, AgeSuite{}); err != nil {
			t.Fatal(err)
		}
		signer, err := LoadSigner(filepath.Join(dir, SignFile))
		if err != nil {
			t.Fatal(err)
		}
		d, b := newDesk(t, db), &book{}
		for _, p := range []string{"a", "b", "c"} {
			d.part(t, p, p, time.Now())
		}
		n, asked := d.notary(t, b), 0
		n.cfg.Audit = b
		n.cfg.Signer = func(context.Context) *Signer { asked++; return nil }
		for range 3 {
			if err := n.pass(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if asked != 1 {
			t.Errorf("a key that is not there was looked for %d times in a minute", asked)
		}
		if _, err := db.Exec(t.Context(), `UPDATE recording_heads SET head = 'made up' WHERE part = 'b'`); err != nil {
			t.Fatal(err)
		}
		n.cfg.Signer = func(context.Context) *Signer { return signer }
		n.now = func() time.Time { return time.Now().Add(2 * signPause) }
		for range 2 {
			if err := n.pass(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		for part, want := range map[string]bool{"a": true, "b": false, "c": true} {
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
	})
}
