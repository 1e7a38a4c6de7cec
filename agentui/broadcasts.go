package agentui

import (
	"context"
	"slices"
	"time"

	"hotline/agentui/broadcast"
	"hotline/agentui/protocol"
	"hotline/queue"
)

const (
	broadcastsEvery  = time.Second
	broadcastsWithin = 2 * time.Second
)

// watchBroadcasts looks every second, and at once after a change made here, which messages are to be shown, and tells each page those that its
// person has not read. What another console wrote comes the same way.
func (s *Server) watchBroadcasts(ctx context.Context) {
	tick := time.NewTicker(broadcastsEvery)
	defer tick.Stop()
	away := false
	for {
		within, cancel := context.WithTimeout(ctx, broadcastsWithin)
		all, err := s.deps.Broadcasts.Current(within, time.Now())
		cancel()
		switch {
		case err == nil:
			s.tellBroadcasts(all)
			away = false
		case ctx.Err() == nil && !away:
			s.log.Warn("broadcasts cannot be read; pages show what was known", "error", err)
			away = true
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		case <-s.broadcast:
		}
	}
}

// broadcastsChanged has the watcher look at once.
func (s *Server) broadcastsChanged() {
	select {
	case s.broadcast <- struct{}{}:
	default: // it will
	}
}

// tellBroadcasts brings every page up to date, under the lock that also guards the arrival of pages.
func (s *Server) tellBroadcasts(all []broadcast.Message) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.broadcasts = all
	for t := range s.tabs {
		t.out.tellBroadcasts(s.unread(all, t.user.ID))
	}
}

// unread are the messages that a person has yet to read.
func (s *Server) unread(all []broadcast.Message, user queue.AgentID) []protocol.Broadcast {
	out := []protocol.Broadcast{}
	for _, m := range all {
		if !m.ReadBy(string(user)) {
			out = append(out, broadcast.Told(m, s.nameOf))
		}
	}
	return out
}

// tellBroadcasts takes what the person has yet to read.
func (o *outbox) tellBroadcasts(now []protocol.Broadcast) {
	o.update(func() {
		if o.broadcasts != nil && slices.Equal(o.broadcasts, now) {
			return
		}
		o.broadcasts = now
		if o.told == nil || o.covered {
			return // the next snapshot carries it
		}
		if o.pending == nil {
			o.pending = &pending{}
		}
		o.pending.broadcasts = now
	})
}
