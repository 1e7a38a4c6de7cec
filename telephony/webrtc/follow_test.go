package webrtc

import (
	"context"
	"errors"
	"net"
	"sync"
	"testing"
	"time"

	"hotline/test/ports"
)

// relay is a TCP relay that can be cut or frozen, as a process that is killed or stopped looks to its peers.
type relay struct {
	listener net.Listener
	target   string
	mu       sync.Mutex
	conns    []net.Conn
	frozen   chan struct{} // closed: nothing is passed on any more
	tasks    sync.WaitGroup
}

func openRelay(t *testing.T, target string) *relay {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &relay{listener: l, target: target, frozen: make(chan struct{})}
	r.tasks.Go(func() {
		for {
			in, err := l.Accept()
			if err != nil {
				return
			}
			out, err := net.Dial("tcp", r.target)
			if err != nil {
				_ = in.Close()
				continue
			}
			r.mu.Lock()
			r.conns = append(r.conns, in, out)
			r.mu.Unlock()
			r.tasks.Go(func() { r.pass(in, out) })
			r.tasks.Go(func() { r.pass(out, in) })
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		r.cut()
		r.tasks.Wait()
	})
	return r
}

func (r *relay) pass(from, to net.Conn) {
	buf := make([]byte, 4096)
	for {
		n, err := from.Read(buf)
		if err != nil {
			_ = to.Close()
			return
		}
		select {
		case <-r.frozen:
			continue
		default:
		}
		if _, err := to.Write(buf[:n]); err != nil {
			_ = from.Close()
			return
		}
	}
}

func (r *relay) cut() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, c := range r.conns {
		_ = c.Close()
	}
	r.conns = nil
}

// following runs Follow through a relay and hands out its events with their times.
func following(t *testing.T, address string) (events chan Event, stop func() error) {
	t.Helper()
	client := NewClient("http://"+address, testSecret)
	ctx, cancel := context.WithCancel(context.Background())
	events = make(chan Event, 100)
	ended := make(chan error, 1)
	go func() {
		ended <- client.Follow(ctx, func(e Event) error {
			events <- e
			return nil
		})
	}()
	once := sync.OnceValue(func() error {
		cancel()
		client.http.CloseIdleConnections()
		return <-ended
	})
	t.Cleanup(func() { _ = once() })
	return events, once
}

func next(t *testing.T, events chan Event, want EventType) Event {
	t.Helper()
	for {
		select {
		case e := <-events:
			if e.Type == EventQuality && want != EventQuality {
				continue
			}
			if e.Type != want {
				t.Fatalf("got %s, want %s", e.Type, want)
			}
			return e
		case <-time.After(10 * time.Second):
			t.Fatalf("no %s", want)
		}
	}
}

func TestFollowReconnects(t *testing.T) {
	r := start(t, nil, nil)
	wire := openRelay(t, r.g.Addr())
	events, stop := following(t, wire.listener.Addr().String())
	if e := next(t, events, EventSnapshot); e.Gateway != "gateway-1" || e.RTP != r.g.rtp.LocalAddr().String() || len(e.Legs) != 0 {
		t.Errorf("%+v", e)
	}
	r.connect("leg-1", "u-1")
	next(t, events, EventLeg)
	next(t, events, EventLeg)
	var e Event
	// A machine that is busy with something else can make one loss late, so it is late when each of three is.
	for try := 1; ; try++ {
		cut := time.Now()
		wire.cut()
		next(t, events, Lost)
		lost := time.Since(cut)
		e = next(t, events, EventSnapshot)
		back := time.Since(cut)
		t.Logf("lost after %v, back after %v", lost, back)
		if lost <= 100*time.Millisecond && back <= time.Second {
			break
		}
		if try == 3 {
			t.Fatal("late each time")
		}
	}
	if len(e.Legs) != 1 || e.Legs[0].ID != "leg-1" || e.Legs[0].State != Connected {
		t.Errorf("%+v", e)
	}
	if err := stop(); !errors.Is(err, context.Canceled) {
		t.Errorf("Follow ended with %v", err)
	}
}

// A gateway that is stopped (SIGSTOP) keeps its connections but answers no ping.
func TestFollowNoticesAFrozenGateway(t *testing.T) {
	r := start(t, nil, nil)
	wire := openRelay(t, r.g.Addr())
	events, _ := following(t, wire.listener.Addr().String())
	next(t, events, EventSnapshot)
	at := time.Now()
	close(wire.frozen)
	next(t, events, Lost)
	if passed := time.Since(at); passed > pongWithin+pingEvery+500*time.Millisecond {
		t.Errorf("noticed after %v", passed)
	}
}

// A gateway that is away from the start is told once, not at every try.
func TestFollowWithoutGateway(t *testing.T) {
	events, stop := following(t, ports.Address(t))
	next(t, events, Lost)
	select {
	case e := <-events:
		t.Errorf("then %+v", e)
	case <-time.After(200 * time.Millisecond):
	}
	_ = stop()
}

func TestFollowEndsWithItsFunction(t *testing.T) {
	r := start(t, nil, nil)
	enough := errors.New("enough")
	if err := r.client.Follow(context.Background(), func(Event) error { return enough }); !errors.Is(err, enough) {
		t.Errorf("ended with %v", err)
	}
}
