package telephony

import (
	"errors"
	"testing"
	"time"

	"hotline/audio"
	"hotline/queue"
	"hotline/telephony/ari"
	"hotline/telephony/ari/asterisktest"
	"hotline/telephony/phone"
	"hotline/telephony/webrtc"
)

// TestKilledAndAdopted: a controller dies without a goodbye, with a talk, callers who wait, one who gives up meanwhile, and a wish that nobody hears.
func TestKilledAndAdopted(t *testing.T) { // not beside others: it measures
	s := newScene(t)
	first := s.start()
	talking, talk, b := s.talk("a1")
	second, secondID := s.waiting()
	third, thirdID := s.waiting()
	gaveUp, gaveUpID := s.waiting()
	from := time.Now()
	must(t, first.kill())
	must(t, gaveUp.Hangup(t.Context()))
	s.start()
	s.until("the three are adopted and who gave up is forgotten", func() bool {
		rows := s.rows()
		return len(rows) == 3 && rows[talk].State == queue.CallTalking && rows[gaveUpID].ID == ""
	})
	s.hears(talking, counsellorHz)
	b.hears(t, callerHz)
	to := time.Now()
	time.Sleep(100 * time.Millisecond) // what was on its way must be heard before it is judged
	gaps := audio.Gaps(talking.Heard(), from, to, 60*time.Millisecond, audio.HasTone(counsellorHz, 0.8))
	if gaps = audio.Beyond(gaps, b.stalled(), 60*time.Millisecond); len(gaps) > 0 {
		t.Errorf("the talk was disturbed: %v", gaps)
	}
	for _, c := range []*phone.Call{second, third} {
		if err := undisturbed(c, from, to, 500*time.Millisecond, asterisktest.HoldHz); err != nil {
			t.Errorf("a caller who waits: %v", err)
		}
	}

	if begun, running := s.tapes.state(); len(begun) != 1 || running != 1 {
		t.Errorf("recordings %v begun, %d run; want the one that the first life began", begun, running)
	}
	s.hangsUp("a1", talk)
	s.gone(talking)
	s.until("the recording is sealed", func() bool { _, running := s.tapes.state(); return running == 0 })
	s.until("the counsellor is offered who came first", func() bool { return s.rows()[secondID].State == queue.CallOffered })
	if s.accepts("a1") != secondID || s.rows()[thirdID].State != queue.CallWaiting {
		t.Error("the order of the waiting was not kept")
	}
	s.hears(second, counsellorHz)
}

// TestWishOutlivesItsReader: the counsellor hung up while no controller lived.
func TestWishOutlivesItsReader(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	first := s.start()
	c, id, _ := s.talk("a1")
	must(t, first.kill())
	s.hangsUp("a1", id)
	s.start()
	s.gone(c)
	s.until("the call left the index", func() bool { return len(s.rows()) == 0 })
}

// TestAdoptedTalkIsRecorded, although the first controller did not live to begin it.
func TestAdoptedTalkIsRecorded(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	first := s.start()
	c, id, b := s.talk("a1")
	s.until("the recording runs", func() bool { _, running := s.tapes.state(); return running == 1 })
	must(t, first.kill())
	stopRecordings(t, s, b.leg)
	s.start()
	s.until("it runs again", func() bool { begun, running := s.tapes.state(); return len(begun) == 2 && running == 1 })
	s.hangsUp("a1", id)
	s.gone(c)
	s.until("it is sealed", func() bool { _, running := s.tapes.state(); return running == 0 })
}

// stopRecordings seals what is recorded of a leg.
func stopRecordings(t *testing.T, s *scene, leg string) {
	t.Helper()
	found := errors.New("found")
	id := ""
	err := s.gateway.Client.Follow(t.Context(), func(e webrtc.Event) error {
		for _, l := range e.Legs {
			if l.ID == leg {
				id = l.Recording
			}
		}
		return found
	})
	if !errors.Is(err, found) || id == "" {
		t.Fatalf("recording %q of the leg: %v", id, err)
	}
	_, err = s.gateway.Client.StopRecording(t.Context(), leg, id)
	must(t, err)
}

// TestReplaced: a second controller of the same name takes the calls; the first one ends and touches nothing any more.
func TestReplaced(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	first := s.start()
	c, id, _ := s.talk("a1")
	s.start()
	ended := make(chan error, 1)
	go func() { ended <- first.kill() }()
	select {
	case err := <-ended:
		if !errors.Is(err, ari.ErrReplaced) {
			t.Errorf("Run returned %v", err)
		}
	case <-time.After(5 * time.Second):
		t.Fatal("the first one goes on")
	}
	s.hears(c, counsellorHz)
	s.hangsUp("a1", id)
	s.gone(c)
}

// TestPeerTookTheLease: the controller stands back. It hears of the counsellor's wish and does not act.
func TestPeerTookTheLease(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	r := s.start()
	c, id, _ := s.talk("a1")
	must(t, s.rdb.HSet(t.Context(), "{test}:lease:owner", string(id), "controller-2").Err())
	s.until("the controller has let go", func() bool { return calls(r) == 0 })
	s.hangsUp("a1", id)
	s.hears(c, counsellorHz)
	if lease, err := s.queue.Leases(t.Context()); err != nil || lease[queue.CallID(id)].Owner != "controller-2" {
		t.Errorf("leases %v, %v", lease, err)
	}
	if _, ok := s.rows()[id]; !ok {
		t.Error("the peer's call was taken out of the index")
	}
}

// calls counts the controller's calls.
func calls(r *running) int {
	n := make(chan int, 1)
	r.do(func() { n <- len(r.calls) })
	return <-n
}

// TestDrain: a controller that drains claims nobody, and is done when the last call is over.
func TestDrain(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	r := s.start()
	c, id, _ := s.talk("a1")
	drained := r.Drain()
	s.hears(s.caller(), fallbackHz)
	select {
	case <-drained:
		t.Fatal("drained during a talk")
	default:
	}
	s.hangsUp("a1", id)
	s.gone(c)
	select {
	case <-drained:
	case <-time.After(5 * time.Second):
		t.Fatal("not drained after the last call")
	}
}

// A signal may come before Run does.
func TestDrainBeforeRun(t *testing.T) {
	t.Parallel()
	c := newIdle(t, "http://127.0.0.1:9/ari")
	select {
	case <-c.Drain():
		t.Fatal("drained before it ran")
	default:
	}
}
