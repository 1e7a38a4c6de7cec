package agentui

import (
	"context"
	"errors"
	"net/http"
	"time"

	"hotline/agentui/page"
	"hotline/agentui/part"
	"hotline/agentui/protocol"
	"hotline/casework"
	"hotline/casework/assessments"
	"hotline/casework/dispositions"
	"hotline/casework/forms"
	"hotline/crisis"
	"hotline/crisis/scales"
	"hotline/queue"
	"hotline/storage"
)

// Actions of the audit trail about the danger of a call.
const (
	ActionRiskView    = "risk.view"
	ActionRiskAsk     = "risk.ask"     // whether suicide was asked about
	ActionRiskScale   = "risk.scale"   // with the form
	ActionRiskMeasure = "risk.measure" // hope, distress, intent
	ActionRiskLevel   = "risk.level"   // a level that is no lower, with it
	ActionRiskPropose = "risk.propose" // to lower it
	ActionRiskConfirm = "risk.confirm" // by a second person
	ActionRiskRefuse  = "risk.refuse"
)

// Risk is what the console stands on for the danger of a call.
type Risk struct {
	Forms *forms.Store
	Kept  *assessments.Store
}

// OpenRisk opens all of it in one database, bringing the tables to their newest form.
func OpenRisk(ctx context.Context, db *storage.DB, keys *casework.Keys) (r Risk, err error) {
	var errs [2]error
	r.Forms, errs[0] = forms.Open(ctx, db, scales.Check)
	r.Kept, errs[1] = assessments.Open(ctx, db, keys)
	return r, errors.Join(errs[:]...)
}

func (s *Server) riskEndpoints() []page.Endpoint {
	return []page.Endpoint{
		{Pattern: "GET /api/calls/{id}/risk", Access: page.Serving, Serve: s.showRisk},
		{Pattern: "PUT /api/calls/{id}/risk/asked", Access: page.Serving, Serve: s.askRisk},
		{Pattern: "POST /api/calls/{id}/risk/scales", Access: page.Serving, Serve: s.fillScale},
		{Pattern: "POST /api/calls/{id}/risk/measures", Access: page.Serving, Serve: s.measureRisk},
		{Pattern: "POST /api/calls/{id}/risk/level", Access: page.Serving, Serve: s.levelAfterwards},
		{Pattern: "GET /api/risk/proposals", Access: page.Serving, Serve: s.listLowerings},
		{Pattern: "POST /api/risk/proposals/{id}/confirm", Access: page.Serving, Serve: s.confirmLater},
		{Pattern: "POST /api/risk/proposals/{id}/refuse", Access: page.Serving, Serve: s.refuseLowering},
	}
}

// writesRisk lets in who takes part in a call or talked in it; it has answered when it returns false. A supervisor who did neither only reads.
func (s *Server) writesRisk(w http.ResponseWriter, r *http.Request, v *page.Visitor, call string) bool {
	have, err := s.partIn(r.Context(), v.User.ID, call)
	switch {
	case err != nil:
		s.clerk.Unavailable(w, r, err)
	case have != part.Serving && have != part.Served && have != part.Past:
		s.clerk.Fail(w, http.StatusForbidden, protocol.NotYourCall, nil)
	default:
		return true
	}
	return false
}

// definition is the version of the policy, whose high-risk definition each record is made by; 0 when nobody can say at this moment: a call does not wait
// for it.
func (s *Server) definition(ctx context.Context) int {
	_, n, err := s.deps.Crisis.Policy.InForce(ctx)
	if err != nil {
		s.log.Warn("the high-risk definition could not be read", "error", err)
	}
	return n
}

func (s *Server) showRisk(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	call, ok := s.clerk.ID(w, r)
	if !ok || !s.parts().Takes(w, r, v, call, part.Serving, part.Served, part.Past) {
		return
	}
	var out protocol.CallRisk
	look := func(ctx context.Context) (err error) {
		out, err = s.riskOf(ctx, v, call)
		return err
	}
	if s.audited(w, r, v, ActionRiskView, "call:"+call, "", look) {
		s.clerk.Reply(w, http.StatusOK, out)
	}
}

func (s *Server) riskOf(ctx context.Context, v *page.Visitor, call string) (protocol.CallRisk, error) {
	out := protocol.CallRisk{
		Call: call, Scales: []protocol.RiskScale{}, Measures: []protocol.RiskMeasure{}, Levels: []protocol.RiskLevel{}, Proposals: []protocol.RiskProposal{},
	}
	one := []string{call}
	asked, has, err := s.deps.Risk.Kept.AnswerOf(ctx, call)
	if err != nil {
		return out, err
	}
	if has {
		a := s.wireAsked(asked)
		out.Asked = &a
	}
	filled, err := s.deps.Risk.Kept.Scales(ctx, one)
	if err != nil {
		return out, err
	}
	for _, c := range filled {
		out.Scales = append(out.Scales, s.wireScale(ctx, c))
	}
	measures, err := s.deps.Risk.Kept.Measures(ctx, one)
	if err != nil {
		return out, err
	}
	for _, m := range measures {
		out.Measures = append(out.Measures, s.wireMeasure(m))
	}
	levels, err := s.deps.Risk.Kept.Levels(ctx, one)
	if err != nil {
		return out, err
	}
	for _, c := range levels {
		out.Levels = append(out.Levels, protocol.RiskLevel{
			At: protocol.Millis(c.At), By: c.By, ByName: s.doer(c.By), Level: c.Level, Was: c.Was, Definition: c.Definition, Scale: c.Scale,
			ConfirmedByName: s.doer(c.ConfirmedBy), Reason: c.Reason,
		})
		out.Level, out.Definition = c.Level, c.Definition
	}
	if row, live := s.board.Call(queue.CallID(call)); live { // the call itself knows it first
		out.Level = string(inForce(row))
	}
	proposals, err := s.deps.Risk.Kept.Proposals(ctx, one)
	for _, p := range proposals {
		out.Proposals = append(out.Proposals, s.wireProposal(p, v.User.Locale))
	}
	return out, err
}

func (s *Server) wireAsked(a assessments.Answer) protocol.RiskAsked {
	return protocol.RiskAsked{At: protocol.Millis(a.At), By: a.By, ByName: s.doer(a.By), Answer: a.Answer, Reason: a.Reason}
}

func (s *Server) wireMeasure(m assessments.Measure) protocol.RiskMeasure {
	return protocol.RiskMeasure{At: protocol.Millis(m.At), ByName: s.doer(m.By), Moment: m.Moment, Hope: m.Hope, Distress: m.Distress, Intent: m.Intent}
}

// wireScale is a filled-in scale with the words of the form and the rule by which it was. A form that cannot be read leaves them out.
func (s *Server) wireScale(ctx context.Context, c assessments.Scale) protocol.RiskScale {
	out := protocol.RiskScale{
		At: protocol.Millis(c.At), By: c.By, ByName: s.doer(c.By), Form: c.Form, FormVersion: c.FormVersion, Names: map[string]string{}, Rule: c.Rule, RuleVersion: c.RuleVersion,
		Complete: c.Complete, Total: c.Total, Band: c.Band, BandNames: map[string]string{}, Level: c.Level, Answers: c.Answers,
	}
	f, err := s.deps.Risk.Forms.At(ctx, c.FormVersion, c.Form)
	if err != nil {
		return out
	}
	out.Names = plain(f.Names)
	if rule, err := scales.Parse(f.Scoring); err == nil {
		if names := rule.NamesOf(c.Band); names != nil {
			out.BandNames = plain(names)
		}
	}
	return out
}

// askRisk keeps whether suicide was asked about. When it answers, it is durable.
func (s *Server) askRisk(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	call, ok := s.clerk.ID(w, r)
	var body protocol.AskRisk
	if !ok || !s.clerk.Read(w, r, &body) || !s.writesRisk(w, r, v, call) {
		return
	}
	var kept assessments.Answer
	err := s.clerk.Audited(r, v, ActionRiskAsk, "call:"+call, "", func(ctx context.Context) (err error) {
		kept, err = s.deps.Risk.Kept.Ask(ctx, assessments.Answer{Call: call, By: string(v.User.ID), Answer: body.Answer, Reason: body.Reason})
		return err
	})
	if s.riskAnswered(w, r, err) {
		s.clerk.Reply(w, http.StatusOK, s.wireAsked(kept))
	}
}

func (s *Server) measureRisk(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	call, ok := s.clerk.ID(w, r)
	var body protocol.MeasureRisk
	if !ok || !s.clerk.Read(w, r, &body) || !s.writesRisk(w, r, v, call) {
		return
	}
	var kept assessments.Measure
	err := s.clerk.Audited(r, v, ActionRiskMeasure, "call:"+call, "", func(ctx context.Context) (err error) {
		kept, err = s.deps.Risk.Kept.Measure(ctx, assessments.Measure{
			Call: call, By: string(v.User.ID), Moment: body.Moment, Hope: body.Hope, Distress: body.Distress, Intent: body.Intent,
		})
		return err
	})
	if s.riskAnswered(w, r, err) {
		s.clerk.Reply(w, http.StatusOK, s.wireMeasure(kept))
	}
}

// fillScale scores a scale, raises the level of the call when the rule says so, and keeps the answers. The level comes first: a database that is away must
// not keep a call from becoming red.
func (s *Server) fillScale(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	call, ok := s.clerk.ID(w, r)
	var body protocol.FillScale
	if !ok || !s.clerk.Read(w, r, &body) || !s.writesRisk(w, r, v, call) {
		return
	}
	ctx := r.Context()
	f, err := s.deps.Risk.Forms.At(ctx, body.Version, body.Form)
	if err == nil {
		err = s.deps.Risk.Forms.FitSoFar(ctx, body.Version, body.Form, body.Answers)
	}
	if !s.fits(w, r, err) {
		return
	}
	rule, err := scales.Parse(f.Scoring)
	var found scales.Result
	if err == nil {
		found, err = rule.Score(body.Answers)
	}
	if err != nil {
		s.clerk.Fail(w, http.StatusBadRequest, protocol.BadAnswers, protocol.Params{"wrong": []forms.Wrong{}})
		return
	}
	out := protocol.FilledScale{Opens: found.Opens}
	if out.Opens == nil {
		out.Opens = []string{}
	}
	if out.Raised, out.Proposed, err = s.raiseByScore(ctx, v, call, f.ID, found); err != nil {
		s.clerk.Unavailable(w, r, err)
		return
	}
	done := s.audited(w, r, v, ActionRiskScale, "call:"+call, f.ID, func(ctx context.Context) error {
		kept, err := s.deps.Risk.Kept.Fill(ctx, assessments.Scale{
			Call: call, By: string(v.User.ID), Form: f.ID, FormVersion: body.Version, Answers: body.Answers, Rule: found.Rule, RuleVersion: found.Version,
			Complete: found.Complete, Total: found.Total, Band: found.Band, Level: string(found.Level),
		})
		if err != nil {
			return err
		}
		out.Scale = s.wireScale(ctx, kept)
		return s.askedBy(ctx, v.User.ID, call, rule.Kind, found)
	})
	if done {
		s.clerk.Reply(w, http.StatusOK, out)
	}
}

// askedBy: who asked the questions of a screen for suicide asked about suicide, and is not asked again whether they did. What was found to be there is not
// taken back by a later no.
func (s *Server) askedBy(ctx context.Context, who queue.AgentID, call string, kind scales.Kind, found scales.Result) error {
	if kind != scales.Findings || found.Level == crisis.Unassessed || !found.Complete && found.Level == crisis.LevelNone {
		return nil
	}
	answer := assessments.Present
	if found.Level == crisis.LevelNone {
		answer = assessments.Denied
		if was, ok, err := s.deps.Risk.Kept.AnswerOf(ctx, call); err != nil || ok && was.Answer == assessments.Present {
			return err
		}
	}
	_, err := s.deps.Risk.Kept.Ask(ctx, assessments.Answer{Call: call, By: string(who), Answer: answer})
	return err
}

// askedInForm keeps what the form at the end of a call says of the same question.
func (s *Server) askedInForm(ctx context.Context, call, who string, a dispositions.Answers) error {
	answer, why := a[dispositions.Danger], a[dispositions.WhyNot]
	if len(answer) == 0 {
		return nil
	}
	one := assessments.Answer{Call: call, By: who, Answer: answer[0]}
	if len(why) > 0 {
		one.Reason = why[0]
	}
	was, ok, err := s.deps.Risk.Kept.AnswerOf(ctx, call)
	if err != nil || ok && was.Answer == one.Answer && was.Reason == one.Reason {
		return err
	}
	_, err = s.deps.Risk.Kept.Ask(ctx, one)
	return err
}

// prefilled is what the panel knows of the form at the end of a call, so that nobody is asked twice.
func (s *Server) prefilled(ctx context.Context, call string, into map[string][]string) error {
	a, ok, err := s.deps.Risk.Kept.AnswerOf(ctx, call)
	if err != nil || !ok {
		return err
	}
	into[dispositions.Danger] = []string{a.Answer}
	if a.Reason != "" {
		into[dispositions.WhyNot] = []string{a.Reason}
	}
	return nil
}

// riskAnswered says what went wrong with what was said about the danger of a call; true when nothing did.
func (s *Server) riskAnswered(w http.ResponseWriter, r *http.Request, err error) bool {
	for _, known := range []struct {
		err    error
		status int
		code   protocol.Code
		params protocol.Params
	}{
		{assessments.ErrInvalid, http.StatusBadRequest, protocol.BadReason, protocol.Params{"least": assessments.LeastWords, "most": assessments.MostWords}},
		{assessments.ErrNotFound, http.StatusNotFound, protocol.NotFound, nil},
		{assessments.ErrSamePerson, http.StatusForbidden, protocol.SamePerson, nil},
		{assessments.ErrDecided, http.StatusConflict, protocol.AlreadyClosed, nil},
		{assessments.ErrOpen, http.StatusConflict, protocol.ProposalOpen, nil},
		{assessments.ErrStale, http.StatusConflict, protocol.LevelChanged, nil},
		{errNotYours, http.StatusForbidden, protocol.NotYourCall, nil},
	} {
		if errors.Is(err, known.err) {
			s.clerk.Fail(w, known.status, known.code, known.params)
			return false
		}
	}
	return s.answered(w, r, err)
}

// riskCode names such an error for the websocket.
func riskCode(err error) protocol.Code {
	for _, known := range []struct {
		err  error
		code protocol.Code
	}{
		{assessments.ErrInvalid, protocol.BadReason}, {assessments.ErrNotFound, protocol.NotFound}, {assessments.ErrSamePerson, protocol.SamePerson},
		{assessments.ErrDecided, protocol.AlreadyClosed}, {assessments.ErrOpen, protocol.ProposalOpen}, {assessments.ErrStale, protocol.LevelChanged},
		{errNotYours, protocol.NotYourCall},
	} {
		if errors.Is(err, known.err) {
			return known.code
		}
	}
	return codeOf(err)
}

func (s *Server) wireProposal(p assessments.Proposal, locale string) protocol.RiskProposal {
	row, live := s.board.Call(queue.CallID(p.Call))
	out := protocol.RiskProposal{
		Proposal: p.ID, Call: p.Call, Live: live, At: protocol.Millis(p.At), By: p.By, ByName: s.doer(p.By), Was: p.Was, Level: p.Level, Reason: p.Reason,
		DecidedAt: protocol.Millis(p.Decided), DecidedByName: s.doer(p.DecidedBy), Confirmed: p.Confirmed, Refusal: p.Refusal,
	}
	if live {
		out.LineName = s.lineName(row.Line, locale)
	}
	return out
}

const proposalsSince = 30 * 24 * time.Hour
