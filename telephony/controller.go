package telephony

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"hotline/queue"
	"hotline/telephony/ari"
	"hotline/telephony/call"
)

// Controller routes the calls of one Asterisk that it has claimed. One goroutine, the loop, owns its maps; everything else sends it work. The loop
// itself never waits: what asks Asterisk, Redis or a gateway runs beside it and sends back what it found.
type Controller struct {
	cfg      Config
	names    names
	route    string // of this controller on this Asterisk, as the gateways know it
	ari      *ari.Client
	queue    *queue.Queue
	ledger   Ledger
	gateways []Gateway
	log      *slog.Logger
	metrics  *metrics
	fence    *fence
	record   func(call.ID, call.Event)
	orders   map[string]order // read only

	ready atomic.Bool // events flow
	live  atomic.Int64
	seen  atomic.Bool // Asterisk was looked at once: what is ours was adopted
	book  atomic.Pointer[map[string]Line]

	ctx     context.Context // of Run: the life of actors and attachments
	work    chan func()
	stopped chan struct{}  // closed when the loop has ended
	tasks   sync.WaitGroup // all that runs beside the loop

	// Owned by the loop.
	calls    map[call.ID]*actor
	adopting map[call.ID]bool // waiting for the lease
	channels map[string]*actor
	outs     map[string]*out      // channels of attempts
	besides  map[string]*actor    // snoop and pulse channels
	leaving  map[string]time.Time // channels that are being hung up, since when
	ended    map[string]bool      // channels whose call is over, until Asterisk no longer lists them
	wishes   map[call.ID][]wish   // of calls that are not here (yet)
	ahead    time.Duration        // of our clock is that of Redis
	claiming int                  // claims whose caller has not come yet
	draining bool
	away     time.Time // since when Asterisk has been out of reach; zero: it is not
	mourned  bool      // its calls were given up
	gaps     int       // in the event stream, so far
	resolved int       // those that a resync has made good
	resync   single
	reindex  single
	rtps     map[string]string // gateway -> its address towards Asterisk
	synced   map[string]bool   // gateways whose snapshot came, and that are in reach
	told     map[string]bool   // gateways that said what legs they have, or are known to be out of reach: then none
	drained  chan struct{}

	presence presence // has a lock of its own
	alarms   *alarms  // likewise

	legsMu sync.RWMutex // legs are read by lanes, too
	legs   map[string]*leg

	attachCount int64
}

// workSize bounds the loop's mailbox. Senders wait when it is full: the event reader before it has no bound, so nothing is lost. The loop
// itself never sends to it.
const workSize = 4096

// lookEvery is how often the controller compares what it believes with Asterisk and the index, although nothing seems wrong.
const lookEvery = 10 * time.Second

// New makes a controller. journal, when not nil, is given every event of every call, in order of each call.
func New(cfg Config, a *ari.Client, q *queue.Queue, l Ledger, gateways []Gateway, log *slog.Logger, reg prometheus.Registerer, journal func(call.ID, call.Event)) (*Controller, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	c := &Controller{
		cfg: cfg.withDefaults(), names: names{cfg.ID}, route: route(cfg.Node, cfg.ID), ari: a, queue: q, ledger: l, gateways: gateways, log: log, metrics: newMetrics(reg),
		record: journal, orders: orders(), work: make(chan func(), workSize), calls: map[call.ID]*actor{}, adopting: map[call.ID]bool{}, channels: map[string]*actor{},
		ended: map[string]bool{}, leaving: map[string]time.Time{}, outs: map[string]*out{}, besides: map[string]*actor{}, wishes: map[call.ID][]wish{}, drained: make(chan struct{}), stopped: make(chan struct{}),
		legs: map[string]*leg{}, rtps: map[string]string{}, synced: map[string]bool{}, told: map[string]bool{},
	}
	lines := map[string]Line{}
	for _, line := range cfg.Lines {
		lines[line.ID] = line
	}
	c.book.Store(&lines)
	c.draining = c.cfg.Bonds.adopts
	c.alarms = c.newAlarms()
	c.fence = newFence(q, c.cfg.Lease, func(id call.ID) { c.do(func() { c.fenced(id) }) })
	c.fence.confirm = c.cfg.Bonds.confirm
	a.Guard(mayAct)
	return c, nil
}

// Run works until ctx ends (calls stay where they are, for the next controller to adopt) or until another controller of the same name
// has taken its application (ari.ErrReplaced). It is called once.
func (c *Controller) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	c.away = time.Now()
	c.ctx = c.fence.acting(ctx, itself)
	c.beside(func() { cancel(c.ari.Run(ctx)) })
	for _, part := range []func(context.Context){c.readAsterisk, c.fence.run, c.followIndex, c.followCommands, c.sweep, c.runCallbacks, c.alarms.run} {
		c.beside(func() { part(ctx) })
	}
	for _, g := range c.gateways {
		c.beside(func() { c.followGateway(ctx, g) })
	}
	c.loop(ctx)
	close(c.stopped)
	c.tasks.Wait()
	c.cfg.Bonds.share.add(-int(c.live.Load())) // what is left is somebody else's
	if err := context.Cause(ctx); errors.Is(err, ari.ErrReplaced) {
		return err
	}
	return nil
}

func (c *Controller) loop(ctx context.Context) {
	tick, leaves := time.NewTicker(lookEvery), time.NewTicker(leavesEvery)
	defer tick.Stop()
	defer leaves.Stop()
	for ctx.Err() == nil {
		select {
		case f := <-c.work:
			f()
		case <-tick.C:
			c.resyncSoon(false)
			c.reindexSoon()
			c.mourn()
		case <-leaves.C:
			c.seeOff()
		case <-ctx.Done():
		}
	}
}

// beside runs f outside of the loop; Run returns after it.
func (c *Controller) beside(f func()) { c.tasks.Go(f) }

// Ready says that calls can be claimed and acted on: Asterisk's events flow, and the calls are known to be ours.
func (c *Controller) Ready() bool { return c.ready.Load() && c.fence.open() }

// Calls is how many calls it has, alerts included; sure says that Asterisk was looked at, so that there are no others of its owner's.
func (c *Controller) Calls() (n int, sure bool) {
	return int(c.live.Load()) + c.alarms.count(), c.seen.Load()
}

// Drain stops claiming new calls and gives back callbacks that nobody is dialled for; the channel it returns is closed when the last call is over.
func (c *Controller) Drain() <-chan struct{} {
	c.do(func() {
		c.draining = true
		for _, a := range c.calls {
			if a.task != "" {
				a.post(call.Draining{At: now()})
			}
		}
		c.checkDrained()
	})
	return c.drained
}

func (c *Controller) checkDrained() {
	if c.draining && len(c.calls)+len(c.adopting)+c.claiming+c.alarms.count() == 0 {
		select {
		case <-c.drained:
		default:
			close(c.drained)
		}
	}
}

// do hands work to the loop. The loop itself must not call it: it would wait for itself when the mailbox is full.
func (c *Controller) do(f func()) {
	select {
	case c.work <- f:
	case <-c.stopped:
	}
}

func (c *Controller) journal(id call.ID, e call.Event) {
	if c.record != nil {
		c.record(id, e)
	}
}
