package ari

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"time"

	lib "github.com/CyCoreSystems/ari/v5"
)

// CreateBridge makes a bridge of kind "mixing" or "holding" with an id of our choice; one that exists is a success.
func (c *Client) CreateBridge(ctx context.Context, id, kind, name string) error {
	err := c.do(ctx, request{
		op: "create_bridge", method: http.MethodPost, path: "/bridges",
		query: url.Values{"bridgeId": {id}, "type": {kind}, "name": {name}},
	})
	if IsConflict(err) {
		return nil
	}
	return err
}

// DestroyBridge shuts a bridge down; its channels stay, in no bridge, hearing nothing. One that is gone is a success, and so is one
// that is just going (409).
func (c *Client) DestroyBridge(ctx context.Context, id string) error {
	err := gone(c.onBridge(ctx, "destroy_bridge", http.MethodDelete, id, nil))
	if IsConflict(err) {
		return nil
	}
	return err
}

// AddChannel puts a channel into a bridge, taking it out of the one it is in; the listener misses nothing (measured: under
// 6 ms). The bridge may have been made by another application. Adding a channel to the bridge that it is in takes it
// out and in again. IsUnprocessable: the channel has not entered Stasis (yet). IsNotFound: one of the two is gone.
func (c *Client) AddChannel(ctx context.Context, bridge, channel string) error {
	return c.onBridge(ctx, "add_channel", http.MethodPost, bridge, url.Values{"channel": {channel}}, "addChannel")
}

// RemoveChannel takes a channel out of a bridge. A caller who is in no bridge hears nothing: prefer AddChannel to another.
func (c *Client) RemoveChannel(ctx context.Context, bridge, channel string) error {
	return c.onBridge(ctx, "remove_channel", http.MethodPost, bridge, url.Values{"channel": {channel}}, "removeChannel")
}

// StartBridgeMOH plays a hold-music class to everyone in a bridge, until the last one leaves: then it ends, and whoever enters
// next hears nothing at all. CreateHold makes a bridge that has no such end.
func (c *Client) StartBridgeMOH(ctx context.Context, bridge, class string) error {
	return c.onBridge(ctx, "start_bridge_moh", http.MethodPost, bridge, url.Values{"mohClass": {class}}, "moh")
}

// StopBridgeMOH ends what StartBridgeMOH began.
func (c *Client) StopBridgeMOH(ctx context.Context, bridge string) error {
	return c.onBridge(ctx, "stop_bridge_moh", http.MethodDelete, bridge, nil, "moh")
}

// Bridges lists every bridge of the node, also those of other applications.
func (c *Client) Bridges(ctx context.Context) ([]Bridge, error) {
	var list []lib.BridgeData
	if err := c.do(ctx, request{op: "bridges", method: http.MethodGet, path: "/bridges", out: &list}); err != nil {
		return nil, err
	}
	bridges := make([]Bridge, 0, len(list))
	for i := range list {
		bridges = append(bridges, bridgeOf(&list[i]))
	}
	return bridges, nil
}

// BridgeGet reads one bridge; IsNotFound when it is gone.
func (c *Client) BridgeGet(ctx context.Context, id string) (Bridge, error) {
	var out lib.BridgeData
	err := c.do(ctx, request{op: "bridge", method: http.MethodGet, path: path("bridges", id), out: &out})
	return bridgeOf(&out), err
}

func bridgeOf(d *lib.BridgeData) Bridge {
	return Bridge{ID: d.ID, Type: d.Type, Name: d.Name, Channels: d.ChannelIDs}
}

func (c *Client) onBridge(ctx context.Context, op, method, bridge string, q url.Values, more ...string) error {
	return c.do(ctx, request{op: op, method: method, path: path(append([]string{"bridges", bridge}, more...)...), query: q})
}

// KeeperPrefix begins the ids of the channels with which CreateHold keeps its bridges from being empty.
const KeeperPrefix = "keep-"

// keeperHost takes the keeper's RTP: the discard service's port, where nobody listens.
const keeperHost = "127.0.0.1:9"

// CreateHold makes a holding bridge in which everyone hears a hold-music class from the moment of entering, for ever. Asterisk ends
// the music of a bridge when its last channel leaves, and a StartBridgeMOH for the next one may come while the old music
// is still on its way out and be lost with it (measured on 22.10.1: dead air, once in 60). So one channel of our own stays in the
// bridge: an external media channel to nowhere, named KeeperPrefix and the bridge's id. Calling it again is harmless, and
// is the way to mend a bridge after a resync.
func (c *Client) CreateHold(ctx context.Context, id, name, class string) error {
	if err := c.CreateBridge(ctx, id, "holding", name); err != nil {
		return err
	}
	keeper := KeeperPrefix + id
	b, err := c.BridgeGet(ctx, id)
	if err != nil {
		return err
	}
	// Looked for first: Asterisk logs every id that is in use as an error, and somebody reads those at night.
	if !slices.Contains(b.Channels, keeper) {
		if _, err := c.ExternalMedia(ctx, keeper, keeperHost, "alaw"); err != nil {
			return err
		}
		if err := c.addWhenReady(ctx, id, keeper); err != nil {
			return err
		}
	}
	return c.StartBridgeMOH(ctx, id, class)
}

// addWhenReady adds a channel that was just made: until its StasisStart, a millisecond or two later, Asterisk refuses (422).
func (c *Client) addWhenReady(ctx context.Context, bridge, channel string) error {
	ctx, cancel := context.WithTimeout(ctx, c.cfg.Timeout)
	defer cancel()
	for {
		err := c.AddChannel(ctx, bridge, channel)
		if !IsUnprocessable(err) {
			return err
		}
		select {
		case <-time.After(2 * time.Millisecond):
		case <-ctx.Done():
			return err
		}
	}
}
