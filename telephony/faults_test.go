package telephony

import (
	"context"
	"testing"
	"time"

	"hotline/queue"
	"hotline/telephony/ari/asterisktest"
	"hotline/telephony/call"
)

// TestBrowserGoesAndComesBack: hold audio, then the same caller on the new leg.
func TestBrowserGoesAndComesBack(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	s.start()
	c, id, b := s.talk("a1")
	b.stop()
	s.hears(c, asterisktest.HoldHz)
	if r := s.rows()[id]; r.State != queue.CallHeld || r.Agent != "a1" {
		t.Errorf("row %+v", r)
	}
	b = openBrowser(t, s.gateway.Client, "a1")
	s.hears(c, counsellorHz)
	b.hears(t, callerHz)
}

// TestBrowserStaysAway: the head of the queue, and another counsellor.
func TestBrowserStaysAway(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	s.start(func(c *Config) { c.ReturnWait = 300 * time.Millisecond })
	c, id, b := s.talk("a1")
	_, other := s.waiting()
	b.stop()
	s.until("the caller is back in the queue", func() bool { return s.rows()[id].State == queue.CallWaiting })
	b = s.sitDown("a2")
	if got := s.accepts("a2"); got != id {
		t.Errorf("offered %s; want %s, which lost its counsellor, before %s", got, id, other)
	}
	s.hears(c, counsellorHz)
	b.hears(t, callerHz)
}

// TestLegBreaksInAsterisk: whatever of the leg is taken down there, the caller does not stay in silence, and comes back to the same counsellor.
func TestLegBreaksInAsterisk(t *testing.T) {
	t.Parallel()
	for name, breaks := range map[string]func(*scene, string) error{
		"media channel hung up": func(s *scene, leg string) error {
			return s.client("test").Hangup(context.Background(), names{"controller-1"}.media(leg), "normal")
		},
		"bridge destroyed": func(s *scene, leg string) error {
			return s.client("test").DestroyBridge(context.Background(), names{"controller-1"}.leg(leg))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newScene(t)
			s.start()
			c, id, b := s.talk("a1")
			must(t, breaks(s, b.leg))
			heardAgain := time.Now()
			s.hears(c, counsellorHz)
			b.hears(t, callerHz)
			if d := time.Since(heardAgain); d > 4*time.Second {
				t.Errorf("together again after %s", d)
			}
			s.until("the index has the talk", func() bool { return s.rows()[id].State == queue.CallTalking })
		})
	}
}

// TestCallerTakenOut: somebody took the caller out of the counsellor's bridge, which is silence.
func TestCallerTakenOut(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	r := s.start()
	c, id, b := s.talk("a1")
	channel := channelOf(r, id)
	must(t, s.client("test").RemoveChannel(t.Context(), names{"controller-1"}.leg(b.leg), channel))
	from := time.Now()
	s.hears(c, counsellorHz)
	if err := undisturbed(c, from.Add(time.Second), time.Now(), 500*time.Millisecond, counsellorHz); err != nil {
		t.Error(err)
	}
}

func channelOf(r *running, id call.ID) string {
	ch := make(chan string, 1)
	r.do(func() { ch <- r.calls[id].channel })
	return <-ch
}

// TestGatewayRestarts: hold audio at once, and the talk goes on when the gateway is back.
func TestGatewayRestarts(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	s.start()
	c, _, _ := s.talk("a1")
	s.stopGW()
	s.hears(c, asterisktest.HoldHz)
	s.startGateway()
	b := openBrowser(t, s.gateway.Client, "a1")
	s.hears(c, counsellorHz)
	b.hears(t, callerHz)
}

// TestGatewayAndControllerDie: the controller that comes back alone does not leave the caller in the dead leg.
func TestGatewayAndControllerDie(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	first := s.start()
	c, _, _ := s.talk("a1")
	must(t, first.kill())
	s.stopGW()
	s.start()
	s.hears(c, asterisktest.HoldHz)
	s.startGateway()
	b := openBrowser(t, s.gateway.Client, "a1")
	s.hears(c, counsellorHz)
	b.hears(t, callerHz)
}

// TestRedisEmptied: the order of the waiting is rebuilt, the talk goes on, and who waits is served.
func TestRedisEmptied(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	s.start()
	talking, talk, _ := s.talk("a1")
	second, secondID := s.waiting()
	_, thirdID := s.waiting()
	s.redis.Kill()
	from := time.Now()
	s.hears(second, asterisktest.HoldHz)
	s.redis.Restart(t)
	s.until("all are back", func() bool {
		rows := s.rows()
		return len(rows) == 3 && rows[talk].State == queue.CallTalking && rows[talk].Agent == "a1"
	})
	if err := undisturbed(talking, from, time.Now(), 500*time.Millisecond, counsellorHz); err != nil {
		t.Error(err)
	}
	s.sitDown("a2")
	if got := s.accepts("a2"); got != secondID {
		t.Errorf("offered %s; %s came before %s", got, secondID, thirdID)
	}
	s.hears(second, counsellorHz)
}

// TestRedisAway: a caller who comes while there is no queue is greeted, and goes to the fallback when there is none for too long.
func TestRedisAway(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	r := s.start(func(c *Config) { c.IndexWait = time.Second })
	s.redis.Kill()
	c := s.caller()
	s.hears(c, asterisktest.PromptHz)
	s.hears(c, asterisktest.HoldHz)
	s.hears(c, fallbackHz)
	must(t, c.Hangup(t.Context()))
	s.redis.Restart(t)
	s.until("the call is forgotten", func() bool { return calls(r) == 0 })
	s.until("the index does not have it", func() bool { return len(s.rows()) == 0 })
	_, _ = s.waiting()
}

// TestRedisStandsStill: for 2 s, while a counsellor is being rung and another talks. The answer that is given meanwhile joins the caller as soon as Redis goes on,
// the caller hears hold audio until then, and the talk is not touched.
func TestRedisStandsStill(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	s.start()
	talking, _, _ := s.talk("a1")
	waiting, id := s.waiting()
	s.sitDown("a2")
	s.until("the caller rings", func() bool { return s.rows()[id].State == queue.CallOffered })
	offer := s.rows()[id].Offer
	const still = 2 * time.Second
	from := time.Now()
	s.redis.Pause()
	resumed := time.AfterFunc(still, s.redis.Resume)
	defer resumed.Stop()
	accepted := make(chan error, 1)
	go func() { // as the console does
		var err error
		for end := time.Now().Add(4 * time.Second); time.Now().Before(end); {
			ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
			_, err = s.queue.Accept(ctx, "the-answer", offer, "a2", "a2")
			cancel()
			if err == nil {
				break
			}
		}
		accepted <- err
	}()
	s.hears(waiting, asterisktest.HoldHz)
	must(t, <-accepted)
	s.hears(waiting, counsellorHz)
	if took := time.Since(from); took > still+4*time.Second {
		t.Errorf("joined after %v", took)
	}
	if err := undisturbed(talking, from, time.Now(), 500*time.Millisecond, counsellorHz); err != nil {
		t.Errorf("the other talk: %v", err)
	}
	s.until("the index has both talks", func() bool {
		rows := s.rows()
		return len(rows) == 2 && rows[id].State == queue.CallTalking && rows[id].Agent == "a2"
	})
}

// TestHoldBridgeDestroyed: callers who wait hear hold audio again.
func TestHoldBridgeDestroyed(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	s.start()
	one, _ := s.waiting()
	two, _ := s.waiting()
	must(t, s.client("test").DestroyBridge(t.Context(), names{"controller-1"}.hold("12355")))
	time.Sleep(time.Second) // in which the music may begin twice
	s.hears(one, asterisktest.HoldHz)
	s.hears(two, asterisktest.HoldHz)
	from := time.Now()
	time.Sleep(time.Second)
	if err := undisturbed(one, from, time.Now(), 300*time.Millisecond, asterisktest.HoldHz); err != nil {
		t.Error(err)
	}
}

// TestPromptsHoldUpNobody: the tag is not written during a prompt, when Asterisk would keep the request, and all others on its connection, waiting.
func TestPromptsHoldUpNobody(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	prompt := "sound:" + s.node.Sound("prompt")
	r := s.start(func(c *Config) {
		for _, language := range []string{"en", "ug", "bo", "mn"} {
			c.Lines[0].Languages = append(c.Lines[0].Languages, language)
			c.Lines[0].Prompts[language] = map[call.Prompt]string{call.PromptGreeting: prompt}
		}
	})
	requests := s.reg
	c, id := s.waiting()
	s.hears(c, asterisktest.HoldHz)
	client := s.client("test")
	s.until("the channel says that the caller waits", func() bool {
		v, err := client.GetVar(t.Context(), channelOf(r, id), call.Variable)
		tag, bad := call.DecodeTag(v)
		return err == nil && bad == nil && tag.State == call.Waiting
	})
	figures, err := requests.Gather()
	must(t, err)
	for _, f := range figures {
		if f.GetName() != "hotline_ari_request_seconds" {
			continue
		}
		for _, m := range f.GetMetric() {
			if l := m.GetLabel()[0].GetValue(); l == "set_var" && m.GetHistogram().GetSampleSum() > 0.5 {
				t.Errorf("tags took %v s in all", m.GetHistogram().GetSampleSum())
			}
		}
	}
}
