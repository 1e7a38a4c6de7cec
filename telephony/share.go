package telephony

import (
	"sync"
	"time"
)

// share spreads new calls over the controllers. All are offered each call and the first claim wins; so whoever has more calls than its least busy peer
// lets that one go first, a little longer for each call more. A peer that does not claim after all, because it hangs or is slow, costs the caller
// these few milliseconds and nothing else.
//
// The peers' loads are those of their last sign of life, plus every call that a peer was seen to win since.
type share struct {
	mu    sync.Mutex
	own   int // live calls of this process, those of dead peers included
	peers int
	least int // load of the least busy peer
	since int // calls that peers won since least was known
}

const (
	handicap     = 2 * time.Millisecond // for each call more; the claim of a peer takes less
	mostHandicap = 20 * time.Millisecond
)

// add counts calls that came (or, negative, went).
func (s *share) add(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.own += n
}

func (s *share) load() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.own
}

// lost counts a call that a peer won.
func (s *share) lost() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.since++
}

// told takes note of the loads of the living peers.
func (s *share) told(loads []int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.peers, s.since, s.least = len(loads), 0, 0
	for i, n := range loads {
		if i == 0 || n < s.least {
			s.least = n
		}
	}
}

// turn is how long to wait before a claim.
func (s *share) turn() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.peers == 0 {
		return 0
	}
	more := s.own - s.least - s.since/s.peers
	return min(time.Duration(max(0, more))*handicap, mostHandicap)
}
