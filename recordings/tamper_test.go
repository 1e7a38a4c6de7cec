package recordings

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// sealed makes a stored recording and returns its file.
func (d *desk) sealed(t *testing.T, id string, samples int) (path string, content []byte, l *layout) {
	t.Helper()
	take := d.start(t, id)
	speak(take, 1000, 440, samples)
	closeTake(t, take)
	d.pass(t)
	r, err := d.index.row(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	path = filepath.Join(d.store, r.path)
	content, err = os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	l, err = scan(bytes.NewReader(content), int64(len(content)))
	if err != nil {
		t.Fatal(err)
	}
	return path, content, l
}

// put writes a forged file in the place of the true one, also into the row's size, as one who owns disk and database could.
func (d *desk) put(t *testing.T, id, path string, content []byte) {
	t.Helper()
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := d.index.db.Exec(t.Context(), `UPDATE recordings SET bytes = ? WHERE id = ?`, len(content), id); err != nil {
		t.Fatal(err)
	}
}

func (d *desk) wantTampered(t *testing.T, id, what string) {
	t.Helper()
	err := d.lib.Verify(t.Context(), id, d.key)
	if _, ok := errors.AsType[*ErrTampered](err); !ok {
		t.Errorf("%s: %v", what, err)
	}
}

// One flipped bit, anywhere: in the header, in a frame's length or slot, in what is sealed.
func TestFlippedBitIsFound(t *testing.T) {
	d := sqliteDesk(t)
	path, content, l := d.sealed(t, "a", Rate+100)
	places := []int{}
	for i := range len(magic) + 5 + 1 { // the whole header
		places = append(places, i)
	}
	for _, f := range l.frames {
		for i := range frameHeader {
			places = append(places, int(f.offset)-frameHeader+i)
		}
		for i := 0; i < f.length; i += 1 + f.length/40 {
			places = append(places, int(f.offset)+i)
		}
		places = append(places, int(f.offset)+f.length-1)
	}
	for _, at := range places {
		bad := bytes.Clone(content)
		bad[at] ^= 1 << (at % 8)
		d.put(t, "a", path, bad)
		d.wantTampered(t, "a", fmt.Sprintf("bit of byte %d", at))
	}
	d.put(t, "a", path, content)
	if err := d.lib.Verify(t.Context(), "a", d.key); err != nil {
		t.Errorf("the true file: %v", err)
	}
}

func TestWhereItWasAltered(t *testing.T) {
	d := sqliteDesk(t)
	path, content, l := d.sealed(t, "a", 2*Rate)
	bad := bytes.Clone(content)
	bad[l.frames[3].offset+1000] ^= 1
	d.put(t, "a", path, bad)
	p := d.open(t, "a")
	before := make([]byte, 1000)
	if _, err := p.ReadAt(before, 0); err != nil {
		t.Errorf("what lies before: %v", err)
	}
	_, err := io.Copy(io.Discard, p)
	if e, ok := errors.AsType[*ErrTampered](err); !ok || e.Chunk != 3 {
		t.Errorf("altered chunk 3: %v", err)
	}
}

// Pieces that are whole, but not where or what they were.
func TestMovedPiecesAreFound(t *testing.T) {
	d := sqliteDesk(t)
	_, other, lo := d.sealed(t, "b", 2*Rate)
	path, content, l := d.sealed(t, "a", 2*Rate)
	piece := func(c []byte, f frame) []byte { return c[f.offset-frameHeader : f.offset+int64(f.length)] }
	join := func(order ...[]byte) []byte {
		return append(bytes.Clone(content[:l.frames[0].offset-frameHeader]), bytes.Join(order, nil)...)
	}
	var own [][]byte
	for _, f := range l.frames {
		own = append(own, piece(content, f))
	}
	last := len(own) - 1
	renamed := bytes.Clone(own[2])
	binary.BigEndian.PutUint32(renamed[4:], l.frames[3].slot)
	renamed3 := bytes.Clone(own[3])
	binary.BigEndian.PutUint32(renamed3[4:], l.frames[2].slot)
	swap := append([][]byte{own[0], own[1], renamed3, renamed}, own[4:]...)
	cases := map[string][]byte{
		"one removed":              join(append([][]byte{own[0], own[1]}, own[3:]...)...),
		"the last removed":         join(append(append([][]byte{}, own[:last-1]...), own[last])...),
		"the summary removed":      join(own[:last]...),
		"the end removed":          join(own[:last-2]...),
		"two exchanged":            join(append([][]byte{own[0], own[1], own[3], own[2]}, own[4:]...)...),
		"two exchanged, renamed":   join(swap...),
		"one twice":                join(append([][]byte{own[0], own[1], own[1]}, own[2:]...)...),
		"one of another recording": join(append([][]byte{own[0], own[1], piece(other, lo.frames[2])}, own[3:]...)...),
		"all of another recording": other,
		"nothing":                  {},
		"garbage after the end":    append(bytes.Clone(content), 1, 2, 3),
		"cut in a frame":           content[:len(content)-5],
	}
	for what, bad := range cases {
		d.put(t, "a", path, bad)
		d.wantTampered(t, "a", what)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	d.wantTampered(t, "a", "the file removed")
}

// Everybody may have the public key. A piece sealed with it by somebody else is found all the same.
func TestForgedPieceIsFound(t *testing.T) {
	d := sqliteDesk(t)
	path, content, l := d.sealed(t, "a", Rate)
	forger := envelope{id: "a", key: []byte("a guess")}
	c := chunk{slot: 0, audio: bytes.Repeat([]byte{0x55}, l.samples*sides)}
	forged, err := forger.seal(frameAudio, 1, c.encode(), ageRecipients([]PublicKey{d.key.Public()}))
	if err != nil {
		t.Fatal(err)
	}
	f := l.frames[1]
	bad := append(bytes.Clone(content[:f.offset-frameHeader]), appendFrame(nil, 0, forged)...)
	bad = append(bad, content[f.offset+int64(f.length):]...)
	d.put(t, "a", path, bad)
	d.wantTampered(t, "a", "forged piece")
}

func TestRowOfAnotherCallIsFound(t *testing.T) {
	d := sqliteDesk(t)
	d.sealed(t, "a", Rate)
	if _, err := d.index.db.Exec(t.Context(), `UPDATE recordings SET agent = 'u-2'`); err != nil {
		t.Fatal(err)
	}
	d.wantTampered(t, "a", "another agent in the row")
}

// oneFile is a sealed file for the fuzzers.
func oneFile(f *testing.F) ([]byte, SecretKey) {
	d := sqliteDesk(f)
	d.rec.cfg.ChunkDuration = 20 * time.Millisecond
	take := d.start(f, "a")
	speak(take, 1000, 440, 500)
	closeTake(f, take)
	b, err := os.ReadFile(filepath.Join(d.spool, "a.rec"))
	if err != nil {
		f.Fatal(err)
	}
	return b, d.key
}

func FuzzScan(f *testing.F) {
	b, _ := oneFile(f)
	f.Add(b)
	f.Add(b[:len(b)/2])
	f.Fuzz(func(t *testing.T, b []byte) {
		l, err := scan(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			return
		}
		if l.size > int64(len(b)) || l.span() > maxSamples+int64(l.samples) {
			t.Fatalf("%d bytes of %d, %d samples", l.size, len(b), l.span())
		}
		again, err := scan(bytes.NewReader(b[:l.size]), l.size)
		if err != nil || len(again.frames) != len(l.frames) {
			t.Fatalf("what is whole is not: %v", err)
		}
	})
}

func FuzzOpen(f *testing.F) {
	b, key := oneFile(f)
	f.Add(b)
	f.Add(b[:len(b)/2])
	f.Add(b[:40])
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := open(bytes.NewReader(b), int64(len(b)), "a", identities([]SecretKey{key}))
		if err != nil {
			return
		}
		if p.Size() > wavHeader+maxSamples*frameBytes {
			t.Fatalf("%d bytes", p.Size())
		}
		_, _ = io.Copy(io.Discard, io.NewSectionReader(p, 0, min(p.Size(), 1<<20)))
	})
}

func FuzzDecode(f *testing.F) {
	c := chunk{slot: 3, audio: make([]byte, 320), gaps: []gap{{Left, 10, 20}}}
	f.Add(c.encode())
	f.Add((&summary{chunks: 3}).encode())
	f.Fuzz(func(t *testing.T, b []byte) {
		if c, err := decodeChunk(b); err == nil && !bytes.Equal(c.encode(), b) {
			t.Error("a chunk does not encode to what it was")
		}
		if s, err := decodeSummary(b); err == nil && !bytes.Equal(s.encode(), b) {
			t.Error("a summary does not encode to what it was")
		}
		_, _ = decodeOpening(b)
	})
}
