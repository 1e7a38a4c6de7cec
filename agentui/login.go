package agentui

import (
	"errors"
	"math"
	"net/http"
	"time"

	"hotline/agentui/protocol"
	"hotline/agentui/users"
)

func (s *Server) login(w http.ResponseWriter, r *http.Request, _ *visitor) {
	var body protocol.Login
	if !s.read(w, r, &body) {
		return
	}
	from := s.remote(r)
	wait := s.logins.attempt(body.Username, from, time.Now())
	if wait > 0 {
		s.metrics.logins.WithLabelValues("limited").Inc()
		seconds := int(math.Ceil(wait.Seconds()))
		s.fail(w, http.StatusTooManyRequests, protocol.TooManyAttempts, protocol.Params{"retry_after_s": seconds})
		return
	}
	entry := AuditEntry{At: time.Now(), Action: ActionLogin, Remote: from.String()}
	u, err := s.deps.Users.Authenticate(r.Context(), body.Username, body.Password)
	if errors.Is(err, users.ErrBadCredentials) {
		s.metrics.logins.WithLabelValues("refused").Inc()
		// No username: people type their passwords into that field.
		entry.Action = ActionLoginFailed
		if err := s.deps.Audit.Append(r.Context(), entry); err != nil {
			s.unavailable(w, r, err)
			return
		}
		s.fail(w, http.StatusUnauthorized, protocol.BadCredentials, nil)
		return
	}
	if err != nil {
		s.unavailable(w, r, err)
		return
	}
	entry.Actor, entry.Role = u.ID, u.Role
	if err := s.deps.Audit.Append(r.Context(), entry); err != nil {
		s.unavailable(w, r, err)
		return
	}
	if err := s.startVisit(w, r, u); err != nil {
		s.unavailable(w, r, err)
		return
	}
	s.logins.succeeded(body.Username)
	s.metrics.logins.WithLabelValues("accepted").Inc()
	s.directory.learn(u)
	s.reply(w, http.StatusOK, meOf(u))
}

func (s *Server) logout(w http.ResponseWriter, r *http.Request, v *visitor) {
	switch s.endVisit(r.Context(), v.user.ID, v.key) {
	case protocol.InCall:
		s.fail(w, http.StatusConflict, protocol.InCall, nil)
		return
	case protocol.Unavailable:
		s.fail(w, http.StatusServiceUnavailable, protocol.Unavailable, nil)
		return
	}
	if err := s.stopVisit(w, r, v); err != nil {
		s.unavailable(w, r, err)
		return
	}
	entry := AuditEntry{At: time.Now(), Actor: v.user.ID, Role: v.user.Role, Action: ActionLogout, Remote: s.remote(r).String()}
	if err := s.deps.Audit.Append(r.Context(), entry); err != nil {
		s.log.Error("a log-out was not written to the audit trail", "agent", v.user.ID, "error", err)
	}
	w.WriteHeader(http.StatusNoContent)
}

func (s *Server) me(w http.ResponseWriter, _ *http.Request, v *visitor) {
	s.reply(w, http.StatusOK, meOf(v.user))
}

func meOf(u users.User) protocol.Me {
	return protocol.Me{User: string(u.ID), Username: u.Username, Name: u.Name, Role: string(u.Role), Locale: u.Locale}
}

func (s *Server) publicConfig(w http.ResponseWriter, r *http.Request, _ *visitor) {
	c := s.cfg
	servers := []protocol.ICEServer{} // an empty list, not null, on the wire
	// Credentials of a relay are for people who signed in: whoever has them can send traffic through it.
	if v, err := s.visitor(r); err == nil && s.deps.ICEServers != nil {
		if servers, err = s.deps.ICEServers(v.user.ID); err != nil {
			s.log.Error("relay credentials", "error", err)
			servers = []protocol.ICEServer{}
		}
	}
	s.reply(w, http.StatusOK, protocol.PublicConfig{
		Locale: c.Locale, Locales: c.Locales, Reasons: c.Reasons, ICEServers: servers, Codec: c.Codec, Demo: c.Demo,
	})
}
