package agentui

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"hotline/agentui/protocol"
	"hotline/crisis"
	"hotline/queue"
)

// endanger tells the escalation that a person said high of a call, as the panel of the risk does.
func (s *site) endanger(p *person, call queue.CallID) string {
	s.t.Helper()
	in, err := s.crisis.Incidents.Trigger(s.t.Context(), crisis.Trigger{
		Kind: crisis.TriggerLevel, Call: string(call), Line: "12355", Level: crisis.LevelHigh, By: p.me.User, Agent: p.me.User, Note: "手边有药", Source: "level:" + newID(),
	})
	if err != nil || in.ID == "" {
		s.t.Fatalf("trigger: %+v %v", in, err)
	}
	return in.ID
}

// act does something to an incident by HTTP and returns it as it is then.
func (p *person) act(id, path string, body map[string]any) protocol.Incident {
	p.s.t.Helper()
	status, text := p.tryAct(id, path, body)
	var out protocol.Incident
	if err := json.Unmarshal([]byte(text), &out); status != 200 || err != nil {
		p.s.t.Fatalf("%s: %d %s", path, status, text)
	}
	return out
}

func (p *person) tryAct(id, path string, body map[string]any) (int, string) {
	p.s.t.Helper()
	if body == nil {
		body = map[string]any{}
	}
	if _, named := body["req"]; !named {
		body["req"] = newID()
	}
	return p.post("/api/incidents/"+id+"/"+path, body)
}

func saying(kind, outcome, text string) map[string]any {
	return map[string]any{"kind": kind, "outcome": outcome, "text": text}
}

func (g *view) incident(id string) (protocol.IncidentRow, bool) {
	i := slices.IndexFunc(g.self.Incidents, func(r protocol.IncidentRow) bool { return r.Incident == id })
	if i < 0 {
		return protocol.IncidentRow{}, false
	}
	return g.self.Incidents[i], true
}

func TestAnIncidentIsAnsweredWorkedAndClosedByTwo(t *testing.T) {
	s := newSite(t, nil)
	one, two, boss := s.login("agent1"), s.login("agent2"), s.login("supervisor1")
	s.tree.set(boss.me.User)
	a, b, lead := one.enter(""), two.enter(""), boss.enter("")
	a.available()
	call := s.answers(a, queue.TierRed)
	began := time.Now()
	id := s.endanger(one, call)

	// The alarm: with a countdown, at who leads; the counsellor sees who is asked.
	lead.until("the alarm", func() bool { row, ok := lead.incident(id); return ok && row.Alert != nil })
	if took := time.Since(began); took > 3*time.Second {
		t.Errorf("the alarm took %v", took)
	}
	row, _ := lead.incident(id)
	if row.Level != "high" || row.Trigger != "level" || row.Step != "acknowledge" || row.CounsellorName != "咨询员一" || row.LineName != "青少年热线" ||
		row.Alert.Until <= row.Alert.At || row.Mine != "" {
		t.Errorf("alarm %+v", row)
	}
	a.until("who is asked", func() bool {
		row, ok := a.incident(id)
		return ok && len(row.Asked) == 1 && row.Asked[0].Name == "督导一"
	})
	if row, _ := a.incident(id); row.Mine != "counsellor" || row.Alert != nil {
		t.Errorf("the counsellor's own %+v", row)
	}
	if _, ok := b.incident(id); ok {
		t.Error("somebody who has no part in it sees it before anybody leads")
	}

	// One press. Who takes calls cannot; the counsellor sees by whom.
	a.refused("incident_ack", protocol.Forbidden, map[string]any{"incident": id})
	lead.refused("incident_ack", protocol.NotFound, map[string]any{"incident": newID()})
	pressed := time.Now()
	lead.must("incident_ack", map[string]any{"incident": id})
	t.Logf("acknowledged after %v", time.Since(pressed))
	lead.until("the alarm is over", func() bool { row, _ := lead.incident(id); return row.Alert == nil && row.Mine == "supervisor" })
	a.until("who comes", func() bool {
		row, _ := a.incident(id)
		return row.SupervisorName == "督导一" && row.AcknowledgedAt > 0
	})
	s.until("the trail has it", func() bool { return len(s.audit.of(ActionIncidentAck)) == 1 })

	// The second person: offered to who is free, and not for the counsellor.
	b.until("it is offered", func() bool { row, ok := b.incident(id); return ok && row.WantsSecond })
	if status, body := one.tryAct(id, "second", saying("", "", "")); status != 403 || !strings.Contains(body, "same_person") {
		t.Errorf("the counsellor as the second person: %d %s", status, body)
	}
	if status, _ := two.get("/api/incidents/" + id); status != 403 {
		t.Errorf("all of it before having a part in it: %d", status)
	}
	two.act(id, "second", saying("", "", ""))
	a.until("who helps", func() bool { row, _ := a.incident(id); return row.SecondName == "咨询员二" })

	s.workThrough(two, boss, id)
	a.until("what was done last", func() bool { row, _ := a.incident(id); return len(row.Last) > 0 && row.Last[0].Kind == "disclosed" })

	// Closing: what is missing is named; the one who proposed it cannot agree.
	status, body := one.tryAct(id, "closure", saying("with_responders", "", ""))
	if status != 409 || !strings.Contains(body, "closure_barred") || !strings.Contains(body, `"confirmed"`) || !strings.Contains(body, `"call_over"`) {
		t.Errorf("closed too early: %d %s", status, body)
	}
	two.act(id, "arrival", map[string]any{"who": "急救医生", "how": "通话中听到"})
	if _, err := s.crisis.Incidents.CallEnded(t.Context(), id, crisis.Act{By: crisis.BySystem}, string(call), false); err != nil {
		t.Fatal(err)
	}
	in := one.act(id, "closure", saying("with_responders", "", ""))
	if in.State != "closing" || in.Closure.ProposedByName != "咨询员一" || len(in.Missing) != 0 {
		t.Errorf("proposed: %s %+v %v", in.State, in.Closure, in.Missing)
	}
	if status, body := one.tryAct(id, "closure/decide", map[string]any{"yes": true, "text": ""}); status != 403 || !strings.Contains(body, "same_person") {
		t.Errorf("agreed with oneself: %d %s", status, body)
	}
	if in := boss.act(id, "closure/decide", map[string]any{"yes": true, "text": ""}); in.State != "closed" || in.Closure.ConfirmedByName != "督导一" {
		t.Errorf("closed %s %+v", in.State, in.Closure)
	}
	a.until("it is gone", func() bool { _, ok := a.incident(id); return !ok })
	if status, body := two.tryAct(id, "facts", saying("location", "", "x")); status != 409 || !strings.Contains(body, "incident_closed") {
		t.Errorf("a fact after the end: %d %s", status, body)
	}
	s.reportOf(one, boss, id)
}

// workThrough is what a second person and a supervisor do while the counsellor talks.
func (s *site) workThrough(two, boss *person, id string) {
	s.t.Helper()
	t := s.t
	two.act(id, "facts", saying("location", "", "朝阳区某小区3号楼"))
	two.act(id, "facts", saying("company", "unknown", ""))
	two.act(id, "measures", saying("means_away", "partly", ""))
	in := two.act(id, "consent", saying("refused", "", "不要告诉父母"))
	if len(in.Packet) != 2 || in.Packet[0].Field != "location" || in.Packet[1].From != "level" {
		t.Fatalf("packet %+v", in.Packet)
	}
	if status, _ := two.tryAct(id, "authorisation", saying("imminent_danger", "", "")); status != 403 {
		t.Errorf("authorised by who does not lead: %d", status)
	}
	boss.act(id, "authorisation", saying("imminent_danger", "", ""))
	two.act(id, "services", map[string]any{"contact": "ambulance", "result": "asked"})
	shown := in.Packet
	two.act(id, "facts", saying("location", "", "朝阳区某小区5号楼"))
	if status, body := two.tryAct(id, "disclosures", map[string]any{"contact": "ambulance", "packet": shown}); status != 409 || !strings.Contains(body, "packet_changed") {
		t.Errorf("told what is no longer so: %d %s", status, body)
	}
	more := []protocol.PacketField{{Field: "diary", Text: "x"}}
	if status, _ := two.tryAct(id, "disclosures", map[string]any{"contact": "ambulance", "packet": more}); status != 409 {
		t.Errorf("told more than the least: %d", status)
	}
	now := read[protocol.Incident](t, two, "/api/incidents/"+id).Packet
	now[1].Text = "高风险" // a code in the words in which it was shown
	req := newID()
	for range 2 { // sent twice, done once
		in = two.act(id, "disclosures", map[string]any{"req": req, "contact": "ambulance", "packet": now})
	}
	if len(in.Disclosures) != 1 || in.Disclosures[0].ByName != "咨询员二" || len(in.Disclosures[0].Packet) != 2 || in.Disclosures[0].To == "" {
		t.Errorf("told %+v", in.Disclosures)
	}
	if last := in.Timeline[len(in.Timeline)-1]; last.Kind != "disclosed" || last.Params["contact"] == "" || len(last.Packet) != 2 || last.Packet[0].Field != "location" {
		t.Errorf("timeline %+v", last)
	}
	for name, c := range map[string]struct {
		path string
		body map[string]any
	}{
		"no such fact":     {"facts", saying("colour", "", "red")},
		"no such measure":  {"measures", saying("magic", "helped", "")},
		"a step of nobody": {"next", map[string]any{"what": "回电", "owner": newID(), "until": time.Now().Add(time.Hour).UnixMilli()}},
		"too long":         {"notes", saying("", "", strings.Repeat("长", incidentText+1))},
		"without a name":   {"notes", map[string]any{"req": "x", "kind": "", "outcome": "", "text": "楼下有保安"}},
		"of another shape": {"notes", map[string]any{"colour": "red"}},
		"no such number":   {"services", map[string]any{"contact": "nobody", "result": "asked"}},
	} {
		if status, body := two.tryAct(id, c.path, c.body); status != 400 {
			t.Errorf("%s: %d %s", name, status, body)
		}
	}
}

// reportOf is what is owed after the end.
func (s *site) reportOf(one, boss *person, id string) {
	s.t.Helper()
	t := s.t
	list := read[protocol.IncidentList](t, boss, "/api/incidents")
	if len(list.Incidents) != 1 || !list.Incidents[0].Report.Owed || list.Incidents[0].Report.DoneAt != 0 || list.Incidents[0].Outcome != "with_responders" {
		t.Fatalf("list %+v", list)
	}
	path := "/api/incidents/" + id + "/report"
	form := read[protocol.IncidentReport](t, one, path)
	if len(form.Fields) == 0 || form.Names["en"] == "" || len(form.Answers) != 0 {
		t.Fatalf("form %+v", form)
	}
	if status, _ := boss.get(path + "/csv"); status != 404 {
		t.Errorf("a file of what was not filed: %d", status)
	}
	answers := map[string]string{}
	for _, f := range form.Fields {
		if f.Required {
			answers[f.ID] = "写明 " + f.ID
		}
	}
	if status, body := one.post(path, protocol.IncidentReportFile{Req: newID(), Answers: map[string]string{}}); status != 400 || !strings.Contains(body, "form_incomplete") {
		t.Errorf("without what is needed: %d %s", status, body)
	}
	if status, body := one.post(path, protocol.IncidentReportFile{Req: newID(), Answers: answers}); status != 200 {
		t.Fatalf("filed: %d %s", status, body)
	}
	if form := read[protocol.IncidentReport](t, boss, path); form.Report.DoneAt == 0 || form.Report.ByName != "咨询员一" || len(form.Answers) != len(answers) {
		t.Errorf("filed %+v", form)
	}
	if status, body := boss.get(path + "/csv"); status != 200 || !strings.Contains(body, "写明 outcome") {
		t.Errorf("as a file: %d %s", status, body)
	}
	if status, body := boss.get(path + "/xlsx"); status != 200 || !strings.HasPrefix(body, "PK") {
		t.Errorf("as a sheet: %d", status)
	}
	for action, want := range map[string]int{ActionIncidentReport: 1, ActionIncidentExport: 2} {
		if e := s.audit.of(action); len(e) != want || e[0].Object != "incident:"+id {
			t.Errorf("%s: %+v", action, e)
		}
	}
}

// A look is in the trail before anything is shown; a page that reads the same incident again and again is one look.
func TestALookAtAnIncidentIsInTheTrail(t *testing.T) {
	s := newSite(t, nil)
	one, other, boss := s.login("agent1"), s.login("agent2"), s.login("supervisor1")
	s.tree.set(boss.me.User)
	id := s.endanger(one, "01J0000000000000000000000Q")
	fail := func(err error) {
		s.audit.mu.Lock()
		defer s.audit.mu.Unlock()
		s.audit.fail = err
	}
	fail(errors.New("away"))
	if status, body := boss.get("/api/incidents/" + id); status != 503 || strings.Contains(body, "手边有药") {
		t.Errorf("shown without a row: %d %s", status, body)
	}
	fail(nil)
	for range 3 {
		if in := read[protocol.Incident](t, boss, "/api/incidents/"+id); in.Triggers[0].Text != "手边有药" || in.Timeline[0].Kind != "opened" || in.Rules.Measures[0].Names["en"] == "" {
			t.Errorf("%+v", in)
		}
	}
	read[protocol.Incident](t, one, "/api/incidents/"+id) // whose call it is
	if e := s.audit.of(ActionIncidentView); len(e) != 2 || e[0].Object != "incident:"+id || string(e[0].Actor) != boss.me.User {
		t.Errorf("looks %+v", e)
	}
	if status, _ := other.get("/api/incidents/" + id); status != 403 {
		t.Errorf("somebody else: %d", status)
	}
	if list := read[protocol.IncidentList](t, other, "/api/incidents"); len(list.Incidents) != 0 {
		t.Errorf("somebody else's list %+v", list)
	}
	if status, _ := boss.get("/api/incidents/" + newID()); status != 404 {
		t.Errorf("one that is not: %d", status)
	}
}

// A silent call for help is an incident by itself, answered by one press with it; and a supervisor opens one by hand.
func TestCallForHelpAndByHand(t *testing.T) {
	s := newSite(t, nil)
	one, boss := s.login("agent1"), s.login("supervisor1")
	s.tree.set(boss.me.User)
	a, lead := one.enter(""), boss.enter("")
	a.available()
	call := s.answers(a, queue.TierNormal)
	a.must("sos", nil)
	lead.until("the alarm", func() bool { return len(lead.self.Incidents) == 1 && lead.self.Incidents[0].Alert != nil })
	row := lead.snap().Incidents[0]
	if row.Trigger != "sos" || row.Call != string(call) || row.Counsellor != one.me.User {
		t.Errorf("%+v", row)
	}
	lead.until("the call for help", func() bool { return lead.agents[one.me.User].SOS != nil })
	lead.must("incident_ack", map[string]any{"incident": row.Incident})
	a.until("the call for help is answered, too", func() bool { return a.self.SOS != nil && a.self.SOS.AckByName == "督导一" })

	body := protocol.IncidentOpen{Req: newID(), Call: string(call), Level: "high", Text: "听到窗边的风声"}
	status, text := boss.post("/api/incidents", body)
	var in protocol.Incident
	if json.Unmarshal([]byte(text), &in) != nil || status != 200 || in.Incident != row.Incident || in.Level != "high" || len(in.Triggers) != 2 {
		t.Errorf("by hand, of a call that has one: %d %s", status, text)
	}
	for name, bad := range map[string]protocol.IncidentOpen{
		"no reason": {Req: newID(), Call: string(call), Level: "high"}, "no level": {Req: newID(), Call: string(call), Text: "听到窗边的风声"},
		"no name of its own": {Call: string(call), Level: "high", Text: "听到窗边的风声"},
	} {
		if status, text := boss.post("/api/incidents", bad); status != 400 {
			t.Errorf("%s: %d %s", name, status, text)
		}
	}
	if status, _ := one.post("/api/incidents", body); status != 403 {
		t.Errorf("by who does not lead: %d", status)
	}
}

// What the board shows of the talk is in the incident: that the supervisor listens, that 120 was called, did not come, and came.
func TestAnIncidentFollowsTheTalk(t *testing.T) {
	s := newSite(t, nil)
	one, boss := s.login("agent1"), s.login("supervisor1")
	s.tree.set(boss.me.User)
	a, lead := one.enter(""), boss.enter("")
	a.available()
	call := s.answers(a, queue.TierRed)
	id := s.endanger(one, call)
	lead.until("the alarm", func() bool { row, ok := lead.incident(id); return ok && row.Alert != nil })
	lead.must("incident_ack", map[string]any{"incident": id})
	from, listens := queue.AgentID(one.me.User), queue.Party{Agent: queue.AgentID(boss.me.User), Role: queue.PartyMonitor, State: queue.PartyIn, By: queue.AgentID(boss.me.User)}
	outside := func(state queue.PartyState, at time.Time) queue.Party {
		return queue.Party{Role: queue.PartyOutside, State: state, By: from, Contact: "ambulance", Since: at}
	}
	at := time.Now()
	s.parties(call, listens, outside(queue.PartyFailed, at))
	has := func(what string, ok func(protocol.Incident) bool) {
		t.Helper()
		s.until(what, func() bool { return ok(read[protocol.Incident](t, boss, "/api/incidents/"+id)) })
	}
	has("it is known who listens and that 120 did not come", func(in protocol.Incident) bool {
		return in.JoinedAt > 0 && len(in.Services) == 1 && in.Services[0].FailedAt > 0 && in.Services[0].Name != ""
	})
	s.parties(call, listens, outside(queue.PartyInvited, at.Add(time.Second)))
	s.parties(call, listens, outside(queue.PartyIn, at.Add(time.Second)))
	has("120 is there", func(in protocol.Incident) bool {
		return in.Services[0].JoinedAt > 0 && in.Services[0].ByName == "咨询员一"
	})
	counts := map[string]int{}
	for _, e := range read[protocol.Incident](t, boss, "/api/incidents/"+id).Timeline {
		counts[e.Kind]++
	}
	if fmt.Sprint(counts["joined"], counts["service_failed"], counts["service_joined"]) != "1 1 1" {
		t.Errorf("told twice: %v", counts)
	}
}
