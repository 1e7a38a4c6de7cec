package webrtc

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"
)

// Marks are all that a recording is to say of its call at a moment. Whoever steers the call sends them as a whole: what was said before and is not there
// any more ends, what is new begins, and saying the same again changes nothing. So no answer that was lost, and no life of a controller, leaves a
// span open or begins one twice.
type Marks struct {
	Spans []Span `json:"spans"`           // what happens now, at most 16
	Risk  *Risk  `json:"risk,omitempty"`  // how much danger there is; another one than before is a point on the tape
	Pause *Pause `json:"pause,omitempty"` // nothing is recorded
}

// Span is something that happens for a while: a talk, a hold, who listens.
type Span struct {
	Kind string `json:"kind"`           // 1 to 16 small letters
	Who  string `json:"who"`            // agent id, or empty
	Code string `json:"code,omitempty"` // id, or empty
}

// Risk is how much danger there is.
type Risk struct {
	Code string `json:"code"`
	Who  string `json:"who"` // agent id; empty: no person of ours said it
}

// Pause is a stretch that is left out.
type Pause struct {
	Code string `json:"code"` // why
	Who  string `json:"who"`  // agent id
	// For is for how many milliseconds more, 1 to an hour. Then the recording goes on, whether or not anybody lives who would say so.
	For int64 `json:"for_ms"`
}

const (
	maxSpans = 16
	maxPause = int64(time.Hour / time.Millisecond)
	// riskMark is the kind of a point at which the danger changed.
	riskMark = "risk"
)

func (m Marks) validate() error {
	if len(m.Spans) > maxSpans {
		return failure(BadRequest, "more than %d spans", maxSpans)
	}
	for _, s := range m.Spans {
		if !validKind(s.Kind) || !idOrNone(s.Who) || !idOrNone(s.Code) {
			return failure(BadRequest, "a span is no kind and ids")
		}
	}
	if r := m.Risk; r != nil && (!validID(r.Code) || !idOrNone(r.Who)) {
		return failure(BadRequest, "the risk is no code and id")
	}
	if p := m.Pause; p != nil && (!validID(p.Code) || !validID(p.Who) || p.For < 1 || p.For > maxPause) {
		return failure(BadRequest, "the pause is no code, id and time")
	}
	return nil
}

func idOrNone(id string) bool { return id == "" || validID(id) }

func validKind(kind string) bool {
	if kind == "" || len(kind) > 16 {
		return false
	}
	for _, r := range kind {
		if r < 'a' || r > 'z' {
			return false
		}
	}
	return true
}

// order is what a tape's owner is to say on it.
type order struct {
	marks Marks
	done  chan struct{} // closed when it is on the tape
}

// marking is what a tape's owner knows of what it said.
type marking struct {
	said Marks
	over *time.Timer // of the pause
}

// due fires when a pause is over. It is nil, and so never ready, while there is none.
func (m *marking) due() <-chan time.Time {
	if m.over == nil {
		return nil
	}
	return m.over.C
}

// say brings the tape from what was said to what is to be said.
func (m *marking) say(take Take, now Marks) {
	for _, s := range m.said.Spans {
		if !slices.Contains(now.Spans, s) {
			take.End(s.Kind, s.Who)
		}
	}
	for _, s := range now.Spans {
		if !slices.Contains(m.said.Spans, s) {
			take.Begin(s.Kind, s.Who, s.Code)
		}
	}
	if r := now.Risk; r != nil && (m.said.Risk == nil || *m.said.Risk != *r) {
		take.Point(riskMark, r.Who, r.Code)
	}
	m.pause(take, now.Pause)
	m.said = now
}

// pause begins, prolongs or ends a pause.
func (m *marking) pause(take Take, now *Pause) {
	was := m.said.Pause
	if m.over != nil {
		m.over.Stop()
		m.over = nil
	}
	if was != nil && (now == nil || now.Code != was.Code || now.Who != was.Who) {
		take.Resume()
		was = nil
	}
	if now == nil {
		return
	}
	if was == nil {
		take.Pause(now.Code, now.Who)
	}
	m.over = time.NewTimer(time.Duration(now.For) * time.Millisecond)
}

// expire ends the pause.
func (m *marking) expire(take Take) {
	m.pause(take, nil)
	m.said.Pause = nil
}

// mark has the tape's owner say what is to be said, after all that was put before, and waits until it is on the tape. The media path never waits for it.
func (t *tape) mark(ctx context.Context, m Marks) error {
	o := &order{m, make(chan struct{})}
	select {
	case t.frames <- &frame{order: o}:
	case <-t.sealed:
		return failure(NoRecording, "recording %s is sealed", t.recording)
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case <-o.done:
		return nil
	case <-t.sealed:
		select {
		case <-o.done:
			return nil
		default:
			return failure(NoRecording, "recording %s is sealed", t.recording)
		}
	case <-ctx.Done():
		return ctx.Err()
	}
}

// putMarks says on the recording what is to be said. It answers when that is so.
func (g *Gateway) putMarks(r *http.Request) (int, any, error) {
	var m Marks
	if err := decode(r, &m); err != nil {
		return 0, nil, err
	}
	if err := m.validate(); err != nil {
		return 0, nil, err
	}
	t, ok := g.tapes.find(r.PathValue("recording"))
	if !ok || t.leg != r.PathValue("leg") || t.over() {
		return 0, nil, failure(NoRecording, "no such recording on this leg")
	}
	return http.StatusNoContent, nil, t.mark(r.Context(), m)
}

// Mark says what a recording is to say of its call from now on. Codes: NoRecording.
func (c *Client) Mark(ctx context.Context, leg, recording string, m Marks) error {
	if m.Spans == nil {
		m.Spans = []Span{}
	}
	err := c.call(ctx, http.MethodPut, legPath(leg, "recording", recording, "marks"), m, nil)
	if errors.Is(err, &Error{Code: NotFound}) {
		return fmt.Errorf("a gateway of an older version: %w", err)
	}
	return err
}
