package agentui

import (
	"context"
	"errors"
	"time"

	"hotline/agentui/board"
	"hotline/agentui/protocol"
	"hotline/queue"
)

// canBeAsked tells why a person cannot be asked into a call; empty: they can.
func (s *Server) canBeAsked(id queue.AgentID) protocol.Code {
	row, known := s.board.Agent(id)
	u, here := s.directory.person(id)
	switch {
	case !here || !u.Role.Serves(): // who administers is at a console, too, and must learn nothing of a call
		return protocol.PersonAway
	case !known && s.findDesk(id) == nil, known && row.State == queue.AgentOffline:
		return protocol.PersonAway
	case row.State == queue.AgentReserved, row.State == queue.AgentTalking, row.Assist != "", row.Keeps != "":
		return protocol.PersonBusy
	case row.Leg == nil || !row.Leg.Ready(): // it would ring, and whoever answers could not be heard
		return protocol.NoHeadset
	}
	return ""
}

// mayTakePart tells why this person cannot take part in a call now; empty: they can. Who has made a headset is in the index.
func (d *desk) mayTakePart(call queue.CallID) protocol.Code {
	row, known := d.s.board.Agent(d.user.ID)
	switch {
	case !known || !d.legReady():
		return protocol.NoHeadset
	case row.State == queue.AgentReserved && row.Call != call, row.State == queue.AgentTalking, row.Assist != "" && row.Assist != call, row.Keeps != "":
		return protocol.InCall
	}
	return ""
}

// invitation is the call into which the person is asked. It has refused when it returns false.
func (d *desk) invitation(r protocol.Request, id string) (board.Call, bool) {
	c, there := d.s.board.Call(queue.CallID(id))
	if p, asked := board.PartyOf(c.Call, d.user.ID); !there || !asked || p.State != queue.PartyInvited {
		d.refuse(r.Header().ID, protocol.NotParty)
		return board.Call{}, false
	}
	return c, true
}

func askedInviteAccept(ctx context.Context, d *desk, r protocol.Request) {
	m := r.(protocol.InviteAccept)
	c, ok := d.invitation(r, m.Call)
	if !ok {
		return
	}
	if code := d.mayTakePart(c.ID); code != "" {
		d.refuse(m.ID, code)
		return
	}
	d.orderRecorded(ctx, r, ActionCallJoin, c, queue.Command{Verb: "accept_invite", Call: c.ID})
}

func askedInviteRefuse(ctx context.Context, d *desk, r protocol.Request) {
	m := r.(protocol.InviteRefuse)
	if c, ok := d.invitation(r, m.Call); ok {
		d.order(ctx, r, ActionCallInviteRefuse, queue.Command{Verb: "refuse_invite", Call: c.ID})
	}
}

// askedHelp is the silent call for help. What the queue does not take now it is asked again, until it does: the browser may be gone by then.
func askedHelp(ctx context.Context, d *desk, r protocol.Request) {
	row, _ := d.s.board.Agent(d.user.ID)
	d.help = &helpWanted{at: time.Now(), call: row.Call}
	d.callForHelp(*d.help)
	d.answer(r, d.askHelp(ctx))
}

// helpWanted is a call for help that the queue has not taken yet.
type helpWanted struct {
	at   time.Time
	call queue.CallID
}

func (d *desk) askHelp(ctx context.Context) error {
	w := d.help
	_, err := ask(ctx, func(ctx context.Context) (queue.Agent, error) {
		return d.s.deps.Queue.SOS(ctx, queue.RequestID(newID()), d.user.ID, d.session, w.call)
	})
	lost := errors.Is(err, queue.ErrNoAgent) || errors.Is(err, queue.ErrFenced) // the index was emptied, or a new session is on its way to it
	if codeOf(err) == protocol.Unavailable || lost && d.member {
		return err
	}
	d.help = nil
	if err == nil {
		d.record(ActionSOS, callObject(w.call, ""))
	}
	return err
}

// wantHelp goes on with a call for help that the queue did not take.
func (d *desk) wantHelp(ctx context.Context, now time.Time) {
	if d.help == nil || !d.signed || !d.mayAct(now) {
		return
	}
	if err := d.askHelp(ctx); err != nil {
		d.failed("call for help", now, err)
	}
}
