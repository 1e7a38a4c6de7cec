// Package board mirrors, in the memory of one console process, what the site knows at this moment: the index of the queue, the legs of the
// gateways and what agents say of themselves. Watchers learn which rows changed and read them when they have time, so that a slow watcher
// costs nothing and sees the newest row, never a queue of old ones.
package board

import (
	"cmp"
	"slices"
	"sync"
	"time"

	"hotline/queue"
)

// Quality is the measured quality of a leg (milliseconds, percent, and an estimated mean opinion score).
type Quality struct{ RTTms, LossPercent, JitterMs, MOS float64 }

// LegState is how a gateway sees a leg.
type LegState string

// The states of a leg.
const (
	LegConnecting LegState = "connecting"
	LegConnected  LegState = "connected"
	LegSilent     LegState = "silent" // no media from the browser for 3 s
)

// Leg is one headset.
type Leg struct {
	ID      string
	Gateway string
	Agent   queue.AgentID
	State   LegState
	Nodes   []string // the Asterisk nodes that it is attached to
}

// Ready tells whether a call can be put on the leg: media flows and a node is attached.
func (l Leg) Ready() bool { return l.State == LegConnected && len(l.Nodes) > 0 }

// Call is a caller's row with what the console adds.
type Call struct {
	queue.Call
	Quality   *Quality
	Version   int64         // another one whenever the row is another
	LastAgent queue.AgentID // whom the caller talked with last in this call, when this console saw it
}

// Agent is an agent's row with what the console adds.
type Agent struct {
	queue.Agent
	Leg     *Leg // newest leg, nil when there is none
	LegLost bool // the last leg ended and was not replaced
	Muted   bool
	Version int64 // another one whenever the row is another
}

// Config bounds a board. The zero value of a field means its default.
type Config struct {
	QualityEvery time.Duration // a quality figure is shown to watchers at most this often; default 2 s
	Ring         time.Duration // an offer whose making was not seen is taken to end so long after its agent was reserved; default 15 s
}

// Board is safe for concurrent use. None of its methods waits for a watcher.
type Board struct {
	cfg Config

	mu       sync.Mutex
	version  int64         // of the newest row
	since    int64         // of the rows that did not change since the last reset
	rows     map[any]int64 // versions of the others, by queue.CallID and queue.AgentID
	loaded   bool
	calls    map[queue.CallID]Call
	agents   map[queue.AgentID]queue.Agent
	offers   map[queue.OfferID]queue.Offer
	legs     map[string]*leg
	gateways map[string]bool // connected ones
	media    map[queue.AgentID]media
	muted    map[queue.AgentID]bool
	watchers map[*Watcher]struct{}
	besides  besides
}

type leg struct {
	Leg
	quality *Quality
	shown   time.Time // when watchers were last told of the quality
}

// media is the newest leg of an agent, and whether the last one was lost.
type media struct {
	leg  string
	lost bool
}

// New returns an empty board.
func New(cfg Config) *Board {
	cfg.QualityEvery = cmp.Or(cfg.QualityEvery, 2*time.Second)
	cfg.Ring = cmp.Or(cfg.Ring, 15*time.Second)
	return &Board{
		cfg: cfg, calls: map[queue.CallID]Call{}, agents: map[queue.AgentID]queue.Agent{}, offers: map[queue.OfferID]queue.Offer{},
		rows: map[any]int64{}, legs: map[string]*leg{}, gateways: map[string]bool{}, media: map[queue.AgentID]media{}, muted: map[queue.AgentID]bool{},
		watchers: map[*Watcher]struct{}{}, besides: besides{},
	}
}

// Reset replaces the index by a snapshot; every watcher is told to start over.
func (b *Board) Reset(s queue.Snapshot) {
	b.mu.Lock()
	defer b.mu.Unlock()
	old := b.calls
	b.loaded = true
	b.version++
	b.since, b.rows = b.version, map[any]int64{}
	b.calls, b.agents = make(map[queue.CallID]Call, len(s.Calls)), make(map[queue.AgentID]queue.Agent, len(s.Agents))
	b.besides = besides{}
	for _, c := range s.Calls {
		b.besides.put(c)
		b.calls[c.ID] = Call{Call: c, LastAgent: lastAgent(old[c.ID], c)}
	}
	for _, a := range s.Agents {
		b.agents[a.ID] = a
	}
	b.offers = make(map[queue.OfferID]queue.Offer, len(s.Offers))
	for _, o := range s.Offers {
		b.offers[o.ID] = o
	}
	for w := range b.watchers {
		w.restart()
	}
}

// Loaded tells whether a snapshot was ever put in.
func (b *Board) Loaded() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.loaded
}

// Apply brings in one event. Events come in the order of the stream, from the end of the snapshot on.
func (b *Board) Apply(e queue.Event) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch e.Type {
	case queue.EventOffered:
		if e.Offer != nil {
			b.offers[e.Offer.ID] = *e.Offer
		}
	case queue.EventOfferEnded:
		if e.Offer != nil {
			delete(b.offers, e.Offer.ID)
		}
	}
	if c := e.Call; c != nil {
		b.applyCall(*c, e.Type == queue.EventCallGone)
	}
	if a := e.Agent; a != nil {
		if e.Type == queue.EventAgentGone {
			delete(b.agents, a.ID)
			delete(b.muted, a.ID)
			delete(b.media, a.ID)
		} else {
			b.agents[a.ID] = *a
		}
		b.touchAgent(a.ID)
	}
}

func (b *Board) applyCall(c queue.Call, gone bool) {
	old := b.calls[c.ID]
	b.besides.remove(old.Call)
	if gone {
		delete(b.calls, c.ID)
		for id, o := range b.offers {
			if o.Call == c.ID {
				delete(b.offers, id)
			}
		}
	} else {
		b.calls[c.ID] = Call{Call: c, LastAgent: lastAgent(old, c)}
		b.besides.put(c)
	}
	b.touchCall(c.ID)
	// Whoever has this call, or had it, sees it in their own row.
	for _, id := range []queue.AgentID{c.Agent, old.Agent, b.offers[c.Offer].Agent} {
		if id != "" {
			b.touchAgent(id)
		}
	}
	for _, p := range append(slices.Clip(old.Parties), c.Parties...) {
		if p.Agent != "" {
			b.touchAgent(p.Agent)
		}
	}
}

func lastAgent(old Call, c queue.Call) queue.AgentID {
	if (c.State == queue.CallTalking || c.State == queue.CallHeld) && c.Agent != "" {
		return c.Agent
	}
	return old.LastAgent
}

// Agent returns an agent's row.
func (b *Board) Agent(id queue.AgentID) (Agent, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.agent(id)
}

func (b *Board) agent(id queue.AgentID) (Agent, bool) {
	row, ok := b.agents[id]
	m := b.media[id]
	a := Agent{Agent: row, LegLost: m.lost, Muted: b.muted[id], Version: b.versionOf(id)}
	if l := b.legs[m.leg]; l != nil {
		copied := l.Leg
		a.Leg = &copied
	}
	return a, ok
}

// Call returns a caller's row.
func (b *Board) Call(id queue.CallID) (Call, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.call(id)
}

func (b *Board) call(id queue.CallID) (Call, bool) {
	c, ok := b.calls[id]
	c.Version = b.versionOf(id)
	if c.Agent != "" {
		if l := b.legs[b.media[c.Agent].leg]; l != nil && l.quality != nil && l.State == LegConnected {
			q := *l.quality
			c.Quality = &q
		}
	}
	return c, ok
}

// versionOf is the version of a call's or an agent's row.
func (b *Board) versionOf(id any) int64 { return max(b.since, b.rows[id]) }

// renew gives a row another version; one that is gone needs none.
func (b *Board) renew(id any, gone bool) {
	b.version++
	if gone {
		delete(b.rows, id)
	} else {
		b.rows[id] = b.version
	}
}

// Offer returns the offer that rings at an agent. When this process did not see it made, its times are taken from the agent's row.
func (b *Board) Offer(id queue.AgentID) (queue.Offer, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	a, ok := b.agents[id]
	if !ok || a.State != queue.AgentReserved || a.Offer == "" {
		return queue.Offer{}, false
	}
	if o, ok := b.offers[a.Offer]; ok {
		return o, true
	}
	return queue.Offer{ID: a.Offer, Call: a.Call, Agent: id, Made: a.Since, Expires: a.Since.Add(b.cfg.Ring)}, true
}

// Calls returns every call, in order of service: by tier, those put back to the head first, then by arrival.
func (b *Board) Calls() []Call {
	b.mu.Lock()
	defer b.mu.Unlock()
	all := make([]Call, 0, len(b.calls))
	for id := range b.calls {
		c, _ := b.call(id)
		all = append(all, c)
	}
	slices.SortFunc(all, func(x, y Call) int {
		return cmp.Or(cmp.Compare(rank(x.Tier), rank(y.Tier)), orderKey(x.Call).Compare(orderKey(y.Call)), cmp.Compare(x.ID, y.ID))
	})
	return all
}

func orderKey(c queue.Call) time.Time {
	if !c.Front.IsZero() {
		return c.Front
	}
	return c.Arrived
}

func rank(t queue.Tier) int {
	return slices.Index([]queue.Tier{queue.TierRed, queue.TierReturning, queue.TierFollowUp, queue.TierNormal, queue.TierNuisance}, t)
}

// Agents returns every agent, by id.
func (b *Board) Agents() []Agent {
	b.mu.Lock()
	defer b.mu.Unlock()
	all := make([]Agent, 0, len(b.agents))
	for id := range b.agents {
		a, _ := b.agent(id)
		all = append(all, a)
	}
	slices.SortFunc(all, func(x, y Agent) int { return cmp.Compare(x.ID, y.ID) })
	return all
}

// SetMuted notes that an agent muted the microphone. Only this process knows.
func (b *Board) SetMuted(id queue.AgentID, muted bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.muted[id] == muted {
		return
	}
	if muted {
		b.muted[id] = true
	} else {
		delete(b.muted, id)
	}
	b.touchAgent(id)
}

// Renamed tells every watcher that names may have changed.
func (b *Board) Renamed() { b.touch(func(c Call) bool { return c.Agent != "" }) }

// Relabelled is Renamed for the lines: every row is shown anew.
func (b *Board) Relabelled() { b.touch(func(Call) bool { return true }) }

func (b *Board) touch(shows func(Call) bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for id := range b.agents {
		b.touchAgent(id)
	}
	for id, c := range b.calls {
		if shows(c) {
			b.touchCall(id)
		}
	}
}
