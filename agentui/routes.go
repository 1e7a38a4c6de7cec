package agentui

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"time"

	"hotline/agentui/page"
	"hotline/agentui/protocol"
	"hotline/agentui/walls"
)

const bodyLimit = 8 << 10

// endpoint is a row of the table: that of a page, or one of the console's own, which deals with the sign-in itself.
type endpoint struct {
	page.Endpoint
	own func(w http.ResponseWriter, r *http.Request, v *visitor) // instead of Serve
}

// endpoints are the whole table.
func (s *Server) endpoints() []endpoint {
	all := s.signInEndpoints()
	for _, e := range s.pages() {
		all = append(all, endpoint{Endpoint: e})
	}
	return all
}

func (s *Server) routes() (http.Handler, error) {
	mux := http.NewServeMux()
	for _, e := range s.endpoints() {
		mux.Handle(e.Pattern, s.admit(e))
	}
	origins := http.NewCrossOriginProtection()
	for _, o := range s.cfg.Origins {
		if err := origins.AddTrustedOrigin(o); err != nil {
			return nil, fmt.Errorf("console: origin: %w", err)
		}
	}
	origins.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.clerk.Fail(w, http.StatusForbidden, protocol.CrossOrigin, nil)
	}))
	return s.protect(origins.Handler(mux)), nil
}

// admit lets in whom the table allows.
func (s *Server) admit(e endpoint) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen := &statusWriter{ResponseWriter: w, status: http.StatusOK}
		defer func() { s.metrics.requests.WithLabelValues(e.Pattern, strconv.Itoa(seen.status)).Inc() }()
		_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(requestTimeout)) // not every writer has one; real connections do
		r.Body = http.MaxBytesReader(seen, r.Body, cmp.Or(e.Body, bodyLimit))
		var v *visitor
		switch e.Access {
		case page.Anyone, page.Detector:
		case page.Loopback:
			if !fromLoopback(r) {
				s.clerk.Fail(seen, http.StatusNotFound, protocol.NotFound, nil)
				return
			}
		case page.Wall:
			if !s.linked(seen, r, walls.Wall) {
				return
			}
		case page.Public:
			if !s.linked(seen, r, walls.Public) {
				return
			}
		case page.SignedIn, page.Supervisor, page.Administrator, page.Serving, page.Leading, page.Security, page.Auditor, page.Training:
			var err error
			if v, err = s.visitor(r); errors.Is(err, errSignedOut) {
				s.clerk.Fail(seen, http.StatusUnauthorized, protocol.SignedOut, nil)
				return
			} else if err != nil {
				s.clerk.Unavailable(seen, r, err)
				return
			}
			if !s.mayCome(seen, e, v) {
				return
			}
		default:
			s.clerk.Fail(seen, http.StatusForbidden, protocol.Forbidden, nil)
			return
		}
		switch {
		case e.own != nil:
			e.own(seen, r, v)
		case v == nil:
			e.Serve(seen, r, nil)
		default:
			e.Serve(seen, r, &v.Visitor)
		}
	})
}

// statusWriter remembers the status for the figures.
type statusWriter struct {
	http.ResponseWriter
	status int
}

func (w *statusWriter) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

// Unwrap lets http.ResponseController reach the connection.
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// Hijack hands the connection to the websocket library, which asks for it by this method only.
func (w *statusWriter) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	w.status = http.StatusSwitchingProtocols
	return http.NewResponseController(w.ResponseWriter).Hijack()
}

func (s *Server) notFound(w http.ResponseWriter, _ *http.Request, _ *page.Visitor) {
	s.clerk.Fail(w, http.StatusNotFound, protocol.NotFound, nil)
}

// fromLoopback tells whether the request comes from this machine itself and not through a proxy on it.
func fromLoopback(r *http.Request) bool {
	for _, h := range []string{"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-Ip", "Via"} {
		if len(r.Header.Values(h)) > 0 {
			return false
		}
	}
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	ip := net.ParseIP(host)
	return err == nil && ip != nil && ip.IsLoopback()
}
