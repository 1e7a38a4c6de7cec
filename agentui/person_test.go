package agentui

import (
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/cookiejar"
	"strings"

	"hotline/agentui/protocol"
	"hotline/queue"
)

// person is a browser profile: cookies and HTTP.
type person struct {
	s    *site
	http *http.Client
	me   protocol.Me
}

func (s *site) newPerson() *person {
	jar, err := cookiejar.New(nil)
	if err != nil {
		s.t.Fatal(err)
	}
	transport := &http.Transport{}
	s.t.Cleanup(transport.CloseIdleConnections)
	return &person{s: s, http: &http.Client{Jar: jar, Transport: transport, Timeout: patience}}
}

func (s *site) login(username string) *person {
	s.t.Helper()
	p := s.newPerson()
	status, body := p.post("/api/login", protocol.Login{Username: username, Password: passwordOf(username)})
	if status != http.StatusOK {
		s.t.Fatalf("login of %s: %d %s", username, status, body)
	}
	if err := json.Unmarshal([]byte(body), &p.me); err != nil {
		s.t.Fatal(err)
	}
	return p
}

func (p *person) post(path string, body any) (int, string) {
	p.s.t.Helper()
	b, err := json.Marshal(body)
	if err != nil {
		p.s.t.Fatal(err)
	}
	return p.do(http.MethodPost, path, strings.NewReader(string(b)), http.Header{"Content-Type": {"application/json"}})
}

func (p *person) get(path string) (int, string) {
	p.s.t.Helper()
	return p.do(http.MethodGet, path, nil, nil)
}

func (p *person) do(method, path string, body io.Reader, header http.Header) (int, string) {
	p.s.t.Helper()
	resp := p.raw(method, path, body, header)
	defer func() { _ = resp.Body.Close() }()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		p.s.t.Fatal(err)
	}
	return resp.StatusCode, string(b)
}

func (p *person) raw(method, path string, body io.Reader, header http.Header) *http.Response {
	p.s.t.Helper()
	req, err := http.NewRequestWithContext(p.s.t.Context(), method, p.s.base+path, body)
	if err != nil {
		p.s.t.Fatal(err)
	}
	maps.Copy(req.Header, header)
	if host := req.Header.Get("Host"); host != "" {
		req.Host = host
	}
	resp, err := p.http.Do(req)
	if err != nil {
		p.s.t.Fatal(err)
	}
	return resp
}

// disable shuts a person out, as the security administrator does.
func (s *site) disable(id queue.AgentID) {
	s.t.Helper()
	u, err := s.users.ByID(s.t.Context(), id)
	if err == nil {
		to := u.Standing()
		to.Disabled = true
		_, err = s.users.Amend(s.t.Context(), id, u.Version, to, "cli:test", "", 0)
	}
	if err != nil {
		s.t.Fatal(err)
	}
}
