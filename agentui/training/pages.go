// Package training is how the console keeps who was trained for what, and who is let in to a line (casework/qualifications).
package training

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"hotline/agentui/page"
	"hotline/agentui/protocol"
	"hotline/agentui/users"
	"hotline/agentui/versions"
	"hotline/casework/qualifications"
	"hotline/queue"
)

// Actions of the audit trail about training and qualifications.
const (
	ActionTrainingList  = "training.list"
	ActionTrainingView  = "training.view" // of a person
	ActionTrainingAdd   = "training.add"
	ActionTrainingVoid  = "training.void"
	ActionLineWaive     = "line.waive" // opened to people whose requirements lapsed
	ActionLineWaiverEnd = "line.waiver_end"
)

type people interface {
	List(ctx context.Context) ([]users.User, error)
	ByID(ctx context.Context, id queue.AgentID) (users.User, error)
}

// Pages are those of training and of the requirements of lines.
type Pages struct {
	versions.Clerk
	Store        *qualifications.Store
	Requirements versions.Store[qualifications.Requirements]
	People       people                                                    // *users.Store
	Standings    func(u users.User, now time.Time) []protocol.LineStanding // how a person stands to every line, in the language of the user
	Person       func(id string) string                                    // the name of a person; "" stays ""
	Lines        func() []string                                           // ids of the lines in force
	Line         func(id, locale string) string                            // the name of a line
	Zone         func() *time.Location                                     // of the site
}

// Endpoints are what can be asked of it, and of the requirements of lines.
func (p *Pages) Endpoints() []page.Endpoint {
	return slices.Concat([]page.Endpoint{
		{Pattern: "GET /api/training", Access: page.Training, Serve: p.listTraining},
		{Pattern: "GET /api/training/mine", Access: page.Serving, Serve: p.ownTraining},
		{Pattern: "GET /api/people/{id}/training", Access: page.Training, Serve: p.showTraining},
		{Pattern: "POST /api/people/{id}/training", Access: page.Training, Serve: p.addTraining},
		{Pattern: "POST /api/training/{id}/void", Access: page.Training, Serve: p.voidTraining},
		{Pattern: "GET /api/training/waivers", Access: page.Training, Serve: p.listWaivers},
		{Pattern: "POST /api/training/waivers", Access: page.Supervisor, Serve: p.waive},
		{Pattern: "POST /api/training/waivers/{id}/end", Access: page.Supervisor, Serve: p.endWaiver},
	}, versions.Endpoints[qualifications.Requirements](p.Clerk, "requirements", p.Requirements))
}

// listTraining answers who may be given which calls: people with something to say of first.
func (p *Pages) listTraining(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	var out protocol.TrainingList
	done := p.answered(w, r, p.Audited(r, v, ActionTrainingList, "", "", func(ctx context.Context) (err error) {
		out, err = p.training(ctx, v.User.Locale)
		return err
	}))
	if done {
		p.Reply(w, http.StatusOK, out)
	}
}

func (p *Pages) training(ctx context.Context, locale string) (protocol.TrainingList, error) {
	out := protocol.TrainingList{People: []protocol.TrainedPerson{}}
	all, err := p.People.List(ctx)
	if err != nil {
		return out, err
	}
	doc, err := p.Requirements.Current(ctx)
	if err != nil {
		return out, err
	}
	records, err := p.Store.Everybody(ctx)
	if err != nil {
		return out, err
	}
	now := time.Now()
	today := qualifications.DayOf(now, p.Zone())
	out.Version, out.WarnDays = doc.N, doc.Doc.WarnDays
	for _, u := range all {
		if !u.Role.Serves() || u.Disabled {
			continue
		}
		u.Locale = locale
		row := protocol.TrainedPerson{User: string(u.ID), Name: u.Name, Role: string(u.Role), Lines: p.Standings(u, now), Languages: []string{}}
		last := qualifications.Day(0)
		for _, one := range records[string(u.ID)] {
			switch one.Kind {
			case qualifications.Training:
				if one.Day > today-365 {
					row.YearMinutes += one.Minutes
				}
			case qualifications.Supervision:
				last = max(last, one.Day)
			case qualifications.Language:
				row.Languages = append(row.Languages, topicName(doc.Doc, one.Topic, locale))
			}
		}
		slices.Sort(row.Languages)
		row.Supervised, row.Languages = last.String(), slices.Compact(row.Languages)
		out.People = append(out.People, row)
	}
	slices.SortStableFunc(out.People, func(a, b protocol.TrainedPerson) int {
		return concern(b)*2 - concern(a)*2 + strings.Compare(a.Name, b.Name)
	})
	return out, nil
}

// concern is how much a person needs a look: somebody who gets no calls, more than somebody who soon will not.
func concern(p protocol.TrainedPerson) (n int) {
	for _, l := range p.Lines {
		switch {
		case !l.In:
			n = max(n, 3)
		case len(l.Lapsed) > 0:
			n = max(n, 2)
		default:
			n = max(n, 1)
		}
	}
	return n
}

func topicName(q qualifications.Requirements, id, locale string) string {
	if i := slices.IndexFunc(q.Topics, func(t qualifications.Topic) bool { return t.ID == id }); i >= 0 {
		return protocol.InWords(q.Topics[i].Names, locale)
	}
	return id
}

func (p *Pages) ownTraining(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	out, err := p.recordsOf(r.Context(), v.User, v.User.Locale)
	if p.answered(w, r, err) {
		p.Reply(w, http.StatusOK, out)
	}
}

func (p *Pages) recordsOf(ctx context.Context, u users.User, locale string) (protocol.StaffRecords, error) {
	now := time.Now()
	u.Locale = locale
	out := protocol.StaffRecords{
		User: string(u.ID), Name: u.Name, Lines: p.Standings(u, now), Records: []protocol.StaffRecord{}, Topics: []protocol.StaffTopic{},
		Today: qualifications.DayOf(now, p.Zone()).String(),
	}
	doc, err := p.Requirements.Current(ctx)
	if err != nil {
		return out, err
	}
	for _, t := range doc.Doc.Topics {
		out.Topics = append(out.Topics, protocol.StaffTopic{ID: t.ID, Kind: string(t.Kind), Name: protocol.InWords(t.Names, locale)})
	}
	all, err := p.Store.Of(ctx, string(u.ID))
	for _, one := range all {
		out.Records = append(out.Records, p.staffRecord(one, doc.Doc, locale))
	}
	return out, err
}

func (p *Pages) staffRecord(r qualifications.Record, q qualifications.Requirements, locale string) protocol.StaffRecord {
	return protocol.StaffRecord{
		Record: r.ID, Kind: string(r.Kind), Topic: r.Topic, TopicName: topicName(q, r.Topic, locale), Minutes: r.Minutes, Day: r.Day.String(),
		Expires: r.Expires.String(), Note: r.Note, At: protocol.Millis(r.At), ByName: p.Person(r.By), VoidAt: protocol.Millis(r.Void),
		VoidByName: p.Person(r.VoidBy), VoidWhy: r.VoidWhy,
	}
}

// showTraining answers with a person's records; that somebody looked is recorded.
func (p *Pages) showTraining(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	id, ok := p.PersonID(w, r)
	if !ok {
		return
	}
	var out protocol.StaffRecords
	done := p.Audited(r, v, ActionTrainingView, "user:"+string(id), "", func(ctx context.Context) error {
		u, err := p.People.ByID(ctx, id)
		if err == nil {
			out, err = p.recordsOf(ctx, u, v.User.Locale)
		}
		return err
	})
	if p.answered(w, r, done) {
		p.Reply(w, http.StatusOK, out)
	}
}

func (p *Pages) addTraining(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	id, ok := p.PersonID(w, r)
	var body protocol.WriteStaffRecord
	if !ok || !p.Read(w, r, &body) {
		return
	}
	day, err := qualifications.ParseDay(body.Day)
	expires, ends := qualifications.ParseDay(body.Expires)
	if err != nil || ends != nil {
		p.Fail(w, http.StatusBadRequest, protocol.BadRecord, nil)
		return
	}
	u, err := p.People.ByID(r.Context(), id)
	if !p.answered(w, r, err) {
		return
	}
	doc, err := p.Requirements.Current(r.Context())
	if !p.answered(w, r, err) {
		return
	}
	today := qualifications.DayOf(time.Now(), p.Zone())
	record := qualifications.Record{
		Person: string(id), Kind: qualifications.Kind(body.Kind), Topic: body.Topic, Minutes: body.Minutes, Day: day, Expires: expires, Note: strings.TrimSpace(body.Note),
		By: string(v.User.ID),
	}
	if err = record.Check(doc.Doc, today); err == nil {
		err = p.Audited(r, v, ActionTrainingAdd, "user:"+string(u.ID), strings.TrimSpace(body.Kind+" "+body.Topic+" "+body.Day), func(ctx context.Context) error {
			_, err := p.Store.Add(ctx, doc.Doc, record, today)
			return err
		})
	}
	if !p.answered(w, r, err) {
		return
	}
	if out, err := p.recordsOf(r.Context(), u, v.User.Locale); p.answered(w, r, err) {
		p.Reply(w, http.StatusOK, out)
	}
}

func (p *Pages) voidTraining(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	id, ok := p.ID(w, r)
	var body protocol.Why
	if !ok || !p.Read(w, r, &body) {
		return
	}
	why, ok := p.Reason(w, body.Reason)
	if !ok {
		return
	}
	err := p.Audited(r, v, ActionTrainingVoid, "training:"+id, why, func(ctx context.Context) error {
		_, err := p.Store.Void(ctx, id, string(v.User.ID), why)
		return err
	})
	if p.answered(w, r, err) {
		p.Reply(w, http.StatusOK, struct{}{})
	}
}

func (p *Pages) listWaivers(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	all, err := p.Store.Waivers(r.Context())
	if !p.answered(w, r, err) {
		return
	}
	now, out := time.Now(), protocol.Waivers{Waivers: []protocol.Waiver{}}
	for _, one := range all {
		out.Waivers = append(out.Waivers, p.waiver(one, v.User.Locale, now))
	}
	p.Reply(w, http.StatusOK, out)
}

func (p *Pages) waiver(one qualifications.Waiver, locale string, now time.Time) protocol.Waiver {
	out := protocol.Waiver{
		Waiver: one.ID, Line: one.Line, Reason: one.Reason, From: protocol.Millis(one.From), Until: protocol.Millis(one.Until), ByName: p.Person(one.By),
		EndedAt: protocol.Millis(one.Ended), EndedByName: p.Person(one.EndedBy), Open: one.Open(one.Line, now),
	}
	if one.Line != "" {
		out.LineName = p.Line(one.Line, locale)
	}
	return out
}

// waive opens a line to people whose requirements lapsed; it ends by itself.
func (p *Pages) waive(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	var body protocol.Waive
	if !p.Read(w, r, &body) {
		return
	}
	why, ok := p.Reason(w, body.Reason)
	if !ok {
		return
	}
	if body.Hours < 1 || time.Duration(body.Hours)*time.Hour > qualifications.LongestWaiver {
		p.Fail(w, http.StatusBadRequest, protocol.BadSpan, nil)
		return
	}
	if body.Line != "" && !slices.Contains(p.Lines(), body.Line) {
		p.Fail(w, http.StatusNotFound, protocol.NotFound, nil)
		return
	}
	var made qualifications.Waiver
	err := p.Audited(r, v, ActionLineWaive, strings.TrimSpace("line:"+body.Line), why, func(ctx context.Context) (err error) {
		made, err = p.Store.Waive(ctx, body.Line, string(v.User.ID), why, time.Duration(body.Hours)*time.Hour)
		return err
	})
	if p.answered(w, r, err) {
		p.Reply(w, http.StatusOK, p.waiver(made, v.User.Locale, time.Now()))
	}
}

func (p *Pages) endWaiver(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	id, ok := p.ID(w, r)
	if !ok || !p.Read(w, r, &struct{}{}) {
		return
	}
	err := p.Audited(r, v, ActionLineWaiverEnd, "waiver:"+id, "", func(ctx context.Context) error {
		return p.Store.EndWaiver(ctx, id, string(v.User.ID))
	})
	if p.answered(w, r, err) {
		p.Reply(w, http.StatusOK, struct{}{})
	}
}

// answered says what went wrong with a record or a waiver; true when nothing did.
func (p *Pages) answered(w http.ResponseWriter, r *http.Request, err error) bool {
	return p.Answered(w, r, err,
		page.Refusal{Err: users.ErrNotFound, Status: http.StatusNotFound, Code: protocol.NotFound},
		page.Refusal{Err: qualifications.ErrNotFound, Status: http.StatusNotFound, Code: protocol.NotFound},
		page.Refusal{Err: qualifications.ErrOwn, Status: http.StatusForbidden, Code: protocol.OwnRecord},
		page.Refusal{Err: qualifications.ErrInvalid, Status: http.StatusBadRequest, Code: protocol.BadRecord},
		page.Refusal{Err: qualifications.ErrSpan, Status: http.StatusBadRequest, Code: protocol.BadSpan})
}
