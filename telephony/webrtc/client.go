package webrtc

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// requestTimeout bounds a request whose context has no deadline.
const requestTimeout = 5 * time.Second

// Client speaks a gateway's internal API. Its methods are safe for concurrent use. A request that the gateway refused fails with an
// *Error, whose code errors.Is tells apart: errors.Is(err, &Error{Code: NoLeg}).
type Client struct {
	base   string
	secret string
	http   *http.Client
}

// NewClient makes a client of the gateway at a base URL such as "http://127.0.0.1:8091".
func NewClient(base, secret string) *Client {
	return &Client{
		base:   strings.TrimRight(base, "/"),
		secret: secret,
		http: &http.Client{Transport: &http.Transport{
			DialContext:           (&net.Dialer{Timeout: 2 * time.Second}).DialContext,
			MaxIdleConnsPerHost:   32,
			IdleConnTimeout:       90 * time.Second,
			ResponseHeaderTimeout: 10 * time.Second,
		}},
	}
}

// CreateLeg makes a leg for an agent's browser from its offer and returns the answer. Codes: BadOffer, LegExists, Full.
func (c *Client) CreateLeg(ctx context.Context, leg, agent, offer string) (answer string, err error) {
	var a legAnswer
	err = c.call(ctx, http.MethodPost, "/v1/legs", legRequest{Leg: leg, Agent: agent, Offer: offer}, &a)
	return a.Answer, err
}

// Restart answers a browser's new offer after its network changed (ICE restart). Codes: NoLeg, BadOffer.
func (c *Client) Restart(ctx context.Context, leg, offer string) (answer string, err error) {
	var a legAnswer
	err = c.call(ctx, http.MethodPost, legPath(leg, "restart"), restartRequest{Offer: offer}, &a)
	return a.Answer, err
}

// Suspect makes a leg prove within Config.SuspectWindow that its browser lives, or go. Code: NoLeg.
func (c *Client) Suspect(ctx context.Context, leg string) error {
	return c.call(ctx, http.MethodPost, legPath(leg, "suspect"), nil, nil)
}

// CloseLeg ends a leg; no error when it is gone already.
func (c *Client) CloseLeg(ctx context.Context, leg string) error {
	return c.call(ctx, http.MethodDelete, legPath(leg), nil, nil)
}

// SetAsterisk attaches a leg to a node: rtp, ip:port, is where the node's media channel receives, and what it sends from.
func (c *Client) SetAsterisk(ctx context.Context, leg, node, rtp string) error {
	return c.call(ctx, http.MethodPut, legPath(leg, "asterisk"), asteriskRequest{Node: node, RTP: rtp}, nil)
}

// DropAsterisk detaches a leg from a node; no error when it was not attached.
func (c *Client) DropAsterisk(ctx context.Context, leg, node string) error {
	return c.call(ctx, http.MethodDelete, legPath(leg, "asterisk", node), nil, nil)
}

// StartRecording starts a recording of a leg; the same id again changes nothing. Another recording of that leg, if any, ends. It says first (nil:
// nothing) before anything is recorded. Codes: NoLeg, NotRecordable, RecordingSealed, RecordingFailed.
func (c *Client) StartRecording(ctx context.Context, leg, recording, call, line string, first *Marks) error {
	body := recordingRequest{Recording: recording, Call: call, Line: line, Marks: first}
	return c.call(ctx, http.MethodPut, legPath(leg, "recording"), body, nil)
}

// StopRecording seals a recording and tells how long it is. It works for a minute after the leg is gone. Codes: NoRecording,
// RecordingFailed.
func (c *Client) StopRecording(ctx context.Context, leg, recording string) (time.Duration, error) {
	var a recordingAnswer
	err := c.call(ctx, http.MethodDelete, legPath(leg, "recording", recording), nil, &a)
	return time.Duration(a.Duration) * time.Millisecond, err
}

func legPath(leg string, rest ...string) string {
	path := "/v1/legs/" + url.PathEscape(leg)
	for _, r := range rest {
		path += "/" + url.PathEscape(r)
	}
	return path
}

func (c *Client) call(ctx context.Context, method, path string, body, into any) error {
	if _, ok := ctx.Deadline(); !ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, requestTimeout)
		defer cancel()
	}
	var data []byte
	if body != nil {
		var err error
		if data, err = json.Marshal(body); err != nil {
			return fmt.Errorf("gateway %s: %w", method, err)
		}
	}
	req, err := http.NewRequestWithContext(ctx, method, c.base+path, bytes.NewReader(data))
	if err != nil {
		return fmt.Errorf("gateway %s: %w", method, err)
	}
	req.Header.Set("Authorization", "Bearer "+c.secret)
	req.Header.Set("Content-Type", "application/json")
	res, err := c.http.Do(req)
	if err != nil {
		return fmt.Errorf("gateway: %w", err)
	}
	defer func() { _ = res.Body.Close() }() // read to its end already
	data, err = io.ReadAll(io.LimitReader(res.Body, 1<<20))
	if err != nil {
		return fmt.Errorf("gateway %s %s: %w", method, path, err)
	}
	if res.StatusCode >= 300 {
		refused := &Error{}
		if json.Unmarshal(data, refused) != nil || refused.Code == "" {
			return fmt.Errorf("gateway %s %s: status %d", method, path, res.StatusCode)
		}
		return fmt.Errorf("gateway %s %s: %w", method, path, refused)
	}
	if into == nil {
		return nil
	}
	if err := json.Unmarshal(data, into); err != nil {
		return fmt.Errorf("gateway %s %s: %w", method, path, err)
	}
	return nil
}
