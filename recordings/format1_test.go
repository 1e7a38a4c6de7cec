package recordings

import (
	"bytes"
	"encoding/json"
	"os"
	"testing"
)

// one is a recording of format 1, as a release wrote it that had no other: 2.2 s, both sides for 1.1 s, then a gap, then the right side.
func one(t testing.TB) (content []byte, row Recording, keys []SecretKey) {
	t.Helper()
	content, err := os.ReadFile("testdata/format1.rec")
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile("testdata/format1.key")
	if err != nil {
		t.Fatal(err)
	}
	key, err := ParseSecretKey(string(bytes.TrimSpace(text)))
	if err != nil {
		t.Fatal(err)
	}
	row = Recording{ID: "01FORMAT1", Meta: meta, Chunks: 4, Gaps: 2, Complete: true, Bytes: int64(len(content))}
	row.Kind = KindCall
	return content, row, []SecretKey{key}
}

func noKey() (PartKey, bool, error) { return PartKey{}, false, nil }

func TestFormatOnePlays(t *testing.T) {
	content, row, keys := one(t)
	p, err := openPart(bytes.NewReader(content), row.Bytes, row, noKey, keys)
	if err != nil {
		t.Fatal(err)
	}
	left, right := wav(t, p)
	if len(left) != 2*Rate+1600 {
		t.Errorf("%d samples", len(left))
	}
	wantTone(t, left[:Rate], 1000, 440)
	wantTone(t, right[:Rate], 440, 1000)
	wantTone(t, right[2*Rate:], 700, 440)
	if left[3*Rate/2] != 0 || left[2*Rate+100] != 0 {
		t.Error("what is missing is not silent")
	}
	peaks, err := newSession("01CALL", []*Playback{p}).Peaks(t.Context(), 10)
	if err != nil || len(peaks.Sides[0]) != 22 || peaks.Sides[0][5] < 100 || peaks.Sides[0][15] != 0 || peaks.Sides[1][21] < 100 {
		t.Errorf("%v, %v", peaks, err)
	}
	if _, err := openPart(bytes.NewReader(content), row.Bytes, row, noKey, nil); err == nil {
		t.Error("opened without a key")
	}
}

// Examination of format 1 is as it was: any bit, each piece, the order, the end.
func TestFormatOneIsVerified(t *testing.T) {
	content, row, keys := one(t)
	examine := func(b []byte) *Report {
		row := row
		row.Bytes = int64(len(b))
		x := examination{src: bytes.NewReader(b), size: row.Bytes, row: row, keys: keys, key: noKey}
		r, err := x.run(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	if r := examine(content); !r.OK() || !r.Opened || r.Format != 1 || r.Pieces != 4 {
		t.Errorf("%+v", r)
	}
	for at := 0; at < len(content); at += 1 + at/300 {
		if at == len(magic)-1 { // that of format 2 is another format
			continue
		}
		bad := bytes.Clone(content)
		bad[at] ^= 1 << (at % 8)
		if r := examine(bad); r.OK() {
			t.Errorf("bit of byte %d", at)
		}
	}
	l, err := scan(bytes.NewReader(content), row.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	piece := func(n int) []byte {
		return content[l.frames[n].offset-frameHeader : l.frames[n].offset+int64(l.frames[n].length)]
	}
	head := content[:l.frames[0].offset-frameHeader]
	for what, bad := range map[string][]byte{
		"one removed":    bytes.Join([][]byte{head, piece(0), piece(1), piece(3), piece(4), piece(5)}, nil),
		"end removed":    bytes.Join([][]byte{head, piece(0), piece(1), piece(2), piece(3), piece(4)}, nil),
		"two exchanged":  bytes.Join([][]byte{head, piece(0), piece(2), piece(1), piece(3), piece(4), piece(5)}, nil),
		"garbage behind": append(bytes.Clone(content), 1, 2, 3),
		"cut":            content[:len(content)-5],
	} {
		if r := examine(bad); r.OK() {
			t.Error(what)
		}
	}
	altered := bytes.Clone(content)
	altered[l.frames[3].offset+1000] ^= 1
	if r := examine(altered); len(r.Findings) != 1 || r.Findings[0].From.Seconds() != 1 || r.Findings[0].At != l.frames[3].offset {
		t.Errorf("where: %v", r.Findings)
	}
	if _, err := json.Marshal(examine(content)); err != nil {
		t.Error(err)
	}
}
