package webrtc

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	pion "github.com/pion/webrtc/v4"
)

// quick makes the watchdog fast enough for a test, with the proportions of the defaults.
func quick(c *Config) {
	c.SilenceAfter, c.CloseAfter, c.SuspectWindow, c.QualityEvery = 600*time.Millisecond, 1600*time.Millisecond, 240*time.Millisecond, 100*time.Millisecond
}

func TestWatchdog(t *testing.T) {
	r := start(t, nil, quick)
	b := r.connect("leg-1", "u-1")
	b.say(nil)
	quietAt := time.Now()
	r.await("silent", inState("leg-1", Silent))
	if passed := time.Since(quietAt); passed < 580*time.Millisecond || passed > 1200*time.Millisecond {
		t.Errorf("silent after %v", passed)
	}
	seen := r.seen()
	b.say(&tone{frequency: 1000})
	r.awaitAfter(seen, "connected again", inState("leg-1", Connected))
	seen = r.seen()
	b.say(nil)
	r.awaitAfter(seen, "silent again", inState("leg-1", Silent))
	r.await("closed", gone("leg-1", NoMedia))
	if err := r.client.Suspect(context.Background(), "leg-1"); !errors.Is(err, &Error{Code: NoLeg}) {
		t.Errorf("suspect of a leg that is gone: %v", err)
	}
}

// A page whose offer was answered but that never comes is given up.
func TestNeverConnects(t *testing.T) {
	r := start(t, nil, quick)
	b := openBrowser(t, pion.MimeTypePCMA)
	if _, err := r.client.CreateLeg(context.Background(), "leg-1", "u-1", b.offer(nil)); err != nil {
		t.Fatal(err)
	}
	r.await("connecting", inState("leg-1", Connecting))
	r.await("given up", gone("leg-1", NoMedia))
}

func TestSuspect(t *testing.T) {
	ctx := context.Background()
	r := start(t, nil, func(c *Config) {
		quick(c)
		c.SilenceAfter, c.SuspectWindow = 10*time.Second, 0 // what closes here closes by suspicion, in the default window
		c.QualityEvery = 200 * time.Millisecond
	})
	b := r.connect("leg-1", "u-1")
	if err := r.client.Suspect(ctx, "leg-1"); err != nil {
		t.Fatal(err)
	}
	figures := 0
	r.awaitAfter(r.seen(), "three intervals, longer than the window", func(e Event) bool {
		if e.Type == EventQuality {
			figures++
		}
		return figures >= 3
	})
	if _, err := r.g.find("leg-1"); err != nil {
		t.Fatalf("a leg that speaks was closed: %v", err)
	}
	b.say(nil) // the page went a moment before its websocket was missed
	asked := time.Now()
	if err := r.client.Suspect(ctx, "leg-1"); err != nil {
		t.Fatal(err)
	}
	r.await("closed", gone("leg-1", Suspect))
	if passed := time.Since(asked); passed > time.Second { // a caller must have hold audio by then
		t.Errorf("closed after %v", passed)
	}

	b = r.connect("leg-2", "u-1")
	b.say(nil)
	l, err := r.g.find("leg-2")
	if err != nil {
		t.Fatal(err)
	}
	for l.quiet() <= r.g.cfg.SuspectWindow { // no RTP for longer than the window already
		time.Sleep(5 * time.Millisecond)
	}
	if err := r.client.Suspect(ctx, "leg-2"); err != nil {
		t.Fatal(err)
	}
	r.await("closed at once", gone("leg-2", Suspect))
}

func TestBrowserCloses(t *testing.T) {
	r := start(t, nil, nil)
	b := r.connect("leg-1", "u-1")
	at := time.Now()
	b.stop()
	r.await("gone", gone("leg-1", Closed))
	if passed := time.Since(at); passed > time.Second {
		t.Errorf("noticed after %v", passed)
	}
}

func TestReplaced(t *testing.T) {
	r := start(t, nil, nil)
	r.connect("leg-1", "u-1")
	r.connect("leg-x", "u-2")
	second := openBrowser(t, pion.MimeTypePCMA)
	answer, err := r.client.CreateLeg(context.Background(), "leg-2", "u-1", second.offer(nil))
	if err != nil {
		t.Fatal(err)
	}
	r.await("second is there", inState("leg-2", Connecting))
	if _, err := r.g.find("leg-1"); err != nil {
		t.Fatalf("the first leg went before the second was connected: %v", err)
	}
	second.accept(answer)
	r.await("first replaced", gone("leg-1", Replaced))
	r.await("second connected", inState("leg-2", Connected))
	if _, err := r.g.find("leg-x"); err != nil {
		t.Errorf("another agent's leg went: %v", err)
	}
}

func TestCloseLeg(t *testing.T) {
	ctx := context.Background()
	r := start(t, nil, nil)
	b := r.connect("leg-1", "u-1")
	closed := make(chan struct{})
	b.pc.OnConnectionStateChange(func(s pion.PeerConnectionState) {
		if s == pion.PeerConnectionStateClosed {
			close(closed)
		}
	})
	if err := r.client.CloseLeg(ctx, "leg-1"); err != nil {
		t.Fatal(err)
	}
	r.await("gone", gone("leg-1", Closed))
	if err := r.client.CloseLeg(ctx, "leg-1"); err != nil {
		t.Errorf("closing again: %v", err)
	}
	if err := r.client.DropAsterisk(ctx, "leg-1", "node-1"); err != nil {
		t.Errorf("detaching a leg that is gone: %v", err)
	}
	select {
	case <-closed:
	case <-time.After(5 * time.Second):
		t.Error("the browser was not told")
	}
}

func TestShutdownTellsAll(t *testing.T) {
	tap := newMemory()
	r := start(t, tap, nil)
	r.connect("leg-1", "u-1")
	if err := r.client.StartRecording(context.Background(), "leg-1", "rec-1", "call-1", "12355", nil); err != nil {
		t.Fatal(err)
	}
	r.stop()
	r.await("gone", gone("leg-1", Shutdown))
	r.await("lost", func(e Event) bool { return e.Type == Lost })
	if take := tap.take("rec-1"); take == nil || !take.closed() {
		t.Error("the recording was not sealed")
	}
}

// An ICE restart, as after a change of the network, keeps the leg and its audio.
func TestRestart(t *testing.T) {
	ctx := context.Background()
	r := start(t, nil, nil)
	b := r.connect("leg-1", "u-1")
	n := openNode(t, r.g)
	if err := r.client.SetAsterisk(ctx, "leg-1", "node-1", n.addr()); err != nil {
		t.Fatal(err)
	}
	n.hears.await(t, 5)
	answer, err := r.client.Restart(ctx, "leg-1", b.offer(&pion.OfferOptions{ICERestart: true}))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(answer, "a=candidate:") {
		t.Error("the answer to a restart has no candidates")
	}
	b.accept(answer)
	n.hears.await(t, len(n.hears.all())+50)
	continuous(t, n.hears.all())
	if _, err := r.g.find("leg-1"); err != nil {
		t.Error(err)
	}
	for _, mime := range []string{pion.MimeTypePCMU, pion.MimeTypePCMA} { // another codec; another page
		if _, err := r.client.Restart(ctx, "leg-1", openBrowser(t, mime).offer(nil)); !errors.Is(err, &Error{Code: BadOffer}) {
			t.Errorf("restart by another page with %s: %v", mime, err)
		}
	}
	if _, err := r.client.Restart(ctx, "leg-9", b.offer(nil)); !errors.Is(err, &Error{Code: NoLeg}) {
		t.Errorf("restart of an unknown leg: %v", err)
	}
}

func TestQuality(t *testing.T) {
	r := start(t, nil, quick)
	r.connect("leg-1", "u-1")
	r.await("the quality of a leg on loopback", func(e Event) bool { // a busy machine may spoil some of the figures
		q := e.Quality
		return e.Type == EventQuality && e.Leg.ID == "leg-1" && q.RTT > 0 && q.RTT <= 100 && q.Jitter <= 20 && q.Loss == 0 && q.MOS >= 4
	})
	families, err := r.reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	found := false
	for _, f := range families {
		if f.GetName() == "hotline_gateway_mos" {
			found = f.GetMetric()[0].GetHistogram().GetSampleCount() > 0
		}
		for _, m := range f.GetMetric() {
			for _, label := range m.GetLabel() {
				if strings.Contains(label.GetValue(), "leg-1") || strings.Contains(label.GetValue(), "u-1") {
					t.Errorf("%s names a leg or an agent", f.GetName())
				}
			}
		}
	}
	if !found {
		t.Error("no histogram of the quality")
	}
}
