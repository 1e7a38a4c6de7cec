package agentui

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"hotline/agentui/users"
	"hotline/queue"
)

const directoryEvery = 30 * time.Second

// directory knows people without asking the database at every row.
type directory struct {
	users *users.Store
	ask   chan struct{}

	mu  sync.Mutex
	all map[queue.AgentID]users.User
}

func newDirectory(store *users.Store) *directory {
	return &directory{users: store, ask: make(chan struct{}, 1), all: map[queue.AgentID]users.User{}}
}

// name returns a person's name, or the id until the name is known.
func (d *directory) name(id queue.AgentID) string {
	if id == "" {
		return ""
	}
	d.mu.Lock()
	u, ok := d.all[id]
	d.mu.Unlock()
	if ok {
		return u.Name
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
		changed = changed || d.all[u.ID].Name != u.Name
		d.all[u.ID] = u
	}
	return changed
}

// person returns what was last read of somebody.
func (d *directory) person(id queue.AgentID) (users.User, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	u, ok := d.all[id]
	return u, ok
}

// people returns everybody, in no order.
func (d *directory) people() []users.User {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Collect(maps.Values(d.all))
}

// learn notes a name at once.
func (d *directory) learn(u users.User) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.all[u.ID] = u
}
