package ari

import (
	"context"
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	lib "github.com/CyCoreSystems/ari/v5"
)

// Claim takes a caller that StasisBroadcast offered (see CallBroadcast). won is false, without an error, when another
// application was first or the caller can no longer be claimed; when it is true a StasisStart follows.
func (c *Client) Claim(ctx context.Context, channel string) (won bool, err error) {
	err = c.do(ctx, request{
		op: "claim", method: http.MethodPost, path: "/events/claim",
		query: url.Values{"channelId": {channel}, "application": {c.cfg.App}}, once: true,
	})
	if IsConflict(err) || IsNotFound(err) {
		return false, nil
	}
	return err == nil, err
}

// Answer answers; answering a channel that is up is a success.
func (c *Client) Answer(ctx context.Context, channel string) error {
	return c.onChannel(ctx, "answer", http.MethodPost, channel, nil, "answer")
}

// Ring lets the caller hear ringing before Answer.
func (c *Client) Ring(ctx context.Context, channel string) error {
	return c.onChannel(ctx, "ring", http.MethodPost, channel, nil, "ring")
}

// Hangup ends a channel; one that is gone already is a success. reason is one of Asterisk's words ("normal", "busy",
// "congestion", "no_answer", …), empty for "normal".
func (c *Client) Hangup(ctx context.Context, channel, reason string) error {
	q := url.Values{}
	if reason != "" {
		q.Set("reason", reason)
	}
	return gone(c.onChannel(ctx, "hangup", http.MethodDelete, channel, q))
}

// SetVar sets a channel variable.
func (c *Client) SetVar(ctx context.Context, channel, name, value string) error {
	return c.do(ctx, request{
		op: "set_var", method: http.MethodPost, path: path("channels", channel, "variable"),
		body: map[string]string{"variable": name, "value": value},
	})
}

// GetVar reads a channel variable or dialplan function; IsNotFound when the channel or the variable does not exist.
func (c *Client) GetVar(ctx context.Context, channel, name string) (string, error) {
	var out struct {
		Value string `json:"value"`
	}
	err := c.do(ctx, request{
		op: "get_var", method: http.MethodGet, path: path("channels", channel, "variable"),
		query: url.Values{"variable": {name}}, out: &out,
	})
	return out.Value, err
}

// Continue gives a channel back to the dialplan. Empty place names mean where it left; priority 0 means 1 when a place is
// given. It works without a websocket, also on channels of another application.
func (c *Client) Continue(ctx context.Context, channel, dialplanContext, exten string, priority int) error {
	q := url.Values{}
	if dialplanContext != "" {
		q.Set("context", dialplanContext)
	}
	if exten != "" {
		q.Set("extension", exten)
	}
	if priority == 0 && len(q) > 0 {
		priority = 1
	}
	if priority != 0 {
		q.Set("priority", strconv.Itoa(priority))
	}
	return c.do(ctx, request{
		op: "continue", method: http.MethodPost, path: path("channels", channel, "continue"), query: q, once: true,
	})
}

// Play plays media ("sound:…", "tone:…") one after another on a channel; PlaybackStarted and PlaybackFinished carry the id.
// A sound that cannot be played is told by a PlaybackFinished with the state "failed", not by an error. An id that is
// used twice plays twice, so it is never repeated here.
func (c *Client) Play(ctx context.Context, channel, playbackID string, media ...string) error {
	return c.do(ctx, request{
		op: "play", method: http.MethodPost, path: path("channels", channel, "play", playbackID),
		query: url.Values{"media": {strings.Join(media, ",")}}, once: true,
	})
}

// StopPlayback stops a playback; one that has ended is a success.
func (c *Client) StopPlayback(ctx context.Context, playbackID string) error {
	return gone(c.do(ctx, request{op: "stop_playback", method: http.MethodDelete, path: path("playbacks", playbackID)}))
}

// StartMOH plays a hold-music class to one channel. It does not come back after a Play on that channel (measured on
// 22.10.1): a caller who waits belongs in a holding bridge instead.
func (c *Client) StartMOH(ctx context.Context, channel, class string) error {
	return c.onChannel(ctx, "start_moh", http.MethodPost, channel, url.Values{"mohClass": {class}}, "moh")
}

// StopMOH ends what StartMOH began.
func (c *Client) StopMOH(ctx context.Context, channel string) error {
	return c.onChannel(ctx, "stop_moh", http.MethodDelete, channel, nil, "moh")
}

// SendDTMF sends digits to a channel, 100 ms each with 100 ms between.
func (c *Client) SendDTMF(ctx context.Context, channel, digits string) error {
	return c.do(ctx, request{
		op: "send_dtmf", method: http.MethodPost, path: path("channels", channel, "dtmf"),
		body: map[string]any{"dtmf": digits}, once: true,
	})
}

// Channels lists every channel of the node, also those of other applications and those in no application.
func (c *Client) Channels(ctx context.Context) ([]Channel, error) {
	var list []channelJSON
	if err := c.do(ctx, request{op: "channels", method: http.MethodGet, path: "/channels", out: &list}); err != nil {
		return nil, err
	}
	channels := make([]Channel, 0, len(list))
	for i := range list {
		channels = append(channels, list[i].channel())
	}
	return channels, nil
}

// ChannelGet reads one channel; IsNotFound when it is gone.
func (c *Client) ChannelGet(ctx context.Context, channel string) (Channel, error) {
	var out channelJSON
	err := c.do(ctx, request{op: "channel", method: http.MethodGet, path: path("channels", channel), out: &out})
	return out.channel(), err
}

// Asterisk tells in these variables of an external media channel where it receives RTP; no others name it.
const (
	varLocalAddress = "UNICASTRTP_LOCAL_ADDRESS"
	varLocalPort    = "UNICASTRTP_LOCAL_PORT"
)

// ExternalMedia makes a channel that exchanges RTP with externalHost ("ip:port"; a name would be looked up while Asterisk
// holds locks). format is a codec ("alaw"). The channel may join a bridge after its StasisStart, which can come
// before this returns. The returned LocalAddress and LocalPort are where Asterisk receives. A channel of this id that
// exists already is returned as it is.
func (c *Client) ExternalMedia(ctx context.Context, channelID, externalHost, format string) (Channel, error) {
	var out channelJSON
	err := c.do(ctx, request{
		op: "external_media", method: http.MethodPost, path: "/channels/externalMedia", out: &out,
		body: lib.ExternalMediaOptions{
			ChannelID: channelID, App: c.cfg.App, ExternalHost: externalHost, Format: format,
			Encapsulation: "rtp", Transport: "udp", ConnectionType: "client", Direction: "both",
		},
	})
	if hasStatus(err, http.StatusInternalServerError) {
		// 22.10.1 answers a collision of ids with 500.
		if have, again := c.mediaChannel(ctx, channelID); again == nil {
			return have, nil
		}
	}
	if err != nil {
		return Channel{}, err
	}
	return withMediaAddress(out.channel()), nil
}

// mediaChannel reads a media channel that exists.
func (c *Client) mediaChannel(ctx context.Context, id string) (Channel, error) {
	ch, err := c.ChannelGet(ctx, id)
	if err != nil {
		return Channel{}, err
	}
	vars := map[string]string{}
	for _, name := range []string{varLocalAddress, varLocalPort} {
		if vars[name], err = c.GetVar(ctx, id, name); err != nil {
			return Channel{}, err
		}
	}
	maps.Copy(vars, ch.Vars)
	ch.Vars = vars
	return withMediaAddress(ch), nil
}

func withMediaAddress(ch Channel) Channel {
	ch.LocalAddress = ch.Vars[varLocalAddress]
	ch.LocalPort, _ = strconv.Atoi(ch.Vars[varLocalPort]) // 0 is no port, and says so
	return ch
}

// OriginateRequest describes an outgoing call; see ari/v5 for its fields. Its ids are chosen by the caller.
type OriginateRequest = lib.OriginateRequest

// Originate places an outgoing call that enters this application when it is answered, unless req names another place.
func (c *Client) Originate(ctx context.Context, channelID string, req OriginateRequest) (Channel, error) {
	req.ChannelID = channelID
	if req.App == "" && req.Context == "" && req.Extension == "" {
		req.App = c.cfg.App
	}
	var out channelJSON
	err := c.do(ctx, request{op: "originate", method: http.MethodPost, path: "/channels", body: req, out: &out, once: channelID == ""})
	return out.channel(), err
}

func (c *Client) onChannel(ctx context.Context, op, method, channel string, q url.Values, more ...string) error {
	return c.do(ctx, request{op: op, method: method, path: path(append([]string{"channels", channel}, more...)...), query: q})
}

// Timeout is the deadline of one request.
func (c *Client) Timeout() time.Duration { return c.cfg.Timeout }
