package ari

import (
	"context"
	"sync"
)

// mailbox is the ordered queue between the reader, which must never wait, and Next. It has no bound that drops: at its
// limit push refuses, and the reader turns that into a Gap and a resync.
type mailbox struct {
	mu    sync.Mutex
	items []Event
	head  int
	limit int
	end   error         // what Next reports once everything was taken; set when Run returns
	wake  chan struct{} // one token while there may be something to take
}

func newMailbox(limit int) *mailbox {
	return &mailbox{limit: limit, wake: make(chan struct{}, 1)}
}

// push appends e, or reports false when the limit is reached.
func (m *mailbox) push(e Event) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.items)-m.head >= m.limit {
		return false
	}
	m.add(e)
	return true
}

// mark appends e whatever the length: Gap, Connected and Replaced always find room. A Gap or Connected that only repeats
// the last item is left out, so that a storm of faults asks for one resync.
func (m *mailbox) mark(e Event) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if n := len(m.items); n > m.head && m.items[n-1].Kind == e.Kind {
		return
	}
	m.add(e)
}

// resync asks for one: a Gap, then a Connected. When a Connected is the last item, the resync that its taker will make is yet to
// come and tells everything that was lost until now.
func (m *mailbox) resync(gap, connected Event) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if n := len(m.items); n > m.head && m.items[n-1].Kind == Connected {
		return
	}
	m.add(gap)
	m.add(connected)
}

// spill forgets everything that waits: after an overflow a resync tells more than a hundred thousand old events.
func (m *mailbox) spill() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	n := len(m.items) - m.head
	m.items, m.head = nil, 0
	return n
}

func (m *mailbox) add(e Event) {
	if m.head > 0 && len(m.items) == cap(m.items) {
		n := copy(m.items, m.items[m.head:])
		clear(m.items[n:])
		m.items, m.head = m.items[:n], 0
	}
	m.items = append(m.items, e)
	m.signal()
}

func (m *mailbox) signal() {
	select {
	case m.wake <- struct{}{}:
	default:
	}
}

// open and close bracket a Run: an ended mailbox still gives what it holds, then the reason of its end.
func (m *mailbox) open() {
	m.mu.Lock()
	m.end = nil
	m.mu.Unlock()
}

func (m *mailbox) close(reason error) {
	m.mu.Lock()
	m.end = reason
	m.signal()
	m.mu.Unlock()
}

func (m *mailbox) len() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.items) - m.head
}

func (m *mailbox) next(ctx context.Context) (Event, error) {
	for {
		m.mu.Lock()
		if m.head < len(m.items) {
			e := m.items[m.head]
			m.items[m.head] = Event{}
			m.head++
			if m.head == len(m.items) {
				m.items, m.head = m.items[:0], 0
			} else {
				m.signal() // another taker may be waiting
			}
			m.mu.Unlock()
			return e, nil
		}
		end := m.end
		if end != nil {
			m.signal()
		}
		m.mu.Unlock()
		if end != nil {
			return Event{}, end
		}
		select {
		case <-m.wake:
		case <-ctx.Done():
			return Event{}, ctx.Err()
		}
	}
}
