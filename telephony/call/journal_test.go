package call

import (
	"bufio"
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// TestEveryEventCanBeJournalled reads the files that declare events, so that an event that is added there cannot be forgotten here.
func TestEveryEventCanBeJournalled(t *testing.T) {
	found := 0
	for _, file := range []string{"event.go", "outbound.go", "parties.go", "control.go", "third.go", "risk.go", "lost.go", "tape.go"} {
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			ts, ok := n.(*ast.TypeSpec)
			if !ok {
				return true
			}
			st, ok := ts.Type.(*ast.StructType)
			if !ok || st.Fields.NumFields() == 0 || !isAt(st.Fields.List[0].Type) || len(st.Fields.List[0].Names) > 0 {
				return true
			}
			found++
			if _, ok := kinds()[ts.Name.Name]; !ok {
				t.Errorf("%s cannot be journalled", ts.Name.Name)
			}
			return true
		})
	}
	if found != len(kinds()) {
		t.Errorf("%d events declared, %d kinds", found, len(kinds()))
	}
}

func isAt(e ast.Expr) bool {
	id, ok := e.(*ast.Ident)
	return ok && (id.Name == "At" || id.Name == "Wish")
}

func TestJournalRoundTrip(t *testing.T) {
	for name, steps := range everyStory() {
		for _, s := range steps {
			raw, err := json.Marshal(Entry{"c1", s.event})
			if err != nil {
				t.Fatal(err)
			}
			var got Entry
			if err := json.Unmarshal(raw, &got); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			want := s.event
			if d, ok := want.(Digit); ok && d.Digit != DangerKey {
				d.Digit = ""
				want = d
			}
			if !reflect.DeepEqual(got.Event, want) {
				t.Errorf("%s: got %+v, want %+v", name, got.Event, want)
			}
		}
	}
}

func everyStory() map[string][]step {
	all := maps.Clone(stories)
	maps.Copy(all, waits)
	return all
}

// TestReplay runs journals that real calls left (see docs/operations.md, "journal") and holds each call against what it came to then: the
// expected ends stand beside the journal in NAME.want, a line a call: id, state, outcome, spoken.
func TestReplay(t *testing.T) {
	journals, err := filepath.Glob("testdata/journals/*.jsonl")
	if err != nil || len(journals) == 0 {
		t.Fatalf("no journals: %v", err)
	}
	for _, file := range journals {
		t.Run(filepath.Base(file), func(t *testing.T) {
			got := replay(t, file)
			raw, err := os.ReadFile(strings.TrimSuffix(file, ".jsonl") + ".want")
			if err != nil {
				t.Fatal(err)
			}
			if want := strings.TrimSpace(string(raw)); got != want {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}

func replay(t *testing.T, file string) string {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	calls := map[ID]Call{}
	var order []ID
	for sc := bufio.NewScanner(f); sc.Scan(); {
		var e Entry
		if err := json.Unmarshal(sc.Bytes(), &e); err != nil {
			t.Fatal(err)
		}
		c, known := calls[e.Call]
		if !known {
			order = append(order, e.Call)
			c = Call{ID: e.Call, Line: "12355", State: Arrived, Tier: Normal, Arrived: e.Event.when()}
		}
		calls[e.Call], _ = Next(c, e.Event)
	}
	var lines []string
	for _, id := range order {
		c := calls[id]
		lines = append(lines, strings.Join([]string{string(id), string(c.State), string(c.Outcome()), string(c.EndedBy), c.Spoken.String()}, " "))
	}
	return strings.Join(lines, "\n")
}

func FuzzEntry(f *testing.F) {
	for _, steps := range everyStory() {
		for _, s := range steps {
			raw, err := json.Marshal(Entry{"c1", s.event})
			if err != nil {
				f.Fatal(err)
			}
			f.Add(raw)
		}
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		var e Entry
		if json.Unmarshal(raw, &e) != nil {
			return
		}
		Next(fresh(), e.Event)
		if _, err := json.Marshal(e); err != nil {
			t.Errorf("read, but not written: %v", err)
		}
	})
}
