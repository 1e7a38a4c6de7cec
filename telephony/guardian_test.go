package telephony

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"hotline/queue"
	"hotline/queue/queuetest"
	"hotline/telephony/ari/asterisktest"
	"hotline/telephony/call"
)

// guard runs a guardian that loses patience soon. alive is what it is told of controllers while Redis is away.
func (s *scene) guard(alive bool) *Guardian {
	s.t.Helper()
	q, _ := s.index()
	g := NewGuardian(GuardianConfig{
		Lease: 3 * time.Second, Stale: 500 * time.Millisecond, Every: 50 * time.Millisecond, Alive: func(context.Context, string) bool { return alive },
	}, s.client("hotline-guardian"), q, []Gateway{s.gateway}, testLog(s.t), prometheus.NewRegistry())
	ctx, cancel := context.WithCancel(context.Background())
	ran := make(chan error, 1)
	go func() { ran <- g.Run(ctx) }()
	s.t.Cleanup(func() {
		cancel()
		if err := <-ran; err != nil {
			s.t.Errorf("guardian: %v", err)
		}
	})
	return g
}

// TestGuardianRescues: the controller is dead for good. Who waits goes to the fallback; who talks goes on, until the counsellor goes.
func TestGuardianRescues(t *testing.T) {
	t.Parallel()
	for name, redisUp := range map[string]bool{"Redis is up": true, "Redis is down": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newScene(t)
			r := s.start()
			talking, talk, b := s.talk("a1")
			waiting, id := s.waiting()
			g := s.guard(false)
			must(t, r.kill())
			if !redisUp {
				s.redis.Kill()
			}
			s.hears(waiting, fallbackHz)
			s.until("the guardian complains of the talk", func() bool { return testutil.ToFloat64(g.alarms) > 0 })
			s.hears(talking, counsellorHz)
			b.stop()
			s.hears(talking, fallbackHz)
			if redisUp {
				s.until("the index has neither", func() bool { return len(s.rows()) == 0 })
				s.start() // with an old idea of both, from their tags
				s.hears(waiting, fallbackHz)
				s.hears(talking, fallbackHz)
				leases, err := s.queue.Leases(t.Context())
				if err != nil || leases[queue.CallID(id)].Owner != guardianOwner || leases[queue.CallID(talk)].Owner != guardianOwner {
					t.Errorf("leases %v, %v", leases, err)
				}
			}
		})
	}
}

// TestGuardianLeavesTheLivingAlone, with Redis and without.
func TestGuardianLeavesTheLivingAlone(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	s.start()
	c, _ := s.waiting()
	g := s.guard(true)
	time.Sleep(time.Second) // several looks, longer than its patience
	s.redis.Kill()
	time.Sleep(time.Second)
	s.hears(c, asterisktest.HoldHz)
	if n := testutil.ToFloat64(g.rescued); n != 0 {
		t.Errorf("rescued %v", n)
	}
}

// TestGuardianTrustsNoOtherClock: that of Redis may be an hour behind. Only a lease that is not renewed is stale.
func TestGuardianTrustsNoOtherClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := NewGuardian(GuardianConfig{}, nil, nil, nil, slog.New(slog.DiscardHandler), prometheus.NewRegistry())
		leases := map[queue.CallID]queue.LeaseState{}
		look := func() bool {
			g.note(leases)
			return g.stale("c1", leases)
		}
		for range 10 {
			leases["c1"] = queue.LeaseState{Lease: queue.Lease{Call: "c1", Owner: "controller-1"}, Expires: time.Now().Add(-time.Hour)}
			if look() {
				t.Fatal("a lease that is renewed every second is stale")
			}
			time.Sleep(time.Second)
		}
		time.Sleep(2100 * time.Millisecond)
		if !look() {
			t.Error("a lease that nobody renews is not stale")
		}
		delete(leases, "c1")
		if !look() || len(g.signs) != 0 {
			t.Error("a lease that is gone is not stale, or is remembered")
		}
	})
}

// TestGuardianFinishesAHandOver: the controller wrote that the caller goes to the dialplan, and died before it said so to Asterisk.
func TestGuardianFinishesAHandOver(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	r := s.start()
	c, id := s.waiting()
	channel := channelOf(r, id)
	must(t, r.kill())
	tag := call.Call{ID: id, Line: "12355", State: call.Degraded, Tier: call.Normal, Arrived: time.Now()}.Encode("controller-1", 1)
	must(t, s.client("test").SetVar(t.Context(), channel, call.Variable, tag))
	s.guard(false)
	s.hears(c, fallbackHz)
}

// TestGuardianAndAChannelThatStays: whom the dialplan does not take is handed over again and again, because a caller may be there; a channel whose far
// end has hung up is hung up once and left alone. Each is told of once.
func TestGuardianAndAChannelThatStays(t *testing.T) {
	t.Parallel()
	for source, want := range map[string]string{"PJSIP/another-00000001": strings.Repeat(http.MethodPost+" ", 5), "PJSIP/carrier-00000001": http.MethodDelete + " "} {
		var asked strings.Builder
		asterisk := fakeARI(t, func(w http.ResponseWriter, r *http.Request) {
			switch {
			case r.Method != http.MethodGet:
				asked.WriteString(r.Method + " ")
				w.WriteHeader(http.StatusNoContent)
			case strings.HasSuffix(r.URL.Path, "/variable"):
				_, _ = fmt.Fprintf(w, `{"value":%q}`, source)
			default:
				_, _ = w.Write([]byte(`[{"id":"x","name":"PJSIP/carrier-00000001"}]`))
			}
		})
		said := &lines{}
		q, err := queue.New(queuetest.Open(t), queue.Config{Site: "test"})
		must(t, err)
		g := NewGuardian(GuardianConfig{Stale: time.Nanosecond}, asterisk, q, nil, slog.New(slog.NewTextHandler(said, nil)), prometheus.NewRegistry())
		for range 10 { // found, handed over, found, …
			must(t, g.look(t.Context()))
		}
		if asked.String() != want {
			t.Errorf("%s: %s", source, asked.String())
		}
		if n := strings.Count(string(said.text), "\n"); n > 2 || n == 0 {
			t.Errorf("%s: %s", source, said.text)
		}
	}
}
