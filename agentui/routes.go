package agentui

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"

	"hotline/agentui/page"
	"hotline/agentui/protocol"
	"hotline/agentui/versions"
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

// pages are the rows of pages.
func (s *Server) pages() []page.Endpoint {
	figures := promhttp.HandlerFor(s.deps.Metrics, promhttp.HandlerOpts{})
	return slices.Concat([]page.Endpoint{
		{Pattern: "GET /api/config", Access: page.Anyone, Serve: s.publicConfig},
		{Pattern: "GET /api/tasks", Access: page.Serving, Serve: s.listTasks},
		{Pattern: "POST /api/tasks/{id}/call", Access: page.Serving, Serve: s.callNow},
		{Pattern: "POST /api/tasks/{id}/close", Access: page.Serving, Serve: s.closeTask},
		{Pattern: "POST /api/tasks/{id}/result", Access: page.Serving, Serve: s.sayResult},
		{Pattern: "GET /api/calls/{id}/task", Access: page.Serving, Serve: s.callTask},
		{Pattern: "GET /api/blocks", Access: page.Serving, Serve: s.listBlocks},
		{Pattern: "POST /api/blocks", Access: page.Serving, Serve: s.proposeBlock},
		{Pattern: "POST /api/blocks/{id}/approve", Access: page.Supervisor, Serve: s.approveBlock},
		{Pattern: "POST /api/blocks/{id}/refuse", Access: page.Supervisor, Serve: s.refuseBlock},
		{Pattern: "POST /api/blocks/{id}/lift", Access: page.Supervisor, Serve: s.liftBlock},
		{Pattern: "GET /api/lines", Access: page.Administrator, Serve: s.showLines},
		{Pattern: "PUT /api/lines", Access: page.Administrator, Serve: s.saveLines, Body: linesBody},
		{Pattern: "GET /api/lines/versions", Access: page.Administrator, Serve: s.listLines},
		{Pattern: "GET /api/lines/versions/{n}", Access: page.Administrator, Serve: s.oneLines},
		{Pattern: "POST /api/lines/versions/{n}/restore", Access: page.Administrator, Serve: s.restoreLines},
		{Pattern: "GET /api/emergency", Access: page.Leading, Serve: s.listEmergencies},
		{Pattern: "POST /api/emergency", Access: page.Leading, Serve: s.setEmergency},
		{Pattern: "GET /api/decisions", Access: page.Supervisor, Serve: s.listDecisions},

		{Pattern: "GET /api/figures", Access: page.Leading, Serve: s.showFigures},
		{Pattern: "GET /api/figures/trend", Access: page.Leading, Serve: s.showTrend},
		{Pattern: "GET /api/broadcasts", Access: page.Leading, Serve: s.listBroadcasts},
		{Pattern: "POST /api/broadcasts", Access: page.Leading, Serve: s.writeBroadcast},
		{Pattern: "POST /api/broadcasts/{id}/end", Access: page.Leading, Serve: s.endBroadcast},
		{Pattern: "POST /api/broadcasts/{id}/read", Access: page.SignedIn, Serve: s.readBroadcast},
		{Pattern: "GET /api/walls", Access: page.Leading, Serve: s.listWalls},
		{Pattern: "POST /api/walls", Access: page.Leading, Serve: s.makeWall},
		{Pattern: "POST /api/walls/{id}/revoke", Access: page.Leading, Serve: s.revokeWall},
		{Pattern: "GET /api/wall", Access: page.Display, Serve: s.showWall},

		{Pattern: "GET /healthz", Access: page.Anyone, Serve: s.healthz},
		{Pattern: "GET /readyz", Access: page.Anyone, Serve: s.readyz},
		{Pattern: "GET /metrics", Access: page.Loopback, Serve: func(w http.ResponseWriter, r *http.Request, _ *page.Visitor) { figures.ServeHTTP(w, r) }},
		{Pattern: "/api/", Access: page.Anyone, Serve: s.notFound},
		{Pattern: "/", Access: page.Anyone, Serve: s.serveAsset},
	},
		s.officeEndpoints(),
		s.careEndpoints(),
		s.formEndpoints(),
		s.riskEndpoints(),
		s.securityEndpoints(),
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
		case page.Display:
			if !s.display(seen, r) {
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

// versions is who serves the documents of the office.
func (s *Server) versions() versions.Clerk { return versions.Clerk{Clerk: s.clerk, Doer: s.doer} }

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
