package agentui

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"hotline/agentui/incidents"
	"hotline/agentui/page"
	"hotline/agentui/protocol"
	"hotline/agentui/users"
	"hotline/agentui/versions"
	"hotline/crisis"
	"hotline/crisis/policy"
	"hotline/crisis/reports"
	"hotline/queue"
)

const (
	incidentsListed = 200
	incidentsBack   = 366 * 24 * time.Hour // how far back the list goes
	lookFor         = 10 * time.Minute     // for so long one look at an incident is one row of the trail, however often its page reads it again
	incidentBody    = 32 << 10
)

// Crisis is what the console stands on for the escalation.
type Crisis struct {
	Incidents *crisis.Store
	Policy    *policy.Store
	Reports   *reports.Store
}

func (c Crisis) missing() bool { return c.Incidents == nil || c.Policy == nil || c.Reports == nil }

func (s *Server) incidentEndpoints() []page.Endpoint {
	at := "/api/incidents/{id}"
	rows := []page.Endpoint{
		{Pattern: "GET /api/incidents", Access: page.Serving, Serve: s.listIncidents},
		{Pattern: "POST /api/incidents", Access: page.Supervisor, Serve: s.openIncident, Body: incidentBody},
		{Pattern: "GET " + at, Access: page.Serving, Serve: s.showIncident},
		{Pattern: "GET " + at + "/report", Access: page.Serving, Serve: s.showReport},
		{Pattern: "POST " + at + "/report", Access: page.Serving, Serve: s.fileReport, Body: incidentBody},
		{Pattern: "GET " + at + "/report/{kind}", Access: page.Serving, Serve: s.exportReport},
	}
	for _, a := range incidentActs() {
		rows = append(rows, page.Endpoint{Pattern: "POST " + at + "/" + a.path, Access: a.access, Serve: s.actOn(a), Body: incidentBody})
	}
	rows = append(rows, versions.Endpoints[crisis.Policy](s.versions(), "crisis", s.deps.Crisis.Policy)...)
	return append(rows, page.Endpoint{
		Pattern: "POST /api/admin/crisis/dry-run", Access: page.Administrator, Serve: s.rehearsePolicy, Body: int64(s.deps.Crisis.Policy.Most()) + 8<<10,
	})
}

// incidentFault names what went wrong; empty: nothing that a page has words for.
func incidentFault(err error) (status int, code protocol.Code) {
	switch {
	case errors.Is(err, crisis.ErrNotFound):
		return http.StatusNotFound, protocol.NotFound
	case errors.Is(err, crisis.ErrClosed):
		return http.StatusConflict, protocol.IncidentClosed
	case errors.Is(err, crisis.ErrSamePerson):
		return http.StatusForbidden, protocol.SamePerson
	case errors.Is(err, crisis.ErrNotReady):
		return http.StatusConflict, protocol.ClosureBarred
	case errors.Is(err, crisis.ErrInvalid):
		return http.StatusBadRequest, protocol.BadRequest
	}
	return 0, ""
}

func (s *Server) incidentAnswered(w http.ResponseWriter, r *http.Request, err error) bool {
	status, code := incidentFault(err)
	if code == "" {
		return s.answered(w, r, err)
	}
	var params protocol.Params
	if barred, ok := errors.AsType[*crisis.NotReadyError](err); ok {
		params = protocol.Params{"missing": barred.Missing}
	}
	s.clerk.Fail(w, status, code, params)
	return false
}

// lookedAt remembers who has an incident open, so that the trail has one row for a look and not one for each time that the page reads it again.
type lookedAt struct {
	mu   sync.Mutex
	last map[string]time.Time // by sign-in and incident
}

// anew tells whether this is a new look, and remembers it as one.
func (l *lookedAt) anew(key string, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.last == nil {
		l.last = map[string]time.Time{}
	}
	for k, at := range l.last {
		if now.Sub(at) > lookFor {
			delete(l.last, k)
		}
	}
	if _, open := l.last[key]; open {
		return false
	}
	l.last[key] = now
	return true
}

func (l *lookedAt) forget(key string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.last, key)
}

// incident is the one of the path, when this person may see it: who leads, and who has a part in it. It has answered when it returns false.
func (s *Server) incident(w http.ResponseWriter, r *http.Request, v *page.Visitor) (crisis.Incident, bool) {
	id, ok := s.clerk.ID(w, r)
	if !ok {
		return crisis.Incident{}, false
	}
	in, err := s.deps.Crisis.Incidents.Get(r.Context(), id)
	if !s.incidentAnswered(w, r, err) {
		return in, false
	}
	if v.User.Role != users.Supervisor && !incidents.HasPart(in, string(v.User.ID)) {
		s.clerk.Fail(w, http.StatusForbidden, protocol.Forbidden, nil)
		return in, false
	}
	return in, true
}

// helpsIn tells whether a person has a part in the open incident of a call: they see to help from where the caller is.
func (s *Server) helpsIn(v *page.Visitor, call string) bool {
	in, open := s.incidents.ofCall(queue.CallID(call))
	return open && incidents.HasPart(in, string(v.User.ID))
}

// showIncident shows all of it. The look is in the trail before anything is shown.
func (s *Server) showIncident(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	in, ok := s.incident(w, r, v)
	if !ok || !s.looks(w, r, v, in.ID) {
		return
	}
	s.replyIncident(w, r, v, in)
}

// looks writes the look down; it has answered when it returns false.
func (s *Server) looks(w http.ResponseWriter, r *http.Request, v *page.Visitor, id string) bool {
	key := v.Key + " " + id
	if !s.looked.anew(key, time.Now()) {
		return true
	}
	done := s.answered(w, r, s.clerk.Note(r, v, ActionIncidentView, "incident:"+id, ""))
	if !done {
		s.looked.forget(key)
	}
	return done
}

// replyIncident answers with all of an incident.
func (s *Server) replyIncident(w http.ResponseWriter, r *http.Request, v *page.Visitor, in crisis.Incident) {
	out, err := s.whole(r.Context(), v, in)
	if s.incidentAnswered(w, r, err) {
		s.clerk.Reply(w, http.StatusOK, out)
	}
}

func (s *Server) whole(ctx context.Context, v *page.Visitor, in crisis.Incident) (protocol.Incident, error) {
	events, err := s.deps.Crisis.Incidents.Timeline(ctx, in.ID)
	if err != nil {
		return protocol.Incident{}, err
	}
	rules, err := s.deps.Crisis.Incidents.PolicyOf(ctx, in)
	if err != nil {
		return protocol.Incident{}, err
	}
	state := incidents.State{Incident: in, Latest: events}
	for _, known := range s.incidents.all() {
		if known.Incident.ID == in.ID {
			state.Alerts = known.Alerts
		}
	}
	names := s.names(v.User.Locale)
	names.contacts = s.contactNames(ctx, v.User.Locale, events)
	return incidents.Whole(state, events, rules, string(v.User.ID), names, time.Now()), nil
}

// contactNames reads the names of the services of a timeline, so that a page that shows it whole need not be drawn twice.
func (s *Server) contactNames(ctx context.Context, locale string, events []crisis.Event) map[string]string {
	names := map[string]string{}
	for _, e := range events {
		if e.Contact == "" || names[e.Contact] != "" {
			continue
		}
		entry, err := s.deps.Phonebook.Get(ctx, e.Contact)
		if err != nil {
			continue // one that is gone from the phonebook shows without a name
		}
		for _, l := range []string{locale, s.cfg.Locale} {
			if entry.Names[l] != "" {
				names[e.Contact] = entry.Names[l]
				break
			}
		}
	}
	return names
}

// listIncidents answers with those that this person may see, open ones and of the last year: nothing private is in it.
func (s *Server) listIncidents(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	filter := crisis.Filter{From: time.Now().Add(-incidentsBack), Limit: incidentsListed + 1}
	if text := r.URL.Query().Get("before"); text != "" {
		at, err := time.Parse(time.RFC3339Nano, text)
		if err != nil {
			s.clerk.Fail(w, http.StatusBadRequest, protocol.BadRequest, nil)
			return
		}
		filter.To = at
	}
	all, err := s.deps.Crisis.Incidents.List(r.Context(), filter)
	if !s.incidentAnswered(w, r, err) {
		return
	}
	out := protocol.IncidentList{Incidents: []protocol.IncidentListed{}, More: len(all) > incidentsListed}
	names, me := s.names(v.User.Locale), string(v.User.ID)
	for _, in := range all[:min(len(all), incidentsListed)] {
		if v.User.Role != users.Supervisor && !incidents.HasPart(in, me) {
			continue
		}
		out.Incidents = append(out.Incidents, incidents.Listed(in, me, names))
	}
	s.clerk.Reply(w, http.StatusOK, out)
}

// openIncident opens one by hand: who leads a shift sees a danger that nobody told.
func (s *Server) openIncident(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	var body protocol.IncidentOpen
	if !s.clerk.Read(w, r, &body) {
		return
	}
	why, ok := s.clerk.Reason(w, body.Text)
	if !ok {
		return
	}
	t := crisis.Trigger{
		Kind: crisis.TriggerPerson, Level: crisis.Level(body.Level), By: string(v.User.ID), Note: why, Source: "person:" + string(v.User.ID) + ":" + body.Req,
	}
	if body.Call != "" {
		c, known := s.board.Call(queue.CallID(body.Call))
		if !known {
			s.clerk.Fail(w, http.StatusNotFound, protocol.NotFound, nil)
			return
		}
		t.Call, t.Line, t.Agent = body.Call, string(c.Line), string(c.Agent)
	}
	if !reqOK(body.Req) || t.Level.Rank() < crisis.LevelLow.Rank() {
		s.clerk.Fail(w, http.StatusBadRequest, protocol.BadRequest, nil)
		return
	}
	var made crisis.Incident
	err := s.clerk.Audited(r, v, ActionIncidentOpen, callObject(queue.CallID(body.Call), ""), "", func(ctx context.Context) (err error) {
		made, err = s.deps.Crisis.Incidents.Trigger(ctx, t)
		return err
	})
	if !s.incidentAnswered(w, r, err) {
		return
	}
	s.incidentsChanged()
	if made.ID == "" { // the policy opens none for what was said
		s.clerk.Fail(w, http.StatusConflict, protocol.WrongState, nil)
		return
	}
	s.replyIncident(w, r, v, made)
}

// reqOK tells whether a page named its act: the same act that comes twice is done once.
func reqOK(req string) bool {
	return len(req) >= 8 && len(req) <= 64 && utf8.ValidString(req) && strings.TrimSpace(req) == req
}
