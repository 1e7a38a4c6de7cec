package agentui

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"hotline/agentui/protocol"
	"hotline/agentui/users"
	"hotline/queue"
)

// command is one row of the table of what a browser may ask by websocket.
type command struct {
	roles []users.Role // who may; a command without a row, or a row without roles, is allowed to nobody
	run   func(ctx context.Context, d *desk, r protocol.Request)
}

func (c command) allows(r users.Role) bool { return slices.Contains(c.roles, r) }

// commands is that table.
func commands() map[protocol.Type]command {
	all := users.Roles()
	answering := []users.Role{users.Agent, users.Supervisor}
	table := map[protocol.Type]command{
		protocol.TypeHello:      {all, nil}, // taken by the websocket itself, which looks for the desk
		protocol.TypeSnapshot:   {all, askedSnapshot},
		protocol.TypeReady:      {answering, askedReady},
		protocol.TypeNotReady:   {answering, askedNotReady},
		protocol.TypeAccept:     {answering, askedAccept},
		protocol.TypeDecline:    {answering, askedDecline},
		protocol.TypeHangup:     {answering, askedHangup},
		protocol.TypeWrapUpDone: {answering, askedWrapUpDone},
		protocol.TypeMute:       {answering, askedMute},
		protocol.TypeLeg:        {answering, func(ctx context.Context, d *desk, r protocol.Request) { d.makeLeg(ctx, r.(protocol.Leg)) }},
		protocol.TypeLegRestart: {answering, func(_ context.Context, d *desk, r protocol.Request) { d.restartLeg(r.(protocol.LegRestart)) }},
		protocol.TypeLegClose:   {answering, askedLegClose},
	}
	maps.Copy(table, controlCommands())
	maps.Copy(table, floorCommands())
	maps.Copy(table, riskCommands())
	table[protocol.TypeKeepEnd] = command{answering, askedKeepEnd}
	table[protocol.TypeFormKeep] = command{answering, askedFormKeep}
	table[protocol.TypeFormStored] = command{answering, askedFormStored}
	maps.Copy(table, incidentCommands())
	return table
}

func askedSnapshot(_ context.Context, d *desk, r protocol.Request) {
	d.answer(r, nil)
	if d.snapshot.IsZero() {
		d.snapshot = time.Now()
	}
}

func askedReady(ctx context.Context, d *desk, r protocol.Request) {
	d.member = true // a supervisor's first one: reconcile signs in
	row, known := d.s.board.Agent(d.user.ID)
	if known && (row.State == queue.AgentReserved || row.State == queue.AgentTalking) {
		d.answer(r, queue.ErrAgentBusy)
		return
	}
	if known && row.State == queue.AgentWrapUp && d.owesForm(ctx, r) || known && row.Keeps == "" && !d.formIn(ctx, r, row.Agent) {
		return
	}
	if !d.legReady() || !d.signed || d.s.troubles.queueAway() {
		d.wantsReady = true
		d.answer(r, nil)
		return
	}
	d.becomeReady(ctx, r)
}

func askedWrapUpDone(ctx context.Context, d *desk, r protocol.Request) {
	row, known := d.s.board.Agent(d.user.ID)
	switch {
	case !known || row.State != queue.AgentWrapUp:
		d.answer(r, queue.ErrWrongState)
	case d.owesForm(ctx, r), !d.formIn(ctx, r, row.Agent):
	case d.legReady():
		d.becomeReady(ctx, r)
	default: // wrap-up ends all the same; Available follows when the headset is back
		d.wantsReady = true
		d.answer(r, d.becomeNotReady(ctx, queue.ReasonConnectionLost))
	}
}

func (d *desk) becomeReady(ctx context.Context, r protocol.Request) {
	_, err := ask(ctx, func(ctx context.Context) (queue.Agent, error) {
		return d.s.deps.Queue.Ready(ctx, queue.RequestID(newID()), d.user.ID, d.session)
	})
	switch {
	case err == nil || errors.Is(err, queue.ErrOnBreak):
		d.wantsReady = false
	case codeOf(err) == protocol.Unavailable:
		d.log.Warn("the queue did not take a change; it is wanted again", "change", "ready", "error", err)
		d.wantsReady, err = true, nil // reconcile goes on with it
	}
	d.answer(r, err)
}

func askedNotReady(ctx context.Context, d *desk, r protocol.Request) {
	m := r.(protocol.NotReady)
	if !d.s.pauses(m.Reason) {
		d.tab.refuse(m.ID, protocol.BadReason, nil)
		return
	}
	wished := d.wantsReady
	d.wantsReady = false
	err := d.becomeNotReady(ctx, m.Reason)
	if wished && codeOf(err) == protocol.Unavailable {
		err = nil // the wish is taken back, which is all that there was of being available
	}
	d.answer(r, err)
}

func (d *desk) becomeNotReady(ctx context.Context, reason string) error {
	_, err := ask(ctx, func(ctx context.Context) (queue.Agent, error) {
		return d.s.deps.Queue.NotReady(ctx, queue.RequestID(newID()), d.user.ID, d.session, reason)
	})
	return err
}

func askedAccept(ctx context.Context, d *desk, r protocol.Request) {
	m := r.(protocol.Accept)
	_, err := ask(ctx, func(ctx context.Context) (queue.Call, error) {
		return d.s.deps.Queue.Accept(ctx, queue.RequestID(newID()), queue.OfferID(m.Offer), d.user.ID, d.session)
	})
	d.answer(r, err)
}

func askedDecline(ctx context.Context, d *desk, r protocol.Request) {
	m := r.(protocol.Decline)
	_, err := ask(ctx, func(ctx context.Context) (struct{}, error) {
		return struct{}{}, d.s.deps.Queue.Decline(ctx, queue.RequestID(newID()), queue.OfferID(m.Offer), d.user.ID, d.session)
	})
	if err == nil {
		d.wantsReady = false
	}
	d.answer(r, err)
}

// askedHangup passes the wish to the controller that owns the call; what comes of it comes as events.
func askedHangup(ctx context.Context, d *desk, r protocol.Request) {
	m := r.(protocol.Hangup)
	row, known := d.s.board.Agent(d.user.ID)
	if !known || row.State != queue.AgentTalking || string(row.Call) != m.Call {
		d.refuse(m.ID, protocol.NotYourCall)
		return
	}
	_, err := ask(ctx, func(ctx context.Context) (struct{}, error) {
		return struct{}{}, d.s.deps.Queue.Order(ctx, queue.Command{
			Req: queue.RequestID(newID()), At: time.Now(), Verb: "hangup", Call: queue.CallID(m.Call), By: d.user.ID,
		})
	})
	d.answer(r, err)
}

func askedMute(_ context.Context, d *desk, r protocol.Request) {
	d.muted = r.(protocol.Mute).Muted
	d.s.board.SetMuted(d.user.ID, d.muted)
	d.answer(r, nil)
}

func askedLegClose(_ context.Context, d *desk, r protocol.Request) {
	m := r.(protocol.LegClose)
	if m.Leg != d.leg.id {
		d.refuse(m.ID, protocol.LegUnknown)
		return
	}
	d.dropLeg()
	d.wantsReady = false
	d.answer(r, nil)
}

// answer gives a request its one answer.
func (d *desk) answer(r protocol.Request, err error) {
	id := r.Header().ID
	if err == nil {
		d.tab.out.send(protocol.NewAck(id, nil))
		return
	}
	code := codeOf(err)
	if code == protocol.Unavailable {
		d.log.Warn("a request was not done", "type", r.Header().Type, "error", err)
	}
	if code == protocol.DispositionMissing {
		d.refuseForm(r)
		return
	}
	d.refuse(id, code)
}

// refuse answers a request that does not fit the present state, which is ordinary use and not counted.
func (d *desk) refuse(id int64, code protocol.Code) { d.tab.out.send(protocol.NewError(id, code, nil)) }

// codeOf names an error of the queue for the browser.
func codeOf(err error) protocol.Code {
	for _, c := range []struct {
		err  error
		code protocol.Code
	}{
		{nil, ""},
		{queue.ErrOfferGone, protocol.OfferGone},
		{queue.ErrAgentBusy, protocol.InCall},
		{queue.ErrWrongState, protocol.WrongState},
		{queue.ErrNoAgent, protocol.WrongState},
		{queue.ErrFenced, protocol.Displaced},
		{queue.ErrOnBreak, protocol.OnBreak},
		{queue.ErrFormDue, protocol.DispositionMissing},
	} {
		if errors.Is(err, c.err) {
			return c.code
		}
	}
	return protocol.Unavailable
}
