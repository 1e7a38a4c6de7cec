package telephony

import (
	"testing"
	"time"
)

func TestTurn(t *testing.T) {
	for name, tt := range map[string]struct {
		own   int
		peers []int
		lost  int
		want  time.Duration
	}{
		"alone":                                {own: 50, want: 0},
		"as busy as the others":                {own: 3, peers: []int{3, 4}, want: 0},
		"less busy":                            {own: 1, peers: []int{5}, want: 0},
		"busier than the least busy":           {own: 5, peers: []int{9, 3}, want: 2 * handicap},
		"much busier":                          {own: 500, peers: []int{0}, want: mostHandicap},
		"a peer has won since it was heard of": {own: 5, peers: []int{3}, lost: 2, want: 0},
	} {
		t.Run(name, func(t *testing.T) {
			s := &share{}
			s.add(tt.own)
			s.told(tt.peers)
			for range tt.lost {
				s.lost()
			}
			if got := s.turn(); got != tt.want {
				t.Errorf("%v, want %v", got, tt.want)
			}
		})
	}
}

// TestSharesAreFair: whoever claims first has the call; the loads that the two hear of each other may be old.
func TestSharesAreFair(t *testing.T) {
	a, b := &share{}, &share{}
	for i := range 1000 {
		if i%250 == 0 {
			a.told([]int{b.load()})
			b.told([]int{a.load()})
		}
		winner, loser := a, b
		if b.turn() < a.turn() {
			winner, loser = b, a
		}
		winner.add(1)
		loser.lost()
	}
	if a.load()+b.load() != 1000 || a.load() < 490 || a.load() > 510 {
		t.Errorf("%d and %d", a.load(), b.load())
	}
}
