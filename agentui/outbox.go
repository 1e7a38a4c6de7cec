package agentui

import (
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"time"

	"hotline/agentui/protocol"
)

// outbox holds what a browser has yet to read. Answers wait in order, up to a bound; changes are merged row by row, so that a slow reader
// gets the newest row once and not every row in between. Over a bound the websocket is closed: the browser comes back for a snapshot.
type outbox struct {
	maxFrames, maxRows int
	wake               chan struct{}
	overrun            func() // called once when a bound was passed

	mu      sync.Mutex
	frames  []any
	pending *pending
	seq     int64 // of the last change that was taken
	code    int   // close code, 0 while open

	trouble []protocol.Trouble // what is wrong with the site, as far as it concerns the person
	refused bool               // the queue refuses the person
	told    []protocol.Trouble // what the browser knows; nil before the first snapshot

	duties    protocol.Duties
	emergency protocol.Emergency // as it is; the browser learns it with its first snapshot
	settings  int                // version in force

	broadcasts []protocol.Broadcast // what the person has yet to read

	covered bool // the page is locked: it learns nothing of what waits for people
}

// pending is a change in the making.
type pending struct {
	self       *protocol.Self
	calls      rows[protocol.Call]
	agents     rows[protocol.Agent]
	goneCalls  rows[struct{}]
	goneAgents rows[struct{}]
	trouble    []protocol.Trouble // nil: as before
	duties     *protocol.Duties   // nil: as before
	emergency  *protocol.Emergency
	settings   *int                 // nil: as before
	broadcasts []protocol.Broadcast // nil: as before
}

func (p *pending) size() int {
	return len(p.calls.byID) + len(p.agents.byID) + len(p.goneCalls.byID) + len(p.goneAgents.byID)
}

// rows keeps rows in the order of their first change.
type rows[T any] struct {
	order []string
	byID  map[string]T
}

func (r *rows[T]) put(id string, row T) {
	if r.byID == nil {
		r.byID = map[string]T{}
	}
	if _, had := r.byID[id]; !had {
		if len(r.order) > 2*len(r.byID)+64 { // ids that came and went
			r.order = slices.DeleteFunc(r.order, func(old string) bool { _, ok := r.byID[old]; return !ok })
		}
		r.order = append(r.order, id)
	}
	r.byID[id] = row
}

func (r *rows[T]) remove(id string) { delete(r.byID, id) }

func (r *rows[T]) each(fn func(id string, row T)) {
	told := make(map[string]bool, len(r.byID))
	for _, id := range r.order {
		if row, ok := r.byID[id]; ok && !told[id] {
			told[id] = true
			fn(id, row)
		}
	}
}

func newOutbox(maxFrames, maxRows int, overrun func()) *outbox {
	return &outbox{maxFrames: maxFrames, maxRows: maxRows, wake: make(chan struct{}, 1), overrun: overrun}
}

func (o *outbox) update(fn func()) {
	o.mu.Lock()
	if o.code == 0 {
		fn()
	}
	o.mu.Unlock()
	select {
	case o.wake <- struct{}{}:
	default: // awake already
	}
}

// cover tells the browser to hide everything, or to show it again; a snapshot follows.
func (o *outbox) cover(on bool) {
	o.update(func() {
		o.covered, o.pending = on, nil
		o.push(protocol.Locked{Type: protocol.TypeLocked, On: on})
	})
}

// send adds an answer.
func (o *outbox) send(frame any) { o.update(func() { o.push(frame) }) }

func (o *outbox) push(frame any) {
	o.frames = append(o.frames, frame)
	if len(o.frames) > o.maxFrames {
		o.overflow()
	}
}

// snapshot adds a snapshot: changes that waited are part of it, and numbering starts again.
func (o *outbox) snapshot(s protocol.Snapshot) {
	o.update(func() {
		o.pending, o.seq = nil, 0
		o.told = o.wrong()
		s.Trouble, s.Duties, s.Emergency, s.Settings = o.told, o.duties, o.emergency, o.settings
		if o.covered {
			s.Duties = protocol.Duties{}
		} else if o.broadcasts != nil {
			s.Broadcasts = o.broadcasts
		}
		o.push(s)
	})
}

// tellTrouble takes what is wrong with the site; it comes from another goroutine than the rest, because a desk may be waiting for the very part
// that is away.
func (o *outbox) tellTrouble(now []protocol.Trouble) {
	o.update(func() { o.trouble = now; o.compareTrouble() })
}

// tellDuties takes what waits for people.
func (o *outbox) tellDuties(now protocol.Duties) {
	o.update(func() {
		if o.duties == now {
			return
		}
		o.duties = now
		if o.told == nil || o.covered {
			return // the next snapshot carries it
		}
		if o.pending == nil {
			o.pending = &pending{}
		}
		o.pending.duties = &now
	})
}

// tellEmergency takes whether emergency mode is on.
func (o *outbox) tellEmergency(now protocol.Emergency) {
	o.update(func() {
		if o.emergency == now {
			return
		}
		if o.emergency = now; o.told == nil {
			return // the first snapshot has it
		}
		if o.pending == nil {
			o.pending = &pending{}
		}
		o.pending.emergency = &now
	})
}

// tellSettings takes which version of the settings is in force.
func (o *outbox) tellSettings(now int) {
	o.update(func() {
		if o.settings == now {
			return
		}
		if o.settings = now; o.told == nil {
			return // the first snapshot has it
		}
		if o.pending == nil {
			o.pending = &pending{}
		}
		o.pending.settings = &now
	})
}

// tellRefused takes whether the queue refuses the person, whatever it does for others.
func (o *outbox) tellRefused(refused bool) {
	o.mu.Lock()
	same := o.refused == refused
	o.mu.Unlock()
	if !same {
		o.update(func() { o.refused = refused; o.compareTrouble() })
	}
}

func (o *outbox) wrong() []protocol.Trouble {
	all := make([]protocol.Trouble, 0, len(o.trouble)+1)
	if o.refused && !slices.Contains(o.trouble, protocol.TroubleQueue) {
		all = append(all, protocol.TroubleQueue)
	}
	return append(all, o.trouble...)
}

func (o *outbox) compareTrouble() {
	now := o.wrong()
	if o.told == nil || slices.Equal(o.told, now) {
		return
	}
	o.told = now
	if o.pending == nil {
		o.pending = &pending{}
	}
	o.pending.trouble = now
}

// change merges into the change that waits.
func (o *outbox) change(fn func(*pending)) {
	o.update(func() {
		if o.pending == nil {
			o.pending = &pending{}
		}
		fn(o.pending)
		if o.pending.size() > o.maxRows {
			o.overflow()
		}
	})
}

func (o *outbox) overflow() {
	o.frames, o.pending, o.code = nil, nil, protocol.CloseTooSlow
	o.overrun()
}

// close ends the websocket after what waits was written. The first code stays.
func (o *outbox) close(code int) { o.update(func() { o.code = code }) }

// take returns the frames to write now and, when the websocket is to be closed after them, the close code.
func (o *outbox) take(now time.Time) (frames [][]byte, code int, err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	list := o.frames
	if o.pending != nil {
		o.seq++
		list = append(list, o.pending.message(o.seq, now))
	}
	o.frames, o.pending = nil, nil
	for _, v := range list {
		b, err := json.Marshal(v)
		if err != nil {
			return nil, 0, fmt.Errorf("encode a frame: %w", err)
		}
		frames = append(frames, b)
	}
	return frames, o.code, nil
}

func (p *pending) message(seq int64, now time.Time) protocol.Change {
	c := protocol.Change{Type: protocol.TypeChange, Seq: seq, Now: now.UnixMilli(), Self: p.self, Trouble: p.trouble, Duties: p.duties, Emergency: p.emergency, Settings: p.settings, Broadcasts: p.broadcasts}
	p.calls.each(func(_ string, row protocol.Call) { c.Calls = append(c.Calls, row) })
	p.agents.each(func(_ string, row protocol.Agent) { c.Agents = append(c.Agents, row) })
	p.goneCalls.each(func(id string, _ struct{}) { c.GoneCalls = append(c.GoneCalls, id) })
	p.goneAgents.each(func(id string, _ struct{}) { c.GoneAgents = append(c.GoneAgents, id) })
	return c
}
