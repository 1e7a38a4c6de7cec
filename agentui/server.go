// Package agentui is the console: sign-in, the websocket of agents and supervisors, recordings, and the web app. docs/protocol.md (sections 5
// and 6) says what it speaks. It mirrors the queue's index and the gateways' legs (package board) and keeps one desk for each person who is
// signed in: the desk's goroutine alone acts for that person.
package agentui

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/alexedwards/scs/v2"
	"github.com/oklog/ulid/v2"

	"hotline/agentui/board"
	"hotline/agentui/broadcast"
	"hotline/agentui/figures"
	"hotline/agentui/page"
	"hotline/agentui/protocol"
	"hotline/agentui/users"
	"hotline/queue"
)

const (
	queueTimeout   = 2 * time.Second  // one request to the queue
	gatewayTimeout = 10 * time.Second // one request to a gateway: its ICE gathering may ask a TURN server
	drainTimeout   = 3 * time.Second  // for browsers to take the close frame and requests to end
	requestTimeout = 30 * time.Second // to write the answer of an ordinary request
)

// Server is one console process.
type Server struct {
	cfg     Config
	log     *slog.Logger
	clerk   *page.Clerk
	deps    Deps
	metrics *metrics

	board      *board.Board
	gateways   *gateways
	troubles   *troubles
	directory  *directory
	contacts   *contactNames
	site       siteView
	settings   settingsView
	figures    *figures.Counter
	door       door
	sessions   *scs.SessionManager
	logins     *loginLimits
	locks      *users.Locks
	notes      *noteHub
	spans      *spanKeeper
	written    written
	incidents  *incidentView
	alarms     *standingAlarms
	looked     lookedAt
	noteLimits *noteLimits
	assets     *assets
	commands   map[protocol.Type]command
	handler    http.Handler
	broadcast  chan struct{} // asks to look at the broadcasts at once

	life context.Context // of desks; ends when the server has drained
	end  context.CancelFunc

	mu       sync.Mutex
	draining bool
	desks    map[queue.AgentID]*desk
	tabs     map[*tab]struct{}
	duties   protocol.Duties // as the pages know them
	// ownDuties are what of them is one person's, under "" what is anybody's
	ownDuties map[string]ownDuties

	broadcasts []broadcast.Message // those to be shown, as the pages know them
	running    sync.WaitGroup      // desks, tabs and their errands
}

// New builds the console; nothing runs yet.
func New(cfg Config, deps Deps) (*Server, error) {
	if err := errors.Join(cfg.Validate(), deps.validate()); err != nil {
		return nil, err
	}
	cfg = cfg.withDefaults()
	m, err := newMetrics(deps.Metrics)
	if err != nil {
		return nil, err
	}
	files, err := loadAssets(deps.Assets)
	if err != nil {
		return nil, err
	}
	s := &Server{
		cfg: cfg, log: deps.Log, deps: deps, metrics: m, board: board.New(board.Config{Ring: cfg.Ring}), directory: newDirectory(deps.Users), contacts: newContactNames(deps.Phonebook),
		logins: newLoginLimits(cfg), locks: deps.Users.Locks(cfg.Locks), assets: files, desks: map[queue.AgentID]*desk{}, tabs: map[*tab]struct{}{}, broadcast: make(chan struct{}, 1),
	}
	s.clerk = &page.Clerk{Log: deps.Log, Trail: deps.Audit, Proxies: cfg.TrustedProxies}
	s.figures = figures.NewCounter(deps.Figures, s.site.promised, s.site.zone)
	s.notes, s.noteLimits = newNoteHub(deps.Care.Notes, deps.Log), newNoteLimits()
	s.spans = newSpanKeeper(deps.Care.Shifts, s.board, cfg.ID, deps.Log)
	s.incidents, s.alarms = newIncidentView(), newStandingAlarms()
	s.troubles = &troubles{log: deps.Log, tell: s.tellTrouble}
	s.gateways = newGateways(deps.Gateways, s.board, m, s.troubles, deps.Log)
	s.sessions = s.newSessions()
	s.commands = commands()
	if s.handler, err = s.routes(); err != nil {
		return nil, err
	}
	s.life, s.end = context.WithCancel(context.Background())
	return s, nil
}

// Run listens on Config.Addr and serves until ctx ends; then it sends its browsers elsewhere and returns.
func (s *Server) Run(ctx context.Context) error {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", s.cfg.Addr)
	if err != nil {
		return fmt.Errorf("console: listen: %w", err)
	}
	return s.Serve(ctx, l)
}

// Serve is Run on a listener, which it closes. It can be called once.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	defer s.end()
	if s.cfg.TLSCert != "" {
		pair, err := tls.LoadX509KeyPair(s.cfg.TLSCert, s.cfg.TLSKey)
		if err != nil {
			return errors.Join(fmt.Errorf("console: certificate: %w", err), l.Close())
		}
		l = tls.NewListener(l, &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12})
	}
	work, stop := context.WithCancel(context.WithoutCancel(ctx)) // goes on while we drain: desks must not take its end for a loss
	defer stop()
	var loops sync.WaitGroup
	loops.Go(func() { s.gateways.run(work) })
	loops.Go(func() { s.directory.run(work, func() { s.board.Renamed(); s.tellEmergency() }) })
	loops.Go(func() { s.contacts.run(work, s.board.Relabelled) })
	loops.Go(func() { s.mirror(work) })
	loops.Go(func() { s.followSite(work) })
	loops.Go(func() { s.followSettings(work) })
	loops.Go(func() { s.feelPulse(work) })
	loops.Go(func() { s.watchDuties(work) })
	loops.Go(func() { s.watchLevels(work) })
	loops.Go(func() { s.watchBroadcasts(work) })
	loops.Go(func() { s.watchIncidents(work) })
	loops.Go(func() { s.watchAlarms(work) })
	loops.Go(func() { s.watchEntry(work) })
	loops.Go(func() { s.expireSessions(work) })
	loops.Go(s.deps.Care.Contacts.Warm)
	loops.Go(func() { s.notes.run(work) })
	loops.Go(func() { s.spans.run(work) })

	web := &http.Server{
		Handler: s.handler, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 15 * time.Second, IdleTimeout: time.Minute,
		MaxHeaderBytes: 16 << 10, ErrorLog: slog.NewLogLogger(s.log.Handler(), slog.LevelDebug),
	}
	failed := make(chan error, 1)
	go func() { failed <- web.Serve(l) }()
	s.log.Info("console serves", "console", s.cfg.ID, "address", l.Addr().String())
	var err error
	select {
	case <-ctx.Done():
	case err = <-failed:
		err = fmt.Errorf("console: serve: %w", err)
	}
	s.drain(web)
	stop()
	loops.Wait()
	return err
}

// drain sends every browser away with 4003, so that it comes back at once, here or elsewhere, and ends what runs for it. Rows of the index
// stay as they are: who was available is available again as soon as the browser is back.
func (s *Server) drain(web *http.Server) {
	s.mu.Lock()
	s.draining = true
	desks := make([]*desk, 0, len(s.desks))
	for _, d := range s.desks {
		desks = append(desks, d)
	}
	tabs := make([]*tab, 0, len(s.tabs))
	for t := range s.tabs {
		tabs = append(tabs, t)
	}
	s.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), drainTimeout)
	defer cancel()
	s.notes.drain()
	for _, d := range desks {
		d.post(ctx, drained{})
	}
	for _, t := range tabs {
		t.out.close(protocol.CloseDraining)
	}
	if err := web.Shutdown(ctx); err != nil {
		_ = web.Close() // a request that did not end in time
	}
	idle := make(chan struct{})
	go func() { s.running.Wait(); close(idle) }()
	select {
	case <-idle:
	case <-ctx.Done():
		s.mu.Lock()
		for t := range s.tabs {
			t.drop()
		}
		s.mu.Unlock()
		s.end()
		<-idle
	}
}

// begin reserves a place for something that runs for a browser. False: the server drains.
func (s *Server) begin() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.draining {
		return false
	}
	s.running.Add(1)
	return true
}

func newID() string { return ulid.MustNew(ulid.Now(), rand.Reader).String() }
