package robots_test

import (
	"context"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"hotline/audio"
	"hotline/queue"
	"hotline/telephony/phone"
	"hotline/test/robots"
	"hotline/test/stage"
)

const (
	callerHz = 440
	robotHz  = 1000 // a whole number of periods in 20 ms
)

// TestRobotServesACall: a caller dials, a robot answers, each hears the other's own speech; the caller leaves, the robot is free again, and the
// ledger has the call as answered.
func TestRobotServesACall(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	s := open(t, ctx)
	staff, err := s.Hire(ctx, 2, queue.Skills{"mandarin": 5})
	must(t, err)
	events := make(chan robots.Event, 100)
	voice := audio.PCMA.Encode(nil, audio.Sine(audio.Rate, robotHz, 0.5, 0, audio.FrameSamples))
	fleet, err := robots.Open(ctx, robots.Config{
		Console: s.Demo.Console,
		Voice:   func(int) []byte { return voice },
		Hears: func(payload []byte) (uint64, bool) {
			return 0, audio.Tone(audio.PCMA.Decode(nil, payload), audio.Rate, callerHz) > 0.8
		},
		Watch: func(e robots.Event) { events <- e },
		Log:   slog.New(slog.NewTextHandler(t.Output(), nil)),
	}, accounts(staff))
	must(t, err)
	defer fleet.Close()
	must(t, fleet.Ready(ctx, 1))

	c, err := phone.Dial(ctx, phone.Config{Server: s.Demo.SIP}, "12355")
	must(t, err)
	heard := make(chan struct{}, 1)
	c.OnPacket(func(p phone.Packet) {
		if audio.Tone(p.PCM, audio.Rate, robotHz) > 0.8 {
			select {
			case heard <- struct{}{}:
			default:
			}
		}
	})
	c.Play(phone.Tone(callerHz))
	offered := await(t, ctx, fleet, events, robots.Offered)
	joined := await(t, ctx, fleet, events, robots.Joined)
	if offered.Robot != 0 || joined.Robot != 0 {
		t.Errorf("robot %d was offered the call and %d heard it; only 0 is available", offered.Robot, joined.Robot)
	}
	select {
	case <-heard:
	case <-ctx.Done():
		t.Fatal("the caller does not hear the robot")
	}
	must(t, c.Hangup(ctx))
	over := await(t, ctx, fleet, events, robots.Over)
	await(t, ctx, fleet, events, robots.Free)
	must(t, fleet.Ready(ctx, 2))

	var rows []stage.Ended
	err = stage.Poll(ctx, 5*time.Second, func() bool { // it is written beside the index
		var err error
		rows, err = s.Ledger(ctx)
		must(t, err)
		return len(rows) > 0 && rows[0].Outcome != "open"
	})
	must(t, err)
	if len(rows) != 1 || rows[0].ID != over.Call || rows[0].Outcome != "answered" {
		t.Errorf("the ledger has %+v, want call %s answered", rows, over.Call)
	}
}

// open starts an instance whose prompts are short tones.
func open(t *testing.T, ctx context.Context) *stage.Stage {
	t.Helper()
	dir := t.TempDir()
	binary, err := stage.Build(ctx, dir)
	must(t, err)
	s, err := stage.Open(binary, filepath.Join(dir, "instance"))
	must(t, err)
	t.Cleanup(func() {
		if t.Failed() {
			t.Log(s.Story(40))
		}
		if err := s.Stop(); err != nil {
			t.Error(err)
		}
	})
	must(t, s.Speak())
	must(t, s.Start(ctx))
	return s
}

func accounts(staff []stage.User) []robots.Account {
	var all []robots.Account
	for _, u := range staff {
		all = append(all, robots.Account{Name: u.Name, Password: u.Password})
	}
	return all
}

// await is the next event of a kind.
func await(t *testing.T, ctx context.Context, f *robots.Fleet, events <-chan robots.Event, kind robots.Kind) robots.Event {
	t.Helper()
	for {
		select {
		case e := <-events:
			if e.Kind == kind {
				return e
			}
		case <-ctx.Done():
			t.Fatalf("no event of kind %d came: %v", kind, f.Err())
		}
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
