// Package robots plays counsellors without a browser. Each robot signs in to the console over HTTP, speaks the protocol of its websocket, has
// a WebRTC headset of its own that says something every 20 ms, takes every offer, and ends its wrap-up at once. It tells when it first heard a
// caller: the caller's own speech, known by its content, and neither hold audio nor comfort noise.
//
// A hundred and fifty of them cost about a fifth of a core, so that a load test measures the hotline and not its robots.
package robots

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	pion "github.com/pion/webrtc/v4"
	"golang.org/x/sync/errgroup"
)

// Account is how a robot signs in.
type Account struct{ Name, Password string }

// Kind says what happened to a robot.
type Kind int

// What a Watch is told, in the order of a turn.
const (
	Free    Kind = iota // said that it is free: the next caller may come
	Offered             // an offer rings; it is taken at once
	Joined              // the caller's speech was heard for the first time in this turn
	Over                // the call has ended, the console says
)

// Event is news of one robot.
type Event struct {
	Robot int // index of its account
	Kind  Kind
	At    time.Time
	Call  string // of Offered and Over
	Mark  uint64 // of Joined: what Hears found
}

// Config is a fleet of robots. Console, Voice and Hears are needed.
type Config struct {
	Console string // address, "http://127.0.0.1:5067"

	// Voice is the 20 ms of A-law (160 bytes) that a robot says again and again.
	Voice func(robot int) []byte
	// Hears looks at 20 ms of A-law and tells whether it is a caller's speech, and, where speech is marked, whose: a mark that is not 0 is heard
	// once. It is called for every packet of the first part of a turn, from many goroutines.
	Hears func(payload []byte) (mark uint64, ok bool)
	// Watch is told what happens, from many goroutines; it must not wait. May be nil.
	Watch func(Event)

	HangUp time.Duration // how long after its beginning a robot ends a talk; 0: it waits for the caller to leave
	Log    *slog.Logger  // of what goes wrong; default: nowhere
}

// Fleet is some robots at work.
type Fleet struct {
	cfg    Config
	robots []*robot
	voices *voices

	mu      sync.Mutex
	fault   error
	changed chan struct{} // closed and replaced when a robot's state changes
}

// Open signs all robots in and makes their headsets; they are not available yet. A fleet that is opened must be closed.
func Open(ctx context.Context, cfg Config, accounts []Account) (*Fleet, error) {
	if cfg.Console == "" || cfg.Voice == nil || cfg.Hears == nil {
		return nil, errors.New("robots: the configuration needs Console, Voice and Hears")
	}
	if cfg.Watch == nil {
		cfg.Watch = func(Event) {}
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	certificate, err := newCertificate()
	if err != nil {
		return nil, err
	}
	f := &Fleet{cfg: cfg, changed: make(chan struct{}), voices: newVoices()}
	var coming errgroup.Group
	coming.SetLimit(4) // each sign-in costs the console a slow hash
	for i, account := range accounts {
		r := &robot{fleet: f, index: i, certificate: []pion.Certificate{certificate}, pending: map[int64]chan reply{}}
		f.robots = append(f.robots, r)
		coming.Go(func() error { return r.open(ctx, account) })
	}
	if err := coming.Wait(); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// Ready makes the first n robots available and the others not, and returns when the console shows it. Robots in a talk come to it after the talk.
func (f *Fleet) Ready(ctx context.Context, n int) error {
	for i, r := range f.robots {
		r.want(i < n)
	}
	for {
		f.mu.Lock()
		changed, fault := f.changed, f.fault
		f.mu.Unlock()
		if fault != nil {
			return fault
		}
		var missing error
		for _, r := range f.robots {
			if state, ok := r.settled(); !ok {
				missing = fmt.Errorf("robots: robot %d is %s", r.index, state)
				break
			}
		}
		if missing == nil {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return errors.Join(missing, ctx.Err())
		}
	}
}

// Mute has robots who are in no talk close their microphones, as codecs do that send nothing of a silence: they send one packet a second. Without
// it every robot on duty speaks all the time.
func (f *Fleet) Mute(idle bool) {
	f.voices.mu.Lock()
	f.voices.seldom = idle
	f.voices.mu.Unlock()
}

// Err is the first fault of a robot that ended it.
func (f *Fleet) Err() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.fault
}

// Close ends the robots: their websockets and their headsets.
func (f *Fleet) Close() {
	f.voices.stop()
	var ending sync.WaitGroup
	for _, r := range f.robots {
		ending.Go(r.close)
	}
	ending.Wait()
}

// failed notes why a robot ended.
func (f *Fleet) failed(r *robot, err error) {
	f.cfg.Log.Error("a robot ended", "robot", r.index, "error", err)
	f.mu.Lock()
	if f.fault == nil {
		f.fault = fmt.Errorf("robots: robot %d: %w", r.index, err)
	}
	f.mu.Unlock()
	f.news()
}

func (f *Fleet) news() {
	f.mu.Lock()
	close(f.changed)
	f.changed = make(chan struct{})
	f.mu.Unlock()
}
