package asterisk

import (
	"os"
	"path/filepath"
	"testing"
)

func TestReadTalks(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{
		"talk_1_node-1-1700000000.7_01JABC_12355_1_caller.alaw", "talk_1_node-1-1700000000.7_01JABC_12355_1_phone.alaw",
		"talk_1_node-1-1700000009.9__12345_2_caller.alaw", "talk_1_node-1-1700000009.9__12345_2_phone.alaw",
		"talk_1_node-1-1700000010.1__12345_1_caller.alaw", // the other file is not there yet
		"talk_1_x_caller.alaw",
		"note_1_node-1-1700000000.7_01JABC_12355_12355__1700000000_1700000001_1700000042_1_0.alaw",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	talks, err := ReadTalks(dir)
	if err == nil {
		t.Error("a broken name must be reported")
	}
	if len(talks) != 2 {
		t.Fatalf("%+v", talks)
	}
	want := Talk{
		Channel: "node-1-1700000000.7", ID: "node-1-1700000000.7_1", Call: "01JABC", Line: "12355", Over: true,
		Caller: filepath.Join(dir, "talk_1_node-1-1700000000.7_01JABC_12355_1_caller.alaw"),
		Phone:  filepath.Join(dir, "talk_1_node-1-1700000000.7_01JABC_12355_1_phone.alaw"),
	}
	if talks[0] != want {
		t.Errorf("%+v", talks[0])
	}
	if talks[1].Over || talks[1].Call != "" || talks[1].ID != "node-1-1700000009.9_2" {
		t.Errorf("%+v", talks[1])
	}
	if talks, err := ReadTalks(filepath.Join(dir, "absent")); err != nil || len(talks) != 0 {
		t.Errorf("no folder means no talks: %v %v", talks, err)
	}
}

// FuzzTalk: whatever the name, an id that comes out cannot leave the folder.
func FuzzTalk(f *testing.F) {
	f.Add("node-1-1700000000.7_01JABC_12355_1")
	f.Add("../../etc_passwd_1_1")
	f.Fuzz(func(t *testing.T, name string) {
		talk, err := parseTalk(name)
		if err == nil && (filepath.Base(talk.ID) != talk.ID || talk.Channel == "..") {
			t.Fatalf("%+v from %q", talk, name)
		}
	})
}
