package webrtc

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/gorilla/websocket"
)

const (
	pingEvery    = time.Second     // own pings, because a stopped process keeps its connections
	pongWithin   = 3 * time.Second // without a pong or an event: lost
	dialTimeout  = time.Second
	firstRetry   = 20 * time.Millisecond
	slowestRetry = 500 * time.Millisecond
	// followBacklog is how many events may wait for a slow fn before the connection is given up and started anew.
	followBacklog = 4096
)

// Follow calls fn with every event of the gateway, one at a time: a snapshot first, then changes in order. When the connection breaks,
// or the gateway does not answer a ping for three seconds, or it cannot be reached to begin with, fn gets one event of type Lost at
// once; when it is back, a new snapshot. Follow returns what fn returned, the context's error, or Unauthorized; nothing else ends it.
func (c *Client) Follow(ctx context.Context, fn func(Event) error) error {
	connected := true // so that the first failure is told too
	for retry := firstRetry; ; {
		snapshots, err := c.followOnce(ctx, fn)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.As(err, new(*refusal)):
			return errors.Unwrap(err)
		}
		if snapshots {
			connected, retry = true, firstRetry
		}
		if connected {
			connected = false
			if err := fn(Event{Type: Lost}); err != nil {
				return err
			}
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(retry):
		}
		retry = min(2*retry, slowestRetry)
	}
}

// refusal is an error that another try would not mend.
type refusal struct{ error }

func (r *refusal) Unwrap() error { return r.error }

// followOnce follows one connection until it ends, and tells whether it came as far as a snapshot.
func (c *Client) followOnce(ctx context.Context, fn func(Event) error) (snapshots bool, err error) {
	dialer := websocket.Dialer{HandshakeTimeout: dialTimeout}
	url := "ws" + strings.TrimPrefix(c.base, "http") + "/v1/events"
	conn, res, err := dialer.DialContext(ctx, url, http.Header{"Authorization": {"Bearer " + c.secret}})
	if res != nil {
		defer func() { _ = res.Body.Close() }() // of a refusal; after the upgrade there is none
	}
	if err != nil {
		if res != nil && res.StatusCode == http.StatusUnauthorized {
			return false, &refusal{fmt.Errorf("gateway events: %w", failure(Unauthorized, "wrong secret"))}
		}
		return false, fmt.Errorf("gateway events: %w", err)
	}
	ctx, cancel := context.WithCancel(ctx)
	events := make(chan Event, followBacklog)
	readErr := make(chan error, 1)
	pings := make(chan struct{})
	go func() {
		defer close(pings)
		ping(ctx, conn)
	}()
	go func() {
		readErr <- readEvents(conn, events)
		close(events)
	}()
	defer func() {
		cancel()
		<-pings // closes the connection, which ends the reader
		for range events {
			continue
		}
	}()
	for {
		select {
		case <-ctx.Done():
			return snapshots, ctx.Err()
		case e, ok := <-events:
			if !ok {
				return snapshots, <-readErr
			}
			snapshots = snapshots || e.Type == EventSnapshot
			if err := fn(e); err != nil {
				return snapshots, &refusal{err}
			}
		}
	}
}

// readEvents decodes what comes and enqueues it; nothing slow happens here.
func readEvents(conn *websocket.Conn, events chan<- Event) error {
	alive := func(string) error { return conn.SetReadDeadline(time.Now().Add(pongWithin)) }
	conn.SetPongHandler(alive)
	conn.SetReadLimit(16 << 20)
	if err := alive(""); err != nil {
		return err
	}
	for {
		_, data, err := conn.ReadMessage()
		if err != nil {
			return fmt.Errorf("gateway events: %w", err)
		}
		if err := alive(""); err != nil {
			return err
		}
		var e Event
		if err := json.Unmarshal(data, &e); err != nil {
			return fmt.Errorf("gateway events: %w", err)
		}
		switch e.Type {
		case EventSnapshot, EventLeg, EventGone, EventQuality:
		default:
			continue // of a newer gateway
		}
		select {
		case events <- e:
		default:
			return errors.New("gateway events: the reader is too slow")
		}
	}
}

// ping keeps asking whether the gateway lives, and closes the connection when the context ends or it cannot ask.
func ping(ctx context.Context, conn *websocket.Conn) {
	defer func() { _ = conn.Close() }() // ending it is the purpose
	tick := time.NewTicker(pingEvery)
	defer tick.Stop()
	for {
		if err := conn.WriteControl(websocket.PingMessage, nil, time.Now().Add(dialTimeout)); err != nil {
			return
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}
