package agentui

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// protect sets what every answer carries. The policy allows scripts from our own files only; styles may be inline because component
// libraries write them, which can disfigure but not act.
func (s *Server) protect(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "+
			"font-src 'self'; media-src 'self' blob:; worker-src 'self'; manifest-src 'self'; connect-src 'self'"+s.socketSource(r)+
			"; base-uri 'none'; form-action 'self'; frame-ancestors 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Permissions-Policy", "microphone=(self), autoplay=(self), camera=(), geolocation=(), display-capture=()")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		if s.cfg.secure() {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		next.ServeHTTP(w, r)
	})
}

// socketSource names our own websocket for browsers whose 'self' does not cover it. The host comes from the request, so it is written only
// when it cannot be more than a host.
func (s *Server) socketSource(r *http.Request) string {
	for _, c := range r.Host {
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.ContainsRune(".-:[]", c)) {
			return ""
		}
	}
	if r.Host == "" {
		return ""
	}
	if s.cfg.secure() {
		return " wss://" + r.Host
	}
	return " ws://" + r.Host
}

// ownOrigin tells whether a websocket was opened by a page of ours. Browsers always say where a websocket comes from; cookies go with it
// whoever opened it.
func (s *Server) ownOrigin(r *http.Request) bool {
	origin := r.Header.Get("Origin")
	if origin == "" {
		return false
	}
	if slices.Contains(s.cfg.Origins, origin) {
		return true
	}
	u, err := url.Parse(origin)
	if err != nil || u.Scheme+"://"+u.Host != origin {
		return false
	}
	scheme := "http"
	if s.cfg.secure() {
		scheme = "https"
	}
	return u.Scheme == scheme && strings.EqualFold(u.Host, r.Host)
}
