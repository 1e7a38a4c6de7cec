package webrtc

import (
	"context"
	"log/slog"
	"net/netip"
	"slices"
	"sync"
	"time"

	pion "github.com/pion/webrtc/v4"
)

// leg is one browser's peer connection. One goroutine (run) owns its state; others post functions to it. Packets pass by it, through
// media.
type leg struct {
	media
	g      *Gateway
	log    *slog.Logger
	order  int64 // legs made later have a higher one
	pc     *pion.PeerConnection
	sender *pion.RTPSender
	// Of the first offer; a later one must have the same.
	mid, fingerprint string

	mail  chan func()
	done  chan struct{}  // closed when the leg is gone
	tasks sync.WaitGroup // media goroutines

	negotiation sync.Mutex // one offer at a time

	// The owner's.
	view      Leg
	since     time.Duration // of view.State, on the gateway's clock
	up        bool          // ICE and DTLS are up
	suspected *time.Timer   // nil unless the leg has to prove that it lives
	end       Reason        // set: the leg goes
}

// run owns the leg until it is gone.
func (l *leg) run() {
	defer l.finish()
	watch := time.NewTicker(min(max(l.g.cfg.SilenceAfter/12, 5*time.Millisecond), 250*time.Millisecond))
	defer watch.Stop()
	quality := time.NewTicker(l.g.cfg.QualityEvery)
	defer quality.Stop()
	l.g.hub.changed(l.view)
	for l.end == "" {
		var proof <-chan time.Time
		if l.suspected != nil {
			proof = l.suspected.C
		}
		select {
		case f := <-l.mail:
			f()
		case <-l.wake:
			l.check()
		case <-watch.C:
			l.check()
		case <-proof:
			l.judge()
		case <-quality.C:
			l.reportQuality()
		}
	}
}

// post hands the owner something to do; lost when the leg is gone.
func (l *leg) post(f func()) {
	select {
	case l.mail <- f:
	case <-l.done:
	}
}

// do has the owner do something and waits until it is done.
func (l *leg) do(ctx context.Context, f func()) error {
	finished := make(chan struct{})
	select {
	case l.mail <- func() { f(); close(finished) }:
	case <-l.done:
		return failure(NoLeg, "leg %s is gone", l.view.ID)
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case <-finished:
		return nil
	case <-l.done:
		select {
		case <-finished:
			return nil
		default:
			return failure(NoLeg, "leg %s is gone", l.view.ID)
		}
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (l *leg) over() bool {
	select {
	case <-l.done:
		return true
	default:
		return false
	}
}

// quiet is for how long no RTP came from the browser; a leg without any is quiet since it was made.
func (l *leg) quiet() time.Duration {
	last := time.Duration(l.lastRTP.Load())
	if last == 0 {
		last = l.since
	}
	return l.g.now() - last
}

// check is the watchdog.
func (l *leg) check() {
	switch l.view.State {
	case Connecting:
		switch {
		case l.up && l.lastRTP.Load() != 0:
			l.become(Connected)
			l.g.replaceOlder(l)
		case l.g.now()-l.since > l.g.cfg.CloseAfter:
			l.end = NoMedia
		}
	case Connected:
		if l.quiet() > l.g.cfg.SilenceAfter {
			l.become(Silent)
		}
	case Silent:
		switch {
		case l.quiet() <= l.g.cfg.SilenceAfter:
			l.become(Connected)
		case l.g.now()-l.since > l.g.cfg.CloseAfter:
			l.end = NoMedia
		}
	}
}

func (l *leg) become(s State) {
	l.waiting.Store(s != Connected)
	l.view.State, l.since = s, l.g.now()
	l.view.Since = time.Now().UnixMilli()
	l.g.hub.changed(l.view)
	l.log.Info("leg", "state", s)
}

// connection follows pion. `disconnected` is no end: the network may come back, and the watchdog decides.
func (l *leg) connection(s pion.PeerConnectionState) {
	switch s {
	case pion.PeerConnectionStateConnected:
		l.up = true
		l.check()
	case pion.PeerConnectionStateClosed, pion.PeerConnectionStateFailed:
		l.end = Closed
	}
}

// suspect gives the leg its window to prove that it lives.
func (l *leg) suspect() {
	if l.lastRTP.Load() == 0 || l.quiet() > l.g.cfg.SuspectWindow {
		l.end = Suspect
		return
	}
	if l.suspected == nil {
		l.suspected = time.NewTimer(l.g.cfg.SuspectWindow)
	}
}

// judge ends the window. What came in its first half may have been under way when the page went, so only its second half counts: ten
// packets of a page that lives.
func (l *leg) judge() {
	l.suspected = nil
	if l.quiet() > l.g.cfg.SuspectWindow/2 {
		l.end = Suspect
	}
}

// attach adds a node, or gives it a new address.
func (l *leg) attach(node string, addr netip.AddrPort) {
	if i := l.route(node); i >= 0 && (*l.routes.Load())[i].addr == addr {
		return
	}
	l.detach(node)
	r := &route{leg: l, node: node, addr: addr}
	l.setRoutes(append(slices.Clone(l.present()), r))
	if taken := l.g.sources.add(r); taken != nil && taken.leg != l {
		taken.leg.lose(taken)
	}
	l.g.hub.changed(l.view)
}

// lose tells the owner that another leg registered a route's address: Asterisk gave the port to a new channel. The call comes from
// that leg's owner, hence not by post, which could wait for it in turn.
func (l *leg) lose(r *route) {
	l.g.tasks.Go(func() {
		l.post(func() {
			if i := l.route(r.node); i >= 0 && l.present()[i] == r {
				l.detach(r.node)
				l.g.hub.changed(l.view)
			}
		})
	})
}

// detach removes a node and tells whether it was there.
func (l *leg) detach(node string) bool {
	i := l.route(node)
	if i < 0 {
		return false
	}
	l.g.sources.remove(l.present()[i])
	l.setRoutes(slices.Delete(slices.Clone(l.present()), i, i+1))
	return true
}

func (l *leg) present() []*route {
	if routes := l.routes.Load(); routes != nil {
		return *routes
	}
	return nil
}

func (l *leg) route(node string) int {
	return slices.IndexFunc(l.present(), func(r *route) bool { return r.node == node })
}

func (l *leg) setRoutes(routes []*route) {
	l.routes.Store(&routes)
	l.view.Nodes = make([]string, 0, len(routes))
	for _, r := range routes {
		l.view.Nodes = append(l.view.Nodes, r.node)
	}
	slices.Sort(l.view.Nodes)
}

// record puts a tape in; the one before it ends.
func (l *leg) record(t *tape) {
	if old := l.tape.Swap(t); old != nil && old != t {
		old.end()
	}
}

// stopRecording takes a tape out, if it is the one that is in.
func (l *leg) stopRecording(t *tape) {
	l.tape.CompareAndSwap(t, nil)
	t.end()
	if l.view.Recording == t.recording {
		l.view.Recording = ""
		l.g.hub.changed(l.view)
	}
}

func (l *leg) reportQuality() {
	if l.view.State == Connecting {
		return
	}
	q := l.measure()
	l.g.metrics.observe(q)
	l.g.hub.quality(l.view.ID, q)
}

// finish takes the leg out of the world. Others learn of it before the slow part, the farewell to the browser.
func (l *leg) finish() {
	if l.suspected != nil {
		l.suspected.Stop()
	}
	for _, r := range l.present() {
		l.g.sources.remove(r)
	}
	l.setRoutes(nil)
	recording := l.tape.Swap(nil)
	if recording != nil {
		recording.end()
	}
	l.g.forget(l)
	l.g.hub.gone(l.view, l.end)
	close(l.done)
	l.log.Info("leg gone", "reason", l.end)
	if err := l.pc.GracefulClose(); err != nil {
		l.log.Debug("leg: closing the peer connection", "error", err)
	}
	l.tasks.Wait()
}
