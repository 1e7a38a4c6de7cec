package webrtc

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
)

// readerBacklog is how many events a reader may be behind. A reader further behind is cut off and starts anew with a snapshot; events
// are never dropped in silence.
const readerBacklog = 4096

// hub keeps what others know of the legs and tells them every change in order. One lock covers the picture and the readers, so a
// reader's snapshot and the changes after it fit without a seam.
type hub struct {
	mu      sync.Mutex
	legs    map[string]Leg
	readers map[*reader]struct{}
	closed  bool
	serving sync.WaitGroup // readers whose events are still being written
	gateway string
	rtp     string
	metrics *metrics
}

// reader is one event websocket.
type reader struct {
	events chan []byte // closed when the reader was cut off, or the gateway stops
}

func newHub(gateway, rtp string) *hub {
	return &hub{legs: map[string]Leg{}, readers: map[*reader]struct{}{}, gateway: gateway, rtp: rtp}
}

// follow adds a reader; the first thing in its channel is the snapshot.
func (h *hub) follow() (*reader, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return nil, failure(ShuttingDown, "the gateway is stopping")
	}
	legs := make([]Leg, 0, len(h.legs))
	for _, l := range h.legs {
		legs = append(legs, l)
	}
	slices.SortFunc(legs, func(a, b Leg) int { return cmp.Compare(a.ID, b.ID) })
	snapshot, err := json.Marshal(Event{Type: EventSnapshot, Gateway: h.gateway, RTP: h.rtp, Legs: legs})
	if err != nil {
		return nil, fmt.Errorf("snapshot: %w", err)
	}
	r := &reader{events: make(chan []byte, readerBacklog)}
	r.events <- snapshot
	h.readers[r] = struct{}{}
	h.serving.Add(1)
	return r, nil
}

// unfollow must follow every follow, when nothing is written to the reader any more.
func (h *hub) unfollow(r *reader) {
	defer h.serving.Done()
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.readers, r)
}

// changed tells that a leg is new or different.
func (h *hub) changed(leg Leg) {
	h.mu.Lock()
	defer h.mu.Unlock()
	leg.Nodes = slices.Clone(leg.Nodes)
	h.legs[leg.ID] = leg
	h.send(Event{Type: EventLeg, Leg: leg})
}

// gone tells that a leg ended.
func (h *hub) gone(leg Leg, reason Reason) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.legs, leg.ID)
	h.send(Event{Type: EventGone, Leg: leg, Reason: reason})
	h.metrics.gone.WithLabelValues(string(reason)).Inc()
}

// quality tells how good a leg sounds.
func (h *hub) quality(leg string, q Quality) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.send(Event{Type: EventQuality, Leg: Leg{ID: leg}, Quality: q})
}

// send needs the lock.
func (h *hub) send(e Event) {
	if len(h.readers) == 0 {
		return
	}
	data, err := json.Marshal(e)
	if err != nil { // an event of ours always marshals; were it not so, a cut reader resyncs while a skipped event would lie
		data = nil
	}
	for r := range h.readers {
		if data != nil {
			select {
			case r.events <- data:
				continue
			default:
			}
		}
		h.metrics.resync.Inc()
		delete(h.readers, r)
		close(r.events)
	}
}

// close cuts all readers off after what they have been sent.
func (h *hub) close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.closed = true
	for r := range h.readers {
		delete(h.readers, r)
		close(r.events)
	}
}

// count is the number of legs in a state.
func (h *hub) count(s State) float64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	n := 0
	for _, l := range h.legs {
		if l.State == s {
			n++
		}
	}
	return float64(n)
}
