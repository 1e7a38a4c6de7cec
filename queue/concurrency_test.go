package queue

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"hotline/queue/queuetest"
)

// TestConcurrency: eight clients at once, then the index is whole and nobody was promised twice.
func TestConcurrency(t *testing.T) {
	ctx := context.Background()
	rdb := queuetest.Open(t)
	q, err := New(rdb, Config{Ring: time.Second, WrapUp: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	after := snapshot(t, q).After
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			rnd := rand.New(rand.NewPCG(uint64(g), 2))
			for range 150 {
				call, agent := CallID(fmt.Sprint("c", rnd.IntN(12))), AgentID(fmt.Sprint("a", rnd.IntN(5)))
				offer := OfferID("none")
				if s, err := q.Snapshot(ctx); err == nil && len(s.Offers) > 0 {
					o := s.Offers[rnd.IntN(len(s.Offers))]
					offer, agent = o.ID, o.Agent
				}
				var err error
				mate := AgentID(fmt.Sprint("a", rnd.IntN(5)))
				switch rnd.IntN(16) {
				case 0, 1:
					err = q.Arrive(ctx, "", Call{ID: call, Tier: tiers()[rnd.IntN(5)]})
				case 2, 3:
					_, err = q.Enqueue(ctx, "", call, rnd.IntN(2) == 0)
				case 4:
					_, err = q.SignIn(ctx, "", Agent{ID: agent, Session: "s"})
				case 5, 6:
					_, err = q.Ready(ctx, "", agent, "s")
				case 7:
					_, err = q.Accept(ctx, "", offer, agent, "s")
				case 8:
					_, err = q.Sweep(ctx)
				case 9:
					err = q.End(ctx, "", call, EndAnswered)
				case 10:
					_, err = q.Assist(ctx, "", call, agent)
				case 11:
					_, err = q.EndAssist(ctx, "", call, agent)
				case 12:
					_, err = q.Transfer(ctx, "", call, agent, mate)
				case 13:
					_, err = q.Requeue(ctx, "", call, agent, mate)
				case 14:
					_, err = q.Assign(ctx, "", call, agent, "boss")
				case 15:
					_, err = q.Force(ctx, "", agent, AgentAvailable, "boss")
				}
				if w := word(err); strings.HasPrefix(w, "unexpected") {
					t.Error(w)
				}
			}
		})
	}
	wg.Wait()
	queuetest.Check(t, rdb, "site")
	onePromise(t, q, after)
}

// onePromise reads all events since a place: a call or agent is never in a new offer while in another.
func onePromise(t *testing.T, q *Queue, after string) {
	t.Helper()
	end, stop := snapshot(t, q).After, errors.New("stop")
	open, made := map[string]OfferID{}, 0
	err := q.Follow(context.Background(), after, func(e Event) error {
		switch e.Type {
		case EventOffered:
			made++
			for _, who := range []string{"call " + string(e.Offer.Call), "agent " + string(e.Offer.Agent)} {
				if open[who] != "" {
					t.Errorf("%s in %s and %s", who, open[who], e.Offer.ID)
				}
				open[who] = e.Offer.ID
			}
		case EventOfferEnded:
			delete(open, "call "+string(e.Offer.Call))
			delete(open, "agent "+string(e.Offer.Agent))
		case EventReset:
			t.Error("reset")
		}
		if e.ID == end {
			return stop
		}
		return nil
	})
	if !errors.Is(err, stop) || made == 0 {
		t.Errorf("%v after %d offers", err, made)
	}
}
