package telephony

import (
	"slices"
	"testing"
	"time"

	"hotline/telephony/alert"
	"hotline/telephony/alert/alerttest"
	"hotline/telephony/phone"
)

// alerting is a controller that calls people through the endpoint "home".
func (s *scene) alerting(f *alerttest.Fake) func(*Config) {
	return func(c *Config) {
		said := []string{"sound:" + s.node.Sound("prompt")}
		c.Alerts = Alerting{
			Calls: f, Dial: func(number string) (string, error) { return "PJSIP/" + number + "@home", nil }, First: "en", CallerID: "12355",
			Spoken: map[string]map[alert.Prompt][]string{"en": {
				alert.PromptAsk: said, alert.PromptAccepted: said, alert.PromptDeclined: said, alert.PromptOver: said,
			}},
		}
	}
}

// TestAlert: the telephone rings with our number, the prompt is heard, the key is noted, which is said, and the call ends. The controller dies while it
// rings, and while it asks.
func TestAlert(t *testing.T) {
	t.Parallel()
	answer := make(chan struct{})
	home := newElsewhere(t, after(answer))
	s := newScene(t, to(way("home", home.Addr())))
	f := &alerttest.Fake{}
	id := f.Add("u-1", "zh-CN", "13800004444")
	life := s.start(s.alerting(f))
	in := rung(t, home)
	if in.From != "12355" || in.Number != "13800004444" {
		t.Errorf("the telephone shows %q", in.From)
	}
	must(t, life.kill())
	life = s.start(s.alerting(f))
	close(answer)
	c := taken(t, home)
	s.hears(c, ringHz)
	must(t, life.kill())
	must(t, c.SendDTMF("1")) // nobody listens
	s.start(s.alerting(f))
	s.hears(c, ringHz)
	s.until("it is noted when it is pressed again", func() bool {
		must(t, c.SendDTMF("1"))
		return f.Result(id) == alert.Accepted
	})
	s.gone(c)
	if n := len(home.rings); n != 0 {
		t.Errorf("it rang %d times more", n)
	}
}

// TestAlertsThatNobodyTakes: declined by key, refused by the telephone, and withdrawn while it rings, which stops within seconds.
func TestAlertsThatNobodyTakes(t *testing.T) {
	t.Parallel()
	home := newElsewhere(t, func(in *phone.Incoming) bool {
		switch in.Number {
		case "1":
			return true
		case "2":
			_ = in.Reject(603, "Decline")
			return false
		}
		<-in.Canceled()
		return false
	})
	s := newScene(t, to(way("home", home.Addr())))
	f := &alerttest.Fake{}
	presses, refuses, rings := f.Add("u-1", "en", "1"), f.Add("u-2", "en", "2"), f.Add("u-3", "en", "3")
	none := f.Add("u-4", "en", "")
	s.start(s.alerting(f), func(c *Config) { c.Alerts.Claim = 2 * time.Second })
	var last *phone.Incoming
	for range 3 {
		if in := rung(t, home); in.Number == "3" {
			last = in
		}
	}
	c := taken(t, home)
	s.hears(c, ringHz)
	must(t, c.SendDTMF("2"))
	s.until("it is noted what they said", func() bool {
		return slices.Equal([]alert.Result{f.Result(presses), f.Result(refuses), f.Result(none)}, []alert.Result{alert.Declined, alert.Declined, alert.Unreachable})
	})
	s.gone(c)
	f.Withdraw(rings)
	select {
	case <-last.Canceled():
	case <-time.After(3 * time.Second):
		t.Error("it rings on")
	}
}
