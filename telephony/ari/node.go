package ari

import (
	"context"
	"net/http"
	"net/url"

	lib "github.com/CyCoreSystems/ari/v5"
)

// SetEventFilter asks Asterisk not to send the events of these types to the application; an empty list sends all.
func (c *Client) SetEventFilter(ctx context.Context, disallowed []string) error {
	type event struct {
		Type string `json:"type"`
	}
	list := make([]event, 0, len(disallowed))
	for _, name := range disallowed {
		list = append(list, event{name})
	}
	return c.do(ctx, request{
		op: "event_filter", method: http.MethodPut, path: path("applications", c.cfg.App, "eventFilter"),
		body: map[string]any{"disallowed": list},
	})
}

// echoEvent names the event by which a client proves to itself that events still come.
const echoEvent = "hotline-echo"

// echo asks Asterisk to send that event to this application. IsNotFound: it does not know the application any more.
func (c *Client) echo(ctx context.Context) error {
	return c.do(ctx, request{
		op: "echo", method: http.MethodPost, path: path("events", "user", echoEvent), query: url.Values{"application": {c.cfg.App}},
	})
}

// Connected tells whether Asterisk knows an application, this client's or another's. false is certain: no event
// websocket is connected for it. true is not: an application whose websocket has closed stays known as long as a channel
// that entered it is alive, and a little longer (measured on 22.10.1; ARI offers no better question).
func (c *Client) Connected(ctx context.Context, app string) (bool, error) {
	var out lib.ApplicationData
	err := c.do(ctx, request{op: "application", method: http.MethodGet, path: path("applications", app), out: &out})
	if IsNotFound(err) {
		return false, nil
	}
	return err == nil, err
}

// Ping asks for a sign of life.
func (c *Client) Ping(ctx context.Context) error {
	return c.do(ctx, request{op: "ping", method: http.MethodGet, path: "/asterisk/ping"})
}

// Info describes the node.
type Info struct {
	Version  string // of Asterisk, "22.10.1"
	EntityID string // the node's identity, which events carry as asterisk_id
}

// Info asks for the version and identity of the node.
func (c *Client) Info(ctx context.Context) (Info, error) {
	var out lib.AsteriskInfo
	err := c.do(ctx, request{op: "info", method: http.MethodGet, path: "/asterisk/info", out: &out})
	return Info{Version: out.SystemInfo.Version, EntityID: out.SystemInfo.EntityID}, err
}

// Reload has a module read its configuration again, such as "pbx_config.so" the dialplan. Channels go on where they are.
func (c *Client) Reload(ctx context.Context, module string) error {
	return c.do(ctx, request{op: "reload", method: http.MethodPut, path: path("asterisk", "modules", module)})
}
