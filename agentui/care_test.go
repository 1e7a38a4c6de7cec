package agentui

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"hotline/agentui/persons"
	"hotline/agentui/protocol"
	"hotline/casework"
	"hotline/queue"
)

// read gets and decodes an answer.
func read[T any](t *testing.T, p *person, path string) T {
	t.Helper()
	var v T
	status, body := p.get(path)
	if err := json.Unmarshal([]byte(body), &v); status != 200 || err != nil {
		t.Fatalf("%s: %d %s", path, status, body)
	}
	return v
}

func TestContextOfACaller(t *testing.T) {
	s := newSite(t, nil)
	p, other, boss := s.login("agent1"), s.login("agent2"), s.login("supervisor1")
	// Three earlier contacts of the same number: one by this counsellor, one at risk by another, one that nobody answered.
	for _, c := range []struct {
		agent  string
		danger bool
		how    casework.Outcome
	}{{p.me.User, false, casework.Answered}, {other.me.User, true, casework.Answered}, {"", false, casework.Abandoned}} {
		id := s.left(c.agent, time.Time{})
		l := casework.NewLedger(s.db)
		at := time.Now()
		if err := l.Update(t.Context(), casework.CallRecord{ID: id, Danger: c.danger, Talked: at.Add(-time.Minute)}); err != nil {
			t.Fatal(err)
		}
		if err := l.Close(t.Context(), id, casework.Closing{EndedAt: at, Outcome: c.how}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.tasks.Promise(t.Context(), casework.Promise{Call: newID(), Line: "12355", Number: callerNumber, Place: time.Now(), Tier: "normal"}); err != nil {
		t.Fatal(err)
	}
	g := p.enter("")
	g.available()
	call := string(s.ledgerCall(queue.TierNormal))
	g.until("the offer", func() bool { return g.self.Offer != nil })

	s.care.Contacts.Warm() // as the console does when it begins
	began := time.Now()
	c := read[protocol.CallContext](t, p, "/api/calls/"+call+"/context")
	if took := time.Since(began); took > time.Second {
		t.Errorf("the context took %s", took)
	}
	if c.Withheld || c.Number != "138******00" || c.Places["zh"] != "北京市" || !c.AtRisk || len(c.Contacts) != 3 || len(c.Tasks) != 1 || c.Plan.Version != 0 {
		t.Fatalf("context %+v", c)
	}
	yours := 0
	for _, e := range c.Contacts {
		if e.Yours {
			yours++
		}
		if e.AgentName != "" || e.LineName != "青少年热线" {
			t.Errorf("a counsellor sees %+v", e)
		}
	}
	if e := s.audit.of(ActionContextView); yours != 1 || len(e) != 1 || e[0].Object != "call:"+call {
		t.Errorf("%d of theirs, audit %+v", yours, e)
	}
	if status, _ := other.get("/api/calls/" + call + "/context"); status != 403 {
		t.Errorf("seen by somebody else: %d", status)
	}
	if c := read[protocol.CallContext](t, boss, "/api/calls/"+call+"/context"); c.Contacts[0].AgentName+c.Contacts[1].AgentName+c.Contacts[2].AgentName == "" {
		t.Error("a supervisor sees no names")
	}
	if status, _ := p.put("/api/calls/"+call+"/plan", protocol.PlanSave{Text: "先听"}); status != 403 {
		t.Errorf("a plan while it rings: %d", status)
	}
	g.must("accept", map[string]any{"offer": g.snap().Offer.Offer})
	g.state(queue.AgentTalking)

	// The number, for a reason, which is written down before.
	if status, _ := p.post("/api/calls/"+call+"/number", protocol.Why{Reason: " "}); status != 400 {
		t.Errorf("without a reason: %d", status)
	}
	if status, body := p.post("/api/calls/"+call+"/number", protocol.Why{Reason: "告知110定位"}); status != 200 || !strings.Contains(body, "138 0013 8000") {
		t.Errorf("revealed: %d %s", status, body)
	}
	if e := s.audit.of(persons.ActionNumberReveal); len(e) != 1 || e[0].Reason != "告知110定位" {
		t.Errorf("audit %+v", e)
	}
	if status, _ := other.post("/api/calls/"+call+"/number", protocol.Why{Reason: "告知110定位"}); status != 403 {
		t.Errorf("revealed to somebody else: %d", status)
	}
	s.audit.mu.Lock()
	s.audit.fail = errNoMedia
	s.audit.mu.Unlock()
	if status, body := p.post("/api/calls/"+call+"/number", protocol.Why{Reason: "告知110定位"}); status != 503 || strings.Contains(body, "0013") {
		t.Errorf("revealed without an audit row: %d %s", status, body)
	}
	s.audit.mu.Lock()
	s.audit.fail = nil
	s.audit.mu.Unlock()

	// The plan: versions, and who comes second is told.
	path := "/api/calls/" + call + "/plan"
	if status, body := p.put(path, protocol.PlanSave{Text: "先听，再问睡眠"}); status != 200 || !strings.Contains(body, `"version":1`) {
		t.Errorf("saved: %d %s", status, body)
	}
	if status, body := boss.put(path, protocol.PlanSave{Base: 0, Text: "别的"}); status != 409 || !strings.Contains(body, "咨询员一") {
		t.Errorf("saved over another's: %d %s", status, body)
	}
	if status, _ := boss.put(path, protocol.PlanSave{Base: 1, Text: "每次十五分钟"}); status != 200 {
		t.Errorf("saved by a supervisor: %d", status)
	}
	if status, body := p.post(path+"/restore", protocol.PlanRestore{Base: 2, Version: 1}); status != 200 || !strings.Contains(body, "先听，再问睡眠") {
		t.Errorf("put back: %d %s", status, body)
	}
	if h := read[protocol.PlanHistory](t, p, path); len(h.Versions) != 3 || h.Versions[0].Restored != 1 || h.Versions[1].ByName != "督导一" {
		t.Errorf("history %+v", h)
	}
	if status, _ := other.get(path); status != 403 {
		t.Errorf("the plan, by somebody else: %d", status)
	}
}

func TestContextOfAWithheldNumber(t *testing.T) {
	s := newSite(t, nil)
	boss := s.login("supervisor1")
	call := newID()
	if err := casework.NewLedger(s.db).Open(t.Context(), casework.CallRecord{ID: call, Line: "12355", Arrived: time.Now()}); err != nil {
		t.Fatal(err)
	}
	if c := read[protocol.CallContext](t, boss, "/api/calls/"+call+"/context"); !c.Withheld || c.Number != "" || len(c.Contacts) != 0 {
		t.Errorf("%+v", c)
	}
	if status, body := boss.post("/api/calls/"+call+"/number", protocol.Why{Reason: "告知110定位"}); status != 409 || !strings.Contains(body, "no_caller") {
		t.Errorf("%d %s", status, body)
	}
	if status, body := boss.put("/api/calls/"+call+"/plan", protocol.PlanSave{Text: "先听"}); status != 409 || !strings.Contains(body, "no_caller") {
		t.Errorf("%d %s", status, body)
	}
	if status, _ := boss.get("/api/calls/" + newID() + "/context"); status != 404 {
		t.Errorf("a call that the books do not have: %d", status)
	}
}

// TestRedCallIsNotClosedWithoutItsForm is law 6.
func TestRedCallIsNotClosedWithoutItsForm(t *testing.T) {
	s := newSite(t, nil)
	p, other, boss := s.login("agent1"), s.login("agent2"), s.login("supervisor1")
	g, call := s.known(p, queue.TierNormal)
	// Danger comes up in the middle of the talk.
	if _, err := s.queue.Raise(t.Context(), queue.RequestID(newID()), queue.CallID(call), queue.TierRed, true); err != nil {
		t.Fatal(err)
	}
	s.until("the danger is known", func() bool { return s.server.spans.last(queue.AgentID(p.me.User)).red })
	s.endCall(queue.CallID(call), queue.EndAnswered)
	g.state(queue.AgentWrapUp)
	for _, ask := range []string{"wrapup_done", "ready"} {
		if a := g.ask(ask, nil); a.Code != "disposition_missing" {
			t.Errorf("%s without the form: %+v", ask, a)
		}
	}
	d := read[protocol.Disposition](t, p, "/api/calls/"+call+"/disposition")
	if d.Filled != -1 || len(d.Form.Questions) == 0 || d.Form.Questions[0].ID != "suicide" || d.Form.Questions[0].Names["en"] == "" {
		t.Fatalf("form %+v", d)
	}
	path := "/api/calls/" + call + "/disposition"
	for name, c := range map[string]struct {
		who  *person
		body protocol.DispositionSave
		want int
	}{
		"by somebody else":  {other, denied(0), 403},
		"by a supervisor":   {boss, denied(0), 403},
		"of another form":   {p, denied(7), 409},
		"without an answer": {p, protocol.DispositionSave{Answers: map[string][]string{"outcome": {"supported"}}}, 400},
		"without a reason":  {p, protocol.DispositionSave{Answers: map[string][]string{"suicide": {"not_possible"}, "outcome": {"supported"}}}, 400},
	} {
		if status, body := c.who.put(path, c.body); status != c.want {
			t.Errorf("%s: %d %s", name, status, body)
		}
	}
	s.fill(p, call)
	if d := read[protocol.Disposition](t, p, path); d.Filled != 0 || d.ByName != "咨询员一" || d.Answers["suicide"][0] != "denied" {
		t.Errorf("filled in %+v", d)
	}
	if e := s.audit.of(ActionDispositionSave); len(e) != 1 || e[0].Object != "call:"+call {
		t.Errorf("audit %+v", e)
	}
	g.must("wrapup_done", nil)
	g.state(queue.AgentAvailable)
}

func TestShift(t *testing.T) {
	s := newSite(t, nil)
	p, boss := s.login("agent1"), s.login("supervisor1")
	if sh := read[protocol.Shift](t, p, "/api/shift"); sh.From != 0 || len(sh.Spans) != 0 {
		t.Errorf("before it begins: %+v", sh)
	}
	g, call := s.known(p, queue.TierRed)
	s.endCall(queue.CallID(call), queue.EndAnswered)
	if err := casework.NewLedger(s.db).Close(t.Context(), call, casework.Closing{EndedAt: time.Now(), Outcome: casework.Answered}); err != nil {
		t.Fatal(err)
	}
	if err := casework.NewLedger(s.db).Update(t.Context(), casework.CallRecord{ID: call, Tier: "red"}); err != nil {
		t.Fatal(err)
	}
	g.state(queue.AgentWrapUp)
	s.until("the spans are written", func() bool {
		sh := read[protocol.Shift](t, p, "/api/shift")
		return len(sh.Spans) > 0 && sh.Spans[len(sh.Spans)-1].State == "wrap_up"
	})
	sh := read[protocol.Shift](t, p, "/api/shift")
	if sh.From == 0 || len(sh.Calls) != 1 || sh.Calls[0].Call != call || !sh.Calls[0].Missing || !sh.Calls[0].AtRisk || sh.Calls[0].Outcome != "answered" {
		t.Fatalf("shift %+v", sh)
	}
	for i, span := range sh.Spans[1:] {
		if span.From != sh.Spans[i].To {
			t.Errorf("a hole before %+v", span)
		}
	}

	// The wish to talk: once for each call, seen by supervisors only, done by another.
	for _, words := range []string{"", "想谈谈这通电话"} {
		if status, body := p.post("/api/debriefs", protocol.DebriefAsk{Call: call, Words: words}); status != 200 {
			t.Errorf("asked: %d %s", status, body)
		}
	}
	if status, _ := boss.post("/api/debriefs", protocol.DebriefAsk{Call: call}); status != 403 {
		t.Errorf("about another's call: %d", status)
	}
	if status, _ := p.get("/api/debriefs"); status != 403 {
		t.Errorf("a counsellor reads them: %d", status)
	}
	b := boss.enter("")
	b.until("it is a duty", func() bool { return b.duties.Debriefs == 1 })
	list := read[protocol.Debriefs](t, boss, "/api/debriefs").Debriefs
	if len(list) != 1 || list[0].Words != "想谈谈这通电话" || list[0].Name != "咨询员一" || list[0].Call != call {
		t.Fatalf("%+v", list)
	}
	if status, body := boss.post("/api/debriefs/"+list[0].Debrief+"/done", struct{}{}); status != 200 || !strings.Contains(body, "督导一") {
		t.Errorf("done: %d %s", status, body)
	}
	b.until("it is no duty any more", func() bool { return b.duties.Debriefs == 0 })
	if g.duties.Debriefs != 0 {
		t.Error("a counsellor is told of a supervisor's duties")
	}
	s.fill(p, call)
	if sh := read[protocol.Shift](t, p, "/api/shift"); sh.Calls[0].Missing || len(sh.Debriefs) != 1 || sh.Debriefs[0].DoneByName != "督导一" {
		t.Errorf("at last: %+v", sh)
	}
	for action, want := range map[string]int{ActionDebriefAsk: 2, ActionDebriefDone: 1, ActionDebriefList: 1} {
		if e := s.audit.of(action); len(e) != want {
			t.Errorf("%s: %+v", action, e)
		}
	}
}
