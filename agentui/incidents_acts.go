package agentui

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"hotline/agentui/incidents"
	"hotline/agentui/page"
	"hotline/agentui/protocol"
	"hotline/agentui/users"
	"hotline/casework/assessments"
	"hotline/crisis"
	"hotline/queue"
)

const (
	incidentText = 2000 // characters of what is said in one act
	incidentName = 100
)

// incidentAct is one row of what people do to an incident by HTTP.
type incidentAct struct {
	path   string
	access page.Access
	free   bool // also who has no part in it yet
	do     func(ctx context.Context, c *actContext) (crisis.Incident, error)
}

// actContext is one act in the making.
type actContext struct {
	s    *Server
	user users.User
	in   crisis.Incident
	act  crisis.Act
	raw  []byte
}

// into decodes the body of an act; what does not fit is ErrInvalid.
func (c *actContext) into(body any) error {
	dec := json.NewDecoder(strings.NewReader(string(c.raw)))
	dec.DisallowUnknownFields()
	if dec.Decode(body) != nil {
		return crisis.ErrInvalid
	}
	return nil
}

// say reads an act that is a code and words.
func (c *actContext) say() (protocol.IncidentSay, error) {
	var body protocol.IncidentSay
	err := c.into(&body)
	body.Text = strings.TrimSpace(body.Text)
	if err == nil && utf8.RuneCountInString(body.Text) > incidentText {
		err = crisis.ErrInvalid
	}
	return body, err
}

// said makes an act of a code and words.
func said(do func(ctx context.Context, c *actContext, b protocol.IncidentSay) (crisis.Incident, error)) func(context.Context, *actContext) (crisis.Incident, error) {
	return func(ctx context.Context, c *actContext) (crisis.Incident, error) {
		body, err := c.say()
		if err != nil {
			return c.in, err
		}
		return do(ctx, c, body)
	}
}

// wordless makes an act without words.
func wordless(do func(ctx context.Context, c *actContext) (crisis.Incident, error)) func(context.Context, *actContext) (crisis.Incident, error) {
	return func(ctx context.Context, c *actContext) (crisis.Incident, error) {
		if err := c.into(&protocol.IncidentAct{}); err != nil {
			return c.in, err
		}
		return do(ctx, c)
	}
}

// incidentActs is that table. Who leads may do all of it; others what belongs to their part.
func incidentActs() []incidentAct {
	type act = incidentAct
	type say = protocol.IncidentSay
	store := func(c *actContext) *crisis.Store { return c.s.deps.Crisis.Incidents }
	return []act{
		{"lead", page.Supervisor, true, wordless(func(ctx context.Context, c *actContext) (crisis.Incident, error) {
			return store(c).Lead(ctx, c.in.ID, c.act)
		})},
		{"decline", page.Supervisor, true, wordless(func(ctx context.Context, c *actContext) (crisis.Incident, error) {
			return store(c).Decline(ctx, c.in.ID, c.act, crisis.ViaConsole)
		})},
		{"second", page.Serving, true, said(func(ctx context.Context, c *actContext, b say) (crisis.Incident, error) {
			if me := string(c.user.ID); c.user.Role != users.Supervisor && !incidents.HasPart(c.in, me) && !incidents.WantsSecond(c.in) {
				return c.in, errNoPart // nobody looks into an incident by helping where no help is wanted
			}
			return store(c).Take(ctx, c.in.ID, c.act, b.Kind) // of a region, as the policy's checklists have them
		})},
		{"level", page.Serving, false, said(sayIncidentLevel)},
		{"facts", page.Serving, false, said(func(ctx context.Context, c *actContext, b say) (crisis.Incident, error) {
			return store(c).Fact(ctx, c.in.ID, c.act, crisis.FactKind(b.Kind), b.Outcome != "unknown", b.Text)
		})},
		{"consent", page.Serving, false, said(func(ctx context.Context, c *actContext, b say) (crisis.Incident, error) {
			return store(c).Consent(ctx, c.in.ID, c.act, crisis.ConsentAnswer(b.Kind), b.Text)
		})},
		{"measures", page.Serving, false, said(func(ctx context.Context, c *actContext, b say) (crisis.Incident, error) {
			return store(c).Measure(ctx, c.in.ID, c.act, b.Kind, crisis.MeasureOutcome(b.Outcome), b.Text)
		})},
		{"authorisation", page.Supervisor, true, said(func(ctx context.Context, c *actContext, b say) (crisis.Incident, error) {
			return store(c).Authorise(ctx, c.in.ID, c.act, crisis.Ground(b.Kind), b.Text)
		})},
		{"checks", page.Serving, false, said(func(ctx context.Context, c *actContext, b say) (crisis.Incident, error) {
			return store(c).Check(ctx, c.in.ID, c.act, b.Kind, b.Text)
		})},
		{"skips", page.Serving, false, said(func(ctx context.Context, c *actContext, b say) (crisis.Incident, error) {
			return store(c).Skip(ctx, c.in.ID, c.act, crisis.StepName(b.Kind), b.Text)
		})},
		{"reached", page.Serving, false, said(func(ctx context.Context, c *actContext, b say) (crisis.Incident, error) {
			return store(c).Reached(ctx, c.in.ID, c.act, b.Text)
		})},
		{"notes", page.Serving, false, said(func(ctx context.Context, c *actContext, b say) (crisis.Incident, error) {
			return store(c).Note(ctx, c.in.ID, c.act, b.Text)
		})},
		{"services", page.Serving, false, askService},
		{"disclosures", page.Serving, false, disclose},
		{"arrival", page.Serving, false, confirmArrival},
		{"next", page.Serving, false, planNext},
		{"next/done", page.Serving, false, said(func(ctx context.Context, c *actContext, b say) (crisis.Incident, error) {
			return store(c).NextStepDone(ctx, c.in.ID, c.act, b.Text)
		})},
		{"closure", page.Serving, false, said(func(ctx context.Context, c *actContext, b say) (crisis.Incident, error) {
			return store(c).ProposeClosure(ctx, c.in.ID, c.act, b.Kind, b.Text)
		})},
		{"closure/decide", page.Serving, false, decideClosure},
		{"reopen", page.Supervisor, true, said(func(ctx context.Context, c *actContext, b say) (crisis.Incident, error) {
			return store(c).Reopen(ctx, c.in.ID, c.act, b.Text)
		})},
		{"debrief", page.Supervisor, true, wordless(func(ctx context.Context, c *actContext) (crisis.Incident, error) {
			return store(c).Debriefed(ctx, c.in.ID, c.act, "")
		})},
	}
}

// actOn serves one of them: who may, that the act has a name of its own, the trail, the act, and the incident as it is then.
func (s *Server) actOn(a incidentAct) func(http.ResponseWriter, *http.Request, *page.Visitor) {
	return func(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
		id, ok := s.clerk.ID(w, r)
		if !ok {
			return
		}
		in, err := s.deps.Crisis.Incidents.Get(r.Context(), id)
		if !s.incidentAnswered(w, r, err) {
			return
		}
		if v.User.Role != users.Supervisor && !a.free && !incidents.HasPart(in, string(v.User.ID)) {
			s.clerk.Fail(w, http.StatusForbidden, protocol.Forbidden, nil)
			return
		}
		var raw json.RawMessage
		var head struct {
			Req string `json:"req"`
		}
		if !s.clerk.Read(w, r, &raw) {
			return
		}
		if json.Unmarshal(raw, &head) != nil || !reqOK(head.Req) {
			s.clerk.Fail(w, http.StatusBadRequest, protocol.BadRequest, nil)
			return
		}
		c := &actContext{s: s, user: v.User, in: in, act: crisis.Act{By: string(v.User.ID), Request: head.Req}, raw: raw}
		err = s.clerk.Audited(r, v, ActionIncidentAct, "incident:"+id+" "+a.path, "", func(ctx context.Context) (err error) {
			in, err = a.do(ctx, c)
			return err
		})
		switch {
		case errors.Is(err, errPacketChanged):
			s.clerk.Fail(w, http.StatusConflict, protocol.PacketChanged, nil)
			return
		case errors.Is(err, errNoPart):
			s.clerk.Fail(w, http.StatusForbidden, protocol.Forbidden, nil)
			return
		}
		if !s.incidentAnswered(w, r, err) {
			return
		}
		s.incidentsChanged()
		s.replyIncident(w, r, v, in)
	}
}

// errNoPart says that a person has nothing to do with an incident.
var errNoPart = errors.New("the person has no part in the incident")

// sayIncidentLevel is one person's word on the level, no lower than it is: of who was never assessed, and of who is gone from the line. A call that is on
// is told first. Lower is said of the call, by two people.
func sayIncidentLevel(ctx context.Context, c *actContext, b protocol.IncidentSay) (crisis.Incident, error) {
	level := crisis.Level(b.Kind)
	if !level.Valid() || level == crisis.Unassessed || utf8.RuneCountInString(b.Text) > assessments.MostWords {
		return c.in, crisis.ErrInvalid
	}
	if c.in.Level.Over(level) {
		return c.in, crisis.ErrSamePerson
	}
	row, live := c.s.board.Call(queue.CallID(c.in.Call()))
	var err error
	switch {
	case live && !inForce(row).Over(level):
		err = c.s.raise(ctx, c.user, row, level, b.Text, "")
	case !live && c.in.Call() != "":
		err = c.s.saidAfterwards(ctx, c.in.Call(), level, string(c.user.ID), b.Text)
	}
	if err != nil {
		return c.in, err
	}
	return c.s.deps.Crisis.Incidents.Assess(ctx, c.in.ID, c.act, level, "", b.Text)
}

// saidAfterwards keeps the level of a call that is over in its history, from where it comes to the person's file.
func (s *Server) saidAfterwards(ctx context.Context, call string, level crisis.Level, by, reason string) error {
	last, _, err := s.deps.Risk.Kept.LevelOf(ctx, call)
	if err != nil || crisis.Level(last.Level) == level {
		return err
	}
	return s.deps.Risk.Kept.Rise(ctx, assessments.Change{
		ID: assessments.NewID(), Call: call, At: time.Now(), By: by, Level: string(level), Was: last.Level, Definition: s.definition(ctx), Reason: reason,
	})
}

// askService says of somebody outside that they were asked, are on the telephone, or were not reached: calls from the talk are followed by themselves.
func askService(ctx context.Context, c *actContext) (crisis.Incident, error) {
	var body protocol.IncidentCallFor
	if err := c.into(&body); err != nil {
		return c.in, err
	}
	if _, err := c.s.deps.Phonebook.Get(ctx, body.Contact); err != nil {
		return c.in, crisis.ErrInvalid
	}
	store := c.s.deps.Crisis.Incidents
	switch body.Result {
	case "asked":
		return store.ServiceAsked(ctx, c.in.ID, c.act, body.Contact)
	case "joined":
		return store.ServiceJoined(ctx, c.in.ID, c.act, body.Contact)
	case "failed":
		return store.ServiceFailed(ctx, c.in.ID, c.act, body.Contact)
	}
	return c.in, crisis.ErrInvalid
}

// errPacketChanged says that what was shown is not what would be told by now.
var errPacketChanged = errors.New("the packet is another than was shown")

// disclose keeps what was told. A field whose text is another by now was not what the person saw: they look again.
func disclose(ctx context.Context, c *actContext) (crisis.Incident, error) {
	var body protocol.IncidentTell
	if err := c.into(&body); err != nil {
		return c.in, err
	}
	rules, err := c.s.deps.Crisis.Incidents.PolicyOf(ctx, c.in)
	if err != nil {
		return c.in, err
	}
	now := map[string]protocol.PacketField{}
	for _, f := range incidents.Packet(c.in, rules) {
		now[f.Field] = f
	}
	given := map[string]string{}
	for _, f := range body.Packet {
		known, ok := now[f.Field]
		if _, twice := given[f.Field]; !ok || twice {
			return c.in, errPacketChanged
		}
		if known.From != f.From || !known.Coded() && known.Text != f.Text {
			return c.in, errPacketChanged
		}
		given[f.Field] = f.Text // of a coded one the words in which it was shown
	}
	if len(given) == 0 {
		return c.in, crisis.ErrInvalid
	}
	return c.s.deps.Crisis.Incidents.Disclose(ctx, c.in.ID, c.act, body.Contact, given)
}

func confirmArrival(ctx context.Context, c *actContext) (crisis.Incident, error) {
	var body protocol.IncidentArrived
	if err := c.into(&body); err != nil {
		return c.in, err
	}
	who, how := strings.TrimSpace(body.Who), strings.TrimSpace(body.How)
	if utf8.RuneCountInString(who) > incidentName || utf8.RuneCountInString(how) > incidentText {
		return c.in, crisis.ErrInvalid
	}
	return c.s.deps.Crisis.Incidents.Confirm(ctx, c.in.ID, c.act, who, how, "")
}

// planNext names what is done next. Who is to do it must be somebody who takes calls here.
func planNext(ctx context.Context, c *actContext) (crisis.Incident, error) {
	var body protocol.IncidentPlan
	if err := c.into(&body); err != nil {
		return c.in, err
	}
	u, known := c.s.directory.person(queue.AgentID(body.Owner))
	if !known || u.Disabled || !u.Role.Serves() || utf8.RuneCountInString(body.What) > incidentText {
		return c.in, crisis.ErrInvalid
	}
	return c.s.deps.Crisis.Incidents.NextStep(ctx, c.in.ID, c.act, strings.TrimSpace(body.What), body.Owner, time.UnixMilli(body.Until))
}

// decideClosure is the second person's word. Refusing needs a reason; the author takes a proposal back the same way.
func decideClosure(ctx context.Context, c *actContext) (crisis.Incident, error) {
	var body protocol.IncidentDecide
	if err := c.into(&body); err != nil {
		return c.in, err
	}
	text := strings.TrimSpace(body.Text)
	if utf8.RuneCountInString(text) > incidentText {
		return c.in, crisis.ErrInvalid
	}
	if body.Yes {
		return c.s.deps.Crisis.Incidents.ConfirmClosure(ctx, c.in.ID, c.act, text)
	}
	if text == "" && c.in.Proposal != nil && c.in.Proposal.By != string(c.user.ID) {
		return c.in, crisis.ErrInvalid
	}
	return c.s.deps.Crisis.Incidents.RefuseClosure(ctx, c.in.ID, c.act, text)
}
