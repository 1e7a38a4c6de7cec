package agentui

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"hotline/agentui/page"
	"hotline/agentui/protocol"
	"hotline/agentui/users"
	"hotline/agentui/versions"
	"hotline/casework/qualifications"
	"hotline/casework/reviews"
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

// Staff is what the console stands on for people's training, for reviews of their talks and for the statistics.
type Staff struct {
	Qualifications *qualifications.Store
	Requirements   requirementsStore
	Statistics     countings
	Parameters     parametersStore
	Reviews        *reviews.Store
}

func (s Staff) missing() bool {
	return s.Qualifications == nil || s.Requirements == nil || s.Statistics == nil || s.Parameters == nil || s.Reviews == nil
}

func (s *Server) trainingEndpoints() []page.Endpoint {
	return slices.Concat([]page.Endpoint{
		{Pattern: "GET /api/training", Access: page.Training, Serve: s.listTraining},
		{Pattern: "GET /api/training/mine", Access: page.Serving, Serve: s.ownTraining},
		{Pattern: "GET /api/people/{id}/training", Access: page.Training, Serve: s.showTraining},
		{Pattern: "POST /api/people/{id}/training", Access: page.Training, Serve: s.addTraining},
		{Pattern: "POST /api/training/{id}/void", Access: page.Training, Serve: s.voidTraining},
		{Pattern: "GET /api/training/waivers", Access: page.Training, Serve: s.listWaivers},
		{Pattern: "POST /api/training/waivers", Access: page.Supervisor, Serve: s.waive},
		{Pattern: "POST /api/training/waivers/{id}/end", Access: page.Supervisor, Serve: s.endWaiver},
	}, versions.Endpoints[qualifications.Requirements](s.versions(), "requirements", s.deps.Staff.Requirements))
}

// listTraining answers who may be given which calls: people with something to say of first.
func (s *Server) listTraining(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	var out protocol.TrainingList
	done := s.audited(w, r, v, ActionTrainingList, "", "", func(ctx context.Context) (err error) {
		out, err = s.training(ctx, v.User.Locale)
		return err
	})
	if done {
		s.clerk.Reply(w, http.StatusOK, out)
	}
}

func (s *Server) training(ctx context.Context, locale string) (protocol.TrainingList, error) {
	out := protocol.TrainingList{People: []protocol.TrainedPerson{}}
	all, err := s.deps.Users.List(ctx)
	if err != nil {
		return out, err
	}
	doc, err := s.deps.Staff.Requirements.Current(ctx)
	if err != nil {
		return out, err
	}
	records, err := s.deps.Staff.Qualifications.Everybody(ctx)
	if err != nil {
		return out, err
	}
	now := time.Now()
	today := qualifications.DayOf(now, s.zone)
	out.Version, out.WarnDays = doc.N, doc.Doc.WarnDays
	for _, u := range all {
		if !u.Role.Serves() || u.Disabled {
			continue
		}
		u.Locale = locale
		p := protocol.TrainedPerson{User: string(u.ID), Name: u.Name, Role: string(u.Role), Lines: s.standingsOf(u, now), Languages: []string{}}
		last := qualifications.Day(0)
		for _, one := range records[string(u.ID)] {
			switch one.Kind {
			case qualifications.Training:
				if one.Day > today-365 {
					p.YearMinutes += one.Minutes
				}
			case qualifications.Supervision:
				last = max(last, one.Day)
			case qualifications.Language:
				p.Languages = append(p.Languages, topicName(doc.Doc, one.Topic, locale))
			}
		}
		slices.Sort(p.Languages)
		p.Supervised, p.Languages = last.String(), slices.Compact(p.Languages)
		out.People = append(out.People, p)
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
		return inWords(q.Topics[i].Names, locale)
	}
	return id
}

func (s *Server) ownTraining(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	out, err := s.recordsOf(r.Context(), v.User, v.User.Locale)
	if s.answered(w, r, err) {
		s.clerk.Reply(w, http.StatusOK, out)
	}
}

func (s *Server) recordsOf(ctx context.Context, u users.User, locale string) (protocol.StaffRecords, error) {
	now := time.Now()
	u.Locale = locale
	out := protocol.StaffRecords{
		User: string(u.ID), Name: u.Name, Lines: s.standingsOf(u, now), Records: []protocol.StaffRecord{}, Topics: []protocol.StaffTopic{},
		Today: qualifications.DayOf(now, s.zone).String(),
	}
	doc, err := s.deps.Staff.Requirements.Current(ctx)
	if err != nil {
		return out, err
	}
	for _, t := range doc.Doc.Topics {
		out.Topics = append(out.Topics, protocol.StaffTopic{ID: t.ID, Kind: string(t.Kind), Name: inWords(t.Names, locale)})
	}
	all, err := s.deps.Staff.Qualifications.Of(ctx, string(u.ID))
	for _, one := range all {
		out.Records = append(out.Records, s.staffRecord(one, doc.Doc, locale))
	}
	return out, err
}

func (s *Server) staffRecord(r qualifications.Record, q qualifications.Requirements, locale string) protocol.StaffRecord {
	return protocol.StaffRecord{
		Record: r.ID, Kind: string(r.Kind), Topic: r.Topic, TopicName: topicName(q, r.Topic, locale), Minutes: r.Minutes, Day: r.Day.String(),
		Expires: r.Expires.String(), Note: r.Note, At: protocol.Millis(r.At), ByName: s.directory.name(queue.AgentID(r.By)), VoidAt: protocol.Millis(r.Void),
		VoidByName: s.directory.name(queue.AgentID(r.VoidBy)), VoidWhy: r.VoidWhy,
	}
}

// showTraining answers with a person's records; that somebody looked is recorded.
func (s *Server) showTraining(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	id, ok := s.personID(w, r)
	if !ok {
		return
	}
	var out protocol.StaffRecords
	done := s.safelyAudited(r, v, ActionTrainingView, "user:"+string(id), "", func(ctx context.Context) error {
		u, err := s.deps.Users.ByID(ctx, id)
		if err == nil {
			out, err = s.recordsOf(ctx, u, v.User.Locale)
		}
		return err
	})
	if s.safely(w, r, done) {
		s.clerk.Reply(w, http.StatusOK, out)
	}
}

func (s *Server) addTraining(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	id, ok := s.personID(w, r)
	var body protocol.WriteStaffRecord
	if !ok || !s.clerk.Read(w, r, &body) {
		return
	}
	day, err := qualifications.ParseDay(body.Day)
	expires, ends := qualifications.ParseDay(body.Expires)
	if err != nil || ends != nil {
		s.clerk.Fail(w, http.StatusBadRequest, protocol.BadRecord, nil)
		return
	}
	u, err := s.deps.Users.ByID(r.Context(), id)
	if !s.safely(w, r, err) {
		return
	}
	doc, err := s.deps.Staff.Requirements.Current(r.Context())
	if !s.answered(w, r, err) {
		return
	}
	today := qualifications.DayOf(time.Now(), s.zone)
	record := qualifications.Record{
		Person: string(id), Kind: qualifications.Kind(body.Kind), Topic: body.Topic, Minutes: body.Minutes, Day: day, Expires: expires, Note: strings.TrimSpace(body.Note),
		By: string(v.User.ID),
	}
	if err = record.Check(doc.Doc, today); err == nil {
		err = s.clerk.Audited(r, v, ActionTrainingAdd, "user:"+string(u.ID), strings.TrimSpace(body.Kind+" "+body.Topic+" "+body.Day), func(ctx context.Context) error {
			_, err := s.deps.Staff.Qualifications.Add(ctx, doc.Doc, record, today)
			return err
		})
	}
	if !s.staffAnswered(w, r, err) {
		return
	}
	if out, err := s.recordsOf(r.Context(), u, v.User.Locale); s.answered(w, r, err) {
		s.clerk.Reply(w, http.StatusOK, out)
	}
}

func (s *Server) voidTraining(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	id, ok := s.clerk.ID(w, r)
	var body protocol.Why
	if !ok || !s.clerk.Read(w, r, &body) {
		return
	}
	why, ok := s.clerk.Reason(w, body.Reason)
	if !ok {
		return
	}
	err := s.clerk.Audited(r, v, ActionTrainingVoid, "training:"+id, why, func(ctx context.Context) error {
		_, err := s.deps.Staff.Qualifications.Void(ctx, id, string(v.User.ID), why)
		return err
	})
	if s.staffAnswered(w, r, err) {
		s.clerk.Reply(w, http.StatusOK, struct{}{})
	}
}

func (s *Server) listWaivers(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	all, err := s.deps.Staff.Qualifications.Waivers(r.Context())
	if !s.answered(w, r, err) {
		return
	}
	now, out := time.Now(), protocol.Waivers{Waivers: []protocol.Waiver{}}
	for _, one := range all {
		out.Waivers = append(out.Waivers, s.waiver(one, v.User.Locale, now))
	}
	s.clerk.Reply(w, http.StatusOK, out)
}

func (s *Server) waiver(one qualifications.Waiver, locale string, now time.Time) protocol.Waiver {
	out := protocol.Waiver{
		Waiver: one.ID, Line: one.Line, Reason: one.Reason, From: protocol.Millis(one.From), Until: protocol.Millis(one.Until), ByName: s.directory.name(queue.AgentID(one.By)),
		EndedAt: protocol.Millis(one.Ended), EndedByName: s.directory.name(queue.AgentID(one.EndedBy)), Open: one.Open(one.Line, now),
	}
	if one.Line != "" {
		out.LineName = s.lineName(queue.LineID(one.Line), locale)
	}
	return out
}

// waive opens a line to people whose requirements lapsed; it ends by itself.
func (s *Server) waive(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	var body protocol.Waive
	if !s.clerk.Read(w, r, &body) {
		return
	}
	why, ok := s.clerk.Reason(w, body.Reason)
	if !ok {
		return
	}
	if body.Hours < 1 || time.Duration(body.Hours)*time.Hour > qualifications.LongestWaiver {
		s.clerk.Fail(w, http.StatusBadRequest, protocol.BadSpan, nil)
		return
	}
	if body.Line != "" && !slices.Contains(s.site.lineIDs(), body.Line) {
		s.clerk.Fail(w, http.StatusNotFound, protocol.NotFound, nil)
		return
	}
	var made qualifications.Waiver
	err := s.clerk.Audited(r, v, ActionLineWaive, strings.TrimSpace("line:"+body.Line), why, func(ctx context.Context) (err error) {
		made, err = s.deps.Staff.Qualifications.Waive(ctx, body.Line, string(v.User.ID), why, time.Duration(body.Hours)*time.Hour)
		return err
	})
	if s.staffAnswered(w, r, err) {
		s.clerk.Reply(w, http.StatusOK, s.waiver(made, v.User.Locale, time.Now()))
	}
}

func (s *Server) endWaiver(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	id, ok := s.clerk.ID(w, r)
	if !ok || !s.clerk.Read(w, r, &struct{}{}) {
		return
	}
	err := s.clerk.Audited(r, v, ActionLineWaiverEnd, "waiver:"+id, "", func(ctx context.Context) error {
		return s.deps.Staff.Qualifications.EndWaiver(ctx, id, string(v.User.ID))
	})
	if s.staffAnswered(w, r, err) {
		s.clerk.Reply(w, http.StatusOK, struct{}{})
	}
}

// staffAnswered says what went wrong with a record or a waiver; true when nothing did.
func (s *Server) staffAnswered(w http.ResponseWriter, r *http.Request, err error) bool {
	switch {
	case errors.Is(err, qualifications.ErrNotFound):
		s.clerk.Fail(w, http.StatusNotFound, protocol.NotFound, nil)
	case errors.Is(err, qualifications.ErrOwn):
		s.clerk.Fail(w, http.StatusForbidden, protocol.OwnRecord, nil)
	case errors.Is(err, qualifications.ErrInvalid):
		s.clerk.Fail(w, http.StatusBadRequest, protocol.BadRecord, nil)
	case errors.Is(err, qualifications.ErrSpan):
		s.clerk.Fail(w, http.StatusBadRequest, protocol.BadSpan, nil)
	default:
		return s.answered(w, r, err)
	}
	return false
}
