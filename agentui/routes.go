package agentui

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"

	"hotline/agentui/protocol"
	"hotline/agentui/users"
)

const bodyLimit = 8 << 10

// access says who may use an endpoint.
type access int

// The zero value allows nobody, so that an endpoint without a word about access stays shut.
const (
	accessNobody access = iota
	accessAnyone
	accessSignedIn
	accessSupervisor
	accessServing // who takes calls: agents and supervisors
	accessLoopback
)

// endpoint is one row of the table of what can be asked by HTTP.
type endpoint struct {
	pattern string
	access  access
	serve   func(w http.ResponseWriter, r *http.Request, v *visitor) // v is nil where anyone may ask
}

func (s *Server) endpoints() []endpoint {
	figures := promhttp.HandlerFor(s.deps.Metrics, promhttp.HandlerOpts{})
	return []endpoint{
		{"POST /api/login", accessAnyone, s.login},
		{"POST /api/logout", accessSignedIn, s.logout},
		{"GET /api/me", accessSignedIn, s.me},
		{"GET /api/config", accessAnyone, s.publicConfig},
		{"GET /api/recordings", accessSupervisor, s.listRecordings},
		{"POST /api/recordings/{id}/access", accessSupervisor, s.accessRecording},
		{"GET /api/recordings/{id}/audio", accessSupervisor, s.playRecording},
		{"GET /api/tasks", accessServing, s.listTasks},
		{"POST /api/tasks/{id}/call", accessServing, s.callNow},
		{"POST /api/tasks/{id}/close", accessServing, s.closeTask},
		{"POST /api/tasks/{id}/result", accessServing, s.sayResult},
		{"GET /api/calls/{id}/task", accessServing, s.callTask},
		{"GET /api/blocks", accessServing, s.listBlocks},
		{"POST /api/blocks", accessServing, s.proposeBlock},
		{"POST /api/blocks/{id}/approve", accessSupervisor, s.approveBlock},
		{"POST /api/blocks/{id}/refuse", accessSupervisor, s.refuseBlock},
		{"POST /api/blocks/{id}/lift", accessSupervisor, s.liftBlock},
		{"GET /healthz", accessAnyone, s.healthz},
		{"GET /readyz", accessAnyone, s.readyz},
		{"GET /metrics", accessLoopback, func(w http.ResponseWriter, r *http.Request, _ *visitor) { figures.ServeHTTP(w, r) }},
		{"GET /ws", accessSignedIn, s.serveSocket},
		{"/api/", accessAnyone, s.notFound},
		{"/", accessAnyone, s.serveAsset},
	}
}

func (s *Server) routes() (http.Handler, error) {
	mux := http.NewServeMux()
	for _, e := range s.endpoints() {
		mux.Handle(e.pattern, s.admit(e))
	}
	origins := http.NewCrossOriginProtection()
	for _, o := range s.cfg.Origins {
		if err := origins.AddTrustedOrigin(o); err != nil {
			return nil, fmt.Errorf("console: origin: %w", err)
		}
	}
	origins.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.fail(w, http.StatusForbidden, protocol.CrossOrigin, nil)
	}))
	return s.protect(origins.Handler(mux)), nil
}

// admit lets in whom the table allows.
func (s *Server) admit(e endpoint) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen := &statusWriter{ResponseWriter: w, status: http.StatusOK}
		defer func() { s.metrics.requests.WithLabelValues(e.pattern, strconv.Itoa(seen.status)).Inc() }()
		_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(requestTimeout)) // not every writer has one; real connections do
		r.Body = http.MaxBytesReader(seen, r.Body, bodyLimit)
		var v *visitor
		switch e.access {
		case accessAnyone:
		case accessLoopback:
			if !fromLoopback(r) {
				s.fail(seen, http.StatusNotFound, protocol.NotFound, nil)
				return
			}
		case accessSignedIn, accessSupervisor, accessServing:
			var err error
			if v, err = s.visitor(r); errors.Is(err, errSignedOut) {
				s.fail(seen, http.StatusUnauthorized, protocol.SignedOut, nil)
				return
			} else if err != nil {
				s.unavailable(seen, r, err)
				return
			}
			if e.access == accessSupervisor && v.user.Role != users.Supervisor || e.access == accessServing && v.user.Role == users.Administrator {
				s.fail(seen, http.StatusForbidden, protocol.Forbidden, nil)
				return
			}
		default:
			s.fail(seen, http.StatusForbidden, protocol.Forbidden, nil)
			return
		}
		e.serve(seen, r, v)
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

// reply writes a JSON answer. Answers of the interface are never kept by a cache.
func (s *Server) reply(w http.ResponseWriter, status int, body any) {
	b, err := json.Marshal(body)
	if err != nil {
		s.log.Error("an answer could not be encoded", "error", err)
		status, b = http.StatusInternalServerError, []byte(`{"error":"internal","params":{}}`)
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(append(b, '\n')) // a browser that left needs no answer
}

func (s *Server) fail(w http.ResponseWriter, status int, code protocol.Code, params protocol.Params) {
	if params == nil {
		params = protocol.Params{}
	}
	s.reply(w, status, protocol.HTTPError{Error: code, Params: params})
}

// unavailable answers when a part that the request needs did not do its work.
func (s *Server) unavailable(w http.ResponseWriter, r *http.Request, err error) {
	if r.Context().Err() == nil {
		s.log.Warn("a request was not done", "route", r.Pattern, "error", err)
	}
	s.fail(w, http.StatusServiceUnavailable, protocol.Unavailable, nil)
}

func (s *Server) notFound(w http.ResponseWriter, _ *http.Request, _ *visitor) {
	s.fail(w, http.StatusNotFound, protocol.NotFound, nil)
}

// read decodes a JSON body strictly; it has answered when it returns false.
func (s *Server) read(w http.ResponseWriter, r *http.Request, into any) bool {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "application/json" {
		s.fail(w, http.StatusUnsupportedMediaType, protocol.BadRequest, nil)
		return false
	}
	dec := json.NewDecoder(r.Body)
	dec.DisallowUnknownFields()
	if err = dec.Decode(into); err == nil {
		if _, rest := dec.Token(); !errors.Is(rest, io.EOF) {
			err = errors.New("more than one value")
		}
	}
	if err != nil {
		status := http.StatusBadRequest
		if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
			status = http.StatusRequestEntityTooLarge
		}
		s.fail(w, status, protocol.BadRequest, nil)
		return false
	}
	return true
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
