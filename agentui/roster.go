package agentui

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"hotline/agentui/page"
	"hotline/agentui/protocol"
	"hotline/agentui/users"
	"hotline/agentui/versions"
	"hotline/casework/roster"
	"hotline/queue"
)

const (
	publicationsMost = 100
	calendarPast     = 4 * 7 * 24 * time.Hour // of what a calendar program gets
	calendarAhead    = 26 * 7 * 24 * time.Hour
)

func (s *Server) rosterEndpoints() []page.Endpoint {
	return append(versions.Endpoints[roster.Roster](s.versions(), "roster", s.deps.Roster.Versions),
		page.Endpoint{Pattern: "POST /api/admin/roster/review", Access: page.Administrator, Serve: s.reviewRoster, Body: roster.MostDocument + 8<<10},
		page.Endpoint{Pattern: "POST /api/admin/roster/publish", Access: page.Administrator, Serve: s.publishRoster},
		page.Endpoint{Pattern: "GET /api/admin/roster/publications", Access: page.Administrator, Serve: s.listPublications},
		page.Endpoint{Pattern: "GET /api/admin/roster/people", Access: page.Administrator, Serve: s.listRosterPeople},
		page.Endpoint{Pattern: "GET /api/admin/roster/all.ics", Access: page.Administrator, Serve: s.wholeCalendar},
		page.Endpoint{Pattern: "GET /api/roster/me.ics", Access: page.SignedIn, Serve: s.ownCalendar},
		page.Endpoint{Pattern: "POST /api/roster/feed", Access: page.SignedIn, Serve: s.makeFeed},
		page.Endpoint{Pattern: "POST /api/roster/feed/revoke", Access: page.SignedIn, Serve: s.revokeFeed},
		page.Endpoint{Pattern: "GET /api/roster/feed/{token}", Access: page.Anyone, Serve: s.feed},
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
func (s *Server) reviewRoster(w http.ResponseWriter, r *http.Request, _ *page.Visitor) {
	var body protocol.ReviewRoster
	if !s.clerk.Read(w, r, &body) {
		return
	}
	doc, err := s.deps.Roster.Versions.Decode(body.Doc)
	if err == nil {
		err = doc.Validate()
	}
	if !s.versions().Changed(w, r, err) {
		return
	}
	span, err := doc.Days(body.From, body.To)
	if err != nil {
		s.clerk.Fail(w, http.StatusBadRequest, protocol.BadDays, protocol.Params{"most": roster.MostDays})
		return
	}
	fit, err := s.fit(r.Context())
	if err != nil {
		s.clerk.Unavailable(w, r, err)
		return
	}
	found := doc.Review(span.From, span.To, fit)
	out := protocol.RosterReview{
		From: protocol.Millis(span.From), To: protocol.Millis(span.To), Work: []protocol.RosterWork{}, Gaps: spans(found.Gaps), Deserted: spans(found.Deserted),
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
		out.Days = append(out.Days, protocol.Millis(begin))
		day = next
	}
	s.clerk.Reply(w, http.StatusOK, out)
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
		ID: o.ID, Date: o.Date, Pattern: o.Pattern, Person: o.Person, Role: string(o.Role), Line: o.Line, Skill: o.Skill, Note: o.Note, Start: protocol.Millis(o.Start), End: protocol.Millis(o.End),
	}
}

func spans(all []roster.Span) []protocol.RosterSpan {
	out := make([]protocol.RosterSpan, 0, len(all))
	for _, p := range all {
		out = append(out, protocol.RosterSpan{From: protocol.Millis(p.From), To: protocol.Millis(p.To)})
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

func (s *Server) publishRoster(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	var body protocol.PublishRoster
	if !s.clerk.Read(w, r, &body) {
		return
	}
	fit, err := s.fit(r.Context())
	if err != nil {
		s.clerk.Unavailable(w, r, err)
		return
	}
	if _, err := s.deps.Roster.Check(r.Context(), body.Version, body.From, body.To, body.Note, fit); err != nil {
		s.refusePublication(w, r, err)
		return
	}
	err = s.deps.Audit.Append(r.Context(), page.Entry{
		At: time.Now(), Actor: v.User.ID, Role: v.User.Role, Action: ActionRosterPublish, Object: fmt.Sprintf("roster:%d", body.Version),
		Reason: strings.TrimSpace(body.From + " – " + body.To + " " + body.Note), Remote: s.cfg.TrustedProxies.Remote(r).String(),
	})
	var made roster.Publication
	if err == nil {
		made, err = s.deps.Roster.Publish(r.Context(), body.Version, body.From, body.To, string(v.User.ID), body.Note, fit)
	}
	if err != nil {
		s.refusePublication(w, r, err)
		return
	}
	s.clerk.Reply(w, http.StatusOK, s.publication(made))
}

func (s *Server) refusePublication(w http.ResponseWriter, r *http.Request, err error) {
	if gap, ok := errors.AsType[*roster.GapError](err); ok {
		s.clerk.Fail(w, http.StatusConflict, protocol.RosterGaps, protocol.Params{"n": len(gap.Gaps), "gaps": spans(gap.Gaps)})
	} else if errors.Is(err, roster.ErrSpan) {
		s.clerk.Fail(w, http.StatusBadRequest, protocol.BadDays, protocol.Params{"most": roster.MostDays})
	} else {
		s.versions().Changed(w, r, err)
	}
}

func (s *Server) publication(p roster.Publication) protocol.Publication {
	return protocol.Publication{N: p.N, Version: p.Version, From: p.FromDate, To: p.ToDate, At: protocol.Millis(p.At), By: p.By, ByName: s.doer(p.By), Note: p.Note}
}

func (s *Server) listPublications(w http.ResponseWriter, r *http.Request, _ *page.Visitor) {
	all, err := s.deps.Roster.Publications(r.Context(), publicationsMost)
	if err != nil {
		s.clerk.Unavailable(w, r, err)
		return
	}
	out := protocol.Publications{Publications: []protocol.Publication{}}
	for _, p := range all {
		out.Publications = append(out.Publications, s.publication(p))
	}
	s.clerk.Reply(w, http.StatusOK, out)
}

// listRosterPeople are those who can be on a shift: accounts that take calls.
func (s *Server) listRosterPeople(w http.ResponseWriter, r *http.Request, _ *page.Visitor) {
	all, err := s.deps.Users.List(r.Context())
	if err != nil {
		s.clerk.Unavailable(w, r, err)
		return
	}
	out := protocol.RosterPeople{People: []protocol.RosterPerson{}}
	for _, u := range all {
		if u.Role == users.Agent || u.Role == users.Supervisor {
			out.People = append(out.People, protocol.RosterPerson{User: string(u.ID), Username: u.Username, Name: u.Name, Role: string(u.Role), Disabled: u.Disabled})
		}
	}
	s.clerk.Reply(w, http.StatusOK, out)
}

func (s *Server) wholeCalendar(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	s.calendar(w, r, "", v.User.Locale)
}

func (s *Server) ownCalendar(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	s.calendar(w, r, string(v.User.ID), v.User.Locale)
}

// calendar answers with the published work of one person, or (empty) of all.
func (s *Server) calendar(w http.ResponseWriter, r *http.Request, person, locale string) {
	now := time.Now()
	work, err := s.deps.Roster.Published(r.Context(), now.Add(-calendarPast), now.Add(calendarAhead), person)
	if err != nil {
		s.clerk.Unavailable(w, r, err)
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

func (s *Server) makeFeed(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	var token string
	done := s.audited(w, r, v, ActionFeedMade, "", "", func(ctx context.Context) (err error) {
		token, err = s.deps.Roster.NewFeed(ctx, string(v.User.ID))
		return err
	})
	if done {
		s.clerk.Reply(w, http.StatusOK, protocol.RosterFeed{Path: "/api/roster/feed/" + token + ".ics"})
	}
}

func (s *Server) revokeFeed(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	done := s.audited(w, r, v, ActionFeedRevoked, "", "", func(ctx context.Context) error { return s.deps.Roster.RevokeFeed(ctx, string(v.User.ID)) })
	if done {
		s.clerk.Reply(w, http.StatusOK, struct{}{})
	}
}

// feed answers a calendar program, which cannot sign in: the address itself is the secret. It ends with the account.
func (s *Server) feed(w http.ResponseWriter, r *http.Request, _ *page.Visitor) {
	person, err := s.deps.Roster.FeedOf(r.Context(), strings.TrimSuffix(r.PathValue("token"), ".ics"))
	var u users.User
	if err == nil {
		u, err = s.deps.Users.ByID(r.Context(), queue.AgentID(person))
	}
	switch {
	case errors.Is(err, roster.ErrFeed), errors.Is(err, users.ErrNotFound), err == nil && u.Disabled:
		s.clerk.Fail(w, http.StatusNotFound, protocol.NotFound, nil)
	case err != nil:
		s.clerk.Unavailable(w, r, err)
	default:
		s.calendar(w, r, person, u.Locale)
	}
}
