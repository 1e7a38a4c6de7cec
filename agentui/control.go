package agentui

import (
	"context"
	"errors"
	"time"

	"hotline/agentui/board"
	"hotline/agentui/protocol"
	"hotline/agentui/users"
	"hotline/casework/handovers"
	"hotline/queue"
)

// wrapUpStep is by how much one wish extends the wrap-up.
const wrapUpStep = 2 * time.Minute

// controlCommands are the rows of what the agent of a call, or who is asked to take part in it, may ask. A wish goes to the controller that owns
// the call; what comes of it shows in the rows.
func controlCommands() map[protocol.Type]command {
	answering := []users.Role{users.Agent, users.Supervisor}
	return map[protocol.Type]command{
		protocol.TypeHold:         {answering, askedHold},
		protocol.TypeResume:       {answering, askedResume},
		protocol.TypeInvite:       {answering, askedInvite},
		protocol.TypeInviteAccept: {answering, askedInviteAccept},
		protocol.TypeInviteRefuse: {answering, askedInviteRefuse},
		protocol.TypeInviteCancel: {answering, askedInviteCancel},
		protocol.TypeTransfer:     {answering, askedTransfer},
		protocol.TypeRelease:      {answering, askedRelease},
		protocol.TypeOutside:      {answering, askedOutside},
		protocol.TypeOutsideDrop:  {answering, askedOutsideDrop},
		protocol.TypeOutsideLeave: {answering, askedOutsideLeave},
		protocol.TypeDTMF:         {answering, askedDTMF},
		protocol.TypeRecordPause:  {answering, askedRecordPause},
		protocol.TypeRecordResume: {answering, askedRecordResume},
		protocol.TypeSOS:          {answering, askedHelp},
		protocol.TypeWrapUpExtend: {answering, askedWrapUpExtend},
	}
}

// ownCall is a call that the person talks in, or has on hold. It has refused when it returns false.
func (d *desk) ownCall(r protocol.Request, id string) (board.Call, bool) {
	row, known := d.s.board.Agent(d.user.ID)
	c, there := d.s.board.Call(queue.CallID(id))
	if !known || !there || row.State != queue.AgentTalking || string(row.Call) != id || c.Agent != d.user.ID {
		d.refuse(r.Header().ID, protocol.NotYourCall)
		return board.Call{}, false
	}
	return c, true
}

// withAgent tells whether the caller is with the agent: talking, or on hold by the agent's wish.
func withAgent(c board.Call) bool {
	return c.State == queue.CallTalking || c.State == queue.CallHeld && c.Hold == queue.HoldByAgent
}

// taken: its agent accepted it; it does not merely ring.
func taken(c board.Call) bool { return c.State == queue.CallTalking || c.State == queue.CallHeld }

// redCall: such a caller is not held, not handed back, not left alone.
func redCall(c board.Call) bool { return c.Tier == queue.TierRed || c.Danger }

// order passes a wish to the controller of a call, answers, and has it written down. The writing does not keep the caller waiting: a database that
// is away must not hinder a person from getting help.
func (d *desk) order(ctx context.Context, r protocol.Request, action string, cmd queue.Command) {
	err := d.wish(ctx, cmd)
	if err == nil {
		d.record(action, callObject(cmd.Call, cmd.Agent))
	}
	d.answer(r, err)
}

// wish passes what this person wants to the controller of a call.
func (d *desk) wish(ctx context.Context, cmd queue.Command) error {
	cmd.Req, cmd.At, cmd.By = queue.RequestID(newID()), time.Now(), d.user.ID
	_, err := ask(ctx, func(ctx context.Context) (struct{}, error) { return struct{}{}, d.s.deps.Queue.Order(ctx, cmd) })
	return err
}

func askedHold(ctx context.Context, d *desk, r protocol.Request) {
	m := r.(protocol.Hold)
	c, ok := d.ownCall(r, m.Call)
	switch {
	case !ok:
	case redCall(c):
		d.refuse(m.ID, protocol.RedCall)
	case c.State != queue.CallTalking:
		d.refuse(m.ID, protocol.WrongState)
	default:
		d.order(ctx, r, ActionCallHold, queue.Command{Verb: "hold", Call: c.ID})
	}
}

func askedResume(ctx context.Context, d *desk, r protocol.Request) {
	m := r.(protocol.Resume)
	c, ok := d.ownCall(r, m.Call)
	switch {
	case !ok:
	case c.State != queue.CallHeld || c.Hold != queue.HoldByAgent:
		d.refuse(m.ID, protocol.WrongState)
	default:
		d.order(ctx, r, ActionCallResume, queue.Command{Verb: "resume", Call: c.ID})
	}
}

func askedInvite(ctx context.Context, d *desk, r protocol.Request) {
	m := r.(protocol.Invite)
	c, ok := d.ownCall(r, m.Call)
	if !ok {
		return
	}
	to := queue.AgentID(m.User)
	_, there := board.PartyOf(c.Call, to)
	if there || to == d.user.ID || !withAgent(c) {
		d.refuse(m.ID, protocol.WrongState)
		return
	}
	if code := d.s.canBeAsked(to); code != "" {
		d.refuse(m.ID, code)
		return
	}
	if m.Note != "" {
		h, err := ask(ctx, func(ctx context.Context) (handovers.Handover, error) { return d.s.deps.Handovers.Get(ctx, m.Note) })
		switch {
		case errors.Is(err, handovers.ErrNotFound), err == nil && (h.Call != m.Call || h.From != string(d.user.ID) || h.To != m.User):
			d.refuse(m.ID, protocol.NotFound)
			return
		case err != nil:
			d.answer(r, err)
			return
		}
	}
	d.order(ctx, r, ActionCallInvite, queue.Command{Verb: "invite", Call: c.ID, Agent: to, Arg: m.Role, Note: m.Note})
}

func askedInviteCancel(ctx context.Context, d *desk, r protocol.Request) {
	m := r.(protocol.InviteCancel)
	c, ok := d.ownCall(r, m.Call)
	if !ok {
		return
	}
	p, there := board.PartyOf(c.Call, queue.AgentID(m.User))
	switch {
	case there && p.State == queue.PartyInvited:
		d.order(ctx, r, ActionCallInviteCancel, queue.Command{Verb: "cancel_invite", Call: c.ID, Agent: p.Agent})
	case there && p.Role == queue.PartyConsult:
		d.order(ctx, r, ActionCallInviteCancel, queue.Command{Verb: "leave", Call: c.ID, Agent: p.Agent})
	default:
		d.refuse(m.ID, protocol.NotParty)
	}
}

func askedTransfer(ctx context.Context, d *desk, r protocol.Request) {
	m := r.(protocol.Transfer)
	c, ok := d.ownCall(r, m.Call)
	if !ok {
		return
	}
	p, there := board.PartyOf(c.Call, queue.AgentID(m.User))
	switch {
	case !there || p.State != queue.PartyIn || p.Role != queue.PartyConsult:
		d.refuse(m.ID, protocol.NotParty)
	case !withAgent(c):
		d.refuse(m.ID, protocol.WrongState)
	default:
		d.order(ctx, r, ActionCallTransfer, queue.Command{Verb: "transfer", Call: c.ID, Agent: p.Agent})
	}
}

func askedRelease(ctx context.Context, d *desk, r protocol.Request) {
	m := r.(protocol.Release)
	c, ok := d.ownCall(r, m.Call)
	if !ok {
		return
	}
	to := queue.AgentID(m.User)
	_, there := d.s.board.Agent(to)
	switch {
	case redCall(c):
		d.refuse(m.ID, protocol.RedCall)
	case !withAgent(c) || to == d.user.ID:
		d.refuse(m.ID, protocol.WrongState)
	case to != "" && !there:
		d.refuse(m.ID, protocol.PersonAway)
	default:
		d.order(ctx, r, ActionCallRelease, queue.Command{Verb: "release", Call: c.ID, Agent: to})
	}
}

func askedOutsideLeave(ctx context.Context, d *desk, r protocol.Request) {
	m := r.(protocol.OutsideLeave)
	c, ok := d.ownCall(r, m.Call)
	if !ok {
		return
	}
	p, there := board.OutsideOf(c.Call)
	switch {
	case redCall(c):
		d.refuse(m.ID, protocol.RedCall)
	case !there || p.State != queue.PartyIn:
		d.refuse(m.ID, protocol.NotParty)
	default:
		d.order(ctx, r, ActionCallOutsideLeave, queue.Command{Verb: "outside_leave", Call: c.ID})
	}
}

// askedDTMF passes keys on. Which ones is written nowhere: they may be a secret of the caller's.
func askedDTMF(ctx context.Context, d *desk, r protocol.Request) {
	m := r.(protocol.DTMF)
	c, ok := d.ownCall(r, m.Call)
	if !ok {
		return
	}
	p, there := board.OutsideOf(c.Call)
	switch {
	case m.To == "outside" && (!there || p.State != queue.PartyIn):
		d.refuse(m.ID, protocol.NotParty)
	case m.To == "caller" && c.State != queue.CallTalking:
		d.refuse(m.ID, protocol.WrongState)
	default:
		d.order(ctx, r, ActionCallDTMF, queue.Command{Verb: "dtmf", Call: c.ID, Arg: m.Digits, Note: m.To})
	}
}

func askedWrapUpExtend(ctx context.Context, d *desk, r protocol.Request) {
	_, err := ask(ctx, func(ctx context.Context) (queue.Agent, error) {
		return d.s.deps.Queue.ExtendWrapUp(ctx, queue.RequestID(newID()), d.user.ID, d.session, wrapUpStep)
	})
	if err == nil {
		d.record(ActionWrapUpExtend, "")
	}
	d.answer(r, err)
}
