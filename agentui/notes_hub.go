package agentui

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"hotline/casework/notes"
)

const (
	noteLook   = 300 * time.Millisecond // how often the database is asked what another console took
	noteWithin = 2 * time.Second
)

// noteHub wakes those who wait for changes of notes: at once for what this console takes, and within [noteLook] for what another one takes. One
// question to the database answers for all open notes.
type noteHub struct {
	store noteStore
	log   *slog.Logger

	mu     sync.Mutex
	open   map[string]*openNote
	over   chan struct{} // closed: the server drains
	wanted chan struct{} // receives when the first waits
}

// openNote is a note for whose changes somebody waits.
type openNote struct {
	seq     int64
	waiting int
	changed chan struct{} // closed at a change, and made anew
}

func newNoteHub(store noteStore, log *slog.Logger) *noteHub {
	return &noteHub{store: store, log: log, open: map[string]*openNote{}, over: make(chan struct{}), wanted: make(chan struct{}, 1)}
}

// told takes how far a note is.
func (h *noteHub) told(call string, head notes.Head) {
	h.mu.Lock()
	defer h.mu.Unlock()
	n := h.open[call]
	if n == nil || head.Seq <= n.seq {
		return
	}
	n.seq = head.Seq
	close(n.changed)
	n.changed = make(chan struct{})
}

// await returns when a note may have a change after a number, when ctx ends, or when the server drains.
func (h *noteHub) await(ctx context.Context, call string, after int64) {
	h.mu.Lock()
	n := h.open[call]
	if n == nil {
		n = &openNote{seq: after, changed: make(chan struct{})}
		h.open[call] = n
	}
	n.waiting++
	newer, changed := n.seq > after, n.changed
	h.mu.Unlock()
	defer func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		if n.waiting--; n.waiting == 0 {
			delete(h.open, call)
		}
	}()
	if newer {
		return
	}
	select {
	case h.wanted <- struct{}{}:
	default: // the looking goes on already
	}
	select {
	case <-changed:
	case <-h.over:
	case <-ctx.Done():
	}
}

// drain sends everybody away who waits.
func (h *noteHub) drain() {
	h.mu.Lock()
	defer h.mu.Unlock()
	select {
	case <-h.over:
	default:
		close(h.over)
	}
}

// ended tells whether the server drains.
func (h *noteHub) ended() bool {
	select {
	case <-h.over:
		return true
	default:
		return false
	}
}

// run looks what other consoles took, while somebody waits.
func (h *noteHub) run(ctx context.Context) {
	tick := time.NewTicker(noteLook)
	defer tick.Stop()
	away := false
	for {
		if calls := h.calls(); len(calls) > 0 {
			asked, cancel := context.WithTimeout(ctx, noteWithin)
			heads, err := h.store.Heads(asked, calls)
			cancel()
			if err != nil && ctx.Err() == nil && !away {
				h.log.Warn("notes cannot be read; what others write comes later", "error", err)
			}
			away = err != nil
			for call, head := range heads {
				h.told(call, head)
			}
		} else {
			select {
			case <-h.wanted:
			case <-ctx.Done():
				return
			}
			continue
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

func (h *noteHub) calls() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	out := make([]string, 0, len(h.open))
	for call := range h.open {
		out = append(out, call)
	}
	return out
}
