package reviews

import (
	"context"
	"net/http"
	"time"

	"hotline/agentui/page"
	"hotline/agentui/protocol"
	"hotline/casework/reviews"
)

// ownReviews answers what was scored of a person's own talks, and how that went over the months.
func (p *Pages) ownReviews(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	p.replyTrend(w, r, v, string(v.User.ID))
}

func (p *Pages) personReviews(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	id := r.PathValue("id")
	if p.answered(w, r, p.Note(r, v, ActionReviewTrend, "user:"+id, "")) {
		p.replyTrend(w, r, v, id)
	}
}

func (p *Pages) replyTrend(w http.ResponseWriter, r *http.Request, v *page.Visitor, agent string) {
	store, ctx, since := p.Store, r.Context(), time.Now().Add(-trendBack)
	out := protocol.ReviewTrend{User: agent, Name: p.Person(agent)}
	months, err := store.Trend(ctx, agent, since, p.Zone())
	if !p.answered(w, r, err) {
		return
	}
	done, err := store.List(ctx, reviews.Filter{State: reviews.StateDone, Agent: agent, Since: since, Limit: reviewsShown})
	if !p.answered(w, r, err) {
		return
	}
	sheet, err := store.Sheets.Current(ctx)
	if err == nil {
		out.Unread, err = store.Unread(ctx, agent)
	}
	if !p.answered(w, r, err) {
		return
	}
	out.Months, out.Reviews, out.Sections = Months(months), p.names(v).Rows(done), Sections(sheet.Doc)
	p.Reply(w, http.StatusOK, out)
}

func (p *Pages) reviewTrends(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	store := p.Store
	var all []reviews.Standing
	err := p.Audited(r, v, ActionReviewTrends, "", "", func(ctx context.Context) (err error) {
		all, err = store.Standings(ctx, time.Now().Add(-reviewsBack))
		return err
	})
	if !p.answered(w, r, err) {
		return
	}
	sheet, err := store.Sheets.Current(r.Context())
	if p.answered(w, r, err) {
		p.Reply(w, http.StatusOK, protocol.ReviewTrends{Days: int(reviewsBack.Hours() / 24), Sections: Sections(sheet.Doc), People: p.names(v).Standings(all)})
	}
}

func (p *Pages) calibration(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	store := p.Store
	var c reviews.Calibration
	err := p.Audited(r, v, ActionReviewAgreed, "", "", func(ctx context.Context) (err error) {
		c, err = store.Calibration(ctx, time.Now().Add(-reviewsBack))
		return err
	})
	if !p.answered(w, r, err) {
		return
	}
	sheet, err := store.Sheets.Current(r.Context())
	if p.answered(w, r, err) {
		out := p.names(v).Calibration(c, sheet.Doc)
		out.Days = int(reviewsBack.Hours() / 24)
		p.Reply(w, http.StatusOK, out)
	}
}
