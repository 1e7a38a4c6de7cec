package telephony

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"hotline/audio"
	"hotline/queue"
	"hotline/telephony/ari/asterisktest"
	"hotline/telephony/call"
	"hotline/telephony/phone"
)

// otherHz is what a second counsellor says.
const otherHz = 1300

// mixed is the share that each of two voices has at least in what a third one hears.
const mixed = 0.25

func (s *scene) wishes(verb string, by string, id call.ID, more ...func(*queue.Command)) {
	s.t.Helper()
	cmd := queue.Command{Req: queue.RequestID(newID()), Verb: verb, Call: queue.CallID(id), By: queue.AgentID(by)}
	for _, set := range more {
		set(&cmd)
	}
	must(s.t, s.queue.Order(s.t.Context(), cmd))
}

func arg(text string) func(*queue.Command)  { return func(c *queue.Command) { c.Arg = text } }
func note(text string) func(*queue.Command) { return func(c *queue.Command) { c.Note = text } }

// attends signs somebody in who takes no calls, with a leg and a voice of their own.
func (s *scene) attends(agent string, hz float64) *browser {
	s.t.Helper()
	b := openVoice(s.t, s.gateway.Client, agent, hz)
	_, err := s.queue.SignIn(s.t.Context(), queue.RequestID(newID()), queue.Agent{ID: queue.AgentID(agent), Console: "console-1", Session: agent})
	must(s.t, err)
	return b
}

// attached waits until a leg can be used.
func (s *scene) attached(r *running, agent string) {
	s.t.Helper()
	s.until(agent+" can be heard", func() bool {
		leg, _ := onLoop(r.Controller, func() string { return r.readyLeg(agent) })
		return leg != ""
	})
}

// hearsAmid waits until a telephone has heard tones together for 200 ms.
func (s *scene) hearsAmid(c *phone.Call, hz ...float64) {
	s.t.Helper()
	found, run := make(chan struct{}, 1), 0
	c.OnPacket(func(p phone.Packet) {
		if slices.ContainsFunc(hz, func(hz float64) bool { return !audio.HasTone(hz, mixed)(p) }) {
			run = 0
		} else if run++; run == 10 {
			signal(found)
		}
	})
	defer c.OnPacket(nil)
	select {
	case <-found:
	case <-c.Done():
		s.t.Fatalf("the call ended before %v Hz were heard", hz)
	case <-time.After(12 * time.Second):
		s.t.Fatalf("%v Hz were not heard together", hz)
	}
}

// TestHold: hold audio and nothing of the counsellor, until they take the caller back. A controller's death changes nothing of it; the danger key ends it.
func TestHold(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	life := s.start()
	c, id, b := s.talk("a1")
	s.wishes("hold", "a2", id)
	s.wishes("hold", "a1", id)
	s.hears(c, asterisktest.HoldHz)
	s.until("the index knows", func() bool { r := s.rows()[id]; return r.State == queue.CallHeld && r.Hold == "agent" })
	from := time.Now()
	must(t, life.kill())
	life = s.start()
	s.until("the call is adopted", func() bool { return calls(life) == 1 })
	s.hears(c, asterisktest.HoldHz)
	if err := undisturbed(c, from, time.Now(), 300*time.Millisecond, asterisktest.HoldHz); err != nil {
		t.Error(err)
	}
	s.wishes("resume", "a1", id)
	s.hears(c, counsellorHz)
	b.hears(t, callerHz)
	s.wishes("hold", "a1", id)
	s.hears(c, asterisktest.HoldHz)
	must(t, c.SendDTMF(call.DangerKey))
	s.hears(c, counsellorHz)
	s.until("the index knows", func() bool {
		r := s.rows()[id]
		return r.State == queue.CallTalking && r.Tier == queue.TierRed && r.Hold == ""
	})
	s.wishes("hold", "a1", id)
	s.wishes("release", "a1", id)
	s.hears(c, counsellorHz)
	if r := s.rows()[id]; r.State != queue.CallTalking || r.Agent != "a1" {
		t.Errorf("a caller at risk is %s with %q", r.State, r.Agent)
	}
}

// TestAgentLostOnHold: the caller stays on hold audio and is with the counsellor again as soon as there is a leg.
func TestAgentLostOnHold(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	s.start()
	c, id, b := s.talk("a1")
	s.wishes("hold", "a1", id)
	s.hears(c, asterisktest.HoldHz)
	b.stop()
	s.until("the index knows", func() bool { return s.rows()[id].Hold == call.HoldAgentAway })
	b = openBrowser(t, s.gateway.Client, "a1")
	s.hears(c, counsellorHz)
	b.hears(t, callerHz)
}

// TestTakenOver: voice to voice, without hold audio between; one recording ends and the next begins; who talked last is in the ledger.
func TestTakenOver(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	r := s.start()
	c, id, first := s.talk("a1")
	second := s.attends("s1", otherHz)
	s.attached(r, "s1")
	from := time.Now()
	s.wishes("take", "s1", id)
	s.hears(c, otherHz)
	if took := time.Since(from); took > time.Second {
		t.Errorf("after %v", took)
	}
	second.hears(t, callerHz)
	for _, p := range c.Heard() {
		if p.At.After(from) && holdTone(p) {
			t.Fatal("hold audio between")
		}
	}
	if row := s.rows()[id]; row.Agent != "s1" || row.State != queue.CallTalking {
		t.Errorf("the index has it with %q, %s", row.Agent, row.State)
	}
	s.until("one recording runs", func() bool { begun, running := s.tapes.state(); return len(begun) == 2 && running == 1 })
	first.stop() // is of no account any more
	s.sitDown("a2")
	s.wishes("release", "s1", id, func(c *queue.Command) { c.Agent = "a2" })
	if got := s.accepts("a2"); got != id {
		t.Errorf("offered %s", got)
	}
	s.hears(c, counsellorHz)
	s.hangsUp("a2", id)
	s.gone(c)
	s.until("the ledger has the end", func() bool { return s.books.end(id).Agent == "a2" })
}

// inTalk lets the phonebook lead to a telephone.
func inTalk(c *Config) {
	c.Outbound.Contact = func(_ context.Context, _ call.ID, contact string) (string, error) {
		if contact != "p1" {
			return "", ErrNotAllowed
		}
		return "PJSIP/110@city", nil
	}
}

// outside is what the index shows of a call's third party.
func (s *scene) outside(id call.ID) queue.Party {
	for _, p := range s.rows()[id].Parties {
		if p.Role == queue.PartyOutside {
			return p
		}
	}
	return queue.Party{}
}

// TestThirdParty: the talk goes on while it rings; the three hear each other; a controller's death is not heard; without the counsellor the two others
// hear each other; with the caller goes the third party.
func TestThirdParty(t *testing.T) {
	t.Parallel()
	answer := make(chan struct{})
	far := newElsewhere(t, after(answer))
	s := newScene(t, to(way("city", far.Addr())))
	life := s.start(inTalk)
	c, id, b := s.talk("a1")
	s.wishes("outside", "a1", id, arg("nobody"))
	s.until("it is refused", func() bool { return s.outside(id).Why == queue.WhyNotAllowed })
	from := time.Now()
	s.wishes("outside", "a1", id, arg("p1"))
	in := rung(t, far)
	if number := userOf(in.Header("P-Asserted-Identity")); number != "" {
		t.Error("the caller's number goes to a third party")
	}
	s.until("it is shown to ring", func() bool {
		p := s.outside(id)
		return p.State == queue.PartyInvited && p.Contact == "p1" && p.By == "a1"
	})
	s.hears(c, counsellorHz)
	if err := undisturbed(c, from, time.Now(), 200*time.Millisecond, counsellorHz); err != nil {
		t.Error(err)
	}
	close(answer)
	other := taken(t, far)
	three := func(what string) {
		t.Helper()
		t.Log(what)
		s.hearsAmid(c, counsellorHz, elsewhereHz)
		s.hearsAmid(other, counsellorHz, callerHz)
		b.hearsAmid(t, mixed, callerHz, elsewhereHz)
	}
	three("it answered")
	s.until("it is shown", func() bool { return s.outside(id).State == queue.PartyIn })
	s.wishes("dtmf", "a1", id, arg("12#"), note("outside"))
	s.until("the keys arrive there", func() bool { return other.Keys() == "12#" })

	from = time.Now()
	must(t, life.kill())
	life = s.start(inTalk)
	s.until("the call is adopted, and who takes part", func() bool {
		n, _ := onLoop(life.Controller, func() int { return len(life.outs) })
		return n == 1
	})
	three("another controller")
	if gaps := audio.Gaps(c.Heard(), from, time.Now(), 200*time.Millisecond, audio.HasTone(elsewhereHz, mixed)); len(gaps) > 0 {
		t.Errorf("the third party was not heard for %v", gaps)
	}

	b.stop()
	s.hears(c, elsewhereHz)
	s.hears(other, callerHz)
	b = openBrowser(t, s.gateway.Client, "a1")
	three("the counsellor is back")

	s.wishes("hold", "a1", id)
	s.hears(c, asterisktest.HoldHz)
	s.hears(other, counsellorHz)
	b.hears(t, elsewhereHz)
	s.wishes("resume", "a1", id)
	three("after a hold")
	must(t, c.Hangup(t.Context()))
	s.gone(other)
	s.until("the ledger has the end", func() bool { return s.books.end(id).Outcome() == call.Answered })
	s.nothingLeft()
}

// TestThirdPartyEnds: busy, given up, hung up there; each leaves the talk alone. Then the counsellor leaves the two others to each other.
func TestThirdPartyEnds(t *testing.T) {
	t.Parallel()
	far := newElsewhere(t, func(in *phone.Incoming) bool { return true })
	busy := newElsewhere(t, func(in *phone.Incoming) bool { _ = in.Reject(486, "Busy Here"); return false })
	s := newScene(t, to(way("city", far.Addr())), to(way("engaged", busy.Addr())))
	s.start(func(c *Config) {
		c.Outbound.Contact = func(_ context.Context, _ call.ID, contact string) (string, error) { return "PJSIP/110@" + contact, nil }
	})
	c, id, b := s.talk("a1")
	s.wishes("outside", "a1", id, arg("engaged"))
	s.until("it is busy", func() bool { return s.outside(id).Why == queue.WhyBusy })
	s.wishes("outside", "a1", id, arg("city"))
	other := taken(t, far)
	s.hearsAmid(c, counsellorHz, elsewhereHz)
	s.wishes("outside_drop", "a1", id)
	s.gone(other)
	s.hears(c, counsellorHz)
	s.wishes("outside", "a1", id, arg("city"))
	other = taken(t, far)
	s.hearsAmid(c, counsellorHz, elsewhereHz)
	must(t, other.Hangup(t.Context()))
	s.until("it is gone", func() bool { return s.outside(id).Why == queue.WhyGone })
	s.hears(c, counsellorHz)
	b.hears(t, callerHz)
	s.wishes("outside", "a1", id, arg("city"))
	other = taken(t, far)
	s.hearsAmid(c, counsellorHz, elsewhereHz)
	s.wishes("outside_leave", "a1", id)
	s.hears(c, elsewhereHz)
	s.hears(other, callerHz)
	s.until("the counsellor is free of it", func() bool { return s.rows()[id].ID == "" })
	must(t, other.Hangup(t.Context()))
	s.gone(c)
	s.nothingLeft()
}

// TestTheTwoGoOn: the counsellor is lost in a talk of three, and then the controller for good. Caller and third party have each other; the guardian leaves them
// alone until the third party has gone.
func TestTheTwoGoOn(t *testing.T) {
	t.Parallel()
	far := newElsewhere(t, func(*phone.Incoming) bool { return true })
	s := newScene(t, to(way("city", far.Addr())))
	life := s.start(inTalk, func(c *Config) { c.ReturnWait = 300 * time.Millisecond })
	c, id, b := s.talk("a1")
	s.wishes("outside", "a1", id, arg("p1"))
	other := taken(t, far)
	s.hearsAmid(c, counsellorHz, elsewhereHz)
	b.stop()
	s.until("the caller is in the queue", func() bool { return s.rows()[id].State == queue.CallWaiting })
	s.hears(c, elsewhereHz)
	s.hears(other, callerHz)
	g := s.guard(false)
	must(t, life.kill())
	s.until("the guardian complains", func() bool { return testutil.ToFloat64(g.alarms) > 0 })
	s.hears(c, elsewhereHz)
	must(t, other.Hangup(t.Context()))
	s.hears(c, fallbackHz)
}
