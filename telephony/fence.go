package telephony

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"hotline/queue"
	"hotline/telephony/call"
)

// fence keeps the leases of a controller's calls, and keeps the controller from acting when it cannot be sure of them: a process that was
// stopped for longer than a lease wakes up shut, until Redis has said which calls are still its own.
//
// Redis being away does not shut the fence: then no peer can have taken anything either, and the callers need us.
//
// Whatever is done for a call, or for the controller itself, carries that in its context (acting) and asks before each request (mayAct): also what
// was begun before the sleep, and would now go on with what it knew then.
type fence struct {
	ttl     time.Duration
	queue   leases
	lost    func(call.ID)
	confirm func(context.Context) error // asks, after a sleep, whether this process still is the owner; nil: it is

	mu     sync.Mutex
	leases map[call.ID]queue.Lease
	fresh  []queue.Lease // held since the last renewal
	tick   time.Time     // of the last renewal begun; monotonic
	opened chan struct{} // closed while open
	shut   bool
}

// leases is where a fence keeps them.
type leases interface {
	Renew(ctx context.Context, leases []queue.Lease, ttl time.Duration) (lost []queue.CallID, err error)
	Leases(ctx context.Context) (map[queue.CallID]queue.LeaseState, error)
	Claim(ctx context.Context, id queue.CallID, owner string, atLeast int64, ttl time.Duration) (queue.Lease, error)
}

func newFence(q *queue.Queue, ttl time.Duration, lost func(call.ID)) *fence {
	open := make(chan struct{})
	close(open)
	return &fence{ttl: ttl, queue: q, lost: lost, leases: map[call.ID]queue.Lease{}, tick: time.Now(), opened: open}
}

func (f *fence) hold(l queue.Lease) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.leases[call.ID(l.Call)] = l
	f.fresh = append(f.fresh, l)
}

func (f *fence) drop(id call.ID) {
	f.mu.Lock()
	delete(f.leases, id)
	f.mu.Unlock()
}

// epoch is that of the call's lease, which may have been claimed anew; 0 when the call is not ours.
func (f *fence) epoch(id call.ID) int64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.leases[id].Epoch
}

// slept says that nothing was renewed for so long that a peer may have taken what was ours. It is a little less than a lease: peers count from the
// last sign of life that reached Redis, and that may be a little older than the last renewal.
func (f *fence) slept() bool { return time.Since(f.tick) > f.ttl-f.ttl/beats }

// open says that calls may be acted on.
func (f *fence) open() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return !f.shut && !f.slept()
}

// itself stands for the controller, where the id of a call is asked for.
const itself call.ID = ""

type actingKey struct{}

type acting struct {
	fence *fence
	id    call.ID
}

// acting marks what is done with the context as done for a call, or for the controller itself.
func (f *fence) acting(ctx context.Context, id call.ID) context.Context {
	return context.WithValue(ctx, actingKey{}, acting{f, id})
}

// unfenced is a context for what may be done by whoever knows it: the ledger wants the end of a call also from who has no say in it any more.
func unfenced(ctx context.Context) context.Context { return context.WithValue(ctx, actingKey{}, nil) }

var errStandBack = errors.New("this controller has no say in it any more")

// mayAct waits until it is known whether that may be done for which the context is made.
func mayAct(ctx context.Context) error {
	a, fenced := ctx.Value(actingKey{}).(acting)
	if !fenced || a.fence.pass(ctx, a.id) {
		return nil
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	return errStandBack
}

// pass waits until the controller may act on the call, and says whether it still may.
func (f *fence) pass(ctx context.Context, id call.ID) bool {
	for {
		f.mu.Lock()
		_, ours := f.leases[id]
		ours = ours || id == itself
		if ours && !f.shut && f.slept() {
			f.shut, f.opened = true, make(chan struct{})
		}
		opened, shut := f.opened, f.shut
		f.mu.Unlock()
		if !ours {
			return false
		}
		if !shut {
			return true
		}
		select {
		case <-ctx.Done():
			return false
		case <-opened:
		}
	}
}

// run renews the leases three times in a lease's life. Those of calls that came meanwhile are written soon: a caller without a lease is taken for
// alone by the guardian, who would be quicker than a peer that takes over.
func (f *fence) run(ctx context.Context) {
	renew, write := time.NewTicker(f.ttl/3), time.NewTicker(f.ttl/30)
	defer renew.Stop()
	defer write.Stop()
	f.renew(ctx)
	for {
		select {
		case <-ctx.Done():
			return
		case <-renew.C:
			f.renew(ctx)
		case <-write.C:
			f.writeFresh(ctx)
		}
	}
}

// writeFresh writes the leases of calls that came since the last renewal. What it finds refused the next renewal looks into.
func (f *fence) writeFresh(ctx context.Context) {
	f.mu.Lock()
	fresh := slices.DeleteFunc(f.fresh, func(l queue.Lease) bool { return f.leases[call.ID(l.Call)] != l }) // over already
	f.fresh = nil
	shut := f.shut || f.slept()
	f.mu.Unlock()
	if len(fresh) == 0 || shut {
		return // the renewal that opens it writes them
	}
	ctx, cancel := context.WithTimeout(ctx, f.ttl/6)
	defer cancel()
	_, _ = f.queue.Renew(ctx, fresh, f.ttl) // an error is made good by the next renewal, too
}

func (f *fence) renew(ctx context.Context) {
	f.mu.Lock()
	if !f.shut && f.slept() {
		f.shut, f.opened = true, make(chan struct{})
	}
	shut := f.shut
	f.fresh = nil
	all := make([]queue.Lease, 0, len(f.leases))
	for _, l := range f.leases {
		all = append(all, l)
	}
	f.mu.Unlock()

	began := time.Now()
	ctx, cancel := context.WithTimeout(ctx, f.ttl/2)
	lost, err := f.queue.Renew(ctx, all, f.ttl)
	if err == nil {
		lost, err = f.reclaim(ctx, lost)
	}
	if shut && err == nil && f.confirm != nil {
		err = f.confirm(ctx)
	}
	cancel()
	for _, id := range lost {
		f.drop(call.ID(id))
		f.lost(call.ID(id))
	}

	f.mu.Lock()
	defer f.mu.Unlock()
	f.tick = began
	// Shut stays shut until Redis answered: an error after a sleep proves nothing.
	if f.shut && err == nil {
		f.shut = false
		close(f.opened)
	}
}

// reclaim takes back leases that Redis knows as ours, but with an epoch before the present one: the call was adopted while Redis was away, or
// Redis came back with an older file. It returns those that are lost.
func (f *fence) reclaim(ctx context.Context, refused []queue.CallID) (lost []queue.CallID, err error) {
	if len(refused) == 0 {
		return nil, nil
	}
	known, err := f.queue.Leases(ctx)
	if err != nil {
		return nil, err
	}
	for _, id := range refused {
		f.mu.Lock()
		own, ours := f.leases[call.ID(id)]
		f.mu.Unlock()
		if !ours {
			continue
		}
		if l := known[id]; l.Owner == own.Owner && l.Epoch < own.Epoch {
			l, err := f.queue.Claim(ctx, id, own.Owner, own.Epoch, f.ttl)
			if err == nil {
				f.replace(l)
				continue
			}
			if !isFenced(err) {
				return lost, err
			}
		}
		lost = append(lost, id)
	}
	return lost, nil
}

// replace notes the new epoch of a lease, unless the call is over meanwhile.
func (f *fence) replace(l queue.Lease) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, ours := f.leases[call.ID(l.Call)]; ours {
		f.leases[call.ID(l.Call)] = l
	}
}
