package telephony

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"

	"hotline/queue"
	"hotline/telephony/ari"
	"hotline/telephony/call"
)

// newIdle is a controller that does not run, with the Asterisk at a URL and no Redis.
func newIdle(t *testing.T, url string) *Controller {
	t.Helper()
	rdb := redis.NewClient(&redis.Options{Addr: "127.0.0.1:9", MaxRetries: -1, DialTimeout: 50 * time.Millisecond, DialerRetries: 1})
	t.Cleanup(func() { _ = rdb.Close() })
	q, err := queue.New(rdb, queue.Config{Site: "test"})
	must(t, err)
	client, err := ari.New(ari.Config{URL: url, User: "u", Password: "p", App: App("controller-1")}, slog.New(slog.DiscardHandler), nil)
	must(t, err)
	t.Cleanup(client.Close)
	c, err := New(Config{ID: "controller-1", Node: "node-1", Lease: time.Hour /* nobody renews it */, Lines: []Line{{ID: "12355", HoldClass: "hold", Languages: []string{"zh-CN"}, Prompts: map[string]map[call.Prompt]string{
		"zh-CN": {call.PromptGreeting: "sound:greeting"},
	}}}}, client, q, &books{closed: map[call.ID]call.Call{}}, nil, slog.New(slog.DiscardHandler), prometheus.NewRegistry(), nil)
	must(t, err)
	c.ctx = t.Context()
	return c
}

func newTestActor(c *Controller, s call.State) *actor {
	c.fence.hold(queue.Lease{Call: "c1", Owner: c.cfg.ID, Epoch: 1})
	return newActor(c, "channel-1", call.Call{ID: "c1", Line: "12355", State: s, Tier: call.Normal, Arrived: time.Now()}, "12355", "", 1)
}

// TestOverflowDoesNotWait: the loop posts to calls, so a full mailbox must not make it wait, least of all for itself.
func TestOverflowDoesNotWait(t *testing.T) {
	c := newIdle(t, "http://127.0.0.1:9/ari")
	a := newTestActor(c, call.Waiting)
	for range cap(c.work) {
		c.do(func() {})
	}
	posted := make(chan struct{})
	go func() {
		for range mailboxSize + 10 {
			a.post(call.Digit{At: now(), Digit: "1"})
		}
		close(posted)
	}()
	select {
	case <-posted:
	case <-time.After(5 * time.Second):
		t.Fatal("a full mailbox stops the loop for ever")
	}
	if !a.missed.Load() {
		t.Error("the loss was not noted")
	}
}

// TestHandOverIsRepeated: a caller whom Asterisk did not take in time must not be forgotten in Stasis.
func TestHandOverIsRepeated(t *testing.T) {
	var tries atomic.Int32
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if tries.Add(1) < 8 { // longer than other requests are repeated
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		w.WriteHeader(http.StatusNoContent)
	}))
	defer srv.Close()
	newTestActor(newIdle(t, srv.URL), call.Degraded).carryOut(call.Degrade{})
	if n := tries.Load(); n != 8 {
		t.Errorf("%d tries", n)
	}
}

// TestRefusedRelayIsClosed: the dialplan gives a caller of another site back without a note, so nobody else ends the ledger's row; left open, it would be
// taken for a caller who gave up, and who is to be called back.
func TestRefusedRelayIsClosed(t *testing.T) {
	for hops, closed := range map[string]bool{"": false, "city": true} {
		c := newIdle(t, "http://127.0.0.1:9/ari")
		a := newTestActor(c, call.Waiting)
		relayed := a.call
		relayed.Hops, relayed.State, relayed.Since = hops, call.Degraded, time.Now()
		a.close(relayed)
		done := make(chan struct{})
		a.books.do(a.ctx, func(context.Context) { close(done) })
		<-done
		got, ok := c.ledger.(*books).closed["c1"]
		if ok != closed || ok && (!got.Ended.Equal(relayed.Since) || got.Outcome() != call.HandedOver) {
			t.Errorf("by way of %q: closed %t: %+v", hops, ok, got)
		}
	}
}

// TestCallbackKnowsTheCaller: who was reached and is cut off finds the same counsellor when calling again, so the ledger must know whose the call was;
// who was not reached was not with us.
func TestCallbackKnowsTheCaller(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusNoContent) }))
	defer srv.Close()
	p := promised("13800003333")
	p.owner["t1"] = "controller-1"
	c := newIdle(t, srv.URL)
	c.cfg.Outbound.Callbacks, c.cfg.Outbound.Dial = p, func(number string) (string, error) { return "PJSIP/" + number + "@home", nil }
	a := newTestActor(c, call.Held)
	a.call.Task = "t1"
	a.dialCaller(a.ctx, a.call, 1)
	if r := a.record(a.call); p.placed["t1"] != 1 || r.Caller != "" {
		t.Errorf("placed %d times; before an answer %+v", p.placed["t1"], r)
	}
	reached := a.call
	reached.Talked = time.Now()
	if r := a.record(reached); r.Caller != "13800003333" {
		t.Errorf("reached: %+v", r)
	}
}

// TestPromiseOutlivesItsLine: whoever was promised a call gets it, also when the line was taken away.
func TestPromiseOutlivesItsLine(t *testing.T) {
	c := newIdle(t, "http://127.0.0.1:9/ari")
	for id, line := range map[call.ID]string{"c1": "12355", "c2": "gone"} {
		c.enter(CallbackTask{Task: "t" + string(id), Call: id, Line: line, Place: time.Now(), Tier: queue.TierNormal})
		if a := c.calls[id]; a == nil || a.line.ID != "12355" {
			t.Errorf("the callback of %s is not served: %+v", line, a)
		}
	}
}

// TestDrainGivesCallbacksBack: they may wait for hours, and nobody is on the line.
func TestDrainGivesCallbacksBack(t *testing.T) {
	c := newIdle(t, "http://127.0.0.1:9/ari")
	a := newTestActor(c, call.Waiting)
	a.task, c.calls[a.id] = "t1", a
	c.Drain()
	(<-c.work)()
	select {
	case e := <-a.mail:
		if _, ok := e.(call.Draining); !ok {
			t.Errorf("%T", e)
		}
	default:
		t.Error("the callback keeps the controller from ending")
	}
}

// TestStoodBackHearsNothing: an attempt of a call that somebody else took is not told to a goroutine that is gone, so that who adopts the call here
// later is told.
func TestStoodBackHearsNothing(t *testing.T) {
	for _, over := range []bool{true, false} {
		c := newIdle(t, "http://127.0.0.1:9/ari")
		a := newTestActor(c, call.Waiting)
		c.calls[a.id], c.outs["out-c1-1"] = a, &out{actor: a, n: 1}
		c.remove(a, over)
		if known, ended := c.outs["out-c1-1"] != nil, c.ended["out-c1-1"]; known != over || ended != over {
			t.Errorf("over %t: known %t, ended %t", over, known, ended)
		}
	}
}
