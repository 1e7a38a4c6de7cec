package journal

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hotline/queue"
	"hotline/queue/queuetest"
)

// shift lets one agent serve callers, each by an offer.
func shift(t *testing.T, q *queue.Queue, from, callers int) {
	t.Helper()
	ctx := t.Context()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	_, err := q.SignIn(ctx, "", queue.Agent{ID: "a1", Session: "s"})
	must(err)
	for i := range callers {
		id := queue.CallID(fmt.Sprint("c", from+i))
		must(q.Arrive(ctx, "", queue.Call{ID: id, Line: "12355", Groups: queue.EveryGroup}))
		_, err = q.Enqueue(ctx, "", id, false)
		must(err)
		a, err := q.Ready(ctx, "", "a1", "s")
		must(err)
		_, err = q.Accept(ctx, "", a.Offer, "a1", "s")
		must(err)
		must(q.End(ctx, "", id, queue.EndAnswered))
	}
}

// watched tells each entry that the keeper has written.
type watched struct {
	*queue.Queue
	wrote chan queue.Entry
}

func (w watched) Journal(ctx context.Context, after string, fn func(queue.Entry) error) error {
	return w.Queue.Journal(ctx, after, func(e queue.Entry) error {
		err := fn(e)
		if err == nil {
			w.wrote <- e
		}
		return err
	})
}

// keep runs a keeper until the end of a call was written, or a new file was begun after it, then ends it.
func keep(t *testing.T, cfg Config, q *queue.Queue, last string, work func()) {
	t.Helper()
	w := watched{q, make(chan queue.Entry, 10_000)}
	k, err := NewKeeper(cfg, w)
	if err != nil {
		t.Fatal(err)
	}
	_, err = os.Stat(cfg.File)
	fresh := errors.Is(err, os.ErrNotExist)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- k.Run(ctx) }()
	timeout := time.After(20 * time.Second)
	until := func(what string, found func(queue.Entry) bool) {
		t.Helper()
		for {
			select {
			case e := <-w.wrote:
				if found(e) {
					return
				}
			case <-timeout:
				t.Fatalf("never written: %s", what)
			}
		}
	}
	if fresh {
		until("the index that it begins with", func(e queue.Entry) bool { return e.Base != nil })
	}
	work()
	worked := time.Now().Truncate(time.Millisecond)
	until("the end", func(e queue.Entry) bool {
		return e.Verb == queue.DoEnd && e.Args[0] == last || e.Base != nil && !e.At.Before(worked) // the index that a file begins with has it already
	})
	cancel()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}

func replayFile(t *testing.T, file string) (operations, offers int) {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	r, err := Replay(f)
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	if r.Skipped > 0 {
		t.Errorf("%s: %d lines before a point to begin from", file, r.Skipped)
	}
	return r.Operations, r.Offers
}

// TestKeeper: the file goes on after a restart of the worker, also one killed in the middle of a line, begins anew when it is full, and each can be run again.
func TestKeeper(t *testing.T) {
	q, err := queue.New(queuetest.Start(t).Client(t), queue.Config{Journal: true})
	if err != nil {
		t.Fatal(err)
	}
	cfg := Config{File: filepath.Join(t.TempDir(), "queue-journal.jsonl"), Bytes: 16 << 10, Old: 2}
	keep(t, cfg, q, "c4", func() { shift(t, q, 0, 5) })
	if ops, offers := replayFile(t, cfg.File); ops == 0 || offers == 0 {
		t.Errorf("%d operations, %d offers", ops, offers)
	}
	f, err := os.OpenFile(cfg.File, os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString(`{"place":"half a line`); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	before, _ := os.ReadFile(cfg.File)
	shift(t, q, 5, 2) // while no worker lives
	keep(t, cfg, q, "c8", func() { shift(t, q, 7, 2) })
	after, _ := os.ReadFile(cfg.File)
	if strings.Count(string(after), `"base":{`) != 1 || strings.Count(string(after), `"verb":"end"`) != 9 || len(after) < len(before) {
		t.Errorf("after the restart:\n%s", after)
	}
	replayFile(t, cfg.File)
	keep(t, cfg, q, "c199", func() { shift(t, q, 9, 191) })
	files, err := filepath.Glob(cfg.File + "*")
	if err != nil || len(files) != 3 {
		t.Fatalf("%v, %v", files, err)
	}
	for _, file := range files {
		if ops, _ := replayFile(t, file); ops == 0 && file != cfg.File {
			t.Errorf("%s is empty", file)
		}
	}
}

// TestReplayFindsTheLine: the first line that does not come out the same is named.
func TestReplayFindsTheLine(t *testing.T) {
	q, err := queue.New(queuetest.Start(t).Client(t), queue.Config{Journal: true})
	if err != nil {
		t.Fatal(err)
	}
	cfg := Config{File: filepath.Join(t.TempDir(), "j.jsonl")}
	keep(t, cfg, q, "c9", func() { shift(t, q, 0, 10) })
	text, err := os.ReadFile(cfg.File)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.SplitAfter(string(text), "\n")
	for i, line := range lines {
		if !strings.Contains(line, `"made":[`) { // offers of an index were made, too
			continue
		}
		bad := append([]string{}, lines...)
		bad[i] = strings.Replace(line, `"agent":"a1"`, `"agent":"a2"`, 1)
		var d *Difference
		if _, err := Replay(strings.NewReader(strings.Join(bad, ""))); !errors.As(err, &d) || d.Line != i+1 {
			t.Errorf("line %d changed: %v", i+1, err)
		}
	}
	if _, err := Replay(strings.NewReader("no journal\n")); err == nil {
		t.Error("text that is no journal was taken")
	}
}
