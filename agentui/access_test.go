package agentui

import (
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"hotline/agentui/protocol"
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

func TestRolesAtTheDoor(t *testing.T) {
	s := newSite(t, nil)
	recording := "/api/recordings/" + shelfCall
	for username, codes := range map[string][4]int{ // me, recordings, access, audio
		"":            {401, 401, 401, 401},
		"agent1":      {200, 200, 403, 403}, // none of their own,
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
	want := `{"locale":"zh-CN","locales":["zh-CN","en"],"reasons":["break","meal","training","meeting","technical"],"ice_servers":[],"codec":"PCMA","demo":true,"provider":"","idle_lock_ms":900000}` + "\n"
	if status, body := s.newPerson().get("/api/config"); status != 200 || body != want {
		t.Errorf("config: %d %s", status, body)
	}
	for name, c := range map[string]Config{
		"half a certificate": {TLSCert: "x"}, "odd origin": {Origins: []string{"console.example.org"}}, "odd locale": {Locale: "fr"},
		"odd codec": {Codec: "mp3"}, "negative time": {Grace: -1}, "times crossed": {Grace: time.Minute, AwayLimit: time.Second},
		"no room": {OutboxRows: -1},
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
		if got := s.cfg.TrustedProxies.Remote(r).String(); got != c.want {
			t.Errorf("%+v: %s", c, got)
		}
	}
}
