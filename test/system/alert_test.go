package system_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"hotline/test/browser"
	"hotline/test/stage"
)

// Where telephones outside are, after the base.
const outsidePort = 8

// outsider is a telephone outside that sipp answers, once, after it rang for a while.
func (s *scene) outsider(rings time.Duration) *stage.Outsider {
	s.t.Helper()
	o, err := s.Outsider(context.WithoutCancel(s.t.Context()), s.t.TempDir(), s.Port(outsidePort), rings)
	must(s.t, err)
	s.t.Cleanup(o.Close)
	return o
}

// telephone gives a person one for alarms, as the engineer does.
func (s *scene) telephone(user, number string) {
	s.t.Helper()
	file := filepath.Join(s.t.TempDir(), "telephone")
	must(s.t, os.WriteFile(file, []byte(number), 0o600))
	_, err := s.Command(context.WithoutCancel(s.t.Context()), "users", "set", user, "--telephone-file", file)
	must(s.t, err)
}

// incident is a line of `hotline incidents`.
type incident struct {
	Incident   string `json:"incident"`
	State      string `json:"state"`
	Over       bool   `json:"over"`
	Level      string `json:"level"`
	Trigger    string `json:"trigger"`
	Call       string `json:"call"`
	Counsellor string `json:"counsellor"`
	Supervisor string `json:"supervisor"`
	Alarm      string `json:"alarm"`
}

// incidentOf waits until the incident of a call is as wanted.
func (s *scene) incidentOf(call string, within time.Duration, what string, ok func(incident) bool) incident {
	s.t.Helper()
	var found incident
	err := stage.Poll(s.t.Context(), within, func() bool {
		out, err := s.Command(s.t.Context(), "incidents", "--json", "--all")
		must(s.t, err)
		var all []incident
		must(s.t, json.Unmarshal(out, &all))
		for _, in := range all {
			if in.Call == call {
				found = in
				return ok(in)
			}
		}
		return false
	})
	if err != nil {
		s.t.Fatalf("not so within %v: %s: %+v", within, what, found)
	}
	return found
}

// accepts presses the key until it is told that it was noted.
func (s *scene) accepts(o *stage.Outsider) {
	s.t.Helper()
	began := time.Now()
	for {
		o.Ear.Press(1)
		if _, err := o.Ear.AwaitSound(began, time.Second, stage.Tones(stage.ToneAccepted)); err == nil {
			return
		}
		if time.Since(began) > 10*time.Second {
			s.t.Fatal("nobody told that the key was noted")
		}
	}
}

// TestTheTelephoneOfTheCallTree: somebody presses the danger key while nobody is at a console. A supervisor's telephone rings; the controller dies while it
// asks; the key that is pressed then is noted, and told only after that. The telephone rings once.
func TestTheTelephoneOfTheCallTree(t *testing.T) {
	s := playOn(t, theHouse.inCrisis(t))
	boss, err := s.User("supervisor", 0)
	must(t, err)
	s.telephone(boss.Name, private+"9999")
	t.Cleanup(func() { s.telephone(boss.Name, "") })
	o := s.outsider(300 * time.Millisecond)
	c := s.dial("12355")
	must(t, c.SendDTMF("0"))
	pressed := time.Now()
	asked, err := o.Ear.AwaitSound(pressed, 12*time.Second, stage.Tones(stage.ToneAsk))
	must(t, err)
	t.Logf("the telephone was answered and asked %v after the key", asked.Sub(pressed).Round(time.Millisecond))
	if number := o.Dialled(); number != private+"9999" {
		t.Errorf("%q was called", number)
	}
	_, restarted := s.kill("controller")
	restarted(3 * time.Second)
	s.accepts(o)
	must(t, o.AwaitEnd(5*time.Second))
	call := s.awaitCalls(2*time.Second, "waiting")[0].ID
	in := s.incidentOf(call, 3*time.Second, "it is acknowledged", func(in incident) bool { return in.Supervisor == boss.Name && in.Alarm == "" })
	if in.Level != "high" || in.Trigger != "danger_key" {
		t.Errorf("%+v", in)
	}
	c.present()
}

// TestAmbulance: a caller at risk, and 120 in the talk. It rings while the talk goes on; then each hears the two others, and the caller never hears hold audio.
func TestAmbulance(t *testing.T) {
	s := playOn(t, theHouse.inCrisis(t))
	o := s.outsider(time.Second)
	d := s.ready(0)
	c := s.dial("12355")
	must(t, c.SendDTMF("0"), d.AwaitOffer(10*time.Second), d.Accept())
	talks := c.awaitTone(3*time.Second, toneFirst)
	must(t, d.AwaitHeard(3*time.Second, toneCaller))
	o.Ear.Say(toneOutside)
	s.callIn(d, "120", nil)
	s.allThree(c, d, o, toneFirst)
	if number := o.Dialled(); number != "120" {
		t.Errorf("%q was called", number)
	}
	s.neverOnHold(c, talks)
	must(t, d.Click("outside-drop"), o.AwaitEnd(5*time.Second), d.Click("call-hangup"))
	c.awaitEnd(2 * time.Second)
	s.neverOnHold(c, talks)
}

// callIn has the counsellor call somebody of the phonebook into the talk, by keys alone. seen, when not nil, looks at the list.
func (s *scene) callIn(d *browser.Desk, number string, seen func()) {
	s.t.Helper()
	must(s.t, d.Chord("o", chromedp.ModifierAlt), d.AwaitShown(3*time.Second, "contact-option"))
	if seen != nil {
		seen()
	}
	must(s.t, d.Type("contact-search", number), d.Press("\r"), d.AwaitFocus(3*time.Second, "outside-call"))
	if called, err := d.Shown("outside"); err != nil || called {
		s.t.Fatalf("to pick somebody is not to call them (%v)", err)
	}
	// An Enter too many does not take the call back.
	must(s.t, d.Press("\r"), d.AwaitFocus(3*time.Second, "outside"), d.Press("\r"))
}

// allThree proves that caller, counsellor and who is outside hear each other.
func (s *scene) allThree(c *caller, d *browser.Desk, o *stage.Outsider, hz float64) {
	s.t.Helper()
	from := time.Now()
	c.awaitSound(from, 8*time.Second, "the counsellor and who is outside", amid(hz, toneOutside))
	_, err := o.Ear.AwaitSound(from, 8*time.Second, amid(hz, toneCaller))
	must(s.t, err, d.AwaitAmid(4*time.Second, toneCaller, toneOutside))
}

// neverOnHold: a caller at risk has heard no hold audio since a time.
func (s *scene) neverOnHold(c *caller, since time.Time) {
	s.t.Helper()
	if at, heard := c.first(since, stage.Tones(stage.ToneHold)); heard {
		s.t.Errorf("the caller was on hold %v after the beginning of the talk", at.Sub(since).Round(time.Millisecond))
	}
}
