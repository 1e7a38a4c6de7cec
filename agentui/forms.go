package agentui

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"

	"hotline/agentui/page"
	"hotline/agentui/protocol"
	"hotline/agentui/versions"
	"hotline/casework/forms"
)

// formEndpoints are the administrator's document of forms, and what every page reads of it.
func (s *Server) formEndpoints() []page.Endpoint {
	return append(versions.Endpoints[forms.Forms](s.versions(), "forms", s.deps.Risk.Forms.Store),
		page.Endpoint{Pattern: "GET /api/forms", Access: page.SignedIn, Serve: s.showForms},
		page.Endpoint{Pattern: "GET /api/forms/{id}", Access: page.SignedIn, Serve: s.showForm},
	)
}

func (s *Server) showForms(w http.ResponseWriter, r *http.Request, _ *page.Visitor) {
	all, n, err := s.deps.Risk.Forms.Now(r.Context())
	if err != nil {
		s.clerk.Unavailable(w, r, err)
		return
	}
	out := protocol.Forms{Version: n, Forms: []protocol.ConfiguredForm{}}
	for _, f := range all.Forms {
		out.Forms = append(out.Forms, configured(f))
	}
	s.clerk.Reply(w, http.StatusOK, out)
}

// showForm answers with a form as it was in a version: a record is read by the form that it was filled in by.
func (s *Server) showForm(w http.ResponseWriter, r *http.Request, _ *page.Visitor) {
	n, err := strconv.Atoi(r.URL.Query().Get("version"))
	if err != nil || n < 1 {
		s.clerk.Fail(w, http.StatusBadRequest, protocol.BadRequest, nil)
		return
	}
	f, err := s.deps.Risk.Forms.At(r.Context(), n, r.PathValue("id"))
	switch {
	case errors.Is(err, forms.ErrNotFound):
		s.clerk.Fail(w, http.StatusNotFound, protocol.NotFound, nil)
	case err != nil:
		s.clerk.Unavailable(w, r, err)
	default:
		s.clerk.Reply(w, http.StatusOK, protocol.FormOfVersion{Version: n, Form: configured(f)})
	}
}

func configured(f forms.Form) protocol.ConfiguredForm {
	out := protocol.ConfiguredForm{ID: f.ID, Kind: string(f.Kind), Names: plain(f.Names), Schema: f.Schema, Order: f.Order, Scoring: json.RawMessage("null")}
	if f.Scored() {
		out.Scoring = f.Scoring
	}
	if out.Order == nil {
		out.Order = []string{}
	}
	return out
}

// fits answers what is wrong with answers to a form, and returns false then.
func (s *Server) fits(w http.ResponseWriter, r *http.Request, err error) bool {
	if wrong, ok := errors.AsType[forms.Invalid](err); ok {
		s.clerk.Fail(w, http.StatusBadRequest, protocol.BadAnswers, protocol.Params{"wrong": wrong})
		return false
	}
	if errors.Is(err, forms.ErrNotFound) {
		s.clerk.Fail(w, http.StatusNotFound, protocol.NotFound, nil)
		return false
	}
	return s.answered(w, r, err)
}
