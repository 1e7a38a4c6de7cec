package agentui

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"

	"hotline/agentui/page"
	"hotline/agentui/protocol"
	"hotline/agentui/users"
	"hotline/casework/handovers"
	"hotline/queue"
)

// summaries is what the console asks of the store of handovers.
type summaries interface {
	Write(ctx context.Context, call, from, to, text string) (string, error)
	Get(ctx context.Context, id string) (handovers.Handover, error)
}

var _ summaries = (*handovers.Store)(nil)

func (s *Server) handoverEndpoints() []page.Endpoint {
	return []page.Endpoint{
		{Pattern: "GET /api/colleagues", Access: page.Serving, Serve: s.listColleagues},
		{Pattern: "POST /api/calls/{id}/handover", Access: page.Serving, Serve: s.writeHandover, Body: 16 << 10},
		{Pattern: "GET /api/handovers/{id}", Access: page.Serving, Serve: s.readHandover},
	}
}

// writeHandover keeps what the agent of a call says to who is asked to take it over.
func (s *Server) writeHandover(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	call, ok := s.clerk.ID(w, r)
	if !ok {
		return
	}
	var body protocol.WriteHandover
	if !s.clerk.Read(w, r, &body) {
		return
	}
	if c, known := s.board.Call(queue.CallID(call)); !known || c.Agent != v.User.ID || !taken(c) {
		s.clerk.Fail(w, http.StatusForbidden, protocol.NotYourCall, nil)
		return
	}
	if u, known := s.directory.person(queue.AgentID(body.To)); !known || !u.Role.Serves() || u.ID == v.User.ID {
		s.clerk.Fail(w, http.StatusBadRequest, protocol.BadRequest, nil)
		return
	}
	text, err := handovers.Clean(body.Text)
	if err != nil {
		s.clerk.Fail(w, http.StatusBadRequest, protocol.BadNote, protocol.Params{"most": handovers.TextMost})
		return
	}
	var made protocol.Handover
	done := s.audited(w, r, v, ActionHandoverWrite, callObject(queue.CallID(call), queue.AgentID(body.To)), "", func(ctx context.Context) error {
		id, err := s.deps.Handovers.Write(ctx, call, string(v.User.ID), body.To, text)
		if err != nil {
			return err
		}
		h, err := s.deps.Handovers.Get(ctx, id)
		made = s.handover(h)
		return err
	})
	if done {
		s.clerk.Reply(w, http.StatusOK, made)
	}
}

// readHandover shows a summary to those whom it concerns: who wrote it, for whom it is, the agent of the call, and supervisors.
func (s *Server) readHandover(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	id, ok := s.clerk.ID(w, r)
	if !ok {
		return
	}
	h, err := s.deps.Handovers.Get(r.Context(), id)
	if errors.Is(err, handovers.ErrNotFound) {
		s.clerk.Fail(w, http.StatusNotFound, protocol.NotFound, nil)
		return
	}
	if err != nil {
		s.clerk.Unavailable(w, r, err)
		return
	}
	c, _ := s.board.Call(queue.CallID(h.Call))
	if me := string(v.User.ID); v.User.Role != users.Supervisor && me != h.From && me != h.To && c.Agent != v.User.ID {
		s.clerk.Fail(w, http.StatusForbidden, protocol.Forbidden, nil)
		return
	}
	if s.answered(w, r, s.clerk.Note(r, v, ActionHandoverRead, "handover:"+id+" call:"+h.Call, "")) {
		s.clerk.Reply(w, http.StatusOK, s.handover(h))
	}
}

func (s *Server) handover(h handovers.Handover) protocol.Handover {
	return protocol.Handover{
		ID: h.ID, Call: h.Call, From: h.From, FromName: s.directory.name(queue.AgentID(h.From)), To: h.To, ToName: s.directory.name(queue.AgentID(h.To)),
		At: protocol.Millis(h.At), Text: h.Text,
	}
}

// listColleagues shows who else is at work: names, states and skills, and nothing of their calls.
func (s *Server) listColleagues(w http.ResponseWriter, _ *http.Request, v *page.Visitor) {
	out := protocol.Colleagues{Colleagues: []protocol.Colleague{}}
	for _, u := range s.directory.people() {
		if u.ID == v.User.ID || !u.Role.Serves() || u.Disabled {
			continue
		}
		row, known := s.board.Agent(u.ID)
		if (!known || row.State == queue.AgentOffline) && s.findDesk(u.ID) == nil {
			continue // not at work
		}
		c := protocol.Colleague{
			User: string(u.ID), Name: u.Name, Role: string(u.Role), State: string(queue.AgentNotReady), Skills: protocol.Levels(u.Skills.WithoutGuards()), Media: boardMedia(row),
			Free: s.canBeAsked(u.ID) == "",
		}
		if known {
			c.State, c.Reason = string(row.State), row.Reason
		}
		out.Colleagues = append(out.Colleagues, c)
	}
	slices.SortFunc(out.Colleagues, func(a, b protocol.Colleague) int { return strings.Compare(a.User, b.User) })
	s.clerk.Reply(w, http.StatusOK, out)
}
