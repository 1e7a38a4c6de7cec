package ari

import (
	"context"
	"time"

	lib "github.com/CyCoreSystems/ari/v5"
)

// Kind names what happened. Those of Asterisk carry Asterisk's own names.
type Kind string

// Kinds that the client itself makes.
const (
	Connected Kind = "Connected" // the websocket is up, for the first time or again: take a resync
	Gap       Kind = "Gap"       // events may have been lost from here on; a Connected follows when they flow again
	Replaced  Kind = "Replaced"  // another client took over the application: stop acting; nothing follows
)

// Kinds that Asterisk sends. See the events' models in Asterisk's API description for when.
const (
	CallBroadcast         Kind = "CallBroadcast" // a caller is offered to all applications: Claim it
	CallClaimed           Kind = "CallClaimed"   // one application won it (Winner); only if the dialplan asked for notify_claimed
	StasisStart           Kind = "StasisStart"
	StasisEnd             Kind = "StasisEnd"
	ChannelDestroyed      Kind = "ChannelDestroyed" // Cause, CauseText
	ChannelHangupRequest  Kind = "ChannelHangupRequest"
	ChannelStateChange    Kind = "ChannelStateChange"
	ChannelDtmfReceived   Kind = "ChannelDtmfReceived" // Digit, DigitMS
	ChannelEnteredBridge  Kind = "ChannelEnteredBridge"
	ChannelLeftBridge     Kind = "ChannelLeftBridge"
	ChannelHold           Kind = "ChannelHold"
	ChannelUnhold         Kind = "ChannelUnhold"
	BridgeDestroyed       Kind = "BridgeDestroyed"
	PlaybackStarted       Kind = "PlaybackStarted"
	PlaybackFinished      Kind = "PlaybackFinished" // PlaybackState says done or failed
	RecordingStarted      Kind = "RecordingStarted"
	RecordingFinished     Kind = "RecordingFinished"
	RecordingFailed       Kind = "RecordingFailed"       // CauseText
	ApplicationMoveFailed Kind = "ApplicationMoveFailed" // Destination
	Dial                  Kind = "Dial"                  // Channel is the dialled one; DialStatus
)

// Event is one thing that happened, in the order in which Asterisk said so. Fields that a kind does not speak of are empty.
type Event struct {
	Kind Kind
	At   time.Time // Asterisk's clock; the client's own for Connected, Gap and Replaced
	App  string    // the application that was told

	Channel Channel
	Bridge  string // id

	Playback      string // id
	PlaybackState string // playing, done, failed
	Media         string // the media that plays
	Recording     string // name

	Digit   string // 0-9 * # A-D
	DigitMS int    // how long it was held

	Cause     int // Q.850; of ChannelDestroyed and ChannelHangupRequest
	CauseText string
	TechCause int // of the channel's technology: a SIP status, when Asterisk knows it

	Args        []string // of StasisStart and ApplicationMoveFailed
	Winner      string   // of CallClaimed: the application that won
	Destination string   // of ApplicationMoveFailed
	DialStatus  string   // of Dial
	Replaces    string   // of StasisStart: id of the channel that this one stands in for
}

// Channel is one leg as Asterisk sees it. The numbers are private: they may go into storage, never into a log.
type Channel struct {
	ID, Name, State string
	CallerNumber    string
	ConnectedNumber string
	Context, Exten  string // where in the dialplan
	Created         time.Time
	Vars            map[string]string // those that ari.conf lists under channelvars
	ProtocolID      string            // SIP Call-ID

	// LocalAddress and LocalPort are where an external media channel receives RTP; only ExternalMedia fills them.
	LocalAddress string
	LocalPort    int
}

// Bridge is one bridge as Asterisk sees it.
type Bridge struct {
	ID, Type, Name string
	Channels       []string
}

// wanted are the types that become events.
func wanted(kind Kind) bool {
	switch kind {
	case CallBroadcast, CallClaimed, StasisStart, StasisEnd, ChannelDestroyed, ChannelHangupRequest, ChannelStateChange,
		ChannelDtmfReceived, ChannelEnteredBridge, ChannelLeftBridge, ChannelHold, ChannelUnhold, BridgeDestroyed,
		PlaybackStarted, PlaybackFinished, RecordingStarted, RecordingFinished, RecordingFailed,
		ApplicationMoveFailed, Dial, Replaced:
		return true
	}
	return false
}

// known are types that Asterisk may send and nobody needs; anything else is counted as unknown, which deserves a look.
func known(name string) bool {
	switch name {
	case lib.Events.BridgeAttendedTransfer, lib.Events.BridgeBlindTransfer, lib.Events.BridgeCreated, lib.Events.BridgeMerged,
		lib.Events.BridgeVideoSourceChanged, lib.Events.ChannelCallerID, lib.Events.ChannelConnectedLine,
		lib.Events.ChannelCreated, lib.Events.ChannelDialplan, lib.Events.ChannelTalkingFinished,
		lib.Events.ChannelTalkingStarted, lib.Events.ChannelUserevent, lib.Events.ChannelVarset,
		lib.Events.ContactStatusChange, lib.Events.DeviceStateChanged, lib.Events.EndpointStateChange,
		lib.Events.PeerStatusChange, lib.Events.PlaybackContinuing, lib.Events.TextMessageReceived,
		"ApplicationRegistered", "ApplicationUnregistered", "ChannelToneDetected", "ChannelTransfer",
		"RESTResponse":
		return true
	}
	return false
}

// Next waits for the next event. When Run has returned and everything was taken it gives Run's error; several
// goroutines may wait at once, each event goes to one of them.
func (c *Client) Next(ctx context.Context) (Event, error) { return c.queue.next(ctx) }
