package alerttest

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"hotline/telephony/alert"
)

// Keeper is a keeper of alerts under test.
type Keeper struct {
	alert.Calls
	// Add has a person called about an incident of its own, with or without a telephone.
	Add func(t *testing.T, language string, telephone bool) (id string)
	// Result is what is noted of an alert; "" nothing yet.
	Result func(t *testing.T, id string) alert.Result
	// Withdraw has somebody else accept the incident of an alert.
	Withdraw func(t *testing.T, id string)
	// Advance lets time pass for the keeper, whose clock stands still otherwise.
	Advance func(d time.Duration)
}

const lease = 10 * time.Second

// Suite tests what controllers rely on.
func Suite(t *testing.T, open func(t *testing.T) Keeper) {
	for name, test := range map[string]func(t *testing.T, k Keeper){
		"one owner": oneOwner, "a claim ends": claimEnds, "placed is placed": placed, "results": results, "withdrawn": withdrawn, "no telephone": noTelephone,
	} {
		t.Run(name, func(t *testing.T) { test(t, open(t)) })
	}
}

// claimed asks for alerts as long as a keeper may take to notice that they are due.
func claimed(t *testing.T, k Keeper, owner string, want ...string) {
	t.Helper()
	got, err := k.Claim(t.Context(), owner, lease, 10)
	if err != nil {
		t.Fatal(err)
	}
	ids := []string{}
	for _, c := range got {
		ids = append(ids, c.ID)
		if c.Incident == "" || c.User == "" {
			t.Errorf("%+v", c)
		}
	}
	slices.Sort(ids)
	slices.Sort(want)
	if !slices.Equal(ids, want) {
		t.Fatalf("%s has %v, want %v", owner, ids, want)
	}
}

func is(t *testing.T, what string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%s: %v, want %v", what, err, want)
	}
}

func oneOwner(t *testing.T, k Keeper) {
	ctx := t.Context()
	claimed(t, k, "c1")
	id, other := k.Add(t, "en", true), k.Add(t, "zh-CN", true)
	got, err := k.Claim(ctx, "c1", lease, 1)
	if err != nil || len(got) != 1 || got[0].ID != id || got[0].Language != "en" {
		t.Fatalf("%+v, %v: at most one, the oldest", got, err)
	}
	claimed(t, k, "c2", other)
	claimed(t, k, "c1")
	number, err := k.Number(ctx, id, "c1")
	if err != nil || number == "" {
		t.Errorf("%q, %v", number, err)
	}
	_, err = k.Number(ctx, id, "c2")
	is(t, "another's number", err, alert.ErrLost)
	is(t, "another's placing", k.Placed(ctx, id, "c2"), alert.ErrLost)
	is(t, "another's release", k.Release(ctx, id, "c2"), alert.ErrLost)
	_ = k.Done(ctx, id, "c2", alert.NoAnswer)
	if r := k.Result(t, id); r != "" {
		t.Errorf("%q: another's result is noted", r)
	}
	lost, err := k.Extend(ctx, "c1", lease, id, other, "none")
	slices.Sort(lost)
	want := []string{other, "none"}
	slices.Sort(want)
	if err != nil || !slices.Equal(lost, want) {
		t.Errorf("lost %v, %v", lost, err)
	}
	is(t, "release", k.Release(ctx, id, "c1"), nil)
	is(t, "placing after a release", k.Placed(ctx, id, "c1"), alert.ErrLost)
	k.Advance(lease / 2)
	claimed(t, k, "c2", id)
}

func claimEnds(t *testing.T, k Keeper) {
	id := k.Add(t, "en", true)
	claimed(t, k, "c1", id)
	k.Advance(lease / 2)
	if lost, err := k.Extend(t.Context(), "c1", lease, id); err != nil || len(lost) > 0 {
		t.Fatal(lost, err)
	}
	k.Advance(lease * 3 / 4)
	claimed(t, k, "c2")
	k.Advance(lease)
	claimed(t, k, "c2", id)
	is(t, "placing after the claim has ended", k.Placed(t.Context(), id, "c1"), alert.ErrLost)
	is(t, "placing", k.Placed(t.Context(), id, "c2"), nil)
}

// placed: whoever dies after that, nobody calls the person again for the same attempt.
func placed(t *testing.T, k Keeper) {
	ctx, id := t.Context(), k.Add(t, "en", true)
	claimed(t, k, "c1", id)
	is(t, "placing", k.Placed(ctx, id, "c1"), nil)
	is(t, "placing again", k.Placed(ctx, id, "c1"), nil)
	k.Advance(lease / 2)
	if lost, err := k.Extend(ctx, "c1", lease, id); err != nil || len(lost) > 0 {
		t.Fatal("the same owner's next life has lost it", lost, err)
	}
	k.Advance(2 * lease)
	got, err := k.Claim(ctx, "c2", lease, 10)
	if err != nil || slices.ContainsFunc(got, func(c alert.Call) bool { return c.ID == id }) {
		t.Fatalf("%+v, %v: it is called twice", got, err)
	}
	if r := k.Result(t, id); r != alert.Failed && r != "" {
		t.Errorf("%q: nobody is left to say what came of it", r)
	}
}

func results(t *testing.T, k Keeper) {
	ctx := t.Context()
	for _, r := range []alert.Result{alert.NoAnswer, alert.Busy, alert.Failed, alert.Unreachable, alert.Declined, alert.Accepted} {
		id := k.Add(t, "en", true)
		claimed(t, k, "c1", id)
		is(t, "placing", k.Placed(ctx, id, "c1"), nil)
		is(t, "the result", k.Done(ctx, id, "c1", r), nil)
		if got := k.Result(t, id); got != r {
			t.Errorf("%q, want %q", got, r)
		}
		is(t, "the result again", k.Done(ctx, id, "c1", r), nil)
		other := alert.Accepted
		if r == other {
			other = alert.Declined
		}
		_ = k.Done(ctx, id, "c1", other)
		if got := k.Result(t, id); got != r {
			t.Errorf("%q, said before: %q", got, r)
		}
		if lost, err := k.Extend(ctx, "c1", lease, id); err != nil || len(lost) != 1 {
			t.Errorf("a claim to what is over: %v, %v", lost, err)
		}
	}
}

func withdrawn(t *testing.T, k Keeper) {
	ctx, waits, rings := t.Context(), k.Add(t, "en", true), k.Add(t, "en", true)
	k.Withdraw(t, waits)
	claimed(t, k, "c1", rings)
	is(t, "placing", k.Placed(ctx, rings, "c1"), nil)
	k.Withdraw(t, rings)
	if lost, err := k.Extend(ctx, "c1", lease, rings); err != nil || len(lost) != 1 {
		t.Errorf("%v, %v: it rings on", lost, err)
	}
	is(t, "accepting what is over", k.Done(ctx, rings, "c1", alert.Accepted), alert.ErrLost)
}

func noTelephone(t *testing.T, k Keeper) {
	id := k.Add(t, "en", false)
	got, err := k.Claim(context.WithoutCancel(t.Context()), "c1", lease, 10)
	if err != nil || len(got) == 0 {
		return // known before: nobody is asked to call
	}
	_, err = k.Number(t.Context(), id, "c1")
	is(t, "the number of who has none", err, alert.ErrUncallable)
	is(t, "the result", k.Done(t.Context(), id, "c1", alert.Unreachable), nil)
}
