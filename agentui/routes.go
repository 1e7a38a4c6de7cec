package agentui

import (
	"bufio"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"slices"
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
	accessAdministrator
	accessLeading  // supervisors and administrators
	accessSecurity // who lets people in
	accessAuditor  // who reads the audit trail
	accessLoopback
	accessDisplay  // a big display by its own link, which is good for nothing else
	accessTraining // who looks after the training of people: supervisors and who lets people in
	accessDetector // a program outside by its own secret, likewise; the endpoint itself looks at it
)

// roles that an access asks for; empty: any.
func (a access) roles() []users.Role {
	switch a {
	case accessSupervisor:
		return []users.Role{users.Supervisor}
	case accessAdministrator:
		return []users.Role{users.Administrator}
	case accessServing:
		return []users.Role{users.Agent, users.Supervisor}
	case accessLeading:
		return []users.Role{users.Supervisor, users.Administrator}
	case accessTraining:
		return []users.Role{users.Supervisor, users.Security}
	case accessSecurity:
		return []users.Role{users.Security}
	case accessAuditor:
		return []users.Role{users.Auditor}
	}
	return nil
}

// endpoint is one row of the table of what can be asked by HTTP.
type endpoint struct {
	pattern string
	access  access
	serve   func(w http.ResponseWriter, r *http.Request, v *visitor) // v is nil where anyone may ask
	body    int64                                                    // most bytes of a body; 0: bodyLimit
	early   []protocol.Next                                          // what may still have to come next, besides nothing
	fresh   bool                                                     // who has a second factor must have proved it lately
}

func (s *Server) endpoints() []endpoint {
	figures := promhttp.HandlerFor(s.deps.Metrics, promhttp.HandlerOpts{})
	all := []endpoint{
		{pattern: "POST /api/login", access: accessAnyone, serve: s.login},
		{pattern: "POST /api/logout", access: accessSignedIn, serve: s.logout, early: anyStanding()},
		{pattern: "GET /api/me", access: accessSignedIn, serve: s.me, early: anyStanding()},
		{pattern: "GET /api/config", access: accessAnyone, serve: s.publicConfig},
		{pattern: "GET /api/tasks", access: accessServing, serve: s.listTasks},
		{pattern: "POST /api/tasks/{id}/call", access: accessServing, serve: s.callNow},
		{pattern: "POST /api/tasks/{id}/close", access: accessServing, serve: s.closeTask},
		{pattern: "POST /api/tasks/{id}/result", access: accessServing, serve: s.sayResult},
		{pattern: "GET /api/calls/{id}/task", access: accessServing, serve: s.callTask},
		{pattern: "GET /api/blocks", access: accessServing, serve: s.listBlocks},
		{pattern: "POST /api/blocks", access: accessServing, serve: s.proposeBlock},
		{pattern: "POST /api/blocks/{id}/approve", access: accessSupervisor, serve: s.approveBlock},
		{pattern: "POST /api/blocks/{id}/refuse", access: accessSupervisor, serve: s.refuseBlock},
		{pattern: "POST /api/blocks/{id}/lift", access: accessSupervisor, serve: s.liftBlock},
		{pattern: "GET /api/lines", access: accessAdministrator, serve: s.showLines},
		{pattern: "PUT /api/lines", access: accessAdministrator, serve: s.saveLines, body: linesBody},
		{pattern: "GET /api/lines/versions", access: accessAdministrator, serve: s.listLines},
		{pattern: "GET /api/lines/versions/{n}", access: accessAdministrator, serve: s.oneLines},
		{pattern: "POST /api/lines/versions/{n}/restore", access: accessAdministrator, serve: s.restoreLines},
		{pattern: "GET /api/emergency", access: accessLeading, serve: s.listEmergencies},
		{pattern: "POST /api/emergency", access: accessLeading, serve: s.setEmergency},
		{pattern: "GET /api/decisions", access: accessSupervisor, serve: s.listDecisions},

		{pattern: "GET /api/figures", access: accessLeading, serve: s.showFigures},
		{pattern: "GET /api/figures/trend", access: accessLeading, serve: s.showTrend},
		{pattern: "GET /api/broadcasts", access: accessLeading, serve: s.listBroadcasts},
		{pattern: "POST /api/broadcasts", access: accessLeading, serve: s.writeBroadcast},
		{pattern: "POST /api/broadcasts/{id}/end", access: accessLeading, serve: s.endBroadcast},
		{pattern: "POST /api/broadcasts/{id}/read", access: accessSignedIn, serve: s.readBroadcast},
		{pattern: "GET /api/walls", access: accessLeading, serve: s.listWalls},
		{pattern: "POST /api/walls", access: accessLeading, serve: s.makeWall},
		{pattern: "POST /api/walls/{id}/revoke", access: accessLeading, serve: s.revokeWall},
		{pattern: "GET /api/wall", access: accessDisplay, serve: s.showWall},

		{pattern: "GET /healthz", access: accessAnyone, serve: s.healthz},
		{pattern: "GET /readyz", access: accessAnyone, serve: s.readyz},
		{pattern: "GET /metrics", access: accessLoopback, serve: func(w http.ResponseWriter, r *http.Request, _ *visitor) { figures.ServeHTTP(w, r) }},
		{pattern: "GET /ws", access: accessSignedIn, serve: s.serveSocket, early: []protocol.Next{protocol.NextUnlock}},
		{pattern: "/api/", access: accessAnyone, serve: s.notFound},
		{pattern: "/", access: accessAnyone, serve: s.serveAsset},
	}
	return slices.Concat(
		all,
		s.officeEndpoints(),
		s.careEndpoints(),
		s.formEndpoints(),
		s.riskEndpoints(),
		s.safetyEndpoints(),
		s.handoverEndpoints(),
		s.incidentEndpoints(),
		s.alertEndpoints(),
		s.aftercareEndpoints(),
		s.trainingEndpoints(),
		s.reviewEndpoints(),
		s.statisticsEndpoints(),
		s.retentionEndpoints(),
		s.recordingEndpoints(),
	)
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
		r.Body = http.MaxBytesReader(seen, r.Body, cmp.Or(e.body, bodyLimit))
		var v *visitor
		switch e.access {
		case accessAnyone, accessDetector:
		case accessLoopback:
			if !fromLoopback(r) {
				s.fail(seen, http.StatusNotFound, protocol.NotFound, nil)
				return
			}
		case accessDisplay:
			if !s.display(seen, r) {
				return
			}
		case accessSignedIn, accessSupervisor, accessAdministrator, accessServing, accessLeading, accessSecurity, accessAuditor, accessTraining:
			var err error
			if v, err = s.visitor(r); errors.Is(err, errSignedOut) {
				s.fail(seen, http.StatusUnauthorized, protocol.SignedOut, nil)
				return
			} else if err != nil {
				s.unavailable(seen, r, err)
				return
			}
			if !s.mayCome(seen, e, v) {
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
