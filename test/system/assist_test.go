package system_test

import (
	"slices"
	"testing"
	"time"

	"github.com/oklog/ulid/v2"

	"hotline/audio"
	"hotline/queue"
	"hotline/test/browser"
	"hotline/test/stage"
)

// about is a wish that concerns somebody else.
func (o orders) about(verb, call, by, agent, argument string) {
	o.s.t.Helper()
	cmd := queue.Command{
		Req: queue.RequestID(ulid.Make().String()), Verb: verb, Call: queue.CallID(call), By: queue.AgentID(by), Agent: queue.AgentID(agent), Arg: argument,
	}
	must(o.s.t, o.q.Order(o.s.t.Context(), cmd))
}

// agents are the ids of those who are in the index.
func (o orders) agents() []queue.AgentID {
	o.s.t.Helper()
	snap, err := o.q.Snapshot(o.s.t.Context())
	must(o.s.t, err)
	var ids []queue.AgentID
	for _, a := range snap.Agents {
		ids = append(ids, a.ID)
	}
	return ids
}

// comes is who signs in, and the id in the index.
func (o orders) comes(signIn func() *browser.Desk) (*browser.Desk, string) {
	o.s.t.Helper()
	before := o.agents()
	d := signIn()
	after := slices.DeleteFunc(o.agents(), func(id queue.AgentID) bool { return slices.Contains(before, id) })
	if len(after) != 1 {
		o.s.t.Fatalf("%v came", after)
	}
	return d, string(after[0])
}

// plain has a page leave its microphone as it is: what browsers take for noise and echo is another's tone.
func plain(t *testing.T, d *browser.Desk) *browser.Desk {
	t.Helper()
	must(t, d.Await(5*time.Second, `(localStorage.setItem('hotline.processing', 'off'), true)`), d.Reload(), d.NotReady())
	return d
}

// party waits until somebody is beside the call like that.
func (o orders) party(call, agent string, role queue.PartyRole, state queue.PartyState) {
	o.s.t.Helper()
	o.await(call, agent+" is "+string(state)+" by "+string(role), func(r queue.Call) bool {
		return slices.ContainsFunc(r.Parties, func(p queue.Party) bool {
			return string(p.Agent) == agent && p.Role == role && p.State == state
		})
	})
}

// spared fails when a caller heard any of a tone since then.
func (c *caller) spared(since time.Time, hz float64) {
	c.t.Helper()
	if at, heard := c.first(since, func(p packet) bool { return audio.Tone(p.PCM, audio.Rate, hz) > 0.02 }); heard {
		c.t.Errorf("the caller heard %v Hz at %v", hz, at.Sub(since))
	}
}

// TestBeside: one call through all that people beside it can do, by what each of them hears. A supervisor listens, whispers, speaks to both and listens
// again; that goes on when the counsellor's page is loaded anew, while the counsellor consults a colleague and when the colleague gets the
// call; then the supervisor takes it.
func TestBeside(t *testing.T) {
	s := play(t)
	o := s.orders()
	first, firstID := o.comes(func() *browser.Desk { return plain(t, s.desk(0)) })
	second, secondID := o.comes(func() *browser.Desk { return plain(t, s.desk(1)) })
	boss, bossID := o.comes(func() *browser.Desk {
		d := s.signIn("supervisor", 0, toneSupervisor)
		must(t, d.NotReady())
		return plain(t, d)
	})
	must(t, first.Ready())
	c := s.talk(first, toneFirst)
	began := time.Now()
	id := s.awaitCalls(2*time.Second, "talking")[0].ID
	const within = 5 * time.Second

	wished := time.Now()
	o.wish("join", id, bossID, "monitor")
	must(t, boss.AwaitAmid(within, toneCaller, toneFirst))
	t.Logf("both are heard %v after the wish", time.Since(wished).Round(time.Millisecond))
	o.party(id, bossID, queue.PartyMonitor, queue.PartyIn)
	o.wish("join", id, bossID, "whisper")
	must(t, first.AwaitAmid(within, toneCaller, toneSupervisor), boss.AwaitAmid(within, toneCaller, toneFirst))
	c.spared(began, toneSupervisor)
	c.steady(began, time.Now(), 100*time.Millisecond, "the counsellor", stage.Tones(toneFirst))
	o.wish("join", id, bossID, "barge")
	spoke := c.awaitSound(time.Now(), within, "the counsellor and the supervisor", func(p packet) bool {
		return audio.Tone(p.PCM, audio.Rate, toneFirst) > 0.1 && audio.Tone(p.PCM, audio.Rate, toneSupervisor) > 0.1
	})
	must(t, first.AwaitAmid(within, toneCaller, toneSupervisor), boss.AwaitAmid(within, toneCaller, toneFirst))
	o.wish("join", id, bossID, "monitor")
	alone := c.awaitSound(time.Now(), within, "the counsellor alone", func(p packet) bool { return audio.Tone(p.PCM, audio.Rate, toneFirst) > 0.9 })
	c.steady(spoke, alone, 150*time.Millisecond, "the counsellor", func(p packet) bool { return audio.Tone(p.PCM, audio.Rate, toneFirst) > 0.1 })
	must(t, boss.AwaitAmid(within, toneCaller, toneFirst))

	must(t, first.Reload())
	c.awaitSound(alone, within, "hold audio", stage.Comfort())
	back := c.awaitSound(time.Now(), 8*time.Second, "the counsellor", stage.Tones(toneFirst))
	must(t, first.AwaitHeard(within, toneCaller), boss.AwaitAmid(within, toneCaller, toneFirst))

	o.about("invite", id, firstID, secondID, "consult")
	o.party(id, secondID, queue.PartyConsult, queue.PartyInvited)
	o.wish("accept_invite", id, secondID, "")
	held := c.awaitSound(time.Now(), within, "hold audio", stage.Tones(stage.ToneHold))
	must(t, first.AwaitHeard(within, toneSecond), second.AwaitHeard(within, toneFirst), boss.AwaitAmid(within, toneFirst, toneSecond))
	o.party(id, secondID, queue.PartyConsult, queue.PartyIn)
	c.spared(held.Add(100*time.Millisecond), toneFirst)
	c.spared(back, toneSecond)
	c.spared(back, toneSupervisor)
	o.about("transfer", id, firstID, secondID, "")
	c.awaitSound(time.Now(), within, "the colleague", stage.Tones(toneSecond))
	must(t, second.AwaitHeard(within, toneCaller), boss.AwaitAmid(within, toneCaller, toneSecond), first.AwaitState(within, browser.WrapUp))

	wished = time.Now()
	o.wish("take", id, bossID, "")
	taken := c.awaitSound(wished, within, "the supervisor", stage.Tones(toneSupervisor))
	t.Logf("taken over after %v", taken.Sub(wished).Round(time.Millisecond))
	must(t, boss.AwaitHeard(within, toneCaller), second.AwaitState(within, browser.WrapUp), boss.AwaitAttribute(within, "call", "data-state", "talking"))
	o.await(id, "nobody is beside the call", func(r queue.Call) bool { return len(r.Parties) == 0 && string(r.Agent) == bossID })
	must(t, boss.Click("call-hangup"))
	c.awaitEnd(2 * time.Second)
}
