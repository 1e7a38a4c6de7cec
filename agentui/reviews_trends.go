package agentui

import (
	"context"
	"net/http"
	"time"

	"hotline/agentui/page"
	"hotline/agentui/protocol"
	words "hotline/agentui/reviews"
	"hotline/casework/reviews"
	"hotline/queue"
)

// ownReviews answers what was scored of a person's own talks, and how that went over the months.
func (s *Server) ownReviews(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	s.replyTrend(w, r, v, string(v.User.ID))
}

func (s *Server) personReviews(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	id := r.PathValue("id")
	if s.audited(w, r, v, ActionReviewTrend, "user:"+id, "", func(context.Context) error { return nil }) {
		s.replyTrend(w, r, v, id)
	}
}

func (s *Server) replyTrend(w http.ResponseWriter, r *http.Request, v *page.Visitor, agent string) {
	store, ctx, since := s.deps.Staff.Reviews, r.Context(), time.Now().Add(-trendBack)
	out := protocol.ReviewTrend{User: agent, Name: s.directory.name(queue.AgentID(agent))}
	months, err := store.Trend(ctx, agent, since, s.zone)
	if !s.reviewAnswered(w, r, err) {
		return
	}
	done, err := store.List(ctx, reviews.Filter{State: reviews.StateDone, Agent: agent, Since: since, Limit: reviewsShown})
	if !s.reviewAnswered(w, r, err) {
		return
	}
	sheet, err := store.Sheets.Current(ctx)
	if err == nil {
		out.Unread, err = store.Unread(ctx, agent)
	}
	if !s.reviewAnswered(w, r, err) {
		return
	}
	out.Months, out.Reviews, out.Sections = words.Months(months), s.reviewNames(v).Rows(done), words.Sections(sheet.Doc)
	s.clerk.Reply(w, http.StatusOK, out)
}

func (s *Server) reviewTrends(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	store := s.deps.Staff.Reviews
	var all []reviews.Standing
	err := s.clerk.Audited(r, v, ActionReviewTrends, "", "", func(ctx context.Context) (err error) {
		all, err = store.Standings(ctx, time.Now().Add(-reviewsBack))
		return err
	})
	if !s.reviewAnswered(w, r, err) {
		return
	}
	sheet, err := store.Sheets.Current(r.Context())
	if s.reviewAnswered(w, r, err) {
		s.clerk.Reply(w, http.StatusOK, protocol.ReviewTrends{Days: int(reviewsBack.Hours() / 24), Sections: words.Sections(sheet.Doc), People: s.reviewNames(v).Standings(all)})
	}
}

func (s *Server) calibration(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	store := s.deps.Staff.Reviews
	var c reviews.Calibration
	err := s.clerk.Audited(r, v, ActionReviewAgreed, "", "", func(ctx context.Context) (err error) {
		c, err = store.Calibration(ctx, time.Now().Add(-reviewsBack))
		return err
	})
	if !s.reviewAnswered(w, r, err) {
		return
	}
	sheet, err := store.Sheets.Current(r.Context())
	if s.reviewAnswered(w, r, err) {
		out := s.reviewNames(v).Calibration(c, sheet.Doc)
		out.Days = int(reviewsBack.Hours() / 24)
		s.clerk.Reply(w, http.StatusOK, out)
	}
}
