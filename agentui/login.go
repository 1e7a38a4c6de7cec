package agentui

import (
	"context"
	"crypto/rand"
	"errors"
	"math"
	"net/http"
	"time"

	"hotline/agentui/page"
	"hotline/agentui/protocol"
	"hotline/agentui/users"
)

// Actions of signing in.
const (
	ActionLogin          = "login"        // the password was right, or a provider vouched
	ActionLoginFailed    = "login_failed" // or a code was wrong
	ActionLogout         = "logout"
	ActionFactor         = "second_factor"          // proved
	ActionRecovery       = "second_factor.recovery" // proved by a recovery code
	ActionAccountLocked  = "account.locked"         // too many failures at one of its doors
	ActionProviderFailed = "login_failed.provider"
)

const (
	deviceCookie = "hotline_device" // by which a browser is known at its next sign-in; it opens nothing
	deviceLife   = 90 * 24 * time.Hour
)

func (s *Server) login(w http.ResponseWriter, r *http.Request, _ *page.Visitor) {
	var body protocol.Login
	if !s.clerk.Read(w, r, &body) {
		return
	}
	k := users.Knock{Username: body.Username, Address: s.cfg.TrustedProxies.Remote(r), Device: deviceOf(r)}
	if wait := s.logins.attempt(k.Address, time.Now()); wait > 0 {
		s.tooMany(w, wait)
		return
	}
	if u, err := s.deps.Users.ByName(r.Context(), body.Username); err == nil && !u.Disabled {
		k.User = u.ID
	} else if err != nil && !errors.Is(err, users.ErrNotFound) {
		s.clerk.Unavailable(w, r, err)
		return
	}
	var u users.User
	if !s.knock(w, r, &k, func() (err error) {
		u, err = s.deps.Users.Authenticate(r.Context(), body.Username, body.Password)
		return err
	}) {
		return
	}
	s.welcome(w, r, k, u, time.Time{}, false, func(v *visitor) { s.clerk.Reply(w, http.StatusOK, meOf(v)) })
}

// knock counts an attempt, makes it, and says what came of it; it has answered when it returns false.
func (s *Server) knock(w http.ResponseWriter, r *http.Request, k *users.Knock, try func() error) bool {
	wait, shut, err := s.locks.Take(r.Context(), k)
	if err != nil {
		s.clerk.Unavailable(w, r, err)
		return false
	}
	if wait > 0 {
		s.tooMany(w, wait)
		return false
	}
	err = try()
	if err == nil {
		return true
	}
	code := protocol.BadCredentials
	switch {
	case errors.Is(err, users.ErrBadCode):
		code = protocol.BadCode
	case !errors.Is(err, users.ErrBadCredentials):
		s.clerk.Unavailable(w, r, err)
		return false
	}
	s.metrics.logins.WithLabelValues("refused").Inc()
	// Never what was typed as a username: people type their passwords into that field.
	entry := page.Entry{At: time.Now(), Action: ActionLoginFailed, Remote: k.Address.String()}
	if k.User != "" {
		entry.Object = "user:" + string(k.User)
	}
	err = s.deps.Audit.Append(r.Context(), entry)
	if err == nil && shut && k.User != "" {
		entry.Action = ActionAccountLocked
		err = s.deps.Audit.Append(r.Context(), entry)
	}
	if err != nil {
		s.clerk.Unavailable(w, r, err)
		return false
	}
	s.clerk.Fail(w, http.StatusUnauthorized, code, nil)
	return false
}

func (s *Server) tooMany(w http.ResponseWriter, wait time.Duration) {
	s.metrics.logins.WithLabelValues("limited").Inc()
	s.clerk.Fail(w, http.StatusTooManyRequests, protocol.TooManyAttempts, protocol.Params{"retry_after_s": int(math.Ceil(wait.Seconds()))})
}

// welcome begins the sign-in of a person who proved enough for that, and answers.
func (s *Server) welcome(w http.ResponseWriter, r *http.Request, k users.Knock, u users.User, factor time.Time, byProvider bool, answer func(*visitor)) {
	entry := page.Entry{At: time.Now(), Actor: u.ID, Role: u.Role, Action: ActionLogin, Remote: k.Address.String()}
	if err := s.deps.Audit.Append(r.Context(), entry); err != nil {
		s.clerk.Unavailable(w, r, err)
		return
	}
	v, err := s.startVisit(w, r, u, factor, byProvider)
	if err == nil && v.next != protocol.NextFactor { // else whoever knows a password could guess codes without an end
		err = s.arrived(w, r, k, v)
	}
	if err != nil {
		s.clerk.Unavailable(w, r, err)
		return
	}
	s.metrics.logins.WithLabelValues("accepted").Inc()
	s.directory.learn(u)
	answer(v)
}

// arrived forgets the failures on the way in. A browser whose person is wholly signed in is known from now on.
func (s *Server) arrived(w http.ResponseWriter, r *http.Request, k users.Knock, v *visitor) error {
	device := ""
	if !unfinished(v.next) {
		if device = deviceOf(r); device == "" {
			device = rand.Text()
		}
		http.SetCookie(w, &http.Cookie{
			Name: deviceCookie, Value: device, Path: "/", HttpOnly: true, Secure: s.cfg.secure(), SameSite: http.SameSiteStrictMode, MaxAge: int(deviceLife.Seconds()),
		})
	}
	return s.locks.Succeeded(r.Context(), k, device)
}

// deviceOf is what the browser kept of an earlier sign-in.
func deviceOf(r *http.Request) string {
	c, err := r.Cookie(deviceCookie)
	if err != nil || len(c.Value) != len(rand.Text()) {
		return ""
	}
	return c.Value
}

// loginCode is the second step of a sign-in.
func (s *Server) loginCode(w http.ResponseWriter, r *http.Request, v *visitor) {
	k, ok := s.takeCode(w, r, v)
	if !ok {
		return
	}
	if err := s.arrived(w, r, k, v); err != nil {
		s.clerk.Unavailable(w, r, err)
		return
	}
	s.clerk.Reply(w, http.StatusOK, meOf(v))
}

// takeCode reads a code of the second factor from the body and, when it is right, notes that it was proved; it has answered when it returns false.
func (s *Server) takeCode(w http.ResponseWriter, r *http.Request, v *visitor) (users.Knock, bool) {
	var body protocol.Code6
	k := s.knockOf(r, v)
	return k, s.clerk.Read(w, r, &body) && s.proveCode(w, r, v, &k, body.Code)
}

// knockOf is an attempt by somebody whose sign-in has begun.
func (s *Server) knockOf(r *http.Request, v *visitor) users.Knock {
	return users.Knock{User: v.User.ID, Username: v.User.Username, Address: s.cfg.TrustedProxies.Remote(r), Device: deviceOf(r)}
}

func (s *Server) proveCode(w http.ResponseWriter, r *http.Request, v *visitor, k *users.Knock, code string) bool {
	action := ActionFactor
	if !s.knock(w, r, k, func() error {
		recovery, err := s.deps.Factors.Verify(r.Context(), v.User.ID, code)
		if recovery {
			action = ActionRecovery
		}
		if errors.Is(err, users.ErrNotEnrolled) {
			return users.ErrBadCode
		}
		return err
	}) {
		return false
	}
	return s.audited(w, r, &v.Visitor, action, "", "", func(ctx context.Context) error {
		if err := s.deps.Users.Sessions().Proved(ctx, v.token); err != nil {
			return err
		}
		_, err := s.renewVisitor(ctx, v)
		return err
	})
}

func (s *Server) logout(w http.ResponseWriter, r *http.Request, v *visitor) {
	switch s.endVisit(r.Context(), v.User.ID, v.Key) {
	case protocol.DispositionMissing:
		row, _ := s.board.Agent(v.User.ID)
		s.clerk.Fail(w, http.StatusConflict, protocol.DispositionMissing, protocol.Params{"call": string(row.Owes)})
		return
	case protocol.InCall:
		s.clerk.Fail(w, http.StatusConflict, protocol.InCall, nil)
		return
	case protocol.Unavailable:
		s.clerk.Fail(w, http.StatusServiceUnavailable, protocol.Unavailable, nil)
		return
	}
	if err := s.stopVisit(w, r, v); err != nil {
		s.clerk.Unavailable(w, r, err)
		return
	}
	if err := s.deps.Audit.Append(r.Context(), s.clerk.Entry(r, &v.Visitor, ActionLogout, "", "")); err != nil {
		s.log.Error("a log-out was not written to the audit trail", "agent", v.User.ID, "error", err)
	}
	w.WriteHeader(http.StatusNoContent)
}

func (s *Server) me(w http.ResponseWriter, _ *http.Request, v *visitor) {
	s.clerk.Reply(w, http.StatusOK, meOf(v))
}

func meOf(v *visitor) protocol.Me {
	u := v.User
	return protocol.Me{User: string(u.ID), Username: u.Username, Name: u.Name, Role: string(u.Role), Locale: u.Locale, Next: v.next}
}

func (s *Server) publicConfig(w http.ResponseWriter, r *http.Request, _ *page.Visitor) {
	c := s.cfg
	servers := []protocol.ICEServer{} // an empty list, not null, on the wire
	// Credentials of a relay are for people who signed in: whoever has them can send traffic through it.
	if v, err := s.visitor(r); err == nil && !unfinished(v.next) && s.deps.ICEServers != nil {
		if servers, err = s.deps.ICEServers(v.User.ID); err != nil {
			s.log.Error("relay credentials", "error", err)
			servers = []protocol.ICEServer{}
		}
	}
	s.clerk.Reply(w, http.StatusOK, protocol.PublicConfig{
		Locale: c.Locale, Locales: c.Locales, Reasons: c.Reasons, ICEServers: servers, Codec: c.Codec, Demo: c.Demo, Provider: c.ProviderName,
		IdleLockMs: c.IdleLock.Milliseconds(),
	})
}
