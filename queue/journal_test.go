package queue_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"hotline/queue"
	"hotline/queue/model"
	"hotline/queue/model/modeltest"
	"hotline/queue/queuetest"
)

// scribe keeps the journal of a site, as a file would: each entry goes through JSON.
type scribe struct {
	mu    sync.Mutex
	lines []string
	place string
	news  chan struct{}
}

func keepJournal(t *testing.T, q *queue.Queue) *scribe {
	t.Helper()
	s := &scribe{news: make(chan struct{}, 1)}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() {
		done <- q.Journal(ctx, "", func(e queue.Entry) error {
			text, err := json.Marshal(e)
			if err != nil {
				return err
			}
			s.mu.Lock()
			s.lines, s.place = append(s.lines, string(text)), e.Place
			s.mu.Unlock()
			select {
			case s.news <- struct{}{}:
			default:
			}
			return nil
		})
	}()
	t.Cleanup(func() {
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
	<-s.news // it began
	return s
}

// until waits until the journal has the operation with this number in the present life.
func (s *scribe) until(t *testing.T, rdb redis.UniversalClient) []string {
	t.Helper()
	n, err := rdb.Get(t.Context(), "{site}:journal:n").Result()
	if err != nil {
		t.Fatal(err)
	}
	born := rdb.Get(t.Context(), "{site}:journal:born").Val()
	timeout := time.After(20 * time.Second)
	for {
		s.mu.Lock()
		lines, place := slices.Clone(s.lines), s.place
		s.mu.Unlock()
		if parts := strings.Split(place, "/"); parts[1] == n && parts[2] == born {
			return lines
		}
		select {
		case <-s.news:
		case <-timeout:
			t.Fatalf("the journal stands at %s, Redis at %s of %s", place, n, born)
		}
	}
}

// replay runs lines again and returns the number of the first that differs, or -1.
func replay(t *testing.T, lines []string) (model.Replay, int, error) {
	t.Helper()
	var r model.Replay
	for i, line := range lines {
		var e queue.Entry
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatal(err)
		}
		if err := r.Next(e); err != nil {
			return r, i, err
		}
	}
	return r, -1, nil
}

// TestJournalReplays: seeded worlds on a real Redis, with losses, declines, expiries, clock jumps and duplicates, come out the same when their
// journal is run again, and leave the same index.
func TestJournalReplays(t *testing.T) {
	rdb := queuetest.Open(t)
	for seed := range uint64(queuetest.Seeds(12)) {
		t.Run(fmt.Sprintf("seed=%d", seed), func(t *testing.T) {
			w, err := modeltest.New(seed)
			if err != nil {
				t.Fatal(err)
			}
			p := newPair(t, rdb, seed, w)
			s := keepJournal(t, p.q)
			for range 150 {
				step, err := w.Step()
				if step.Lost {
					s.until(t, rdb) // what was not read before a loss is lost with the index
				}
				if err == nil {
					err = p.step(step)
				}
				if err != nil {
					t.Fatal(err)
				}
			}
			r, at, err := replay(t, s.until(t, rdb))
			if err != nil {
				t.Fatalf("line %d: %v", at+1, err)
			}
			if r.Operations < 80 || r.Offers == 0 {
				t.Errorf("%+v", r)
			}
			x, err := queuetest.Read(t.Context(), rdb, "site")
			if err != nil {
				t.Fatal(err)
			}
			for id, c := range x.Calls {
				if m := r.Index().Calls[queue.CallID(id)]; m == nil || string(m.State) != c.State || float64(m.Key) != c.Key {
					t.Errorf("%s: Redis %+v, replayed %+v", id, c, m)
				}
			}
		})
	}
}

// TestJournalOfManyAtOnce: eight clients at once, real time, declines and expiries, Redis killed in between and restored; the journal runs again
// with the same answers and offers, and a line that was changed is found.
func TestJournalOfManyAtOnce(t *testing.T) {
	server := queuetest.Start(t)
	rdb := server.Client(t)
	q, err := queue.New(rdb, queue.Config{Ring: time.Second, WrapUp: 20 * time.Millisecond, Settle: 50 * time.Millisecond, Journal: true})
	if err != nil {
		t.Fatal(err)
	}
	s := keepJournal(t, q)
	crowd(q, 1)
	before := len(s.until(t, rdb))
	saved, err := q.Snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	server.Kill()
	server.Restart(t)
	for _, c := range saved.Calls {
		if err := q.Restore(t.Context(), "", c); err != nil {
			t.Fatal(err)
		}
	}
	for _, a := range saved.Agents {
		if err := q.RestoreAgent(t.Context(), "", a); err != nil {
			t.Fatal(err)
		}
	}
	crowd(q, 2)
	lines := s.until(t, rdb)
	r, at, err := replay(t, lines)
	if err != nil {
		t.Fatalf("line %d: %v\n%s", at+1, err, lines[at])
	}
	t.Logf("%d operations, %d offers, %d loss", r.Operations, r.Offers, r.Losses)
	if r.Losses != 1 || r.Bases != 1 || len(lines) < before+200 || r.Offers < 20 {
		t.Errorf("%+v of %d lines", r, len(lines))
	}
	ended := slices.IndexFunc(lines, func(l string) bool { return strings.Contains(l, `"made":[{`) })
	for name, changed := range map[string]string{
		"another agent":  strings.Replace(lines[ended], `"agent":"`, `"agent":"x`, 1),
		"another answer": strings.Replace(lines[ended], `"verb"`, `"err":"fenced","verb"`, 1),
		"another time":   strings.Replace(lines[ended], `"at":"20`, `"at":"21`, 1),
	} {
		bad := slices.Clone(lines)
		bad[ended] = changed
		if _, at, err := replay(t, bad); err == nil || at != ended {
			t.Errorf("%s: found at %d, want %d: %v", name, at, ended, err)
		}
	}
	if _, at, err := replay(t, slices.Delete(slices.Clone(lines), ended, ended+1)); err == nil {
		t.Errorf("a line that is missing: found at %d", at)
	}
}

// crowd lets eight clients change the index at once.
func crowd(q *queue.Queue, seed uint64) {
	var wg sync.WaitGroup
	for g := range uint64(8) {
		wg.Go(func() {
			ctx, rnd := context.Background(), rand.New(rand.NewPCG(seed, g))
			for range 100 {
				call, agent := queue.CallID(fmt.Sprint("c", rnd.IntN(12))), queue.AgentID(fmt.Sprint("a", rnd.IntN(5)))
				offer := queue.OfferID("none")
				if s, err := q.Snapshot(ctx); err == nil && len(s.Offers) > 0 {
					o := s.Offers[rnd.IntN(len(s.Offers))]
					offer, agent = o.ID, o.Agent
				}
				tier := []queue.Tier{queue.TierRed, queue.TierNormal, queue.TierNormal, queue.TierNuisance}[rnd.IntN(4)]
				switch rnd.IntN(14) { // refusals are a part of it
				case 0, 1:
					_ = q.Arrive(ctx, "", queue.Call{ID: call, Tier: tier, Line: "12355", Groups: queue.EveryGroup})
				case 2, 3, 4:
					_, _ = q.Enqueue(ctx, "", call, rnd.IntN(2) == 0)
				case 5:
					_, _ = q.SignIn(ctx, "", queue.Agent{ID: agent, Session: "s"})
				case 6, 7:
					_, _ = q.Ready(ctx, "", agent, "s")
				case 8, 9:
					_, _ = q.Accept(ctx, "", offer, agent, "s")
				case 10:
					_ = q.Decline(ctx, "", offer, agent, "s")
				case 11:
					_, _ = q.Sweep(ctx)
				case 12:
					_ = q.End(ctx, "", call, queue.EndAnswered)
				case 13:
					_, _ = q.Raise(ctx, "", call, tier, false)
				}
			}
		})
	}
	wg.Wait()
}

// TestJournalBegins: a reader that comes later begins with the whole index, and goes on from its place.
func TestJournalBegins(t *testing.T) {
	rdb := queuetest.Open(t)
	q, err := queue.New(rdb, queue.Config{Journal: true})
	if err != nil {
		t.Fatal(err)
	}
	crowd(q, 3)
	s := keepJournal(t, q)
	crowd(q, 4)
	lines := s.until(t, rdb)
	r, at, err := replay(t, lines)
	if err != nil {
		t.Fatalf("line %d: %v\n%s", at+1, err, lines[at])
	}
	var first, fifth queue.Entry
	if err := errors.Join(json.Unmarshal([]byte(lines[0]), &first), json.Unmarshal([]byte(lines[4]), &fifth)); err != nil {
		t.Fatal(err)
	}
	if first.Base == nil || r.Operations != len(lines)-1 {
		t.Errorf("%+v of %d lines, the first %.80s", r, len(lines), lines[0])
	}
	stop := errors.New("stop")
	err = q.Journal(t.Context(), fifth.Place, func(e queue.Entry) error {
		text, err := json.Marshal(e)
		if err != nil || string(text) != lines[5] {
			t.Errorf("%s, %v; want %s", text, err, lines[5])
		}
		return stop
	})
	if !errors.Is(err, stop) {
		t.Error(err)
	}
	// Trimmed past the place: begins again.
	if err := rdb.XTrimMaxLen(t.Context(), "{site}:journal", 1).Err(); err != nil {
		t.Fatal(err)
	}
	err = q.Journal(t.Context(), fifth.Place, func(e queue.Entry) error {
		if e.Base == nil {
			t.Errorf("%+v", e)
		}
		return stop
	})
	if !errors.Is(err, stop) {
		t.Error(err)
	}
}

// TestJournalOff: nothing is kept unless it is asked for.
func TestJournalOff(t *testing.T) {
	rdb := queuetest.Open(t)
	q, err := queue.New(rdb, queue.Config{})
	if err != nil {
		t.Fatal(err)
	}
	crowd(q, 5)
	if n := rdb.Exists(t.Context(), "{site}:journal", "{site}:journal:n").Val(); n != 0 {
		t.Error("a journal was kept")
	}
}
