package system_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"hotline/test/stage"
)

// A machine that comes up while the database is away still answers its callers, by what it remembers of the lines; with the database back it takes over.
func TestUpWithoutTheDatabase(t *testing.T) {
	file := filepath.Join(t.TempDir(), "hotline.yaml")
	says := func(text string) { must(t, os.WriteFile(file, []byte(text), 0o600)) }
	says("ring: 15s\n")
	s, err := theHouse.open("dark", "--config", file)
	must(t, err)
	t.Cleanup(func() { must(t, s.Stop()) })
	must(t, s.Start(t.Context()))
	scene := playOn(t, s)
	must(t, s.KillAll(t.Context(), s.Roles()...))
	says("ring: 15s\ndatabase: postgres://hotline@127.0.0.1:9/none\n")
	if err := s.Start(t.Context()); err == nil {
		t.Fatal("up without its database")
	}
	c := scene.dial("12355")
	c.awaitSound(c.answered, 1500*time.Millisecond, "the fallback greeting", stage.Tones(stage.ToneFallback))
	says("ring: 15s\n")
	must(t, s.Start(t.Context()))
	c.present()
	c.leave()
}

// Every process of ours is dead and Asterisk is alone: who waits keeps hearing hold audio; who calls is greeted and can leave a message. When we are
// back, the message is a callback task and lies nowhere in plain any more.
func TestNobodyOfOursLives(t *testing.T) {
	s := play(t)
	waiting := s.queue(1)
	must(t, s.KillAll(t.Context(), s.Ours()...))
	killed := time.Now()
	c := s.dial("12355")
	c.awaitSound(c.answered, 1500*time.Millisecond, "the fallback greeting", stage.Tones(stage.ToneFallback))
	c.awaitSound(c.answered, 5*time.Second, "the request for a message", stage.Tones(stage.ToneLeave))
	beep := c.awaitSound(c.answered, 5*time.Second, "the beep", func(p packet) bool {
		return !stage.Comfort()(p) && audible(p)
	})
	// A message of two seconds; silence from Asterisk is right while it listens.
	c.silence = 10 * time.Second
	must(t, stage.Poll(t.Context(), 5*time.Second, func() bool { return time.Since(beep) > 2500*time.Millisecond }))
	c.present()
	c.leave()
	must(t, awaitFiles(t, s.Messages(), 2))
	waiting.callers[0].present()
	waiting.callers[0].steady(killed, time.Now(), time.Second, "the hold audio", stage.Comfort())

	before := s.tasks()
	must(t, s.Start(t.Context()))
	must(t, awaitFiles(t, s.Messages(), 0))
	err := stage.Poll(t.Context(), 10*time.Second, func() bool { return len(s.tasks()) > len(before) })
	if err != nil {
		t.Errorf("no callback task was made: %v", err)
	}
	s.awaitOrder(5*time.Second, waiting.ids)
	d := s.desk(0)
	s.serveInOrder(d, waiting)
}

func awaitFiles(t *testing.T, dir string, n int) error {
	t.Helper()
	var entries []os.DirEntry
	err := stage.Poll(t.Context(), 10*time.Second, func() bool {
		entries, _ = os.ReadDir(dir)
		return len(entries) == n
	})
	if err != nil {
		return fmt.Errorf("%s holds %v, want %d files: %w", dir, entries, n, err)
	}
	return nil
}

// tasks are the callbacks that somebody owes.
func (s *scene) tasks() []map[string]any {
	s.t.Helper()
	out, err := s.Command(s.t.Context(), "tasks", "--json")
	if err != nil {
		return nil // nobody is there to ask
	}
	var tasks []map[string]any
	must(s.t, json.Unmarshal(out, &tasks))
	return tasks
}
