package queue

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"hotline/queue/queuetest"
)

const (
	propertySeeds = 80
	propertySteps = 60
)

// world drives one queue with random changes under a clock of its own.
type world struct {
	t     *testing.T
	rnd   *rand.Rand
	rdb   redis.UniversalClient
	q     *Queue
	clock int64 // ms
	steps int
	log   []string
	mine  map[CallID]Call // what the controllers would restore
	desks map[AgentID]Agent
	lives int
	last  queuetest.Index
}

// TestProperty runs random changes on a real Redis and checks every invariant after each. A failing seed runs alone with
// go test ./queue -run 'TestProperty/seed=N$'.
func TestProperty(t *testing.T) {
	rdb := queuetest.Open(t)
	for seed := range queuetest.Seeds(propertySeeds) {
		t.Run(fmt.Sprintf("seed=%d", seed), func(t *testing.T) {
			if err := queuetest.Empty(context.Background(), rdb); err != nil {
				t.Fatal(err)
			}
			w := &world{t: t, rnd: rand.New(rand.NewPCG(uint64(seed), 1)), rdb: rdb, clock: 1_800_000_000_000, mine: map[CallID]Call{}, desks: map[AgentID]Agent{}}
			q, err := New(rdb, Config{MissLimit: 1 + seed%2})
			if err != nil {
				t.Fatal(err)
			}
			q.now = func() int64 { return w.clock }
			w.q = q
			for w.steps = range propertySteps {
				w.step()
			}
			w.eventsTellAll()
		})
	}
}

func (w *world) fail(format string, args ...any) {
	w.t.Helper()
	for _, line := range w.log {
		w.t.Log(line)
	}
	w.t.Fatalf("step %d: %s\nreplay: go test ./queue -run '%s$'", w.steps, fmt.Sprintf(format, args...), w.t.Name())
}

// step makes one change, sometimes twice with the same request id, and checks.
func (w *world) step() {
	w.clock += w.rnd.Int64N(4000)
	if w.rnd.IntN(12) == 0 {
		w.clock += 20_000 + w.rnd.Int64N(60_000)
	}
	before := w.last
	name, op := w.pick()
	req := RequestID(fmt.Sprintf("r%d", w.steps))
	got := op(req)
	w.log = append(w.log, fmt.Sprintf("%3d +%ds %s -> %s", w.steps, (w.clock-1_800_000_000_000)/1000, name, got))
	after := w.read()
	if err := after.Check(); err != nil {
		w.fail("%v", err)
	}
	w.offersAreJust(before, after)
	w.tiersHold(after)
	w.placesHold(name, before, after)
	if w.rnd.IntN(4) == 0 && name != "lose" && name != "sweep" {
		w.clock += w.rnd.Int64N(3000)
		again := op(req)
		if again != got {
			w.fail("replay of %s answered %s", name, again)
		}
		if now := w.read(); !reflect.DeepEqual(now, after) {
			w.fail("replay of %s changed the index", name)
		}
	}
	w.last = after
	w.remember()
}

func (w *world) read() queuetest.Index {
	w.t.Helper()
	x, err := queuetest.Read(context.Background(), w.rdb, "site")
	if err != nil {
		w.fail("%v", err)
	}
	for key := range x.Text { // answers kept for replays are not the index
		if len(key) > 4 && key[:4] == "req:" {
			delete(x.Text, key)
		}
	}
	return x
}

// offersAreJust: of each offer just made, no caller before this one fits the agent, and no agent idle longer fits the caller.
func (w *world) offersAreJust(before, after queuetest.Index) {
	w.t.Helper()
	for id, o := range after.Offers {
		if _, old := before.Offers[id]; old {
			continue
		}
		c, a := after.Calls[o.Call], after.Agents[o.Agent]
		for _, other := range after.Calls {
			urgent := other.Tier == "red" || other.Tier == "returning" && c.Tier != "red"
			if c.Assigned == a.ID && (other.Assigned == a.ID || !urgent) {
				continue // a person decided, between those of one urgency
			}
			if other.State == "waiting" && other.Key < c.Key && queuetest.May(other, a) {
				w.fail("%s was offered before %s", c.ID, other.ID)
			}
		}
		for _, other := range after.Agents {
			if other.State == "available" && other.Idle < a.Idle && c.Assigned != a.ID && queuetest.May(c, other) {
				w.fail("%s was chosen before %s", a.ID, other.ID)
			}
		}
		for _, old := range before.Offers {
			if o.Fence <= old.Fence {
				w.fail("fence %v after %v", o.Fence, old.Fence)
			}
		}
	}
}

// placesHold: nobody in the queue loses the place, but by a tier that is lowered; and nobody vanishes but by the end of the call.
func (w *world) placesHold(name string, before, after queuetest.Index) {
	w.t.Helper()
	for id, was := range before.Calls {
		now, here := after.Calls[id]
		if gone := !here && name != "lose" && name != "end "+id; gone {
			w.fail("%s is gone", id)
		}
		if here && was.Key != 0 && now.Key > was.Key && was.Tier == now.Tier && name != "lose" {
			w.fail("%s had the place %.0f and has %.0f", id, was.Key, now.Key)
		}
	}
}

// tiersHold: strict tiers never cross, whatever was restored, raised or put to the front.
func (w *world) tiersHold(after queuetest.Index) {
	w.t.Helper()
	worst := map[string]float64{}
	best := map[string]float64{}
	for _, c := range after.Calls {
		if c.Key == 0 {
			continue
		}
		if v, ok := worst[c.Tier]; !ok || c.Key > v {
			worst[c.Tier] = c.Key
		}
		if v, ok := best[c.Tier]; !ok || c.Key < v {
			best[c.Tier] = c.Key
		}
	}
	for _, pair := range [][2]string{{"red", "returning"}, {"red", "followup"}, {"red", "normal"}, {"red", "nuisance"}, {"returning", "followup"}, {"returning", "normal"}, {"returning", "nuisance"}} {
		high, okH := worst[pair[0]]
		low, okL := best[pair[1]]
		if okH && okL && low <= high {
			w.fail("a %s caller overtakes a %s one", pair[1], pair[0])
		}
	}
}

// remember keeps what controllers and consoles know, for a later loss.
func (w *world) remember() {
	w.t.Helper()
	s, err := w.q.Snapshot(context.Background())
	if err != nil {
		w.fail("%v", err)
	}
	clear(w.mine)
	clear(w.desks)
	for _, c := range s.Calls {
		w.mine[c.ID] = c
	}
	for _, a := range s.Agents {
		w.desks[a.ID] = a
	}
}

// eventsTellAll: who applies the events to an empty board has the same board as a snapshot.
func (w *world) eventsTellAll() {
	w.t.Helper()
	ctx := context.Background()
	s, err := w.q.Snapshot(ctx)
	if err != nil {
		w.fail("%v", err)
	}
	calls, agents, offers := map[CallID]Call{}, map[AgentID]Agent{}, map[OfferID]Offer{}
	apply := func(e Event) {
		switch {
		case e.Type == EventCallGone:
			delete(calls, e.Call.ID)
		case e.Call != nil:
			calls[e.Call.ID] = *e.Call
		}
		switch {
		case e.Type == EventAgentGone:
			delete(agents, e.Agent.ID)
		case e.Agent != nil:
			agents[e.Agent.ID] = *e.Agent
		}
		switch e.Type {
		case EventOffered:
			offers[e.Offer.ID] = *e.Offer
		case EventOfferEnded:
			delete(offers, e.Offer.ID)
		}
	}
	done := errors.New("done")
	last, err := parsePlace(s.After)
	if err != nil {
		w.fail("%v", err)
	}
	if last.n > 0 {
		err = w.q.Follow(ctx, "", func(e Event) error {
			if e.Type == EventReset {
				return errors.New("reset")
			}
			apply(e)
			if e.ID == s.After {
				return done
			}
			return nil
		})
		if !errors.Is(err, done) {
			w.fail("follow: %v", err)
		}
	}
	wantCalls, wantAgents, wantOffers := map[CallID]Call{}, map[AgentID]Agent{}, map[OfferID]Offer{}
	for _, c := range s.Calls {
		wantCalls[c.ID] = c
	}
	for _, a := range s.Agents {
		wantAgents[a.ID] = a
	}
	for _, o := range s.Offers {
		wantOffers[o.ID] = o
	}
	if !reflect.DeepEqual(calls, wantCalls) || !reflect.DeepEqual(agents, wantAgents) || !maps.Equal(offers, wantOffers) {
		w.fail("events tell\n%v\n%v\n%v\nthe snapshot says\n%v\n%v\n%v", calls, agents, offers, wantCalls, wantAgents, wantOffers)
	}
}

// now as the world has it.
func (w *world) now() time.Time { return time.UnixMilli(w.clock).UTC() }
