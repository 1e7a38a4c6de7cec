package telephony

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"hotline/audio"
	"hotline/queue"
	"hotline/telephony/ari/asterisktest"
	"hotline/telephony/call"
	"hotline/telephony/phone"
)

// What is said while waiting, in Hz.
const (
	englishHz    = 1100
	newsHz       = 1700
	dangerHz     = 800
	stayHz       = 1900
	promisedHz   = 2100
	impossibleHz = 2300
	withdrawnHz  = 2500
)

// fullLine has a choice of English, announcements, and a callback key.
func (s *scene) fullLine() Line {
	l := s.line("12355")
	l.Languages = []string{"zh-CN", "en"}
	l.HoldClasses = map[string]string{"en": "hold-en"}
	l.Menu = []Choice{{Key: "1", Language: "en", Needs: queue.Skills{"english": 3}}}
	l.MenuWait = 300 * time.Millisecond
	l.AnnounceEvery = 5 * time.Second
	l.Callback = Callback{Key: "9"}
	l.Needs = queue.Skills{"youth": 2}
	sound := func(language string, p call.Prompt, hz float64, long time.Duration) {
		name := language + "-" + string(p)
		s.node.AddSound(s.t, name, hz, long)
		if l.Prompts[language] == nil {
			l.Prompts[language] = map[call.Prompt]string{}
		}
		l.Prompts[language][p] = "sound:" + s.node.Sound(name)
	}
	sound("en", call.PromptGreeting, englishHz, time.Second)
	for _, language := range l.Languages {
		sound(language, call.PromptNext, newsHz, 2*time.Second)
		sound(language, call.PromptWaitUnknown, newsHz, 2*time.Second)
		sound(language, call.PromptStayWithUs, stayHz, time.Second)
		sound(language, call.PromptDanger, dangerHz, time.Second)
		sound(language, call.PromptCallbackPromised, promisedHz, 2*time.Second)
		sound(language, call.PromptCallbackImpossible, impossibleHz, time.Second)
		sound(language, call.PromptCallbackWithdrawn, withdrawnHz, time.Second)
	}
	return l
}

func (s *scene) startFull(p Promises) *running {
	return s.start(func(c *Config) { c.Lines, c.Promises = []Line{s.fullLine()}, p })
}

// store is a store of promises in memory.
type store struct {
	mu       sync.Mutex
	fault    error
	promised map[call.ID]Record
	said     int // promises made so far
}

func newStore() *store { return &store{promised: map[call.ID]Record{}} }

func (s *store) Promise(_ context.Context, r Record) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fault == nil {
		s.promised[r.Call.ID] = r
		s.said++
	}
	return s.fault
}

func (s *store) Withdraw(_ context.Context, id call.ID) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.promised, id)
	return nil
}

func (s *store) has(id call.ID) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, ok := s.promised[id]
	return ok
}

func (s *store) fails(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fault = err
}

func (s *scene) presses(c *phone.Call, keys string) {
	s.t.Helper()
	must(s.t, c.SendDTMF(keys))
}

// TestLanguageIsOneKey: the key in the greeting is enough, and only who has the language is offered the caller.
func TestLanguageIsOneKey(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	r := s.startFull(nil)
	s.sitDownWith("a1", queue.Skills{"youth": 5})
	c := s.caller()
	s.hears(c, asterisktest.PromptHz)
	s.presses(c, "1")
	s.hears(c, englishHz)
	s.hears(c, asterisktest.OtherHoldHz)
	var id call.ID
	s.until("the caller has a place", func() bool {
		for i, r := range s.rows() {
			id = i
			return r.State == queue.CallWaiting
		}
		return false
	})
	if needs := s.rows()[id].Needs; needs["english"] != 3 || needs["youth"] != 2 {
		t.Errorf("the caller needs %v", needs)
	}
	if r := s.rows()[id]; r.State != queue.CallWaiting {
		t.Errorf("offered to somebody without the language: %+v", r)
	}
	// The next controller knows the language from the channel.
	from := time.Now()
	must(t, r.kill())
	s.startFull(nil)
	s.until("the caller is adopted", func() bool { return s.rows()[id].State == queue.CallWaiting && s.rows()[id].Needs["english"] == 3 })
	s.hears(c, asterisktest.OtherHoldHz)
	for _, p := range c.Heard() {
		if p.At.After(from) && audio.HasTone(asterisktest.HoldHz, 0.5)(p) {
			t.Fatal("hold audio in the other language")
		}
	}
	s.sitDownWith("a2", queue.Skills{"youth": 5, "english": 4})
	if s.accepts("a2") != id {
		t.Error("another call was accepted")
	}
	s.hears(c, counsellorHz)
}

// TestNoKeyNoDelay: who presses nothing reaches the queue after the menu.
func TestNoKeyNoDelay(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	s.startFull(nil)
	s.sitDownWith("a1", queue.Skills{"youth": 5})
	c := s.caller()
	s.accepts("a1")
	s.hears(c, counsellorHz)
}

// TestAnnouncementsYield: they are heard again and again, and stop at once for a counsellor.
func TestAnnouncementsYield(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	s.startFull(nil)
	c, id := s.waiting()
	s.hears(c, newsHz)
	s.hears(c, asterisktest.HoldHz)
	s.hears(c, newsHz)
	s.sitDownWith("a1", queue.Skills{"youth": 5})
	if s.accepts("a1") != id {
		t.Error("another call was accepted")
	}
	s.hears(c, counsellorHz)
	from := time.Now()
	s.hears(c, counsellorHz)
	time.Sleep(500 * time.Millisecond) // a part that was not stopped would be heard by then
	for _, p := range c.Heard() {
		if p.At.After(from) && audio.HasTone(newsHz, 0.5)(p) {
			t.Fatal("the announcement talks over the counsellor")
		}
	}
}

// TestDangerBeatsAnnouncements, and from then on there are no figures.
func TestDangerBeatsAnnouncements(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	s.startFull(nil)
	c, id := s.waiting()
	s.hears(c, newsHz)
	pressed := time.Now()
	s.presses(c, "0")
	s.until("the caller is red", func() bool { return s.rows()[id].Tier == queue.TierRed })
	if took := time.Since(pressed); took > time.Second {
		t.Errorf("red after %v", took)
	}
	s.hears(c, dangerHz)
	if took := time.Since(pressed); took > 2*time.Second {
		t.Errorf("told so after %v", took)
	}
	s.hears(c, stayHz)
	for _, p := range c.Heard() {
		if p.At.After(pressed.Add(time.Second)) && audio.HasTone(newsHz, 0.5)(p) {
			t.Fatal("a caller in danger was told figures")
		}
	}
}

// TestCallbackIsPromisedThenGoodbye: durable, told, and only then hung up; the same key again stays.
func TestCallbackIsPromisedThenGoodbye(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	kept := newStore()
	r := s.startFull(kept)
	stays, stayID := s.waiting()
	s.presses(stays, "9")
	s.hears(stays, promisedHz)
	if !kept.has(stayID) {
		t.Error("told of a promise that is not kept")
	}
	s.presses(stays, "9")
	s.hears(stays, withdrawnHz)
	s.until("the promise is taken back", func() bool { return !kept.has(stayID) })
	s.hears(stays, asterisktest.HoldHz)

	kept.fails(errors.New("away"))
	s.presses(stays, "9")
	s.hears(stays, impossibleHz)
	s.hears(stays, asterisktest.HoldHz)
	kept.fails(nil)

	goes, goesID := s.waiting()
	s.presses(goes, "9")
	s.hears(goes, promisedHz)
	// Its controller dies in the middle of the confirmation: the next one says it again, and then lets the caller go.
	must(t, r.kill())
	s.startFull(kept)
	s.hears(goes, promisedHz)
	s.gone(goes)
	if !kept.has(goesID) {
		t.Error("the promise was lost")
	}
	s.until("the ledger has the callback", func() bool {
		s.books.mu.Lock()
		defer s.books.mu.Unlock()
		c, ok := s.books.closed[goesID]
		return ok && c.Outcome() == call.CalledBack
	})
	if s.rows()[stayID].State != queue.CallWaiting {
		t.Error("who stays has lost the place")
	}
}

// TestCutOffAtRisk: the agent is kept for a caller who may dial again.
func TestCutOffAtRisk(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	s.startFull(nil)
	c, id := s.waiting()
	s.presses(c, "0")
	s.until("the caller is red", func() bool { return s.rows()[id].Tier == queue.TierRed })
	s.sitDownWith("a1", queue.Skills{"youth": 5})
	s.accepts("a1")
	s.hears(c, counsellorHz)
	must(t, c.Hangup(t.Context()))
	s.until("the agent is kept", func() bool {
		snap, err := s.queue.Snapshot(t.Context())
		return err == nil && len(snap.Agents) == 1 && snap.Agents[0].Keeps == queue.CallID(id) && snap.Agents[0].Until.After(time.Now().Add(time.Minute))
	})
}

// TestClosedLine says so, and still leads to a human.
func TestClosedLine(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	s.start(func(c *Config) {
		l := s.fullLine()
		s.node.AddSound(t, "closed", withdrawnHz, time.Second)
		l.Prompts["zh-CN"][call.PromptClosed] = "sound:" + s.node.Sound("closed")
		l.Open = func(time.Time) bool { return false }
		c.Lines = []Line{l}
	})
	s.sitDownWith("a1", queue.Skills{"youth": 5})
	c := s.caller()
	s.hears(c, withdrawnHz)
	s.accepts("a1")
	s.hears(c, counsellorHz)
}
