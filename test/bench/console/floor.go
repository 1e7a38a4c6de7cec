package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"hotline/queue"
)

// The ids of the calls, so that they are found in a frame without reading all of it.
const (
	prefix = "b-"
	digits = 6
)

func callID(n int) queue.CallID { return queue.CallID(fmt.Sprintf("%s%0*d", prefix, digits, n)) }

// numberOf reads the number of a call at the beginning of a text.
func numberOf(text []byte) (int, bool) {
	if len(text) < len(prefix)+digits {
		return 0, false
	}
	n, err := strconv.Atoi(string(text[len(prefix) : len(prefix)+digits]))
	return n, err == nil
}

// table says which change of a call was made last, and when.
type table struct {
	mu   sync.RWMutex
	seq  map[int]int64
	made map[int]time.Time
	n    int64
}

func newTable() *table { return &table{seq: map[int]int64{}, made: map[int]time.Time{}} }

func (t *table) last(call int) (int64, time.Time) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.seq[call], t.made[call]
}

func (t *table) note(call int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.n++
	t.seq[call], t.made[call] = t.n, time.Now()
}

// floor is what the consoles show, and changes as it does on a busy night.
type floor struct {
	q      *queue.Queue
	table  *table
	agents []queue.AgentID // those who talk

	next    int   // number of the next call
	waiting []int // in the order of their coming
	talks   []talk
	turn    int
	held    map[int]bool
	tier    map[int]queue.Tier
}

type talk struct {
	call  int
	agent queue.AgentID
}

const (
	waitingCalls = 200
	line         = "12355"
	owner        = "bench" // no controller's, so that none takes the rows for its own
)

func (f *floor) row(n int, state queue.CallState, agent queue.AgentID) queue.Call {
	now := time.Now()
	return queue.Call{
		ID: callID(n), Line: line, Node: owner, Owner: owner, State: state, Tier: queue.TierNormal, Agent: agent, Needs: queue.Skills{"crisis": 1, "mandarin": 1},
		Arrived: now.Add(-time.Minute), Since: now, Groups: queue.EveryGroup, History: n % 5,
	}
}

// fill puts the calls there that stand when the measuring begins.
func (f *floor) fill(ctx context.Context) error {
	f.held, f.tier = map[int]bool{}, map[int]queue.Tier{}
	for range waitingCalls {
		if err := f.arrive(ctx); err != nil {
			return err
		}
		if err := f.enqueue(ctx); err != nil {
			return err
		}
	}
	for _, a := range f.agents {
		if err := f.talk(ctx, a); err != nil {
			return err
		}
	}
	return nil
}

// change makes one change of the site; owned is the agent whose own page shows it, beside the boards.
func (f *floor) change(ctx context.Context) (owned queue.AgentID, err error) {
	f.turn++
	switch f.turn % 8 {
	case 0, 4:
		return f.mark(ctx)
	case 1:
		return "", f.arrive(ctx)
	case 2:
		return f.mark(ctx)
	case 3:
		return "", f.raise(ctx)
	case 5:
		return "", f.enqueue(ctx)
	case 6:
		return "", f.abandon(ctx)
	}
	return f.another(ctx)
}

func (f *floor) arrive(ctx context.Context) error {
	n := f.next
	f.next++
	f.waiting = append(f.waiting, n)
	f.table.note(n)
	return f.q.Arrive(ctx, "", f.row(n, "", ""))
}

// enqueue lets the newest wait.
func (f *floor) enqueue(ctx context.Context) error {
	n := f.waiting[len(f.waiting)-1]
	f.table.note(n)
	_, err := f.q.Enqueue(ctx, "", callID(n), false)
	return err
}

// raise changes the tier of one in the middle.
func (f *floor) raise(ctx context.Context) error {
	n := f.waiting[f.turn%(len(f.waiting)/2)+len(f.waiting)/4]
	tier := queue.TierFollowUp
	if f.tier[n] == tier {
		tier = queue.TierNormal
	}
	f.tier[n] = tier
	f.table.note(n)
	_, err := f.q.Raise(ctx, "", callID(n), tier, false)
	return err
}

// abandon ends the oldest.
func (f *floor) abandon(ctx context.Context) error {
	n := f.waiting[0]
	f.waiting = f.waiting[1:]
	f.table.note(n)
	return f.q.End(ctx, "", callID(n), queue.EndAbandoned)
}

// mark holds a talk, or goes on with it.
func (f *floor) mark(ctx context.Context) (queue.AgentID, error) {
	t := f.talks[0]
	f.talks = append(f.talks[1:], t)
	state, why := queue.CallHeld, queue.HoldByAgent
	if f.held[t.call] {
		state, why = queue.CallTalking, ""
	}
	f.held[t.call] = !f.held[t.call]
	f.table.note(t.call)
	return t.agent, f.q.Mark(ctx, "", callID(t.call), state, why)
}

// another ends a talk, whose form is in, and its agent has the next at once. Three changes, of which the last counts.
func (f *floor) another(ctx context.Context) (queue.AgentID, error) {
	t := f.talks[0]
	f.talks = f.talks[1:]
	if err := errors.Join(f.q.Filed(ctx, "", callID(t.call), t.agent), f.q.End(ctx, "", callID(t.call), queue.EndAnswered)); err != nil {
		return "", err
	}
	return t.agent, f.talk(ctx, t.agent)
}

func (f *floor) talk(ctx context.Context, agent queue.AgentID) error {
	n := f.next
	f.next++
	f.talks = append(f.talks, talk{n, agent})
	f.table.note(n)
	return f.q.Restore(ctx, "", f.row(n, queue.CallTalking, agent))
}
