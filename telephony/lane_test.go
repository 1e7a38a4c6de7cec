package telephony

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"hotline/telephony/ari"
	"hotline/telephony/call"
)

func TestLaneKeepsOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l lane
		var mu sync.Mutex
		var got []int
		for i := range 100 {
			l.do(t.Context(), func(context.Context) {
				time.Sleep(time.Duration(i%3) * time.Millisecond)
				mu.Lock()
				got = append(got, i)
				mu.Unlock()
			})
		}
		time.Sleep(time.Second)
		mu.Lock()
		defer mu.Unlock()
		if len(got) != 100 || !slices.IsSorted(got) {
			t.Errorf("order %v", got)
		}
	})
}

func TestAgain(t *testing.T) {
	fault := errors.New("fault")
	for name, tt := range map[string]struct {
		limit time.Duration
		f     func(try int) (bool, error)
		want  error
		tries int
	}{
		"succeeds later":        {0, func(n int) (bool, error) { return false, map[bool]error{true: nil, false: fault}[n == 4] }, nil, 4},
		"repeating is useless":  {0, func(int) (bool, error) { return true, fault }, fault, 1},
		"the time is over":      {time.Second, func(int) (bool, error) { return false, fault }, fault, 5}, // at 0, 50, 150, 350, 750 ms
		"succeeds the 1st time": {time.Second, func(int) (bool, error) { return false, nil }, nil, 1},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tries := 0
				err := again(t.Context(), tt.limit, func(context.Context) (bool, error) {
					tries++
					return tt.f(tries)
				})
				if !errors.Is(err, tt.want) || tries != tt.tries {
					t.Errorf("%v after %d tries", err, tries)
				}
			})
		})
	}
}

func TestPlaceReadsOurNames(t *testing.T) {
	own, other := names{"controller-1"}, names{"controller-11"}
	for _, name := range []string{other.leg("l1"), other.hold("12355"), "leg-l1", own.media("l1")} {
		if p := own.place(name); p != (call.Place{}) {
			t.Errorf("%s: %+v", name, p)
		}
	}
	if leg, ok := own.legOfMedia(own.media("l1")); leg != "l1" || !ok {
		t.Errorf("media channel of %q, %t", leg, ok)
	}
	if _, ok := own.legOfMedia(other.media("l1")); ok {
		t.Error("a peer's media channel was taken for an own one")
	}
	for name, owner := range map[string]string{
		own.leg("l1"): "controller-1", ari.KeeperPrefix + other.hold("a@b"): "controller-11", own.media("l1"): "controller-1", "1700000000.1": "", "leg-l1": "",
	} {
		if got := ownerOf(name); got != owner {
			t.Errorf("owner of %s: %q", name, got)
		}
	}
	if p := own.place(own.leg("l1")); p.Leg != "l1" || p.Line != "" {
		t.Errorf("leg: %+v", p)
	}
	if p := own.place(own.hold("12355")); p.Line != "12355" || p.Leg != "" {
		t.Errorf("line: %+v", p)
	}
	if p := own.place("somebody-elses"); p.Leg != "" || p.Line != "" {
		t.Errorf("other: %+v", p)
	}
}
