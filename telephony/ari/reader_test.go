package ari_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"hotline/telephony/ari"
)

func wantKinds(t *testing.T, w *watch, want ...ari.Kind) {
	t.Helper()
	if got := w.kinds(); len(got) < len(want) || !slices.Equal(got[:len(want)], want) {
		t.Errorf("events %v, want %v", got, want)
	}
}

func TestGapIsExplicitAndFollowedByConnected(t *testing.T) {
	f := serve(t,
		func(conn *websocket.Conn) { send(conn, stasisEnd("before")) },
		then(stasisEnd("after")))
	w := start(t, f.config())
	w.await(ari.StasisEnd, of("after"))
	wantKinds(t, w, ari.Connected, ari.StasisEnd, ari.Gap, ari.Connected, ari.StasisEnd)
	if opened, filters := f.counts(); opened != 2 || filters != 2 {
		t.Errorf("%d connections and %d event filters, want 2 and 2", opened, filters)
	}
}

func TestReplacedIsAFence(t *testing.T) {
	f := serve(t, then(stasisEnd("c"), `{"type":"ApplicationReplaced","application":"app"}`, stasisEnd("never")))
	c, err := ari.New(f.config(), slog.New(slog.DiscardHandler), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.Run(t.Context()); !errors.Is(err, ari.ErrReplaced) {
		t.Fatalf("Run ended with %v", err)
	}
	for _, want := range []ari.Kind{ari.Connected, ari.StasisEnd, ari.Replaced} {
		if e, err := c.Next(t.Context()); err != nil || e.Kind != want {
			t.Fatalf("%v %v, want %s", e.Kind, err, want)
		}
	}
	for range 2 {
		if e, err := c.Next(t.Context()); !errors.Is(err, ari.ErrReplaced) {
			t.Errorf("after the end: %v %v", e.Kind, err)
		}
	}
	if opened, _ := f.counts(); opened != 1 {
		t.Errorf("%d connections, want no reconnect", opened)
	}
}

func TestSlowTakerDelaysNobodyAndLosesNothing(t *testing.T) {
	const n = 20_000
	sent := make(chan time.Duration, 1)
	f := serve(t, func(conn *websocket.Conn) {
		began := time.Now()
		for i := range n {
			send(conn, stasisEnd(fmt.Sprint(i)))
		}
		sent <- time.Since(began)
		attend(conn)
	})
	cfg := f.config()
	cfg.ReadTimeout = 2 * time.Second
	c, err := ari.New(cfg, slog.New(slog.DiscardHandler), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	ctx, cancel := context.WithCancel(t.Context())
	ran := make(chan error, 1)
	go func() { ran <- c.Run(ctx) }()
	t.Log("sent in", <-sent) // the server is never held up although nobody takes
	if e, err := c.Next(ctx); err != nil || e.Kind != ari.Connected {
		t.Fatal(e, err)
	}
	for i := range n {
		e, err := c.Next(ctx)
		if err != nil || e.Channel.ID != fmt.Sprint(i) {
			t.Fatalf("event %d is %v of %q, %v", i, e.Kind, e.Channel.ID, err)
		}
	}
	cancel()
	if err := <-ran; !errors.Is(err, context.Canceled) {
		t.Errorf("Run ended with %v", err)
	}
}

func TestOverflowIsAGapAndANewConnection(t *testing.T) {
	f := serve(t,
		func(conn *websocket.Conn) {
			for i := range 100 {
				send(conn, stasisEnd(fmt.Sprint(i)))
			}
			attend(conn)
		},
		then(stasisEnd("after")))
	cfg := f.config()
	cfg.MaxQueue = 10
	c, err := ari.New(cfg, slog.New(slog.DiscardHandler), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	ctx, cancel := context.WithCancel(t.Context())
	ran := make(chan error, 1)
	go func() { ran <- c.Run(ctx) }()
	defer func() {
		cancel()
		if err := <-ran; !errors.Is(err, context.Canceled) {
			t.Errorf("ended with %v", err)
		}
	}()
	for {
		if opened, filters := f.counts(); opened == 2 && filters == 2 {
			break // nothing was taken until the overflow had happened
		}
		select {
		case <-time.After(time.Millisecond):
		case <-t.Context().Done():
			t.Fatal("no second connection")
		}
	}
	e, err := c.Next(ctx)
	if err != nil || e.Kind != ari.Gap || e.CauseText != "overflow" {
		t.Errorf("first %v %q %v, want the gap: what came before it is void", e.Kind, e.CauseText, err)
	}
	for _, want := range []ari.Kind{ari.Connected, ari.StasisEnd} {
		if e, err := c.Next(ctx); err != nil || e.Kind != want {
			t.Errorf("%v %v, want %s", e.Kind, err, want)
		}
	}
}

func TestUnknownEventsAreCountedAndSkipped(t *testing.T) {
	f := serve(t, then(`{"type":"SomethingNew","x":{"y":1}}`, `{"type":"ChannelVarset","variable":"a","value":"b"}`, stasisEnd("c")))
	reg := prometheus.NewRegistry()
	c, err := ari.New(f.config(), slog.New(slog.DiscardHandler), reg)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	ctx, cancel := context.WithCancel(t.Context())
	ran := make(chan error, 1)
	go func() { ran <- c.Run(ctx) }()
	for _, want := range []ari.Kind{ari.Connected, ari.StasisEnd} {
		if e, err := c.Next(ctx); err != nil || e.Kind != want {
			t.Errorf("%v %v, want %s", e.Kind, err, want)
		}
	}
	want := `# HELP hotline_ari_events_skipped_total Events that were not handed on, by reason.
# TYPE hotline_ari_events_skipped_total counter
hotline_ari_events_skipped_total{reason="unknown"} 1
hotline_ari_events_skipped_total{reason="unused"} 1
`
	if err := testutil.GatherAndCompare(reg, strings.NewReader(want), "hotline_ari_events_skipped_total"); err != nil {
		t.Error(err)
	}
	cancel()
	if err := <-ran; !errors.Is(err, context.Canceled) {
		t.Errorf("ended with %v", err)
	}
}

func TestMalformedEventAsksForAResyncAndIsNotLogged(t *testing.T) {
	const number = "13912345678"
	bad := `{"type":"StasisEnd","channel":{"caller":{"number":"` + number + `"}`
	f := serve(t, then(stasisEnd("a"), bad, bad, bad, stasisEnd("c")))
	var log bytes.Buffer
	c, err := ari.New(f.config(), slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	ctx, cancel := context.WithCancel(t.Context())
	ran := make(chan error, 1)
	go func() { ran <- c.Run(ctx) }()
	// Three malformed events ask for one to three resyncs, as many as the taker was quick to begin.
	var kinds []ari.Kind
	for len(kinds) == 0 || kinds[len(kinds)-1] != ari.StasisEnd || len(kinds) < 3 {
		e, err := c.Next(ctx)
		if err != nil {
			t.Fatal(err)
		}
		kinds = append(kinds, e.Kind)
	}
	pairs := len(kinds)/2 - 1
	want := append([]ari.Kind{ari.Connected, ari.StasisEnd}, slices.Repeat([]ari.Kind{ari.Gap, ari.Connected}, max(1, pairs))...)
	if want = append(want, ari.StasisEnd); !slices.Equal(kinds, want) {
		t.Errorf("events %v, want %v", kinds, want)
	}
	if opened, _ := f.counts(); opened != 1 {
		t.Errorf("%d connections: a malformed event must not cost the connection", opened)
	}
	cancel()
	if err := <-ran; !errors.Is(err, context.Canceled) {
		t.Errorf("ended with %v", err)
	}
	if strings.Contains(log.String(), number) {
		t.Error("the log holds a caller's number")
	}
}

// TestHalfOpen: the server accepts, answers no ping and sends nothing, as a host does that lost its network.
func TestHalfOpen(t *testing.T) {
	gone := make(chan struct{})
	f := serve(t,
		func(*websocket.Conn) { <-gone },
		then(stasisEnd("after")))
	began := time.Now()
	w := start(t, f.config())
	w.await(ari.StasisEnd, of("after"))
	close(gone)
	wantKinds(t, w, ari.Connected, ari.Gap, ari.Connected, ari.StasisEnd)
	if g := w.await(ari.Gap, nil); g.CauseText != "half_open" {
		t.Errorf("reason %q", g.CauseText)
	}
	if d := time.Since(began); d > 2*time.Second {
		t.Errorf("noticed after %v, the read timeout is 200 ms", d)
	}
}

// patient is a read timeout that no pause of a busy machine exceeds.
const patient = time.Second

func TestQuietButAliveConnectionStays(t *testing.T) {
	release := make(chan struct{})
	f := serve(t, func(conn *websocket.Conn) {
		go func() {
			<-release
			send(conn, stasisEnd("c"))
		}()
		attend(conn)
	})
	cfg := f.config()
	cfg.ReadTimeout = patient
	w := start(t, cfg)
	w.await(ari.Connected, nil)
	<-time.After(2 * patient) // two read timeouts in which only pings pass
	close(release)
	w.await(ari.StasisEnd, of("c"))
	wantKinds(t, w, ari.Connected, ari.StasisEnd)
}

func TestOversizedEventCostsTheConnection(t *testing.T) {
	f := serve(t,
		then(`{"type":"StasisEnd","pad":"`+strings.Repeat("x", 3000)+`","channel":{"id":"big"}}`),
		then(stasisEnd("after")))
	cfg := f.config()
	cfg.MaxMessage = 2000
	w := start(t, cfg)
	w.await(ari.StasisEnd, of("after"))
	wantKinds(t, w, ari.Connected, ari.Gap, ari.Connected, ari.StasisEnd)
	if g := w.await(ari.Gap, nil); g.CauseText != "oversized" {
		t.Errorf("reason %q", g.CauseText)
	}
}

func TestRefusedConnectionsAreRetriedWithoutAGap(t *testing.T) {
	f := serve(t, then(stasisEnd("c")))
	f.refuse = 5
	w := start(t, f.config())
	w.await(ari.StasisEnd, of("c"))
	wantKinds(t, w, ari.Connected, ari.StasisEnd)
}

func TestFailedEventFilterIsLivedWith(t *testing.T) {
	f := serve(t, then(stasisEnd("c")))
	f.filter = http.StatusInternalServerError
	w := start(t, f.config())
	w.await(ari.StasisEnd, of("c"))
	wantKinds(t, w, ari.Connected, ari.StasisEnd)
}

func TestConfigIsChecked(t *testing.T) {
	good := ari.Config{URL: "http://127.0.0.1:8088/ari", User: "u", Password: "p", App: "a"}
	for name, spoil := range map[string]func(*ari.Config){
		"no url":      func(c *ari.Config) { c.URL = "" },
		"not http":    func(c *ari.Config) { c.URL = "ws://127.0.0.1/ari" },
		"no user":     func(c *ari.Config) { c.User = "" },
		"no password": func(c *ari.Config) { c.Password = "" },
		"no app":      func(c *ari.Config) { c.App = "" },
		"two apps":    func(c *ari.Config) { c.App = "a,b" },
		"deaf":        func(c *ari.Config) { c.PingEvery, c.ReadTimeout = time.Second, time.Second },
	} {
		cfg := good
		spoil(&cfg)
		if _, err := ari.New(cfg, slog.New(slog.DiscardHandler), nil); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if _, err := ari.New(good, slog.New(slog.DiscardHandler), nil); err != nil {
		t.Error(err)
	}
}

// TestDeafConnectionIsReplaced: pings are answered, but events do not come, or the application is not known any more.
func TestDeafConnectionIsReplaced(t *testing.T) {
	for name, status := range map[string]int{"events do not come": http.StatusNoContent, "the application is not known": http.StatusNotFound} {
		t.Run(name, func(t *testing.T) {
			f := serve(t, then(), then(stasisEnd("after")))
			f.echoed = status
			cfg := f.config()
			cfg.EchoEvery = 50 * time.Millisecond
			w := start(t, cfg)
			w.await(ari.StasisEnd, of("after"))
			if g := w.await(ari.Gap, nil); g.CauseText != "deaf" {
				t.Errorf("reason %q", g.CauseText)
			}
		})
	}
}

// TestConnectionThatHearsStays, however quiet it is.
func TestConnectionThatHearsStays(t *testing.T) {
	var mu sync.Mutex
	var on *websocket.Conn
	release := make(chan struct{})
	f := serve(t, func(conn *websocket.Conn) {
		mu.Lock()
		on = conn
		mu.Unlock()
		go func() {
			<-release
			mu.Lock()
			defer mu.Unlock()
			send(conn, stasisEnd("c"))
		}()
		attend(conn)
	})
	f.echo = func(event string) {
		mu.Lock()
		defer mu.Unlock()
		send(on, `{"type":"ChannelUserevent","application":"app","eventname":"`+event+`","userevent":{}}`)
	}
	cfg := f.config()
	cfg.EchoEvery, cfg.ReadTimeout = 20*time.Millisecond, patient
	w := start(t, cfg)
	w.await(ari.Connected, nil)
	<-time.After(2 * patient) // twice as long as an answer may take
	close(release)
	w.await(ari.StasisEnd, of("c"))
	wantKinds(t, w, ari.Connected, ari.StasisEnd)
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.echoes < 5 {
		t.Errorf("%d proofs", f.echoes)
	}
}
