package ari

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
)

// TestMailboxKeepsOrder is a property: whatever the interleaving of pushes and takes, what was accepted comes out once, in order.
func TestMailboxKeepsOrder(t *testing.T) {
	for range 200 {
		m := newMailbox(1 + rand.IntN(50))
		var in, out []string
		for i := range 500 {
			if rand.IntN(2) == 0 {
				id := fmt.Sprint(i)
				if full := m.len() >= m.limit; m.push(Event{Kind: StasisEnd, Bridge: id}) == full {
					t.Fatalf("push at %d of %d", m.len(), m.limit)
				} else if !full {
					in = append(in, id)
				}
			} else if m.len() > 0 {
				e, err := m.next(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				out = append(out, e.Bridge)
			}
		}
		for m.len() > 0 {
			e, _ := m.next(t.Context())
			out = append(out, e.Bridge)
		}
		if fmt.Sprint(in) != fmt.Sprint(out) {
			t.Fatalf("in %v\nout %v", in, out)
		}
	}
}

func TestMailboxServesSeveralTakers(t *testing.T) {
	m := newMailbox(1000)
	m.open()
	var wg sync.WaitGroup
	var mu sync.Mutex
	seen := map[string]int{}
	end := errors.New("over")
	for range 4 {
		wg.Go(func() {
			for {
				e, err := m.next(context.Background())
				if err != nil {
					if !errors.Is(err, end) {
						t.Error(err)
					}
					return
				}
				mu.Lock()
				seen[e.Bridge]++
				mu.Unlock()
			}
		})
	}
	for i := range 1000 {
		m.push(Event{Kind: StasisEnd, Bridge: fmt.Sprint(i)})
	}
	m.close(end)
	wg.Wait()
	for id, n := range seen {
		if n != 1 {
			t.Errorf("%s was taken %d times", id, n)
		}
	}
	if len(seen) != 1000 {
		t.Errorf("%d of 1000 were taken", len(seen))
	}
}

func TestMarksAlwaysFindRoomAndDoNotRepeat(t *testing.T) {
	m := newMailbox(1)
	m.push(Event{Kind: StasisEnd})
	if m.push(Event{Kind: StasisEnd}) {
		t.Error("a full mailbox took an event")
	}
	m.mark(Event{Kind: Gap})
	m.mark(Event{Kind: Gap})
	m.mark(Event{Kind: Connected})
	for range 1000 {
		m.resync(Event{Kind: Gap}, Event{Kind: Connected})
	}
	if m.len() != 3 {
		t.Errorf("%d items, want the event, one gap and one connected", m.len())
	}
	if n := m.spill(); n != 3 || m.len() != 0 {
		t.Errorf("%d were spilt, %d are left", n, m.len())
	}
}
