// Package reviews is how the console tells of the reviews of talks (casework/reviews): in the words of a person's language, and only what that person may
// see.
package reviews

import (
	"math"
	"slices"

	"hotline/agentui/protocol"
	"hotline/casework/reviews"
)

// Names are those of people and lines, in the language of who is told.
type Names struct {
	Person func(id string) string
	Line   func(id string) string
}

// Row tells of a review.
func (n Names) Row(r reviews.Row) protocol.Review {
	return protocol.Review{
		Review: r.ID, Call: r.Call, Agent: r.Agent, AgentName: n.Person(r.Agent), Line: r.Line, LineName: n.Line(r.Line), CalledAt: protocol.Millis(r.Called), TalkMs: r.Talk.Milliseconds(),
		Why: string(r.Why), PickedAt: protocol.Millis(r.Picked), PickedBy: n.Person(r.PickedBy), DueAt: protocol.Millis(r.Due), Wanted: r.Wanted, State: string(r.State),
		ClosedAt: protocol.Millis(r.Closed), ClosedBy: n.Person(r.ClosedBy), ReadAt: protocol.Millis(r.Read), Scoring: n.people(r.Scoring), Final: n.people(r.Final), Total: r.Total, Missed: r.Missed,
	}
}

// Rows tells of several.
func (n Names) Rows(all []reviews.Row) []protocol.Review {
	out := make([]protocol.Review, 0, len(all))
	for _, r := range all {
		out = append(out, n.Row(r))
	}
	return out
}

func (n Names) people(ids []string) []protocol.ReviewPerson {
	out := make([]protocol.ReviewPerson, 0, len(ids))
	for _, id := range ids {
		out = append(out, protocol.ReviewPerson{User: id, Name: n.Person(id)})
	}
	return out
}

// Scores tells of sheets.
func (n Names) Scores(all []reviews.Score) []protocol.ReviewScore {
	out := make([]protocol.ReviewScore, 0, len(all))
	for _, s := range all {
		one := protocol.ReviewScore{
			Reviewer: s.Reviewer, ReviewerName: n.Person(s.Reviewer), SavedAt: protocol.Millis(s.Saved), FinalAt: protocol.Millis(s.Final), Total: s.Total, Missed: s.Missed,
			Sections: s.Sections, Marks: map[string]protocol.ReviewMark{}, Words: s.Words,
		}
		for id, m := range s.Marks {
			one.Marks[id] = protocol.ReviewMark{Points: m.Points, None: m.None, Moments: m.Moments, Words: m.Words}
			if m.Moments == nil {
				one.Marks[id] = protocol.ReviewMark{Points: m.Points, None: m.None, Moments: []int64{}, Words: m.Words}
			}
		}
		out = append(out, one)
	}
	return out
}

// Marks are those of a body.
func Marks(in map[string]protocol.ReviewMark) reviews.Marks {
	out := reviews.Marks{}
	for id, m := range in {
		out[id] = reviews.Mark{Points: m.Points, None: m.None, Moments: m.Moments, Words: m.Words}
	}
	return out
}

// Replies tells what was said.
func (n Names) Replies(all []reviews.Reply) []protocol.ReviewReply {
	out := make([]protocol.ReviewReply, 0, len(all))
	for _, r := range all {
		out = append(out, protocol.ReviewReply{Reply: r.ID, By: r.By, ByName: n.Person(r.By), At: protocol.Millis(r.At), Words: r.Words})
	}
	return out
}

// Sections are those of a sheet.
func Sections(s reviews.Sheet) []protocol.ReviewSection {
	out := make([]protocol.ReviewSection, 0, len(s.Sections))
	for _, sec := range s.Sections {
		out = append(out, protocol.ReviewSection{ID: sec.ID, Names: sec.Names})
	}
	return out
}

// Months tells of a trend.
func Months(all []reviews.Month) []protocol.ReviewMonth {
	out := make([]protocol.ReviewMonth, 0, len(all))
	for _, m := range all {
		out = append(out, month(m))
	}
	return out
}

func month(m reviews.Month) protocol.ReviewMonth {
	return protocol.ReviewMonth{Month: m.Month, Reviews: m.Reviews, Total: m.Total, Least: m.Least, Most: m.Most, Missed: m.Missed, Sections: m.Sections}
}

// Standings tells of every counsellor, by name.
func (n Names) Standings(all []reviews.Standing) []protocol.ReviewedStaff {
	out := make([]protocol.ReviewedStaff, 0, len(all))
	for _, s := range all {
		out = append(out, protocol.ReviewedStaff{User: s.Agent, Name: n.Person(s.Agent), Whole: month(s.Month), Unread: s.Unread})
	}
	slices.SortFunc(out, func(a, b protocol.ReviewedStaff) int {
		if a.Name < b.Name {
			return -1
		}
		return 1
	})
	return out
}

// Calibration tells how far reviewers agree, with the items of a sheet.
func (n Names) Calibration(c reviews.Calibration, sheet reviews.Sheet) protocol.ReviewCalibration {
	out := protocol.ReviewCalibration{Talks: c.Talks, Marks: agreed(c.All), Totals: agreed(c.Totals), Items: []protocol.ReviewItemAgreed{}, Reviewers: []protocol.ReviewerBias{}}
	for _, sec := range sheet.Sections {
		for _, it := range sec.Items {
			if a, there := c.Items[it.ID]; there {
				out.Items = append(out.Items, protocol.ReviewItemAgreed{ID: it.ID, Names: it.Names, Agreed: agreed(a)})
			}
		}
	}
	for _, b := range c.Reviewers {
		out.Reviewers = append(out.Reviewers, protocol.ReviewerBias{Name: n.Person(b.Reviewer), Talks: b.Talks, Mean: round(b.Mean)})
	}
	return out
}

func agreed(a reviews.Agreement) protocol.ReviewAgreement {
	told := func(v float64) *float64 {
		if math.IsNaN(v) {
			return nil
		}
		v = round(v)
		return &v
	}
	return protocol.ReviewAgreement{Units: a.Units, Pairs: a.Pairs, Same: told(a.Same), Near: told(a.Near), Apart: told(a.Apart), Alpha: told(a.Alpha), ICC: told(a.ICC)}
}

// round keeps three digits: more would say more than is known.
func round(v float64) float64 { return math.Round(v*1000) / 1000 }
