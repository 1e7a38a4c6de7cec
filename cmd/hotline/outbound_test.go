package main

import (
	"testing"

	"hotline/deploy/asterisk"
	"hotline/queue/lines"
	"hotline/telephony"
)

// TestOnlyNumbersOfAKnownFormAreDialled: what somebody could make the hotline call, and pay for, is listed, not what could not.
func TestOnlyNumbersOfAKnownFormAreDialled(t *testing.T) {
	var o OutboundConfig
	for number, want := range map[string]string{
		"+8613800000000": "13800000000", "+862112345678": "02112345678", "+8613800000000#1": "", "+85212345678": "", "110": "", "+86110": "", "12355": "",
		"+8613800000000@elsewhere": "", "": "", "+1900555000": "", "+8610086": "",
	} {
		got, err := o.dial(number)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%q: dialled as %q (%v), want %q", number, got, err, want)
		}
	}
	o.Numbers = []NumberRule{{Match: "[0-9]{3}"}, {Match: `\+(86.*)`, Dial: "9$1"}}
	for number, want := range map[string]string{"110": "110", "+8613800000000": "98613800000000", "1100": ""} {
		if got, _ := o.dial(number); got != want {
			t.Errorf("%q: dialled as %q, want %q", number, got, want)
		}
	}
}

func TestCallersAreCalledBackByWhatIsConfigured(t *testing.T) {
	c := defaultConfig()
	o := c.outbound(nil)
	if endpoint, err := o.Dial("+8613800000000"); endpoint != "PJSIP/13800000000@exit-telephone" || err != nil {
		t.Errorf("the demo dials %q (%v)", endpoint, err)
	}
	if len(o.Ringing) < 8 {
		t.Errorf("it is heard to ring for %d turns only", len(o.Ringing))
	}
	line := telephony.Line{Callback: telephony.Callback{Key: "1"}}
	if c.reach(&line, nil); line.Callback.Key != "1" {
		t.Error("the demo promises nobody to call back")
	}
	c.Demo = false
	if c.reach(&line, nil); line.Callback.Key != "" {
		t.Error("callers are promised to be called back although nothing says by what")
	}
	if o := c.outbound(nil); o.Dial != nil || o.Callbacks != nil {
		t.Error("callers are called back although nothing says by what")
	}
	c.Trunks = []asterisk.Trunk{{Name: "city"}, {Name: "south", Site: true}}
	c.Outbound.Trunk = "city"
	if endpoint, err := c.outbound(nil).Dial("+8613800000000"); endpoint != "PJSIP/13800000000@trunk-city" || err != nil {
		t.Errorf("dials %q (%v)", endpoint, err)
	}
	if p := c.partner(lines.Partner{Kind: lines.PartnerSite, Number: "12355", Trunk: "south"}); p.Endpoint != "PJSIP/12355@to-south" || !p.Site {
		t.Errorf("the other site is %+v", p)
	}
	if p := c.partner(lines.Partner{Number: "12355", Trunk: "gone"}); p.Endpoint != "" {
		t.Errorf("a partner without a trunk is %+v", p)
	}
}

func TestOutboundConfigIsRefused(t *testing.T) {
	for name, o := range map[string]OutboundConfig{
		"no such trunk": {Trunk: "nobody"}, "no expression": {Numbers: []NumberRule{{Match: "("}}}, "nothing to match": {Numbers: []NumberRule{{}}},
		"a moment": {Ring: 1}, "for ever": {Partner: 1e15},
	} {
		if o.Validate(nil) == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
