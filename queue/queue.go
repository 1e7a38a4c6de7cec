package queue

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"
)

// Errors a caller branches on.
var (
	ErrOfferGone  = errors.New("the offer expired, was withdrawn or was taken")
	ErrNoCall     = errors.New("the call is not in the index")
	ErrNoAgent    = errors.New("the agent is not signed in")
	ErrAgentBusy  = errors.New("the agent is reserved, talking, assisting or kept for a caller")
	ErrFenced     = errors.New("a later session or owner has taken over")
	ErrWrongState = errors.New("the change does not fit the present state")
	ErrOnBreak    = errors.New("the agent had too many red calls and has a break")
	ErrFormDue    = errors.New("the form of a call at risk is missing")
	// ErrInvalid is the error of an argument that no state of the index could accept: an empty id, an unknown tier, a level out of 1..10.
	ErrInvalid = errors.New("invalid argument")
)

// tierGap keeps the urgent tiers strict: an arrival is never taken as older than 48 h, nor a front as more than as much again, and who is assigned to an agent
// goes 100 h ahead (lua/routing.lua), so a gap of 200 h cannot be waited away.
const tierGap = 200 * time.Hour

// DefaultFormWait is how long the form of a call at risk may be missing where nothing else is set.
const DefaultFormWait = 10 * time.Minute

// Config bounds the queue. The zero value of a field means its default.
type Config struct {
	Site      string                 // hash tag of every key; default "site"; letters, digits, "-", "_", "."
	HeadStart map[Tier]time.Duration // default red 1000 h, returning 500 h, followup 10 min, normal 0, nuisance -30 min
	Ring      time.Duration          // lease of an offer; default 15 s
	WrapUp    time.Duration          // default 60 s
	WrapMost  time.Duration          // how long a wrap-up may become by ExtendWrapUp, from its beginning; default 15 min, or WrapUp when longer
	FormWait  time.Duration          // how long the form of a call at risk may be missing before who leads is told; default [DefaultFormWait]
	MissLimit int                    // misses in a row before NotReady(no_answer); default 1
	Settle    time.Duration          // after a loss: no offers until nothing was restored for so long (at most 3 s); default 500 ms
	Floors    Skills                 // relaxation never goes below; default youth 1, crisis 1; a level of 0 takes a floor away
	Patience  time.Duration          // most that a caller waits for one agent, or an agent is held for a caller; default 10 min
	Exposure  Exposure               // zero: red calls are not counted
	Journal   bool                   // keep the operations of the site in a stream, about the last 50 000, for Queue.Journal
}

// Exposure says how many red calls a person should take. Counted are those accepted, or raised to red while talking, and the last 16 at most.
type Exposure struct {
	Window time.Duration // red calls within it make the next one go to others first; 0 = none of this
	Limit  int           // so many within Window since the last break: NotReady(break_after_red) after the wrap-up; 0 = no breaks; at most 16
	Break  time.Duration // Ready is refused for so long; default 15 min
}

// tiers, most urgent first.
func tiers() []Tier {
	return []Tier{TierRed, TierReturning, TierFollowUp, TierNormal, TierNuisance}
}

// WithDefaults returns the configuration with the default in the place of each zero value.
func (c Config) WithDefaults() Config {
	if c.Site == "" {
		c.Site = "site"
	}
	head := map[Tier]time.Duration{TierRed: 1000 * time.Hour, TierReturning: 500 * time.Hour, TierFollowUp: 10 * time.Minute, TierNormal: 0, TierNuisance: -30 * time.Minute}
	for t, d := range c.HeadStart {
		head[t] = d
	}
	c.HeadStart = head
	floors := Skills{"youth": 1, "crisis": 1}
	for name, level := range c.Floors {
		floors[name] = level
	}
	c.Floors = floors
	c.Patience = orDefault(c.Patience, 10*time.Minute)
	c.Exposure.Break = orDefault(c.Exposure.Break, 15*time.Minute)
	c.Ring = orDefault(c.Ring, 15*time.Second)
	c.WrapUp = orDefault(c.WrapUp, time.Minute)
	c.WrapMost = orDefault(c.WrapMost, max(15*time.Minute, c.WrapUp))
	c.FormWait = orDefault(c.FormWait, DefaultFormWait)
	c.Settle = orDefault(c.Settle, 500*time.Millisecond)
	c.MissLimit = orDefault(c.MissLimit, 1)
	return c
}

func orDefault[T comparable](v, def T) T {
	var zero T
	if v == zero {
		return def
	}
	return v
}

// Validate reports what is wrong with a configuration, after defaults.
func (c Config) Validate() error {
	c = c.WithDefaults()
	if !regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`).MatchString(c.Site) {
		return fmt.Errorf("queue: site %q: %w: letters, digits, '.', '_' and '-' only, at most 64", c.Site, ErrInvalid)
	}
	if c.Ring < time.Second || c.WrapUp < time.Millisecond || c.Settle < time.Millisecond || c.FormWait < time.Millisecond || c.MissLimit < 1 {
		return fmt.Errorf("queue: %w: ring of at least 1 s, positive wrap-up, form wait, settle and miss limit are needed", ErrInvalid)
	}
	if c.WrapMost < c.WrapUp {
		return fmt.Errorf("queue: %w: a wrap-up of %s cannot end after at most %s", ErrInvalid, c.WrapUp, c.WrapMost)
	}
	if e := c.Exposure; c.Patience < time.Millisecond || e.Window < 0 || e.Break < time.Millisecond || e.Limit < 0 || e.Limit > 16 || e.Limit > 0 && e.Window == 0 {
		return fmt.Errorf("queue: %w: positive patience and break, a limit of 0 to 16 red calls, and a window where there is a limit are needed", ErrInvalid)
	}
	for name, level := range c.Floors {
		if level < 0 || level > 10 {
			return fmt.Errorf("queue: floor of %q: %w: level %d is not in 0..10", name, ErrInvalid, level)
		}
	}
	if len(c.HeadStart) != len(tiers()) {
		return fmt.Errorf("queue: %w: head start of an unknown tier", ErrInvalid)
	}
	for i, t := range tiers()[1:] {
		above, gap := tiers()[i], c.HeadStart[tiers()[i]]-c.HeadStart[t]
		if gap < 0 || (above == TierRed || above == TierReturning) && gap < tierGap {
			return fmt.Errorf("queue: %w: head start of %s must exceed that of %s by at least %s for red and returning", ErrInvalid, above, t, tierGap)
		}
	}
	return nil
}

// Queue is a client of the index. Safe for concurrent use; it holds no state of its own but the connection.
type Queue struct {
	rdb     redis.UniversalClient
	prefix  string
	conduct atomic.Pointer[conduct] // replaced as a whole by Configure and SetWrapUp
	setting sync.Mutex              // what is set: guards cfg and wrap
	cfg     Config                  // of the last Configure
	wrap    *wrapUp                 // of the last SetWrapUp
	metrics *metrics
	now     func() int64 // ms, 0 = the clock of Redis; tests only
}

// New returns a client of the index of one site. It does not connect. The timeouts of rdb bound every method; its retries are safe, since
// every change carries a request id. Redis must not evict keys (maxmemory-policy noeviction).
func New(rdb redis.UniversalClient, cfg Config) (*Queue, error) {
	q := &Queue{rdb: rdb, prefix: "{" + cfg.WithDefaults().Site + "}:", metrics: newMetrics(), now: func() int64 { return 0 }}
	if err := q.Configure(cfg); err != nil {
		return nil, err
	}
	return q, nil
}

// conduct is what of a configuration travels with a change.
type conduct struct {
	settings string
	floors   Skills
}

// Configure replaces the configuration, from the next change on: what is in the index already stays as it is, an offer rings as long as it was made for.
// All processes of a site must come to the same one. The site is that of New. On an error nothing is changed.
func (q *Queue) Configure(cfg Config) error {
	q.setting.Lock()
	defer q.setting.Unlock()
	if err := q.conductBy(cfg, q.wrap); err != nil {
		return err
	}
	q.cfg = cfg
	return nil
}

// wrapUp is what SetWrapUp sets.
type wrapUp struct{ span, most time.Duration }

// SetWrapUp replaces Config.WrapUp and Config.WrapMost from the next change on, and outlasts Configure: a site's settings may say it while the configuration follows
// something else. Zeros give the configuration's back. As with Configure, all processes of a site must come to the same. On an error nothing is changed.
func (q *Queue) SetWrapUp(span, most time.Duration) error {
	var w *wrapUp
	if span != 0 || most != 0 {
		w = &wrapUp{span, most}
	}
	q.setting.Lock()
	defer q.setting.Unlock()
	if err := q.conductBy(q.cfg, w); err != nil {
		return err
	}
	q.wrap = w
	return nil
}

// conductBy makes what travels with a change.
func (q *Queue) conductBy(cfg Config, w *wrapUp) error {
	if w != nil {
		cfg.WrapUp, cfg.WrapMost = orDefault(w.span, cfg.WrapUp), w.most
	}
	if err := cfg.Validate(); err != nil {
		return err
	}
	cfg = cfg.WithDefaults()
	head := make(map[Tier]int64, len(cfg.HeadStart))
	for t, d := range cfg.HeadStart {
		head[t] = d.Milliseconds()
	}
	settings, err := json.Marshal(settingsRow{
		Ring: cfg.Ring.Milliseconds(), Wrap: cfg.WrapUp.Milliseconds(), WrapMost: cfg.WrapMost.Milliseconds(), Form: cfg.FormWait.Milliseconds(), Settle: cfg.Settle.Milliseconds(), Miss: cfg.MissLimit, Head: head,
		Patience: cfg.Patience.Milliseconds(), Window: cfg.Exposure.Window.Milliseconds(), Limit: cfg.Exposure.Limit, Rest: cfg.Exposure.Break.Milliseconds(),
		Floors: cfg.Floors, Journal: cfg.Journal,
	})
	if err != nil {
		return fmt.Errorf("queue: settings: %w", err)
	}
	q.conduct.Store(&conduct{string(settings), cfg.Floors})
	return nil
}

func (q *Queue) key(name string) string { return q.prefix + name }
