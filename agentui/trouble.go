package agentui

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"

	"hotline/agentui/protocol"
	"hotline/agentui/users"
	"hotline/queue"
)

const (
	pulseEvery  = 250 * time.Millisecond
	pulseWithin = 500 * time.Millisecond // with pulseEvery: a fault is known within 750 ms
	pulseAgent  = "console.pulse"        // nobody's id: those of people begin with "u-"
)

// troubles knows which parts that pages stand on are away. A fault is told as soon as it is seen: the page waits out the short ones.
type troubles struct {
	log  *slog.Logger
	tell func() // after each change, without the lock

	mu      sync.Mutex
	pulse   bool // the queue does not take a change
	mirror  bool // the queue does not show its index
	gateway bool // no gateway is connected
}

// all lists what is wrong, in the order of the protocol.
func (t *troubles) all() []protocol.Trouble {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.list()
}

func (t *troubles) list() []protocol.Trouble {
	found := []protocol.Trouble{}
	if t.pulse || t.mirror {
		found = append(found, protocol.TroubleQueue)
	}
	if t.gateway {
		found = append(found, protocol.TroubleGateway)
	}
	return found
}

// queueAway tells whether the queue is known not to answer. It is for choosing the patient way only: nothing is refused because of it, since
// what we know may be a quarter of a second old.
func (t *troubles) queueAway() bool { return slices.Contains(t.all(), protocol.TroubleQueue) }

// update changes what is known; fn runs with the lock held.
func (t *troubles) update(fn func()) {
	t.mu.Lock()
	before := t.list()
	fn()
	after := t.list()
	t.mu.Unlock()
	if slices.Equal(before, after) {
		return
	}
	t.log.Warn("what pages are told to be in trouble has changed", "before", before, "after", after)
	t.tell()
}

// feelPulse asks the queue for a real change again and again, one that changes nobody: a Redis that only reads, is full, misses a replica or refuses our scripts
// is as useless as one that is gone, and a ping would not show it.
func (s *Server) feelPulse(ctx context.Context) {
	for ctx.Err() == nil {
		within, cancel := context.WithTimeout(ctx, pulseWithin)
		err := s.deps.Queue.SignOut(within, queue.RequestID(newID()), pulseAgent, s.cfg.ID)
		cancel()
		if ctx.Err() != nil {
			return
		}
		s.troubles.update(func() { s.troubles.pulse = err != nil })
		pause(ctx, pulseEvery)
	}
}

// tellTrouble brings every page up to date. What is wrong is read under the lock that also guards the arrival of pages, so that the last word
// that each of them gets is the newest.
func (s *Server) tellTrouble() {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.troubles.all()
	for t := range s.tabs {
		t.out.tellTrouble(concerning(t.user.Role, now))
	}
}

// concerning leaves out what a role has no use for: who takes no calls needs no gateway.
func concerning(r users.Role, all []protocol.Trouble) []protocol.Trouble {
	return slices.DeleteFunc(slices.Clone(all), func(t protocol.Trouble) bool {
		return t == protocol.TroubleGateway && !r.Serves()
	})
}
