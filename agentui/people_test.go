package agentui

import (
	"context"
	"encoding/csv"
	"net/http"
	"strings"
	"testing"
	"time"

	"hotline/agentui/audit"
	"hotline/agentui/people"
	"hotline/agentui/protocol"
	"hotline/agentui/provider"
	"hotline/agentui/users"
	"hotline/casework"
	"hotline/test/ports"
)

func TestPeopleAreManaged(t *testing.T) {
	s := newSite(t, nil)
	boss := s.login("security1")
	made := parsed[protocol.GivenPassword](t, boss.mustPost("/api/people", protocol.NewPerson{Username: "Night.1", Name: "夜班一", Role: "agent", Locale: "zh-CN"}, 200, `"must_change":true`))
	boss.mustPost("/api/people", protocol.NewPerson{Username: "night.1", Name: "x", Role: "agent", Locale: "en"}, 409, "name_taken")
	boss.mustPost("/api/people", protocol.NewPerson{Username: "a b", Name: "x", Role: "agent", Locale: "en"}, 400, "bad_person")
	one := "/api/people/" + made.Person.User
	p := s.newPerson()
	p.mustPost("/api/login", protocol.Login{Username: "night.1", Password: made.Password}, 200, `"next":"password"`)
	p.mustPost("/api/account/password", protocol.PasswordChange{Current: made.Password, Password: made.Password}, 400, "weak_password")
	p.mustPost("/api/account/password", protocol.PasswordChange{Current: "wrong", Password: "my own password"}, 401, "bad_credentials")
	p.mustPost("/api/account/password", protocol.PasswordChange{Current: made.Password, Password: "my own password"}, 200, `"next":""`)
	save := protocol.SavePerson{Base: 1, Name: "夜班一", Role: "supervisor", Locale: "en", Note: "督导"}
	status, body := boss.put(one, save)
	boss.must(status, body, 200, `"version":2`)
	status, body = boss.put(one, save)
	boss.must(status, body, 409, `"stale","params":{"at":`)
	if status, _ := p.get("/api/me"); status != 401 {
		t.Errorf("another role, and still signed in as the old one: %d", status)
	}
	own := "/api/people/" + boss.me.User
	status, body = boss.put(own, protocol.SavePerson{Base: 1, Name: "安全员", Role: "supervisor", Locale: "en"})
	boss.must(status, body, 403, "own_role")
	status, body = boss.put(own, protocol.SavePerson{Base: 1, Name: "安全员甲", Role: "security", Locale: "en"})
	boss.must(status, body, 200, "安全员甲")
	boss.mustPost(one+"/restore", protocol.RestorePerson{Base: 2, Version: 1}, 200, `"role":"agent"`)
	boss.mustPost(one+"/restore", protocol.RestorePerson{Base: 3, Version: 7}, 404, "not_found")
	history := parsed[protocol.PersonHistory](t, func() string { _, b := boss.get(one + "/history"); return b }())
	if len(history.Versions) != 3 || history.Versions[0].Restored != 1 || history.Versions[1].ByName == "" || history.Versions[1].Note != "督导" {
		t.Errorf("%+v", history)
	}
	given := parsed[protocol.GivenPassword](t, boss.mustPost(one+"/password", nil, 200, `"must_change":true`))
	p.mustPost("/api/login", protocol.Login{Username: "night.1", Password: given.Password}, 200, `"next":"password"`)
	boss.mustPost("/api/people/u-01J0000000000000000000000Z/password", nil, 404, "not_found")
	lead := s.login("supervisor1")
	status, body = lead.put(one+"/work", protocol.SaveWork{Skills: map[string]int{"youth": 7}, Group: 1})
	lead.must(status, body, 200, `"skills":{"youth":7},"group":1`)
	status, body = lead.put(one+"/work", protocol.SaveWork{Skills: map[string]int{"youth": 70}})
	lead.must(status, body, 400, "bad_work")
	if status, body := lead.get(one + "/work"); status != 200 || strings.Count(body, `"version"`) != 2 {
		t.Errorf("%d %s", status, body)
	}
	for action, n := range map[string]int{people.ActionPersonAdd: 1, people.ActionPersonSave: 4, people.ActionPersonRestore: 2, people.ActionPersonPassword: 1, people.ActionPersonWork: 2, ActionPasswordChange: 1} {
		if got := len(s.audit.of(action)); got != n {
			t.Errorf("%s: %d rows in the audit trail, want %d", action, got, n)
		}
	}
	if strings.Contains(s.logs.String(), made.Password) {
		t.Error("the log holds a password")
	}
}

// What must not be done by who sits down at an open console asks for a fresh code.
func TestAFreshCode(t *testing.T) {
	s := newSite(t, nil)
	u, err := s.users.ByName(t.Context(), "security1")
	if err != nil {
		t.Fatal(err)
	}
	secret := s.enrol(u)
	boss := s.visit("security1")
	boss.mustPost("/api/login/code", protocol.Code6{Code: codeAt(t, secret, time.Now())}, 200, `"next":""`)
	who, err := s.users.ByName(t.Context(), "agent1")
	if err != nil {
		t.Fatal(err)
	}
	path := "/api/people/" + string(who.ID) + "/factor/reset"
	boss.mustPost(path, nil, 200, "agent1")
	if _, err := s.db.Exec(t.Context(), "UPDATE sessions SET factor_ms = factor_ms - ?", freshFor.Milliseconds()+1000); err != nil {
		t.Fatal(err)
	}
	boss.mustPost(path, nil, 403, "fresh_factor_needed")
	boss.mustPost("/api/account/prove", protocol.Code6{Code: "000000"}, 401, "bad_code")
	boss.mustPost("/api/account/prove", protocol.Code6{Code: codeAt(t, secret, time.Now().Add(30*time.Second))}, 200, `"next":""`)
	boss.mustPost(path, nil, 200, "agent1")
}

func TestTheAuditIsRead(t *testing.T) {
	s := newSite(t, nil)
	trail := casework.NewAudit(s.db)
	for _, e := range []casework.Entry{
		{Actor: "u-1", Action: "recording.access", Object: "recording:1", Reason: "=HYPERLINK(\"http://evil.example\")"},
		{Actor: "u-1", Action: "recording.play", Object: "recording:1", Reason: "复核, \"引号\""}, {Actor: "system", Action: "x", Reason: "+1"},
	} {
		if _, err := trail.Append(t.Context(), e); err != nil {
			t.Fatal(err)
		}
	}
	reader := s.login("auditor1")
	page := parsed[protocol.AuditPage](t, func() string { _, b := reader.get("/api/audit?action=recording.&actor=u-1"); return b }())
	if len(page.Rows) != 2 || page.More || page.Rows[0].Seq != 2 {
		t.Errorf("%+v", page)
	}
	for _, bad := range []string{"?from=x", "?before=-1", "?actor=" + strings.Repeat("x", 300)} {
		if status, _ := reader.get("/api/audit" + bad); status != 400 {
			t.Errorf("%s: %d", bad, status)
		}
	}
	resp := reader.raw("GET", "/api/audit/export", nil, nil)
	defer func() { _ = resp.Body.Close() }()
	if h := resp.Header; h.Get("Content-Type") != "text/csv; charset=utf-8" || !strings.HasPrefix(h.Get("Content-Disposition"), "attachment; filename=\"audit-") {
		t.Errorf("%v", h)
	}
	rows, err := csv.NewReader(resp.Body).ReadAll()
	if err != nil || len(rows) != 4 || rows[1][7] != "'+1" || rows[2][7] != "复核, \"引号\"" || rows[3][7] != "'=HYPERLINK(\"http://evil.example\")" {
		t.Errorf("%q, %v", rows, err)
	}
	if e := s.audit.of(audit.ActionAuditSearch); len(e) != 1 || e[0].Reason != "actor=u-1 action=recording." || e[0].Role != users.Auditor {
		t.Errorf("looking is in the audit trail as %+v", e)
	}
	if len(s.audit.of(audit.ActionAuditExport)) != 1 {
		t.Error("the export is not in the audit trail")
	}
}

// fakeProvider vouches for whom the test says.
type fakeProvider struct {
	identity provider.Identity
	begun    provider.Attempt
	finished provider.Attempt
	err      error
}

func (f *fakeProvider) Begin(_ context.Context, a provider.Attempt) (string, error) {
	f.begun = a
	return "https://login.example.org/authorize?state=" + a.State, f.err
}

func (f *fakeProvider) Finish(_ context.Context, a provider.Attempt, state, _ string) (provider.Identity, error) {
	f.finished = a
	if a.State == "" || a.State != state {
		return provider.Identity{}, errNoMedia
	}
	return f.identity, f.err
}

func TestSignInByAProvider(t *testing.T) {
	s := newSite(t, nil)
	f := &fakeProvider{}
	s.provider, s.cfg.ProviderName = f, "市统一身份"
	s.halt()
	s.start(ports.Address(t))
	stay := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	visit := func(id provider.Identity) (*person, string) {
		t.Helper()
		f.identity = id
		p := s.newPerson()
		p.http.CheckRedirect = stay
		resp := p.raw("GET", "/api/provider/start", nil, nil)
		_ = resp.Body.Close()
		cookie := resp.Cookies()[0]
		if resp.StatusCode != 303 || !strings.HasPrefix(resp.Header.Get("Location"), "https://login.example.org/") || cookie.SameSite != http.SameSiteLaxMode || !cookie.HttpOnly || cookie.Path != "/api/provider" {
			t.Fatalf("%d %v", resp.StatusCode, resp.Header)
		}
		back := p.raw("GET", "/api/provider/callback?code=x&state="+f.begun.State, nil, http.Header{"Sec-Fetch-Site": {"cross-site"}})
		_ = back.Body.Close()
		if back.StatusCode != 303 || f.finished != f.begun {
			t.Fatalf("%d %+v", back.StatusCode, f.finished)
		}
		for _, c := range back.Cookies() {
			if c.Name == cookieName && (c.SameSite != http.SameSiteStrictMode || !c.HttpOnly) {
				t.Errorf("the session's cookie: %+v", c)
			}
		}
		return p, back.Header.Get("Location")
	}
	p, to := visit(provider.Identity{Issuer: "i", Subject: "s1", Username: "Supervisor1", Roles: []users.Role{users.Supervisor}, Factor: true})
	if status, body := p.get("/api/me"); to != "/" || status != 200 || !strings.Contains(body, `"username":"supervisor1"`) || !strings.Contains(body, `"next":""`) {
		t.Errorf("%s, %d %s", to, status, body)
	}
	if _, to = visit(provider.Identity{Issuer: "i", Subject: "s2", Username: "supervisor1"}); to != "/#refused=provider_unknown" {
		t.Errorf("another subject by the same name: %s", to)
	}
	if _, to = visit(provider.Identity{Issuer: "i", Subject: "s3", Username: "nobody"}); to != "/#refused=provider_unknown" {
		t.Errorf("nobody: %s", to)
	}
	if _, to = visit(provider.Identity{Issuer: "i", Subject: "s4", Username: "admin1", Roles: []users.Role{users.Agent}}); to != "/#refused=provider_role" {
		t.Errorf("a role that is not granted: %s", to)
	}
	if n := len(s.audit.of(ActionProviderFailed)); n != 3 {
		t.Errorf("%d refusals in the audit trail", n)
	}
	u, err := s.users.ByName(t.Context(), "agent1")
	if err != nil {
		t.Fatal(err)
	}
	s.enrol(u)
	if p, _ = visit(provider.Identity{Issuer: "i", Subject: "s5", Username: "agent1"}); true {
		if _, body := p.get("/api/me"); !strings.Contains(body, `"next":"second_factor"`) {
			t.Errorf("a provider that says nothing of a second factor: %s", body)
		}
	}
	other := s.newPerson()
	other.http.CheckRedirect = stay
	resp := other.raw("GET", "/api/provider/callback?code=x&state="+f.begun.State, nil, nil)
	_ = resp.Body.Close()
	if resp.Header.Get("Location") != "/#refused=provider_failed" || len(resp.Cookies()) != 1 {
		t.Errorf("a browser that began nothing: %v", resp.Header)
	}
}
