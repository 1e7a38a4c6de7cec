package agentui

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"

	"hotline/agentui/board"
	"hotline/agentui/page"
	"hotline/agentui/part"
	"hotline/agentui/protocol"
	"hotline/agentui/tasks"
	"hotline/agentui/users"
	"hotline/casework/assessments"
	"hotline/crisis"
	"hotline/crisis/scales"
	"hotline/queue"
)

var errNotYours = errors.New("console: the person has no part in the call")

// riskCommands are the rows of what is said of the danger while a call goes on.
func riskCommands() map[protocol.Type]command {
	answering := []users.Role{users.Agent, users.Supervisor}
	return map[protocol.Type]command{
		protocol.TypeRisk:        {answering, askedRisk},
		protocol.TypeRiskConfirm: {answering, askedRiskConfirm},
	}
}

// inForce is the level that a call has to be treated by: who is red is at high risk until two people say otherwise.
func inForce(c board.Call) crisis.Level {
	if redCall(c) {
		return crisis.LevelHigh
	}
	return crisis.Level(c.Level)
}

// says tells whether a person may say how much danger a call is in: its agent, who takes part, and who leads.
func says(c board.Call, u users.User) bool {
	return u.Role == users.Supervisor || c.Agent == u.ID && taken(c) || beside(c, u.ID) == part.Serving
}

func askedRisk(ctx context.Context, d *desk, r protocol.Request) {
	m := r.(protocol.Risk)
	c, live := d.s.board.Call(queue.CallID(m.Call))
	if !live || !says(c, d.user) {
		d.refuse(m.ID, protocol.NotYourCall)
		return
	}
	level := crisis.Level(m.Level)
	if !inForce(c).Over(level) {
		err := d.s.raise(ctx, d.user, c, level, m.Reason, "")
		if err == nil {
			d.record(ActionRiskLevel, callObject(c.ID, "")+" "+m.Level)
			d.tab.out.send(protocol.NewAck(m.ID, protocol.RiskSaid{}))
			return
		}
		d.answer(r, err)
		return
	}
	p := assessments.Proposal{Call: m.Call, By: string(d.user.ID), Was: string(inForce(c)), Level: m.Level, Reason: m.Reason}
	p, err := ask(ctx, func(ctx context.Context) (assessments.Proposal, error) {
		return d.s.propose(ctx, d.entry(ActionRiskPropose, "call:"+m.Call, ""), p)
	})
	if err != nil {
		d.refuseRisk(r, err)
		return
	}
	d.tab.out.send(protocol.NewAck(m.ID, protocol.RiskSaid{Proposal: p.ID}))
}

func (d *desk) refuseRisk(r protocol.Request, err error) {
	code := riskCode(err)
	if code == protocol.Unavailable {
		d.log.Warn("a request was not done", "type", r.Header().Type, "error", err)
	}
	d.refuse(r.Header().ID, code)
}

func askedRiskConfirm(ctx context.Context, d *desk, r protocol.Request) {
	m := r.(protocol.RiskConfirm)
	_, err := ask(ctx, func(ctx context.Context) (assessments.Proposal, error) {
		return d.s.confirm(ctx, d.user, d.entry(ActionRiskConfirm, "", ""), m.Proposal)
	})
	if err != nil {
		d.refuseRisk(r, err)
		return
	}
	d.answer(r, nil)
}

// raise says a level that is no lower than the one in force: to the call first, then to the history, which is tried until the database takes it.
func (s *Server) raise(ctx context.Context, u users.User, c board.Call, level crisis.Level, reason, scale string) error {
	if level == crisis.Level(c.Level) {
		return nil
	}
	now := time.Now()
	_, err := ask(ctx, func(ctx context.Context) (struct{}, error) {
		return struct{}{}, s.deps.Queue.Order(ctx, queue.Command{Req: queue.RequestID(newID()), At: now, Verb: "risk", Call: c.ID, By: u.ID, Arg: string(level)})
	})
	if err != nil {
		return err
	}
	s.keep(assessments.Change{
		ID: assessments.NewID(), Call: string(c.ID), At: now, By: string(u.ID), Level: string(level), Was: string(c.Level), Scale: scale, Reason: reason,
	}, c.Line)
	return nil
}

// keep writes a level into the history, beside whoever said it, until the database takes it or two minutes are over. What is missing then is written by
// whoever still sees the level on the call, see watchLevels.
func (s *Server) keep(c assessments.Change, line queue.LineID) {
	if !s.begin() {
		return
	}
	go func() {
		defer s.running.Done()
		ctx, cancel := context.WithTimeout(s.life, recordTries)
		defer cancel()
		s.escalate(ctx, c, line)
		for first := true; ; first = false {
			if !first {
				pause(ctx, recordPause)
			}
			c.Definition = s.definition(ctx)
			err := s.deps.Risk.Kept.Rise(ctx, c)
			if err == nil && crisis.Level(c.Level).Over(crisis.LevelNone) { // who sees danger has asked about it, or need not
				_, err = s.deps.Risk.Kept.Ask(ctx, assessments.Answer{Call: c.Call, By: c.By, Answer: assessments.Present})
			}
			if err == nil {
				return
			}
			if ctx.Err() != nil || errors.Is(err, assessments.ErrInvalid) {
				s.log.Error("a level is missing in the history", "call_id", c.Call, "level", c.Level, "at", c.At, "error", err)
				return
			}
		}
	}()
}

// escalate tells the escalation of a level. The worker's watch tells the same of a call that has it, by the same source, so that it counts once; said again
// after two people lowered it, it is another danger.
func (s *Server) escalate(ctx context.Context, c assessments.Change, line queue.LineID) {
	source := "index:level:" + c.Call + ":" + c.Level
	look, cancel := context.WithTimeout(ctx, owesWithin)
	defer cancel()
	before, err := s.deps.Risk.Kept.Levels(look, []string{c.Call})
	if err != nil {
		s.log.Warn("whether a level was lowered before is not known", "call_id", c.Call, "error", err)
	}
	lowered := 0
	for _, b := range before {
		if b.ConfirmedBy != "" {
			lowered++
		}
	}
	if lowered > 0 {
		source += ":" + strconv.Itoa(lowered)
	}
	row, _ := s.board.Call(queue.CallID(c.Call))
	s.trigger(crisis.Trigger{
		Kind: crisis.TriggerLevel, Call: c.Call, Line: string(line), Level: crisis.Level(c.Level), By: c.By, At: c.At, Note: c.Reason, Agent: string(row.Agent), Source: source,
	})
}

// raiseByScore does what a rule says about the level of a call: raised at once, or proposed to the counsellor.
func (s *Server) raiseByScore(ctx context.Context, v *page.Visitor, call, form string, found scales.Result) (raised, proposed bool, err error) {
	c, live := s.board.Call(queue.CallID(call))
	now := inForce(c)
	if !live {
		last, _, err := s.deps.Risk.Kept.LevelOf(ctx, call)
		if err != nil {
			return false, false, err
		}
		now = crisis.Level(last.Level)
	}
	switch {
	case !found.Raises(now):
		return false, false, nil
	case found.Raise != scales.AtOnce:
		return false, true, nil
	case live:
		return true, false, s.raise(ctx, v.User, c, found.Level, "", form)
	}
	return true, false, s.deps.Risk.Kept.Rise(ctx, assessments.Change{
		ID: assessments.NewID(), Call: call, At: time.Now(), By: string(v.User.ID), Level: string(found.Level), Was: string(now), Definition: s.definition(ctx), Scale: form,
	})
}

// propose writes down that somebody wishes to lower a level, and keeps the wish.
func (s *Server) propose(ctx context.Context, e page.Entry, p assessments.Proposal) (assessments.Proposal, error) {
	if err := s.deps.Audit.Append(ctx, e); err != nil {
		return p, err
	}
	p.Definition = s.definition(ctx)
	return s.deps.Risk.Kept.Propose(ctx, p)
}

// confirm is the second person's word. The decision is durable before the call hears of it: a console that dies in between leaves the call as high as it
// was, and the same person's second press goes on.
func (s *Server) confirm(ctx context.Context, u users.User, e page.Entry, id string) (assessments.Proposal, error) {
	p, err := s.deps.Risk.Kept.Proposal(ctx, id)
	if err != nil {
		return p, err
	}
	if !s.decides(u, p) {
		return p, errNotYours
	}
	if p.By == string(u.ID) {
		return p, assessments.ErrSamePerson
	}
	e.Object = "call:" + p.Call
	if err := s.deps.Audit.Append(ctx, e); err != nil {
		return p, err
	}
	if p, err = s.deps.Risk.Kept.Decide(ctx, id, string(u.ID), true, ""); err != nil {
		return p, err
	}
	if _, live := s.board.Call(queue.CallID(p.Call)); !live {
		return p, nil
	}
	return p, s.deps.Queue.Order(ctx, queue.Command{
		Req: queue.RequestID(newID()), At: time.Now(), Verb: "risk", Call: queue.CallID(p.Call), By: u.ID, Arg: p.Level, Note: "lowered",
	})
}

// decides tells who may decide about a proposal: who leads, and who takes part in the call while it goes on; who proposed may take it back.
func (s *Server) decides(u users.User, p assessments.Proposal) bool {
	c, live := s.board.Call(queue.CallID(p.Call))
	return u.Role == users.Supervisor || p.By == string(u.ID) || live && says(c, u)
}

// levelAfterwards says a level of a call that is over: no lower at once, lower by two people as before.
func (s *Server) levelAfterwards(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	call, ok := s.clerk.ID(w, r)
	var body protocol.SayLevel
	if !ok || !s.clerk.Read(w, r, &body) || v.User.Role != users.Supervisor && !s.writesRisk(w, r, v, call) {
		return
	}
	level := crisis.Level(body.Level)
	if _, live := s.board.Call(queue.CallID(call)); live || !level.Valid() {
		s.clerk.Fail(w, http.StatusConflict, protocol.WrongState, nil)
		return
	}
	last, _, err := s.deps.Risk.Kept.LevelOf(r.Context(), call)
	if !s.riskAnswered(w, r, err) {
		return
	}
	out, was := protocol.RiskSaid{}, crisis.Level(last.Level)
	if in, open := s.incidents.ofCall(queue.CallID(call)); open && in.Level.Over(was) {
		was = in.Level // the caller's own key, or how the call broke off, said more than any person did
	}
	switch {
	case was == level:
	case was.Over(level):
		err = s.clerk.Audited(r, v, ActionRiskPropose, "call:"+call, "", func(ctx context.Context) error {
			p, err := s.deps.Risk.Kept.Propose(ctx, assessments.Proposal{
				Call: call, By: string(v.User.ID), Was: string(was), Level: body.Level, Definition: s.definition(ctx), Reason: body.Reason,
			})
			out.Proposal = p.ID
			return err
		})
	default:
		err = s.clerk.Audited(r, v, ActionRiskLevel, "call:"+call, body.Level, func(ctx context.Context) error {
			return s.deps.Risk.Kept.Rise(ctx, assessments.Change{
				ID: assessments.NewID(), Call: call, At: time.Now(), By: string(v.User.ID), Level: body.Level, Was: last.Level, Definition: s.definition(ctx), Reason: body.Reason,
			})
		})
	}
	if s.riskAnswered(w, r, err) {
		s.clerk.Reply(w, http.StatusOK, out)
	}
}

// listLowerings answers with the proposals that a person may decide about, or made.
func (s *Server) listLowerings(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	all, err := s.deps.Risk.Kept.Waiting(r.Context(), time.Now().Add(-proposalsSince), tasks.Most)
	if !s.riskAnswered(w, r, err) {
		return
	}
	out := protocol.RiskProposals{Proposals: []protocol.RiskProposal{}}
	for _, p := range all {
		if s.decides(v.User, p) {
			out.Proposals = append(out.Proposals, s.wireProposal(p, v.User.Locale))
		}
	}
	s.clerk.Reply(w, http.StatusOK, out)
}

func (s *Server) confirmLater(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	id, ok := s.clerk.ID(w, r)
	if !ok || !s.clerk.Read(w, r, &struct{}{}) {
		return
	}
	e := page.Entry{At: time.Now(), Actor: v.User.ID, Role: v.User.Role, Action: ActionRiskConfirm, Remote: s.cfg.TrustedProxies.Remote(r).String()}
	p, err := s.confirm(r.Context(), v.User, e, id)
	if s.riskAnswered(w, r, err) {
		s.clerk.Reply(w, http.StatusOK, s.wireProposal(p, v.User.Locale))
	}
}

// refuseLowering leaves the level as it is; who proposed takes the wish back with it.
func (s *Server) refuseLowering(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	id, ok := s.clerk.ID(w, r)
	var body protocol.Why
	if !ok || !s.clerk.Read(w, r, &body) {
		return
	}
	p, err := s.deps.Risk.Kept.Proposal(r.Context(), id)
	if err == nil && !s.decides(v.User, p) {
		err = errNotYours
	}
	if err == nil {
		err = s.clerk.Audited(r, v, ActionRiskRefuse, "call:"+p.Call, "", func(ctx context.Context) (err error) {
			p, err = s.deps.Risk.Kept.Decide(ctx, id, string(v.User.ID), false, body.Reason)
			return err
		})
	}
	if s.riskAnswered(w, r, err) {
		s.clerk.Reply(w, http.StatusOK, s.wireProposal(p, v.User.Locale))
	}
}

const (
	witnessEvery = 2 * time.Second
	witnessGrace = 5 * time.Second // for the console that was told, which also knows the reason
)

// watchLevels sees to it that each level on a call is in the history, whoever died before writing it.
func (s *Server) watchLevels(ctx context.Context) {
	known := map[queue.CallID]time.Time{}
	for ctx.Err() == nil {
		pause(ctx, witnessEvery)
		seen := map[queue.CallID]time.Time{}
		for _, c := range s.board.Calls() {
			if c.Level == "" || c.LevelBy == "" || time.Since(c.LevelAt) < witnessGrace {
				continue
			}
			if known[c.ID].Equal(c.LevelAt) || s.witnessed(ctx, c) {
				seen[c.ID] = c.LevelAt
			}
		}
		known = seen
	}
}

func (s *Server) witnessed(ctx context.Context, c board.Call) bool {
	ctx, cancel := context.WithTimeout(ctx, owesWithin)
	defer cancel()
	missing, err := s.deps.Risk.Kept.Witness(ctx, assessments.Change{
		Call: string(c.ID), By: string(c.LevelBy), At: c.LevelAt, Level: string(c.Level), Definition: s.definition(ctx),
	})
	if missing {
		s.log.Warn("a level was missing in the history", "call_id", string(c.ID), "level", string(c.Level))
	}
	return err == nil
}
