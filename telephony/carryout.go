package telephony

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

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
	case call.Announce:
		a.announce(cmd.Parts)
	case call.StopPlay:
		a.stopPlay()
	case call.ArmChoice:
		a.armChoice()
	case call.ArmAnnounce:
		a.armAnnounce(cmd.After)
	case call.DisarmAnnounce:
		stop(&a.news)
	case call.Estimate:
		a.estimate()
	case call.Promise:
		a.promise(cmd.Ask)
	case call.Withdraw:
		a.withdraw()
	case call.Keep:
		a.keepAgent(cmd.Agent)
	case call.Reclaim:
		a.reclaim(cmd.Agent, c.Lost == cmd.Agent)
	case call.Join:
		a.join(cmd.Leg)
	case call.StartRecording:
		a.startRecording(cmd.Leg)
	case call.KeepRecording:
		a.keepRecording(cmd.Leg)
	case call.StopRecording:
		a.stopRecording(cmd.Leg)
	case call.ArmPause:
		a.armPause(cmd.After)
	case call.ArmReturn:
		a.armReturn(c.Agent)
	case call.DisarmReturn:
		a.disarm()
	case call.Inquire:
		a.inquire(true)
	case call.Hangup:
		_ = a.asterisk("hangup", func(ctx context.Context) error { return a.ctl.ari.Hangup(ctx, a.channel, "normal") })
	case call.Degrade:
		a.degrade()
	case call.Register, call.Enqueue, call.Raise, call.Assess, call.Open, call.Require, call.Mark, call.Restore:
		a.tellIndex(cmd, c)
	case call.Close:
		a.close(c)
	default:
		if !a.besideCall(cmd) {
			a.placeOut(cmd)
		}
	}
}

// Where in the dialplan a caller is served without us.
const (
	FallbackContext   = "fallback"
	FallbackExtension = "s"
)

// asterisk carries out a request, repeated while the fault may pass. A channel that is gone is no fault: its end is on the way as an event, or
// was told before the call was adopted.
// A fault is counted and logged here; only a caller with something else to try needs the error.
func (a *actor) asterisk(op string, f func(context.Context) error) error {
	err := again(a.ctx, 3*time.Second, func(ctx context.Context) (bool, error) {
		err := f(ctx)
		return refused(err), err
	})
	if err != nil && a.ctx.Err() == nil && !errors.Is(err, errStandBack) {
		a.ctl.metrics.refused.WithLabelValues(op).Inc()
		a.log.Warn("asterisk refused", "op", op, "error", err)
		if ari.IsNotFound(err) {
			a.inquire(false)
		}
	}
	return err
}

// degrade must not give up: a caller whom we have forgotten, but who is still ours in Asterisk's eyes, hears nothing. A refusal says that the
// channel is in the dialplan already, or gone.
func (a *actor) degrade() {
	err := again(a.ctx, 0, func(ctx context.Context) (bool, error) {
		err := a.ctl.ari.Continue(ctx, a.channel, FallbackContext, FallbackExtension, 1)
		return refused(err), err
	})
	if err != nil && a.ctx.Err() == nil && !ari.IsNotFound(err) {
		a.log.Warn("the dialplan has the caller already", "error", err)
	}
}

// holdWithin bounds the tries to let a caller hear something, should Asterisk answer slowly or not at all; then it is the dialplan's turn.
const holdWithin = 5 * time.Second

// enterHold is the one request that must not fail: a caller outside every bridge hears nothing. A missing bridge is made anew; when even that
// fails the dialplan takes the caller.
func (a *actor) enterHold() {
	add := func(ctx context.Context) error {
		return a.ctl.ari.AddChannel(ctx, a.ctl.names.hold(a.call.HoldPlace()), a.channel)
	}
	err := add(a.ctx)
	if err == nil {
		return
	}
	// While a destroyed bridge is on its way out, Asterisk refuses another of its id (409): some milliseconds, or a good deal more on a busy machine.
	began := time.Now()
	for wait := 10 * time.Millisecond; wait < time.Second && time.Since(began) < holdWithin; wait *= 2 {
		if a.call.Leaving {
			return
		}
		if err := a.ctl.openHold(a.ctx, a.line.holdAt(a.call.HoldPlace())); err != nil {
			a.log.Warn("hold bridge could not be made", "error", err)
		}
		if err = add(a.ctx); err == nil {
			a.ctl.musicAgain()
			return
		}
		if _, gone := a.ctl.ari.ChannelGet(a.ctx, a.channel); ari.IsNotFound(gone) {
			a.inquire(false) // its last event may have been told before the call was adopted
			return
		}
		if !pause(a.ctx, wait) {
			return
		}
	}
	a.ctl.metrics.refused.WithLabelValues("hold").Inc()
	a.log.Error("hold audio failed; the dialplan takes the caller", "error", err)
	a.post(call.Unservable{At: now()})
}

// musicAgain starts the music of the holding bridges once more, a moment after one had to be made anew: Asterisk finds the music of a bridge by the
// bridge's id, and while the destroyed one is still on its way out it is its music that a new one of the same name is given, and loses (measured on
// 22.10.1: silence for all who wait, once in 20 on a busy machine). The second time is for a machine that is slower still.
func (c *Controller) musicAgain() {
	c.beside(func() {
		for _, wait := range []time.Duration{500 * time.Millisecond, 2 * time.Second} {
			if !pause(c.ctx, wait) {
				return
			}
			c.do(func() { c.resyncSoon(true) })
		}
	})
}

// inquire looks a moment later whether the channel is gone: one that is being hung up stays listed that long. left: one that is not gone has left our
// application.
func (a *actor) inquire(left bool) {
	a.ctl.beside(func() {
		if !pause(a.ctx, 200*time.Millisecond) {
			return
		}
		_, err := a.ctl.ari.ChannelGet(a.ctx, a.channel)
		switch {
		case ari.IsNotFound(err):
			a.post(call.CallerGone{At: now()})
		case err == nil && left:
			a.post(call.LeftStasis{At: now()})
		}
		// Otherwise Asterisk is out of reach; the next resync will tell.
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
	if p == (call.Place{}) {
		return
	}
	if a.sits(a.channel, p) {
		return
	}
	switch {
	case p.Leg != "":
		a.join(p.Leg)
	case p.Out != "":
		a.joinOut(a.call.With())
	default:
		a.enterHold()
	}
}

// sits asks Asterisk whether a channel is in a place.
func (a *actor) sits(channel string, p call.Place) bool {
	b, err := a.ctl.ari.BridgeGet(a.ctx, a.bridge(p))
	return err == nil && slices.Contains(b.Channels, channel)
}

func (a *actor) join(leg string) {
	if err := a.ctl.bringHome(a.ctx, leg); err != nil { // lent to another talk, which nothing should have let come to this
		a.log.Warn("the agent's leg is away", "leg", leg, "error", err)
	}
	err := a.asterisk("join", func(ctx context.Context) error { return a.ctl.ari.AddChannel(ctx, a.ctl.names.leg(leg), a.channel) })
	if err == nil {
		return
	}
	var r *ari.Error
	if errors.As(err, &r) && r.Status == http.StatusNotFound {
		a.ctl.do(func() { a.ctl.mediaGone(leg) }) // the bridge: who is sent there next would fare no better
	}
	a.post(call.JoinFailed{At: now(), Leg: leg})
}

func (a *actor) play(p call.Prompt) {
	media := a.line.media(a.call.Language, p)
	if len(media) == 0 {
		a.post(call.PromptDone{At: now()})
		return
	}
	a.say(media)
}

// say plays media one after the other, as one prompt.
func (a *actor) say(media []string) {
	a.awaitTag()
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

// armReturn waits for the agent to come back. Who never left is sought a moment later: no news of that leg will come.
func (a *actor) armReturn(agent string) {
	a.disarm()
	a.back = time.AfterFunc(a.ctl.cfg.ReturnWait, func() { a.post(call.ReturnExpired{At: now()}) })
	a.seek = time.AfterFunc(seekAfter, func() { a.ctl.do(func() { a.ctl.seekLeg(a, agent) }) })
}

// seekAfter is how long a leg that seems well has to show that it is not: its caller left its bridge for some reason.
const seekAfter = 500 * time.Millisecond

func (a *actor) disarm() {
	stop(&a.back)
	stop(&a.seek)
}

// eventName is the event's type for the log.
func eventName(e call.Event) string {
	return fmt.Sprintf("%T", e)[len("call."):]
}
