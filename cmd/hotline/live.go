package main

import (
	"context"
	"time"

	"hotline/queue"
)

// liveIDs names the calls that somebody looks after: those that the index has, and those whose lease was renewed since the last look, because a caller
// who talks with somebody elsewhere is in no queue of ours. Whether a lease is over is not asked: that is told by the clock of Redis.
func liveIDs(q *queue.Queue) func(context.Context) (map[string]bool, error) {
	before := map[queue.CallID]time.Time{}
	return func(ctx context.Context) (map[string]bool, error) {
		s, err := q.Snapshot(ctx)
		if err != nil {
			return nil, err
		}
		leases, err := q.Leases(ctx)
		if err != nil {
			return nil, err
		}
		ids, now := map[string]bool{}, make(map[queue.CallID]time.Time, len(leases))
		for _, c := range s.Calls {
			ids[string(c.ID)] = true
		}
		for id, l := range leases {
			now[id] = l.Expires
			if was, known := before[id]; !known || !was.Equal(l.Expires) {
				ids[string(id)] = true
			}
		}
		before = now
		return ids, nil
	}
}
