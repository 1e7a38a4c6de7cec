package queue

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"
)

// The scripts of leases; see calls.go for what all have in common. renew and release need no request id: done twice is done once.
var (
	// ARGV[7] call, [8] owner, [9] least epoch known, [10] ttl in ms. Returns epoch. Errors: fenced.
	claimScript = newScript("claim")
	// ARGV[7] ttl in ms, then call, owner, epoch of each lease. Returns the calls that are lost, a plain list.
	renewScript = newScript("renew")
	// No ARGV. Returns {[call, expiry ms]…, [call, owner]…, [call, epoch]…}, three flat lists.
	leasesScript = newScript("leases")
	// ARGV[7] call, [8] owner, [9] epoch. Returns 1, or 0 when the lease is not (or no longer) that one.
	releaseScript = newScript("release")
)

// Claim takes the lease of a call for ttl: when it is free, expired or already ours (ours: a new epoch all the same, which fences an earlier self). ErrFenced when another holds it. atLeast is the epoch
// that the channel's variable carries: the new one is greater, also after Redis was lost.
func (q *Queue) Claim(ctx context.Context, id CallID, owner string, atLeast int64, ttl time.Duration) (Lease, error) {
	err := errors.Join(checkID("call", string(id)), checkID("owner", owner), checkTTL(ttl))
	if err != nil {
		return Lease{}, fmt.Errorf("queue: claim: %w", err)
	}
	r, err := q.change(ctx, claimScript, "", string(id), owner, atLeast, ttl.Milliseconds())
	if err != nil {
		return Lease{}, err
	}
	return Lease{Call: id, Owner: owner, Epoch: r.Epoch}, nil
}

// Renew extends the leases in one round trip and returns the calls whose lease is no longer held with that owner and epoch. Missing leases (Redis lost) are written anew.
// An expired lease that nobody took is extended too.
func (q *Queue) Renew(ctx context.Context, leases []Lease, ttl time.Duration) (lost []CallID, err error) {
	if len(leases) == 0 {
		return nil, nil
	}
	if err := checkTTL(ttl); err != nil {
		return nil, fmt.Errorf("queue: renew: %w", err)
	}
	args := make([]any, 0, 1+3*len(leases))
	args = append(args, ttl.Milliseconds())
	for _, l := range leases {
		args = append(args, string(l.Call), l.Owner, l.Epoch)
	}
	v, err := q.raw(ctx, renewScript, "", args...)
	if err != nil {
		return nil, err
	}
	for _, id := range texts(v) {
		lost = append(lost, CallID(id))
	}
	return lost, nil
}

// Leases returns owner, epoch and expiry of every lease, for the guardian. One that expired stays an hour.
func (q *Queue) Leases(ctx context.Context) (map[CallID]LeaseState, error) {
	v, err := q.raw(ctx, leasesScript, "")
	if err != nil {
		return nil, err
	}
	lists, _ := v.([]any)
	if len(lists) != 3 {
		return nil, fmt.Errorf("queue: leases: unexpected reply %T", v)
	}
	owners, epochs := pairs(lists[1]), pairs(lists[2])
	out := make(map[CallID]LeaseState, len(owners))
	for id, till := range pairs(lists[0]) {
		expires, err := strconv.ParseInt(till, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("queue: leases: expiry: %w", err)
		}
		epoch, err := strconv.ParseInt(epochs[id], 10, 64)
		if err != nil {
			return nil, fmt.Errorf("queue: leases: epoch: %w", err)
		}
		out[CallID(id)] = LeaseState{Lease: Lease{Call: CallID(id), Owner: owners[id], Epoch: epoch}, Expires: ms(expires).time()}
	}
	return out, nil
}

// Release gives a lease back. One that is no longer ours is left alone.
func (q *Queue) Release(ctx context.Context, l Lease) error {
	_, err := q.raw(ctx, releaseScript, "", string(l.Call), l.Owner, l.Epoch)
	return err
}

// LeaseState is a lease as Redis knows it.
type LeaseState struct {
	Lease
	Expires time.Time
}

func checkTTL(ttl time.Duration) error {
	if ttl < time.Millisecond {
		return fmt.Errorf("ttl %s: %w", ttl, ErrInvalid)
	}
	return nil
}

// texts reads a list of strings from a script's reply.
func texts(v any) []string {
	list, _ := v.([]any)
	out := make([]string, 0, len(list))
	for _, item := range list {
		if s, ok := item.(string); ok {
			out = append(out, s)
		}
	}
	return out
}

// pairs reads a flat list of keys and values from a script's reply.
func pairs(v any) map[string]string {
	list := texts(v)
	out := make(map[string]string, len(list)/2)
	for i := 0; i+1 < len(list); i += 2 {
		out[list[i]] = list[i+1]
	}
	return out
}
