package telephony

import (
	"context"
	"slices"
	"testing"
	"time"

	"hotline/audio"
	"hotline/queue"
	"hotline/telephony/ari"
	"hotline/telephony/ari/asterisktest"
	"hotline/telephony/call"
	"hotline/telephony/phone"
)

const (
	elsewhereHz = 880 // what is said by who answers at another place
	ringHz      = asterisktest.PromptHz
)

// elsewhere is a telephone at another place, and what it is asked to do with each call.
type elsewhere struct {
	*phone.Phone
	rings chan *phone.Incoming
	calls chan *phone.Call
}

// newElsewhere answers each call when the test says so by receiving from answer; nil: at once.
func newElsewhere(t *testing.T, decide func(*phone.Incoming) bool) *elsewhere {
	t.Helper()
	e := &elsewhere{rings: make(chan *phone.Incoming, 8), calls: make(chan *phone.Call, 8)}
	p, err := phone.Answer(context.Background(), phone.Config{}, "127.0.0.1:0", func(in *phone.Incoming) {
		e.rings <- in
		if !decide(in) {
			return
		}
		c, err := in.Accept()
		if err != nil {
			return // given up meanwhile
		}
		c.Play(phone.Tone(elsewhereHz))
		e.calls <- c
	})
	must(t, err)
	t.Cleanup(p.Close)
	e.Phone = p
	return e
}

// after takes a call when c is closed; one that is given up before is not taken.
func after(c <-chan struct{}) func(*phone.Incoming) bool {
	return func(in *phone.Incoming) bool {
		select {
		case <-c:
			return true
		case <-in.Canceled():
			return false
		}
	}
}

// way is an endpoint of the test's Asterisk that leads to a telephone.
func way(name, addr string) string {
	return "[" + name + "]\ntype=endpoint\ncontext=none\ndisallow=all\nallow=alaw\ndirect_media=no\nmedia_address=127.0.0.1\n" +
		"rtp_timeout=2\nsend_pai=yes\ntrust_id_outbound=yes\naors=" + name + "\n[" + name + "]\ntype=aor\ncontact=sip:" + addr + "\n"
}

func to(endpoints string) func(*asterisktest.Options) {
	return func(o *asterisktest.Options) { o.Endpoints += endpoints }
}

// overflowing is a controller whose callers are tried at the partner after the time.
func overflowing(after time.Duration, p Partner) func(*Config) {
	return func(c *Config) {
		c.Outbound.Site, c.Outbound.Retry = "north", time.Second
		c.Lines[0].Overflow = []Overflow{{After: after, When: "wait", To: "city", Partner: p}}
	}
}

func rung(t *testing.T, e *elsewhere) *phone.Incoming {
	t.Helper()
	select {
	case in := <-e.rings:
		return in
	case <-time.After(10 * time.Second):
		t.Fatal("it did not ring elsewhere")
		return nil
	}
}

func taken(t *testing.T, e *elsewhere) *phone.Call {
	t.Helper()
	select {
	case c := <-e.calls:
		return c
	case <-time.After(10 * time.Second):
		t.Fatal("nobody took the call elsewhere")
		return nil
	}
}

// TestAnsweredElsewhere: hold audio until a person there answered, then both hear each other; the caller's identity and our name went along; who
// hangs up there ends the call.
func TestAnsweredElsewhere(t *testing.T) {
	t.Parallel()
	answer := make(chan struct{})
	far := newElsewhere(t, after(answer))
	s := newScene(t, to(way("city", far.Addr())))
	s.start(overflowing(300*time.Millisecond, Partner{Endpoint: "PJSIP/12355@city", Site: true}))
	c, id := s.waiting()
	in := rung(t, far)
	if in.Header("X-Hotline-Hops") != "north" || in.Header("X-Hotline-Tier") != "normal" || userOf(in.Header("P-Asserted-Identity")) != "13800001111" {
		t.Errorf("came as %q, %q", in.Header("X-Hotline-Hops"), in.Header("X-Hotline-Tier"))
	}
	from := time.Now()
	s.hears(c, asterisktest.HoldHz)
	if s.rows()[id].State != queue.CallWaiting {
		t.Errorf("the index has the caller as %q while it rings elsewhere", s.rows()[id].State)
	}
	if err := undisturbed(c, from, time.Now(), 200*time.Millisecond, asterisktest.HoldHz); err != nil {
		t.Error(err)
	}
	close(answer)
	other := taken(t, far)
	s.hears(c, elsewhereHz)
	s.hears(other, callerHz)
	s.until("the index lets the caller go", func() bool { return s.rows()[id].ID == "" })
	must(t, other.Hangup(t.Context()))
	s.gone(c)
	s.until("the ledger has the end", func() bool { return s.books.end(id).Outcome() == call.PassedOn })
	if end := s.books.end(id); end.EndedBy != call.ByAgent || end.Spoken == 0 {
		t.Errorf("ended by %s after %v", end.EndedBy, end.Spoken)
	}
	s.nothingLeft()
}

// TestAnsweredHereMeanwhile: it rings elsewhere, a counsellor here is quicker, and the other place is told that somebody was.
func TestAnsweredHereMeanwhile(t *testing.T) {
	t.Parallel()
	far := newElsewhere(t, after(nil))
	s := newScene(t, to(way("city", far.Addr())))
	s.start(overflowing(300*time.Millisecond, Partner{Endpoint: "PJSIP/12355@city", Site: true}))
	c, _ := s.waiting()
	in := rung(t, far)
	b := s.sitDown("a1")
	s.accepts("a1")
	s.hears(c, counsellorHz)
	b.hears(t, callerHz)
	select {
	case <-in.Canceled():
	case <-time.After(5 * time.Second):
		t.Fatal("it rings on elsewhere")
	}
	s.hears(c, counsellorHz)
}

// TestRefusedElsewhere: the caller keeps place and hold audio, and is tried again.
func TestRefusedElsewhere(t *testing.T) {
	t.Parallel()
	tries := make(chan struct{}, 8)
	far := newElsewhere(t, func(in *phone.Incoming) bool {
		tries <- struct{}{}
		if len(tries) > 1 {
			return true
		}
		_ = in.Reject(503, "Service Unavailable")
		return false
	})
	s := newScene(t, to(way("city", far.Addr())))
	s.start(overflowing(300*time.Millisecond, Partner{Endpoint: "PJSIP/12355@city", Site: true}))
	c, _ := s.waiting()
	s.hears(c, asterisktest.HoldHz)
	taken(t, far)
	s.hears(c, elsewhereHz)
}

// TestDeadElsewhere: the other side falls silent without a goodbye. The caller is back at the head of the queue, on hold audio, and is answered here.
func TestDeadElsewhere(t *testing.T) {
	t.Parallel()
	far := newElsewhere(t, func(*phone.Incoming) bool { return true })
	s := newScene(t, to(way("city", far.Addr())))
	s.start(overflowing(300*time.Millisecond, Partner{Endpoint: "PJSIP/12355@city", Site: true}), func(c *Config) { c.Outbound.Retry = time.Hour })
	first, firstID := s.waiting()
	other := taken(t, far)
	s.hears(first, elsewhereHz)
	other.Vanish()
	s.until("the other side is taken for dead", func() bool { return s.rows()[firstID].State == queue.CallWaiting && !s.rows()[firstID].Front.IsZero() })
	s.hears(first, asterisktest.HoldHz)
	b := s.sitDown("a1")
	if s.accepts("a1") != firstID {
		t.Error("somebody else was first")
	}
	s.hears(first, counsellorHz)
	b.hears(t, callerHz)
}

// TestNeverHeardElsewhere: the other site answers and sends nothing at all.
func TestNeverHeardElsewhere(t *testing.T) {
	t.Parallel()
	far := newElsewhere(t, func(in *phone.Incoming) bool {
		if c, err := in.Accept(); err == nil {
			c.Vanish()
		}
		return false
	})
	s := newScene(t, to(way("city", far.Addr())))
	s.start(overflowing(300*time.Millisecond, Partner{Endpoint: "PJSIP/12355@city", Site: true}), func(c *Config) { c.Outbound.Retry = time.Hour })
	c, id := s.waiting()
	s.until("the caller is back", func() bool { return s.rows()[id].State == queue.CallWaiting && !s.rows()[id].Front.IsZero() })
	s.hears(c, asterisktest.HoldHz)
}

// TestMachineElsewhere: an answer that may be a machine's does not release the caller; a person's key does.
func TestMachineElsewhere(t *testing.T) {
	t.Parallel()
	far := newElsewhere(t, func(*phone.Incoming) bool { return true })
	s := newScene(t, to(way("partner", far.Addr())))
	s.start(overflowing(300*time.Millisecond, Partner{Endpoint: "PJSIP/12355@partner"}), func(c *Config) {
		c.Lines[0].Prompts["zh-CN"][call.PromptTakeCall] = "sound:" + s.node.Sound("prompt")
	})
	c, id := s.waiting()
	other := taken(t, far)
	s.hears(other, asterisktest.PromptHz)
	s.hears(c, asterisktest.HoldHz)
	if s.rows()[id].State != queue.CallWaiting {
		t.Error("the caller was released to a machine")
	}
	must(t, other.SendDTMF("1"))
	s.hears(c, elsewhereHz)
	s.hears(other, callerHz)
}

// TestControllerDiesWhileElsewhere: nothing is heard of it, and the next life knows who talks with whom.
func TestControllerDiesWhileElsewhere(t *testing.T) {
	t.Parallel()
	far := newElsewhere(t, func(*phone.Incoming) bool { return true })
	s := newScene(t, to(way("city", far.Addr())))
	edit := overflowing(300*time.Millisecond, Partner{Endpoint: "PJSIP/12355@city", Site: true})
	life := s.start(edit)
	c, id := s.waiting()
	other := taken(t, far)
	s.hears(c, elsewhereHz)
	from := time.Now()
	must(t, life.kill())
	second := s.start(edit)
	s.until("the call is adopted", func() bool {
		n, _ := onLoop(second.Controller, func() int { return len(second.outs) })
		return n == 1
	})
	s.hears(c, elsewhereHz)
	if err := undisturbed(c, from, time.Now(), 200*time.Millisecond, elsewhereHz); err != nil {
		t.Error(err)
	}
	must(t, other.Hangup(t.Context()))
	s.gone(c)
	s.until("the ledger has the end", func() bool { return s.books.end(id).Outcome() == call.PassedOn })
	s.nothingLeft()
}

// TestControllerDiesWhileItRingsElsewhere: the attempt goes on, and its answer reaches the caller; one whose caller is gone is ended.
func TestControllerDiesWhileItRingsElsewhere(t *testing.T) {
	t.Parallel()
	answer := make(chan struct{})
	far := newElsewhere(t, after(answer))
	s := newScene(t, to(way("city", far.Addr())))
	edit := overflowing(300*time.Millisecond, Partner{Endpoint: "PJSIP/12355@city", Site: true})
	life := s.start(edit)
	c, _ := s.waiting()
	rung(t, far)
	gaveUp, _ := s.waiting()
	rung(t, far)
	must(t, life.kill())
	must(t, gaveUp.Hangup(t.Context()))
	close(answer)
	one, other := taken(t, far), taken(t, far)
	s.start(edit)
	s.hears(c, elsewhereHz)
	select {
	case <-one.Done():
	case <-other.Done():
	case <-time.After(15 * time.Second):
		t.Error("who answered for a caller who is gone is left alone on the line")
	}
	s.hears(c, elsewhereHz)
}

// TestPassedOnToUs: a call of another site is not answered before a counsellor accepted, and hears that counsellor first of all.
func TestPassedOnToUs(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	s.start()
	dialled := make(chan *phone.Call, 1)
	go func() {
		c, err := phone.Dial(t.Context(), phone.Config{Server: s.node.SIP, From: "13800002222"}, "relayed")
		if err != nil {
			t.Error(err)
		}
		dialled <- c
	}()
	s.until("it has a place", func() bool {
		for _, r := range s.rows() {
			if r.State == queue.CallWaiting && r.Tier == queue.TierRed {
				return true
			}
		}
		return false
	})
	select {
	case <-dialled:
		t.Fatal("it was answered although nobody is here")
	case <-time.After(300 * time.Millisecond):
	}
	b := s.sitDown("a1")
	id := s.accepts("a1")
	c := <-dialled
	c.Play(phone.Tone(callerHz))
	s.hears(c, counsellorHz)
	b.hears(t, callerHz)
	for _, p := range c.Heard() {
		if holdTone(p) || promptTone(p) {
			t.Fatal("it heard our hold audio or a greeting")
		}
	}
	s.hangsUp("a1", id)
	s.gone(c)
	if _, cause := c.Ended(); cause != "bye" && cause != `Q.850;cause=16` {
		t.Errorf("ended with %q; the other site would take that for a fault", cause)
	}
}

// TestPassedOnToUsAndGivenUp is no abandoned caller: somebody else answered.
func TestPassedOnToUsAndGivenUp(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	s.start()
	ctx, giveUp := context.WithCancel(t.Context())
	dialled := make(chan error, 1)
	go func() {
		_, err := phone.Dial(ctx, phone.Config{Server: s.node.SIP}, "relayed")
		dialled <- err
	}()
	var id call.ID
	s.until("it has a place", func() bool {
		for id = range s.rows() {
			return true
		}
		return false
	})
	giveUp()
	if err := <-dialled; err == nil {
		t.Error("it was answered")
	}
	s.until("the ledger has the end", func() bool { return s.books.end(id).Outcome() == call.Withdrawn })
}

func (b *books) end(id call.ID) call.Call {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.closed[id]
}

// nothingLeft proves that no channel and no bridge of an attempt stays.
func (s *scene) nothingLeft() {
	s.t.Helper()
	c := s.client("hotline-look")
	s.until("nothing is left of the attempts", func() bool {
		channels, err := c.Channels(context.Background())
		bridges, err2 := c.Bridges(context.Background())
		return err == nil && err2 == nil && !slices.ContainsFunc(channels, func(ch ari.Channel) bool { return unmistakablyOut(ch.ID) }) &&
			!slices.ContainsFunc(bridges, func(b ari.Bridge) bool { return unmistakablyOut(b.ID) })
	})
}

func unmistakablyOut(name string) bool {
	return len(name) > len(outPrefix) && name[:len(outPrefix)] == outPrefix
}

func holdTone(p phone.Packet) bool   { return audio.HasTone(asterisktest.HoldHz, 0.8)(p) }
func promptTone(p phone.Packet) bool { return audio.HasTone(asterisktest.PromptHz, 0.8)(p) }
