package telephony

import (
	"strings"
	"testing"
	"time"

	"hotline/audio"
	"hotline/queue"
	"hotline/telephony/ari/asterisktest"
	"hotline/telephony/call"
	"hotline/telephony/phone"
)

func about(agent string) func(*queue.Command) {
	return func(c *queue.Command) { c.Agent = queue.AgentID(agent) }
}

// trace is a share of a tone that tells that it is there at all.
const trace = 0.02

// spared fails when a page hears any of a tone within the next 300 ms.
func (b *browser) spared(t *testing.T, hz float64) {
	t.Helper()
	found := make(chan float64, 1)
	b.mu.Lock()
	b.hear = func(pcm []int16) {
		if share := audio.Tone(pcm, audio.Rate, hz); share > trace {
			select {
			case found <- share:
			default:
			}
		}
	}
	b.mu.Unlock()
	defer func() {
		b.mu.Lock()
		b.hear = nil
		b.mu.Unlock()
	}()
	select {
	case share := <-found:
		t.Errorf("%v Hz are heard, a share of %.2f", hz, share)
	case <-time.After(300 * time.Millisecond):
	}
}

// neverHeard fails when a caller heard any of a tone since from.
func neverHeard(t *testing.T, c *phone.Call, from time.Time, hz float64) {
	t.Helper()
	count := 0
	for _, p := range c.Heard() {
		if p.At.After(from) && audio.Tone(p.PCM, audio.Rate, hz) > trace {
			count++
		}
	}
	if count > 0 {
		t.Errorf("the caller heard %v Hz in %d packets", hz, count)
	}
}

// takesPart waits until the index shows somebody beside a call like this.
func (s *scene) takesPart(id call.ID, agent string, role queue.PartyRole, state queue.PartyState) {
	s.t.Helper()
	s.until(agent+" is "+string(state)+" by "+string(role), func() bool {
		for _, p := range s.rows()[id].Parties {
			if p.Agent == queue.AgentID(agent) && p.Role == role && p.State == state {
				return true
			}
		}
		return false
	})
}

// alone waits until nobody is beside a call, and nothing of anybody is left in Asterisk.
func (s *scene) alone() {
	s.t.Helper()
	look := s.client("onlooker")
	s.until("nothing is left beside the call", func() bool {
		channels, err := look.Channels(s.t.Context())
		if err != nil {
			return false
		}
		for _, ch := range channels {
			if strings.HasPrefix(ch.ID, snoopPrefix) || strings.HasPrefix(ch.ID, pulsePrefix) {
				return false
			}
		}
		bridges, err := look.Bridges(s.t.Context())
		for _, b := range bridges {
			for _, ch := range b.Channels {
				own := names{ownerOf(ch)}
				if leg, media := own.legOfMedia(ch); media && own.place(b.ID).Leg != leg {
					return false
				}
			}
		}
		return err == nil
	})
}

// agentRow is what the index has of somebody.
func (s *scene) agentRow(agent string) queue.Agent {
	s.t.Helper()
	snap, err := s.queue.Snapshot(s.t.Context())
	must(s.t, err)
	for _, a := range snap.Agents {
		if a.ID == queue.AgentID(agent) {
			return a
		}
	}
	return queue.Agent{}
}

// smooth fails when the caller missed the counsellor for more than 60 ms, but for what a busy machine kept the counsellor from saying.
func smooth(t *testing.T, c *phone.Call, b *browser, from, to time.Time) {
	t.Helper()
	gaps := audio.Gaps(c.Heard(), from, to, 60*time.Millisecond, audio.HasTone(counsellorHz, 0.1))
	if gaps = audio.Beyond(gaps, b.stalled(), 60*time.Millisecond); len(gaps) > 0 {
		t.Errorf("the caller missed the counsellor for %v", gaps)
	}
}

// TestSupervisorBeside: listening, whispering, speaking to both and listening again; each hears what is theirs to hear, and the caller misses nothing. The
// listening goes on when the counsellor's page is loaded anew, and ends with taking the call over.
func TestSupervisorBeside(t *testing.T) { // not beside others: it measures
	s := newScene(t)
	r := s.start()
	sup := s.attends("s1", otherHz)
	c, id, b := s.talk("a1")
	s.attached(r, "s1")
	from := time.Now()

	s.wishes("join", "s1", id, arg("monitor"))
	sup.hearsAmid(t, mixed, callerHz, counsellorHz)
	s.takesPart(id, "s1", queue.PartyMonitor, queue.PartyIn)
	b.spared(t, otherHz)
	if a := s.agentRow("s1"); a.State != queue.AgentNotReady || a.Assist != queue.CallID(id) {
		t.Errorf("who listens is %s, beside %q", a.State, a.Assist)
	}
	s.wishes("join", "s1", id, arg("whisper"))
	b.hearsAmid(t, mixed, callerHz, otherHz)
	sup.hearsAmid(t, mixed, callerHz, counsellorHz)
	time.Sleep(200 * time.Millisecond) // what was on its way must be heard before it is judged
	neverHeard(t, c, from, otherHz)
	s.wishes("join", "s1", id, arg("barge"))
	s.hearsAmid(c, counsellorHz, otherHz)
	b.hearsAmid(t, mixed, callerHz, otherHz)
	sup.hearsAmid(t, mixed, callerHz, counsellorHz)
	s.wishes("join", "s1", id, arg("monitor"))
	s.hears(c, counsellorHz)
	sup.hearsAmid(t, mixed, callerHz, counsellorHz)
	b.spared(t, otherHz)
	to := time.Now()
	time.Sleep(200 * time.Millisecond)
	smooth(t, c, b, from, to)

	b.stop()
	s.hears(c, asterisktest.HoldHz)
	again := openBrowser(t, s.gateway.Client, "a1")
	s.hears(c, counsellorHz)
	sup.hearsAmid(t, mixed, callerHz, counsellorHz)
	again.spared(t, otherHz)

	taken := time.Now()
	s.wishes("take", "s1", id)
	s.hears(c, otherHz)
	sup.hears(t, callerHz)
	s.until("the index has it so", func() bool {
		row := s.rows()[id]
		return row.Agent == "s1" && row.State == queue.CallTalking && len(row.Parties) == 0 && s.agentRow("s1").State == queue.AgentTalking
	})
	if gaps := audio.Gaps(c.Heard(), taken, time.Now().Add(-100*time.Millisecond), 500*time.Millisecond, audio.Audible(0.02)); len(gaps) > 0 {
		t.Errorf("the caller heard nothing for %v while the call was taken over", gaps)
	}
	s.alone()
	s.hangsUp("s1", id)
	s.gone(c)
}

// TestConsultation: while the counsellor consults a colleague the caller hears hold audio and neither of them; afterwards the counsellor. When the caller
// says to be in danger meanwhile, the caller is back at once, and the colleague is heard by the counsellor alone.
func TestConsultation(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	r := s.start()
	other := s.attends("a2", otherHz)
	c, id, b := s.talk("a1")
	s.attached(r, "a2")

	consult := func() {
		t.Helper()
		s.wishes("invite", "a1", id, about("a2"), arg("consult"), note("n1"))
		s.takesPart(id, "a2", queue.PartyConsult, queue.PartyInvited)
		s.wishes("accept_invite", "a2", id)
		s.hears(c, asterisktest.HoldHz)
		b.hears(t, otherHz)
		other.hears(t, counsellorHz)
		s.takesPart(id, "a2", queue.PartyConsult, queue.PartyIn)
	}
	began := time.Now()
	consult()
	held := time.Now()
	time.Sleep(300 * time.Millisecond)
	neverHeard(t, c, began, otherHz)
	neverHeard(t, c, held, counsellorHz)
	s.wishes("leave", "a1", id, about("a2"))
	s.hears(c, counsellorHz)
	b.hears(t, callerHz)
	b.spared(t, otherHz)
	s.until("the colleague is free again", func() bool { return s.agentRow("a2").Assist == "" && len(s.rows()[id].Parties) == 0 })
	s.alone()

	consult()
	must(t, c.SendDTMF(call.DangerKey))
	s.hears(c, counsellorHz)
	b.hearsAmid(t, mixed, callerHz, otherHz)
	other.hearsAmid(t, mixed, callerHz, counsellorHz)
	time.Sleep(200 * time.Millisecond)
	neverHeard(t, c, began, otherHz)
	s.wishes("transfer", "a1", id, about("a2"))
	s.hears(c, otherHz)
	other.hears(t, callerHz)
	s.alone()
	s.hangsUp("a2", id)
	s.gone(c)
}

// TestInvitations that come to nothing.
func TestInvitations(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	r := s.start()
	s.attends("a2", otherHz)
	c, id, _ := s.talk("a1")
	s.attached(r, "a2")
	s.wishes("invite", "a1", id, about("a2"), arg("consult"))
	s.takesPart(id, "a2", queue.PartyConsult, queue.PartyInvited)
	s.wishes("cancel_invite", "a1", id, about("a2"))
	s.until("it does not ring any more", func() bool { return len(s.rows()[id].Parties) == 0 })
	s.wishes("invite", "a1", id, about("a2"), arg("consult"))
	s.takesPart(id, "a2", queue.PartyConsult, queue.PartyInvited)
	s.wishes("refuse_invite", "a2", id)
	s.takesPart(id, "a2", queue.PartyConsult, queue.PartyFailed)
	s.wishes("invite", "a1", id, about("nobody"), arg("consult"))
	s.wishes("accept_invite", "nobody", id)
	s.takesPart(id, "nobody", queue.PartyConsult, queue.PartyFailed)
	s.hears(c, counsellorHz)
	s.alone()
}

// TestLossesBeside: who speaks to both loses the connection, and the talk goes on; the counsellor loses theirs, and the caller is on hold audio until
// whoever is beside takes the call.
func TestLossesBeside(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	r := s.start()
	sup := s.attends("s1", otherHz)
	c, id, b := s.talk("a1")
	s.attached(r, "s1")
	s.wishes("join", "s1", id, arg("barge"))
	s.hearsAmid(c, counsellorHz, otherHz)
	sup.stop()
	s.hears(c, counsellorHz)
	b.hears(t, callerHz)
	sup = openVoice(t, s.gateway.Client, "s1", otherHz)
	s.hearsAmid(c, counsellorHz, otherHz)

	b.stop()
	s.hears(c, asterisktest.HoldHz)
	s.wishes("take", "s1", id)
	s.hears(c, otherHz)
	sup.hears(t, callerHz)
	s.alone()
}

// TestBesideOutlivesControllers: the controller dies with one who listens and one who speaks; nobody misses anything, and its next life takes them down
// when they leave. What it does not know of is taken away.
func TestBesideOutlivesControllers(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	life := s.start()
	const thirdHz = 1600
	listens, speaks := s.attends("s1", otherHz), s.attends("s2", thirdHz)
	c, id, b := s.talk("a1")
	s.attached(life, "s1")
	s.attached(life, "s2")
	s.wishes("join", "s1", id, arg("whisper"))
	s.wishes("join", "s2", id, arg("barge"))
	s.hearsAmid(c, counsellorHz, thirdHz)
	b.hearsAmid(t, 0.15, callerHz, otherHz, thirdHz)
	s.takesPart(id, "s2", queue.PartyBarge, queue.PartyIn)
	s.takesPart(id, "s1", queue.PartyWhisper, queue.PartyIn)

	from := time.Now()
	must(t, life.kill())
	life = s.start()
	s.until("the call is adopted, with who is beside it", func() bool {
		n, ok := onLoop(life.Controller, func() int { return len(life.besides) })
		return ok && n == 2 && calls(life) == 1
	})
	life.do(func() { life.resyncSoon(false) })
	s.hearsAmid(c, counsellorHz, thirdHz)
	b.hearsAmid(t, 0.15, callerHz, otherHz, thirdHz)
	listens.hearsAmid(t, 0.15, callerHz, counsellorHz, thirdHz)
	speaks.hearsAmid(t, mixed, callerHz, counsellorHz)
	time.Sleep(200 * time.Millisecond)
	neverHeard(t, c, from, otherHz)
	smooth(t, c, b, from, time.Now().Add(-200*time.Millisecond))
	s.wishes("leave", "s2", id)
	s.wishes("leave", "s1", id)
	s.hears(c, counsellorHz)
	b.hears(t, callerHz)
	s.alone()

	s.wishes("join", "s2", id, arg("barge"))
	s.hearsAmid(c, counsellorHz, thirdHz)
	must(t, life.kill())
	must(t, c.Hangup(t.Context()))
	life = s.start()
	s.alone()
}

// TestBesideEitherController: a supervisor's one browser hears the calls of whichever controller, one after the other.
func TestBesideEitherController(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	one, two := s.process("controller-1"), s.process("controller-2")
	sup := s.attends("s1", otherHz)
	owners := map[string]call.ID{}
	talks := map[call.ID]*browser{}
	for _, agent := range []string{"a1", "a2", "a3", "a4", "a5", "a6"} {
		if len(owners) == 2 {
			break
		}
		_, id, b := s.talk(agent)
		owners[s.rows()[id].Owner], talks[id] = id, b
	}
	if len(owners) != 2 {
		t.Fatalf("all calls came to one controller: %v; they have %d and %d", owners, one.calls(), two.calls())
	}
	for range 2 {
		for _, id := range owners {
			s.wishes("join", "s1", id, arg("whisper"))
			sup.hearsAmid(t, mixed, callerHz, counsellorHz)
			talks[id].hearsAmid(t, mixed, callerHz, otherHz)
			s.wishes("leave", "s1", id)
			s.until("the supervisor is free again", func() bool { return s.agentRow("s1").Assist == "" })
			s.alone()
			time.Sleep(200 * time.Millisecond) // what was on its way
			sup.spared(t, callerHz)
			talks[id].spared(t, otherHz)
		}
	}
}

// TestNamesBeside: what is beside a call is nobody's caller, and tells its owner and its legs.
func TestNamesBeside(t *testing.T) {
	n := names{"controller-1"}
	snoop, pulse := n.snoop("L1", "L2", call.Coach), n.pulse("L1")
	for _, name := range []string{snoop, pulse} {
		if !ours(name) || ownerOf(name) != "controller-1" {
			t.Errorf("%s is taken for a caller, or for somebody else's", name)
		}
		if _, _, ok := (names{"controller-2"}).listener(name); ok {
			t.Errorf("%s is taken for another controller's", name)
		}
	}
	if base, leg, ok := n.listener(snoop); base != "L1" || leg != "L2" || !ok {
		t.Errorf("%s: %q %q %v", snoop, base, leg, ok)
	}
	if base, leg, ok := n.listener(pulse); base != "L1" || leg != "" || !ok {
		t.Errorf("%s: %q %q %v", pulse, base, leg, ok)
	}
	for _, name := range []string{n.media("L1"), "snoop-L1@controller-1", "snoop-a-b-c-d@controller-1", "1795.1"} {
		if _, _, ok := n.listener(name); ok {
			t.Errorf("%s is nothing beside a call", name)
		}
	}
}
