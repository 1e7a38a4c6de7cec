package tapes

import (
	"bytes"
	"context"
	"io"
	"slices"
	"testing"
	"time"
)

// loud is a recording without a silent sample.
type loud struct {
	*bytes.Reader

	marks []Mark
}

func newLoud(seconds int, marks ...Mark) loud {
	return loud{bytes.NewReader(append(bytes.Repeat([]byte{'H'}, wavHeader), bytes.Repeat([]byte{1}, seconds*secondOf)...)), marks}
}

func (loud) Close() error    { return nil }
func (l loud) Marks() []Mark { return l.marks }
func (l loud) Peaks(_ context.Context, perSecond int) ([]byte, error) {
	return bytes.Repeat([]byte{9}, 2*perSecond*int((l.Size()-wavHeader)/secondOf)), nil
}

// shared changed hands twice: mine, a colleague's that began before mine ended and another's, and mine again.
var shared = Recording{Parts: []Part{
	{Agent: "me", To: 10 * time.Second},
	{Agent: "you", From: 8 * time.Second, To: 20 * time.Second},
	{Agent: "me", From: 18 * time.Second, To: 30 * time.Second},
	{From: 30 * time.Second, To: 40 * time.Second}, // a telephone without a console
}}

// mine tells by the second what of shared is mine: where two run beside each other, who began first is heard.
func mine(second int) bool { return second < 10 || second >= 20 && second < 30 }

func TestOthersPartsAreSilence(t *testing.T) {
	tape := Own(newLoud(40), shared, "me", true)
	whole, err := io.ReadAll(tape)
	if err != nil || len(whole) != wavHeader+40*secondOf || !bytes.Equal(whole[:wavHeader], bytes.Repeat([]byte{'H'}, wavHeader)) {
		t.Fatal(len(whole), err)
	}
	margin := int(bytesOf(exact))
	for second := range 40 {
		b := whole[wavHeader+second*secondOf+margin : wavHeader+(second+1)*secondOf-margin]
		if want := bytes.Repeat([]byte{0}, len(b)); mine(second) == bytes.Equal(b, want) || mine(second) && !bytes.Equal(b, bytes.Repeat([]byte{1}, len(b))) {
			t.Errorf("second %d: mine %v, first byte %d", second, mine(second), b[0])
		}
	}
	// Every range is that part of the whole, however it is asked for.
	for from := int64(0); from < int64(len(whole)); from += 9973 {
		for _, n := range []int{1, 7, 44, 70_000} {
			want := whole[from:min(from+int64(n), int64(len(whole)))]
			at := make([]byte, n)
			k, _ := tape.ReadAt(at, from)
			if _, err := tape.Seek(from, io.SeekStart); err != nil {
				t.Fatal(err)
			}
			read := make([]byte, n)
			m, _ := io.ReadFull(tape, read)
			if !bytes.Equal(at[:k], want) || !bytes.Equal(read[:m], want) {
				t.Fatalf("bytes %d+%d differ", from, n)
			}
		}
	}
	peaks, err := tape.Peaks(t.Context(), 10)
	if err != nil || len(peaks) != 800 {
		t.Fatal(len(peaks), err)
	}
	for i := range 400 {
		if drawn := peaks[2*i] != 0 || peaks[2*i+1] != 0; drawn && !mine(i/10) || !drawn && mine(i/10) && i != 200 {
			t.Errorf("peak %d: drawn %v", i, drawn)
		}
	}
	if all, err := io.ReadAll(Own(newLoud(40), shared, "", true)); err != nil || bytes.Contains(all[wavHeader:], []byte{1}) {
		t.Errorf("who is nobody hears something: %v", err)
	}
}

func TestOthersMarksAreNotShown(t *testing.T) {
	s := time.Second
	marks := []Mark{
		{Kind: "talk", From: 0, To: 10 * s, Who: "me"}, {Kind: "monitor", From: 2 * s, To: 4 * s, Who: "boss"}, {Kind: "hold", From: 8 * s, To: 12 * s, Who: "you"},
		{Kind: "risk", From: 9 * s, To: 9 * s, Code: "high"}, {Kind: "risk", From: 15 * s, To: 15 * s, Code: "low"}, {Kind: "paused", From: 19 * s, To: 25 * s, Who: "me"},
		{Kind: "gap", From: 35 * s, To: 36 * s},
	}
	kinds := func(listened bool) (out []string) {
		for _, m := range Own(newLoud(40, marks...), shared, "me", listened).Marks() {
			out = append(out, m.Kind+" "+m.From.Round(s).String()+" "+m.To.Round(s).String())
		}
		return out
	}
	want := []string{"talk 0s 10s", "monitor 2s 4s", "risk 9s 9s", "paused 20s 25s"}
	if got := kinds(true); !slices.Equal(got, want) {
		t.Errorf("%v", got)
	}
	if got := kinds(false); !slices.Equal(got, slices.Delete(slices.Clone(want), 1, 2)) {
		t.Errorf("where who listens is not told: %v", got)
	}
}
