package telephony

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"hotline/queue"
)

// ErrSuperseded ends Run of a process that is not the owner any more: a peer has adopted its calls, or a later life has its name. What it knows of
// them is old; it is to be started afresh.
var ErrSuperseded = errors.New("a peer or a later life of this controller has its calls now; it must start afresh")

// FleetConfig is what a controller process needs to know.
type FleetConfig struct {
	Owner string   // id of this controller, unique among all
	Nodes []string // the Asterisks, all of which it drives
	Lines []Line

	Presence time.Duration // how long a controller may give no sign of life before a peer takes over; the lease of a call; default 3 s
	Linger   time.Duration // how long the place of a dead peer is kept when its last call is over; default 30 s

	// Make makes the controller of an owner (this one, or a dead peer) on an Asterisk; release is called when it has ended.
	Make func(owner, node string, lines []Line, bonds Bonds) (c *Controller, release func(), err error)
}

// beats is how many signs of life a process gives within its presence.
const beats = 12

// unclaimedFor is how long nobody may have answered for an owner's things in Asterisk before they are taken away.
const unclaimedFor = time.Minute

// attendance is where controllers hear of each other.
type attendance interface {
	Attend(ctx context.Context, p queue.Peer, ttl time.Duration, begin bool) ([]queue.Peer, error)
	Adopt(ctx context.Context, dead, adopter queue.Peer) error
	Depart(ctx context.Context, p queue.Peer) error
}

// Fleet is one controller process among several: a Controller on each Asterisk under its own id, and, while a peer is dead, others under the
// dead one's id, which adopt its calls as it would itself after a restart.
//
// Whoever of two opens the application of an id last has its calls: Asterisk tells the other, which stops at once. A peer that was only asleep
// finds that it was adopted and ends; its next life opens the application and has the calls back.
type Fleet struct {
	cfg     FleetConfig
	life    string
	queue   attendance
	log     *slog.Logger
	share   *share
	own     []member
	count   prometheus.Counter
	tasks   sync.WaitGroup
	drained chan struct{}

	attending sync.Mutex // one sign of life at a time
	begun     bool       // one was taken note of

	mu        sync.Mutex
	lines     []Line
	peers     map[string]queue.Peer // as of heard
	heard     time.Time
	steady    time.Time // since when Redis has answered every time
	heirs     map[string]*heir
	done      map[string]string    // owner -> its last life that was adopted here: once is enough
	unclaimed map[string]time.Time // owner -> since when nobody answers for it
	draining  bool
	emptied   bool // the own calls are over
}

// member is a controller on one Asterisk.
type member struct {
	*Controller
	node    string
	release func()
}

// NewFleet makes the controllers of this process; nothing is sent before Run.
func NewFleet(cfg FleetConfig, q *queue.Queue, log *slog.Logger, reg prometheus.Registerer) (*Fleet, error) {
	return newFleet(cfg, q, log, reg)
}

func newFleet(cfg FleetConfig, q attendance, log *slog.Logger, reg prometheus.Registerer) (*Fleet, error) {
	if len(cfg.Nodes) == 0 {
		return nil, errors.New("nodes: at least one is needed")
	}
	if cfg.Presence == 0 {
		cfg.Presence = 3 * time.Second
	}
	if cfg.Linger == 0 {
		cfg.Linger = 30 * time.Second
	}
	f := &Fleet{
		cfg: cfg, life: newID(), queue: q, log: log, share: &share{}, lines: cfg.Lines, drained: make(chan struct{}),
		peers: map[string]queue.Peer{}, heirs: map[string]*heir{}, done: map[string]string{}, unclaimed: map[string]time.Time{},
		count: prometheus.NewCounter(prometheus.CounterOpts{Namespace: "hotline", Subsystem: "controller", Name: "adoptions_total", Help: "Dead peers whose calls this process took over."}),
	}
	reg.MustRegister(f.count)
	for _, node := range cfg.Nodes {
		c, release, err := cfg.Make(cfg.Owner, node, cfg.Lines, Bonds{share: f.share, confirm: f.confirm, claimed: f.claimed})
		if err != nil {
			f.release()
			return nil, fmt.Errorf("controller of %s: %w", node, err)
		}
		f.own = append(f.own, member{c, node, release})
	}
	return f, nil
}

func (f *Fleet) release() {
	for _, m := range f.own {
		m.release()
	}
}

func (f *Fleet) self() queue.Peer {
	return queue.Peer{Owner: f.cfg.Owner, Life: f.life, Load: f.share.load()}
}

// Run works until ctx ends. ErrSuperseded and ari.ErrReplaced say that somebody else has the calls: start afresh. It is called once.
func (f *Fleet) Run(ctx context.Context) error {
	defer f.release()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	// Redis being away keeps nobody from serving: then no peer can have taken anything.
	if err := f.attend(ctx); err != nil && ctx.Err() == nil {
		f.log.Warn("no sign of life could be given; the peers do not know of this process yet", "error", err)
	}
	for _, m := range f.own {
		f.tasks.Go(func() { cancel(m.Run(ctx)) }) // one that ends takes the others with it: they are one process's knowledge
	}
	f.live(ctx, cancel)
	f.tasks.Wait()
	select {
	case <-f.drained:
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		if err := f.queue.Depart(ctx, f.self()); err != nil {
			f.log.Warn("the peers were not told of the departure; one of them will look for calls that are not there", "error", err)
		}
	default:
	}
	if err := context.Cause(ctx); !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}

// live gives signs of life until ctx ends.
func (f *Fleet) live(ctx context.Context, cancel context.CancelCauseFunc) {
	t := time.NewTicker(f.cfg.Presence / beats)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
		switch err := f.attend(ctx); {
		case errors.Is(err, ErrSuperseded):
			cancel(err)
			return
		case err == nil:
			f.inherit(ctx)
		}
		f.checkDrained()
	}
}

// attend gives a sign of life and hears of the peers.
func (f *Fleet) attend(ctx context.Context) error {
	f.attending.Lock()
	defer f.attending.Unlock()
	ctx, cancel := context.WithTimeout(ctx, f.cfg.Presence/4)
	defer cancel()
	asked := time.Now()
	peers, err := f.queue.Attend(ctx, f.self(), f.cfg.Presence, !f.begun)
	if isFenced(err) {
		return ErrSuperseded
	}
	if err != nil {
		return err
	}
	f.begun = true
	f.mu.Lock()
	defer f.mu.Unlock()
	// A silence of Redis, or of this process, is no silence of the peers: they get all their time again.
	if asked.Sub(f.heard) > f.cfg.Presence/2 {
		f.steady = asked
	}
	f.heard = asked
	clear(f.peers)
	var loads []int
	for _, p := range peers {
		f.peers[p.Owner] = p
		delete(f.unclaimed, p.Owner)
		if p.Owner != f.cfg.Owner && !p.Over {
			loads = append(loads, p.Load)
		}
	}
	f.share.told(loads)
	return nil
}

// confirm asks whether this life is still the owner.
func (f *Fleet) confirm(ctx context.Context) error { return f.attend(ctx) }

// claimed says whether somebody answers for what an owner has in Asterisk. In doubt, somebody does.
func (f *Fleet) claimed(owner string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, known := f.peers[owner]; known || time.Since(f.heard) > f.cfg.Presence {
		delete(f.unclaimed, owner)
		return true
	}
	since, ok := f.unclaimed[owner]
	if !ok {
		f.unclaimed[owner] = time.Now()
		return true
	}
	return time.Since(since) < unclaimedFor
}

// SetLines replaces the lines of all controllers at run time, see [Controller.SetLines].
func (f *Fleet) SetLines(lines []Line) error {
	if err := validLines(lines); err != nil {
		return err
	}
	f.mu.Lock()
	f.lines = lines // also of those whom we are about to adopt
	all := f.members()
	f.mu.Unlock()
	for _, m := range all {
		if err := m.SetLines(lines); err != nil {
			return err
		}
	}
	return nil
}

// members are all controllers of this process. f.mu is held.
func (f *Fleet) members() []member {
	all := append([]member(nil), f.own...)
	for _, h := range f.heirs {
		all = append(all, h.members...)
	}
	return all
}

// Ready reports on which Asterisks calls cannot be claimed and acted on now.
func (f *Fleet) Ready() error {
	var errs []error
	for _, m := range f.own {
		if !m.Ready() {
			errs = append(errs, fmt.Errorf("%s: the event websocket is not connected, or it is not known whose the calls are", m.node))
		}
	}
	return errors.Join(errs...)
}

// Serves says whether this process acts for an owner, itself or a dead peer, on an Asterisk.
func (f *Fleet) Serves(owner, node string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, m := range f.members() {
		if m.cfg.ID == owner && m.node == node && m.Ready() {
			return true
		}
	}
	return false
}

// Drain stops claiming new calls and taking over from peers; the channel it returns is closed when the last call is over.
func (f *Fleet) Drain() <-chan struct{} {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.draining {
		return f.drained
	}
	f.draining = true
	f.tasks.Go(func() {
		for _, m := range f.own {
			select {
			case <-m.Drain():
			case <-m.stopped:
			}
		}
		f.mu.Lock()
		f.emptied = true
		f.mu.Unlock()
		f.checkDrained()
	})
	return f.drained
}

func (f *Fleet) checkDrained() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.emptied {
		return
	}
	for _, h := range f.heirs {
		if n, _ := h.calls(); n > 0 {
			return
		}
	}
	select {
	case <-f.drained:
	default:
		close(f.drained)
	}
}
