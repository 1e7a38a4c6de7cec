package ari

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// maxBody bounds an answer: a list of 10,000 channels is about 10 MB.
const maxBody = 64 << 20

// Error is an answer of Asterisk that is not a success.
type Error struct {
	Op      string // the operation, such as "answer"
	Status  int    // HTTP status
	Message string // Asterisk's own words
}

func (e *Error) Error() string {
	return fmt.Sprintf("ari: %s: status %d: %s", e.Op, e.Status, e.Message)
}

// IsNotFound tells that the channel, bridge or application does not exist (any more).
func IsNotFound(err error) bool {
	var e *Error
	// A channel that is missing is a 404 in its own requests, but a 400 in those of a bridge.
	return errors.As(err, &e) && (e.Status == http.StatusNotFound ||
		e.Status == http.StatusBadRequest && e.Message == "Channel not found")
}

// IsConflict tells that the object is in a state that does not allow the request: not (yet) in Stasis, or claimed by another.
func IsConflict(err error) bool { return hasStatus(err, http.StatusConflict) }

// IsUnprocessable tells that Asterisk understood and cannot: most often a channel that has not entered Stasis yet.
func IsUnprocessable(err error) bool { return hasStatus(err, http.StatusUnprocessableEntity) }

func hasStatus(err error, status int) bool {
	var e *Error
	return errors.As(err, &e) && e.Status == status
}

// request is one call of the interface. Whatever is private (numbers, variables) goes into the body: query strings
// are logged by servers.
type request struct {
	op, method, path string
	query            url.Values
	body             any
	out              any
	once             bool // must not be sent twice: the transport may not repeat it on a connection that breaks
}

func path(parts ...string) string {
	var b strings.Builder
	for _, p := range parts {
		b.WriteByte('/')
		b.WriteString(url.PathEscape(p))
	}
	return b.String()
}

func (c *Client) do(ctx context.Context, r request) error {
	if c.guard != nil && r.method != http.MethodGet {
		if err := c.guard(ctx); err != nil {
			return fmt.Errorf("ari: %s: not sent: %w", r.op, err)
		}
	}
	began := time.Now()
	ctx, cancel := context.WithTimeout(ctx, c.cfg.Timeout)
	defer cancel()
	err := c.roundTrip(ctx, r)
	c.meters.request(r.op, began)
	if err != nil {
		status := 0
		var e *Error
		if errors.As(err, &e) {
			status = e.Status
		}
		c.meters.failures.WithLabelValues(r.op, strconv.Itoa(status)).Inc()
	}
	return err
}

func (c *Client) roundTrip(ctx context.Context, r request) error {
	req, err := c.newRequest(ctx, r)
	if err != nil {
		return fmt.Errorf("ari: %s: %w", r.op, err)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		// The text of a url.Error holds the address with its query; only its cause is passed on.
		var ue *url.Error
		if errors.As(err, &ue) {
			err = ue.Err
		}
		return fmt.Errorf("ari: %s: %w", r.op, err)
	}
	defer func() { _ = resp.Body.Close() }()
	// Read to the end whatever is wanted of it: only then is the connection used again.
	data, err := io.ReadAll(io.LimitReader(resp.Body, maxBody))
	if err != nil {
		return fmt.Errorf("ari: %s: read answer: %w", r.op, err)
	}
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		return &Error{Op: r.op, Status: resp.StatusCode, Message: words(data)}
	}
	if r.out == nil {
		return nil
	}
	var mismatch *json.UnmarshalTypeError
	if err := json.Unmarshal(data, r.out); err != nil && !errors.As(err, &mismatch) {
		return fmt.Errorf("ari: %s: answer is not JSON: %w", r.op, err)
	}
	return nil
}

func (c *Client) newRequest(ctx context.Context, r request) (*http.Request, error) {
	target := c.base + r.path
	if len(r.query) > 0 {
		target += "?" + r.query.Encode()
	}
	var body io.Reader
	if r.body != nil {
		data, err := json.Marshal(r.body)
		if err != nil {
			return nil, err
		}
		body = bytes.NewReader(data)
	}
	req, err := http.NewRequestWithContext(ctx, r.method, target, body)
	if err != nil {
		return nil, errors.New("address cannot be built")
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if !r.once {
		// Ids are chosen by us, so repeating is harmless; the nil value tells net/http so without sending a header.
		req.Header["Idempotency-Key"] = nil
	}
	req.SetBasicAuth(c.cfg.User, c.cfg.Password)
	return req, nil
}

// words takes the explanation out of an error body; Asterisk uses both names.
func words(data []byte) string {
	var body struct {
		Message string `json:"message"`
		Error   string `json:"error"`
	}
	if json.Unmarshal(data, &body) != nil {
		return "no explanation"
	}
	text := body.Message
	if text == "" {
		text = body.Error
	}
	if len(text) > 200 {
		text = text[:200]
	}
	return text
}

// gone makes a delete of something that no longer exists a success.
func gone(err error) error {
	if IsNotFound(err) {
		return nil
	}
	return err
}
