package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"hotline/agentui/users"
	"hotline/casework"
)

// The first start outside a demonstration makes two people whose passwords are shown once, and no more people at a later start.
func TestFirstUsers(t *testing.T) {
	_, db := instance(t)
	people, err := users.Open(t.Context(), db)
	if err != nil {
		t.Fatal(err)
	}
	c := defaultConfig()
	c.Demo, c.Dir = false, t.TempDir()
	first, err := seedUsers(t.Context(), c, people)
	if err != nil || len(first) != 2 {
		t.Fatalf("%+v, %v", first, err)
	}
	for _, u := range first {
		got, err := people.Authenticate(t.Context(), u.Name, u.Password)
		if err != nil || !got.Change || string(got.Role) != u.Role || !u.once {
			t.Errorf("%+v, %v", got, err)
		}
	}
	if again, err := seedUsers(t.Context(), c, people); err != nil || len(again) != 0 {
		t.Errorf("at the next start: %+v, %v", again, err)
	}
	up := &up{c: c}
	if err := os.MkdirAll(c.path("run"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := up.writeDemo(demo{Users: first}); err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(c.path("run", "demo.json"))
	if err != nil || strings.Contains(string(raw), first[0].Password) {
		t.Errorf("demo.json keeps a password that is shown once: %s, %v", raw, err)
	}
}

// What the engineer does at night when somebody cannot sign in.
func TestLettingPeopleInFromTheCommandLine(t *testing.T) {
	dir, db := instance(t)
	people, err := users.Open(t.Context(), db)
	if err != nil {
		t.Fatal(err)
	}
	out, err := hotline(t, dir, "users", "add", "boss", "security")
	if err != nil {
		t.Fatal(err)
	}
	shown := regexp.MustCompile(`[a-z2-7]{4}(-[a-z2-7]{4}){3}`)
	u, err := people.Authenticate(t.Context(), "boss", shown.FindString(out))
	if err != nil || u.Role != users.Security || !u.Change {
		t.Fatalf("%s: %+v, %v", out, u, err)
	}
	locks := people.Locks(users.LockRules{})
	k := users.Knock{User: u.ID, Username: "boss"}
	for range 6 {
		if _, _, err := locks.Take(t.Context(), &k); err != nil {
			t.Fatal(err)
		}
	}
	if doors, err := locks.List(t.Context()); err != nil || len(doors) == 0 {
		t.Fatalf("%+v, %v", doors, err)
	}
	for _, args := range [][]string{{"users", "unlock", "Boss"}, {"users", "reset-second-factor", "boss"}, {"users", "reset-password", "boss"}} {
		if out, err = hotline(t, dir, args...); err != nil {
			t.Errorf("%v: %s, %v", args, out, err)
		}
	}
	if _, err := people.Authenticate(t.Context(), "boss", shown.FindString(out)); err != nil {
		t.Errorf("%s: %v", out, err)
	}
	if wait, _, err := locks.Take(t.Context(), &k); wait != 0 || err != nil {
		t.Errorf("still locked for %s, %v", wait, err)
	}
	for _, bad := range [][]string{{"users", "unlock", "nobody"}, {"users", "add", "boss", "security"}, {"users", "add", "king", "king"}} {
		if out, err := hotline(t, dir, bad...); err == nil {
			t.Errorf("%v: %s", bad, out)
		}
	}
}

func TestAuditVerify(t *testing.T) {
	dir, db := instance(t)
	if err := casework.Migrate(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	audit := casework.NewAudit(db)
	for range 5 {
		if _, err := audit.Append(t.Context(), casework.Entry{Actor: "u-1", Action: "recording.access", Reason: "review"}); err != nil {
			t.Fatal(err)
		}
	}
	kept := filepath.Join(t.TempDir(), "checkpoint.json")
	if out, err := hotline(t, dir, "audit", "verify", "--write", kept); err != nil || !strings.Contains(out, "5 rows are in order") {
		t.Fatalf("%s, %v", out, err)
	}
	if out, err := hotline(t, dir, "audit", "verify", "--since", kept); err != nil {
		t.Errorf("%s, %v", out, err)
	}
	for _, sql := range []string{"DROP TRIGGER audit_no_update", "UPDATE audit SET reason = 'nothing' WHERE seq = 3"} {
		if _, err := db.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	if out, err := hotline(t, dir, "audit", "verify"); err == nil || !strings.Contains(err.Error(), "audit row 3") || !strings.Contains(out, "2 rows are in order") {
		t.Errorf("%s, %v", out, err)
	}
	if err := os.WriteFile(kept, []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := hotline(t, dir, "audit", "verify", "--since", kept); err == nil || !strings.Contains(err.Error(), "it is none") {
		t.Errorf("%s, %v", out, err)
	}
}
