package agentui

import (
	"context"
	"net/http"
	"time"

	"hotline/agentui/page"
	"hotline/agentui/part"
	"hotline/agentui/protocol"
	"hotline/agentui/versions"
	"hotline/casework"
	"hotline/casework/phonebook"
	"hotline/queue"
)

func (s *Server) phonebookEndpoints() []page.Endpoint {
	return append(versions.Endpoints[phonebook.Book](s.versions(), "phonebook", s.deps.Phonebook.Versions),
		page.Endpoint{Pattern: "GET /api/phonebook", Access: page.Serving, Serve: s.listContacts},
		page.Endpoint{Pattern: "POST /api/calls/{id}/contact", Access: page.Serving, Serve: s.askContact},
	)
}

// listContacts answers GET /api/phonebook; with a call, the numbers that serve where its caller belongs come first.
func (s *Server) listContacts(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	all, err := s.deps.Phonebook.List(r.Context())
	if err != nil {
		s.clerk.Unavailable(w, r, err)
		return
	}
	out := protocol.Contacts{Contacts: all, Near: map[string]phonebook.Near{}}
	if call := r.URL.Query().Get("call"); call != "" {
		if !s.helpsIn(v, call) && !s.parts().Takes(w, r, v, call, part.Serving) {
			return
		}
		// Without the books the whole list is there, in its own order.
		if caller, err := s.deps.Care.Contacts.Caller(r.Context(), call); err == nil {
			if sorted, near := phonebook.Sorted(all, caller.Places); near != nil {
				out.Contacts, out.Near = sorted, near
			}
		}
	}
	if out.Contacts == nil {
		out.Contacts = []phonebook.Entry{}
	}
	s.clerk.Reply(w, http.StatusOK, out)
}

// askContact takes a number that a counsellor types for the own call.
func (s *Server) askContact(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	id := queue.CallID(r.PathValue("id"))
	var body protocol.AskContact
	if !s.clerk.Read(w, r, &body) {
		return
	}
	reason, ok := s.clerk.Reason(w, body.Reason)
	if !ok {
		return
	}
	if c, known := s.board.Call(id); !known || c.Agent != v.User.ID || !taken(c) {
		s.clerk.Fail(w, http.StatusForbidden, protocol.NotYourCall, nil)
		return
	}
	if phonebook.CheckAdHoc(body.Number, body.Label, s.deps.Phonebook.Region()) != nil {
		s.clerk.Fail(w, http.StatusBadRequest, protocol.BadContact, nil)
		return
	}
	var made string
	done := s.audited(w, r, v, ActionContactTyped, "call:"+string(id), reason, func(ctx context.Context) (err error) {
		made, err = s.deps.Phonebook.AdHoc(ctx, string(id), body.Number, body.Label, string(v.User.ID))
		return err
	})
	if done {
		s.clerk.Reply(w, http.StatusOK, protocol.Contact{
			Contact: made, Masked: casework.Mask(body.Number, s.deps.Phonebook.Region()), Until: protocol.Millis(time.Now().Add(phonebook.Life)),
		})
	}
}
