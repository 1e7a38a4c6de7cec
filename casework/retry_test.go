package casework

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"
)

func zone(t testing.TB, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	must(t, err)
	return z
}

func TestRetryNext(t *testing.T) {
	sh := zone(t, "Asia/Shanghai")
	day := func(h, m int) time.Time { return time.Date(2025, 5, 1, h, m, 0, 0, sh) }
	usual := Retry{Attempts: 5, Every: 15 * time.Minute, Most: 2 * time.Hour, Hours: DefaultHours(sh)}
	for name, tt := range map[string]struct {
		retry    Retry
		attempts int
		last     time.Time
		urgent   bool
		want     time.Time // zero: a person decides
	}{
		"after the first":                      {usual, 1, day(10, 0), false, day(10, 15)},
		"pauses grow":                          {usual, 3, day(10, 0), false, day(11, 0)},
		"up to the longest":                    {Retry{Attempts: 9, Every: 30 * time.Minute, Most: time.Hour, Hours: DefaultHours(sh)}, 6, day(10, 0), false, day(11, 0)},
		"then a person decides":                {usual, 5, day(10, 0), false, time.Time{}},
		"not in the night":                     {usual, 1, day(21, 50), false, day(32, 0)},
		"not before the morning":               {usual, 1, day(3, 0), false, day(8, 0)},
		"ten at night is night":                {usual, 1, day(21, 45), false, day(32, 0)},
		"a minute before is not":               {usual, 1, day(21, 44), false, day(21, 59)},
		"at risk: in the night, and no longer": {usual, 3, day(23, 0), true, day(23, 15)},
		"at risk: a person decides in the end": {usual, 5, day(23, 0), true, time.Time{}},
		"a line without a night":               {Retry{Attempts: 3, Every: time.Minute, Hours: Hours{Zone: sh}}, 1, day(23, 59), false, day(24, 0)},
		"hours over midnight, in":              {Retry{Hours: Hours{From: 20 * time.Hour, To: 2 * time.Hour, Zone: sh}}, 1, day(1, 0), false, day(1, 15)},
		"hours over midnight, out":             {Retry{Hours: Hours{From: 20 * time.Hour, To: 2 * time.Hour, Zone: sh}}, 1, day(1, 50), false, day(20, 0)},
		"defaults":                             {Retry{Hours: Hours{Zone: sh}}, 2, day(10, 0), false, day(10, 30)},
		"defaults end after three":             {Retry{Hours: Hours{Zone: sh}}, 3, day(10, 0), false, time.Time{}},
	} {
		t.Run(name, func(t *testing.T) {
			got, ok := tt.retry.Next(tt.attempts, tt.last, tt.urgent)
			if ok != !tt.want.IsZero() || ok && !got.Equal(tt.want) {
				t.Errorf("got %v, %t, want %v", got, ok, tt.want)
			}
		})
	}
}

// The clocks are put forward and back: hours are those on the wall.
func TestHoursOnTheWall(t *testing.T) {
	h := DefaultHours(zone(t, "Europe/Berlin"))
	for _, day := range []string{"2025-03-30", "2025-10-26", "2025-06-15"} {
		night, err := time.ParseInLocation(time.DateTime, day+" 01:30:00", h.Zone)
		must(t, err)
		if got := h.After(night).In(h.Zone).Format(time.DateTime); got != day+" 08:00:00" {
			t.Errorf("%s: %s", day, got)
		}
	}
}

// Whatever the rules and the time: the next attempt is later, within the hours unless at risk, never a day too late, and attempts end.
func TestRetryProperties(t *testing.T) {
	zones := []*time.Location{time.UTC, zone(t, "Asia/Shanghai"), zone(t, "Europe/Berlin"), zone(t, "America/St_Johns")}
	for seed := range uint64(2000) {
		r := rand.New(rand.NewPCG(seed, 1))
		retry := Retry{
			Attempts: 1 + r.IntN(20), Every: time.Minute + time.Duration(r.IntN(1439))*time.Minute,
			Hours: Hours{From: time.Duration(r.IntN(24)) * time.Hour, To: time.Duration(r.IntN(24)) * time.Hour, Zone: zones[r.IntN(len(zones))]},
		}
		retry.Most = retry.Every + time.Duration(r.Int64N(int64(24*time.Hour-retry.Every)+1))
		must(t, retry.Validate())
		urgent := r.IntN(3) == 0
		at := time.Date(2025, 1, 1, 0, 0, r.IntN(365*86400), 0, time.UTC)
		at = retry.First(at, urgent)
		pause := time.Duration(0)
		for n := 1; ; n++ {
			if !urgent && !retry.Hours.Allow(at) {
				t.Fatalf("seed %d: attempt %d at %s is out of hours %+v", seed, n, at.In(retry.Hours.Zone), retry.Hours)
			}
			next, ok := retry.Next(n, at, urgent)
			if ok != (n < retry.Attempts) {
				t.Fatalf("seed %d: attempt %d of %d: %t", seed, n, retry.Attempts, ok)
			}
			if !ok {
				break
			}
			wait := next.Sub(at)
			if wait < min(retry.Every, retry.Most) || wait > retry.Most+25*time.Hour {
				t.Fatalf("seed %d: %s after attempt %d: %+v", seed, wait, n, retry)
			}
			if always := retry.Hours.From == retry.Hours.To; always && !urgent && wait < pause {
				t.Fatalf("seed %d: pauses shrink: %s after %s", seed, wait, pause)
			}
			at, pause = next, wait
		}
	}
}

func TestRetryValidate(t *testing.T) {
	must(t, Retry{}.Validate())
	for _, bad := range []Retry{
		{Attempts: -1}, {Attempts: 21}, {Every: time.Second}, {Every: 25 * time.Hour}, {Every: time.Hour, Most: time.Minute}, {Hours: Hours{From: -1}},
		{Hours: Hours{To: 25 * time.Hour}},
	} {
		if bad.Validate() == nil {
			t.Errorf("%+v was accepted", bad)
		}
	}
}

// After decides what a task becomes; every result of the machine and of people is here.
func TestAfter(t *testing.T) {
	retry := Retry{Attempts: 3, Hours: Hours{Zone: time.UTC}}
	for name, tt := range map[string]struct {
		attempts int
		a        Attempt
		want     string
	}{
		"reached":                 {1, Attempt{Result: ResultReached, Who: "u-1"}, "done reached 0"},
		"busy":                    {1, Attempt{Result: ResultBusy}, "open  900"},
		"no answer, again":        {2, Attempt{Result: ResultNoAnswer}, "open  1800"},
		"no answer, the last":     {3, Attempt{Result: ResultNoAnswer}, "given_up  0"},
		"failed":                  {1, Attempt{Result: ResultFailed, Q850: 34}, "open  900"},
		"the number is no number": {1, Attempt{Result: ResultFailed, Q850: 1}, "given_up  0"},
		"wrong person":            {1, Attempt{Result: ResultWrongPerson}, "open  900"},
		"refused":                 {1, Attempt{Result: ResultRefused, Who: "u-1"}, "cancelled refused 0"},
		"given up":                {1, Attempt{Result: ResultGivenUp}, "given_up  0"},
	} {
		t.Run(name, func(t *testing.T) {
			tt.a.At = noon
			next := after(Task{State: TaskWorking, Attempts: tt.attempts, NextTry: noon}, tt.a, retry)
			if got := fmt.Sprintf("%s %s %.0f", next.State, next.ClosedWhy, next.NextTry.Sub(noon).Seconds()); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
	for cause, want := range map[int]Result{17: ResultBusy, 19: ResultNoAnswer, 16: ResultNoAnswer, 21: ResultNoAnswer, 1: ResultFailed, 0: ResultFailed} {
		if got := ResultOf(cause); got != want {
			t.Errorf("cause %d: %s", cause, got)
		}
	}
}
