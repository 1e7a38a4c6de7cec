package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/oklog/ulid/v2"

	"hotline/casework"
)

// simulate runs the command as a person would.
func simulate(t *testing.T, dir string, args ...string) (string, error) {
	t.Helper()
	cmd := command()
	var out bytes.Buffer
	cmd.SetOut(&out)
	cmd.SetArgs(append([]string{"simulate", "--dir", dir}, args...))
	err := cmd.ExecuteContext(t.Context())
	return out.String(), err
}

func TestSimulate(t *testing.T) {
	dir := t.TempDir()
	chart := filepath.Join(dir, "plan.svg")
	args := []string{"--arrivals", "20", "--agents", "5", "--from", "20:00", "--hours", "4h", "--runs", "3", "--seats", "22:00=+2"}
	out, err := simulate(t, dir, append(args, "--csv", "--chart", chart)...)
	if err != nil {
		t.Fatal(err)
	}
	if lines := strings.Split(strings.TrimSpace(out), "\n"); len(lines) != 6 || !strings.HasPrefix(lines[3], "22:00,") {
		t.Errorf("%s", out)
	}
	if again, err := simulate(t, dir, append(args, "--csv")...); err != nil || again != out {
		t.Errorf("the same flags, another result: %v\n%s", err, again)
	}
	if text, err := os.ReadFile(chart); err != nil || !bytes.Contains(text, []byte("<svg")) {
		t.Errorf("chart: %v", err)
	}
	for says, bad := range map[string][]string{
		"--arrivals: give": {"--agents", "3"}, "--agents": {"--arrivals", "3"}, "--seats": {"--arrivals", "3", "--agents", "1", "--seats", "x"},
		"--from": {"--from", "25:00"}, "--tiers": {"--arrivals", "3", "--agents", "1", "--tiers", "vip=1"}, "--hours": {"--hours", "1m"},
		"not both": {"--arrivals", "3", "--ledger", "7d", "--agents", "1"}, "7d, at most": {"--ledger", "week", "--agents", "1"},
	} {
		if _, err := simulate(t, dir, bad...); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%v: %v", bad, err)
		}
	}
}

// TestSimulateTheLedger: who calls and for how long is taken from what happened.
func TestSimulateTheLedger(t *testing.T) {
	dir := t.TempDir()
	c, err := loadConfig("", dir, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(c.path("data"), 0o700); err != nil {
		t.Fatal(err)
	}
	db, err := c.database(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := casework.Migrate(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	ledger := casework.NewLedger(db)
	arrived := time.Now().Add(-26 * time.Hour).Truncate(time.Hour)
	for range 14 {
		r := casework.CallRecord{ID: ulid.Make().String(), Line: "12355", Arrived: arrived}
		if err := ledger.Open(t.Context(), r); err != nil {
			t.Fatal(err)
		}
		r.Talked = arrived.Add(time.Minute)
		if err := ledger.Update(t.Context(), r); err != nil {
			t.Fatal(err)
		}
		if err := ledger.Close(t.Context(), r.ID, casework.Closing{EndedAt: arrived.Add(11 * time.Minute), Outcome: casework.Answered}); err != nil {
			t.Fatal(err)
		}
	}
	hour := arrived.UTC().Add(8 * time.Hour).Hour() // where the site is, whatever the zone of the machine
	perHour, talks, err := c.past(t.Context(), "7d")
	if err != nil || perHour[hour] < 1.99 || perHour[hour] > 2.01 || len(talks) != 14 || talks[0] != 10*time.Minute {
		t.Errorf("%v, %v, %v", perHour, talks, err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if out, err := simulate(t, dir, "--ledger", "7d", "--agents", "2", "--runs", "2"); err != nil || !strings.Contains(out, "as it is") {
		t.Errorf("%s, %v", out, err)
	}
}
