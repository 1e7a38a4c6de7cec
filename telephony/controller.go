package telephony

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"hotline/queue"
	"hotline/telephony/ari"
	"hotline/telephony/call"
)

// Controller routes the calls of one Asterisk that it has claimed. One goroutine, the loop, owns its maps; everything else sends it work.
type Controller struct {
	cfg      Config
	lines    map[string]Line
	ari      *ari.Client
	queue    *queue.Queue
	ledger   Ledger
	gateways []Gateway
	log      *slog.Logger
	metrics  *metrics
	fence    *fence
	record   func(call.ID, call.Event)

	ready atomic.Bool // events flow

	ctx  context.Context // of Run: the life of actors and attachments
	work chan func()

	// Owned by the loop.
	calls    map[call.ID]*actor
	adopting map[call.ID]bool // waiting for the lease
	channels map[string]*actor
	draining bool
	gap      bool              // events were lost since the last resync
	rtps     map[string]string // gateway -> its address towards Asterisk
	drained  chan struct{}
	resync   *time.Timer

	legsMu sync.RWMutex // legs are read by lanes, too
	legs   map[string]*leg
	synced map[string]bool // gateways whose snapshot came
}

// workSize bounds the loop's mailbox. Senders wait when it is full: the event reader before it has no bound, so nothing is lost.
const workSize = 4096

// New makes a controller. journal, when not nil, is given every event of every call, in order of each call.
func New(cfg Config, a *ari.Client, q *queue.Queue, l Ledger, gateways []Gateway, log *slog.Logger, reg prometheus.Registerer, journal func(call.ID, call.Event)) (*Controller, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	c := &Controller{
		cfg: cfg.withDefaults(), lines: map[string]Line{}, ari: a, queue: q, ledger: l, gateways: gateways, log: log, metrics: newMetrics(reg),
		record: journal, work: make(chan func(), workSize), calls: map[call.ID]*actor{}, adopting: map[call.ID]bool{}, channels: map[string]*actor{},
		drained: make(chan struct{}), legs: map[string]*leg{}, rtps: map[string]string{}, synced: map[string]bool{},
	}
	for _, line := range cfg.Lines {
		c.lines[line.ID] = line
	}
	c.fence = newFence(q, c.cfg.Lease, func(id call.ID) { c.do(func() { c.fenced(id) }) })
	return c, nil
}

// Run works until ctx ends (calls stay where they are, for the next controller to adopt) or until another controller of the same name
// has taken its application (ari.ErrReplaced).
func (c *Controller) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	c.ctx = ctx
	var wg sync.WaitGroup
	start := func(f func(context.Context)) { wg.Go(func() { f(ctx) }) }
	start(func(ctx context.Context) { cancel(c.ari.Run(ctx)) })
	start(c.readAsterisk)
	start(c.fence.run)
	start(c.followIndex)
	start(c.followCommands)
	start(c.sweep)
	for _, g := range c.gateways {
		start(func(ctx context.Context) { c.followGateway(ctx, g) })
	}
	for {
		select {
		case f := <-c.work:
			f()
		case <-ctx.Done():
			wg.Wait()
			if err := context.Cause(ctx); errors.Is(err, ari.ErrReplaced) {
				return err
			}
			return nil
		}
	}
}

// Ready says that Asterisk's events flow: calls can be claimed.
func (c *Controller) Ready() bool { return c.ready.Load() }

// Drain stops claiming new calls; the channel it returns is closed when the last call is over.
func (c *Controller) Drain() <-chan struct{} {
	c.do(func() {
		c.draining = true
		c.checkDrained()
	})
	return c.drained
}

func (c *Controller) checkDrained() {
	if c.draining && len(c.calls) == 0 {
		select {
		case <-c.drained:
		default:
			close(c.drained)
		}
	}
}

// do hands work to the loop.
func (c *Controller) do(f func()) {
	select {
	case c.work <- f:
	case <-c.ctx.Done():
	}
}

func (c *Controller) readAsterisk(ctx context.Context) {
	for {
		e, err := c.ari.Next(ctx)
		if err != nil {
			return
		}
		c.do(func() { c.onAsterisk(e) })
	}
}

func (c *Controller) onAsterisk(e ari.Event) {
	switch e.Kind {
	case ari.Connected:
		c.ready.Store(true)
		c.resyncSoon()
		return
	case ari.Gap:
		c.gap = true
		c.ready.Store(false)
		c.log.Warn("asterisk's event stream broke; bridged audio goes on, a resync follows")
		return
	case ari.CallBroadcast:
		if !c.draining {
			go c.claim(e.Channel.ID)
		}
		return
	case ari.StasisStart:
		c.started(e)
		return
	case ari.BridgeDestroyed:
		if p := place(e.Bridge); p.Line != "" {
			c.resyncSoon()
		}
		return
	}
	if a := c.channels[e.Channel.ID]; a != nil {
		c.tell(a, e)
		return
	}
	if leg, ok := strings.CutPrefix(e.Channel.ID, "media-"); ok && (e.Kind == ari.ChannelDestroyed || e.Kind == ari.StasisEnd) {
		c.mediaGone(leg)
	}
	if e.Kind == ari.PlaybackFinished {
		c.promptDone(e.Playback)
	}
}

// tell translates Asterisk's news of a caller's channel.
func (c *Controller) tell(a *actor, e ari.Event) {
	switch e.Kind {
	case ari.ChannelDtmfReceived:
		a.post(call.Digit{At: now(), Digit: e.Digit})
	case ari.ChannelHangupRequest:
		a.post(call.Leaving{At: now(), Cause: e.Cause})
	case ari.ChannelLeftBridge:
		a.post(call.LeftBridge{At: now(), Place: place(e.Bridge)})
	case ari.ChannelDestroyed:
		a.post(call.CallerGone{At: now()})
	case ari.StasisEnd:
		a.post(call.StasisEnded{At: now()})
	case ari.PlaybackFinished:
		c.promptDone(e.Playback)
	}
}

func (c *Controller) promptDone(playback string) {
	parts := strings.Split(playback, "-") // play-<call>-<n>
	if len(parts) != 3 || parts[0] != "play" {
		return
	}
	if a := c.calls[call.ID(parts[1])]; a != nil {
		a.post(call.PromptDone{At: now(), ID: playback})
	}
}

// claim asks Asterisk for a new call. Another controller that was quicker is no fault.
func (c *Controller) claim(channel string) {
	won, err := c.ari.Claim(c.ctx, channel)
	if err != nil {
		c.log.Warn("claim failed; the dialplan's fallback serves the caller", "error", err)
	} else if won {
		c.metrics.claims.Inc()
	}
}

// started begins the call of a channel that entered our application. Arguments of the dialplan: line, dialled number.
func (c *Controller) started(e ari.Event) {
	if leg, ok := strings.CutPrefix(e.Channel.ID, "media-"); ok {
		c.mediaStarted(leg)
		return
	}
	if strings.HasPrefix(e.Channel.ID, ari.KeeperPrefix) {
		return
	}
	if c.channels[e.Channel.ID] != nil {
		return
	}
	if e.Channel.Vars[call.Variable] != "" {
		c.adopt(e.Channel, call.Place{})
		return
	}
	if len(e.Args) < 2 || c.lines[e.Args[0]].ID == "" {
		c.log.Error("a channel came without a line that is known here; the dialplan takes it", "args", len(e.Args))
		go c.giveBack(e.Channel.ID)
		return
	}
	cl := call.Call{ID: call.ID(newID()), Line: e.Args[0], State: call.Arrived, Tier: call.Normal, Arrived: time.Now().UTC()}
	a := newActor(c, e.Channel.ID, cl, e.Args[1], e.Channel.CallerNumber, 1)
	// Nobody else can know a call that was named just now: the first renewal writes its lease.
	c.begin(a, call.Claimed{At: now()})
}

func (c *Controller) begin(a *actor, e call.Event) {
	c.fence.hold(queue.Lease{Call: queue.CallID(a.call.ID), Owner: c.cfg.ID, Epoch: a.epoch})
	c.calls[a.call.ID], c.channels[a.channel] = a, a
	c.metrics.live.Set(float64(len(c.calls)))
	a.open()
	a.post(e)
	go a.run()
}

func (c *Controller) remove(a *actor) {
	if c.calls[a.call.ID] == a {
		delete(c.calls, a.call.ID)
		delete(c.channels, a.channel)
	}
	c.metrics.live.Set(float64(len(c.calls)))
	c.checkDrained()
}

// fenced: another controller holds the call. Nothing is said to the channel or the index any more.
func (c *Controller) fenced(id call.ID) {
	if a := c.calls[id]; a != nil {
		c.metrics.fenced.Inc()
		a.log.Warn("lease lost to another controller")
		a.cancel()
	}
}

func (c *Controller) giveBack(channel string) {
	if err := c.ari.Continue(c.ctx, channel, FallbackContext, FallbackExtension, 1); err != nil {
		c.log.Error("channel could not be given to the dialplan", "error", err)
	}
}

func (c *Controller) journal(id call.ID, e call.Event) {
	if c.record != nil {
		c.record(id, e)
	}
}
