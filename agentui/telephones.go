package agentui

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"hotline/agentui/page"
	"hotline/agentui/protocol"
	"hotline/agentui/users"
	"hotline/queue"
)

// ActionTelephone is a change of where a person is called when nobody has seen an alarm. The number is not in the audit trail.
const ActionTelephone = "person.telephone"

// telephoneEndpoints are those of the telephones of the call tree.
func (s *Server) telephoneEndpoints() []page.Endpoint {
	return []page.Endpoint{
		{Pattern: "GET /api/account/telephone", Access: page.SignedIn, Serve: s.showOwnTelephone},
		{Pattern: "POST /api/account/telephone", Access: page.SignedIn, Serve: s.setOwnTelephone, Fresh: true},
		{Pattern: "GET /api/people/{id}/telephone", Access: page.Security, Serve: s.showTelephone},
		{Pattern: "POST /api/people/{id}/telephone", Access: page.Security, Serve: s.setPersonTelephone, Fresh: true},
	}
}

func (s *Server) showOwnTelephone(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	s.replyTelephone(w, r, v.User.ID)
}

func (s *Server) setOwnTelephone(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	s.setTelephone(w, r, v, v.User.ID)
}

func (s *Server) showTelephone(w http.ResponseWriter, r *http.Request, _ *page.Visitor) {
	if id, ok := s.clerk.PersonID(w, r); ok {
		s.replyTelephone(w, r, id)
	}
}

func (s *Server) setPersonTelephone(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	if id, ok := s.clerk.PersonID(w, r); ok {
		s.setTelephone(w, r, v, id)
	}
}

// setTelephone gives a person a telephone, or takes it away.
func (s *Server) setTelephone(w http.ResponseWriter, r *http.Request, v *page.Visitor, id queue.AgentID) {
	var body protocol.SetTelephone
	if !s.clerk.Read(w, r, &body) {
		return
	}
	number, reason := strings.TrimSpace(body.Number), "set"
	if number == "" {
		reason = "removed"
	}
	if _, err := s.deps.Users.ByID(r.Context(), id); !s.safely(w, r, err) {
		return
	}
	err := s.safelyAudited(r, v, ActionTelephone, "user:"+string(id), reason, func(ctx context.Context) error {
		return s.deps.Telephones.Set(ctx, id, number, string(v.User.ID))
	})
	if errors.Is(err, users.ErrBadTelephone) {
		s.clerk.Fail(w, http.StatusBadRequest, protocol.BadTelephone, nil)
		return
	}
	if s.safely(w, r, err) {
		s.replyTelephone(w, r, id)
	}
}

func (s *Server) replyTelephone(w http.ResponseWriter, r *http.Request, id queue.AgentID) {
	t, err := s.deps.Telephones.Show(r.Context(), id)
	if errors.Is(err, users.ErrNoTelephone) {
		s.clerk.Reply(w, http.StatusOK, protocol.Telephone{})
		return
	}
	if s.safely(w, r, err) {
		s.clerk.Reply(w, http.StatusOK, protocol.Telephone{Masked: t.Masked, SetAt: protocol.Millis(t.At), By: t.By, ByName: s.doer(t.By)})
	}
}
