package system_test

import (
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"hotline/audio"
	"hotline/deploy/asterisk"
	"hotline/test/browser"
	"hotline/test/stage"
)

// Media and control are apart: a controller that dies takes no sound with it, and the next one has the call in hand within two seconds.
func TestControllerDiesInATalk(t *testing.T) {
	s := play(t)
	d := s.ready(0)
	c := s.talk(d, toneFirst)
	before := s.awaitCalls(2*time.Second, "talking")[0]
	s.unheard(c, d, func() time.Time {
		killed, restarted := s.kill("controller")
		restarted(2 * time.Second)
		s.awaitControl(killed, before.ID)
		return killed
	})
	must(t, d.Click("call-hangup"))
	c.awaitEnd(2 * time.Second)
	must(t, d.AwaitState(3*time.Second, browser.WrapUp))
	if row := s.ended(before.ID); row.Outcome != "answered" || row.Cause != "agent" {
		t.Errorf("the ledger says %+v", row)
	}
}

// unheard fails when a fault tears the talk: a gap of more than 60 ms in the counsellor's voice, or less of the caller's in the browser. A machine
// that is busy with something else can tear any voice, so a tear must come with each of three such faults to be theirs.
func (s *scene) unheard(c *caller, d *browser.Desk, fault func() time.Time) {
	s.t.Helper()
	const window = 3 * time.Second
	for range 3 {
		c.calm(toneFirst)
		at := fault()
		c.awaitSound(at.Add(window), window, "the counsellor", stage.Tones(toneFirst))
		gaps := audio.Gaps(c.Heard(), at, at.Add(window), 60*time.Millisecond, stage.Tones(toneFirst))
		share, err := d.Heard(toneCaller, at)
		must(s.t, err)
		if len(gaps) == 0 && share >= 0.9 {
			return
		}
		s.t.Logf("gaps in the counsellor's voice: %v; the browser brought the caller for %.2f of the time; the caller heard %s; %s",
			gaps, share, c.account(at, at.Add(window)), load())
	}
	s.t.Error("the talk was torn by each of three faults")
}

// awaitControl waits until a controller that is ready holds the call, which must be within two seconds of the fault.
func (s *scene) awaitControl(fault time.Time, id string) {
	s.t.Helper()
	admin := s.Admin("controller")
	err := stage.Poll(s.t.Context(), 5*time.Second, func() bool { return s.Answers(s.t.Context(), admin+"/readyz") == nil })
	must(s.t, err)
	took := time.Since(fault)
	if took > 2*time.Second {
		s.t.Errorf("control was back only %v after the fault", took.Round(10*time.Millisecond))
	}
	if c, ok := s.live(func(c stage.Call) bool { return c.ID == id }); !ok || c.State != "talking" {
		s.t.Errorf("the call is %+v after the fault", c)
	}
	s.t.Logf("control was back after %v", took.Round(time.Millisecond))
}

// Callers who wait when the controller dies keep hearing hold audio, keep their order, and nobody is dropped.
func TestControllerDiesWithCallersWaiting(t *testing.T) {
	s := play(t)
	d := s.desk(0)
	waiting := s.queue(3)
	killed, restarted := s.kill("controller")
	restarted(2 * time.Second)
	s.awaitOrder(5*time.Second, waiting.ids)
	for _, c := range waiting.callers {
		c.present()
		c.steady(killed, time.Now(), time.Second, "the hold audio", stage.Comfort())
	}
	s.serveInOrder(d, waiting)
}

// When only the event websocket breaks, nothing is heard of it and what happened meanwhile is found by looking.
func TestEventSocketIsCut(t *testing.T) {
	s := play(t)
	d := s.ready(0)
	talking := s.talk(d, toneFirst)
	waiting := s.queue(2)
	s.unheard(talking, d, func() time.Time {
		cut := time.Now()
		s.asterisk("ari shutdown websocket sessions")
		return cut
	})
	s.asterisk("ari shutdown websocket sessions")
	waiting.callers[0].leave() // perhaps unseen
	waiting.callers, waiting.ids = waiting.callers[1:], waiting.ids[1:]
	s.awaitOrder(5*time.Second, waiting.ids)
	must(t, d.Click("call-hangup"))
	talking.awaitEnd(2 * time.Second)
	must(t, d.Done())
	s.serveInOrder(d, waiting)
	fresh := s.dial("12345") // new calls are claimed again
	fresh.awaitTone(2*time.Second, stage.ToneGreeting)
}

// A controller that hangs is worse than one that dies: nothing starts it again. The guardian gives those who wait to the dialplan's fallback, new
// callers go there by themselves, and who talks is left alone. When it wakes up it takes nobody back by force, and works again.
func TestControllerHangs(t *testing.T) {
	s := play(t)
	d := s.ready(0)
	talking := s.talk(d, toneFirst)
	waiting := s.queue(1)
	hung := time.Now()
	_, err := s.Signal("controller", syscall.SIGSTOP)
	must(t, err)
	wake := sync.OnceFunc(func() { _, err := s.Signal("controller", syscall.SIGCONT); must(t, err) })
	t.Cleanup(wake)
	fresh := s.dial("12345")
	fresh.awaitSound(fresh.answered, 1500*time.Millisecond, "the fallback greeting", stage.Tones(stage.ToneFallback))
	rescued := waiting.callers[0].awaitSound(hung, 10*time.Second, "the fallback greeting", stage.Tones(stage.ToneFallback))
	t.Logf("the waiting caller was rescued after %v", rescued.Sub(hung).Round(10*time.Millisecond))
	talking.steady(hung, time.Now(), time.Second, "the counsellor's voice", stage.Tones(toneFirst))
	waiting.callers[0].silence, fresh.silence = 10*time.Second, 10*time.Second // from the beep on Asterisk listens
	waiting.callers[0].steady(hung, rescued.Add(500*time.Millisecond), time.Second, "the hold audio and the fallback", stage.Comfort())
	wake()
	s.awaitCalls(5*time.Second, "talking")
	waiting.callers[0].present()
	fresh.present()
	must(t, d.Click("call-hangup"))
	talking.awaitEnd(3 * time.Second)
	again := s.dial("12345")
	again.awaitTone(2*time.Second, stage.ToneGreeting)
	waiting.callers[0].leave()
	if row := s.ended(waiting.ids[0]); row.Outcome != "degraded" && row.Outcome != "callback" {
		t.Errorf("the ledger says %+v", row)
	}
}

// asterisk gives a command to Asterisk's console.
func (s *scene) asterisk(command string) {
	s.t.Helper()
	in, err := asterisk.Find(s.t.Context())
	must(s.t, err)
	args := append(asterisk.Command(in.Binary, filepath.Join(s.Dir, "asterisk", "etc")), "-rx", command)
	out, err := exec.CommandContext(s.t.Context(), args[0], args[1:]...).CombinedOutput()
	if err != nil {
		s.t.Fatalf("asterisk -rx %q: %v\n%s", command, err, out)
	}
}

// line is callers who wait, in order.
type line struct {
	callers []*caller
	ids     []string
}

// queue brings n callers into the queue, one after the other.
func (s *scene) queue(n int) line {
	s.t.Helper()
	var l line
	known := map[string]bool{}
	calls, err := s.Calls(s.t.Context())
	must(s.t, err)
	for _, c := range calls {
		known[c.ID] = true
	}
	for range n {
		l.callers = append(l.callers, s.dial("12355"))
		var id string
		err := stage.Poll(s.t.Context(), 5*time.Second, func() bool {
			c, ok := s.live(func(c stage.Call) bool { return !known[c.ID] && c.State == "waiting" })
			id = c.ID
			return ok
		})
		must(s.t, err)
		known[id] = true
		l.ids = append(l.ids, id)
	}
	return l
}

// awaitOrder waits until those who wait are these, in this order.
func (s *scene) awaitOrder(within time.Duration, ids []string) {
	s.t.Helper()
	var got []string
	err := stage.Poll(s.t.Context(), within, func() bool {
		calls, err := s.Calls(s.t.Context())
		if err != nil {
			return false
		}
		got = nil
		for _, c := range calls {
			if c.State == "waiting" || c.State == "offered" {
				got = append(got, c.ID)
			}
		}
		if len(got) != len(ids) {
			return false
		}
		for i := range ids {
			if got[i] != ids[i] {
				return false
			}
		}
		return true
	})
	if err != nil {
		s.t.Fatalf("waiting are %v, want %v: %v", got, ids, err)
	}
}

// serveInOrder lets a desk serve everyone who waits and proves by ear that it is always the next one's turn.
func (s *scene) serveInOrder(d *browser.Desk, l line) {
	s.t.Helper()
	state, err := d.Attribute("agent-state", "data-state")
	must(s.t, err)
	if state != browser.Available && state != browser.Reserved {
		must(s.t, d.Click("set-available"))
	}
	for i, c := range l.callers {
		must(s.t, d.AwaitOffer(5*time.Second), d.Accept())
		c.awaitTone(3*time.Second, toneFirst)
		for _, later := range l.callers[i+1:] {
			later.present()
		}
		must(s.t, d.Click("call-hangup"))
		c.awaitEnd(3 * time.Second)
		must(s.t, d.AwaitState(3*time.Second, browser.WrapUp), d.Done())
	}
}
