package telephony

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"hotline/telephony/alert"
	"hotline/telephony/ari"
)

// alertAsterisk is what an alert asks of Asterisk.
type alertAsterisk interface {
	Create(ctx context.Context, channelID, endpoint string, variables map[string]string) error
	Dial(ctx context.Context, channelID string, timeout time.Duration) error
	Hangup(ctx context.Context, channelID, reason string) error
	Play(ctx context.Context, channelID, playbackID string, media ...string) error
	StopPlayback(ctx context.Context, playbackID string) error
	GetVar(ctx context.Context, channelID, name string) (string, error)
}

var _ alertAsterisk = (*ari.Client)(nil)

// What a channel of ours carries about its alert, for whoever finds it.
const alertLanguage = "HOTLINE_ALERT_LANGUAGE"

// Playbacks are named after their channel.
const (
	askingEnd  = "-ask"
	tellingEnd = "-tell"
)

const (
	alertLook   = time.Second      // between looks at what is due
	tellFor     = 12 * time.Second // the last words are shorter
	askRepeats  = 8                // more than fit into Alerting.Ask
	noteFor     = 15 * time.Minute // how long a database that is away is waited for
	alertMail   = 32               // events that may wait for an alert
	releaseWait = 2 * time.Second
)

// alarms are the alerts of a controller.
type alarms struct {
	cfg    Alerting
	owner  string
	names  names
	ari    alertAsterisk
	log    *slog.Logger
	ready  func() bool // new ones may be claimed
	begun  func()      // one is dialled; for the figures
	ended  func(channel string)
	missed func() // an alert did not hear something: look again
	beside func(func())

	mu   sync.Mutex
	live map[string]*alarm // by channel
}

// alarm is one alert: a goroutine that calls, asks and tells.
type alarm struct {
	of                    *alarms
	id, language, channel string
	mail                  chan alert.Event
	log                   *slog.Logger

	// Under alarms.mu.
	placed  bool // its channel was made: when it is not there any more, it is gone
	settled bool // there is no claim any more
}

// newAlarms are those of the controller.
func (c *Controller) newAlarms() *alarms {
	return &alarms{
		cfg: c.cfg.Alerts, owner: c.cfg.ID, names: c.names, ari: c.ari, log: c.log, beside: c.beside, live: map[string]*alarm{},
		// An earlier life's alerts are adopted first: they may ring.
		ready: func() bool {
			free, ok := onLoop(c, func() bool { return c.seen.Load() && !c.draining })
			return ok && free && c.Ready()
		},
		begun: func() { c.metrics.attempts.WithLabelValues("alert").Inc() },
		ended: func(channel string) {
			c.do(func() {
				c.ended[channel] = true // a look at Asterisk that began earlier may still find it
				c.checkDrained()
			})
		},
		missed: func() { c.beside(func() { c.do(func() { c.resyncSoon(false) }) }) },
	}
}

// run claims what is due, and keeps the claims, until ctx ends.
func (s *alarms) run(ctx context.Context) {
	if s.cfg.Calls == nil || s.cfg.Dial == nil {
		return
	}
	look, keep := time.NewTicker(alertLook), time.NewTicker(s.cfg.Claim/5)
	defer look.Stop()
	defer keep.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-look.C:
			s.claim(ctx)
		case <-keep.C:
			s.keep(ctx)
		}
	}
}

// count is how many alerts are under way.
func (s *alarms) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.live)
}

func (s *alarms) claim(ctx context.Context) {
	room := s.cfg.Most - s.count()
	if room <= 0 || !s.ready() {
		return
	}
	due, err := s.cfg.Calls.Claim(ctx, s.owner, s.cfg.Claim, room)
	if err != nil {
		if ctx.Err() == nil {
			s.log.Warn("alerts could not be claimed; nobody is called by telephone", "error", err)
		}
		return
	}
	for _, due := range due {
		if !s.begin(ctx, due.ID, due.Language, alert.Due{}) {
			s.release(ctx, due.ID)
		}
	}
}

func (s *alarms) release(ctx context.Context, id string) {
	ctx, cancel := context.WithTimeout(ctx, releaseWait)
	defer cancel()
	if err := s.cfg.Calls.Release(ctx, id, s.owner); err != nil && !errors.Is(err, alert.ErrLost) && ctx.Err() == nil {
		s.log.Warn("an alert was not given back; its claim will end", "error", err)
	}
}

// begin starts the life of an alert here; false: it is under way already.
func (s *alarms) begin(ctx context.Context, id, language string, first alert.Event) bool {
	channel := s.names.alert(id)
	found, placed := first.(alert.Found)
	a := &alarm{of: s, id: id, language: language, channel: channel, mail: make(chan alert.Event, alertMail), log: s.log.With("alert", id), placed: placed, settled: found.Lost}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.live[channel] != nil {
		return false
	}
	s.live[channel] = a
	s.beside(func() { a.run(ctx, first) })
	return true
}

// keep extends the claims of alerts of which no result is noted. With the database away they go on: nobody else can have taken them either.
func (s *alarms) keep(ctx context.Context) {
	s.mu.Lock()
	mine := map[string]*alarm{}
	for _, a := range s.live {
		if !a.settled {
			mine[a.id] = a
		}
	}
	s.mu.Unlock()
	if len(mine) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	lost, err := s.cfg.Calls.Extend(ctx, s.owner, s.cfg.Claim, slices.Sorted(maps.Keys(mine))...)
	if err != nil && ctx.Err() == nil {
		s.log.Warn("the claims of alerts were not renewed", "claims", len(mine), "error", err)
	}
	for _, id := range lost {
		if a := mine[id]; a != nil {
			a.post(alert.Lost{})
		}
	}
}

// tell translates Asterisk's news of the channel of an alert. It says whether e was of one.
func (s *alarms) tell(e ari.Event) bool {
	channel := e.Channel.ID
	if name, telling := strings.CutSuffix(e.Playback, tellingEnd); telling && e.Kind == ari.PlaybackFinished {
		channel = name
	}
	if _, ok := s.names.alertOf(channel); !ok {
		return false
	}
	s.mu.Lock()
	a := s.live[channel]
	s.mu.Unlock()
	if a == nil {
		return true // of an earlier life: a look finds it
	}
	switch e.Kind {
	case ari.ChannelStateChange:
		if e.Channel.State == stateUp {
			a.post(alert.Up{})
		}
	case ari.ChannelDtmfReceived:
		a.post(alert.Key{Digit: e.Digit})
	case ari.ChannelDestroyed:
		a.post(alert.Gone{Cause: e.Cause})
	case ari.PlaybackFinished:
		if strings.HasSuffix(e.Playback, tellingEnd) {
			a.post(alert.Told{})
		}
	}
	return true
}

// dialled names the channels that were made: a look that began now and does not find one may take it for gone.
func (s *alarms) dialled() map[string]bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	made := map[string]bool{}
	for channel, a := range s.live {
		if a.placed {
			made[channel] = true
		}
	}
	return made
}

// compare holds the alerts that were known when a look at Asterisk began against what it has. over are channels that are being taken down.
func (s *alarms) compare(ctx context.Context, known map[string]bool, channels []ari.Channel, over map[string]bool) {
	present := map[string]bool{}
	for _, ch := range channels {
		id, ok := s.names.alertOf(ch.ID)
		if !ok || over[ch.ID] {
			continue
		}
		present[ch.ID] = true
		s.mu.Lock()
		a := s.live[ch.ID]
		s.mu.Unlock()
		switch {
		case a == nil:
			s.beside(func() { s.adopt(ctx, id, ch) })
		case ch.State == stateUp:
			a.post(alert.Up{})
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for channel := range known {
		if a := s.live[channel]; a != nil && !present[channel] {
			a.post(alert.Gone{})
		}
	}
}

// adopt takes on an alert that an earlier life dialled. Whose it is, the claim says; with the database away, it is ours.
func (s *alarms) adopt(ctx context.Context, id string, ch ari.Channel) {
	found := alert.Found{Up: ch.State == stateUp}
	if s.cfg.Calls == nil {
		found.Lost = true
	} else {
		ask, cancel := context.WithTimeout(ctx, 2*time.Second)
		lost, err := s.cfg.Calls.Extend(ask, s.owner, s.cfg.Claim, id)
		cancel()
		found.Lost = err == nil && slices.Contains(lost, id)
	}
	if ctx.Err() != nil {
		return
	}
	language, _ := s.ari.GetVar(ctx, ch.ID, alertLanguage) // else the first one
	if s.begin(ctx, id, language, found) {
		s.log.Info("an alert of an earlier life is taken on", "alert", id, "answered", found.Up, "over", found.Lost)
		if !found.Up {
			s.missed() // it may have been answered while nobody listened
		}
	}
}

// post hands an event on. A full mailbox is a loud fault; a look tells anew what can be seen of a channel, and who pressed a key is asked again.
func (a *alarm) post(e alert.Event) {
	select {
	case a.mail <- e:
	default:
		a.log.Error("the mailbox of an alert is full")
		a.of.missed()
	}
}

// run is the life of the alert.
func (a *alarm) run(ctx context.Context, first alert.Event) {
	late := time.NewTimer(a.of.cfg.Ask)
	late.Stop()
	defer late.Stop()
	defer a.end()
	var s alert.State
	waiting := []alert.Event{first}
	for {
		for len(waiting) > 0 {
			e := waiting[0]
			waiting = waiting[1:]
			next, cmds := alert.Next(s, e)
			if next.Phase != s.Phase {
				a.log.Info("alert", "from", s.Phase, "to", next.Phase, "result", next.Result)
			}
			s = next
			for _, cmd := range cmds {
				waiting = append(waiting, a.carryOut(ctx, cmd, late)...)
				if ctx.Err() != nil {
					return // the next life takes it on
				}
			}
		}
		if s.Phase == alert.Over {
			return
		}
		select {
		case <-ctx.Done():
			return
		case e := <-a.mail:
			waiting = append(waiting, e)
		case <-late.C:
			waiting = append(waiting, alert.Late{})
		}
	}
}

func (a *alarm) end() {
	a.of.mu.Lock()
	delete(a.of.live, a.channel)
	a.of.mu.Unlock()
	a.of.ended(a.channel)
}
