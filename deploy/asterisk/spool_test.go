package asterisk

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

const aNote = `{"v":1,"id":"node-1-1700000000.7","call":"01JABC","line":"12355","number":"12355","caller":"+8613800000000",` +
	`"arrived":"1700000000","fallback":"1700000001","ended":"1700000042","outcome":"message","bytes":16000,"danger":true}`

func TestReadNotes(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string, age time.Duration) {
		t.Helper()
		p := filepath.Join(dir, name)
		if err := os.WriteFile(p, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(p, time.Time{}, time.Now().Add(-age)); err != nil {
			t.Fatal(err)
		}
	}
	write("node-1-1700000000.7.json", aNote, time.Hour)
	write("node-1-1700000000.7.alaw", "speech", time.Hour)
	write("half.json", `{"v":1,"id":"ha`, 0)
	notes, err := ReadNotes(dir)
	if err != nil {
		t.Fatalf("a note that is being written is no fault: %v", err)
	}
	if len(notes) != 1 {
		t.Fatalf("%d notes, want 1", len(notes))
	}
	n := notes[0]
	if n.Caller != "+8613800000000" || !n.Danger || n.Outcome != OutcomeMessage || n.Bytes != 6 || n.Call != "01JABC" ||
		!n.Ended.Equal(time.Unix(1700000042, 0)) || n.Message != filepath.Join(dir, "node-1-1700000000.7.alaw") {
		t.Fatalf("%+v", n)
	}
	for range 2 {
		if err := n.Remove(); err != nil {
			t.Fatal(err)
		}
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "node-*")); len(left) != 0 {
		t.Fatalf("left behind: %v", left)
	}
	write("half.json", `{"v":1,"id":"ha`, time.Minute)
	if _, err := ReadNotes(dir); err == nil {
		t.Fatal("a note that stays broken must be reported")
	}
	if notes, err := ReadNotes(filepath.Join(dir, "absent")); err != nil || len(notes) != 0 {
		t.Fatalf("no folder means no notes: %v %v", notes, err)
	}
}

// FuzzNote: whatever is in the file, a Note that comes out holds digits where a number is due, and its id cannot leave the folder.
func FuzzNote(f *testing.F) {
	f.Add([]byte(aNote))
	f.Add([]byte(`{"v":1,"id":"../../etc/passwd","ended":"1","outcome":"message"}`))
	f.Add([]byte(`{"v":1,"id":"a","ended":"99999999999999999999","outcome":"abandoned"}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		n, err := decodeNote(b)
		if err != nil {
			return
		}
		if filepath.Base(n.ID) != n.ID || n.ID == ".." || !digitsRule.MatchString(n.Caller) || n.Ended.IsZero() {
			t.Fatalf("%+v from %q", n, b)
		}
	})
}
