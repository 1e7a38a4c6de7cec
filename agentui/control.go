package agentui

import (
	"context"

	"hotline/agentui/protocol"
	"hotline/agentui/users"
	"hotline/queue"
)

// controlCommands are the rows of what the agent of a call, or who is asked to take part in it, may ask.
func controlCommands() map[protocol.Type]command {
	answering := []users.Role{users.Agent, users.Supervisor}
	table := map[protocol.Type]command{}
	for _, t := range []protocol.Type{
		protocol.TypeHold, protocol.TypeResume, protocol.TypeInvite, protocol.TypeInviteAccept, protocol.TypeInviteRefuse,
		protocol.TypeInviteCancel, protocol.TypeTransfer, protocol.TypeRelease, protocol.TypeOutside, protocol.TypeOutsideDrop,
		protocol.TypeOutsideLeave, protocol.TypeDTMF, protocol.TypeSOS, protocol.TypeWrapUpExtend,
	} {
		table[t] = command{answering, askedWithoutState}
	}
	return table
}

// askedWithoutState refuses what no state of a call allows yet.
func askedWithoutState(_ context.Context, d *desk, r protocol.Request) {
	d.answer(r, queue.ErrWrongState)
}
