package agentui

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"hotline/agentui/aftercare"
	"hotline/agentui/protocol"
	"hotline/casework"
	"hotline/casework/files"
	"hotline/casework/followups"
	"hotline/casework/referrals"
	"hotline/casework/shiftover"
	"hotline/queue"
	"hotline/storage"
	"hotline/storage/documents"
)

func openAftercare(ctx context.Context, db *storage.DB, keys *casework.Keys, tasks *casework.Callbacks) (a aftercare.Stores, err error) {
	always := casework.Hours{Zone: time.UTC}
	persons, err1 := files.Open(ctx, db, keys)
	follow, err2 := followups.Open(ctx, followups.Config{Zone: time.UTC, Hours: func(string) casework.Hours { return always }}, db, keys, tasks)
	refer, err3 := referrals.Open(ctx, db, keys)
	shift, err4 := shiftover.Open(ctx, db, keys, map[shiftover.Kind]shiftover.Source{shiftover.FollowUp: dueSoon{follow}})
	return aftercare.Stores{FollowUps: follow, Referrals: refer, Shiftover: shift, Files: persons}, errors.Join(err1, err2, err3, err4)
}

// dueSoon hands follow-ups over, as the program does.
type dueSoon struct{ store *followups.Store }

func (d dueSoon) Open(ctx context.Context) (out []shiftover.Case, err error) {
	all, err := d.store.High(ctx, 100)
	for _, f := range all {
		out = append(out, shiftover.Case{Kind: shiftover.FollowUp, ID: f.ID, Owner: f.Owner, Call: f.Call, Line: f.Line, What: f.Rule, Since: f.Planned, Due: f.Due})
	}
	return out, err
}

func (d dueSoon) Move(ctx context.Context, c shiftover.Case, to, _ string) error {
	_, err := d.store.Assign(ctx, c.ID, to, to)
	return err
}

// served writes a call that a person talked in.
func (p *person) served() string {
	p.s.t.Helper()
	call := p.s.left(p.me.User, time.Time{})
	l := casework.NewLedger(p.s.db)
	err := errors.Join(l.Update(p.s.t.Context(), casework.CallRecord{ID: call, Agent: p.me.User, Talked: time.Now()}), l.Close(p.s.t.Context(), call, casework.Closing{
		EndedAt: time.Now(), Outcome: casework.Answered, Talk: time.Minute, Cause: casework.Cause{By: casework.ByAgent},
	}))
	if err != nil {
		p.s.t.Fatal(err)
	}
	return call
}

func TestFollowUps(t *testing.T) {
	s := newSite(t, nil)
	p, other := s.login("agent1"), s.login("agent2")
	call := p.served()
	// Somebody who had nothing to do with the call does not plan for its caller.
	if status, body := other.post("/api/calls/"+call+"/followups", protocol.PlanFollowUp{Series: true}); status != 403 {
		t.Errorf("%d %s", status, body)
	}
	status, body := p.post("/api/calls/"+call+"/followups", protocol.PlanFollowUp{Series: true})
	made := bodyOf[protocol.FollowUps](t, status, body, 200)
	if len(made.FollowUps) != 5 || made.FollowUps[0].Rule != "24h" || made.FollowUps[0].Number != "138******00" || made.FollowUps[0].OwnerName != "咨询员一" {
		t.Fatalf("%s", body)
	}
	status, body = p.get("/api/calls/" + call + "/followups")
	of := bodyOf[protocol.CallFollowUps](t, status, body, 200)
	if len(of.FollowUps) != 5 || of.Wish.Consent != "not_asked" || of.Number != "138******00" {
		t.Errorf("%s", body)
	}
	wish := protocol.SaveWish{Consent: "given", Times: []protocol.Window{{Days: []int{}, From: 0, To: 1440}}, Number: "13900139000", Words: "只说是图书馆"}
	status, body = p.put("/api/calls/"+call+"/wish", wish)
	saved := bodyOf[protocol.Wish](t, status, body, 200)
	if !saved.HasNumber || saved.Words != "只说是图书馆" || strings.Contains(body, "13900139000") {
		t.Errorf("%s", body)
	}
	if status, body = p.put("/api/calls/"+call+"/wish", wish); status != 409 || !strings.Contains(body, "stale") {
		t.Errorf("%d %s", status, body)
	}
	id := made.FollowUps[0].FollowUp
	status, body = other.get("/api/followups/" + id)
	detail := bodyOf[protocol.FollowUpDetail](t, status, body, 200)
	if r := detail.Reach; r.Number != "139******00" || !r.Own || !r.Usable || !r.Now || r.Shown != "" || r.Wish.Words != "只说是图书馆" || len(detail.Events) != 2 {
		t.Errorf("%s", body)
	}
	if strings.Contains(body, "13900139000") {
		t.Errorf("the number went out: %s", body)
	}
	if e := s.audit.of(aftercare.ActionFollowUpView); len(e) != 2 || e[1].Object != "followup:"+id {
		t.Errorf("audit %+v", e)
	}
	// Pressed: a callback for who pressed, on the safe number.
	status, body = other.post("/api/followups/"+id+"/call", struct{}{})
	if f := bodyOf[protocol.FollowUp](t, status, body, 200); f.State != "calling" || f.OwnerName != "咨询员二" {
		t.Errorf("%s", body)
	}
	got, err := s.tasks.Claim(t.Context(), "c1", time.Minute, 1)
	if err != nil || len(got) != 1 || got[0].Tier != "followup" || got[0].Preferred != other.me.User {
		t.Fatalf("%+v, %v", got, err)
	}
	if status, body = p.post("/api/followups/"+id+"/call", struct{}{}); status != 409 || !strings.Contains(body, "task_busy") {
		t.Errorf("%d %s", status, body)
	}
	if err := errors.Join(s.tasks.Placed(t.Context(), got[0].Task, "c1", other.me.User), s.tasks.Reached(t.Context(), got[0].Task, "c1", other.me.User)); err != nil {
		t.Fatal(err)
	}
	status, body = p.get("/api/followups")
	if all := bodyOf[protocol.FollowUps](t, status, body, 200); len(all.FollowUps) != 5 || all.FollowUps[0].State != "talked" || all.FollowUps[0].Tries != 1 {
		t.Errorf("%s", body)
	}
	for _, bad := range []protocol.FinishFollowUp{{Why: "not_needed"}, {Why: "perhaps", Note: "不知道"}} {
		if status, body = other.post("/api/followups/"+id+"/finish", bad); status != 400 {
			t.Errorf("%+v: %d %s", bad, status, body)
		}
	}
	status, body = other.post("/api/followups/"+id+"/finish", protocol.FinishFollowUp{Why: "reached"})
	if f := bodyOf[protocol.FollowUp](t, status, body, 200); f.State != "done" || f.ClosedBy != "咨询员二" {
		t.Errorf("%s", body)
	}
	week := made.FollowUps[1].FollowUp
	due := time.Now().Add(50 * time.Hour).UnixMilli()
	status, body = p.post("/api/followups/"+week+"/move", protocol.MoveFollowUp{DueAt: due, Reason: "本人要求"})
	if f := bodyOf[protocol.FollowUp](t, status, body, 200); f.DueAt != due {
		t.Errorf("%s", body)
	}
	// A counsellor takes, a supervisor gives.
	if status, _ = p.post("/api/followups/"+week+"/assign", protocol.AssignFollowUp{To: other.me.User}); status != 403 {
		t.Errorf("%d", status)
	}
	boss := s.login("supervisor1")
	status, body = boss.post("/api/followups/"+week+"/assign", protocol.AssignFollowUp{To: other.me.User})
	if f := bodyOf[protocol.FollowUp](t, status, body, 200); f.Owner != other.me.User {
		t.Errorf("%s", body)
	}
	if status, _ = boss.post("/api/followups/"+week+"/assign", protocol.AssignFollowUp{To: "u-none"}); status != 400 {
		t.Errorf("%d", status)
	}
	// Refused: not called by anybody, and told so.
	status, body = boss.put("/api/followups/"+week+"/wish", protocol.SaveWish{Base: saved.Wish, Consent: "refused", Number: "="})
	if w := bodyOf[protocol.Wish](t, status, body, 200); w.Consent != "refused" || !w.HasNumber {
		t.Errorf("%s", body)
	}
	if status, body = boss.post("/api/followups/"+week+"/call", struct{}{}); status != 409 || !strings.Contains(body, "already_closed") {
		t.Errorf("%d %s", status, body)
	}
	one := protocol.PlanFollowUp{Request: "r1", DueAt: time.Now().Add(time.Hour).UnixMilli()}
	if status, body = p.post("/api/calls/"+call+"/followups", one); status != 200 || !strings.Contains(body, `"why":"refused"`) {
		t.Errorf("%d %s", status, body)
	}
	for _, path := range []string{"/api/followups/x/call", "/api/followups/" + newID() + "/call"} {
		if status, _ = p.post(path, struct{}{}); status != 404 {
			t.Errorf("%s: %d", path, status)
		}
	}
}

func TestReferrals(t *testing.T) {
	s := newSite(t, nil)
	p, admin := s.login("agent1"), s.login("admin1")
	call := p.served()
	day := []referrals.Opening{{Days: []int{}, From: "00:00", To: "00:00"}}
	book := referrals.Directory{Services: []referrals.Service{
		{ID: "a", Level: referrals.City, Kind: referrals.Psychiatry, Names: documents.Words{"zh-CN": "市第七人民医院"}, Region: "杭州市", Open: day},
		{ID: "b", Level: referrals.Community, Kind: referrals.Social, Names: documents.Words{"zh-CN": "翠苑社工站"}, Region: "杭州市西湖区", Open: []referrals.Opening{}},
	}}
	if status, body := admin.put("/api/admin/services", savingDocument(t, 0, "首批", book)); status != 200 {
		t.Fatalf("%d %s", status, body)
	}
	status, body := p.get("/api/services?q=社工&region=西湖")
	if found := bodyOf[protocol.Services](t, status, body, 200); len(found.Services) != 1 || found.Services[0].Open != "unknown" {
		t.Errorf("%s", body)
	}
	status, body = p.get("/api/services?open=now&kind=psychiatry")
	if found := bodyOf[protocol.Services](t, status, body, 200); len(found.Services) != 1 || found.Services[0].Open != "yes" || found.Services[0].Hours != "24h" {
		t.Errorf("%s", body)
	}
	status, body = p.post("/api/calls/"+call+"/referrals", protocol.SendReferral{Request: "r", Service: "a", Note: "愿意去"})
	sent := bodyOf[protocol.Referral](t, status, body, 200)
	if sent.State != "sent" || sent.Name != "市第七人民医院" {
		t.Errorf("%s", body)
	}
	if status, body = p.post("/api/calls/"+call+"/referrals", protocol.SendReferral{Request: "r2", Service: "z"}); status != 409 || !strings.Contains(body, "no_service") {
		t.Errorf("%d %s", status, body)
	}
	if status, body = p.post("/api/referrals/"+sent.Referral+"/tell", protocol.TellReferral{State: "accepted"}); status != 400 {
		t.Errorf("%d %s", status, body)
	}
	tell := protocol.TellReferral{State: "accepted", OnAt: time.Now().UnixMilli(), How: "service", Said: "门诊陈护士"}
	status, body = p.post("/api/referrals/"+sent.Referral+"/tell", tell)
	if r := bodyOf[protocol.Referral](t, status, body, 200); r.State != "accepted" || len(r.Reports) != 2 || r.Reports[1].Said != "门诊陈护士" || r.Reports[1].ByName != "咨询员一" {
		t.Errorf("%s", body)
	}
	for _, path := range []string{"/api/referrals", "/api/calls/" + call + "/referrals"} {
		status, body = p.get(path)
		if all := bodyOf[protocol.Referrals](t, status, body, 200); len(all.Referrals) != 1 {
			t.Errorf("%s: %s", path, body)
		}
	}
	if e := s.audit.of(aftercare.ActionReferralTell); len(e) != 2 || e[1].Reason != "accepted" {
		t.Errorf("audit %+v", e)
	}
	if status, body = p.get("/api/referrals/" + newID()); status != 404 {
		t.Errorf("%d %s", status, body)
	}
}

func TestShiftCases(t *testing.T) {
	s := newSite(t, nil)
	p, other, boss := s.login("agent1"), s.login("agent2"), s.login("supervisor1")
	page := other.enter("")
	call := p.served()
	if status, body := p.post("/api/calls/"+call+"/followups", protocol.PlanFollowUp{Series: true}); status != 200 {
		t.Fatalf("%d %s", status, body)
	}
	status, body := p.get("/api/shift/cases")
	mine := bodyOf[protocol.ShiftCases](t, status, body, 200)
	if len(mine.Cases) != 1 || mine.Cases[0].Kind != "followup" || mine.Cases[0].What != "24h" || mine.Cases[0].Here || len(mine.People) < 3 {
		t.Fatalf("%s", body)
	}
	c := mine.Cases[0]
	if _, body = other.get("/api/shift/cases"); strings.Contains(body, c.Case) {
		t.Errorf("somebody else's: %s", body)
	}
	if status, body = other.post("/api/shift/cases", protocol.OfferCase{Kind: c.Kind, Case: c.Case, To: other.me.User}); status != 403 {
		t.Errorf("%d %s", status, body)
	}
	status, body = p.post("/api/shift/cases", protocol.OfferCase{Kind: c.Kind, Case: c.Case, To: other.me.User, Note: "今晚九点"})
	offer := bodyOf[protocol.ShiftOffer](t, status, body, 200)
	page.until("the offer reaches the taker's page", func() bool { return page.duties.Handovers == 1 })
	if status, body = p.post("/api/shift/offers/"+offer.Offer+"/accept", struct{}{}); status != 403 {
		t.Errorf("%d %s", status, body)
	}
	if status, body = other.post("/api/shift/offers/"+offer.Offer+"/decline", protocol.Why{}); status != 400 {
		t.Errorf("%d %s", status, body)
	}
	status, body = other.post("/api/shift/offers/"+offer.Offer+"/accept", struct{}{})
	if o := bodyOf[protocol.ShiftOffer](t, status, body, 200); o.State != "accepted" {
		t.Errorf("%s", body)
	}
	status, body = boss.get("/api/shift/cases")
	all := bodyOf[protocol.ShiftCases](t, status, body, 200)
	if len(all.Cases) != 1 || all.Cases[0].Owner != other.me.User || len(all.Recent) != 1 {
		t.Errorf("%s", body)
	}
	if e := s.audit.of(aftercare.ActionShiftAccept); len(e) != 2 || e[1].Actor != queue.AgentID(other.me.User) {
		t.Errorf("audit %+v", e)
	}
}
