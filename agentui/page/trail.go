package page

import (
	"context"
	"time"

	"hotline/agentui/users"
	"hotline/queue"
)

// Entry says who did what to what, and why.
type Entry struct {
	At     time.Time
	Actor  queue.AgentID // empty when nobody proved who they are
	Role   users.Role    // of the actor, empty with it
	Action string
	Object string // id of the recording, task or block, "call:" and the call of a proposed block, "lines:<version>", else empty
	Reason string // as the person gave it, else empty
	Remote string // address of the browser
}

// Trail keeps the audit trail.
type Trail interface {
	// Append returns when the entry is durable.
	Append(ctx context.Context, e Entry) error
}

// Named keeps what a browser sends as a name from being anything else in the trail.
func Named(name string) string {
	if len(name) > 40 {
		name = name[:40]
	}
	return name
}
