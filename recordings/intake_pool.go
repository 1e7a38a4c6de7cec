package recordings

import (
	"context"
	"fmt"
	"time"
)

// atOnce is how many parts are put into the store at the same time: one that is slow to go, or hangs, does not hold up the others.
const atOnce = 4

// drain stores parts until the spool is to be looked at again, each as soon as there is room for it: at the end of a shift hundreds of talks may end within
// seconds. False when ctx ended.
func (in *Intake) drain(ctx context.Context, parts []string, again <-chan time.Time) bool {
	for {
		parts = in.dispatch(ctx, parts, func(err error) { in.complain(ctx, err) })
		select {
		case <-ctx.Done():
			return false
		case <-again:
			return true
		case <-in.freed:
		}
	}
}

// dispatch begins to store the parts that are due, as many as there is room for, and tells what became of each. It does not wait for them. Those for which
// there is no room are returned; the next look finds them again.
func (in *Intake) dispatch(ctx context.Context, parts []string, told func(error)) (left []string) {
	for n, id := range parts {
		if ctx.Err() != nil {
			return parts[n:]
		}
		if !in.due(id) {
			continue
		}
		select {
		case in.slots <- struct{}{}:
		default:
			return parts[n:]
		}
		in.board(id, true)
		in.flying.Go(func() {
			err := in.store(ctx, id)
			in.tried(id, err)
			if err != nil {
				err = fmt.Errorf("recordings: intake %s: %w", id, err)
			}
			in.board(id, false)
			<-in.slots
			select {
			case in.freed <- struct{}{}:
			default: // somebody was told of another one and has not looked yet
			}
			told(err)
		})
	}
	return nil
}

// board notes that a part is being stored, or no longer is.
func (in *Intake) board(id string, on bool) {
	in.mu.Lock()
	defer in.mu.Unlock()
	if on {
		in.under[id] = true
	} else {
		delete(in.under, id)
	}
}
