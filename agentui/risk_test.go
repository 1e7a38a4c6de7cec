package agentui

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"hotline/agentui/protocol"
	"hotline/casework/assessments"
	"hotline/crisis"
	"hotline/queue"
)

// denies says of a call that suicide was asked about and denied.
func (p *person) denies(call string) {
	p.s.t.Helper()
	if status, body := p.put("/api/calls/"+call+"/risk/asked", protocol.AskRisk{Answer: assessments.Denied}); status != http.StatusOK {
		p.s.t.Fatalf("asked: %d %s", status, body)
	}
}

// carry does for a site what the controller does: a wish about the level of a call becomes its row. What was carried out comes out.
func (s *site) carry() <-chan queue.Command {
	orders, done := s.orders(), make(chan queue.Command, 10)
	go func() {
		for {
			var c queue.Command
			select {
			case c = <-orders:
			case <-s.t.Context().Done():
				return
			}
			if c.Verb != "risk" {
				continue
			}
			tier := queue.TierNormal
			if c.Arg == string(crisis.LevelHigh) {
				tier = queue.TierRed
			}
			_, err := s.queue.Assess(s.t.Context(), queue.RequestID(newID()), c.Call, queue.Risk{Tier: tier, Level: queue.Level(c.Arg), By: c.By, At: time.Now()})
			if err != nil && s.t.Context().Err() == nil {
				s.t.Error(err)
			}
			done <- c
		}
	}()
	return done
}

func next(t *testing.T, from <-chan queue.Command) queue.Command {
	t.Helper()
	select {
	case c := <-from:
		return c
	case <-time.After(patience):
		t.Fatal("no order")
		return queue.Command{}
	}
}

// TestNoCallIsClosedWithoutTheQuestion: of any call it is said whether suicide was asked about, before its counsellor is done with it.
func TestNoCallIsClosedWithoutTheQuestion(t *testing.T) {
	s := newSite(t, nil)
	p, other := s.login("agent1"), s.login("agent2")
	g, call := s.known(p, queue.TierNormal)
	path := "/api/calls/" + call + "/risk/asked"
	if status, _ := other.put(path, protocol.AskRisk{Answer: assessments.Denied}); status != http.StatusForbidden {
		t.Errorf("by somebody else: %d", status)
	}
	s.endCall(queue.CallID(call), queue.EndAnswered)
	g.state(queue.AgentWrapUp)
	for _, ask := range []string{"wrapup_done", "ready"} {
		if a := g.ask(ask, nil); a.Code != string(protocol.RiskMissing) {
			t.Errorf("%s without the answer: %+v", ask, a)
		}
	}
	for name, body := range map[string]protocol.AskRisk{
		"perhaps": {Answer: "perhaps"}, "nothing": {}, "not possible, without a reason": {Answer: assessments.NotPossible, Reason: " "},
	} {
		if status, text := p.put(path, body); status != http.StatusBadRequest {
			t.Errorf("%s: %d %s", name, status, text)
		}
	}
	if status, body := p.put(path, protocol.AskRisk{Answer: assessments.NotPossible, Reason: "来电者一直沉默"}); status != http.StatusOK {
		t.Fatalf("%d %s", status, body)
	}
	if e := s.audit.of(ActionRiskAsk); len(e) == 0 || e[0].Object != "call:"+call || e[0].Reason != "" {
		t.Errorf("audit %+v", e)
	}
	d := read[protocol.Disposition](t, p, "/api/calls/"+call+"/disposition")
	if d.Filled != -1 || d.Answers["suicide"][0] != "not_possible" || d.Answers["why_not"][0] != "来电者一直沉默" {
		t.Errorf("asked twice: %+v", d.Answers)
	}
	g.must("wrapup_done", nil)
	g.state(queue.AgentAvailable)
}

// TestTheFormAnswersTheQuestionToo: who fills in the form at the end has answered it.
func TestTheFormAnswersTheQuestionToo(t *testing.T) {
	s := newSite(t, nil)
	p := s.login("agent1")
	g, call := s.known(p, queue.TierNormal)
	s.endCall(queue.CallID(call), queue.EndAnswered)
	g.state(queue.AgentWrapUp)
	s.fill(p, call)
	if r := read[protocol.CallRisk](t, p, "/api/calls/"+call+"/risk"); r.Asked == nil || r.Asked.Answer != assessments.Denied || r.Asked.ByName != "咨询员一" {
		t.Errorf("%+v", r.Asked)
	}
	g.must("wrapup_done", nil)
}

// TestNobodyIsKeptByADatabaseThatIsAway.
func TestNobodyIsKeptByADatabaseThatIsAway(t *testing.T) {
	s := newSite(t, nil)
	p := s.login("agent1")
	g, call := s.known(p, queue.TierNormal)
	s.endCall(queue.CallID(call), queue.EndAnswered)
	g.state(queue.AgentWrapUp)
	if _, err := s.db.Exec(t.Context(), `ALTER TABLE risk_answers RENAME TO risk_answers_away`); err != nil {
		t.Fatal(err)
	}
	g.must("wrapup_done", nil)
	g.state(queue.AgentAvailable)
}

func TestHighAtOnce(t *testing.T) {
	s := newSite(t, nil)
	p, other, boss := s.login("agent1"), s.login("agent2"), s.login("supervisor1")
	carried := s.carry()
	g, call := s.known(p, queue.TierNormal)
	b := boss.enter("")
	if a := other.enter("").ask("risk", map[string]any{"call": call, "level": "high", "reason_text": ""}); a.Code != string(protocol.NotYourCall) {
		t.Errorf("by somebody else: %+v", a)
	}
	g.must("risk", map[string]any{"call": call, "level": "moderate", "reason_text": ""})
	if c := next(t, carried); c.Arg != "moderate" || c.Note != "" || string(c.By) != p.me.User {
		t.Errorf("%+v", c)
	}
	g.until("the level shows", func() bool {
		return g.self.Call != nil && g.self.Call.Level == "moderate" && g.self.Call.LevelByName == "咨询员一"
	})
	if g.self.Call.Tier != "normal" {
		t.Errorf("tier %s", g.self.Call.Tier)
	}
	g.must("risk", map[string]any{"call": call, "level": "high", "reason_text": "有具体计划"})
	next(t, carried)
	b.until("the board is red", func() bool { return b.calls[call].Level == "high" && b.calls[call].Tier == "red" })
	if a := g.ask("hold", map[string]any{"call": call}); a.Code != string(protocol.RedCall) {
		t.Errorf("hold: %+v", a)
	}
	s.until("the history has it, and the answer", func() bool {
		now := read[protocol.CallRisk](t, p, "/api/calls/"+call+"/risk")
		return len(now.Levels) == 2 && now.Asked != nil
	})
	r := read[protocol.CallRisk](t, p, "/api/calls/"+call+"/risk")
	if r.Level != "high" || r.Levels[0].Level != "moderate" || r.Levels[1].Was != "moderate" || r.Levels[1].Reason != "有具体计划" || r.Levels[1].ConfirmedByName != "" {
		t.Errorf("%+v", r.Levels)
	}
	if r.Asked == nil || r.Asked.Answer != assessments.Present {
		t.Errorf("who sees danger is asked whether they asked: %+v", r.Asked)
	}
	if len(s.audit.of(ActionRiskLevel)) != 2 {
		t.Error("not in the audit")
	}
}

// TestHighThoughTheDatabaseIsAway: what counts is the call.
func TestHighThoughTheDatabaseIsAway(t *testing.T) {
	s := newSite(t, nil)
	p := s.login("agent1")
	carried := s.carry()
	g, call := s.known(p, queue.TierNormal)
	if _, err := s.db.Exec(t.Context(), `ALTER TABLE risk_levels RENAME TO risk_levels_away`); err != nil {
		t.Fatal(err)
	}
	g.must("risk", map[string]any{"call": call, "level": "high", "reason_text": "手里有药"})
	next(t, carried)
	g.until("the call is red", func() bool { return g.self.Call != nil && g.self.Call.Tier == "red" })
	if _, err := s.db.Exec(t.Context(), `ALTER TABLE risk_levels_away RENAME TO risk_levels`); err != nil {
		t.Fatal(err)
	}
	s.until("the history has it after all", func() bool {
		c, ok, err := s.risk.Kept.LevelOf(t.Context(), call)
		return err == nil && ok && c.Level == "high" && c.Reason == "手里有药"
	})
}

// TestLoweredByTwoPeople: alone it is refused, whoever tries.
func TestLoweredByTwoPeople(t *testing.T) {
	s := newSite(t, nil)
	p, other, boss := s.login("agent1"), s.login("agent2"), s.login("supervisor1")
	carried := s.carry()
	g, call := s.known(p, queue.TierNormal)
	b := boss.enter("")
	g.must("risk", map[string]any{"call": call, "level": "high", "reason_text": ""})
	next(t, carried)
	g.until("the call is red", func() bool { return g.self.Call != nil && g.self.Call.Tier == "red" })
	if a := g.ask("risk", map[string]any{"call": call, "level": "low", "reason_text": ""}); a.Code != string(protocol.BadReason) {
		t.Errorf("without a reason: %+v", a)
	}
	a := g.must("risk", map[string]any{"call": call, "level": "low", "reason_text": "家人已到场"})
	var said protocol.RiskSaid
	if err := json.Unmarshal(a.Result, &said); err != nil || said.Proposal == "" {
		t.Fatalf("%s, %v", a.Result, err)
	}
	if a := g.ask("risk_confirm", map[string]any{"proposal": said.Proposal}); a.Code != string(protocol.SamePerson) {
		t.Errorf("confirmed by who proposed: %+v", a)
	}
	if a := other.enter("").ask("risk_confirm", map[string]any{"proposal": said.Proposal}); a.Code != string(protocol.NotYourCall) {
		t.Errorf("confirmed by who has no part: %+v", a)
	}
	if a := b.ask("risk", map[string]any{"call": call, "level": "none", "reason_text": "误按了"}); a.Code != string(protocol.ProposalOpen) {
		t.Errorf("a second proposal: %+v", a)
	}
	b.until("it is a duty", func() bool { return b.duties.Lowerings == 1 })
	list := read[protocol.RiskProposals](t, boss, "/api/risk/proposals").Proposals
	if len(list) != 1 || !list[0].Live || list[0].Was != "high" || list[0].Level != "low" || list[0].Reason != "家人已到场" || list[0].ByName != "咨询员一" {
		t.Fatalf("%+v", list)
	}
	if l := read[protocol.RiskProposals](t, other, "/api/risk/proposals").Proposals; len(l) != 0 {
		t.Errorf("somebody else sees %+v", l)
	}
	b.must("risk_confirm", map[string]any{"proposal": said.Proposal})
	if c := next(t, carried); c.Arg != "low" || c.Note != "lowered" || string(c.By) != boss.me.User {
		t.Errorf("%+v", c)
	}
	g.until("the call is lower", func() bool { return g.self.Call != nil && g.self.Call.Level == "low" && g.self.Call.Tier == "normal" })
	b.until("nothing waits", func() bool { return b.duties.Lowerings == 0 })
	r := read[protocol.CallRisk](t, p, "/api/calls/"+call+"/risk")
	if last := r.Levels[len(r.Levels)-1]; last.Level != "low" || last.ByName != "咨询员一" || last.ConfirmedByName != "督导一" {
		t.Errorf("%+v", last)
	}
	for _, action := range []string{ActionRiskPropose, ActionRiskConfirm} {
		if e := s.audit.of(action); len(e) == 0 || e[0].Object != "call:"+call {
			t.Errorf("%s: %+v", action, e)
		}
	}
}

func TestRefusedAndTakenBack(t *testing.T) {
	s := newSite(t, nil)
	p, boss := s.login("agent1"), s.login("supervisor1")
	g, call := s.known(p, queue.TierRed)
	for _, who := range []*person{boss, p} {
		var said protocol.RiskSaid
		if err := json.Unmarshal(g.must("risk", map[string]any{"call": call, "level": "low", "reason_text": "情绪平稳"}).Result, &said); err != nil {
			t.Fatal(err)
		}
		if status, body := who.post("/api/risk/proposals/"+said.Proposal+"/refuse", protocol.Why{Reason: "还要再看看"}); status != http.StatusOK {
			t.Errorf("%d %s", status, body)
		}
	}
	if r := read[protocol.CallRisk](t, boss, "/api/calls/"+call+"/risk"); len(r.Proposals) != 2 || r.Proposals[0].Refusal != "还要再看看" || r.Level != "high" {
		t.Errorf("%+v", r)
	}
}

func (p *person) scale(call, form, answers string) (protocol.FilledScale, int, string) {
	p.s.t.Helper()
	_, n, err := p.s.risk.Forms.Form(p.s.t.Context(), form)
	if err != nil {
		p.s.t.Fatal(err)
	}
	status, body := p.post("/api/calls/"+call+"/risk/scales", protocol.FillScale{Form: form, Version: n, Answers: json.RawMessage(answers)})
	var out protocol.FilledScale
	if status == http.StatusOK {
		if err := json.Unmarshal([]byte(body), &out); err != nil {
			p.s.t.Fatal(err)
		}
	}
	return out, status, body
}

// TestAScoreRaisesAndNeverLowers.
func TestAScoreRaisesAndNeverLowers(t *testing.T) {
	s := newSite(t, nil)
	p := s.login("agent1")
	carried := s.carry()
	g, call := s.known(p, queue.TierNormal)
	if got, status, body := p.scale(call, "phq9", `{"q1":3,"q2":3,"q3":3,"q4":3,"q5":0,"q6":0,"q7":0,"q8":0,"q9":1}`); status != 200 || got.Raised || got.Proposed || got.Scale.Band != "moderate" || *got.Scale.Total != 13 || len(got.Opens) != 1 || got.Opens[0] != "screener" || got.Scale.BandNames["en"] != "Moderate" {
		t.Errorf("%+v, %d %s", got, status, body)
	}
	if got, status, _ := p.scale(call, "twelve", `{"total":9}`); status != 200 || got.Raised || !got.Proposed || got.Scale.Level != "high" {
		t.Errorf("a total of a manual that nobody gave the weights of: %+v, %d", got, status)
	}
	if got, status, body := p.scale(call, "screener", `{"wish":"yes","thoughts":"yes","method":"yes","plan":"yes"}`); status != 200 || !got.Raised || got.Scale.Complete || got.Scale.Level != "high" {
		t.Fatalf("cut off after the plan: %+v, %d %s", got, status, body)
	}
	if c := next(t, carried); c.Arg != "high" {
		t.Errorf("%+v", c)
	}
	g.until("the call is red", func() bool { return g.self.Call != nil && g.self.Call.Tier == "red" })
	if got, status, _ := p.scale(call, "screener", `{"wish":"no","thoughts":"no","behaviour":"never"}`); status != 200 || got.Raised || got.Proposed || got.Scale.Level != "none" {
		t.Errorf("%+v, %d", got, status)
	}
	s.until("the history has it", func() bool { return len(read[protocol.CallRisk](t, p, "/api/calls/"+call+"/risk").Levels) == 1 })
	r := read[protocol.CallRisk](t, p, "/api/calls/"+call+"/risk")
	if r.Level != "high" || r.Levels[0].Scale != "screener" || len(r.Scales) != 4 || r.Asked == nil || r.Asked.Answer != assessments.Present {
		t.Errorf("%+v", r)
	}
	for answers, code := range map[string]string{`{"wish":"maybe"}`: "bad_answers", `{"wind":"yes"}`: "bad_answers"} {
		if _, status, body := p.scale(call, "screener", answers); status != 400 || !strings.Contains(body, code) {
			t.Errorf("%s: %d %s", answers, status, body)
		}
	}
	if status, _ := p.post("/api/calls/"+call+"/risk/scales", protocol.FillScale{Form: "screener", Version: 99, Answers: json.RawMessage(`{}`)}); status != 404 {
		t.Errorf("a version that is none: %d", status)
	}
	if status, _ := p.post("/api/calls/"+call+"/risk/scales", protocol.FillScale{Form: "handling", Version: 1, Answers: json.RawMessage(`{"about":["sleep"]}`)}); status != 400 {
		t.Errorf("a form without a score: %d", status)
	}
}

func TestMeasures(t *testing.T) {
	s := newSite(t, nil)
	p, other := s.login("agent1"), s.login("agent2")
	_, call := s.known(p, queue.TierNormal)
	n := func(v int) *int { return &v }
	path := "/api/calls/" + call + "/risk/measures"
	for _, m := range []protocol.MeasureRisk{{Moment: "before", Hope: n(10), Distress: n(90)}, {Moment: "after", Hope: n(50), Distress: n(40), Intent: n(5)}} {
		if status, body := p.post(path, m); status != 200 {
			t.Errorf("%d %s", status, body)
		}
	}
	if status, _ := p.post(path, protocol.MeasureRisk{Moment: "after", Hope: n(101)}); status != 400 {
		t.Errorf("over 100: %d", status)
	}
	if status, _ := other.post(path, protocol.MeasureRisk{Moment: "after", Hope: n(1)}); status != 403 {
		t.Errorf("by somebody else: %d", status)
	}
	if r := read[protocol.CallRisk](t, p, "/api/calls/"+call+"/risk"); len(r.Measures) != 2 || *r.Measures[1].Intent != 5 || r.Measures[0].Intent != nil {
		t.Errorf("%+v", r.Measures)
	}
}

// TestAfterTheCall: the level is said, and lowered by two, also when nobody talks any more.
func TestAfterTheCall(t *testing.T) {
	s := newSite(t, nil)
	p, other, boss := s.login("agent1"), s.login("agent2"), s.login("supervisor1")
	g, call := s.known(p, queue.TierNormal)
	path := "/api/calls/" + call + "/risk/level"
	if status, _ := p.post(path, protocol.SayLevel{Level: "high"}); status != http.StatusConflict {
		t.Errorf("while it goes on: %d", status)
	}
	s.endCall(queue.CallID(call), queue.EndAnswered)
	g.state(queue.AgentWrapUp)
	s.until("the call is over", func() bool { _, live := s.server.board.Call(queue.CallID(call)); return !live })
	if status, _ := other.post(path, protocol.SayLevel{Level: "high"}); status != 403 {
		t.Errorf("by somebody else: %d", status)
	}
	if status, body := p.post(path, protocol.SayLevel{Level: "high", Reason: "事后想起"}); status != 200 {
		t.Fatalf("%d %s", status, body)
	}
	var said protocol.RiskSaid
	status, body := p.post(path, protocol.SayLevel{Level: "moderate", Reason: "家属确认安全"})
	if err := json.Unmarshal([]byte(body), &said); status != 200 || err != nil || said.Proposal == "" {
		t.Fatalf("%d %s", status, body)
	}
	confirm := "/api/risk/proposals/" + said.Proposal + "/confirm"
	for who, want := range map[*person]int{p: 403, other: 403, boss: 200} {
		if status, body := who.post(confirm, struct{}{}); status != want && who != boss {
			t.Errorf("%s: %d %s", who.me.Username, status, body)
		}
	}
	s.until("it is lower", func() bool {
		c, _, err := s.risk.Kept.LevelOf(t.Context(), call)
		return err == nil && c.Level == "moderate" && c.ConfirmedBy == boss.me.User
	})
	if status, body := boss.post(path, protocol.SayLevel{Level: "dreadful"}); status != http.StatusConflict {
		t.Errorf("%d %s", status, body)
	}
}
