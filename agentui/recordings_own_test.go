package agentui

import (
	"bytes"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"hotline/agentui/protocol"
	"hotline/agentui/settings"
	"hotline/agentui/tapes"
	"hotline/agentui/users"
	"hotline/casework"
)

// ownCalls lets counsellors hear their own calls.
func (s *site) ownCalls() {
	s.t.Helper()
	doc := settings.First(settings.Defaults{})
	doc.Recording.Own = true
	if _, err := s.settings.Save(s.t.Context(), 0, doc, "admin", ""); err != nil {
		s.t.Fatal(err)
	}
	s.until("the setting is known", func() bool { return s.server.settings.get().Doc.Recording.Own })
}

// Of a call that changed hands a counsellor gets what they said and heard themselves, and of what was written about it their own words.
func TestCallThatChangedHands(t *testing.T) {
	s := newSite(t, nil)
	s.ownCalls()
	one, boss := s.login("agent1"), s.login("supervisor1")
	s.library.change(shelfCall, func(r *tapes.Recording) {
		r.Parts[0].Agent, r.Parts[0].To = one.me.User, 30*time.Second
		r.Parts = append(r.Parts, tapes.Part{ID: newID(), Kind: "call", Agent: "u-another", From: 30 * time.Second, To: shelfLength})
	})
	s.library.said = append(s.library.said, tapes.Mark{Kind: "risk", From: 60 * time.Second, To: 60 * time.Second, Code: "low"})
	g, h := s.grant(one, shelfCall), s.grant(boss, shelfCall)
	hear := func(p *person, g protocol.Grant) []byte {
		resp := p.raw("GET", g.URL, nil, nil)
		b, err := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if err != nil || len(b) != len(s.library.data) {
			t.Fatal(len(b), err)
		}
		return b
	}
	changed := 44 + 30*32_000
	if b := hear(one, g); !bytes.Equal(b[:changed], s.library.data[:changed]) || !bytes.Equal(b[changed:], make([]byte, len(b)-changed)) {
		t.Error("not their own part, or another's")
	}
	if !bytes.Equal(hear(boss, h), s.library.data) {
		t.Error("a supervisor hears a part only")
	}
	if _, body := one.get("/api/recordings/" + shelfCall + "/peaks?grant=" + g.Grant); len(body) != 2*10*91 || strings.Trim(body[2*10*30:], "\x00") != "" || body[0] != 10 {
		t.Error("the outline of another's voice")
	}
	path := "/api/recordings/" + shelfCall
	for p, grant := range map[*person]string{one: g.Grant, boss: h.Grant} {
		if status, body := p.post(path+"/comments", protocol.WriteTapeComment{Grant: grant, AtMs: 1000, Text: p.me.Name}); status != 200 {
			t.Fatalf("%d %s", status, body)
		}
	}
	show := func(p *person, grant string) protocol.Tape {
		status, body := p.get(path + "?grant=" + grant)
		return decoded[protocol.Tape](t, status, body)
	}
	own, all := show(one, g.Grant), show(boss, h.Grant)
	if len(own.Comments) != 1 || !own.Comments[0].Mine || !own.OwnWords || len(all.Comments) != 2 || all.OwnWords {
		t.Errorf("%+v, %+v", own.Comments, all.Comments)
	}
	if len(own.Parts) != 2 || own.Recording.DurationMs != 91_000 || len(own.Marks) != 1 || own.Marks[0].FromMs != 30_000 || len(all.Marks) != 3 {
		t.Errorf("%+v", own)
	}
}

// While several people score a talk, each without the others, what one wrote reaches no other.
func TestBlindScoringHidesComments(t *testing.T) {
	s := newSite(t, nil)
	p, other := s.login("supervisor1"), s.another("supervisor2", users.Supervisor)
	at := time.Now().Add(-time.Hour)
	ledger := casework.NewLedger(s.db)
	if err := ledger.Open(t.Context(), casework.CallRecord{ID: shelfCall, Line: "12355", Tier: "normal", Agent: "u-9", Arrived: at, Talked: at}); err != nil {
		t.Fatal(err)
	}
	if err := ledger.Close(t.Context(), shelfCall, casework.Closing{EndedAt: at.Add(20 * time.Minute), Outcome: casework.Answered, Cause: casework.Cause{By: casework.ByCaller}, Shares: []casework.Share{{Agent: "u-9", Talk: 15 * time.Minute}}}); err != nil {
		t.Fatal(err)
	}
	store := s.server.deps.Staff.Reviews
	r, err := store.Ask(t.Context(), shelfCall, "u-9", p.me.User, 2)
	if err != nil {
		t.Fatal(err)
	}
	g, h := s.grant(p, shelfCall), s.grant(other, shelfCall)
	path := "/api/recordings/" + shelfCall
	if status, _ := p.post(path+"/comments", protocol.WriteTapeComment{Grant: g.Grant, AtMs: 1000, Text: "过早给出建议"}); status != 200 {
		t.Fatal(status)
	}
	seen := func(want int) {
		t.Helper()
		status, body := other.get(path + "?grant=" + h.Grant)
		if tape := decoded[protocol.Tape](t, status, body); len(tape.Comments) != want || tape.OwnWords != (want < 2) {
			t.Errorf("%+v", tape.Comments)
		}
	}
	seen(0)
	status, body := other.post(path+"/comments", protocol.WriteTapeComment{Grant: h.Grant, AtMs: 2000, Text: "倾听充分"})
	if said := decoded[protocol.TapeComments](t, status, body); len(said.Comments) != 1 || !said.Comments[0].Mine {
		t.Errorf("%+v", said)
	}
	seen(1)
	if _, err := store.Want(t.Context(), r.ID, p.me.User, 1); err != nil {
		t.Fatal(err)
	}
	seen(2)
}

// What was erased takes nothing more, also from who had leave to listen to it.
func TestErasedRecordingTakesNothing(t *testing.T) {
	s := newSite(t, nil)
	p := s.login("supervisor1")
	g := s.grant(p, shelfCall)
	s.library.change(shelfCall, func(r *tapes.Recording) { r.Erased = true })
	for path, body := range map[string]any{
		"/comments": protocol.WriteTapeComment{Grant: g.Grant, AtMs: 1000, Text: "x"},
		"/exports":  protocol.AskExport{Grant: g.Grant, ToMs: 5000, Reason: "法院调取"},
	} {
		if status, body := p.post("/api/recordings/"+shelfCall+path, body); status != 410 || decoded[protocol.HTTPError](t, 200, body).Error != protocol.RecordingErased {
			t.Errorf("%s: %d %s", path, status, body)
		}
	}
	if said, err := s.recorded.Comments.Of(t.Context(), shelfCall); err != nil || len(said) != 0 {
		t.Errorf("%+v, %v", said, err)
	}
	if len(s.audit.of(tapes.ActionRecordingComment)) != 0 || len(s.audit.of(tapes.ActionExportAsk)) != 0 {
		t.Error("written down as if it were done")
	}
}

// Who talked when, and how much danger there was, is seen in the list: each look at it is in the audit trail with what was looked for.
func TestSearchesAreWritten(t *testing.T) {
	s := newSite(t, nil)
	p, one := s.login("supervisor1"), s.login("agent1")
	for _, query := range []string{"", "line=12355&level=high&from=1700000000000&limit=2", "class=x", "agent=a%20b", "line=" + strings.Repeat("1", 65)} {
		p.get("/api/recordings?" + query)
	}
	one.get("/api/recordings") // may hear nothing, so there is nothing to see
	var said []string
	for _, e := range s.audit.of(tapes.ActionRecordingList) {
		said = append(said, string(e.Actor)+":"+e.Reason)
	}
	if want := []string{p.me.User + ":", p.me.User + ":from=2023-11-14T22:13:20Z line=12355 level=high"}; !slices.Equal(said, want) {
		t.Errorf("%q", said)
	}
	s.audit.mu.Lock()
	s.audit.fail = errNoMedia
	s.audit.mu.Unlock()
	if status, body := p.get("/api/recordings"); status != 503 || strings.Contains(body, shelfCall) {
		t.Errorf("a list without an audit row: %d %s", status, body)
	}
}

// An outside party is told by its name, not by its id.
func TestOutsidePartyHasAName(t *testing.T) {
	s := newSite(t, nil)
	p := s.login("supervisor1")
	id, err := s.phonebook.AdHoc(t.Context(), shelfCall, "13800138000", "母亲", p.me.User)
	if err != nil {
		t.Fatal(err)
	}
	s.library.said = []tapes.Mark{{Kind: tapes.MarkThird, To: time.Second, Code: id}, {Kind: tapes.MarkThird, From: time.Second, To: 2 * time.Second, Code: "gone"}}
	g := s.grant(p, shelfCall)
	status, body := p.get("/api/recordings/" + shelfCall + "?grant=" + g.Grant)
	if tape := decoded[protocol.Tape](t, status, body); len(tape.Marks) != 2 || tape.Marks[0].Code != "母亲" || tape.Marks[1].Code != "" {
		t.Errorf("%+v", tape.Marks)
	}
}
