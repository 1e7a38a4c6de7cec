package crisis_test

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"hotline/crisis"
	"hotline/storage"
	"hotline/storage/storagetest"
)

// With the clock of the wall: whoever tells a danger without knowing whom to alert, as a program that only has the database, is answered by the worker's loop
// well within the three seconds that a supervisor may take to see it; and the loop ends when it is told to.
func TestAnAlertIsThereWithinThreeSeconds(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, db *storage.DB) {
		s := newScene(t, db)
		quiet := slog.New(slog.DiscardHandler)
		open := func(people crisis.People) *crisis.Store {
			store, err := crisis.OpenStore(t.Context(), db, crisis.Config{Seal: s.keys, Policies: s.rules, People: people, Log: quiet})
			must(t, err)
			return store
		}
		w, err := crisis.NewWorker(open(s), crisis.WorkerConfig{Doer: s.doer, Log: quiet})
		must(t, err)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- w.Run(ctx) }()
		teller := open(nil)
		begin := time.Now()
		in, err := teller.Trigger(t.Context(), crisis.Trigger{Kind: crisis.TriggerDetector, Level: crisis.LevelHigh, Call: "c", By: "detector", Source: "d"})
		must(t, err)
		if in.Alarm.Now != nil {
			t.Fatal("somebody is alerted by whoever does not know whom")
		}
		for {
			alerts, err := teller.Alerts(t.Context())
			must(t, err)
			if len(alerts) > 0 {
				if alerts[0].User != "u-a" || alerts[0].Incident != in.ID {
					t.Errorf("%+v", alerts)
				}
				break
			}
			if time.Since(begin) > 3*time.Second {
				t.Fatal("no alert within three seconds")
			}
			time.Sleep(10 * time.Millisecond)
		}
		t.Logf("alerted after %s", time.Since(begin).Round(time.Millisecond))
		cancel()
		must(t, <-ended)
	})
}

// Nobody can say whom to alert: it is asked again every second, and the first who can be named is alerted; a fault elsewhere is tried again and does not
// stand in the way of other incidents.
func TestFaultsAreTriedAgain(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, db *storage.DB) {
		ctx, s := t.Context(), newScene(t, db)
		p := s.process()
		s.lost = true
		in, err := p.Trigger(ctx, crisis.Trigger{Kind: crisis.TriggerDanger, Call: "c", By: crisis.ByCaller, Source: "1"})
		must(t, err)
		for range 5 {
			s.pass(func() (int, error) { return p.Look(ctx) })
		}
		if in, err = p.Get(ctx, in.ID); err != nil || len(in.Alarm.Now) > 0 || s.now().Sub(in.Opened) > 6*time.Second {
			t.Fatalf("%+v, %v", in.Alarm, err)
		}
		s.lost = false
		s.pass(func() (int, error) { return p.Look(ctx) })
		if in, err = p.Get(ctx, in.ID); err != nil || len(in.Alarm.Now) != 1 || in.Alarm.Now[0].User != "u-a" || in.Alarm.Round != 1 {
			t.Fatalf("%+v, %v", in.Alarm, err)
		}

		act := func(by string) crisis.Act { return crisis.Act{By: by} }
		for _, fn := range []func() (crisis.Incident, error){
			func() (crisis.Incident, error) { return p.Acknowledge(ctx, in.ID, act("u-a"), crisis.ViaConsole) },
			func() (crisis.Incident, error) { return p.OnLine(ctx, in.ID, act("system"), "c", "u-agent") },
			func() (crisis.Incident, error) { return p.Assess(ctx, in.ID, act("u-agent"), crisis.LevelHigh, "", "") },
			func() (crisis.Incident, error) { return p.CallEnded(ctx, in.ID, act("system"), "c", false) },
			func() (crisis.Incident, error) { return p.Skip(ctx, in.ID, act("u-agent"), crisis.StepReach, "no") },
			func() (crisis.Incident, error) { return p.Confirm(ctx, in.ID, act("u-b"), "120", "telephone", "") },
		} {
			_, err := fn()
			must(t, err)
		}
		_, err = p.ProposeClosure(ctx, in.ID, act("u-agent"), "safe", "")
		barred, ok := errors.AsType[*crisis.NotReadyError](err)
		if !ok || !errors.Is(err, crisis.ErrNotReady) || len(barred.Missing) != 3 {
			t.Fatalf("%v", err)
		}
		for _, fn := range []func() (crisis.Incident, error){
			func() (crisis.Incident, error) {
				return p.Fact(ctx, in.ID, act("u-agent"), crisis.FactLocation, false, "")
			},
			func() (crisis.Incident, error) {
				return p.Consent(ctx, in.ID, act("u-agent"), crisis.ConsentNotPossible, "hung up")
			},
			func() (crisis.Incident, error) {
				return p.Measure(ctx, in.ID, act("u-agent"), "talk", crisis.MeasureNot, "")
			},
			func() (crisis.Incident, error) { return p.ProposeClosure(ctx, in.ID, act("u-agent"), "safe", "") },
			func() (crisis.Incident, error) { return p.ConfirmClosure(ctx, in.ID, act("u-b"), "") },
		} {
			_, err := fn()
			must(t, err)
		}
		s.doer.fail = errors.New("the database of follow-ups is away")
		tries := 0
		for range 4 {
			if _, err := p.Look(ctx); err != nil {
				tries++
			}
			s.to(s.now().Add(time.Minute))
		}
		s.doer.fail = nil
		s.settle(func() (int, error) { return p.Look(ctx) })
		if in, err = p.Get(ctx, in.ID); err != nil || tries != 4 || s.doer.planned[in.ID] != 1 || s.doer.talks[in.ID] != 1 || in.Planned.Done.IsZero() {
			t.Errorf("tried %d times, planned %d: %+v, %v", tries, s.doer.planned[in.ID], in.Planned, err)
		}
	})
}

// A program outside that says the same every second, each time with another figure, is one trigger a minute, and does not take a proposal to close back.
func TestADetectorThatRunsWildIsHeardOnce(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, db *storage.DB) {
		store := newScene(t, db).process()
		var in crisis.Incident
		for _, note := range []string{"silence 0.91", "silence 0.92", "silence 0.93"} {
			var err error
			in, err = store.Trigger(t.Context(), crisis.Trigger{Kind: crisis.TriggerDetector, Level: crisis.LevelModerate, Call: "c", By: "detector:d", Note: note, Source: note})
			must(t, err)
		}
		if len(in.Triggers) != 1 {
			t.Errorf("%+v", in.Triggers)
		}
		in, err := store.Trigger(t.Context(), crisis.Trigger{Kind: crisis.TriggerDetector, Level: crisis.LevelHigh, Call: "c", By: "detector:d", Note: "voice 0.99", Source: "high"})
		must(t, err)
		if len(in.Triggers) != 2 || in.Level != crisis.LevelHigh {
			t.Errorf("%+v", in)
		}
	})
}
