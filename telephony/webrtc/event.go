package webrtc

import (
	"encoding/json"
	"fmt"
	"slices"
)

// State is where a leg is.
type State string

// The states of a leg.
const (
	Connecting State = "connecting" // until ICE and DTLS are up and the first RTP came
	Connected  State = "connected"
	Silent     State = "silent" // no RTP from the browser for Config.SilenceAfter
)

// Reason says why a leg went.
type Reason string

// Why a leg went.
const (
	Closed   Reason = "closed"   // by DELETE, or by the browser
	Replaced Reason = "replaced" // a newer leg of the same agent connected
	NoMedia  Reason = "no_media" // silent, or never connected, for Config.CloseAfter
	Suspect  Reason = "suspect"  // suspected, and gave no sign of life
	Shutdown Reason = "shutdown" // the gateway stopped
)

// Leg is the nailed-up headset of one console session, as others see it.
type Leg struct {
	ID        string   `json:"leg"` // ULID
	Agent     string   `json:"agent"`
	State     State    `json:"state"`
	Nodes     []string `json:"nodes"`     // Asterisk nodes that it is attached to, sorted
	Recording string   `json:"recording"` // id, empty when none
	Codec     string   `json:"codec"`     // PCMA, PCMU or opus: the format of externalMedia must match (alaw, ulaw, opus)
	Since     int64    `json:"since"`     // of the present state, milliseconds since 1970
}

// Ready tells whether a call on the given node can be heard on this leg.
func (l Leg) Ready(node string) bool { return l.State == Connected && slices.Contains(l.Nodes, node) }

// EventType names a message of the event stream.
type EventType string

// The messages of the event stream.
const (
	EventSnapshot EventType = "snapshot" // Gateway, RTP, Legs
	EventLeg      EventType = "leg"      // Leg changed
	EventGone     EventType = "gone"     // Leg went; Reason
	EventQuality  EventType = "quality"  // Leg.ID and Quality
	Lost          EventType = "lost"     // never on the wire: Follow lost the gateway, or cannot reach it; take every leg for gone
)

// Event is one message of the event stream. Which fields are set depends on Type.
type Event struct {
	Type    EventType
	Gateway string // id of the gateway
	RTP     string // ip:port that Asterisk shall send to
	Legs    []Leg
	Leg     Leg
	Reason  Reason
	Quality Quality
}

// wire is the JSON of an event. A leg is an object in "leg" and "gone" but only its id in "quality".
type wire struct {
	Type    EventType       `json:"type"`
	Gateway string          `json:"gateway,omitempty"`
	RTP     string          `json:"rtp,omitempty"`
	Legs    *[]Leg          `json:"legs,omitempty"`
	Leg     json.RawMessage `json:"leg,omitempty"`
	Reason  Reason          `json:"reason,omitempty"`
	Quality *Quality        `json:"quality,omitempty"`
}

// MarshalJSON writes the event as docs/protocol.md section 3 has it.
func (e Event) MarshalJSON() ([]byte, error) {
	w := wire{Type: e.Type, Gateway: e.Gateway, RTP: e.RTP, Reason: e.Reason}
	var leg any
	switch e.Type {
	case EventSnapshot:
		legs := e.Legs
		if legs == nil {
			legs = []Leg{}
		}
		w.Legs = &legs
	case EventLeg, EventGone:
		leg = e.Leg
	case EventQuality:
		leg, w.Quality = e.Leg.ID, &e.Quality
	default:
		return nil, fmt.Errorf("event %q is never written", e.Type)
	}
	if leg != nil {
		raw, err := json.Marshal(leg)
		if err != nil {
			return nil, fmt.Errorf("event %q: %w", e.Type, err)
		}
		w.Leg = raw
	}
	return json.Marshal(w)
}

// UnmarshalJSON reads what MarshalJSON writes. An unknown type is kept with nothing else set, so that an older reader can skip it.
func (e *Event) UnmarshalJSON(data []byte) error {
	var w wire
	if err := json.Unmarshal(data, &w); err != nil {
		return err
	}
	*e = Event{Type: w.Type, Gateway: w.Gateway, RTP: w.RTP, Reason: w.Reason}
	switch w.Type {
	case EventSnapshot:
		if w.Legs == nil {
			return fmt.Errorf("event %q without legs", w.Type)
		}
		e.Legs = *w.Legs
	case EventLeg, EventGone:
		return w.into(&e.Leg)
	case EventQuality:
		if w.Quality == nil {
			return fmt.Errorf("event %q without quality", w.Type)
		}
		e.Quality = *w.Quality
		return w.into(&e.Leg.ID)
	case Lost:
		return fmt.Errorf("event %q never comes from a gateway", w.Type)
	}
	return nil
}

func (w wire) into(leg any) error {
	if len(w.Leg) == 0 {
		return fmt.Errorf("event %q without leg", w.Type)
	}
	if err := json.Unmarshal(w.Leg, leg); err != nil {
		return fmt.Errorf("event %q: %w", w.Type, err)
	}
	return nil
}
