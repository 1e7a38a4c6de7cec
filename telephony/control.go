package telephony

import (
	"context"
	"fmt"
	"time"

	"hotline/queue"
	"hotline/telephony/call"
)

// verbRisk is the verb by which a person says how much danger there is.
const verbRisk = "risk"

// controls are the verbs by which an agent, or who takes over from one, steers a call.
func controls() map[string]order {
	plain := func(event func(call.Wish) call.Event) order {
		return func(_ *Controller, w call.Wish, _ queue.Command) call.Event { return event(w) }
	}
	return map[string]order{
		"hangup": plain(func(w call.Wish) call.Event { return call.HangupWanted{At: w.At, Agent: w.By} }),
		"hold":   plain(func(w call.Wish) call.Event { return call.HoldWanted{Wish: w} }),
		"resume": plain(func(w call.Wish) call.Event { return call.ResumeWanted{Wish: w} }),
		"take": func(c *Controller, w call.Wish, _ queue.Command) call.Event {
			return call.TakeWanted{Wish: w, Leg: c.readyLeg(w.By)}
		},
		"transfer": func(c *Controller, w call.Wish, cmd queue.Command) call.Event {
			return call.TransferWanted{Wish: w, To: string(cmd.Agent), Leg: c.readyLeg(string(cmd.Agent))}
		},
		"release": func(_ *Controller, w call.Wish, cmd queue.Command) call.Event {
			return call.ReleaseWanted{Wish: w, To: string(cmd.Agent)}
		},
		"outside": func(_ *Controller, w call.Wish, cmd queue.Command) call.Event {
			return call.OutsideWanted{Wish: w, Contact: cmd.Arg, Agent: string(cmd.Agent)}
		},
		"outside_drop":  plain(func(w call.Wish) call.Event { return call.OutsideDropWanted{Wish: w} }),
		"outside_leave": plain(func(w call.Wish) call.Event { return call.OutsideLeaveWanted{Wish: w} }),
		"record_pause":  pauseOrder,
		"record_resume": plain(func(w call.Wish) call.Event { return call.RecordWanted{Wish: w} }),
		verbRisk: func(_ *Controller, w call.Wish, cmd queue.Command) call.Event {
			return call.RiskWanted{Wish: w, Level: call.Level(cmd.Arg), Lowered: cmd.Note == "lowered"}
		},
		"dtmf": func(_ *Controller, w call.Wish, cmd queue.Command) call.Event {
			return call.DigitsWanted{Wish: w, Outside: cmd.Note == string(queue.PartyOutside), Digits: cmd.Arg}
		},
	}
}

// control carries out what was wished for.
func (a *actor) control(cmd call.Command) {
	switch cmd := cmd.(type) {
	case call.Transfer:
		a.handOver("transfer", func(ctx context.Context, req queue.RequestID) (queue.Call, error) {
			return a.ctl.queue.Transfer(ctx, req, queue.CallID(a.id), queue.AgentID(cmd.From), queue.AgentID(cmd.To))
		})
	case call.Requeue:
		a.handOver("release", func(ctx context.Context, req queue.RequestID) (queue.Call, error) {
			if a.atRisk.Load() { // since the wish came; the index may not have been told yet
				return queue.Call{}, fmt.Errorf("release of a caller at risk: %w", queue.ErrWrongState)
			}
			return a.ctl.queue.Requeue(ctx, req, queue.CallID(a.id), queue.AgentID(cmd.From), queue.AgentID(cmd.To))
		})
	case call.SendDigits:
		a.sendDigits(cmd)
	case call.DialOutside:
		a.outs.do(a.ctx, func(ctx context.Context) { a.dialOutside(ctx, cmd) })
	case call.WatchOutside:
		c := a.call
		a.outs.do(a.ctx, func(ctx context.Context) {
			a.watchOut(ctx, cmd.N, c.Third.State == call.PartyIn, out{human: true, outside: true})
		})
	case call.JoinOutside:
		a.joinOutside(cmd.N)
	case call.ArmOutside:
		stop(&a.shown)
		a.shown = time.AfterFunc(showFailure, func() { a.post(call.OutsideShown{At: now(), N: cmd.N}) })
	default:
		a.log.Error("nobody carries this out", "command", fmt.Sprintf("%T", cmd))
	}
}

const (
	// handWait is how long the index may take to give a call to another agent. Whoever asked looks at the screen, and the caller talks meanwhile.
	handWait = 4 * time.Second
	// showFailure is how long the agent is shown why a third party did not come.
	showFailure = 10 * time.Second
)

// handOver asks the index in the lane in which everything else is told: what it knows of the call by then is what the wish was made for. Too late is
// never: the agent has gone on.
func (a *actor) handOver(what string, ask func(context.Context, queue.RequestID) (queue.Call, error)) {
	req, until := queue.RequestID(newID()), time.Now().Add(handWait)
	a.index.do(a.ctx, func(context.Context) {
		ctx, cancel := context.WithDeadline(a.living, until)
		defer cancel()
		var r queue.Call
		err := again(ctx, 0, func(ctx context.Context) (bool, error) {
			ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
			defer cancel()
			var err error
			r, err = ask(ctx, req)
			return refusedFor(err), err
		})
		switch {
		case err == nil:
			a.ctl.do(func() { a.post(call.Reassigned{At: now(), Row: a.ctl.withLeg(fromRow(r))}) })
		case a.living.Err() == nil:
			a.ctl.metrics.failedWishes.WithLabelValues(what).Inc()
			a.log.Warn("a call stays with its agent, who wished otherwise", "wish", what, "error", err)
		}
	})
}

// sendDigits sends keys; they are never logged.
func (a *actor) sendDigits(cmd call.SendDigits) {
	channel := a.channel
	if cmd.N > 0 {
		channel = outChannel(a.id, cmd.N)
	}
	a.outs.do(a.ctx, func(ctx context.Context) {
		if err := a.ctl.ari.SendDTMF(ctx, channel, cmd.Digits); err != nil && ctx.Err() == nil {
			a.ctl.metrics.failedWishes.WithLabelValues("dtmf").Inc()
			a.log.Warn("keys were not sent", "error", err)
		}
	})
}

// parties are those who take part in the call, as the index shows them.
func parties(c call.Call) []queue.Party {
	var list []queue.Party
	for _, p := range c.Parties {
		state := queue.PartyState(p.State)
		switch {
		case p.State != call.PartyJoining:
		case p.Leg != "": // about to come back
			state = queue.PartyIn
		case p.Role == call.Consult:
			state = queue.PartyInvited
		default:
			continue // a moment's; what comes of it is shown
		}
		list = append(list, queue.Party{
			Agent: queue.AgentID(p.Agent), Role: queue.PartyRole(p.Role), State: state, By: queue.AgentID(p.By), Since: p.Since, Note: p.Note, Why: p.Why,
		})
	}
	if t := c.Third; t.State != "" {
		list = append(list, queue.Party{
			Role: queue.PartyOutside, State: queue.PartyState(t.State), By: queue.AgentID(t.By), Since: t.Since, Contact: t.Contact, Why: t.Why,
		})
	}
	return list
}
