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
	told   said                      // what the gateway is asked to say; the actor's
	turn   atomic.Int64              // counts those
	wanted atomic.Pointer[call.Call] // the newest, for the lane
}

// said is what a recording says of its call.
type said struct {
	leg       string
	spans     []call.Span
	risk, who string
	pause     call.Pause // as it is wanted
}

func saidOf(c call.Call) said {
	risk, who := c.Risk()
	s := said{leg: c.Taped(), spans: c.Spans(), risk: risk, who: who}
	if p := c.Pause; c.Paused() {
		s.pause = call.Pause{By: p.By, Code: p.Code, Since: p.Since, Until: p.Until}
	}
	return s
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

const (
	// markWithin bounds one try to have the gateway say something, which other work for the gateway may wait for.
	markWithin = 2 * time.Second
	// markWait and maxMarkWait are the first and the longest time to the next try.
	markWait, maxMarkWait = 250 * time.Millisecond, time.Second
)

// telling is what the call has become, on its way to the gateway that records the leg.
type telling struct {
	turn    int64 // of the telling; a newer one says it, too
	leg, id string
	wait    time.Duration // to the next try
	tried   bool
}

// markTape has the recording say what the call has become, if that is something else. After an adoption it says it anew: an earlier life may have died
// between a change and the telling.
func (a *actor) markTape(e call.Event) {
	now := saidOf(a.call)
	_, adopted := e.(call.Adopted)
	if now.same(a.tape.told) && !adopted {
		return
	}
	a.tape.told = now
	turn := a.tape.turn.Add(1)
	if now.leg != "" {
		a.tellTape(telling{turn: turn, leg: now.leg, id: a.recordings[now.leg], wait: markWait})
	}
}

// tellTape tries until the gateway has it, there is something newer to say, or another try would not mend it. While a pause or its end is not confirmed
// there is always another try: a gateway that records what was to be left out may come to its senses.
func (a *actor) tellTape(t telling) {
	a.media.do(a.ctx, func(ctx context.Context) {
		if a.tape.turn.Load() != t.turn {
			return
		}
		var c call.Call
		var useless bool
		err := again(ctx, markWithin, func(ctx context.Context) (bool, error) {
			var err error
			c = *a.tape.wanted.Load()
			useless, err = a.sayOnTape(ctx, c, t)
			return useless, err
		})
		switch {
		case a.tape.turn.Load() != t.turn || ctx.Err() != nil:
			return // what comes next says it, and is confirmed
		case err == nil:
			if p := c.Pause; c.Taped() == t.leg && c.PauseOwed() {
				a.post(call.PauseTaken{At: now(), Leg: t.leg, Since: p.Since, Until: p.Until, Over: p.Over})
			}
			return
		case errors.Is(err, errNoGateway) && !c.PauseOwed():
			return
		case !t.tried:
			a.ctl.metrics.unmarked.Inc()
			a.log.Warn("the recording does not say what happens", "leg", t.leg, "pause", c.PauseOwed(), "error", err)
		}
		if useless && !c.PauseOwed() {
			return
		}
		wait := t.wait
		t.tried, t.wait = true, min(2*wait, maxMarkWait)
		a.ctl.beside(func() {
			if pause(a.living, wait) {
				a.tellTape(t)
			}
		})
	})
}

// sayOnTape says what the call wants. useless: another try would not mend it.
func (a *actor) sayOnTape(ctx context.Context, c call.Call, t telling) (useless bool, err error) {
	g, now := a.ctl.gatewayOf(t.leg), saidOf(c)
	switch {
	case now.leg != t.leg:
		return true, nil // the talk is elsewhere: its own recording says it
	case g == nil:
		return true, errNoGateway // the leg is gone, and the call hears of it
	case t.id == "":
		if t.id = a.ctl.recordingOf(t.leg); t.id == "" {
			return false, errNoRecording // of an adopted talk: its gateway tells in a moment
		}
	}
	err = g.Client.Mark(ctx, t.leg, t.id, now.marks())
	for _, code := range []webrtc.Code{webrtc.NoRecording, webrtc.NotFound, webrtc.BadRequest} {
		useless = useless || errors.Is(err, &webrtc.Error{Code: code})
	}
	return useless, err
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

// pauseRow is a pause as the index shows it: what is wanted, and apart from it what the gateway has confirmed.
func pauseRow(p call.Pause) queue.Pause {
	return queue.Pause{
		By: queue.AgentID(p.By), Code: p.Code, Since: p.Since, Until: p.Until, Asked: p.Asked, Taken: p.Taken, Over: p.Over,
	}
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
