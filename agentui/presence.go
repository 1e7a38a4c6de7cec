package agentui

import (
	"context"
	"errors"
	"time"

	"hotline/agentui/board"
	"hotline/agentui/protocol"
	"hotline/queue"
)

// reconcile compares what the board shows with what should be, and acts on the difference. It is called after everything that happens to the
// desk; d.due says when it must be called at the latest.
func (d *desk) reconcile(ctx context.Context, now time.Time) {
	if d.over {
		return
	}
	if now.Before(d.retryAt) {
		d.wakeAt(d.retryAt)
	} else {
		d.refused = false // until it is refused again below
	}
	d.refit(now)
	d.signIn(ctx, now)
	row, known := d.s.board.Agent(d.user.ID)
	if !d.recognise(row, known) {
		return
	}
	switch {
	case d.tab == nil:
		d.absent(ctx, now, row.Agent, known)
	case known && d.seen:
		d.present(ctx, now, row.Agent)
	}
	d.wantHelp(ctx, now)
	if known && d.seen {
		d.atRisk(ctx, now, row.Agent)
	}
}

// signIn puts a present person into the index under the new session.
func (d *desk) signIn(ctx context.Context, now time.Time) {
	if d.tab == nil || !d.member || d.signed || !d.mayAct(now) {
		return
	}
	if d.stumbled && !d.restore(ctx, now) {
		return
	}
	_, err := ask(ctx, func(ctx context.Context) (queue.Agent, error) {
		return d.s.deps.Queue.SignIn(ctx, queue.RequestID(newID()), queue.Agent{
			ID: d.user.ID, State: queue.AgentNotReady, Reason: queue.ReasonSignedIn, Skills: d.skills(), Group: d.user.Group, Console: d.s.cfg.ID, Session: d.session,
		})
	})
	if err != nil {
		d.stumbled = true
		d.failed("sign in", now, err)
		return
	}
	d.signed, d.seen, d.stumbled, d.entered.with = true, false, false, d.skills().Text()
}

// restore puts the row that the board last knew back, in case the queue was away because it lost everything: a plain sign-in would make an
// available or talking agent start over. It changes nothing when the row is there.
func (d *desk) restore(ctx context.Context, now time.Time) bool {
	row, known := d.s.board.Agent(d.user.ID)
	if !known || row.Console != d.s.cfg.ID {
		return true
	}
	_, err := ask(ctx, func(ctx context.Context) (struct{}, error) {
		return struct{}{}, d.s.deps.Queue.RestoreAgent(ctx, queue.RequestID(newID()), row.Agent)
	})
	if err != nil {
		d.failed("restore", now, err)
	}
	return err == nil
}

// recognise tells whether the desk goes on. The board may still show an earlier session of ours, or already the session of another console.
func (d *desk) recognise(row board.Agent, known bool) bool {
	switch {
	case !d.signed:
	case known && row.Session == d.session:
		d.seen = true
	case known && d.seen && row.Console != d.s.cfg.ID:
		d.displace()
		return false
	case !known && d.seen && d.tab != nil:
		// Someone removed the row. The person is still here.
		d.session, d.signed, d.seen, d.acted = newID(), false, false, ""
		d.due = time.Now()
	case !known && d.seen:
		d.member = false // nothing left to sign out
	}
	return true
}

// displace ends the desk because another console has the person. The leg goes with the person and is left alone.
func (d *desk) displace() {
	if d.tab != nil {
		d.tab.displaced()
	}
	d.over = true
}

// present keeps a person who is here in step with the headset: nobody is offered a call who could not hear it, and who asked to be available
// is so as soon as the headset works.
func (d *desk) present(ctx context.Context, now time.Time, row queue.Agent) {
	ready := d.legReady()
	switch row.State {
	case queue.AgentAvailable, queue.AgentReserved:
		if !ready {
			d.wantsReady = true
			d.away(ctx, now, row)
		} else {
			d.wantsReady = false
		}
	case queue.AgentNotReady, queue.AgentWrapUp:
		if d.wantsReady && ready && row.Assist == "" { // who takes part in a call is what they were only after it
			d.ready(ctx, now, row)
		}
	case queue.AgentTalking:
		d.wantsReady = false
	}
}

// absent decides about a person whose browser is away. A caller must not ring at an empty chair: a ringing offer goes on at once, and an
// available agent stays available only for the grace, and only while the media is up, which is a websocket that blinked.
func (d *desk) absent(ctx context.Context, now time.Time, row queue.Agent, known bool) {
	grace, limit := d.awayAt.Add(d.s.cfg.Grace), d.awayAt.Add(d.s.cfg.AwayLimit)
	if known && d.seen {
		switch {
		case row.State == queue.AgentAvailable:
			if d.legReady() && now.Before(grace) {
				d.wakeAt(grace)
			} else {
				d.wantsReady = true
				d.away(ctx, now, row)
			}
		case row.State == queue.AgentReserved:
			d.wantsReady = true
			d.away(ctx, now, row)
		case row.Assist != "":
			d.absentBeside(ctx, now, row)
			return
		case row.State == queue.AgentWrapUp:
			if now.Before(grace) {
				d.wakeAt(grace)
			} else {
				d.away(ctx, now, row) // marks the row, so that the end of wrap-up makes nobody available
			}
		case row.State == queue.AgentTalking:
			if now.Before(limit) {
				d.wakeAt(limit)
			}
			return // the controller holds the caller and decides; the row's change wakes us
		}
	}
	if now.Before(limit) {
		d.wakeAt(limit)
		return
	}
	if !d.mayAct(now) {
		return
	}
	if d.signOut(ctx) == "" {
		d.over = true
		return
	}
	d.retryAt = now.Add(leaveRetry) // the row said talking after all, or a form is missing: the row's change wakes us
	d.wakeAt(d.retryAt)
}

// absentBeside decides about a person who takes part in another's call. The controller holds their place while the headset is away; who stays away
// leaves the call, and then the index.
func (d *desk) absentBeside(ctx context.Context, now time.Time, row queue.Agent) {
	grace, limit := d.awayAt.Add(d.s.cfg.Grace), d.awayAt.Add(d.s.cfg.AwayLimit)
	switch {
	case now.Before(grace):
		d.wakeAt(grace)
	case now.Before(limit):
		d.away(ctx, now, row) // marks the row, so that the end of the call makes nobody available
		d.wakeAt(limit)
	default:
		d.act(now, "leave", row, func() error {
			_, err := ask(ctx, func(ctx context.Context) (struct{}, error) {
				return struct{}{}, d.s.deps.Queue.Order(ctx, queue.Command{
					Req: queue.RequestID(newID()), At: now, Verb: "leave", Call: row.Assist, By: d.user.ID,
				})
			})
			return err
		}) // the row's change wakes us
	}
}

// away makes the person unavailable at the queue, once for each row.
func (d *desk) away(ctx context.Context, now time.Time, row queue.Agent) {
	d.act(now, "away", row, func() error {
		_, err := ask(ctx, func(ctx context.Context) (struct{}, error) {
			return struct{}{}, d.s.deps.Queue.Away(ctx, queue.RequestID(newID()), d.user.ID, d.session)
		})
		return err
	})
}

// ready makes the person available at the queue, once for each row.
func (d *desk) ready(ctx context.Context, now time.Time, row queue.Agent) {
	d.act(now, "ready", row, func() error {
		_, err := ask(ctx, func(ctx context.Context) (queue.Agent, error) {
			return d.s.deps.Queue.Ready(ctx, queue.RequestID(newID()), d.user.ID, d.session)
		})
		if err == nil || errors.Is(err, queue.ErrAgentBusy) || errors.Is(err, queue.ErrOnBreak) || errors.Is(err, queue.ErrFormDue) {
			d.wantsReady = false
			return nil
		}
		return err
	})
}

func (d *desk) act(now time.Time, what string, row queue.Agent, fn func() error) {
	key := what + " " + string(row.State) + " " + row.Since.String()
	if d.acted == key || !d.mayAct(now) {
		return
	}
	if err := fn(); err != nil {
		d.failed(what, now, err)
		return
	}
	d.acted = key
}

// mayAct tells whether the pause after a failure is over, and has run called again when it is.
func (d *desk) mayAct(now time.Time) bool {
	if now.Before(d.retryAt) {
		d.wakeAt(d.retryAt)
		return false
	}
	return true
}

func (d *desk) failed(what string, now time.Time, err error) {
	d.log.Warn("the queue did not take a change", "change", what, "error", err)
	d.refused = codeOf(err) == protocol.Unavailable
	d.retryAt = now.Add(deskRetry)
	d.wakeAt(d.retryAt)
}

func (d *desk) wakeAt(t time.Time) {
	if d.due.IsZero() || t.Before(d.due) {
		d.due = t
	}
}

func (d *desk) legReady() bool {
	l, ok := d.s.board.Leg(d.leg.id)
	return ok && l.Ready() && l.Agent == d.user.ID
}
