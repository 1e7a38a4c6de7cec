package tapes

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"testing"
	"time"

	"github.com/oklog/ulid/v2"
)

func TestHeardIsBounded(t *testing.T) {
	h := NewHeard()
	for i := range grantsKept + 10 {
		if err := h.Begin(fmt.Sprint(i), 0, func(int64) error { return nil }); err != nil {
			t.Fatal(err)
		}
	}
	if len(h.by) != grantsKept || slices.Contains(h.order, "0") {
		t.Errorf("%d grants are remembered", len(h.by))
	}
	told := 0
	for range 2 {
		for i := range int64(spansKept + 10) {
			if err := h.Begin("g", i*10*secondOf, func(int64) error { told++; return nil }); err != nil {
				t.Fatal(err)
			}
		}
	}
	if n := len(h.of("g").read); n != spansKept || told < spansKept+10 {
		t.Errorf("%d stretches are remembered, %d were told", n, told)
	}
}

// A reader that jumps, as one for several ranges does, tells each new stretch before a byte of it, and reads nothing that could not be told.
func TestNothingIsReadUntold(t *testing.T) {
	h, data := NewHeard(), bytes.NewReader(make([]byte, wavHeader+100*secondOf))
	var told []int64
	fail := false
	r := h.Reader("g", data, func(second int64) error {
		if fail {
			return errors.New("away")
		}
		told = append(told, second)
		return nil
	})
	read := func(at int64, n int) (int, error) {
		if _, err := r.Seek(at, io.SeekStart); err != nil {
			t.Fatal(err)
		}
		return io.ReadFull(r, make([]byte, n))
	}
	for _, at := range []int64{0, 1000, wavHeader + 50*secondOf, 2000, wavHeader + 50*secondOf + 10} {
		if _, err := read(at, 1000); err != nil {
			t.Fatal(err)
		}
	}
	if !slices.Equal(told, []int64{0, 50}) {
		t.Errorf("told %v", told)
	}
	fail = true
	if n, err := read(wavHeader+80*secondOf, 10); err == nil || n != 0 {
		t.Errorf("%d bytes that nobody was told of", n)
	}
	for text, want := range map[string]int64{"": 0, "bytes=5-9": 5, "bytes=70-": 70, "bytes=-5": 0, "bytes=9-10,2-3": 9, "x": 0, "bytes=99999999999999999999-": 0} {
		if got := FirstByte(text); got != want {
			t.Errorf("%q: %d", text, got)
		}
	}
}

func TestPlaces(t *testing.T) {
	p := Place{time.UnixMilli(1700000000000), ulid.Make().String()}
	if got, err := ParsePlace(p.String()); err != nil || !got.Started.Equal(p.Started) || got.Part != p.Part {
		t.Errorf("%+v, %v", got, err)
	}
	if got, err := ParsePlace(""); err != nil || got.String() != "" {
		t.Errorf("%+v, %v", got, err)
	}
	for _, bad := range []string{"x", "1700000000000", "1700000000000.x", "-5." + p.Part, "." + p.Part} {
		if _, err := ParsePlace(bad); !errors.Is(err, ErrPlace) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

// many are recordings, one a second, every tenth of high risk, every hundredth on hold.
type many struct{ n, asked, classes int }

func (m *many) Find(_ context.Context, q Search) (out []Recording, err error) {
	m.asked++
	for i := range m.n {
		at := time.UnixMilli(int64(m.n-i) * 1000)
		if !q.Before.Started.IsZero() && !at.Before(q.Before.Started) {
			continue
		}
		if len(out) < q.Limit {
			id := fmt.Sprint(m.n - i)
			out = append(out, Recording{ID: id, Call: id, Started: at, Parts: []Part{{ID: id}}})
		}
	}
	return out, nil
}
func (*many) Get(context.Context, string) (Recording, error) { return Recording{}, ErrNotFound }
func (*many) Open(context.Context, string) (Tape, error)     { return nil, ErrNotFound }
func (*many) Levels(_ context.Context, calls []string) (map[string]string, error) {
	out := map[string]string{}
	for _, c := range calls {
		if c[len(c)-1] == '0' {
			out[c] = "high"
		}
	}
	return out, nil
}

func (m *many) Classes(_ context.Context, calls []string) (map[string]string, error) {
	m.classes++
	out := map[string]string{}
	for _, c := range calls {
		if len(c) > 2 && c[len(c)-2:] == "00" {
			out[c] = ClassHold
		}
	}
	return out, nil
}

func TestSearchGoesThroughPages(t *testing.T) {
	for name, c := range map[string]struct {
		s    Search
		want int
	}{"all": {Search{}, 3000}, "high": {Search{Level: "high"}, 300}, "on hold": {Search{Class: ClassHold}, 30}, "both": {Search{Class: ClassHold, Level: "high"}, 30}, "none": {Search{Level: "low"}, 0}} {
		m := &many{n: 3000}
		seen := map[string]bool{}
		c.s.Limit = 50
		for pages := 0; ; pages++ {
			rows, next, err := Find(t.Context(), m, m, c.s)
			if err != nil || len(rows) > 50 || pages > 100 {
				t.Fatalf("%s: %d rows, page %d, %v", name, len(rows), pages, err)
			}
			for _, r := range rows {
				if seen[r.ID] {
					t.Errorf("%s: %s comes twice", name, r.ID)
				}
				seen[r.ID] = true
			}
			if c.s.Before = next; next.Started.IsZero() {
				break
			}
		}
		if m.classes != m.asked {
			t.Errorf("%s: classes were asked for %d times in %d pages", name, m.classes, m.asked)
		}
		if len(seen) != c.want {
			t.Errorf("%s: %d", name, len(seen))
		}
	}
}
