package ari

import (
	"context"
	"net/http"
	"net/url"
)

// Direction says which sound of a channel is meant.
type Direction string

// The directions, as seen from the channel: in is what its far end says, out is what its far end hears.
const (
	None Direction = "none"
	In   Direction = "in"
	Out  Direction = "out"
	Both Direction = "both"
)

// Snoop makes a channel beside another: it hears what spy says of it, and what is said to it is heard where whisper says, besides what is heard there
// anyhow. It enters this application (StasisStart) and can be put into a bridge (AddNew). It ends with the channel beside which it is. An id
// that exists already is a success: whoever made it wanted the same. IsNotFound: there is no such channel.
func (c *Client) Snoop(ctx context.Context, channel, snoopID string, spy, whisper Direction) error {
	err := c.do(ctx, request{
		op: "snoop", method: http.MethodPost, path: path("channels", channel, "snoop", snoopID),
		query: url.Values{"app": {c.cfg.App}, "spy": {string(spy)}, "whisper": {string(whisper)}},
	})
	if hasStatus(err, http.StatusInternalServerError) || IsConflict(err) {
		if _, again := c.ChannelGet(ctx, snoopID); again == nil {
			return nil
		}
	}
	return err
}

// AddNew puts a channel that was just made into a bridge: it waits for its StasisStart, which takes a millisecond or two.
func (c *Client) AddNew(ctx context.Context, bridge, channel string) error {
	return c.addWhenReady(ctx, bridge, channel)
}
