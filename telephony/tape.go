package telephony

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"hotline/queue"
	"hotline/telephony/call"
	"hotline/telephony/webrtc"
)

// tape is what an actor keeps of the recording of its call.
type tape struct {
	due    *time.Timer               // the end of a pause
	told   said                      // what the gateway was asked to say last; the actor's
	wanted atomic.Pointer[call.Call] // the newest, for the lane
}

// said is what a recording says of its call.
type said struct {
	leg       string
	spans     []call.Span
	risk, who string
	pause     call.Pause
}

func saidOf(c call.Call) said {
	risk, who := c.Risk()
	return said{c.Taped(), c.Spans(), risk, who, c.Pause}
}

func (s said) same(t said) bool {
	return s.leg == t.leg && s.risk == t.risk && s.who == t.who && s.pause == t.pause && slices.Equal(s.spans, t.spans)
}

// marks are the same as the gateway takes them.
func (s said) marks() webrtc.Marks {
	m := webrtc.Marks{Spans: []webrtc.Span{}}
	for _, x := range s.spans {
		m.Spans = append(m.Spans, webrtc.Span{Kind: string(x.Kind), Who: x.Who, Code: x.Code})
	}
	if s.risk != "" {
		m.Risk = &webrtc.Risk{Code: s.risk, Who: s.who}
	}
	if p := s.pause; !p.Since.IsZero() {
		m.Pause = &webrtc.Pause{Code: p.Code, Who: p.By, For: max(time.Until(p.Until).Milliseconds(), 1)}
	}
	return m
}

// markWithin is how long it is tried to have the gateway say something. What is said next says it, too.
const markWithin = 5 * time.Second

// markTape has the recording say what the call has become, if that is something else. After an adoption it says it anew: an earlier life may have died
// between a change and the telling.
func (a *actor) markTape(e call.Event) {
	now := saidOf(a.call)
	_, adopted := e.(call.Adopted)
	if now.leg == "" || now.same(a.tape.told) && !adopted {
		a.tape.told = now
		return
	}
	a.tape.told = now
	leg, id := now.leg, a.recordings[now.leg]
	a.media.do(a.ctx, func(ctx context.Context) {
		err := again(ctx, markWithin, func(ctx context.Context) (bool, error) { return a.sayOnTape(ctx, leg, id) })
		if err != nil && ctx.Err() == nil {
			a.ctl.metrics.unmarked.Inc()
			a.log.Warn("the recording does not say what happens", "leg", leg, "error", err)
		}
	})
}

// sayOnTape says what the newest call wants. done: another try would not mend it.
func (a *actor) sayOnTape(ctx context.Context, leg, id string) (done bool, err error) {
	g, now := a.ctl.gatewayOf(leg), saidOf(*a.tape.wanted.Load())
	if g == nil || now.leg != leg {
		return true, nil // the leg is gone, or the talk is elsewhere: its own recording says it
	}
	if id == "" {
		if id = a.ctl.recordingOf(leg); id == "" {
			return false, errNoRecording // of an adopted talk: its gateway tells in a moment
		}
	}
	err = g.Client.Mark(ctx, leg, id, now.marks())
	for _, code := range []webrtc.Code{webrtc.NoRecording, webrtc.NotFound, webrtc.BadRequest} {
		done = done || errors.Is(err, &webrtc.Error{Code: code})
	}
	return done, err
}

var errNoRecording = errors.New("the gateway has not said that it records the leg")

// first is what a recording says before anything is on it: only of a pause, which must hold from the first word. The rest follows.
func (a *actor) first(leg string) *webrtc.Marks {
	c := a.tape.wanted.Load()
	if c == nil || c.Taped() != leg || !c.Paused() {
		return nil
	}
	m := saidOf(*c).marks()
	return &m
}

func (a *actor) armPause(after time.Duration) {
	stop(&a.tape.due)
	a.tape.due = time.AfterFunc(after, func() { a.post(call.PauseDue{At: now()}) })
}

// pauseOrder reads the wish for a pause: its reason, and in the note for how many seconds and, behind a comma, "at_risk" when the site allows it.
func pauseOrder(_ *Controller, w call.Wish, cmd queue.Command) call.Event {
	span, how, _ := strings.Cut(cmd.Note, ",")
	seconds, err := strconv.Atoi(span)
	if err != nil {
		return nil
	}
	return call.PauseWanted{Wish: w, Code: cmd.Arg, For: time.Duration(seconds) * time.Second, AtRisk: how == "at_risk"}
}

// pauseRow is a pause as the index shows it.
func pauseRow(p call.Pause) queue.Pause {
	return queue.Pause{By: queue.AgentID(p.By), Code: p.Code, Since: p.Since, Until: p.Until}
}

func (a *actor) startRecording(leg string) {
	id := newID()
	a.recordings[leg] = id
	line, call := a.call.Line, string(a.call.ID)
	a.media.do(a.ctx, func(ctx context.Context) {
		g := a.ctl.gatewayOf(leg)
		if g == nil {
			return
		}
		err := again(ctx, 2*time.Second, func(ctx context.Context) (bool, error) {
			return false, g.Client.StartRecording(ctx, leg, id, call, line, a.first(leg))
		})
		if err != nil {
			a.ctl.metrics.unrecorded.Inc()
			a.log.Error("recording did not start", "leg", leg, "error", err)
		}
	})
}

var errNoGateway = errors.New("no gateway has said that it has the leg")

// keepRecording waits for the leg's gateway to say what it has. Its id is asked for when the recording is stopped.
func (a *actor) keepRecording(leg string) {
	line, call := a.call.Line, string(a.call.ID)
	a.media.do(a.ctx, func(ctx context.Context) {
		err := again(ctx, 5*time.Second, func(ctx context.Context) (bool, error) {
			g := a.ctl.gatewayOf(leg)
			switch {
			case g == nil:
				return false, errNoGateway
			case a.ctl.recordingOf(leg) != "":
				return true, nil
			}
			return false, g.Client.StartRecording(ctx, leg, newID(), call, line, a.first(leg))
		})
		if err != nil && ctx.Err() == nil {
			a.ctl.metrics.unrecorded.Inc()
			a.log.Error("an adopted talk may go unrecorded", "leg", leg, "error", err)
		}
	})
}

func (a *actor) stopRecording(leg string) {
	id := a.recordings[leg]
	delete(a.recordings, leg)
	a.media.do(a.ctx, func(ctx context.Context) {
		g := a.ctl.gatewayOf(leg)
		if g == nil {
			return // sealed by the gateway that lost the leg, or by the worker that finds the orphan
		}
		if id == "" {
			if id = a.ctl.recordingOf(leg); id == "" {
				return
			}
		}
		if mayAct(ctx) != nil {
			return // who has the call now goes on with the recording
		}
		ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
		defer cancel()
		if _, err := g.Client.StopRecording(ctx, leg, id); err != nil {
			a.log.Warn("recording was not sealed on request; it will be when the leg ends", "leg", leg, "error", err)
		}
	})
}
