package telephony

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"hotline/telephony/alert"
	"hotline/telephony/alert/alerttest"
	"hotline/telephony/ari"
)

// world is an Asterisk in memory with one telephone, whose person answers after a while and presses a key whenever they were asked long enough.
type world struct {
	mu       sync.Mutex
	channels map[string]*ari.Channel
	dials    map[string]int // by alert, over all its channels
	heard    []string       // what the person was told: ends of playbacks
	key      string
	listen   func(ari.Event) // of whoever lives
}

const (
	answersAfter = 3 * time.Second
	pressesAfter = 2 * time.Second
	saidWithin   = time.Second
)

func (w *world) event(e ari.Event) {
	w.mu.Lock()
	listen := w.listen
	w.mu.Unlock()
	if listen != nil {
		listen(e)
	}
}

func (w *world) create(id string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.channels[id] == nil {
		w.channels[id] = &ari.Channel{ID: id, State: "Down"}
	}
}

func (w *world) dial(id string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	ch := w.channels[id]
	switch {
	case ch == nil:
		return &ari.Error{Status: 404}
	case ch.State != "Down":
		return &ari.Error{Status: 409}
	}
	ch.State = "Ringing"
	w.dials[strings.Split(id, ownerMark)[0]]++
	time.AfterFunc(answersAfter, func() {
		w.mu.Lock()
		ch := w.channels[id]
		if ch != nil {
			ch.State = stateUp
		}
		w.mu.Unlock()
		if ch != nil {
			w.event(ari.Event{Kind: ari.ChannelStateChange, Channel: ari.Channel{ID: id, State: stateUp}})
		}
	})
	return nil
}

func (w *world) play(id, playback string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.channels[id] == nil {
		return
	}
	if !strings.HasSuffix(playback, askingEnd) {
		w.heard = append(w.heard, playback)
		time.AfterFunc(saidWithin, func() { w.event(ari.Event{Kind: ari.PlaybackFinished, Playback: playback}) })
		return
	}
	time.AfterFunc(pressesAfter, func() {
		w.event(ari.Event{Kind: ari.ChannelDtmfReceived, Channel: ari.Channel{ID: id}, Digit: w.key})
	})
}

func (w *world) hangUp(id string) {
	w.mu.Lock()
	_, there := w.channels[id]
	delete(w.channels, id)
	w.mu.Unlock()
	if there {
		w.event(ari.Event{Kind: ari.ChannelDestroyed, Channel: ari.Channel{ID: id}, Cause: 16})
	}
}

func (w *world) list() []ari.Channel {
	w.mu.Lock()
	defer w.mu.Unlock()
	var all []ari.Channel
	for _, ch := range w.channels {
		all = append(all, *ch)
	}
	return all
}

// mortal is a life of a controller: everything that it asks of others is counted, and at one count it dies, before or after that was done.
type mortal struct {
	*alerttest.Fake
	w      *world
	mu     sync.Mutex
	steps  int
	last   string // what it died at
	dies   int    // at which step; 0: never
	before bool
	kill   context.CancelFunc
}

func (m *mortal) step(op string, f func()) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.steps++; m.steps == m.dies {
		if !m.before {
			f()
		}
		m.last = op
		m.kill()
		return context.Canceled
	}
	if m.dies > 0 && m.steps > m.dies {
		return context.Canceled
	}
	f()
	return nil
}

func stepped[T any](m *mortal, op string, f func() (T, error)) (v T, err error) {
	if dead := m.step(op, func() { v, err = f() }); dead != nil {
		err = dead
	}
	return v, err
}

func (m *mortal) Claim(ctx context.Context, owner string, lease time.Duration, most int) ([]alert.Call, error) {
	return stepped(m, "Claim", func() ([]alert.Call, error) { return m.Fake.Claim(ctx, owner, lease, most) })
}

func (m *mortal) Number(ctx context.Context, id, owner string) (string, error) {
	return stepped(m, "Number", func() (string, error) { return m.Fake.Number(ctx, id, owner) })
}

func (m *mortal) Placed(ctx context.Context, id, owner string) error {
	_, err := stepped(m, "Placed", func() (int, error) { return 0, m.Fake.Placed(ctx, id, owner) })
	return err
}

func (m *mortal) Done(ctx context.Context, id, owner string, r alert.Result) error {
	_, err := stepped(m, "Done", func() (int, error) { return 0, m.Fake.Done(ctx, id, owner, r) })
	return err
}

func (m *mortal) Extend(ctx context.Context, owner string, lease time.Duration, ids ...string) ([]string, error) {
	return stepped(m, "Extend", func() ([]string, error) { return m.Fake.Extend(ctx, owner, lease, ids...) })
}

func (m *mortal) Create(_ context.Context, id, _ string, _ map[string]string) error {
	return m.step("Create", func() { m.w.create(id) })
}

func (m *mortal) Dial(_ context.Context, id string, _ time.Duration) error {
	_, err := stepped(m, "Dial", func() (int, error) { return 0, m.w.dial(id) })
	return err
}

func (m *mortal) Hangup(_ context.Context, id, _ string) error {
	return m.step("Hangup", func() { m.w.hangUp(id) })
}

func (m *mortal) Play(_ context.Context, id, playback string, _ ...string) error {
	return m.step("Play", func() { m.w.play(id, playback) })
}

func (m *mortal) StopPlayback(context.Context, string) error {
	return m.step("StopPlayback", func() {})
}

func (m *mortal) GetVar(context.Context, string, string) (string, error) {
	return stepped(m, "GetVar", func() (string, error) { return "en", nil })
}

// live is a life of a controller's alerts in the world, until ctx ends. It looks at Asterisk at its beginning, and every ten seconds.
func (w *world) live(ctx context.Context, owner string, m *mortal) {
	m.w = w
	ctx, m.kill = context.WithCancel(ctx)
	over := map[string]bool{}
	var mu sync.Mutex
	var tasks sync.WaitGroup
	s := &alarms{
		cfg: Alerting{Calls: m, Dial: func(n string) (string, error) { return "PJSIP/" + n, nil }, Spoken: map[string]map[alert.Prompt][]string{"en": {
			alert.PromptAsk: {"x"}, alert.PromptAccepted: {"x"}, alert.PromptDeclined: {"x"}, alert.PromptOver: {"x"},
		}}}.withDefaults(),
		owner: owner, names: names{owner}, ari: m, log: slog.New(slog.DiscardHandler), ready: func() bool { return true }, begun: func() {}, live: map[string]*alarm{},
		beside: func(f func()) { tasks.Go(f) }, missed: func() {},
		ended: func(channel string) {
			mu.Lock()
			defer mu.Unlock()
			over[channel] = true
		},
	}
	w.mu.Lock()
	w.listen = func(e ari.Event) { s.tell(e) }
	w.mu.Unlock()
	look := func() {
		known := s.dialled()
		mu.Lock()
		defer mu.Unlock()
		s.compare(ctx, known, w.list(), over)
	}
	look()
	tasks.Go(func() { s.run(ctx) })
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for ctx.Err() == nil {
		select {
		case <-tick.C:
			look()
		case <-ctx.Done():
		}
	}
	w.mu.Lock()
	w.listen = nil
	w.mu.Unlock()
	tasks.Wait()
}

// TestKilledAtEveryStep: a controller dies at any of its steps, before or after it was done, and comes back, or another one is there. The telephone rings
// once, the person is told that it was noted only when it was, and in the end something is noted, which is what the person said if they were asked.
func TestKilledAtEveryStep(t *testing.T) {
	const most = 40
	deaths := map[string]bool{}
	for _, next := range []string{"c1", "c2"} {
		for _, before := range []bool{true, false} {
			for dies := 1; dies <= most; dies++ {
				t.Run(fmt.Sprintf("%s after %d %v", next, dies, before), func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						w := &world{channels: map[string]*ari.Channel{}, dials: map[string]int{}, key: "1"}
						f := &alerttest.Fake{}
						id := f.Add("u-1", "en", "1")
						short, done := context.WithTimeout(t.Context(), time.Minute)
						defer done()
						first := &mortal{Fake: f, dies: dies, before: before}
						w.live(short, "c1", first)
						ctx, stop := context.WithTimeout(t.Context(), time.Minute)
						defer stop()
						if short.Err() == nil {
							deaths[first.last] = true
							time.Sleep(time.Second)
							w.live(ctx, next, &mortal{Fake: f})
						}
						got := f.Result(id)
						for what, n := range w.dials {
							if n > 1 {
								t.Errorf("%s was dialled %d times", what, n)
							}
						}
						if len(w.dials) > 1 || got == "" || got != alert.Accepted && got != alert.Failed {
							t.Errorf("%q, %v", got, w.dials)
						}
						// Of the dead one's telephone only itself, or who acts under its name, knows; see Fleet.
						if next == "c1" && len(w.channels) > 0 {
							t.Errorf("a telephone is left: %v", w.list())
						}
						told := slices.ContainsFunc(w.heard, func(p string) bool { return strings.HasSuffix(p, tellingEnd) })
						if told && got != alert.Accepted || next == "c1" && len(w.dials) == 1 && got != alert.Accepted {
							t.Errorf("dialled %v, told %v, noted %q", w.dials, told, got)
						}
					})
				})
			}
		}
	}
	for _, op := range []string{"Claim", "Number", "Placed", "Create", "Dial", "StopPlayback", "Play", "Extend", "Done", "Hangup"} {
		if !deaths[op] {
			t.Errorf("it never died at %s: %v", op, deaths)
		}
	}
}
