package agentui

import (
	"context"
	"fmt"

	"hotline/agentui/protocol"
	"hotline/queue"
)

// askedRecordPause leaves out of the recording what is said from now on, where the site allows it. A database that is away does not keep a caller from being
// heard unrecorded: the recording itself says who left what out, why and for how long, and the audit has it as soon as it can.
func askedRecordPause(ctx context.Context, d *desk, r protocol.Request) {
	m := r.(protocol.RecordPause)
	c, ok := d.ownCall(r, m.Call)
	if !ok {
		return
	}
	rules := d.s.settings.get().Doc.Recording
	span := rules.Allows(m.Reason, false)
	switch {
	case span == 0:
		d.refuse(m.ID, protocol.BadReason)
	case redCall(c) && !rules.AtRisk:
		d.refuse(m.ID, protocol.RedCall)
	case !withAgent(c):
		d.refuse(m.ID, protocol.WrongState)
	default:
		note := fmt.Sprint(int(span.Seconds()))
		if rules.AtRisk {
			note += ",at_risk"
		}
		err := d.wish(ctx, queue.Command{Verb: "record_pause", Call: c.ID, Arg: m.Reason, Note: note})
		if err == nil {
			d.recordAs(d.entry(ActionRecordPause, callObject(c.ID, ""), m.Reason))
		}
		d.answer(r, err)
	}
}

func askedRecordResume(ctx context.Context, d *desk, r protocol.Request) {
	m := r.(protocol.RecordResume)
	c, ok := d.ownCall(r, m.Call)
	if ok {
		d.order(ctx, r, ActionRecordResume, queue.Command{Verb: "record_resume", Call: c.ID})
	}
}
