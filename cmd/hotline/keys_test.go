package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"hotline/casework"
)

// A key service is two programs; here they turn base64 round, which is enough to see that each was asked, and by which name.
func TestKeyService(t *testing.T) {
	dir := t.TempDir()
	secrets := filepath.Join(dir, "secrets")
	if err := casework.CreateKeys(secrets); err != nil {
		t.Fatal(err)
	}
	asked := filepath.Join(dir, "asked")
	turn := `read -r x; echo "$1" >> ` + asked + `; printf %s "$x" | base64 -d | rev | base64 -w0`
	// What is a key may hold a line's end: od keeps it out of rev's way.
	turn = strings.ReplaceAll(turn, "base64 -d | rev | base64 -w0", "base64 -d | od -An -v -tx1 | tr -d ' \\n' | rev | sed 's/../\\\\x&/g' | xargs -0 printf %b | base64 -w0")
	service := []string{"bash", "-c", turn, "service"}
	cfg := filepath.Join(dir, "hotline.yaml")
	write := func(s []string) {
		t.Helper()
		list := "['" + strings.Join([]string{s[0], s[1], strings.ReplaceAll(s[2], "'", "''"), s[3]}, "', '") + "']"
		if err := os.WriteFile(cfg, []byte("key_service:\n  wrap: "+list+"\n  unwrap: "+list+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(service)
	run := func(args ...string) (string, error) {
		cmd, out := command(), new(bytes.Buffer)
		cmd.SetOut(out)
		cmd.SetArgs(append(args, "--config", cfg, "--dir", dir))
		err := cmd.ExecuteContext(t.Context())
		return out.String(), err
	}
	before, err := casework.LoadKeys(secrets, region)
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := before.Seal("n", "x")
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		args []string
		want string
	}{
		{[]string{"keys", "wrap"}, "wrapped seal-1"},
		{[]string{"keys", "rotate", "--national"}, "made seal-2.sm4.wrapped"},
		{[]string{"keys", "list"}, "sm3     wrapped by the key service  what is new"},
	} {
		if out, err := run(step.args...); err != nil || !strings.Contains(out, step.want) {
			t.Fatalf("%v: %v\n%s", step.args, err, out)
		}
	}
	c, err := loadConfig(cfg, dir, 0)
	if err != nil {
		t.Fatal(err)
	}
	k, err := c.callerKeys()
	if err != nil {
		t.Fatal(err)
	}
	if got, err := k.Open(sealed, "x"); err != nil || got != "n" {
		t.Errorf("%q, %v", got, err)
	}
	if names, err := os.ReadFile(asked); err != nil || !strings.Contains(string(names), "seal-2.sm4\n") {
		t.Errorf("%s, %v", names, err)
	}
	write([]string{"bash", "-c", "echo the device is locked >&2; exit 3", "service"})
	if c, err = loadConfig(cfg, dir, 0); err != nil {
		t.Fatal(err)
	}
	if _, err := c.callerKeys(); err == nil || !strings.Contains(err.Error(), "the device is locked") {
		t.Errorf("%v", err)
	}
}
