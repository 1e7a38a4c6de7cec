package reviews

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
	"hotline/agentui/users"
	"hotline/agentui/versions"
	"hotline/casework/reviews"
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

// Pages are those of reviews: for who reviews, and for who is reviewed.
type Pages struct {
	versions.Clerk
	Store  *reviews.Store
	Person func(id string) string         // the name of a person
	Line   func(id, locale string) string // the name of a line
	Zone   func() *time.Location          // of the site
}

// Endpoints are what can be asked of reviews, and of the sheet by which talks are scored.
func (p *Pages) Endpoints() []page.Endpoint {
	at := "/api/reviews/{id}"
	return slices.Concat([]page.Endpoint{
		{Pattern: "GET /api/reviews", Access: page.Supervisor, Serve: p.listReviews},
		{Pattern: "POST /api/reviews", Access: page.Supervisor, Serve: p.askReview},
		{Pattern: "GET /api/reviews/mine", Access: page.Serving, Serve: p.ownReviews},
		{Pattern: "GET /api/reviews/trends", Access: page.Supervisor, Serve: p.reviewTrends},
		{Pattern: "GET /api/reviews/calibration", Access: page.Supervisor, Serve: p.calibration},
		{Pattern: "GET /api/people/{id}/reviews", Access: page.Supervisor, Serve: p.personReviews},
		{Pattern: "GET " + at, Access: page.Serving, Serve: p.showReview},
		{Pattern: "POST " + at + "/take", Access: page.Supervisor, Serve: p.takeReview},
		{Pattern: "POST " + at + "/sheet", Access: page.Supervisor, Serve: p.saveReview, Body: reviewBody},
		{Pattern: "POST " + at + "/release", Access: page.Supervisor, Serve: p.releaseReview},
		{Pattern: "POST " + at + "/want", Access: page.Supervisor, Serve: p.wantReview},
		{Pattern: "POST " + at + "/drop", Access: page.Supervisor, Serve: p.dropReview},
		{Pattern: "POST " + at + "/read", Access: page.Serving, Serve: p.readReview},
		{Pattern: "POST " + at + "/answer", Access: page.Serving, Serve: p.answerReview},
	}, versions.Endpoints[reviews.Sheet](p.Clerk, "scoresheet", p.Store.Sheets))
}

func (p *Pages) names(v *page.Visitor) Names {
	return Names{Person: p.Person, Line: func(id string) string { return p.Line(id, v.User.Locale) }}
}

// answered says what went wrong; true when nothing did.
func (p *Pages) answered(w http.ResponseWriter, r *http.Request, err error) bool {
	if wrong, ok := errors.AsType[reviews.Invalid](err); ok {
		p.Fail(w, http.StatusBadRequest, protocol.BadMarks, protocol.Params{"wrong": wrong})
		return false
	}
	return p.Answered(w, r, err,
		page.Refusal{Err: reviews.ErrNotFound, Status: http.StatusNotFound, Code: protocol.NotFound},
		page.Refusal{Err: reviews.ErrOwn, Status: http.StatusForbidden, Code: protocol.OwnReview},
		page.Refusal{Err: reviews.ErrTaken, Status: http.StatusConflict, Code: protocol.ReviewTaken},
		page.Refusal{Err: reviews.ErrClosed, Status: http.StatusConflict, Code: protocol.AlreadyClosed},
		page.Refusal{Err: reviews.ErrReleased, Status: http.StatusConflict, Code: protocol.ReviewReleased},
		page.Refusal{Err: reviews.ErrErased, Status: http.StatusConflict, Code: protocol.ContactErased},
		page.Refusal{Err: reviews.ErrNotDone, Status: http.StatusConflict, Code: protocol.ReviewPending},
		page.Refusal{Err: reviews.ErrNotYours, Status: http.StatusForbidden, Code: protocol.Forbidden},
		page.Refusal{Err: reviews.ErrInvalid, Status: http.StatusBadRequest, Code: protocol.BadRequest})
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
			out = append(out, c.name+"="+page.Named(c.value))
		}
	}
	return strings.Join(out, " ")
}

func (p *Pages) listReviews(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	q := r.URL.Query()
	f := reviews.Filter{
		State: reviews.State(q.Get("state")), Why: reviews.Why(q.Get("why")), Agent: q.Get("agent"), Call: q.Get("call"), Since: time.Now().Add(-reviewsBack), Limit: reviewsShown,
	}
	if q.Get("mine") != "" {
		f.Reviewer = string(v.User.ID)
	}
	store := p.Store
	var all []reviews.Row
	list := func(ctx context.Context) (err error) {
		all, err = store.List(ctx, f)
		return err
	}
	var err error
	if looksAtPeople(f) {
		err = p.Audited(r, v, ActionReviewSearch, "", searched(f), list)
	} else {
		err = list(r.Context())
	}
	out := protocol.Reviews{Reviews: p.names(v).Rows(all)}
	if err == nil {
		out.Waiting, out.Red, out.Late, err = store.Waiting(r.Context())
	}
	if p.answered(w, r, err) {
		p.Reply(w, http.StatusOK, out)
	}
}

// seenReview is the one of the path, when this person may see it: a supervisor any, a counsellor that of their own talk when it is done. It has answered
// when it returns false.
func (p *Pages) seenReview(w http.ResponseWriter, r *http.Request, v *page.Visitor) (reviews.Row, bool) {
	id, ok := p.ID(w, r)
	if !ok {
		return reviews.Row{}, false
	}
	row, err := p.Store.Get(r.Context(), id)
	if !p.answered(w, r, err) {
		return row, false
	}
	if v.User.Role != users.Supervisor && (row.Agent != string(v.User.ID) || row.State != reviews.StateDone) {
		p.Fail(w, http.StatusNotFound, protocol.NotFound, nil) // not even that there is one
		return row, false
	}
	return row, true
}

func (p *Pages) showReview(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	row, ok := p.seenReview(w, r, v)
	if !ok {
		return
	}
	if p.answered(w, r, p.Note(r, v, ActionReviewView, "review:"+row.ID, "")) {
		p.replyReview(w, r, v, row.ID)
	}
}

// replyReview answers with all of a review that the person may see, as it is now.
func (p *Pages) replyReview(w http.ResponseWriter, r *http.Request, v *page.Visitor, id string) {
	store, ctx := p.Store, r.Context()
	row, err := store.Get(ctx, id)
	if !p.answered(w, r, err) {
		return
	}
	sheet, err := store.Sheets.Current(ctx)
	if err == nil && row.Sheet > 0 {
		sheet, err = store.Sheets.Get(ctx, row.Sheet)
	}
	if !p.answered(w, r, err) {
		return
	}
	scores, err := store.Scores(ctx, row.Review, string(v.User.ID))
	if !p.answered(w, r, err) {
		return
	}
	replies, err := store.Replies(ctx, id)
	if !p.answered(w, r, err) {
		return
	}
	names := p.names(v)
	p.Reply(w, http.StatusOK, protocol.ReviewDetail{
		Review: names.Row(row), Version: row.Sheet, Sheet: sheet.Doc, Scores: names.Scores(scores), Replies: names.Replies(replies), Reason: row.Said,
		MayScore: v.User.Role == users.Supervisor && row.MayScore(string(v.User.ID)),
	})
}

// changeReview does something to the one of the path, audited, and answers with it.
func (p *Pages) changeReview(w http.ResponseWriter, r *http.Request, v *page.Visitor, action, reason string, do func(ctx context.Context, id string) error) {
	id, ok := p.ID(w, r)
	if !ok {
		return
	}
	err := p.Audited(r, v, action, "review:"+id, reason, func(ctx context.Context) error { return do(ctx, id) })
	if p.answered(w, r, err) {
		p.replyReview(w, r, v, id)
	}
}

func (p *Pages) takeReview(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	p.changeReview(w, r, v, ActionReviewTake, "", func(ctx context.Context, id string) error {
		_, err := p.Store.Take(ctx, id, string(v.User.ID))
		return err
	})
}

// saveReview keeps a sheet. A draft is no act: it is saved every few seconds; handed in, it is.
func (p *Pages) saveReview(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	var body protocol.SaveReview
	if !p.Read(w, r, &body) {
		return
	}
	save := func(ctx context.Context, id string) error {
		_, err := p.Store.Save(ctx, id, string(v.User.ID), Marks(body.Marks), body.Words, body.Final)
		return err
	}
	if body.Final {
		p.changeReview(w, r, v, ActionReviewSubmit, "", save)
		return
	}
	id, ok := p.ID(w, r)
	if ok && p.answered(w, r, save(r.Context(), id)) {
		p.Reply(w, http.StatusOK, struct{}{})
	}
}

func (p *Pages) releaseReview(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	p.changeReview(w, r, v, ActionReviewGive, "", func(ctx context.Context, id string) error {
		return p.Store.Release(ctx, id, string(v.User.ID))
	})
}

func (p *Pages) wantReview(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	var body protocol.WantReview
	if !p.Read(w, r, &body) {
		return
	}
	p.changeReview(w, r, v, ActionReviewWant, strconv.Itoa(body.Wanted), func(ctx context.Context, id string) error {
		_, err := p.Store.Want(ctx, id, string(v.User.ID), body.Wanted)
		return err
	})
}

func (p *Pages) dropReview(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	var body protocol.DropReview
	if !p.Read(w, r, &body) {
		return
	}
	why, ok := p.Reason(w, body.Reason)
	if !ok {
		return
	}
	p.changeReview(w, r, v, ActionReviewDrop, why, func(ctx context.Context, id string) error {
		return p.Store.Drop(ctx, id, string(v.User.ID), why)
	})
}

func (p *Pages) readReview(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	if _, ok := p.seenReview(w, r, v); !ok {
		return
	}
	p.changeReview(w, r, v, ActionReviewRead, "", func(ctx context.Context, id string) error {
		return p.Store.Read(ctx, id, string(v.User.ID))
	})
}

func (p *Pages) answerReview(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	var body protocol.AnswerReview
	if !p.Read(w, r, &body) {
		return
	}
	if _, ok := p.seenReview(w, r, v); !ok {
		return
	}
	p.changeReview(w, r, v, ActionReviewAnswer, "", func(ctx context.Context, id string) error {
		_, err := p.Store.Answer(ctx, id, string(v.User.ID), body.Text)
		return err
	})
}

func (p *Pages) askReview(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	var body protocol.AskReview
	if !p.Read(w, r, &body) {
		return
	}
	var made reviews.Review
	err := p.Audited(r, v, ActionReviewAsk, "call:"+body.Call, "", func(ctx context.Context) (err error) {
		made, err = p.Store.Ask(ctx, body.Call, body.Agent, string(v.User.ID), body.Wanted)
		return err
	})
	if p.answered(w, r, err) {
		p.replyReview(w, r, v, made.ID)
	}
}
