package ari

import (
	"context"
	"net/http"
	"net/url"

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

// DestroyBridge shuts a bridge down; its channels stay, in no bridge, hearing nothing. One that is gone is a success.
func (c *Client) DestroyBridge(ctx context.Context, id string) error {
	return gone(c.onBridge(ctx, "destroy_bridge", http.MethodDelete, id, nil))
}

// AddChannel puts a channel into a bridge, taking it out of the one it is in. IsUnprocessable: the channel has not entered
// Stasis (yet).
func (c *Client) AddChannel(ctx context.Context, bridge, channel string) error {
	return c.onBridge(ctx, "add_channel", http.MethodPost, bridge, url.Values{"channel": {channel}}, "addChannel")
}

// RemoveChannel takes a channel out of a bridge. A caller who is in no bridge hears nothing: prefer AddChannel to another.
func (c *Client) RemoveChannel(ctx context.Context, bridge, channel string) error {
	return c.onBridge(ctx, "remove_channel", http.MethodPost, bridge, url.Values{"channel": {channel}}, "removeChannel")
}

// StartBridgeMOH plays a hold-music class to everyone in a bridge.
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
