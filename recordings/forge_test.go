package recordings

import (
	"bytes"
	"encoding/binary"
	"slices"
	"testing"
	"time"
)

// rebuilt is the file with other frames and a manifest that fits them: as one can make it who owns the disk and knows the format.
func (x *tape) rebuilt(t *testing.T, frames [][]byte, change func(m *manifest)) []byte {
	t.Helper()
	var c chain
	size := int64(len(x.survey.header.encode()))
	c.begin(x.content[:size], x.content[size:x.m.Opening])
	out := bytes.Clone(x.content[:x.m.Opening])
	for _, f := range frames {
		if slot := binary.BigEndian.Uint32(f[4:]); slot == slotMarks {
			c.marks(f)
		} else {
			c.audio(x.survey.header.segmentOf(slot), f)
		}
		out = append(out, f...)
	}
	m := newManifest(&x.survey.header, &c, x.survey.meta(x.m))
	m.Samples, m.Marks, m.Gaps, m.GapCount, m.GapSamples = x.m.Samples, x.m.Marks, x.m.Gaps, x.m.GapCount, x.m.GapSamples
	if s := x.m.Summary; s != nil {
		moved := *s
		moved.At = c.end
		m.Summary, m.Complete = &moved, true
		out = append(out, x.content[s.At:s.At+s.Bytes]...)
	}
	if change != nil {
		change(m)
	}
	body, err := m.encode()
	if err != nil {
		t.Fatal(err)
	}
	return append(out, frameOf(slotManifest, body)...)
}

// meta is that of a manifest.
func (*survey) meta(m *manifest) Meta {
	return Meta{Call: m.Call, Line: m.Line, Agent: m.Agent, Kind: m.Kind, Started: time.UnixMilli(m.Started).UTC()}
}

func (x *tape) frames() (out [][]byte) {
	for _, f := range x.survey.frames {
		if f.slot < slotLast || f.slot == slotMarks {
			out = append(out, x.content[f.offset-frameHeader:f.offset+int64(f.length)])
		}
	}
	return out
}

// Who rewrites the manifest to fit is found by the seals of the pieces and of the summary, though no hash is wrong; the head that was
// kept finds it without a key.
func TestForgedManifestIsFound(t *testing.T) {
	x := sqliteDesk(t).sealed(t, "a", 3*Rate)
	own := x.frames()
	audioAt := func(n int) int {
		for i, f := range own {
			if binary.BigEndian.Uint32(f[4:]) < slotLast {
				if n == 0 {
					return i
				}
				n--
			}
		}
		t.Fatal("too few pieces")
		return 0
	}
	one, two := audioAt(1), audioAt(2)
	renamed := bytes.Clone(own[one])
	binary.BigEndian.PutUint32(renamed[4:], 2)
	swapped := bytes.Clone(own[two])
	binary.BigEndian.PutUint32(swapped[4:], 1)
	replace := func(i int, f ...[]byte) [][]byte { return slices.Replace(slices.Clone(own), i, i+1, f...) }
	exchanged := replace(one, swapped)
	exchanged[two] = renamed
	cases := map[string][]byte{
		"a piece removed":          x.rebuilt(t, replace(one), nil),
		"two exchanged":            x.rebuilt(t, exchanged, nil),
		"a mark in the manifest":   x.rebuilt(t, own, func(m *manifest) { m.Marks[0].Code = "low" }),
		"a mark removed":           x.rebuilt(t, own, func(m *manifest) { m.Marks = m.Marks[:1] }),
		"shorter":                  x.rebuilt(t, own, func(m *manifest) { m.Samples -= 100 }),
		"a gap hidden":             x.rebuilt(t, own, func(m *manifest) { m.Gaps, m.GapCount = nil, 3 }),
		"another call":             x.rebuilt(t, own, func(m *manifest) { m.Call = "01OTHER" }),
		"another time":             x.rebuilt(t, own, func(m *manifest) { m.Started += 3600_000 }),
		"sealed by a stranger":     x.rebuilt(t, replace(one, x.forged(t, 1, one+1)), nil),
		"marks by a stranger":      x.rebuilt(t, append(slices.Clone(own), x.forgedMarks(t, len(own)+1)), nil),
		"no summary, as if killed": x.rebuilt(t, own[:two], func(m *manifest) { m.Summary, m.Complete = nil, false }),
	}
	for what, bad := range cases {
		x.put(t, bad)
		if r := x.examine(t); r.OK() {
			t.Errorf("%s: the kept head does not find it", what)
		}
	}
	if _, err := x.index.db.Exec(t.Context(), `DELETE FROM recording_heads`); err != nil { // the seals alone
		t.Fatal(err)
	}
	for what, bad := range cases {
		if what == "no summary, as if killed" { // and the row with it: only the head finds that
			continue
		}
		x.put(t, bad)
		if err := x.lib.Verify(t.Context(), "a", x.key); !tampered(err) {
			t.Errorf("%s: verified: %v", what, err)
		}
	}
	x.put(t, x.content)
	if err := x.lib.Verify(t.Context(), "a", x.key); err != nil {
		t.Error(err)
	}
}

// forged is a piece that somebody seals who has the part's public key, as everybody may, but not the key that the opening holds.
func (x *tape) forged(t *testing.T, slot uint32, ordinal int) []byte {
	t.Helper()
	public, err := ParsePublicKey(x.survey.header.public)
	if err != nil {
		t.Fatal(err)
	}
	c := chunk{slot: slot, audio: bytes.Repeat([]byte{0x55}, x.survey.header.samples*sides)}
	e := envelope{id: x.id, key: []byte("a guess")}
	sealed, err := public.Seal(e.wrap(frameAudio, uint32(ordinal), c.encode()))
	if err != nil {
		t.Fatal(err)
	}
	return frameOf(slot, sealed)
}

func (x *tape) forgedMarks(t *testing.T, ordinal int) []byte {
	t.Helper()
	e := envelope{id: x.id, key: []byte("a guess")}
	return frameOf(slotMarks, e.wrap(frameMarks, uint32(ordinal), []byte(`[{"n":0,"kind":"risk","from":0,"to":0,"code":"low"}]`)))
}

// A part of a recorder that died has no summary: its pieces and its marks prove themselves.
func TestForgedOrphanIsFound(t *testing.T) {
	d := sqliteDesk(t)
	whole := d.sealed(t, "a", 3*Rate)
	orphan := whole.rebuilt(t, whole.frames()[:5], func(m *manifest) { m.Summary, m.Complete = nil, false })
	whole.put(t, orphan)
	if _, err := d.index.db.Exec(t.Context(), `UPDATE recordings SET complete = ? WHERE id = ?`, false, "a"); err != nil {
		t.Fatal(err)
	}
	if err := d.lib.Verify(t.Context(), "a", d.key); !tampered(err) {
		t.Errorf("shortened by who owns the disk: %v", err)
	}
	if _, err := d.index.db.Exec(t.Context(), `DELETE FROM recording_heads`); err != nil { // what follows is found by the seals alone
		t.Fatal(err)
	}
	x := d.tape(t, "a")
	own := x.frames()
	last := binary.BigEndian.Uint32(own[4][4:])
	for what, frames := range map[string][][]byte{
		"a piece": slices.Replace(slices.Clone(own), 4, 5, x.forged(t, last, 5)),
		"marks":   append(slices.Clone(own), x.forgedMarks(t, 6)),
	} {
		x.put(t, x.rebuilt(t, frames, nil))
		if err := x.lib.Verify(t.Context(), "a", x.key); !tampered(err) {
			t.Errorf("%s of a stranger: %v", what, err)
		}
	}
}
