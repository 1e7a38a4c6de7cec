package board

import (
	"maps"
	"slices"
	"sync"

	"hotline/queue"
)

// Watcher collects which rows changed since it was last asked. What it holds is bounded by the number of rows.
type Watcher struct {
	board *Board
	self  queue.AgentID
	all   bool
	wake  chan struct{}

	mu     sync.Mutex // taken after the board's lock, never before
	calls  map[queue.CallID]struct{}
	agents map[queue.AgentID]struct{}
	gone   map[string]string // legs of self, with the reason
	reset  bool
}

// News is what changed. Rows are read from the board when wanted; one that is not there is gone.
type News struct {
	Reset  bool // start over with a snapshot
	Calls  []queue.CallID
	Agents []queue.AgentID
	Legs   map[string]string // one's own legs that are gone, with the reason
}

// Empty tells whether nothing changed.
func (n News) Empty() bool {
	return !n.Reset && len(n.Calls) == 0 && len(n.Agents) == 0 && len(n.Legs) == 0
}

// Watch starts to collect for one person: the changes of their own row and legs, and, when all is set, those of every row.
func (b *Board) Watch(self queue.AgentID, all bool) *Watcher {
	w := &Watcher{
		board: b, self: self, all: all, wake: make(chan struct{}, 1),
		calls: map[queue.CallID]struct{}{}, agents: map[queue.AgentID]struct{}{}, gone: map[string]string{},
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.watchers[w] = struct{}{}
	return w
}

// Close ends the collecting.
func (w *Watcher) Close() {
	w.board.mu.Lock()
	defer w.board.mu.Unlock()
	delete(w.board.watchers, w)
}

// Wake receives when there is news.
func (w *Watcher) Wake() <-chan struct{} { return w.wake }

// Take returns the news and starts a new collection.
func (w *Watcher) Take() News {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := News{Reset: w.reset, Calls: slices.Sorted(maps.Keys(w.calls)), Agents: slices.Sorted(maps.Keys(w.agents)), Legs: maps.Clone(w.gone)}
	w.reset = false
	clear(w.calls)
	clear(w.agents)
	clear(w.gone)
	return n
}

func (w *Watcher) note(fn func()) {
	w.mu.Lock()
	fn()
	w.mu.Unlock()
	select {
	case w.wake <- struct{}{}:
	default: // awake already
	}
}

func (w *Watcher) restart() { w.note(func() { w.reset = true }) }

func (w *Watcher) legGone(id, reason string) { w.note(func() { w.gone[id] = reason }) }

func (b *Board) touchCall(id queue.CallID) {
	_, here := b.calls[id]
	b.renew(id, !here)
	for w := range b.watchers {
		if w.all {
			w.note(func() { w.calls[id] = struct{}{} })
		}
	}
}

func (b *Board) touchAgent(id queue.AgentID) {
	_, here := b.agents[id]
	b.renew(id, !here)
	for w := range b.watchers {
		if w.all || w.self == id {
			w.note(func() { w.agents[id] = struct{}{} })
		}
	}
}
