package recordings

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// tape is a stored part and what is known of it.
type tape struct {
	*desk
	id      string
	path    string
	content []byte
	survey  *survey
	m       *manifest
}

// sealed makes a stored part with marks in it.
func (d *desk) sealed(t *testing.T, id string, samples int) *tape {
	t.Helper()
	take := d.start(t, id)
	take.Begin(MarkTalk, "u-1", "")
	speak(take, 1000, 440, samples)
	take.Point(MarkRisk, "u-1", "high")
	closeTake(t, take)
	d.pass(t)
	return d.tape(t, id)
}

func (d *desk) tape(t *testing.T, id string) *tape {
	t.Helper()
	r, err := d.index.row(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	x := &tape{desk: d, id: id, path: filepath.Join(d.store, r.path)}
	if x.content, err = os.ReadFile(x.path); err != nil {
		t.Fatal(err)
	}
	if x.survey, err = surveyFile(bytes.NewReader(x.content), int64(len(x.content))); err != nil {
		t.Fatal(err)
	}
	end, err := readManifest(bytes.NewReader(x.content), int64(len(x.content)))
	if err != nil {
		t.Fatal(err)
	}
	x.m = end.manifest
	return x
}

// put writes a forged file in the place of the true one, also into the row's size, as one who owns disk and database could.
func (x *tape) put(t *testing.T, content []byte) {
	t.Helper()
	if err := os.WriteFile(x.path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := x.index.db.Exec(t.Context(), `UPDATE recordings SET bytes = ? WHERE id = ?`, len(content), x.id); err != nil {
		t.Fatal(err)
	}
}

// examine looks with and without the secret key: either must find what was done to the bytes.
func (x *tape) examine(t *testing.T, keys ...SecretKey) *Report {
	t.Helper()
	r, err := x.lib.Examine(t.Context(), x.id, keys...)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func (x *tape) wantTampered(t *testing.T, what string) {
	t.Helper()
	if err := x.lib.Verify(t.Context(), x.id, x.key); !tampered(err) {
		t.Errorf("%s: verified: %v", what, err)
	}
	if r := x.examine(t); r.OK() {
		t.Errorf("%s: found without a key: nothing", what)
	}
	if r := x.examine(t, x.key); r.OK() {
		t.Errorf("%s: found with the key: nothing", what)
	}
}

func tampered(err error) bool {
	_, ok := errors.AsType[*ErrTampered](err)
	return ok
}

// place is a kind of byte and where bytes of it lie.
func (x *tape) places() map[string][]int64 {
	out := map[string][]int64{}
	header := int64(len(x.survey.header.encode()))
	for at := range header {
		out["header"] = append(out["header"], at)
	}
	kinds := map[uint32]string{slotOpening: "opening", slotSummary: "summary", slotMarks: "marks", slotManifest: "manifest"}
	for _, f := range x.survey.frames {
		kind, ok := kinds[f.slot]
		if !ok {
			kind = "audio"
		}
		for i := range int64(frameHeader) {
			out["frame of "+kind] = append(out["frame of "+kind], f.offset-frameHeader+i)
		}
		step := max(int64(f.length)/40, 1)
		for i := int64(0); i < int64(f.length); i += step {
			out[kind] = append(out[kind], f.offset+i)
		}
		out[kind] = append(out[kind], f.offset+int64(f.length)-1)
	}
	return out
}

// One flipped bit, of each kind of byte, is found with a key and without.
func TestFlippedBitIsFound(t *testing.T) {
	x := sqliteDesk(t).sealed(t, "a", Rate+100)
	for kind, places := range x.places() {
		t.Run(kind, func(t *testing.T) {
			for _, at := range places {
				bad := bytes.Clone(x.content)
				bad[at] ^= 1 << (at % 8)
				x.put(t, bad)
				x.wantTampered(t, fmt.Sprintf("bit of byte %d", at))
			}
		})
	}
	x.put(t, x.content)
	if err := x.lib.Verify(t.Context(), "a", x.key); err != nil {
		t.Errorf("the true file: %v", err)
	}
	if r := x.examine(t, x.key); !r.OK() || !r.Opened || r.Segments != 1 || !r.Complete {
		t.Errorf("the true file: %+v", r)
	}
}

// What was done to whole segments is told by its name, its place and its time.
func TestWhereItWasAltered(t *testing.T) {
	x := sqliteDesk(t).sealed(t, "a", 45*Rate) // four segments and a half
	seg := func(n int) []byte { s := x.m.Segments[n]; return x.content[s.At : s.At+s.Bytes] }
	tail := x.content[x.m.Summary.At:]
	join := func(parts ...[]byte) []byte {
		return bytes.Join(append([][]byte{x.content[:x.m.Opening]}, parts...), nil)
	}
	other := sqliteDesk(t).sealed(t, "b", 12*Rate)
	alien := other.content[other.m.Segments[0].At : other.m.Segments[0].At+other.m.Segments[0].Bytes]
	altered := bytes.Clone(x.content)
	altered[x.m.Segments[2].At+5000] ^= 4
	cases := map[string]struct {
		content []byte
		want    []string // fault and segment
	}{
		"untouched":         {x.content, nil},
		"a byte altered":    {altered, []string{"changed 2"}},
		"one taken out":     {join(seg(0), seg(1), seg(3), seg(4), tail), []string{"missing 2"}},
		"the last one":      {join(seg(0), seg(1), seg(2), seg(3), tail), []string{"missing 4"}},
		"the first two":     {join(seg(2), seg(3), seg(4), tail), []string{"missing 0", "missing 1"}},
		"all":               {join(tail), []string{"missing 0", "missing 1", "missing 2", "missing 3", "missing 4"}},
		"neighbours":        {join(seg(0), seg(2), seg(1), seg(3), seg(4), tail), []string{"reordered 1"}},
		"far ones":          {join(seg(0), seg(3), seg(2), seg(1), seg(4), tail), []string{"reordered 1", "reordered 3"}},
		"twice":             {join(seg(0), seg(1), seg(1), seg(2), seg(3), seg(4), tail), []string{"stranger 1"}},
		"a stranger put in": {join(seg(0), seg(1), alien, seg(2), seg(3), seg(4), tail), []string{"stranger -1"}},
		"a stranger in its place": {
			join(seg(0), alien, seg(2), seg(3), seg(4), tail), []string{"changed 1"},
		},
		"garbage put in": {join(seg(0), []byte("0123456789"), seg(1), seg(2), seg(3), seg(4), tail), nil},
		"the end cut":    {x.content[:x.m.Segments[3].At+100], []string{"truncated 3"}},
		"manifest cut":   {x.content[:len(x.content)-5], []string{"truncated 4"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			if err := os.WriteFile(x.path, c.content, 0o600); err != nil {
				t.Fatal(err)
			}
			r := x.examine(t)
			var got []string
			for _, f := range r.Findings {
				t.Log(f)
				if f.Fault == FaultRow { // the size: whoever did it did not tell the index
					continue
				}
				got = append(got, fmt.Sprint(f.Fault, " ", f.Segment))
				if f.Segment >= 0 && (f.From != time.Duration(f.Segment)*10*time.Second || f.To <= f.From) && f.Fault != FaultTruncated {
					t.Errorf("at %v to %v", f.From, f.To)
				}
			}
			slices.Sort(got)
			if name == "garbage put in" { // there is no telling where it goes on, but that and where it begins
				if len(got) == 0 || r.Findings[len(r.Findings)-1].At > x.m.Segments[1].At && len(got) == 1 {
					t.Errorf("found %v", got)
				}
				return
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("found %v, want %v", got, c.want)
			}
		})
	}
}

// With the key it is told to half a second, and to the frame.
func TestWhichPieceWasAltered(t *testing.T) {
	x := sqliteDesk(t).sealed(t, "a", 25*Rate)
	for _, f := range x.survey.frames {
		if f.slot != 7 && f.slot != 31 {
			continue
		}
		for what, at := range map[string]int64{"in the seal": f.offset + 900, "its slot": f.offset - 1} {
			bad := bytes.Clone(x.content)
			bad[at] ^= 64
			x.put(t, bad)
			r := x.examine(t, x.key)
			from := time.Duration(f.slot) * 500 * time.Millisecond
			if len(r.Findings) != 1 || r.Findings[0].At != f.offset-frameHeader || r.Findings[0].Bytes != int64(f.length)+frameHeader {
				t.Errorf("%s of piece %d: %v", what, f.slot, r.Findings)
			}
			if what == "in the seal" && (r.Findings[0].From != from || r.Findings[0].To != from+500*time.Millisecond) {
				t.Errorf("%s of piece %d: %v", what, f.slot, r.Findings)
			}
		}
	}
}

// Playing goes up to what was altered, and says so there.
func TestPlaysUpToTheFault(t *testing.T) {
	x := sqliteDesk(t).sealed(t, "a", 25*Rate)
	bad := bytes.Clone(x.content)
	bad[x.m.Segments[1].At+100] ^= 1
	x.put(t, bad)
	p := x.open(t, "a")
	before := make([]byte, 9*Rate*frameBytes)
	if _, err := p.ReadAt(before, wavHeader); err != nil {
		t.Errorf("what lies before: %v", err)
	}
	if _, err := p.ReadAt(before, wavHeader+11*Rate*frameBytes); !tampered(err) {
		t.Errorf("what was altered: %v", err)
	}
	after := make([]byte, 2*Rate*frameBytes)
	if _, err := p.ReadAt(after, wavHeader+21*Rate*frameBytes); err != nil {
		t.Errorf("what lies after: %v", err)
	}
}

func TestRowOfAnotherCallIsFound(t *testing.T) {
	x := sqliteDesk(t).sealed(t, "a", Rate)
	if _, err := x.index.db.Exec(t.Context(), `UPDATE recordings SET agent = 'u-2'`); err != nil {
		t.Fatal(err)
	}
	x.wantTampered(t, "another agent in the row")
	if r := x.examine(t); r.Findings[0].Fault != FaultRow || !strings.Contains(r.Findings[0].String(), "row at byte") {
		t.Errorf("%v", r.Findings)
	}
	if err := os.Remove(x.path); err != nil {
		t.Fatal(err)
	}
	x.wantTampered(t, "the file removed")
	if r := x.examine(t); r.Findings[0].Fault != FaultGone {
		t.Errorf("%v", r.Findings)
	}
}
