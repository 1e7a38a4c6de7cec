package recordings

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"testing"
	"time"

	"hotline/audio"
)

// small is a finished file of each suite for the fuzzers, with its key.
func small(f *testing.F, suite Suite) ([]byte, PartKey, SecretKey) {
	f.Helper()
	key, err := suite.Generate()
	if err != nil {
		f.Fatal(err)
	}
	d := &desk{spool: f.TempDir(), key: key}
	if d.rec, err = NewRecorder(Config{Dir: d.spool, Recipients: []PublicKey{key.Public()}, ChunkDuration: 20 * time.Millisecond}); err != nil {
		f.Fatal(err)
	}
	take := d.start(f, "a")
	take.Begin(MarkTalk, "u-1", "")
	speak(take, 1000, 440, 500)
	closeTake(f, take)
	return d.spooled(f, "a"), d.spooledKey(f, "a"), d.key
}

// FuzzSurvey reads files without any key, as the worker does of recorders that died.
func FuzzSurvey(f *testing.F) {
	b, _, _ := small(f, AgeSuite{})
	f.Add(b)
	f.Add(b[:len(b)/2])
	f.Add(b[:60])
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := surveyFile(bytes.NewReader(b), int64(len(b)))
		if s == nil || err != nil {
			return
		}
		if s.size > int64(len(b)) || s.slots*int64(s.header.samples) > maxSamples+maxChunkSamples {
			t.Fatalf("%d bytes of %d, %d slots", s.size, len(b), s.slots)
		}
		file := &memory{b: bytes.Clone(b)}
		m, err := closeOrphan(file, int64(len(b)), meta)
		if err != nil {
			return
		}
		end, err := readManifest(file, int64(len(file.b)))
		if err != nil || end.at != m.end() {
			t.Fatalf("what was closed has no end: %v", err)
		}
		if again, err := closeOrphan(file, int64(len(file.b)), meta); err != nil || again.Chain != m.Chain {
			t.Fatalf("closed twice it is another: %v", err)
		}
	})
}

// memory is a file of an orphan.
type memory struct{ b []byte }

func (m *memory) ReadAt(b []byte, off int64) (int, error) { return bytes.NewReader(m.b).ReadAt(b, off) }

func (m *memory) WriteAt(b []byte, off int64) (int, error) {
	m.b = append(m.b[:off], b...)
	return len(b), nil
}
func (m *memory) Truncate(size int64) error { m.b = m.b[:size]; return nil }
func (m *memory) Sync() error               { return nil }

// FuzzOpenPart opens and plays whatever a store may give back, and examines it.
func FuzzOpenPart(f *testing.F) {
	b, key, secret := small(f, AgeSuite{})
	f.Add(b)
	f.Add(b[:len(b)/2])
	f.Add(append(b[:60:60], b[100:]...))
	old, _, keys := one(f)
	f.Add(old)
	keys = append(keys, secret)
	f.Fuzz(func(t *testing.T, b []byte) {
		row := Recording{ID: "a", Bytes: int64(len(b)), Complete: true}
		wrapped := func() (PartKey, bool, error) { return key, !bytes.HasPrefix(b, []byte(magic)), nil }
		x := examination{src: bytes.NewReader(b), size: row.Bytes, row: row, keys: keys, key: wrapped}
		report, err := x.run(t.Context())
		if err != nil && !errors.Is(err, ErrWrongKey) {
			t.Fatalf("could not look: %v", err)
		}
		p, err := openPart(bytes.NewReader(b), row.Bytes, row, wrapped, keys)
		if err != nil {
			return
		}
		if p.Size() > wavHeader+maxSamples*frameBytes {
			t.Fatalf("%d bytes", p.Size())
		}
		if _, err := io.Copy(io.Discard, io.NewSectionReader(p, 0, min(p.Size(), 1<<20))); err != nil && report.OK() {
			t.Fatalf("it does not play, and nothing was found: %v", err)
		}
	})
}

func FuzzManifest(f *testing.F) {
	b, _, _ := small(f, SMSuite{})
	end, err := readManifest(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(end.raw)
	f.Add([]byte(`{"format":2}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := decodeManifest(b)
		if err != nil {
			return
		}
		if again, err := json.Marshal(m); err != nil || !bytes.Equal(again, b) {
			t.Fatalf("it does not encode to what it was: %v", err)
		}
		if m.end() < m.Opening || m.end() > maxFile {
			t.Fatalf("ends at %d", m.end())
		}
		m.chained()
		for _, mark := range marksOf(m.Marks) {
			if mark.From < 0 || mark.To < mark.From || mark.To > timeOf(maxSamples) {
				t.Fatalf("mark %v", mark)
			}
		}
	})
}

func FuzzDecode(f *testing.F) {
	c := chunk{slot: 3, audio: make([]byte, 320), gaps: []gap{{Left, 10, 20}}}
	f.Add(c.encode())
	f.Add((&closing{pieces: 3, peaks: [sides][]uint8{{1, 2}, {3, 4}}}).encode())
	f.Fuzz(func(t *testing.T, b []byte) {
		if c, err := decodeChunk(b); err == nil && !bytes.Equal(c.encode(), b) {
			t.Error("a piece does not encode to what it was")
		}
		if c, err := decodeClosing(b); err == nil && !bytes.Equal(c.encode(), b) {
			t.Error("a summary does not encode to what it was")
		}
		_, _ = decodeOpening(b)
		_, _ = decodeSummary(b)
		_, _ = DecodePartKey(b)
		_, _ = scan(bytes.NewReader(b), int64(len(b)))
	})
}

// FuzzRanges asks for any range of a recording of two parts: each equals that part of the whole.
func FuzzRanges(f *testing.F) {
	var parts []*Playback
	for i, at := range []time.Duration{0, 300 * time.Millisecond} {
		row := Recording{ID: "a", Meta: meta}
		row.Started = meta.Started.Add(at)
		p, err := newPlayback(&loud{samples: 1000 + int64(i)*77, level: byte(i)}, row)
		if err != nil {
			f.Fatal(err)
		}
		parts = append(parts, p)
	}
	s := newSession("call", parts)
	whole, err := io.ReadAll(s.WAV())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(int64(0), 44)
	f.Add(int64(43), 3)
	f.Add(int64(len(whole)-1), 100)
	f.Fuzz(func(t *testing.T, off int64, n int) {
		b := make([]byte, min(max(n, 0), 1<<16))
		k, err := s.WAV().ReadAt(b, off)
		if off < 0 {
			if err == nil {
				t.Fatal("read before the beginning")
			}
			return
		}
		var want []byte
		if off < int64(len(whole)) {
			want = whole[off:min(off+int64(len(b)), int64(len(whole)))]
		}
		if !bytes.Equal(b[:k], want) || (err == nil) != (k == len(b)) {
			t.Fatalf("%d bytes at %d: %d, %v", len(b), off, k, err)
		}
		if n, err := s.ReadPCM(Side(uint8(n)), off, make([]int16, 10)); err == nil && n != 10 {
			t.Fatalf("%d samples without an error", n)
		}
	})
}

// loud is a file whose pieces differ.
type loud struct {
	samples int64
	level   byte
}

func (l *loud) meta() Meta        { return meta }
func (l *loud) length() int64     { return l.samples }
func (l *loud) pieceSamples() int { return 160 }

func (l *loud) piece(slot uint32) (chunk, bool, error) {
	if slot == 2 {
		return chunk{}, false, nil
	}
	n := min(160, l.samples-int64(slot)*160)
	c := chunk{slot: slot, audio: bytes.Repeat([]byte{l.level + byte(slot), audio.PCMA.Silence()}, int(n))}
	return c, true, nil
}
