package agentui

import (
	"context"
	"sync"
	"time"

	"hotline/agentui/users"
	"hotline/queue"
)

const directoryEvery = 30 * time.Second

// directory knows people's names without asking the database at every row.
type directory struct {
	users *users.Store
	ask   chan struct{}

	mu    sync.Mutex
	names map[queue.AgentID]string
}

func newDirectory(store *users.Store) *directory {
	return &directory{users: store, ask: make(chan struct{}, 1), names: map[queue.AgentID]string{}}
}

// name returns a person's name, or the id until the name is known.
func (d *directory) name(id queue.AgentID) string {
	if id == "" {
		return ""
	}
	d.mu.Lock()
	name, ok := d.names[id]
	d.mu.Unlock()
	if ok {
		return name
	}
	select {
	case d.ask <- struct{}{}:
	default: // asked already
	}
	return string(id)
}

// run keeps the names fresh until ctx ends and calls changed when one changed.
func (d *directory) run(ctx context.Context, changed func()) {
	tick := time.NewTicker(directoryEvery)
	defer tick.Stop()
	for {
		if d.load(ctx) {
			changed()
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		case <-d.ask:
			pause(ctx, retryPause) // an id that nobody has must not make a busy loop
		}
	}
}

func (d *directory) load(ctx context.Context) (changed bool) {
	all, err := d.users.List(ctx)
	if err != nil {
		return false // the names that are known stay; the next round asks again
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, u := range all {
		if d.names[u.ID] != u.Name {
			d.names[u.ID] = u.Name
			changed = true
		}
	}
	return changed
}

// learn notes a name at once.
func (d *directory) learn(u users.User) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.names[u.ID] = u.Name
}
