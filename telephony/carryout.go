package telephony

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"hotline/queue"
	"hotline/telephony/ari"
	"hotline/telephony/call"
)

func now() call.At { return call.At{Time: time.Now().UTC()} }

// carryOut does what the call decided. What the caller hears is done here, at once and in order; the index, the recordings and the ledger
// have lanes of their own, because they may be slow.
func (a *actor) carryOut(cmd call.Command) {
	c := a.call
	switch cmd := cmd.(type) {
	case call.Save:
		a.save(c)
	case call.Answer:
		_ = a.asterisk("answer", func(ctx context.Context) error { return a.ctl.ari.Answer(ctx, a.channel) })
	case call.EnterHold:
		a.enterHold()
	case call.Settle:
		a.settle()
	case call.Play:
		a.play(cmd.Prompt)
	case call.StopPlay:
		a.stopPlay()
	case call.Join:
		a.join(cmd.Leg)
	case call.StartRecording:
		a.startRecording(cmd.Leg)
	case call.StopRecording:
		a.stopRecording(cmd.Leg)
	case call.ArmReturn:
		a.disarm()
		a.back = time.AfterFunc(a.ctl.cfg.ReturnWait, func() { a.post(call.ReturnExpired{At: now()}) })
	case call.DisarmReturn:
		a.disarm()
	case call.Inquire:
		a.inquire()
	case call.Hangup:
		_ = a.asterisk("hangup", func(ctx context.Context) error { return a.ctl.ari.Hangup(ctx, a.channel, "normal") })
	case call.Degrade:
		_ = a.asterisk("degrade", func(ctx context.Context) error {
			return a.ctl.ari.Continue(ctx, a.channel, FallbackContext, FallbackExtension, 1)
		})
	case call.Register, call.Enqueue, call.Raise, call.Mark, call.Restore:
		a.tellIndex(cmd, c)
	case call.Close:
		a.close(c)
	}
}

// Where in the dialplan a caller is served without us.
const (
	FallbackContext   = "fallback"
	FallbackExtension = "s"
)

// asterisk carries out a request, repeated while the fault may pass. A channel that is gone is no fault: its end is on the way as an event.
// A fault is counted and logged here; only a caller with something else to try needs the error.
func (a *actor) asterisk(op string, f func(context.Context) error) error {
	err := again(a.ctx, 3*time.Second, func(ctx context.Context) (bool, error) {
		err := f(ctx)
		return refused(err), err
	})
	if err != nil {
		a.ctl.metrics.refused.WithLabelValues(op).Inc()
		a.log.Warn("asterisk refused", "op", op, "error", err)
	}
	return err
}

// enterHold is the one request that must not fail: a caller outside every bridge hears nothing. A missing bridge is made anew; when even that
// fails the dialplan takes the caller.
func (a *actor) enterHold() {
	add := func(ctx context.Context) error { return a.ctl.ari.AddChannel(ctx, holdBridge(a.call.Line), a.channel) }
	err := add(a.ctx)
	for try := 0; try < 3 && err != nil && a.ctx.Err() == nil; try++ {
		if a.call.Leaving {
			return
		}
		if line, ok := a.ctl.lines[a.call.Line]; ok {
			if err := a.ctl.openHold(a.ctx, line); err != nil {
				a.log.Warn("hold bridge could not be made", "error", err)
			}
		}
		err = add(a.ctx)
	}
	if err == nil || a.ctx.Err() != nil {
		return
	}
	a.ctl.metrics.refused.WithLabelValues("hold").Inc()
	// 404 and 422: the channel is gone or no longer ours; its last event is on the way.
	if _, gone := a.ctl.ari.ChannelGet(a.ctx, a.channel); ari.IsNotFound(gone) {
		return
	}
	a.log.Error("hold audio failed; the dialplan takes the caller", "error", err)
	a.post(call.Unservable{At: now()})
}

// inquire looks a moment later: a channel that is being hung up stays listed that long.
func (a *actor) inquire() {
	time.AfterFunc(200*time.Millisecond, func() {
		_, err := a.ctl.ari.ChannelGet(a.ctx, a.channel)
		switch {
		case ari.IsNotFound(err):
			a.post(call.CallerGone{At: now()})
		case err == nil:
			a.post(call.LeftStasis{At: now()})
		}
		// Otherwise Asterisk is out of reach, and the resync that follows will tell.
	})
}

// save writes the tag: the first one at once, because nothing may be heard on a channel that nobody could adopt; later ones beside the call,
// because Asterisk lets them wait for the end of a prompt.
func (a *actor) save(c call.Call) {
	value := c.Encode(a.ctl.cfg.ID, a.epoch)
	if c.State == call.Greeting {
		_ = a.asterisk("save", func(ctx context.Context) error { return a.ctl.ari.SetVar(ctx, a.channel, call.Variable, value) })
		return
	}
	a.tags.do(a.ctx, func(ctx context.Context) {
		err := again(ctx, 20*time.Second, func(ctx context.Context) (bool, error) {
			err := a.ctl.ari.SetVar(ctx, a.channel, call.Variable, value)
			return refused(err), err
		})
		if err != nil && ctx.Err() == nil {
			a.ctl.metrics.refused.WithLabelValues("save").Inc()
			a.log.Warn("tag was not written", "error", err)
		}
	})
}

// refused says that repeating the request is useless.
func refused(err error) bool {
	var r *ari.Error
	return errors.As(err, &r) && r.Status >= 400 && r.Status < 500
}

// settle asks Asterisk first: what we believe of the caller's whereabouts may be older than our own last move.
func (a *actor) settle() {
	p := a.call.Bridge()
	id := holdBridge(p.Line)
	if p.Leg != "" {
		id = legBridge(p.Leg)
	}
	if b, err := a.ctl.ari.BridgeGet(a.ctx, id); err == nil && slices.Contains(b.Channels, a.channel) {
		return
	}
	if p.Leg != "" {
		a.join(p.Leg)
	} else {
		a.enterHold()
	}
}

func (a *actor) join(leg string) {
	if err := a.asterisk("join", func(ctx context.Context) error { return a.ctl.ari.AddChannel(ctx, legBridge(leg), a.channel) }); err != nil {
		a.post(call.JoinFailed{At: now(), Leg: leg})
	}
}

func (a *actor) play(p call.Prompt) {
	media := a.ctl.lines[a.call.Line].Prompts[p]
	if len(media) == 0 {
		if p == call.PromptGreeting {
			a.post(call.PromptDone{At: now()})
		}
		return
	}
	a.prompts++
	id := fmt.Sprintf("play-%s-%d", a.call.ID, a.prompts)
	a.playing = id
	if err := a.asterisk("play", func(ctx context.Context) error { return a.ctl.ari.Play(ctx, a.channel, id, media...) }); err != nil {
		a.playing = ""
		a.post(call.PromptDone{At: now()})
	}
}

func (a *actor) stopPlay() {
	if a.playing == "" {
		return
	}
	id := a.playing
	a.playing = ""
	// Played to its end meanwhile: nothing to stop, and nothing to report.
	if err := a.ctl.ari.StopPlayback(a.ctx, id); err != nil && !ari.IsNotFound(err) {
		a.log.Warn("prompt could not be stopped", "error", err)
	}
}

func (a *actor) disarm() {
	if a.back != nil {
		a.back.Stop()
		a.back = nil
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
			return false, g.Client.StartRecording(ctx, leg, id, call, line)
		})
		if err != nil {
			a.ctl.metrics.unrecorded.Inc()
			a.log.Error("recording did not start", "leg", leg, "error", err)
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
		ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
		defer cancel()
		if _, err := g.Client.StopRecording(ctx, leg, id); err != nil {
			a.log.Warn("recording was not sealed on request; it will be when the leg ends", "leg", leg, "error", err)
		}
	})
}

func (a *actor) row(c call.Call) queue.Call {
	line := a.ctl.lines[c.Line]
	return queue.Call{
		ID: queue.CallID(c.ID), Line: queue.LineID(c.Line), Node: a.ctl.cfg.Node, Owner: a.ctl.cfg.ID, State: queue.CallState(c.State),
		Tier: queue.Tier(c.Tier), Needs: line.Needs, Arrived: c.Arrived, Since: c.Since, Talked: c.Talked, Front: c.Front,
		Agent: queue.AgentID(c.Agent), Danger: c.Danger, History: int(a.history.Load()), Hold: c.Hold,
	}
}

func fromRow(r queue.Call) call.Row {
	return call.Row{State: call.State(r.State), Agent: string(r.Agent), Offer: string(r.Offer), Front: r.Front, Since: r.Since}
}

// tellIndex repeats until the index knows: callers are on hold audio meanwhile. An index that lost the call is told of it first.
func (a *actor) tellIndex(cmd call.Command, c call.Call) {
	req := queue.RequestID(newID())
	a.index.do(a.ctx, func(ctx context.Context) {
		limit := time.Duration(0)
		if _, ok := cmd.(call.Enqueue); ok {
			limit = a.ctl.cfg.IndexWait
		}
		err := again(ctx, limit, func(ctx context.Context) (bool, error) {
			ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
			defer cancel()
			err := a.ask(ctx, req, cmd, c)
			if errors.Is(err, queue.ErrNoCall) {
				if err := a.ctl.queue.Restore(ctx, queue.RequestID(newID()), a.row(c)); err != nil {
					return false, err
				}
				req = queue.RequestID(newID()) // the index remembers its refusal by the old one
				return false, err
			}
			return errors.Is(err, queue.ErrWrongState), err
		})
		if err == nil || ctx.Err() != nil {
			return
		}
		a.log.Warn("index was not told", "op", fmt.Sprintf("%T", cmd), "error", err)
		if limit > 0 {
			a.post(call.Unservable{At: now()})
		}
	})
}

func (a *actor) ask(ctx context.Context, req queue.RequestID, cmd call.Command, c call.Call) error {
	q, id := a.ctl.queue, queue.CallID(c.ID)
	switch cmd := cmd.(type) {
	case call.Register:
		a.awaitLedger()
		return q.Arrive(ctx, req, a.row(c))
	case call.Enqueue:
		r, err := q.Enqueue(ctx, req, id, cmd.Front)
		if errors.Is(err, queue.ErrWrongState) {
			r, err = a.indexRow(ctx, c.ID) // accepted while no controller was there to hear of it
		}
		if err != nil {
			return err
		}
		a.ctl.do(func() { a.post(call.Queued{At: now(), Row: a.ctl.withLeg(fromRow(r))}) })
		return nil
	case call.Raise:
		_, err := q.Raise(ctx, req, id, queue.Tier(c.Tier), c.Danger)
		return err
	case call.Mark:
		return q.Mark(ctx, req, id, queue.CallState(c.State), c.Hold)
	case call.Restore:
		return q.Restore(ctx, req, a.row(c))
	}
	return nil
}

// indexRow is what the index has of this call.
func (a *actor) indexRow(ctx context.Context, id call.ID) (queue.Call, error) {
	s, err := a.ctl.queue.Snapshot(ctx)
	if err != nil {
		return queue.Call{}, err
	}
	for _, r := range s.Calls {
		if r.ID == queue.CallID(id) {
			return r, nil
		}
	}
	return queue.Call{}, queue.ErrNoCall
}

// awaitLedger gives the database a moment to say how often the caller was here before: good to know, not worth waiting for.
func (a *actor) awaitLedger() {
	select {
	case <-a.opened:
	case <-time.After(200 * time.Millisecond):
	case <-a.ctx.Done():
	}
}

func (a *actor) record(c call.Call) Record {
	return Record{Call: c, Node: a.ctl.cfg.Node, Dialled: a.dialled, Caller: a.caller}
}

// open writes the call's arrival to the ledger.
func (a *actor) open() {
	c := a.call
	a.books.do(a.ctx, func(ctx context.Context) {
		defer a.once.Do(func() { close(a.opened) })
		err := again(ctx, 10*time.Second, func(ctx context.Context) (bool, error) {
			n, err := a.ctl.ledger.Open(ctx, a.record(c))
			if err == nil {
				a.history.Store(int64(n))
			}
			return false, err
		})
		if err != nil && ctx.Err() == nil {
			a.log.Error("ledger did not take the arrival; the end will carry it", "error", err)
		}
	})
}

// close takes the call out of the index and writes its end.
func (a *actor) close(c call.Call) {
	a.disarm()
	ending := queue.Ending(c.Outcome())
	req := queue.RequestID(newID())
	a.index.do(a.ctx, func(ctx context.Context) {
		if err := again(ctx, time.Minute, func(ctx context.Context) (bool, error) {
			ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
			defer cancel()
			return false, a.ctl.queue.End(ctx, req, queue.CallID(c.ID), ending)
		}); err != nil && ctx.Err() == nil {
			a.log.Error("index was not told of the end", "error", err)
		}
	})
	a.ctl.metrics.ended.WithLabelValues(string(c.Outcome())).Inc()
	if c.State == call.Degraded {
		return // the dialplan goes on with the caller; its own record closes the ledger
	}
	a.books.do(a.ctx, func(ctx context.Context) {
		if err := again(ctx, time.Minute, func(ctx context.Context) (bool, error) {
			return false, a.ctl.ledger.Close(ctx, a.record(c))
		}); err != nil && ctx.Err() == nil {
			a.log.Error("ledger did not take the end", "error", err)
		}
	})
}

// eventName is the event's type for the log.
func eventName(e call.Event) string {
	return fmt.Sprintf("%T", e)[len("call."):]
}
