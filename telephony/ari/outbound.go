package ari

import (
	"context"
	"errors"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// Create makes a channel to endpoint ("PJSIP/number@trunk") that is not dialled yet: it enters this application at once (StasisStart),
// rings nobody, and has its variables. Their names may be functions: PJSIP_HEADER(add,…), CALLERID(num). Dial rings it. A channel of
// this id that exists already is a success: whoever made it wanted the same.
func (c *Client) Create(ctx context.Context, channelID, endpoint string, variables map[string]string) error {
	err := c.do(ctx, request{
		op: "create", method: http.MethodPost, path: "/channels/create",
		body: map[string]any{"channelId": channelID, "endpoint": endpoint, "app": c.cfg.App, "variables": variables},
	})
	if hasStatus(err, http.StatusInternalServerError) || IsConflict(err) {
		if _, again := c.ChannelGet(ctx, channelID); again == nil {
			return nil
		}
	}
	return err
}

// Dial rings a channel that Create made, for at most timeout (whole seconds, rounded up); then Asterisk hangs it up by itself, whoever
// is alive to see it. An answer is told as a ChannelStateChange to "Up": ringing and early media never are. IsConflict: it was dialled
// before, so it is not repeated here.
func (c *Client) Dial(ctx context.Context, channelID string, timeout time.Duration) error {
	q := url.Values{"timeout": {strconv.Itoa(int(math.Ceil(timeout.Seconds())))}}
	ctx, cancel := context.WithTimeout(ctx, c.cfg.Timeout)
	defer cancel()
	for {
		err := c.do(ctx, request{op: "dial", method: http.MethodPost, path: path("channels", channelID, "dial"), query: q, once: true})
		var e *Error
		if !errors.As(err, &e) || e.Message != notInStasis {
			return err
		}
		select {
		case <-time.After(2 * time.Millisecond):
		case <-ctx.Done():
			return err
		}
	}
}

// notInStasis is Asterisk's answer for a channel that Create made and that has not entered the application yet, which takes it a millisecond or two.
const notInStasis = "Channel not in Stasis application"

// PlayBridge plays media one after another to everyone in a bridge; StopPlayback ends it. An id that is used twice plays twice, so it
// is never repeated here.
func (c *Client) PlayBridge(ctx context.Context, bridge, playbackID string, media ...string) error {
	return c.do(ctx, request{
		op: "play_bridge", method: http.MethodPost, path: path("bridges", bridge, "play", playbackID),
		body: map[string]any{"media": media}, once: true, // in the body: an address would be too short for many
	})
}
