package agentui

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/oklog/ulid/v2"

	"hotline/agentui/part"
	"hotline/agentui/persons"
	"hotline/agentui/protocol"
	"hotline/casework"
	"hotline/queue"
	"hotline/storage"
)

// answer200 decodes the answer of something that had to go well.
func answer200[T any](t *testing.T) func(int, string) T {
	return func(status int, body string) (v T) {
		t.Helper()
		if err := json.Unmarshal([]byte(body), &v); status != http.StatusOK || err != nil {
			t.Fatalf("%d %s", status, body)
		}
		return v
	}
}

// refusedAs looks that something was refused with a code.
func refusedAs(t *testing.T, code protocol.Code) func(int, string) {
	return func(status int, body string) {
		t.Helper()
		if status < 400 || !strings.Contains(body, `"`+string(code)+`"`) {
			t.Errorf("not refused with %s: %d %s", code, status, body)
		}
	}
}

func TestPeopleOfACall(t *testing.T) {
	s := newSite(t, nil)
	p, other, boss := s.login("agent1"), s.login("agent2"), s.login("supervisor1")
	g := p.enter("")
	g.available()
	call := string(s.ledgerCall(queue.TierNormal))
	g.until("the offer", func() bool { return g.self.Offer != nil })
	path := "/api/calls/" + call

	if got := read[protocol.CallPeople](t, p, path+"/people"); len(got.People) != 0 || got.Withheld {
		t.Errorf("while it rings: %+v", got)
	}
	refusedAs(t, protocol.NotYourCall)(other.get(path + "/people"))
	g.must("accept", map[string]any{"offer": g.snap().Offer.Offer})
	g.state(queue.AgentTalking)
	got := read[protocol.CallPeople](t, p, path+"/people")
	if len(got.People) != 1 || got.People[0].Role != "caller" || got.People[0].Calls != 1 || got.Safety.Steps.Signs == nil {
		t.Fatalf("%+v", got)
	}
	me := got.People[0].Person

	// A minor is asked about; the profile is the person's.
	who := protocol.ProfileSave{Call: call, CalledAs: "小林", BirthYear: time.Now().Year() - 10, Sex: "female"}
	if f := answer200[protocol.PersonFile](t)(p.put("/api/files/"+me.File+"/profile", who)); !f.Child || f.CalledAs != "小林" || f.AgeBand != "under_14" {
		t.Errorf("%+v", f)
	}
	refusedAs(t, protocol.BadRequest)(p.put("/api/files/"+me.File+"/profile", protocol.ProfileSave{Sex: "?"}))
	refusedAs(t, protocol.GrantExpired)(other.put("/api/files/"+me.File+"/profile", who))
	got = read[protocol.CallPeople](t, p, path+"/people")
	if len(got.Reports) != 1 || got.Reports[0].Harm != "" || !got.Reports[0].NeedsGuardian {
		t.Fatalf("not asked about: %+v", got.Reports)
	}

	// Somebody else is at risk: two people; taken back, one again.
	got = answer200[protocol.CallPeople](t)(p.post(path+"/third", protocol.ThirdParty{On: true}))
	if len(got.People) != 2 || got.People[0].Role != "reporter" || got.People[1].Role != "at_risk" {
		t.Errorf("%+v", got.People)
	}
	at := got.People[1].Person
	plan := protocol.SafetySave{Call: call, Steps: protocol.SafetySteps{Signs: []string{"睡不着"}, Means: []string{"药交给姐姐"}}}
	if one := answer200[protocol.SafetyPlan](t)(p.put("/api/files/"+at.File+"/safety", plan)); one.Version != 1 || one.ByName != "咨询员一" {
		t.Errorf("%+v", one)
	}
	refusedAs(t, protocol.Stale)(boss.put("/api/files/"+at.File+"/safety", plan))
	// What is being written is there again for its author alone, and gone when it is saved.
	drafts := "/api/files/" + me.File + "/drafts"
	for _, kind := range []string{"safety", "profile"} {
		answer200[protocol.FileDraft](t)(p.put(drafts+"/"+kind, protocol.FileDraftSave{Base: 1, Rev: 5, Answers: json.RawMessage(`{"signs":"睡","region":"海"}`)}))
	}
	refusedAs(t, protocol.NotFound)(p.put(drafts+"/other", protocol.FileDraftSave{Rev: 5, Answers: json.RawMessage(`{}`)}))
	refusedAs(t, protocol.GrantExpired)(other.put(drafts+"/safety", protocol.FileDraftSave{Rev: 6, Answers: json.RawMessage(`{}`)}))
	for kind, body := range map[string]any{"drafts/safety": protocol.FileDraftSave{Rev: 5, Answers: json.RawMessage(`{}`)}, "safety": plan, "profile": who} {
		refusedAs(t, protocol.NotFound)(boss.put("/api/files/"+ulid.Make().String()+"/"+kind, body)) // of nobody
	}
	if own := read[protocol.FileDrafts](t, p, drafts); len(own.Drafts) != 2 {
		t.Errorf("%+v", own)
	}
	if hers := read[protocol.FileDrafts](t, boss, drafts); len(hers.Drafts) != 0 {
		t.Errorf("another's: %+v", hers)
	}
	if all := read[protocol.Unfinished](t, p, "/api/drafts"); len(all.Drafts) != 2 || all.Drafts[0].File != me.File {
		t.Errorf("%+v", all)
	}
	answer200[protocol.PersonFile](t)(p.put("/api/files/"+me.File+"/profile", who))
	answer200[protocol.FileDraft](t)(p.put(drafts+"/safety", protocol.FileDraftSave{}))
	if own := read[protocol.FileDrafts](t, p, drafts); len(own.Drafts) != 0 {
		t.Errorf("saved, given up, and still there: %+v", own)
	}
	if got = read[protocol.CallPeople](t, p, path+"/people"); got.Safety.Version != 1 || got.Safety.Steps.Means[0] != "药交给姐姐" {
		t.Errorf("the plan of whom the call is about: %+v", got.Safety)
	}
	plan.Base, plan.Steps = 1, protocol.SafetySteps{Coping: []string{"散步"}}
	answer200[protocol.SafetyPlan](t)(boss.put("/api/files/"+at.File+"/safety", plan))
	if one := answer200[protocol.SafetyPlan](t)(p.post("/api/files/"+at.File+"/safety/restore", protocol.SafetyRestore{Base: 2, Version: 1})); one.Version != 3 || one.Restored != 1 {
		t.Errorf("%+v", one)
	}
	if h := read[protocol.SafetyHistory](t, p, "/api/files/"+at.File+"/safety"); len(h.Versions) != 3 {
		t.Errorf("%+v", h)
	}
	refusedAs(t, protocol.CallTogether)(boss.post("/api/files/"+at.File+"/merge", protocol.FileMerge{Code: me.Code, Reason: "以为是同一人"}))
	if got = answer200[protocol.CallPeople](t)(p.post(path+"/third", protocol.ThirdParty{})); len(got.People) != 1 || got.People[0].Role != "caller" {
		t.Errorf("%+v", got.People)
	}

	// The caller chose a passphrase; another call, from a withheld number, is found by it and becomes the same person's.
	refusedAs(t, protocol.WeakPhrase)(p.put("/api/files/"+me.File+"/phrase", protocol.PhraseSave{Phrase: "你好"}))
	answer200[struct{}](t)(p.put("/api/files/"+me.File+"/phrase", protocol.PhraseSave{Phrase: "外婆的老槐树下"}))
	page := answer200[protocol.FilePage](t)(boss.post("/api/files/open", protocol.PersonSeek{Phrase: "外婆的，老槐树下"}))
	if page.Person.File != me.File || !page.Phrase || !page.MayMerge || len(page.Contacts) != 1 || page.Contacts[0].LineName != "青少年热线" {
		t.Errorf("%+v", page)
	}
	refusedAs(t, protocol.NotFound)(p.post("/api/files/open", protocol.PersonSeek{Phrase: "门前的河水很清"}))
	for _, e := range s.audit.entries {
		if strings.Contains(e.Reason+e.Object, "槐") {
			t.Errorf("a passphrase is in the audit: %+v", e)
		}
	}
	if got = answer200[protocol.CallPeople](t)(p.post(path+"/people", protocol.PersonLink{Code: at.Code})); got.People[0].Person.File != at.File {
		t.Errorf("the same person as: %+v", got.People)
	}
	refusedAs(t, protocol.NotFound)(p.post(path+"/people", protocol.PersonLink{Code: "ZZZ-ZZZ"}))
	for action, least := range map[string]int{persons.ActionFileView: 5, persons.ActionThirdParty: 2, persons.ActionFileLink: 2, persons.ActionFileProfile: 2, persons.ActionSafetySave: 4, persons.ActionFilePhrase: 2, persons.ActionFileSeek: 2} {
		if n := len(s.audit.of(action)); n < least {
			t.Errorf("%s: %d rows", action, n)
		}
	}
}

func TestAFileOfOthersIsOpenedForAReason(t *testing.T) {
	s := newSite(t, nil)
	p, boss := s.login("agent1"), s.login("supervisor1")
	one, two := s.left("", time.Time{}), s.left("", time.Time{})
	var file string
	for _, id := range []string{one, two} {
		f, err := s.persons.Files.Ensure(t.Context(), id, "u-x")
		if err != nil {
			t.Fatal(err)
		}
		file = f.ID
	}
	refusedAs(t, protocol.BadReason)(p.post("/api/files/open", protocol.PersonSeek{File: file}))
	page := answer200[protocol.FilePage](t)(p.post("/api/files/open", protocol.PersonSeek{File: file, Reason: "来电人要求查阅"}))
	if page.Grant == "" || page.MayMerge || len(page.Contacts) != 2 {
		t.Errorf("%+v", page)
	}
	if e := s.audit.of(persons.ActionFileView); len(e) != 1 || e[0].Reason != "来电人要求查阅" || e[0].Object != "file:"+file {
		t.Errorf("%+v", e)
	}
	answer200[protocol.PersonFile](t)(p.put("/api/files/"+file+"/profile", protocol.ProfileSave{Grant: page.Grant, Region: "海淀"}))
	refusedAs(t, protocol.Forbidden)(p.post("/api/files/"+file+"/merge", protocol.FileMerge{Code: "BKX-RDM", Reason: "同一个人"}))
	if status, _ := p.get("/api/calls/" + one + "/records?grant=" + page.Grant); status != 200 {
		t.Errorf("the records of a file that is open: %d", status)
	}
	if status, _ := p.get("/api/calls/" + one + "/records"); status != 403 {
		t.Errorf("…without the grant: %d", status)
	}

	// While it is on hold nothing leaves it.
	hold, err := s.retention.Put(t.Context(), storage.OfFile, file, "u-7", "法院来函")
	if err != nil {
		t.Fatal(err)
	}
	refusedAs(t, protocol.FileOnHold)(boss.post("/api/files/"+file+"/split", protocol.FileSplit{Calls: []string{two}, Reason: "是她女儿"}))
	for _, by := range []string{"u-7", "u-8"} {
		if _, err := s.retention.Lift(t.Context(), hold.ID, by); err != nil {
			t.Fatal(err)
		}
	}

	// Split, merged again with a preview, and undone.
	page = answer200[protocol.FilePage](t)(boss.post("/api/files/"+file+"/split", protocol.FileSplit{Calls: []string{two}, Reason: "是她女儿"}))
	if len(page.Contacts) != 1 || page.Acts[0].Kind != "split" || page.Acts[0].Reason != "是她女儿" || !page.Acts[0].Undoable {
		t.Fatalf("%+v", page)
	}
	child, split := page.Acts[0].OtherTo, page.Acts[0].Act
	if v := answer200[protocol.MergePreview](t)(boss.post("/api/files/"+file+"/merge/preview", protocol.FileMerge{Code: child})); v.FromCalls != 1 || v.IntoCalls != 1 || len(v.Together) != 0 {
		t.Errorf("%+v", v)
	}
	page = answer200[protocol.FilePage](t)(boss.post("/api/files/"+file+"/merge", protocol.FileMerge{Code: child, Reason: "还是一个人"}))
	if len(page.Contacts) != 2 || len(page.Parts) != 1 || page.Person.Code != child {
		t.Errorf("%+v", page)
	}
	merge := page.Acts[0].Act
	if page = answer200[protocol.FilePage](t)(boss.post("/api/files/acts/"+merge+"/undo", struct{}{})); len(page.Contacts) != 1 || page.Person.File != file {
		t.Errorf("%+v", page)
	}
	if page = answer200[protocol.FilePage](t)(boss.post("/api/files/acts/"+split+"/undo", struct{}{})); len(page.Contacts) != 2 {
		t.Errorf("%+v", page)
	}
	refusedAs(t, protocol.AlreadyClosed)(boss.post("/api/files/acts/"+split+"/undo", struct{}{}))
	if err := s.persons.Files.(interface {
		SetRisk(ctx context.Context, file, level string, version int64, by string, at time.Time) error
	}).SetRisk(t.Context(), file, "high", 1, boss.me.User, time.Now()); err != nil {
		t.Fatal(err)
	}
	if l := read[protocol.FileList](t, boss, "/api/files"); len(l.Files) != 1 || l.Files[0].Level != "high" || l.Files[0].LevelByName != "督导一" {
		t.Errorf("%+v", l)
	}
}

func TestRecordsAndDrafts(t *testing.T) {
	s := newSite(t, nil)
	p, other := s.login("agent1"), s.login("agent2")
	_, call := s.known(p, queue.TierNormal)
	path := "/api/calls/" + call + "/records"
	all := read[protocol.CallRecords](t, p, path)
	if len(all.Forms) != 3 || !all.MayWrite || all.Version == 0 {
		t.Fatalf("%+v", all)
	}
	draft := protocol.RecordSave{Version: all.Version, Rev: 1, Answers: json.RawMessage(`{"matter":"说睡不着"}`)}
	answer200[protocol.ContactRecord](t)(p.put(path+"/handling/draft", draft))
	refusedAs(t, protocol.NotYourCall)(other.put(path+"/handling/draft", draft))
	refusedAs(t, protocol.NotFound)(p.put(path+"/nothing/draft", draft))

	// The console dies; what was typed is there.
	addr := strings.TrimPrefix(s.base, "http://")
	s.halt()
	s.start(addr)
	if again := read[protocol.CallRecords](t, p, path); len(again.Drafts) != 1 || !strings.Contains(string(again.Drafts[0].Answers), "睡不着") || again.Drafts[0].Rev != 1 {
		t.Errorf("%+v", again.Drafts)
	}
	if d := read[protocol.Unfinished](t, p, "/api/drafts"); len(d.Drafts) != 1 || d.Drafts[0].Call != call {
		t.Errorf("%+v", d)
	}
	refusedAs(t, protocol.FormIncomplete)(p.put(path+"/handling", protocol.RecordSave{Version: all.Version, Answers: json.RawMessage(`{"matter":"说睡不着"}`)}))
	whole := protocol.RecordSave{Version: all.Version, Answers: json.RawMessage(`{"about":["sleep"],"matter":"说睡不着"}`)}
	if r := answer200[protocol.ContactRecord](t)(p.put(path+"/handling", whole)); r.ByName != "咨询员一" || r.Version != all.Version {
		t.Errorf("%+v", r)
	}
	if again := read[protocol.CallRecords](t, p, path); len(again.Drafts) != 0 || len(again.Records) != 1 {
		t.Errorf("%+v", again)
	}
	if h := read[protocol.RecordHistory](t, p, path+"/handling"); len(h.Records) != 1 || len(h.Forms) != 1 {
		t.Errorf("%+v", h)
	}
	answer200[protocol.ContactRecord](t)(p.put(path+"/registration/draft", protocol.RecordSave{Version: all.Version, Rev: 1, Answers: json.RawMessage(`{}`)}))
	answer200[struct{}](t)(p.post(path+"/registration/drop", struct{}{}))
	if d := read[protocol.Unfinished](t, p, "/api/drafts"); len(d.Drafts) != 0 {
		t.Errorf("%+v", d)
	}
}

func TestReportsAboutMinors(t *testing.T) {
	s := newSite(t, nil)
	p, other, boss := s.login("agent1"), s.login("agent2"), s.login("supervisor1")
	_, call := s.known(p, queue.TierNormal)
	b := boss.enter("")
	me := read[protocol.CallPeople](t, p, "/api/calls/"+call+"/people").People[0].Person
	answer200[protocol.PersonFile](t)(p.put("/api/files/"+me.File+"/profile", protocol.ProfileSave{Call: call, AgeBand: "14_17"}))
	b.until("it is a duty", func() bool { return b.duties.Reports == 1 })
	refusedAs(t, protocol.BadReason)(p.post("/api/calls/"+call+"/harm", protocol.HarmSay{File: me.File, Harm: "suspected"}))
	r := answer200[protocol.MinorReport](t)(p.post("/api/calls/"+call+"/harm", protocol.HarmSay{File: me.File, Harm: "suspected", Words: "说继父打他"}))
	if r.Harm != "suspected" || r.State != "open" || r.Code != me.Code {
		t.Fatalf("%+v", r)
	}
	refusedAs(t, protocol.AlreadyClosed)(p.post("/api/calls/"+call+"/harm", protocol.HarmSay{File: me.File, Harm: "none"}))
	path := "/api/reports/" + r.Report
	refusedAs(t, protocol.Forbidden)(other.get(path))
	if l := read[protocol.MinorReports](t, other, "/api/reports"); len(l.Reports) != 0 {
		t.Errorf("a counsellor sees another's: %+v", l)
	}
	answer200[protocol.MinorReport](t)(p.post(path+"/propose", protocol.ReportSay{What: "reported", Words: "110，已登记"}))
	refusedAs(t, protocol.SamePerson)(p.post(path+"/confirm", protocol.ReportSay{Words: "自己确认"}))
	refusedAs(t, protocol.NotFound)(p.post(path+"/dance", protocol.ReportSay{}))
	if l := read[protocol.MinorReports](t, boss, "/api/reports"); len(l.Reports) != 1 || l.Reports[0].ProposedByName != "咨询员一" {
		t.Errorf("%+v", l)
	}
	if r = answer200[protocol.MinorReport](t)(boss.post(path+"/confirm", protocol.ReportSay{Words: "已核对回执"})); r.State != "closed" {
		t.Errorf("%+v", r)
	}
	if acts := read[protocol.MinorReportActs](t, p, path); len(acts.Acts) != 4 || acts.Acts[1].Words != "说继父打他" || acts.Acts[3].ByName != "督导一" {
		t.Errorf("%+v", acts)
	}
	b.until("it is no duty any more", func() bool { return b.duties.Reports == 0 })
}

func TestANumberTakesTwo(t *testing.T) {
	s := newSite(t, nil)
	p, other, boss := s.login("agent1"), s.login("agent2"), s.login("supervisor1")
	g, call := s.known(p, queue.TierNormal)
	path := "/api/calls/" + call + "/number"
	why := protocol.NumberAsk{Reason: "家属来问，要核对"}

	// A supervisor who does not talk with the caller needs another; in a call that is not at risk no emergency helps.
	refusedAs(t, protocol.SecondPerson)(boss.post(path, why))
	refusedAs(t, protocol.SecondPerson)(boss.post(path, protocol.NumberAsk{Reason: "家属来问，要核对", Emergency: true}))
	refusedAs(t, protocol.NotYourCall)(other.post(path+"/ask", why))
	if n := answer200[protocol.RevealedNumber](t)(p.post(path, why)); !strings.Contains(n.Number, "0013") {
		t.Errorf("who talks with the caller: %+v", n)
	}
	// The call is over: its counsellor asks, the supervisor allows it.
	s.endCall(queue.CallID(call), queue.EndAnswered)
	g.state(queue.AgentWrapUp)
	refusedAs(t, protocol.SecondPerson)(p.post(path, why))
	b := boss.enter("")
	r := answer200[protocol.NumberReveal](t)(p.post(path+"/ask", why))
	b.until("it is a duty", func() bool { return b.duties.Reveals == 1 })
	look := "/api/reveals/" + r.Reveal
	refusedAs(t, protocol.RevealOver)(p.post(look+"/look", struct{}{}))
	refusedAs(t, protocol.Forbidden)(p.post(look+"/approve", struct{}{}))
	if l := read[protocol.NumberReveals](t, boss, "/api/reveals"); len(l.Reveals) != 1 || l.Reveals[0].Reason != why.Reason || l.Reveals[0].Yours {
		t.Errorf("%+v", l)
	}
	answer200[protocol.NumberReveal](t)(boss.post(look+"/approve", struct{}{}))
	before := len(s.audit.of(persons.ActionNumberReveal))
	for range 2 {
		answer200[protocol.RevealedNumber](t)(p.post(look+"/look", struct{}{}))
	}
	refusedAs(t, protocol.RevealOver)(boss.post(look+"/look", struct{}{}))
	if n := len(s.audit.of(persons.ActionNumberReveal)) - before; n != 2 {
		t.Errorf("%d looks in the audit", n)
	}
	if l := read[protocol.NumberReveals](t, p, "/api/reveals"); len(l.Reveals) != 1 || l.Reveals[0].Looks != 2 || l.Reveals[0].DecidedByName != "督导一" {
		t.Errorf("%+v", l)
	}
	// A supervisor's own wish is not decided by the same supervisor.
	own := answer200[protocol.NumberReveal](t)(boss.post(path+"/ask", why))
	refusedAs(t, protocol.SamePerson)(boss.post("/api/reveals/"+own.Reveal+"/approve", struct{}{}))
}

func TestANumberInAnEmergency(t *testing.T) {
	s := newSite(t, nil)
	p, boss := s.login("agent1"), s.login("supervisor1")
	g, call := s.known(p, queue.TierRed)
	if err := casework.NewLedger(s.db).Update(t.Context(), casework.CallRecord{ID: call, Danger: true}); err != nil {
		t.Fatal(err)
	}
	s.endCall(queue.CallID(call), queue.EndAnswered)
	g.state(queue.AgentWrapUp)
	path := "/api/calls/" + call + "/number"
	refusedAs(t, protocol.SecondPerson)(p.post(path, protocol.NumberAsk{Reason: "告知110定位"}))
	if n := answer200[protocol.RevealedNumber](t)(p.post(path, protocol.NumberAsk{Reason: "告知110定位", Emergency: true})); !strings.Contains(n.Number, "0013") {
		t.Errorf("%+v", n)
	}
	l := read[protocol.NumberReveals](t, boss, "/api/reveals")
	if len(l.Reveals) != 1 || l.Reveals[0].State != "emergency" || l.Reveals[0].Looks != 1 {
		t.Fatalf("%+v", l)
	}
	review := "/api/reveals/" + l.Reveals[0].Reveal + "/review"
	refusedAs(t, protocol.BadReason)(boss.post(review, protocol.RevealReview{Justified: true}))
	if r := answer200[protocol.NumberReveal](t)(boss.post(review, protocol.RevealReview{Justified: true, Reason: "属实，有录音"})); r.ReviewedByName != "督导一" {
		t.Errorf("%+v", r)
	}
	refusedAs(t, protocol.RevealOver)(boss.post(review, protocol.RevealReview{Justified: true, Reason: "属实，有录音"}))
	if e := s.audit.of(persons.ActionRevealReview); len(e) != 2 {
		t.Errorf("%+v", e)
	}
}

func TestACallThatWasNeverFiledIsPastAfterAWhile(t *testing.T) {
	s := newSite(t, nil)
	p := s.login("agent1")
	ended := func(ago time.Duration, danger bool) string {
		id := s.left(p.me.User, time.Time{})
		l := casework.NewLedger(s.db)
		if err := l.Update(t.Context(), casework.CallRecord{ID: id, Danger: danger, Talked: time.Now().Add(-ago - time.Minute)}); err != nil {
			t.Fatal(err)
		}
		if err := l.Close(t.Context(), id, casework.Closing{EndedAt: time.Now().Add(-ago), Outcome: casework.Answered}); err != nil {
			t.Fatal(err)
		}
		return id
	}
	const day = 24 * time.Hour
	for _, tt := range []struct {
		ago    time.Duration
		danger bool
		want   part.Part
	}{{time.Hour, false, part.Served}, {25 * time.Hour, false, part.Past}, {25 * time.Hour, true, part.Served}, {6 * day, true, part.Served}, {8 * day, true, part.Past}} {
		if got, err := s.server.partIn(t.Context(), queue.AgentID(p.me.User), ended(tt.ago, tt.danger)); err != nil || got != tt.want {
			t.Errorf("%s ago, danger %t: %d, %v", tt.ago, tt.danger, got, err)
		}
	}
}
