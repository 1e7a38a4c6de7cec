package agentui

import (
	"context"

	"hotline/agentui/protocol"
	"hotline/agentui/users"
)

// incidentCommands are the rows of what may be said of incidents by websocket: what must not wait for a page to load.
func incidentCommands() map[protocol.Type]command {
	return map[protocol.Type]command{
		protocol.TypeIncidentAck: {[]users.Role{users.Supervisor}, askedIncidentAck},
	}
}

// askedIncidentAck says by name who comes.
func askedIncidentAck(_ context.Context, d *desk, r protocol.Request) {
	d.refuse(r.(protocol.IncidentAck).ID, protocol.NotFound)
}
