package agentui

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"hotline/agentui/page"
	"hotline/agentui/protocol"
	"hotline/agentui/provider"
	"hotline/agentui/users"
)

// identities is what the console asks of a provider of identities; *provider.Provider is one.
type identities interface {
	Begin(ctx context.Context, a provider.Attempt) (string, error)
	Finish(ctx context.Context, a provider.Attempt, state, code string) (provider.Identity, error)
}

var _ identities = (*provider.Provider)(nil)

const (
	attemptCookie = "hotline_attempt" // what a browser began at the provider
	attemptPath   = "/api/provider"
	attemptLife   = 10 * time.Minute
)

// startProvider sends the browser to the provider. What it takes back is in a cookie that comes along when the provider sends it here again, which a
// strict one would not; it opens nothing by itself.
func (s *Server) startProvider(w http.ResponseWriter, r *http.Request, _ *page.Visitor) {
	if s.deps.Provider == nil {
		s.notFound(w, r, nil)
		return
	}
	if wait := s.logins.attempt(s.cfg.TrustedProxies.Remote(r), time.Now()); wait > 0 {
		s.tooMany(w, wait)
		return
	}
	a := provider.NewAttempt()
	to, err := s.deps.Provider.Begin(r.Context(), a)
	if err != nil {
		s.log.Warn("the provider of identities did not answer", "error", err)
		s.refuseProvider(w, r, protocol.ProviderFailed)
		return
	}
	s.keepAttempt(w, strings.Join([]string{a.State, a.Nonce, a.Verifier}, "."), int(attemptLife.Seconds()))
	w.Header().Set("Cache-Control", "no-store")
	http.Redirect(w, r, to, http.StatusSeeOther)
}

func (s *Server) keepAttempt(w http.ResponseWriter, value string, age int) {
	http.SetCookie(w, &http.Cookie{
		Name: attemptCookie, Value: value, Path: attemptPath, HttpOnly: true, Secure: s.cfg.secure(), SameSite: http.SameSiteLaxMode, MaxAge: age,
	})
}

// refuseProvider sends the browser back to the log-in, which says why.
func (s *Server) refuseProvider(w http.ResponseWriter, r *http.Request, code protocol.Code) {
	w.Header().Set("Cache-Control", "no-store")
	http.Redirect(w, r, "/#refused="+string(code), http.StatusSeeOther)
}

// finishProvider takes the browser back from the provider, once for each attempt.
func (s *Server) finishProvider(w http.ResponseWriter, r *http.Request, _ *page.Visitor) {
	if s.deps.Provider == nil {
		s.notFound(w, r, nil)
		return
	}
	var a provider.Attempt
	if c, err := r.Cookie(attemptCookie); err == nil {
		if parts := strings.Split(c.Value, "."); len(parts) == 3 {
			a = provider.Attempt{State: parts[0], Nonce: parts[1], Verifier: parts[2]}
		}
	}
	s.keepAttempt(w, "", -1)
	q := r.URL.Query()
	who, err := s.deps.Provider.Finish(r.Context(), a, q.Get("state"), q.Get("code"))
	if err != nil {
		s.log.Warn("a sign-in by the provider of identities came to nothing", "error", err)
		s.failedProvider(w, r, protocol.ProviderFailed, "")
		return
	}
	u, err := s.deps.Users.Linked(r.Context(), who.Issuer, who.Subject, who.Username)
	switch {
	case errors.Is(err, users.ErrNotFound):
		s.failedProvider(w, r, protocol.ProviderUnknown, "")
		return
	case err != nil:
		s.clerk.Unavailable(w, r, err)
		return
	case !who.Grants(u.Role):
		s.failedProvider(w, r, protocol.ProviderRole, "user:"+string(u.ID))
		return
	}
	factor := time.Time{}
	if who.Factor {
		factor = time.Now()
	}
	k := users.Knock{User: u.ID, Username: u.Username, Address: s.cfg.TrustedProxies.Remote(r), Device: deviceOf(r)}
	if err := s.locks.Place(r.Context(), &k); err != nil {
		s.clerk.Unavailable(w, r, err)
		return
	}
	s.welcome(w, r, k, u, factor, true, func(*visitor) {
		w.Header().Set("Cache-Control", "no-store")
		http.Redirect(w, r, "/", http.StatusSeeOther)
	})
}

// failedProvider writes down that somebody was refused, and says it.
func (s *Server) failedProvider(w http.ResponseWriter, r *http.Request, code protocol.Code, object string) {
	s.metrics.logins.WithLabelValues("refused").Inc()
	err := s.deps.Audit.Append(r.Context(), page.Entry{At: time.Now(), Action: ActionProviderFailed, Object: object, Reason: string(code), Remote: s.cfg.TrustedProxies.Remote(r).String()})
	if err != nil {
		s.clerk.Unavailable(w, r, err)
		return
	}
	s.refuseProvider(w, r, code)
}
