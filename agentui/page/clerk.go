package page

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/oklog/ulid/v2"

	"hotline/agentui/protocol"
	"hotline/queue"
)

// Bounds of the reason that a person gives, in characters.
const (
	ReasonLeast = 3
	ReasonMost  = 500
)

// Clerk takes in what is asked, writes down what is about to be done, and answers. One serves every page.
type Clerk struct {
	Log     *slog.Logger
	Trail   Trail
	Proxies Proxies
}

// Refusal is what one error means to who asked.
type Refusal struct {
	Err    error
	Status int
	Code   protocol.Code
	Params protocol.Params // nil: none
}

// Reply writes a JSON answer. Answers of the interface are never kept by a cache.
func (c *Clerk) Reply(w http.ResponseWriter, status int, body any) {
	b, err := json.Marshal(body)
	if err != nil {
		c.Log.Error("an answer could not be encoded", "error", err)
		status, b = http.StatusInternalServerError, []byte(`{"error":"internal","params":{}}`)
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(append(b, '\n')) // a browser that left needs no answer
}

// Fail answers with a code, for which the web app has words in each language.
func (c *Clerk) Fail(w http.ResponseWriter, status int, code protocol.Code, params protocol.Params) {
	if params == nil {
		params = protocol.Params{}
	}
	c.Reply(w, status, protocol.HTTPError{Error: code, Params: params})
}

// Unavailable answers when a part that the request needs did not do its work.
func (c *Clerk) Unavailable(w http.ResponseWriter, r *http.Request, err error) {
	if r.Context().Err() == nil {
		c.Log.Warn("a request was not done", "route", r.Pattern, "error", err)
	}
	c.Fail(w, http.StatusServiceUnavailable, protocol.Unavailable, nil)
}

// Answered says what went wrong, in the words of the first refusal that knows the error; true when nothing did.
func (c *Clerk) Answered(w http.ResponseWriter, r *http.Request, err error, known ...Refusal) bool {
	if err == nil {
		return true
	}
	for _, k := range known {
		if errors.Is(err, k.Err) {
			c.Fail(w, k.Status, k.Code, k.Params)
			return false
		}
	}
	c.Unavailable(w, r, err)
	return false
}

// Read decodes a JSON body strictly; it has answered when it returns false.
func (c *Clerk) Read(w http.ResponseWriter, r *http.Request, into any) bool {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "application/json" {
		c.Fail(w, http.StatusUnsupportedMediaType, protocol.BadRequest, nil)
		return false
	}
	dec := json.NewDecoder(r.Body)
	dec.DisallowUnknownFields()
	if err = dec.Decode(into); err == nil {
		if _, rest := dec.Token(); !errors.Is(rest, io.EOF) {
			err = errors.New("more than one value")
		}
	}
	if err != nil {
		status := http.StatusBadRequest
		if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
			status = http.StatusRequestEntityTooLarge
		}
		c.Fail(w, status, protocol.BadRequest, nil)
		return false
	}
	return true
}

// Reason reads a person's reason; it has answered when it returns false.
func (c *Clerk) Reason(w http.ResponseWriter, text string) (string, bool) {
	text = strings.TrimSpace(text)
	if n := utf8.RuneCountInString(text); !utf8.ValidString(text) || n < ReasonLeast || n > ReasonMost {
		c.Fail(w, http.StatusBadRequest, protocol.BadReason, protocol.Params{"least": ReasonLeast, "most": ReasonMost})
		return "", false
	}
	return text, true
}

// ID reads the id of what a request is about from the path; it has answered when it returns false.
func (c *Clerk) ID(w http.ResponseWriter, r *http.Request) (string, bool) {
	id := r.PathValue("id")
	if _, err := ulid.ParseStrict(id); err != nil {
		c.Fail(w, http.StatusNotFound, protocol.NotFound, nil)
		return "", false
	}
	return id, true
}

// PersonID reads from the path which person a request is about; it has answered when it returns false.
func (c *Clerk) PersonID(w http.ResponseWriter, r *http.Request) (queue.AgentID, bool) {
	id := r.PathValue("id")
	if rest, ok := strings.CutPrefix(id, "u-"); ok {
		if _, err := ulid.ParseStrict(rest); err == nil {
			return queue.AgentID(id), true
		}
	}
	c.Fail(w, http.StatusNotFound, protocol.NotFound, nil)
	return "", false
}

// Entry is a line of the audit trail about what a person does by a request.
func (c *Clerk) Entry(r *http.Request, v *Visitor, action, object, reason string) Entry {
	return Entry{At: time.Now(), Actor: v.User.ID, Role: v.User.Role, Action: action, Object: object, Reason: reason, Remote: c.Proxies.Remote(r).String()}
}

// Note writes down what a person is about to do, and returns when that is durable.
func (c *Clerk) Note(r *http.Request, v *Visitor, action, object, reason string) error {
	return c.Trail.Append(r.Context(), c.Entry(r, v, action, object, reason))
}

// Audited writes down what a person is about to do, and does it only when that is durable. Its error is the trail's or that of the deed.
func (c *Clerk) Audited(r *http.Request, v *Visitor, action, object, reason string, do func(ctx context.Context) error) error {
	if err := c.Note(r, v, action, object, reason); err != nil {
		return err
	}
	return do(r.Context())
}
