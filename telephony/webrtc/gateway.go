package webrtc

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"github.com/pion/turn/v5"
	pion "github.com/pion/webrtc/v4"
	"github.com/prometheus/client_golang/prometheus"
)

const (
	// shutdownPatience bounds how long a stopping gateway waits for recordings to be sealed and browsers to be told.
	shutdownPatience = 10 * time.Second
	// negotiationTimeout bounds making an answer; with host candidates only it takes milliseconds.
	negotiationTimeout = 5 * time.Second
)

// Gateway holds the legs of one process. Make it with New, serve it with Run.
type Gateway struct {
	cfg     Config
	log     *slog.Logger
	tap     Tap
	metrics *metrics
	drop    drops
	hub     *hub
	tapes   *tapes
	frames  *sync.Pool
	epoch   time.Time // of the gateway's clock

	api   net.Listener
	rtp   *net.UDPConn
	peers *peers
	turn  *turn.Server // nil when off

	sources *sources

	mu      sync.Mutex
	legs    map[string]*leg
	made    int64
	closing bool

	tasks sync.WaitGroup
}

// drops are the counters of hotline_gateway_dropped_packets_total, looked up once.
type drops struct{ unknown, malformed, format, duplicate, rival, send prometheus.Counter }

// New checks the configuration and opens the sockets. A nil tap refuses recordings, a nil registerer keeps the metrics to itself. The
// sockets are closed when Run returns.
func New(cfg Config, tap Tap, log *slog.Logger, reg prometheus.Registerer) (*Gateway, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	cfg = cfg.withDefaults()
	g := &Gateway{
		cfg: cfg, log: log.With("gateway", cfg.ID), tap: tap, epoch: time.Now().Add(-time.Second), // so that now() is never 0
		tapes:   &tapes{byID: map[string]*tape{}},
		frames:  &sync.Pool{New: func() any { return new(frame) }},
		sources: &sources{byAddr: map[netip.AddrPort]*route{}},
		legs:    map[string]*leg{},
	}
	if err := g.listen(); err != nil {
		return nil, errors.Join(err, g.closeSockets())
	}
	g.hub = newHub(cfg.ID, g.advertised())
	var err error
	if g.metrics, err = newMetrics(reg, g.hub.count); err != nil {
		return nil, errors.Join(err, g.closeSockets())
	}
	g.hub.metrics = g.metrics
	dropped := g.metrics.dropped.WithLabelValues
	g.drop = drops{
		unknown: dropped(dropUnknown), malformed: dropped(dropMalformed), format: dropped(dropFormat),
		duplicate: dropped(dropDuplicate), rival: dropped(dropRival), send: dropped(dropSend),
	}
	return g, nil
}

func (g *Gateway) listen() error {
	logs := pionLogs{g.log}
	var err error
	if g.api, err = listenTCP(g.cfg.Listen); err != nil {
		return fmt.Errorf("internal api: %w", err)
	}
	addr, err := net.ResolveUDPAddr("udp", g.cfg.RTP)
	if err != nil {
		return fmt.Errorf("rtp: %w", err)
	}
	if g.rtp, err = net.ListenUDP("udp", addr); err != nil {
		return fmt.Errorf("rtp: %w", err)
	}
	if err := errors.Join(g.rtp.SetReadBuffer(socketBuffer), g.rtp.SetWriteBuffer(socketBuffer)); err != nil {
		return fmt.Errorf("rtp: %w", err)
	}
	if g.peers, err = newPeers(g.cfg, logs); err != nil {
		return err
	}
	if g.cfg.TURN.Listen != "" {
		if g.turn, err = startTURN(g.cfg.TURN, g.peers.reachable(g.cfg.PublicIPs), logs); err != nil {
			return err
		}
	}
	return nil
}

// listenTCP binds at once, so there is nothing that a context could end.
func listenTCP(address string) (net.Listener, error) {
	return new(net.ListenConfig).Listen(context.Background(), "tcp", address)
}

func (g *Gateway) closeSockets() error {
	var errs []error
	if g.api != nil {
		if err := g.api.Close(); !errors.Is(err, net.ErrClosed) {
			errs = append(errs, err)
		}
	}
	if g.rtp != nil {
		errs = append(errs, g.rtp.Close())
	}
	if g.turn != nil {
		errs = append(errs, g.turn.Close())
	}
	if g.peers != nil {
		errs = append(errs, g.peers.close())
	}
	return errors.Join(errs...)
}

// advertised is where Asterisk shall send to.
func (g *Gateway) advertised() string {
	if g.cfg.RTPAdvertise != "" {
		return g.cfg.RTPAdvertise
	}
	return g.rtp.LocalAddr().String()
}

// Addr is the address of the internal API, as bound.
func (g *Gateway) Addr() string { return g.api.Addr().String() }

// now is the gateway's clock: monotonic, positive.
func (g *Gateway) now() time.Duration { return time.Since(g.epoch) }

// Run serves the internal API and carries media until the context ends. Then it closes every leg (Shutdown), seals every recording,
// and closes the sockets. It must be called once.
func (g *Gateway) Run(ctx context.Context) error {
	server := &http.Server{
		Handler: g.Handler(), ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 15 * time.Second, IdleTimeout: 2 * time.Minute,
		MaxHeaderBytes: 16 << 10, ErrorLog: slog.NewLogLogger(g.log.Handler(), slog.LevelDebug),
	}
	failures := make(chan error, 2)
	g.tasks.Go(func() {
		if err := server.Serve(g.api); !errors.Is(err, http.ErrServerClosed) {
			failures <- fmt.Errorf("internal api: %w", err)
		}
	})
	var media sync.WaitGroup
	media.Go(func() {
		if err := g.fromAsterisk(); err != nil {
			failures <- err
		}
	})
	g.log.Info("gateway serves", "listen", g.Addr(), "rtp", g.advertised())
	var failed error
	select {
	case <-ctx.Done():
	case failed = <-failures:
	}
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownPatience)
	defer cancel()
	err := g.closeLegs(stop)
	g.hub.close() // event websockets are hijacked: Shutdown does not know them
	if e := server.Shutdown(stop); e != nil {
		err = errors.Join(err, e, server.Close())
	}
	err = errors.Join(err, g.awaitTasks(stop), g.closeSockets())
	media.Wait()
	return errors.Join(failed, err)
}

// awaitTasks waits for every goroutine of the gateway but the one that reads the RTP socket.
func (g *Gateway) awaitTasks(ctx context.Context) error {
	finished := make(chan struct{})
	go func() {
		g.tasks.Wait()
		g.hub.serving.Wait()
		close(finished)
	}()
	select {
	case <-finished:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("gateway: tasks still run: %w", ctx.Err())
	}
}

// closeLegs ends every leg and waits for what they recorded.
func (g *Gateway) closeLegs(ctx context.Context) error {
	g.mu.Lock()
	g.closing = true
	legs := make([]*leg, 0, len(g.legs))
	for _, l := range g.legs {
		legs = append(legs, l)
	}
	g.mu.Unlock()
	for _, l := range legs {
		l.post(func() { l.end = Shutdown })
	}
	for _, l := range legs {
		select {
		case <-l.done:
		case <-ctx.Done():
			return fmt.Errorf("leg %s did not close: %w", l.view.ID, ctx.Err())
		}
	}
	return g.tapes.await(ctx)
}

// fromAsterisk reads the socket that faces Asterisk until it is closed. One reader keeps the packets of a leg in order.
func (g *Gateway) fromAsterisk() error {
	buf := make([]byte, maxPacket)
	for failures := 0; ; {
		n, addr, err := g.rtp.ReadFromUDPAddrPort(buf)
		if errors.Is(err, net.ErrClosed) {
			return nil
		}
		if failed(err, &failures) { // an ICMP error of an earlier send, for one, is not the end
			if failures >= streamEnded {
				return fmt.Errorf("rtp: %w", err)
			}
			continue
		}
		r := g.sources.find(netip.AddrPortFrom(addr.Addr().Unmap(), addr.Port()))
		if r == nil {
			g.drop.unknown.Inc()
			continue
		}
		r.leg.hear(r, buf[:n], g.now())
	}
}

// open makes a leg from an offer and answers it.
func (g *Gateway) open(ctx context.Context, id, agent, text string) (string, error) {
	o, bad := inspect(text, g.cfg.Codecs)
	if bad != nil {
		return "", bad
	}
	pc, sender, track, err := g.peers.connect(o.codec)
	if err != nil {
		return "", err
	}
	l := &leg{
		g: g, pc: pc, sender: sender, mid: o.mid, fingerprint: o.fingerprint, log: g.log.With("leg", id, "agent", agent), since: g.now(),
		mail: make(chan func(), 64), done: make(chan struct{}),
		view: Leg{ID: id, Agent: agent, State: Connecting, Nodes: []string{}, Codec: o.codec.name, Since: time.Now().UnixMilli()},
	}
	l.codec, l.track, l.wake = o.codec, track, make(chan struct{}, 1)
	l.received.clock = float64(o.codec.clock)
	l.waiting.Store(true)
	var start [16]byte
	if _, err := rand.Read(start[:]); err != nil {
		return "", errors.Join(fmt.Errorf("random start: %w", err), pc.Close())
	}
	l.stream = newRewriter(o.codec.clock, binary.BigEndian.Uint16(start[0:]), binary.BigEndian.Uint32(start[2:]))
	l.upSSRC = binary.BigEndian.Uint32(start[6:])
	l.down.rewriter = newRewriter(o.codec.clock, binary.BigEndian.Uint16(start[10:]), binary.BigEndian.Uint32(start[12:]))
	if err := g.file(l); err != nil {
		return "", errors.Join(err, pc.Close())
	}
	sdp, err := l.begin(ctx, o)
	if err != nil {
		g.forget(l)
		close(l.done)
		g.log.Info("an offer was refused", "agent", agent, "error", err)
		return "", errors.Join(failure(BadOffer, "not acceptable"), pc.GracefulClose())
	}
	g.tasks.Go(l.run)
	return sdp, nil
}

// begin sets the peer connection going.
func (l *leg) begin(ctx context.Context, o *offer) (string, error) {
	l.pc.OnConnectionStateChange(func(s pion.PeerConnectionState) { l.post(func() { l.connection(s) }) })
	l.pc.OnTrack(func(track *pion.TrackRemote, receiver *pion.RTPReceiver) {
		// The leg may be going at this moment: only its owner knows whether there is still somebody to wait for these goroutines.
		l.post(func() {
			l.tasks.Go(func() { l.fromBrowser(track) })
			l.tasks.Go(func() { l.drainReports(receiver) })
		})
	})
	ctx, cancel := context.WithTimeout(ctx, negotiationTimeout)
	defer cancel()
	sdp, err := answer(ctx, l.pc, o)
	if err != nil {
		return "", err
	}
	if encodings := l.sender.GetParameters().Encodings; len(encodings) > 0 {
		ssrc := uint32(encodings[0].SSRC)
		l.tasks.Go(func() { l.readReports(l.sender, ssrc) })
	}
	return sdp, nil
}

// file adds a leg, unless its id is taken or the gateway is full.
func (g *Gateway) file(l *leg) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case g.closing:
		return failure(ShuttingDown, "the gateway is stopping")
	case g.legs[l.view.ID] != nil:
		return failure(LegExists, "leg %s exists", l.view.ID)
	case len(g.legs) >= g.cfg.MaxLegs:
		return failure(Full, "%d legs", g.cfg.MaxLegs)
	}
	g.made++
	l.order = g.made
	g.legs[l.view.ID] = l
	return nil
}

func (g *Gateway) forget(l *leg) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.legs, l.view.ID)
}

func (g *Gateway) lookup(id string) (*leg, bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	l, ok := g.legs[id]
	return l, ok
}

func (g *Gateway) find(id string) (*leg, error) {
	if l, ok := g.lookup(id); ok {
		return l, nil
	}
	return nil, failure(NoLeg, "no leg %s", id)
}

// replaceOlder ends the older legs of the same agent. It is called by the newer leg's owner once that leg is connected, so the agent is
// never without one. Owners wait only for owners of older legs, so they cannot wait in a circle.
func (g *Gateway) replaceOlder(newer *leg) {
	g.mu.Lock()
	var older []*leg
	for _, l := range g.legs {
		if l.view.Agent == newer.view.Agent && l.order < newer.order {
			older = append(older, l)
		}
	}
	g.mu.Unlock()
	for _, l := range older {
		l.post(func() { l.end = Replaced })
	}
}

// sources finds the leg that a packet from Asterisk is for.
type sources struct {
	mu     sync.RWMutex
	byAddr map[netip.AddrPort]*route
}

func (s *sources) find(addr netip.AddrPort) *route {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.byAddr[addr]
}

// add registers a route and answers the one that had its address before.
func (s *sources) add(r *route) *route {
	s.mu.Lock()
	defer s.mu.Unlock()
	before := s.byAddr[r.addr]
	s.byAddr[r.addr] = r
	return before
}

func (s *sources) remove(r *route) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.byAddr[r.addr] == r {
		delete(s.byAddr, r.addr)
	}
}
