package main

import (
	"os"
	"os/exec"
	"testing"

	"golang.org/x/sys/unix"
)

// No process of ours, and none that we start, leaves a core dump: what callers say is in their memory.
func TestNoCoreDumps(t *testing.T) {
	if os.Getenv("HOTLINE_TEST_CORES") == "" {
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run", "^TestNoCoreDumps$")
		cmd.Env = append(os.Environ(), "HOTLINE_TEST_CORES=1")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%v\n%s", err, out)
		}
		return
	}
	if err := noCores(); err != nil {
		t.Fatal(err)
	}
	var now unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_CORE, &now); err != nil || now.Cur != 0 || now.Max != 0 {
		t.Errorf("%+v, %v", now, err)
	}
	if out, err := exec.CommandContext(t.Context(), "sh", "-c", "ulimit -c").Output(); err != nil || string(out) != "0\n" {
		t.Errorf("a child has %q, %v", out, err)
	}
}
