package agentui

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"hotline/agentui/page"
	"hotline/agentui/protocol"
	words "hotline/agentui/reviews"
	"hotline/agentui/users"
	"hotline/agentui/versions"
	"hotline/casework/reviews"
	"hotline/queue"
)

// Actions of the audit trail about reviews of talks.
const (
	ActionReviewView   = "review.view"
	ActionReviewTake   = "review.take"
	ActionReviewSubmit = "review.submit"
	ActionReviewGive   = "review.release"
	ActionReviewWant   = "review.want" // with the number of sheets
	ActionReviewDrop   = "review.drop" // with the reason
	ActionReviewAsk    = "review.ask"
	ActionReviewRead   = "review.read"
	ActionReviewAnswer = "review.answer"
	ActionReviewTrend  = "review.trend" // of a person
	ActionReviewTrends = "review.trends"
	ActionReviewSearch = "review.search" // with what was looked for
	ActionReviewAgreed = "review.calibration"
)

const (
	reviewBody   = 256 << 10 // a sheet full of words
	reviewsBack  = 180 * 24 * time.Hour
	trendBack    = 366 * 24 * time.Hour
	reviewsShown = 300
)

func (s *Server) reviewEndpoints() []page.Endpoint {
	at := "/api/reviews/{id}"
	return slices.Concat([]page.Endpoint{
		{Pattern: "GET /api/reviews", Access: page.Supervisor, Serve: s.listReviews},
		{Pattern: "POST /api/reviews", Access: page.Supervisor, Serve: s.askReview},
		{Pattern: "GET /api/reviews/mine", Access: page.Serving, Serve: s.ownReviews},
		{Pattern: "GET /api/reviews/trends", Access: page.Supervisor, Serve: s.reviewTrends},
		{Pattern: "GET /api/reviews/calibration", Access: page.Supervisor, Serve: s.calibration},
		{Pattern: "GET /api/people/{id}/reviews", Access: page.Supervisor, Serve: s.personReviews},
		{Pattern: "GET " + at, Access: page.Serving, Serve: s.showReview},
		{Pattern: "POST " + at + "/take", Access: page.Supervisor, Serve: s.takeReview},
		{Pattern: "POST " + at + "/sheet", Access: page.Supervisor, Serve: s.saveReview, Body: reviewBody},
		{Pattern: "POST " + at + "/release", Access: page.Supervisor, Serve: s.releaseReview},
		{Pattern: "POST " + at + "/want", Access: page.Supervisor, Serve: s.wantReview},
		{Pattern: "POST " + at + "/drop", Access: page.Supervisor, Serve: s.dropReview},
		{Pattern: "POST " + at + "/read", Access: page.Serving, Serve: s.readReview},
		{Pattern: "POST " + at + "/answer", Access: page.Serving, Serve: s.answerReview},
	}, versions.Endpoints[reviews.Sheet](s.versions(), "scoresheet", s.deps.Staff.Reviews.Sheets))
}

func (s *Server) reviewNames(v *page.Visitor) words.Names {
	return words.Names{
		Person: func(id string) string { return s.directory.name(queue.AgentID(id)) },
		Line:   func(id string) string { return s.lineName(queue.LineID(id), v.User.Locale) },
	}
}

// reviewAnswered says what went wrong; true when nothing did.
func (s *Server) reviewAnswered(w http.ResponseWriter, r *http.Request, err error) bool {
	if wrong, ok := errors.AsType[reviews.Invalid](err); ok {
		s.clerk.Fail(w, http.StatusBadRequest, protocol.BadMarks, protocol.Params{"wrong": wrong})
		return false
	}
	for _, known := range []struct {
		err    error
		status int
		code   protocol.Code
	}{
		{reviews.ErrNotFound, http.StatusNotFound, protocol.NotFound}, {reviews.ErrOwn, http.StatusForbidden, protocol.OwnReview},
		{reviews.ErrTaken, http.StatusConflict, protocol.ReviewTaken}, {reviews.ErrClosed, http.StatusConflict, protocol.AlreadyClosed},
		{reviews.ErrReleased, http.StatusConflict, protocol.ReviewReleased}, {reviews.ErrErased, http.StatusConflict, protocol.ContactErased},
		{reviews.ErrNotDone, http.StatusConflict, protocol.ReviewPending}, {reviews.ErrNotYours, http.StatusForbidden, protocol.Forbidden},
		{reviews.ErrInvalid, http.StatusBadRequest, protocol.BadRequest},
	} {
		if errors.Is(err, known.err) {
			s.clerk.Fail(w, known.status, known.code, nil)
			return false
		}
	}
	return s.answered(w, r, err)
}

// looksAtPeople tells whether a list shows how people were scored, or what is open of one person; the plain queue, which pages ask for again and again,
// does not.
func looksAtPeople(f reviews.Filter) bool {
	return f.Agent != "" || f.State != reviews.StateOpen && f.State != reviews.StateDropped
}

// searched says what was looked for.
func searched(f reviews.Filter) string {
	var out []string
	for _, c := range []struct{ name, value string }{
		{"state", string(f.State)}, {"why", string(f.Why)}, {"agent", f.Agent}, {"call", f.Call}, {"reviewer", f.Reviewer},
	} {
		if c.value != "" {
			out = append(out, c.name+"="+auditName(c.value))
		}
	}
	return strings.Join(out, " ")
}

func (s *Server) listReviews(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	q := r.URL.Query()
	f := reviews.Filter{
		State: reviews.State(q.Get("state")), Why: reviews.Why(q.Get("why")), Agent: q.Get("agent"), Call: q.Get("call"), Since: time.Now().Add(-reviewsBack), Limit: reviewsShown,
	}
	if q.Get("mine") != "" {
		f.Reviewer = string(v.User.ID)
	}
	store := s.deps.Staff.Reviews
	var all []reviews.Row
	list := func(ctx context.Context) (err error) {
		all, err = store.List(ctx, f)
		return err
	}
	var err error
	if looksAtPeople(f) {
		err = s.clerk.Audited(r, v, ActionReviewSearch, "", searched(f), list)
	} else {
		err = list(r.Context())
	}
	out := protocol.Reviews{Reviews: s.reviewNames(v).Rows(all)}
	if err == nil {
		out.Waiting, out.Red, out.Late, err = store.Waiting(r.Context())
	}
	if s.reviewAnswered(w, r, err) {
		s.clerk.Reply(w, http.StatusOK, out)
	}
}

// seenReview is the one of the path, when this person may see it: a supervisor any, a counsellor that of their own talk when it is done. It has answered
// when it returns false.
func (s *Server) seenReview(w http.ResponseWriter, r *http.Request, v *page.Visitor) (reviews.Row, bool) {
	id, ok := s.clerk.ID(w, r)
	if !ok {
		return reviews.Row{}, false
	}
	row, err := s.deps.Staff.Reviews.Get(r.Context(), id)
	if !s.reviewAnswered(w, r, err) {
		return row, false
	}
	if v.User.Role != users.Supervisor && (row.Agent != string(v.User.ID) || row.State != reviews.StateDone) {
		s.clerk.Fail(w, http.StatusNotFound, protocol.NotFound, nil) // not even that there is one
		return row, false
	}
	return row, true
}

func (s *Server) showReview(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	row, ok := s.seenReview(w, r, v)
	if !ok {
		return
	}
	if s.audited(w, r, v, ActionReviewView, "review:"+row.ID, "", func(context.Context) error { return nil }) {
		s.replyReview(w, r, v, row.ID)
	}
}

// replyReview answers with all of a review that the person may see, as it is now.
func (s *Server) replyReview(w http.ResponseWriter, r *http.Request, v *page.Visitor, id string) {
	store, ctx := s.deps.Staff.Reviews, r.Context()
	row, err := store.Get(ctx, id)
	if !s.reviewAnswered(w, r, err) {
		return
	}
	sheet, err := store.Sheets.Current(ctx)
	if err == nil && row.Sheet > 0 {
		sheet, err = store.Sheets.Get(ctx, row.Sheet)
	}
	if !s.reviewAnswered(w, r, err) {
		return
	}
	scores, err := store.Scores(ctx, row.Review, string(v.User.ID))
	if !s.reviewAnswered(w, r, err) {
		return
	}
	replies, err := store.Replies(ctx, id)
	if !s.reviewAnswered(w, r, err) {
		return
	}
	names := s.reviewNames(v)
	s.clerk.Reply(w, http.StatusOK, protocol.ReviewDetail{
		Review: names.Row(row), Version: row.Sheet, Sheet: sheet.Doc, Scores: names.Scores(scores), Replies: names.Replies(replies), Reason: row.Said,
		MayScore: v.User.Role == users.Supervisor && row.MayScore(string(v.User.ID)),
	})
}

// changeReview does something to the one of the path, audited, and answers with it.
func (s *Server) changeReview(w http.ResponseWriter, r *http.Request, v *page.Visitor, action, reason string, do func(ctx context.Context, id string) error) {
	id, ok := s.clerk.ID(w, r)
	if !ok {
		return
	}
	err := s.clerk.Audited(r, v, action, "review:"+id, reason, func(ctx context.Context) error { return do(ctx, id) })
	if s.reviewAnswered(w, r, err) {
		s.replyReview(w, r, v, id)
	}
}

func (s *Server) takeReview(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	s.changeReview(w, r, v, ActionReviewTake, "", func(ctx context.Context, id string) error {
		_, err := s.deps.Staff.Reviews.Take(ctx, id, string(v.User.ID))
		return err
	})
}

// saveReview keeps a sheet. A draft is no act: it is saved every few seconds; handed in, it is.
func (s *Server) saveReview(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	var body protocol.SaveReview
	if !s.clerk.Read(w, r, &body) {
		return
	}
	save := func(ctx context.Context, id string) error {
		_, err := s.deps.Staff.Reviews.Save(ctx, id, string(v.User.ID), words.Marks(body.Marks), body.Words, body.Final)
		return err
	}
	if body.Final {
		s.changeReview(w, r, v, ActionReviewSubmit, "", save)
		return
	}
	id, ok := s.clerk.ID(w, r)
	if ok && s.reviewAnswered(w, r, save(r.Context(), id)) {
		s.clerk.Reply(w, http.StatusOK, struct{}{})
	}
}

func (s *Server) releaseReview(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	s.changeReview(w, r, v, ActionReviewGive, "", func(ctx context.Context, id string) error {
		return s.deps.Staff.Reviews.Release(ctx, id, string(v.User.ID))
	})
}

func (s *Server) wantReview(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	var body protocol.WantReview
	if !s.clerk.Read(w, r, &body) {
		return
	}
	s.changeReview(w, r, v, ActionReviewWant, strconv.Itoa(body.Wanted), func(ctx context.Context, id string) error {
		_, err := s.deps.Staff.Reviews.Want(ctx, id, string(v.User.ID), body.Wanted)
		return err
	})
}

func (s *Server) dropReview(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	var body protocol.DropReview
	if !s.clerk.Read(w, r, &body) {
		return
	}
	why, ok := s.clerk.Reason(w, body.Reason)
	if !ok {
		return
	}
	s.changeReview(w, r, v, ActionReviewDrop, why, func(ctx context.Context, id string) error {
		return s.deps.Staff.Reviews.Drop(ctx, id, string(v.User.ID), why)
	})
}

func (s *Server) readReview(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	if _, ok := s.seenReview(w, r, v); !ok {
		return
	}
	s.changeReview(w, r, v, ActionReviewRead, "", func(ctx context.Context, id string) error {
		return s.deps.Staff.Reviews.Read(ctx, id, string(v.User.ID))
	})
}

func (s *Server) answerReview(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	var body protocol.AnswerReview
	if !s.clerk.Read(w, r, &body) {
		return
	}
	if _, ok := s.seenReview(w, r, v); !ok {
		return
	}
	s.changeReview(w, r, v, ActionReviewAnswer, "", func(ctx context.Context, id string) error {
		_, err := s.deps.Staff.Reviews.Answer(ctx, id, string(v.User.ID), body.Text)
		return err
	})
}

func (s *Server) askReview(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	var body protocol.AskReview
	if !s.clerk.Read(w, r, &body) {
		return
	}
	var made reviews.Review
	err := s.clerk.Audited(r, v, ActionReviewAsk, "call:"+body.Call, "", func(ctx context.Context) (err error) {
		made, err = s.deps.Staff.Reviews.Ask(ctx, body.Call, body.Agent, string(v.User.ID), body.Wanted)
		return err
	})
	if s.reviewAnswered(w, r, err) {
		s.replyReview(w, r, v, made.ID)
	}
}
