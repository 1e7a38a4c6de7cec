package agentui

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
	"go.uber.org/goleak"

	"hotline/agentui/aftercare"
	"hotline/agentui/broadcast"
	"hotline/agentui/detectors"
	"hotline/agentui/imports"
	"hotline/agentui/persons"
	"hotline/agentui/settings"
	"hotline/agentui/skills"
	"hotline/agentui/tapes"
	"hotline/agentui/users"
	"hotline/agentui/walls"
	"hotline/casework"
	"hotline/casework/decisions"
	"hotline/casework/figures"
	"hotline/casework/handovers"
	"hotline/casework/phonebook"
	"hotline/casework/retention"
	"hotline/casework/roster"
	"hotline/queue"
	"hotline/queue/lines"
	"hotline/queue/queuetest"
	"hotline/storage"
	"hotline/storage/storagetest"
	"hotline/test/ports"
)

const patience = 10 * time.Second // for events that must come; tests wait for events, never for time

func TestMain(m *testing.M) {
	code := m.Run()
	if code == 0 {
		// scs.New starts the cleaner of a store in memory that we replace; the library has no safe way to end it.
		cleaner := goleak.IgnoreTopFunction("github.com/alexedwards/scs/v2/memstore.(*MemStore).startCleanup")
		if err := goleak.Find(cleaner); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	os.Exit(code)
}

// site is a console with a real Redis, a real SQLite file and a gateway made for tests.
type site struct {
	t        *testing.T
	redis    *queuetest.Server
	queue    *queue.Queue
	db       *storage.DB
	users    *users.Store
	audit    *auditLog
	lines    *lines.Store
	library  *shelf
	recorded tapes.Stores
	tapes    *erasedTapes

	decisions *decisions.Store
	care      Care
	persons   persons.Stores
	crisis    Crisis
	tree      *callTree
	after     aftercare.Stores
	risk      Risk
	settings  *settings.Store
	phonebook *phonebook.Store
	handovers *handovers.Store
	retention retention.Keeping
	told      *broadcast.Store
	walls     *walls.Store
	detectors *detectors.Store
	found     []detectors.Detection
	foundErr  error
	foundMu   sync.Mutex
	imports   *imports.Store
	roster    *roster.Store
	keys      *casework.Keys
	tasks     *casework.Callbacks
	gateway   *fakeGateway
	metrics   *prometheus.Registry
	logs      *lockedBuffer
	provider  identities
	index     index // what the console gets, s.queue unless a test says otherwise
	server    *Server
	base      string
	stop      context.CancelFunc
	stopped   chan error
	cfg       Config
	narrow    bool // the kernel keeps little for slow readers
}

// narrowListener gives each connection a small send buffer.
type narrowListener struct{ net.Listener }

func (l narrowListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err == nil {
		err = c.(*net.TCPConn).SetWriteBuffer(8 << 10)
	}
	return c, err
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// redisClient has the options of the product: a request to a Redis that is away ends at once, and what is tried again is tried by us.
func (s *site) redisClient() *redis.Client {
	c := redis.NewClient(&redis.Options{
		Addr: s.redis.Addr, DialTimeout: 500 * time.Millisecond, ReadTimeout: time.Second, WriteTimeout: time.Second,
		MaxRetryBackoff: 50 * time.Millisecond, DialerRetries: 1, PoolSize: 32, ContextTimeoutEnabled: true,
		MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
	})
	s.t.Cleanup(func() { _ = c.Close() })
	return c
}

// newSite starts a site. Tests that have one run beside each other: sites share nothing, and most of their time is waiting.
func newSite(t *testing.T, adjust func(*Config)) *site {
	t.Helper()
	t.Parallel()
	s := &site{t: t, redis: queuetest.Start(t), audit: &auditLog{}, library: newShelf(), gateway: newFakeGateway(), tapes: &erasedTapes{}, logs: &lockedBuffer{}}
	people, err := staff()
	if err != nil {
		t.Fatal(err)
	}
	url := storagetest.SQLiteURL(t)
	if err := os.WriteFile(strings.TrimPrefix(url, "sqlite:"), people, 0o600); err != nil {
		t.Fatal(err)
	}
	s.db = storagetest.Open(t, url)
	if s.users, err = users.Open(t.Context(), s.db); err != nil {
		t.Fatal(err)
	}
	if s.keys, err = callerKeys(); err != nil {
		t.Fatal(err)
	}
	if s.tasks, err = casework.NewCallbacks(casework.CallbacksConfig{}, s.db, s.keys); err != nil {
		t.Fatal(err)
	}
	if s.lines, err = lines.Open(t.Context(), s.db, lines.Site{Trunks: []string{"province"}}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.lines.Save(t.Context(), 0, youthLine(), "file", ""); err != nil {
		t.Fatal(err)
	}
	if s.decisions, err = decisions.Open(t.Context(), s.db); err != nil {
		t.Fatal(err)
	}
	if s.settings, err = settings.Open(t.Context(), s.db, settings.Defaults{}); err != nil {
		t.Fatal(err)
	}
	if s.handovers, err = handovers.Open(t.Context(), s.db, s.keys); err != nil {
		t.Fatal(err)
	}
	if s.phonebook, err = phonebook.Open(t.Context(), s.db, s.keys, "CN"); err != nil {
		t.Fatal(err)
	}
	if s.care, err = OpenCare(t.Context(), s.db, s.keys); err != nil {
		t.Fatal(err)
	}
	if s.after, err = openAftercare(t.Context(), s.db, s.keys, s.tasks); err != nil {
		t.Fatal(err)
	}
	s.tree = &callTree{}
	if s.crisis, err = openCrisis(t.Context(), s.db, s.keys, s.tree); err != nil {
		t.Fatal(err)
	}
	if s.risk, err = OpenRisk(t.Context(), s.db, s.keys); err != nil {
		t.Fatal(err)
	}
	if s.retention, err = retention.OpenFiled(t.Context(), s.db, s.keys, casework.Private()); err != nil {
		t.Fatal(err)
	}
	if s.persons, err = persons.Open(t.Context(), s.db, s.keys, s.risk.Forms, s.crisis.Policy, s.retention); err != nil {
		t.Fatal(err)
	}
	if s.recorded, err = tapes.Open(t.Context(), s.db, s.keys, s.library); err != nil {
		t.Fatal(err)
	}
	if s.told, err = broadcast.Open(t.Context(), s.db); err != nil {
		t.Fatal(err)
	}
	if s.walls, err = walls.Open(t.Context(), s.db); err != nil {
		t.Fatal(err)
	}
	if s.detectors, err = detectors.Open(t.Context(), s.db); err != nil {
		t.Fatal(err)
	}
	if s.roster, err = roster.Open(t.Context(), s.db); err != nil {
		t.Fatal(err)
	}
	if s.imports, err = imports.Open(t.Context(), s.db, imports.Stores{Users: s.users, Phonebook: s.phonebook, Roster: s.roster, Lines: s.lines, Referrals: s.after.Referrals}); err != nil {
		t.Fatal(err)
	}
	s.cfg = Config{ID: "console-1", FactorOptional: true}
	if adjust != nil {
		adjust(&s.cfg)
	}
	if s.queue, err = queue.New(s.redisClient(), queue.Config{Ring: s.cfg.Ring}); err != nil {
		t.Fatal(err)
	}
	s.index = s.queue
	s.start(ports.Address(t))
	t.Cleanup(func() {
		if s.stop != nil {
			s.halt()
		}
	})
	return s
}

func youthLine() lines.Policy {
	return lines.Policy{Lines: []lines.Line{{ID: "12355", Numbers: []string{"12355"}, Names: lines.Words{"zh-CN": "青少年热线", "en": "Youth line"}}}}
}

func passwordOf(username string) string { return "password of " + username }

// start runs a console process on addr.
func (s *site) start(addr string) {
	s.t.Helper()
	s.metrics = prometheus.NewRegistry()
	server, err := New(s.cfg, Deps{
		Log: slog.New(slog.NewTextHandler(s.logs, &slog.HandlerOptions{Level: slog.LevelDebug})), Queue: s.index, Users: s.users, Factors: s.users.Factors(s.keys, "Test"), Provider: s.provider, Audit: s.audit, Trail: casework.NewAudit(s.db),
		Recorded: s.recorded, Callbacks: s.tasks, Blocks: casework.NewBlocks(s.db), Lines: s.lines, Decisions: s.decisions, Care: s.care, Aftercare: s.after, Figures: figures.New(s.db), Broadcasts: s.told, Walls: s.walls, Settings: s.settings, Phonebook: s.phonebook, Roster: s.roster, Imports: s.imports, Skills: skills.New(s.db, skills.Stores{Users: s.users, Lines: s.lines, Settings: s.settings}), Gateways: map[string]Gateway{"gateway-1": s.gateway}, Metrics: s.metrics,
		Crisis: s.crisis, Risk: s.risk,
		Persons:   s.persons,
		Staff:     s.staff(),
		Handovers: s.handovers, Retention: s.retention, Tapes: s.tapes, Telephones: s.users.Telephones(s.keys, "CN"), Detectors: s.detectors, Detected: s.detected,
		Assets: fstest.MapFS{
			"index.html":                {Data: []byte("<!doctype html><title>console</title>")},
			"assets/app-0123abcd.js":    {Data: []byte("plain")},
			"assets/app-0123abcd.js.br": {Data: []byte("brotli")},
			"assets/app-0123abcd.js.gz": {Data: []byte("gzip")},
		},
		Checks: map[string]func(context.Context) error{"database": s.db.Ping},
	})
	if err != nil {
		s.t.Fatal(err)
	}
	l, err := net.Listen("tcp", addr)
	if err != nil {
		s.t.Fatal(err)
	}
	base := "http://" + l.Addr().String()
	if s.narrow {
		l = narrowListener{l}
	}
	ctx, cancel := context.WithCancel(context.Background())
	s.server, s.base, s.stop, s.stopped = server, base, cancel, make(chan error, 1)
	stopped := s.stopped
	go func() {
		sweeps := time.NewTicker(20 * time.Millisecond) // a controller's work
		defer sweeps.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-sweeps.C:
				_, _ = s.queue.Sweep(ctx) // Redis may be away
			}
		}
	}()
	go func() { stopped <- server.Serve(ctx, l) }()
	s.until("the console is ready", func() bool {
		resp, err := http.Get(s.base + "/readyz")
		if err != nil {
			return false
		}
		defer func() { _ = resp.Body.Close() }()
		http.DefaultClient.CloseIdleConnections()
		return resp.StatusCode == http.StatusOK
	})
}

// halt drains the console.
func (s *site) halt() {
	s.t.Helper()
	s.stop()
	select {
	case err := <-s.stopped:
		if err != nil {
			s.t.Errorf("the console ended with %v", err)
		}
	case <-time.After(patience):
		s.t.Error("the console did not end")
	}
	s.stop = nil
}

func (s *site) agent(id string) queue.Agent {
	s.t.Helper()
	snap, err := s.queue.Snapshot(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	for _, a := range snap.Agents {
		if string(a.ID) == id {
			return a
		}
	}
	return queue.Agent{State: queue.AgentOffline}
}

// call lets a caller arrive and wait, as a controller does.
func (s *site) call(tier queue.Tier) queue.CallID {
	s.t.Helper()
	id := queue.CallID(newID())
	c := queue.Call{ID: id, Line: "12355", Node: "node-1", Owner: "controller-1", Tier: tier, Arrived: time.Now(), History: 2}
	if err := s.queue.Arrive(s.t.Context(), queue.RequestID(newID()), c); err != nil {
		s.t.Fatal(err)
	}
	if _, err := s.queue.Enqueue(s.t.Context(), queue.RequestID(newID()), id, false); err != nil {
		s.t.Fatal(err)
	}
	return id
}

func (s *site) endCall(id queue.CallID, how queue.Ending) {
	s.t.Helper()
	if err := s.queue.End(s.t.Context(), queue.RequestID(newID()), id, how); err != nil {
		s.t.Fatal(err)
	}
}
