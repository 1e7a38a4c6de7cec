package agentui

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"hotline/agentui/protocol"
	"hotline/agentui/tasks"
	"hotline/casework"
)

const callerNumber = "13800138000"

// left writes a call whose caller left, or (ended zero) is still on the line, into the ledger.
func (s *site) left(agent string, ended time.Time) string {
	s.t.Helper()
	id := newID()
	sealed, err := s.keys.Seal(callerNumber, casework.CallerContext(id))
	if err != nil {
		s.t.Fatal(err)
	}
	l := casework.NewLedger(s.db)
	err = l.Open(s.t.Context(), casework.CallRecord{ID: id, Line: "12355", Tier: "normal", Agent: agent, Arrived: time.Now(), CallerRef: s.keys.CallerRef(callerNumber), CallerSealed: sealed})
	if err == nil && !ended.IsZero() {
		err = l.Close(s.t.Context(), id, casework.Closing{EndedAt: ended, Outcome: casework.Abandoned})
	}
	if err != nil {
		s.t.Fatal(err)
	}
	return id
}

func (p *person) tasks() (list []protocol.Task) {
	p.s.t.Helper()
	var body protocol.Tasks
	status, text := p.get("/api/tasks")
	if err := json.Unmarshal([]byte(text), &body); status != 200 || err != nil {
		p.s.t.Fatalf("tasks: %d %s", status, text)
	}
	if strings.Contains(text, callerNumber) {
		p.s.t.Errorf("the number went out: %s", text)
	}
	return body.Tasks
}

func TestTasks(t *testing.T) {
	s := newSite(t, nil)
	p, boss := s.login("agent1"), s.login("supervisor1")
	if _, err := s.tasks.Promise(t.Context(), casework.Promise{Call: newID(), Line: "12355", Number: callerNumber, Place: time.Now(), Tier: "normal"}); err != nil {
		t.Fatal(err)
	}
	list := p.tasks()
	if len(list) != 1 || list[0].Number != "138******00" || !list[0].Callable || list[0].Most != 3 || list[0].LineName != "青少年热线" || list[0].Last != nil {
		t.Fatalf("tasks %+v", list)
	}
	id := list[0].Task
	if status, body := p.post("/api/tasks/"+id+"/call", struct{}{}); status != 200 {
		t.Fatalf("call now: %d %s", status, body)
	}
	if e := s.audit.of(tasks.ActionTaskCall); len(e) != 1 || e[0].Object != id || string(e[0].Actor) != p.me.User {
		t.Errorf("audit %+v", e)
	}
	got, err := s.tasks.Claim(t.Context(), "controller-1", time.Minute, 1)
	if err != nil || len(got) != 1 || got[0].Preferred != p.me.User {
		t.Fatalf("claimed %+v, %v", got, err)
	}
	if list = p.tasks(); list[0].State != "working" || list[0].AskedByName != "咨询员一" {
		t.Errorf("while it is being called: %+v", list[0])
	}
	if err := s.tasks.Placed(t.Context(), id, "controller-1", p.me.User); err != nil {
		t.Fatal(err)
	}
	if status, body := boss.post("/api/tasks/"+id+"/close", protocol.TaskClose{Reason: "家属已联系"}); status != 409 || !strings.Contains(body, "task_busy") {
		t.Errorf("closed while it rings: %d %s", status, body)
	}
	if status, _ := p.get("/api/calls/" + newID() + "/task"); status != 404 {
		t.Errorf("a call that is no callback: %d", status)
	}
	if status, body := p.get("/api/calls/" + got[0].Entry + "/task"); status != 200 || !strings.Contains(body, id) {
		t.Errorf("the call's task: %d %s", status, body)
	}
	if err := s.tasks.Failed(t.Context(), id, "controller-1", p.me.User, casework.ResultBusy, 17); err != nil {
		t.Fatal(err)
	}
	if list = p.tasks(); list[0].Attempts != 1 || list[0].Last == nil || list[0].Last.Result != "busy" || list[0].Last.WhoName != "咨询员一" {
		t.Errorf("after busy: %+v", list[0])
	}
	for body, want := range map[any]int{
		protocol.TaskResult{Result: "reached"}: 400, protocol.TaskResult{Result: "wrong_person"}: 200,
	} {
		if status, _ := p.post("/api/tasks/"+id+"/result", body); status != want {
			t.Errorf("%+v: %d", body, status)
		}
	}
	if status, _ := p.post("/api/tasks/"+id+"/close", protocol.TaskClose{Reason: "x"}); status != 400 {
		t.Errorf("closed without a reason: %d", status)
	}
	if status, body := p.post("/api/tasks/"+id+"/close", protocol.TaskClose{Reason: "来电者已由家属联系", Done: true}); status != 200 {
		t.Errorf("close: %d %s", status, body)
	}
	if e := s.audit.of(tasks.ActionTaskDone); len(e) != 1 || e[0].Reason != "来电者已由家属联系" {
		t.Errorf("audit %+v", e)
	}
	if list = p.tasks(); len(list) != 0 {
		t.Errorf("closed, and listed: %+v", list)
	}
	if status, body := p.post("/api/tasks/"+id+"/call", struct{}{}); status != 409 || !strings.Contains(body, "already_closed") {
		t.Errorf("call a closed one: %d %s", status, body)
	}
	for _, path := range []string{"/api/tasks/x/call", "/api/tasks/" + newID() + "/call"} {
		if status, _ := p.post(path, struct{}{}); status != 404 {
			t.Errorf("%s: %d", path, status)
		}
	}
	s.audit.mu.Lock()
	s.audit.fail = errNoMedia
	s.audit.mu.Unlock()
	if status, _ := p.post("/api/tasks/"+id+"/call", struct{}{}); status != 503 {
		t.Errorf("without an audit row: %d", status)
	}
}

func TestBlocksNeedTwoPeople(t *testing.T) {
	s := newSite(t, nil)
	p, other, boss := s.login("agent1"), s.login("agent2"), s.login("supervisor1")
	call := s.left(p.me.User, time.Now())
	propose := func(who *person, call, kind, reason string) (int, string) {
		return who.post("/api/blocks", protocol.BlockProposal{Call: call, Kind: kind, Reason: reason})
	}
	if status, _ := propose(other, call, "harassment", "反复言语骚扰"); status != 403 {
		t.Errorf("about another's call: %d", status)
	}
	for _, bad := range [][3]string{{"x", "harassment", "反复言语骚扰"}, {call, "annoying", "反复言语骚扰"}, {call, "harassment", " "}} {
		if status, _ := propose(p, bad[0], bad[1], bad[2]); status != 400 {
			t.Errorf("%v: %d", bad, status)
		}
	}
	status, text := propose(p, call, "harassment", "反复言语骚扰")
	var made protocol.Block
	if err := json.Unmarshal([]byte(text), &made); status != 200 || err != nil || made.State != "proposed" || made.ByName != "咨询员一" {
		t.Fatalf("proposed: %d %s", status, text)
	}
	own := s.left(boss.me.User, time.Now())
	_, text = propose(boss, own, "prank", "同一号码反复拨打")
	if !strings.Contains(text, made.Block) {
		t.Errorf("one caller, two proposals: %s", text)
	}
	if status, _ := p.post("/api/blocks/"+made.Block+"/approve", protocol.BlockApproval{Hours: 24}); status != 403 {
		t.Errorf("approved by a counsellor: %d", status)
	}
	for hours, want := range map[int]int{0: 400, 721: 400, -1: 400} {
		if status, _ := boss.post("/api/blocks/"+made.Block+"/approve", protocol.BlockApproval{Hours: hours}); status != want {
			t.Errorf("%d hours: %d", hours, status)
		}
	}
	status, text = boss.post("/api/blocks/"+made.Block+"/approve", protocol.BlockApproval{Hours: 24})
	if status != 200 || !strings.Contains(text, `"state":"approved"`) {
		t.Fatalf("approve: %d %s", status, text)
	}
	if known, err := casework.NewLedger(s.db).Known(t.Context(), s.keys.CallerRefs(callerNumber), casework.KnownRules{}, time.Now()); err != nil || !known.Blocked {
		t.Errorf("known %+v, %v", known, err)
	}
	if status, text = p.get("/api/blocks"); status != 200 || strings.Contains(text, callerNumber) || strings.Contains(text, s.keys.CallerRef(callerNumber)) {
		t.Errorf("list: %d %s", status, text)
	}
	if status, _ = boss.post("/api/blocks/"+made.Block+"/lift", protocol.Why{Reason: "误报，已核实"}); status != 200 {
		t.Errorf("lift: %d", status)
	}
	if status, text = boss.post("/api/blocks/"+made.Block+"/refuse", protocol.Why{Reason: "已经处理过"}); status != 409 {
		t.Errorf("refuse what was lifted: %d %s", status, text)
	}
	for action, n := range map[string]int{tasks.ActionBlockPropose: 2, tasks.ActionBlockApprove: 1, tasks.ActionBlockLift: 1} {
		if e := s.audit.of(action); len(e) != n {
			t.Errorf("%s: %+v", action, e)
		}
	}
	// A supervisor's own proposal is another's to approve.
	_, text = propose(boss, own, "prank", "同一号码反复拨打")
	_ = json.Unmarshal([]byte(text), &made)
	if status, text = boss.post("/api/blocks/"+made.Block+"/approve", protocol.BlockApproval{Hours: 1}); status != 403 || !strings.Contains(text, "own_proposal") {
		t.Errorf("approved alone: %d %s", status, text)
	}
}

func TestDutiesReachPages(t *testing.T) {
	s := newSite(t, nil)
	agent, boss, admin := s.login("agent1").enter(""), s.login("supervisor1").enter(""), s.login("admin1").enter("")
	promised, err := s.tasks.Promise(t.Context(), casework.Promise{Call: newID(), Line: "12355", Number: callerNumber, Place: time.Now(), Tier: "normal"})
	if err != nil {
		t.Fatal(err)
	}
	agent.until("the task is known", func() bool { return agent.duties.Open == 1 && agent.duties.Due == 0 })
	before := agent.duties.Change
	own := s.left(agent.p.me.User, time.Now())
	if status, text := agent.p.post("/api/blocks", protocol.BlockProposal{Call: own, Kind: "prank", Reason: "同一号码反复拨打"}); status != 200 {
		t.Fatal(status, text)
	}
	boss.until("the proposal is known", func() bool { return boss.duties.Proposals == 1 && boss.duties.Change != before })
	if err := s.tasks.Close(t.Context(), promised.ID, "u-1", true); err != nil {
		t.Fatal(err)
	}
	agent.until("the task is gone", func() bool { return agent.duties.Open == 0 })
	if admin.duties != (protocol.Duties{}) {
		t.Errorf("an administrator's duties: %+v", admin.duties)
	}
	if later := s.login("agent2").enter(""); later.duties.Proposals != 1 {
		t.Errorf("first snapshot: %+v", later.duties)
	}
}

// TestNobodyCanBeCalled: a site without a trunk says so, instead of taking wishes of which nothing comes.
func TestNobodyCanBeCalled(t *testing.T) {
	s := newSite(t, func(c *Config) { c.NoTrunk = true })
	p := s.login("agent1")
	if _, err := s.tasks.Promise(t.Context(), casework.Promise{Call: newID(), Line: "12355", Number: callerNumber, Place: time.Now(), Tier: "normal"}); err != nil {
		t.Fatal(err)
	}
	if status, body := p.get("/api/tasks"); status != 200 || !strings.Contains(body, `"no_trunk":true`) {
		t.Errorf("the list does not say so: %d %s", status, body)
	}
	id := p.tasks()[0].Task
	if status, body := p.post("/api/tasks/"+id+"/call", struct{}{}); status != 409 || !strings.Contains(body, `"no_trunk"`) {
		t.Errorf("call now: %d %s", status, body)
	}
	if list := p.tasks(); list[0].AskedBy != "" {
		t.Errorf("the wish was taken: %+v", list[0])
	}
}
