package agentui

import (
	"context"

	"hotline/agentui/detectors"
	"hotline/queue"
)

// aboutCall fills in what is known of the call, from the board for one that is on, from the books otherwise. casework.ErrNotFound: there is none.
func (s *Server) aboutCall(ctx context.Context, d *detectors.Detection) error {
	row, live := s.board.Call(queue.CallID(d.Call))
	if live && taken(row) {
		d.Agent = string(row.Agent)
	}
	caller, err := s.deps.Care.Contacts.Caller(ctx, d.Call)
	if err != nil {
		if !live {
			return err
		}
		d.Line, err = string(row.Line), nil // the books have it in a moment, or are away
		return err
	}
	d.Line = caller.Call.Line
	if len(caller.Refs) > 0 {
		d.Caller = caller.Refs[0]
	}
	return nil
}
