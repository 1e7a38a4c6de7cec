package agentui

import (
	"context"
	"errors"
	"time"

	"hotline/queue"
)

// errReset ends a Follow whose stream was lost.
var errReset = errors.New("the index was lost")

const retryPause = 250 * time.Millisecond

// mirror keeps the board equal to the index until ctx ends. When the index was lost it first puts back the agents that this console serves, so
// that no screen shows them gone.
func (s *Server) mirror(ctx context.Context) {
	for ctx.Err() == nil {
		if err := s.mirrorOnce(ctx); err != nil && ctx.Err() == nil {
			s.troubles.update(func() { s.troubles.mirror = true })
			s.log.Warn("the index is away", "error", err)
			pause(ctx, retryPause)
		}
	}
}

func (s *Server) mirrorOnce(ctx context.Context) error {
	snap, err := ask(ctx, func(ctx context.Context) (queue.Snapshot, error) { return s.deps.Queue.Snapshot(ctx) })
	if err != nil {
		return err
	}
	s.troubles.update(func() { s.troubles.mirror = false })
	s.board.Reset(snap)
	s.adopt(ctx)
	err = s.deps.Queue.Follow(ctx, snap.After, func(e queue.Event) error {
		if e.Type == queue.EventReset {
			return errReset
		}
		s.board.Apply(e)
		return nil
	})
	if errors.Is(err, errReset) {
		s.metrics.indexResets.Inc()
		s.log.Warn("the index was lost; its agents are put back")
		return s.restoreAgents(ctx)
	}
	return err
}

// restoreAgents puts back the agents whose desks are here, as the board last knew them, and whoever asked for help and has no desk any more.
func (s *Server) restoreAgents(ctx context.Context) error {
	for _, a := range s.board.Agents() {
		helpless := a.State == queue.AgentOffline && a.SOS != nil
		if !helpless && (a.Console != s.cfg.ID || s.findDesk(a.ID) == nil) {
			continue
		}
		_, err := ask(ctx, func(ctx context.Context) (struct{}, error) {
			return struct{}{}, s.deps.Queue.RestoreAgent(ctx, queue.RequestID(newID()), a.Agent)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// adopt takes over the agents whom an earlier life of this console served: their browsers are about to come back, or they are signed out as
// anyone whose browser stays away. It waits for the gateways' first word, which tells whose media is up.
func (s *Server) adopt(ctx context.Context) {
	var orphans []queue.Agent
	for _, a := range s.board.Agents() {
		if a.Console == s.cfg.ID && s.findDesk(a.ID) == nil {
			orphans = append(orphans, a.Agent)
		}
	}
	if len(orphans) == 0 || !s.begin() {
		return
	}
	go func() {
		defer s.running.Done()
		s.gateways.settle(ctx)
		for _, a := range orphans {
			u, err := s.deps.Users.ByID(ctx, a.ID)
			if err != nil {
				s.log.Warn("an agent of an earlier life of this console is not taken over", "agent", a.ID, "error", err)
				continue
			}
			s.openDesk(u, &a)
		}
	}()
}

// ask runs one request to the queue within its time.
func ask[T any](ctx context.Context, fn func(context.Context) (T, error)) (T, error) {
	ctx, cancel := context.WithTimeout(ctx, queueTimeout)
	defer cancel()
	return fn(ctx)
}

// pause waits, or until ctx ends.
func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}
