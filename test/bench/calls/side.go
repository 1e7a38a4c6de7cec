package main

import (
	"context"
	"sync"
	"time"

	"hotline/test/bench/load"
	"hotline/test/robots"
)

// The lines that both sides have: everybody answers the one, a few the other.
const (
	lineMany = "12355"
	lineFew  = "12345"
	greeting = 200 * time.Millisecond
)

// side is one of the two that are compared.
type side interface {
	name() string
	start(ctx context.Context) error
	stop() error
	// staff has n counsellors available on a line, and nobody else. speak: there is RTP, from robots all the time, from telephones in a call;
	// without it robots send what tells a caller who has answered, and telephones send nothing.
	staff(ctx context.Context, n int, speak bool) error
	server() (address, number string)
	processes() map[string]int
	// audit compares what the side itself says of its calls with what the callers say.
	audit(ctx context.Context, calls []load.Record, d *diary) (account, error)
}

// account is the result of an audit.
type account struct {
	Calls       int // that were placed
	Answered    int // as the callers say
	Abandoned   int
	Crossed     int // answered at the very moment at which the caller gave up: answered for the side, abandoned for the caller
	Unaccounted int // everything that does not fit
	Faults      []string
}

func (a *account) fault(what string) {
	a.Unaccounted++
	if len(a.Faults) < 5 {
		a.Faults = append(a.Faults, what)
	}
}

// diary is what the counsellors told.
type diary struct {
	mu      sync.Mutex
	callers *load.Callers
	free    map[int]time.Time // of counsellors who wait for a caller
	waits   []wait
	taken   map[int][]taken // offers that each counsellor took
	joined  map[string]uint64
}

// wait is how long a counsellor waited for a caller.
type wait struct {
	agent                 int
	free, offered, joined time.Time
	caller                uint64
}

type taken struct {
	call string
	at   time.Time
}

func newDiary() *diary {
	return &diary{free: map[int]time.Time{}, taken: map[int][]taken{}, joined: map[string]uint64{}}
}

// note is the Watch of robots and of telephones.
func (d *diary) note(e robots.Event) {
	d.mu.Lock()
	callers := d.callers
	switch e.Kind {
	case robots.Free:
		d.free[e.Robot] = e.At
	case robots.Offered:
		d.taken[e.Robot] = append(d.taken[e.Robot], taken{e.Call, e.At})
	case robots.Joined:
		if at, ok := d.free[e.Robot]; ok {
			w := wait{agent: e.Robot, free: at, joined: e.At, caller: e.Mark}
			if list := d.taken[e.Robot]; len(list) > 0 {
				w.offered = list[len(list)-1].at
			}
			d.waits = append(d.waits, w)
			delete(d.free, e.Robot)
		}
		if list := d.taken[e.Robot]; len(list) > 0 {
			d.joined[list[len(list)-1].call] = e.Mark
		}
	}
	d.mu.Unlock()
	if e.Kind == robots.Joined && callers != nil {
		callers.Joined(e.Mark, e.Robot, e.At)
	}
}

// confirm is told of a counsellor's telephone that was answered.
func (d *diary) confirm(caller uint64, agent int, at time.Time) {
	d.mu.Lock()
	callers := d.callers
	d.mu.Unlock()
	if callers != nil {
		callers.Served(caller, agent, at)
	}
}

// begin is the start of a pass through a side.
func (d *diary) begin(c *load.Callers) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.callers = c
	clear(d.taken)
	clear(d.joined)
	d.waits = nil
}

// takeWaits gives the waits since the last time.
func (d *diary) takeWaits() []wait {
	d.mu.Lock()
	defer d.mu.Unlock()
	w := d.waits
	d.waits = nil
	return w
}

// callOf is the call that a counsellor had at a time.
func (d *diary) callOf(agent int, at time.Time) string {
	d.mu.Lock()
	defer d.mu.Unlock()
	list := d.taken[agent]
	for i := len(list) - 1; i >= 0; i-- {
		if !list[i].at.After(at) {
			return list[i].call
		}
	}
	return ""
}
