package telephony

import (
	"context"
	"errors"
	"slices"
	"time"

	"hotline/telephony/alert"
	"hotline/telephony/ari"
)

// carryOut does what was decided, and returns what came of it.
func (a *alarm) carryOut(ctx context.Context, cmd alert.Command, late *time.Timer) []alert.Event {
	switch cmd := cmd.(type) {
	case alert.Place:
		return one(a.place(ctx))
	case alert.Redial:
		return one(a.dial(ctx))
	case alert.Ask:
		late.Reset(a.of.cfg.Ask)
		// One of an earlier life may play on: keys count while it does, but not its end.
		_ = a.of.ari.StopPlayback(ctx, a.channel+askingEnd)
		return a.say(ctx, askingEnd, slices.Repeat(a.of.cfg.media(a.language, alert.PromptAsk), askRepeats))
	case alert.Tell:
		late.Reset(tellFor)
		_ = a.of.ari.StopPlayback(ctx, a.channel+askingEnd) // what was not stopped plays to its end first
		return a.say(ctx, tellingEnd, a.of.cfg.media(a.language, cmd.Prompt))
	case alert.Note:
		return one(a.note(ctx, cmd.Result))
	case alert.HangUp:
		a.hangUp(ctx)
	}
	return nil
}

func one(e alert.Event) []alert.Event { return []alert.Event{e} }

// place dials, after it was noted: nobody dials twice.
func (a *alarm) place(ctx context.Context) alert.Event {
	cfg := a.of.cfg
	var endpoint string
	err := again(ctx, cfg.Claim, func(ctx context.Context) (bool, error) {
		number, err := cfg.Calls.Number(ctx, a.id, a.of.owner)
		if err == nil {
			if endpoint, err = cfg.Dial(number); err != nil {
				err = errors.Join(alert.ErrUncallable, err)
			}
		}
		if err == nil {
			err = cfg.Calls.Placed(ctx, a.id, a.of.owner)
		}
		return errors.Is(err, alert.ErrLost) || errors.Is(err, alert.ErrUncallable), err
	})
	switch {
	case errors.Is(err, alert.ErrUncallable):
		a.log.Warn("a person of the call tree has no telephone that may be called")
		return alert.Undone{Result: alert.Unreachable}
	case err != nil:
		if !errors.Is(err, alert.ErrLost) && ctx.Err() == nil {
			a.log.Warn("an alert was not placed; its claim will end", "error", err)
		}
		return alert.Undone{}
	}
	vars := map[string]string{alertLanguage: a.language, "CONNECTEDLINE(num-pres,i)": "prohib"}
	if cfg.CallerID != "" {
		delete(vars, "CONNECTEDLINE(num-pres,i)")
		vars["CONNECTEDLINE(num,i)"] = cfg.CallerID
	}
	if err := a.of.ari.Create(ctx, a.channel, endpoint, vars); err != nil {
		if ctx.Err() == nil {
			a.log.Warn("an alert could not be dialled", "error", err)
		}
		return alert.Undone{Result: alert.Failed}
	}
	a.of.mu.Lock()
	a.placed = true
	a.of.mu.Unlock()
	return a.dial(ctx)
}

// dial rings the channel, once: Asterisk refuses to dial one again.
func (a *alarm) dial(ctx context.Context) alert.Event {
	err := a.of.ari.Dial(ctx, a.channel, a.of.cfg.Ring)
	switch {
	case err == nil:
		a.of.begun()
	case ari.IsConflict(err): // an earlier life did; its time to ring is Asterisk's to keep
	case ari.IsNotFound(err):
		return alert.Gone{} // its end was told before anybody listened
	default:
		if ctx.Err() == nil {
			a.log.Warn("an alert could not be dialled", "error", err)
		}
		return alert.Undone{Result: alert.Failed}
	}
	return alert.Dialled{}
}

// say plays media on the channel. What cannot be said leaves nobody in silence.
func (a *alarm) say(ctx context.Context, end string, media []string) []alert.Event {
	err := errors.New("there is no prompt")
	if len(media) > 0 {
		err = again(ctx, 2*time.Second, func(ctx context.Context) (bool, error) {
			err := a.of.ari.Play(ctx, a.channel, a.channel+end, media...)
			return refused(err), err
		})
	}
	if err == nil || ctx.Err() != nil {
		return nil
	}
	if !ari.IsNotFound(err) { // else its end is on the way
		a.log.Error("an alert could not be said", "error", err)
	}
	return one(alert.Late{})
}

// note makes a result durable. It is a fact also when another life has the channel by now.
func (a *alarm) note(ctx context.Context, r alert.Result) alert.Event {
	err := again(unfenced(ctx), noteFor, func(ctx context.Context) (bool, error) {
		err := a.of.cfg.Calls.Done(ctx, a.id, a.of.owner, r)
		return errors.Is(err, alert.ErrLost), err
	})
	a.of.mu.Lock()
	a.settled = true
	a.of.mu.Unlock()
	if err != nil && !errors.Is(err, alert.ErrLost) && ctx.Err() == nil {
		a.log.Error("what came of an alert was not noted", "result", r, "error", err)
	}
	return alert.Noted{Lost: errors.Is(err, alert.ErrLost), Ill: err != nil && !errors.Is(err, alert.ErrLost)}
}

// hangUp must not give up while Asterisk is there: somebody's telephone rings.
func (a *alarm) hangUp(ctx context.Context) {
	err := again(ctx, time.Minute, func(ctx context.Context) (bool, error) {
		err := a.of.ari.Hangup(ctx, a.channel, "normal")
		return refused(err), err
	})
	if err != nil && ctx.Err() == nil {
		a.log.Warn("a telephone may ring on", "error", err)
	}
}
