package ari

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"
)

// Run keeps the event websocket up until ctx ends or another client takes the application over (ErrReplaced). It does
// nothing but read, decode and enqueue: Asterisk disconnects a reader that is 100 ms late.
func (c *Client) Run(ctx context.Context) error {
	c.queue.open()
	err := c.connectForEver(ctx)
	c.queue.close(err)
	c.meters.connected.Set(0)
	return err
}

func (c *Client) connectForEver(ctx context.Context) error {
	wait := c.cfg.BackoffMin
	for {
		up, err := c.session(ctx)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.Is(err, ErrReplaced):
			c.log.Error("another client took over this application; its calls are no longer ours")
			return err
		}
		if up {
			wait = c.cfg.BackoffMin
		}
		c.log.Warn("event websocket is down", "error", err, "retry_in", wait)
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return ctx.Err()
		}
		wait = min(2*wait, c.cfg.BackoffMax)
	}
}

// session is the life of one websocket. It reports whether the socket came up at all.
func (c *Client) session(ctx context.Context) (up bool, err error) {
	conn, err := c.dial(ctx)
	if err != nil {
		return false, err
	}
	ctx, cancel := context.WithCancel(ctx)
	var deaf atomic.Bool
	var beside sync.WaitGroup
	beside.Go(func() { c.keepAlive(ctx, conn) })
	defer func() {
		cancel()
		beside.Wait()
	}()
	// An application with noise is better than none: a refused filter is told and lived with.
	if err := c.SetEventFilter(ctx, c.cfg.Ignore); err != nil && ctx.Err() == nil {
		c.log.Warn("event filter was not set", "error", err)
	}
	c.meters.connected.Set(1)
	c.queue.mark(Event{Kind: Connected, At: time.Now(), App: c.cfg.App})
	c.log.Info("event websocket is up")
	if c.cfg.EchoEvery > 0 {
		beside.Go(func() {
			if !c.listen(ctx) {
				deaf.Store(true)
				_ = conn.Close() // which ends the reader
			}
		})
	}
	err = c.read(conn)
	c.meters.connected.Set(0)
	if deaf.Load() {
		err = errDeaf
	}
	if ctx.Err() == nil && !errors.Is(err, ErrReplaced) {
		c.gap(reason(err))
	}
	return true, err
}

func (c *Client) dial(ctx context.Context) (*websocket.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, c.cfg.Timeout)
	defer cancel()
	u := "ws" + strings.TrimPrefix(c.base, "http") + "/events?" + url.Values{"app": {c.cfg.App}}.Encode()
	auth := base64.StdEncoding.EncodeToString([]byte(c.cfg.User + ":" + c.cfg.Password))
	d := websocket.Dialer{HandshakeTimeout: c.cfg.Timeout, ReadBufferSize: 64 << 10}
	conn, resp, err := d.DialContext(ctx, u, http.Header{"Authorization": {"Basic " + auth}}) //nolint:bodyclose // gorilla/websocket: needs no close
	if err != nil {
		if resp != nil {
			return nil, &Error{Op: "events", Status: resp.StatusCode, Message: "websocket refused"}
		}
		return nil, fmt.Errorf("ari: connect event websocket: %w", err)
	}
	conn.SetReadLimit(c.cfg.MaxMessage)
	if err := conn.SetReadDeadline(time.Now().Add(c.cfg.ReadTimeout)); err != nil {
		_ = conn.Close()
		return nil, fmt.Errorf("ari: event websocket: %w", err)
	}
	conn.SetPongHandler(func(string) error { return conn.SetReadDeadline(time.Now().Add(c.cfg.ReadTimeout)) })
	return conn, nil
}

// keepAlive pings, and closes the socket when ctx ends, which also ends the reader.
func (c *Client) keepAlive(ctx context.Context, conn *websocket.Conn) {
	tick := time.NewTicker(c.cfg.PingEvery)
	defer tick.Stop()
	defer func() { _ = conn.Close() }()
	for {
		select {
		case <-tick.C:
			// A failed ping shows in the reader as a broken socket or a missing pong.
			_ = conn.WriteControl(websocket.PingMessage, nil, time.Now().Add(c.cfg.PingEvery))
		case <-ctx.Done():
			// A farewell keeps a warning out of Asterisk's log; when it fails the socket is gone anyway.
			_ = conn.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(websocket.CloseNormalClosure, ""),
				time.Now().Add(c.cfg.PingEvery))
			return
		}
	}
}

var errDeaf = errors.New("ari: the event websocket is up, but events do not come")

// listen proves again and again that events come, until ctx ends, and returns false when they do not. A pong proves only that the socket lives: when
// a connection that was given up is closed after its successor came, Asterisk may take the application for gone with it (measured on 22.10.1, after
// it had stood still for seconds), and its callers would hear nothing more from us.
func (c *Client) listen(ctx context.Context) bool {
	t := time.NewTicker(c.cfg.EchoEvery)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return true
		case <-t.C:
		}
		select {
		case <-c.echoes: // a late one
		default:
		}
		switch err := c.echo(ctx); {
		case IsNotFound(err):
			return ctx.Err() != nil
		case err != nil:
			continue // the pings tell whether Asterisk is there
		}
		late := time.NewTimer(c.cfg.ReadTimeout)
		select {
		case <-c.echoes:
		case <-late.C:
			return false
		case <-ctx.Done():
		}
		late.Stop()
	}
}

var errOverflow = errors.New("ari: events are taken too slowly; the queue is full")

func (c *Client) read(conn *websocket.Conn) error {
	for {
		_, data, err := conn.ReadMessage()
		if err != nil {
			return fmt.Errorf("ari: read event: %w", err)
		}
		if err := conn.SetReadDeadline(time.Now().Add(c.cfg.ReadTimeout)); err != nil {
			return fmt.Errorf("ari: event websocket: %w", err)
		}
		if err := c.take(data); err != nil {
			return err
		}
	}
}

// take decodes and enqueues one message; its errors end the connection.
func (c *Client) take(data []byte) error {
	e, err := decode(data)
	var skip errSkip
	switch {
	case errors.As(err, &skip):
		if skip.reason == skipEcho {
			select {
			case c.echoes <- struct{}{}:
			default:
			}
		}
		c.meters.skipped.WithLabelValues(skip.reason).Inc()
		return nil
	case err != nil:
		// What it would have said is lost, so it is treated like a gap; its text may hold a caller's number and is not logged.
		c.meters.skipped.WithLabelValues(skipMalformed).Inc()
		c.log.Error("malformed event", "bytes", len(data))
		c.meters.gaps.WithLabelValues(skipMalformed).Inc()
		now := time.Now()
		c.queue.resync(Event{Kind: Gap, At: now, App: c.cfg.App, CauseText: skipMalformed},
			Event{Kind: Connected, At: now, App: c.cfg.App})
		return nil //nolint:nilerr // dealt with: the connection itself is sound
	case e.Kind == Replaced:
		c.queue.mark(Event{Kind: Replaced, At: time.Now(), App: c.cfg.App})
		return ErrReplaced
	}
	if !c.queue.push(e) {
		return errOverflow
	}
	c.meters.events.WithLabelValues(string(e.Kind)).Inc()
	return nil
}

func (c *Client) gap(why string) {
	if why == "overflow" {
		c.log.Error("event queue overflowed", "forgotten", c.queue.spill())
	}
	c.meters.gaps.WithLabelValues(why).Inc()
	c.queue.mark(Event{Kind: Gap, At: time.Now(), App: c.cfg.App, CauseText: why})
}

// reason is a short word for the metric and for Event.CauseText.
func reason(err error) string {
	var timeout interface{ Timeout() bool }
	switch {
	case errors.Is(err, errOverflow):
		return "overflow"
	case errors.Is(err, errDeaf):
		return "deaf"
	case errors.Is(err, websocket.ErrReadLimit):
		return "oversized"
	case errors.As(err, &timeout) && timeout.Timeout():
		return "half_open"
	}
	return "closed"
}
