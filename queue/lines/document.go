package lines

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"
)

// MaxDocument bounds a document, in bytes: hundreds of lines.
const MaxDocument = 256 << 10

// Span is a length of time: whole milliseconds in JSON, "1m30s" in YAML.
type Span time.Duration

func (s Span) String() string { return time.Duration(s).String() }

// MarshalJSON writes milliseconds.
func (s Span) MarshalJSON() ([]byte, error) { return json.Marshal(time.Duration(s).Milliseconds()) }

// UnmarshalJSON reads milliseconds.
func (s *Span) UnmarshalJSON(b []byte) error {
	var ms int64
	if err := json.Unmarshal(b, &ms); err != nil {
		return err
	}
	if ms > maxMillis || ms < -maxMillis {
		return errors.New("a time span is too long")
	}
	*s = Span(time.Duration(ms) * time.Millisecond)
	return nil
}

const maxMillis = int64(366 * 24 * time.Hour / time.Millisecond)

// MarshalYAML writes a span as a person does.
func (s Span) MarshalYAML() (any, error) { return s.String(), nil }

// UnmarshalYAML reads "90s" or "1m30s".
func (s *Span) UnmarshalYAML(decode func(any) error) error {
	var d time.Duration
	if err := decode(&d); err != nil {
		return err
	}
	*s = Span(d)
	return nil
}

// ErrDocument is the error of a text that is no document.
var ErrDocument = errors.New("lines: not a document of lines")

// Decode reads a document. A field that it does not know, a wrong type, anything after it, and a text above MaxDocument are refused with
// ErrDocument. Whether the policy makes sense is for Validate to say.
func Decode(b []byte) (Policy, error) {
	if len(b) > MaxDocument {
		return Policy{}, fmt.Errorf("%w: %d bytes, at most %d", ErrDocument, len(b), MaxDocument)
	}
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.DisallowUnknownFields()
	var p Policy
	if err := dec.Decode(&p); err != nil {
		return Policy{}, fmt.Errorf("%w: %w", ErrDocument, err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return Policy{}, fmt.Errorf("%w: something follows it", ErrDocument)
	}
	return p, nil
}

// Encode writes a document. The same policy gives the same bytes.
func Encode(p Policy) ([]byte, error) {
	if p.Lines == nil {
		p.Lines = []Line{}
	}
	b, err := json.Marshal(p)
	if err != nil {
		return nil, fmt.Errorf("lines: encode: %w", err)
	}
	if len(b) > MaxDocument {
		return nil, fmt.Errorf("%w: %d bytes, at most %d", ErrDocument, len(b), MaxDocument)
	}
	return b, nil
}
