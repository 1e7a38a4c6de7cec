package agentui

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"hotline/agentui/protocol"
	"hotline/casework/notes"
	"hotline/queue"
)

// change is a Yjs update that puts a text into the note's document, by a client of its own.
func change(client byte, text string) []byte {
	b := []byte{1, 1, client, 0, 4, 1, 4, 'n', 'o', 't', 'e', byte(len(text))}
	return append(append(b, text...), 0)
}

func (p *person) write(call, client string, clock int64, text string, reflects int64, grant string) (int, protocol.NoteHead, string) {
	p.s.t.Helper()
	status, body := p.post("/api/calls/"+call+"/note/updates", protocol.NoteWrite{
		Client: client, Clock: clock, Data: change(byte(len(client)), text), Text: text, Reflects: reflects, Grant: grant,
	})
	var head protocol.NoteHead
	if status == http.StatusOK {
		if err := json.Unmarshal([]byte(body), &head); err != nil {
			p.s.t.Fatal(err)
		}
	}
	return status, head, body
}

func (p *person) openNote(call, reason string) (int, protocol.Note, string) {
	p.s.t.Helper()
	status, body := p.post("/api/calls/"+call+"/note/open", protocol.NoteOpen{Reason: reason})
	var note protocol.Note
	if status == http.StatusOK {
		if err := json.Unmarshal([]byte(body), &note); err != nil {
			p.s.t.Fatal(err)
		}
	}
	return status, note, body
}

// news asks for changes after a number and gives the answer when it is there.
func (p *person) news(call string, after int64, client, grant string) chan protocol.NoteUpdates {
	out := make(chan protocol.NoteUpdates, 1)
	go func() {
		defer close(out)
		status, body := p.get(fmt.Sprintf("/api/calls/%s/note/updates?after=%d&client=%s&grant=%s", call, after, client, grant))
		var n protocol.NoteUpdates
		if status == http.StatusOK && json.Unmarshal([]byte(body), &n) == nil {
			out <- n
		}
	}()
	return out
}

// known brings a person into a call that the ledger knows, too.
func (s *site) known(p *person, tier queue.Tier) (*view, string) {
	s.t.Helper()
	g := p.enter("")
	g.available()
	id := string(s.ledgerCall(tier))
	g.until("the offer", func() bool { return g.self.Offer != nil })
	g.must("accept", map[string]any{"offer": g.snap().Offer.Offer})
	g.state(queue.AgentTalking)
	return g, id
}

// ledgerCall lets a caller arrive whom the ledger knows, too.
func (s *site) ledgerCall(tier queue.Tier) queue.CallID {
	s.t.Helper()
	id := s.left("", time.Time{})
	c := queue.Call{ID: queue.CallID(id), Line: "12355", Node: "node-1", Owner: "controller-1", Tier: tier, Arrived: time.Now()}
	if err := s.queue.Arrive(s.t.Context(), queue.RequestID(newID()), c); err != nil {
		s.t.Fatal(err)
	}
	if _, err := s.queue.Enqueue(s.t.Context(), queue.RequestID(newID()), c.ID, false); err != nil {
		s.t.Fatal(err)
	}
	return c.ID
}

func TestNotesOfTwoTypists(t *testing.T) {
	s := newSite(t, nil)
	p, other, boss := s.login("agent1"), s.login("agent2"), s.login("supervisor1")
	g, call := s.known(p, queue.TierNormal)

	status, note, _ := p.openNote(call, "")
	if status != 200 || !note.MayWrite || note.Seq != 0 || note.Grant != "" || len(note.Updates) != 0 {
		t.Fatalf("opened: %d %+v", status, note)
	}
	if status, _, body := other.openNote(call, ""); status != 403 || !strings.Contains(body, "not_your_call") {
		t.Errorf("by somebody else: %d %s", status, body)
	}
	if status, _, body := boss.openNote(call, ""); status != 400 || !strings.Contains(body, "bad_reason") {
		t.Errorf("by a supervisor without a reason: %d %s", status, body)
	}
	status, seen, _ := boss.openNote(call, "督导旁观")
	if status != 200 || !seen.MayWrite || seen.Grant == "" {
		t.Fatalf("by a supervisor: %d %+v", status, seen)
	}
	if e := s.audit.of(ActionNoteOpen); len(e) != 2 || e[0].Reason != "" || e[1].Reason != "督导旁观" || e[1].Object != "call:"+call || string(e[1].Actor) != boss.me.User {
		t.Errorf("audit %+v", e)
	}

	// Who waits is told; the page that wrote is not told its own.
	mine, theirs := p.news(call, 0, "page1", ""), boss.news(call, 0, "page22", seen.Grant)
	status, head, body := p.write(call, "page1", 1, "first", 0, "")
	if status != 200 || head != (protocol.NoteHead{Seq: 1, TextSeq: 1}) {
		t.Fatalf("written: %d %s", status, body)
	}
	if n, ok := <-theirs; !ok || n.Seq != 1 || len(n.Updates) != 1 || n.Updates[0].ByName != "咨询员一" || string(n.Updates[0].Data) != string(change(5, "first")) {
		t.Errorf("told %+v", n)
	}
	if status, head, body := boss.write(call, "page22", 1, "second", 1, seen.Grant); status != 200 || head.Seq != 2 {
		t.Errorf("the supervisor's: %d %s", status, body)
	}
	if n, ok := <-mine; !ok || n.Seq != 2 || len(n.Updates) != 1 || n.Updates[0].By != boss.me.User {
		t.Errorf("told %+v", n)
	}
	if status, head, _ := p.write(call, "page1", 1, "first", 0, ""); status != 200 || head.Seq != 1 {
		t.Errorf("said again: %d %+v", status, head)
	}
	if status, _, _ := boss.write(call, "page22", 2, "x", 2, "forged"); status != 403 {
		t.Errorf("without the grant: %d", status)
	}
	if status, _, _ := other.write(call, "page3", 1, "x", 2, seen.Grant); status != 403 {
		t.Errorf("with another's grant: %d", status)
	}
	odd := protocol.NoteWrite{Client: "p", Clock: 1, Data: []byte("odd"), Text: ""}
	if status, _ := p.post("/api/calls/"+call+"/note/updates", odd); status != 400 {
		t.Errorf("what no browser can read: %d", status)
	}
	if status, body := p.put("/api/calls/"+call+"/note/text", protocol.NoteText{Text: "older", Reflects: 1}); status != 200 || !strings.Contains(body, `"text_seq":2`) {
		t.Errorf("text: %d %s", status, body)
	}

	// A colleague who is in the call may read and write; one who left may not.
	party := queue.Party{Agent: queue.AgentID(other.me.User), Role: queue.PartyConsult, State: queue.PartyIn, By: queue.AgentID(p.me.User), Since: time.Now()}
	if err := s.queue.SetParties(t.Context(), queue.RequestID(newID()), queue.CallID(call), []queue.Party{party}, queue.Pause{}); err != nil {
		t.Fatal(err)
	}
	s.until("the colleague is in", func() bool { c, _ := s.server.board.Call(queue.CallID(call)); return len(c.Parties) == 1 })
	if status, note, body := other.openNote(call, ""); status != 200 || !note.MayWrite || note.Text != "second" || note.TextBy != "督导一" || len(note.Updates) != 2 {
		t.Errorf("the colleague: %d %s", status, body)
	}
	waits := other.news(call, 2, "page4", "")
	if err := s.queue.SetParties(t.Context(), queue.RequestID(newID()), queue.CallID(call), nil, queue.Pause{}); err != nil {
		t.Fatal(err)
	}
	s.until("the colleague is out", func() bool { c, _ := s.server.board.Call(queue.CallID(call)); return len(c.Parties) == 0 })
	if status, _, _ := p.write(call, "page1", 2, "third", 2, ""); status != 200 {
		t.Errorf("the third: %d", status)
	}
	if n, ok := <-waits; ok {
		t.Errorf("told to who left: %+v", n)
	}

	// After the call its agent goes on, until the form is filled in and the wrap-up is over.
	s.endCall(queue.CallID(call), queue.EndAnswered)
	g.state(queue.AgentWrapUp)
	if status, _, body := p.write(call, "page1", 3, "after", 3, ""); status != 200 {
		t.Errorf("in the wrap-up: %d %s", status, body)
	}
	s.fill(p, call)
	if status, _, body := p.write(call, "page1", 4, "after", 4, ""); status != 200 {
		t.Errorf("in the wrap-up, with the form: %d %s", status, body)
	}
	g.must("wrapup_done", nil)
	g.state(queue.AgentAvailable)
	if status, _, body := p.write(call, "page1", 5, "late", 5, ""); status != 403 {
		t.Errorf("closed, and written: %d %s", status, body)
	}
	if status, _, body := p.openNote(call, ""); status != 400 || !strings.Contains(body, "bad_reason") {
		t.Errorf("closed, and read without a reason: %d %s", status, body)
	}
	if status, note, _ := p.openNote(call, "准备督导"); status != 200 || note.MayWrite || len(note.Updates) != 5 {
		t.Errorf("closed, and read: %d %+v", status, note)
	}
}

func TestNotesOfTwoConsoles(t *testing.T) {
	s := newSite(t, nil)
	p, boss := s.login("agent1"), s.login("supervisor1")
	_, call := s.known(p, queue.TierNormal)
	_, seen, _ := boss.openNote(call, "督导旁观")
	// Another console process writes into the same database: whoever waits here learns of it within the time of a look.
	wait := boss.news(call, 0, "page22", seen.Grant)
	began := time.Now()
	if _, err := s.care.Notes.Append(t.Context(), call, note("elsewhere", p.me.User), "text", 0); err != nil {
		t.Fatal(err)
	}
	n, ok := <-wait
	if took := time.Since(began); !ok || len(n.Updates) != 1 || took > time.Second {
		t.Errorf("told %+v after %s", n, took)
	}
	// A console that drains sends those who wait away.
	wait = boss.news(call, 1, "page22", seen.Grant)
	s.until("somebody waits", func() bool { return len(s.server.notes.calls()) == 1 })
	s.halt()
	<-wait
}

func TestNotesAreBounded(t *testing.T) {
	s := newSite(t, nil)
	p := s.login("agent1")
	_, call := s.known(p, queue.TierNormal)
	body := `{"client":"p","clock":1,"data":"` + base64.StdEncoding.EncodeToString(make([]byte, 300<<10)) + `","text":"","reflects":0,"grant":""}`
	if status, _ := p.do("POST", "/api/calls/"+call+"/note/updates", strings.NewReader(body), http.Header{"Content-Type": {"application/json"}}); status != 413 {
		t.Errorf("too large: %d", status)
	}
	for s.server.noteLimits.allow(queue.AgentID(p.me.User)) { // as a page gone wild
		continue
	}
	if status, _, body := p.write(call, "p", 1, "x", 0, ""); status != 429 {
		t.Errorf("more than a person types: %d %s", status, body)
	}
}

func note(client, author string) (u notes.Update) {
	u.Client, u.Clock, u.Author, u.Data = client, 1, author, change(9, "elsewhere")
	return u
}

// fill fills the form of a call in.
func (s *site) fill(p *person, call string) {
	s.t.Helper()
	if status, body := p.put("/api/calls/"+call+"/disposition", denied(0)); status != 200 {
		s.t.Fatalf("form: %d %s", status, body)
	}
}

func denied(form int64) protocol.DispositionSave {
	return protocol.DispositionSave{Form: form, Answers: map[string][]string{"suicide": {"denied"}, "outcome": {"supported"}}}
}

// Who opens page after page holds so many requests and no more; each that ends gives its place back.
func TestOnePersonsWaitingRequestsAreBounded(t *testing.T) {
	l := newNoteLimits()
	for i := range noteFollows {
		if !l.follow("u-1") {
			t.Fatalf("request %d is refused", i+1)
		}
	}
	if l.follow("u-1") || !l.follow("u-2") {
		t.Error("one person has no bound, or shares another's")
	}
	l.leave("u-1")
	if !l.follow("u-1") {
		t.Error("a place that was given back is not free")
	}
	for range noteFollows {
		l.leave("u-1")
	}
	l.leave("u-2")
	if len(l.follows) != 0 {
		t.Errorf("remembered without end: %v", l.follows)
	}
}
