package agentui

import (
	"context"
	"time"

	"hotline/agentui/page"
	"hotline/queue"
)

// Actions of the audit trail about calls and those who take part in them.
const (
	ActionCallHold         = "call.hold"
	ActionCallResume       = "call.resume"
	ActionCallInvite       = "call.invite" // a person was asked to take part
	ActionCallInviteCancel = "call.invite_cancel"
	ActionCallInviteRefuse = "call.invite_refuse"
	ActionCallJoin         = "call.join" // who was asked takes part
	ActionCallTransfer     = "call.transfer"
	ActionCallRelease      = "call.release"
	ActionCallOutside      = "call.outside"
	ActionCallOutsideDrop  = "call.outside_drop"
	ActionCallOutsideLeave = "call.outside_leave"
	ActionCallDTMF         = "call.dtmf"         // that keys were pressed, not which
	ActionRecordPause      = "call.record_pause" // with the reason
	ActionRecordResume     = "call.record_resume"
	ActionHandoverWrite    = "handover.write"
	ActionHandoverRead     = "handover.read"
	ActionSOS              = "sos"
	ActionWrapUpExtend     = "wrapup.extend"
)

const (
	recordTries = 2 * time.Minute // for the database to come back
	recordPause = time.Second
)

// callObject names a call in the audit trail, and the other person whom an act concerned.
func callObject(call queue.CallID, other queue.AgentID) string {
	object := ""
	if call != "" {
		object = "call:" + string(call)
	}
	if other != "" {
		object += " agent:" + string(other)
	}
	return object
}

// entry is a line of the audit trail about what this person does now.
func (d *desk) entry(action, object, reason string) page.Entry {
	e := page.Entry{At: time.Now(), Actor: d.user.ID, Role: d.user.Role, Action: action, Object: object, Reason: reason}
	if d.tab != nil {
		e.Remote = d.tab.remote
	}
	return e
}

// record writes down what was done, beside the desk: it tries until the database takes it, or two minutes, and then says in the log what is missing.
// For what must be written before it happens there is recorded.
func (d *desk) record(action, object string) { d.recordAs(d.entry(action, object, "")) }

func (d *desk) recordAs(e page.Entry) {
	d.s.running.Add(1) // from the desk's own goroutine, which is counted already
	go func() {
		defer d.s.running.Done()
		ctx, cancel := context.WithTimeout(d.s.life, recordTries)
		defer cancel()
		err := d.s.deps.Audit.Append(ctx, e)
		for err != nil && ctx.Err() == nil {
			pause(ctx, recordPause)
			err = d.s.deps.Audit.Append(ctx, e)
		}
		if err != nil {
			d.log.Error("an act is missing in the audit trail", "action", e.Action, "object", e.Object, "at", e.At, "error", err)
		}
	}()
}

// recorded writes down what is about to be done, and returns when that is durable.
func (d *desk) recorded(ctx context.Context, action, object, reason string) error {
	e := d.entry(action, object, reason)
	_, err := ask(ctx, func(ctx context.Context) (struct{}, error) { return struct{}{}, d.s.deps.Audit.Append(ctx, e) })
	return err
}
