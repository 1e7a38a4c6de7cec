package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"hotline/agentui/users"
	"hotline/casework"
	"hotline/queue"
	"hotline/storage"
)

// instance is a folder as an earlier `hotline up` left it.
func instance(t *testing.T) (dir string, db *storage.DB) {
	t.Helper()
	dir = t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "secrets"), 0o700); err != nil {
		t.Fatal(err)
	}
	c, err := loadConfig("", dir, 0)
	if err != nil {
		t.Fatal(err)
	}
	if db, err = storage.Open(t.Context(), storage.Config{URL: c.Database}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	if _, err := importPolicy(t.Context(), c, db); err != nil {
		t.Fatal(err)
	}
	return dir, db
}

// hotline runs a command as a person types it.
func hotline(t *testing.T, dir string, args ...string) (string, error) {
	t.Helper()
	var out bytes.Buffer
	cmd := command()
	cmd.SetOut(&out)
	cmd.SetArgs(append(args, "--dir", dir))
	err := cmd.ExecuteContext(t.Context())
	return out.String(), err
}

func TestLinesFromTheCommandLine(t *testing.T) {
	dir, db := instance(t)
	says := func(want string, args ...string) string {
		t.Helper()
		out, err := hotline(t, dir, args...)
		if err != nil || !strings.Contains(out, want) {
			t.Fatalf("%v: %v, says %q, want %q", args, err, out, want)
		}
		return out
	}
	refuses := func(want string, args ...string) {
		t.Helper()
		if out, err := hotline(t, dir, args...); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: error %v, says %q, want %q", args, err, out, want)
		}
	}
	says("青少年服务热线", "lines", "list")
	says("numbers:", "lines", "show", "12355")
	refuses("no line", "lines", "show", "911")
	text := says("# version 1 of the lines", "lines", "export")
	file := filepath.Join(t.TempDir(), "lines.yaml")
	put := func(text string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	put(strings.Replace(text, "  - \"12355\"", "  - \"12355\"\n  - \"12399\"", 1))
	says("version 2 is in force", "lines", "import", file, "--note", "one more")
	says("12355 12399", "lines", "list")
	refuses("in between", "lines", "import", file)
	put(strings.Replace(text, "id: \"12355\"", "id: \"12345\"", 1))
	refuses("there twice", "lines", "import", file, "--base", "2")
	put("lines: []\ncolour: red\n")
	refuses("colour", "lines", "import", file, "--base", "2")
	put("lines: []\n")
	refuses("--base", "lines", "import", file)
	says("version 3 is in force", "lines", "restore", "1", "--note", "too early")
	says("restore of 1", "lines", "history")
	refuses("no such version", "lines", "restore", "77")

	says("is off", "emergency")
	refuses("--reason", "emergency", "on")
	says("is ON", "emergency", "on", "--reason", "flood in the valley")
	says("EMERGENCY MODE", "lines", "list")
	says("is off", "emergency", "off", "--reason", "it is over")

	rows, err := casework.NewAudit(db).List(t.Context(), casework.AuditQuery{})
	if err != nil {
		t.Fatal(err)
	}
	var done []string
	for _, r := range rows {
		if !strings.HasPrefix(r.Actor, "cli") {
			t.Errorf("row %+v", r)
		}
		done = append(done, r.Action)
	}
	if got := strings.Join(done, " "); got != "emergency.off emergency.on lines.restore lines.save" {
		t.Errorf("audit %s", got)
	}
}

func TestPeopleFromTheCommandLine(t *testing.T) {
	dir, db := instance(t)
	people, err := users.Open(t.Context(), db)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := people.Create(t.Context(), users.User{Username: "anna", Name: "Anna", Role: users.Agent, Skills: queue.Skills{"youth": 1}}, "a password"); err != nil {
		t.Fatal(err)
	}
	for _, bad := range [][]string{{"--skills", "youth"}, {"--skills", "youth:3,youth:4"}, {"--skills", "youth:11"}, {"--group", "100"}, {}} {
		if out, err := hotline(t, dir, append([]string{"users", "set", "anna"}, bad...)...); err == nil {
			t.Errorf("%v: %s", bad, out)
		}
	}
	if _, err := hotline(t, dir, "users", "set", "anna", "--group", "1"); err != nil {
		t.Fatal(err)
	}
	if _, err := hotline(t, dir, "users", "set", "Anna", "--skills", "youth:3, english:5"); err != nil {
		t.Fatal(err)
	}
	u, err := people.ByName(t.Context(), "anna")
	if err != nil || u.Group != 1 || u.Skills.Text() != "english:5,youth:3" {
		t.Errorf("anna %+v, %v", u, err)
	}
	if out, err := hotline(t, dir, "users", "list"); err != nil || !strings.Contains(out, "english:5,youth:3") {
		t.Errorf("list: %s, %v", out, err)
	}
}
