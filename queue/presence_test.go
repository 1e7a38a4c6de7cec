package queue

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"hotline/queue/queuetest"
)

const presence = 3 * time.Second

// attend is the peers as owner/life sees them, by owner.
func (d *desk) attend(owner, life string, begin bool) (map[string]Peer, error) {
	list, err := d.Attend(context.Background(), Peer{Owner: owner, Life: life, Load: len(owner)}, presence, begin)
	peers := map[string]Peer{}
	for _, p := range list {
		peers[p.Owner] = p
	}
	return peers, err
}

func TestAttend(t *testing.T) {
	d := newDesk(t, queuetest.Open(t), Config{})
	if peers, err := d.attend("a", "a1", true); err != nil || len(peers) != 1 || (peers["a"] != Peer{Owner: "a", Life: "a1", Load: 1}) {
		t.Fatal(peers, err)
	}
	d.pass(presence - time.Millisecond)
	if peers, err := d.attend("bb", "b1", true); err != nil || peers["a"].Over || peers["bb"].Load != 2 {
		t.Fatal(peers, err)
	}
	d.pass(time.Millisecond)
	if peers, err := d.attend("bb", "b1", false); err != nil || !peers["a"].Over {
		t.Fatal("nobody heard of a, yet it is there", peers, err)
	}
	if peers, err := d.attend("a", "a1", false); err != nil || peers["a"].Over {
		t.Fatal("nobody took its place, so it goes on", peers, err)
	}
}

func TestALaterLifeTakesTheName(t *testing.T) {
	d := newDesk(t, queuetest.Open(t), Config{})
	_, first := d.attend("a", "a1", true)
	_, second := d.attend("a", "a2", true)
	d.must(errors.Join(first, second))
	if _, err := d.attend("a", "a1", false); !errors.Is(err, ErrFenced) {
		t.Errorf("the earlier life goes on: %v", err)
	}
	if err := d.Depart(context.Background(), Peer{Owner: "a", Life: "a1"}); !errors.Is(err, ErrFenced) {
		t.Errorf("the earlier life took the later one away: %v", err)
	}
	if peers, err := d.attend("a", "a2", false); err != nil || peers["a"].Life != "a2" {
		t.Error(peers, err)
	}
}

func TestAdopt(t *testing.T) {
	ctx := context.Background()
	rdb := queuetest.Open(t)
	dead, heir, other := Peer{Owner: "a", Life: "a1"}, Peer{Owner: "b", Life: "b1"}, Peer{Owner: "c", Life: "c1"}
	begin := func(d *desk, peers ...Peer) {
		for _, p := range peers {
			_, err := d.Attend(ctx, p, presence, true)
			d.must(err)
		}
	}
	over := func(d *desk) { begin(d, dead); d.pass(presence); begin(d, heir, other) }
	tests := map[string]struct {
		prepare func(*desk)
		adopter Peer
		err     error
	}{
		"over":                            {over, heir, nil},
		"alive":                           {func(d *desk) { begin(d, dead, heir) }, heir, ErrFenced},
		"unknown":                         {func(d *desk) { begin(d, heir) }, heir, ErrFenced},
		"another life of it is there":     {func(d *desk) { over(d); begin(d, Peer{Owner: "a", Life: "a2"}) }, heir, ErrFenced},
		"adopted by another":              {func(d *desk) { over(d); d.must(d.Adopt(ctx, dead, heir)) }, other, ErrFenced},
		"adopted by the same":             {func(d *desk) { over(d); d.must(d.Adopt(ctx, dead, heir)) }, heir, nil},
		"the adopter is over":             {func(d *desk) { over(d); d.must(d.Adopt(ctx, dead, heir)); d.pass(presence); begin(d, other) }, other, nil},
		"the adopter has another life":    {func(d *desk) { over(d); d.must(d.Adopt(ctx, dead, heir)); begin(d, Peer{Owner: "b", Life: "b2"}) }, other, nil},
		"the adopter departed":            {func(d *desk) { over(d); d.must(d.Adopt(ctx, dead, heir)); d.must(d.Depart(ctx, heir)) }, other, nil},
		"the adopter, in its second life": {func(d *desk) { over(d); d.must(d.Adopt(ctx, dead, heir)); begin(d, Peer{Owner: "b", Life: "b2"}) }, Peer{Owner: "b", Life: "b2"}, nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t, rdb, Config{})
			tt.prepare(d)
			if err := d.Adopt(ctx, dead, tt.adopter); !errors.Is(err, tt.err) {
				t.Fatalf("%v, want %v", err, tt.err)
			}
			if tt.err != nil {
				return
			}
			if _, err := d.attend("a", "a1", false); !errors.Is(err, ErrFenced) {
				t.Errorf("who was adopted goes on: %v", err)
			}
			peers, err := d.Attend(ctx, tt.adopter, presence, false)
			i := slices.IndexFunc(peers, func(p Peer) bool { return p.Owner == "a" })
			if err != nil || i < 0 || peers[i].By != tt.adopter.Owner || !peers[i].Over {
				t.Errorf("peers %+v, %v", peers, err)
			}
			if _, err := d.attend("a", "a2", true); err != nil {
				t.Errorf("its next life cannot begin: %v", err)
			}
		})
	}
}
