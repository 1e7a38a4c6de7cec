package agentui

import (
	"context"

	"hotline/agentui/protocol"
	"hotline/agentui/users"
	"hotline/queue"
)

// floorCommands are the rows of what who leads a shift may do to calls and people.
func floorCommands() map[protocol.Type]command {
	leading := []users.Role{users.Supervisor}
	return map[protocol.Type]command{
		protocol.TypeJoin:   {leading, askedWithoutState},
		protocol.TypeLeave:  {[]users.Role{users.Agent, users.Supervisor}, askedWithoutState}, // also a colleague who was asked in
		protocol.TypeTake:   {leading, askedWithoutState},
		protocol.TypeForce:  {leading, askedWithoutState},
		protocol.TypeAssign: {leading, askedWithoutState},
		protocol.TypeMoveUp: {leading, askedWithoutState},
		protocol.TypeSOSAck: {leading, askedWithoutState},
		protocol.TypeSOSEnd: {leading, askedWithoutState},
	}
}

// askedWithoutState refuses what no state of a call allows yet.
func askedWithoutState(_ context.Context, d *desk, r protocol.Request) {
	d.answer(r, queue.ErrWrongState)
}
