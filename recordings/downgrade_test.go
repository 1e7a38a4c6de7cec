package recordings

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"
	"time"

	"hotline/storage"
	"hotline/storage/storagetest"
)

// forgedOne is a whole file of format 1 that everybody can make who has the site's public key, in order in all that it says of itself.
func forgedOne(t *testing.T, id string, site PublicKey) []byte {
	t.Helper()
	head := binary.BigEndian.AppendUint32([]byte(magic), Rate/2)
	head = append(append(head, byte(len(id))), id...)
	sum := sha256.New()
	sum.Write(head)
	out := head
	e := envelope{id: id, key: bytes.Repeat([]byte{7}, sha256.Size)}
	put := func(kind byte, ordinal, slot uint32, body []byte) {
		sealed, err := site.Seal(e.wrap(kind, ordinal, body))
		if err != nil {
			t.Fatal(err)
		}
		f := frameOf(slot, sealed)
		sum.Write(f[:frameHeader])
		out = append(out, f...)
	}
	o := opening{samples: Rate / 2, meta: meta}
	o.meta.Kind = KindCall
	copy(o.key[:], e.key)
	body, err := o.encode()
	if err != nil {
		t.Fatal(err)
	}
	put(frameOpening, 0, slotOpening, body)
	for n := range uint32(4) {
		c := chunk{slot: n, audio: tone(700, Rate)}
		put(frameAudio, n+1, n, c.encode())
	}
	end := binary.BigEndian.AppendUint32(nil, 4)
	end = binary.BigEndian.AppendUint64(end, 2*Rate)
	end = sum.Sum(append(end, make([]byte, 12)...))
	put(frameSummary, 5, slotSummary, end)
	return out
}

// A whole file of the first format in the place of a part of the second is a stranger: its key and its head, each alone, say of which it was.
func TestDowngradeIsFound(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, db *storage.DB) {
		x := newDesk(t, db).sealed(t, "a", 2*Rate)
		forged := forgedOne(t, "a", x.key.Public())
		row, err := x.index.Get(t.Context(), "a")
		if err != nil {
			t.Fatal(err)
		}
		row.Head, row.Bytes = "", int64(len(forged))
		if _, err := openPart(bytes.NewReader(forged), row.Bytes, row, noKey, []SecretKey{x.key}); err != nil {
			t.Fatalf("it is no good forgery: %v", err)
		}
		x.put(t, forged)
		find := func(what string) {
			t.Helper()
			if p, err := x.lib.Open(t.Context(), "a", x.key); !tampered(err) {
				t.Errorf("%s: it plays: %v, %v", what, p, err)
			}
			if s, err := x.lib.OpenCall(t.Context(), meta.Call, x.key); !tampered(err) {
				t.Errorf("%s: it plays: %v, %v", what, s, err)
			}
			x.wantTampered(t, what)
			if r := x.examine(t); r.Findings[0].Fault != FaultStranger {
				t.Errorf("%s: %v", what, r.Findings)
			}
		}
		find("key and head are kept")
		if _, err := db.Exec(t.Context(), `UPDATE recording_keys SET key_sealed = ? WHERE part = 'a'`, []byte(formatOne)); err != nil {
			t.Fatal(err)
		}
		find("the head is kept")
		x.put(t, x.content) // the other way round: no key was kept, and the file is of format 2
		if _, err := db.Exec(t.Context(), `DELETE FROM recording_heads`); err != nil {
			t.Fatal(err)
		}
		if err := x.lib.Verify(t.Context(), "a", x.key); !tampered(err) {
			t.Errorf("format 2 without a key: %v", err)
		}
	})
}

// What is of format 1, and was when the database says so, plays on; what was erased does not, though the site's key would open it.
func TestFormatOneInTheStore(t *testing.T) {
	x := sqliteDesk(t).sealed(t, "a", 2*Rate)
	content := forgedOne(t, "a", x.key.Public())
	x.put(t, content)
	for _, statement := range []string{`UPDATE recording_keys SET key_sealed = 'format 1'`, `DELETE FROM recording_heads`} {
		if _, err := x.index.db.Exec(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	if err := x.lib.Verify(t.Context(), "a", x.key); err != nil {
		t.Errorf("a part of format 1: %v", err)
	}
	if _, err := x.index.db.Exec(t.Context(), `UPDATE recording_keys SET key_sealed = ?`, []byte{}); err != nil {
		t.Fatal(err)
	}
	if p, err := x.lib.Open(t.Context(), "a", x.key); err == nil {
		t.Errorf("erased, and it plays: %v", p)
	}
}

// A file of the first format that lies in the spool in place of one that has a key is never taken in.
func TestDowngradeInTheSpool(t *testing.T) {
	d := sqliteDesk(t)
	d.taken(t, "a")
	if err := os.WriteFile(filepath.Join(d.spool, "a"+suffixSealed), forgedOne(t, "a", d.key.Public()), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := d.intake.pass(t.Context(), true); err == nil {
		t.Error("nobody complains")
	}
	if list, err := d.lib.List(t.Context(), time.Time{}, 10); err != nil || len(list) != 0 {
		t.Errorf("taken in: %+v, %v", list, err)
	}
}
