package telephony

import (
	"context"
	"log/slog"
	"maps"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"hotline/queue"
	"hotline/telephony/ari"
	"hotline/telephony/call"
	"hotline/telephony/webrtc"
)

// GuardianConfig bounds a guardian.
type GuardianConfig struct {
	Lease time.Duration // how long a lease holds that is not renewed: the controllers' Config.Lease; default 3 s
	Stale time.Duration // how long a call may be without a controller; default 4 s
	Every time.Duration // between looks; default 500 ms
	// Alive asks a controller for a sign of life. It decides while Redis, which keeps the leases, is away. (Asterisk cannot be asked: it
	// keeps calling an application alive whose websocket has closed.) nil: then none is alive.
	Alive func(ctx context.Context, controller string) bool
}

// Guardian looks after the callers of one Asterisk whom no controller serves any more: it hands them to the dialplan's fallback, which needs none
// of us. A caller who still hears a counsellor is left alone: the audio does not pass through a controller.
type Guardian struct {
	cfg      GuardianConfig
	ari      *ari.Client
	queue    *queue.Queue
	gateways []Gateway
	log      *slog.Logger

	rescued, alarms prometheus.Counter

	mu   sync.Mutex
	legs map[string]bool // legs that carry audio, over all gateways

	tasks sync.WaitGroup
	ctx   context.Context // of Run

	// Owned by Run's loop.
	since map[string]time.Time // channel -> when it was first seen without a controller
	tried map[string]int       // channel -> how often it was handed to the dialplan and was found outside of it again
	left  map[string]bool      // channels whose callers have hung up, and that stay all the same
	signs map[queue.CallID]sign
}

// sign is the last sign of life of a lease. The time is that at which it was first seen here: expiry is told by the clock of Redis, which need not be
// ours.
type sign struct {
	expires, seen time.Time
}

// NewGuardian makes a guardian. Its Asterisk client is used for requests only.
func NewGuardian(cfg GuardianConfig, a *ari.Client, q *queue.Queue, gateways []Gateway, log *slog.Logger, reg prometheus.Registerer) *Guardian {
	if cfg.Lease == 0 {
		cfg.Lease = 3 * time.Second
	}
	if cfg.Alive == nil {
		cfg.Alive = func(context.Context, string) bool { return false }
	}
	if cfg.Stale == 0 {
		cfg.Stale = 4 * time.Second
	}
	if cfg.Every == 0 {
		cfg.Every = 500 * time.Millisecond
	}
	g := &Guardian{cfg: cfg, ari: a, queue: q, gateways: gateways, log: log, legs: map[string]bool{},
		since: map[string]time.Time{}, tried: map[string]int{}, left: map[string]bool{}, signs: map[queue.CallID]sign{},
		rescued: prometheus.NewCounter(prometheus.CounterOpts{Namespace: "hotline", Subsystem: "guardian", Name: "rescued_total", Help: "Callers handed to the dialplan's fallback."}),
		alarms:  prometheus.NewCounter(prometheus.CounterOpts{Namespace: "hotline", Subsystem: "guardian", Name: "unattended_total", Help: "Looks that found a talking caller without a controller."}),
	}
	reg.MustRegister(g.rescued, g.alarms)
	return g
}

// Run looks until ctx ends.
func (g *Guardian) Run(ctx context.Context) error {
	g.ctx = ctx
	for _, gw := range g.gateways {
		g.tasks.Go(func() { g.follow(ctx, gw) })
	}
	defer g.tasks.Wait()
	t := time.NewTicker(g.cfg.Every)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-t.C:
			if err := g.look(ctx); err != nil && ctx.Err() == nil {
				g.log.Warn("guardian cannot see the calls", "error", err)
			}
		}
	}
}

func (g *Guardian) follow(ctx context.Context, gw Gateway) {
	own := map[string]bool{}
	set := func(l webrtc.Leg) {
		g.mu.Lock()
		defer g.mu.Unlock()
		own[l.ID], g.legs[l.ID] = true, l.State == webrtc.Connected
	}
	drop := func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		for id := range own {
			delete(g.legs, id)
		}
		clear(own)
	}
	_ = gw.Client.Follow(ctx, func(e webrtc.Event) error {
		switch e.Type {
		case webrtc.EventSnapshot:
			drop()
			for _, l := range e.Legs {
				set(l)
			}
		case webrtc.EventLeg:
			set(e.Leg)
		case webrtc.EventGone:
			g.mu.Lock()
			delete(g.legs, e.Leg.ID)
			delete(own, e.Leg.ID)
			g.mu.Unlock()
		case webrtc.Lost:
			drop()
		}
		return nil
	})
}

func (g *Guardian) look(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	channels, err := g.ari.Channels(ctx)
	if err != nil {
		return err
	}
	leases := g.leases(ctx)
	alive := map[string]bool{}
	seen := map[string]bool{}
	elsewhere := talksElsewhere(channels)
	for _, ch := range channels {
		if ch.Context == FallbackContext || ours(ch.ID) || unheardOut(ch) {
			continue
		}
		seen[ch.ID] = true
		if g.left[ch.ID] {
			continue
		}
		if !g.alone(ctx, ch, leases, alive) {
			delete(g.since, ch.ID)
			continue
		}
		first, ok := g.since[ch.ID]
		if !ok {
			g.since[ch.ID] = time.Now()
		} else if time.Since(first) >= g.cfg.Stale {
			g.rescue(ctx, ch, elsewhere)
		}
	}
	maps.DeleteFunc(g.since, func(id string, _ time.Time) bool { return !seen[id] })
	maps.DeleteFunc(g.tried, func(id string, _ int) bool { return !seen[id] })
	maps.DeleteFunc(g.left, func(id string, _ bool) bool { return !seen[id] })
	return nil
}

// leases are those that Redis knows, or nil when it is away: then the controllers are asked for a sign of life.
func (g *Guardian) leases(ctx context.Context) map[queue.CallID]queue.LeaseState {
	ctx, cancel := context.WithTimeout(ctx, 500*time.Millisecond)
	defer cancel()
	leases, err := g.queue.Leases(ctx)
	if err != nil {
		return nil
	}
	g.note(leases)
	return leases
}

// note takes down the signs of life.
func (g *Guardian) note(leases map[queue.CallID]queue.LeaseState) {
	for id, l := range leases {
		if s, ok := g.signs[id]; !ok || !s.expires.Equal(l.Expires) {
			g.signs[id] = sign{l.Expires, time.Now()}
		}
	}
	maps.DeleteFunc(g.signs, func(id queue.CallID, _ sign) bool { _, ok := leases[id]; return !ok })
}

// stale says that nobody renews the lease of a call, or that it was taken by a guardian.
func (g *Guardian) stale(id queue.CallID, leases map[queue.CallID]queue.LeaseState) bool {
	l, ok := leases[id]
	return !ok || l.Owner == guardianOwner || time.Since(g.signs[id].seen) > g.cfg.Lease
}

// alone says that nobody acts on the channel: its lease ran out, because its controller is dead or hangs.
func (g *Guardian) alone(ctx context.Context, ch ari.Channel, leases map[queue.CallID]queue.LeaseState, alive map[string]bool) bool {
	v := ch.Vars[call.Variable]
	if v == "" {
		// Claimed, perhaps, by a controller that died before it wrote the tag. In the dialplan it refuses to be moved, which is harmless.
		return true
	}
	tag, err := call.DecodeTag(v)
	if err != nil {
		return false
	}
	if tag.State.Final() {
		return true // on the way to the dialplan, which its controller did not live to finish
	}
	if leases != nil {
		return g.stale(queue.CallID(tag.Call), leases)
	}
	if _, asked := alive[tag.Owner]; !asked {
		alive[tag.Owner] = g.cfg.Alive(ctx, tag.Owner)
	}
	return !alive[tag.Owner]
}

// forget takes the call out of the index, beside the looks at other callers. When that fails, the controllers find the row without a call.
func (g *Guardian) forget(id queue.CallID, ending queue.Ending) {
	if id == "" {
		return
	}
	req := queue.RequestID(newID())
	g.tasks.Go(func() {
		err := again(g.ctx, time.Minute, func(ctx context.Context) (bool, error) {
			return false, g.queue.End(ctx, req, id, ending)
		})
		if err != nil && g.ctx.Err() == nil {
			g.log.Error("the index was not told of a caller who went to the fallback or hung up; the board still shows the call", "call_id", id, "error", err)
		}
	})
}

// takeLease makes sure that a controller that wakes up now stands back. With Redis away there is nothing to take, and no peer that could have taken it.
func (g *Guardian) takeLease(ctx context.Context, tag call.Tag) bool {
	_, err := g.queue.Claim(ctx, queue.CallID(tag.Call), guardianOwner, tag.Epoch, guardianLease)
	return !isFenced(err)
}

// guardianOwner holds the lease of a caller who was handed to the dialplan, until no controller can wake up with an old idea of the call.
const (
	guardianOwner = "guardian"
	guardianLease = time.Hour
)

func (g *Guardian) rescue(ctx context.Context, ch ari.Channel, elsewhere map[call.ID]bool) {
	tag, _ := call.DecodeTag(ch.Vars[call.Variable])
	log := g.log.With("call_id", tag.Call)
	g.mu.Lock()
	with := tag.Restore().Bridge()
	heard := with.Leg != "" && g.legs[with.Leg] || with.Out != "" && elsewhere[tag.Call]
	g.mu.Unlock()
	if heard {
		g.alarms.Inc()
		log.Error("a caller talks, but no controller looks after the call")
		return
	}
	if tag.Call != "" && !g.takeLease(ctx, tag) {
		delete(g.since, ch.ID) // somebody lives
		return
	}
	if hungUp(ctx, g.ari, ch) {
		g.seeOff(ctx, ch, log)
		ending := queue.EndAbandoned
		if tag.Talked != 0 {
			ending = queue.EndAnswered
		}
		g.forget(queue.CallID(tag.Call), ending)
		return
	}
	err := g.ari.Continue(ctx, ch.ID, FallbackContext, FallbackExtension, 1)
	switch {
	case err == nil:
		delete(g.since, ch.ID)
		g.handed(ch.ID, tag.Call, log)
	case refused(err):
		delete(g.since, ch.ID) // in the dialplan already, or gone
	default:
		log.Error("caller could not be handed to the dialplan", "error", err)
	}
}

// handed tells of a caller who was handed to the dialplan. Who is found outside of it again is handed over again and again, and never hung up: a
// caller may be there, who hears the end of a prompt or the hold audio meanwhile. It is said twice, not for ever.
func (g *Guardian) handed(channel string, id call.ID, log *slog.Logger) {
	switch g.tried[channel]++; g.tried[channel] {
	case 1:
		g.rescued.Inc()
		log.Warn("no controller looked after the caller; the dialplan's fallback does now")
		g.forget(queue.CallID(id), queue.EndDegraded)
	case 2:
		log.Error("the dialplan does not take the caller, whom no controller looks after; it is asked again and again", "channel", channel)
	}
}

// seeOff hangs up a channel that Asterisk keeps although its caller has hung up (see leaving.go), and leaves it alone from then on.
func (g *Guardian) seeOff(ctx context.Context, ch ari.Channel, log *slog.Logger) {
	g.left[ch.ID] = true
	delete(g.since, ch.ID)
	log.Warn("the caller has hung up, but the channel stays in asterisk; it is left alone", "channel", ch.ID)
	if err := g.ari.Hangup(ctx, ch.ID, "normal"); err != nil && ctx.Err() == nil {
		log.Warn("a channel that should have left could not be hung up", "channel", ch.ID, "error", err)
	}
}
