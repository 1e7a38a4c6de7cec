package main

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
)

// TestAppendersShareAFile: several processes write to it, it is set aside when it is full, as often as there may be older ones, and no line is lost or
// torn.
func TestAppendersShareAFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal.jsonl")
	const writers, lines, size = 4, 500, 8 << 10
	var work sync.WaitGroup
	for w := range writers {
		a, err := openAppender(path, size, 99)
		if err != nil {
			t.Fatal(err)
		}
		work.Go(func() {
			for n := range lines {
				if err := a.append(fmt.Appendf(nil, "%d line %03d\n", w, n)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	work.Wait()
	files, err := filepath.Glob(path + "*")
	if err != nil || len(files) < 3 {
		t.Fatalf("files %v, %v", files, err)
	}
	seen := map[string]int{}
	for _, name := range files {
		f, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if info, err := f.Stat(); err != nil || info.Size() > size+writers*16 {
			t.Errorf("%s has %d bytes, %v", name, info.Size(), err)
		}
		for in := bufio.NewScanner(f); in.Scan(); {
			seen[in.Text()]++
		}
	}
	for w := range writers {
		for n := range lines {
			if line := fmt.Sprintf("%d line %03d", w, n); seen[line] != 1 {
				t.Errorf("%q is there %d times", line, seen[line])
			}
		}
	}
	few, err := openAppender(filepath.Join(t.TempDir(), "few.jsonl"), 10, 2)
	if err != nil {
		t.Fatal(err)
	}
	for range 9 {
		if err := few.append([]byte("a line of text\n")); err != nil {
			t.Fatal(err)
		}
	}
	if files, err := filepath.Glob(few.path + "*"); err != nil || len(files) != 3 {
		t.Errorf("files %v, %v", files, err)
	}
}
