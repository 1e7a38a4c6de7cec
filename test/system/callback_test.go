package system_test

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"hotline/telephony/phone"
	"hotline/test/browser"
	"hotline/test/stage"
)

const callbackLines = `wrap_up: 5s
outbound: {ring: 12s}
callbacks: {from: "00:00", to: "00:00"}
lines:
  - id: "12355"
    numbers: ["12355"]
    name: {zh-CN: 青少年服务热线, en: Youth line}
    callback: {key: "9", caller_id: "12355"}
`

// home is the caller's telephone at home, which the demo dials.
type home struct {
	*phone.Phone
	rings chan *phone.Incoming
	calls chan *phone.Call
}

// atHome answers by what decide says.
func atHome(t *testing.T, on *stage.Stage, decide func(*phone.Incoming) bool) *home {
	t.Helper()
	h := &home{rings: make(chan *phone.Incoming, 8), calls: make(chan *phone.Call, 8)}
	const telephone = 8 // port after the base
	p, err := phone.Answer(context.WithoutCancel(t.Context()), phone.Config{}, net.JoinHostPort("127.0.0.1", strconv.Itoa(on.Port(telephone))), func(in *phone.Incoming) {
		h.rings <- in
		if !decide(in) {
			return
		}
		c, err := in.Accept()
		if err != nil {
			return
		}
		c.Play(phone.Tone(toneCaller))
		h.calls <- c
	})
	must(t, err)
	t.Cleanup(p.Close)
	h.Phone = p
	return h
}

func (h *home) rung(t *testing.T, within time.Duration) *phone.Incoming {
	t.Helper()
	select {
	case in := <-h.rings:
		return in
	case <-time.After(within):
		t.Fatal("the telephone did not ring")
		return nil
	}
}

// answered is the person at home, judged like any caller.
func (s *scene) answered(h *home) *caller {
	s.t.Helper()
	select {
	case call := <-h.calls:
		c := &caller{Call: call, t: s.t, answered: time.Now(), silence: time.Second}
		s.callers = append(s.callers, c)
		return c
	case <-time.After(10 * time.Second):
		s.t.Fatal("nobody answered at home")
		return nil
	}
}

// asks is a caller who asks to be called back and is let go. It returns the call and the number.
func (s *scene) asks() (id, from string) {
	s.t.Helper()
	from = newNumber()
	c := s.dialFrom(from, "12355")
	c.awaitTone(10*time.Second, stage.ToneHold)
	id = s.awaitCalls(5*time.Second, "waiting")[0].ID
	must(s.t, c.SendDTMF("9"))
	c.awaitTone(4*time.Second, stage.TonePromised)
	c.awaitEnd(10 * time.Second)
	return id, from
}

// TestCallback: a caller asks to be called back; the counsellor accepts, hears it ring, and the telephone is answered.
func TestCallback(t *testing.T) {
	config := filepath.Join(theHouse.dir, "callback.yaml")
	must(t, os.WriteFile(config, []byte(callbackLines), 0o600))
	on, err := theHouse.open("callback", "--config", config)
	must(t, err)
	t.Cleanup(func() { must(t, on.Stop()) })
	if err := on.Start(t.Context()); err != nil {
		t.Fatalf("%v\n%s", err, on.Story(30))
	}
	t.Run("taken: both hear each other, and it is recorded", func(t *testing.T) {
		s := playOn(t, on)
		h := atHome(t, on, func(*phone.Incoming) bool { return true })
		id, from := s.asks()
		d := s.desk(0)
		must(t, d.Click("set-available"), d.AwaitOffer(10*time.Second), d.Click("offer-accept"))
		in := h.rung(t, 5*time.Second)
		if in.Number != from || in.From != "12355" {
			t.Error("the telephone was called by another number, or shows another caller")
		}
		c := s.answered(h)
		c.awaitTone(3*time.Second, toneFirst)
		must(t, d.AwaitAttribute(3*time.Second, "call", "data-state", "talking"), d.AwaitHeard(3*time.Second, toneCaller))
		callback := s.awaitCalls(time.Second, "talking")[0].ID
		began := time.Now()
		c.awaitSound(began.Add(2*time.Second), 4*time.Second, "the counsellor", stage.Tones(toneFirst))
		must(t, d.Click("call-hangup"))
		c.awaitEnd(2 * time.Second)
		if row := s.ended(callback); row.Outcome != "answered" || row.TalkMS < 1500 {
			t.Errorf("the ledger says %+v", row)
		}
		v := s.visit("supervisor")
		if r := v.recording(callback); !r.Complete {
			t.Errorf("the recording is %+v", r)
		}
		if s.callbackOf(id) {
			t.Error("who was called back is still to be called back")
		}
		must(t, d.NotReady())
	})
	t.Run("not taken: the counsellor is told at once, and the caller is called again later", func(t *testing.T) {
		s := playOn(t, on)
		h := atHome(t, on, func(in *phone.Incoming) bool {
			_ = in.Reject(486, "Busy Here")
			return false
		})
		id, _ := s.asks()
		d := s.desk(0)
		must(t, d.Click("set-available"), d.AwaitOffer(10*time.Second), d.Click("offer-accept"))
		h.rung(t, 5*time.Second)
		must(t, d.AwaitState(5*time.Second, browser.WrapUp), d.NotReady())
		task := s.taskOf(id)
		next, err := time.Parse(time.RFC3339, task["next"].(string))
		if err != nil || task["state"] != "open" || task["attempts"] != 1.0 || task["last"] != "busy" || time.Until(next) < time.Minute {
			t.Errorf("the task is %v (%v)", task, err)
		}
		s.closeTasks()
	})
	t.Run("the controller is killed while it rings: it rings once, and is answered to the same counsellor", func(t *testing.T) {
		s := playOn(t, on)
		answer := make(chan struct{})
		h := atHome(t, on, func(in *phone.Incoming) bool {
			select {
			case <-answer:
				return true
			case <-in.Canceled():
				return false
			}
		})
		id, _ := s.asks()
		d := s.desk(0)
		must(t, d.Click("set-available"), d.AwaitOffer(10*time.Second), d.Click("offer-accept"))
		h.rung(t, 5*time.Second)
		_, restarted := s.kill("controller")
		restarted(2 * time.Second)
		s.awaitCalls(5*time.Second, "held")
		close(answer)
		c := s.answered(h)
		c.silence = 4 * time.Second // it may be answered before the controller is back
		c.awaitTone(5*time.Second, toneFirst)
		must(t, d.AwaitHeard(3*time.Second, toneCaller))
		if len(h.rings) > 0 {
			t.Error("a second telephone rang")
		}
		must(t, d.Click("call-hangup"))
		c.awaitEnd(2 * time.Second)
		if s.callbackOf(id) {
			t.Error("who was called back is still to be called back")
		}
	})
	t.Run("followed up: planned in a call at risk, called from the task, talked, done", func(t *testing.T) { followedUp(t, on) })
}
