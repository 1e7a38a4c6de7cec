package ari_test

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"hotline/audio"
	"hotline/telephony/ari"
	"hotline/telephony/ari/asterisktest"
	"hotline/telephony/phone"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// watch is a client whose events are kept and can be waited for.
type watch struct {
	*ari.Client
	t      testing.TB
	run    chan error
	mu     sync.Mutex
	events []ari.Event
	grew   chan struct{}
}

func start(t testing.TB, cfg ari.Config) *watch {
	t.Helper()
	c, err := ari.New(cfg, slog.New(slog.DiscardHandler), nil)
	if err != nil {
		t.Fatal(err)
	}
	w := &watch{Client: c, t: t, run: make(chan error, 1), grew: make(chan struct{}, 1)}
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() { w.run <- c.Run(ctx) })
	wg.Go(func() {
		for {
			e, err := c.Next(ctx)
			if err != nil {
				return
			}
			w.mu.Lock()
			w.events = append(w.events, e)
			w.mu.Unlock()
			select {
			case w.grew <- struct{}{}:
			default:
			}
		}
	})
	t.Cleanup(func() {
		cancel()
		wg.Wait()
		c.Close()
	})
	return w
}

// app is a client of a real node, connected.
func app(t testing.TB, n *asterisktest.Node, name string) *watch {
	t.Helper()
	w := start(t, ari.Config{URL: n.ARI, User: asterisktest.User, Password: asterisktest.Password, App: name})
	w.await(ari.Connected, nil)
	return w
}

// await gives the first event of this kind for which ok holds, waiting up to 10 s for it.
func (w *watch) await(kind ari.Kind, ok func(ari.Event) bool) ari.Event {
	w.t.Helper()
	return w.awaitNth(kind, 1, ok)
}

func (w *watch) awaitNth(kind ari.Kind, nth int, ok func(ari.Event) bool) ari.Event {
	w.t.Helper()
	deadline := time.After(10 * time.Second)
	for {
		n := 0
		for _, e := range w.all() {
			if e.Kind == kind && (ok == nil || ok(e)) {
				if n++; n == nth {
					return e
				}
			}
		}
		select {
		case <-w.grew:
		case <-deadline:
			w.t.Fatalf("no %s number %d within 10 s; events: %v", kind, nth, w.kinds())
		}
	}
}

func (w *watch) all() []ari.Event {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]ari.Event(nil), w.events...)
}

func (w *watch) kinds() []ari.Kind {
	var kinds []ari.Kind
	for _, e := range w.all() {
		kinds = append(kinds, e.Kind)
	}
	return kinds
}

func of(channel string) func(ari.Event) bool {
	return func(e ari.Event) bool { return e.Channel.ID == channel }
}

// must is for requests that have to succeed.
func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// caller dials into an application and sends a tone; the channel is answered and its StasisStart seen.
func caller(t testing.TB, n *asterisktest.Node, w *watch, hz float64) (*phone.Call, string) {
	t.Helper()
	known := map[string]bool{}
	for _, e := range w.all() {
		known[e.Channel.ID] = true
	}
	type result struct {
		c   *phone.Call
		err error
	}
	dialled := make(chan result, 1)
	go func() {
		c, err := phone.Dial(t.Context(), phone.Config{Server: n.SIP, From: "13800001111"}, "stasis-"+w.App())
		dialled <- result{c, err}
	}()
	e := w.await(ari.StasisStart, func(e ari.Event) bool { return !known[e.Channel.ID] })
	must(t, w.Answer(t.Context(), e.Channel.ID))
	r := <-dialled
	must(t, r.err)
	t.Cleanup(func() { _ = r.c.Hangup(context.Background()) })
	r.c.Play(phone.Tone(hz))
	return r.c, e.Channel.ID
}

// hears waits until the caller has heard a tone for 200 ms, and gives the arrival of its first packet.
func hears(t testing.TB, c *phone.Call, hz float64) time.Time {
	t.Helper()
	at, err := heardTone(c, hz, 10*time.Second)
	must(t, err)
	return at
}

func heardTone(c *phone.Call, hz float64, within time.Duration) (time.Time, error) {
	found := make(chan time.Time, 1)
	var first time.Time
	run := 0
	tone := audio.HasTone(hz, 0.8)
	c.OnPacket(func(p phone.Packet) {
		if !tone(p) {
			run = 0
			return
		}
		if run++; run == 1 {
			first = p.At
		}
		if run == 10 {
			select {
			case found <- first:
			default:
			}
		}
	})
	defer c.OnPacket(nil)
	select {
	case at := <-found:
		return at, nil
	case <-c.Done():
		return time.Time{}, errors.New("call ended before the tone was heard")
	case <-time.After(within):
		return time.Time{}, errors.New("tone was not heard")
	}
}
