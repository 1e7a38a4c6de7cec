package system_test

import (
	"strings"
	"testing"
	"time"

	"hotline/test/stage"
)

// A gateway that dies takes the talk's sound: the caller hears a prompt or hold audio within a second, and the counsellor again within ten.
// What was recorded before and after can be played.
func TestGatewayDiesInATalk(t *testing.T) {
	s := play(t)
	d := s.ready(0)
	c := s.talk(d, toneFirst)
	id := s.awaitCalls(2*time.Second, "talking")[0].ID
	began := time.Now()
	c.awaitSound(began.Add(time.Second), 3*time.Second, "the counsellor", stage.Tones(toneFirst)) // something to have been recorded
	killed, restarted := s.kill("gateway")
	comfort := c.awaitSound(killed, time.Second, "a prompt or hold audio", stage.Comfort())
	restarted(3 * time.Second)
	back := c.awaitSound(comfort, 10*time.Second, "the counsellor", stage.Tones(toneFirst))
	if took := back.Sub(killed); took > 10*time.Second {
		t.Errorf("the counsellor was heard again only %v after the fault", took)
	}
	must(t, d.AwaitHeard(3*time.Second, toneCaller))
	t.Logf("hold audio after %v, the counsellor again after %v", comfort.Sub(killed).Round(time.Millisecond), back.Sub(killed).Round(time.Millisecond))
	c.awaitSound(time.Now().Add(time.Second), 3*time.Second, "the counsellor", stage.Tones(toneFirst))
	must(t, d.Click("call-hangup"))
	c.awaitEnd(2 * time.Second)
	if row := s.ended(id); row.Outcome != "answered" {
		t.Errorf("the ledger says %+v", row)
	}
	v := s.visit("supervisor")
	r, parts := v.parts(id, 2)
	clip := v.listen(r.ID, "proof that no part is lost")
	for n, p := range parts {
		of := func(channel int) []int16 { return clip.Channels[channel][p.FromMS*8 : p.ToMS*8] }
		if len(clip.Channels) != 2 || share(of(0), toneFirst) < 0.5 || share(of(1), toneCaller) < 0.5 {
			t.Errorf("part %d of the recording (%v) does not hold both voices", n, r)
		}
	}
	s.proved(id, "2 parts are what was recorded, 0 were erased and say so, 0 are not in order")
	if out, err := s.Command(t.Context(), "recordings", "erase", id, "--yes", "--reason", "the scenario is over"); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	s.proved(id, "0 parts are what was recorded, 2 were erased and say so, 0 are not in order")
}

// proved waits until `hotline recordings verify` says so of a call: the worker signs what closes a part, and writes it into the audit, within seconds.
func (s *scene) proved(call, want string) {
	s.t.Helper()
	var said string
	if err := stage.Poll(s.t.Context(), 10*time.Second, func() bool {
		out, _ := s.Command(s.t.Context(), "recordings", "verify", call) // it is an error until all is in order
		said = string(out)
		return strings.Contains(said, want)
	}); err != nil {
		s.t.Errorf("recordings verify %s: %s", call, said)
	}
}
