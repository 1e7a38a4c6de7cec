package agentui

import (
	"strings"
	"testing"
	"time"

	"hotline/agentui/aftercare"
	"hotline/agentui/protocol"
	"hotline/casework/referrals"
	"hotline/storage/documents"
)

// What was said of a referral is read, and added to, by who has to do with the person: who talked with them, who has a task of theirs, and supervisors. A
// look that is refused shows nothing, changes nothing, and is nobody's entry in the trail.
func TestWhoOpensAReferral(t *testing.T) {
	s := newSite(t, nil)
	p, other, boss, admin := s.login("agent1"), s.login("agent2"), s.login("supervisor1"), s.login("admin1")
	ctx, call := t.Context(), p.served()
	file, err := s.persons.Files.Ensure(ctx, call, p.me.User)
	if err != nil {
		t.Fatal(err)
	}
	book := referrals.Directory{Services: []referrals.Service{{
		ID: "a", Level: referrals.City, Kind: referrals.Psychiatry, Names: documents.Words{"zh-CN": "市第七人民医院"}, Region: "杭州市", Open: []referrals.Opening{},
	}}}
	if status, body := admin.put("/api/admin/services", savingDocument(t, 0, "首批", book)); status != 200 {
		t.Fatalf("%d %s", status, body)
	}
	status, body := p.post("/api/calls/"+call+"/referrals", protocol.SendReferral{Request: "r", Service: "a", Note: "愿意去"})
	at := "/api/referrals/" + bodyOf[protocol.Referral](t, status, body, 200).Referral
	opens := func(step string, who *person, want int) {
		t.Helper()
		before := len(s.audit.of(aftercare.ActionReferralView))
		status, body := who.get(at)
		if status != want || want == 403 && (!strings.Contains(body, "not_your_person") || strings.Contains(body, "愿意去")) {
			t.Errorf("%s: %d %s", step, status, body)
		}
		if status, body = who.post(at+"/tell", protocol.TellReferral{State: "asked"}); status != want {
			t.Errorf("%s, telling: %d %s", step, status, body)
		}
		if looks := len(s.audit.of(aftercare.ActionReferralView)) - before; want == 403 && looks != 0 {
			t.Errorf("%s: %d looks in the trail", step, looks)
		}
	}
	opens("who sent them on", p, 200)
	opens("a supervisor", boss, 200)
	opens("who has nothing to do with them", other, 403)

	status, body = p.post("/api/calls/"+call+"/followups", protocol.PlanFollowUp{Series: true})
	owed := "/api/followups/" + bodyOf[protocol.FollowUps](t, status, body, 200).FollowUps[0].FollowUp
	assign := func(to *person) {
		t.Helper()
		if status, body := boss.post(owed+"/assign", protocol.AssignFollowUp{To: to.me.User}); status != 200 {
			t.Fatalf("%d %s", status, body)
		}
	}
	assign(other)
	opens("who owes them a follow-up", other, 200)
	assign(p)
	opens("who does so no more", other, 403)

	later := s.left("", time.Time{})
	if again, err := s.persons.Files.Ensure(ctx, later, p.me.User); err != nil || again.ID != file.ID {
		t.Fatalf("%+v, %v", again, err)
	}
	opens("whom somebody else talked with again", other, 403)
	mine := other.served()
	if again, err := s.persons.Files.Ensure(ctx, mine, other.me.User); err != nil || again.ID != file.ID {
		t.Fatalf("%+v, %v", again, err)
	}
	opens("who talked with them", other, 200)
}
