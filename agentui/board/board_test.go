package board

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"hotline/queue"
)

func at(s int) time.Time { return time.UnixMilli(1700000000000).Add(time.Duration(s) * time.Second) }

func waiting(id string, tier queue.Tier, arrived int) queue.Call {
	return queue.Call{ID: queue.CallID(id), State: queue.CallWaiting, Tier: tier, Arrived: at(arrived)}
}

func ids(calls []Call) (out []string) {
	for _, c := range calls {
		out = append(out, string(c.ID))
	}
	return out
}

func TestCallsAreInOrderOfService(t *testing.T) {
	b := New(Config{})
	front := waiting("front", queue.TierNormal, 50)
	front.Front = at(1)
	b.Reset(queue.Snapshot{Calls: []queue.Call{
		waiting("late", queue.TierNormal, 9), waiting("nuisance", queue.TierNuisance, 0), waiting("red", queue.TierRed, 99),
		waiting("early", queue.TierNormal, 5), front, waiting("follow", queue.TierFollowUp, 70), waiting("returning", queue.TierReturning, 80),
	}})
	want := []string{"red", "returning", "follow", "front", "early", "late", "nuisance"}
	if got := ids(b.Calls()); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestWatchersLearnWhatChangedOnce(t *testing.T) {
	b := New(Config{})
	all, own, other := b.Watch("u-9", true), b.Watch("u-1", false), b.Watch("u-2", false)
	talk := queue.Call{ID: "c", State: queue.CallTalking, Agent: "u-1"}
	for range 3 {
		b.Apply(queue.Event{Type: queue.EventCall, Call: &talk})
	}
	<-all.Wake()
	if n := all.Take(); !slices.Equal(n.Calls, []queue.CallID{"c"}) || !slices.Equal(n.Agents, []queue.AgentID{"u-1"}) {
		t.Errorf("the board's watcher: %+v", n)
	}
	<-own.Wake()
	if n := own.Take(); len(n.Calls) != 0 || !slices.Equal(n.Agents, []queue.AgentID{"u-1"}) {
		t.Errorf("the agent's watcher: %+v", n)
	}
	if n := other.Take(); !n.Empty() {
		t.Errorf("another agent's watcher: %+v", n)
	}
	if n := own.Take(); !n.Empty() {
		t.Errorf("told twice: %+v", n)
	}
	own.Close()
	b.Apply(queue.Event{Type: queue.EventCallGone, Call: &talk})
	if n := own.Take(); !n.Empty() {
		t.Errorf("told after its end: %+v", n)
	}
	if _, ok := b.Call("c"); ok {
		t.Error("the call is still there")
	}
	b.Reset(queue.Snapshot{})
	if n := all.Take(); !n.Reset {
		t.Errorf("no word of the reset: %+v", n)
	}
}

func TestOffers(t *testing.T) {
	b := New(Config{Ring: 10 * time.Second})
	reserved := queue.Agent{ID: "u-1", State: queue.AgentReserved, Offer: "o", Call: "c", Since: at(5)}
	offer := queue.Offer{ID: "o", Call: "c", Agent: "u-1", Made: at(5), Expires: at(20)}
	b.Reset(queue.Snapshot{Agents: []queue.Agent{reserved}})
	if o, ok := b.Offer("u-1"); !ok || !o.Expires.Equal(at(15)) {
		t.Errorf("an offer whose making was not seen: %+v", o)
	}
	b.Reset(queue.Snapshot{Agents: []queue.Agent{reserved}, Offers: []queue.Offer{offer}})
	if o, _ := b.Offer("u-1"); o != offer {
		t.Errorf("of the snapshot: %+v", o)
	}
	b.Apply(queue.Event{Type: queue.EventOfferEnded, Offer: &offer})
	free := queue.Agent{ID: "u-1", State: queue.AgentAvailable}
	b.Apply(queue.Event{Type: queue.EventAgent, Agent: &free})
	if _, ok := b.Offer("u-1"); ok || len(b.offers) != 0 {
		t.Error("an ended offer still rings")
	}
	b.Apply(queue.Event{Type: queue.EventOffered, Offer: &offer, Agent: &reserved, Call: &queue.Call{ID: "c", State: queue.CallOffered, Offer: "o"}})
	w := b.Watch("u-1", false)
	b.Apply(queue.Event{Type: queue.EventCall, Call: &queue.Call{ID: "c", State: queue.CallOffered, Offer: "o", Tier: queue.TierRed}})
	if n := w.Take(); len(n.Agents) != 1 {
		t.Error("the agent does not learn that the offered caller turned red")
	}
	b.Apply(queue.Event{Type: queue.EventCallGone, Call: &queue.Call{ID: "c"}})
	if len(b.offers) != 0 {
		t.Error("an offer of a caller who left is kept")
	}
}

func TestLastAgentSurvivesTheQueueAndAReset(t *testing.T) {
	b := New(Config{})
	apply := func(c queue.Call) { b.Apply(queue.Event{Type: queue.EventCall, Call: &c}) }
	apply(queue.Call{ID: "c", State: queue.CallTalking, Agent: "u-1"})
	apply(queue.Call{ID: "c", State: queue.CallWaiting})
	b.Reset(queue.Snapshot{Calls: []queue.Call{{ID: "c", State: queue.CallOffered, Agent: "u-2"}}})
	if c, _ := b.Call("c"); c.LastAgent != "u-1" {
		t.Errorf("last agent %q", c.LastAgent)
	}
}

func TestLegs(t *testing.T) {
	b := New(Config{QualityEvery: 2 * time.Second})
	b.Reset(queue.Snapshot{Agents: []queue.Agent{{ID: "u-1", State: queue.AgentTalking, Call: "c"}}, Calls: []queue.Call{{ID: "c", State: queue.CallTalking, Agent: "u-1"}}})
	if b.ExpectLeg("g1", "01", "u-1") {
		t.Error("a leg at a gateway that is away")
	}
	b.GatewayUp("g1", nil)
	b.GatewayUp("g2", []Leg{{ID: "00", Agent: "u-7", State: LegConnected}})
	w := b.Watch("u-1", true)
	if !b.ExpectLeg("g1", "01", "u-1") {
		t.Fatal("refused")
	}
	if n := b.Gateways(); n["g1"] != 1 || n["g2"] != 1 {
		t.Errorf("legs: %v", n)
	}
	b.PutLeg(Leg{ID: "01", Gateway: "g1", Agent: "u-1", State: LegConnected})
	if l, ok := b.Leg("01"); !ok || l.Ready() {
		t.Errorf("without a node: %+v", l)
	}
	b.PutLeg(Leg{ID: "01", Gateway: "g1", Agent: "u-1", State: LegConnected, Nodes: []string{"node-1"}})
	if l, _ := b.Leg("01"); !l.Ready() {
		t.Errorf("with a node: %+v", l)
	}
	w.Take()
	b.SetQuality("01", Quality{MOS: 4}, at(0))
	if n := w.Take(); len(n.Calls) != 1 {
		t.Error("no word of the first measurement")
	}
	b.SetQuality("01", Quality{MOS: 3}, at(1))
	if n := w.Take(); !n.Empty() {
		t.Error("told too often")
	}
	if c, _ := b.Call("c"); c.Quality == nil || c.Quality.MOS != 3 {
		t.Errorf("quality %+v", c.Quality)
	}
	b.SetQuality("01", Quality{MOS: 2}, at(2))
	b.SetQuality("unknown", Quality{}, at(2))
	if n := w.Take(); len(n.Calls) != 1 {
		t.Error("no word after the pause")
	}
	b.GatewayDown("g1")
	if n := w.Take(); n.Legs["01"] != GoneGatewayLost {
		t.Errorf("news %+v", n)
	}
	if a, _ := b.Agent("u-1"); a.Leg != nil || !a.LegLost {
		t.Errorf("agent %+v", a)
	}
	if c, _ := b.Call("c"); c.Quality != nil {
		t.Error("quality of a leg that is gone")
	}
	b.GatewayUp("g1", []Leg{{ID: "02", Agent: "u-1", State: LegConnecting}})
	b.GatewayUp("g1", []Leg{{ID: "03", Agent: "u-1", State: LegConnecting}})
	if n := w.Take(); n.Legs["02"] != GoneUnknown {
		t.Errorf("a leg that the snapshot lacks: %+v", n)
	}
	b.DropLeg("03", "closed")
	b.DropLeg("03", "closed")
	if a, _ := b.Agent("u-1"); a.LegLost {
		t.Error("a leg that was closed on purpose is told lost")
	}
	b.Apply(queue.Event{Type: queue.EventAgentGone, Agent: &queue.Agent{ID: "u-1"}})
	b.DropLeg("00", "closed")
	if len(b.legs) != 0 || len(b.media) != 0 || len(b.muted) != 0 {
		t.Errorf("kept: %v %v %v", b.legs, b.media, b.muted)
	}
}

// TestAWatcherWhoFollowsKnowsTheBoard applies random events and compares what a watcher collected with the board.
func TestAWatcherWhoFollowsKnowsTheBoard(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	b := New(Config{})
	b.Reset(queue.Snapshot{})
	w := b.Watch("u-0", true)
	calls, agents := map[queue.CallID]Call{}, map[queue.AgentID]Agent{}
	states := []queue.CallState{queue.CallWaiting, queue.CallOffered, queue.CallTalking, queue.CallHeld}
	for step := range 3000 {
		id := fmt.Sprint(rng.IntN(20))
		switch rng.IntN(6) {
		case 0, 1:
			b.Apply(queue.Event{Type: queue.EventCall, Call: &queue.Call{ID: queue.CallID(id), State: states[rng.IntN(4)], Agent: queue.AgentID("u-" + id), History: step}})
		case 2:
			b.Apply(queue.Event{Type: queue.EventCallGone, Call: &queue.Call{ID: queue.CallID(id)}})
		case 3:
			b.Apply(queue.Event{Type: queue.EventAgent, Agent: &queue.Agent{ID: queue.AgentID("u-" + id), State: queue.AgentTalking, Call: queue.CallID(id)}})
		case 4:
			b.Apply(queue.Event{Type: queue.EventAgentGone, Agent: &queue.Agent{ID: queue.AgentID("u-" + id)}})
		case 5:
			b.SetMuted(queue.AgentID("u-"+id), rng.IntN(2) == 0)
		}
		if rng.IntN(10) > 0 {
			continue
		}
		n := w.Take()
		for _, c := range n.Calls {
			if row, ok := b.Call(c); ok {
				calls[c] = row
			} else {
				delete(calls, c)
			}
		}
		for _, a := range n.Agents {
			if row, ok := b.Agent(a); ok {
				agents[a] = row
			} else {
				delete(agents, a)
			}
		}
		if now := b.Calls(); len(now) != len(calls) {
			t.Fatalf("step %d: %d calls, the watcher has %d", step, len(now), len(calls))
		}
		for _, c := range b.Calls() {
			if calls[c.ID].History != c.History || calls[c.ID].State != c.State {
				t.Fatalf("step %d: call %s is %+v, the watcher has %+v", step, c.ID, c, calls[c.ID])
			}
		}
		for _, a := range b.Agents() {
			if agents[a.ID].Muted != a.Muted || agents[a.ID].State != a.State {
				t.Fatalf("step %d: agent %s is %+v, the watcher has %+v", step, a.ID, a, agents[a.ID])
			}
		}
		if len(b.Agents()) != len(agents) {
			t.Fatalf("step %d: too many agents", step)
		}
	}
}

// TestVersions: a row has another version whenever it is another, and the same as long as it is the same.
func TestVersions(t *testing.T) {
	b := New(Config{})
	talk := queue.Call{ID: "c", State: queue.CallTalking, Agent: "u-1"}
	other := queue.Call{ID: "d", State: queue.CallWaiting}
	b.Reset(queue.Snapshot{Agents: []queue.Agent{{ID: "u-1", State: queue.AgentTalking, Call: "c"}}, Calls: []queue.Call{talk, other}})
	b.GatewayUp("g1", []Leg{{ID: "01", Agent: "u-1", Gateway: "g1", State: LegConnected}})
	call := func(id queue.CallID) int64 { c, _ := b.Call(id); return c.Version }
	agent := func() int64 { a, _ := b.Agent("u-1"); return a.Version }
	changes := map[string]func(){
		"event":   func() { b.Apply(queue.Event{Type: queue.EventCall, Call: &talk}) },
		"quality": func() { b.SetQuality("01", Quality{MOS: 3}, at(0)) },
		"leg":     func() { b.PutLeg(Leg{ID: "01", Agent: "u-1", Gateway: "g1", State: LegSilent}) },
		"names":   b.Renamed,
		"labels":  b.Relabelled,
		"loss": func() {
			b.Reset(queue.Snapshot{Agents: []queue.Agent{{ID: "u-1", Call: "c"}}, Calls: []queue.Call{talk, other}})
		},
	}
	for _, name := range []string{"event", "quality", "leg", "names", "labels", "loss"} {
		before, still, who := call("c"), call("d"), agent()
		changes[name]()
		if call("c") == before || (name == "event" || name == "quality" || name == "leg" || name == "names") != (call("d") == still) {
			t.Errorf("%s: calls %d, %d, then %d, %d", name, before, still, call("c"), call("d"))
		}
		if agent() == who {
			t.Errorf("%s: the agent's version is the same", name)
		}
	}
	b.Apply(queue.Event{Type: queue.EventCallGone, Call: &talk})
	b.Apply(queue.Event{Type: queue.EventCall, Call: &talk})
	if v := call("c"); v <= call("d") {
		t.Errorf("a call that came back has an old version: %d", v)
	}
}
