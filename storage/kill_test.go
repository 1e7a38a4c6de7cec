package storage_test

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"testing"

	"hotline/storage/storagetest"
)

const victimURL = "HOTLINE_TEST_VICTIM_URL"

// TestVictim is not a test of its own: TestKilledWriter runs it in a process that it kills.
func TestVictim(t *testing.T) {
	url := os.Getenv(victimURL)
	if url == "" {
		return
	}
	db := storagetest.Open(t, url)
	for n := 2; ; n++ {
		if _, err := db.Exec(t.Context(), "UPDATE counter SET n = ?", n); err != nil {
			t.Fatal(err)
		}
		fmt.Println("acknowledged", n)
	}
}

// What was acknowledged before a kill -9 is there afterwards, and the file is usable at once.
func TestKilledWriter(t *testing.T) {
	url := storagetest.SQLiteURL(t)
	db := storagetest.Open(t, url)
	if err := db.Migrate(t.Context(), "counter", migrations()); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestVictim$", "-test.v")
	cmd.Env = append(os.Environ(), victimURL+"="+url)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	acknowledged := 0
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if _, err := fmt.Sscanf(lines.Text(), "acknowledged %d", &acknowledged); err == nil && acknowledged == 50 {
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	_ = cmd.Wait()
	if acknowledged < 50 {
		t.Fatalf("the victim acknowledged only %s", strconv.Itoa(acknowledged))
	}
	var n int
	if err := db.QueryRow(t.Context(), "SELECT n FROM counter").Scan(&n); err != nil || n < acknowledged {
		t.Errorf("acknowledged %d, found %d, %v", acknowledged, n, err)
	}
	if _, err := db.Exec(t.Context(), "UPDATE counter SET n = 0"); err != nil {
		t.Errorf("after the kill: %v", err)
	}
}
