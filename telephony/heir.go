package telephony

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"hotline/queue"
	"hotline/telephony/ari"
)

// heir serves the calls of a dead peer, under its id, until that comes back or they are over.
type heir struct {
	dead    queue.Peer
	members []member
	cancel  context.CancelFunc
	ended   chan struct{} // closed when the last member has ended
	busy    time.Time     // when there was last a call, or reason to think so
	back    time.Time     // when the peer was first seen to live again
}

// calls counts; sure says that there are no others.
func (h *heir) calls() (n int, sure bool) {
	sure = true
	for _, m := range h.members {
		calls, seen := m.Calls()
		n, sure = n+calls, sure && seen
	}
	return n, sure
}

// inherit takes over from peers that died, and gives back to those that live again.
func (f *Fleet) inherit(ctx context.Context) {
	f.mu.Lock()
	var dead []queue.Peer
	for _, p := range f.peers {
		// Heard of all the time, and nothing of this one: Redis is the witness, so it must have been there.
		if p.Over && p.By == "" && p.Owner != f.cfg.Owner && !f.draining && f.done[p.Owner] != p.Life && f.heard.Sub(f.steady) >= f.cfg.Presence {
			dead = append(dead, p)
		}
	}
	heirs := make([]*heir, 0, len(f.heirs))
	for _, h := range f.heirs {
		heirs = append(heirs, h)
	}
	f.mu.Unlock()
	for _, p := range dead {
		f.adopt(ctx, p)
	}
	for _, h := range heirs {
		f.review(ctx, h)
	}
}

// adopt opens the applications of a dead peer, if no other peer was quicker.
func (f *Fleet) adopt(ctx context.Context, dead queue.Peer) {
	try, cancel := context.WithTimeout(ctx, f.cfg.Presence/4)
	defer cancel()
	err := f.queue.Adopt(try, dead, f.self())
	if err != nil {
		if !isFenced(err) && ctx.Err() == nil {
			f.log.Warn("a dead peer could not be taken over; tried again", "peer", dead.Owner, "error", err)
		}
		return
	}
	log := f.log.With("peer", dead.Owner)
	log.Warn("a controller gave no sign of life; its calls are taken over")
	f.count.Inc()
	f.mu.Lock()
	f.done[dead.Owner] = dead.Life
	lines := f.lines
	f.mu.Unlock()
	work, stop := context.WithCancel(ctx)
	h := &heir{dead: dead, cancel: stop, ended: make(chan struct{}), busy: time.Now()}
	for _, node := range f.cfg.Nodes {
		c, release, err := f.cfg.Make(dead.Owner, node, lines, Bonds{
			adopts: true, share: f.share, claimed: f.claimed, confirm: func(ctx context.Context) error { return f.heirOf(ctx, dead) },
		})
		if err != nil {
			log.Error("the peer's calls on one Asterisk cannot be taken over", "node", node, "error", err)
			continue
		}
		h.members = append(h.members, member{c, node, release})
	}
	f.mu.Lock()
	f.heirs[dead.Owner] = h
	f.mu.Unlock()
	f.tasks.Go(func() { f.serve(work, h, log) })
}

// serve runs an heir to its end. A member that was replaced has ended: the peer has its calls on that Asterisk back.
func (f *Fleet) serve(ctx context.Context, h *heir, log *slog.Logger) {
	ended := make(chan struct{})
	for _, m := range h.members {
		go func() {
			if err := m.Run(ctx); errors.Is(err, ari.ErrReplaced) {
				log.Info("the peer has its calls back", "node", m.node)
			}
			m.release()
			ended <- struct{}{}
		}()
	}
	for range h.members {
		<-ended
	}
	h.cancel()
	f.mu.Lock()
	if f.heirs[h.dead.Owner] == h {
		delete(f.heirs, h.dead.Owner)
	}
	f.mu.Unlock()
	close(h.ended)
	log.Info("nothing is done for the peer any more")
}

// heirOf reports whether this process still is a dead peer's heir. Redis that came back empty has no other.
func (f *Fleet) heirOf(ctx context.Context, dead queue.Peer) error {
	if err := f.attend(ctx); err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if p, known := f.peers[dead.Owner]; known && (p.Life != dead.Life || p.By != f.cfg.Owner) {
		return ErrSuperseded
	}
	return nil
}

// review ends an heir whose peer lives again, and had time to take each application itself, or that has had nothing to do for long.
func (f *Fleet) review(ctx context.Context, h *heir) {
	f.mu.Lock()
	p, known := f.peers[h.dead.Owner]
	f.mu.Unlock()
	now := time.Now()
	if known && !p.Over {
		if h.back.IsZero() {
			h.back = now
		}
		if now.Sub(h.back) > f.cfg.Presence {
			h.cancel()
		}
		return
	}
	h.back = time.Time{}
	if n, sure := h.calls(); n > 0 || !sure {
		h.busy = now
		return
	}
	if now.Sub(h.busy) < f.cfg.Linger {
		return
	}
	h.cancel()
	f.tasks.Go(func() {
		<-h.ended
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		if err := f.queue.Depart(ctx, h.dead); err != nil && !isFenced(err) {
			f.log.Warn("a dead peer without calls is still known", "peer", h.dead.Owner, "error", err)
		}
	})
}
