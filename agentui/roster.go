package agentui

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"hotline/agentui/protocol"
	"hotline/agentui/users"
	"hotline/casework/roster"
	"hotline/queue"
)

const (
	publicationsMost = 100
	calendarPast     = 4 * 7 * 24 * time.Hour // of what a calendar program gets
	calendarAhead    = 26 * 7 * 24 * time.Hour
)

func (s *Server) rosterEndpoints() []endpoint {
	return append(documentEndpoints[roster.Roster](s, "roster", s.deps.Roster.Versions),
		endpoint{pattern: "POST /api/admin/roster/review", access: accessAdministrator, serve: s.reviewRoster, body: roster.MostDocument + 8<<10},
		endpoint{pattern: "POST /api/admin/roster/publish", access: accessAdministrator, serve: s.publishRoster},
		endpoint{pattern: "GET /api/admin/roster/publications", access: accessAdministrator, serve: s.listPublications},
		endpoint{pattern: "GET /api/admin/roster/people", access: accessAdministrator, serve: s.listRosterPeople},
		endpoint{pattern: "GET /api/admin/roster/all.ics", access: accessAdministrator, serve: s.wholeCalendar},
		endpoint{pattern: "GET /api/roster/me.ics", access: accessSignedIn, serve: s.ownCalendar},
		endpoint{pattern: "POST /api/roster/feed", access: accessSignedIn, serve: s.makeFeed},
		endpoint{pattern: "POST /api/roster/feed/revoke", access: accessSignedIn, serve: s.revokeFeed},
		endpoint{pattern: "GET /api/roster/feed/{token}", access: accessAnyone, serve: s.feed},
	)
}

// fit says why a person does not count on a shift, by who has an account now.
func (s *Server) fit(ctx context.Context) (func(string, roster.Role) string, error) {
	all, err := s.deps.Users.List(ctx)
	if err != nil {
		return nil, err
	}
	people := make(map[string]users.User, len(all))
	for _, u := range all {
		people[string(u.ID)] = u
	}
	return func(person string, role roster.Role) string {
		u, known := people[person]
		switch {
		case !known:
			return roster.UnfitUnknown
		case u.Disabled:
			return roster.UnfitDisabled
		case role == roster.Supervisor && u.Role != users.Supervisor:
			return roster.UnfitRole
		}
		return ""
	}, nil
}

// reviewRoster says what comes of a document that may not be saved yet, in some days: times are made here, where zones and their changes are known.
func (s *Server) reviewRoster(w http.ResponseWriter, r *http.Request, _ *visitor) {
	var body protocol.ReviewRoster
	if !s.read(w, r, &body) {
		return
	}
	doc, err := s.deps.Roster.Versions.Decode(body.Doc)
	if err == nil {
		err = doc.Validate()
	}
	if !s.documentAnswered(w, r, err) {
		return
	}
	span, err := doc.Days(body.From, body.To)
	if err != nil {
		s.fail(w, http.StatusBadRequest, protocol.BadDays, protocol.Params{"most": roster.MostDays})
		return
	}
	fit, err := s.fit(r.Context())
	if err != nil {
		s.unavailable(w, r, err)
		return
	}
	found := doc.Review(span.From, span.To, fit)
	out := protocol.RosterReview{
		From: millis(span.From), To: millis(span.To), Work: []protocol.RosterWork{}, Gaps: spans(found.Gaps), Deserted: spans(found.Deserted),
		Overlaps: clashes(found.Overlaps), Rests: clashes(found.Rests), Unfit: []protocol.RosterUnfit{}, Days: []int64{},
	}
	for _, o := range found.Work {
		out.Work = append(out.Work, rosterWork(o))
	}
	for _, u := range found.Unfit {
		out.Unfit = append(out.Unfit, protocol.RosterUnfit{ID: u.ID, Date: u.Date, Person: u.Person, Why: u.Why})
	}
	for day, end := body.From, body.To; day < end; {
		begin, next := mustDay(doc, day)
		out.Days = append(out.Days, millis(begin))
		day = next
	}
	s.reply(w, http.StatusOK, out)
}

// mustDay is the beginning of a day in the document's zone, and the date after it; the dates were read before.
func mustDay(doc roster.Roster, day string) (begin time.Time, next string) {
	date, _ := time.Parse(time.DateOnly, day)
	next = date.AddDate(0, 0, 1).Format(time.DateOnly)
	span, _ := doc.Days(day, next)
	return span.From, next
}

func rosterWork(o roster.Occurrence) protocol.RosterWork {
	return protocol.RosterWork{
		ID: o.ID, Date: o.Date, Pattern: o.Pattern, Person: o.Person, Role: string(o.Role), Line: o.Line, Skill: o.Skill, Note: o.Note, Start: millis(o.Start), End: millis(o.End),
	}
}

func spans(all []roster.Span) []protocol.RosterSpan {
	out := make([]protocol.RosterSpan, 0, len(all))
	for _, p := range all {
		out = append(out, protocol.RosterSpan{From: millis(p.From), To: millis(p.To)})
	}
	return out
}

func clashes(all []roster.Clash) []protocol.RosterClash {
	out := make([]protocol.RosterClash, 0, len(all))
	for _, c := range all {
		out = append(out, protocol.RosterClash{Person: c.Person, First: rosterWork(c.First), Second: rosterWork(c.Second), RestMinutes: int(c.Rest.Minutes())})
	}
	return out
}

func (s *Server) publishRoster(w http.ResponseWriter, r *http.Request, v *visitor) {
	var body protocol.PublishRoster
	if !s.read(w, r, &body) {
		return
	}
	fit, err := s.fit(r.Context())
	if err != nil {
		s.unavailable(w, r, err)
		return
	}
	if _, err := s.deps.Roster.Check(r.Context(), body.Version, body.From, body.To, body.Note, fit); err != nil {
		s.refusePublication(w, r, err)
		return
	}
	err = s.deps.Audit.Append(r.Context(), AuditEntry{
		At: time.Now(), Actor: v.user.ID, Role: v.user.Role, Action: ActionRosterPublish, Object: fmt.Sprintf("roster:%d", body.Version),
		Reason: strings.TrimSpace(body.From + " – " + body.To + " " + body.Note), Remote: s.remote(r).String(),
	})
	var made roster.Publication
	if err == nil {
		made, err = s.deps.Roster.Publish(r.Context(), body.Version, body.From, body.To, string(v.user.ID), body.Note, fit)
	}
	if err != nil {
		s.refusePublication(w, r, err)
		return
	}
	s.reply(w, http.StatusOK, s.publication(made))
}

func (s *Server) refusePublication(w http.ResponseWriter, r *http.Request, err error) {
	if gap, ok := errors.AsType[*roster.GapError](err); ok {
		s.fail(w, http.StatusConflict, protocol.RosterGaps, protocol.Params{"n": len(gap.Gaps), "gaps": spans(gap.Gaps)})
	} else if errors.Is(err, roster.ErrSpan) {
		s.fail(w, http.StatusBadRequest, protocol.BadDays, protocol.Params{"most": roster.MostDays})
	} else {
		s.documentAnswered(w, r, err)
	}
}

func (s *Server) publication(p roster.Publication) protocol.Publication {
	return protocol.Publication{N: p.N, Version: p.Version, From: p.FromDate, To: p.ToDate, At: millis(p.At), By: p.By, ByName: s.doer(p.By), Note: p.Note}
}

func (s *Server) listPublications(w http.ResponseWriter, r *http.Request, _ *visitor) {
	all, err := s.deps.Roster.Publications(r.Context(), publicationsMost)
	if err != nil {
		s.unavailable(w, r, err)
		return
	}
	out := protocol.Publications{Publications: []protocol.Publication{}}
	for _, p := range all {
		out.Publications = append(out.Publications, s.publication(p))
	}
	s.reply(w, http.StatusOK, out)
}

// listRosterPeople are those who can be on a shift: accounts that take calls.
func (s *Server) listRosterPeople(w http.ResponseWriter, r *http.Request, _ *visitor) {
	all, err := s.deps.Users.List(r.Context())
	if err != nil {
		s.unavailable(w, r, err)
		return
	}
	out := protocol.RosterPeople{People: []protocol.RosterPerson{}}
	for _, u := range all {
		if u.Role == users.Agent || u.Role == users.Supervisor {
			out.People = append(out.People, protocol.RosterPerson{User: string(u.ID), Username: u.Username, Name: u.Name, Role: string(u.Role), Disabled: u.Disabled})
		}
	}
	s.reply(w, http.StatusOK, out)
}

func (s *Server) wholeCalendar(w http.ResponseWriter, r *http.Request, v *visitor) {
	s.calendar(w, r, "", v.user.Locale)
}

func (s *Server) ownCalendar(w http.ResponseWriter, r *http.Request, v *visitor) {
	s.calendar(w, r, string(v.user.ID), v.user.Locale)
}

// calendar answers with the published work of one person, or (empty) of all.
func (s *Server) calendar(w http.ResponseWriter, r *http.Request, person, locale string) {
	now := time.Now()
	work, err := s.deps.Roster.Published(r.Context(), now.Add(-calendarPast), now.Add(calendarAhead), person)
	if err != nil {
		s.unavailable(w, r, err)
		return
	}
	words := roster.CalendarWords{Title: "热线排班", Counsellor: "咨询员", Supervisor: "督导"}
	if locale == "en" {
		words = roster.CalendarWords{Title: "Hotline roster", Counsellor: "Counsellor", Supervisor: "Supervisor"}
	}
	if person == "" {
		words.Name = func(id string) string { return s.directory.name(queue.AgentID(id)) }
	}
	h := w.Header()
	h.Set("Content-Type", "text/calendar; charset=utf-8")
	h.Set("Content-Disposition", `attachment; filename="roster.ics"`)
	h.Set("Cache-Control", "no-store")
	_, _ = w.Write([]byte(roster.Calendar(work, words, now))) // a browser that left needs no answer
}

func (s *Server) makeFeed(w http.ResponseWriter, r *http.Request, v *visitor) {
	var token string
	done := s.audited(w, r, v, ActionFeedMade, "", "", func(ctx context.Context) (err error) {
		token, err = s.deps.Roster.NewFeed(ctx, string(v.user.ID))
		return err
	})
	if done {
		s.reply(w, http.StatusOK, protocol.RosterFeed{Path: "/api/roster/feed/" + token + ".ics"})
	}
}

func (s *Server) revokeFeed(w http.ResponseWriter, r *http.Request, v *visitor) {
	done := s.audited(w, r, v, ActionFeedRevoked, "", "", func(ctx context.Context) error { return s.deps.Roster.RevokeFeed(ctx, string(v.user.ID)) })
	if done {
		s.reply(w, http.StatusOK, struct{}{})
	}
}

// feed answers a calendar program, which cannot sign in: the address itself is the secret. It ends with the account.
func (s *Server) feed(w http.ResponseWriter, r *http.Request, _ *visitor) {
	person, err := s.deps.Roster.FeedOf(r.Context(), strings.TrimSuffix(r.PathValue("token"), ".ics"))
	var u users.User
	if err == nil {
		u, err = s.deps.Users.ByID(r.Context(), queue.AgentID(person))
	}
	switch {
	case errors.Is(err, roster.ErrFeed), errors.Is(err, users.ErrNotFound), err == nil && u.Disabled:
		s.fail(w, http.StatusNotFound, protocol.NotFound, nil)
	case err != nil:
		s.unavailable(w, r, err)
	default:
		s.calendar(w, r, person, u.Locale)
	}
}
