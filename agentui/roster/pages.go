// Package roster is how the administrator keeps and publishes the roster (casework/roster), and how people get their shifts into their own calendars.
package roster

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

// Actions of the audit trail about the roster.
const (
	ActionRosterPublish = "roster.publish" // with the days
	ActionFeedMade      = "roster.feed"
	ActionFeedRevoked   = "roster.feed_revoked"
)

const (
	publicationsMost = 100
	calendarPast     = 4 * 7 * 24 * time.Hour // of what a calendar program gets
	calendarAhead    = 26 * 7 * 24 * time.Hour
)

type people interface {
	List(ctx context.Context) ([]users.User, error)
	ByID(ctx context.Context, id queue.AgentID) (users.User, error)
}

// Pages are those of the roster.
type Pages struct {
	versions.Clerk
	Store  *roster.Store
	People people                 // *users.Store
	Person func(id string) string // the name of a person
}

// Endpoints are what can be asked of the roster.
func (p *Pages) Endpoints() []page.Endpoint {
	return append(versions.Endpoints[roster.Roster](p.Clerk, "roster", p.Store.Versions),
		page.Endpoint{Pattern: "POST /api/admin/roster/review", Access: page.Administrator, Serve: p.reviewRoster, Body: roster.MostDocument + 8<<10},
		page.Endpoint{Pattern: "POST /api/admin/roster/publish", Access: page.Administrator, Serve: p.publishRoster},
		page.Endpoint{Pattern: "GET /api/admin/roster/publications", Access: page.Administrator, Serve: p.listPublications},
		page.Endpoint{Pattern: "GET /api/admin/roster/people", Access: page.Administrator, Serve: p.listRosterPeople},
		page.Endpoint{Pattern: "GET /api/admin/roster/all.ics", Access: page.Administrator, Serve: p.wholeCalendar},
		page.Endpoint{Pattern: "GET /api/roster/me.ics", Access: page.SignedIn, Serve: p.ownCalendar},
		page.Endpoint{Pattern: "POST /api/roster/feed", Access: page.SignedIn, Serve: p.makeFeed},
		page.Endpoint{Pattern: "POST /api/roster/feed/revoke", Access: page.SignedIn, Serve: p.revokeFeed},
		page.Endpoint{Pattern: "GET /api/roster/feed/{token}", Access: page.Anyone, Serve: p.feed},
	)
}

// fit says why a person does not count on a shift, by who has an account now.
func (p *Pages) fit(ctx context.Context) (func(string, roster.Role) string, error) {
	all, err := p.People.List(ctx)
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
func (p *Pages) reviewRoster(w http.ResponseWriter, r *http.Request, _ *page.Visitor) {
	var body protocol.ReviewRoster
	if !p.Read(w, r, &body) {
		return
	}
	doc, err := p.Store.Versions.Decode(body.Doc)
	if err == nil {
		err = doc.Validate()
	}
	if !p.Changed(w, r, err) {
		return
	}
	span, err := doc.Days(body.From, body.To)
	if err != nil {
		p.Fail(w, http.StatusBadRequest, protocol.BadDays, protocol.Params{"most": roster.MostDays})
		return
	}
	fit, err := p.fit(r.Context())
	if err != nil {
		p.Unavailable(w, r, err)
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
	p.Reply(w, http.StatusOK, out)
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

func (p *Pages) publishRoster(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	var body protocol.PublishRoster
	if !p.Read(w, r, &body) {
		return
	}
	fit, err := p.fit(r.Context())
	if err != nil {
		p.Unavailable(w, r, err)
		return
	}
	if _, err := p.Store.Check(r.Context(), body.Version, body.From, body.To, body.Note, fit); err != nil {
		p.refusePublication(w, r, err)
		return
	}
	err = p.Note(r, v, ActionRosterPublish, fmt.Sprintf("roster:%d", body.Version), strings.TrimSpace(body.From+" – "+body.To+" "+body.Note))
	var made roster.Publication
	if err == nil {
		made, err = p.Store.Publish(r.Context(), body.Version, body.From, body.To, string(v.User.ID), body.Note, fit)
	}
	if err != nil {
		p.refusePublication(w, r, err)
		return
	}
	p.Reply(w, http.StatusOK, p.publication(made))
}

func (p *Pages) refusePublication(w http.ResponseWriter, r *http.Request, err error) {
	if gap, ok := errors.AsType[*roster.GapError](err); ok {
		p.Fail(w, http.StatusConflict, protocol.RosterGaps, protocol.Params{"n": len(gap.Gaps), "gaps": spans(gap.Gaps)})
	} else if errors.Is(err, roster.ErrSpan) {
		p.Fail(w, http.StatusBadRequest, protocol.BadDays, protocol.Params{"most": roster.MostDays})
	} else {
		p.Changed(w, r, err)
	}
}

func (p *Pages) publication(one roster.Publication) protocol.Publication {
	return protocol.Publication{N: one.N, Version: one.Version, From: one.FromDate, To: one.ToDate, At: protocol.Millis(one.At), By: one.By, ByName: p.Doer(one.By), Note: one.Note}
}

func (p *Pages) listPublications(w http.ResponseWriter, r *http.Request, _ *page.Visitor) {
	all, err := p.Store.Publications(r.Context(), publicationsMost)
	if err != nil {
		p.Unavailable(w, r, err)
		return
	}
	out := protocol.Publications{Publications: []protocol.Publication{}}
	for _, one := range all {
		out.Publications = append(out.Publications, p.publication(one))
	}
	p.Reply(w, http.StatusOK, out)
}

// listRosterPeople are those who can be on a shift: accounts that take calls.
func (p *Pages) listRosterPeople(w http.ResponseWriter, r *http.Request, _ *page.Visitor) {
	all, err := p.People.List(r.Context())
	if err != nil {
		p.Unavailable(w, r, err)
		return
	}
	out := protocol.RosterPeople{People: []protocol.RosterPerson{}}
	for _, u := range all {
		if u.Role == users.Agent || u.Role == users.Supervisor {
			out.People = append(out.People, protocol.RosterPerson{User: string(u.ID), Username: u.Username, Name: u.Name, Role: string(u.Role), Disabled: u.Disabled})
		}
	}
	p.Reply(w, http.StatusOK, out)
}

func (p *Pages) wholeCalendar(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	p.calendar(w, r, "", v.User.Locale)
}

func (p *Pages) ownCalendar(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	p.calendar(w, r, string(v.User.ID), v.User.Locale)
}

// calendar answers with the published work of one person, or (empty) of all.
func (p *Pages) calendar(w http.ResponseWriter, r *http.Request, person, locale string) {
	now := time.Now()
	work, err := p.Store.Published(r.Context(), now.Add(-calendarPast), now.Add(calendarAhead), person)
	if err != nil {
		p.Unavailable(w, r, err)
		return
	}
	words := roster.CalendarWords{Title: "热线排班", Counsellor: "咨询员", Supervisor: "督导"}
	if locale == "en" {
		words = roster.CalendarWords{Title: "Hotline roster", Counsellor: "Counsellor", Supervisor: "Supervisor"}
	}
	if person == "" {
		words.Name = p.Person
	}
	h := w.Header()
	h.Set("Content-Type", "text/calendar; charset=utf-8")
	h.Set("Content-Disposition", `attachment; filename="roster.ics"`)
	h.Set("Cache-Control", "no-store")
	_, _ = w.Write([]byte(roster.Calendar(work, words, now))) // a browser that left needs no answer
}

func (p *Pages) makeFeed(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	var token string
	done := p.Answered(w, r, p.Audited(r, v, ActionFeedMade, "", "", func(ctx context.Context) (err error) {
		token, err = p.Store.NewFeed(ctx, string(v.User.ID))
		return err
	}))
	if done {
		p.Reply(w, http.StatusOK, protocol.RosterFeed{Path: "/api/roster/feed/" + token + ".ics"})
	}
}

func (p *Pages) revokeFeed(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	done := p.Answered(w, r, p.Audited(r, v, ActionFeedRevoked, "", "", func(ctx context.Context) error { return p.Store.RevokeFeed(ctx, string(v.User.ID)) }))
	if done {
		p.Reply(w, http.StatusOK, struct{}{})
	}
}

// feed answers a calendar program, which cannot sign in: the address itself is the secret. It ends with the account.
func (p *Pages) feed(w http.ResponseWriter, r *http.Request, _ *page.Visitor) {
	person, err := p.Store.FeedOf(r.Context(), strings.TrimSuffix(r.PathValue("token"), ".ics"))
	var u users.User
	if err == nil {
		u, err = p.People.ByID(r.Context(), queue.AgentID(person))
	}
	switch {
	case errors.Is(err, roster.ErrFeed), errors.Is(err, users.ErrNotFound), err == nil && u.Disabled:
		p.Fail(w, http.StatusNotFound, protocol.NotFound, nil)
	case err != nil:
		p.Unavailable(w, r, err)
	default:
		p.calendar(w, r, person, u.Locale)
	}
}
