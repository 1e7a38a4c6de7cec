package agentui

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"hotline/agentui/page"
	"hotline/agentui/protocol"
	"hotline/agentui/users"
)

var update = flag.Bool("update", false, "write docs/permissions.md as the tables say")

// The two tables, endpoints() and commands(), are written into docs/permissions.md, where people read and review them. An endpoint or message that is new,
// gone or open to others than before fails here until it stands there, too: go test ./agentui -run TestPermissionsAreWritten -update
func TestPermissionsAreWritten(t *testing.T) {
	s := newSite(t, nil)
	const file = "../docs/permissions.md"
	want := permissions(s.server)
	if *update {
		if err := os.WriteFile(file, []byte(want), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Errorf("%s is not what the tables say; look at the difference, then run this test with -update\n%s", file, want)
	}
}

func permissions(s *Server) string {
	var b strings.Builder
	b.WriteString("# Who may do what\n\nWritten by `go test ./agentui -run TestPermissionsAreWritten -update` from the tables of the code, and checked against them and against\n" +
		"a running console in every test run. Whoever may not gets 401 `signed_out` or 403 `forbidden`.\n\n## Requests\n\n" +
		"*early*: also before a sign-in is whole: what then must come next (`second_factor`, `enrolment`, `password`) or the console being locked (`unlock`).\n" +
		"*fresh*: who has a second factor must have proved it in the last 15 minutes.\n\n| request |")
	for _, r := range users.Roles() {
		b.WriteString(" " + string(r) + " |")
	}
	b.WriteString(" others | early | fresh |\n| --- |" + strings.Repeat(" --- |", len(users.Roles())+3) + "\n")
	for _, e := range sortedEndpoints(s) {
		fmt.Fprintf(&b, "| `%s` |", e.Pattern)
		for _, r := range users.Roles() {
			b.WriteString(" " + yes(allowed(e, r)) + " |")
		}
		var early []string
		for _, n := range e.Early {
			early = append(early, string(n))
		}
		fmt.Fprintf(&b, " %s | %s | %s |\n", map[page.Access]string{page.Anyone: "anyone", page.Loopback: "this machine", page.Wall: "a display's link", page.Public: "a link for the public", page.Detector: "a detector's secret"}[e.Access], strings.Join(early, ", "), yes(e.Fresh))
	}
	b.WriteString("\n## Messages of the websocket\n\nA message about a call is moreover refused to who has no part in it. *locked*: also while the console is locked.\n\n| message |")
	for _, r := range users.Roles() {
		b.WriteString(" " + string(r) + " |")
	}
	b.WriteString(" locked |\n| --- |" + strings.Repeat(" --- |", len(users.Roles())+1) + "\n")
	for _, typ := range slices.Sorted(slices.Values(protocol.ClientTypes())) {
		fmt.Fprintf(&b, "| `%s` |", typ)
		for _, r := range users.Roles() {
			b.WriteString(" " + yes(s.commands[typ].allows(r)) + " |")
		}
		b.WriteString(" " + yes(whileCovered(typ)) + " |\n")
	}
	return b.String()
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return ""
}

func sortedEndpoints(s *Server) []endpoint {
	all := s.endpoints()
	slices.SortFunc(all, func(a, b endpoint) int {
		return strings.Compare(pathOf(a)+" "+a.Pattern, pathOf(b)+" "+b.Pattern)
	})
	return all
}

func pathOf(e endpoint) string { return e.Pattern[strings.LastIndex(e.Pattern, " ")+1:] }

// allowed tells whether a role is let in by an access.
func allowed(e endpoint, r users.Role) bool {
	switch e.Access {
	case page.Anyone, page.SignedIn, page.Loopback:
		return true
	case page.Nobody, page.Wall, page.Public, page.Detector:
		return false
	}
	return slices.Contains(e.Access.Roles(), r)
}

// visit signs a person in without the work of a password.
func (s *site) visit(username string) *person {
	s.t.Helper()
	u, err := s.users.ByName(s.t.Context(), username)
	if err != nil {
		s.t.Fatal(err)
	}
	w := httptest.NewRecorder()
	r := httptest.NewRequestWithContext(s.t.Context(), http.MethodPost, s.base+"/api/login", nil)
	r.RemoteAddr = "127.0.0.1:1"
	if _, err := s.server.startVisit(w, r, u, time.Time{}, false); err != nil {
		s.t.Fatal(err)
	}
	p := s.newPerson()
	at, err := url.Parse(s.base)
	if err != nil {
		s.t.Fatal(err)
	}
	p.http.Jar.SetCookies(at, w.Result().Cookies())
	p.me.User = string(u.ID)
	return p
}

// try sends a request that is well formed as far as its path goes.
func (p *person) try(e endpoint) (status int, code string) {
	p.s.t.Helper()
	return p.tryWith(e, http.Header{})
}

func (p *person) tryWith(e endpoint, h http.Header) (status int, code string) {
	p.s.t.Helper()
	method, path, ok := strings.Cut(e.Pattern, " ")
	if !ok {
		method, path = http.MethodGet, e.Pattern
	}
	path = strings.NewReplacer("{id}", "01J0000000000000000000000Z", "{n}", "1", "{user}", "01J0000000000000000000000Z", "{kind}", "x", "{name}", "x").Replace(path)
	var body io.Reader
	if method != http.MethodGet {
		body = strings.NewReader("{}")
		h.Set("Content-Type", "application/json")
	}
	resp := p.raw(method, path, body, h)
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(io.LimitReader(resp.Body, 4096))
	if err != nil {
		p.s.t.Fatal(err)
	}
	for _, c := range protocol.Codes() {
		if strings.HasPrefix(string(text), `{"error":"`+string(c)+`"`) {
			code = string(c)
		}
	}
	return resp.StatusCode, code
}

func usernameOf(r users.Role) string {
	return map[users.Role]string{users.Agent: "agent1", users.Supervisor: "supervisor1", users.Administrator: "admin1", users.Security: "security1", users.Auditor: "auditor1"}[r]
}

// What the table says holds at a running console: every endpoint, for every role and for nobody.
func TestEveryEndpointByRole(t *testing.T) {
	s := newSite(t, nil)
	for _, role := range users.Roles() {
		p := s.visit(usernameOf(role))
		for _, e := range sortedEndpoints(s.server) {
			if pathOf(e) == "/api/logout" || pathOf(e) == "/api/provider/start" || pathOf(e) == "/api/account/lock" {
				continue // below, and in tests of their own: they change who asks
			}
			status, code := p.try(e)
			refused := status == http.StatusForbidden && code == string(protocol.Forbidden) || status == http.StatusUnauthorized && code == string(protocol.SignedOut)
			if refused == allowed(e, role) {
				t.Errorf("%s by %s: %d %s", e.Pattern, role, status, code)
			}
		}
		if status, _ := p.try(endpoint{Endpoint: page.Endpoint{Pattern: "POST /api/logout"}}); status != http.StatusNoContent {
			t.Errorf("log-out of %s: %d", role, status)
		}
	}
	p := s.newPerson()
	for _, e := range s.server.endpoints() {
		status, code := p.try(e)
		open := e.Access == page.Anyone || e.Access == page.Loopback
		if out := status == http.StatusUnauthorized && code == string(protocol.SignedOut); out == open {
			t.Errorf("%s by nobody: %d %s", e.Pattern, status, code)
		}
	}
}

// A link opens what it was made for: what the other purpose opens is forbidden, all else is for people, and after it was taken back nothing is left.
func TestEveryEndpointByALink(t *testing.T) {
	s := newSite(t, nil)
	boss := s.login("supervisor1")
	for purpose, access := range map[string]page.Access{"wall": page.Wall, "public": page.Public} {
		status, text := boss.post("/api/walls", protocol.MakeWall{Name: "大厅", Purpose: purpose})
		made := decoded[protocol.WallMade](t, status, text)
		try := func(e endpoint) (int, string) {
			return s.newPerson().tryWith(e, http.Header{"Authorization": {"Bearer " + made.Secret}})
		}
		linked := func(e endpoint) bool { return e.Access == page.Wall || e.Access == page.Public }
		opened := 0
		for _, e := range s.server.endpoints() {
			status, code := try(e)
			switch {
			case e.Access == page.Anyone || e.Access == page.Loopback:
			case e.Access == access:
				opened++
				if status != http.StatusOK {
					t.Errorf("%s by a link of %s: %d %s", e.Pattern, purpose, status, code)
				}
			case linked(e):
				if status != http.StatusForbidden || code != string(protocol.Forbidden) {
					t.Errorf("%s by a link of %s: %d %s", e.Pattern, purpose, status, code)
				}
			case status != http.StatusUnauthorized || code != string(protocol.SignedOut):
				t.Errorf("%s by a link of %s: %d %s", e.Pattern, purpose, status, code)
			}
		}
		if opened != 1 {
			t.Errorf("a link of %s opens %d", purpose, opened)
		}
		if status, text := boss.post("/api/walls/"+made.Display+"/revoke", struct{}{}); status != http.StatusOK {
			t.Fatalf("%d %s", status, text)
		}
		for _, e := range s.server.endpoints() {
			if !linked(e) {
				continue
			}
			if status, code := try(e); status != http.StatusUnauthorized || code != string(protocol.SignedOut) {
				t.Errorf("%s by a link of %s that was taken back: %d %s", e.Pattern, purpose, status, code)
			}
		}
	}
}

// Before a sign-in is whole, and while it is locked, every endpoint but those that finish it is shut.
func TestEveryEndpointBeforeItsTime(t *testing.T) {
	s := newSite(t, func(c *Config) { c.FactorOptional = false })
	ctx := t.Context()
	people := map[protocol.Next]*person{}
	enrolled, err := s.users.ByName(ctx, "supervisor1")
	if err != nil {
		t.Fatal(err)
	}
	s.enrol(enrolled)
	people[protocol.NextFactor] = s.visit("supervisor1")
	people[protocol.NextEnrol] = s.visit("admin1")
	fresh, err := s.users.Admit(ctx, users.User{Username: "agent9", Name: "新人", Role: users.Agent}, "given by another", "cli:test", "")
	if err != nil {
		t.Fatal(err)
	}
	people[protocol.NextPassword] = s.visit(fresh.Username)
	people[protocol.NextUnlock] = s.visit("agent2")
	if status, _ := people[protocol.NextUnlock].post("/api/account/lock", nil); status != http.StatusNoContent {
		t.Fatalf("lock: %d", status)
	}
	for next, p := range people {
		if status, body := p.get("/api/me"); status != 200 || !strings.Contains(body, `"next":"`+string(next)+`"`) {
			t.Errorf("%s: %d %s", next, status, body)
		}
		for _, e := range s.server.endpoints() {
			if e.Access == page.Anyone || e.Access == page.Loopback || e.Access == page.Wall || e.Access == page.Public || e.Access == page.Detector || pathOf(e) == "/api/logout" {
				continue
			}
			status, code := p.try(e)
			wantStatus, wantCode := tooEarly(next)
			shut := status == wantStatus && code == string(wantCode) || status == http.StatusForbidden && code == string(protocol.Forbidden)
			if shut == slices.Contains(e.Early, next) {
				t.Errorf("%s while %s must come first: %d %s", e.Pattern, next, status, code)
			}
		}
	}
}

// Who may not come in any more, or is somebody else now, is nobody at the next request.
func TestEveryEndpointAfterTheEnd(t *testing.T) {
	s := newSite(t, nil)
	ctx := t.Context()
	disabled, demoted := s.visit("supervisor1"), s.visit("agent1")
	u, err := s.users.ByName(ctx, "supervisor1")
	if err != nil {
		t.Fatal(err)
	}
	s.disable(u.ID)
	boss := s.visit("security1")
	v, err := s.users.ByName(ctx, "agent1")
	if err != nil {
		t.Fatal(err)
	}
	if status, body := boss.put("/api/people/"+string(v.ID), protocol.SavePerson{Base: 1, Name: v.Name, Role: "auditor", Locale: "zh-CN"}); status != 200 {
		t.Fatalf("another role: %d %s", status, body)
	}
	for name, p := range map[string]*person{"disabled": disabled, "another role": demoted} {
		for _, e := range s.server.endpoints() {
			if e.Access == page.Anyone || e.Access == page.Loopback {
				continue
			}
			if status, code := p.try(e); status != http.StatusUnauthorized || code != string(protocol.SignedOut) {
				t.Errorf("%s, %s: %d %s", e.Pattern, name, status, code)
			}
		}
	}
}

// Every message, as the golden files give it, from every role; and while the console is locked.
func TestEveryMessageByRole(t *testing.T) {
	s := newSite(t, nil)
	for _, role := range users.Roles() {
		for _, locked := range []bool{false, true} {
			p := s.visit(usernameOf(role))
			for i, typ := range protocol.ClientTypes() {
				if typ == protocol.TypeHello {
					continue
				}
				if i%8 == 0 || locked { // ten refusals close a websocket
					p = s.visit(usernameOf(role))
				}
				g := p.open()
				if a := g.ask("hello", map[string]any{"takeover": true, "leg": ""}); a.Code != "" {
					t.Fatalf("hello: %s", a.Code)
				}
				g.until("the snapshot", func() bool { return g.snaps >= 1 })
				if locked {
					if status, _ := p.post("/api/account/lock", nil); status != http.StatusNoContent {
						t.Fatalf("lock: %d", status)
					}
					g.until("the cover", func() bool { return g.locked })
				}
				code := g.sayGolden(typ)
				_ = g.ws.Close()
				may := s.server.commands[typ].allows(role)
				if (code == string(protocol.Forbidden)) == may {
					t.Errorf("%s by %s: %q", typ, role, code)
				}
				if locked && may && (code == string(protocol.IsLocked)) == whileCovered(typ) {
					t.Errorf("%s by %s while locked: %q", typ, role, code)
				}
			}
		}
	}
}

// sayGolden sends the golden message of a type and returns the code of its refusal, empty for an ack.
func (g *view) sayGolden(typ protocol.Type) string {
	g.p.s.t.Helper()
	raw, err := os.ReadFile("protocol/golden/client_" + string(typ) + ".json")
	if err != nil {
		g.p.s.t.Fatal(err)
	}
	fields := map[string]any{}
	if err := json.Unmarshal(raw, &fields); err != nil {
		g.p.s.t.Fatal(err)
	}
	const id = 1_000_000
	fields["id"] = id
	if raw, err = json.Marshal(fields); err != nil {
		g.p.s.t.Fatal(err)
	}
	g.send(string(raw))
	g.until("the answer to "+string(typ), func() bool { _, ok := g.answers[id]; return ok })
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.answers[id].Code
}

// Every endpoint that changes something refuses a request that another site's page sent, whoever is signed in.
func TestEveryChangeIsOurOwnPages(t *testing.T) {
	s := newSite(t, nil)
	for _, role := range users.Roles() {
		p := s.visit(usernameOf(role))
		for _, e := range s.server.endpoints() {
			method, path, ok := strings.Cut(e.Pattern, " ")
			if !ok || method == http.MethodGet {
				continue
			}
			path = strings.NewReplacer("{id}", "01J0000000000000000000000Z", "{n}", "1").Replace(path)
			for _, h := range []http.Header{{"Origin": {"https://evil.example"}}, {"Sec-Fetch-Site": {"cross-site"}}, {"Sec-Fetch-Site": {"same-site"}}, {"Origin": {"null"}}} {
				h.Set("Content-Type", "application/json")
				if status, body := p.do(method, path, strings.NewReader("{}"), h); status != http.StatusForbidden || !strings.Contains(body, "cross_origin") {
					t.Errorf("%s from %v: %d %s", e.Pattern, h, status, body)
				}
			}
		}
	}
}
