package ari

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	lib "github.com/CyCoreSystems/ari/v5"
)

// errSkip is a message that is in order but becomes no event.
type errSkip struct{ reason string }

func (e errSkip) Error() string { return "ari: skipped event: " + e.reason }

// message is what is read of any event. The library's DecodeEvent is the measure in the tests, not the reader: it
// refuses the whole event for a date that it cannot parse (a lost ChannelDestroyed is a caller served for ever),
// does not know CallBroadcast, CallClaimed or protocol_id, and decodes every message twice.
type message struct {
	Type        string        `json:"type"`
	Timestamp   string        `json:"timestamp"`
	Application string        `json:"application"`
	Channel     channelJSON   `json:"channel"`
	Replaces    objectJSON    `json:"replace_channel"`
	Peer        channelJSON   `json:"peer"`
	Bridge      objectJSON    `json:"bridge"`
	Playback    playbackJSON  `json:"playback"`
	Recording   recordingJSON `json:"recording"`
	Digit       string        `json:"digit"`
	DurationMS  number        `json:"duration_ms"`
	Cause       number        `json:"cause"`
	CauseText   string        `json:"cause_txt"`
	TechCause   number        `json:"tech_cause"`
	Args        []string      `json:"args"`
	Winner      string        `json:"winner_app"`
	Destination string        `json:"destination"`
	DialStatus  string        `json:"dialstatus"`
	EventName   string        `json:"eventname"`
	Params      []string      `json:"params"` // of MissingParams, the answer to a bad websocket request
}

type objectJSON struct {
	ID string `json:"id"`
}

type playbackJSON struct {
	ID       string `json:"id"`
	State    string `json:"state"`
	MediaURI string `json:"media_uri"`
}

type recordingJSON struct {
	Name  string `json:"name"`
	Cause string `json:"cause"`
}

type channelJSON struct {
	ID         string          `json:"id"`
	Name       string          `json:"name"`
	State      string          `json:"state"`
	ProtocolID string          `json:"protocol_id"`
	Caller     lib.CallerID    `json:"caller"`
	Connected  lib.CallerID    `json:"connected"`
	Dialplan   lib.DialplanCEP `json:"dialplan"`
	Created    string          `json:"creationtime"`
	Vars       map[string]any  `json:"channelvars"`
}

// number reads a JSON number or a string of digits, and anything else as zero: no number is worth losing an event for.
type number int

func (n *number) UnmarshalJSON(data []byte) error {
	if len(data) > 1 && data[0] == '"' {
		data = data[1 : len(data)-1]
	}
	v, err := strconv.Atoi(string(data))
	if err != nil {
		v = 0
	}
	*n = number(v)
	return nil
}

// decode turns one websocket message into an event. Its errors are errSkip, or mean that the message is malformed.
func decode(data []byte) (Event, error) {
	var m message
	// A field of an unexpected JSON type leaves that field empty and the others filled.
	var mismatch *json.UnmarshalTypeError
	if err := json.Unmarshal(data, &m); err != nil && !errors.As(err, &mismatch) {
		return Event{}, fmt.Errorf("ari: event is not JSON: %w", err)
	}
	kind := Kind(m.Type)
	if m.Type == lib.Events.ApplicationReplaced {
		kind = Replaced
	}
	switch {
	case m.Type == "":
		return Event{}, errors.New("ari: event without a type")
	case m.Type == string(Replaced), !wanted(kind) && !known(m.Type):
		return Event{}, errSkip{skipUnknown}
	case m.Type == lib.Events.ChannelUserevent && m.EventName == echoEvent:
		return Event{}, errSkip{skipEcho}
	case !wanted(kind):
		return Event{}, errSkip{skipUnused}
	}
	e := m.event(kind)
	if missing := e.missing(); missing != "" {
		return Event{}, fmt.Errorf("ari: %s without %s", kind, missing)
	}
	return e, nil
}

func (m *message) event(kind Kind) Event {
	e := Event{
		Kind: kind, At: parseTime(m.Timestamp), App: m.Application,
		Channel: m.Channel.channel(), Bridge: m.Bridge.ID,
		Playback: m.Playback.ID, PlaybackState: m.Playback.State, Media: m.Playback.MediaURI,
		Recording: m.Recording.Name,
		Digit:     m.Digit, DigitMS: int(m.DurationMS),
		Cause: int(m.Cause), CauseText: m.CauseText, TechCause: int(m.TechCause),
		Args: m.Args, Winner: m.Winner, Destination: m.Destination, DialStatus: m.DialStatus, Replaces: m.Replaces.ID,
	}
	switch kind {
	case Dial:
		e.Channel = m.Peer.channel()
	case RecordingFailed:
		e.CauseText = m.Recording.Cause
	}
	return e
}

// missing names the id without which an event of this kind cannot be assigned to anything.
func (e *Event) missing() string {
	switch e.Kind {
	case Replaced:
		return ""
	case BridgeDestroyed:
		return empty(e.Bridge, "a bridge")
	case PlaybackStarted, PlaybackFinished:
		return empty(e.Playback, "a playback")
	case RecordingStarted, RecordingFinished, RecordingFailed:
		return empty(e.Recording, "a recording")
	case ChannelEnteredBridge: // its channel is optional in the description
		return empty(e.Bridge, "a bridge")
	case ChannelLeftBridge:
		if s := empty(e.Bridge, "a bridge"); s != "" {
			return s
		}
	case ChannelDtmfReceived:
		if s := empty(e.Digit, "a digit"); s != "" {
			return s
		}
	}
	return empty(e.Channel.ID, "a channel")
}

func empty(value, name string) string {
	if value == "" {
		return name
	}
	return ""
}

func (j *channelJSON) channel() Channel {
	c := Channel{
		ID: j.ID, Name: j.Name, State: j.State,
		CallerNumber: j.Caller.Number, ConnectedNumber: j.Connected.Number,
		Context: j.Dialplan.Context, Exten: j.Dialplan.Exten,
		Created: parseTime(j.Created), ProtocolID: j.ProtocolID,
	}
	if len(j.Vars) > 0 {
		c.Vars = make(map[string]string, len(j.Vars))
		for name, value := range j.Vars {
			if text, ok := value.(string); ok {
				c.Vars[name] = text
			}
		}
	}
	return c
}

// parseTime reads Asterisk's dates (ISO 8601 with milliseconds and an offset without a colon); zero when it cannot.
func parseTime(s string) time.Time {
	t, err := time.Parse(lib.DateFormat, s)
	if err != nil {
		return time.Time{}
	}
	return t.UTC()
}
