package asterisk

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

const aNote = "note_1_node-1-1700000000.7_01JABC_12355_12355_+8613800000000_1700000000_1700000001_1700000042_0_1.alaw"

func TestReadNotes(t *testing.T) {
	dir := t.TempDir()
	write := func(name string, size int) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), make([]byte, size), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(aNote, 0)
	write("node-1-1700000000.7.alaw", 16000)
	write("node-1-1700000009.9.alaw", 16000) // a message that is being left
	write("note_1_a____________1_0_0.alaw", 0)
	notes, err := ReadNotes(dir)
	if err == nil {
		t.Error("a broken note must be reported")
	}
	if len(notes) != 1 {
		t.Fatalf("%d notes, want 1", len(notes))
	}
	n := notes[0]
	if n.Caller != "+8613800000000" || !n.Danger || n.Outcome != OutcomeMessage || n.Bytes != 16000 || n.Call != "01JABC" ||
		n.Line != "12355" || !n.Arrived.Equal(time.Unix(1700000000, 0)) || !n.Fallback.Equal(time.Unix(1700000001, 0)) ||
		!n.Ended.Equal(time.Unix(1700000042, 0)) || n.Message != filepath.Join(dir, "node-1-1700000000.7.alaw") {
		t.Fatalf("%+v", n)
	}
	for range 2 {
		if err := n.Remove(); err != nil {
			t.Fatal(err)
		}
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "*1700000000*")); len(left) != 0 {
		t.Fatalf("left behind: %v", left)
	}
	if notes, err := ReadNotes(filepath.Join(dir, "absent")); err != nil || len(notes) != 0 {
		t.Fatalf("no folder means no notes: %v %v", notes, err)
	}
}

func TestOutcomeOfANote(t *testing.T) {
	for name, want := range map[string]Outcome{
		"note_1_a.1______1700000000_0_0.alaw":  "",
		"note_1_a.1_______1700000000_0_0.alaw": OutcomeAbandoned, // the caller withheld his number and left before the fallback
		"note_1_a.1_______1700000000_1_0.alaw": OutcomeAnswered,
		"note_1_a.1_______1700000000_2_0.alaw": "",
		"note_1_a.1________0_0.alaw":           "",
	} {
		n, err := parseNote(name)
		if (err != nil) != (want == "") || n.Outcome != want && err == nil {
			t.Errorf("%s: %+v %v", name, n, err)
		}
	}
}

// FuzzNote: whatever the name, a Note that comes out holds digits where a number is due, and its id cannot leave the folder.
func FuzzNote(f *testing.F) {
	f.Add(aNote)
	f.Add("note_1_../../etc/passwd_______1_0_0.alaw")
	f.Add("note_1_a_______99999999999999999999_0_0.alaw")
	f.Fuzz(func(t *testing.T, name string) {
		n, err := parseNote(name)
		if err != nil {
			return
		}
		if filepath.Base(n.ID) != n.ID || n.ID == ".." || !digitsRule.MatchString(n.Caller) || n.Ended.IsZero() {
			t.Fatalf("%+v from %q", n, name)
		}
	})
}
