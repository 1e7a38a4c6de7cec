package agentui

import (
	"context"
	"errors"
	"strings"
	"unicode/utf8"

	"hotline/agentui/board"
	"hotline/agentui/page"
	"hotline/agentui/protocol"
	"hotline/queue"
)

// Actions of the audit trail about what who leads does to calls and people. Those of taking part are written before it happens: they are a look
// at a person in distress, and no look may go without its row.
const (
	ActionCallMonitor  = "call.monitor"
	ActionCallWhisper  = "call.whisper"
	ActionCallBarge    = "call.barge"
	ActionCallTake     = "call.take"
	ActionCallLeave    = "call.leave"
	ActionCallAssign   = "call.assign"
	ActionCallUnassign = "call.unassign"
	ActionCallMoveUp   = "call.move_up"
	ActionAgentForce   = "agent.force"
	ActionSOSAck       = "sos.ack"
	ActionSOSEnd       = "sos.end"
)

// joinAction names the way of taking part.
func joinAction(role queue.PartyRole) string {
	switch role {
	case queue.PartyWhisper:
		return ActionCallWhisper
	case queue.PartyBarge:
		return ActionCallBarge
	}
	return ActionCallMonitor
}

// supervised is the talk of somebody else that this person wants to take part in. It has refused when it returns false.
func (d *desk) supervised(id int64, call string) (board.Call, bool) {
	c, there := d.s.board.Call(queue.CallID(call))
	switch {
	case !there || c.LostAt.IsZero() && (c.State != queue.CallTalking && c.State != queue.CallHeld || c.Agent == "" || c.Agent == d.user.ID):
		d.refuse(id, protocol.WrongState)
		return board.Call{}, false
	}
	if code := d.mayTakePart(c.ID); code != "" {
		d.refuse(id, code)
		return board.Call{}, false
	}
	return c, true
}

// orderRecorded passes a wish on only when its row is durable. The row says what was wanted: whether it came about shows in the call.
func (d *desk) orderRecorded(ctx context.Context, r protocol.Request, action string, c board.Call, cmd queue.Command) {
	if err := d.recorded(ctx, action, callObject(c.ID, c.Agent), ""); err != nil {
		d.answer(r, err)
		return
	}
	d.answer(r, d.wish(ctx, cmd))
}

func askedJoin(ctx context.Context, d *desk, r protocol.Request) {
	m := r.(protocol.Join)
	if c, ok := d.supervised(m.ID, m.Call); ok && !c.LostAt.IsZero() {
		d.refuse(m.ID, protocol.WrongState) // there is nobody to be beside: it can be taken
	} else if ok {
		d.orderRecorded(ctx, r, joinAction(queue.PartyRole(m.Role)), c, queue.Command{Verb: "join", Call: c.ID, Arg: m.Role})
	}
}

func askedTake(ctx context.Context, d *desk, r protocol.Request) {
	m := r.(protocol.Take)
	if c, ok := d.supervised(m.ID, m.Call); ok {
		d.orderRecorded(ctx, r, ActionCallTake, c, queue.Command{Verb: "take", Call: c.ID})
	}
}

// askedLeave is for everybody who takes part; leaving is never refused for want of a row.
func askedLeave(ctx context.Context, d *desk, r protocol.Request) {
	m := r.(protocol.Leave)
	c, there := d.s.board.Call(queue.CallID(m.Call))
	if !there {
		d.refuse(m.ID, protocol.NotParty)
		return
	}
	if _, in := board.PartyOf(c.Call, d.user.ID); !in {
		row, _ := d.s.board.Agent(d.user.ID)
		if row.Assist != c.ID { // just asked for, and not shown yet
			d.refuse(m.ID, protocol.NotParty)
			return
		}
	}
	d.order(ctx, r, ActionCallLeave, queue.Command{Verb: "leave", Call: c.ID})
}

// because reads the reason of a person; it has refused when it returns false.
func (d *desk) because(id int64, text string) (string, bool) {
	text = strings.TrimSpace(text)
	if n := utf8.RuneCountInString(text); n < page.ReasonLeast || n > page.ReasonMost {
		d.tab.out.send(protocol.NewError(id, protocol.BadReason, protocol.Params{"least": page.ReasonLeast, "most": page.ReasonMost}))
		return "", false
	}
	return text, true
}

func askedForce(ctx context.Context, d *desk, r protocol.Request) {
	m := r.(protocol.Force)
	reason, ok := d.because(m.ID, m.Reason)
	if !ok {
		return
	}
	if err := d.recorded(ctx, ActionAgentForce, callObject("", queue.AgentID(m.User))+" "+m.State, reason); err != nil {
		d.answer(r, err)
		return
	}
	_, err := ask(ctx, func(ctx context.Context) (queue.Agent, error) {
		return d.s.deps.Queue.Force(ctx, queue.RequestID(newID()), queue.AgentID(m.User), queue.AgentState(m.State), d.user.ID)
	})
	d.answerPerson(r, err)
}

func askedAssign(ctx context.Context, d *desk, r protocol.Request) {
	m := r.(protocol.Assign)
	reason, ok := d.because(m.ID, m.Reason)
	if !ok {
		return
	}
	action := ActionCallAssign
	if m.User == "" {
		action = ActionCallUnassign
	} else if d.barredAssign(m) {
		d.refuse(m.ID, protocol.NotQualified)
		return
	}
	if err := d.recorded(ctx, action, callObject(queue.CallID(m.Call), queue.AgentID(m.User)), reason); err != nil {
		d.answer(r, err)
		return
	}
	_, err := ask(ctx, func(ctx context.Context) (queue.Call, error) {
		return d.s.deps.Queue.Assign(ctx, queue.RequestID(newID()), queue.CallID(m.Call), queue.AgentID(m.User), d.user.ID)
	})
	d.answerPerson(r, err)
}

// barredAssign tells whether a requirement of the caller's line lapsed for the person: skills a supervisor may overrule by name, a requirement only by
// opening the line.
func (d *desk) barredAssign(m protocol.Assign) bool {
	c, there := d.s.board.Call(queue.CallID(m.Call))
	a, known := d.s.board.Agent(queue.AgentID(m.User))
	return there && known && barredFrom(a.Agent, c.Call)
}

func askedMoveUp(ctx context.Context, d *desk, r protocol.Request) {
	m := r.(protocol.MoveUp)
	reason, ok := d.because(m.ID, m.Reason)
	if !ok {
		return
	}
	if err := d.recorded(ctx, ActionCallMoveUp, callObject(queue.CallID(m.Call), ""), reason); err != nil {
		d.answer(r, err)
		return
	}
	_, err := ask(ctx, func(ctx context.Context) (queue.Call, error) {
		return d.s.deps.Queue.MoveUp(ctx, queue.RequestID(newID()), queue.CallID(m.Call), d.user.ID)
	})
	d.answer(r, err)
}

// askedSOSAck says by name who comes to help. That is never kept waiting for a row.
func askedSOSAck(ctx context.Context, d *desk, r protocol.Request) {
	m := r.(protocol.SOSAck)
	_, err := ask(ctx, func(ctx context.Context) (queue.Agent, error) {
		return d.s.deps.Queue.AckSOS(ctx, queue.RequestID(newID()), queue.AgentID(m.User), d.user.ID)
	})
	if err == nil {
		d.record(ActionSOSAck, d.helpObject(queue.AgentID(m.User)))
	}
	d.answer(r, err)
}

func askedSOSEnd(ctx context.Context, d *desk, r protocol.Request) {
	m := r.(protocol.SOSEnd)
	object := d.helpObject(queue.AgentID(m.User))
	_, err := ask(ctx, func(ctx context.Context) (queue.Agent, error) {
		return d.s.deps.Queue.EndSOS(ctx, queue.RequestID(newID()), queue.AgentID(m.User), d.user.ID)
	})
	if err == nil {
		d.record(ActionSOSEnd, object)
	}
	d.answer(r, err)
}

// helpObject names a call for help: who asked, in which call.
func (d *desk) helpObject(user queue.AgentID) string {
	row, _ := d.s.board.Agent(user)
	if row.SOS == nil {
		return strings.TrimSpace(callObject("", user))
	}
	return strings.TrimSpace(callObject(row.SOS.Call, user))
}

// answerPerson answers what was asked about another person: that one is busy, or not here, not who asked.
func (d *desk) answerPerson(r protocol.Request, err error) {
	switch {
	case errors.Is(err, queue.ErrAgentBusy):
		d.refuse(r.Header().ID, protocol.PersonBusy)
	case errors.Is(err, queue.ErrNoAgent):
		d.refuse(r.Header().ID, protocol.PersonAway)
	default:
		d.answer(r, err)
	}
}
