package agentui

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"hotline/agentui/protocol"
	"hotline/agentui/users"
	"hotline/queue"
)

// enrol gives a person a second factor and returns its secret.
func (s *site) enrol(u users.User) string {
	s.t.Helper()
	f := s.server.deps.Factors
	e, err := f.Begin(s.t.Context(), u)
	// A code of the step before, so that the present one is still unused.
	confirm := func() error {
		_, err := f.Confirm(s.t.Context(), u.ID, codeAt(s.t, e.Secret, time.Now().Add(-30*time.Second)))
		return err
	}
	if err == nil {
		err = confirm()
	}
	if errors.Is(err, users.ErrBadCode) { // a step ended meanwhile; two do not
		err = confirm()
	}
	if err != nil {
		s.t.Fatal(err)
	}
	return e.Secret
}

func codeAt(t *testing.T, secret string, at time.Time) string {
	t.Helper()
	code, err := totp.GenerateCode(secret, at)
	if err != nil {
		t.Fatal(err)
	}
	return code
}

func (p *person) must(status int, body string, want int, part string) {
	p.s.t.Helper()
	if status != want || !strings.Contains(body, part) {
		p.s.t.Errorf("%d %s, want %d with %s", status, body, want, part)
	}
}

func (p *person) mustPost(path string, body any, want int, part string) string {
	p.s.t.Helper()
	status, text := p.post(path, body)
	p.must(status, text, want, part)
	return text
}

// mustWaitAMinute posts what is refused for what is left of a minute: a busy machine has used some of it.
func (p *person) mustWaitAMinute(path string, body any) {
	p.s.t.Helper()
	refusal := parsed[struct {
		Params struct {
			After int `json:"retry_after_s"`
		}
	}](p.s.t, p.mustPost(path, body, 429, `"too_many_attempts"`))
	if after := refusal.Params.After; after < 30 || after > 60 {
		p.s.t.Errorf("to wait %d s", after)
	}
}

func parsed[T any](t *testing.T, text string) (v T) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// A supervisor's first sign-ins where a second factor is required: enrolment, then codes, a lost telephone, and a new one.
func TestSignInByTwoFactors(t *testing.T) {
	s := newSite(t, func(c *Config) { c.FactorOptional = false })
	login := protocol.Login{Username: "supervisor1", Password: passwordOf("supervisor1")}
	p := s.newPerson()
	p.mustPost("/api/login", login, 200, `"next":"enrolment"`)
	if _, resp, err := p.dial(); err == nil || resp.StatusCode != 403 {
		t.Errorf("a websocket before the enrolment: %v", err)
	}
	e := parsed[protocol.Enrolment](t, p.mustPost("/api/account/factor", nil, 200, `"qr":"data:image/png;base64,iVBOR`))
	p.mustPost("/api/account/factor/confirm", protocol.Code6{Code: "000000"}, 401, "bad_code")
	codes := parsed[protocol.RecoveryCodes](t, p.mustPost("/api/account/factor/confirm", protocol.Code6{Code: codeAt(t, e.Secret, time.Now())}, 200, "codes"))
	if status, body := p.get("/api/account"); status != 200 || !strings.Contains(body, `"second_factor":true,"required":true,"codes_left":10`) {
		t.Errorf("account: %d %s", status, body)
	}
	q := s.newPerson()
	q.mustPost("/api/login", login, 200, `"next":"second_factor"`)
	if status, body := q.get("/api/config"); status != 200 || !strings.Contains(body, `"ice_servers":[]`) {
		t.Errorf("config: %d %s", status, body)
	}
	code := codeAt(t, e.Secret, time.Now().Add(30*time.Second)) // of a telephone that is fast: the present one may be used
	q.mustPost("/api/login/code", protocol.Code6{Code: "12"}, 401, "bad_code")
	q.mustPost("/api/login/code", protocol.Code6{Code: code}, 200, `"next":""`)
	q.enter("")
	r := s.newPerson()
	r.mustPost("/api/login", login, 200, `"next":"second_factor"`)
	r.mustPost("/api/login/code", protocol.Code6{Code: code}, 401, "bad_code") // seen over a shoulder
	r.mustPost("/api/login/code", protocol.Code6{Code: codes.Codes[0]}, 200, `"next":""`)
	r.mustPost("/api/account/factor/remove", protocol.Code6{Code: codes.Codes[1]}, 200, `"next":"enrolment"`)
	if status, _ := q.get("/api/recordings"); status != 403 {
		t.Errorf("another sign-in goes on without a second factor: %d", status)
	}
	for _, want := range []string{ActionFactorEnrol, ActionFactor, ActionRecovery, ActionFactorRemove} {
		if len(s.audit.of(want)) == 0 {
			t.Errorf("%s is not in the audit trail", want)
		}
	}
	if strings.Contains(s.logs.String(), e.Secret) {
		t.Error("the log holds the secret")
	}
}

// Who knows the password cannot guess codes by signing in again and again.
func TestCodesCannotBeGuessed(t *testing.T) {
	s := newSite(t, nil)
	u, err := s.users.ByName(t.Context(), "supervisor1")
	if err != nil {
		t.Fatal(err)
	}
	s.enrol(u)
	for range 2 {
		p := s.newPerson()
		p.mustPost("/api/login", protocol.Login{Username: "supervisor1", Password: passwordOf("supervisor1")}, 200, "second_factor")
		p.mustPost("/api/login/code", protocol.Code6{Code: "000000"}, 401, "bad_code")
	}
	p := s.newPerson()
	p.mustPost("/api/login", protocol.Login{Username: "supervisor1", Password: passwordOf("supervisor1")}, 200, "second_factor")
	p.mustWaitAMinute("/api/login/code", protocol.Code6{Code: "000000"})
}

func TestLoginLimits(t *testing.T) {
	s := newSite(t, func(c *Config) { c.Locks.Failures = 3 })
	p := s.newPerson()
	for range 3 {
		p.mustPost("/api/login", protocol.Login{Username: "agent1", Password: "wrong"}, 401, "bad_credentials")
	}
	p.mustWaitAMinute("/api/login", protocol.Login{Username: " AGENT1", Password: passwordOf("agent1")})
	p.mustPost("/api/login", protocol.Login{Username: "agent2", Password: passwordOf("agent2")}, 200, "agent2")
	if e := s.audit.of(ActionAccountLocked); len(e) != 1 || e[0].Object == "" || e[0].Actor != "" {
		t.Errorf("in the audit trail: %+v", e)
	}
	boss := s.login("security1")
	if status, body := boss.get("/api/doors"); status != 200 || !strings.Contains(body, `"origin":"strangers"`) {
		t.Errorf("doors: %d %s", status, body)
	}
	u, err := s.users.ByName(t.Context(), "agent1")
	if err != nil {
		t.Fatal(err)
	}
	boss.mustPost("/api/people/"+string(u.ID)+"/unlock", nil, 200, `"locked_until":0`)
	p.mustPost("/api/login", protocol.Login{Username: "agent1", Password: passwordOf("agent1")}, 200, "agent1")
}

// A locked console gets nothing but what a call needs, and a call uncovers it.
func TestLock(t *testing.T) {
	s := newSite(t, nil)
	p, boss := s.login("agent1"), s.login("supervisor1")
	b := boss.enter("")
	g := p.enter("")
	g.available()
	b.until("the board", func() bool { return len(b.agents) == 1 })
	boss.mustPost("/api/account/lock", nil, 204, "")
	b.until("the cover", func() bool { return b.locked && b.snaps == 2 && len(b.agents) == 0 })
	if status, body := boss.get("/api/tasks"); status != 423 || !strings.Contains(body, `"locked"`) {
		t.Errorf("tasks while locked: %d %s", status, body)
	}
	seen := b.snap()
	boss.mustPost("/api/account/unlock", protocol.Unlock{Password: "wrong"}, 401, "bad_credentials")
	p.mustPost("/api/account/lock", nil, 204, "")
	g.until("the cover", func() bool { return g.locked })
	if got := b.snap(); !reflect.DeepEqual(got, seen) {
		t.Errorf("while locked: %+v", got)
	}
	// The agent is still available: the offer uncovers the page, the call goes on, and the cover is back at its end.
	id := s.call(queue.TierNormal)
	g.until("the offer", func() bool { return g.self.Offer != nil && !g.locked })
	g.must("accept", map[string]any{"offer": g.snap().Offer.Offer})
	g.state(queue.AgentTalking)
	if status, _ := p.get("/api/tasks"); status != 200 {
		t.Errorf("tasks within the call: %d", status)
	}
	p.mustPost("/api/account/lock", nil, 409, "in_call")
	s.endCall(id, queue.EndAnswered)
	g.until("the cover after the call", func() bool { return g.locked && g.self.State == string(queue.AgentWrapUp) })
	if a := g.ask("wrapup_done", nil); a.Code != "locked" {
		t.Errorf("wrap-up by who cannot prove who they are: %q", a.Code)
	}
	p.mustPost("/api/account/unlock", protocol.Unlock{Password: passwordOf("agent1")}, 204, "")
	g.until("the end of the cover", func() bool { return !g.locked })
	boss.mustPost("/api/account/unlock", protocol.Unlock{Password: passwordOf("supervisor1")}, 204, "")
	b.until("the board again", func() bool { return !b.locked && len(b.agents) == 1 })
}

// Nobody touches the console: it locks by the server's own clock, whatever the page says.
func TestIdleLock(t *testing.T) {
	s := newSite(t, func(c *Config) { c.IdleLock, c.SessionLook = 2*time.Second, 50*time.Millisecond })
	p := s.login("supervisor1")
	b := p.enter("")
	b.until("the cover", func() bool { return b.locked })
	if status, _ := p.get("/api/recordings"); status != 423 {
		t.Errorf("recordings: %d", status)
	}
	p.mustPost("/api/account/active", nil, 423, "locked")
	p.mustPost("/api/account/unlock", protocol.Unlock{Password: passwordOf("supervisor1")}, 204, "")
	b.until("the end of the cover", func() bool { return !b.locked })
}

// A sign-in that is ended by another closes its page at once, but never a call.
func TestRevoke(t *testing.T) {
	s := newSite(t, nil)
	boss, p, q := s.login("security1"), s.login("agent1"), s.login("agent2")
	g, h := p.enter(""), q.enter("")
	h.available()
	id := s.call(queue.TierNormal)
	h.until("the offer", func() bool { return h.self.Offer != nil })
	h.must("accept", map[string]any{"offer": h.snap().Offer.Offer})
	h.state(queue.AgentTalking)
	boss.mustPost("/api/people/"+p.me.User+"/sign-ins/revoke", protocol.Revoke{}, 200, `{"ended":1,"in_call":false}`)
	g.wantClosed(protocol.CloseSignedOut)
	list := parsed[protocol.SignIns](t, func() string { _, b := boss.get("/api/people/" + q.me.User + "/sign-ins"); return b }())
	if len(list.SignIns) != 1 || list.SignIns[0].Remote != "127.0.0.1" || !strings.HasPrefix(list.SignIns[0].Browser, "Go-http-client") {
		t.Fatalf("%+v", list)
	}
	boss.mustPost("/api/people/"+q.me.User+"/sign-ins/revoke", protocol.Revoke{ID: list.SignIns[0].ID}, 200, `{"ended":1,"in_call":true}`)
	h.must("mute", map[string]any{"muted": true}) // the call goes on
	if status, _ := q.get("/api/me"); status != 401 {
		t.Errorf("by HTTP: %d", status)
	}
	s.endCall(id, queue.EndAnswered)
	h.wantClosed(protocol.CloseSignedOut)
	r, again := s.login("agent1"), s.login("agent1")
	r.mustPost("/api/account/sign-ins/revoke", protocol.Revoke{}, 200, `"ended":1`)
	if status, _ := again.get("/api/me"); status != 401 {
		t.Errorf("one's other sign-in: %d", status)
	}
	if status, _ := r.get("/api/me"); status != 200 {
		t.Errorf("one's own: %d", status)
	}
}
