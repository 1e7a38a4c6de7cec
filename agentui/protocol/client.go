package protocol

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"unicode/utf8"
)

// MaxFrame is the largest frame that is read, in bytes.
const MaxFrame = 64 << 10

// maxID bounds identifiers that a browser sends; ours are ULIDs (26) and user ids (28).
const maxID = 64

// Type names a message.
type Type string

// Messages from the browser.
const (
	TypeHello      Type = "hello"
	TypeSnapshot   Type = "snapshot" // also the answer
	TypeReady      Type = "ready"
	TypeNotReady   Type = "not_ready"
	TypeAccept     Type = "accept"
	TypeDecline    Type = "decline"
	TypeHangup     Type = "hangup"
	TypeWrapUpDone Type = "wrapup_done"
	TypeMute       Type = "mute"
	TypeLeg        Type = "leg"
	TypeLegRestart Type = "leg_restart"
	TypeLegClose   Type = "leg_close"
)

// ClientTypes lists every message that a browser may send.
func ClientTypes() []Type {
	return append([]Type{
		TypeHello, TypeSnapshot, TypeReady, TypeNotReady, TypeAccept, TypeDecline, TypeHangup, TypeWrapUpDone, TypeMute, TypeLeg,
		TypeLegRestart, TypeLegClose,
	}, ControlTypes()...)
}

// Head starts every message from the browser.
type Head struct {
	Type Type  `json:"type"`
	ID   int64 `json:"id"` // from 1; the answer carries it
}

// Request is a decoded message from the browser.
type Request interface{ Header() Head }

// Header returns the type and the number.
func (h Head) Header() Head { return h }

// The messages from the browser, in the order of docs/protocol.md.
type (
	// Hello must come first.
	Hello struct {
		Head
		Takeover bool   `json:"takeover"`
		Leg      string `json:"leg"` // a leg whose media is still up, or empty
	}
	// SnapshotRequest asks for a fresh snapshot.
	SnapshotRequest struct{ Head }
	// Ready asks to be available as soon as the leg is ready.
	Ready struct{ Head }
	// NotReady asks to be unavailable.
	NotReady struct {
		Head
		Reason string `json:"reason"`
	}
	// Accept takes the ringing offer.
	Accept struct {
		Head
		Offer string `json:"offer"`
	}
	// Decline gives the ringing offer back.
	Decline struct {
		Head
		Offer string `json:"offer"`
	}
	// Hangup ends one's own call.
	Hangup struct {
		Head
		Call string `json:"call"`
	}
	// WrapUpDone ends the wrap-up before its time.
	WrapUpDone struct{ Head }
	// Mute tells the board.
	Mute struct {
		Head
		Muted bool `json:"muted"`
	}
	// Leg asks for a headset.
	Leg struct {
		Head
		Offer string `json:"offer"` // SDP
	}
	// LegRestart restarts ICE.
	LegRestart struct {
		Head
		Leg   string `json:"leg"`
		Offer string `json:"offer"` // SDP
	}
	// LegClose gives the headset back.
	LegClose struct {
		Head
		Leg string `json:"leg"`
	}
)

// Errors of Decode. The Head that comes with them carries what could be read.
var (
	ErrMalformed   = errors.New("not a message of the protocol")
	ErrUnknownType = errors.New("no such message type")
)

// Decode reads one frame from a browser, strictly: one JSON object, a known type, an id from 1, only the fields of that type, each of its
// type and bound, every one of them present. With an error, the returned head still carries the id when the frame had a usable one, so that
// the refusal can be matched to its request.
func Decode(frame []byte) (Request, Head, error) {
	var head Head
	if !utf8.Valid(frame) {
		return nil, head, fmt.Errorf("%w: not UTF-8", ErrMalformed)
	}
	fields, err := object(frame)
	if err != nil {
		return nil, head, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	head = peek(fields)
	if head.ID < 1 {
		return nil, Head{Type: head.Type}, fmt.Errorf("%w: id must be a whole number from 1", ErrMalformed)
	}
	into := blank(head.Type)
	if into == nil {
		return nil, head, ErrUnknownType
	}
	if err := sameFields(fields, reflect.TypeOf(into).Elem()); err != nil {
		return nil, head, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	if err := json.Unmarshal(frame, into); err != nil {
		return nil, head, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	req := reflect.ValueOf(into).Elem().Interface().(Request)
	if err := bounds(req); err != nil {
		return nil, head, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	return req, head, nil
}

// object reads the frame as one JSON object whose names each come once. encoding/json lets the last of equal names win and matches names
// without regard to case; both would let one frame mean two things.
func object(frame []byte) (map[string]json.RawMessage, error) {
	dec := json.NewDecoder(bytes.NewReader(frame))
	if t, err := dec.Token(); err != nil || t != json.Delim('{') {
		return nil, errors.New("not an object")
	}
	fields := make(map[string]json.RawMessage)
	for dec.More() {
		t, err := dec.Token()
		if err != nil {
			return nil, err
		}
		name, ok := t.(string)
		if !ok {
			return nil, errors.New("a name is not a string")
		}
		if _, twice := fields[name]; twice {
			return nil, errors.New("a name comes twice")
		}
		var value json.RawMessage
		if err := dec.Decode(&value); err != nil {
			return nil, err
		}
		if string(value) == "null" {
			return nil, errors.New("a value is null")
		}
		fields[name] = value
	}
	if _, err := dec.Token(); err != nil {
		return nil, err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("more than one value")
	}
	return fields, nil
}

func peek(fields map[string]json.RawMessage) (h Head) {
	if json.Unmarshal(fields["type"], &h.Type) != nil {
		h.Type = ""
	}
	if json.Unmarshal(fields["id"], &h.ID) != nil {
		h.ID = 0
	}
	return h
}

func sameFields(have map[string]json.RawMessage, t reflect.Type) error {
	want := 0
	for _, f := range reflect.VisibleFields(t) {
		if f.Anonymous {
			continue
		}
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if _, ok := have[name]; !ok {
			return fmt.Errorf("field %q is missing", name)
		}
		want++
	}
	if len(have) != want {
		return errors.New("unknown field")
	}
	return nil
}

func blank(t Type) any {
	switch t {
	case TypeHello:
		return new(Hello)
	case TypeSnapshot:
		return new(SnapshotRequest)
	case TypeReady:
		return new(Ready)
	case TypeNotReady:
		return new(NotReady)
	case TypeAccept:
		return new(Accept)
	case TypeDecline:
		return new(Decline)
	case TypeHangup:
		return new(Hangup)
	case TypeWrapUpDone:
		return new(WrapUpDone)
	case TypeMute:
		return new(Mute)
	case TypeLeg:
		return new(Leg)
	case TypeLegRestart:
		return new(LegRestart)
	case TypeLegClose:
		return new(LegClose)
	}
	return blankControl(t)
}

func bounds(r Request) error {
	switch m := r.(type) {
	case Hello:
		return identifier("leg", m.Leg, true)
	case NotReady:
		return identifier("reason", m.Reason, false)
	case Accept:
		return identifier("offer", m.Offer, false)
	case Decline:
		return identifier("offer", m.Offer, false)
	case Hangup:
		return identifier("call", m.Call, false)
	case Leg:
		return filled("offer", m.Offer)
	case LegRestart:
		return errors.Join(identifier("leg", m.Leg, false), filled("offer", m.Offer))
	case LegClose:
		return identifier("leg", m.Leg, false)
	case bounded:
		return m.check()
	}
	return nil
}

// identifier allows what our own ids and reasons are made of, so that no odd byte from outside reaches a Redis key, a URL or a log.
func identifier(field, s string, empty bool) error {
	if s == "" && !empty {
		return fmt.Errorf("%s is empty", field)
	}
	if len(s) > maxID {
		return fmt.Errorf("%s is longer than %d", field, maxID)
	}
	for _, r := range s {
		if !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '_') {
			return fmt.Errorf("%s has a character that no identifier has", field)
		}
	}
	return nil
}

func filled(field, s string) error {
	if s == "" {
		return fmt.Errorf("%s is empty", field)
	}
	return nil
}
