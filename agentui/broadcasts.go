package agentui

import (
	"context"
	"net/http"
	"slices"
	"time"

	"hotline/agentui/broadcast"
	"hotline/agentui/page"
	"hotline/agentui/protocol"
	"hotline/queue"
)

const (
	broadcastsEvery  = time.Second
	broadcastsWithin = 2 * time.Second
	broadcastsShown  = 50 // of the list
)

// Actions of the audit trail about broadcasts.
const (
	ActionBroadcastWrite = "broadcast.write"
	ActionBroadcastEnd   = "broadcast.end"
)

// messages is what the console asks of the broadcasts.
type messages interface {
	Write(ctx context.Context, now time.Time, by, text string, urgent bool, span time.Duration) (broadcast.Message, error)
	End(ctx context.Context, now time.Time, id, by string) error
	Read(ctx context.Context, now time.Time, id, user string) error
	Current(ctx context.Context, now time.Time) ([]broadcast.Message, error)
	Latest(ctx context.Context, limit int) ([]broadcast.Message, error)
}

var _ messages = (*broadcast.Store)(nil)

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
			out = append(out, s.broadcastOf(m))
		}
	}
	return out
}

func (s *Server) broadcastOf(m broadcast.Message) protocol.Broadcast {
	return protocol.Broadcast{
		Broadcast: m.ID, At: protocol.Millis(m.At), ByName: s.directory.name(queue.AgentID(m.By)), Urgent: m.Urgent, Text: m.Text, ExpiresAt: protocol.Millis(m.Expires),
	}
}

func (s *Server) broadcastRow(m broadcast.Message) protocol.BroadcastRow {
	row := protocol.BroadcastRow{
		Broadcast: s.broadcastOf(m), EndedAt: protocol.Millis(m.Ended), EndedByName: s.directory.name(queue.AgentID(m.EndedBy)), Reads: []protocol.BroadcastRead{},
	}
	for _, r := range m.Reads {
		row.Reads = append(row.Reads, protocol.BroadcastRead{User: r.User, Name: s.directory.name(queue.AgentID(r.User)), At: protocol.Millis(r.At)})
	}
	return row
}

// tellBroadcasts takes what the person has yet to read.
func (o *outbox) tellBroadcasts(now []protocol.Broadcast) {
	o.update(func() {
		if o.broadcasts != nil && slices.Equal(o.broadcasts, now) {
			return
		}
		o.broadcasts = now
		if o.told == nil {
			return // the first snapshot carries it
		}
		if o.pending == nil {
			o.pending = &pending{}
		}
		o.pending.broadcasts = now
	})
}

// listBroadcasts answers who was told what, and who has read it.
func (s *Server) listBroadcasts(w http.ResponseWriter, r *http.Request, _ *page.Visitor) {
	all, err := s.deps.Broadcasts.Latest(r.Context(), broadcastsShown)
	if !s.answered(w, r, err) {
		return
	}
	out := protocol.BroadcastList{Broadcasts: []protocol.BroadcastRow{}}
	for _, m := range all {
		out.Broadcasts = append(out.Broadcasts, s.broadcastRow(m))
	}
	s.clerk.Reply(w, http.StatusOK, out)
}

// writeBroadcast tells every console. What was said is the reason of its audit row: the trail shows it when the message is long gone.
func (s *Server) writeBroadcast(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	var body protocol.WriteBroadcast
	if !s.clerk.Read(w, r, &body) {
		return
	}
	span := time.Duration(body.Minutes) * time.Minute
	if err := broadcast.Check(body.Text, span); err != nil {
		s.answered(w, r, err)
		return
	}
	var made broadcast.Message
	done := s.audited(w, r, v, ActionBroadcastWrite, "", body.Text, func(ctx context.Context) (err error) {
		made, err = s.deps.Broadcasts.Write(ctx, time.Now(), string(v.User.ID), body.Text, body.Urgent, span)
		return err
	})
	if done {
		s.broadcastsChanged()
		s.clerk.Reply(w, http.StatusOK, s.broadcastRow(made))
	}
}

// endBroadcast takes a message back.
func (s *Server) endBroadcast(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	id, ok := s.clerk.ID(w, r)
	if !ok {
		return
	}
	done := s.audited(w, r, v, ActionBroadcastEnd, "broadcast:"+id, "", func(ctx context.Context) error {
		return s.deps.Broadcasts.End(ctx, time.Now(), id, string(v.User.ID))
	})
	if done {
		s.broadcastsChanged()
		s.clerk.Reply(w, http.StatusOK, struct{}{})
	}
}

// readBroadcast notes that the person has read a message, so that none of their pages shows it again.
func (s *Server) readBroadcast(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	id, ok := s.clerk.ID(w, r)
	if !ok || !s.answered(w, r, s.deps.Broadcasts.Read(r.Context(), time.Now(), id, string(v.User.ID))) {
		return
	}
	s.broadcastsChanged()
	s.clerk.Reply(w, http.StatusOK, struct{}{})
}
