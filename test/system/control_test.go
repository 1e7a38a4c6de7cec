package system_test

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/oklog/ulid/v2"
	"github.com/redis/go-redis/v9"

	"hotline/audio"
	"hotline/queue"
	"hotline/telephony/phone"
	"hotline/test/browser"
	"hotline/test/stage"
)

// toneOutside is what a third party says.
const toneOutside = 2050

// orders writes wishes as the console does.
type orders struct {
	s *scene
	q *queue.Queue
}

func (s *scene) orders() orders {
	s.t.Helper()
	q, err := s.index()
	must(s.t, err)
	return orders{s, q}
}

// index is the queue of the instance.
func (s *scene) index() (*queue.Queue, error) {
	const redisPort = 3 // after the base
	password, err := os.ReadFile(filepath.Join(s.Dir, "secrets", "redis-password"))
	if err != nil {
		return nil, err
	}
	rdb := redis.NewClient(&redis.Options{Addr: net.JoinHostPort("127.0.0.1", strconv.Itoa(s.Port(redisPort))), Password: strings.TrimSpace(string(password))})
	s.t.Cleanup(func() { _ = rdb.Close() })
	return queue.New(rdb, queue.Config{Site: "demo"})
}

func (o orders) wish(verb, call, by, argument string) {
	o.s.t.Helper()
	cmd := queue.Command{Req: queue.RequestID(ulid.Make().String()), Verb: verb, Call: queue.CallID(call), By: queue.AgentID(by), Arg: argument}
	must(o.s.t, o.q.Order(o.s.t.Context(), cmd))
}

// await waits until the index has the call as wanted, and returns it.
func (o orders) await(call, what string, ok func(queue.Call) bool) queue.Call {
	o.s.t.Helper()
	var row queue.Call
	err := stage.Poll(o.s.t.Context(), 5*time.Second, func() bool {
		snap, err := o.q.Snapshot(o.s.t.Context())
		for _, row = range snap.Calls {
			if err == nil && string(row.ID) == call {
				return ok(row)
			}
		}
		return false
	})
	if err != nil {
		o.s.t.Fatalf("not so: %s: %+v", what, row)
	}
	return row
}

// who is the id of an agent that takes no calls at the moment and is not the one.
func (o orders) other(than queue.AgentID) string {
	o.s.t.Helper()
	snap, err := o.q.Snapshot(o.s.t.Context())
	must(o.s.t, err)
	for _, a := range snap.Agents {
		if a.ID != than && a.State == queue.AgentNotReady {
			return string(a.ID)
		}
	}
	o.s.t.Fatalf("there is no other agent: %+v", snap.Agents)
	return ""
}

// amid is a test whether a packet holds all the tones, however faint: while two others speak, a browser turns its own microphone down to a hundredth of the
// power, for fear of an echo.
func amid(tones ...float64) func(packet) bool {
	return func(p packet) bool {
		for _, hz := range tones {
			if audio.Tone(p.PCM, audio.Rate, hz) < 0.002 {
				return false
			}
		}
		return true
	}
}

// TestHold: hold audio and nothing of the counsellor, whatever dies, until the counsellor takes the caller back.
func TestHold(t *testing.T) {
	s := play(t)
	o := s.orders()
	d := s.ready(0)
	c := s.talk(d, toneFirst)
	id := s.awaitCalls(2*time.Second, "talking")[0].ID
	agent := string(o.await(id, "it has an agent", func(r queue.Call) bool { return r.Agent != "" }).Agent)
	o.wish("hold", id, agent, "")
	held := c.awaitTone(3*time.Second, stage.ToneHold)
	_, restarted := s.kill("controller")
	restarted(3 * time.Second)
	o.await(id, "it is on hold by the agent's wish", func(r queue.Call) bool { return r.State == queue.CallHeld && r.Hold == queue.HoldByAgent })
	c.awaitSound(time.Now().Add(time.Second), 3*time.Second, "the hold audio", stage.Tones(stage.ToneHold)) // nothing happens: that is the point
	c.steady(held, time.Now(), 500*time.Millisecond, "the hold audio", stage.Tones(stage.ToneHold))
	if share, err := d.Heard(toneCaller, time.Now().Add(-500*time.Millisecond)); err != nil || share > 0.1 {
		t.Errorf("the counsellor hears a caller who is on hold for %.2f of the time (%v)", share, err)
	}
	wished := time.Now()
	o.wish("resume", id, agent, "")
	back := c.awaitSound(wished, 3*time.Second, "the counsellor", stage.Tones(toneFirst))
	t.Logf("back after %v", back.Sub(wished).Round(time.Millisecond))
	must(t, d.AwaitHeard(3*time.Second, toneCaller), d.Click("call-hangup"))
	c.awaitEnd(2 * time.Second)
}

// TestThree: a counsellor calls 110 into a talk. The talk goes on while it rings; each of the three hears the two others, also while the controller dies and
// comes back; a colleague takes the talk over from voice to voice, and with the talk the third party goes.
func TestThree(t *testing.T) {
	s := play(t)
	o := s.orders()
	const telephone = 8 // port after the base
	answered, calls := make(chan struct{}), make(chan *phone.Call, 1)
	far, err := phone.Answer(context.WithoutCancel(t.Context()), phone.Config{}, net.JoinHostPort("127.0.0.1", strconv.Itoa(s.Port(telephone))), func(in *phone.Incoming) {
		select {
		case <-answered:
		case <-in.Canceled():
			return
		}
		if in.Number != "110" {
			t.Errorf("%q was called", in.Number)
		}
		if call, err := in.Accept(); err == nil {
			call.Play(phone.Tone(toneOutside))
			calls <- call
		}
	})
	must(t, err)
	t.Cleanup(far.Close)
	first, second := s.ready(0), s.desk(1)
	c := s.talk(first, toneFirst)
	id := s.awaitCalls(2*time.Second, "talking")[0].ID
	row := o.await(id, "it has an agent", func(r queue.Call) bool { return r.Agent != "" })
	wished := time.Now()
	o.wish("outside", id, string(row.Agent), "police")
	o.await(id, "110 rings", func(r queue.Call) bool { return len(r.Parties) == 1 && r.Parties[0].State == queue.PartyInvited })
	close(answered)
	var third *phone.Call
	select {
	case third = <-calls:
	case <-time.After(5 * time.Second):
		t.Fatal("110 was not called")
	}
	other := &caller{Call: third, t: t, answered: time.Now(), silence: 2 * time.Second}
	all := func(d *browser.Desk, hz float64) {
		t.Helper()
		from := time.Now()
		c.awaitSound(from, 4*time.Second, "the counsellor and the third party", amid(hz, toneOutside))
		other.awaitSound(from, 4*time.Second, "the counsellor and the caller", amid(hz, toneCaller))
		must(t, d.AwaitAmid(4*time.Second, toneCaller, toneOutside))
	}
	all(first, toneFirst)
	c.steady(wished, other.answered, 200*time.Millisecond, "the counsellor, while it rang", stage.Tones(toneFirst))

	killed, restarted := s.kill("controller")
	restarted(3 * time.Second)
	s.awaitControl(killed, id)
	all(first, toneFirst)
	c.steady(killed, time.Now(), 300*time.Millisecond, "the third party", amid(toneOutside))
	other.steady(killed, time.Now(), 300*time.Millisecond, "the caller", amid(toneCaller))

	wished = time.Now()
	o.wish("take", id, o.other(row.Agent), "")
	taken := c.awaitSound(wished, 3*time.Second, "the other counsellor", amid(toneSecond))
	if took := taken.Sub(wished); took > time.Second {
		t.Errorf("taken over after %v", took)
	}
	all(second, toneSecond)
	if _, still := c.first(time.Now().Add(-300*time.Millisecond), amid(toneFirst)); still {
		t.Error("the caller still hears who gave the talk away")
	}
	must(t, first.AwaitState(3*time.Second, browser.WrapUp), second.AwaitAttribute(3*time.Second, "call", "data-state", "talking"), second.Click("call-hangup"))
	c.awaitEnd(2 * time.Second)
	other.awaitEnd(3 * time.Second)
	if row := s.ended(id); row.Outcome != "answered" || row.Cause != "agent" {
		t.Errorf("the ledger says %+v", row)
	}
}
