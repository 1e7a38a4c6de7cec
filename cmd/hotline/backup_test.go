package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hotline/casework"
	"hotline/storage"
	"hotline/storage/storagetest"
)

func TestMain(m *testing.M) { os.Exit(storagetest.Main(m)) }

// site is an instance's folder with its configuration, as the engineer has it.
type site struct {
	t   *testing.T
	dir string
	cfg string
}

func newSite(t *testing.T, database string) site {
	t.Helper()
	s := site{t, t.TempDir(), filepath.Join(t.TempDir(), "hotline.yaml")}
	if err := os.WriteFile(s.cfg, []byte("database: '"+database+"'\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return s
}

func (s site) config() Config {
	s.t.Helper()
	c, err := loadConfig(s.cfg, s.dir, 0)
	if err != nil {
		s.t.Fatal(err)
	}
	return c
}

func (s site) run(args ...string) (string, error) {
	cmd, out := command(), new(bytes.Buffer)
	cmd.SetOut(out)
	cmd.SetArgs(append(args, "--config", s.cfg, "--dir", s.dir))
	err := cmd.ExecuteContext(s.t.Context())
	return out.String(), err
}

// lived has a call, an audit trail and a recording in it.
func lived(t *testing.T, database string) site {
	t.Helper()
	s := newSite(t, database)
	c, ctx := s.config(), t.Context()
	if _, err := prepare(ctx, &c); err != nil {
		t.Fatal(err)
	}
	db, err := c.database(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	keys, err := c.callerKeys()
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := keys.Seal("13800138000", casework.CallerContext("c1"))
	if err != nil {
		t.Fatal(err)
	}
	row := casework.CallRecord{ID: "c1", Line: "12355", Arrived: time.Now(), CallerRef: keys.CallerRef("13800138000"), CallerSealed: sealed}
	if err := casework.NewLedger(db).Open(ctx, row); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if _, err := casework.NewAudit(db).Append(ctx, casework.Entry{At: time.Now(), Actor: "u-1", Action: "test"}); err != nil {
			t.Fatal(err)
		}
	}
	for name, text := range map[string]string{"recordings/store/2026-11-26/r1.rec": "sealed speech", "recorded-prompts/zh-CN/greeting.wav": "voice", "run/x.pid": "1", "log/x": "log"} {
		file := c.path(filepath.FromSlash(name))
		if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o700), os.WriteFile(file, []byte(text), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// caller is the number of the call, read with the keys of the site.
func (s site) caller(ctx context.Context) (string, error) {
	c := s.config()
	db, err := c.database(ctx)
	if err != nil {
		return "", err
	}
	defer db.Close()
	keys, err := c.callerKeys()
	if err != nil {
		return "", err
	}
	row, err := casework.NewLedger(db).Get(ctx, "c1")
	if err != nil {
		return "", err
	}
	return keys.Open(row.CallerSealed, casework.CallerContext("c1"))
}

// A backup of a site that runs, restored on another machine, is that site: its rows, its recordings, its audit trail, and with its keys its secrets.
func TestBackupAndRestore(t *testing.T) {
	for name, fresh := range map[storage.Dialect]func(testing.TB) string{storage.SQLite: storagetest.SQLiteURL, storage.Postgres: storagetest.PostgresURL} {
		t.Run(string(name), func(t *testing.T) { backupAndRestore(t, fresh) })
	}
}

func backupAndRestore(t *testing.T, fresh func(testing.TB) string) {
	from, away := lived(t, fresh(t)), t.TempDir()
	key, file := filepath.Join(away, "key"), filepath.Join(away, "site.backup")
	if out, err := from.run("backup", "key", key); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if _, err := from.run("backup", "--to", file, "--recipients", filepath.Join(away, "none")); err == nil {
		t.Error("made for nobody")
	}
	if out, err := from.run("backup", "--to", file, "--recipients", key+".pub"); err != nil || !strings.Contains(out, "seal-1") {
		t.Fatalf("%v\n%s", err, out)
	}
	if _, err := from.run("backup", "--to", file, "--recipients", key+".pub"); err == nil {
		t.Error("written over a backup")
	}
	raw, err := os.ReadFile(file)
	if err != nil || bytes.Contains(raw, []byte("sealed speech")) {
		t.Errorf("lies open, %v", err)
	}

	to := newSite(t, fresh(t))
	if _, err := to.run("restore", file, "--identity", key); err == nil || !strings.Contains(err.Error(), "seal-1") {
		t.Errorf("restored without its keys: %v", err)
	}
	if err := os.RemoveAll(filepath.Join(to.dir, "secrets")); err != nil {
		t.Fatal(err)
	}
	if err := casework.CreateKeys(filepath.Join(to.dir, "secrets")); err != nil {
		t.Fatal(err)
	}
	if _, err := to.run("restore", file, "--identity", key); err == nil || !strings.Contains(err.Error(), "are others than those") {
		t.Errorf("restored with other keys: %v", err)
	}
	for _, k := range []string{"seal-1.key", "caller-ref-1.key"} {
		b, err := os.ReadFile(filepath.Join(from.dir, "secrets", k))
		if err := errors.Join(err, os.WriteFile(filepath.Join(to.dir, "secrets", k), b, 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	out, err := to.run("restore", file, "--identity", key)
	if err != nil || !strings.Contains(out, "the audit trail is in order: 3 rows") {
		t.Fatalf("%v\n%s", err, out)
	}
	if n, err := to.caller(t.Context()); err != nil || n != "13800138000" {
		t.Errorf("%q, %v", n, err)
	}
	if b, err := os.ReadFile(filepath.Join(to.dir, "recordings", "store", "2026-11-26", "r1.rec")); err != nil || string(b) != "sealed speech" {
		t.Errorf("%q, %v", b, err)
	}
	if _, err := os.Stat(filepath.Join(to.dir, "run", "x.pid")); err == nil {
		t.Error("pids were restored")
	}
	if _, err := to.run("restore", file, "--identity", key); !errors.Is(err, storage.ErrNotEmpty) {
		t.Errorf("restored over a site: %v", err)
	}
	if left, err := filepath.Glob(filepath.Join(to.dir, "restoring")); err != nil || len(left) > 0 {
		t.Errorf("plaintext is left: %v, %v", left, err)
	}
	// It goes on as the site that it was; a demo makes no accounts in it.
	c := to.config()
	if _, err := prepare(t.Context(), &c); !errors.Is(err, errNotDemo) {
		t.Errorf("a demo in it: %v", err)
	}
	c.Demo = false
	if first, err := prepare(t.Context(), &c); err != nil || len(first) > 0 {
		t.Errorf("%+v, %v", first, err)
	}
}

// With its keys in it, one file and one secret key are a site.
func TestBackupWithKeys(t *testing.T) {
	from, away := lived(t, storagetest.SQLiteURL(t)), t.TempDir()
	key, file := filepath.Join(away, "key"), filepath.Join(away, "site.backup")
	for _, args := range [][]string{{"backup", "key", key}, {"backup", "--to", file, "--recipients", key + ".pub", "--keys"}} {
		if out, err := from.run(args...); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	}
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	to := newSite(t, storagetest.SQLiteURL(t))
	cut := filepath.Join(away, "cut.backup")
	if err := os.WriteFile(cut, raw[:len(raw)-100], 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := to.run("restore", cut, "--identity", key); err == nil || !strings.Contains(err.Error(), "damaged") {
		t.Errorf("half a backup was restored: %v", err)
	}
	if _, err := os.Stat(filepath.Join(to.dir, "recordings")); err == nil {
		t.Error("something of half a backup was kept")
	}
	if out, err := to.run("restore", file, "--identity", key); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if n, err := to.caller(t.Context()); err != nil || n != "13800138000" {
		t.Errorf("%q, %v", n, err)
	}
}
