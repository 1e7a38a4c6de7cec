// Package part says what a person has to do with a call: that decides what of it they may see and change.
package part

import (
	"context"
	"net/http"
	"slices"

	"hotline/agentui/page"
	"hotline/agentui/protocol"
	"hotline/agentui/users"
	"hotline/casework"
	"hotline/queue"
)

// Part is what a person has to do with a call.
type Part int

// The parts.
const (
	None    Part = iota
	Offered      // it rings at them
	Serving      // they talk in it, or take part beside its agent
	Served       // they talked in it, and wrap it up or owe its form
	Past         // they talked in it, and all is done
)

// Clerk is that of pages about calls, who also knows the parts of people.
type Clerk struct {
	*page.Clerk
	In func(ctx context.Context, who queue.AgentID, call string) (Part, error)
}

// Takes lets in who has one of some parts in a call, and supervisors; it has answered when it returns false.
func (c Clerk) Takes(w http.ResponseWriter, r *http.Request, v *page.Visitor, call string, parts ...Part) bool {
	if v.User.Role == users.Supervisor {
		return true
	}
	have, err := c.In(r.Context(), v.User.ID, call)
	if err != nil {
		c.Unavailable(w, r, err)
		return false
	}
	if slices.Contains(parts, have) {
		return true
	}
	c.Fail(w, http.StatusForbidden, protocol.NotYourCall, nil)
	return false
}

// Answered is that of every page, for whom what the books of calls and tasks refuse needs no words of its own.
func (c Clerk) Answered(w http.ResponseWriter, r *http.Request, err error, known ...page.Refusal) bool {
	return c.Clerk.Answered(w, r, err, append(known,
		page.Refusal{Err: casework.ErrNotFound, Status: http.StatusNotFound, Code: protocol.NotFound},
		page.Refusal{Err: casework.ErrBusy, Status: http.StatusConflict, Code: protocol.TaskBusy},
		page.Refusal{Err: casework.ErrClosed, Status: http.StatusConflict, Code: protocol.AlreadyClosed},
		page.Refusal{Err: casework.ErrUnusable, Status: http.StatusConflict, Code: protocol.NotCallable},
		page.Refusal{Err: casework.ErrOwnProposal, Status: http.StatusForbidden, Code: protocol.OwnProposal},
		page.Refusal{Err: casework.ErrNoCaller, Status: http.StatusConflict, Code: protocol.NoCaller})...)
}
