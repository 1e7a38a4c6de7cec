package agentui

import (
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"hotline/agentui/protocol"
	"hotline/agentui/users"
	"hotline/queue"
)

func TestLogin(t *testing.T) {
	s := newSite(t, nil)
	p := s.newPerson()
	for name, body := range map[string]any{
		"wrong password": protocol.Login{Username: "agent1", Password: "wrong"},
		"unknown":        protocol.Login{Username: "nobody-is-called-this", Password: "wrong"},
		"empty":          protocol.Login{},
	} {
		if status, text := p.post("/api/login", body); status != 401 || text != "{\"error\":\"bad_credentials\",\"params\":{}}\n" {
			t.Errorf("%s: %d %s", name, status, text)
		}
	}
	for name, body := range map[string]string{
		"not JSON": "x", "unknown field": `{"username":"a","password":"b","role":"administrator"}`, "two values": `{"username":"a","password":"b"}{}`,
	} {
		if status, _ := p.do("POST", "/api/login", strings.NewReader(body), http.Header{"Content-Type": {"application/json"}}); status != 400 {
			t.Errorf("%s: %d", name, status)
		}
	}
	long := `{"username":"` + strings.Repeat("a", bodyLimit) + `"}`
	if status, _ := p.do("POST", "/api/login", strings.NewReader(long), http.Header{"Content-Type": {"application/json"}}); status != 413 {
		t.Errorf("a long body: %d", status)
	}
	if status, _ := p.do("POST", "/api/login", strings.NewReader("{}"), http.Header{"Content-Type": {"text/plain"}}); status != 415 {
		t.Errorf("another content type: %d", status)
	}

	resp := p.raw("POST", "/api/login", strings.NewReader(`{"username":"Agent1","password":"`+passwordOf("agent1")+`"}`),
		http.Header{"Content-Type": {"application/json"}})
	_ = resp.Body.Close()
	cookie := resp.Cookies()[0]
	if cookie.Name != "hotline_session" || !cookie.HttpOnly || cookie.SameSite != http.SameSiteStrictMode || cookie.Secure || cookie.Path != "/" {
		t.Errorf("cookie %+v", cookie)
	}
	if status, body := p.get("/api/me"); status != 200 || !strings.Contains(body, `"username":"agent1","name":"咨询员一","role":"agent"`) {
		t.Errorf("me: %d %s", status, body)
	}
	if n := len(s.audit.of(ActionLoginFailed)); n != 3 {
		t.Errorf("%d failures in the audit trail", n)
	}
	if e := s.audit.of(ActionLogin); len(e) != 1 || e[0].Actor == "" || e[0].Role != users.Agent || e[0].Remote != "127.0.0.1" {
		t.Errorf("log-ins in the audit trail: %+v", e)
	}
	if status, _ := p.post("/api/logout", nil); status != 204 || len(s.audit.of(ActionLogout)) != 1 {
		t.Errorf("logout: %d", status)
	}
	s.audit.mu.Lock()
	s.audit.fail = errNoMedia
	s.audit.mu.Unlock()
	if status, _ := p.post("/api/login", protocol.Login{Username: "agent1", Password: passwordOf("agent1")}); status != 503 {
		t.Errorf("a log-in that the audit trail did not take: %d", status)
	}
	for _, private := range []string{"nobody-is-called-this", "agent1", "咨询员"} {
		if strings.Contains(s.logs.String(), private) {
			t.Errorf("the log holds %q", private)
		}
	}
}

func TestASignInThatEndsElsewhere(t *testing.T) {
	s := newSite(t, nil)
	p := s.login("agent1")
	at, err := url.Parse(s.base)
	if err != nil {
		t.Fatal(err)
	}
	kept := slices.DeleteFunc(p.http.Jar.Cookies(at), func(c *http.Cookie) bool { return c.Name != cookieName })
	if status, _ := p.post("/api/logout", nil); status != 204 {
		t.Fatal("logout")
	}
	p.http.Jar.SetCookies(at, kept)
	if status, _ := p.get("/api/me"); status != 401 || len(kept) != 1 {
		t.Errorf("a cookie after the log-out: %d", status)
	}
	q := s.login("agent2")
	u, err := s.users.ByName(t.Context(), "agent2")
	if err != nil {
		t.Fatal(err)
	}
	s.disable(u.ID)
	if status, _ := q.get("/api/me"); status != 401 {
		t.Errorf("a disabled person: %d", status)
	}
}

// TestLoginLimitsOneAddress stops the clock: hashing passwords can take longer than the limit takes to give way.
func TestLoginLimitsOneAddress(t *testing.T) {
	cfg := Config{LoginsPerAddress: 8}.withDefaults()
	l, now, from := newLoginLimits(cfg), time.Now(), netip.MustParseAddr("192.0.2.1")
	for i := range cfg.LoginsPerAddress {
		if wait := l.attempt(from, now); wait > 0 {
			t.Fatalf("attempt %d must wait %s", i+1, wait)
		}
	}
	if l.attempt(from, now) == 0 {
		t.Error("one address guessed at many names")
	}
	if l.attempt(netip.MustParseAddr("192.0.2.2"), now) != 0 {
		t.Error("another address must wait for it")
	}
	if l.attempt(from, now.Add(addressRefill)) != 0 {
		t.Error("the limit does not give way")
	}
}

func TestLoginLimitsANetwork(t *testing.T) {
	l := newLoginLimits(Config{}.withDefaults())
	now := time.Now()
	home := netip.MustParsePrefix("2001:db8::/64")
	for range 60 {
		l.attempt(home.Addr(), now)
	}
	if wait := l.attempt(netip.MustParseAddr("2001:db8::ffff"), now); wait <= 0 || wait > time.Second {
		t.Errorf("another address of the same network waits %s", wait)
	}
	if wait := l.attempt(netip.MustParseAddr("2001:db8::ffff"), now.Add(time.Minute)); wait != 0 {
		t.Errorf("after a minute: %s", wait)
	}
}

func TestASignInHasAnEnd(t *testing.T) {
	s := newSite(t, func(c *Config) { c.SessionLife, c.SessionLook = 3*time.Second, 100*time.Millisecond })
	p := s.login("agent1")
	g := p.enter("")
	g.until("the notice", func() bool { return len(g.notices) == 1 && g.notices[0] == "signed_out" })
	g.wantClosed(protocol.CloseSignedOut)
	if status, _ := p.get("/api/me"); status != 401 {
		t.Errorf("after its end: %d", status)
	}
	if a := s.agent(p.me.User); a.State != queue.AgentOffline {
		t.Errorf("still in the index: %s", a.State)
	}
}

func TestASignInDoesNotEndWithinACall(t *testing.T) {
	s := newSite(t, func(c *Config) { c.SessionLife, c.SessionLook = 6*time.Second, 100*time.Millisecond })
	p := s.login("agent1")
	over := time.Now().Add(6 * time.Second)
	g := p.enter("")
	g.available()
	id := s.call(queue.TierNormal)
	g.until("the offer", func() bool { return g.self.Offer != nil })
	g.must("accept", map[string]any{"offer": g.snap().Offer.Offer})
	g.state(queue.AgentTalking)
	s.until("the sign-in's end has passed", func() bool { return time.Now().After(over.Add(500 * time.Millisecond)) })
	if status, _ := p.get("/api/me"); status != http.StatusOK {
		t.Errorf("within the call, after the sign-in's end: %d", status)
	}
	g.must("mute", map[string]any{"muted": true})
	s.endCall(id, queue.EndAnswered)
	g.state(queue.AgentWrapUp)
	p.denies(string(id))
	g.must("wrapup_done", nil)
	g.wantClosed(protocol.CloseSignedOut)
}

func TestADisabledPersonIsPutOutButNotOutOfACall(t *testing.T) {
	s := newSite(t, func(c *Config) { c.SessionLook = 50 * time.Millisecond })
	p := s.login("agent1")
	g := p.enter("")
	g.available()
	id := s.call(queue.TierNormal)
	g.until("the offer", func() bool { return g.self.Offer != nil })
	g.must("accept", map[string]any{"offer": g.snap().Offer.Offer})
	g.state(queue.AgentTalking)
	s.disable(queue.AgentID(p.me.User))
	if status, _ := p.get("/api/me"); status != 401 {
		t.Errorf("by HTTP: %d", status)
	}
	g.must("mute", map[string]any{"muted": true}) // the call goes on
	s.endCall(id, queue.EndAnswered)
	g.wantClosed(protocol.CloseSignedOut)
}
