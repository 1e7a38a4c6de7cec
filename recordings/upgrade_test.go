package recordings

import (
	"bytes"
	"errors"
	"os"
	"testing"
	"testing/fstest"
	"time"

	"hotline/recordings/vault"
	"hotline/storage"
	"hotline/storage/storagetest"
)

// A part of a release that had no keys of parts is played and proved as before after the tables have grown, and erased by taking its file away.
func TestPartsOfBefore(t *testing.T) {
	content, row, keys := one(t)
	storagetest.Each(t, func(t *testing.T, db *storage.DB) {
		first, err := os.ReadFile("migrations/00001_recordings.sql")
		if err != nil {
			t.Fatal(err)
		}
		if err := db.Migrate(t.Context(), "recordings", fstest.MapFS{"00001_recordings.sql": {Data: first}}); err != nil {
			t.Fatal(err)
		}
		_, err = db.Exec(t.Context(), `INSERT INTO recordings (`+rowColumns+`) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?)`, row.ID, row.Call, row.Line, row.Agent,
			string(row.Kind), storage.Millis(row.Started), 2200, row.Chunks, row.Gaps, 1300, row.Complete, row.Bytes, storage.Millis(time.Now()), "2025/05/01/01FORMAT1.rec")
		if err != nil {
			t.Fatal(err)
		}
		d := newDesk(t, db)
		if err := d.vault.Put(t.Context(), "2025/05/01/01FORMAT1.rec", bytes.NewReader(content), row.Bytes); err != nil {
			t.Fatal(err)
		}
		if _, own, err := d.index.Key(t.Context(), row.ID); own || err != nil {
			t.Errorf("a key of its own: %v, %v", own, err)
		}
		if err := d.lib.Verify(t.Context(), row.ID, keys...); err != nil {
			t.Error(err)
		}
		site, err := AgeSuite{}.Generate()
		if err != nil {
			t.Fatal(err)
		}
		if done, err := d.index.Rekey(t.Context(), keys, []PublicKey{site.Public()}, true); err != nil || done.FormatOne != 1 || done.Changed != 0 {
			t.Errorf("rekey: %+v, %v", done, err)
		}
		b := &book{}
		if _, err := NewPurger(d.index, house{db, nil}).Erase(t.Context(), row.Call, "asked for", "u-9"); err != nil {
			t.Fatal(err)
		}
		if err := d.notary(t, b).pass(t.Context()); err != nil {
			t.Fatal(err)
		}
		d.erased(t, row.ID, "asked for", "u-9")
		b.has(t, "u-9 recording.erased 01FORMAT1 asked for ")
		if err := d.lib.Verify(t.Context(), row.ID, keys...); !errors.Is(err, ErrErased) {
			t.Errorf("verify: %v", err)
		}
		if _, err := d.vault.Stat(t.Context(), "2025/05/01/01FORMAT1.rec"); !errors.Is(err, vault.ErrNotFound) {
			t.Errorf("its file: %v", err)
		}
	})
}
