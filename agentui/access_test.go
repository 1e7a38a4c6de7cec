package agentui

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"hotline/agentui/protocol"
	"hotline/agentui/users"
)

func TestEveryMessageHasItsRow(t *testing.T) {
	table := commands()
	for _, typ := range protocol.ClientTypes() {
		c, ok := table[typ]
		if !ok || len(c.roles) == 0 {
			t.Errorf("message %s has no row of who may send it", typ)
		}
		if c.run == nil && typ != protocol.TypeHello {
			t.Errorf("message %s does nothing", typ)
		}
		for _, r := range c.roles {
			if !r.Valid() {
				t.Errorf("message %s: odd role %q", typ, r)
			}
		}
		delete(table, typ)
	}
	for typ := range table {
		t.Errorf("row %s belongs to no message", typ)
	}
}

func TestEveryEndpointHasItsRow(t *testing.T) {
	s := newSite(t, nil)
	want := map[string]access{
		"POST /api/login": accessAnyone, "POST /api/logout": accessSignedIn, "GET /api/me": accessSignedIn, "GET /api/config": accessAnyone,
		"GET /api/recordings": accessSupervisor, "POST /api/recordings/{id}/access": accessSupervisor,
		"GET /api/recordings/{id}/audio": accessSupervisor, "GET /healthz": accessAnyone, "GET /readyz": accessAnyone,
		"GET /metrics": accessLoopback, "GET /ws": accessSignedIn, "/api/": accessAnyone, "/": accessAnyone,
	}
	for _, e := range s.server.endpoints() {
		if e.access == accessNobody || e.access != want[e.pattern] {
			t.Errorf("%s: access %d, want %d", e.pattern, e.access, want[e.pattern])
		}
		delete(want, e.pattern)
	}
	if len(want) > 0 {
		t.Errorf("not served: %v", want)
	}
}

func TestRolesAtTheDoor(t *testing.T) {
	s := newSite(t, nil)
	recording := "/api/recordings/" + s.library.row.ID
	for username, codes := range map[string][4]int{ // me, recordings, access, audio
		"":            {401, 401, 401, 401},
		"agent1":      {200, 403, 403, 403},
		"admin1":      {200, 403, 403, 403},
		"supervisor1": {200, 200, 200, 403}, // no grant
	} {
		p := s.newPerson()
		if username != "" {
			p = s.login(username)
		}
		me, _ := p.get("/api/me")
		list, _ := p.get("/api/recordings")
		grant, _ := p.post(recording+"/access", protocol.Access{Reason: "督导复核"})
		audio, _ := p.get(recording + "/audio")
		if got := [4]int{me, list, grant, audio}; got != codes {
			t.Errorf("%q: %v, want %v", username, got, codes)
		}
	}
	if _, resp, err := s.newPerson().dial(); err == nil || resp.StatusCode != 401 {
		t.Errorf("websocket without a sign-in: %v", err)
	}
}

func TestWhatRolesMaySay(t *testing.T) {
	s := newSite(t, nil)
	admin := s.login("admin1").enter("")
	for i, frame := range []string{
		`{"type":"ready","id":%d}`, `{"type":"accept","id":%d,"offer":"a"}`, `{"type":"leg","id":%d,"offer":"v=0"}`, `{"type":"hangup","id":%d,"call":"a"}`,
	} {
		id := int64(100 + i)
		admin.send(fmt.Sprintf(frame, id))
		admin.until("the refusal", func() bool { return admin.answers[id].Code == "forbidden" })
	}
	if admin.snap().State != "offline" {
		t.Error("an administrator answers no calls")
	}
}

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
	kept := p.http.Jar.Cookies(at)
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
	if err := s.users.SetDisabled(t.Context(), u.ID, true); err != nil {
		t.Fatal(err)
	}
	if status, _ := q.get("/api/me"); status != 401 {
		t.Errorf("a disabled person: %d", status)
	}
}

func TestLoginLimits(t *testing.T) {
	s := newSite(t, func(c *Config) { c.LoginsPerUser, c.LoginsPerAddress = 3, 8 })
	p := s.newPerson()
	try := func(username, password string) (int, string) {
		return p.post("/api/login", protocol.Login{Username: username, Password: password})
	}
	for range 3 {
		if status, _ := try("agent1", "wrong"); status != 401 {
			t.Fatalf("too early: %d", status)
		}
	}
	status, body := try(" AGENT1", passwordOf("agent1"))
	if status != 429 || !strings.Contains(body, `"too_many_attempts","params":{"retry_after_s":`) {
		t.Errorf("fourth: %d %s", status, body)
	}
	if status, _ := try("agent2", passwordOf("agent2")); status != 200 {
		t.Errorf("another person: %d", status)
	}
	limited := false
	for i := range 10 {
		if status, _ := try(fmt.Sprint("guess", i), "wrong"); status == 429 {
			limited = true
		}
	}
	if !limited {
		t.Error("one address guessed at many names")
	}
}

func TestLoginLimitsInBoundedMemory(t *testing.T) {
	l := newLoginLimits(Config{}.withDefaults())
	now := time.Now()
	for i := range limitersKept + 500 {
		at := netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)})
		if wait := l.attempt(fmt.Sprint("user", i), at, now); wait != 0 {
			t.Fatal("limited")
		}
	}
	if n, m := l.users.order.Len(), len(l.addresses.byName); n != limitersKept || m != limitersKept {
		t.Errorf("%d users and %d addresses are kept", n, m)
	}
	home := netip.MustParsePrefix("2001:db8::/64")
	for i := range 60 {
		l.attempt(fmt.Sprint("x", i), home.Addr(), now)
	}
	if wait := l.attempt("y", netip.MustParseAddr("2001:db8::ffff"), now); wait <= 0 || wait > time.Second {
		t.Errorf("another address of the same network waits %s", wait)
	}
	if wait := l.attempt("y", netip.MustParseAddr("2001:db8::ffff"), now.Add(time.Minute)); wait != 0 {
		t.Errorf("after a minute: %s", wait)
	}
}

func TestCrossOrigin(t *testing.T) {
	s := newSite(t, func(c *Config) { c.Origins = []string{"https://console.example.org"} })
	p := s.login("agent1")
	for origin, want := range map[string]int{"https://evil.example": 403, "http://127.0.0.1:1": 403, s.base: 204, "": 204, "https://console.example.org": 204} {
		q := s.login("agent2")
		h := http.Header{}
		if origin != "" {
			h.Set("Origin", origin)
		}
		if status, _ := q.do("POST", "/api/logout", nil, h); status != want {
			t.Errorf("logout from %q: %d", origin, status)
		}
	}
	if status, body := p.do("POST", "/api/logout", nil, http.Header{"Sec-Fetch-Site": {"cross-site"}}); status != 403 || !strings.Contains(body, "cross_origin") {
		t.Errorf("a cross-site request: %d %s", status, body)
	}
	for origin, want := range map[string]int{
		"": 403, "null": 403, "https://evil.example": 403, s.base + ".evil.example": 403, "ftp" + s.base[4:]: 403, s.base + "/": 403,
		s.base: 101, "https://console.example.org": 101,
	} {
		h := http.Header{}
		if origin != "" {
			h.Set("Origin", origin)
		}
		d := websocket.Dialer{Jar: p.http.Jar}
		ws, resp, err := d.DialContext(t.Context(), "ws"+strings.TrimPrefix(s.base, "http")+"/ws", h)
		if resp == nil || resp.StatusCode != want {
			t.Errorf("websocket from %q: %v", origin, err)
		}
		if ws != nil {
			_ = ws.Close()
		}
	}
}

func TestHeaders(t *testing.T) {
	s := newSite(t, nil)
	p := s.newPerson()
	for _, path := range []string{"/", "/api/config", "/api/nothing", "/assets/app-0123abcd.js", "/nothing.js", "/healthz", "/ws"} {
		resp := p.raw("GET", path, nil, nil)
		_ = resp.Body.Close()
		policy := resp.Header.Get("Content-Security-Policy")
		for _, want := range []string{
			"default-src 'none'", "script-src 'self';", "connect-src 'self' ws://" + strings.TrimPrefix(s.base, "http://") + ";", "frame-ancestors 'none'",
			"base-uri 'none'",
		} {
			if !strings.Contains(policy, want) {
				t.Errorf("%s: policy %q lacks %q", path, policy, want)
			}
		}
		if strings.Contains(strings.SplitN(policy, "style-src", 2)[0], "unsafe") {
			t.Errorf("%s: inline scripts are allowed", path)
		}
		for name, want := range map[string]string{"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "X-Frame-Options": "DENY"} {
			if got := resp.Header.Get(name); got != want {
				t.Errorf("%s: %s %q", path, name, got)
			}
		}
	}
	odd := p.raw("GET", "/", nil, http.Header{"Host": {"x;script-src *"}})
	_ = odd.Body.Close()
	if policy := odd.Header.Get("Content-Security-Policy"); strings.Contains(policy, "script-src *") {
		t.Errorf("the Host header wrote the policy: %s", policy)
	}
}

func TestAssets(t *testing.T) {
	s := newSite(t, nil)
	p := s.newPerson()
	get := func(path, encoding string) (*http.Response, string) {
		resp := p.raw("GET", path, nil, http.Header{"Accept-Encoding": {encoding}})
		defer func() { _ = resp.Body.Close() }()
		b, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return resp, string(b)
	}
	for _, c := range []struct{ encoding, body, as string }{
		{"gzip, deflate, br", "brotli", "br"}, {"gzip", "gzip", "gzip"}, {"identity", "plain", ""}, {"br;q=0, gzip", "gzip", "gzip"},
	} {
		resp, body := get("/assets/app-0123abcd.js", c.encoding)
		h := resp.Header
		if body != c.body || h.Get("Content-Encoding") != c.as || h.Get("Content-Type") != "text/javascript; charset=utf-8" ||
			!strings.Contains(h.Get("Cache-Control"), "immutable") || h.Get("Vary") != "Accept-Encoding" {
			t.Errorf("%s: %q %v", c.encoding, body, h)
		}
	}
	for _, path := range []string{"/", "/board", "/recordings/list", "/index.html"} {
		resp, body := get(path, "identity")
		if resp.StatusCode != 200 || !strings.Contains(body, "<title>console") || resp.Header.Get("Cache-Control") != "no-cache" {
			t.Errorf("%s: %d %q %v", path, resp.StatusCode, body, resp.Header)
		}
		again := p.raw("GET", path, nil, http.Header{"If-None-Match": {resp.Header.Get("ETag")}, "Accept-Encoding": {"identity"}})
		_ = again.Body.Close()
		if again.StatusCode != 304 {
			t.Errorf("%s again: %d", path, again.StatusCode)
		}
	}
	for path, want := range map[string]int{"/missing.js": 404, "/api/missing": 404, "/assets/": 200} {
		if resp, _ := get(path, "identity"); resp.StatusCode != want {
			t.Errorf("%s: %d", path, resp.StatusCode)
		}
	}
	if status, _ := p.do("DELETE", "/", nil, nil); status != 405 {
		t.Errorf("DELETE: %d", status)
	}
}

func TestHealthAndFigures(t *testing.T) {
	s := newSite(t, nil)
	p := s.newPerson()
	if status, body := p.get("/healthz"); status != 200 || body != "{\"status\":\"ok\"}\n" {
		t.Errorf("healthz: %d %s", status, body)
	}
	if status, body := p.get("/metrics"); status != 200 || !strings.Contains(body, "hotline_console_gateways_connected 1") {
		t.Errorf("metrics: %d %s", status, body)
	}
	for _, header := range []string{"X-Forwarded-For", "Forwarded", "Via", "X-Real-Ip"} {
		if status, _ := p.do("GET", "/metrics", nil, http.Header{header: {"127.0.0.1"}}); status != 404 {
			t.Errorf("metrics through a proxy (%s): %d", header, status)
		}
	}
	if err := s.db.Close(); err != nil {
		t.Fatal(err)
	}
	if status, body := p.get("/readyz"); status != 503 || body != "{\"status\":\"unready\",\"checks\":{\"database\":\"failed\"}}\n" {
		t.Errorf("readyz without a database: %d %s", status, body)
	}
}

func TestConfig(t *testing.T) {
	s := newSite(t, func(c *Config) { c.Demo = true })
	want := `{"locale":"zh-CN","locales":["zh-CN","en"],"reasons":["break","meal","training","meeting","technical"],"ice_servers":[],"codec":"PCMA","demo":true}` + "\n"
	if status, body := s.newPerson().get("/api/config"); status != 200 || body != want {
		t.Errorf("config: %d %s", status, body)
	}
	for name, c := range map[string]Config{
		"half a certificate": {TLSCert: "x"}, "odd origin": {Origins: []string{"console.example.org"}}, "odd locale": {Locale: "fr"},
		"odd codec": {Codec: "mp3"}, "negative time": {Grace: -1}, "times crossed": {Grace: time.Minute, AwayLimit: time.Second},
		"no room": {OutboxRows: -1}, "ICE without address": {ICEServers: []protocol.ICEServer{{}}},
	} {
		if c.Validate() == nil {
			t.Errorf("%s was accepted", name)
		}
	}
	if err := (Config{}).Validate(); err != nil {
		t.Errorf("the zero configuration: %v", err)
	}
	if _, err := New(Config{}, Deps{}); err == nil {
		t.Error("a console of nothing was built")
	}
}

func TestRemote(t *testing.T) {
	s := &Server{cfg: Config{TrustedProxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("10.0.0.0/8")}}}
	for _, c := range []struct {
		from, forwarded, want string
	}{
		{"192.0.2.1:5", "198.51.100.9", "192.0.2.1"}, // nobody we trust said so
		{"127.0.0.1:5", "", "127.0.0.1"},
		{"127.0.0.1:5", "198.51.100.9", "198.51.100.9"},
		{"127.0.0.1:5", "6.6.6.6, 198.51.100.9, 10.1.1.1", "198.51.100.9"},
		{"127.0.0.1:5", "garbage", "127.0.0.1"},
		{"[::ffff:127.0.0.1]:5", "2001:db8::1", "2001:db8::1"},
	} {
		r := &http.Request{RemoteAddr: c.from, Header: http.Header{"X-Forwarded-For": {c.forwarded}}}
		if got := s.remote(r).String(); got != c.want {
			t.Errorf("%+v: %s", c, got)
		}
	}
}

func TestRecordings(t *testing.T) {
	s := newSite(t, nil)
	p := s.login("supervisor1")
	id := s.library.row.ID
	if status, body := p.get("/api/recordings?before=1800000000000&limit=1"); status != 200 || !strings.Contains(body, `"duration_ms":91000,"complete":true`) {
		t.Errorf("list: %d %s", status, body)
	}
	if _, body := p.get("/api/recordings?before=1600000000000"); body != "{\"recordings\":[]}\n" {
		t.Errorf("list before all: %s", body)
	}
	for _, query := range []string{"?limit=0", "?limit=201", "?limit=x", "?before=-1", "?before=x"} {
		if status, _ := p.get("/api/recordings" + query); status != 400 {
			t.Errorf("%s: %d", query, status)
		}
	}
	for reason, want := range map[string]int{"": 400, "ab": 400, "  a  ": 400, strings.Repeat("长", 501): 400, strings.Repeat("长", 500): 200} {
		if status, _ := p.post("/api/recordings/"+id+"/access", protocol.Access{Reason: reason}); status != want {
			t.Errorf("reason of %d bytes: %d", len(reason), status)
		}
	}
	for _, other := range []string{"x", "..%2f..%2fetc", newID()} {
		if status, _ := p.post("/api/recordings/"+other+"/access", protocol.Access{Reason: "督导复核"}); status != 404 {
			t.Errorf("recording %q: %d", other, status)
		}
	}
	before := len(s.audit.of(ActionRecordingAccess))
	var grant protocol.Grant
	s.grant(p, id, &grant)
	if e := s.audit.of(ActionRecordingAccess); len(e) != before+1 || e[before].Reason != "督导复核" || e[before].Object != id || string(e[before].Actor) != p.me.User {
		t.Errorf("access in the audit trail: %+v", e)
	}
	if len(s.audit.of(ActionRecordingPlay)) != 0 {
		t.Error("play was written before anything was played")
	}

	resp := p.raw("GET", grant.URL, nil, http.Header{"Range": {"bytes=4-7"}})
	b, _ := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	if resp.StatusCode != 206 || string(b) != "data" || resp.Header.Get("Content-Range") != "bytes 4-7/8000" ||
		resp.Header.Get("Cache-Control") != "no-store" || resp.Header.Get("Content-Type") != "audio/wav" {
		t.Errorf("range: %d %q %v", resp.StatusCode, b, resp.Header)
	}
	if status, body := p.get(grant.URL); status != 200 || len(body) != 8000 {
		t.Errorf("whole: %d, %d bytes", status, len(body))
	}
	if e := s.audit.of(ActionRecordingPlay); len(e) != 1 || e[0].Object != id {
		t.Errorf("plays in the audit trail: %+v", e)
	}
	for name, url := range map[string]string{
		"no grant": "/api/recordings/" + id + "/audio", "a bent grant": grant.URL[:len(grant.URL)-2] + "AA", "another recording": strings.Replace(grant.URL, id, newID(), 1),
	} {
		if status, _ := p.get(url); status != 403 {
			t.Errorf("%s: %d", name, status)
		}
	}
	if status, _ := s.login("supervisor1").get(grant.URL); status != 403 {
		t.Errorf("the grant in another sign-in: %d", status)
	}

	s.grant(p, id, &grant)
	s.audit.mu.Lock()
	s.audit.fail = errNoMedia
	s.audit.mu.Unlock()
	if status, body := p.get(grant.URL); status != 503 || strings.Contains(body, "RIFF") {
		t.Errorf("speech without an audit row: %d", status)
	}
}

// grant asks for access to a recording.
func (s *site) grant(p *person, id string, into *protocol.Grant) {
	s.t.Helper()
	status, body := p.post("/api/recordings/"+id+"/access", protocol.Access{Reason: "督导复核"})
	if err := json.Unmarshal([]byte(body), into); status != 200 || err != nil {
		s.t.Fatalf("access: %d %s", status, body)
	}
	if left := time.Until(time.UnixMilli(into.ExpiresAt)); left < 9*time.Minute || left > 10*time.Minute {
		s.t.Errorf("access for %s", left)
	}
}

func TestGrantsEnd(t *testing.T) {
	key, now := []byte("key"), time.Now()
	g := newGrant(key, "r", now.Add(time.Minute))
	if !validGrant(key, g, "r", now) || validGrant(key, g, "r", now.Add(time.Minute)) || validGrant(nil, g, "r", now) || validGrant(key, "", "r", now) {
		t.Error("a grant holds for its time and its sign-in only")
	}
	p := newPlayedGrants()
	for i := range grantsKept + 10 {
		if err := p.once(fmt.Sprint(i), func() error { return nil }); err != nil {
			t.Fatal(err)
		}
	}
	if len(p.seen) != grantsKept || slices.Contains(p.order, "0") {
		t.Errorf("%d grants are remembered", len(p.seen))
	}
}
