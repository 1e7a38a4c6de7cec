package shiftover

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"testing"
	"time"

	"hotline/casework"
	"hotline/storage"
	"hotline/storage/storagetest"
)

func TestMain(m *testing.M) { os.Exit(storagetest.Main(m)) }

// shelf keeps cases in memory; it fails when told to.
type shelf struct {
	cases []Case
	moved []string
	fail  error
}

func (s *shelf) Open(context.Context) ([]Case, error) { return s.cases, nil }

func (s *shelf) Move(_ context.Context, c Case, to, offer string) error {
	if s.fail != nil {
		return s.fail
	}
	s.moved = append(s.moved, c.ID+">"+to)
	for i := range s.cases {
		if s.cases[i].ID == c.ID {
			s.cases[i].Owner = to
		}
	}
	_ = offer
	return nil
}

func owner(t *testing.T, s *Store, id string) string {
	t.Helper()
	c, err := s.find(t.Context(), FollowUp, id)
	if err != nil {
		c, err = s.find(t.Context(), Incident, id)
	}
	if err != nil {
		t.Fatal(err)
	}
	return c.Owner
}

func TestHandOver(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, db *storage.DB) {
		ctx, dir := t.Context(), t.TempDir()
		if err := casework.CreateKeys(dir); err != nil {
			t.Fatal(err)
		}
		keys, err := casework.LoadKeys(dir, "CN")
		if err != nil {
			t.Fatal(err)
		}
		tasks := &shelf{cases: []Case{{Kind: FollowUp, ID: "f1", Owner: "u-1"}, {Kind: FollowUp, ID: "f2", Owner: "u-2"}}}
		incidents := &shelf{cases: []Case{{Kind: Incident, ID: "i1:counsellor", Owner: "u-1"}}}
		s, err := Open(ctx, db, keys, map[Kind]Source{FollowUp: tasks, Incident: incidents})
		if err != nil {
			t.Fatal(err)
		}
		clock := time.Date(2025, 5, 1, 20, 0, 0, 0, time.UTC)
		s.now = func() time.Time { return clock }

		o, err := s.Offer(ctx, FollowUp, "f1", "u-2", "u-1", "今晚九点前给她打电话", false)
		again, errAgain := s.Offer(ctx, FollowUp, "f1", "u-2", "u-1", "今晚九点前给她打电话", false)
		if err != nil || errAgain != nil || again.ID != o.ID || o.State != Offered {
			t.Fatalf("%+v, %v; %+v, %v", o, err, again, errAgain)
		}
		for name, err := range map[string]error{
			"somebody else's": first(s.Offer(ctx, FollowUp, "f2", "u-3", "u-1", "", false)), "to who has it": first(s.Offer(ctx, FollowUp, "f2", "u-2", "u-2", "", false)),
			"no such": first(s.Offer(ctx, FollowUp, "f9", "u-2", "u-1", "", false)), "accepted by another": first(s.Accept(ctx, o.ID, "u-3")),
			"declined without a reason": first(s.Decline(ctx, o.ID, "u-2", "")), "withdrawn by another": first(s.Withdraw(ctx, o.ID, "u-2")),
		} {
			if err == nil {
				t.Errorf("%s: no error", name)
			}
		}
		if c, err := s.Waiting(ctx); err != nil || c.For["u-2"] != 1 || c.Climbed != 0 {
			t.Errorf("%+v, %v", c, err)
		}
		// It is the giver's until it is accepted; not accepted in time it climbs, and can still be accepted.
		clock = clock.Add(Patience)
		if err := s.Look(ctx); err != nil {
			t.Fatal(err)
		}
		if c, err := s.Waiting(ctx); err != nil || c.Climbed != 1 || owner(t, s, "f1") != "u-1" {
			t.Errorf("%+v, %v", c, err)
		}
		// The process dies, or the keeper is away, between the acceptance and the move: it is moved by the next look, once.
		tasks.fail = errors.New("away")
		if o, err = s.Accept(ctx, o.ID, "u-2"); err != nil || o.State != Accepted {
			t.Errorf("%+v, %v", o, err)
		}
		if err := s.Look(ctx); err == nil {
			t.Error("nobody complains")
		}
		tasks.fail = nil
		for range 2 {
			if err := s.Look(ctx); err != nil {
				t.Error(err)
			}
		}
		if len(tasks.moved) != 1 || owner(t, s, "f1") != "u-2" {
			t.Errorf("moved %v", tasks.moved)
		}
		if _, err := s.Accept(ctx, o.ID, "u-2"); err != nil {
			t.Errorf("again: %v", err)
		}
		if _, err := s.Decline(ctx, o.ID, "u-2", "做不了了"); !errors.Is(err, ErrOver) {
			t.Errorf("%v", err)
		}

		// Declined, it stays with the giver, who is told why.
		o, err = s.Offer(ctx, Incident, "i1:counsellor", "u-2", "u-1", "", false)
		if err != nil {
			t.Fatal(err)
		}
		clock = clock.Add(time.Second)
		if o, err = s.Decline(ctx, o.ID, "u-2", "我也要下班了"); err != nil || owner(t, s, "i1:counsellor") != "u-1" {
			t.Errorf("%+v, %v", o, err)
		}
		// A supervisor hands on what somebody left.
		clock = clock.Add(time.Second)
		if o, err = s.Offer(ctx, Incident, "i1:counsellor", "u-3", "u-9", "", true); err != nil || o.Giver != "u-1" {
			t.Fatalf("%+v, %v", o, err)
		}
		if _, err := s.Accept(ctx, o.ID, "u-3"); err != nil || owner(t, s, "i1:counsellor") != "u-3" {
			t.Errorf("%v", err)
		}
		// A second offer of the same case takes the first one back.
		o, err = s.Offer(ctx, FollowUp, "f2", "u-1", "u-2", "", false)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Offer(ctx, FollowUp, "f2", "u-3", "u-2", "", false); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Accept(ctx, o.ID, "u-1"); !errors.Is(err, ErrOver) {
			t.Errorf("%v", err)
		}
		all, err := s.Open(ctx, clock.Add(-time.Hour))
		if err != nil || len(all) != 5 || all[0].State != Offered || all[0].Taker != "u-3" {
			t.Errorf("%+v, %v", all, err)
		}
		cases, err := s.Cases(ctx)
		if err != nil {
			t.Fatal(err)
		}
		left := Left(cases, func(user string) bool { return user == "u-3" })
		if len(left) != 2 || left[0].ID != "f1" || left[1].ID != "f2" {
			t.Errorf("%+v", left)
		}
	})
}

func first(_ Offer, err error) error { return err }

func TestRunStops(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, db *storage.DB) {
		s, err := Open(t.Context(), db, nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		stop()
		if err := s.Run(ctx, time.Millisecond, slog.Default()); err != nil {
			t.Error(err)
		}
	})
}
