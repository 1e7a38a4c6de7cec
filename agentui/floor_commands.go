package agentui

import (
	"hotline/agentui/protocol"
	"hotline/agentui/users"
)

// floorCommands are the rows of what who leads a shift may do to calls and people.
func floorCommands() map[protocol.Type]command {
	leading := []users.Role{users.Supervisor}
	return map[protocol.Type]command{
		protocol.TypeJoin:   {leading, askedJoin},
		protocol.TypeLeave:  {[]users.Role{users.Agent, users.Supervisor}, askedLeave}, // also a colleague who was asked in
		protocol.TypeTake:   {leading, askedTake},
		protocol.TypeForce:  {leading, askedForce},
		protocol.TypeAssign: {leading, askedAssign},
		protocol.TypeMoveUp: {leading, askedMoveUp},
		protocol.TypeSOSAck: {leading, askedSOSAck},
		protocol.TypeSOSEnd: {leading, askedSOSEnd},
	}
}
