package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"hotline/queue"
)

const session = "s"

// world is a queue with callers who wait and agents. Callers need one of some skills; every agent has one of them, so that everybody who
// waits fits somebody and nobody fits all.
type world struct {
	q       *queue.Queue
	skills  int
	waiting int
	agents  int
	made    int // callers ever
}

// newWorld begins with an index that is no longer settling.
func newWorld(ctx context.Context, s *server, site string, skills int) (*world, error) {
	q, err := queue.New(s.rdb, queue.Config{Site: site, Ring: time.Hour})
	if err != nil {
		return nil, err
	}
	w := &world{q: q, skills: skills}
	// The first change of a new index is its birth; for 3 s after it restored callers are given time to gather.
	if err := w.wait(ctx, 1); err != nil {
		return nil, err
	}
	select {
	case <-time.After(3500 * time.Millisecond):
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	_, err = q.Sweep(ctx)
	return w, err
}

func (w *world) needs(i int) queue.Skills { return queue.Skills{fmt.Sprintf("skill%d", i%w.skills): 1} }

func caller(i int) queue.CallID { return queue.CallID(fmt.Sprintf("call-%07d", i)) }
func agent(i int) queue.AgentID { return queue.AgentID(fmt.Sprintf("agent-%05d", i)) }

// wait lets callers wait until there are n.
func (w *world) wait(ctx context.Context, n int) error {
	var g errgroup.Group
	g.SetLimit(clients)
	for ; w.waiting < n; w.waiting++ {
		i := w.made
		w.made++
		g.Go(func() error {
			return w.q.Restore(ctx, "", queue.Call{
				ID: caller(i), Line: "12355", Node: "node-1", Owner: "bench", State: queue.CallWaiting, Needs: w.needs(i), Arrived: time.Now(),
			})
		})
	}
	return g.Wait()
}

// staff signs agents in until there are n; they are not ready.
func (w *world) staff(ctx context.Context, n int) error {
	var g errgroup.Group
	g.SetLimit(clients)
	for ; w.agents < n; w.agents++ {
		i := w.agents
		g.Go(func() error {
			_, err := w.q.SignIn(ctx, "", queue.Agent{ID: agent(i), Session: session, Console: "bench", Skills: w.needs(i)})
			return err
		})
	}
	return g.Wait()
}

var errNoOffer = errors.New("an agent who is ready was offered nobody, though callers wait")

// ready is a decision: an agent becomes free and is promised the caller who is next.
func (w *world) ready(ctx context.Context, i int) (queue.OfferID, error) {
	a, err := w.q.Ready(ctx, "", agent(i), session)
	if err == nil && a.State != queue.AgentReserved {
		err = errNoOffer
	}
	return a.Offer, err
}

// decline takes it back: the caller has the old place, the agent is not ready.
func (w *world) decline(ctx context.Context, i int, o queue.OfferID) error {
	return w.q.Decline(ctx, "", o, agent(i), session)
}

// each does something with agents 0 to n-1, so many at a time.
func each(n, atOnce int, f func(i int) error) error {
	var g errgroup.Group
	g.SetLimit(atOnce)
	for i := range n {
		g.Go(func() error { return f(i) })
	}
	return g.Wait()
}
